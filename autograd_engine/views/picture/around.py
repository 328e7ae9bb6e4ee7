"""What stands around each value: repeats and their steps, calls of modules, regions."""

from __future__ import annotations

import re
from typing import NamedTuple

from autograd_engine.calls import Call
from autograd_engine.repeats import Repeat
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT
from autograd_engine.views.picture.stages import later
from autograd_engine.words import counted, operations


class Level(NamedTuple):
    """One group around a value."""

    kind: str  # "call" (of a module), "region", "repeat", "step", "hidden"
    key: object  # what tells it from others inside the same group
    title: str = ""
    call: int = 0  # the number of the call; all calls of a module have one key
    notes: tuple[str, ...] = ()


def levels_around(
    survey: Survey, repeats: bool, depth: int | None, shown: set[int] | None
) -> list[tuple[Level, ...]]:
    """Return the levels around each value, outermost first; steps only where a `depth` opens any.

    Values that are not in `shown` are hidden: before those shown, after them, or both.
    """
    count = len(survey.values)
    around: list[tuple[Level, ...]] = [()] * count
    if survey.calls:
        around = _by_calls(survey)
    for number, repeat in enumerate(_recurrences(survey) if repeats else ()):
        _by_repeat(survey, around, number, repeat, depth)
    if shown is not None:
        after = later(survey.operands, shown)
        before = set(shown)
        for i in range(count - 1, -1, -1):
            if i in before:
                before.update(survey.operands[i])
        for i in range(count):
            if i not in shown:
                around[i] = (Level("hidden", (i in before, i in after)),)
    return around


def _by_calls(survey: Survey) -> list[tuple[Level, ...]]:
    chains: list[tuple[Level, ...]] = []
    for call in survey.calls:  # the outer ones come first
        outer = chains[call.outer] if call.outer >= 0 else ()
        chains.append((*outer, Level(*_key(call), call.path, call.number)))
    around: list[tuple[Level, ...]] = [chains[c] if c >= 0 else () for c in survey.call_of]
    fed = {i for call in survey.calls for i in call.inputs if call.outer < 0}
    loose = {i for i, c in enumerate(survey.call_of) if c < 0 and not survey.operands[i]} - fed
    users: dict[int, set[int]] = {}
    for c, given in zip(survey.call_of, survey.operands):
        for i in given if c >= 0 else ():
            if i in loose:
                users.setdefault(i, set()).add(c)
                if survey.homes[i]:
                    loose.remove(i)  # all its users are calls of one module
    for i, several in users.items():  # a weight that more than one call uses stands with the first
        calls = [survey.calls[c] for c in several]
        if all(c.path == calls[0].path and i not in c.inputs for c in calls):
            around[i] = chains[min(several)]
    return around


def _key(call: Call) -> tuple[str, object]:
    """Return whether this is the call of a module, and what tells it from others.

    Regions of one name inside the same group are one.
    """
    key = call.key
    while isinstance(key, tuple) and not isinstance(key[1], int):
        key = key[1]
    block = isinstance(key, tuple) and key[1] == 0 and call.dot < 0 and key is call.key
    region = block or isinstance(key, str)
    return ("region", call.path) if region else ("call", call.key)


def _recurrences(survey: Survey) -> list[Repeat]:
    """Return the repeats, but for those of layers behind each other: each has its own weights."""
    if not survey.calls:
        return survey.repeats
    keys = [survey.calls[c].key if c >= 0 else None for c in survey.call_of]
    alike = [all(len({keys[i] for i in c}) == 1 for c in zip(*r.places)) for r in survey.repeats]
    return [repeat for repeat, same in zip(survey.repeats, alike) if same]


def _by_repeat(
    survey: Survey, around: list[tuple[Level, ...]], number: int, repeat: Repeat, depth: int | None
) -> None:
    """Put the repeat, and then its steps, inside what holds all of it, and around the rest."""
    paths = list({id(around[i]): around[i] for row in repeat.places for i in row}.values())
    same = 0
    while same < len(paths[0]) and all(p[: same + 1] == paths[0][: same + 1] for p in paths):
        same += 1
    each = operations([survey.values[i].op for i in repeat.places[-1]], 3)
    notes = (f"×{repeat.steps:,}", f"↻ {_carried(survey, repeat)}", f"each {each}")
    whole = (*paths[0][:same], Level("repeat", number, "step t", 0, notes))
    steps = {}
    for t, row in enumerate(repeat.places, 1):
        deep = depth is None or depth > same
        step = (*whole, Level("step", t, f"step {t}")) if deep else whole
        for i in row:
            steps[i] = step
            around[i] = step + around[i][same:] if deep and len(around[i]) > same else step
    constants = {i for i, value in enumerate(survey.values) if value._rule is CONSTANT}
    users: dict[int, list[tuple[Level, ...] | None]] = {}
    for i, given in enumerate(survey.operands if constants else ()):
        for o in given:
            if o in constants:
                users.setdefault(o, []).append(steps.get(i))
    for o, several in users.items():
        if several[0] and all(step is several[0] for step in several):
            around[o] = several[0]


def _carried(survey: Survey, repeat: Repeat) -> str:
    """Return what a repeat carries from step to step: names, without the step's number."""
    names = [survey.names[i] for i in survey.states(repeat)[-1]]
    stems = [re.sub(r"(?<=.)(\[\d+\]|[\d₀-₉]+)$", "", name) for name in names]
    if len(names) > 3 or "v" in stems:
        return counted(len(names), "state")
    same = stems if len(set(stems)) == len(stems) else names
    return ", ".join(same)

"""What stands around each value: repeats and their steps, calls of modules, regions."""

from __future__ import annotations

import re
from typing import NamedTuple

from autograd_engine.repeats import Repeat
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT
from autograd_engine.views.picture.stages import later


class Level(NamedTuple):
    """One group around a value."""

    kind: str  # "call", "repeat", "step", "hidden"
    key: object  # what tells it from others inside the same group
    title: str = ""
    call: int = 0  # the number of the call; all calls of a module have one key
    notes: tuple[str, ...] = ()



def levels_around(survey: Survey, repeats: bool, shown: set[int] | None) -> list[tuple[Level, ...]]:
    """Return the levels around each value, outermost first.

    Values that are not in `shown` are in one of two: before those shown, or after them.
    """
    count = len(survey.values)
    around: list[tuple[Level, ...]] = [()] * count
    if survey.calls:
        around = _by_calls(survey)
    for number, repeat in enumerate(_recurrences(survey) if repeats else ()):
        _by_repeat(survey, around, number, repeat)
    if shown is not None and len(shown) < count:
        behind = later(survey.operands, shown)
        for i in range(count):
            if i not in shown:
                around[i] = (Level("hidden", i in behind),)
    return around


def _by_calls(survey: Survey) -> list[tuple[Level, ...]]:
    chains: list[tuple[Level, ...]] = []
    for call in survey.calls:  # the outer ones come first
        outer = chains[call.outer] if call.outer >= 0 else ()
        chains.append((*outer, Level("call", call.key, call.path, call.number)))
    around: list[tuple[Level, ...]] = [chains[c] if c >= 0 else () for c in survey.call_of]
    homes, operands = survey.homes, survey.operands
    for given, path in zip(operands, list(around)):
        for i in given:  # a weight that several calls use stands with the first of them
            if homes[i] and not operands[i] and not (around[i] and around[i][-1].title == homes[i]):
                names = [level.title for level in path]
                if homes[i] in names:
                    around[i] = path[: names.index(homes[i]) + 1]
    return around


def _recurrences(survey: Survey) -> list[Repeat]:
    """Return the repeats, but for those of layers behind each other: each has its own weights."""
    if not survey.calls:
        return survey.repeats
    keys = [survey.calls[c].key if c >= 0 else None for c in survey.call_of]
    alike = [all(len({keys[i] for i in c}) == 1 for c in zip(*r.places)) for r in survey.repeats]
    return [repeat for repeat, same in zip(survey.repeats, alike) if same]


def _by_repeat(
    survey: Survey, around: list[tuple[Level, ...]], number: int, repeat: Repeat
) -> None:
    """Put the repeat, and then its steps, inside what holds all of it, and around the rest."""
    paths = {around[i] for row in repeat.places for i in row}
    first, *rest = paths
    same = 0
    while all(path[: same + 1] == first[: same + 1] for path in rest) and same < len(first):
        same += 1
    notes = (f"×{repeat.steps:,}", "↻ " + ", ".join(carried(survey, repeat)))
    whole = Level("repeat", number, "step t", 0, notes)
    steps = {}
    for t, row in enumerate(repeat.places, 1):
        level = Level("step", t, f"step {t}")
        for i in row:
            steps[i] = (whole, level)
            around[i] = (*around[i][:same], whole, level, *around[i][same:])
    users: dict[int, set[tuple[Level, ...]]] = {}
    for i, given in enumerate(survey.operands):
        for o in given:
            if survey.values[o]._rule is CONSTANT:
                users.setdefault(o, set()).add(steps.get(i, ()))
    for o, several in users.items():
        step = several.pop() if len(several) == 1 else ()
        if step:
            around[o] = (*around[o][:same], *step, *around[o][same:])


def carried(survey: Survey, repeat: Repeat) -> list[str]:
    """Return what a repeat carries from step to step: names, without the step's number."""
    names = [survey.names[i] for i in survey.states(repeat)[-1]]
    return [re.sub(r"[\d\[\]₀-₉_]+$", "", name) or name for name in names]

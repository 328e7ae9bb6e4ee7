"""What stands around each value: repeats and their steps, calls of modules, regions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from autograd_engine.calls import Call
from autograd_engine.repeats import Repeat
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT
from autograd_engine.words import counted, operations


class Level(NamedTuple):
    """One group around a value."""

    kind: str  # "call" (of a module), "region", "repeat", "step", "hidden"
    key: object  # what tells it from others inside the same group
    title: str = ""
    call: int = 0  # the number of the call; all calls of a module have one key
    notes: tuple[str, ...] = ()


Path = tuple[Level, ...]


def levels_around(
    survey: Survey, repeats: bool, depth: int | None, shown: set[int] | None
) -> list[Path]:
    """Return the levels around each value, outermost first; steps only where a `depth` opens any.

    Values that are not in `shown` are hidden. Layers behind each other are no repeat of steps: each
    has its own weights.
    """
    around: list[Path] = _by_calls(survey) if survey.calls else [()] * len(survey.values)
    places = survey.call_of if survey.calls else ()
    keys = [survey.calls[c].key if c >= 0 else None for c in places]
    for number, repeat in enumerate(survey.repeats if repeats else ()):
        columns = zip(*repeat.places) if keys else ()
        if all(len({keys[i] for i in column}) == 1 for column in columns):
            _add_repeat(survey, around, number, repeat, depth)
    hidden = (Level("hidden", None),)
    return around if shown is None else [p if i in shown else hidden for i, p in enumerate(around)]


def near(operands: Sequence[Sequence[int]], focus: int, radius: int) -> set[int]:
    """Return the values at most `radius` operations from one."""
    found = {focus}
    for _ in range(radius):
        users = {i for i, given in enumerate(operands) if not found.isdisjoint(given)}
        near = users.union(*(operands[i] for i in found))
        if near <= found:
            break
        found |= near
    return found


def used_in(
    some: set[int], operands: Sequence[Sequence[int]], places: Sequence[int]
) -> dict[int, set[int]]:
    """Return for each of some values in which places, of those of all values, it is used."""
    found: dict[int, set[int]] = defaultdict(set)
    for place, given in zip(places, operands):
        for i in some.intersection(given):
            found[i].add(place)
    return found


def _by_calls(survey: Survey) -> list[Path]:
    chains: list[Path] = []
    kinds: dict[object, tuple[str, object]] = {}
    for call in survey.calls:  # the outer ones come first
        outer = chains[call.outer] if call.outer >= 0 else ()
        kind, key = kinds.get(call.key) or kinds.setdefault(call.key, _key(call))
        chains.append((*outer, Level(kind, key, call.path, call.number)))
    around: list[Path] = [chains[c] if c >= 0 else () for c in survey.call_of]
    for i, c in survey.lent.items():
        around[i] = chains[c]
    return around


def _key(call: Call) -> tuple[str, object]:
    """Return whether this is the call of a module, and what tells it from others.

    Regions of one name inside the same group are one.
    """
    key = call.key
    while isinstance(key, tuple) and not isinstance(key[1], int):
        key = key[1]  # of the part that it was found by
    return ("region", call.path) if isinstance(key, str) else ("call", call.key)


def _add_repeat(
    survey: Survey, around: list[Path], number: int, repeat: Repeat, depth: int | None
) -> None:
    """Put the repeat, and then its steps, inside what holds all of it, and around the rest."""
    paths = {id(around[i]): around[i] for row in repeat.places for i in row}.values()
    same = len([*takewhile(lambda levels: len(set(levels)) == 1, zip(*paths))])
    each = operations([survey.values[i].op for i in repeat.places[-1]], 3)
    notes = (f"×{repeat.steps:,}", f"↻ {_carried(survey, repeat)}", f"each {each}")
    outer = around[repeat.places[0][0]][:same]
    whole = (*outer, Level("repeat", number, "step t", notes=notes))
    step_of: dict[int, int] = {}
    steps: list[Path] = []
    for t, row in enumerate(repeat.places):
        deep = depth is None or depth > same
        steps.append((*whole, Level("step", t, f"step {t + 1}")) if deep else whole)
        for i in row:
            step_of[i] = t
            around[i] = steps[t] + around[i][same:] if deep and len(around[i]) > same else steps[t]
    constants = {i for i, value in enumerate(survey.values) if value._rule is CONSTANT}
    places = [step_of.get(i, -1) for i in range(len(around))]
    for o, (t, *others) in used_in(constants, survey.operands, places).items():
        if t >= 0 and not others:  # a constant that one step uses stands in it
            around[o] = steps[t]


def _carried(survey: Survey, repeat: Repeat) -> str:
    """Return what a repeat carries from step to step: names, without the step's number."""
    names = [survey.names[i] for i in survey.states(repeat)[-1]]
    stems = [re.sub(r"(?<=.)(\[\d+\]|[\d₀-₉]+)$", "", name) for name in names]
    if len(names) > 3 or "v" in stems:
        return counted(len(names), "state")
    return ", ".join(stems if len(set(stems)) == len(stems) else names)

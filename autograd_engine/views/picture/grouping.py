"""Grouping values: what stands around each, and parts such that no path leaves one and returns."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import groupby, takewhile
from typing import Any, NamedTuple

from autograd_engine.repeats import Repeat
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT
from autograd_engine.words import counted, operations


class Level(NamedTuple):  # one group around a value
    kind: str  # "call" (of a module), "region", "repeat", "step", "hidden"
    key: object  # what tells it from others inside the same group
    title: str = ""
    call: int = 0  # the number of the call; all calls of a module have one key
    notes: tuple[str, ...] = ()


Path = tuple[Level, ...]
Operands = Sequence[Sequence[int]]
Part = tuple[int, bool, list[int]]  # number of the box, whether leaves, values


def levels_around(
    survey: Survey, repeats: bool, depth: int | None, shown: set[int] | None
) -> list[Path]:
    """Return the levels around each value, outermost first; what is not shown is hidden.

    Calls are those of modules, or of regions, of which those of one name are one.
    """
    chains: list[Path] = []
    for call in survey.calls:  # the outer ones come first
        outer, key = chains[call.outer] if call.outer >= 0 else (), call.key
        while isinstance(key, tuple) and not isinstance(key[1], int):
            key = key[1]  # of the part that it was found by
        kind, of = ("region", call.path) if isinstance(key, str) else ("call", call.key)
        chains.append((*outer, Level(kind, of, call.path, call.number)))
    around: list[Path] = [chains[c] if c >= 0 else () for c in survey.call_of]
    for i, c in survey.lent.items():
        around[i] = chains[c]
    keys = [survey.calls[c].key if c >= 0 else None for c in survey.call_of]
    for number, repeat in enumerate(survey.repeats if repeats else ()):
        # Layers behind each other are no repeat of steps: each has its own weights.
        if all(len({keys[i] for i in column}) == 1 for column in zip(*repeat.places)):
            _add_repeat(survey, around, number, repeat, depth)
    hidden = (Level("hidden", None),)
    return around if shown is None else [p if i in shown else hidden for i, p in enumerate(around)]


def near(operands: Operands, focus: int, radius: int) -> set[int]:
    """Return the values at most `radius` operations from one."""
    found, before = {focus}, set[int]()
    while radius > 0 and found != before:
        users = {i for i, given in enumerate(operands) if not found.isdisjoint(given)}
        before, radius = found, radius - 1
        found = found.union(users, *(operands[i] for i in found))
    return found


def used_in(some: set[int], operands: Operands, places: Sequence[int]) -> dict[int, set[int]]:
    """Return for each of some values in which places, of those of all values, it is used."""
    found: dict[int, set[int]] = defaultdict(set)
    for place, given in zip(places, operands):
        for i in given:
            if i in some:
                found[i].add(place)
    return found


def _add_repeat(
    survey: Survey, around: list[Path], number: int, repeat: Repeat, depth: int | None
) -> None:
    """Put the repeat, and then its steps, inside what holds all of it, and around the rest."""
    paths = {id(around[i]): around[i] for row in repeat.places for i in row}.values()
    same = len([*takewhile(lambda levels: len(set(levels)) == 1, zip(*paths))])
    each = operations([survey.values[i].op for i in repeat.places[-1]], 3)
    names = [survey.names[i] for i in survey.states(repeat)[-1]]
    stems = [re.sub(r"(?<=.)(\[\d+\]|[\d₀-₉]+)$", "", name) for name in names]
    # What is carried is named without the step's number, where that tells apart.
    carried = ", ".join(stems if len({*stems}) == len(stems) else names)
    if len(names) > 3 or "v" in stems:
        carried = counted(len(names), "state")
    notes = (f"×{repeat.steps:,}", f"↻ {carried}", f"each {each}")
    whole = (*around[repeat.places[0][0]][:same], Level("repeat", number, "step t", notes=notes))
    deep, step_of, steps = depth is None or depth > same, dict[int, int](), list[Path]()
    for t, row in enumerate(repeat.places):
        steps.append((*whole, Level("step", t, f"step {t + 1}")) if deep else whole)
        for i in row:
            step_of[i] = t
            around[i] = steps[t] + around[i][same:] if deep and len(around[i]) > same else steps[t]
    constants = {i for i, value in enumerate(survey.values) if value._rule is CONSTANT}
    places = [step_of.get(i, -1) for i in range(len(around))]
    for o, (t, *others) in used_in(constants, survey.operands, places).items():
        if t >= 0 and not others:  # a constant that one step uses stands in it
            around[o] = steps[t]


def parts(
    boxes: dict[int, int], fine: dict[int, int], operands: Any, cutting: bool = True
) -> list[Part]:
    """Return boxes in an order in which all arrows run forwards: number, whether leaves, values.

    `boxes` tells the box of each value, in topological order; `fine` what must not feed another of
    its box, such as a call. A box comes as a whole where it can, else in parts; leaves of more than
    one of them come by themselves. Without `cutting`, nothing comes where a box must be cut.
    """
    first = {box: i for i, box in reversed(boxes.items())}  # the first value of each box
    if cutting:  # it is soon found whether all boxes can come as wholes
        each: dict[int, list[int]] = defaultdict(list)
        given: dict[int, set[int]] = {i: set() for i in first.values()}  # what feeds each box
        for i, box in boxes.items():
            each[box].append(i)
            for o in operands[i]:
                if o in boxes and fine[o] != fine[i] and (operands[o] or boxes[o] != box):
                    given[first[box]].add(first[boxes[o]])
        heads = {each[box][0]: box for box in each}
        found = [] if any(i in given[i] for i in given) else parts(heads, heads, given, False)
        if found:
            return [(box, False, each[box]) for box, _, _ in found]
    part: dict[int, int] = {}  # of each value, in order; ~box: leaves of that box
    box_of: list[int] = []  # of each part
    uses: dict[int, list[int]] = defaultdict(list)  # but for those inside a box of leaves
    missing = dict.fromkeys(boxes, 0)  # how many computed operands are not yet placed
    waiting = dict.fromkeys(boxes.values(), 0)  # for how many arrows a box waits
    ready: dict[int, list[int]] = defaultdict(list)  # of each box, what misses nothing
    whole: tuple[list[tuple[int, int]], ...] = [], []  # values, boxes that wait for none
    for i, box in boxes.items():
        for o in operands[i]:
            if o in boxes and (operands[o] or boxes[o] != box):
                uses[o].append(i)
                missing[i] += bool(operands[o])
                waiting[box] += fine[o] != fine[i]
        if not missing[i]:
            ready[box].append(i)
    # Values follow values, and boxes boxes, where they can. Where each box left waits for another,
    # what can be placed of one of them is a part.
    rest, which, cut, fed = iter(boxes), False, False, {*first}
    while len(part) < len(boxes):
        for box in fed:
            if not waiting[box] and ready.get(box):
                heappush(whole[box != first[box]], (first[box], box))
        which = which if whole[which] else not which
        if whole[which]:
            box = heappop(whole[which])[1]
        elif not cutting:
            return []
        else:
            cut, box = True, boxes[next(i for i in rest if i not in part and operands[i])]
        pending, later, fed = ready.pop(box), set(), {box}
        while pending:  # of the box what waits for nothing
            i = pending.pop()
            part[i], at, computed = len(box_of), fine[i], operands[i]
            for user in uses.get(i, ()):
                if fine[user] != at:
                    its = boxes[user]
                    waiting[its] -= 1
                    fed.add(its)
                    if its == box:
                        later.add(user)
                if computed:
                    missing[user] -= 1
                    if not missing[user]:
                        inner = user not in later and boxes[user] == box
                        (pending if inner else ready[boxes[user]]).append(user)
        box_of.append(box)
    # What only later parts of its box use moves there, and leaves of several move out of them.
    takers: dict[int, dict[int, bool]] = defaultdict(dict)  # part -> whether it can move there
    for i in reversed(boxes) if cut else ():
        own = [number for number in takers[i] if box_of[number] == boxes[i]]
        early = min(takers[i], default=-1)
        if not operands[i] and (len(own) > 1 or -1 < early < part[i]):
            part[i] = ~boxes[i]
        elif early in own and takers[i][early]:
            part[i] = early
        for o in operands[i]:
            if o in boxes:
                free = fine[o] == fine[i] or not operands[o]
                takers[o][part[i]] = free and takers[o].get(part[i], True)
    pieces = groupby(sorted(boxes, key=part.__getitem__), part.__getitem__)
    return [(box_of[n] if n >= 0 else ~n, n < 0, [*values]) for n, values in pieces]

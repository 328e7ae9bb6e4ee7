"""Cutting boxes so that no picture has a cycle: no path leaves a box and returns to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from itertools import chain

Part = tuple[int, bool, list[int]]


def parts(
    boxes: dict[int, int], fine: dict[int, int], operands: Sequence[Sequence[int]]
) -> list[Part]:
    """Return boxes in an order in which all arrows run forwards: number, whether leaves, values.

    `boxes` tells the box of each value, in topological order; one by itself has its own number.
    `fine` tells what must not feed another of the same box, such as a call. A box comes as a
    whole where it can, else in several parts; leaves of more than one of them come by themselves.

    >>> parts({0: 4, 1: 1, 2: 4}, {0: 4, 1: 1, 2: 4}, [(), (0,), (1,)])
    [(4, True, [0]), (1, False, [1]), (4, False, [2])]
    """
    wholes, feeding = _as_wholes(boxes, fine, operands)
    first = {values[0]: box for box, values in wholes.items()}
    found = feeding and _ordered(first, first, feeding, cutting=False)
    if found:
        return [(box, False, wholes[box]) for box, _, _ in found]
    return _ordered(boxes, fine, operands)


def _as_wholes(
    boxes: dict[int, int], fine: dict[int, int], operands: Sequence[Sequence[int]]
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return the values of each box, and what feeds it, each box as its first value; of this
    nothing where what must not feed another of its box does so.
    """
    wholes, units = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
    for i, box in boxes.items():
        wholes[box].append(i)
        if operands[i]:
            units[fine[i]].append(i)
    unit = {i: number if operands[i] else ~boxes[i] for i, number in fine.items()}
    feeding: dict[int, set[int]] = {values[0]: set() for values in wholes.values()}
    for number, values in units.items():
        box = boxes[values[0]]
        below = chain.from_iterable(map(operands.__getitem__, values))
        for other in {unit[i] for i in unit.keys() & below} - {number, ~box}:
            source = ~other if other < 0 else boxes[units[other][0]]
            if source == box:
                return wholes, {}
            feeding[wholes[box][0]].add(wholes[source][0])
    return wholes, {i: sorted(given) for i, given in feeding.items()}


def _ordered(
    boxes: dict[int, int],
    fine: dict[int, int],
    operands: Sequence[Sequence[int]] | dict[int, list[int]],
    cutting: bool = True,
) -> list[Part]:
    """Return the parts; none where a box must be cut, unless `cutting`."""
    part: dict[int, int] = {}  # of each value, in order; ~box: leaves of that box
    box_of: list[int] = []  # of each part
    first: dict[int, int] = {}  # the first value of each box
    uses: dict[int, list[int]] = defaultdict(list)  # but for those inside a box of leaves
    missing = dict.fromkeys(boxes, 0)  # how many computed operands are not yet placed
    waiting = dict.fromkeys(boxes.values(), 0)  # for how many arrows a box waits
    ready: dict[int, list[int]] = defaultdict(list)  # of each box, what misses nothing
    whole: tuple[list[tuple[int, int]], ...] = [], []  # values, boxes that wait for none

    for i, box in boxes.items():
        first.setdefault(box, i)
        for o in operands[i]:
            if o in boxes and (operands[o] or boxes[o] != box):
                uses[o].append(i)
                missing[i] += bool(operands[o])
                waiting[box] += fine[o] != fine[i]
        if not missing[i]:
            ready[box].append(i)

    def place(box: int) -> None:
        """Place of a box what waits for nothing, as a part."""
        pending, later, fed = ready.pop(box), set(), {box}
        while pending:
            i = pending.pop()
            part[i] = len(box_of)
            for user in uses[i]:
                its = boxes[user]
                if fine[user] != fine[i]:
                    waiting[its] -= 1
                    fed.add(its)
                    if its == box:
                        later.add(user)
                if operands[i]:
                    missing[user] -= 1
                    if not missing[user]:
                        here = its == box and user not in later
                        (pending if here else ready[its]).append(user)
        box_of.append(box)
        wait(fed)

    def wait(some: Iterable[int]) -> None:
        for box in some:
            if not waiting[box] and ready.get(box):
                heappush(whole[box != first[box]], (first[box], box))

    # Values follow values, and boxes boxes, where they can. Where each box left waits for another,
    # what can be placed of one of them is a part.
    wait(first)
    rest, which, cut = iter(boxes), False, False
    while len(part) < len(boxes):
        which = which if whole[which] else not which
        if whole[which]:
            place(heappop(whole[which])[1])
        elif not cutting:
            return []
        else:
            place(boxes[next(i for i in rest if i not in part and operands[i])])
            cut = True
    # What only later parts of its box use moves there, and leaves of several move out of them.
    heads: dict[int, dict[int, bool]] = defaultdict(dict)  # part -> whether it can move there
    for i in reversed(boxes) if cut else ():
        own = [number for number in heads[i] if box_of[number] == boxes[i]]
        early = min(heads[i], default=-1)
        if not operands[i] and (len(own) > 1 or -1 < early < part[i]):
            part[i] = ~boxes[i]
        elif early in own and heads[i][early]:
            part[i] = early
        for o in operands[i]:
            if o in boxes:
                free = fine[o] == fine[i] or not operands[o]
                heads[o][part[i]] = free and heads[o].get(part[i], True)
    found: dict[int, list[int]] = defaultdict(list)
    for i in boxes:
        found[part[i]].append(i)
    return [(box_of[n] if n >= 0 else ~n, n < 0, found[n]) for n in sorted(found)]

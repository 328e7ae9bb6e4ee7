"""Cutting boxes so that no picture has a cycle: no path leaves a box and returns to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush


def parts(
    boxes: dict[int, int], fine: dict[int, int], operands: Sequence[Sequence[int]]
) -> Iterator[tuple[int, bool, list[int]]]:
    """Yield boxes in an order in which all arrows run forwards: number, whether leaves, values.

    `boxes` tells the box of each value, in topological order; one by itself has its own number.
    `fine` tells what must not feed another of the same box, such as a call. A box comes as a
    whole where it can, else in several parts; leaves of more than one of them come by themselves.

    >>> list(parts({0: 4, 1: 1, 2: 4}, {0: 4, 1: 1, 2: 4}, [(), (0,), (1,)]))
    [(4, True, [0]), (1, False, [1]), (4, False, [2])]
    """
    cutter = _Cutter(boxes, fine, operands)
    cutter.place_all()
    found: dict[int, list[int]] = defaultdict(list)
    for i in boxes:
        found[cutter.part[i]].append(i)
    for part in sorted(found):
        yield cutter.box_of[part] if part >= 0 else ~part, part < 0, found[part]


class _Cutter:
    def __init__(
        self, boxes: dict[int, int], fine: dict[int, int], operands: Sequence[Sequence[int]]
    ) -> None:
        self.boxes, self.fine, self.operands = boxes, fine, operands
        self.part: dict[int, int] = {}  # of each value, in order; ~box: leaves of that box
        self.box_of: list[int] = []  # of each part
        self.first: dict[int, int] = {}  # the first value of each box
        self.uses: dict[int, list[int]] = defaultdict(list)  # but for those inside a box of leaves
        self.missing = dict.fromkeys(boxes, 0)  # how many computed operands are not yet placed
        self.waiting: dict[int, int] = defaultdict(int)  # for how many arrows a box waits
        self.whole: tuple[list[tuple[int, int]], ...] = [], []  # values, boxes that wait for none
        self.ready: dict[int, list[int]] = defaultdict(list)
        for i, box in boxes.items():
            self.first.setdefault(box, i)
            for o in operands[i]:
                other = boxes.get(o, -1)
                if other >= 0 and (operands[o] or other != box):
                    self.uses[o].append(i)
                    self.missing[i] += bool(operands[o])
                    self.waiting[box] += fine[o] != fine[i]
            if not self.missing[i]:
                self.ready[box].append(i)

    def place_all(self) -> None:
        """Place boxes one after the other; values follow values, and boxes boxes, where they can.

        Where each box left waits for another, what can be placed of one of them is a part.
        """
        for box in [box for box in self.first if not self.waiting[box]]:
            self._add_whole(box)
        rest, which, cut = iter(self.boxes), False, False
        while len(self.part) < len(self.boxes):
            which = which if self.whole[which] else not which
            if self.whole[which]:
                self._place(heappop(self.whole[which])[1])
            else:
                left = next(i for i in rest if i not in self.part and self.operands[i])
                self._place(self.boxes[left])
                cut = True
        if cut:
            self._postpone()

    def _add_whole(self, box: int) -> None:
        first = self.first[box]
        heappush(self.whole[box != first], (first, box))

    def _place(self, box: int) -> None:
        """Place of a box what waits for nothing, as a part."""
        boxes, fine, waiting, missing = self.boxes, self.fine, self.waiting, self.missing
        pending, later, fed = self.ready.pop(box), set(), {box}
        while pending:
            i = pending.pop()
            self.part[i] = len(self.box_of)
            computed, call = self.operands[i], fine[i]
            for user in self.uses[i]:
                its = boxes[user]
                if fine[user] != call:
                    waiting[its] -= 1
                    fed.add(its)
                    if its == box:
                        later.add(user)
                if computed:
                    missing[user] -= 1
                    if not missing[user]:
                        here = its == box and user not in later
                        (pending if here else self.ready[its]).append(user)
        self.box_of.append(box)
        for its in fed:
            if not waiting[its] and self.ready.get(its):
                self._add_whole(its)

    def _postpone(self) -> None:
        """Move what only later parts of its box use there, and leaves of several out of them."""
        heads: dict[int, dict[int, bool]] = defaultdict(dict)  # part -> whether it can move there
        for i in reversed(self.boxes):
            own = [part for part in heads[i] if self.box_of[part] == self.boxes[i]]
            early = min(heads[i], default=-1)
            if not self.operands[i] and (len(own) > 1 or -1 < early < self.part[i]):
                self.part[i] = ~self.boxes[i]
            elif early in own and heads[i][early]:
                self.part[i] = early
            part = self.part[i]
            for o in self.operands[i]:
                if o in self.boxes:
                    free = self.fine[o] == self.fine[i] or not self.operands[o]
                    heads[o][part] = free and heads[o].get(part, True)

"""The picture of each group, laid out as `draw` lays out, as plain numbers for the page.

A group is laid out by itself, with the groups inside it folded; what it takes from outside
stands at its beginning as inlets. The page puts the pictures into each other as groups open,
so that every state of folding needs no more numbers than there are values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd_engine.table import CONSTANT
from autograd_engine.views.explore.rows import fixed_partials, shortened
from autograd_engine.views.layout.routes import Layout, lay_out
from autograd_engine.views.layout.scene import Arrow, Box, Scene
from autograd_engine.views.picture.folding import Folding, caption
from autograd_engine.words import counted

NUMBERS = "data  -0.0000\ngrad  -0.0000"
"""What a box keeps room for: the page writes its numbers as short as this."""

PARTIAL = "∂ -0.0000"
ROOM = "   "
"""The label of an arrow without one: what it takes up keeps arrows from being too steep."""

INLETS = 12
"""So many values from outside are shown one by one; more are gathered by where they stand."""

STEPS, FEW = 24, 4
"""Of more boxes than these that take no more values each, each has its own inlets."""


def pictures(folding: Folding, names: list[str]) -> list[dict[str, Any]]:
    """Return the picture of each group, as the page reads it.

    `title`, `notes`, `parent`, `members`; `inlets`: a title and the numbers of the values, each;
    `exit`: the one value that leaves the group, or -1; `leaving`: those used outside; `size`;
    `boxes`: x, y, width and height of members, then inlets; `arrows`: the two boxes, which
    operand it is (or minus the number of arrows merged into it), where along it its label is (-1:
    none), where across it ends, and its points in between.
    """
    leaving = _leaving(folding)
    found = []
    for number, group in enumerate(folding.groups):
        picture = _Picture(folding, number, names, leaving)
        exits = leaving[number]
        title, *notes = caption(folding, number, short=True) if number else [""]
        found.append(
            {
                "title": title,
                "notes": notes,
                "parent": group.parent,
                "gathered": int(group.kind in ("leaves", "run")),
                "members": group.members,
                "inlets": [[title, *given] for title, given in picture.inlets],
                "exit": exits[0] if len(exits) == 1 else -1,
                "leaving": exits,
                **picture.numbers(),
            }
        )
    return found


def _leaving(folding: Folding) -> list[list[int]]:
    """Return for each group the values in it that are used outside; outputs leave them all."""
    found: list[set[int]] = [set() for _ in folding.groups]
    for output in folding.survey.outputs:
        for group in folding.path(folding.home[output]):
            found[group].add(output)
    paths = [folding.path(number) for number in range(len(folding.groups))]
    for home, given in zip(folding.home, folding.operands):
        for operand in given:
            if folding.home[operand] != home:
                for group in set(paths[folding.home[operand]]) - set(paths[home]):
                    found[group].add(operand)
    return [sorted(exits) for exits in found]


class _Picture:
    """One group: its boxes, its arrows, and where they stand."""

    def __init__(
        self, folding: Folding, number: int, names: list[str], leaving: list[list[int]]
    ) -> None:
        self.folding = folding
        self.number = number
        self.values, self.operands = folding.survey.values, folding.operands
        self.names = names
        self.shown: dict[int, int] = {}  # value -> the box that shows it
        self.boxes: list[Box] = []
        for place, member in enumerate(folding.groups[number].members):
            if member >= 0:
                self.shown[member] = place
                self.boxes.append(self._box(member))
                continue
            self.shown |= dict.fromkeys(folding.inside[~member], place)
            numbers = [NUMBERS] if len(leaving[~member]) == 1 else []
            title, *lines = caption(folding, ~member, short=True)
            self.boxes.append(Box("folded", ("\n".join([f"▸ {title}", *lines, *numbers]),)))
        self.inlets: list[tuple[str, list[int]]] = []
        self._add_inlets(folding.inside[number])
        self.arrows, self.slots = self._arrows(folding.inside[number])

    def _box(self, i: int) -> Box:
        value = self.values[i]
        kind = "constant" if value._rule is CONSTANT else "leaf"
        kind = "result" if self.operands[i] else kind
        title = shortened(self.names[i]) + (f"   {shortened(value.op)}" if value.op else "")
        return Box(kind, (title, NUMBERS))

    def _add_inlets(self, inside: list[int]) -> None:
        """Add what folded boxes take from outside. (A value drawn has inlets of its own.)"""
        own = set(inside)
        taken: dict[int, dict[int, None]] = {}
        for i in inside:
            if self.boxes[head := self.shown[i]].kind == "folded":
                outside = [operand for operand in self.operands[i] if operand not in own]
                taken.setdefault(head, {}).update(dict.fromkeys(outside))
        if len(taken) > STEPS and all(len(some) <= FEW for some in taken.values()):
            return  # steps have inlets of their own too
        everything = {operand: None for some in taken.values() for operand in some}
        for title, given in self._gathered(list(everything)):
            self.shown.update(dict.fromkeys(given, self._add_inlet(title, given)))

    def _add_inlet(self, title: str, given: list[int]) -> int:
        self.inlets.append((title, given))
        self.boxes.append(Box("hidden", (title,)))
        return len(self.boxes) - 1

    def _gathered(self, taken: list[int]) -> list[tuple[str, list[int]]]:
        """Return titles and the values from outside, by where they stand if they are many."""
        if len(taken) <= INLETS:
            return [(shortened(self.names[i]), [i]) for i in taken]
        around = set(self.folding.path(self.number))
        sources: dict[int, list[int]] = {}
        for i in taken:
            path = self.folding.path(self.folding.home[i])
            outside = [group for group in path if group not in around]
            sources.setdefault(outside[0] if outside else ~i, []).append(i)
        if len(sources) > INLETS:
            return [(counted(len(taken), "value"), taken)]
        short, names = self.folding.short, self.names
        titles = [short(s) if s >= 0 else shortened(names[~s]) for s in sources]
        return list(zip(titles, sources.values()))

    def _arrows(self, inside: list[int]) -> tuple[list[Arrow], list[int]]:
        """Return the arrows, those from and to groups merged; and which operand each is."""
        merged: dict[tuple[int, int], list[tuple[int, int]]] = {}
        own = set(inside)
        stubs: dict[tuple[int, int], int] = {}
        for i in inside:
            head = self.shown[i]
            for slot, operand in enumerate(self.operands[i]):
                if operand in own or (self.boxes[head].kind == "folded" and operand in self.shown):
                    tail = self.shown[operand]
                else:  # beside each use: long arrows would cross the whole picture
                    title = shortened(self.names[operand])
                    if (head, operand) not in stubs:
                        stubs[head, operand] = self._add_inlet(title, [operand])
                    tail = stubs[head, operand]
                if tail != head:
                    merged.setdefault((tail, head), []).append((i, slot))
        found: list[tuple[Arrow, int]] = []
        for (tail, head), several in merged.items():
            count, plain = len(several), self.boxes[head].kind == "result"
            if plain and (self.boxes[tail].kind != "folded" or count == 1):
                labels = [(self._partial(i, slot), slot) for i, slot in several]
            else:
                labels = [(f"×{count:,}" if count > 1 else ROOM, -count)]
            found += [(Arrow(tail, head, label), slot) for label, slot in labels]
        return [arrow for arrow, _ in found], [slot for _, slot in found]

    def _partial(self, i: int, slot: int) -> str:
        value = self.values[i]
        if not value.partials:
            return ""
        fixed = fixed_partials(value._rule, len(value.operands))[slot]
        return PARTIAL if fixed is None else f"∂ {fixed:.3g}"

    def numbers(self) -> dict[str, Any]:
        """Return where everything stands, in whole points."""
        if not self.boxes:
            return {"size": [0, 0], "boxes": [], "arrows": []}
        layout = lay_out(Scene("LR", tuple(self.boxes), tuple(self.arrows), ()))
        places = [(b.u0, b.v0, b.u1 - b.u0, b.v1 - b.v0) for b in layout.boxes]
        return {
            "size": [round(layout.length), round(layout.breadth)],
            "boxes": [list(map(round, place)) for place in places],
            "arrows": [self._arrow(layout, number) for number in range(len(self.arrows))],
        }

    def _arrow(self, layout: Layout, number: int) -> list[int]:
        arrow, place = self.arrows[number], layout.labels[number]
        label = round((place.u0 + place.u1) / 2.0) if place else -1
        _, *turns, end = _turns([point for stroke in layout.routes[number] for point in stroke])
        points = [round(coordinate) for point in turns for coordinate in point]
        return [arrow.tail, arrow.head, self.slots[number], label, round(end[1]), *points]


def _turns(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points without those met twice, and those in the middle of a level stretch."""
    kept: list[tuple[float, float]] = []
    for point in points:
        if len(kept) > 1 and abs(kept[-1][1] - point[1]) + abs(kept[-2][1] - point[1]) < 0.1:
            kept.pop()
        if not kept or point != kept[-1]:
            kept.append(point)
    return kept

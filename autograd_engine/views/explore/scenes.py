"""The picture of each group, laid out as `draw` lays out, as plain numbers for the page.

A group is laid out by itself, with the groups inside it folded; what it takes from outside
stands at its beginning as inlets. The page puts the pictures into each other as groups open,
so that every state of folding needs no more numbers than there are values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain, groupby
from typing import Any

from autograd_engine.views.layout.routes import lay_out
from autograd_engine.views.layout.scene import Arrow, Box, Scene, text_width
from autograd_engine.views.picture.folding import Folding
from autograd_engine.views.picture.styles import caption
from autograd_engine.words import counted

NUMBERS = "data  -0.0000\ngrad  -0.0000"
"""What a box keeps room for: the page writes its numbers as short as this."""

PARTIAL = "∂ -0.0000"
ROOM = "   "
"""The label of an arrow without one: what it takes up keeps arrows from being too steep."""

LONGEST = 20
"""So many characters of a name are written in the picture; the panels have all of it."""

CLASS = 5
"""Boxes have room for so many characters, or twice as many, and so on: so shapes are alike."""

INLETS = 12
"""So many values from outside are shown one by one; more are gathered by where they stand."""

STEPS, FEW = 24, 4
"""Of more boxes than these that take no more values each, each has its own inlets."""


def pictures(folding: Folding, names: list[str]) -> dict[str, list[Any]]:
    """Return the picture of each group, as the page reads it, and what several have alike.

    Of each of the `groups`: its title, its notes, its parent, whether it was gathered for its
    number alone, its members, its inlets, the values in it that are used outside, its shape. Of
    each inlet: the number of its value, or a title and the numbers of several. Of each of the
    `shapes`: width and height; x, y (less that of the box before), width and height of members,
    then inlets; of each arrow its two boxes, which operand it is (or minus the number of arrows
    merged into it), how far behind its tail its label is (0: none), how far from the middle of
    its head it ends, and its turns in between, how far each is from the one before.
    """
    leaving, titles = _leaving(folding), [" ".join(name.split())[:LONGEST] for name in names]
    captions = [caption(folding, number, short=True) for number in range(1, len(folding.groups))]
    captions.insert(0, [""])
    folded = [_folded(lines, exits) for lines, exits in zip(captions, leaving)]
    alike: dict[str, dict[Any, int]] = {"notes": {}, "inlets": {}, "shapes": {}}

    def place(kind: str, item: Any) -> int:
        return alike[kind].setdefault(item, len(alike[kind]))

    groups = []
    for number, (group, (title, *notes)) in enumerate(zip(folding.groups, captions)):
        picture = _Picture(folding, number, titles, folded)
        inlets, scene = place("inlets", tuple(picture.inlets)), place("shapes", picture.scene)
        row = [title, place("notes", tuple(notes)), group.parent]
        row += [int(group.kind in ("leaves", "run")), group.members, inlets, leaving[number], scene]
        groups.append(row)
    found = {kind: list(items) for kind, items in alike.items()}
    return {"groups": groups} | found | {"shapes": list(map(_laid_out, alike["shapes"]))}


def _leaving(folding: Folding) -> list[list[int]]:
    """Return for each group the values in it that are used outside; outputs leave them all."""
    found: list[set[int]] = [set() for _ in folding.groups]
    around = [set(folding.path(number)) for number in range(len(folding.groups))]
    around.append(set())  # around nothing: there, at -1, are the outputs used
    users = zip(folding.home, folding.operands)
    uses = {(operand, home) for home, given in users for operand in given}
    for value, home in uses | {(output, -1) for output in folding.survey.outputs}:
        for group in around[folding.home[value]] - around[home]:
            found[group].add(value)
    return [sorted(exits) for exits in found]


def _folded(caption: list[str], exits: list[int]) -> Box:
    """Return the box of a group: its caption, then its numbers where one value leaves it."""
    words = [_roomy(f"▸ {caption[0]}"), *map(_roomy, caption[1:])]
    return Box("folded", ("\n".join(words + [NUMBERS] * (len(exits) == 1)),))


class _Picture:
    """One group: its boxes, and its arrows, each with the operand that it is."""

    def __init__(self, folding: Folding, number: int, titles: list[str], folded: list[Box]) -> None:
        self.folding, self.number, self.titles = folding, number, titles
        self.inside = folding.inside[number]
        self.shown: dict[int, int] = {}  # value -> the box that shows it
        self.inlets: list[Any] = []
        self.boxes: list[Box] = []
        for place, member in enumerate(folding.groups[number].members):
            if member >= 0:
                symbol = folding.survey.values[member].op
                title = titles[member] + (f"   {symbol[:LONGEST]}" if symbol else "")
                box, inside = Box("result", (_roomy(title), NUMBERS)), [member]
            else:
                box, inside = folded[~member], folding.inside[~member]
            self.boxes.append(box)
            self.shown |= dict.fromkeys(inside, place)
        self._add_inlets()
        arrows = tuple(self._arrows())
        self.scene = Scene("LR", tuple(self.boxes), arrows, ())

    def _add_inlets(self) -> None:
        """Add what folded boxes take from outside. (A value drawn has inlets of its own.)"""
        own = set(self.inside)
        taken: dict[int, dict[int, None]] = {}
        for i in self.inside:
            if self.boxes[head := self.shown[i]].kind == "folded":
                outside = [operand for operand in self.folding.operands[i] if operand not in own]
                taken.setdefault(head, {}).update(dict.fromkeys(outside))
        if len(taken) > STEPS and all(len(some) <= FEW for some in taken.values()):
            return  # steps have inlets of their own too
        for title, given in self._gathered(list({i: 0 for some in taken.values() for i in some})):
            self.shown |= dict.fromkeys(given, self._add_inlet(title, given))

    def _add_inlet(self, title: str, given: list[int]) -> int:
        self.inlets.append((title, *given) if len(given) > 1 else given[0])
        self.boxes.append(Box("hidden", (_roomy(title),)))
        return len(self.boxes) - 1

    def _gathered(self, taken: list[int]) -> list[tuple[str, list[int]]]:
        """Return titles and the values from outside, by where they stand if they are many."""
        if len(taken) <= INLETS:
            return [(self.titles[i], [i]) for i in taken]
        around = set(self.folding.path(self.number))
        sources: dict[int, list[int]] = {}
        for i in taken:
            path = self.folding.path(self.folding.home[i])
            sources.setdefault(next((g for g in path if g not in around), ~i), []).append(i)
        if len(sources) > INLETS:
            return [(counted(len(taken), "value"), taken)]
        titles = (self.folding.short(g) if g >= 0 else self.titles[~g] for g in sources)
        return list(zip(titles, sources.values()))

    def _arrows(self) -> Iterator[Arrow]:
        """Yield the arrows, those from and to groups merged."""
        merged: dict[tuple[int, int], list[int]] = {}
        own, stubs = set(self.inside), dict[tuple[int, int], int]()
        for i in self.inside:
            head = self.shown[i]
            folded = self.boxes[head].kind == "folded"
            for slot, operand in enumerate(self.folding.operands[i]):
                if operand in own or (folded and operand in self.shown):
                    tail = self.shown[operand]
                else:  # beside each use: long arrows would cross the whole picture
                    if (head, operand) not in stubs:
                        stubs[head, operand] = self._add_inlet(self.titles[operand], [operand])
                    tail = stubs[head, operand]
                if tail != head:
                    merged.setdefault((tail, head), []).append(slot)
        for (tail, head), slots in merged.items():
            count, kinds = len(slots), (self.boxes[tail].kind, self.boxes[head].kind)
            if "folded" not in kinds or (kinds == ("folded", "result") and count == 1):
                yield from (Arrow(tail, head, PARTIAL, str(slot)) for slot in slots)
            else:
                yield Arrow(tail, head, f"×{count:,}" if count > 1 else ROOM, str(-count))


def _roomy(title: str) -> str:
    """Return a line as wide as a title, or a little wider."""
    return "0" * (CLASS * math.ceil(text_width(title) / text_width("0" * CLASS) - 1e-9))


def _laid_out(scene: Scene) -> dict[str, Any]:
    """Return where everything stands, in whole points."""
    layout, arrows = lay_out(scene), []
    places = [(b.u0, b.v0, b.u1 - b.u0, b.v1 - b.v0) for b in layout.boxes]
    boxes = [list(map(round, place)) for place in places]
    for arrow, label, route in zip(scene.arrows, layout.labels, layout.routes):
        (x, y, width, height), (_, top, _, high) = boxes[arrow.tail], boxes[arrow.head]
        x, y = x + width, y + height // 2
        row = [arrow.tail, arrow.head, int(arrow.which)]
        row += [round((label.u0 + label.u1) / 2.0) - x if label else 0]
        row += [round(route[-1][-1][1] - top - high / 2.0)]
        points = [point for point, _ in groupby(chain(*route))]
        for (_, before), (u, v), (_, after) in zip(points, points[1:], points[2:]):
            if abs(before - v) + abs(v - after) >= 0.1:  # a turn, not in the middle of a stretch
                row += round(u) - x, round(v - y)
                x, y = round(u), y + row[-1]
        arrows.append(row)
    for (_, above, _, _), box in zip(reversed(boxes[:-1]), reversed(boxes)):
        box[1] -= above
    return {"size": [round(layout.length), round(layout.breadth)], "boxes": boxes, "arrows": arrows}

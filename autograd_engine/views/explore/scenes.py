"""The picture of each group, laid out by itself as `draw` does, as plain numbers for the page."""

from __future__ import annotations

import math
from collections import Counter
from itertools import chain, groupby
from typing import Any

from autograd_engine.views.layout.routes import lay_out
from autograd_engine.views.layout.scene import Arrow, Box, Scene, text_width
from autograd_engine.views.picture.folding import Folding
from autograd_engine.views.picture.styles import caption
from autograd_engine.words import counted

NUMBERS = "data  -0.0000\ngrad  -0.0000"  # the page writes its numbers as short as this
PARTIAL = "∂ -0.0000"
ROOM = "   "  # the label of an arrow without one keeps arrows from being too steep
LONGEST = 20  # characters of a name in the picture; the panels have all of it
CLASS = 5  # boxes have room for a multiple of so many characters: so shapes are alike
INLETS = 12  # values from outside shown one by one; more are gathered by where they stand
STEPS, FEW = 24, 4  # more boxes than these that take no more values have inlets of their own

Inlet = tuple[Any, ...]  # a title, then the values


def pictures(folding: Folding, names: list[str]) -> dict[str, list[Any]]:
    """Return the picture of each group, as the page reads it, and what several have alike, once."""
    titles = [" ".join(name.split())[:LONGEST] for name in names]
    users: list[list[int]] = [[] for _ in folding.home]
    for i, given in (*enumerate(folding.operands), (-1, folding.survey.outputs)):
        for operand in given:
            users[operand].append(i)
    captions, leaving, folded = [], list[list[int]](), list[Box]()
    for number, inside in enumerate(folding.inside):
        captions.append(caption(folding, number, short=True) if number else [""])
        own = set(inside)
        leaving.append([i for i in inside if not own.issuperset(users[i])])
        title, *notes = captions[-1]
        lines = [*map(_roomy, (f"▸ {title}", *notes)), *[NUMBERS] * (len(leaving[-1]) == 1)]
        folded.append(Box("folded", ("\n".join(lines),)))
    alike: dict[str, dict[Any, int]] = {"notes": {}, "inlets": {}, "shapes": {}}

    def place(kind: str, item: Any) -> int:
        return alike[kind].setdefault(item, len(alike[kind]))

    groups = []
    for number, (group, (title, *notes)) in enumerate(zip(folding.groups, captions)):
        inlets, scene = _drawn(folding, number, titles, folded)
        row = [title, place("notes", tuple(notes)), group.parent]
        row += [int(group.kind in ("leaves", "run")), group.members, place("inlets", inlets)]
        groups.append([*row, leaving[number], place("shapes", scene)])
    found = {kind: list(items) for kind, items in alike.items()}
    return {"groups": groups} | found | {"shapes": list(map(_laid_out, alike["shapes"]))}


def _drawn(
    folding: Folding, number: int, titles: list[str], folded: list[Box]
) -> tuple[tuple[Any, ...], Scene]:
    """Return the inlets of a group; its boxes, and its arrows, each with the operand that it is."""
    shown, boxes = dict[int, int](), list[Box]()  # value -> the box that shows it
    for member in folding.groups[number].members:
        if member >= 0:
            symbol = folding.survey.values[member].op
            title = titles[member] + (f"   {symbol[:LONGEST]}" if symbol else "")
            box, inside = Box("result", (_roomy(title), NUMBERS)), [member]
        else:
            box, inside = folded[~member], folding.inside[~member]
        shown |= dict.fromkeys(inside, len(boxes))
        boxes.append(box)
    uses = [(i, k, o) for i in folding.inside[number] for k, o in enumerate(folding.operands[i])]
    taken = [(o, shown[i]) for i, _, o in uses if boxes[shown[i]].kind == "folded"]
    shared = _shared(folding, number, titles, [use for use in taken if use[0] not in shown])
    added: dict[tuple[Inlet, int], int] = {}  # inlet, and whose it is -> its box
    merged: dict[tuple[int, int], list[int]] = {}
    for i, slot, operand in uses:
        head = shown[i]
        if operand not in shown:
            # A value drawn has inlets of its own: long arrows would cross the whole picture.
            own = boxes[head].kind != "folded" or operand not in shared
            key = ((titles[operand], operand), head) if own else (shared[operand], -1)
            if key not in added:
                added[key] = len(boxes)
                boxes.append(Box("hidden", (_roomy(key[0][0]),)))
        if (tail := shown[operand] if operand in shown else added[key]) != head:
            merged.setdefault((tail, head), []).append(slot)
    arrows = list[Arrow]()
    for (tail, head), slots in merged.items():
        count, kinds = len(slots), (boxes[tail].kind, boxes[head].kind)
        if "folded" not in kinds or (kinds == ("folded", "result") and count == 1):
            arrows += (Arrow(tail, head, PARTIAL, str(slot)) for slot in slots)
        else:
            arrows.append(Arrow(tail, head, f"×{count:,}" if count > 1 else ROOM, str(-count)))
    inlets = tuple(inlet if len(inlet) > 2 else inlet[1] for inlet, _ in added)
    return inlets, Scene("LR", tuple(boxes), tuple(arrows), ())


def _shared(
    folding: Folding, number: int, titles: list[str], uses: list[tuple[int, int]]
) -> dict[int, Inlet]:
    """Return the inlet of each value from outside that folded boxes take; one for many."""
    taken, around = dict.fromkeys(uses), folding.path(number)
    each = Counter(head for _, head in taken)
    if len(each) > STEPS and max(each.values()) <= FEW:
        return {}
    values = dict.fromkeys(o for o, _ in taken)
    sources: dict[int, list[int]] = {}
    for i in values:
        path = folding.path(folding.home[i]) if len(values) > INLETS else []
        sources.setdefault(next((g for g in path if g not in around), ~i), []).append(i)
    if len(sources) > INLETS:
        return dict.fromkeys(values, (counted(len(values), "value"), *values))
    called = [folding.short(g) if g >= 0 else titles[~g] for g in sources]
    return {i: (t, *some) for t, some in zip(called, sources.values()) for i in some}


def _roomy(title: str) -> str:
    """Return a line as wide as a title, or a little wider."""
    return "0" * (CLASS * math.ceil(text_width(title) / text_width("0" * CLASS) - 1e-9))


def _laid_out(scene: Scene) -> dict[str, Any]:
    """Return where everything stands, in whole points.

    Of boxes: x, y (less that of the one before), width and height. Of arrows: both boxes, which
    operand (or minus the number of those merged), how far behind its tail its label is (0: none),
    how far from the middle of its head it ends, and its turns, each from the one before.
    """
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

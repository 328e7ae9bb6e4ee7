"""From a folding to a scene, classic or compact; or to one for each group, as a page's numbers."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from itertools import chain, groupby
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.primitives import Primitive
from autograd_engine.table import CONSTANT, LEAF
from autograd_engine.views.layout.routes import lay_out
from autograd_engine.views.layout.scene import (
    INPUTS,
    Arrow,
    Box,
    Cluster,
    Scene,
    readable,
    text_width,
)
from autograd_engine.views.picture.folding import Folding
from autograd_engine.words import counted, operations

NUMBERS = "data  -0.0000\ngrad  -0.0000"  # the page writes its numbers as short as this
PARTIAL = "∂ -0.0000"
ROOM = "   "  # the label of an arrow without one keeps arrows from being too steep
LONGEST = 20  # characters of a name in the picture; the panels have all of it
CLASS = 5  # boxes have room for a multiple of so many characters: so shapes are alike
INLETS = 12  # values from outside shown one by one; more are gathered by where they stand
STEPS, FEW = 24, 4  # more boxes than these that take no more values have inlets of their own

Inlet = tuple[Any, ...]  # a title, then the values


def decimal(number: float, places: int) -> str:
    """Return the number with so many decimals, or significant digits where decimals mislead."""
    text = f"{number:.{places}f}"
    if abs(number) < 1e5 and (abs(number) >= 0.1 or float(text) == number):
        return text
    return f"{number:.{max(places, 4) if abs(number) >= 1.0 else places}g}"


def compose(folding: Folding, direction: str, style: str, focus: int | None = None) -> Scene:
    """Return the scene of a folding; its outputs, and what is in focus, are emphasised."""
    survey, groups, operands = folding.survey, folding.groups, folding.operands
    values, bold, classic = survey.values, {*survey.outputs, focus}, style == "classic"
    swept, inputs = any(values[i].grad for i in survey.outputs), _inputs(folding)
    boxes, arrows, clusters = list[Box](), list[Arrow](), list[Cluster]()
    frames, place = {0: -1}, dict[int, int]()  # group -> its frame; what is shown -> its box

    def frame(group: int) -> int:
        for number in folding.path(group):
            if number not in frames:
                here, frames[number] = groups[number], len(clusters)
                said = [folding.short(number), *here.notes * (here.kind == "repeat")]
                row = readable(", ".join(said)), frames[here.parent], _row(here.title)
                clusters.append(Cluster(*row))
        return frames[group]

    def numbers(value: Value, places: int) -> list[str]:
        graded = value._rule is not CONSTANT and (swept or value.grad)
        data, grad = decimal(value.data, places), decimal(value.grad, places)
        return [f"data {data}", f"grad {grad}"] if graded else [f"data {data}"]

    def add_folded(number: int, leaving: set[int]) -> None:
        group, lines = groups[number], caption(folding, number)
        if len(leaving) == 1 and group.kind not in ("hidden", "leaves"):
            lines += numbers(values[min(leaving)], 2)
        kind = "hidden" if group.kind == "hidden" else "folded"
        fields, strong = (readable("\n".join(lines)),), not leaving.isdisjoint(bold)
        boxes.append(Box(kind, fields, True, strong, frame(group.parent), _row(group.title)))

    def add_value(i: int) -> None:
        constant, name, op = values[i]._rule is CONSTANT, readable(survey.names[i]), values[i].op
        kind = "result" if operands[i] else "constant" if constant else "leaf"
        unnamed = constant and not survey.given_names[i]  # it is called by its number
        fields = [] if unnamed else numbers(values[i], 4 if classic else 2)
        if not classic:
            name += f": {readable(op)}" if op else ""
            fields = ["\n".join(fields)] if fields else []
        stacked, cluster = not classic or direction in ("TB", "BT"), frame(folding.home[i])
        row = (INPUTS, i) if i in inputs else ("", 0)
        boxes.append(Box(kind, (name, *fields), stacked, i in bold, cluster, row))
        if classic and kind == "result":
            arrows.append(Arrow(len(boxes), len(boxes) - 1))
            boxes.append(Box("operation", (readable(op) or "?",), cluster=cluster))

    # The folded box in which each group is, or -1: it is open.
    level = len(groups) if folding.depth is None else folding.depth + 1
    paths = [[*folding.path(number)[level:], -1] for number in range(len(groups))]
    closed = [n if group.kind == "hidden" else paths[n][0] for n, group in enumerate(groups)]
    # What shows each value: itself, or a folded group, written as in `members`.
    shown = [i if closed[h] < 0 else ~closed[h] for i, h in enumerate(folding.home)]
    merged = Counter[tuple[int, int]]()  # how many arrows from and to folded boxes
    leaving: dict[int, set[int]] = defaultdict(set)
    given: dict[int, list[int]] = defaultdict(list)
    for head, below in zip(shown, operands):
        given[head] += below
    for head, several in given.items():
        for o, n in Counter(several).items():
            tail = shown[o]
            if tail < 0 and tail != head:
                leaving[tail].add(o)
            if head < 0 and tail != head:
                merged[tail, head] += n
    for i in {*survey.outputs} if focus is None else {*survey.outputs, focus}:
        leaving[shown[i]].add(i)
    for head in shown:
        if head not in place:
            place[head] = len(boxes)
            add_value(head) if head >= 0 else add_folded(~head, leaving[head])
    for i in [head for head in shown if head >= 0]:
        tails, partials = [shown[o] for o in operands[i]], values[i].partials
        times, numbered = Counter(tails), len(tails) == 2 and ordered(values[i]._rule)
        for k, (tail, partial) in enumerate(zip(tails, partials or [None] * len(tails)), 1):
            if tail < 0 and times[tail] > 1:
                merged[tail, i] += 1
            else:
                label = "" if partial is None else f"∂ {partial:.{4 if classic else 3}g}"
                to = place[i] + classic  # the operation, behind its value
                arrows.append(Arrow(place[tail], to, label, str(k) if numbered else ""))
    for (tail, head), n in merged.items():
        to = place[head] + (classic and head >= 0)
        arrows.append(Arrow(place[tail], to, f"×{n:,}" if n > 1 else ""))
    said = f"computation graph of {counted(len(values), 'value')}"
    return Scene(direction, tuple(boxes), tuple(arrows), tuple(clusters), said)


def caption(folding: Folding, number: int, short: bool = False) -> list[str]:
    """Return the lines of a folded group: its title, how often it is used, what is in it."""
    group, inside = folding.groups[number], folding.inside[number]
    values, operands = folding.survey.values, folding.operands
    if group.kind == "hidden":
        return [f"… {counted(len(inside), 'more value')}"]
    title = folding.short(number) if short else group.title
    leaves = sum(values[i]._rule is LEAF for i in inside)
    if group.kind == "leaves":
        more = ["" if title[:1].isdigit() else counted(len(inside), "leaf")]
    else:
        size = [counted(len(inside), "value")] if len(inside) > leaves else []
        more = [", ".join([*_held(folding, number), *size]), counted(leaves, "leaf") * bool(leaves)]
        if group.kind != "repeat":
            more.append(operations([values[i].op for i in inside if operands[i]], 3))
    return [*filter(None, [title, *group.notes, *more])]


def _held(folding: Folding, number: int) -> list[str]:
    """Return how many groups of which kind a group holds, such as "16 neurons"."""
    group = folding.groups[number]
    if group.kind not in ("call", "region", "step"):
        return []
    around = f"{group.title.partition(',')[0]}."
    paths = (folding.around[i][group.level : group.level + 1] for i in folding.inside[number])
    levels = dict.fromkeys(level for path in paths for level in path)
    held = {level[:2]: level.title.removeprefix(around) for level in levels}
    words = Counter(title.split(".")[0] for title in held.values())
    return [w if w in held.values() else counted(words[w], w.removesuffix("s")) for w in words]


def _inputs(folding: Folding) -> set[int]:
    """Return the leaves and constants beside all groups that the first modules are given."""
    operands, calls = folding.operands, [c for c in folding.survey.calls if c.outer < 0]
    first = [call for call in calls if not any(operands[i] for i in call.inputs)]
    beside = [group.kind in ("", "leaves") for group in folding.groups]
    return {i for call in first for i in call.inputs if beside[folding.home[i]]}


def _row(title: str) -> tuple[str, int]:  # of units, in which a group stands, and its place
    found = re.fullmatch(r"(.*\D)(\d+)(, .*)?", title)
    return (found[1] + (found[3] or ""), int(found[2])) if found else ("", 0)


def ordered(rule: Primitive) -> bool:
    """Say whether a primitive of two operands gives something else of them exchanged."""
    try:
        return bool(rule.forward(0.5, 0.75) != rule.forward(0.75, 0.5))
    except Exception:  # the user's own may do anything
        return True


def pictures(folding: Folding, names: list[str]) -> dict[str, list[Any]]:
    """Return the picture of each group, as the page reads it, and what several have alike, once."""
    titles = [" ".join(name.split())[:LONGEST] for name in names]
    users: list[list[int]] = [[] for _ in names]
    for i, given in (*enumerate(folding.operands), (-1, folding.survey.outputs)):
        for operand in given:
            users[operand].append(i)
    captions, leaving, folded = [], list[list[int]](), list[Box]()
    for number, inside in enumerate(folding.inside):
        own = set(inside)
        captions.append(caption(folding, number, short=True) if number else [""])
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


def _drawn(folding: Folding, n: int, titles: list[str], folded: list[Box]) -> tuple[Inlet, Scene]:
    """Return the inlets of a group; its boxes, and its arrows, each with the operand that it is."""
    shown, boxes = dict[int, int](), list[Box]()  # value -> the box that shows it
    for member in folding.groups[n].members:
        if member >= 0:
            symbol = folding.survey.values[member].op
            title = titles[member] + (f"   {symbol[:LONGEST]}" if symbol else "")
            box, inside = Box("result", (_roomy(title), NUMBERS)), [member]
        else:
            box, inside = folded[~member], folding.inside[~member]
        shown |= dict.fromkeys(inside, len(boxes))
        boxes.append(box)
    uses = [(i, k, o) for i in folding.inside[n] for k, o in enumerate(folding.operands[i])]
    taken = [(o, shown[i]) for i, _, o in uses if boxes[shown[i]].kind == "folded"]
    shared = _shared(folding, n, titles, [use for use in taken if use[0] not in shown])
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


def _shared(folding: Folding, n: int, titles: list[str], uses: list[Any]) -> dict[int, Inlet]:
    """Return the inlet of each value from outside that folded boxes take; one for many."""
    taken, around = dict.fromkeys(uses), folding.path(n)
    each = Counter(head for _, head in taken)
    if len(each) > STEPS and max(each.values()) <= FEW:
        return {}
    values = dict.fromkeys(o for o, _ in taken)
    sources: dict[int, list[int]] = {}
    for i in values:
        path = folding.path(folding.home[i]) if len(values) > INLETS else []
        sources.setdefault(next((g for g in path if g not in around), ~i), []).append(i)
    called = [folding.short(g) if g >= 0 else titles[~g] for g in sources]
    return {i: (t, *some) for t, some in zip(called, sources.values()) for i in some}


def _roomy(title: str) -> str:  # a line as wide as a title, or a little wider
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

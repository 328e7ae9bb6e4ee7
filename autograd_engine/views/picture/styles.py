"""From a folding to a scene: the classic picture, which is micrograd's, and the compact one."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import lru_cache

from autograd_engine.engine import Value
from autograd_engine.primitives import Primitive
from autograd_engine.table import CONSTANT, LEAF
from autograd_engine.views.layout.scene import INPUTS, Arrow, Box, Cluster, Scene, readable
from autograd_engine.views.picture.folding import Folding
from autograd_engine.words import counted, operations


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
    frames = {0: -1}  # group -> its frame
    place: dict[int, int] = {}  # the box of what is shown

    def frame(group: int) -> int:
        for number in folding.path(group):
            if number not in frames:
                here, uses = groups[number], [folding.short(number)]
                uses += here.notes if here.kind == "repeat" else []
                outer, frames[number] = frames[here.parent], len(clusters)
                clusters.append(Cluster(readable(", ".join(uses)), outer, _row(here.title)))
        return frames[group]

    def numbers(value: Value, places: int) -> list[str]:
        graded = value._rule is not CONSTANT and (swept or value.grad)
        grad = [f"grad {decimal(value.grad, places)}"] if graded else []
        return [f"data {decimal(value.data, places)}", *grad]

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

    closed = [*map(folding.closed, range(len(groups)))]
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
    for i in {*survey.outputs, *([] if focus is None else [focus])}:
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
        more = [", ".join([*_held(folding, number), *size])]
        more.append(counted(leaves, "leaf") if leaves else "")
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
    if len(words) > 3:
        return [counted(len(held), "part")]
    return [w if w in held.values() else counted(words[w], w.removesuffix("s")) for w in words]


def _inputs(folding: Folding) -> set[int]:
    """Return the leaves and constants beside all groups that the first modules are given."""
    operands, calls = folding.operands, [c for c in folding.survey.calls if c.outer < 0]
    first = [call for call in calls if not any(operands[i] for i in call.inputs)]
    beside = [group.kind in ("", "leaves") for group in folding.groups]
    return {i for call in first for i in call.inputs if beside[folding.home[i]]}


def _row(title: str) -> tuple[str, int]:
    """Return the row of units in which a group stands, and its number there."""
    found = re.fullmatch(r"(.*\D)(\d+)(, .*)?", title)
    return (found[1] + (found[3] or ""), int(found[2])) if found else ("", 0)


@lru_cache(maxsize=256)
def ordered(rule: Primitive) -> bool:
    """Say whether a primitive of two operands gives something else of them exchanged."""
    try:
        return bool(rule.forward(0.5, 0.75) != rule.forward(0.75, 0.5))
    except Exception:  # the user's own may do anything
        return True

"""Deciding what a picture shows: single values, and boxes that stand for many.

A region folds into the box of its path: `layers.0.neurons.3` is opened at depth 2, is the
box `layers.0.neurons.3` at depth 1, and part of the box `layers.0` at depth 0.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.words import counted

FEW = 40
"""Up to so many values that stand in no region are drawn one by one in a folded picture."""

BANDS = 6
"""Into so many boxes, by depth, a large graph without regions is folded."""


def loose_boxes(output: Value, values: list[Value], home: dict[int, str]) -> dict[int, object]:
    """Return a key of the box in which each value without a region is folded.

    The output, what stands next to it in a graph without regions, and labelled values,
    where they are few, are not folded.
    """
    outside = [value for value in values if id(value) not in home and value is not output]
    if len(outside) <= FEW:
        return {}
    labelled = {id(value) for value in outside if value.label}
    keep = labelled if len(labelled) <= FEW // 2 else set()
    if any(id(value) in home for value in values):
        stage = _crossings(values, home)
    else:
        keep = keep | _behind(output, FEW // 2)
        stage = _bands([value for value in outside if id(value) not in keep], values)
    keys: dict[int, object] = {}
    for value in outside:
        if id(value) not in keep:
            leaf = "constant" if graph.is_constant(value) else "leaf"
            keys[id(value)] = stage[id(value)] if value.operands else leaf
    return keys


def _behind(output: Value, most: int) -> set[int]:
    """Return the ids of the values nearest behind the output, whole generations, up to `most`."""
    found = {id(output)}
    generation = [output]
    while generation:
        operands = {id(o): o for value in generation for o in value.operands if id(o) not in found}
        if len(found) + len(operands) > most:
            break
        found.update(operands)
        generation = list(operands.values())
    return found


def _crossings(values: list[Value], home: dict[int, str]) -> dict[int, int]:
    """Return for each value how many regions lie on the longest way to it."""
    found: dict[int, int] = {}
    for value in values:
        here = home.get(id(value))
        crossed = 0
        for operand in value.operands:
            entered = home.get(id(operand)) not in (None, here)
            crossed = max(crossed, found.get(id(operand), 0) + entered)
        found[id(value)] = crossed
    return found


def _bands(folded: list[Value], values: list[Value]) -> dict[int, int]:
    """Return for each folded value its band of depth; the bands hold about as many each."""
    depths: dict[int, int] = {}
    for value in values:
        below = max((depths.get(id(operand), 0) for operand in value.operands), default=0)
        depths[id(value)] = below + 1
    ranked = sorted(depths[id(value)] for value in folded if value.operands)
    band: dict[int, int] = {}
    for i, depth in enumerate(ranked):
        band.setdefault(depth, i * BANDS // len(ranked))
    return {id(value): band.get(depths[id(value)], 0) for value in folded}


@dataclass
class Part:
    """One thing drawn: a single value, or a box that stands for several."""

    values: list[Value] = field(default_factory=list)
    kind: str = "value"  # or "folded", "hidden"
    title: str = ""
    region: str = ""  # the innermost open region around it
    notes: list[str] = field(default_factory=list)


def levels(name: str) -> list[str]:
    """Return the names of the regions around and including this one, outermost first.

    >>> levels("layers.0.neurons.3")
    ['layers.0', 'layers.0.neurons.3']
    """
    found: list[str] = []
    previous = "0"
    for word in name.split("."):
        whole = f"{found[-1]}.{word}" if found else word
        if word.isdecimal() and not previous.isdecimal():
            found[-1] = whole
        else:
            found.append(whole)
        previous = word
    return found if name else []


def near(values: list[Value], focus: Value, radius: int) -> set[int]:
    """Return the ids of the values at most `radius` operations from `focus`."""
    uses: dict[int, list[Value]] = {id(value): [] for value in values}
    for value in values:
        for operand in value.operands:
            uses[id(operand)].append(value)
    distance = {id(focus): 0}
    pending = deque([focus])
    while pending:
        value = pending.popleft()
        steps = distance[id(value)] + 1
        if steps > radius:
            break
        for neighbour in (*value.operands, *uses[id(value)]):
            if id(neighbour) not in distance:
                distance[id(neighbour)] = steps
                pending.append(neighbour)
    return set(distance)


def homes(output: Value, values: list[Value]) -> dict[int, str]:
    """Return the name of the region of each value that stands in one.

    A leaf or constant belongs to the region that uses it, if only one does: the weights of
    a neuron do, the inputs of a layer do not.
    """
    home = {id(value): graph.region(marked) for value, marked in graph.regions(output).items()}
    users: dict[int, str] = {}
    for value in values:
        name = home.get(id(value))
        for operand in value.operands if name else ():
            if not operand.operands:
                known = users.setdefault(id(operand), name or "")
                users[id(operand)] = known if known == name else ""
    home.update((key, name) for key, name in users.items() if name)
    return home


def fold(
    output: Value, values: list[Value], shown: set[int], depth: int | None, loose: bool
) -> list[Part]:
    """Return the parts of the picture, in topological order of their first values.

    `shown` holds the ids of the values in focus; with `loose`, values that stand in no
    region are folded too where they are many.
    """
    home = homes(output, values)
    visible = [value for value in values if id(value) in shown]
    stages = loose_boxes(output, visible, home) if loose else {}
    later = _later(values, shown)
    boxes: dict[tuple[str, object], Part] = {}
    parts: list[Part] = []
    for value in values:
        path = levels(home.get(id(value), ""))
        key: tuple[str, object]
        if id(value) not in shown:
            key, part = ("hidden", id(value) in later), Part(kind="hidden")
        elif depth is not None and len(path) > depth:
            around = path[depth - 1] if depth else ""
            key, part = ("region", path[depth]), Part([], "folded", path[depth], around)
        elif id(value) in stages:
            key, part = ("loose", stages[id(value)]), Part(kind="folded")
        else:
            parts.append(Part([value], region=path[-1] if path else ""))
            continue
        if key not in boxes:
            boxes[key] = part
            parts.append(part)
        boxes[key].values.append(value)
    for (kind, what), part in boxes.items():
        _describe(part, kind, what, home)
    return parts


def _later(values: list[Value], shown: set[int]) -> set[int]:
    """Return the ids of the values that come after one in focus."""
    found: set[int] = set()
    for value in values:
        if any(id(operand) in found or id(operand) in shown for operand in value.operands):
            found.add(id(value))
    return found


def _describe(part: Part, kind: str, what: object, home: dict[int, str]) -> None:
    """Give a box its title, and the notes under it."""
    count = len(part.values)
    if kind == "hidden":
        part.title = f"… {counted(count, 'more value')}"
        return
    if kind == "loose":
        first = part.values[0]
        word = "value" if first.operands else "constant" if graph.is_constant(first) else "leaf"
        part.title = counted(count, word)
    else:
        part.notes.append(", ".join([*_inside(part, home), counted(count, "value")]))
        leaves = sum(not v.operands and not graph.is_constant(v) for v in part.values)
        if leaves:
            part.notes.append(counted(leaves, "leaf"))
    operations = Counter(value.op for value in part.values if value.operands).most_common(5)
    if operations:
        more = " …" if len(operations) > 4 else ""
        part.notes.append("  ".join(f"{n:,} {op}" for op, n in operations[:4]) + more)


def _inside(part: Part, home: dict[int, str]) -> list[str]:
    """Return how many regions of which kind a box holds, such as "16 neurons"."""
    depth = len(levels(part.title))
    names = {home[id(value)] for value in part.values}
    children = {path[depth] for path in map(levels, names) if len(path) > depth}
    words = Counter(child[len(part.title) + 1 :].split(".")[0] for child in sorted(children))
    if len(words) > 3:
        return [counted(len(children), "region")]
    return [counted(n, word.removesuffix("s")) for word, n in words.items()]

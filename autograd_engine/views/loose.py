"""Folding the values that stand in no region: by what they need, or by depth."""

from __future__ import annotations

from autograd_engine import graph
from autograd_engine.engine import Value

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

"""The built-in layout, third step: the order in each rank, with few crossings."""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections.abc import Sequence

from autograd_engine.views.layout.layers import SPACER, Frame, Item, Layers


def untangle(layers: Layers) -> None:
    """Sort the ranks by barycentres, forwards and backwards, and keep the best order met.

    In all ranks of a sweep the frames stand in the same order, so that they can be drawn.
    """
    size = len(layers.items)
    sweeps = 16 if size < 3_000 else 4 if size < 30_000 else 1
    best, fewest = layers.order, math.inf
    for rank in layers.order:
        _pack(rank)
    for sweep in range(sweeps + 1):
        _place_frames(layers)
        forwards = sweep % 2 == 1
        for rank in layers.order if forwards else reversed(layers.order):
            for item in rank if sweep else ():
                neighbours = item.before if forwards else item.after
                if neighbours:
                    item.v = sum(other.v for other in neighbours) / len(neighbours)
                elif item.kind == SPACER:
                    item.v = item.path[-1].v
            _sort(layers, rank)
            _pack(rank)
        crossings = count_crossings(layers)
        if crossings <= fewest:
            fewest, best = crossings, [list(rank) for rank in layers.order]
        if not crossings:
            break
    layers.order = best
    for rank in best:
        _pack(rank)


def _pack(rank: list[Item]) -> None:
    """Give the items of a rank places beside each other, around 0."""
    place = -sum(item.breadth + 8.0 for item in rank) / 2.0
    for item in rank:
        item.v = place + (item.breadth + 8.0) / 2.0
        place += item.breadth + 8.0


def _place_frames(layers: Layers) -> None:
    """Place each frame at the mean of its items."""
    for frame in layers.frames:
        frame.v = sum(item.v for item in frame.items) / len(frame.items)
    _set_rows(layers.frame_rows)


def _sort(layers: Layers, rank: list[Item]) -> None:
    """Sort the items of a rank by place, those of a frame side by side, units by number."""
    if rank:
        _set_rows(layers.box_rows[rank[0].rank])
        rank.sort(key=lambda i: [*((f.v, 0, f.number) for f in i.path), (i.v, 1, i.number)])


def _set_rows(rows: Sequence[Sequence[Item | Frame]]) -> None:
    """Give those of a row the places that they have together, in the order of their numbers."""
    for row in rows:
        for part, v in zip(row, sorted(part.v for part in row)):
            part.v = v


def count_crossings(layers: Layers) -> int:
    """Return how many pairs of arrows cross between neighbouring ranks."""
    total = 0
    place = {item: i for rank in layers.order for i, item in enumerate(rank)}
    for rank in layers.order:
        ends: list[int] = []
        for item in rank:
            heads = sorted(place[other] for other in item.after)
            total += sum(len(ends) - bisect_right(ends, head) for head in heads)
            for head in heads:
                insort(ends, head)
    return total

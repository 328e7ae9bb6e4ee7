"""The built-in layout, second step: the order in each rank, and places across the direction.

The ranks are sorted by barycentres. Then each in turn moves as near to its neighbours as its own
order allows (least squares with least distances, by pooling adjacent violators); then frames are
made room for.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Sequence
from graphlib import TopologicalSorter
from itertools import accumulate, pairwise

from autograd_engine.views.layout.ranks import Frame, Item, Layers, shared

SPREAD = 12.0  # between boxes of one rank
NEAR = 5.0  # between all else


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
                elif item.kind == "spacer":
                    item.v = item.path[-1].v
            _sort(layers, rank)
            _pack(rank)
        crossings = count_crossings(layers)
        if crossings < fewest:
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
        rank.sort(key=lambda i: [(f.v, 0, f.number) for f in i.path] + [(i.v, 1, i.number)])


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
            heads = [place[other] for other in item.after]
            for head in heads:
                total += len(ends) - bisect_right(ends, head)
            for head in heads:
                insort(ends, head)
    return total


def place_across(layers: Layers) -> None:
    """Give every item, and the sides of every frame, a place across the direction."""
    few = len(layers.items) < 3_000
    walks = [_walk(rank) for rank in layers.order]
    ranks = [(w, [_distance(a, b, layers.pads) for a, b in pairwise(w)]) for w in walks]
    rounds = 16 if few else 3
    for step in range(rounds):
        both = step > rounds - 3
        for walk, distances in ranks if step % 2 == 0 else reversed(ranks):
            wishes = [_wish(item, both or step % 2 == 0, both or step % 2 == 1) for item in walk]
            weights = [0.01 + len(item.before) + len(item.after) for item in walk]
            for item, v in zip(walk, settle(wishes, weights, distances)):
                item.v = v
    if layers.frames:
        _make_room(layers, ranks, 24 if few else 3)


def _walk(rank: list[Item]) -> list[Item]:
    """Return what one meets along a rank: items, and the sides of frames."""
    walk: list[Item] = []
    path: list[Frame] = []
    for item in rank:
        same = shared(path, item.path)
        walk += [frame.high for frame in reversed(path[same:])]
        walk += [*(frame.low for frame in item.path[same:]), item]
        path = item.path
    return walk + [frame.high for frame in reversed(path)]


def _distance(one: Item, other: Item, pads: list[float]) -> float:
    """Return the least distance between the middles of two neighbours in a rank."""
    gap = SPREAD if one.kind == other.kind == "box" else NEAR
    gap = pads[2] if one.kind == "low" else pads[3] if other.kind == "high" else gap
    return gap + (one.breadth + other.breadth) / 2.0


def _wish(item: Item, before: bool, after: bool) -> float:
    """Return where an item would like to be: at the mean of its neighbours."""
    total = weight = 0.0
    for other in (*(item.before if before else ()), *(item.after if after else ())):
        # An arrow bends less between two of its own bends.
        w = 8.0 if item.kind != "box" and other.kind != "box" else 1.0
        total += w * other.v
        weight += w
    return total / weight if weight else item.v


def settle(wishes: list[float], weights: list[float], distances: list[float]) -> list[float]:
    """Return the places nearest to the wishes (least squares) that keep the distances.

    >>> settle([0.0, 0.0, 9.0], [1.0, 1.0, 1.0], [4.0, 4.0])
    [-2.0, 2.0, 9.0]
    """
    offsets = list(accumulate(distances, initial=0.0))
    blocks: list[tuple[float, float, int]] = []  # mean, weight, number of items
    for wish, weight, offset in zip(wishes, weights, offsets):
        mean, count = wish - offset, 1
        while blocks and blocks[-1][0] >= mean:
            other, heavy, several = blocks.pop()
            mean = (mean * weight + other * heavy) / (weight + heavy)
            weight += heavy
            count += several
        blocks.append((mean, weight, count))
    places = [mean for mean, _, count in blocks for _ in range(count)]
    return [place + offset for place, offset in zip(places, offsets)]


def _make_room(layers: Layers, ranks: list[tuple[list[Item], list[float]]], rounds: int) -> None:
    """Move items so that no frame holds what is not its own, and draw the frames round them.

    Pushing all up from where they would like to be keeps the least distances, pushing all
    down does, and so does the mean of the two.
    """
    below: defaultdict[Item, dict[Item, float]] = defaultdict(dict)
    for walk, distances in ranks:
        for one, other, distance in zip(walk, walk[1:], distances):
            below[other][one] = distance
    for frame in layers.frames:
        below[frame.high][frame.low] = frame.title if layers.upright else 0.0
    order = [*TopologicalSorter(below).static_order()]
    for step in range(rounds):
        if 0 < step < rounds - 1:
            wishes = [(item.v + _wish(item, True, True)) / 2.0 for item in layers.items]
            for item, wish in zip(layers.items, wishes):
                item.v = wish
        _tighten(layers)
        up = {item: item.v for item in order}
        down = dict(up)
        for item in order:
            for other, distance in below[item].items():
                up[item] = max(up[item], up[other] + distance)
        for item in reversed(order):
            for other, distance in below[item].items():
                down[other] = min(down[other], down[item] - distance)
        for item in order:
            item.v = (up[item] + down[item]) / 2.0


def _tighten(layers: Layers) -> None:
    """Draw the frames round their items."""
    *_, low, high = layers.pads
    for frame in layers.frames:
        inside = [(1 + len(i.path) - len(frame.path), i.v, i.breadth / 2.0) for i in frame.items]
        frame.low.v = min(v - half - steps * low for steps, v, half in inside)
        frame.high.v = max(v + half + steps * high for steps, v, half in inside)

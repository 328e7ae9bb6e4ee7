"""The built-in layout, second step: places across the direction and along it, and the routes."""

from __future__ import annotations

from collections import defaultdict
from graphlib import TopologicalSorter
from itertools import pairwise
from operator import eq
from typing import NamedTuple

from autograd_engine.views.layout.ranks import Frame, Item, Layers, untangle
from autograd_engine.views.layout.scene import Scene

GAP = 12.0  # between ranks, and on either side of a label
SPREAD = 12.0  # between boxes of one rank
NEAR = 5.0  # between all else
MARGIN = 8.0

Point = tuple[float, float]
Columns = list[tuple[float, float]]  # where each rank begins and ends along the direction


class Rectangle(NamedTuple):
    """A place: u runs along the direction, v across it."""

    u0: float
    v0: float
    u1: float
    v1: float


class Layout(NamedTuple):
    """Where everything stands; `routes` holds for each arrow its strokes, lists of points."""

    length: float
    breadth: float
    boxes: list[Rectangle]
    clusters: list[Rectangle]
    labels: list[Rectangle | None]
    routes: list[list[list[Point]]]


def lay_out(scene: Scene) -> Layout:
    """Return places for the whole scene, in which no boxes and labels overlap."""
    layers = Layers(scene)
    untangle(layers)
    _place_across(layers)
    stops = [*layers.items, *(side for f in layers.frames for side in (f.low, f.high))]
    lowest = min(stop.v - stop.breadth / 2.0 for stop in stops) - MARGIN
    for stop in stops:
        stop.v -= lowest
    columns, length = _place_along(layers)
    boxes = [_rectangle(item, columns) for item in layers.items[: len(scene.boxes)]]
    clusters = [
        Rectangle(columns[f.first][0] - f.start, f.low.v, columns[f.last][1] + f.end, f.high.v)
        for f in layers.frames
    ]
    labels = [_rectangle(x, columns) if x.kind == "label" else None for *_, x, _ in layers.chains]
    breadth = max(stop.v + stop.breadth / 2.0 for stop in stops) + MARGIN
    routes = [_route(chain, columns, v) for chain, v in zip(layers.chains, _arrivals(layers))]
    return Layout(length, breadth, boxes, clusters, labels, routes)


def _place_across(layers: Layers) -> None:
    """Give every item a place across the direction: near its neighbours, no nearer than it may."""
    *_, low, high = layers.pads
    below: defaultdict[Item, dict[Item, float]] = defaultdict(dict)
    for rank in layers.order:
        for one, other in pairwise(_walk(rank)):
            gap = SPREAD if one.kind == other.kind == "box" else NEAR
            gap = low if one.kind == "low" else high if other.kind == "high" else gap
            below[other][one] = gap + (one.breadth + other.breadth) / 2.0
    for frame in layers.frames:
        below[frame.high][frame.low] = frame.title if layers.upright else 0.0
    order = [*TopologicalSorter(below).static_order()]
    least = [(one, other, d) for other in order for one, d in below[other].items()]
    for further in reversed(range(24 if len(layers.items) < 3_000 else 4)):
        wishes = [(item.v + _wish(item)) / 2.0 for item in layers.items] if further else []
        for item, wish in zip(layers.items, wishes):
            item.v = wish
        for frame in layers.frames:  # is drawn round its items
            held = [(1 + len(i.path) - len(frame.path), i.v, i.breadth / 2.0) for i in frame.items]
            frame.low.v = min(v - half - steps * low for steps, v, half in held)
            frame.high.v = max(v + half + steps * high for steps, v, half in held)
        up = {item: item.v for item in order}
        down = dict(up)
        for one, other, distance in least:
            up[other] = max(up[other], up[one] + distance)
        for one, other, distance in reversed(least):
            down[one] = min(down[one], down[other] - distance)
        for item in order:
            item.v = (up[item] + down[item]) / 2.0


def _walk(rank: list[Item]) -> list[Item]:
    """Return what one meets along a rank: items, and the sides of frames."""
    walk: list[Item] = []
    path: list[Frame] = []
    for item in rank:
        same = sum(map(eq, path, item.path))
        walk += [frame.high for frame in reversed(path[same:])]
        walk += [*(frame.low for frame in item.path[same:]), item]
        path = item.path
    return walk + [frame.high for frame in reversed(path)]


def _wish(item: Item) -> float:
    total = weight = 0.0  # an arrow bends less between two of its own bends
    for other in (*item.before, *item.after):
        w = 8.0 if item.kind != "box" and other.kind != "box" else 1.0
        total += w * other.v
        weight += w
    return total / weight if weight else item.v


def _place_along(layers: Layers) -> tuple[Columns, float]:
    lengths = [max((item.length for item in rank), default=0.0) for rank in layers.order]
    starts, ends = [0.0] * len(lengths), [0.0] * len(lengths)
    for frame in layers.frames:
        steps = 1 + max(len(item.path) for item in frame.items) - len(frame.path)
        frame.start, frame.end = steps * layers.pads[0], steps * layers.pads[1]
        starts[frame.first] = max(starts[frame.first], frame.start)
        ends[frame.last] = max(ends[frame.last], frame.end)
        if not layers.upright:  # a frame is no shorter than its title
            inside = lengths[frame.first : frame.last + 1]
            lengths[frame.first] += max(0.0, frame.title - sum(inside) - GAP * (len(inside) - 1))
    columns, u = [], MARGIN
    for rank, start, length, end in zip(layers.order, starts, lengths, ends):
        u += start
        columns.append((u, u + length))
        u += length + end
        # The gap is wider where arrows are steep.
        steep = max((abs(o.v - item.v) for item in rank for o in item.after), default=0.0)
        u += GAP + min(24.0, steep / 12.0)
    return columns, columns[-1][1] + ends[-1] + MARGIN


def _rectangle(item: Item, columns: Columns) -> Rectangle:
    centre, half = sum(columns[item.rank]) / 2.0, item.length / 2.0
    v0, v1 = item.v - item.breadth / 2.0, item.v + item.breadth / 2.0
    return Rectangle(centre - half, v0, centre + half, v1)


def _route(chain: list[Item], columns: Columns, arriving: float) -> list[list[Point]]:
    """Return the strokes of an arrow: straight through each rank, curved between ranks."""
    tail, *between, head = chain
    stroke = [(_rectangle(tail, columns).u1, tail.v), (columns[tail.rank][1], tail.v)]
    route = [stroke]
    for item in between:
        start, end = columns[item.rank]
        stroke.append((start, item.v))
        if item.kind == "label":
            place = _rectangle(item, columns)
            stroke.append((place.u0, item.v))
            route.append(stroke := [(place.u1, item.v)])
        stroke.append((end, item.v))
    stroke += [(columns[head.rank][0], arriving), (_rectangle(head, columns).u0, arriving)]
    return route


def _arrivals(layers: Layers) -> list[float]:
    """Return where across the direction each arrow meets its head: beside each other."""
    found = [0.0] * len(layers.chains)
    heads: defaultdict[Item, list[tuple[float, int]]] = defaultdict(list)
    for number, chain in enumerate(layers.chains):
        heads[chain[-1]].append((chain[-2].v, number))
    for head, arrows in heads.items():
        step = min(9.0, (head.breadth - 8.0) / len(arrows))
        step = step if step >= 4.0 else 0.0  # too many for heads beside each other
        for place, (_, number) in enumerate(sorted(arrows)):
            found[number] = head.v + (place - (len(arrows) - 1) / 2.0) * step
    return found

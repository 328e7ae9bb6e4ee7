"""The built-in layout, last step: a rectangle for each box, label and frame, and the routes."""

from __future__ import annotations

from dataclasses import dataclass

from autograd_engine.views.layout.across import Pads, frame_pads, frame_sides, place_across
from autograd_engine.views.layout.layers import LABEL, Layers, make_layers
from autograd_engine.views.layout.order import untangle
from autograd_engine.views.layout.scene import Scene, text_width

GAP = 12.0  # between ranks, and on either side of a label


@dataclass(frozen=True)
class Rectangle:
    """A place: u runs along the direction, v across it."""

    u0: float
    v0: float
    u1: float
    v1: float


@dataclass
class Layout:
    """Where everything stands; `routes` holds for each arrow its strokes, lists of points."""

    length: float
    breadth: float
    boxes: list[Rectangle]
    clusters: list[Rectangle]
    labels: list[Rectangle | None]
    routes: list[list[list[tuple[float, float]]]]


def lay_out(scene: Scene) -> Layout:
    """Return places for the whole scene, in which no boxes and labels overlap."""
    layers = make_layers(scene)
    untangle(layers)
    pads = frame_pads(scene.direction)
    place_across(layers, pads)
    columns = _place_along(layers, scene, pads)
    return _assemble(layers, scene, columns, pads)


def _place_along(layers: Layers, scene: Scene, pads: Pads) -> list[tuple[float, float]]:
    """Return where each rank begins and ends."""
    count = len(layers.order)
    lengths = [max(layers.items[i].length for i in rank) if rank else 0.0 for rank in layers.order]
    first = [count] * len(layers.paths)
    last = [-1] * len(layers.paths)
    for item in layers.items:
        for c in layers.paths[item.cluster] if item.cluster >= 0 else ():
            first[c], last[c] = min(first[c], item.rank), max(last[c], item.rank)
    opening, closing = [0] * count, [0] * count
    for c, path in enumerate(layers.paths):
        opening[first[c]] = max(opening[first[c]], sum(first[o] == first[c] for o in path))
        closing[last[c]] = max(closing[last[c]], sum(last[o] == last[c] for o in path))
        if scene.direction in ("LR", "RL"):  # a frame is no shorter than its title
            inside = lengths[first[c] : last[c] + 1]
            lacking = text_width(scene.clusters[c].title) - sum(inside) - GAP * (len(inside) - 1)
            lengths[first[c]] += max(0.0, lacking)
    columns = []
    u = 0.0
    for r, length in enumerate(lengths):
        u += opening[r] * pads.start
        columns.append((u, u + length))
        u += length + closing[r] * pads.end + _room_behind(layers, r)
    return columns


def _room_behind(layers: Layers, r: int) -> float:
    """Return the gap behind a rank: wider where arrows are steep."""
    steepest = max(
        (
            abs(layers.items[n].v - layers.items[i].v)
            for i in layers.order[r]
            for n in layers.items[i].after
        ),
        default=0.0,
    )
    return GAP + min(24.0, steepest / 12.0)


def _assemble(
    layers: Layers, scene: Scene, columns: list[tuple[float, float]], pads: Pads
) -> Layout:
    boxes = [_rectangle(layers, i, columns) for i in range(len(scene.boxes))]
    labels: list[Rectangle | None] = []
    for chain in layers.chains:
        held = [i for i in chain if layers.items[i].kind == LABEL]
        labels.append(_rectangle(layers, held[0], columns) if held else None)
    clusters = _frames(layers, columns, pads)
    routes = _routes(layers, boxes, columns)
    everything = [*boxes, *clusters, *(label for label in labels if label)]
    u = min(place.u0 for place in everything) - 8.0
    v = min(place.v0 for place in everything) - 8.0
    # Bends may stand further out than any box.
    points = [point for route in routes for stroke in route for point in stroke]
    v = min([v, *(point[1] - 8.0 for point in points)])
    breadth = max([*(place.v1 for place in everything), *(point[1] for point in points)]) + 8.0 - v
    length = max(place.u1 for place in everything) + 8.0 - u
    return Layout(
        length,
        breadth,
        [_moved(place, u, v) for place in boxes],
        [_moved(place, u, v) for place in clusters],
        [place and _moved(place, u, v) for place in labels],
        [[[(p - u, q - v) for p, q in stroke] for stroke in route] for route in routes],
    )


def _moved(place: Rectangle, u: float, v: float) -> Rectangle:
    return Rectangle(place.u0 - u, place.v0 - v, place.u1 - u, place.v1 - v)


def _rectangle(layers: Layers, i: int, columns: list[tuple[float, float]]) -> Rectangle:
    item = layers.items[i]
    centre = sum(columns[item.rank]) / 2.0
    return Rectangle(
        centre - item.length / 2.0,
        item.v - item.breadth / 2.0,
        centre + item.length / 2.0,
        item.v + item.breadth / 2.0,
    )


def _frames(layers: Layers, columns: list[tuple[float, float]], pads: Pads) -> list[Rectangle]:
    """Return the frame of each cluster, round the ranks it spans and the places of its items."""
    sides = frame_sides(layers, [item.v for item in layers.items], pads)
    starts = [float("inf")] * len(layers.paths)
    ends = [-float("inf")] * len(layers.paths)
    for item in layers.items:
        inner = reversed(layers.paths[item.cluster]) if item.cluster >= 0 else ()
        for steps, c in enumerate(inner, 1):
            start, end = columns[item.rank]
            starts[c] = min(starts[c], start - steps * pads.start)
            ends[c] = max(ends[c], end + steps * pads.end)
    return [
        Rectangle(starts[c], sides[2 * c], ends[c], sides[2 * c + 1])
        for c in range(len(layers.paths))
    ]


def _routes(
    layers: Layers, boxes: list[Rectangle], columns: list[tuple[float, float]]
) -> list[list[list[tuple[float, float]]]]:
    """Return the strokes of each arrow: straight through each rank, curved between ranks."""
    ports = _ports(layers)
    routes = []
    for number, chain in enumerate(layers.chains):
        tail, head = layers.items[chain[0]], layers.items[chain[-1]]
        backwards = tail.rank > head.rank
        start, end = boxes[chain[0]], boxes[chain[-1]]
        here, there = ports[number]
        stroke = [(start.u0 if backwards else start.u1, here)]
        stroke.append((columns[tail.rank][0 if backwards else 1], here))
        strokes = [stroke]
        for i in chain[1:-1]:
            item = layers.items[i]
            sides = sorted(columns[item.rank], reverse=backwards)
            if item.kind == LABEL:
                place = _rectangle(layers, i, columns)
                edges = sorted((place.u0, place.u1), reverse=backwards)
                stroke += [(sides[0], item.v), (edges[0], item.v)]
                stroke = [(edges[1], item.v), (sides[1], item.v)]
                strokes.append(stroke)
            else:
                stroke += [(sides[0], item.v), (sides[1], item.v)]
        stroke += [(columns[head.rank][1 if backwards else 0], there)]
        stroke += [(end.u1 if backwards else end.u0, there)]
        routes.append(strokes)
    return routes


def _ports(layers: Layers) -> list[list[float]]:
    """Return where across the direction each arrow leaves its tail and meets its head.

    The arrows into a box meet it beside each other; those out of it leave at its middle.
    """
    ports = [[layers.items[chain[0]].v, layers.items[chain[-1]].v] for chain in layers.chains]
    arriving: dict[tuple[int, bool], list[tuple[float, int]]] = {}
    for number, chain in enumerate(layers.chains):
        backwards = layers.items[chain[0]].rank > layers.items[chain[-1]].rank
        arriving.setdefault((chain[-1], backwards), []).append((layers.items[chain[-2]].v, number))
    for (head, _), arrows in arriving.items():
        item = layers.items[head]
        step = min(9.0, (item.breadth - 8.0) / len(arrows))
        step = step if step >= 4.0 else 0.0  # too many for heads beside each other
        for place, (_, number) in enumerate(sorted(arrows)):
            ports[number][1] = item.v + (place - (len(arrows) - 1) / 2.0) * step
    return ports

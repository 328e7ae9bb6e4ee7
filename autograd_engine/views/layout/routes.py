"""The built-in layout: items in ranks, their order, places across and along, and the routes.

Layered drawing as Sugiyama, Tagawa and Toda described it (1981). Long arrows are cut by bends, so
that every arrow goes from a rank to the next; a label is an item like a box. Nothing recurses.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from itertools import accumulate, pairwise

from autograd_engine.views.layout import scene as looks
from autograd_engine.views.layout.scene import FONT_SIZE, Layout, Point, Rectangle, Scene

PAD = 8.0  # between a frame and what it holds
TITLE = 16.0  # what a frame's title needs besides
GAP = 12.0  # between ranks, on either side of a label, and between boxes of one rank
NEAR = 5.0  # between all else
MARGIN = 8.0

Columns = list[tuple[float, float]]  # where each rank begins and ends along the direction


@dataclass(eq=False, slots=True)
class Item:  # takes room in a rank; a spacer does so for a frame with nothing else there
    kind: str  # "box", an arrow's "label" or "bend", "spacer", "low" or "high" side of a frame
    rank: int = 0
    length: float = 0.0  # along the direction
    breadth: float = 0.0  # across it
    path: list[Frame] = field(default_factory=list)  # the frames around it, outermost first
    before: list[Item] = field(default_factory=list)  # neighbours in the rank before
    after: list[Item] = field(default_factory=list)
    v: float = 0.0  # position across the direction
    cluster: int = -1
    row: tuple[str, int] = ("", 0)


@dataclass(eq=False, slots=True)
class Frame:  # of a cluster
    number: int
    title: float  # the width of its title
    cluster: int
    row: tuple[str, int]
    path: list[Frame] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)  # in it, but for spacers
    first: int = 0
    last: int = 0
    start: float = 0.0  # how far it reaches out of its first rank, and its last
    end: float = 0.0
    v: float = 0.0  # where it stands among its neighbours
    low: Item = field(default_factory=lambda: Item("low"))
    high: Item = field(default_factory=lambda: Item("high"))


class Layers:
    """The boxes of a scene, and the bends and labels of its arrows, in ranks.

    `order` has the items of each rank from side to side, `chains` for each arrow its items from
    tail to head, `pads` what is between a frame and what it holds: start, end, low and high side.
    """

    def __init__(self, scene: Scene) -> None:
        self.upright = scene.direction in ("TB", "BT")
        top = {"TB": 0, "BT": 1}.get(scene.direction, 2)
        self.pads = [PAD + (TITLE if side == top else 0.0) for side in range(4)]
        self.items: list[Item] = []
        clusters, around = enumerate(scene.clusters), looks.cluster_paths(scene)
        self.frames = [Frame(i, looks.text_width(c.title), c.cluster, c.row) for i, c in clusters]
        paths = {c: [self.frames[i] for i in path] for c, path in around.items()}
        for frame in self.frames:
            frame.path = paths[frame.number]
        ranks = looks.box_ranks(scene)
        # Labels stand in a rank of their own, before that of the head.
        labelled = {ranks[arrow.head] for arrow in scene.arrows if arrow.label}
        moved = list(accumulate(1 + (rank in labelled) for rank in range(max(ranks) + 1)))
        for rank, box in zip(ranks, scene.boxes):
            item = self._add("box", moved[rank] - 1, looks.box_size(box), paths[box.cluster])
            item.cluster, item.row = box.cluster, box.row
        for frame in self.frames:
            inside = [item.rank for item in frame.items]
            frame.first, frame.last = min(inside), max(inside)
        self.chains: list[list[Item]] = []
        # Arrows are cut into steps of one rank, by bends; the one before the head has the label.
        room = 4 * len(scene.arrows) + 4_000  # arrows beyond it are drawn without bends
        for arrow in scene.arrows:
            tail, head = self.items[arrow.tail], self.items[arrow.head]
            between = range(tail.rank + 1, head.rank)
            room -= len(between)
            chain = [tail]
            for rank in between if room > 0 else between[-1:]:
                spanning = [f for f in (*head.path, *tail.path) if f.first <= rank <= f.last]
                path = max((frame.path for frame in spanning), key=len, default=[])
                kind, size = "bend", (1.0, 1.0)
                if arrow.label and rank == head.rank - 1:
                    width = looks.text_width(arrow.label, FONT_SIZE - 1) + 4.0
                    kind, size = "label", (width, FONT_SIZE + 1.0)
                chain.append(self._add(kind, rank, size, path))
            self.chains.append([*chain, head])
            for one, other in pairwise(self.chains[-1]):
                if other.rank - one.rank == 1:
                    one.after.append(other)
                    other.before.append(one)
        for frame in self.frames:
            for rank in {*range(frame.first, frame.last)} - {item.rank for item in frame.items}:
                self.items.append(Item("spacer", rank, path=frame.path))
        self.order: list[list[Item]] = [[] for _ in range(1 + max(i.rank for i in self.items))]
        # Each rank is in the order in which a walk back from the outputs meets its items.
        met: set[Item] = set()
        pending = [item for item in reversed(self.items) if not item.after]
        while pending:
            item = pending.pop()
            if item not in met:
                met.add(item)
                self.order[item.rank].append(item)
                pending.extend(reversed(item.before))

    def _add(self, kind: str, rank: int, size: tuple[float, float], path: list[Frame]) -> Item:
        length, breadth = reversed(size) if self.upright else size
        self.items.append(item := Item(kind, rank, length, breadth, path))
        for frame in path:
            frame.items.append(item)
        return item


def untangle(layers: Layers) -> None:
    """Sort the ranks by barycentres, backwards and forwards, the frames alike in all ranks."""
    for rank in layers.order:
        _pack(rank)
    for sweep in range(9 if len(layers.items) < 10_000 else 3):
        for frame in layers.frames:
            frame.v = sum(item.v for item in frame.items) / len(frame.items)
        _keep_rows(layers.frames)
        forwards = sweep % 2 == 1
        for rank in layers.order if forwards else reversed(layers.order):
            for item in rank if sweep else ():
                neighbours = item.before if forwards else item.after
                if neighbours:
                    item.v = sum(other.v for other in neighbours) / len(neighbours)
                elif item.kind == "spacer":
                    item.v = item.path[-1].v
            _keep_rows(rank)
            rank.sort(key=lambda i: [(f.v, 0, f.number) for f in i.path] + [(i.v, 1, i.row[1])])
            _pack(rank)


def _pack(rank: list[Item]) -> None:
    place = -sum(item.breadth + 8.0 for item in rank) / 2.0
    for item in rank:
        item.v = place + (item.breadth + 8.0) / 2.0
        place += item.breadth + 8.0


def _keep_rows(parts: list[Item] | list[Frame]) -> None:
    """Give those of a row the places that they have together, in the order of their numbers."""
    for row in looks.rows(parts):
        for i, v in zip(row, sorted(parts[i].v for i in row)):
            parts[i].v = v


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
            gap = GAP if one.kind == other.kind == "box" else NEAR
            gap = low if one.kind == "low" else high if other.kind == "high" else gap
            below[other][one] = gap + (one.breadth + other.breadth) / 2.0
    for frame in layers.frames:
        below[frame.high][frame.low] = frame.title if layers.upright else 0.0
    order = [*TopologicalSorter(below).static_order()]
    least = [(one, other, d) for other in order for one, d in below[other].items()]
    for further in reversed(range(24 if len(layers.items) < 3_000 else 4)):
        wishes = []
        for item in layers.items if further else ():
            total = weight = 0.0  # an arrow bends less between two of its own bends
            for other in (*item.before, *item.after):
                w = 8.0 if item.kind != "box" and other.kind != "box" else 1.0
                total += w * other.v
                weight += w
            wishes.append((item.v + (total / weight if weight else item.v)) / 2.0)
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
        same = sum(one is other for one, other in zip(path, item.path))
        walk += [frame.high for frame in reversed(path[same:])]
        walk += [*(frame.low for frame in item.path[same:]), item]
        path = item.path
    return walk + [frame.high for frame in reversed(path)]


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

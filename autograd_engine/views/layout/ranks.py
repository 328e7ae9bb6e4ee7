"""The built-in layout, first step: the rank of each box, all else that takes room, and its order.

Layered drawing as Sugiyama, Tagawa and Toda described it (1981). Long arrows are cut by bends, so
that every arrow goes from a rank to the next; a label is an item like a box. Nothing recurses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import accumulate, pairwise
from operator import eq

from autograd_engine.views.layout.scene import FONT_SIZE, INPUTS, Scene, box_size, rows, text_width

PAD = 8.0  # between a frame and what it holds
TITLE = 16.0  # what a frame's title needs besides

Links = dict[int, dict[int, int]]  # to each number those before it, with the least steps between


def cluster_paths(scene: Scene) -> dict[int, list[int]]:
    """Return for each cluster the clusters around it, outermost first, and itself; -1 has none."""
    paths: dict[int, list[int]] = {-1: []}
    for number, cluster in enumerate(scene.clusters):
        paths[number] = [*paths[cluster.cluster], number]
    return paths


def box_ranks(scene: Scene) -> list[int]:
    """Return the rank of each box: its longest path from a source, or later if that is nearer."""
    count = len(scene.boxes)
    arrows: Links = {box: {} for box in range(count)}
    for arrow in scene.arrows:
        arrows[arrow.head][arrow.tail] = 1
    before = _walled(scene, arrows)
    try:
        order = [*TopologicalSorter(before).static_order()]
    except CycleError:  # clusters feed each other
        before, order = arrows, [*TopologicalSorter(arrows).static_order()]
    rank = dict.fromkeys(order, 0)
    after: Links = {number: {} for number in order}
    for number in order:
        for other, steps in before[number].items():
            after[other][number] = steps
            rank[number] = max(rank[number], rank[other] + steps)
    # Boxes move nearer to their uses where that makes the sum of all arrows no longer.
    uses = {number: sum(after[number].values()) for number in order}
    held: dict[int, int] = {}  # how many arrows to a box would get longer
    for number in order:
        held[number] = sum(o < count and (held[o] > 0 or uses[o] > 1) for o in before[number])
    for box in reversed(order):
        if box < count and scene.boxes[box].row[0] != INPUTS and uses[box] >= max(held[box], 1):
            rank[box] = min(rank[other] - steps for other, steps in after[box].items())
    return [rank[box] for box in range(count)]


def _walled(scene: Scene, arrows: Links) -> Links:
    """Return the links of arrows, and those that keep clusters apart."""
    n, paths = len(scene.boxes), cluster_paths(scene)  # cluster c is n + 2c to n + 2c + 1
    walled = {number: dict(arrows.get(number, {})) for number in range(n + 2 * len(scene.clusters))}
    starts = [[*(n + 2 * c for c in paths[b.cluster]), i] for i, b in enumerate(scene.boxes)]
    for start in starts:
        for one, other in pairwise([*start, *[number + 1 for number in start[-2::-1]]]):
            walled[other][one] = 0
    for arrow in scene.arrows:
        tail, head = starts[arrow.tail], starts[arrow.head]
        same = sum(map(eq, tail[:-1], head[:-1]))  # frames in common
        walled[head[same]][tail[same] + (same < len(tail) - 1)] = 1
    return walled


@dataclass(eq=False, slots=True)
class Item:
    """Something that takes room in a rank; a spacer does so for a frame with nothing else there."""

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
class Frame:
    """The frame of a cluster: the frames around and including it, and the ranks it spans."""

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
        clusters, around = enumerate(scene.clusters), cluster_paths(scene)
        self.frames = [Frame(i, text_width(c.title), c.cluster, c.row) for i, c in clusters]
        paths = {c: [self.frames[i] for i in path] for c, path in around.items()}
        for frame in self.frames:
            frame.path = paths[frame.number]
        ranks = box_ranks(scene)
        # Labels stand in a rank of their own, before that of the head.
        labelled = {ranks[arrow.head] for arrow in scene.arrows if arrow.label}
        moved = list(accumulate(1 + (rank in labelled) for rank in range(max(ranks) + 1)))
        for rank, box in zip(ranks, scene.boxes):
            item = self._add("box", moved[rank] - 1, box_size(box), paths[box.cluster])
            item.cluster, item.row = box.cluster, box.row
        for frame in self.frames:
            inside = [item.rank for item in frame.items]
            frame.first, frame.last = min(inside), max(inside)
        self.chains: list[list[Item]] = []
        self._add_chains(scene)
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

    def _add_chains(self, scene: Scene) -> None:
        """Cut arrows into steps of one rank, by bends; the one before the head has the label."""
        room = 4 * len(scene.arrows) + 4_000  # arrows beyond it are drawn without bends
        for arrow in scene.arrows:
            tail, head = self.items[arrow.tail], self.items[arrow.head]
            between = range(tail.rank + 1, head.rank)
            room -= len(between)
            chain = [tail]
            for rank in between if room > 0 else between[-1:]:
                around = [f for f in (*head.path, *tail.path) if f.first <= rank <= f.last]
                path = max((frame.path for frame in around), key=len, default=[])
                if arrow.label and rank == head.rank - 1:
                    size = text_width(arrow.label, FONT_SIZE - 1) + 4.0, FONT_SIZE + 1.0
                    chain.append(self._add("label", rank, size, path))
                else:
                    chain.append(self._add("bend", rank, (1.0, 1.0), path))
            self.chains.append([*chain, head])
            for one, other in pairwise(self.chains[-1]):
                if other.rank - one.rank == 1:
                    one.after.append(other)
                    other.before.append(one)


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


def _keep_rows(parts: Sequence[Item | Frame]) -> None:
    """Give those of a row the places that they have together, in the order of their numbers."""
    for row in rows(parts):
        for i, v in zip(row, sorted(parts[i].v for i in row)):
            parts[i].v = v

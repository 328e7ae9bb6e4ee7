"""The built-in layout, second step: everything that takes room in a rank, as items.

Long arrows are cut by bends, so that every arrow goes from a rank to the next; a label is
an item like a box, so that nothing can cover it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from autograd_engine.views.layout.ranks import box_ranks, cluster_paths
from autograd_engine.views.layout.scene import FONT_SIZE, Scene, box_size, rows, text_width

BEND, LABEL, BOX, SPACER, TITLE = "bend", "label", "box", "spacer", "title"


@dataclass
class Item:
    """Something that takes room in a rank: a box, an arrow's label or bend, a spacer or title.

    A spacer keeps a rank's room for a cluster that has nothing else there, a title that of
    a frame's title where its boxes are narrower. `length` is
    measured along the direction, `breadth` across it.
    """

    kind: str
    rank: int
    length: float
    breadth: float
    cluster: int
    before: list[int] = field(default_factory=list)  # neighbours in the rank before
    after: list[int] = field(default_factory=list)
    v: float = 0.0  # position across the direction


@dataclass
class Layers:
    """Items in ranks. `chains` holds, for each arrow, its items from tail to head."""

    items: list[Item]
    order: list[list[int]]  # the items of each rank, from one side to the other
    chains: list[list[int]]
    paths: list[list[int]]  # for each cluster, the clusters around and including it
    keys: list[float]  # for each cluster, where it stands among its neighbours
    frames: list[list[int]]  # rows of clusters that stand in order
    rows: dict[int, list[list[int]]]  # for each rank, rows of boxes that do


def make_layers(scene: Scene) -> Layers:
    """Return the scene's boxes, and the bends and labels of its arrows, in ranks."""
    upright = scene.direction in ("TB", "BT")
    paths = cluster_paths(scene)
    ranks = box_ranks(scene)
    # Labels stand in a rank of their own, before that of the head.
    labelled = {max(ranks[arrow.tail], ranks[arrow.head]) for arrow in scene.arrows if arrow.label}
    moved = list(accumulate(1 + (rank in labelled) for rank in range(max(ranks) + 1)))
    items = []
    for rank, box in zip(ranks, scene.boxes):
        width, height = box_size(box)
        length, breadth = (height, width) if upright else (width, height)
        items.append(Item(BOX, moved[rank] - moved[0], length, breadth, box.cluster))
    in_order: dict[int, list[list[int]]] = {}
    for row in rows(scene.boxes):
        for rank in {items[i].rank for i in row}:
            in_order.setdefault(rank, []).append([i for i in row if items[i].rank == rank])
    layers = Layers(items, [], [], paths, [0.0] * len(paths), rows(scene.clusters), in_order)
    spans = _spans(layers)
    _add_chains(layers, scene, spans, upright)
    if upright:
        _add_titles(layers, scene, spans)
    _add_spacers(layers, spans)
    _meet(layers)
    return layers


def _spans(layers: Layers) -> list[tuple[int, int]]:
    """Return the first and last rank of each cluster."""
    spans = [(1 << 60, -1)] * len(layers.paths)
    for item in layers.items:
        for cluster in layers.paths[item.cluster] if item.cluster >= 0 else ():
            low, high = spans[cluster]
            spans[cluster] = min(low, item.rank), max(high, item.rank)
    return spans


def _add_chains(layers: Layers, scene: Scene, spans: list[tuple[int, int]], upright: bool) -> None:
    """Cut each arrow into steps of one rank, by bends; the one before the head holds the label."""
    items = layers.items
    room = 4 * len(scene.arrows) + 4_000  # arrows beyond it are drawn without bends
    for arrow in scene.arrows:
        tail, head = arrow.tail, arrow.head
        backwards = items[tail].rank > items[head].rank
        if backwards:
            tail, head = head, tail
        labelled = items[head].rank - 1 if not backwards else items[tail].rank + 1
        chain = [tail]
        between = range(items[tail].rank + 1, items[head].rank)
        room -= len(between)
        for rank in between if room > 0 else (labelled,):
            cluster = _home(layers, spans, tail, head, rank)
            if rank == labelled and arrow.label:
                width, height = text_width(arrow.label, FONT_SIZE - 1) + 4.0, FONT_SIZE + 1.0
                length, breadth = (height, width) if upright else (width, height)
                item = Item(LABEL, rank, length, breadth, cluster)
            else:
                item = Item(BEND, rank, 0.0, 1.0, cluster)
            chain.append(len(items))
            items.append(item)
        chain.append(head)
        for first, last in pairwise(chain):
            if items[last].rank - items[first].rank == 1:
                items[first].after.append(last)
                items[last].before.append(first)
        layers.chains.append(chain[::-1] if backwards else chain)


def _home(layers: Layers, spans: list[tuple[int, int]], tail: int, head: int, rank: int) -> int:
    """Return the innermost cluster through which an arrow runs in this rank."""
    common = -1
    tail_path, head_path = (
        [] if layers.items[i].cluster < 0 else layers.paths[layers.items[i].cluster]
        for i in (tail, head)
    )
    for one, other in zip(tail_path, head_path):
        if one != other:
            break
        common = one
    for path in (tail_path, head_path):
        for cluster in reversed(path):
            if cluster == common:
                break
            if spans[cluster][0] <= rank <= spans[cluster][1]:
                return cluster
    return common


def _add_titles(layers: Layers, scene: Scene, spans: list[tuple[int, int]]) -> None:
    """Add what a frame's title needs besides the room of the widest box inside."""
    widest = [0.0] * len(spans)
    for item in layers.items:
        for cluster in layers.paths[item.cluster] if item.cluster >= 0 else ():
            widest[cluster] = max(widest[cluster], item.breadth)
    for number, frame in enumerate(scene.clusters):
        lacking = text_width(frame.title) - widest[number]
        if lacking > 0.0:
            layers.items.append(Item(TITLE, spans[number][0], 0.0, lacking, number))


def _add_spacers(layers: Layers, spans: list[tuple[int, int]]) -> None:
    """Add a spacer in each rank inside a cluster's span where the cluster has no item."""
    found = {
        (c, item.rank)
        for item in layers.items
        if item.cluster >= 0
        for c in layers.paths[item.cluster]
    }
    for cluster in reversed(range(len(spans))):  # inner clusters first: they fill the outer
        low, high = spans[cluster]
        for rank in range(low, high + 1):
            if (cluster, rank) not in found:
                layers.items.append(Item(SPACER, rank, 0.0, 0.0, cluster))
                found.update((outer, rank) for outer in layers.paths[cluster])


def _meet(layers: Layers) -> None:
    """Order each rank as a walk from the outputs back through the operands meets the items."""
    items = layers.items
    layers.order = [[] for _ in range(1 + max(item.rank for item in items))]
    met = [False] * len(items)
    for start in range(len(items)):
        if items[start].after:
            continue
        pending = [start]
        while pending:
            i = pending.pop()
            if met[i]:
                continue
            met[i] = True
            layers.order[items[i].rank].append(i)
            pending.extend(reversed(items[i].before))

"""The built-in layout, third step: the order in each rank, with few crossings."""

from __future__ import annotations

from bisect import bisect_right, insort

from autograd_engine.views.layout.layers import SPACER, Layers


def untangle(layers: Layers) -> None:
    """Sort the ranks by barycentres, forwards and backwards, and keep the best order met."""
    size = len(layers.items)
    sweeps = 16 if size < 3_000 else 4 if size < 30_000 else 1
    for rank in layers.order:
        _pack(layers, rank)
    _sort_all(layers)
    best = [list(rank) for rank in layers.order]
    fewest = count_crossings(layers)
    for sweep in range(sweeps):
        if not fewest:
            break
        _update_keys(layers)
        forwards = sweep % 2 == 0
        for rank in layers.order if forwards else reversed(layers.order):
            for i in rank:
                item = layers.items[i]
                neighbours = item.before if forwards else item.after
                if neighbours:
                    item.v = sum(layers.items[n].v for n in neighbours) / len(neighbours)
                elif item.kind == SPACER:
                    item.v = layers.keys[item.cluster]
            _sort_rank(layers, rank)
            _pack(layers, rank)
        crossings = count_crossings(layers)
        if crossings < fewest:
            fewest, best = crossings, [list(rank) for rank in layers.order]
    for rank in best:
        _pack(layers, rank)
    layers.order = best
    _sort_all(layers)


def _pack(layers: Layers, rank: list[int]) -> None:
    """Give the items of a rank places beside each other, around 0."""
    place = -sum(layers.items[i].breadth + 8.0 for i in rank) / 2.0
    for i in rank:
        step = layers.items[i].breadth + 8.0
        layers.items[i].v = place + step / 2.0
        place += step


def _sort_all(layers: Layers) -> None:
    """Sort every rank by one and the same order of the clusters, so that frames can be drawn."""
    _update_keys(layers)
    for rank in layers.order:
        _sort_rank(layers, rank)
        _pack(layers, rank)


def _update_keys(layers: Layers) -> None:
    """Place each cluster at the mean of its items."""
    sums = [0.0] * len(layers.paths)
    counts = [0] * len(layers.paths)
    for item in layers.items:
        if item.cluster >= 0 and item.kind != SPACER:
            for cluster in layers.paths[item.cluster]:
                sums[cluster] += item.v
                counts[cluster] += 1
    layers.keys = [total / max(count, 1) for total, count in zip(sums, counts)]
    for row in layers.frames:
        for cluster, key in zip(row, sorted(layers.keys[cluster] for cluster in row)):
            layers.keys[cluster] = key


def _sort_rank(layers: Layers, rank: list[int]) -> None:
    """Sort the items of a rank by place, the items of a cluster side by side."""
    items = layers.items
    if not layers.paths:
        rank.sort(key=lambda i: items[i].v)
        _set_rows(layers, rank)
        return

    def key(i: int) -> list[tuple[float, int, int]]:
        item = items[i]
        path = layers.paths[item.cluster] if item.cluster >= 0 else []
        return [*((layers.keys[cluster], 0, cluster) for cluster in path), (item.v, 1, i)]

    rank.sort(key=key)
    _set_rows(layers, rank)


def _set_rows(layers: Layers, rank: list[int]) -> None:
    """Put units into the places that they have together, in the order of their numbers."""
    for row in layers.rows.get(layers.items[rank[0]].rank, ()) if rank else ():
        wanted = set(row)
        places = [place for place, i in enumerate(rank) if i in wanted]
        for place, i in zip(places, row):
            rank[place] = i


def count_crossings(layers: Layers) -> int:
    """Return how many pairs of arrows cross between neighbouring ranks."""
    total = 0
    place = [0] * len(layers.items)
    for rank in layers.order:
        for i, item in enumerate(rank):
            place[item] = i
    for rank in layers.order:
        ends: list[int] = []
        for i in rank:
            heads = sorted(place[n] for n in layers.items[i].after)
            total += sum(len(ends) - bisect_right(ends, head) for head in heads)
            for head in heads:
                insort(ends, head)
    return total

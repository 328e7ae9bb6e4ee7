"""The built-in layout, fourth step: places across the direction.

Each rank in turn moves as near to its neighbours as its own order allows (least squares with
least distances, by pooling adjacent violators); then frames are made room for.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from autograd_engine.views.layout.layers import BEND, BOX, LABEL, SPACER, Layers

SPREAD = 12.0  # between boxes of one rank
PAD = 8.0  # between a frame and what it holds
TITLE = 16.0  # what a frame's title needs besides


@dataclass(frozen=True)
class Pads:
    """The room between a frame and what it holds: along the direction, and across it."""

    start: float
    end: float
    low: float
    high: float


def frame_pads(direction: str) -> Pads:
    """Return the pads, the one at the top of the picture with room for a title."""
    top = {"LR": 2, "RL": 2, "TB": 0, "BT": 1}[direction]
    return Pads(*(PAD + (TITLE if side == top else 0.0) for side in range(4)))


def place_across(layers: Layers, pads: Pads) -> None:
    """Give every item its place across the direction."""
    size = len(layers.items)
    ranks = [(rank, _distances(layers, rank, pads)) for rank in layers.order]
    rounds = 16 if size < 3_000 else 3
    for step in range(rounds):
        forwards = step % 2 == 0
        both = step > rounds - 3
        for rank, distances in ranks if forwards else reversed(ranks):
            wishes = [_wish(layers, i, forwards or both, not forwards or both) for i in rank]
            weights = [_weight(layers, i) for i in rank]
            for i, v in zip(rank, settle(wishes, weights, distances)):
                layers.items[i].v = v
    if layers.paths:
        _make_room(layers, pads, 24 if size < 3_000 else 3)


def _wish(layers: Layers, i: int, before: bool, after: bool) -> float:
    """Return where an item would like to be: at the mean of its neighbours."""
    items = layers.items
    item = items[i]
    total = weight = 0.0
    for n in (*(item.before if before else ()), *(item.after if after else ())):
        # An arrow bends less between two of its own bends.
        w = 8.0 if item.kind != BOX and items[n].kind != BOX else 1.0
        total += w * items[n].v
        weight += w
    return total / weight if weight else item.v


def _weight(layers: Layers, i: int) -> float:
    item = layers.items[i]
    return 0.01 if item.kind == SPACER else 1.0 + len(item.before) + len(item.after)


def settle(wishes: list[float], weights: list[float], distances: list[float]) -> list[float]:
    """Return the places nearest to the wishes (least squares) that keep the distances.

    >>> settle([0.0, 0.0, 9.0], [1.0, 1.0, 1.0], [4.0, 4.0])
    [-2.0, 2.0, 9.0]
    """
    offsets = [0.0]
    for distance in distances:
        offsets.append(offsets[-1] + distance)
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


def _walk(layers: Layers, rank: list[int], pads: Pads) -> list[tuple[int, float]]:
    """Return what one meets along a rank, each with its least distance from the last.

    Items have their own numbers; with n items, the low side of frame c is n + 2c, the high
    side n + 2c + 1.
    """
    n = len(layers.items)
    found: list[tuple[int, float]] = []
    cluster, half, kind, was = -1, 0.0, BOX, "closed"
    for i in rank:
        item = layers.items[i]
        left, entered = _between(layers, cluster, item.cluster)
        for c in left:
            found.append((n + 2 * c + 1, half + pads.high))
            half, was = 0.0, "closed"
        for c in entered:
            found.append((n + 2 * c, half + (pads.low if was == "opened" else SPREAD / 2.0)))
            half, was = 0.0, "opened"
        gap = {"opened": pads.low, "closed": SPREAD / 2.0, "item": _gap(kind, item.kind)}[was]
        found.append((i, half + gap + item.breadth / 2.0))
        cluster, half, kind, was = item.cluster, item.breadth / 2.0, item.kind, "item"
    for c in _between(layers, cluster, -1)[0]:
        found.append((n + 2 * c + 1, half + pads.high))
        half = 0.0
    return found


def _distances(layers: Layers, rank: list[int], pads: Pads) -> list[float]:
    """Return the least distance between the centres of neighbours in a rank."""
    found = []
    distance = 0.0
    for stop, step in _walk(layers, rank, pads):
        distance += step
        if stop < len(layers.items):
            found.append(distance)
            distance = 0.0
    return found[1:]


def _gap(one: str, other: str) -> float:
    if one == BOX and other == BOX:
        return SPREAD
    return 5.0 if LABEL in (one, other) or BEND in (one, other) else 0.0


def _between(layers: Layers, one: int, other: int) -> tuple[list[int], list[int]]:
    """Return the clusters left (inner first) and entered (outer first) from one to another."""
    if one == other:
        return [], []
    a = layers.paths[one] if one >= 0 else []
    b = layers.paths[other] if other >= 0 else []
    same = 0
    while same < min(len(a), len(b)) and a[same] == b[same]:
        same += 1
    return a[same:][::-1], b[same:]


def _make_room(layers: Layers, pads: Pads, rounds: int) -> None:
    """Move items so that no frame holds what is not its own.

    Items and the two sides of each frame are numbers with least distances between them.
    Pushing all of them up from their wishes keeps these, pushing down does, and so does
    the mean of the two.
    """
    n = len(layers.items)
    sides = n + 2 * len(layers.paths)
    links = _links(layers, pads)
    order = _sorted_links(sides, links)
    low: list[list[tuple[int, float]]] = [[] for _ in range(sides)]
    high: list[list[tuple[int, float]]] = [[] for _ in range(sides)]
    for one, other, distance in links:
        low[other].append((one, distance))
        high[one].append((other, distance))
    for step in range(rounds):
        wishes = [item.v for item in layers.items]
        if step:
            wishes = [(v + _wish(layers, i, True, True)) / 2.0 for i, v in enumerate(wishes)]
        wishes += frame_sides(layers, wishes, pads)
        up, down = list(wishes), list(wishes)
        for i in order:
            down[i] = max([wishes[i], *(down[j] + d for j, d in low[i])])
        for i in reversed(order):
            up[i] = min([wishes[i], *(up[j] - d for j, d in high[i])])
        for i, item in enumerate(layers.items):
            item.v = (up[i] + down[i]) / 2.0


def _links(layers: Layers, pads: Pads) -> list[tuple[int, int, float]]:
    """Return the least distances between neighbours: items, and the sides of frames."""
    found: dict[tuple[int, int], float] = {}
    for rank in layers.order:
        walk = _walk(layers, rank, pads)
        for (one, _), (other, step) in pairwise(walk):
            found[one, other] = max(found.get((one, other), 0.0), step)
    return [(one, other, distance) for (one, other), distance in found.items()]


def _sorted_links(count: int, links: list[tuple[int, int, float]]) -> list[int]:
    """Return the numbers so that each comes after those that stand below it."""
    after: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for one, other, _ in links:
        after[one].append(other)
        waiting[other] += 1
    ready = [i for i in range(count) if not waiting[i]]
    for i in ready:
        for other in after[i]:
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return ready


def frame_sides(layers: Layers, places: list[float], pads: Pads) -> list[float]:
    """Return the low and high side of each frame, drawn tightly round its items."""
    sides = [0.0] * (2 * len(layers.paths))
    for c in range(len(layers.paths)):
        sides[2 * c], sides[2 * c + 1] = float("inf"), -float("inf")
    for item, v in zip(layers.items, places):
        if item.cluster < 0 or item.kind == SPACER:
            continue
        for steps, c in enumerate(reversed(layers.paths[item.cluster]), 1):
            sides[2 * c] = min(sides[2 * c], v - item.breadth / 2.0 - steps * pads.low)
            sides[2 * c + 1] = max(sides[2 * c + 1], v + item.breadth / 2.0 + steps * pads.high)
    return sides

"""The built-in layout, first step: in which rank each box stands.

Layered drawing as Sugiyama, Tagawa and Toda described it (1981). Nothing recurses.
"""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from operator import eq

from autograd_engine.views.layout.scene import INPUTS, Scene

Links = dict[int, dict[int, int]]  # to each number those before it, with the least steps between


def cluster_paths(scene: Scene) -> dict[int, list[int]]:
    """Return for each cluster the clusters around it, outermost first, and itself; -1 has none."""
    paths: dict[int, list[int]] = {-1: []}
    for number, cluster in enumerate(scene.clusters):
        paths[number] = [*paths[cluster.parent], number]
    return paths


def shared(one: Sequence[object], other: Sequence[object]) -> int:
    """Return how many clusters two paths have in common."""
    return sum(map(eq, one, other))


def box_ranks(scene: Scene) -> list[int]:
    """Return the rank of each box: its longest path from a source, or later if that is nearer.

    Inputs stand in the first. Where the arrows between clusters allow it, a cluster begins after
    all that it is fed by has ended.

    >>> from autograd_engine.views.layout.scene import Arrow, Box
    >>> boxes = (Box("leaf", ("",)),) * 4
    >>> box_ranks(Scene("LR", boxes, (Arrow(0, 1), Arrow(1, 2), Arrow(3, 2)), ()))
    [0, 1, 2, 1]
    """
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
    lowest = min((rank[box] for box in range(count)), default=0)
    return [rank[box] - lowest for box in range(count)]


def _walled(scene: Scene, arrows: Links) -> Links:
    """Return the links of arrows, and those that keep clusters apart.

    With n boxes, cluster c starts at number n + 2c and ends at n + 2c + 1.
    """
    n, paths = len(scene.boxes), cluster_paths(scene)
    walled = {number: dict(arrows.get(number, {})) for number in range(n + 2 * len(scene.clusters))}
    starts = [[*(n + 2 * c for c in paths[b.cluster]), i] for i, b in enumerate(scene.boxes)]
    ends = [[*(n + 2 * c + 1 for c in paths[b.cluster]), i] for i, b in enumerate(scene.boxes)]
    for start, end in zip(starts, ends):
        for one, other in pairwise([*start, *reversed(end[:-1])]):
            walled[other][one] = 0
    for arrow in scene.arrows:
        same = shared(starts[arrow.tail][:-1], starts[arrow.head][:-1])
        walled[starts[arrow.head][same]][ends[arrow.tail][same]] = 1
    return walled

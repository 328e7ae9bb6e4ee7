"""The built-in layout, first step: in which rank each box stands.

Layered drawing as Sugiyama, Tagawa and Toda described it (1981). Nothing recurses.
"""

from __future__ import annotations

from autograd_engine.views.layout.scene import INPUTS, Scene


def cluster_paths(scene: Scene) -> list[list[int]]:
    """Return for each cluster the clusters around it, outermost first, and itself."""
    paths: list[list[int]] = []
    for number, cluster in enumerate(scene.clusters):
        paths.append([*(paths[cluster.parent] if cluster.parent >= 0 else []), number])
    return paths


def box_ranks(scene: Scene) -> list[int]:
    """Return the rank of each box: its longest path from a source, or later if that is nearer.

    Inputs stand in the first. Where the arrows between clusters allow it, a cluster begins after
    all that it is fed by has ended. Arrows that close a cycle are taken as if they ran the other
    way.

    >>> from autograd_engine.views.layout.scene import Arrow, Box
    >>> boxes = (Box("leaf", ("",)),) * 4
    >>> box_ranks(Scene("LR", boxes, (Arrow(0, 1), Arrow(1, 2), Arrow(3, 2)), ()))
    [0, 1, 2, 1]
    """
    paths = cluster_paths(scene)
    around = [paths[box.cluster] if box.cluster >= 0 else [] for box in scene.boxes]
    arrows = [(arrow.tail, arrow.head) for arrow in scene.arrows]
    clusters = len(paths)
    count = len(around)
    links = dict.fromkeys(arrows, 1)
    walls = _walls(around, arrows) if clusters else {}
    order, cyclic = _topological(count + 2 * clusters, [*links, *walls])
    if cyclic:
        walls = {}
        order, cyclic = _topological(count, list(links))
    position = {box: i for i, box in enumerate(order)}
    before: list[list[tuple[int, int]]] = [[] for _ in order]
    after: list[list[tuple[int, int]]] = [[] for _ in order]
    for (tail, head), steps in {**links, **walls}.items():
        first, last = sorted((tail, head), key=position.__getitem__)
        before[last].append((first, steps))
        after[first].append((last, steps))
    rank = [0] * len(order)
    for box in order:
        rank[box] = max((rank[other] + steps for other, steps in before[box]), default=0)
    inputs = {i for i, box in enumerate(scene.boxes) if box.row[0] == INPUTS}
    _move_later(order, count, before, after, rank, inputs)
    lowest = min(rank[:count], default=0)
    return [r - lowest for r in rank[:count]]


def _walls(around: list[list[int]], arrows: list[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Return links that keep clusters apart, with their least steps.

    With n boxes, cluster c starts at number n + 2c and ends at n + 2c + 1.
    """
    n = len(around)
    walls: dict[tuple[int, int], int] = {}
    for box, path in enumerate(around):
        for outer, c in zip([None, *path], path):
            walls[n + 2 * c, box] = walls[box, n + 2 * c + 1] = 0
            if outer is not None:
                walls[n + 2 * outer, n + 2 * c] = walls[n + 2 * c + 1, n + 2 * outer + 1] = 0
    for tail, head in arrows:
        same = 0
        while around[tail][same : same + 1] == around[head][same : same + 1] != []:
            same += 1
        one = n + 2 * around[tail][same] + 1 if len(around[tail]) > same else tail
        other = n + 2 * around[head][same] if len(around[head]) > same else head
        if one >= n or other >= n:
            walls[one, other] = 1
    return walls


def _topological(count: int, links: list[tuple[int, int]]) -> tuple[list[int], bool]:
    """Return the numbers below `count`, tails before heads, and whether there was a cycle.

    In a cycle the lowest number goes first.
    """
    heads: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for tail, head in links:
        heads[tail].append(head)
        waiting[head] += 1
    ready = [box for box in range(count) if not waiting[box]]
    order: list[int] = []
    done = [False] * count
    stuck = iter(range(count))
    cyclic = False
    while len(order) < count:
        if not ready:
            cyclic = True
            ready.append(next(box for box in stuck if not done[box]))
        box = ready.pop()
        done[box] = True
        order.append(box)
        for head in heads[box]:
            waiting[head] -= 1
            if not waiting[head] and not done[head]:
                ready.append(head)
    return order, cyclic


def _move_later(
    order: list[int],
    count: int,
    before: list[list[tuple[int, int]]],
    after: list[list[tuple[int, int]]],
    rank: list[int],
    inputs: set[int],
) -> None:
    """Move boxes nearer to their uses, where that makes the sum of all arrows no longer."""
    uses = [sum(steps for _, steps in links) for links in after]
    free = [False] * len(order)  # whether all behind a box can follow it
    held = [0] * len(order)
    for box in order:
        held[box] = sum(
            1
            for other, _ in before[box]
            if other < count and not (free[other] and uses[other] == 1)
        )
        free[box] = not held[box]
    for box in reversed(order):
        if (
            box < count
            and box not in inputs
            and uses[box]
            and (free[box] or uses[box] >= held[box])
        ):
            rank[box] = min(rank[other] - steps for other, steps in after[box])

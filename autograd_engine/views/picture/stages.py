"""Cutting groups so that no picture has a cycle: no path leaves a part and returns to it."""

from __future__ import annotations

from collections.abc import Sequence


def later(operands: Sequence[Sequence[int]], shown: set[int]) -> set[int]:
    """Return the values that come after one of these."""
    found: set[int] = set()
    for i, given in enumerate(operands):
        if any(o in found or o in shown for o in given):
            found.add(i)
    return found


def near(operands: Sequence[Sequence[int]], focus: int, radius: int) -> set[int]:
    """Return the values at most `radius` operations from one."""
    uses: list[list[int]] = [[] for _ in operands]
    for i, given in enumerate(operands):
        for o in given:
            uses[o].append(i)
    found = {focus}
    edge = [focus]
    for _ in range(radius):
        edge = [n for i in edge for n in (*operands[i], *uses[i]) if n not in found]
        found.update(edge)
    return found


def stages(
    keys: list[int], fine: list[int], operands: Sequence[Sequence[int]], count: int
) -> dict[int, int]:
    """Return for each value of a group that feeds itself by way of others its stage in it.

    `keys` says for each value its group, a number from `count` on, or itself; `fine` the part of
    the group that must not feed another part of it, such as a call. The stages of a group taken as
    boxes of their own, arrows between all boxes make no cycle. Leaves that several stages use have
    the stage -1.

    >>> stages([4, 1, 4, 3], [4, 1, 4, 3], [(), (0,), (1,), (2,)], 4)
    {0: 0, 1: 1, 2: 2}
    """
    links = {
        (keys[o], keys[i])
        for i, given in enumerate(operands)
        for o in given
        if fine[o] != fine[i] and (keys[o] != keys[i] or operands[o])
    }
    ring = _rings(links)
    if not ring:
        return {}
    rings = [ring.get(key, -1) for key in keys]
    stage: dict[int, int] = {}
    free: set[int] = set()  # nothing before them is of another box
    for i, given in enumerate(operands):
        if rings[i] < 0:
            continue
        if all(o in free and keys[o] == keys[i] for o in given):
            free.add(i)
        stage[i] = max(
            (
                stage[o] + (fine[o] != fine[i])
                for o in given
                if rings[o] == rings[i] and not (o in free and keys[o] == keys[i])
            ),
            default=0,
        )
    _postpone(stage, free, rings, keys, operands)
    return stage


def _postpone(
    stage: dict[int, int],
    free: set[int],
    rings: list[int],
    keys: list[int],
    operands: Sequence[Sequence[int]],
) -> None:
    """Move what is free to the stage that uses it first, and leaves of several out of them."""
    least: dict[int, int] = {}
    several: dict[int, set[int]] = {}
    for i in range(len(operands) - 1, -1, -1):
        if i in free and i in least:
            stage[i] = least[i]
            if not operands[i] and len(several[i]) > 1:
                stage[i] = -1
        if rings[i] < 0:
            continue
        for o in operands[i]:
            if o in free and rings[o] == rings[i]:
                bound = stage[i] - (keys[o] != keys[i])
                least[o] = min(least.get(o, bound), bound)
                several.setdefault(o, set())
                if keys[o] == keys[i]:
                    several[o].add(stage[i])


def _rings(links: set[tuple[int, int]]) -> dict[int, int]:
    """Return for each box on a cycle the number of its strongly connected part."""
    heads: dict[int, list[int]] = {}
    waiting: dict[int, int] = {}
    for tail, head in links:
        heads.setdefault(tail, []).append(head)
        waiting[head] = waiting.get(head, 0) + 1
    ready = [box for box in heads if box not in waiting]
    while ready:
        for head in heads.pop(ready.pop(), ()):
            waiting[head] -= 1
            if not waiting[head]:
                del waiting[head]
                ready.append(head)
    left = {box: [head for head in heads.get(box, ()) if head in waiting] for box in waiting}
    return _connected(left)


def _connected(heads: dict[int, list[int]]) -> dict[int, int]:
    """Return the strongly connected part of each box that has one with others (Kosaraju)."""
    tails: dict[int, list[int]] = {box: [] for box in heads}
    for box, several in heads.items():
        for head in several:
            tails[head].append(box)
    done: list[int] = []
    seen: set[int] = set()
    for root in heads:
        path = [] if root in seen else [(root, iter(heads[root]))]
        seen.add(root)
        while path:
            step = next((head for head in path[-1][1] if head not in seen), None)
            if step is None:
                done.append(path.pop()[0])
            else:
                seen.add(step)
                path.append((step, iter(heads[step])))
    parts: dict[int, list[int]] = {}
    for root in reversed(done):
        pending = [root]
        while pending:
            box = pending.pop()
            if box in seen:
                seen.remove(box)
                parts.setdefault(root, []).append(box)
                pending += tails[box]
    return {
        box: root
        for root, part in parts.items()
        if len(part) > 1 or root in heads[root]
        for box in part
    }

"""Periods: distances at which a recorded graph looks like itself again.

Tokens, an operation with the distances of its operands, that come again at one distance vote for
a period; where node i is like node i + period for long is a region.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import repeat
from operator import eq
from typing import Final

from autograd_engine.repeats import Graph

WINDOW: Final = 16
"""Tokens that stand in a row say more than one, but not where a step is shorter."""

MOST: Final = 4
"""So many periods are tried of each kind of vote."""


def regions(graph: Graph, worth: int) -> Iterator[tuple[int, int, int]]:
    """Yield first node, end and period of what looks like the same again and again."""
    rules, reads, n = graph.rules, graph.reads, len(graph.nodes)
    far = n // 2  # what stands farther away is no part of this step or the one before
    tokens = [
        hash((rule, *[i - j if j >= 0 and j > i - far else 0 for j in below]))
        for i, (rule, below) in enumerate(zip(rules, reads))
    ]

    def moved(a: int, b: int, old: int) -> bool:
        """Say whether operand b may be what a is, a period later."""
        if a < old:  # a leaf, or of long ago: the same, or another such
            return a == b or (a < 0 and b < 0) or 0 <= min(a, b) <= max(a, b) < old
        return b in (a, a + period)

    def alike(i: int) -> bool:
        """Say whether node i and that a period later may be the same of two steps."""
        one, two, old = reads[i], reads[i + period], max(0, i - 4 * period)
        return (
            len(one) == len(two)
            and rules[i] == rules[i + period]
            and all(map(moved, one, two, repeat(old)))
        )

    for period in periods(tokens):
        same = bytearray(map(eq, tokens, tokens[period:]))
        stop, i = 0, same.find(1)
        while i >= 0:
            first = i
            while first > stop and alike(first - 1):
                first -= 1
            while i < len(same) and (same[i] or alike(i)):
                i = same.find(0, i) % (len(same) + 1) if same[i] else i + 1
            if i - first >= max(period, worth // 2):
                yield first, i + period, period
            stop, i = i, same.find(1, i)


def periods(tokens: list[int]) -> list[int]:
    """Return the distances at which most tokens, and most long windows of them, come again."""
    n = len(tokens)
    if n < 4 * WINDOW:
        return list(range(1, n // 4 + 1))
    windows, wide = tokens, 1
    while wide < WINDOW:
        windows = list(map(hash, zip(windows, windows[wide:])))
        wide *= 2
    found: list[int] = []
    for heads, least in ((windows, 4), (tokens, n // 8)):
        last: dict[int, int] = {}
        votes: Counter[int] = Counter()
        for i, head in enumerate(heads):
            if head in last:
                votes[i - last[head]] += 1
            last[head] = i
        likely = [d for d, count in votes.items() if count >= least and d <= n // 2]
        found += sorted(likely, key=lambda d: -votes[d])[:MOST]
        found += sorted(likely, key=lambda d: -votes[d] * d)[:MOST]
    return list(dict.fromkeys(found))

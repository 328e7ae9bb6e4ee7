"""Repeats: what it means that a graph repeats itself step by step, and the check of it.

A graph is given as two lists, for each value a token and the places of its operands. So both the
views, which have Values, and the compiler, which has a tape, can ask. `recurrences` finds Repeats;
whatever one claims is checked here, so that its guesses can cost repeats, never truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from operator import eq

STEP, SHARED, INPUT = range(3)
Operand = tuple[int, int, int]  # STEP, body node, steps back; SHARED, place, 0; INPUT, number, 0


class Graph:
    """A graph as lists, every operand before its uses, in which equal values are one.

    `tokens[i]` says which operation made value i of those at `operands[i]`; of what nobody computed
    it is None, or tells which constant it is. Without `merge` only equal constants are one.
    `same[i]` is the first place with a value equal to i's. Computed values are also numbered by
    themselves: r stands at `nodes[r]` and is `rules[r]` of `reads[r]`, a leaf is -1 - place.
    """

    def __init__(
        self, tokens: Sequence[Hashable], operands: Sequence[Sequence[int]], merge: bool = True
    ) -> None:
        self.codes: list[int] = []
        self.nodes: list[int] = []
        self.rules: list[Hashable] = []
        self.reads: list[tuple[int, ...]] = []
        codes, nodes = self.codes, self.nodes
        known: dict[Hashable, int] = {}
        for i, (token, below) in enumerate(zip(tokens, operands)):
            if below:
                reads = tuple(map(codes.__getitem__, below))
                code = known.setdefault((token, reads), len(nodes)) if merge else len(nodes)
                if code == len(nodes):
                    nodes.append(i)
                    self.rules.append(token)
                    self.reads.append(reads)
            else:
                code = -1 - i
                if token is not None:
                    code = known.setdefault(token, code)
            codes.append(code)
        self.same = [nodes[code] if code >= 0 else -1 - code for code in codes]

    def place(self, code: int) -> int:
        """Return where the value of a number stands."""
        return self.nodes[code] if code >= 0 else -1 - code

    def regions(self, worth: int) -> Iterator[tuple[int, int, int]]:
        """Yield first node, end and period of what looks like the same again and again.

        Tokens, operations with the distances of two operands, that come again at one distance vote
        for a period; where node i is like node i + period for long is a region.
        """
        far = len(self.nodes) // 2  # what is farther away is no part of this step or the last
        tokens = []
        for i, (rule, below) in enumerate(zip(self.rules, self.reads)):
            low = i - far if i > far else -1
            a, b = below[0], below[-1] if len(below) < 3 else max(below)
            tokens.append(hash((rule, len(below), a > low and i - a, b > low and i - b)))
        for period in periods(tokens):
            same = bytearray(map(eq, tokens, tokens[period:]))
            i = same.find(1)
            while i >= 0:
                first = i
                while i < len(same) and (same[i] or self._alike(i, period)):
                    i = same.find(0, i) % (len(same) + 1) if same[i] else i + 1
                if i - first >= max(period, worth // 2):
                    yield first, i + period, period
                i = same.find(1, i)

    def _alike(self, i: int, period: int) -> bool:
        """Say whether node i and that a period later may be the same of two steps."""
        one, two, old = self.reads[i], self.reads[i + period], i - 4 * period
        if len(one) != len(two) or self.rules[i] != self.rules[i + period]:
            return False
        return all(  # what is of long ago may be the same, or another such; a leaf too
            b < 0 if a < 0 else b >= 0 and (b < old if a < old else b - a in (0, period))
            for a, b in zip(one, two)
        )


def periods(tokens: list[int]) -> list[int]:
    """Return the distances at which most tokens, and most long windows of them, come again."""
    n = len(tokens)
    if n < 64:
        return list(range(1, n // 4 + 1))
    # Operations that stand in a row say more than one, but not where a step is shorter.
    windows = list(map(hash, zip(*[tokens[k:] for k in range(16)])))
    found: dict[int, None] = {}
    for heads, least in ((windows, 4), (tokens, n // 8)):
        last: dict[int, int] = {}
        gaps = []
        for i, head in enumerate(heads):
            gaps.append(i - last.get(head, i))
            last[head] = i
        likely = Counter(gaps).most_common(5)
        found.update({d: None for d, votes in likely if votes >= least and 0 < d <= n // 2})
    return list(found)


@dataclass
class Repeat:
    """A body of P nodes that occurs T times, fed by the steps before it.

    `rules` and `operands` are the body, every node after those of its step that it reads;
    `places[t][p]` is where node p of step t stands. An operand is (STEP, p, lag), node p so many
    steps ago; (SHARED, place, 0), the same value in all steps; or (INPUT, i, 0), which step t
    finds at `inputs[i][t]`. `init[p, lag]` is what stands for node p, lag steps before the first.
    """

    rules: list[Hashable]
    operands: list[tuple[Operand, ...]]
    places: list[tuple[int, ...]]
    inputs: list[tuple[int, ...]] = field(default_factory=list)
    init: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """How often the body occurs."""
        return len(self.places)

    @cached_property
    def states(self) -> dict[int, int]:
        """The body nodes that later steps read, each with the most steps back."""
        found: dict[int, int] = {}
        for p, lag in self.init:
            found[p] = max(lag, found.get(p, 0))
        return found

    @property
    def shared(self) -> list[int]:
        """The places that all steps read."""
        return sorted({of for reads in self.operands for kind, of, _ in reads if kind == SHARED})

    def outside(self) -> set[int]:
        """Return the places that the steps read of what is none of theirs."""
        return {*self.shared, *self.init.values()}.union(*self.inputs)


def verified(graph: Graph, repeat: Repeat) -> bool:
    """Check all that a Repeat claims, but for the order: see `ordered`."""
    codes, steps = graph.codes, repeat.steps
    made = [[codes[i] for i in column] for column in zip(*repeat.places)]
    fed = [[codes[i] for i in column] for column in repeat.inputs]
    inside = set(chain(*made))
    if len(inside) < steps * len(repeat.rules) or min(inside) < 0:
        return False  # one is in it twice, or nobody computed it
    with suppress(LookupError, ValueError):  # of what there is not
        if not inside.isdisjoint([codes[i] for i in repeat.outside()]):
            return False
        body = zip(made, repeat.rules, repeat.operands, strict=True)
        for p, (column, rule, operands) in enumerate(body):
            claimed = []
            for kind, of, lag in operands:
                if not 0 <= lag < steps or (kind == STEP and lag == 0 and of >= p):
                    return False
                before = [codes[repeat.init[of, back]] for back in range(lag, 0, -1)]
                later = [codes[of]] * steps if kind == SHARED else (fed, made)[kind == STEP][of]
                claimed.append([*before, *later[: steps - lag]])
            if any(graph.rules[i] != rule for i in column):
                return False
            if [graph.reads[i] for i in column] != [*zip(*claimed)]:
                return False
        return True
    return False


def ordered(graph: Graph, repeats: Sequence[Repeat]) -> bool:
    """Say whether one repeat can be run after the other: no path may leave one and return to it."""
    repeats = sorted(repeats, key=lambda repeat: max(repeat.places[-1]))
    codes, n = graph.codes, len(graph.reads)
    stage = [0] * (n + len(codes))  # what must have run before a value; codes below 0 at the end
    for number, repeat in enumerate(repeats, 1):
        for place in chain(*repeat.places):
            stage[codes[place]] = number
    for code, reads in enumerate(graph.reads):
        stage[code] = stage[code] or max([stage[j] for j in reads])
    outside = ((n, place) for n, repeat in enumerate(repeats) for place in repeat.outside())
    return all(stage[codes[place]] <= number for number, place in outside)

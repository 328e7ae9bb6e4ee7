"""Find that a recorded graph repeats itself along its depth: recurrences.

1. Tokens, an operation with the distances of its operands, that come again at one distance vote
   for a period; where node i is like node i + period for long is a region.
2. Row by row a region gives orbits: the same node of the body in each step. Their operands are
   another orbit, so many steps back; or one place; or a place for each step.
3. A cycle that is more than a sum or a maximum makes it a recurrence, else it is only breadth.
4. Orbits grow at both ends, where steps stand in another order.
5. Steps begin where the orbits do: the order in which a graph was recorded counts no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from operator import eq, sub
from typing import Final

from autograd_engine.repeats import INPUT, SHARED, STEP, Graph, Operand, Repeat, ordered, verified
from autograd_engine.table import ADD, MULTIPLY, NEGATIVE, SUBTRACT, SUM, hypot, maximum, minimum

LEAST: Final = 4
"""So many steps make a repeat."""

SUMS: Final = frozenset({ADD, SUBTRACT, NEGATIVE, SUM})
ALONE: Final = frozenset({maximum, minimum, hypot})
"""Operations that reduce many values to one where nothing else stands in the cycle."""

WINDOW: Final = 16
PERIODS: Final = 4
TRIES: Final = 12


def find(graph: Graph) -> list[Repeat]:
    """Return the recurrences of a graph, the largest first; none shares a value with another."""
    taken = bytearray(len(graph.nodes))
    worth = max(LEAST, len(taken) // 100)  # a repeat smaller than this is not worth its name
    repeats: list[Repeat] = []
    refused: list[tuple[int, int, int]] = []
    tries = TRIES
    candidates = sorted(regions(graph, worth), key=lambda found: (found[0] - found[1], found[2]))
    for first, end, period in candidates:
        first, end = widest(taken, first, end)
        if end - first < max(2 * period, worth) or not tries:
            continue
        if any(a <= first and end <= b and period % c == 0 for a, b, c in refused):
            continue  # several steps of what is only breadth
        tries -= 1
        orbits = Orbits(graph, taken)
        if not orbits.lay(first, end, period):
            continue
        if not orbits.recur():
            refused.append((first, end, period))
            continue
        orbits.grow()
        repeat = orbits.repeat()
        if repeat is None or not ordered(graph, [*repeats, repeat]):
            continue
        repeats.append(repeat)
        for row in repeat.places:
            for place in row:
                taken[graph.codes[place]] = 1
    return repeats


def widest(taken: bytearray, first: int, end: int) -> tuple[int, int]:
    """Return the longest part of a region that no repeat has taken."""
    best, i = (first, first), first
    while i < end:
        free = taken.find(0, i, end)
        if free < 0:
            break
        i = taken.find(1, free, end)
        i = end if i < 0 else i
        best = max(best, (free, i), key=lambda part: part[1] - part[0])
    return best


def regions(graph: Graph, worth: int) -> Iterator[tuple[int, int, int]]:
    """Yield first node, end and period of what looks like the same again and again."""
    rules, reads, n = graph.rules, graph.reads, len(graph.nodes)
    half = n // 2  # what stands farther away is no part of this step or the one before
    tokens = [
        hash((rule, *[i - j if j >= 0 and j > i - half else 0 for j in below]))
        for i, (rule, below) in enumerate(zip(rules, reads))
    ]

    def alike(i: int) -> bool:
        """Say whether node i and that a period later may be the same of two steps."""
        one, two = reads[i], reads[i + period]
        if rules[i] != rules[i + period] or len(one) != len(two):
            return False
        far = i - 4 * period
        return all(
            a == b or (b - a == period and a >= 0) or (a < 0 and b < 0) or (0 <= a < far and 0 <= b < far)
            for a, b in zip(one, two)
        )

    for period in periods(tokens, worth):
        same = bytearray(map(eq, tokens, tokens[period:]))
        stop, i = 0, same.find(1)
        while i >= 0:
            first = i
            while first > stop and alike(first - 1):
                first -= 1
            while i < len(same):
                if same[i]:
                    i = same.find(0, i)
                    if i < 0:
                        i = len(same)
                elif alike(i):
                    i += 1
                else:
                    break
            if i - first >= max(period, worth // 2):
                yield first, i + period, period
            stop = i
            i = same.find(1, i)


def periods(tokens: list[int], worth: int) -> list[int]:
    """Return the distances at which most tokens, and most long windows of them, come again."""
    n = len(tokens)
    if n < 4 * WINDOW:
        return list(range(1, n // LEAST + 1))
    windows, wide = tokens, 1
    while wide < WINDOW:
        windows = list(map(hash, zip(windows, windows[wide:])))
        wide *= 2
    found: list[int] = []
    for heads, least in ((windows, LEAST), (tokens, n // 8)):
        last: dict[int, int] = {}
        votes: Counter[int] = Counter()
        for i, head in enumerate(heads):
            before = last.get(head)
            if before is not None:
                votes[i - before] += 1
            last[head] = i
        likely = [(count, period) for period, count in votes.items() if count >= least and period <= n // 2]
        found += [period for _, period in sorted(likely, reverse=True)[:PERIODS]]
        likely.sort(key=lambda vote: vote[0] * vote[1], reverse=True)
        found += [period for _, period in likely[:PERIODS]]
    return list(dict.fromkeys(found))


class Orbits:
    """The nodes of a graph that are the same node of a body, step after step."""

    def __init__(self, graph: Graph, taken: bytearray) -> None:
        self.graph = graph
        self.of = {}  # the orbit of each node that is in one; -1 of other repeats' nodes
        self.taken = taken

    def lay(self, first: int, end: int, period: int) -> bool:
        """Read the orbits off the rows of a region; say whether there are any."""
        reads = self.graph.reads
        while True:
            if end - first < 2 * period:
                return False
            late = -1
            self.slots: list[list[list[int]]] = []
            for k in range(first, first + period):
                slots = []
                for column in zip(*reads[k:end:period]):
                    head, count = column[0], len(column)
                    if column.count(head) == count:
                        slots.append([SHARED, head, 0])
                        late = max(late, head)
                    elif 0 <= head and first <= column[-1] and column == tuple(range(head, head + count * period, period)):
                        slots.append([STEP, (head - first) % period, -((head - first) // period)])
                    elif max(column) >= first:
                        return False
                    else:
                        slots.append([INPUT, max(column), 0])
                self.slots.append(slots)
            if late < first:
                break
            first = late + 1  # what all steps read stands before them
        self.rules = self.graph.rules[first : first + period]
        self.orbits = [list(range(k, end, period)) for k in range(first, first + period)]
        self.low = [0] * period
        self.of = {i: k for k, orbit in enumerate(self.orbits) for i in orbit}
        self.outer = {slot[1] for slots in self.slots for slot in slots if slot[0] == SHARED}
        return True

    def recur(self) -> bool:
        """Say whether a cycle of the body is more than a sum, a maximum or a product."""
        below = [[of for kind, of, _ in slots if kind == STEP] for slots in self.slots]
        for part in cycles(below):
            rules = {self.rules[k] for k in part}
            if not (rules <= SUMS or (len(rules) == 1 and rules <= ALONE) or (len(part) == 1 and rules == {MULTIPLY})):
                return True
        return False

    def member(self, k: int, t: int) -> int | None:
        """Return node k of step t."""
        t -= self.low[k]
        return self.orbits[k][t] if 0 <= t < len(self.orbits[k]) else None

    def grow(self) -> None:
        """Extend all orbits at both ends as far as it goes."""
        reads = self.graph.reads
        self.readers: list[list[tuple[int, int, int]]] = [[] for _ in self.slots]
        for k, slots in enumerate(self.slots):
            for s, (kind, of, lag) in enumerate(slots):
                if kind == STEP:
                    self.readers[of].append((k, lag, s))
        self.users: dict[int, list[int]] = {}
        for i in range(len(reads)):
            if i not in self.of and not self.taken[i]:
                for j in reads[i]:
                    if j in self.of or True:
                        self.users.setdefault(j, []).append(i)
        grown = True
        while grown:
            grown = False
            for k, orbit in enumerate(self.orbits):
                grown |= self.extended(k, self.low[k] + len(orbit))
            for k in reversed(range(len(self.orbits))):
                grown |= self.extended(k, self.low[k] - 1)

    def extended(self, k: int, t: int) -> bool:
        """Find node k of step t among the readers' operands or the operands' readers."""
        for reader, lag, s in self.readers[k]:
            above = self.member(reader, t + lag)
            if above is not None:
                return self.bind(k, t, self.graph.reads[above][s])
        for kind, of, lag in self.slots[k]:
            below = self.member(of, t - lag) if kind == STEP else None
            if below is not None:
                return any(self.bind(k, t, i) for i in self.users.get(below, ()))
        return False

    def bind(self, k: int, t: int, node: int) -> bool:
        """Make a value node k of step t, with what it needs; say whether it is one."""
        new: dict[tuple[int, int], int] = {}
        waiting = [(k, t, node)]
        while waiting:
            k, t, node = waiting.pop()
            if new.get((k, t), node) != node:
                return False
            if (k, t) in new:
                continue
            if node < 0 or node in self.of or self.taken[node] or node in self.outer or node in new.values():
                return False
            reads = self.graph.reads[node]
            if self.graph.rules[node] != self.rules[k] or len(reads) != len(self.slots[k]):
                return False
            if t not in (self.low[k] - 1, self.low[k] + len(self.orbits[k])):
                return False
            for reader, lag, s in self.readers[k]:
                above = self.member(reader, t + lag)
                if above is not None and self.graph.reads[above][s] != node:
                    return False
            new[k, t] = node
            for (kind, of, lag), j in zip(self.slots[k], reads):
                if kind == STEP:
                    known = self.member(of, t - lag)
                    if known is None and t - lag >= self.low[of]:
                        waiting.append((of, t - lag, j))
                    elif known is not None and known != j:
                        return False
                elif kind == SHARED:
                    if j != of:
                        return False
                elif j >= 0 and (of < 0 or j in self.of):
                    return False
        for (k, t), node in new.items():
            if t < self.low[k]:
                self.low[k] = t
                self.orbits[k].insert(0, node)
            else:
                self.orbits[k].append(node)
            self.of[node] = k
        return True

    def repeat(self) -> Repeat | None:
        """Return the steps that the orbits make, without those at the ends that fit no other."""
        low = list(self.low)
        high = [begin + len(orbit) for begin, orbit in zip(low, self.orbits)]
        for _ in range(6):
            begins, steps = self.begun(low, high)
            if steps < LEAST:
                return None
            made = self.cut(begins, steps)
            if made is None:  # the first step begins from something else
                low = [begin + 1 for begin in begins]
                continue
            codes = [self.graph.codes[place] for place in made.outside()]
            inner = [
                (k, t)
                for k, i in [(self.of[code], code) for code in codes if code in self.of]
                if begins[k] <= (t := self.low[k] + self.orbits[k].index(i)) < begins[k] + steps
            ]
            if not inner:
                return made if verified(self.graph, made) else None
            for k, t in inner:  # a value is of one step and read by all, or by two as their start
                if 2 * (t - begins[k]) < steps:
                    low[k] = max(low[k], t + 1)
                else:
                    high[k] = min(high[k], t)
        return None

    def begun(self, low: list[int], high: list[int]) -> tuple[list[int], int]:
        """Return where each orbit begins so that no step reads a later one, and the steps.

        As early as may be or, if more steps are left or fewer states, as late.
        """
        links = {
            (of, k, lag)
            for k, slots in enumerate(self.slots)
            for kind, of, lag in slots
            if kind == STEP
        }
        early, late, change = list(low), list(high), True
        while change:
            change = False
            for j, k, lag in links:
                if early[k] - lag > early[j]:
                    early[j], change = early[k] - lag, True
                if late[j] + lag < late[k]:
                    late[k], change = late[j] + lag, True
        some = min(map(sub, high, early))
        most = min(map(sub, late, low))
        best: list[tuple[int, int, list[int]]] = []
        for steps, begins in ((some, early), (most, [end - most for end in late])):
            states: dict[int, int] = {}
            for j, k, lag in links:
                states[j] = max(states.get(j, 0), lag + begins[j] - begins[k])
            best.append((steps, -sum(states.values()), begins))
        steps, _, begins = max(best)
        return begins, steps

    def cut(self, begins: list[int], steps: int) -> Repeat | None:
        """Return the Repeat of so many steps that begin there; None if states begin in two ways."""
        graph = self.graph
        orbits = [orbit[begin - low : begin - low + steps] for orbit, low, begin in zip(self.orbits, self.low, begins)]
        order = sorted(range(len(orbits)), key=lambda k: orbits[k][0])
        rank = {k: p for p, k in enumerate(order)}
        inputs: dict[tuple[int, ...], int] = {}
        init: dict[tuple[int, int], int] = {}
        body: list[tuple[Operand, ...]] = []
        for k in order:
            operands: list[Operand] = []
            for s, (kind, of, lag) in enumerate(self.slots[k]):
                if kind == STEP:
                    lag += begins[of] - begins[k]
                    of = rank[of]
                    for t in range(min(lag, steps)):
                        place = graph.place(graph.reads[orbits[k][t]][s])
                        if init.setdefault((of, lag - t), place) != place:
                            return None
                elif kind == SHARED:
                    of = graph.place(of)
                else:
                    column = tuple([graph.reads[i][s] for i in orbits[k]])
                    of = inputs.setdefault(column, len(inputs))
                operands.append((kind, of, lag))
            body.append(tuple(operands))
        places = list(zip(*[[graph.nodes[i] for i in orbits[k]] for k in order]))
        fed = [tuple(map(graph.place, column)) for column in inputs]
        return Repeat([self.rules[k] for k in order], body, places, fed, init)


def cycles(below: list[list[int]]) -> list[list[int]]:
    """Return the strongly connected parts of a graph that have a cycle (Kosaraju)."""
    above: list[list[int]] = [[] for _ in below]
    for k, operands in enumerate(below):
        for j in operands:
            above[j].append(k)
    done: list[int] = []
    seen = [False] * len(below)
    for root in range(len(below)):
        path = [] if seen[root] else [(root, iter(above[root]))]
        seen[root] = True
        while path:
            node, rest = path[-1]
            for k in rest:
                if not seen[k]:
                    seen[k] = True
                    path.append((k, iter(above[k])))
                    break
            else:
                done.append(path.pop()[0])
    parts = []
    for root in reversed(done):
        part, waiting = [], [root] if seen[root] else []
        while waiting:
            node = waiting.pop()
            if seen[node]:
                seen[node] = False
                part.append(node)
                waiting += below[node]
        if len(part) > 1 or (part and root in below[root]):
            parts.append(part)
    return parts

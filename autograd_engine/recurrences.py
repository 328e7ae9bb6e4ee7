"""Find that a recorded graph repeats itself along its depth: recurrences.

1. A `Graph` gives regions where each node is like the one a period later.
2. Row by row a region gives orbits: the same node of the body in each step. Their operands are
   another orbit, so many steps back; or one place; or a place for each step.
3. A cycle that is more than a sum or a maximum makes it a recurrence, else it is only breadth.
4. Orbits grow at both ends, where steps stand in another order.
5. Steps begin where the orbits do: the order in which a graph was recorded counts no more.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from itertools import chain
from operator import sub
from typing import Final

from autograd_engine.graph import _postorder
from autograd_engine.repeats import INPUT, SHARED, STEP, Graph, Operand, Repeat, ordered, verified
from autograd_engine.table import ADD, MULTIPLY, NEGATIVE, SUBTRACT, SUM, hypot, maximum, minimum

LEAST: Final = 4  # so many steps make a repeat
SUMS: Final = frozenset({ADD, SUBTRACT, NEGATIVE, SUM})
ALONE: Final = frozenset({maximum, minimum, hypot})
"""Operations that reduce many values to one where nothing else stands in the cycle."""


def find(graph: Graph) -> list[Repeat]:
    """Return the recurrences of a graph, the largest first; none shares a value with another."""
    taken = bytearray(len(graph.nodes))
    worth = max(LEAST, len(taken) // 100)  # a smaller one is lost in the graph
    repeats: list[Repeat] = []
    tries = 12
    for first, end, period in sorted(graph.regions(worth), key=lambda r: (r[0] - r[1], r[2])):
        free = [part.span() for part in re.compile(rb"\0+").finditer(taken, first, end)]
        first, end = max(free, key=lambda part: part[1] - part[0], default=(0, 0))
        if end - first < max(2 * period, worth) or not tries:
            continue
        repeat = Orbits(graph, taken).repeat(first, end, period)
        if repeat is None or not ordered(graph, [*repeats, repeat]):
            tries -= 1
            continue
        repeats.append(repeat)
        for place in chain(*repeat.places):
            taken[graph.codes[place]] = 1
    return repeats


def turning(rules: Sequence[Hashable], body: Sequence[Sequence[Operand]]) -> list[int]:
    """Return the nodes of a body in cycles that are more than a sum, a maximum or a product."""
    below = [{j for kind, j, _ in operands if kind == STEP} for operands in body]
    above: list[set[int]] = [set() for _ in body]
    for k, links in enumerate(below):
        for j in links:
            above[j].add(k)
    found, met = list[int](), {*range(len(body))}
    number = {id(links): k for k, links in enumerate(below)}
    order = _postorder(below, lambda links: map(below.__getitem__, links))
    for k in [number[id(links)] for links in reversed(order)]:
        cycle = [k] if k in met else []
        for i in cycle:
            met.discard(i)
            cycle += above[i] & met
            met -= above[i]
        if cycle[1:] or (k in below[k] and cycle):
            used = {rules[i] for i in cycle}
            ring = sum(len(below[i] & set(cycle)) for i in cycle) == len(cycle)
            alone = len(used) == 1 and (used <= ALONE or (used == {MULTIPLY} and ring))
            found += [] if used <= SUMS or alone else cycle
    return found


class Orbits:
    """The nodes of a graph that are the same node of a body, step after step: `orbits[k]` are node
    k's, from step `low[k]` on; `slots[k]` its operands, (STEP, k, lag), (SHARED, node, 0) or
    (INPUT, last, 0); `of` tells the orbit of a node.
    """

    def __init__(self, graph: Graph, taken: bytearray) -> None:
        self.graph, self.taken = graph, taken

    def lay(self, first: int, end: int, period: int) -> bool:
        """Read the orbits off the rows of a region; say whether there are any."""
        if end - first < 2 * period:
            return False
        late = -1
        self.slots: list[list[Operand]] = []
        for k in range(first, first + period):
            slots: list[Operand] = []
            for column in zip(*self.graph.reads[k:end:period]):
                head, last = column[0], column[-1]
                if column.count(head) == len(column):
                    slots.append((SHARED, head, 0))
                    late = max(late, head)
                elif head >= 0 and last >= first and column == tuple(range(head, last + 1, period)):
                    slots.append((STEP, (head - first) % period, -((head - first) // period)))
                elif max(column) < first:
                    slots.append((INPUT, max(column), 0))
                else:
                    return False
            self.slots.append(slots)
        if late >= first:  # what all steps read stands before them
            return self.lay(late + 1, end, period)
        self.rules = self.graph.rules[first : first + period]
        self.orbits = [list(range(first + k, end, period)) for k in range(period)]
        self.low = [0] * period
        self.of = {node: (node - first) % period for node in range(first, end)}
        self.links = []  # node j is operand s of node k, so many steps later
        self.readers: list[list[tuple[int, int, int]]] = [[] for _ in self.slots]
        for k, slots in enumerate(self.slots):
            for s, (kind, j, lag) in enumerate(slots):
                if kind == STEP:
                    self.links.append((j, k, lag))
                    self.readers[j].append((k, lag, s))
        return True

    def member(self, k: int, t: int) -> int:
        """Return node k of step t; -1 if there is none."""
        t -= self.low[k]
        return self.orbits[k][t] if 0 <= t < len(self.orbits[k]) else -1

    def grow(self) -> None:
        """Extend all orbits at both ends as far as it goes."""
        self.users: dict[int, list[int]] = {}
        for i, below in enumerate(self.graph.reads):
            if i not in self.of and not self.taken[i]:
                for j in below:
                    self.users.setdefault(j, []).append(i)
        body, grown = range(len(self.orbits)), 1
        while grown:
            grown = sum(self.extended(k, self.low[k] + len(self.orbits[k])) for k in body)
            grown += sum(self.extended(k, self.low[k] - 1) for k in reversed(body))

    def extended(self, k: int, t: int) -> bool:
        """Add node k of step t, if it is among its readers' operands or its operands' readers."""
        above = ((self.member(reader, t + lag), s) for reader, lag, s in self.readers[k])
        below = (self.member(of, t - lag) for kind, of, lag in self.slots[k] if kind == STEP)
        found = next(([self.graph.reads[i][s]] for i, s in above if i >= 0), None)
        found = found or next((self.users.get(i, []) for i in below if i >= 0), [])
        for node in found:
            if self.fits(k, t, node):
                self.orbits[k].insert(0 if t < self.low[k] else len(self.orbits[k]), node)
                self.low[k] = min(t, self.low[k])
                self.of[node] = k
                return True
        return False

    def fits(self, k: int, t: int, node: int) -> bool:
        """Say whether a value may be node k of step t, just before or after those known."""
        if node < 0 or node in self.of or self.taken[node]:
            return False
        reads, slots = self.graph.reads[node], self.slots[k]
        if self.graph.rules[node] != self.rules[k] or len(reads) != len(slots):
            return False
        for (kind, of, lag), j in zip(slots, reads):
            if kind == STEP:
                if self.member(of, t - lag) not in (-1, j):
                    return False
            elif j != of if kind == SHARED else j >= 0 and (of < 0 or j in self.of):
                return False
        above = [(self.member(reader, t + lag), s) for reader, lag, s in self.readers[k]]
        return all(i < 0 or self.graph.reads[i][s] == node for i, s in above)

    def repeat(self, first: int, end: int, period: int) -> Repeat | None:
        """Return the steps of a region, without those at the ends that fit no other."""
        if not self.lay(first, end, period) or not turning(self.rules, self.slots):
            return None
        self.grow()
        low, high = self.low, [low + len(orbit) for low, orbit in zip(self.low, self.orbits)]
        for _ in range(3):
            steps, begins = self.begun(low, high)
            if steps < LEAST:
                return None
            made = self.cut(begins, steps)
            if made is not None and verified(self.graph, made):
                return made
            before, low = low, list(low)
            outside = made.outside() if made else ()
            for node in {self.graph.codes[place] for place in outside} & self.of.keys():
                k = self.of[node]
                t = self.low[k] + self.orbits[k].index(node) - begins[k]
                if 0 <= t < steps:  # what is of one step, but read by many, is of none
                    low[k] = max(low[k], begins[k] + t + 1)
            if low == before:  # the first step begins from something else
                low = [begin + 1 for begin in begins]
        return None

    def begun(self, low: list[int], high: list[int]) -> tuple[int, list[int]]:
        """Return how many steps there are and where each orbit begins so that none reads a later:
        as early as may be or, if more steps are left or fewer states, as late.
        """
        early, late, before = list(low), list(high), [0]
        while before != early + late:
            before = early + late
            for j, k, lag in reversed(self.links):
                early[j] = max(early[j], early[k] - lag)
            for j, k, lag in self.links:
                late[k] = min(late[k], late[j] + lag)
        best = []
        most = min(map(sub, late, low))
        for begins in (early, [end - most for end in late]):
            states: dict[int, int] = {}
            for j, k, lag in self.links:
                states[j] = max(states.get(j, 0), lag + begins[j] - begins[k])
            best.append((min(map(sub, high, begins)), -sum(states.values()), begins))
        steps, _, begins = max(best)
        return steps, begins

    def cut(self, begins: list[int], steps: int) -> Repeat | None:
        """Return so many steps that begin there; None if a state begins in two ways."""
        reads, place, nodes = self.graph.reads, self.graph.place, self.graph.nodes
        skipped = map(sub, begins, self.low)
        orbits = [orbit[skip : skip + steps] for orbit, skip in zip(self.orbits, skipped)]
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
                        start = place(reads[orbits[k][t]][s])
                        if init.setdefault((of, lag - t), start) != start:
                            return None
                elif kind == SHARED:
                    of = place(of)
                else:
                    of = inputs.setdefault(tuple([reads[i][s] for i in orbits[k]]), len(inputs))
                operands.append((kind, of, lag if kind == STEP else 0))
            body.append(tuple(operands))
        places = list(zip(*[[nodes[i] for i in orbits[k]] for k in order]))
        fed = [tuple(map(place, column)) for column in inputs]
        return Repeat([self.rules[k] for k in order], body, places, fed, init)

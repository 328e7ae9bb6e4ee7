"""Survey: a graph as flat lists, made in one pass, which views, diagnosis and compiler read.

>>> a, b = Value(2.0, "a"), Value(-3.0, "b")
>>> survey = Survey(a * b + a)
>>> survey.operands, survey.names
([(), (), (0, 1), (2, 0)], ['a', 'b', 'v1', 'v2'])
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from itertools import chain

from autograd_engine import titles
from autograd_engine.calls import Call, Finder
from autograd_engine.engine import Value
from autograd_engine.gradients import honest
from autograd_engine.graph import _numbered
from autograd_engine.notes import NOTHING, Note
from autograd_engine.recurrences import find, turning
from autograd_engine.repeats import Graph, Repeat
from autograd_engine.table import CONSTANT, LEAF


class Survey:
    """A recorded graph as lists, every operand before its uses.

    `values` in topological order, each with its `position` by id; `operands` the positions of the
    operands of each, in order, repeats kept, none of a value that nobody computed; `outputs` the
    positions of what was asked for. The rest is found when it is first asked for.
    """

    def __init__(self, *outputs: Value) -> None:
        self.values, self.position, self.operands = _numbered(*outputs)
        self.outputs = [self.position[id(output)] for output in outputs]
        self.output = outputs[-1]

    @cached_property
    def uses(self) -> list[int]:
        """How often each value is an operand."""
        return list(map(Counter(chain(*self.operands)).__getitem__, range(len(self.values))))

    @cached_property
    def leaves(self) -> list[int]:
        """The positions of the leaves, constants left out."""
        return [i for i, value in enumerate(self.values) if value._rule is LEAF]

    @cached_property
    def notes(self) -> list[Note]:
        """The note of each value, an empty one where it has none."""
        return [getattr(value, "_note", NOTHING) for value in self.values]

    @cached_property
    def _titles(self) -> tuple[list[str], list[str], list[str]]:
        handed = [self._handed_on(repeat) for repeat in self.repeats]
        return titles.named(self.values, self.operands, self.notes, self.calls, handed)

    @cached_property
    def names(self) -> list[str]:
        """The one name of each value, in every view; a constant without one is its number."""
        return self._titles[0]

    @cached_property
    def full_names(self) -> list[str]:
        """The name of each value, that of a parameter by the whole path in its model."""
        return self._titles[1]

    @cached_property
    def given_names(self) -> list[str]:
        """The same, but "" where a value is only numbered, or a constant."""
        return self._titles[2]

    def name(self, value: Value) -> str:
        """Return the name of a value; one of another graph has its label, or is its number."""
        i = self.position.get(id(value))
        return value.label or titles.number(value._data) if i is None else self.names[i]

    @cached_property
    def _finder(self) -> Finder:
        return Finder(self.values, self.position, self.operands, self.notes)

    @cached_property
    def calls(self) -> list[Call]:
        """The uses of modules and regions, the outer ones first."""
        return self._finder.calls

    @cached_property
    def call_of(self) -> list[int]:
        """The innermost call in which each value stands, -1 where it stands in none."""
        return self._finder.of

    @cached_property
    def homes(self) -> list[str]:
        """The path of the module or region in which each value stands, "" where in none."""
        return self._finder.homes

    @cached_property
    def lent(self) -> dict[int, int]:
        """The leaves that several calls of one module use, and no others: each with the first."""
        return self._finder.lent

    @cached_property
    def honest(self) -> bool:
        """Whether derivatives are recorded in the graph: then 0 times infinity is NaN."""
        return honest(self.values, [])

    @cached_property
    def adjoints(self) -> list[float]:
        """The derivative of the output by each value, from the partials as recorded."""
        adjoints = [0.0] * len(self.values)
        adjoints[-1] = 1.0
        for i in range(len(self.values) - 1, -1, -1):
            adjoint = adjoints[i]
            if adjoint or self.honest:
                for j, partial in zip(self.operands[i], self.values[i]._slopes()):
                    adjoints[j] += partial * adjoint
        return adjoints

    @cached_property
    def repeats(self) -> list[Repeat]:
        """The recurrences of the graph, the largest first; their places are positions."""
        tokens = [
            value._rule if below else repr(value._data) if value._rule is CONSTANT else None
            for value, below in zip(self.values, self.operands)
        ]
        return find(Graph(tokens, self.operands, merge=False))

    def states(self, repeat: Repeat) -> list[list[int]]:
        """Return for each step the positions of what it hands on to the next, sums left out."""
        handed = self._handed_on(repeat)
        return [[state[t] for state in handed] for t in range(1, repeat.steps + 1)]

    def _handed_on(self, repeat: Repeat) -> list[dict[int, int]]:
        """Return for each state its position by step, also of what stands for it before step 1."""
        found: dict[int, dict[int, int]] = {}
        for p in sorted(repeat.states.keys() & turning(repeat.rules, repeat.operands)):
            found[p] = {1 - lag: i for (q, lag), i in repeat.init.items() if q == p}
            found[p].update((t, row[p]) for t, row in enumerate(repeat.places, 1))
        return [*found.values()]

    def deltas(self, repeat: Repeat) -> list[tuple[int, float]]:
        """Return δ of the state over the steps, counted from 1: the derivative of the output by
        what a step hands on; where that is several values, the norm of their derivatives.
        """
        rows = [[self.adjoints[i] for i in row] for row in self.states(repeat)]
        norms = [row[0] if len(row) == 1 else math.hypot(*row) for row in rows]
        return list(enumerate(norms, 1))

    def at(self, numbers: Mapping[int, float]) -> float:
        """Return the output with other numbers in the leaves at some positions.

        It is NaN where an operation on the way there has no result.
        """
        now = [numbers.get(i, value._data) for i, value in enumerate(self.values)]
        with suppress(ArithmeticError, ValueError):
            for i, operands in enumerate(self.operands):
                if self.values[i]._x is not None:
                    now[i] = self.values[i]._rule.forward(*[now[j] for j in operands])
            return now[-1]
        return math.nan

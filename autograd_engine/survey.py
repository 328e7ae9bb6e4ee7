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
from typing import Any

from autograd_engine import titles
from autograd_engine.calls import Call, Finder
from autograd_engine.engine import Value
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

    names: list[str]  # the one name of each value, in every view; of a constant without, its number
    full_names: list[str]  # the same, those of parameters by the whole path in their model
    given_names: list[str]  # the same, but "" where a value is only numbered, or a constant
    calls: list[Call]  # the uses of modules and regions, the outer ones first
    call_of: list[int]  # the innermost call in which each value stands, -1 where it stands in none
    homes: list[str]  # the path of the module or region in which each stands, "" where in none
    lent: dict[int, int]  # the leaves that several calls of one module alone use: with the first

    def __init__(self, *outputs: Value) -> None:
        self.values, self.position, self.operands = _numbered(*outputs)
        self.outputs = [self.position[id(output)] for output in outputs]
        self.output = outputs[-1]

    def __getattr__(self, name: str) -> Any:
        if name in ("calls", "call_of", "homes", "lent"):
            finder = Finder(self.values, self.position, self.operands, self.notes)
            self.calls, self.call_of, self.homes = finder.calls, finder.of, finder.homes
            self.lent = finder.lent
        elif name in ("names", "full_names", "given_names"):
            handed = [self._handed_on(repeat) for repeat in self.repeats]
            found = titles.named(self.values, self.operands, self.notes, self.calls, handed)
            self.names, self.full_names, self.given_names = found
        else:
            raise AttributeError(f"a Survey has no {name!r}", name=name, obj=self)
        return getattr(self, name)

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

    def name(self, value: Value) -> str:
        """Return the name of a value; one of another graph has its label, or is its number."""
        i = self.position.get(id(value))
        return value.label or titles.number(value._data) if i is None else self.names[i]

    @cached_property
    def adjoints(self) -> list[float]:
        """The derivative of the output by each value, from the partials as recorded."""
        adjoints = [0.0] * len(self.values)
        adjoints[-1] = 1.0
        for i in range(len(self.values) - 1, -1, -1):
            adjoint = adjoints[i]
            if adjoint:
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

"""What a graph that repeats itself carries from step to step, called h₁, h₂, ... by the step."""

from __future__ import annotations

from autograd_engine.engine import Value
from autograd_engine.recurrences import find
from autograd_engine.repeats import Graph
from autograd_engine.views.explain.names import Names, lowered

LETTERS = "hscgrmnou"
"""What a state may be called, if nothing else is."""


class Recurrence:
    """The steps of the repeats of a graph: where each value of them stands."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.place: dict[int, tuple[int, int, int]] = {}  # repeat, place in the body, step from 1
        self._letters = [letter for letter in LETTERS if not names.has(letter)]
        values = names.values
        tokens = [value._rule if value.operands else None for value in values]
        self.repeats = find(Graph(tokens, names.operands, merge=False))
        for number, repeat in enumerate(self.repeats):
            for t, row in enumerate(repeat.places, 1):
                for p, place in enumerate(row):
                    self.place[id(values[place])] = number, p, t
            letter, states = self._letter(), sorted(repeat.states)
            for p in states:
                self._called(letter, "" if len(states) == 1 else lowered(str(states.index(p))), number, p)

    def _letter(self) -> str:
        return self._letters.pop(0) if self._letters else "h′"

    def _called(self, letter: str, unit: str, number: int, p: int) -> None:
        """Call a value of each step by its step, and what stands for it before the first."""
        repeat = self.repeats[number]
        places = {t: row[p] for t, row in enumerate(repeat.places, 1)}
        places.update({1 - lag: place for (q, lag), place in repeat.init.items() if q == p})
        for t, place in places.items():
            step = f"[{t}]" if unit else lowered(str(t))
            if self._names.values[place] is not self._names.output:
                self._names.call(self._names.values[place], letter + unit + step)

    def name_others(self, variables: list[Value]) -> None:
        """Call other variables of a step likewise."""
        named: set[tuple[int, int]] = set()
        for value in variables:
            number, p, _ = self.place.get(id(value), (-1, 0, 0))
            if number >= 0 and (number, p) not in named and not self._names.is_known(value):
                named.add((number, p))
                self._called(self._letter(), "", number, p)

    def states(self) -> list[list[Value]]:
        """Return for each carried value what it is, step by step."""
        values = self._names.values
        return [
            [values[row[p]] for row in repeat.places]
            for repeat in self.repeats
            for p in sorted(repeat.states)
        ]

"""The adjoints of a chain's variables, from the output down, what is alike once in general."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import partial

from autograd_engine.engine import Value
from autograd_engine.views.explain import formulas
from autograd_engine.views.explain.chain import Chain, Factor
from autograd_engine.views.explain.chain_formulas import Wording
from autograd_engine.views.explain.formulas import (
    Delta,
    Number,
    Term,
    multiplied,
    numbers,
    row,
)
from autograd_engine.views.explain.general import ENDS, Constants, Index, generalised, summed
from autograd_engine.views.explain.lines import Line, defined
from autograd_engine.views.explain.names import name
from autograd_engine.views.explain.recurrence import Recurrence
from autograd_engine.views.explain.typesetting import TEXT

FEW = 3
"""So many values that are alike are told of one by one if no general formula holds for all."""

LONG = 60
"""Of a factor of more characters its symbol is written in a sum."""


@dataclass(frozen=True)
class Group:
    """Variables that were used alike."""

    members: list[Value]


class Deltas:
    """The adjoints of the variables of one chain, in groups of variables that were used alike."""

    def __init__(self, chain: Chain, wording: Wording, recurrence: Recurrence) -> None:
        self._chain = chain
        self._recurrence = recurrence
        self._wording = wording
        self.constants: dict[tuple[float, ...], str] = {}  # that differ in a group: what it is called
        self._uses: dict[int, list[Factor]] = {}
        for factor in chain.factors():
            self._uses.setdefault(id(factor.lower), []).append(factor)
        self._passed = {id(value) for value in chain.variables if self._is_passed(value)}

    def _is_passed(self, value: Value) -> bool:
        """Say whether a variable has one operand in the chain, which nothing else uses.

        Such as the activation of a weighted sum: both are told of in one line.
        """
        if value.label or value is self._chain.output or value is self._chain.wrt:
            return False
        below = self._chain.below(value)
        if len(below) != 1 or below[0].lower is self._chain.wrt:
            return False
        single = all(len(made.operands) == 1 for made, _ in below[0].steps())
        return single and len(self._uses[id(below[0].lower)]) == 1

    def groups(self) -> list[Group]:
        """Return the variables but the output in groups, each behind those that use it."""
        kinds: dict[int, int] = {}
        known: dict[Hashable, int] = {}
        groups: list[Group] = []
        for value in reversed(self._chain.variables):
            users = frozenset(
                self._home(use.upper) or kinds[id(use.upper)]
                for use in self._uses.get(id(value), [])
            )
            alike = value._rule.symbol, self._home(value), users, value is self._chain.wrt
            kind = known.setdefault(alike, len(known))
            kinds[id(value)] = kind
            if kind == len(groups):
                groups.append(Group([]))
            groups[kind].members.append(value)
        for group in groups:
            group.members.reverse()
        passed = [id(group.members[0]) in self._passed for group in groups]
        self._hidden = [group for group, hidden in zip(groups, passed) if hidden]
        rest = [group for group, hidden in zip(groups, passed) if not hidden]
        return [*[g for g in rest[1:] if g.members[0] is not self._chain.wrt], rest[-1]]

    def _home(self, value: Value) -> tuple[int, str] | None:
        """Return in which repeat a value stands and what made it."""
        found = self._recurrence.place.get(id(value))
        return (found[0], value._rule.symbol) if found else None

    def lines(self, group: Group, left: Term | None = None) -> Iterator[Line]:
        """Yield the adjoints of a group: in general where a formula holds for all of it."""
        terms = [self._delta(value) for value in group.members]
        first = any(use.upper is self._chain.output for use in self._uses[id(group.members[0])])

        def said(i: int) -> Line:
            value, term = group.members[i], terms[i]
            fresh = all(self._wording.are_fresh(use) for use in self._uses[id(value)])
            steps = (term, numbers(term)) if fresh else (term,)
            called = left or Delta(self._wording.name(value))
            return Line(called, (*steps, Number(self._adjoint(value))))

        found = [self._adjoint(value) for value in group.members]
        yield from self._together(group, terms, found, said, "yc" if first else "xc", Delta)

    def defined(self, group: Group) -> Iterator[Line]:
        """Say how the values of a group came about, in general where they did so alike."""
        for hidden in self._hidden:
            if self._chain.below(hidden.members[0])[0].lower is group.members[0]:
                yield from self.defined(hidden)
        terms = [self._wording.definition(value) for value in group.members]
        found = [value.data for value in group.members]
        said = partial(self._defined, group)
        yield from self._together(group, terms, found, said, "xc", lambda called: called)

    def _defined(self, group: Group, i: int) -> Line:
        return defined(group.members[i], self._wording)

    def _together(
        self,
        group: Group,
        terms: list[Term],
        found: list[float],
        said: Callable[[int], Line],
        letters: str,
        make: Callable[[Term], Term],
    ) -> Iterator[Line]:
        """Yield one line for all members of a group but perhaps the ends, if not one for each."""
        names = [self._wording.name(value) for value in group.members]
        count = len(names)
        letter = "t" if self._home(group.members[0]) else "j"
        for first, last in ENDS if count > 1 else ():
            part = slice(first, count - last)
            index = Index.of([called.text for called in names[part]], letter)
            general = index and generalised(terms[part], index, self._constants(letters))
            if index and general:
                called = generalised(names[part], index)
                assert called is not None
                yield from [said(count - 1)] * last
                yield Line(make(called), (general, row(found[part])), note=index.said())
                yield from [said(0)] * first
                return
        for i in range(count):
            if i < FEW or i == count - 1:
                yield said(i)
            elif i == FEW:
                yield Line(words=(f"... {count - FEW - 1:,} more alike ...",), level=1)

    def told(self) -> Iterator[Line]:
        """Say what numbers are called that differ from one to the next."""
        for found, called in self.constants.items():
            yield Line(name(called), (row(found),))

    def _adjoint(self, value: Value) -> float:
        return self._chain.adjoints.get(id(value), 0.0)

    def _constants(self, letters: str) -> Constants:
        return Constants([x for x in letters if not self._wording.is_taken(x)], self.constants)

    def _delta(self, value: Value) -> Term:
        """Return the adjoint of a variable as the sum over its uses."""
        terms, names = [], []
        for use in reversed(self._uses[id(value)]):
            upper = use.upper
            formula = self._wording.formula(use)
            if formula is None or len(TEXT.set(formula)) > LONG:
                formula = self._wording.symbol(use)
            if upper is self._chain.output:
                above = []
            elif id(upper) in self._passed:
                above = [self._delta(upper)]
            else:
                called = self._wording.name(upper)
                above = [Delta(called, self._adjoint(upper))]
            first = value is self._chain.wrt or id(upper) in self._passed
            terms.append(multiplied([*above, formula] if first else [formula, *above]))
            names.append(self._wording.name(upper).text)
        letter = "t" if self._home(self._uses[id(value)][0].upper) else "k"
        return summed(terms, names, letter, self._constants("xc"))

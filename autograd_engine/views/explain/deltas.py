"""The adjoints of a chain's variables, from the output down, what is alike once in general."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
from autograd_engine.views.explain.general import Constants, Index, generalised, summed
from autograd_engine.views.explain.typesetting import TEXT

if TYPE_CHECKING:
    from autograd_engine.views.explain.derivation import Line

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

    def __init__(self, chain: Chain, wording: Wording) -> None:
        self._chain = chain
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
            users = frozenset(kinds[id(use.upper)] for use in self._uses.get(id(value), []))
            alike = value._rule.symbol, users, value is self._chain.wrt
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

    def lines(self, group: Group, left: Term | None = None) -> Iterator[Line]:
        """Yield the adjoints of a group: in general where a formula holds for all of it."""
        from autograd_engine.views.explain.derivation import Line

        terms = [self._delta(value) for value in group.members]
        names = [self._wording.name(value) for value in group.members]
        index = Index.of([name.text for name in names], "j") if len(terms) > 1 else None
        letters = "yc" if self._meets_output(group) else "xc"
        general = index and generalised(terms, index, self._constants(letters))
        if index and general:
            found = row([self._adjoint(value).value for value in group.members])
            called = generalised(names, index)
            assert called is not None
            yield Line(Delta(called), (general, found), note=index.said())
            return
        for i, (value, term) in enumerate(zip(group.members, terms)):
            if i >= FEW and i < len(terms) - 1:
                if i == FEW:
                    yield Line(words=(f"... {len(terms) - FEW - 1:,} more alike ...",), level=1)
                continue
            fresh = all(self._wording.are_fresh(use) for use in self._uses[id(value)])
            steps = (term, numbers(term)) if fresh else (term,)
            yield Line(left or Delta(self._wording.name(value)), (*steps, self._adjoint(value)))

    def defined(self, group: Group) -> Iterator[Line]:
        """Say how the values of a group came about, in general where they did so alike."""
        from autograd_engine.views.explain.derivation import Line, defined

        for hidden in self._hidden:
            if self._chain.below(hidden.members[0])[0].lower is group.members[0]:
                yield from self.defined(hidden)
        names = [self._wording.name(value) for value in group.members]
        index = Index.of([name.text for name in names], "j") if len(names) > 1 else None
        if index:
            terms = [self._wording.definition(value) for value in group.members]
            general = generalised(terms, index, self._constants("xc"))
            called = generalised(names, index)
            if general and called:
                found = row([value.data for value in group.members])
                yield Line(called, (general, found), note=index.said())
                return
        for value in formulas.shortened(group.members):
            yield from defined(value, self._wording)

    def _adjoint(self, value: Value) -> Number:
        return Number(self._chain.adjoints.get(id(value), 0.0))

    def _meets_output(self, group: Group) -> bool:
        return any(use.upper is self._chain.output for use in self._uses[id(group.members[0])])

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
                above = [Delta(called, self._adjoint(upper).value)]
            first = value is self._chain.wrt or id(upper) in self._passed
            terms.append(multiplied([*above, formula] if first else [formula, *above]))
            names.append(self._wording.name(upper).text)
        return summed(terms, names)

"""The adjoints of a chain's variables, from the output down, what is alike once in general."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

from autograd_engine.engine import Value
from autograd_engine.table import CONSTANT
from autograd_engine.views.explain import formulas
from autograd_engine.views.explain.chain import Chain, Factor
from autograd_engine.views.explain.formulas import ZERO, Delta, Minus, Name, Number, Sigma, Term
from autograd_engine.views.explain.names import Index, common, said
from autograd_engine.views.explain.typesetting import TEXT
from autograd_engine.views.explain.wording import Wording
from autograd_engine.views.explain.writers import Line

FEW = 3  # So many that are alike are told of one by one if no general formula holds for all.
LONG = 90  # Of a factor of more characters its symbol is written in a sum.

Group = list[Value]  # variables that were used alike


class Deltas:
    """The adjoints of the variables of one chain, in groups of variables that were used alike."""

    def __init__(self, chain: Chain, wording: Wording) -> None:
        self._chain = chain
        self._wording = wording
        # What a repeat begins with is often 0, and then no term.
        begins = wording.names.begins()
        self._nought = {ZERO, *[wording.name(value) for value in begins if not value.data]}
        self.ranges: dict[int, str] = {}  # what the index of a Σ runs over
        self._uses: dict[int, list[Factor]] = {id(value): [] for value in chain.variables}
        for factor in chain.factors():
            self._uses[id(factor.lower)].append(factor)
        self._passed: set[int] = set()
        for value in reversed(chain.variables):
            above = {id(use.upper) for use in self._uses[id(value)]}
            if self._is_passed(value) and not above & self._passed:
                self._passed.add(id(value))

    def _is_passed(self, value: Value) -> bool:
        """Say whether nothing else uses its operand: an activation is told of with its sum."""
        chain, below = self._chain, self._chain.below(value)
        if value.label or value is chain.output or value is chain.wrt or len(below) != 1:
            return False
        lower = below[0].lower
        if (
            lower is chain.wrt
            or len(self._uses[id(lower)]) > 1
            or self._wording.names.is_step(value)
        ):
            return False
        operands = [part for made, _ in below[0].steps() for part in made.operands]
        return all(chain.is_within(part) or part._rule is CONSTANT for part in operands)

    def groups(self) -> list[Group]:
        """Return the variables but the output in groups, each behind those that use it."""
        kinds: dict[int, int] = {}
        known: dict[Hashable, int] = {}
        groups: dict[int, Group] = {}
        for value in reversed(self._chain.variables):
            users = [use.upper for use in self._uses[id(value)]]
            above = frozenset(self._home(user) or kinds[id(user)] for user in users)
            alike = value._rule.symbol, self._home(value), above, value is self._chain.wrt
            kinds[id(value)] = known.setdefault(alike, len(known))
            groups.setdefault(kinds[id(value)], []).insert(0, value)
        _, *rest = groups.values()
        self._hidden = [group for group in rest if id(group[0]) in self._passed]
        shown = [group for group in rest if id(group[0]) not in self._passed]
        # That of the derivative by which is asked comes last.
        return sorted(shown, key=lambda group: group[0] is self._chain.wrt)

    def _home(self, value: Value) -> tuple[int, str] | None:
        """Return in which repeat a value stands and what made it."""
        found = self._wording.names.repeat_of.get(id(value))
        return None if found is None else (found, value._rule.symbol)

    def lines(self, group: Group, left: Term | None = None) -> Iterator[Line]:
        """Yield the adjoints of a group: in general where a formula holds for all of it."""

        def line(value: Value) -> Line:
            term = formulas.folded(self._delta(value))
            fresh = all(map(self._wording.are_fresh, self._uses[id(value)]))
            steps = [term, *[formulas.numbers(term)] * fresh, Number(self._chain.adjoint(value))]
            return Line(left or Delta(self._wording.name(value)), tuple(steps))

        first = any(use.upper is self._chain.output for use in self._uses[id(group[0])])
        numbers = [*map(self._chain.adjoint, group)]
        yield from self._together(group, numbers, self._delta, line, "ycde" if first else "xcde")

    def defined(self, groups: list[Group]) -> Iterator[Line]:
        """Say how the values of groups came about, in general where they did so alike."""
        joined: dict[Hashable, Group] = {}  # the steps of a repeat, the last one among them
        for group in groups:
            below = {id(value) for value in group}
            hidden = [h for h in self._hidden if id(self._chain.below(h[0])[0].lower) in below]
            for one in [*hidden, group]:
                key = self._home(one[0]) or id(one)
                joined[key] = [*one, *joined.get(key, ())]
        for group in joined.values():
            numbers = [value.data for value in group]
            definition, line = self._wording.definition, self._wording.defined
            yield from self._together(group, numbers, definition, line, "xcde")

    def _together(
        self,
        group: Group,
        numbers: list[float],
        term: Callable[[Value], Term],
        line: Callable[[Value], Line],
        spare: str,
    ) -> Iterator[Line]:
        """Yield one line for all members of a group but perhaps the ends, if not one for each."""
        names = [self._wording.name(value) for value in group]
        terms = [term(value) for value in group] if len(group) > 1 else []
        adjoint = term == self._delta
        if found := self._common(terms, group[0], names, "j", spare):
            part, index, general = found
            yield from map(line, group[part.stop :])
            left: Term = Delta(Name(index.name)) if adjoint else Name(index.name)
            general = formulas.folded(general) if adjoint else general
            yield Line(left, (general, formulas.row(numbers[part])), note=said(index.numbers))
            yield from map(line, group[: part.start])
        elif len(group) <= FEW:
            yield from map(line, group)
        else:
            yield line(group[0])
            others = [Delta(other) if adjoint else other for other in names[1:]]
            left = formulas.Call("", formulas.elided(others))
            yield Line(left, (formulas.row(numbers[1:]),), note="likewise")

    def _common(
        self, terms: list[Term], value: Value, names: list[Name], below: str, spare: str
    ) -> tuple[slice, Index, Term] | None:
        """Return what terms of values such as this have in common that differ in an index."""
        step = self._wording.names.is_step(value) and "[" not in self._wording.name(value).text
        letters = "t" if step else below
        letters += ("t" if self._home(value) else "s") + ("l" if below == "j" else "m")
        free = [letter for letter in spare if not self._wording.names.has(letter)]
        return common(
            terms, [called.text for called in names], letters, self._wording.constants, free
        )

    def _delta(self, value: Value) -> Term:
        """Return the adjoint of a variable as the sum over its uses, under a Σ if there is one."""
        uses = self._uses[id(value)][::-1]
        pairs = [(self._passed_back(use), self._wording.name(use.upper)) for use in uses]
        there = [p for p in pairs if self._nought.isdisjoint(getattr(p[0], "factors", (p[0],)))]
        terms, names = map(list, zip(*there or pairs[:1]))
        middle = uses[(len(uses) - 1) // 2].upper  # at the ends others may stand
        found = self._common(terms, middle, names, "k", "xcde")
        if not found or len(found[1].numbers) > 1:
            return formulas.added([t for t in terms if formulas.folded(t) != ZERO] or [ZERO])
        part, index, general = found
        self.ranges[id(value)] = said(index.numbers)
        minus = isinstance(general, Minus)
        spelled = formulas.whole([formulas.signed(minus, term) for term in terms[part]])
        sigma = Sigma(self.ranges[id(value)], formulas.signed(minus, general), spelled)
        terms[part] = [formulas.signed(minus, sigma)]
        return formulas.added(terms)

    def _passed_back(self, use: Factor) -> Term:
        """Return what one use contributes to an adjoint: the factor times the adjoint above."""
        upper, formula = use.upper, self._wording.formula(use)
        if formula is None or len(TEXT.set(formula)) > LONG:
            formula = self._wording.symbol(use)
        if id(upper) in self._passed:
            return formulas.multiplied([self._delta(upper), formula])
        if upper is self._chain.output:
            return formula
        above = Delta(self._wording.name(upper), self._chain.adjoint(upper))
        first = use.lower is self._chain.wrt
        return formulas.multiplied([above, formula] if first else [formula, above])

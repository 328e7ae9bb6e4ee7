"""The adjoints of a chain's variables, from the output down, what is alike once in general."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from itertools import compress

from autograd_engine.engine import Value
from autograd_engine.table import CONSTANT
from autograd_engine.views.explain import formulas
from autograd_engine.views.explain.chain import Chain, Factor
from autograd_engine.views.explain.chain_formulas import Wording
from autograd_engine.views.explain.formulas import Delta, Minus, Name, Number, Sigma, Term, signed
from autograd_engine.views.explain.general import Index, common
from autograd_engine.views.explain.names import name
from autograd_engine.views.explain.typesetting import TEXT
from autograd_engine.views.explain.writers import Line, defined

FEW = 3  # So many that are alike are told of one by one if no general formula holds for all.
LONG = 90  # Of a factor of more characters its symbol is written in a sum.


Group = list[Value]  # variables that were used alike


class Deltas:
    """The adjoints of the variables of one chain, in groups of variables that were used alike."""

    def __init__(self, chain: Chain, wording: Wording) -> None:
        self._chain = chain
        self._names = names = wording.names
        self._wording = wording
        # What numbers that differ in a group are called.
        self.constants: dict[str, dict[int, float]] = {}
        # What a repeat begins with is often 0, and then no term.
        self._nought = {Number(0.0), *(wording.name(v) for v in names.begins() if not v.data)}
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
        ends, below = (self._chain.output, self._chain.wrt), self._chain.below(value)
        if value.label or self._names.is_step(value) or any(value is end for end in ends):
            return False
        if len(below) != 1 or below[0].lower is self._chain.wrt:
            return False
        parts, opened = [value], set[int]()
        for part in parts:  # which grows meanwhile
            inner = part is value or not self._chain.is_variable(part)
            if inner and id(part) not in opened:
                opened.add(id(part))
                parts += [operand for operand in part.operands if operand._rule is not CONSTANT]
        alone = all(map(self._chain.is_within, parts))
        return alone and len(self._uses[id(below[0].lower)]) == 1

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
        found = self._names.repeat_of.get(id(value))
        return None if found is None else (found, value._rule.symbol)

    def lines(self, group: Group, left: Term | None = None) -> Iterator[Line]:
        """Yield the adjoints of a group: in general where a formula holds for all of it."""

        def said(value: Value) -> Line:
            term = formulas.folded(self._delta(value))
            fresh = all(map(self._wording.are_fresh, self._uses[id(value)]))
            steps = [term, *[formulas.numbers(term)] * fresh, Number(self._chain.adjoint(value))]
            return Line(left or Delta(self._wording.name(value)), tuple(steps))

        first = any(use.upper is self._chain.output for use in self._uses[id(group[0])])
        letters = "ycde" if first else "xcde"
        yield from self._together(group, self._delta, self._chain.adjoint, said, letters, Delta)

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
            yield from self._together(
                group,
                self._wording.definition,
                lambda value: value.data,
                lambda value: defined(value, self._wording),
                "xcde",
                lambda called: called,
            )

    def _together(
        self,
        group: Group,
        make: Callable[[Value], Term],
        number: Callable[[Value], float],
        said: Callable[[Value], Line],
        spare: str,
        called: Callable[[Term], Term],
    ) -> Iterator[Line]:
        """Yield one line for all members of a group but perhaps the ends, if not one for each."""
        names = [self._wording.name(value) for value in group]
        terms = [make(value) for value in group] if len(group) > 1 else []
        data = [*map(number, group)]
        if found := self._common(terms, group[0], names, "j", spare):
            part, index, general = found
            yield from map(said, group[part.stop :])
            left = called(Name(index.name))
            general = formulas.folded(general) if isinstance(left, Delta) else general
            yield Line(left, (general, formulas.row(data[part])), note=index.said())
            yield from map(said, group[: part.start])
        elif len(group) <= FEW:
            yield from map(said, group)
        else:
            yield said(group[0])
            others = formulas.Call("", formulas.elided(names[1:], called))
            yield Line(others, (formulas.row(data[1:]),), note="likewise")

    def _common(
        self, terms: list[Term], value: Value, names: list[Name], below: str, spare: str
    ) -> tuple[slice, Index, Term] | None:
        """Return what terms of values such as this have in common that differ in an index."""
        stepped = self._names.is_step(value) and "[" not in self._wording.name(value).text
        letters = ("t" if stepped else below) + ("t" if self._home(value) else "s")
        free = [letter for letter in spare if not self._names.has(letter)]
        above = "l" if below == "j" else "m"
        texts = [called.text for called in names]
        return common(terms, texts, letters + above, self.constants, free)

    def told(self) -> Iterator[Line]:
        """Say what repeats begin with, and what numbers are called that differ."""
        for value in self._names.begins():
            yield defined(value, self._wording)
        for called, found in self.constants.items():
            yield Line(name(called), (formulas.row([*found.values()]),))

    def _delta(self, value: Value) -> Term:
        """Return the adjoint of a variable as the sum over its uses, under a Σ if there is one."""
        uses = self._uses[id(value)][::-1]
        pairs = [(self._passed_back(use), self._wording.name(use.upper)) for use in uses]
        factors = [getattr(term, "factors", (term,)) for term, _ in pairs]
        there = map(self._nought.isdisjoint, factors)
        kept = [*compress(pairs, there)] or pairs[:1]
        terms, names = map(list, zip(*kept))
        middle = uses[(len(uses) - 1) // 2].upper  # at the ends others may stand
        found = self._common(terms, middle, names, "k", "xcde")
        if not found or len(found[1].numbers) > 1:
            zero = Number(0.0)
            terms = [term for term in terms if formulas.folded(term) != zero] or [zero]
        else:
            part, index, general = found
            self.ranges[id(value)] = index.said()
            minus = isinstance(general, Minus)
            spelled = formulas.whole([signed(minus, term) for term in terms[part]])
            sigma = Sigma(index.said(), signed(minus, general), spelled)
            terms[part] = [signed(minus, sigma)]
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

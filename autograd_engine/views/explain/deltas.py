"""The adjoints of a chain's variables, from the output down, what is alike once in general."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

from autograd_engine.engine import Value
from autograd_engine.table import CONSTANT
from autograd_engine.views.explain import formulas
from autograd_engine.views.explain.chain import Chain, Factor
from autograd_engine.views.explain.chain_formulas import Wording
from autograd_engine.views.explain.formulas import Delta, Number, Sigma, Sum, Term
from autograd_engine.views.explain.general import ENDS, Constants, Index, generalised, summed
from autograd_engine.views.explain.lines import Line, defined
from autograd_engine.views.explain.names import Names, name
from autograd_engine.views.explain.typesetting import TEXT

FEW = 3  # So many that are alike are told of one by one if no general formula holds for all.
LONG = 90  # Of a factor of more characters its symbol is written in a sum.


Group = list[Value]  # variables that were used alike


class Deltas:
    """The adjoints of the variables of one chain, in groups of variables that were used alike."""

    def __init__(self, chain: Chain, wording: Wording, names: Names) -> None:
        self._chain = chain
        self._names = names
        self._wording = wording
        # What numbers that differ in a group are called.
        self.constants: dict[tuple[float, ...], str] = {}
        self._uses: dict[int, list[Factor]] = {}
        for factor in chain.factors():
            self._uses.setdefault(id(factor.lower), []).append(factor)
        self._passed: set[int] = set()
        for value in reversed(chain.variables):
            above = {id(use.upper) for use in self._uses.get(id(value), [])}
            if self._is_passed(value) and not above & self._passed:
                self._passed.add(id(value))

    def _is_passed(self, value: Value) -> bool:
        """Say whether nothing else uses its operand: an activation is told of with its sum."""
        ends, below = (self._chain.output, self._chain.wrt), self._chain.below(value)
        if value.label or self._names.is_step(value) or any(value is end for end in ends):
            return False
        if len(below) != 1 or below[0].lower is self._chain.wrt:
            return False
        alone = all(
            operand._rule is CONSTANT or self._chain.is_within(operand)
            for made in self._chain.segment(value)
            for operand in made.operands
        )
        return alone and len(self._uses[id(below[0].lower)]) == 1

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
                groups.append([])
            groups[kind].insert(0, value)
        self._hidden = [group for group in groups if id(group[0]) in self._passed]
        rest = [group for group in groups if id(group[0]) not in self._passed]
        return [*[group for group in rest[1:] if group[0] is not self._chain.wrt], rest[-1]]

    def _home(self, value: Value) -> tuple[int, str] | None:
        """Return in which repeat a value stands and what made it."""
        found = self._names.repeat_of.get(id(value))
        return None if found is None else (found, value._rule.symbol)

    def lines(self, group: Group, left: Term | None = None) -> Iterator[Line]:
        """Yield the adjoints of a group: in general where a formula holds for all of it."""

        def said(value: Value) -> Line:
            term = self._delta(value)
            fresh = all(map(self._wording.are_fresh, self._uses[id(value)]))
            steps = [term, *[formulas.numbers(term)] * fresh, Number(self._adjoint(value))]
            return Line(left or Delta(self._wording.name(value)), tuple(steps))

        first = any(use.upper is self._chain.output for use in self._uses[id(group[0])])
        letters = "ycde" if first else "xcde"
        yield from self._together(group, self._delta, self._adjoint, said, letters, Delta)

    def defined(self, groups: list[Group]) -> Iterator[Line]:
        """Say how the values of groups came about, in general where they did so alike."""
        joined: dict[Hashable, Group] = {}  # the steps of a repeat, the last one among them
        for group in groups:
            below = {id(value) for value in group}
            for one in [*[h for h in self._hidden if id(self._lower(h)) in below], group]:
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

    def _lower(self, hidden: Group) -> Value:
        return self._chain.below(hidden[0])[0].lower

    def _together(
        self,
        group: Group,
        make: Callable[[Value], Term],
        number: Callable[[Value], float],
        said: Callable[[Value], Line],
        letters: str,
        called: Callable[[Term], Term],
    ) -> Iterator[Line]:
        """Yield one line for all members of a group but perhaps the ends, if not one for each."""
        count = len(group)
        names = [self._wording.name(value) for value in group]
        indices = self._wording.letters(group[0], bool(self._home(group[0])), "j")
        for self._wording.apart in (False, True) if count > 1 else ():
            terms = [make(value) for value in group]
            for first, last in ENDS:
                part = slice(first, count - last)
                index = Index.of([name.text for name in names[part]], indices)
                general = index and generalised(terms[part], index, self._constants(letters))
                if index and general:
                    self._wording.apart = False
                    left = generalised(names[part], index)
                    assert left is not None
                    yield from map(said, group[count - last :])
                    found = formulas.row([number(value) for value in group[part]])
                    yield Line(called(left), (general, found), note=index.said())
                    yield from map(said, group[:first])
                    return
        self._wording.apart = False
        yield from map(said, group if count <= FEW else group[:1])
        if count > FEW:
            others = formulas.Call("", formulas.elided(names[1:], called))
            yield Line(
                others, (formulas.row([number(value) for value in group[1:]]),), note="likewise"
            )

    def told(self) -> Iterator[Line]:
        """Say what repeats begin with, and what numbers are called that differ."""
        for value in self._names.begins():
            yield defined(value, self._wording)
        for found, called in self.constants.items():
            yield Line(name(called), (formulas.row(found),))

    def _adjoint(self, value: Value) -> float:
        return self._chain.adjoints.get(id(value), 0.0)

    def _constants(self, letters: str) -> Constants:
        return Constants([x for x in letters if not self._names.has(x)], self.constants)

    def _delta(self, value: Value) -> Term:
        """Return the adjoint of a variable as the sum over its uses, under a Σ if there is one."""
        before = dict(self.constants)
        plain = self._summed(value)
        if self._wording.apart or not isinstance(plain, Sum):
            return plain
        self.constants.clear()
        self.constants.update(before)
        self._wording.apart = True
        other = self._summed(value)
        self._wording.apart = False
        return other if isinstance(other, Sigma) else self._summed(value)

    def _summed(self, value: Value) -> Term:
        terms, names = [], []
        for use in reversed(self._uses[id(value)]):
            upper = use.upper
            formula = self._wording.formula(use)
            if formula is None or len(TEXT.set(formula)) > LONG:
                formula = self._wording.symbol(use)
            above: list[Term] = [Delta(self._wording.name(upper), self._adjoint(upper))]
            if id(upper) in self._passed or upper is self._chain.output:
                above = [self._delta(upper)] if id(upper) in self._passed else []
            first = value is self._chain.wrt or id(upper) in self._passed
            terms.append(formulas.multiplied([*above, formula] if first else [formula, *above]))
            names.append(self._wording.name(upper).text)
        uses = self._uses[id(value)]
        upper = uses[len(uses) // 2].upper  # at the ends others may stand
        indices = self._wording.letters(upper, bool(self._home(upper)), "k")
        return summed(terms, names, indices, self._constants("xcde"))

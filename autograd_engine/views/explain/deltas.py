"""The adjoints of a chain's variables, from the output down, what is alike once in general."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import product, zip_longest
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.gradients import holds
from autograd_engine.table import CONSTANT
from autograd_engine.views.explain import formulas
from autograd_engine.views.explain.chain import Chain, Constants, Factor
from autograd_engine.views.explain.formulas import ZERO, Delta, Minus, Name, Number, Sigma, Term
from autograd_engine.views.explain.typesetting import TEXT
from autograd_engine.views.explain.writers import Line

FEW = 3  # So many that are alike are told of one by one if no general formula holds for all.
LONG = 90  # Of a factor of more characters its symbol is written in a sum.

Group = list[Value]  # variables that were used alike


class Deltas:
    """The adjoints of the variables of one chain, in groups of variables that were used alike."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        survey, homes, states = chain.survey, dict[int, tuple[int, str]](), list[Value]()
        for number, repeat in enumerate(survey.repeats):
            inside = [survey.values[i] for row in repeat.places for i in row]
            homes |= {id(value): (number, value._rule.symbol) for value in inside}
            states += [survey.values[i] for row in survey.states(repeat) for i in row]
        self._home = homes.get  # the repeat, and what made the value
        # Those that are called by the step, not by a label or a place in a model.
        states = [v for v in states if not v.label and "⁽" not in survey.name(v)]
        self._states, letters = {*map(id, states)}, {chain.name(v).text[0] for v in states}
        given = [v for v, name in zip(survey.values, survey.given_names) if name[:1] in letters]
        # What stands for states before the first step is often 0, and then no term.
        self.begins = [value for value in given if not (value.operands or value.label)]
        self._nought = {ZERO, *[chain.name(v) for v in self.begins if not v.data]}
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
        chain, below = self._chain, self._chain.below[id(value)]
        lower = below[0].lower if len(below) == 1 else chain.wrt
        if value is chain.output or lower is chain.wrt or len(self._uses[id(lower)]) > 1:
            return False
        operands = [part for made, _ in below[0].steps() for part in made.operands]
        alone = all(id(part) in chain.within or part._rule is CONSTANT for part in operands)
        return alone and not value.label and id(value) not in self._states

    def groups(self) -> list[Group]:
        """Return the variables but the output in groups, each behind those that use it."""
        kinds: dict[int, int] = {}
        known: dict[Hashable, int] = {}
        groups: dict[int, Group] = {}
        for value in reversed(self._chain.variables):
            users = [use.upper for use in self._uses[id(value)]]
            above = frozenset(self._home(id(user)) or kinds[id(user)] for user in users)
            alike = value._rule.symbol, self._home(id(value)), above, value is self._chain.wrt
            kinds[id(value)] = known.setdefault(alike, len(known))
            groups.setdefault(kinds[id(value)], []).insert(0, value)
        _, *rest = groups.values()
        self._hidden = [group for group in rest if id(group[0]) in self._passed]
        shown = [group for group in rest if id(group[0]) not in self._passed]
        # That of the derivative by which is asked comes last.
        return sorted(shown, key=lambda group: group[0] is self._chain.wrt)

    def lines(self, group: Group, left: Term | None = None) -> Iterator[Line]:
        """Yield the adjoints of a group: in general where a formula holds for all of it."""

        def line(value: Value) -> Line:
            term = formulas.folded(self._delta(value))
            fresh = all(holds(v) for use in self._uses[id(value)] for v, _ in use.steps())
            steps = [term, *[formulas.numbers(term)] * fresh, Number(self._chain.adjoint(value))]
            return Line(left or Delta(self._chain.name(value)), tuple(steps))

        yield from self._alike(group, line, adjoint=True)

    def defined(self, groups: list[Group]) -> Iterator[Line]:
        """Say how the values of groups came about, in general where they did so alike."""
        joined: dict[Hashable, Group] = {}  # the steps of a repeat, the last one among them
        for group in groups:
            below = {id(value) for value in group}
            hidden = [h for h in self._hidden if id(self._chain.below[id(h[0])][0].lower) in below]
            for one in [*hidden, group]:
                key = self._home(id(one[0])) or id(one)
                joined[key] = [*one, *joined.get(key, ())]
        for group in joined.values():
            yield from self._alike(group, self._chain.defined, adjoint=False)

    def _alike(self, group: Group, line: Callable[[Value], Line], adjoint: bool) -> Iterator[Line]:
        """Yield one line for all members of a group but perhaps the ends, if not one for each."""
        names = [self._chain.name(value) for value in group]
        lefts: list[Term] = [Delta(called) if adjoint else called for called in names]
        numbers = [self._chain.adjoint(value) if adjoint else value.data for value in group]
        make = self._delta if adjoint else self._chain.definition
        terms = [make(value) for value in group] if len(group) > 1 else []
        if found := self._common(terms, group[0], names, "j"):
            part, index, general = found
            yield from map(line, group[part.stop :])
            rights = formulas.folded(general) if adjoint else general, formulas.row(numbers[part])
            yield Line(index.general(lefts[part]), rights, note=formulas.spread(index.numbers))
            yield from map(line, group[: part.start])
            return
        yield from map(line, group if len(group) <= FEW else group[:1])
        if len(group) > FEW:
            others = formulas.Call("", formulas.elided(lefts[1:]))
            yield Line(others, (formulas.row(numbers[1:]),), note="likewise")

    def _common(
        self, terms: list[Term], value: Value, names: list[Name], below: str
    ) -> tuple[slice, Index, Term] | None:
        """Return what terms of values such as this have in common that differ in an index."""
        known, texts = self._chain, [called.text for called in names]
        step = id(value) in self._states and "[" not in self._chain.name(value).text
        letters = ("t" if step else below) + ("t" if self._home(id(value)) else "s")
        letters += "l" if below == "j" else "m"
        free = "".join(letter for letter in "xcde" if letter not in known.begun)
        return common(terms, texts, letters, self._chain.constants, free)

    def _delta(self, value: Value) -> Term:
        """Return the adjoint of a variable as the sum over its uses, under a Σ if there is one."""
        uses = self._uses[id(value)][::-1]
        pairs = [(self._passed_back(use), self._chain.name(use.upper)) for use in uses]
        there = [p for p in pairs if self._nought.isdisjoint(getattr(p[0], "factors", (p[0],)))]
        terms, names = map(list, zip(*there or pairs[:1]))
        middle = uses[(len(uses) - 1) // 2].upper  # at the ends others may stand
        found = self._common(terms, middle, names, "k")
        if not found or len(found[1].numbers) > 1:
            return formulas.added([t for t in terms if formulas.folded(t) != ZERO] or [ZERO])
        part, index, general = found
        self.ranges[id(value)] = formulas.spread(index.numbers)
        sign = formulas.negated if isinstance(general, Minus) else lambda term: term
        spelled = formulas.whole([*map(sign, terms[part])])
        terms[part] = [sign(Sigma(self.ranges[id(value)], sign(general), spelled))]
        return formulas.added(terms)

    def _passed_back(self, use: Factor) -> Term:
        """Return what one use contributes to an adjoint: the factor times the adjoint above."""
        upper, formula = use.upper, self._chain.formula(use)
        if formula is None or len(TEXT.set(formula)) > LONG:
            formula = self._chain.symbol(use)
        if id(upper) in self._passed:
            return formulas.multiplied([self._delta(upper), formula])
        if upper is self._chain.output:
            return formula
        above = Delta(self._chain.name(upper), self._chain.adjoint(upper))
        first = use.lower is self._chain.wrt
        return formulas.multiplied([above, formula] if first else [formula, above])


_NUMBERED = re.compile(r"v\d+$")
_RUNS = re.compile(r"(\d+|[₀-₉]+|[⁰¹²³⁴-⁹]+)")
_PAIR = re.compile(r"(?<![₀-₉ᵢ-ᵥₐ-ₜⱼ,])([₀-₉ₐ-ₜᵢ-ᵥⱼ])([₀-₉ₐ-ₜᵢ-ᵥⱼ])(?![₀-₉ₐ-ₜᵢ-ᵥⱼ,])")

ENDS = ((0, 0), (1, 0), (0, 1), (1, 1))  # So many at the beginning and the end may be unlike.


class Index:
    """What tells members of a group apart, by their names: indices below, in brackets, above.

    Raises `ValueError` for what differs in more.
    """

    def __init__(self, names: list[str], letters: str, constants: Constants, spare: str) -> None:
        self.numbers: dict[str, tuple[int, ...]] = {}
        self.constants, self._spare, self._letters = dict(constants), spare, letters
        if any(map(_NUMBERED.match, names)):
            raise ValueError  # how values are numbered says nothing
        self.name = self._named(names)
        self._letters = ""
        if not self.numbers:
            raise ValueError

    def general(self, parts: Sequence[Any]) -> Any:
        first = parts[0]
        if all(part == first for part in parts):
            return first
        if len(set(map(type, parts))) > 1:
            raise ValueError
        if isinstance(first, Name):
            return Name(self._named([part.text for part in parts]))
        if isinstance(first, (formulas.Given, Number)):
            return self._constant([part.value for part in parts])
        if isinstance(first, Term):
            kept = [name for name in vars(first) if name not in ("number", "spelled")]
            return type(first)(*[self.general([getattr(p, name) for p in parts]) for name in kept])
        if not isinstance(first, tuple) or len(set(map(len, parts))) > 1:
            raise ValueError
        return tuple(map(self.general, zip(*parts)))

    def _named(self, texts: Sequence[str]) -> str:
        if len({text.count(",") for text in texts}) > 1:  # w₁₂ among those such as w₁₀,₂
            texts = [_PAIR.sub(r"\1,\2", text) for text in texts]
        found = ""
        for i, column in enumerate(zip_longest(*map(_RUNS.split, texts))):
            first = column[0]
            if len(set(column)) == 1:
                found += first
            elif i % 2 == 0 or None in column:
                raise ValueError
            else:
                place = 2 if first[0] in formulas.RAISED else int(found.endswith("["))
                run = self._run([unicodedata.normalize("NFKC", text) for text in column], place)
                # h1 is h with an index, h[1] an entry
                below = first[0] in formulas.INDICES or (first.isascii() and found[-1:].isalpha())
                spelled = formulas.raised if not first.isascii() else str
                found += formulas.lowered(run) if below else spelled(run)
        return found

    def _run(self, column: Sequence[str], place: int) -> str:
        """Return digits in the general: an index, or one more or less; w₁₂ is of 1 and 2."""
        numbers = tuple(map(int, column))
        for letter, known in self.numbers.items():
            apart = {a - b for a, b in zip(numbers, known)}
            if len(apart) == 1:
                return formulas.moved(letter, apart.pop())
        letter = self._letters[place : place + 1]
        if letter and letter not in self.numbers:
            self.numbers[letter] = numbers
            return letter
        if len(set(column)) == 1:
            return column[0]
        if {len(text) for text in column} != {2}:
            raise ValueError
        return "".join(self._run(digit, place) for digit in zip(*column))

    def _constant(self, numbers: Sequence[float]) -> Name:
        """Return a name for numbers that differ with one index: one that is known, or a new one."""
        for letter, places in self.numbers.items():
            found = dict(zip(places, numbers))
            if [found[place] for place in places] != numbers:
                continue
            for more, (one, known) in product((0, 1, -1), self.constants.items()):
                if all(known.get(place + more) == number for place, number in found.items()):
                    return Name(formulas.indexed(one[0], formulas.moved(letter, more)))
            taken = {called for called, _ in self.constants}
            for called in self._spare:
                if called not in taken:
                    self.constants[called, letter] = found
                    return Name(formulas.indexed(called, letter))
        raise ValueError


def common(
    terms: Sequence[Term], names: list[str], letters: str, constants: Constants, spare: str = ""
) -> tuple[slice, Index, Term] | None:
    """Return which terms differ only in an index, all but perhaps the ends, it and the term."""
    for first, last in ENDS if len(terms) > 1 else ():
        part = slice(first, len(terms) - last)
        try:
            index = Index(names[part], letters, constants, spare)
            found = index.general(terms[part])
        except ValueError:
            continue
        constants.update(index.constants)
        return part, index, found
    return None

"""The lines of a derivation: by all paths, or by adjoints from the output down."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from autograd_engine.blocks import source_of
from autograd_engine.engine import Value
from autograd_engine.gradients import holds
from autograd_engine.table import BINARY, CONSTANT, SUBTRACT
from autograd_engine.views.explain import formulas, notation
from autograd_engine.views.explain.chain import LINEAR, MANY, SUMS, Chain, Factor
from autograd_engine.views.explain.formulas import ZERO, Delta, Name, Number, Term, common, name
from autograd_engine.views.explain.typesetting import TEXT

FEW = 3  # So many that are alike are told of one by one if no general formula holds for all.
LINES = 12  # So many groups of values are told of one by one at either end.
LISTED = 6  # So many of what is only listed are named.
LONG = 90  # Of a factor of more characters its symbol is written in a sum.
LONGEST = 150  # Of a longer definition only the ends are written.


class Line(NamedTuple):
    """An equation with what it comes to, step by step; or words, perhaps with a curve."""

    left: Term | None = None
    rights: tuple[Term, ...] = ()
    words: str = ""  # at the places of its braces stand the terms
    terms: tuple[Term, ...] = ()
    code: str = ""
    level: int = 0
    note: str = ""
    curve: tuple[float, ...] = ()
    apart: bool = False  # each step in a row of its own


def defined(chain: Chain, value: Value) -> Line:
    steps: tuple[Term, ...] = (Number(value.data),)
    if value.partials:
        made = chain.definition(value)
        steps = (formulas.clipped(made) if len(TEXT.set(made)) > LONGEST else made, *steps)
    return Line(chain.name(value), steps, code=source_of(value))


def by_paths(chain: Chain) -> Iterator[Line]:
    known = set[Term]()
    paths = list(chain.paths())
    if len(paths) == len(paths[0]) == 1:
        yield _factor(paths[0][0], chain, known, chain.goal())
    else:
        products = [formulas.Product(tuple(map(chain.symbol, p)), spaced=True) for p in paths]
        symbols = formulas.added(products)
        parts = [formulas.Given(math.prod(factor.number for factor in p)) for p in paths]
        summed = [formulas.added(parts)] if len(paths) > 1 else []
        steps = (symbols, formulas.numbers(symbols), *summed, Number(chain.adjoint(chain.wrt)))
        yield Line(chain.goal(), steps, apart=True)
    yield Line(words="where")
    for variable in reversed(chain.variables):
        yield defined(chain, variable)
        for factor in chain.below[id(variable)] if len(chain.variables) > 2 else ():
            yield _factor(factor, chain, known)


def _factor(factor: Factor, chain: Chain, known: set[Term], left: Term | None = None) -> Line:
    """Derive a factor from the rules of its operations, those that have not been told."""
    found = chain.formula(factor)
    steps = [formulas.folded(found)] if found else []
    if found and all(holds(value) for value, _ in factor.steps()):
        steps.append(formulas.numbers(steps[0]))
    ruled = dict.fromkeys((v._rule, i) for v, which in factor.steps() for i in which)
    rules = [step for step in ruled if step[0].arity and step[0] is not BINARY]
    terms: dict[Term, str] = {}
    for rule, i in rules if any(rule not in LINEAR for rule, _ in rules) else ():
        said, plain = notation.rule(rule, i), rule in SUMS and not (rule is SUBTRACT and i)
        if isinstance(said, formulas.Equal) and said not in known and not plain:
            terms[said] = f"{notation.spoken(rule)}: {{}}"
    known.update(terms)
    rights, words = (*steps, Number(factor.number)), "by " * bool(terms) + "; ".join(terms.values())
    return Line(left or chain.symbol(factor), rights, words, tuple(terms), level=0 if left else 1)


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

    def groups(self) -> list[list[Value]]:
        """Return the variables but the output in groups, each behind those that use it."""
        kinds: dict[int, int] = {}
        known: dict[Hashable, int] = {}
        groups: dict[int, list[Value]] = {}
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

    def line(self, value: Value, left: Term | None = None) -> Line:
        term = formulas.folded(self._delta(value))
        fresh = all(holds(v) for use in self._uses[id(value)] for v, _ in use.steps())
        steps = [term, *[formulas.numbers(term)] * fresh, Number(self._chain.adjoint(value))]
        return Line(left or Delta(self._chain.name(value)), tuple(steps))

    def defined(self, groups: list[list[Value]]) -> Iterator[Line]:
        """Say how the values of groups came about, in general where they did so alike."""
        joined: dict[Hashable, list[Value]] = {}  # the steps of a repeat, the last one among them
        for group in groups:
            below = {id(value) for value in group}
            hidden = [h for h in self._hidden if id(self._chain.below[id(h[0])][0].lower) in below]
            for one in [*hidden, group]:
                key = self._home(id(one[0])) or id(one)
                joined[key] = [*one, *joined.get(key, ())]
        for group in joined.values():
            yield from self.alike(group, adjoint=False)

    def alike(self, group: list[Value], adjoint: bool) -> Iterator[Line]:
        """Yield one line for all members of a group but perhaps the ends, if not one for each."""
        names = [self._chain.name(value) for value in group]
        lefts: list[Term] = [Delta(called) if adjoint else called for called in names]
        numbers = [self._chain.adjoint(value) if adjoint else value.data for value in group]
        make = self._delta if adjoint else self._chain.definition
        line = self.line if adjoint else partial(defined, self._chain)
        terms = [make(value) for value in group] if len(group) > 1 else []
        first = any(use.upper is self._chain.output for use in self._uses[id(group[0])] * adjoint)
        if found := self._common(terms, group[0], names, "j", "ycde" if first else "xcde"):
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
        self, terms: list[Term], value: Value, names: list[Name], below: str, spare: str = "xcde"
    ) -> tuple[slice, formulas.Index, Term] | None:
        known, texts = self._chain, [called.text for called in names]
        step = id(value) in self._states and "[" not in self._chain.name(value).text
        letters = ("t" if step else below) + ("t" if self._home(id(value)) else "s")
        letters += "l" if below == "j" else "m"
        free = "".join(letter for letter in spare if letter not in known.begun)
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
        sign = formulas.negated if isinstance(general, formulas.Minus) else lambda term: term
        spelled = formulas.whole([*map(sign, terms[part])])
        terms[part] = [sign(formulas.Sigma(self.ranges[id(value)], sign(general), spelled))]
        return formulas.added(terms)

    def _passed_back(self, use: Factor) -> Term:
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


def by_deltas(chain: Chain) -> Iterator[Line]:
    deltas = Deltas(chain)
    *shown, goal = deltas.groups()
    output, wrt, v = chain.name(chain.output), chain.name(chain.wrt), name("v")
    yield deltas.line(chain.wrt, formulas.Derivative(output, wrt))
    paths = chain.count_ways()
    many = f"{paths:,} paths lead" if paths < MANY else "More than a billion paths lead"
    many = many if paths > 1 else "One long path leads"
    over = deltas.ranges.get(id(chain.wrt))
    over = f"; the sum is over {over}" if over else ""
    said = f"{many} from {{}} to {{}}{over}. From the output down, {{}} is {{}}:"
    yield Line(words=said, terms=(wrt, output, Delta(v), formulas.Derivative(output, v)))
    kept = [*shown[:LINES], *shown[LINES:][-LINES:]]
    for group in kept:
        yield from deltas.alike(group, adjoint=True)
    if len(kept) < len(shown):
        yield Line(words="... others between them in the same way ...")
    yield Line(words="where")
    yield defined(chain, chain.output)
    yield from deltas.defined([*kept, goal])
    yield from map(partial(defined, chain), deltas.begins)


def told(chain: Chain, lines: list[Line]) -> Iterator[Line]:
    """Say what numbers are that differ, and parts that textbooks have a name for, where shown."""
    shown = " ".join(TEXT.set(term) for line in lines for term in line.rights[:1])
    letters = set(re.findall(r"\b[a-z]+′*(?![a-z(])", shown))
    for (called, by), places in chain.constants.items():
        if called in letters:
            row, note = formulas.row([*places.values()]), formulas.spread({by: places})
            yield Line(name(formulas.indexed(called, by)), (row,), note=note)
    for letter, found in chain.told.items():
        if letter in letters and not found:
            said = "{} is the target: 1 for the class, else 0."
            yield Line(words=said, terms=(name(letter),), level=1)
        elif letter in letters:
            names, meanings, numbers = zip(*found)
            texts = [called.text for called in names]
            if general := common(meanings, texts, "jsl", chain.constants):
                _, index, meaning = general
                yield Line(name(index.name), (meaning,), note=formulas.spread(index.numbers))
            else:
                yield Line(names[0], (meanings[0], numbers[0]))


def why_zero(chain: Chain) -> Line:
    """Say why the derivative is zero: nothing passes, or all cancels."""
    zero = [chain.symbol(factor) for factor in chain.factors() if factor.number == 0.0]
    infinite = not all(math.isfinite(factor.number) for factor in chain.factors())
    said = f"nothing passes through {listed(zero)}" + ", not even to an infinity" * infinite
    said = f"It is zero, since {said if zero else 'what arrives cancels or is too small'}."
    return Line(words=said, terms=tuple(formulas.Equal(z, ZERO) for z in zero[:LISTED]))


def listed(items: Sequence[object]) -> str:
    return ", ".join(["{}"] * min(len(items), LISTED)) + ", ..." * (len(items) > LISTED)

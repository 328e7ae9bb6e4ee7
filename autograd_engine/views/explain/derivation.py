"""A derivation by the chain rule as lines, before they are written as text, Markdown or HTML.

A few factors are multiplied out. Of more, the adjoint δ of each variable is found from those of
its uses, from the output down, and what differs only in an index is written once, in general: the
units of a layer, the samples of a batch, the steps of a recurrence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.table import BINARY, LEAF, SUBTRACT
from autograd_engine.views.explain import formulas, notation
from autograd_engine.views.explain.chain import LINEAR, MANY, SUMS, Chain, Factor
from autograd_engine.views.explain.chain_formulas import Wording
from autograd_engine.views.explain.deltas import Deltas
from autograd_engine.views.explain.formulas import ONE, Delta, Equal, Given, Number, Term
from autograd_engine.views.explain.general import common
from autograd_engine.views.explain.names import Names, name
from autograd_engine.views.explain.typesetting import TEXT
from autograd_engine.views.explain.writers import Line, defined

FACTORS = 8  # on all paths together: up to so many are multiplied out
LONG = 50  # A derivation of more lines goes through regions as a whole, where there are any.
LINES = 24  # So many groups of values are told of one by one, half of them at either end.

Words = Iterator["str | Term"]


def derived(output: Value, wrt: Value, depth: int | None = None) -> list[Line]:
    """Return the derivation of the derivative of an output by a value, by regions to a depth."""
    names = Names(output)
    chain = Chain(output, wrt, SUMS, names.is_known)
    if not chain.connected or output is wrt:
        return list(_at_once(chain, Wording(chain, names)))
    if depth is not None:
        return _by_regions(chain, names, depth)
    repeated = sum(1 for variable in chain.variables if id(variable) in names.repeat_of)
    units = sum(1 for value in chain.within if ".neurons." in graph.region(value))
    few = _are_few(chain) and repeated < FACTORS - 2 and units < 2
    if not few:
        chain = Chain(output, wrt, LINEAR, names.is_known)
    if not chain.is_faithful():
        chain, few = Chain(output, wrt, (), names.is_known), False
    names.call_by_step(chain.variables)
    lines = _written(chain, Wording(chain, names), names, few)
    for depth in range(names.deepest, -1, -1) if len(lines) > LONG and not few else ():
        shorter = _by_regions(chain, names, depth)
        if len(shorter) < len(lines):
            return shorter
    return lines


def _by_regions(chain: Chain, names: Names, depth: int) -> list[Line]:
    """Return the derivation that goes through regions as a whole, opened to a depth."""
    exits = names.exits(depth)
    named = lambda value: id(value) in exits or (names.is_known(value) and not names.home(value))  # noqa: E731
    chain = Chain(chain.output, chain.wrt, LINEAR, named, whole=True)
    return _written(chain, Wording(chain, names, exits), names, _are_few(chain))


def _are_few(chain: Chain) -> bool:
    """Say whether all paths together are of few factors, and no infinity cancels between them."""
    if len(chain.variables) > FACTORS + 1:
        return False
    lengths = [len(path) for path in chain.paths()]
    finite = all(math.isfinite(factor.number) for factor in chain.factors())
    return sum(lengths) <= FACTORS and (finite or len(lengths) == 1)


def _written(chain: Chain, wording: Wording, names: Names, few: bool) -> list[Line]:
    lines = [*(_by_paths(chain, wording) if few else _by_deltas(chain, wording, names))]
    return [*lines, *_told(wording, lines), *_why_zero(chain, wording)]


def _by_paths(chain: Chain, wording: Wording) -> Iterator[Line]:
    paths, told = list(chain.paths()), set[Term]()
    left = wording.goal()
    if len(paths) == len(paths[0]) == 1:
        yield _factor(paths[0][0], wording, told, left)
    else:
        symbols = [formulas.product([wording.symbol(factor) for factor in path]) for path in paths]
        rows = [tuple(Number(factor.number) for factor in path) for path in paths]
        spaced = [formulas.Product(row, spaced=True) for row in rows]
        products = [Given(math.prod(factor.number for factor in path)) for path in paths]
        steps = [formulas.added(symbols), formulas.added(spaced)]
        if len(paths) > 1:
            steps.append(formulas.added(products))
        yield Line(left, (*steps, Number(chain.gradient)))
    yield Line(words=("where",))
    for variable in reversed(chain.variables):
        yield defined(variable, wording)
        for factor in chain.below(variable) if len(chain.variables) > 2 else ():
            yield _factor(factor, wording, told)


def _factor(factor: Factor, wording: Wording, told: set[Term], left: Term | None = None) -> Line:
    """Derive a factor from the rules of its operations, those that have not been told."""
    found = wording.formula(factor)
    steps = [formulas.folded(found)] if found else []
    if found and wording.are_fresh(factor):
        steps.append(formulas.numbers(steps[0]))
    words = [*_rules(factor, told)]
    rights = (*steps, Number(factor.number))
    words[:1] = ["by "] * bool(words)
    return Line(left or wording.symbol(factor), rights, tuple(words), level=0 if left else 1)


def _rules(factor: Factor, told: set[Term]) -> Words:
    """Yield the rules of a factor's operations: what each is called, and what it says."""
    steps = dict.fromkeys(
        (v._rule, i, len(v.operands)) for v, which in factor.steps() for i in which
    )
    rules = [step for step in steps if step[0].arity and step[0] is not BINARY]
    linear = all(rule in LINEAR for rule, *_ in rules)
    for rule, i, count in () if linear else rules:
        said = notation.rule(rule, i, count=count)
        plain = rule in SUMS and not (rule is SUBTRACT and i)
        if isinstance(said, Equal) and said not in told and not plain:
            told.add(said)
            yield from ("; ", f"{notation.spoken(rule)}: ", said)


def _by_deltas(chain: Chain, wording: Wording, names: Names) -> Iterator[Line]:
    deltas = Deltas(chain, wording, names)
    *shown, goal = deltas.groups()
    output, wrt = wording.name(chain.output), wording.name(chain.wrt)
    yield from deltas.lines(goal, formulas.Derivative(output, wrt))
    paths = chain.count_ways()
    many = f"{paths:,} paths lead" if paths < MANY else "More than a billion paths lead"
    told = (many if paths > 1 else "One long path leads", " from ", wrt, " to ", output)
    over = deltas.ranges.get(id(chain.wrt))
    start = f"{f'; the sum is over {over}' if over else ''}. From the output down, "
    slope = formulas.Derivative(output, name("v"))
    yield Line(words=(*told, start, Delta(name("v")), " is ", slope, ":"))
    cut = LINES // 2 if len(shown) > LINES else len(shown)
    kept = [*shown[:cut], *shown[cut:][-cut:]]
    for i, group in enumerate(kept):
        if i == cut:
            more = f"... {len(shown) - 2 * cut:,} values more, each in the same way ..."
            yield Line(words=(more,))
        yield from deltas.lines(group)
    yield Line(words=("where",))
    yield defined(chain.output, wording)
    yield from deltas.defined([*kept, goal])
    yield from deltas.told()
    for repeat in names.survey.repeats:
        found = tuple([delta for _, delta in names.survey.deltas(repeat)])
        if any(found):
            yield Line(words=("The size of δ, of what is carried on, step by step:",), curve=found)


def _told(wording: Wording, lines: list[Line]) -> Iterator[Line]:
    """Say what parts of the formulas shown are that textbooks have a name for."""
    shown = " ".join(TEXT.set(term) for line in lines for term in line.rights[:1])
    for letter, found in wording.told.items():
        if not re.search(rf"\b{letter}(?![a-z(])", shown):
            continue
        if not found:
            yield Line(words=(name(letter), " is the target: 1 for the class, else 0."), level=1)
            continue
        names, meanings, numbers = zip(*found)
        if general := common(meanings, [called.text for called in names], "jsl"):
            _, index, meaning = general
            yield Line(name(index.name), (meaning,), note=index.said())
        else:
            yield Line(names[0], (meanings[0], numbers[0]))


def _at_once(chain: Chain, wording: Wording) -> Iterator[Line]:
    """Explain a derivative that needs no chain: by the output itself, or by a stranger."""
    if chain.output is chain.wrt:
        yield Line(wording.goal(), (ONE,))
        yield Line(words=("A value changes exactly as it changes itself.",))
    else:
        output, wrt = wording.name(chain.output), name(chain.wrt.label or "w")
        yield Line(formulas.Derivative(output, wrt), (Number(0.0),))
        start = ("The gradient is zero: ", output, " does not depend on ", wrt)
        yield Line(words=(*start, *_why_apart(chain, wording, output, wrt)))
    yield defined(chain.output, wording)


def _why_apart(chain: Chain, wording: Wording, output: Term, wrt: Term) -> Words:
    leaves = [value for value in chain.values if value._rule is LEAF]
    labelled = [leaf for leaf in leaves if leaf.label]
    if any(value is chain.wrt for value in chain.values):
        yield " as far as is known: between them stands a value made from children, as "
        yield "micrograd's constructor takes them, whose partials are not known."
    elif not chain.output.operands:
        kind = "a leaf" if chain.output._rule is LEAF else "a constant"
        yield from (", since ", output, f" is {kind}: nothing was computed.")
        if any(value is chain.output for value in graph.nodes(chain.wrt)):
            yield from (" The other way round ", wrt, " depends on ", output, ": write ")
            yield "explain(output, wrt), the output first."
    else:
        yield f", which is not among the {len(chain.values):,} values it was made of"
        if any(leaf.label == chain.wrt.label for leaf in labelled):
            yield from (", though another value called ", wrt, " is: was the name bound anew, ")
            yield "as by w = w - 0.1 * w.grad?"
            return
        if labelled:
            kept = [*map(wording.name, labelled[:6])]
            more = ["..."] * (len(kept) < len(leaves))
            yield from (" (its leaves: ", *_listed([*kept, *more]), ")")
        yield ". Through .data, .detach() and no_grad nothing is recorded."


def _listed(terms: Sequence[str | Term]) -> list[str | Term]:
    return [part for term in terms for part in (", ", term)][1:]


def _why_zero(chain: Chain, wording: Wording) -> Iterator[Line]:
    """Say why the derivative is zero, where it is: nothing passes, or all cancels."""
    if chain.gradient != 0.0:
        return
    zero = [factor for factor in chain.factors() if factor.number == 0.0]
    if zero:
        kept = [Equal(wording.symbol(factor), Number(0.0)) for factor in zero[:6]]
        end = ", ..." if len(kept) < len(zero) else "."
        yield Line(words=("It is zero, since nothing passes through ", *_listed(kept), end))
        if not all(math.isfinite(factor.number) for factor in chain.factors()):
            said = "An adjoint of exactly 0 passes nothing on, not even to an infinity."
            yield Line(words=(said,))
        return
    lost = next(v for v in reversed(chain.variables) if not chain.adjoints.get(id(v), 0.0))
    above = [factor for factor in chain.factors() if factor.lower is lost]
    cancels = any(chain.adjoints.get(id(f.upper), 0.0) * f.number for f in above)
    reason = "what arrives there cancels" if cancels else "what arrives there is too small"
    yield Line(words=("It is zero from ", wording.name(lost), f" on: {reason}."))

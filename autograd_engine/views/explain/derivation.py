"""A derivation by the chain rule as lines, before they are written as text, Markdown or HTML.

Few paths are multiplied out one by one; many are never listed: then each value's adjoint is
the sum over its uses, layer by layer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.sources import source_of
from autograd_engine.table import LEAF, SUBTRACT
from autograd_engine.views.explain import formulas, notation
from autograd_engine.views.explain.chain import LINEAR, MANY, SUMS, Chain, Factor
from autograd_engine.views.explain.chain_formulas import Wording, total
from autograd_engine.views.explain.formulas import ONE, Delta, Equal, Number, Term, shortened
from autograd_engine.views.explain.names import name

PATHS, FACTORS = 8, 48
"""Up to so many paths, of so many factors altogether, are multiplied out one by one."""

LINES = 30
"""Of so many values a derivation layer by layer is written, half of them at either end."""


@dataclass(frozen=True)
class Line:
    """An equation with what it comes to, step by step; or words; and the source of a value."""

    left: Term | None = None
    rights: tuple[Term, ...] = ()
    words: tuple[str | Term, ...] = ()
    code: tuple[str, ...] = ()
    level: int = 0


def derived(output: Value, wrt: Value) -> list[Line]:
    """Return the derivation of the derivative of an output by a value."""
    chain = Chain(output, wrt)
    few = chain.connected and _few(chain)
    if not few:
        chain = Chain(output, wrt, LINEAR)
    if not chain.is_faithful() or (few and not _adds_up(chain)):
        chain, few = Chain(output, wrt, ()), False
    wording = Wording(chain)
    if not chain.connected or output is wrt:
        return list(_at_once(chain, wording))
    return [*(_by_paths if few else _by_layers)(chain, wording), *_why_zero(chain, wording)]


def _few(chain: Chain) -> bool:
    """Say whether the paths can be listed."""
    paths, factors = chain.count_paths()
    return paths <= PATHS and factors <= FACTORS


def _adds_up(chain: Chain) -> bool:
    """Say whether the products of the paths give what the backward pass gives."""
    products = [_multiplied(path, chain) for path in chain.paths()]
    total, right = sum(products), chain.gradient
    close = abs(total - right) <= 1e-9 * sum(map(abs, products))
    return close or total == right or total != total != right != right


def _multiplied(path: list[Factor], chain: Chain) -> float:
    """Return the product along a path; an adjoint of exactly 0 passes on what backward does."""
    product = 1.0
    for factor in path:
        product = factor.number * product if product or chain.honest else product
    return product


def _by_paths(chain: Chain, wording: Wording) -> Iterator[Line]:
    paths = chain.paths()
    symbols = [formulas.product([wording.symbol(factor) for factor in path]) for path in paths]
    numbers = [_numbers(path) for path in paths]
    products = [Number(_multiplied(path, chain)) for path in paths]
    left = wording.goal()
    if sum(map(len, paths)) <= PATHS:
        steps = tuple(formulas.added(terms) for terms in (symbols, numbers, products))
        yield Line(left, (*steps, Number(chain.gradient)))
    else:
        ways = [name(f"path {i}") for i in range(1, len(paths) + 1)]
        yield Line(left, (formulas.added(ways), formulas.added(products), Number(chain.gradient)))
        for way, symbol, factors, product in zip(ways, symbols, numbers, products):
            yield Line(way, (symbol, factors, product))
    yield Line(words=("where",))
    for variable in reversed(chain.variables):
        if variable is not chain.wrt:
            yield from _defined(variable, wording)
            for factor in chain.below(variable):
                yield from _factor(factor, wording)
    yield from _defined(chain.wrt, wording)


def _numbers(path: list[Factor]) -> Term:
    return formulas.Product(tuple(Number(factor.number) for factor in path), spaced=True)


def _by_layers(chain: Chain, wording: Wording) -> Iterator[Line]:
    count = chain.count_ways()
    paths = f"{count:,} paths lead" if count < MANY else "More than a billion paths lead"
    output, wrt = wording.name(chain.output), wording.name(chain.wrt)
    left = wording.goal()
    yield Line(left, (Number(chain.gradient),))
    if count == 1:
        yield Line(words=("A long path leads from ", wrt, " to ", output, "."))
    else:
        yield Line(words=(f"{paths} from ", wrt, " to ", output, ": too many to list."))
    yield Line(
        words=(
            "Layer by layer instead, from the output down: ",
            Delta(name("v")),
            " is the derivative of ",
            output,
            " by v, the sum over the uses of v.",
        )
    )
    uses: dict[int, list[Factor]] = {}
    for factor in chain.factors():
        uses.setdefault(id(factor.lower), []).append(factor)
    variables = list(reversed(chain.variables))
    for i, variable in enumerate(variables):
        if i == LINES // 2 < len(variables) - LINES // 2:
            left_out = len(variables) - LINES
            yield Line(words=(f"... {left_out:,} values more, each in the same way ...",))
        if LINES // 2 <= i < len(variables) - LINES // 2:
            continue
        yield from _defined(variable, wording)
        yield _delta(variable, uses.get(id(variable), []), chain, wording)
        below = [] if variable is chain.wrt else chain.below(variable)
        shown = shortened(below)
        for factor in shown:
            yield from _factor(factor, wording)
        if len(shown) < len(below):
            yield Line(words=(f"... and {len(below) - len(shown):,} factors more",), level=1)
    yield Line(left, (Delta(wrt), Number(chain.gradient)))


def _delta(variable: Value, uses: list[Factor], chain: Chain, wording: Wording) -> Line:
    """Return the adjoint of a variable as the sum over its uses."""
    left, result = Delta(wording.name(variable)), Number(chain.adjoints.get(id(variable), 0.0))
    symbols, numbers = [], []
    for factor in uses:
        adjoint = Number(chain.adjoints.get(id(factor.upper), 0.0))
        delta = Delta(wording.name(factor.upper))
        symbols.append(formulas.Product((delta, wording.symbol(factor)), spaced=True))
        numbers.append(formulas.Product((adjoint, Number(factor.number)), spaced=True))
    steps = (total(symbols), total(numbers)) if uses else ()
    return Line(left, (*steps, result), level=1)


def _defined(variable: Value, wording: Wording) -> Iterator[Line]:
    """Say how a variable came about, and at which line of the source."""
    steps: tuple[Term, ...] = (Number(variable.data),)
    if variable.partials:
        steps = (wording.definition(variable), *steps)
    code = source_of(variable)
    yield Line(wording.name(variable), (_chained(steps),), code=(code,) if code else ())


def _chained(steps: tuple[Term, ...]) -> Term:
    """Return steps on one line."""
    return steps[0] if len(steps) == 1 else Equal(*steps)


def _factor(factor: Factor, wording: Wording) -> Iterator[Line]:
    """Derive a factor from the rules of its operations."""
    found = wording.formula(factor)
    steps = (*(found or ()), Number(factor.number))
    rules = list(
        dict.fromkeys((v._rule, i, len(v.operands)) for v, which in factor.steps() for i in which)
    )
    # Of sums, which multiply by 1, one is enough said.
    telling = [one for one in rules if one[0] not in SUMS or (one[0] is SUBTRACT and one[1])]
    operations = [
        (f"{notation.spoken(rule)}: ", notation.rule(rule, i, count=count))
        for rule, i, count in telling or rules[:1]
    ]
    words = [part for operation in operations for part in ("; ", *operation)][1:]
    yield Line(wording.symbol(factor), steps, words=tuple(words), level=1)


def _at_once(chain: Chain, wording: Wording) -> Iterator[Line]:
    """Explain a derivative that needs no chain: by the output itself, or by a stranger."""
    output, wrt = chain.output, chain.wrt
    if output is wrt:
        yield Line(wording.goal(), (ONE,))
        yield Line(words=("A value changes exactly as it changes itself.",))
        yield from _defined(output, wording)
        return
    called = name(wrt.label or "x")
    yield Line(formulas.Derivative(wording.name(output), called), (Number(0.0),))
    yield Line(words=(*_why_apart(chain, wording, called),))
    yield from _defined(output, wording)


def _why_apart(chain: Chain, wording: Wording, wrt: Term) -> Iterator[str | Term]:
    output = wording.name(chain.output)
    yield from ("The gradient is zero: ", output, " does not depend on ", wrt)
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
        leaves = [v for v in chain.values if v._rule is LEAF]
        yield from (", which is not among the ", f"{len(chain.values):,} values it was made of")
        labelled = [v for v in leaves if v.label]
        if any(v.label == chain.wrt.label for v in labelled):
            yield from (", though another value called ", wrt, " is: was the name bound anew, ")
            yield "as by w = w - 0.1 * w.grad?"
            return
        if labelled:
            kept = shortened(labelled)
            yield " (its leaves: "
            for i, leaf in enumerate(kept):
                yield from ((", ",) if i else ())
                yield wording.name(leaf)
            yield ", ...)" if len(kept) < len(leaves) else ")"
        yield ". Through .data, .detach() and no_grad nothing is recorded."


def _why_zero(chain: Chain, wording: Wording) -> Iterator[Line]:
    """Say why the derivative is zero, where it is: nothing passes, or all cancels."""
    if chain.gradient != 0.0:
        return
    zero = [factor for factor in chain.factors() if factor.number == 0.0]
    if zero:
        kept = shortened(zero)
        words: list[str | Term] = ["It is zero, since nothing passes through "]
        for i, factor in enumerate(kept):
            words += [", "] if i else []
            words.append(Equal(wording.symbol(factor), Number(0.0)))
        yield Line(words=(*words, ", ..." if len(kept) < len(zero) else "."))
        if any(not math.isfinite(factor.number) for factor in chain.factors()):
            yield Line(
                words=("An adjoint of exactly 0 passes nothing on, not even to an infinity.",)
            )
        return
    lost = next(v for v in reversed(chain.variables) if not chain.adjoints.get(id(v), 0.0))
    above = [f for v in chain.variables for f in chain.below(v) if f.lower is lost]
    parts = [chain.adjoints.get(id(factor.upper), 0.0) * factor.number for factor in above]
    reason = "what arrives there cancels" if any(parts) else "what arrives there is too small"
    yield Line(words=("It is zero from ", wording.name(lost), f" on: {reason}."))

"""explain: a derivation by the chain rule as lines."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.graph import _adopted as adopted
from autograd_engine.table import BINARY, LEAF, SUBTRACT
from autograd_engine.views.explain import formulas, notation
from autograd_engine.views.explain.chain import LINEAR, MANY, SUMS, Chain, Factor
from autograd_engine.views.explain.deltas import Deltas, common
from autograd_engine.views.explain.formulas import ZERO, Delta, Derivative, Number, Term, name
from autograd_engine.views.explain.typesetting import TEXT
from autograd_engine.views.explain.wording import Wording
from autograd_engine.views.explain.writers import Explanation, Line

FACTORS = 8  # on all paths together: up to so many are multiplied out
LONG = 50  # A derivation of more lines goes through regions as a whole, where there are any.
LINES = 24  # So many groups of values are told of one by one, half of them at either end.
LISTED = 6  # So many of what is only listed are named.


def explain(output: Value, wrt: Value, depth: int | None = None) -> Explanation:
    """Return the derivation of the derivative of `output` by `wrt`, with its numbers.

    Values with a label or a place in a network are the variables of the chain rule, and what lies
    between two of them is one factor, derived below from the rules of its operations. A few factors
    are multiplied out; of more, and in a network, the adjoint δ of each value is found from those
    of its uses, once in general for what is alike. `depth` goes through regions as a whole, 0
    through the outermost; by default only a derivation that is too long does. Lines of the source
    are shown where `trace_source` was on. No `grad` is touched.

    Raises `TypeError` for anything but two Values, `ValueError` for another depth.

    >>> w, x = Value(3.0, "w"), Value(2.0, "x")
    >>> h = w * x
    >>> h.label = "h"
    >>> J = h * h
    >>> J.label = "J"
    >>> print(explain(J, w).text.partition("\\n\\n")[0])
    ∂J/∂w = ∂J/∂h · ∂h/∂w
          = 12 · 2
          = 24
    """
    output, wrt = adopted(output, wrt, by="explain")
    for given, what in ((output, "output"), (wrt, "wrt")):
        if not isinstance(given, Value):
            hint = ": explain one value at a time" if isinstance(given, (list, tuple)) else ""
            came = f"{type(given).__name__}: {given!r:.60}{hint}"
            raise TypeError(f"explain needs a Value as {what}, not {came}")
    if depth is not None and (type(depth) is not int or depth < 0):
        raise ValueError(f"depth is None or a number from 0 on, of regions to open; got {depth!r}")
    return Explanation(derived(output, wrt, depth))


def derived(output: Value, wrt: Value, depth: int | None = None) -> list[Line]:
    """Return the derivation of the derivative of an output by a value, by regions to a depth."""
    wording = Wording(output, wrt)
    chain = Chain(wording.survey, wrt, SUMS, wording.is_known)
    if not chain.connected or output is wrt:
        return _written(_at_once, wording.follow(chain))
    if depth is not None:
        return _by_regions(wrt, wording, depth)
    repeated = sum(id(variable) in wording.repeat_of for variable in chain.variables)
    units = sum(".neurons." in graph.region(value) for value in chain.within.values())
    few = _are_few(chain) and repeated < FACTORS - 2 and units < 2
    if not few:
        chain = Chain(wording.survey, wrt, LINEAR, wording.is_known)
    lines = _written(_by_paths if few else _by_deltas, wording.follow(chain))
    deepest = max((call.path.count(".") for call in wording.survey.calls), default=-1)
    depths = range(deepest, -1, -1) if len(lines) > LONG and not few else ()
    by_regions = (_by_regions(wrt, wording, depth) for depth in depths)
    return next((found for found in by_regions if len(found) < len(lines)), lines)


def _by_regions(wrt: Value, wording: Wording, depth: int) -> list[Line]:
    exits, survey = wording.exits(depth), wording.survey
    told = zip(survey.values, survey.given_names, survey.homes)
    named = {*exits, *[id(value) for value, given, home in told if given and not home]}
    chain = Chain(survey, wrt, LINEAR, lambda v: id(v) in named, whole=True)
    return _written(_by_paths if _are_few(chain) else _by_deltas, wording.follow(chain, exits))


def _are_few(chain: Chain) -> bool:
    """Say whether all paths together are of few factors, and no infinity cancels between them."""
    if len(chain.variables) > FACTORS + 1:
        return False
    lengths = [len(path) for path in chain.paths()]
    finite = all(math.isfinite(factor.number) for factor in chain.factors())
    return sum(lengths) <= FACTORS and (finite or len(lengths) == 1)


def _written(derive: Callable[[Wording], Iterator[Line]], wording: Wording) -> list[Line]:
    """Return what derives a derivative, and below it what its names are and why it is zero."""
    chain, lines = wording.chain, [*derive(wording)]
    lines += _told(wording, lines)
    if chain.connected and chain.adjoint(chain.wrt) == 0.0:
        lines.append(_why_zero(wording))
    terms = [term for line in lines for term in (line.left, *line.rights, *line.terms)]
    shown = " ".join(TEXT.set(term) for term in terms if term)
    for whole, short in wording.short.items():
        if short in shown:
            lines.append(Line(words=f"{{}} is {name(whole).text}", terms=(name(short),), level=1))
    return sorted(lines, key=lambda line: bool(line.curve))  # pictures stand below all words


def _by_paths(wording: Wording) -> Iterator[Line]:
    chain, told = wording.chain, set[Term]()
    paths = list(chain.paths())
    if len(paths) == len(paths[0]) == 1:
        yield _factor(paths[0][0], wording, told, wording.goal())
    else:
        products = [formulas.Product(tuple(map(wording.symbol, p)), spaced=True) for p in paths]
        symbols = formulas.added(products)
        parts = [formulas.Given(math.prod(factor.number for factor in p)) for p in paths]
        summed = [formulas.added(parts)] if len(paths) > 1 else []
        steps = (symbols, formulas.numbers(symbols), *summed, Number(chain.adjoint(chain.wrt)))
        yield Line(wording.goal(), steps, apart=True)
    yield Line(words="where")
    for variable in reversed(chain.variables):
        yield wording.defined(variable)
        for factor in chain.below[id(variable)] if len(chain.variables) > 2 else ():
            yield _factor(factor, wording, told)


def _factor(factor: Factor, wording: Wording, told: set[Term], left: Term | None = None) -> Line:
    """Derive a factor from the rules of its operations, those that have not been told."""
    found = wording.formula(factor)
    steps = [formulas.folded(found)] if found else []
    if found and wording.are_fresh(factor):
        steps.append(formulas.numbers(steps[0]))
    ruled = dict.fromkeys((v._rule, i) for v, which in factor.steps() for i in which)
    rules = [step for step in ruled if step[0].arity and step[0] is not BINARY]
    terms: dict[Term, str] = {}
    for rule, i in rules if any(rule not in LINEAR for rule, _ in rules) else ():
        said, plain = notation.rule(rule, i), rule in SUMS and not (rule is SUBTRACT and i)
        if isinstance(said, formulas.Equal) and said not in told and not plain:
            terms[said] = f"{notation.spoken(rule)}: {{}}"
    told.update(terms)
    words = "; ".join(terms.values())
    rights, level = (*steps, Number(factor.number)), 0 if left else 1
    by = f"by {words}" if words else ""
    return Line(left or wording.symbol(factor), rights, by, tuple(terms), level=level)


def _by_deltas(wording: Wording) -> Iterator[Line]:
    chain, deltas = wording.chain, Deltas(wording)
    *shown, goal = deltas.groups()
    output, wrt = wording.name(chain.output), wording.name(chain.wrt)
    yield from deltas.lines(goal, Derivative(output, wrt))
    paths = chain.count_ways()
    many = f"{paths:,} paths lead" if paths < MANY else "More than a billion paths lead"
    many = many if paths > 1 else "One long path leads"
    over = deltas.ranges.get(id(chain.wrt))
    over = f"; the sum is over {over}" if over else ""
    said = f"{many} from {{}} to {{}}{over}. From the output down, {{}} is {{}}:"
    yield Line(words=said, terms=(wrt, output, Delta(name("v")), Derivative(output, name("v"))))
    cut = LINES // 2 if len(shown) > LINES else len(shown)
    kept = [*shown[:cut], *shown[cut:][-cut:]]
    for i, group in enumerate(kept):
        if i == cut:
            yield Line(words=f"... {len(shown) - 2 * cut:,} values more, each in the same way ...")
        yield from deltas.lines(group)
    yield Line(words="where")
    yield wording.defined(chain.output)
    yield from deltas.defined([*kept, goal])
    yield from map(wording.defined, wording.begins())
    survey = wording.survey
    for curve in [tuple([delta for _, delta in survey.deltas(one)]) for one in survey.repeats]:
        if any(curve):
            yield Line(words="The size of δ, of what is carried on, step by step:", curve=curve)


def _told(wording: Wording, lines: list[Line]) -> Iterator[Line]:
    """Say what numbers are that differ, and parts that textbooks have a name for, where shown."""
    shown = " ".join(TEXT.set(term) for line in lines for term in line.rights[:1])
    letters = set(re.findall(r"\b[a-z]+′*(?![a-z(])", shown))
    for (called, by), places in wording.constants.items():
        if called in letters:
            row, note = formulas.row([*places.values()]), formulas.spread({by: places})
            yield Line(name(formulas.indexed(called, by)), (row,), note=note)
    for letter, found in wording.told.items():
        if letter in letters and not found:
            said = "{} is the target: 1 for the class, else 0."
            yield Line(words=said, terms=(name(letter),), level=1)
        elif letter in letters:
            names, meanings, numbers = zip(*found)
            texts = [called.text for called in names]
            if general := common(meanings, texts, "jsl", wording.constants):
                _, index, meaning = general
                yield Line(name(index.name), (meaning,), note=formulas.spread(index.numbers))
            else:
                yield Line(names[0], (meanings[0], numbers[0]))


def _at_once(wording: Wording) -> Iterator[Line]:
    """Explain a derivative that needs no chain: by the output itself, or by a stranger."""
    chain, output = wording.chain, wording.name(wording.chain.output)
    if chain.output is chain.wrt:
        yield Line(wording.goal(), (formulas.ONE,))
        yield Line(words="A value changes exactly as it changes itself.")
    else:
        wrt = wording.name(chain.wrt) if chain.wrt.label else name("w")
        yield Line(Derivative(output, wrt), (ZERO,))
        why, *terms = _why_apart(wording, output, wrt)
        said = f"The gradient is zero: {{}} does not depend on {{}}{why}"
        yield Line(words=said, terms=(output, wrt, *terms))
    yield wording.defined(chain.output)


def _why_apart(wording: Wording, output: Term, wrt: Term) -> tuple[Any, ...]:
    """Return words, and the terms at the places of their braces."""
    chain = wording.chain
    leaves = [value for value in chain.values if value._rule is LEAF and value.label]
    if any(value is chain.wrt for value in chain.values):
        why = " as far as is known: between them stands a value made from children, as "
        return (f"{why}micrograd's constructor takes them, whose partials are not known.",)
    if not chain.output.operands:
        why = f", since {{}} is a {chain.output._rule.name}: nothing was computed."
        if any(value is chain.output for value in graph.nodes(chain.wrt)):
            why += " The other way round {} depends on {}: write explain(output, wrt), "
            return f"{why}the output first.", output, wrt, output
        return why, output
    why = f", which is not among the {len(chain.values):,} values it was made of"
    if any(leaf.label == chain.wrt.label for leaf in leaves):
        why += ", though another value called {} is: was the name bound anew, as by "
        return f"{why}w = w - 0.1 * w.grad?", wrt
    why += f" (its leaves: {_listed(leaves)})" * bool(leaves)
    why += ". Through .data, .detach() and no_grad nothing is recorded."
    return why, *map(wording.name, leaves[:LISTED])


def _why_zero(wording: Wording) -> Line:
    """Say why the derivative is zero: nothing passes, or all cancels."""
    chain, factors = wording.chain, list(wording.chain.factors())
    zero = [wording.symbol(factor) for factor in factors if factor.number == 0.0]
    if zero:
        infinite = not all(math.isfinite(factor.number) for factor in factors)
        more = " An adjoint of exactly 0 passes nothing on, not even to an infinity." * infinite
        said = f"It is zero, since nothing passes through {_listed(zero)}.{more}"
        return Line(words=said, terms=tuple(formulas.Equal(z, ZERO) for z in zero[:LISTED]))
    lost = next(v for v in reversed(chain.variables) if not chain.adjoint(v))
    parts = [chain.adjoint(f.upper) * f.number for f in factors if f.lower is lost]
    said = "cancels" if min(parts) < 0.0 < max(parts) else "is too small"
    said = f"It is zero from {{}} on: what arrives there {said}."
    return Line(words=said, terms=(wording.name(lost),))


def _listed(items: Sequence[object]) -> str:
    return ", ".join(["{}"] * min(len(items), LISTED)) + ", ..." * (len(items) > LISTED)

"""explain: a derivation by the chain rule as lines."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.gradients import holds
from autograd_engine.graph import _adopted as adopted
from autograd_engine.survey import Survey
from autograd_engine.table import BINARY, LEAF, SUBTRACT
from autograd_engine.views.explain import formulas, notation
from autograd_engine.views.explain.chain import LINEAR, MANY, SUMS, Chain, Factor
from autograd_engine.views.explain.deltas import Deltas, common
from autograd_engine.views.explain.formulas import ZERO, Delta, Derivative, Number, Term, name
from autograd_engine.views.explain.typesetting import TEXT
from autograd_engine.views.explain.writers import Explanation, Line

FACTORS = 8  # on all paths together: up to so many are multiplied out
LONG = 50  # A derivation of more lines goes through regions as a whole, where there are any.
LINES = 12  # So many groups of values are told of one by one at either end.
LISTED = 6  # So many of what is only listed are named.


def explain(output: Value, wrt: Value, depth: int | None = None) -> Explanation:
    """Return the derivation of the derivative of `output` by `wrt`, with its numbers.

    The variables of the chain rule are what has a label or a place in a network. A few factors are
    multiplied out; of more, the adjoint δ of each value is found from those of its uses, once in
    general for what is alike. `depth` goes through regions as a whole, 0 through the outermost; by
    default only a derivation that is too long does. Lines of the source are shown where
    `trace_source` was on. No `grad` is touched.

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
            came = f"{type(given).__name__}: {given!r:.60}"
            raise TypeError(f"explain needs a Value as {what}, not {came}")
    if depth is not None and (type(depth) is not int or depth < 0):
        raise ValueError(f"depth is None or a number from 0 on, of regions to open; got {depth!r}")
    return Explanation(derived(output, wrt, depth))


def derived(output: Value, wrt: Value, depth: int | None = None) -> list[Line]:
    """Return the derivation of the derivative of an output by a value, by regions to a depth."""
    survey = Survey(output)
    lines = _derived(survey, wrt, depth)
    deepest = max((call.path.count(".") for call in survey.calls), default=-1)
    depths = range(deepest, -1, -1) if depth is None and len(lines) > LONG else ()
    by_regions = (_derived(survey, wrt, depth) for depth in depths)
    return next((found for found in by_regions if len(found) < len(lines)), lines)


def _derived(survey: Survey, wrt: Value, depth: int | None) -> list[Line]:
    chain = Chain(survey, wrt, SUMS, depth)
    if not chain.connected or chain.output is wrt:
        return _written(_at_once, chain)
    if _are_few(chain):
        return _written(_by_paths, chain)
    return _written(_by_deltas, Chain(survey, wrt, LINEAR, depth))


def _are_few(chain: Chain) -> bool:
    """Say whether all paths together are of few factors, and no infinity cancels between them."""
    survey = chain.survey
    repeats = {i for repeat in survey.repeats for row in repeat.places for i in row}
    repeated = sum(survey.position[id(variable)] in repeats for variable in chain.variables)
    units = sum(".neurons." in graph.region(variable) for variable in chain.variables)
    if len(chain.variables) > FACTORS + 1 or repeated > FACTORS - 3 or units > 1:
        return False
    lengths = [len(path) for path in chain.paths()]
    finite = all(math.isfinite(factor.number) for factor in chain.factors())
    return sum(lengths) <= FACTORS and (finite or len(lengths) == 1)


def _written(derive: Callable[[Chain], Iterator[Line]], chain: Chain) -> list[Line]:
    """Return what derives a derivative, and below it what its names are and why it is zero."""
    lines = [*derive(chain)]
    lines += _told(chain, lines)
    if chain.connected and chain.adjoint(chain.wrt) == 0.0:
        lines.append(_why_zero(chain))
    return sorted(lines, key=lambda line: bool(line.curve))  # pictures stand below all words


def _by_paths(chain: Chain) -> Iterator[Line]:
    told = set[Term]()
    paths = list(chain.paths())
    if len(paths) == len(paths[0]) == 1:
        yield _factor(paths[0][0], chain, told, chain.goal())
    else:
        products = [formulas.Product(tuple(map(chain.symbol, p)), spaced=True) for p in paths]
        symbols = formulas.added(products)
        parts = [formulas.Given(math.prod(factor.number for factor in p)) for p in paths]
        summed = [formulas.added(parts)] if len(paths) > 1 else []
        steps = (symbols, formulas.numbers(symbols), *summed, Number(chain.adjoint(chain.wrt)))
        yield Line(chain.goal(), steps, apart=True)
    yield Line(words="where")
    for variable in reversed(chain.variables):
        yield chain.defined(variable)
        for factor in chain.below[id(variable)] if len(chain.variables) > 2 else ():
            yield _factor(factor, chain, told)


def _factor(factor: Factor, chain: Chain, told: set[Term], left: Term | None = None) -> Line:
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
        if isinstance(said, formulas.Equal) and said not in told and not plain:
            terms[said] = f"{notation.spoken(rule)}: {{}}"
    told.update(terms)
    words = "; ".join(terms.values())
    rights, level = (*steps, Number(factor.number)), 0 if left else 1
    by = f"by {words}" if words else ""
    return Line(left or chain.symbol(factor), rights, by, tuple(terms), level=level)


def _by_deltas(chain: Chain) -> Iterator[Line]:
    deltas = Deltas(chain)
    *shown, goal = deltas.groups()
    output, wrt = chain.name(chain.output), chain.name(chain.wrt)
    yield from deltas.lines(goal, Derivative(output, wrt))
    paths = chain.count_ways()
    many = f"{paths:,} paths lead" if paths < MANY else "More than a billion paths lead"
    many = many if paths > 1 else "One long path leads"
    over = deltas.ranges.get(id(chain.wrt))
    over = f"; the sum is over {over}" if over else ""
    said = f"{many} from {{}} to {{}}{over}. From the output down, {{}} is {{}}:"
    yield Line(words=said, terms=(wrt, output, Delta(name("v")), Derivative(output, name("v"))))
    kept = [*shown[:LINES], *shown[LINES:][-LINES:]]
    for group in kept:
        yield from deltas.lines(group)
    if len(kept) < len(shown):
        yield Line(words="... others between them in the same way ...")
    yield Line(words="where")
    yield chain.defined(chain.output)
    yield from deltas.defined([*kept, goal])
    yield from map(chain.defined, deltas.begins)
    survey = chain.survey
    for curve in [tuple([delta for _, delta in survey.deltas(one)]) for one in survey.repeats]:
        if any(curve):
            yield Line(words="The size of δ, of what is carried on, step by step:", curve=curve)


def _told(chain: Chain, lines: list[Line]) -> Iterator[Line]:
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


def _at_once(chain: Chain) -> Iterator[Line]:
    """Explain a derivative that needs no chain: by the output itself, or by a stranger."""
    output, wrt = chain.name(chain.output), name(chain.wrt.label or "w")
    if chain.output is chain.wrt:
        yield Line(chain.goal(), (formulas.ONE,))
    else:
        yield Line(Derivative(output, wrt), (ZERO,))
        leaves = [value for value in chain.values if value._rule is LEAF and value.label]
        said = f"The gradient is zero: {{}} does not depend on {{}}{_why_apart(chain, leaves)}"
        terms = (output, wrt, *map(chain.name, leaves[:LISTED]))[: said.count("{}")]
        yield Line(words=said, terms=terms)
    yield chain.defined(chain.output)


def _why_apart(chain: Chain, leaves: list[Value]) -> str:
    if any(value is chain.wrt for value in chain.values):
        return " as far as is known: a value made from children has partials that are not known."
    listed = f" (its leaves: {_listed(leaves)})" * bool(leaves)
    why = f", which is not among the values it was made of{listed}"
    if any(value is chain.output for value in graph.nodes(chain.wrt)):
        return f"{why}, but the other way round: write explain(output, wrt), the output first."
    if any(leaf.label == chain.wrt.label for leaf in leaves):
        return f"{why}. Was the name bound anew, as by w = w - 0.1 * w.grad?"
    return f"{why}. Through .data, .detach() and no_grad nothing is recorded."


def _why_zero(chain: Chain) -> Line:
    """Say why the derivative is zero: nothing passes, or all cancels."""
    zero = [chain.symbol(factor) for factor in chain.factors() if factor.number == 0.0]
    said = f"nothing passes through {_listed(zero)}, not even to an infinity"
    said = f"It is zero, since {said if zero else 'what arrives cancels or is too small'}."
    return Line(words=said, terms=tuple(formulas.Equal(z, ZERO) for z in zero[:LISTED]))


def _listed(items: Sequence[object]) -> str:
    return ", ".join(["{}"] * min(len(items), LISTED)) + ", ..." * (len(items) > LISTED)

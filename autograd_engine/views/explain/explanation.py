"""explain: a derivation by the chain rule, written as text, Markdown with LaTeX, HTML."""

from __future__ import annotations

import html
import math
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from importlib.resources import files
from itertools import chain as joined
from typing import Any

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.graph import _adopted as adopted
from autograd_engine.survey import Survey
from autograd_engine.table import LEAF
from autograd_engine.views.explain import derivation, formulas
from autograd_engine.views.explain.chain import LINEAR, SUMS, Chain
from autograd_engine.views.explain.derivation import Line, defined
from autograd_engine.views.explain.formulas import ZERO, Derivative, Number, Power, name
from autograd_engine.views.explain.typesetting import LATEX, MATHML, TEXT, plain
from autograd_engine.views.layout.scene import readable
from autograd_engine.views.notebooks import PAGE, Shown
from autograd_engine.views.picture.markup import chart

FACTORS = 8  # on all paths together: up to so many are multiplied out
LONG = 50  # A derivation of more lines goes through regions as a whole, where there are any.
WIDE = 100  # So long is a line of text at most that could be several.

_STYLE = files(__package__).joinpath("explanation.css").read_text(encoding="utf-8")


class Explanation(Shown):
    """A derivation by the chain rule, with the numbers of the moment when it was made."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines

    @cached_property
    def text(self) -> str:
        """The derivation for a terminal, equations aligned at their equals signs."""
        found, before = "", False
        for line, text in written(self._lines, "text"):
            # Short equations stand together; what takes several lines stands by itself.
            short = "\n" not in text and bool(line.left) and not isinstance(line.left, Derivative)
            found += "\n" * (line.level == 0 and not (before and short)) + text + "\n"
            before = line.level == 0 and short
        return found.lstrip("\n")

    @property
    def ascii(self) -> str:
        """The same for a terminal that shows only ASCII: d for ∂, * for ·, ^2 for ²."""
        return plain(self.text, "ascii")

    @cached_property
    def markdown(self) -> str:
        """The derivation in Markdown, its formulas in LaTeX between dollar signs."""
        return "\n".join(text for _, text in written(self._lines, "markdown"))

    @cached_property
    def html(self) -> str:
        """The derivation as a page of HTML, which needs nothing else and runs nothing."""
        return PAGE.format(html.escape(self.text.split("\n")[0]), self._html())

    def __repr__(self) -> str:
        return self.text

    def _html(self) -> str:
        body = "".join(text for _, text in written(self._lines, "html"))
        scroller = 'tabindex="0" role="region" aria-label="Derivation"'  # reached by keys
        return f'<style>\n{_STYLE}</style>\n<div class="ag-explanation" {scroller}>\n{body}</div>\n'

    def _kinds(self) -> dict[str, str]:
        # No HTML: notebooks would prefer it to LaTeX, which they set better, and which is
        # shown in one that is opened again without trust.
        return {"text/markdown": self.markdown}


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
    if not isinstance(output, Value) or not isinstance(wrt, Value):
        raise TypeError(f"explain needs two Values, not {output!r:.60} and {wrt!r:.60}")
    if depth is not None and (type(depth) is not int or depth < 0):
        raise ValueError(f"depth is None or a number from 0 on, of regions to open; got {depth!r}")
    return Explanation(derived(output, wrt, depth))


def derived(output: Value, wrt: Value, depth: int | None = None) -> list[Line]:
    survey = Survey(output)
    lines = _derived(survey, wrt, depth)
    depths = (2, 1, 0) if depth is None and survey.calls and len(lines) > LONG else ()
    by_regions = (_derived(survey, wrt, depth) for depth in depths)
    return next((found for found in by_regions if len(found) < len(lines)), lines)


def _derived(survey: Survey, wrt: Value, depth: int | None) -> list[Line]:
    chain = Chain(survey, wrt, SUMS, depth)
    if not chain.connected or chain.output is wrt:
        lines = [*_at_once(chain)]
    elif _are_few(chain):
        lines = [*derivation.by_paths(chain)]
    else:
        chain = Chain(survey, wrt, LINEAR, depth)
        lines = [*derivation.by_deltas(chain)]
    lines += derivation.told(chain, lines)
    if chain.connected and chain.adjoint(wrt) == 0.0:
        lines.append(derivation.why_zero(chain))
    terms = [term for line in lines for term in (line.left, *line.rights, *line.terms) if term]
    shown = " ".join(map(TEXT.set, terms))
    for whole, short in survey.short.items():
        if short in shown:
            lines.append(Line(words=f"{{}} is {name(whole).text}", terms=(name(short),), level=1))
    for repeat in survey.repeats if chain.connected else ():
        curve = tuple([delta for _, delta in survey.deltas(repeat)])
        words = "The size of δ, of what is carried on, step by step:"
        lines += [Line(words=words, curve=curve)] * any(curve)
    return lines


def _are_few(chain: Chain) -> bool:
    """Say whether all paths together are of few factors, and no infinity cancels between them."""
    units = sum(".neurons." in graph.region(variable) for variable in chain.variables)
    if len(chain.variables) > FACTORS + 1 or units > 1:
        return False
    lengths = [len(path) for path in chain.paths()]
    finite = all(math.isfinite(factor.number) for factor in chain.factors())
    return sum(lengths) <= FACTORS and (finite or len(lengths) == 1)


def _at_once(chain: Chain) -> Iterator[Line]:
    output, wrt = chain.name(chain.output), name(chain.wrt.label or "w")
    if chain.output is chain.wrt:
        yield Line(chain.goal(), (formulas.ONE,))
    else:
        yield Line(Derivative(output, wrt), (ZERO,))
        leaves = [value for value in chain.values if value._rule is LEAF and value.label]
        said = f"The gradient is zero: {{}} does not depend on {{}}{_why_apart(chain, leaves)}"
        terms = (output, wrt, *map(chain.name, leaves[: derivation.LISTED]))[: said.count("{}")]
        yield Line(words=said, terms=terms)
    yield defined(chain, chain.output)


def _why_apart(chain: Chain, leaves: list[Value]) -> str:
    if any(value is chain.wrt for value in chain.values):
        return " as far as is known: a value made from children has partials that are not known."
    known = f" (its leaves: {derivation.listed(leaves)})" * bool(leaves)
    why = f", which is not among the values it was made of{known}"
    if any(value is chain.output for value in graph.nodes(chain.wrt)):
        return f"{why}, but the other way round: write explain(output, wrt), the output first."
    if any(leaf.label == chain.wrt.label for leaf in leaves):
        return f"{why}. Was the name bound anew, as by w = w - 0.1 * w.grad?"
    return f"{why}. Through .data, .detach() and no_grad nothing is recorded."


def written(lines: Iterable[Line], name: str) -> Iterator[tuple[Line, str]]:
    """Yield each line, and how the medium of that name writes it; curves in HTML alone."""
    medium, formula, step, noted, typed, code, together = MEDIA[name]
    for line in lines if name == "html" else [line for line in lines if not line.curve]:
        terms = [formula.format(medium.set(term)) for term in line.terms]
        words = "".join(joined(*zip(map(typed, line.words.split("{}")), [*terms, ""])))
        left, rows, tail = "", list[str](), ""
        if line.left is not None:
            texts = list(map(TEXT.set, (line.left, *line.rights)))
            steps = zip(line.rights, texts[1:], texts)
            kept = [(term, text) for term, text, before in steps if text != before]
            left = medium.set(line.left)
            rows = [step.format(medium.set(term)) for term, _ in kept]
            wide = len(texts[0]) + sum(len(text) + 3 for _, text in kept) > WIDE
            rows = rows if wide or line.apart else ["".join(rows)]
            tail = noted.format(typed(line.note)) if line.note else ""
            tail += code.format(typed(readable(line.code))) if line.code else ""
        yield line, together(line, left, rows, tail, words)


def _text(line: Line, left: str, rows: list[str], tail: str, words: str) -> str:
    equation = left + f"\n{' ' * len(left)}".join(rows) + tail
    return textwrap.indent("\n  ".join(filter(None, [equation, words])), "  " * line.level)


def _markdown(line: Line, left: str, rows: list[str], tail: str, words: str) -> str:
    shown = left + "".join(rows)
    if len(rows) > 1:
        aligned = r" \\ ".join(f"&{row[1:]}" for row in rows)
        shown = rf"$$\begin{{aligned}} {left} {aligned} \end{{aligned}}$$"
    elif rows:
        shown = f"$${shown}$$" if line.level else f"**${shown}$**"
    return "\n\n".join(filter(None, [shown + tail, words])) + "\n"


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]#|$~])", r"\\\1", html.escape(text, quote=False))


_MATH = '<math displaystyle="true"><mrow>{}</mrow></math>'


def _html(line: Line, left: str, rows: list[str], tail: str, words: str) -> str:
    if not rows:
        return f"<p>{words}</p>\n{_curve(line.curve) if line.curve else ''}"
    cells = [_MATH.format(left), *[""] * (len(rows) - 1)]
    table = [f"<tr><td>{cell}</td><td>{_MATH.format(row)}" for cell, row in zip(cells, rows)]
    body = "</td></tr>\n".join(table) + f"{tail}</td></tr>\n"
    kind = "inner" if line.level else "value"
    rules = f'<p class="rules">{words}</p>\n' if words else ""
    return f'<div class="{kind}"><table role="presentation">\n{body}</table>{rules}</div>\n'


# Of each medium: formulas, and what is put around one in words, a step, a note; words and code as
# they are typed; how the rows of an equation are put together.
MEDIA: dict[str, tuple[Any, ...]] = {
    "text": (TEXT, "{}", " = {}", "   ({})", str, "\n  # {}", _text),
    "markdown": (LATEX, "${}$", " = {}", " ({})", _escaped, " <code>{}</code>", _markdown),
    "html": (
        *(MATHML, _MATH, "<mo>=</mo><mrow>{}</mrow>", '<span class="note">{}</span>'),
        *(html.escape, "<code>{}</code>", _html),
    ),
}


def _curve(numbers: Sequence[float]) -> str:
    """Return the sizes of numbers over the steps 1, 2, ..., by powers of ten; a 0 has none."""
    sizes = {t: math.log10(abs(x)) for t, x in enumerate(numbers) if x and math.isfinite(x)}
    low = math.floor(min(sizes.values(), default=0.0))
    high = max(math.ceil(max(sizes.values(), default=0.0)), low + 1)
    points = [(t / max(len(numbers) - 1, 1), (y - low) / (high - low)) for t, y in sizes.items()]
    first, last = (TEXT.set(Number(float(f"{abs(numbers[i]):.3g}"))) for i in (0, -1))
    ends = {"first": f"t = 1: {first}", "last": f"t = {len(numbers)}: {last}"}
    ends |= {k: TEXT.set(Power(Number(10.0), Number(n))) for k, n in (("low", low), ("high", high))}
    title = f"the size of δ: {first} at step 1, {last} at the last"
    return chart(title, [("size of δ", points)], **ends)

"""The lines of a derivation, and how they are written: as text, Markdown with LaTeX, HTML."""

from __future__ import annotations

import html
import math
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from importlib.resources import files
from itertools import chain
from typing import Any, NamedTuple

from autograd_engine.views.explain.formulas import Derivative, Number, Power, Term
from autograd_engine.views.explain.typesetting import LATEX, MATHML, TEXT, plain
from autograd_engine.views.layout.scene import readable
from autograd_engine.views.notebooks import PAGE, Shown
from autograd_engine.views.picture.markup import chart

WIDE = 100  # So long is a line of text at most that could be several.

_STYLE = files(__package__).joinpath("explanation.css").read_text(encoding="utf-8")


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


class Explanation(Shown):
    """A derivation by the chain rule, with the numbers of the moment when it was made."""

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines

    @cached_property
    def text(self) -> str:
        """The derivation for a terminal, equations aligned at their equals signs."""
        found, before = "", False
        lines = [line for line in self._lines if not line.curve]
        for line, text in zip(lines, written(lines, "text")):
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
        return "\n".join(written([line for line in self._lines if not line.curve], "markdown"))

    @cached_property
    def html(self) -> str:
        """The derivation as a page of HTML, which needs nothing else and runs nothing."""
        return PAGE.format(html.escape(self.text.split("\n")[0]), self._html())

    def __repr__(self) -> str:
        return self.text

    def _html(self) -> str:
        body = "".join(written(self._lines, "html"))
        scroller = 'tabindex="0" role="region" aria-label="Derivation"'  # reached by keys
        return f'<style>\n{_STYLE}</style>\n<div class="ag-explanation" {scroller}>\n{body}</div>\n'

    def _kinds(self) -> dict[str, str]:
        # No HTML: notebooks would prefer it to LaTeX, which they set better, and which is
        # shown in one that is opened again without trust.
        return {"text/markdown": self.markdown}


def written(lines: Iterable[Line], name: str) -> Iterator[str]:
    """Yield each line as the medium of that name writes it."""
    medium, formula, step, noted, typed, code, together = MEDIA[name]
    for line in lines:
        terms = [formula.format(medium.set(term)) for term in line.terms]
        words = "".join(chain(*zip(map(typed, line.words.split("{}")), [*terms, ""])))
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
            tail += code(readable(line.code)) if line.code else ""
        yield together(line, left, rows, tail, words)


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


def _typewritten(code: str) -> str:
    return f" <code>{html.escape(code)}</code>"


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
    "text": (TEXT, "{}", " = {}", "   ({})", str, "\n  # {}".format, _text),
    "markdown": (LATEX, "${}$", " = {}", " ({})", _escaped, _typewritten, _markdown),
    "html": (
        *(MATHML, _MATH, "<mo>=</mo><mrow>{}</mrow>", '<span class="note">{}</span>'),
        *(html.escape, _typewritten, _html),
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

"""The lines of a derivation, and how they are written: as text, Markdown with LaTeX, HTML.

One walk over the lines; what a medium puts around formulas, and how it sets equations out, stands
in `MEDIA`.
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_engine.views.explain.formulas import Derivative, Term
from autograd_engine.views.explain.sparkline import curve
from autograd_engine.views.explain.typesetting import LATEX, MATHML, TEXT
from autograd_engine.views.layout.scene import readable

WIDE = 100  # So long is a line of text at most that could be several.

_STYLE = """
.ag-explanation { font: 1rem/1.5 system-ui, sans-serif; max-width: 100%; overflow-x: auto; }
.ag-explanation table { border-collapse: collapse; border: 0; margin: 0; background: none; }
.ag-explanation td { border: 0; padding: 0.1em 0; text-align: left; vertical-align: baseline;
  background: none; white-space: nowrap; }
.ag-explanation td:first-child { text-align: right; }
.ag-explanation math { font-size: 1.15em; }
.ag-explanation .value { margin-top: 0.6em; }
.ag-explanation .inner { margin-left: 2em; }
.ag-explanation p { margin: 0.6em 0; }
.ag-explanation .rules { margin-left: 2em; font-size: 0.9em; opacity: 0.8; }
.ag-explanation code, .ag-explanation .note { font-size: 0.85em; opacity: 0.8; margin-left: 1em; }
.ag-explanation svg { display: block; }
"""


@dataclass(frozen=True)
class Line:
    """An equation with what it comes to, step by step; or words, perhaps with a curve."""

    left: Term | None = None
    rights: tuple[Term, ...] = ()
    words: tuple[str | Term, ...] = ()
    code: str = ""
    level: int = 0
    note: str = ""
    curve: tuple[float, ...] = ()


def written(lines: Iterable[Line], name: str) -> Iterator[str]:
    """Yield each line as the medium of that name writes it."""
    medium, formula, step, noted, typed, code, together = MEDIA[name]
    said = lambda w: typed(w) if isinstance(w, str) else formula.format(medium.set(w))  # noqa: E731
    for line in lines:
        left, rows, tail = "", list[str](), ""
        if line.left is not None:
            texts = list(map(TEXT.set, (line.left, *line.rights)))
            steps = zip(line.rights, texts[1:], texts)
            kept = [(term, text) for term, text, before in steps if text != before]
            left = medium.set(line.left)
            rows = [step.format(medium.set(term)) for term, _ in kept]
            wide = len(texts[0]) + sum(len(text) + 3 for _, text in kept) > WIDE
            rows = rows if wide or _is_chain(line) else ["".join(rows)]
            tail = noted.format(typed(line.note)) if line.note else ""
            tail += code(readable(line.code)) if line.code else ""
        yield together(line, left, rows, tail, "".join(map(said, line.words)))


def _is_chain(line: Line) -> bool:
    """Say whether an equation multiplies the factors of the chain rule out."""
    first = line.rights[0] if len(line.rights) > 2 else None
    parts = getattr(first, "terms", (first,))
    return any(getattr(part, "spaced", False) for part in parts)


def as_text(lines: Iterable[Line]) -> str:
    """Return a derivation for a terminal, equations aligned at their equals signs."""
    found, before = "", 0
    lines = [line for line in lines if not line.curve]
    for line, text in zip(lines, written(lines, "text")):
        # Short equations stand together; what takes several lines stands by itself.
        height = text.count("\n") + 1
        short = before == height == 1 and line.left and not isinstance(line.left, Derivative)
        apart = line.level == 0 and not short
        before = height if line.level == 0 and line.left else 2
        found += "\n" * apart + text + "\n"
    return found


def _text(line: Line, left: str, rows: list[str], tail: str, words: str) -> str:
    equation = left + f"\n{' ' * len(left)}".join(rows) + tail
    return textwrap.indent("\n  ".join(filter(None, [equation, words])), "  " * line.level)


def as_markdown(lines: Iterable[Line]) -> str:
    """Return a derivation in Markdown, its formulas in LaTeX between dollar signs."""
    return "\n".join(written([line for line in lines if not line.curve], "markdown"))


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


def _code_span(text: str) -> str:
    """Return text between enough backquotes that those inside do not end it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence, space = "`" * (longest + 1), " " * bool(longest)
    return f"  {fence}{space}{text}{space}{fence}"


def as_html(lines: Sequence[Line]) -> str:
    """Return a derivation as a page of HTML, which needs nothing else and runs nothing."""
    title = html.escape(next(written(lines, "text")).split("\n")[0])
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{title}</title>\n'
        f'</head>\n<body>\n<main>\n<h1 style="font-size: 1rem">{title}</h1>\n{as_fragment(lines)}'
        f"</main>\n</body>\n</html>\n"
    )


def as_fragment(lines: Sequence[Line]) -> str:
    """Return the part of the page that can stand in another one."""
    body = "".join(written(lines, "html"))
    scroller = 'tabindex="0" role="region" aria-label="Derivation"'  # reached by keys
    return f'<style>{_STYLE}</style>\n<div class="ag-explanation" {scroller}>\n{body}</div>\n'


_MATH = '<math displaystyle="true"><mrow>{}</mrow></math>'


def _html(line: Line, left: str, rows: list[str], tail: str, words: str) -> str:
    if not rows:
        return f"<p>{words}</p>\n{curve(line.curve) if line.curve else ''}"
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
    "markdown": (LATEX, "${}$", " = {}", " ({})", _escaped, _code_span, _markdown),
    "html": (
        *(MATHML, _MATH, "<mo>=</mo><mrow>{}</mrow>", '<span class="note">{}</span>'),
        *(html.escape, lambda code: f"<code>{html.escape(code)}</code>", _html),
    ),
}

"""The lines of a derivation written out: as text, as Markdown with LaTeX, as HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from autograd_engine.views.explain.formulas import Sum, Term
from autograd_engine.views.explain.lines import Line
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


def as_text(lines: Iterable[Line]) -> str:
    """Return a derivation for a terminal, equations aligned at their equals signs."""
    found: list[str] = []
    before = 0
    for line in lines:
        if line.curve:
            continue
        rows = _text_rows(line)
        # Short equations stand together; what takes several lines stands by itself.
        if line.level == 0 and not (before == len(rows) == 1 and line.left):
            found.append("")
        before = len(rows) if line.level == 0 and line.left else 2
        found += [row.rstrip() for row in rows]
    return "\n".join(found) + "\n"


def _text_rows(line: Line) -> list[str]:
    indent = "  " * line.level
    if line.left is None:
        return [indent + _words(line.words)]
    left = indent + TEXT.set(line.left)
    first, *rest = _rows(line, [f" = {TEXT.set(step)}" for step in _kept(line)])
    rows = [left + first, *(" " * len(left) + row for row in rest)]
    if line.note:
        rows[-1] += f"   ({line.note})"
    code = [f"{indent}  # {readable(code)}" for code in line.code]
    words = [f"{indent}  {_words(line.words)}"] if line.words else []
    return [*rows, *code, *words]


def _kept(line: Line) -> list[Term]:
    """Return what an equation comes to, a step that changes nothing left out."""
    steps = [term for term in (line.left, *line.rights) if term is not None]
    return [term for term, before in zip(steps[1:], steps) if TEXT.set(term) != TEXT.set(before)]


def _rows(line: Line, steps: list[str]) -> list[str]:
    """Return the steps of an equation side by side, or one below the other where that is long."""
    wide = sum(len(TEXT.set(term)) + 3 for term in (line.left, *_kept(line)) if term) > WIDE
    return steps if wide or _is_chain(line) else ["".join(steps)]


def _is_chain(line: Line) -> bool:
    """Say whether an equation multiplies the factors of the chain rule out."""
    first = line.rights[0] if len(line.rights) > 2 else None
    parts = [part for _, part in first.parts] if isinstance(first, Sum) else [first]
    return any(getattr(part, "spaced", False) for part in parts)


def _words(words: Sequence[str | Term]) -> str:
    return "".join(word if isinstance(word, str) else TEXT.set(word) for word in words)


def as_markdown(lines: Iterable[Line]) -> str:
    """Return a derivation in Markdown, its formulas in LaTeX between dollar signs."""
    return "\n".join(part for line in lines if not line.curve for part in _markdown_parts(line))


def _markdown_parts(line: Line) -> list[str]:
    words = "".join(
        _plain_markdown(word) if isinstance(word, str) else f"${LATEX.set(word)}$"
        for word in line.words
    )
    if line.left is None:
        return [words, ""]
    left, steps = LATEX.set(line.left), [f"= {LATEX.set(step)}" for step in _kept(line)]
    rows = _rows(line, steps)
    code = "".join(f"  {_code_span(readable(code))}" for code in line.code)
    note = f" ({_plain_markdown(line.note)})" if line.note else ""
    if len(rows) == 1 or len(steps) == 1:
        body = " ".join([left, *steps])
        shown = f"**${body}$**" if line.level == 0 else f"$${body}$$"
    else:
        aligned = r" \\ ".join(f"&{step}" for step in steps)
        shown = rf"$$\begin{{aligned}} {left} {aligned} \end{{aligned}}$$"
    return [f"{shown}{note}{code}", "", *([words, ""] if words else [])]


def _plain_markdown(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|$~])", r"\\\1", text)


def _code_span(text: str) -> str:
    """Return text between enough backquotes that those inside do not end it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence, space = "`" * (longest + 1), " " * bool(longest)
    return f"{fence}{space}{text}{space}{fence}"


def as_html(lines: Sequence[Line]) -> str:
    """Return a derivation as a page of HTML, which needs nothing else and runs nothing."""
    title = html.escape(_text_rows(lines[0])[0])
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{title}</title>\n'
        f'</head>\n<body>\n<main>\n<h1 style="font-size: 1rem">{title}</h1>\n{as_fragment(lines)}'
        f"</main>\n</body>\n</html>\n"
    )


def as_fragment(lines: Sequence[Line]) -> str:
    """Return the part of the page that can stand in another one."""
    body = "".join(map(_html_part, lines))
    scroller = 'tabindex="0" role="region" aria-label="Derivation"'  # reached by keys
    return f'<style>{_STYLE}</style>\n<div class="ag-explanation" {scroller}>\n{body}</div>\n'


def _html_part(line: Line) -> str:
    words = "".join(html.escape(w) if isinstance(w, str) else _math(w) for w in line.words)
    if line.left is None:
        return f"<p>{words}</p>\n{curve(line.curve) if line.curve else ''}"
    steps = _kept(line)
    rows = _rows(line, [f"<mo>=</mo><mrow>{MATHML.set(step)}</mrow>" for step in steps])
    code = "".join(f"<code>{html.escape(readable(code))}</code>" for code in line.code)
    note = f'<span class="note">{html.escape(line.note)}</span>' if line.note else ""
    cells = [f"<td>{_math(line.left)}</td>", *["<td></td>"] * (len(rows) - 1)]
    table = [f"<tr>{cell}<td>{_wrapped(row)}" for cell, row in zip(cells, rows)]
    body = "</td></tr>\n".join(table) + f"{note}{code}</td></tr>\n"
    kind = "inner" if line.level else "value"
    rules = f'<p class="rules">{words}</p>\n' if words else ""
    return f'<div class="{kind}"><table role="presentation">\n{body}</table>{rules}</div>\n'


def _math(term: Term) -> str:
    return _wrapped(MATHML.set(term))


def _wrapped(formula: str) -> str:
    return f'<math displaystyle="true"><mrow>{formula}</mrow></math>'

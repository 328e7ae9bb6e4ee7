"""The lines of a derivation written out: as text, as Markdown with LaTeX, as HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from autograd_engine.views.explain.derivation import Line
from autograd_engine.views.explain.formulas import Term
from autograd_engine.views.explain.typesetting import HTML, LATEX, TEXT, Text
from autograd_engine.views.layout.scene import readable

_INDENT = "  "

_STYLE = """
.ag-explanation { font: 1rem/1.5 system-ui, sans-serif; max-width: 100%; overflow-x: auto; }
.ag-explanation table { border-collapse: collapse; border: 0; margin: 0; font-family: serif;
  font-size: 1.1em; background: none; }
.ag-explanation td { border: 0; padding: 0.1em 0; text-align: left; vertical-align: middle;
  background: none; white-space: nowrap; }
.ag-explanation td:first-child { text-align: right; padding-right: 0.3em; }
.ag-explanation .value { margin-top: 0.9em; }
.ag-explanation .inner { margin-left: 2em; }
.ag-explanation p { margin: 0.4em 0; }
.ag-explanation .rules { margin-left: 2em; font-size: 0.9em; opacity: 0.8; }
.ag-explanation code { font-size: 0.85em; opacity: 0.8; margin-left: 1em; }
.ag-explanation .frac { display: inline-flex; flex-direction: column; vertical-align: middle;
  text-align: center; line-height: 1.2; margin: 0 0.1em; }
.ag-explanation .frac > span:first-child { border-bottom: 1px solid; padding: 0 0.15em; }
.ag-explanation .frac .bar { height: 0; overflow: hidden; }
"""


def as_text(lines: Iterable[Line]) -> str:
    """Return a derivation for a terminal, equations aligned at their equals signs."""
    return "\n".join(row.rstrip() for line in lines for row in _text_rows(line)) + "\n"


def _text_rows(line: Line) -> list[str]:
    indent = _INDENT * line.level
    if line.left is None:
        return [*([] if line.level else [""]), indent + _words(line.words)]
    left = indent + TEXT.set(line.left)
    rights = _steps(line, TEXT)
    wide = len(" = ".join([left, *rights])) > 88 or len(rights) > 2
    if wide:
        rows = [f"{left} = {rights[0]}", *(f"{' ' * len(left)} = {r}" for r in rights[1:])]
    else:
        rows = [" = ".join([left, *rights])]
    code = [f"{indent}{_INDENT}# {readable(code)}" for code in line.code]
    words = [f"{indent}{_INDENT}by {_words(line.words)}"] if line.words else []
    return [*([] if line.level else [""]), *rows, *code, *words]


def _words(words: Sequence[str | Term]) -> str:
    return "".join(word if isinstance(word, str) else TEXT.set(word) for word in words)


def _steps(line: Line, style: Text) -> list[str]:
    """Return what an equation comes to, a step that changes nothing left out."""
    texts = [style.set(term) for term in (line.left, *line.rights) if term is not None]
    return [text for text, before in zip(texts[1:], texts) if text != before]


def as_markdown(lines: Iterable[Line]) -> str:
    """Return a derivation in Markdown, its formulas in LaTeX between dollar signs."""
    return "\n".join(part for line in lines for part in _markdown_parts(line))


def _markdown_parts(line: Line) -> list[str]:
    words = "".join(
        _plain_markdown(word) if isinstance(word, str) else f"${LATEX.set(word)}$"
        for word in line.words
    )
    if line.left is None:
        return [words, ""]
    left, rights = LATEX.set(line.left), _steps(line, LATEX)
    code = "".join(f"  {_code_span(readable(code))}" for code in line.code)
    if line.level == 0 and len(rights) == 1:
        return [f"**${left} = {rights[0]}$**{code}", ""]
    if len(rights) < 3:
        body = " = ".join([left, *rights])
    else:
        more = "".join(rf" \\ &= {right}" for right in rights[1:])
        body = rf"\begin{{aligned}} {left} &= {rights[0]}{more} \end{{aligned}}"
    return [f"$${body}$$", "", *([f"by {words}", ""] if words else [])]


def _plain_markdown(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|$~])", r"\\\1", text)


def _code_span(text: str) -> str:
    """Return text between enough backquotes that those inside do not end it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{text}{space}{fence}"


def as_html(lines: Sequence[Line]) -> str:
    """Return a derivation as a page of HTML, which needs nothing else and runs nothing."""
    title = html.escape(_text_rows(lines[0])[1])
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
    words = "".join(
        html.escape(word) if isinstance(word, str) else HTML.set(word) for word in line.words
    )
    if line.left is None:
        return f"<p>{words}</p>\n"
    left, rights = HTML.set(line.left), _steps(line, HTML)
    code = "".join(f"<code>{html.escape(readable(code))}</code>" for code in line.code)
    cells = [f"<td>{left} </td><td>= {rights[0]}{code}</td>"]
    cells += [f"<td></td><td>= {right}</td>" for right in rights[1:]]
    if len(rights) == 2:
        cells = [f"<td>{left} </td><td>= {rights[0]} = {rights[1]}</td>"]
    rows = "".join(f"<tr>{cell}</tr>\n" for cell in cells)
    kind = "inner" if line.level else "value"
    rules = f'<p class="rules">by {words}</p>\n' if words else ""
    return f'<div class="{kind}"><table>\n{rows}</table>{rules}</div>\n'

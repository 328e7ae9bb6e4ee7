"""Finding: something wrong with a gradient; and the list of them."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

KINDS: Final = (
    "not finite",
    "zero times infinity",
    "changed leaf",
    "rebound parameter",
    "unreached parameter",
    "accumulated gradient",
    "overshooting step",
    "exploding gradient",
    "vanishing gradient",
    "dead unit",
    "saturated unit",
    "kink",
)
"""The kinds of findings, the gravest first."""


ALL_WELL: Final = "nothing found: all is well"


@dataclass(frozen=True)
class Finding:
    """Something wrong with a gradient: what, where (label, region, source line), why, and a fix.

    The fix is code, in the names of your program as far as they are known: labels, `output` and
    `parameters` as `diagnose` calls them, and `forward()` for the code of yours that computes
    the output.

    >>> import autograd_engine as ag
    >>> loss = ag.sqrt(ag.Value(0.0, "x"))
    >>> loss.backward()
    >>> ag.diagnose(loss, ag.graph.leaves(loss))[0].what
    "sqrt('x') passed on the first infinity of the backward pass"
    """

    kind: str
    what: str
    where: str
    why: str
    fix: str

    def __str__(self) -> str:
        return "\n".join(
            [
                *textwrap.wrap(f"{self.kind}: {self.what}", 90, subsequent_indent="   "),
                *_part("where", self.where),
                *_part("why", self.why),
                *_part("fix", self.fix, wrapped=False),
            ]
        )


class Findings(list[Finding]):
    """A list of findings, the gravest first, that terminals and notebooks show as text.

    `none` is what it says where it is empty: only what was looked at is well.
    """

    def __init__(self, found: Iterable[Finding] = (), none: str = ALL_WELL) -> None:
        super().__init__(sorted(found, key=lambda finding: KINDS.index(finding.kind)))
        self.none = none

    def __str__(self) -> str:
        """Return all findings, numbered, for a terminal."""
        numbered = (f"{i}. {finding}" for i, finding in enumerate(self, 1))
        return "\n\n".join(numbered) or self.none

    def __repr__(self) -> str:
        return str(self) if self else "[]"

    def _repr_html_(self) -> str:
        """Return what notebooks show; one that is reopened without trust shows it too."""
        if not self:
            return f"<p>{html.escape(self.none)}</p>"
        style = "list-style: decimal; padding-left: 2em"  # which marimo would take from it
        return f'<ol style="{style}">{"".join(map(_item, self))}</ol>'

    def _mime_(self) -> tuple[str, str]:
        """Return what marimo shows."""
        return "text/html", self._repr_html_()


def listed(names: Iterable[str], first: int = 3) -> str:
    """Return the first few names, and how many more there are.

    >>> listed(["a", "b"]), listed("abcdefgh")
    ('a and b', 'a, b, c and 5 more')
    """
    names = list(dict.fromkeys(names))
    if len(names) > first + 1:
        return f"{', '.join(names[:first])} and {len(names) - first:,} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _part(title: str, text: str, wrapped: bool = True) -> list[str]:
    lines = [
        piece
        for line in text.splitlines()
        for piece in (textwrap.wrap(line, 84, break_on_hyphens=False) if wrapped else [line])
    ]
    head = f"   {title + ':':7}"
    return [f"{' ' * len(head) if i else head}{line}".rstrip() for i, line in enumerate(lines)]


def _item(finding: Finding) -> str:
    what, where, why = map(_marked, (finding.what, finding.where, finding.why))
    fix = html.escape(finding.fix)
    return (
        f"<li><strong>{html.escape(finding.kind)}</strong>: {what}<br>"
        f"<em>where</em>: {where}<br><em>why</em>: {why}"
        f'<pre style="overflow-x: auto">{fix}</pre></li>'
    )


def _marked(text: str) -> str:
    """Return text as HTML, what stands between backquotes as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text))

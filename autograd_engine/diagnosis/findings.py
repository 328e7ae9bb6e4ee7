"""Finding: something wrong with a gradient; and the list of them."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import fill, indent
from typing import Final

KINDS: Final = (
    "not finite",
    "zero times infinity",
    "changed leaf",
    "rebound parameter",
    "unreached parameter",
    "accumulated gradient",
    "squashed score",
    "overshooting step",
    "exploding gradient",
    "vanishing gradient",
    "dead unit",
    "saturated unit",
    "kink",
)
"""The kinds of findings, the gravest first."""

ALL_WELL: Final = "nothing found: all is well"
_MARGIN: Final = " " * 10


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
        lines = [fill(f"{self.kind}: {self.what}", 90, subsequent_indent="   ")]
        for head, text in (("where:", self.where), ("why:", self.why)):
            head = f"   {head:7}"
            lines.append(fill(text, 94, initial_indent=head, subsequent_indent=_MARGIN))
        return "\n".join([*lines, f"   fix:   {indent(self.fix, _MARGIN).lstrip()}"])


class Findings(list[Finding]):
    """A list of findings, the gravest first, that terminals and notebooks show as text.

    `none` is what it says where it is empty: only what was looked at is well.
    """

    def __init__(self, found: Iterable[Finding] = (), none: str = ALL_WELL) -> None:
        super().__init__(sorted(found, key=lambda finding: KINDS.index(finding.kind)))
        self.none = none

    def __str__(self) -> str:
        """Return all findings, numbered, for a terminal."""
        return "\n\n".join(f"{i}. {finding}" for i, finding in enumerate(self, 1)) or self.none

    def __repr__(self) -> str:
        return str(self) if self else "[]"

    def _repr_html_(self) -> str:
        """Return what notebooks show."""
        return f'<pre style="white-space: pre-wrap">{html.escape(str(self))}</pre>'

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

"""explain: the chain rule, written out for a graph with its numbers."""

from __future__ import annotations

from functools import cached_property

from autograd_engine.adoption import adopted
from autograd_engine.engine import Value
from autograd_engine.views.explain.derivation import derived
from autograd_engine.views.explain.typesetting import plain
from autograd_engine.views.explain.writers import Line, as_fragment, as_html, as_markdown, as_text
from autograd_engine.views.notebooks import Shown


class Explanation(Shown):
    """A derivation by the chain rule: `print` it, or let a notebook show it.

    It holds the numbers of the moment when it was made.
    """

    def __init__(self, lines: list[Line]) -> None:
        self._lines = lines

    @cached_property
    def text(self) -> str:
        """The derivation for a terminal."""
        return as_text(self._lines).lstrip("\n")

    @property
    def ascii(self) -> str:
        """The same for a terminal that shows only ASCII: d for ∂, * for ·, ^2 for ²."""
        return plain(self.text, "ascii")

    @cached_property
    def markdown(self) -> str:
        """The derivation in Markdown, its formulas in LaTeX."""
        return as_markdown(self._lines)

    @cached_property
    def html(self) -> str:
        """The derivation as a self-contained page."""
        return as_html(self._lines)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Explanation: {self.text.splitlines()[0]} ...>"

    def _html(self) -> str:
        return as_fragment(self._lines)

    def _kinds(self) -> dict[str, str]:
        # No HTML: notebooks would prefer it to LaTeX, which they set better, and which is
        # shown in one that is opened again without trust.
        return {"text/markdown": self.markdown, "text/plain": self.text}


def explain(output: Value, wrt: Value, depth: int | None = None) -> Explanation:
    """Return the derivation of the derivative of `output` by `wrt`, with its numbers.

    Values with a label or a place in a network are the variables of the chain rule, and what lies
    between two of them is one factor, derived below from the rules of its operations; where
    nothing in between has a name, the operations' results are called v1, v2, ... A few factors
    are multiplied out. Of more, and in a network, the adjoint δ of each value is found from those
    of its uses, once in general for what is alike: the units of a layer, the samples of a batch,
    the steps of a recurrence. `depth` goes through regions as a whole, 0 through the outermost;
    by default a derivation does so where it would be too long. Lines of the source are shown where
    `trace_source` was on. No `grad` is touched.

    Raises `TypeError` for anything but two Values, `ValueError` for another depth.

    >>> w, x = Value(3.0, "w"), Value(2.0, "x")
    >>> h = w * x
    >>> h.label = "h"
    >>> J = h * h
    >>> J.label = "J"
    >>> print(explain(J, w).text.partition("where")[0])
    ∂J/∂w = ∂J/∂h · ∂h/∂w
          = 12 · 2
          = 24
    <BLANKLINE>
    <BLANKLINE>
    """
    output, wrt = adopted(output, wrt)
    for given, what in ((output, "output"), (wrt, "wrt")):
        if not isinstance(given, Value):
            hint = ": explain one value at a time" if isinstance(given, (list, tuple)) else ""
            raise TypeError(
                f"explain needs a Value as {what}, not {type(given).__name__}: {given!r:.60}{hint}"
            )
    if depth is not None and (type(depth) is not int or depth < 0):
        raise ValueError(f"depth is None or a number from 0 on, of regions to open; got {depth!r}")
    return Explanation(derived(output, wrt, depth))

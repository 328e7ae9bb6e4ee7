"""What notebooks are given to show: images, pages in a frame, and one thing in several kinds.

JupyterLab shows HTML first. Of a notebook that is opened again without trust it takes out
frames, styles, scripts and SVG, and leaves images. VS Code then shows no HTML at all, but
Markdown, and an image in that stays too.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable

RUN_AGAIN = "Trust this notebook, or run the cell again, to step through it."


def image(kind: str, data: bytes, description: str, least: int = 0) -> str:
    """Return an image as HTML that needs no file, as wide as there is room.

    Where there are fewer than `least` pixels, it is scrolled rather than made smaller.

    >>> image("image/gif", b"GIF", "a training")
    '<img src="data:image/gif;base64,R0lG" alt="a training" style="max-width: 100%">'
    """
    text = base64.b64encode(data).decode()
    narrowest = f"; min-width: {least}px" if least else ""
    shown = (
        f'<img src="data:{kind};base64,{text}" alt="{_in_line(description)}"'
        f' style="max-width: 100%{narrowest}">'
    )
    reached = f'tabindex="0" role="region" aria-label="{_in_line(description)}"'  # by keys
    return f'<div style="overflow-x: auto" {reached}>{shown}</div>' if least else shown


def frame(page: str, title: str, height: int) -> str:
    """Return a page in a frame of its own, `height` pixels high.

    The notebook's style and scripts, and the page's, do not meet.
    """
    return (
        f'<iframe srcdoc="{html.escape(page)}" sandbox="allow-scripts"'
        f' title="{_in_line(title)}" loading="lazy"'
        f' style="width: 100%; height: {height}px; border: 0"></iframe>'
    )


def still(shown: str, title: str) -> str:
    """Return what stands for a page where its scripts do not run."""
    words = f"A still of {_in_line(title)}. {RUN_AGAIN}"
    return f'<div class="ag-still">{shown}<p>{words}</p></div>'


def framed(given: str, instead: str) -> str:
    """Return a frame, and a still that is shown only where the frame was taken out."""
    return f"{given}<style>iframe ~ .ag-still {{ display: none }}</style>{instead}"


class Shown:
    """What notebooks show: Jupyter by `_repr_mimebundle_`, marimo by `_mime_`.

    >>> class Bold(Shown):
    ...     def _html(self):
    ...         return "<b>1</b>"
    ...     def __repr__(self):
    ...         return "1"
    >>> Bold()._repr_mimebundle_(), Bold()._repr_mimebundle_(exclude=["text/html"])
    ({'text/html': '<b>1</b>', 'text/plain': '1'}, {'text/plain': '1'})
    """

    def _html(self) -> str:
        raise NotImplementedError

    def _kinds(self) -> dict[str, str]:
        """Return what is shown, by its kind."""
        return {"text/html": self._html()}

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        kinds = self._kinds()
        kinds.setdefault("text/plain", repr(self))
        kept = set(kinds if include is None else include) - set(exclude or ())
        return {kind: text for kind, text in kinds.items() if kind in kept}

    def _mime_(self) -> tuple[str, str]:
        return "text/html", self._html()


def _in_line(text: str) -> str:
    """Return text as HTML on one line: in Markdown, an empty one would end the HTML."""
    return html.escape(" ".join(text.split()))

"""What notebooks are given to show: images, pages in a frame, and one thing in several kinds.

Of a notebook that is opened again without trust JupyterLab leaves images, but no frames, styles,
scripts and SVG. VS Code then shows no HTML at all, but Markdown, with its images.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable


def image(kind: str, data: bytes, description: str, least: int = 0) -> str:
    """Return an image as HTML that needs no file; with less room than `least`, it is scrolled."""
    source, said = f"data:{kind};base64,{base64.b64encode(data).decode()}", _in_line(description)
    style = f"max-width: 100%{f'; min-width: {least}px' if least else ''}"
    shown = f'<img src="{source}" alt="{said}" style="{style}">'
    reached = f'tabindex="0" role="region" aria-label="{said}"'  # by keys
    return f'<div style="overflow-x: auto" {reached}>{shown}</div>' if least else shown


def frame(page: str, title: str, height: int) -> str:
    """Return a page in a frame, which keeps styles and scripts apart, `height` pixels high."""
    style = f"width: 100%; height: {height}px; border: 0"
    how = f'sandbox="allow-scripts" title="{_in_line(title)}" loading="lazy" style="{style}"'
    return f'<iframe srcdoc="{html.escape(page)}" {how}></iframe>'


def still(shown: str, title: str) -> str:
    """Return what stands for a page where its scripts do not run."""
    words = "Trust this notebook, or run the cell again, to step through it."
    return f'<div class="ag-still">{shown}<p>A still of {_in_line(title)}. {words}</p></div>'


def framed(given: str, instead: str) -> str:
    """Return a frame, and a still that is shown only where the frame was taken out."""
    return f"{given}<style>iframe ~ .ag-still {{ display: none }}</style>{instead}"


class Shown:
    """What notebooks show: Jupyter by `_repr_mimebundle_`, marimo by `_mime_`."""

    def _html(self) -> str:
        raise NotImplementedError

    def _kinds(self) -> dict[str, str]:
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

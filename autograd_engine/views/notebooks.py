"""What notebooks are given to show: images, pages in a frame, and one thing in several kinds.

Opened again without trust, JupyterLab leaves images, but no frames, styles, scripts and SVG, and
VS Code Markdown with its images. With the package anywidget (extra `notebook`) a page is bound to
the leaves that it shows: dragging one changes its `data`, and a training loop moves the picture.
"""

from __future__ import annotations

import base64
import html
import math
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from importlib.resources import files
from typing import Any

from autograd_engine.engine import Value

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{0}</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>h1 {{ font: 1rem sans-serif; }}
@media print {{ svg {{ max-width: 100%; height: auto; }} }}</style></head>
<body><main><h1>{0}</h1>
{1}</main></body></html>
"""


def image(kind: str, data: bytes, description: str, least: int = 0) -> str:
    """Return an image as HTML that needs no file; with less room than `least`, it is scrolled."""
    source, said = f"data:{kind};base64,{base64.b64encode(data).decode()}", _in_line(description)
    style = f"max-width: 100%{f'; min-width: {least}px' if least else ''}"
    shown = f'<img src="{source}" alt="{said}" style="{style}">'
    reached = f'tabindex="0" role="region" aria-label="{said}"'  # by keys
    return f'<div style="overflow-x: auto" {reached}>{shown}</div>' if least else shown


def frame(page: str, title: str) -> str:
    """Return a page in a frame, which keeps styles and scripts apart."""
    style = "width: 100%; height: 720px; border: 0"
    how = f'sandbox="allow-scripts" title="{_in_line(title)}" loading="lazy" style="{style}"'
    return f'<iframe srcdoc="{html.escape(page)}" {how}></iframe>'


def framed(given: str, shown: str, title: str) -> dict[str, str]:
    """Return a frame, and a still of the page that is shown only where the frame was taken out."""
    words = f"A still of {_in_line(title)}. Trust this notebook, or run the cell again, to step"
    instead = f'<div class="ag-still">{shown}<p>{words} through it.</p></div>'
    hidden = "<style>iframe ~ .ag-still { display: none }</style>"
    return {"text/html": given + hidden + instead, "text/markdown": instead}


def bound(text: str, leaves: Sequence[Value]) -> Any:
    """Return the widget of a page; None where anywidget is missing."""
    try:
        from anywidget import AnyWidget
        from traitlets import List, Unicode
    except ImportError:
        return None

    class Live(AnyWidget):  # type: ignore[misc]
        _esm = files("autograd_engine.views").joinpath("explore/live.js").read_text("utf-8")
        page = Unicode(text).tag(sync=True)
        numbers: Any = List([leaf.data for leaf in leaves]).tag(sync=True)

    def moved(_: Any, message: Any, buffers: Any) -> None:
        for leaf, number in zip(leaves, message["leaves"]):
            if isinstance(number, (int, float)) and math.isfinite(number) and leaf.data != number:
                leaf.data = float(number)

    live = Live()
    live.on_msg(moved)  # traits would wait: marimo gathers their changes for 0.4 s
    with _changing:
        _open.append((live, leaves))
        if len(_open) == 1:
            threading.Thread(target=_follow, name="leaves of pages", daemon=True).start()
    return live


_open: list[tuple[Any, Sequence[Value]]] = []  # widgets, each with its leaves; one thread for all
_changing = threading.Lock()


def _follow() -> None:
    """Tell the widgets where their leaves are, until all are closed."""
    while True:
        with _changing:
            pages = [pair for pair in _open if pair[0].comm is not None]
            _open[:] = pages
            if not pages:
                return
        for live, leaves in pages:
            with suppress(AttributeError):  # of one that was closed meanwhile
                live.numbers = [leaf.data for leaf in leaves]
        time.sleep(0.02)


class Shown:
    """What notebooks show: Jupyter by `_repr_mimebundle_`, marimo by `_mime_`."""

    _leaves: Sequence[Value] = ()
    _html: Any  # a method that returns HTML

    @cached_property
    def widget(self) -> Any:
        """What is shown as a widget bound to its leaves; None without the package anywidget."""
        return bound(getattr(self, "html", ""), self._leaves) if self._leaves else None

    def _kinds(self) -> dict[str, str]:
        return {"text/html": self._html()}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        kinds: dict[str, Any] = {"text/plain": repr(self)} | self._kinds()
        live = self.widget._repr_mimebundle_()[0] if self.widget else {}
        kinds |= {key: kind for key, kind in live.items() if "+" in key}
        kept = set(kinds if include is None else include) - set(exclude or ())
        return {kind: text for kind, text in kinds.items() if kind in kept}

    def _mime_(self) -> Any:
        if "marimo" in sys.modules and self.widget:
            return sys.modules["marimo"].ui.anywidget(self.widget)._mime_()
        return "text/html", self._html()


def _in_line(text: str) -> str:
    """Return text as HTML on one line: in Markdown, an empty one would end the HTML."""
    return html.escape(" ".join(text.split()))

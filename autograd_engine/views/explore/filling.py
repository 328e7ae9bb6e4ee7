"""One file for each page: frame.html, which both pages share, filled with what is their own."""

from __future__ import annotations

import html
import re
from importlib.resources import files

from autograd_engine.views.scene import readable


def filled(title: str, data: str, own: str, style: str, script: str) -> str:
    """Return the frame, filled in one pass: nothing filled in is looked at again.

    `own` is the page's own HTML: its parts, each behind a line with the name of its place.
    """
    _, *parts = re.split("<!--([A-Z]+)-->\n", own)
    places = dict(zip(parts[::2], parts[1::2]))
    places |= {
        "TITLE": html.escape(readable(title)),
        "STYLE": style,
        "DATA": data,
        "SCRIPT": script,
    }
    return re.sub("<!--([A-Z]+)-->", lambda found: places[found[1]], read("explore/frame.html"))


def read(*names: str) -> str:
    """Return the text of files in the folder of all views, one after the other.

    >>> read("explore/page.html", "replay/replay.html").count("<!--KEYS-->")
    2
    """
    folder = files("autograd_engine.views")
    return "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)

"""`explore`: a graph as a page to step through, to drag and to be asked about."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from autograd_engine.adoption import adopted
from autograd_engine.engine import Value
from autograd_engine.files import checked_path
from autograd_engine.views.explore.contents import inert_json, page_contents
from autograd_engine.views.explore.javascript import written
from autograd_engine.views.layout.scene import readable
from autograd_engine.views.notebooks import Shown, frame, framed, still
from autograd_engine.views.picture.drawing import draw

SCRIPTS = [
    f"explore/{name}.js" for name in ("program", "wording", "picture", "stage", "panels", "quiz")
]
SCRIPTS += ["network/network.js", "explore/page.js"]
HEIGHT = 720
"""How high, in pixels, a notebook shows the page."""


class Page(Shown):
    """A page to explore a graph: shown by notebooks, saved by `save`, as text in `html`.

    It holds the numbers of the moment when it was made, and the program to compute others.
    """

    def __init__(self, text: str, description: str, shown: Callable[[], str]) -> None:
        self.html = text
        self.description = description
        self._still = shown

    def __repr__(self) -> str:
        return f"<Page to explore: {self.description}>"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file.

        Raises `ValueError` for an ending other than .html, and `FileNotFoundError` for a
        folder that does not exist.

        >>> import os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     explore(Value(1.0) + 2.0).save(Path(folder, "sum.html"))
        ...     os.listdir(folder)
        ['sum.html']
        """
        page_path(path).write_text(self.html, encoding="utf-8", newline="\n")

    def _html(self) -> str:
        return frame(self.html, self.description, HEIGHT)

    def _kinds(self) -> dict[str, str]:
        instead = still(self._still(), self.description)
        return {"text/html": framed(self._html(), instead), "text/markdown": instead}


def explore(output: Value, path: str | os.PathLike[str] | None = None) -> Page:
    """Return a page in which to step through both passes, drag leaves and predict gradients.

    It is one HTML file that needs no network. With a `path` it is written there too; without,
    let a notebook show what is returned. Numbers and gradients are those that `backward()` on
    the output finds, whatever gradients were accumulated before.

    Raises `TypeError` for anything but a Value, `ValueError` for a path that does not end in
    .html, and `FileNotFoundError` for a folder that does not exist.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> explore(a * b + a)
    <Page to explore: 4 values, 2 leaves>
    """
    (output,) = adopted(output)
    if not isinstance(output, Value):
        raise TypeError(f"explore needs a Value, not {type(output).__name__}: {output!r:.60}")
    if path is not None:
        page_path(path)  # before the work
    data, rules = page_contents(output)
    title = f"{output.label}: {data['description']}" if output.label else data["description"]
    script = f"{written(rules)}\n{read(*SCRIPTS)}"
    own, style = read("explore/page.html"), read("explore/page.css", "network/network.css")
    text = filled(title, inert_json(data), own, style, script, _still(output))
    page = Page(text, title, _drawn(output))
    if path is not None:
        page.save(path)
    return page


def _still(output: Value) -> str:
    """Return the graph as SVG that is no wider than the page, needing no style and no script."""
    try:
        drawn = draw(output, engine="builtin").svg
    except ValueError:  # more than is laid out
        drawn = ""
    return re.sub(' width="[^"]*"', ' width="100%" preserveAspectRatio="xMinYMin"', drawn, count=1)


def _drawn(output: Value) -> Callable[[], str]:
    """Return how to show the graph as it is now where the page does not run."""
    try:
        return draw(output).image
    except ValueError:  # more than is laid out
        return str


def page_path(path: str | os.PathLike[str]) -> Path:
    """Return where to write a page, or raise what is wrong with it."""
    return checked_path(path, "a page", (".html",), also=(".htm",))


def filled(title: str, data: str, own: str, style: str, script: str, instead: str) -> str:
    """Return the frame, filled in one pass: nothing filled in is looked at again.

    `own` is the page's own HTML: its parts, each behind a line with the name of its place.
    `instead` is a still picture, for where scripts or styles are blocked. Indents, and
    the comments of the script, stay at home.
    """
    _, *parts = re.split("<!--([A-Z]+)-->\n", own)
    places = dict(zip(parts[::2], parts[1::2]))
    places |= {
        "TITLE": html.escape(readable(title)),
        "STYLE": re.sub("(?m)^ +", "", style),
        "DATA": data,
        "SCRIPT": re.sub(r"(?m)^\s+|^//.*\n|^ *// .*\n", "", script),
        "STILL": instead,
    }
    return re.sub("<!--([A-Z]+)-->", lambda found: places[found[1]], read("explore/frame.html"))


def read(*names: str) -> str:
    """Return the text of files in the folder of all views, one after the other.

    >>> read("explore/page.html", "replay/replay.html").count("<!--KEYS-->")
    2
    """
    folder = files("autograd_engine.views")
    return "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)

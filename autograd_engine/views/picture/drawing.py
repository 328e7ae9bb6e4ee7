"""`draw`: a graph as a picture, in a notebook or a file."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterable
from typing import Any

from autograd_engine.adoption import adopted
from autograd_engine.engine import Value
from autograd_engine.files import checked_path
from autograd_engine.survey import Survey
from autograd_engine.views.layout.scene import FONT_SIZE, Scene
from autograd_engine.views.notebooks import image, selected
from autograd_engine.views.picture.dot import GraphvizMissing, GraphvizSlow, run_dot, write_dot
from autograd_engine.views.picture.folding import fold, near
from autograd_engine.views.picture.styles import compose, count_drawn
from autograd_engine.views.picture.svg import write_svg

STYLES = ("auto", "classic", "compact", "folded")
DIRECTIONS = ("LR", "TB", "RL", "BT")
ENGINES = ("dot", "builtin")
ENDINGS = (".svg", ".png", ".pdf", ".dot", ".html")

CLASSIC = 20
"""Up to so many values the picture is classic: fitted to a slide, more are too small to read."""

COMPACT = 120
"""Up to so many values the picture is compact, beyond that folded."""

GUARD = 600
"""So many nodes are drawn without `force`: `dot` takes seconds at 4,000, minutes at 18,000."""

PATIENCE = 3_000
"""With more nodes than this (after `force`) the built-in layout is taken, which stays linear."""

SMALLEST = 9
"""So many pixels high, at least, is the type of a picture in a notebook: wide ones are scrolled."""


class Picture:
    """A drawn graph: shown by notebooks, saved by `save`, as text in `source` and `svg`.

    It holds the numbers of the moment when it was drawn.

    >>> picture = draw(Value(2.0, "a") * 3.0)
    >>> picture, picture.source.split()[0]
    (<Picture: computation graph of 3 values>, 'digraph')
    """

    def __init__(self, scene: Scene, engine: str | None = None) -> None:
        self._scene = scene
        self._engine = engine
        self._svg = ""
        self.note = ""
        """What was done otherwise than usual: `svg` says it too, below the picture."""
        self.source = write_dot(scene)
        """The picture in DOT, the language of Graphviz."""

    def __repr__(self) -> str:
        said = f", {self.note}" if self.note else ""
        return f"<Picture: {self._scene.description}{said}>"

    @property
    def svg(self) -> str:
        """The picture as SVG, laid out by Graphviz where it is installed, else built in.

        Where Graphviz takes more than a few seconds it is stopped, and a note says so.
        """
        if not self._svg:
            self._svg = self._laid_out()
        return self._svg

    def _laid_out(self) -> str:
        if self._engine != "builtin" and (self._engine or len(self._scene.boxes) <= PATIENCE):
            try:
                text = run_dot(self.source, "svg").decode()
                # Without the XML declaration, so that it can stand in a page.
                return text[text.index("<svg") :].replace("\r\n", "\n")
            except GraphvizMissing as error:
                if self._engine:
                    raise
                if isinstance(error, GraphvizSlow):
                    self.note = "laid out without Graphviz, which took too long"
        return write_svg(self._scene, self.note)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file of the kind that the path's ending names.

        The endings are .svg .png .pdf .dot .html; the page is self-contained. Raises
        `ValueError` for another ending, `FileNotFoundError` for a folder that does not
        exist, and `RuntimeError` for .png and .pdf where Graphviz is missing or too slow.

        >>> import os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw(Value(1.0) + 2.0).save(os.path.join(folder, "sum.html"))
        ...     os.listdir(folder)
        ['sum.html']
        """
        target = checked_path(path, "a picture", ENDINGS)
        target.write_bytes(self._bytes(target.suffix.lower()))

    def _bytes(self, ending: str) -> bytes:
        if ending == ".svg":
            return self.svg.encode()
        if ending == ".dot":
            return self.source.encode()
        if ending == ".html":
            return self._page().encode()
        hint = "Save as .svg or .html instead, which need nothing"
        if self._engine == "builtin":
            raise RuntimeError(
                f"{ending} is made by Graphviz, and this picture was drawn with engine='builtin'. "
                f"{hint}, or draw with engine=None"
            )
        try:
            return run_dot(self.source, ending[1:])
        except GraphvizMissing as error:
            raise GraphvizMissing(f"cannot make {ending}: {error}. {hint}") from None

    def _page(self) -> str:
        title = html.escape(self._scene.description)
        return (
            f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width">\n<title>{title}</title>\n'
            f"<style>body {{ margin: 1em; background: white; }}</style>\n</head>\n<body>\n"
            f"{self.svg}</body>\n</html>\n"
        )

    def image(self) -> str:
        """Return the picture as an `<img>` that needs no file, for a notebook or a page."""
        width = re.search(r'<svg[^>]*? width="([0-9.]+)', self.svg)
        readable = float(width[1]) * SMALLEST / FONT_SIZE if width else 0.0
        return image(
            "image/svg+xml", self.svg.encode(), self._scene.description, least=int(readable)
        )

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        shown = self.image()
        bundle = {
            "text/html": shown,
            "text/markdown": shown,
            "image/svg+xml": self.svg,
            "text/plain": repr(self),
        }
        return selected(bundle, include, exclude)

    def _mime_(self) -> tuple[str, str]:
        """Return what marimo shows."""
        return "text/html", self.image()


def draw(
    output: Value,
    *,
    style: str = "auto",
    direction: str = "LR",
    depth: int | None = None,
    focus: Value | None = None,
    radius: int = 2,
    engine: str | None = None,
    force: bool = False,
) -> Picture:
    """Return a picture of the graph behind a value.

    `style` is "classic" (micrograd's: the operation beside each value), "compact" (inside
    it), "folded" (regions as boxes) or "auto": classic up to 20 values, compact up to 120,
    beyond that folded. `depth` opens regions down to that nesting depth, 0 none of them.
    `focus` shows only what is at most `radius` operations from that value. `direction` is
    LR, TB, RL or BT. `engine` is "dot" for Graphviz, "builtin" for the package's own
    layout, None for Graphviz where it is installed and takes no more than a few seconds.

    Raises `ValueError` for what it does not know and, unless `force`, for a picture of
    more than 600 nodes; `RuntimeError` for "dot" where Graphviz is missing or too slow.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> draw(a * b)
    <Picture: computation graph of 3 values>
    >>> print(draw(a * b, engine="builtin").svg[:39])
    <svg xmlns="http://www.w3.org/2000/svg"
    """
    _check("style", style, STYLES)
    _check("direction", direction, DIRECTIONS)
    if engine is not None:
        _check("engine", engine, ENGINES, " or None")
    _check_number("depth", 0 if depth is None else depth)
    _check_number("radius", radius)
    output, focus = adopted(output, focus)
    survey = _survey(output)
    values = survey.values
    shown = _in_focus(values, focus, radius)
    if style == "auto":
        few = len(shown)
        style = "classic" if few <= CLASSIC else "compact" if few <= COMPACT else "folded"
    folded = style == "folded"
    if folded and depth is None:
        depth = 0
    parts = fold(output, values, shown, depth, loose=folded)
    count = count_drawn(parts, style == "classic")
    if count > GUARD and not force:
        raise ValueError(
            f"this picture would have {count:,} nodes, more than {GUARD} are not laid out: "
            f'fold it (style="folded", a smaller depth=), look at a part of it (focus=value, '
            f"radius=), or insist (force=True)"
        )
    bold = {id(output)} | ({id(focus)} if focus is not None else set())
    picture = Picture(compose(parts, survey, direction, style == "classic", bold), engine)
    if engine == "dot":
        picture.svg  # so that a missing Graphviz is told here  # noqa: B018
    return picture


def _survey(output: Value) -> Survey:
    if not isinstance(output, Value):
        raise TypeError(f"draw needs a Value, not {type(output).__name__}: {output!r:.60}")
    return Survey(output)


def _in_focus(values: list[Value], focus: Value | None, radius: int) -> set[int]:
    """Return the ids of the values to show."""
    ids = {id(value) for value in values}
    if focus is None:
        return ids
    if not isinstance(focus, Value):
        raise TypeError(f"focus must be a Value, not {type(focus).__name__}: {focus!r:.60}")
    if id(focus) not in ids:
        raise ValueError(f"focus {focus!r} is not in the graph of the output {values[-1]!r}")
    return near(values, focus, radius)


def _check(what: str, given: Any, known: tuple[str, ...], more: str = "") -> None:
    if given not in known:
        raise ValueError(f"{what} must be one of {_listed(known)}{more}, not {given!r}")


def _check_number(what: str, given: Any) -> None:
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise ValueError(f"{what} must be a whole number, 0 or more, not {given!r}")


def _listed(names: tuple[str, ...]) -> str:
    return " ".join(repr(name) for name in names)

"""`draw`: a graph as a picture, in a notebook or a file."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Sequence
from typing import Any

from autograd_engine.copies import seldom_collected
from autograd_engine.engine import Value
from autograd_engine.files import checked_path
from autograd_engine.graph import _adopted as adopted
from autograd_engine.modules import Module
from autograd_engine.survey import Survey
from autograd_engine.views.layout.routes import lay_out
from autograd_engine.views.layout.scene import FONT_SIZE, FONTS, Box, Scene, rows
from autograd_engine.views.notebooks import PAGE, Shown, image
from autograd_engine.views.picture.folding import MOST, Folding
from autograd_engine.views.picture.grouping import levels_around, near
from autograd_engine.views.picture.markup import GraphvizMissing, run_dot, write_dot, write_svg
from autograd_engine.views.picture.styles import compose

STYLES = ("auto", "classic", "compact", "folded", "network")
DIRECTIONS = ("LR", "TB", "RL", "BT")
OPTIONS: dict[str, tuple[str | None, ...]] = {"style": STYLES, "direction": DIRECTIONS}
OPTIONS |= {"show": ("weight", "grad"), "engine": ("dot", "builtin", None)}
ENDINGS = (".svg", ".png", ".pdf", ".dot", ".html")

CLASSIC, COMPACT = 20, 120  # up to so many values the picture is classic, compact; then folded
WIDE, HIGH, LEAST = 1600, 900, 8  # fitted into so many pixels, type is so many high, else we fold
GUARD, PATIENCE = 600, 3_000  # so many nodes are drawn without `force`, so many by Graphviz
SMALLEST = 9  # pixels high, at least, is type in a notebook: wide pictures are scrolled


class Picture(Shown):
    """A drawn graph: shown by notebooks, saved by `save`, as text in `source` (DOT) and `svg`.

    It holds the numbers of the moment when it was drawn; `note` is what was done otherwise.

    >>> draw(Value(2.0, "a") * 3.0)
    <Picture: computation graph of 3 values>
    """

    def __init__(self, scene: Scene, engine: str | None = None) -> None:
        self._scene, self._engine, self._svg, self.note = scene, engine, "", ""
        self.source = write_dot(scene)

    def __repr__(self) -> str:
        return f"<Picture: {', '.join(filter(None, [self._scene.description, self.note]))}>"

    @property
    def svg(self) -> str:
        """The picture as SVG, laid out by Graphviz where it is there and quick, else built in."""
        self._svg = self._svg or self._by_graphviz() or write_svg(self._scene)
        return self._svg

    def _by_graphviz(self) -> str:
        """Return what Graphviz draws, "" where it is not asked: in frames it turns units round."""
        boxes = self._scene.boxes
        framed = any(boxes[row[0]].cluster >= 0 for row in rows(boxes))
        if self._engine != "dot" and (self._engine or framed or len(boxes) > PATIENCE):
            return ""
        try:
            text = run_dot(self.source.encode(), "-Tsvg").decode()
        except GraphvizMissing as error:
            if self._engine:
                raise
            if error.slow:
                self.note = "laid out without Graphviz, which took too long"
                self._scene = self._scene._replace(boxes=(*boxes, Box("hidden", (self.note,))))
            return ""
        # Without the XML declaration, so that it can stand in a page.
        text = text[text.index("<svg") :].replace("\r\n", "\n")
        return re.sub('font-family="[^"]*"', f'font-family="{FONTS}"', text)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file: .svg .png .pdf .dot, or .html, a page that needs no other.

        Raises `ValueError` for another ending, `FileNotFoundError` for no such folder, and
        `RuntimeError` for .png and .pdf where Graphviz is missing or too slow.
        """
        target = checked_path(path, "a picture", ENDINGS)
        ending, text = target.suffix.lower(), self.source
        if ending in (".png", ".pdf"):
            target.write_bytes(run_dot(text.encode(), f"-T{ending[1:]}"))
            return
        if ending != ".dot":
            title = html.escape(self._scene.description)
            text = PAGE.format(title, self.svg) if ending == ".html" else self.svg
        target.write_bytes(text.encode())

    def image(self) -> str:
        """Return the picture as an `<img>` that needs no file, for a notebook or a page."""
        width = re.search(r'<svg[^>]*? width="([0-9.]+)', self.svg)
        least = int(float(width[1]) * SMALLEST / FONT_SIZE) if width else 0
        return image("image/svg+xml", self.svg.encode(), self._scene.description, least)

    _html = image

    def _kinds(self) -> dict[str, str]:
        shown = self.image()
        return {"text/html": shown, "text/markdown": shown, "image/svg+xml": self.svg}


@seldom_collected()
def draw(
    output: Value | Sequence[Value] | Module,
    *,
    style: str = "auto",
    direction: str = "LR",
    depth: int | None = None,
    focus: Value | None = None,
    radius: int = 2,
    engine: str | None = None,
    force: bool = False,
    show: str = "weight",
) -> Picture:
    """Return a picture of the graph behind a value, or behind several, or of a model.

    `style` is "classic" (micrograd's: the operation beside each value), "compact" (inside it),
    "folded" (calls, regions, repeats and runs as boxes), "network" (a model, or the one behind an
    output: units as circles, and edges that `show` the "weight" or its gradient, "grad") or "auto":
    folded above 120 values and where type would be too small to read. `depth` opens boxes down to
    that nesting depth. `focus` shows only what is at most `radius` operations from that value.
    `direction` is LR, TB, RL or BT. `engine` is "dot" for Graphviz, "builtin" for the package's own
    layout, None for Graphviz where it is installed and takes no more than a few seconds.

    Raises `ValueError` for what it does not know and, unless `force`, for more than 600 nodes;
    `RuntimeError` for "dot" where Graphviz is missing or too slow.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> draw(a * b), draw([a * b, a + b])
    (<Picture: computation graph of 3 values>, <Picture: computation graph of 4 values>)
    """
    chosen = {"style": style, "direction": direction, "show": show, "engine": engine}
    for what, option in chosen.items():
        if option not in OPTIONS[what]:
            listed = " ".join(map(repr, OPTIONS[what]))
            raise ValueError(f"{what} must be one of {listed}, not {option!r}")
    for what, number in (("depth", 0 if depth is None else depth), ("radius", radius)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise ValueError(f"{what} must be a whole number, 0 or more, not {number!r}")
    given: Any = output if isinstance(output, (list, tuple)) and output else [output]
    *outputs, focus = adopted(*given, focus)
    model = isinstance(output, Module)
    if model and style not in ("auto", "network"):
        raise ValueError(f'model(x) is drawn in style="{style}"; a model is a network')
    for value in [] if model else outputs:
        if not isinstance(value, Value):
            raise TypeError(f"draw needs a Value, not {type(value).__name__}: {value!r:.60}")
    survey: Any = output if model else Survey(*outputs)
    if model or style == "network":
        from autograd_engine.views.network.network_picture import NetworkPicture

        return NetworkPicture(survey, show, direction, engine)
    at = survey.position.get(id(focus))
    if focus is not None and at is None:
        raise ValueError(f"focus {focus!r:.60} is not in the graph of {outputs[-1]!r}")
    shown = None if at is None else near(survey.operands, at, radius)
    if style == "auto":
        count = len(survey.values if shown is None else shown)
        style = "classic" if count <= CLASSIC else "compact" if count <= COMPACT else "folded"
        if style == "compact" and depth is None and survey.calls:
            style, depth = _readable(survey, shown, direction)
    depth = 0 if style == "folded" and depth is None else depth
    scene = compose(Folding(survey, style == "folded", depth, shown), direction, style, at)
    if len(scene.boxes) > GUARD and not force:
        raise ValueError(
            f"this picture would have {len(scene.boxes):,} nodes, more than {GUARD}: fold it "
            '(style="folded", depth=), look at a part (focus=, radius=), or insist (force=True)'
        )
    picture = Picture(scene, engine)
    if engine == "dot":
        picture.svg  # so that a missing Graphviz is told here  # noqa: B018
    return picture


def _readable(survey: Survey, shown: set[int] | None, direction: str) -> tuple[str, int | None]:
    """Return how to draw a graph with regions so that its type is large enough to read."""
    deepest = max(map(len, levels_around(survey, True, 0, shown)))
    few = len(survey.values if shown is None else shown) <= MOST
    along, across = (HIGH, WIDE) if direction in ("TB", "BT") else (WIDE, HIGH)
    for depth in [*([None] if few else []), *range(deepest - 1, 0, -1)]:
        style = "compact" if depth is None else "folded"
        folding = Folding(survey, depth is not None, depth, shown)
        layout = lay_out(compose(folding, direction, style))
        if max(layout.length / along, layout.breadth / across) * LEAST <= FONT_SIZE:
            return style, depth
    return "folded", 0

"""Writing a laid out scene as SVG: text, rectangles, ellipses and paths, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise

from autograd_engine.views.layout import scene as looks
from autograd_engine.views.layout.ranks import cluster_paths
from autograd_engine.views.layout.routes import Rectangle, lay_out
from autograd_engine.views.layout.scene import Box, Scene, field_sizes, text_width

Point = tuple[float, float]


def write_svg(scene: Scene, note: str = "") -> str:
    """Return the scene as SVG, laid out without Graphviz; the same scene gives the same text.

    A note stands below it.
    """
    return "\n".join(_Page(scene, note).lines()) + "\n"


class _Page:
    """A layout in the coordinates of the page: u and v turned into x and y."""

    def __init__(self, scene: Scene, note: str) -> None:
        self.scene, self.note, self.layout = scene, note, lay_out(scene)
        self.upright = scene.direction in ("TB", "BT")
        self.mirrored = scene.direction in ("RL", "BT")

    def lines(self) -> Iterator[str]:
        """Yield the lines of the file."""
        scene, layout = self.scene, self.layout
        size = (layout.length, layout.breadth)
        width, height = reversed(size) if self.upright else size
        if self.note:
            width, height = max(width, text_width(self.note) + 16.0), height + looks.LINE_HEIGHT
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}pt" height="{_n(height)}pt"'
            f' viewBox="0 0 {_n(width)} {_n(height)}" role="img"'
            f' font-family="{looks.FONTS}" font-size="{looks.FONT_SIZE}" text-anchor="middle">'
        )
        yield f"<title>{escape(scene.description, quote=False)}</title>"
        yield f'<rect width="{_n(width)}" height="{_n(height)}" fill="white"/>'
        paths = cluster_paths(scene)
        for number, (cluster, frame) in enumerate(zip(scene.clusters, layout.clusters)):
            x, y, w, h = self._placed(frame)
            fill = looks.CLUSTER_FILLS[(len(paths[number]) - 1) % len(looks.CLUSTER_FILLS)]
            yield _rectangle(x, y, w, h, 0, f'fill="{fill}" stroke="{looks.CLUSTER_COLOUR}"')
            yield _text(cluster.title, x + 6.0, y + 11.0, 'text-anchor="start"')
        yield f'<g fill="none" stroke="{looks.EDGE_COLOUR}">'
        yield from map(self._route, layout.routes)
        yield f'</g>\n<g font-size="{looks.FONT_SIZE - 1}" fill="{looks.EDGE_COLOUR}">'
        for arrow, place, route in zip(scene.arrows, layout.labels, layout.routes):
            if place:
                x, y, w, h = self._placed(place)
                yield _text(arrow.label, x + w / 2.0, y + h / 2.0)
            if arrow.which:
                u, v = route[-1][-1]
                x, y = self._point((u - 10.0, v - 5.0))
                yield _text(arrow.which, x, y, f'font-size="{looks.FONT_SIZE - 3}"')
        yield "</g>"
        for box, place in zip(scene.boxes, layout.boxes):
            yield from _box(box, *self._placed(place))
        if self.note:
            yield _text(self.note, width / 2.0, height - looks.LINE_HEIGHT / 2.0)
        yield "</svg>"

    def _point(self, point: Point) -> Point:
        u, v = point
        u = self.layout.length - u if self.mirrored else u
        return (v, u) if self.upright else (u, v)

    def _placed(self, place: Rectangle) -> tuple[float, float, float, float]:
        """Return x, y, width and height."""
        (x0, y0), (x1, y1) = map(self._point, ((place.u0, place.v0), (place.u1, place.v1)))
        return min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)

    def _pair(self, point: Point) -> str:
        x, y = self._point(point)
        return f"{_n(x)},{_n(y)}"

    def _route(self, strokes: list[list[Point]]) -> str:
        """Return one arrow: its line, interrupted by the label, and its head."""
        *before, tip = strokes[-1]
        u, v = tip
        drawn = " ".join(map(self._stroke, [*strokes[:-1], [*before, (u - 5.0, v)]]))
        head = " ".join(map(self._pair, (tip, (u - 7.0, v - 2.6), (u - 7.0, v + 2.6))))
        look = f'fill="{looks.EDGE_COLOUR}" stroke="none"'
        return f'<path d="{drawn}"/><polygon points="{head}" {look}/>'

    def _stroke(self, stroke: list[Point]) -> str:
        """Return a path: straight where v stays, else a curve that leaves and arrives level."""
        text = "M" + self._pair(stroke[0])
        for (u0, v0), (u1, v1) in pairwise(stroke):
            middle = (u0 + u1) / 2.0
            level = abs(v1 - v0) < 0.05
            points = [(u1, v1)] if level else [(middle, v0), (middle, v1), (u1, v1)]
            text += ("L" if level else "C") + " ".join(map(self._pair, points))
        return text


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _text(line: str, x: float, y: float, more: str = "") -> str:
    # The baseline is set by hand: not every renderer knows dominant-baseline.
    more = " " + more if more else ""
    kept = ' xml:space="preserve"' if "  " in line or line != line.strip() else ""
    return f'<text x="{_n(x)}" y="{_n(y + 3.6)}"{more}{kept}>{escape(line, quote=False)}</text>'


def _rectangle(x: float, y: float, w: float, h: float, radius: int, more: str) -> str:
    corners = f' rx="{radius}"' if radius else ""
    return f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}"{corners} {more}/>'


def _box(box: Box, x: float, y: float, w: float, h: float) -> Iterator[str]:
    look = looks.LOOKS[box.kind]
    dashes = ' stroke-dasharray="4 2"' if look.dashed else ""
    line = f'stroke="{look.line}"{dashes}' + (' stroke-width="2.5"' if box.bold else "")
    text = f' fill="{look.text}"' + (' font-weight="bold"' if box.bold else "")
    yield f'<g class="{box.kind}"{text}>'
    style = f'fill="{look.fill}" {line}'
    if look.shape == "oval":
        middle = f'cx="{_n(x + w / 2)}" cy="{_n(y + h / 2)}"'
        yield f'<ellipse {middle} rx="{_n(w / 2)}" ry="{_n(h / 2)}" {style}/>'
    else:
        yield _rectangle(x, y, w, h, 6 if look.shape == "round" else 0, style)
        if look.double:
            yield _rectangle(x + 3, y + 3, w - 6, h - 6, 4, f'fill="none" {line}')
    sizes = [size[box.stacked] for size in field_sizes(box)]
    spare = ((h if box.stacked else w) - sum(sizes)) / len(sizes)
    for number, (field, size) in enumerate(zip(box.fields, sizes)):
        (wide, high) = (w, size + spare) if box.stacked else (size + spare, h)
        if number:  # a line between fields
            x1, y1 = (x + w, y) if box.stacked else (x, y + h)
            yield f'<line x1="{_n(x)}" y1="{_n(y)}" x2="{_n(x1)}" y2="{_n(y1)}" {line}/>'
        rows = field.split("\n")
        top = y + (high - (len(rows) - 1) * looks.LINE_HEIGHT) / 2.0
        for row, words in enumerate(rows):
            if words:
                yield _text(words, x + wide / 2.0, top + row * looks.LINE_HEIGHT)
        x, y = (x, y + high) if box.stacked else (x + wide, y)
    yield "</g>"

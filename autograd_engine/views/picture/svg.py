"""Writing a laid out scene as SVG: text, rectangles, ellipses and paths, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise

from autograd_engine.views.layout.routes import Layout, Rectangle, lay_out
from autograd_engine.views.layout.scene import (
    CLUSTER_COLOUR,
    CLUSTER_FILLS,
    EDGE_COLOUR,
    FONT_SIZE,
    FONTS,
    LINE_HEIGHT,
    LOOKS,
    Box,
    Scene,
    field_sizes,
    text_width,
)

Point = tuple[float, float]


def write_svg(scene: Scene, note: str = "") -> str:
    """Return the scene as SVG, laid out without Graphviz; the same scene gives the same text.

    A note stands below it.
    """
    return "\n".join(_Page(scene, lay_out(scene), note).lines()) + "\n"


class _Page:
    """A layout in the coordinates of the page: u and v turned into x and y."""

    def __init__(self, scene: Scene, layout: Layout, note: str) -> None:
        self.scene = scene
        self.note = note
        self.layout = layout
        self.upright = scene.direction in ("TB", "BT")
        self.mirrored = scene.direction in ("RL", "BT")

    def lines(self) -> Iterator[str]:
        """Return the lines of the file."""
        size = (self.layout.length, self.layout.breadth)
        width, height = reversed(size) if self.upright else size
        if self.note:
            width, height = max(width, text_width(self.note) + 16.0), height + LINE_HEIGHT
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(width)}pt" height="{_n(height)}pt"'
            f' viewBox="0 0 {_n(width)} {_n(height)}" role="img"'
            f' font-family="{FONTS}" font-size="{FONT_SIZE}" text-anchor="middle">'
        )
        yield f"<title>{escape(self.scene.description, quote=False)}</title>"
        yield f'<rect width="{_n(width)}" height="{_n(height)}" fill="white"/>'
        for number in range(len(self.scene.clusters)):
            yield from self._cluster(number)
        yield f'<g fill="none" stroke="{EDGE_COLOUR}">'
        for route in self.layout.routes:
            yield self._route(route)
        yield "</g>"
        yield f'<g font-size="{FONT_SIZE - 1}" fill="{EDGE_COLOUR}">'
        for arrow, place, route in zip(self.scene.arrows, self.layout.labels, self.layout.routes):
            if place:
                x, y, w, h = self._placed(place)
                yield _text(arrow.label, x + w / 2.0, y + h / 2.0)
            if arrow.which:
                u, v = route[-1][-1]
                x, y = self._point((u - 10.0, v - 5.0))
                yield _text(arrow.which, x, y, f'font-size="{FONT_SIZE - 3}"')
        yield "</g>"
        for box, place in zip(self.scene.boxes, self.layout.boxes):
            yield from _box(box, *self._placed(place))
        if self.note:
            yield _text(self.note, width / 2.0, height - LINE_HEIGHT / 2.0)
        yield "</svg>"

    def _point(self, point: Point) -> Point:
        u, v = point
        if self.mirrored:
            u = self.layout.length - u
        return (v, u) if self.upright else (u, v)

    def _placed(self, place: Rectangle) -> tuple[float, float, float, float]:
        """Return x, y, width and height."""
        x0, y0 = self._point((place.u0, place.v0))
        x1, y1 = self._point((place.u1, place.v1))
        return min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)

    def _cluster(self, number: int) -> Iterator[str]:
        cluster = self.scene.clusters[number]
        x, y, w, h = self._placed(self.layout.clusters[number])
        depth, outer = 0, cluster.parent
        while outer >= 0:
            depth, outer = depth + 1, self.scene.clusters[outer].parent
        fill = CLUSTER_FILLS[depth % len(CLUSTER_FILLS)]
        yield _rectangle(x, y, w, h, 0, f'fill="{fill}" stroke="{CLUSTER_COLOUR}"')
        yield _text(cluster.title, x + 6.0, y + 11.0, 'text-anchor="start"')

    def _route(self, strokes: list[list[Point]]) -> str:
        """Return one arrow: its line, interrupted by the label, and its head."""
        u1, v1 = strokes[-1][-1]
        forwards = 1.0 if strokes[0][0][0] < u1 else -1.0
        tip = (u1, v1)
        back = u1 - 7.0 * forwards
        strokes = [*strokes[:-1], [*strokes[-1][:-1], (u1 - 5.0 * forwards, v1)]]
        drawn = " ".join(self._stroke(stroke) for stroke in strokes)
        corners = [self._point(p) for p in (tip, (back, v1 - 2.6), (back, v1 + 2.6))]
        head = " ".join(f"{_n(x)},{_n(y)}" for x, y in corners)
        return f'<path d="{drawn}"/><polygon points="{head}" fill="{EDGE_COLOUR}" stroke="none"/>'

    def _stroke(self, stroke: list[Point]) -> str:
        """Return a path: straight where v stays, else a curve that leaves and arrives level."""
        text = ["M" + self._pair(stroke[0])]
        for (u0, v0), (u1, v1) in pairwise(stroke):
            if abs(v1 - v0) < 0.05:
                text.append("L" + self._pair((u1, v1)))
            else:
                middle = (u0 + u1) / 2.0
                points = ((middle, v0), (middle, v1), (u1, v1))
                text.append("C" + " ".join(map(self._pair, points)))
        return "".join(text)

    def _pair(self, point: Point) -> str:
        x, y = self._point(point)
        return f"{_n(x)},{_n(y)}"


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
    look = LOOKS[box.kind]
    dashes = ' stroke-dasharray="4 2"' if look.dashed else ""
    line = f'stroke="{look.line}"{dashes}' + (' stroke-width="2.5"' if box.bold else "")
    text = f' fill="{look.text}"' + (' font-weight="bold"' if box.bold else "")
    yield f'<g class="{box.kind}"{text}>'
    style = f'fill="{look.fill}" {line}'
    if look.shape == "oval":
        yield (
            f'<ellipse cx="{_n(x + w / 2)}" cy="{_n(y + h / 2)}" rx="{_n(w / 2)}"'
            f' ry="{_n(h / 2)}" {style}/>'
        )
    else:
        radius = 6 if look.shape == "round" else 0
        yield _rectangle(x, y, w, h, radius, style)
        if look.double:
            yield _rectangle(x + 3, y + 3, w - 6, h - 6, 4, f'fill="none" {line}')
    yield from _fields(box, x, y, w, h, line)
    yield "</g>"


def _fields(box: Box, x: float, y: float, w: float, h: float, line: str) -> Iterator[str]:
    """Return the texts of a box, and the lines between its fields."""
    sizes = field_sizes(box)
    used = sum(size[1 if box.stacked else 0] for size in sizes)
    spare = ((h if box.stacked else w) - used) / len(sizes)
    at = y if box.stacked else x
    for number, (field, (width, height)) in enumerate(zip(box.fields, sizes)):
        step = (height if box.stacked else width) + spare
        if number:
            ends = (x, at, x + w, at) if box.stacked else (at, y, at, y + h)
            x1, y1, x2, y2 = map(_n, ends)
            yield f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {line}/>'
        cx, cy = (x + w / 2.0, at + step / 2.0) if box.stacked else (at + step / 2.0, y + h / 2.0)
        rows = field.split("\n")
        top = cy - (len(rows) - 1) * LINE_HEIGHT / 2.0
        for row, words in enumerate(rows):
            if words:
                yield _text(words, cx, top + row * LINE_HEIGHT)
        at += step

"""Writing a laid out scene as SVG: text, rectangles, ellipses and paths, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from itertools import pairwise

from autograd_engine.views.layout import scene as looks
from autograd_engine.views.layout.ranks import cluster_paths
from autograd_engine.views.layout.routes import Rectangle, lay_out
from autograd_engine.views.layout.scene import Box, Scene, field_sizes, readable

Point = tuple[float, float]


def tag(name: str, *inside: str, **look: object) -> str:
    """Return an element; numbers have one decimal, and attributes that are "" are left out.

    >>> tag("g", tag("circle", cx=1.0, cy=0.25, fill=""), stroke_width=2)
    '<g stroke-width="2"><circle cx="1" cy="0.2"/></g>'
    """
    opening = name
    for key, value in look.items():
        if value != "":
            shown = _n(value) if isinstance(value, float) else value
            opening += f' {key.rstrip("_").replace("_", "-")}="{shown}"'
    return f"<{opening}>{''.join(inside)}</{name}>" if inside else f"<{opening}/>"


def written(text: str) -> str:
    """Return text as SVG has it."""
    return escape(readable(text), quote=False)


def line(text: str, x: float, y: float, size: float = looks.FONT_SIZE, **look: object) -> str:
    """Return a line of text, `y` its middle; its size is told where it is given."""
    kept = {"xml:space": "preserve"} if "  " in text or text != text.strip() else {}
    sized = {} if size is looks.FONT_SIZE else {"font_size": size}
    # The baseline is set by hand: not every renderer knows dominant-baseline.
    return tag("text", written(text), x=x, y=y + 0.33 * size, **sized, **look, **kept)


def sheet(title: str, corner: Point, width: float, height: float, lines: Iterable[str]) -> str:
    """Return the whole of a picture, on white; text stands in the middle where nothing is said."""
    x, y, wide, high = map(_n, (*corner, width, height))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}pt" height="{high}pt"'
        f' viewBox="{x} {y} {wide} {high}" role="img"'
        f' font-family="{looks.FONTS}" font-size="{looks.FONT_SIZE}" text-anchor="middle">'
    )
    back = tag("rect", x=x, y=y, width=wide, height=high, fill="white")
    return "\n".join([head, tag("title", written(title)), back, *lines, "</svg>\n"])


def write_svg(scene: Scene) -> str:
    """Return the scene as SVG, laid out without Graphviz; the same scene gives the same text."""
    page = _Page(scene)
    size = page.layout.length, page.layout.breadth
    width, height = reversed(size) if page.upright else size
    return sheet(scene.description, (0.0, 0.0), width, height, page.lines(scene))


class _Page:
    """A layout in the coordinates of the page: u and v turned into x and y."""

    def __init__(self, scene: Scene) -> None:
        self.layout = lay_out(scene)
        self.upright = scene.direction in ("TB", "BT")
        self.mirrored = scene.direction in ("RL", "BT")

    def lines(self, scene: Scene) -> Iterator[str]:
        layout, paths = self.layout, cluster_paths(scene)
        for number, (cluster, frame) in enumerate(zip(scene.clusters, layout.clusters)):
            x, y, w, h = self._placed(frame)
            fill = looks.CLUSTER_FILLS[len(paths[number]) % 2 - 1]
            yield _rectangle(x, y, w, h, fill=fill, stroke=looks.CLUSTER_COLOUR)
            yield line(cluster.title, x + 6.0, y + 11.0, text_anchor="start")
        yield tag("g", *map(self._route, layout.routes), fill="none", stroke=looks.EDGE_COLOUR)
        labels = []
        for arrow, place, route in zip(scene.arrows, layout.labels, layout.routes):
            if place:
                x, y, w, h = self._placed(place)
                labels.append(line(arrow.label, x + w / 2.0, y + h / 2.0))
            if arrow.which:
                u, v = route[-1][-1]
                at = self._point((u - 10.0, v - 4.0))
                labels.append(line(arrow.which, *at, looks.FONT_SIZE - 3))
        yield tag("g", *labels, font_size=looks.FONT_SIZE - 1, fill=looks.EDGE_COLOUR)
        for box, place in zip(scene.boxes, layout.boxes):
            yield _box(box, *self._placed(place))

    def _point(self, point: Point) -> Point:
        u, v = point
        u = self.layout.length - u if self.mirrored else u
        return (v, u) if self.upright else (u, v)

    def _placed(self, place: Rectangle) -> tuple[float, float, float, float]:
        """Return x, y, width and height."""
        (x0, y0), (x1, y1) = map(self._point, ((place.u0, place.v0), (place.u1, place.v1)))
        return min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)

    def _pairs(self, *points: Point) -> str:
        return " ".join(",".join(map(_n, self._point(point))) for point in points)

    def _route(self, strokes: list[list[Point]]) -> str:
        """Return one arrow: its line, interrupted by the label, and its head.

        The line is straight where v stays, else a curve that leaves and arrives level.
        """
        (u, v), path = strokes[-1][-1], ""
        for stroke in [*strokes[:-1], [*strokes[-1][:-1], (u - 5.0, v)]]:
            path += "M" + self._pairs(stroke[0])
            for (u0, v0), (u1, v1) in pairwise(stroke):
                middle = (u0 + u1) / 2.0
                bent = [(middle, v0), (middle, v1)] if abs(v1 - v0) >= 0.05 else []
                path += ("C" if bent else "L") + self._pairs(*bent, (u1, v1))
        head = self._pairs((u, v), (u - 7.0, v - 2.6), (u - 7.0, v + 2.6))
        filled = tag("polygon", points=head, fill=looks.EDGE_COLOUR, stroke="none")
        return f"\n{tag('path', d=path)}{filled}"


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _rectangle(x: float, y: float, w: float, h: float, radius: float = 0.0, **look: object) -> str:
    return tag("rect", x=x, y=y, width=w, height=h, rx=radius or "", **look)


def _box(box: Box, x: float, y: float, w: float, h: float) -> str:
    look = looks.LOOKS[box.kind]
    ink = {"stroke": look.line, "stroke-dasharray": "4 2" if look.dashed else ""}
    ink["stroke-width"] = "2.5" if box.bold else ""
    if look.shape == "oval":
        rx, ry = w / 2.0, h / 2.0
        marks = [tag("ellipse", cx=x + rx, cy=y + ry, rx=rx, ry=ry, fill=look.fill, **ink)]
    else:
        radius = 6.0 if look.shape == "round" else 0.0
        marks = [_rectangle(x, y, w, h, radius, fill=look.fill, **ink)]
    if look.double:
        marks.append(_rectangle(x + 3.0, y + 3.0, w - 6.0, h - 6.0, 4.0, fill="none", **ink))
    sizes = [size[box.stacked] for size in field_sizes(box)]
    spare = ((h if box.stacked else w) - sum(sizes)) / len(sizes)
    for number, (field, size) in enumerate(zip(box.fields, sizes)):
        wide, high = (w, size + spare) if box.stacked else (size + spare, h)
        if number:  # a line between fields
            x1, y1 = (x + w, y) if box.stacked else (x, y + h)
            marks.append(tag("line", x1=x, y1=y, x2=x1, y2=y1, **ink))
        rows = field.split("\n")
        top = y + (high - (len(rows) - 1) * looks.LINE_HEIGHT) / 2.0
        for row, words in enumerate(rows):
            marks.append(line(words, x + wide / 2.0, top + row * looks.LINE_HEIGHT))
        x, y = (x, y + high) if box.stacked else (x + wide, y)
    bold = "bold" if box.bold else ""
    return tag("g", "\n".join(marks), class_=box.kind, fill=look.text, font_weight=bold)

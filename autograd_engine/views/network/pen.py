"""Circles, edges and words, each written as SVG and in DOT with its place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from autograd_engine.views.layout.scene import FONTS, readable, text_width
from autograd_engine.views.picture.dot import quoted

DENSE = 200
"""Up to so many edges each has an unseen wide line for the pointer to find; more are pale."""

MARGIN, SIZE = 12.0, 10.0

Point = tuple[float, float]
Seat = tuple[str, Point, float]  # of what is drawn: key, place and radius


class Pen:
    """A sheet that grows with what is written on it; `thickest` is the width of an edge."""

    def __init__(self, radius: float, thickest: float) -> None:
        self.radius, self.thickest = radius, thickest
        self.xs, self.ys = list[float](), list[float]()  # where there is anything
        self._edges: list[tuple[float, str, str, str]] = []
        self._marks: list[str] = []
        self._dot: list[str] = []

    def circle(self, at: Point, text: str, title: str, tint: float) -> Seat:
        """Write a unit; the tint is from -1 to 1, and a negative one dashes the line."""
        (x, y), r, fill = at, self.radius, _tinted(tint)
        self.xs += [x - r, x + r]
        self.ys += [y - r, y + r]
        dashes = ' stroke-dasharray="3 2"' if tint < 0.0 else ""
        words = _text(text, at, 0.75 * r, "middle") if text else ""
        self._marks.append(
            f'<g class="unit">{_title(title)}<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(r)}"'
            f' fill="{fill}" stroke="#333333"{dashes}/>{words}</g>'
        )
        look = f'width={r / 36.0:.3f} fontsize={0.75 * r:.1f} fillcolor="{fill}"'
        return self._node(text, at, f'{look} tooltip="{quoted(title)}"'), at, r

    def edge(self, tail: Seat, head: Seat, number: float, share: float, title: str) -> None:
        """Write a weight, from what is seated at its tail to a circle."""
        (name, (x0, y0), inner), (end, (x1, y1), outer) = tail, head
        long = math.dist((x0, y0), (x1, y1))
        dx, dy = (x1 - x0) / long, (y1 - y0) / long
        (x0, y0), (x1, y1) = (x0 + dx * inner, y0 + dy * inner), (x1 - dx * outer, y1 - dy * outer)
        line = f'<path d="M{_n(x0)},{_n(y0)}L{_n(x1)},{_n(y1)}"'
        colour, thick = colour_of(number), 0.4 + self.thickest * share
        dashes, style = (' stroke-dasharray="6 3"', " style=dashed") if number < 0.0 else ("", "")
        look = f'penwidth={thick:.2f} color="{colour}"{style} tooltip="{quoted(title)}"'
        self._dot.append(f"{name} -> {end} [{look}]")
        hit = f'{line} stroke="white" stroke-opacity="0" stroke-width="7"/>'
        drawn = f'{line} stroke="{colour}" stroke-width="{_n(thick, 2)}"{dashes}'
        self._edges.append((share, hit, drawn, _title(title)))

    def words(self, text: str, at: Point, anchor: str = "middle", look: str = "") -> Seat:
        """Write a line of text that begins or ends at a place, or has its middle there."""
        half = text_width(text, SIZE) / 2.0
        middle = at[0] + half * {"start": 1.0, "middle": 0.0, "end": -1.0}[anchor]
        self.xs += [middle - half, middle + half]
        self.ys += [at[1] - SIZE, at[1] + SIZE]
        halo = ' stroke="white" stroke-width="2.5" paint-order="stroke"'  # where edges pass
        self._marks.append(_text(text, at, SIZE, anchor, f"{halo} {look}"))
        shape = (
            f'shape=plaintext style="" fontsize={SIZE:g} fixedsize=false margin=0 width=0 height=0'
        )
        return self._node(text, (middle, at[1]), shape), at, 0.0

    def _node(self, text: str, at: Point, look: str) -> str:
        key, place = f"n{len(self._dot)}", f"{at[0] / 72.0:.3f},{-at[1] / 72.0:.3f}!"
        self._dot.append(f'{key} [label="{quoted(text)}" pos="{place}" {look}]')
        return key

    def svg(self, title: str) -> Iterator[str]:
        """Yield the lines of it as SVG; of edges the large ones stand out."""
        left, top = min(self.xs) - MARGIN, min(self.ys) - MARGIN
        wide, high = max(self.xs) + MARGIN - left, max(self.ys) + MARGIN - top
        x, y, width, height = map(_n, (left, top, wide, high))
        few = len(self._edges) <= DENSE
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt"'
            f' viewBox="{x} {y} {width} {height}" role="img" font-family="{FONTS}" fill="#111111">'
        )
        yield f'{_title(title)}<rect x="{x}" y="{y}" width="100%" height="100%" fill="white"/>'
        yield '<g class="edges" fill="none">'
        for share, hit, drawn, title in sorted(self._edges, key=lambda edge: edge[0]):
            pale = "" if few else f' stroke-opacity="{_n(0.3 + 0.7 * share, 2)}"'
            yield f'<g class="edge">{title}{hit if few else ""}{drawn}{pale}/></g>'
        yield from ["</g>", *self._marks, "</svg>"]

    def dot(self) -> Iterator[str]:
        """Yield the lines of it in DOT, for Graphviz to draw where it stands."""
        yield "digraph network {"
        yield "  graph [layout=neato splines=line outputorder=edgesfirst]"
        yield '  node [shape=circle fixedsize=true style=filled fontname="Courier"]'
        yield "  edge [arrowhead=none]"
        yield from [*self._dot, "}"]


def _n(number: float, digits: int = 1) -> str:
    return f"{number:.{digits}f}".rstrip("0").rstrip(".")


def _title(text: str) -> str:
    return f"<title>{escape(readable(text), quote=False)}</title>"


def _text(text: str, at: Point, size: float, anchor: str, look: str = "") -> str:
    return (
        f'<text x="{_n(at[0])}" y="{_n(at[1] + 0.32 * size)}" font-size="{_n(size)}"'
        f' text-anchor="{anchor}"{look}>{escape(readable(text), quote=False)}</text>'
    )


def colour_of(number: float) -> str:
    """Return blue of a positive number, orange of a negative one: apart for the colour-blind."""
    return "#1f5fbf" if number > 0.0 else "#c2540a" if number < 0.0 else "#999999"


def _tinted(tint: float) -> str:
    """Return white mixed with the colour of the sign."""
    colour, share = colour_of(tint), 0.6 * min(1.0, abs(tint))
    mixed = (255 + (int(colour[i : i + 2], 16) - 255) * share for i in (1, 3, 5))
    return "#" + "".join(f"{round(part):02x}" for part in mixed)

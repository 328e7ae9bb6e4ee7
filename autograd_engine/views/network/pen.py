"""Circles, edges and words, each written as SVG and in DOT with its place."""

from __future__ import annotations

import math
from html import escape

from autograd_engine.views.layout.scene import FONTS, readable, text_width
from autograd_engine.views.picture.dot import quoted

COLOURS = {1: "#1f5fbf", -1: "#c2540a", 0: "#999999"}
"""Blue and orange stay apart for the colour-blind; negative is dashed too."""

DENSE = 200
"""Up to so many edges each has an unseen wide line for the pointer to find; more are pale."""

MARGIN, SIZE = 12.0, 10.0

Point = tuple[float, float]
Seat = tuple[str, Point]  # of what is drawn: key and place


class Pen:
    """A sheet that grows with what is written on it; `thickest` is the width of an edge."""

    def __init__(self, radius: float, thickest: float) -> None:
        self.radius, self.thickest = radius, thickest
        self.left = self.top = math.inf
        self.right = self.bottom = -math.inf
        self._edges: list[tuple[float, str, str, str]] = []
        self._marks: list[str] = []
        self._dot: list[str] = []

    def _reach(self, x: float, y: float, wide: float, high: float) -> None:
        self.left, self.right = min(self.left, x - wide), max(self.right, x + wide)
        self.top, self.bottom = min(self.top, y - high), max(self.bottom, y + high)

    def circle(self, at: Point, text: str, title: str, tint: float) -> Seat:
        """Write a unit; the tint is from -1 to 1, and a negative one dashes the line."""
        (x, y), r, key = at, self.radius, f"n{len(self._dot)}"
        self._reach(x, y, r, r)
        dashes = ' stroke-dasharray="3 2"' if tint < 0.0 else ""
        fill, words = _tinted(tint), _text(text, x, y, 0.75 * r, "middle") if text else ""
        self._marks.append(
            f'<g class="unit">{_title(title)}<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(r)}"'
            f' fill="{fill}" stroke="#333333"{dashes}/>{words}</g>'
        )
        look = f'width={r / 36.0:.3f} fontsize={0.75 * r:.1f} fillcolor="{fill}"'
        self._node(key, text, at, f'{look} tooltip="{quoted(title)}"')
        return key, at

    def edge(self, tail: Seat, head: Seat, number: float, share: float, title: str) -> None:
        """Write a weight between two circles; where the tail has no key a bias, from a square."""
        (name, (x0, y0)), (end, (x1, y1)) = tail, head
        inner = self.radius / (math.dist(tail[1], head[1]) or 1.0)
        dx, dy = (x1 - x0) * inner, (y1 - y0) * inner
        colour = COLOURS[(number > 0.0) - (number < 0.0)]
        thick, mark = 0.4 + self.thickest * share, ""
        if name:
            x0, y0 = x0 + dx, y0 + dy
        else:
            name, side = f"{end}b", max(4.0, thick + 1.0)
            self._reach(x0, y0, side, side)
            mark = f"M{_n(x0 - side / 2)},{_n(y0 - side / 2)}h{_n(side)}v{_n(side)}h-{_n(side)}z"
            mark = f'<path d="{mark}" fill="{colour}"/>'
            self._node(name, "", tail[1], f'shape=square width=0.06 fillcolor="{colour}"')
        dashes, style = (' stroke-dasharray="6 3"', " style=dashed") if number < 0.0 else ("", "")
        look = f'penwidth={thick:.2f} color="{colour}"{style} tooltip="{quoted(title)}"'
        self._dot.append(f"{name} -> {end} [{look}]")
        line = f'<path d="M{_n(x0)},{_n(y0)}L{_n(x1 - dx)},{_n(y1 - dy)}"'
        drawn = f'{line} stroke="{colour}" stroke-width="{_n(thick, 2)}"{dashes}'
        hit = f'{line} stroke="white" stroke-opacity="0" stroke-width="7"/>'
        self._edges.append((share, hit, f"{mark}{drawn}", _title(title)))

    def words(self, text: str, at: Point, anchor: str = "middle", bold: bool = False) -> None:
        """Write a line of text that begins or ends at a place, or has its middle there."""
        half = text_width(text, SIZE) / 2.0
        middle = at[0] + half * {"start": 1.0, "middle": 0.0, "end": -1.0}[anchor]
        self._reach(middle, at[1], half, SIZE)
        more = ' stroke="white" stroke-width="2.5" paint-order="stroke"'  # where edges pass
        more += ' font-weight="bold"' if bold else ""
        self._marks.append(_text(text, *at, SIZE, anchor, more))
        look = f'shape=plaintext style="" fontsize={SIZE:g} fixedsize=false margin=0'
        self._node(f"n{len(self._dot)}", text, (middle, at[1]), look)

    def _node(self, key: str, text: str, at: Point, look: str) -> None:
        place = f"{at[0] / 72.0:.3f},{-at[1] / 72.0:.3f}!"
        self._dot.append(f'{key} [label="{quoted(text)}" pos="{place}" {look}]')

    def svg(self, title: str) -> str:
        """Return all of it as SVG; of edges the large ones stand out."""
        wide, high = self.right - self.left + 2 * MARGIN, self.bottom - self.top + 2 * MARGIN
        x, y, width, height = map(_n, (self.left - MARGIN, self.top - MARGIN, wide, high))
        few = len(self._edges) <= DENSE
        edges = [
            f'<g class="edge">{title}{hit if few else ""}{drawn}'
            + ("/></g>" if few else f' stroke-opacity="{_n(0.3 + 0.7 * share, 2)}"/></g>')
            for share, hit, drawn, title in sorted(self._edges, key=lambda edge: edge[0])
        ]
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt"'
            f' viewBox="{x} {y} {width} {height}" role="img" font-family="{FONTS}">',
            f'{_title(title)}<rect x="{x}" y="{y}" width="{width}" height="{height}"'
            ' fill="white"/>\n<g class="edges" fill="none">',
        ]
        return "\n".join([*lines, *edges, "</g>", *self._marks, "</svg>\n"])

    def dot(self) -> str:
        """Return all of it in DOT, for Graphviz to draw where it stands."""
        heads = [
            "digraph network {",
            "graph [layout=neato splines=line outputorder=edgesfirst]",
            'node [shape=circle fixedsize=true style=filled fontname="Courier"]',
            "edge [arrowhead=none]",
        ]
        return "\n  ".join([*heads, *self._dot]) + "\n}\n"


def _n(number: float, digits: int = 1) -> str:
    return f"{number:.{digits}f}".rstrip("0").rstrip(".")


def _title(text: str) -> str:
    return f"<title>{escape(readable(text), quote=False)}</title>"


def _text(text: str, x: float, y: float, size: float, anchor: str, more: str = "") -> str:
    return (
        f'<text x="{_n(x)}" y="{_n(y + 0.32 * size)}" font-size="{_n(size)}"'
        f' text-anchor="{anchor}" fill="#111111"{more}>{escape(readable(text), quote=False)}</text>'
    )


def _tinted(tint: float) -> str:
    """Return white mixed with the colour of the sign."""
    colour, share = COLOURS[1 if tint > 0.0 else -1], 0.6 * min(1.0, abs(tint))
    mixed = (255 + (int(colour[i : i + 2], 16) - 255) * share for i in (1, 3, 5))
    return "#" + "".join(f"{round(part):02x}" for part in mixed)

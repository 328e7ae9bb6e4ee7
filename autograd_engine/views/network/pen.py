"""Circles, edges and words, each written as SVG and in DOT with its place."""

from __future__ import annotations

import math
from html import escape

from autograd_engine.views.layout.scene import readable, text_width
from autograd_engine.views.picture.dot import quoted

COLOURS = {1: "#1f5fbf", -1: "#c2540a", 0: "#999999"}
"""Blue and orange stay apart for the colour-blind; negative is dashed too."""

DENSE = 400
"""Up to so many edges each has an unseen wide line for the pointer to find."""

MARGIN = 12.0

Point = tuple[float, float]
Seat = tuple[str, Point]  # of what is drawn: key and place


class Pen:
    """A sheet that grows with what is written on it; `thickest` is the width of an edge."""

    def __init__(self, radius: float, thickest: float) -> None:
        self.radius, self.thickest = radius, thickest
        self.left = self.top = math.inf
        self.right = self.bottom = -math.inf
        self._edges: list[tuple[float, str, str]] = []
        self._marks: list[str] = []
        self._dot: list[str] = []

    def _reach(self, x: float, y: float, wide: float, high: float) -> None:
        self.left, self.right = min(self.left, x - wide), max(self.right, x + wide)
        self.top, self.bottom = min(self.top, y - high), max(self.bottom, y + high)

    def circle(self, key: str, at: Point, text: str, title: str, tint: float) -> None:
        """Write a unit; the tint is from -1 to 1, and a negative one dashes the line."""
        (x, y), r = at, self.radius
        self._reach(x, y, r, r)
        dashes = ' stroke-dasharray="3 2"' if tint < 0.0 else ""
        fill, words = _tinted(tint), _text(text, x, y, 0.75 * r, "middle") if text else ""
        self._marks.append(
            f'<g class="unit">{_title(title)}<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(r)}"'
            f' fill="{fill}" stroke="#333333"{dashes}/>{words}</g>'
        )
        self._dot.append(
            f'{key} [label="{quoted(text)}" width={r / 36.0:.3f} fontsize={0.75 * r:.1f}'
            f' {_pinned(x, y)} fillcolor="{fill}" tooltip="{quoted(title)}"]'
        )

    def edge(self, tail: Seat, head: Seat, number: float, share: float, title: str) -> None:
        """Write a weight between two circles; where the tail has no key a bias, from a square."""
        (name, (x0, y0)), (end, (x1, y1)) = tail, head
        inner = self.radius / (math.dist(tail[1], head[1]) or 1.0)
        dx, dy = (x1 - x0) * inner, (y1 - y0) * inner
        x0, y0 = (x0 + dx, y0 + dy) if name else (x0, y0)
        self._reach(x0, y0, 3.0, 3.0)
        colour = COLOURS[(number > 0.0) - (number < 0.0)]
        thick = 0.4 + self.thickest * share
        dashes, style = (' stroke-dasharray="6 3"', " style=dashed") if number < 0.0 else ("", "")
        line, mark = f'd="M{_n(x0)},{_n(y0)}L{_n(x1 - dx)},{_n(y1 - dy)}"', ""
        if not name:
            name, side = f"{end}b", max(4.0, thick + 1.0)
            mark = f"M{_n(x0 - side / 2)},{_n(y0 - side / 2)}h{_n(side)}v{_n(side)}h-{_n(side)}z"
            mark = f'<path d="{mark}" fill="{colour}"/>'
            square = f'[shape=square width=0.06 fillcolor="{colour}" {_pinned(x0, y0)}]'
            self._dot.append(f"{name} {square}")
        look = f'penwidth={thick:.2f} color="{colour}"{style} tooltip="{quoted(title)}"'
        self._dot.append(f"{name} -> {end} [{look}]")
        drawn = f'{mark}<path {line} stroke="{colour}" stroke-width="{_n(thick, 2)}"{dashes}'
        self._edges.append((share, f'<g class="edge">{_title(title)}<path {line}', drawn))

    def words(
        self, text: str, at: Point, anchor: str = "middle", size: float = 10.0, bold: bool = False
    ) -> None:
        """Write a line of text that begins or ends at a place, or has its middle there."""
        (x, y), half = at, text_width(text, size) / 2.0
        middle = x + half * {"start": 1.0, "middle": 0.0, "end": -1.0}[anchor]
        self._reach(middle, y, half, size)
        more = ' stroke="white" stroke-width="2.5" paint-order="stroke"'  # where edges pass
        more += ' font-weight="bold"' if bold else ""
        self._marks.append(_text(text, x, y, size, anchor, more))
        self._dot.append(
            f't{len(self._dot)} [shape=plaintext style="" fontsize={size:g} fixedsize=false'
            f' margin=0 label="{quoted(text)}" {_pinned(middle, y)}]'
        )

    def svg(self, title: str) -> str:
        """Return all of it as SVG; of edges the large ones stand out."""
        wide, high = self.right - self.left + 2 * MARGIN, self.bottom - self.top + 2 * MARGIN
        x, y = _n(self.left - MARGIN), _n(self.top - MARGIN)
        few, box = len(self._edges) <= DENSE, f"{x} {y} {_n(wide)} {_n(high)}"
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(wide)}pt" height="{_n(high)}pt"'
            f' viewBox="{box}" role="img" font-family="Courier,DejaVu Sans Mono,monospace">',
            f'{_title(title)}<rect x="{x}" y="{y}" width="{_n(wide)}" height="{_n(high)}"'
            ' fill="white"/>\n<g class="edges" fill="none">',
        ]
        hit = ' stroke="white" stroke-opacity="0" stroke-width="7"/>' if few else "/>"
        for share, begun, drawn in sorted(self._edges, key=lambda edge: edge[0]):
            many = len(self._edges) > DENSE // 4
            pale = f' stroke-opacity="{_n(0.3 + 0.7 * share, 2)}"' if many else ""
            lines.append(f"{begun}{hit}{drawn}{pale}/></g>")
        return "\n".join([*lines, "</g>", *self._marks, "</svg>\n"])

    def dot(self) -> str:
        """Return all of it in DOT, for Graphviz to draw where it stands."""
        heads = [
            "digraph network {",
            "graph [layout=neato splines=line outputorder=edgesfirst]",
            'node [shape=circle fixedsize=true style=filled fontname="Courier" label=""]',
            "edge [arrowhead=none]",
        ]
        return "\n  ".join([*heads, *self._dot]) + "\n}\n"


def _n(number: float, digits: int = 1) -> str:
    return f"{number:.{digits}f}".rstrip("0").rstrip(".")


def _pinned(x: float, y: float) -> str:
    return f'pos="{x / 72.0:.3f},{-y / 72.0:.3f}!"'


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

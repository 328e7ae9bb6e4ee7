"""`draw_network`: a network as SVG and in DOT."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from autograd_engine.modules import Module
from autograd_engine.survey import Survey
from autograd_engine.views.layout.scene import Scene, readable, text_width
from autograd_engine.views.network.seating import COLOURS, Circle, Edge, Seating, Words
from autograd_engine.views.network.stacks import of_model, short
from autograd_engine.views.network.wiring import of_output
from autograd_engine.views.picture.dot import quoted
from autograd_engine.views.picture.drawing import Picture

DENSE = 400
"""Up to so many edges each has an unseen wide line for the pointer to find."""


class NetworkPicture(Picture):
    """A drawn network: the layout of SVG and DOT is the package's own."""

    def __init__(self, seating: Seating, engine: str | None) -> None:
        description = readable(seating.network.title)
        super().__init__(Scene("LR", (), (), (), description), engine)
        sheet = _Sheet(seating)
        self.source = "\n".join(sheet.dot()) + "\n"
        self._svg = "\n".join(sheet.svg()) + "\n"


def draw_network(item: Any, direction: str, engine: str | None, show: str) -> NetworkPicture:
    """Return the picture of a model, or of the network behind an output."""
    network = of_model(item) if isinstance(item, Module) else of_output(Survey(item))
    seating = Seating(network, show, direction in ("TB", "BT"), direction in ("RL", "BT"))
    return NetworkPicture(seating, engine)


class _Sheet:
    """The marks on a page: caption and key below, everything moved into view."""

    def __init__(self, seating: Seating) -> None:
        self.seating = seating
        self.radius = seating.radius
        words = seating.words
        xs = [x for word in words for x in (word.left, word.left + text_width(word.text, word.size))]
        xs += [c.at[0] + sign * self.radius for c in seating.circles for sign in (-1.0, 1.0)]
        xs += [edge.start[0] for edge in seating.edges]
        ys = [word.at[1] for word in words] + [c.at[1] for c in seating.circles]
        ys += [edge.start[1] for edge in seating.edges]
        left, bottom = min(xs), max(ys) + self.radius
        lines = list(self._caption())
        self.caption = [
            Words((left, bottom + 20.0 + 15.0 * i), line, "start", 10) for i, line in enumerate(lines)
        ]
        right = max(*xs, *(left + text_width(line, 10) for line in lines))
        self.dx, self.dy = 12.0 - left, 14.0 - min(ys) + self.radius * 0.5
        self.width, self.height = right - left + 24.0, self.caption[-1].at[1] + self.dy + 12.0

    def _caption(self) -> Iterator[str]:
        seating, network = self.seating, self.seating.network
        yield readable(network.title)
        what = "weight" if seating.show == "weight" else "gradient ∂L/∂w"
        if seating.show == "grad" and not seating.telling.graded:
            yield "No gradient to show: every ∂L/∂w is 0. Call backward() on the loss first."
        else:
            yield (
                f"edges: the {what}; solid blue positive, dashed orange negative; ■ bias; "
                f"the thickest is {short(seating.widest)}"
            )
        if network.note:
            yield readable(network.note)

    def _at(self, point: tuple[float, float]) -> tuple[float, float]:
        return point[0] + self.dx, point[1] + self.dy

    def _thick(self, edge: Edge) -> float:
        return 0.4 + self.seating.thickest * edge.share

    def svg(self) -> Iterator[str]:
        """Return the lines of the file."""
        seating = self.seating
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_n(self.width)}pt" '
            f'height="{_n(self.height)}pt" viewBox="0 0 {_n(self.width)} {_n(self.height)}" '
            f'role="img" font-family="Courier,DejaVu Sans Mono,monospace">'
        )
        yield f"<title>{escape(readable(seating.network.title), quote=False)}</title>"
        yield f'<rect width="{_n(self.width)}" height="{_n(self.height)}" fill="white"/>'
        yield '<g class="edges" fill="none">'
        for edge in sorted(seating.edges, key=lambda edge: edge.share):
            (x0, y0), (x1, y1) = self._at(edge.start), self._at(edge.end)
            line = f'd="M{_n(x0)},{_n(y0)}L{_n(x1)},{_n(y1)}"'
            dashes = ' stroke-dasharray="6 3"' if edge.sign < 0 else ""
            if len(seating.edges) > DENSE // 4:  # so that the large ones stand out
                dashes += f' stroke-opacity="{_n(0.3 + 0.7 * edge.share, 2)}"'
            wide = len(seating.edges) <= DENSE
            hit = f'<path {line} stroke="white" stroke-opacity="0" stroke-width="7"/>' if wide else ""
            yield (
                f'<g class="edge">{_title(edge.title)}{hit}<path {line} stroke="{COLOURS[edge.sign]}" '
                f'stroke-width="{_n(self._thick(edge), 2)}"{dashes}/>{self._mark(edge)}</g>'
            )
        yield "</g>"
        for circle in seating.circles:
            yield self._circle(circle)
        for word in [*seating.words, *self.caption]:
            yield _text(word, *self._at(word.at))
        yield "</svg>"

    def _mark(self, edge: Edge) -> str:
        """Return the square from which a bias comes: the constant 1."""
        if not edge.tail.endswith("b"):
            return ""
        x, y = self._at(edge.start)
        return f'<rect x="{_n(x - 2)}" y="{_n(y - 2)}" width="4" height="4" fill="{COLOURS[edge.sign]}"/>'

    def _circle(self, circle: Circle) -> str:
        x, y = self._at(circle.at)
        dashes = ' stroke-dasharray="3 2"' if circle.tint < 0.0 else ""
        words = Words(circle.at, circle.text, size=0.75 * self.radius)
        return (
            f'<g class="unit">{_title(circle.title)}<circle cx="{_n(x)}" cy="{_n(y)}" '
            f'r="{_n(self.radius)}" fill="{_tinted(circle.tint)}" stroke="#333333"{dashes}/>'
            f"{_text(words, x, y, '') if circle.text else ''}</g>"
        )

    def dot(self) -> Iterator[str]:
        """Return the lines of the same picture for Graphviz, which is told all places."""
        seating = self.seating
        yield "digraph network {"
        yield "  graph [layout=neato splines=line outputorder=edgesfirst]"
        yield '  node [shape=circle fixedsize=true style=filled fontname="Courier" label=""]'
        yield "  edge [arrowhead=none]"
        place = f"width={self.radius / 36.0:.3f} fontsize={0.75 * self.radius:.1f}"
        for circle in seating.circles:
            yield (
                f'  {circle.key} [label="{quoted(circle.text)}" {place} {self._pinned(circle.at)} '
                f'fillcolor="{_tinted(circle.tint)}" tooltip="{quoted(circle.title)}"]'
            )
        for edge in seating.edges:
            if edge.tail.endswith("b"):
                yield f"  {edge.tail} [shape=square width=0.05 fillcolor=black {self._pinned(edge.start)}]"
            style = " style=dashed" if edge.sign < 0 else ""
            yield (
                f'  {edge.tail} -> {edge.head} [penwidth={self._thick(edge):.2f} '
                f'color="{COLOURS[edge.sign]}"{style} tooltip="{quoted(edge.title)}"]'
            )
        for i, word in enumerate([*seating.words, *self.caption]):
            width = text_width(word.text, word.size)
            middle = word.left + width / 2.0, word.at[1]
            yield (
                f'  t{i} [shape=plaintext style="" fontsize={word.size:g} fixedsize=false margin=0 '
                f'label="{quoted(word.text)}" {self._pinned(middle)}]'
            )
        yield "}"

    def _pinned(self, point: tuple[float, float]) -> str:
        x, y = self._at(point)
        return f'pos="{x / 72.0:.3f},{(self.height - y) / 72.0:.3f}!"'


def _n(number: float, digits: int = 1) -> str:
    return f"{number:.{digits}f}".rstrip("0").rstrip(".")


def _title(text: str) -> str:
    return f"<title>{escape(readable(text), quote=False)}</title>"


_HALO = ' stroke="white" stroke-width="2.5" paint-order="stroke"'


def _text(word: Words, x: float, y: float, halo: str = _HALO) -> str:
    bold = ' font-weight="bold"' if word.bold else ""
    return (
        f'<text x="{_n(x)}" y="{_n(y + 0.32 * word.size)}" font-size="{_n(word.size)}" '
        f'text-anchor="{word.anchor}" fill="#111111"{bold}{halo}>'
        f"{escape(readable(word.text), quote=False)}</text>"
    )


def _tinted(tint: float) -> str:
    """Return white mixed with the colour of the sign."""
    colour = COLOURS[1 if tint > 0.0 else -1]
    share = 0.6 * min(1.0, abs(tint))
    mixed = (255 + (int(colour[i : i + 2], 16) - 255) * share for i in (1, 3, 5))
    return "#" + "".join(f"{round(part):02x}" for part in mixed)

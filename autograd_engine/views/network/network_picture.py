"""`NetworkPicture`: where units, edges and words of a network stand, and what they say on hover."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.modules import Module
from autograd_engine.survey import Survey, lowered
from autograd_engine.views.layout.scene import Point, Scene, readable, text_width
from autograd_engine.views.network.stacks import Part, Stage, Unit, of_model, of_output, short
from autograd_engine.views.picture.drawing import Picture
from autograd_engine.views.picture.markup import line, quoted, sheet, tag, written
from autograd_engine.words import printable

CUT = 26  # characters of words beside circles
WHOLE, ENDS = 32, 5  # a layer of so many units is drawn whole, of others so many at either end
MANY = 200  # of more units, those of a layer above 2 * ENDS are left out
DENSE = 200  # of more edges the small ones are pale; up to so many have a wide line to hover on
MARGIN, SIZE = 12.0, 10.0

HEAD = """digraph network {
graph [layout=neato splines=line outputorder=edgesfirst]
node [shape=circle fixedsize=true style=filled fontname="Courier"]
edge [arrowhead=none]"""

Seat = tuple[str, Point, float]  # of what is drawn: its key in DOT, its place and its radius


class NetworkPicture(Picture):
    """A network as SVG and in DOT: along the layers goes u, across them v."""

    def __init__(self, item: Module | Survey, show: str, direction: str, engine: str | None):
        network = of_model(item) if isinstance(item, Module) else of_output(item)
        super().__init__(Scene("LR", (), (), (), readable(network.title)), engine)
        self.weights = show == "weight"
        self.places = {id(v): (place, path) for place, (path, v) in enumerate(network.named, 1)}
        self.graded = any(value.grad for _, value in network.named)
        self.upright, self.mirrored = direction in ("TB", "BT"), direction in ("RL", "BT")
        stages = [stage for stack in network.stacks for stage in stack]
        most = WHOLE if sum(min(len(s.units), WHOLE) for s in stages) <= MANY else 2 * ENDS
        tall = max(len(_rows(stage, most)) for stage in stages)
        sizes = (15.0, 50.0) if tall <= 8 else (12.0, 36.0) if tall <= 16 else (8.0, 26.0)
        self.radius, self.pitch = sizes[0], max(sizes[1], 64.0 * self.upright)
        self.stride = min(max(150.0, 0.3 * self.pitch * tall), 300.0)
        self.thickest = max(1.6, min(5.0, 36.0 / tall))
        self.widest = _largest(self._shown(part) for stage in stages for part in stage.parts)
        self.xs, self.ys = list[float](), list[float]()  # where there is anything
        self.edges: list[tuple[float, str, str, dict[str, str]]] = []
        self.marks: list[str] = []
        self.dot, top = [HEAD], 0.0
        for stack in network.stacks:
            top = self._stack(stack, most, top) + 40.0
        what = "weight" if self.weights else "gradient ∂L/∂w"
        legend = [f"edges: the {what}, at most {short(self.widest)} in size"]
        legend += ["solid blue: positive; dashed orange: negative; ■ bias"]
        if not (self.weights or self.graded):
            legend = ["No gradient to show: every ∂L/∂w is 0. Call backward() on the loss first."]
        left, bottom = min(self.xs), max(self.ys) + 22.0
        for i, words in enumerate(filter(None, [network.title, *legend, network.note])):
            self._words(words, (left, bottom + 15.0 * i), "start")
        self.source = "\n".join([*self.dot, "}\n"])
        left, top = min(self.xs) - MARGIN, min(self.ys) - MARGIN
        width, height = max(self.xs) + MARGIN - left, max(self.ys) + MARGIN - top
        few, edges = len(self.edges) <= DENSE, []
        for share, said, path, look in sorted(self.edges, key=lambda edge: edge[0]):
            hit = tag("path", d=path, stroke="white", stroke_opacity=0, stroke_width=7)
            pale = "" if few else f"{0.3 + 0.7 * share:.2f}"
            drawn = hit * few + tag("path", d=path, **look, stroke_opacity=pale)
            edges.append(tag("g", tag("title", written(said)), drawn, class_="edge"))
        lines = [tag("g", "\n".join(edges), fill="none"), *self.marks]
        self._svg = sheet(network.title, (left, top), width, height, lines)

    def _stack(self, stack: list[Stage], most: int, top: float) -> float:
        columns = [_rows(stage, most) for stage in stack]
        middle = top + 34.0 + max(map(len, columns)) * self.pitch / 2.0
        before: dict[int, Seat] = {}
        for k, (stage, column) in enumerate(zip(stack, columns)):
            x, y = self._turned(k * self.stride, top)
            x, anchor = (x - 20.0, "end") if self.upright else (x, "middle")
            how = "/".join(dict.fromkeys(unit.activation for unit in stage.units))
            size = f"{stage.inputs:,} → {len(stage.units):,} {how}"
            self._words(printable(stage.path or "neuron", CUT), (x, y), anchor, font_weight="bold")
            if stage.inputs:
                self._words(printable(size, CUT), (x, y + 13.0), anchor)
            seats: dict[int, Seat] = {}
            for place, i in enumerate(column):
                v = middle + (place - (len(column) - 1) / 2.0) * self.pitch
                at = self._turned(k * self.stride, v)
                if i is None:
                    self._words(f"⋮ {len(stage.units) - 2 * ENDS:,} more", at)
                    continue
                unit, several = stage.units[i], len(stage.units) > 1
                seats[i] = self._unit(stage, unit, at)
                for j, part in enumerate(unit.weights):
                    if j in before:
                        self._edge(before[j], seats[i], part, "w")
                for part in unit.bias:
                    (x, y), far = at, 0.55 * self.pitch
                    start = (x + far, y) if self.upright else (x, y + far)
                    square = self._words("■", start, fill=_colour(self._shown(part)))
                    self._edge(square, seats[i], part, "b")
                if stage is stack[-1]:
                    unknown = f"output {unit.number}" if several else "output"
                    self._beside(at, 1, unknown if unit.output[1] is None else _said(unit.output))
            before = seats
        return 2.0 * middle - top - 34.0

    def _turned(self, u: float, v: float) -> Point:
        u = -u if self.mirrored else u
        return (v, u) if self.upright else (u, v)

    def _beside(self, at: Point, along: int, text: str) -> None:
        (x, y), away = at, (self.radius + 7.0) * (-along if self.mirrored else along)
        place = (x, y + 1.4 * away) if self.upright else (x + away, y)
        anchor = "middle" if self.upright else "end" if away < 0 else "start"
        self._words(printable(text, CUT), place, anchor)

    def _unit(self, stage: Stage, unit: Unit, at: Point) -> Seat:
        """Draw a circle, with its name where it has room for it; a negative one is dashed."""
        (x, y), r = at, self.radius
        how, output, said = unit.activation, unit.output, _said(unit.sum)
        index = lowered(str(unit.number)) if len(stage.units) > 1 else ""
        name = ("z" if how == "linear" else "a") + index if unit.weights else output[0]
        inside, known = r > 8.0 and text_width(name, 0.75 * r) < 1.7 * r, output[1] is not None
        if not unit.weights:
            if not inside or known:
                self._beside(at, -1, short(_data(output)) if inside else said)
            said += "" if known else ", an input"
        else:
            if how != "linear":
                said = f"{_said(output)} = {how}({said})" if how else f"{_said(output)}, {said}"
            said += f", ∂L/∂a = {short(output[1].grad)}" if self.graded and known else ""
            said += f", {unit.path or 'the neuron'}"
        tint = _share(_data(output), _largest(_data(u.output) for u in stage.units))
        colour, share = _colour(tint), 0.6 * abs(tint)  # white mixed with that of the sign
        mixed = (255 + (int(colour[i : i + 2], 16) - 255) * share for i in (1, 3, 5))
        fill = "#" + "".join(f"{round(part):02x}" for part in mixed)
        self.xs += [x - r, x + r]
        self.ys += [y - r, y + r]
        ink = {"stroke": "#333333", "stroke-dasharray": "3 2" if tint < 0.0 else ""}
        drawn = tag("title", written(said)) + tag("circle", cx=x, cy=y, r=r, fill=fill, **ink)
        drawn += line(name, x, y, 0.75 * r, text_anchor="middle") if inside else ""
        self.marks.append(tag("g", drawn, class_="unit"))
        look = f'width={r / 36.0:.3f} fontsize={0.75 * r:.1f} fillcolor="{fill}"'
        return self._node(name if inside else "", at, f'{look} tooltip="{quoted(said)}"', r)

    def _words(self, text: str, at: Point, anchor: str = "middle", **look: Any) -> Seat:
        """Write a line of text that begins or ends at a place, or has its middle there."""
        half = text_width(text, SIZE) / 2.0
        middle = at[0] + half * {"start": 1.0, "middle": 0.0, "end": -1.0}[anchor]
        self.xs += [middle - half, middle + half]
        self.ys += [at[1] - SIZE, at[1] + SIZE]
        look |= {"stroke": "white", "stroke-width": "2.5", "paint-order": "stroke"}  # over edges
        self.marks.append(line(text, *at, SIZE, text_anchor=anchor, **look))
        shape = 'shape=plaintext style="" fixedsize=false margin=0 width=0 height=0'
        return self._node(text, (middle, at[1]), f"{shape} fontsize={SIZE:g}")

    def _node(self, text: str, at: Point, look: str, radius: float = 0.0) -> Seat:
        key, place = f"n{len(self.dot) + 3}", f"{at[0] / 72.0:.3f},{-at[1] / 72.0:.3f}!"
        self.dot.append(f'{key} [label="{quoted(text)}" pos="{place}" {look}]')
        return key, at, radius

    def _edge(self, tail: Seat, head: Seat, part: Part, letter: str) -> None:
        (name, (x0, y0), inner), (end, (x1, y1), outer) = tail, head
        dx, dy = ((b - a) / math.dist(tail[1], head[1]) for a, b in ((x0, x1), (y0, y1)))
        x0, y0, x1, y1 = x0 + dx * inner, y0 + dy * inner, x1 - dx * outer, y1 - dy * outer
        said, item, number = _said(part), part[1], self._shown(part)
        if id(item) in self.places:
            place, path = self.places[id(item)]
            said += f", ∂L/∂{letter} = {short(item.grad)}" if self.graded else ""
            said += f", {path}, entry {place:,} of {len(self.places):,} in the gradient"
        else:
            said += ", a number that is not trained"
        share, colour = abs(_share(number, self.widest)), _colour(number)
        thick, dashes = f"{0.4 + self.thickest * share:.2f}", "6 3" if number < 0.0 else ""
        look = {"stroke": colour, "stroke-width": thick, "stroke-dasharray": dashes}
        self.edges.append((share, said, f"M{x0:.1f},{y0:.1f}L{x1:.1f},{y1:.1f}", look))
        style = " style=dashed" if dashes else ""
        more = f'penwidth={thick} color="{colour}"{style} tooltip="{quoted(said)}"'
        self.dot.append(f"{name} -> {end} [{more}]")

    def _shown(self, part: Part) -> float:
        return _data(part) if self.weights else float(getattr(part[1], "grad", 0.0))


def _rows(stage: Stage, most: int) -> list[int | None]:
    every = range(len(stage.units))
    return [*every] if len(every) <= most else [*every[:ENDS], None, *every[-ENDS:]]


def _data(part: Part) -> float:
    return float(part[1].data if isinstance(part[1], Value) else part[1] or 0.0)


def _said(part: Part) -> str:
    return part[0] if part[1] is None else f"{part[0]} = {short(_data(part))}"


def _largest(numbers: Iterable[float]) -> float:
    return max((abs(n) for n in numbers if math.isfinite(n)), default=0.0)


def _share(number: float, largest: float) -> float:
    return number / largest if largest and math.isfinite(number) else 0.0


def _colour(number: float) -> str:
    """Return blue of a positive number, orange of a negative one: apart for the colour-blind."""
    return "#1f5fbf" if number > 0.0 else "#c2540a" if number < 0.0 else "#999999"

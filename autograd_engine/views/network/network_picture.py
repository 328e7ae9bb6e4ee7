"""`draw_network`: where units, edges and words of a network stand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from autograd_engine.modules import Module
from autograd_engine.survey import Survey
from autograd_engine.titles import lowered
from autograd_engine.views.layout.scene import Scene, readable, text_width
from autograd_engine.views.network.pen import Pen, Point, Seat
from autograd_engine.views.network.stacks import Network, Stage, of_model, short
from autograd_engine.views.network.telling import Telling, shown_of
from autograd_engine.views.network.wiring import of_output
from autograd_engine.views.picture.drawing import Picture
from autograd_engine.words import counted

WHOLE = 32
"""A layer of up to so many units is drawn whole; of a wider one the first and last ENDS."""
ENDS = 5
MANY = 6_000
"""With more edges than this every layer above 2 * ENDS units is cut short."""

Seats = dict[int, Seat]  # of the units that are drawn


class NetworkPicture(Picture):
    """A drawn network: the layout of SVG and DOT is the package's own."""

    def __init__(self, network: Network, show: str, direction: str, engine: str | None) -> None:
        super().__init__(Scene("LR", (), (), (), readable(network.title)), engine)
        pen = _Drawing(network, show, direction).pen
        self.source, self._svg = pen.dot(), pen.svg(network.title)


def draw_network(
    item: Module | Survey, show: str, direction: str, engine: str | None
) -> NetworkPicture:
    """Return the picture of a model, or of the network behind an output."""
    network = of_model(item) if isinstance(item, Module) else of_output(item)
    return NetworkPicture(network, show, direction, engine)


def rows(count: int, most: int) -> list[int | None]:
    """Return the units that are drawn, None where some are left out.

    >>> rows(3, 32), rows(64, 32)
    ([0, 1, 2], [0, 1, 2, 3, 4, None, 59, 60, 61, 62, 63])
    """
    if count <= most:
        return list(range(count))
    return [*range(ENDS), None, *range(count - ENDS, count)]


def _largest(numbers: Iterable[float]) -> float:
    return max((abs(n) for n in numbers if math.isfinite(n)), default=0.0)


def _share(number: float, largest: float) -> float:
    return number / largest if largest and math.isfinite(number) else 0.0


class _Drawing:
    """A network on its way to the pen: u goes along the layers, v across them."""

    def __init__(self, network: Network, show: str, direction: str) -> None:
        self.network, self.show = network, show
        self.telling = Telling(network)
        self.upright, self.mirrored = direction in ("TB", "BT"), direction in ("RL", "BT")
        sizes = [[stack[0].inputs, *(len(s.units) for s in stack)] for stack in network.stacks]
        edges = sum(min(a, WHOLE) * min(b, WHOLE) for row in sizes for a, b in pairwise(row))
        most = WHOLE if edges <= MANY else 2 * ENDS
        tall = max(len(rows(n, most)) for row in sizes for n in row)
        radius, pitch = (15.0, 50.0) if tall <= 8 else (12.0, 36.0) if tall <= 16 else (8.0, 26.0)
        self.pitch = max(pitch, 64.0) if self.upright else pitch
        self.stride = min(max(150.0, 0.3 * self.pitch * tall), 300.0)
        self.pen = Pen(radius, max(1.6, min(5.0, 36.0 / tall)))
        units = network.units()
        self.widest = _largest(shown_of(part, show) for unit in units for part in unit.parts())
        self.deepest = _largest(unit.output.data for unit in units if unit.output is not None)
        top = 0.0
        for number, stack in enumerate(network.stacks):
            columns = [rows(n, most) for n in sizes[number]]
            top = self._stack(f"s{number}", stack, columns, top) + 40.0
        left, bottom = self.pen.left, self.pen.bottom
        for i, line in enumerate(self._caption()):
            self.pen.words(line, (left, bottom + 22.0 + 15.0 * i), "start")

    def _caption(self) -> Iterator[str]:
        yield readable(self.network.title)
        what = "weight" if self.show == "weight" else "gradient ∂L/∂w"
        if self.show == "grad" and not self.telling.graded:
            yield "No gradient to show: every ∂L/∂w is 0. Call backward() on the loss first."
        else:
            yield f"edges: the {what}, at most {short(self.widest)} in size"
            yield "solid blue: positive; dashed orange: negative; ■ bias"
        if self.network.note:
            yield readable(self.network.note)

    def _stack(
        self, key: str, stack: list[Stage], columns: list[list[int | None]], top: float
    ) -> float:
        """Draw one stack; return where it ends."""
        height = (max(map(len, columns)) - 1) * self.pitch
        middle = top + 34.0 + (self.pitch + height) / 2.0
        before: Seats = {}
        for k, column in enumerate(columns):
            seats: Seats = {}
            for place, i in enumerate(column):
                v = middle + (place - (len(column) - 1) / 2.0) * self.pitch
                at = self._turned(k * self.stride, v)
                if i is None:
                    left_out = int(column[-1] or 0) + 1 - 2 * ENDS
                    self.pen.words(f"⋮ {left_out:,} more", at)
                else:
                    seats[i] = f"{key}c{k}u{i}", at
            self._head(stack, k, self._turned(k * self.stride, top))
            if k:
                self._units(stack[k - 1], before, seats, k == len(stack))
            else:
                self._inputs(seats)
            before = seats
        return middle + (height + self.pitch) / 2.0

    def _turned(self, u: float, v: float) -> Point:
        u = -u if self.mirrored else u
        return (v, u) if self.upright else (u, v)

    def _head(self, stack: list[Stage], k: int, at: Point) -> None:
        lines = [counted(stack[0].inputs, "input")]
        if k:
            stage = stack[k - 1]
            shape = f"{stage.inputs:,} → {len(stage.units):,} {stage.activation}"
            lines = [_cut(stage.path or "neuron"), _cut(shape, 26)]
        x, anchor = (at[0] - 20.0, "end") if self.upright else (at[0], "middle")
        for i, line in enumerate(lines):
            self.pen.words(line, (x, at[1] + 13.0 * i), anchor, bold=i == 0)

    def _beside(self, at: Point, along: int, text: str) -> None:
        """Write before (-1) or behind (1) a circle."""
        away = (self.pen.radius + 7.0) * (-along if self.mirrored else along)
        if self.upright:
            self.pen.words(text, (at[0], at[1] + 1.4 * away))
        else:
            self.pen.words(text, (at[0] + away, at[1]), "end" if away < 0 else "start")

    def _inside(self, name: str) -> str:
        """Return a name where a circle has room for it."""
        radius = self.pen.radius
        return name if radius > 8.0 and text_width(name, 0.75 * radius) < 1.7 * radius else ""

    def _inputs(self, seats: Seats) -> None:
        known = self.network.inputs
        largest = _largest(value.data for value in known)
        for i, (key, at) in seats.items():
            name, data = f"x{lowered(str(i))}", known[i].data if known else 0.0
            called = readable(self.network.called[id(known[i])]) if known else name
            said = f"{called} = {short(data)}" if known else name
            inside = self._inside(called)
            title = said if known else f"{name}, an input"
            self.pen.circle(key, at, inside, title, _share(data, largest))
            if known or not inside:
                self._beside(at, -1, short(data) if inside else _cut(said))

    def _units(self, stage: Stage, before: Seats, seats: Seats, last: bool) -> None:
        for i, (key, at) in seats.items():
            unit, tell = stage.units[i], self.telling.parameter
            place, output = str(unit.index) if len(stage.units) > 1 else "", unit.output
            letter = "z" if stage.activation == "linear" else "a"
            tint = _share(output.data, self.deepest) if output is not None else 0.0
            title = self.telling.unit(stage, unit)
            self.pen.circle(key, at, self._inside(letter + lowered(place)), title, tint)
            if last:
                said = f"output {place}".strip() if output is None else short(output.data)
                label = output.label if output is not None else ""
                self._beside(at, 1, f"{_cut(label)} = {said}" if label else said)
            for j, tail in before.items():
                if j < len(unit.weights):
                    weight = unit.weights[j]
                    self._edge(tail, seats[i], weight, tell(unit, weight, f"w.{j}"))
            if unit.bias is not None:
                far = 0.55 * self.pitch
                start = (at[0] + far, at[1]) if self.upright else (at[0], at[1] + far)
                self._edge(("", start), seats[i], unit.bias, tell(unit, unit.bias, "b"))

    def _edge(self, tail: Seat, head: Seat, item: Any, title: str) -> None:
        number = shown_of(item, self.show)
        self.pen.edge(tail, head, number, abs(_share(number, self.widest)), title)


def _cut(text: str, most: int = 22) -> str:
    text = " ".join(readable(text).split())
    return text if len(text) <= most else "…" + text[1 - most :]

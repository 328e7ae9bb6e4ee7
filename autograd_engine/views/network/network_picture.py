"""`draw_network`: where units, edges and words of a network stand, and what they say on hover."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from autograd_engine.engine import Value
from autograd_engine.modules import Module
from autograd_engine.survey import Survey
from autograd_engine.titles import lowered
from autograd_engine.views.layout.scene import Scene, readable, text_width
from autograd_engine.views.network.pen import Pen, Point, Seat
from autograd_engine.views.network.stacks import Network, Part, Stage, of_model, of_output, short
from autograd_engine.views.picture.drawing import Picture
from autograd_engine.words import counted

WHOLE, ENDS = 32, 5
"""A layer of up to so many units is drawn whole; of a wider one the first and last ENDS."""
MANY = 200
"""Of more units than this every layer above 2 * ENDS is cut short."""


def draw_network(item: Module | Survey, show: str, direction: str, engine: str | None) -> Picture:
    """Return the picture of a model, or of the network behind an output."""
    network = of_model(item) if isinstance(item, Module) else of_output(item)
    picture = Picture(Scene("LR", (), (), (), readable(network.title)), engine)
    pen = _Drawing(network, show, direction).pen
    picture.source, picture._svg = pen.dot(), pen.svg(network.title)
    return picture


def rows(count: int, most: int) -> list[int | None]:
    """Return the units that are drawn, None where some are left out.

    >>> rows(3, 32), rows(64, 32)
    ([0, 1, 2], [0, 1, 2, 3, 4, None, 59, 60, 61, 62, 63])
    """
    if count <= most:
        return list(range(count))
    return [*range(ENDS), None, *range(count - ENDS, count)]


class _Drawing:
    """A network on its way to the pen: u goes along the layers, v across them."""

    def __init__(self, network: Network, show: str, direction: str) -> None:
        self.network, self.show = network, show
        self.places = {id(value): place for place, (_, value) in enumerate(network.named, 1)}
        self.graded = any(value.grad for _, value in network.named)
        self.upright, self.mirrored = direction in ("TB", "BT"), direction in ("RL", "BT")
        stacks = [[stack[0].inputs, *(len(s.units) for s in stack)] for stack in network.stacks]
        most = WHOLE if sum(min(n, WHOLE) for sizes in stacks for n in sizes) <= MANY else 2 * ENDS
        columns = [[rows(n, most) for n in sizes] for sizes in stacks]
        tall = max(len(column) for stack in columns for column in stack)
        radius, pitch = (15.0, 50.0) if tall <= 8 else (12.0, 36.0) if tall <= 16 else (8.0, 26.0)
        self.pitch = max(pitch, 64.0) if self.upright else pitch
        self.stride = min(max(150.0, 0.3 * self.pitch * tall), 300.0)
        self.pen = Pen(radius, max(1.6, min(5.0, 36.0 / tall)))
        stages = [stage for stack in network.stacks for stage in stack]
        self.widest = _largest(self._shown(part) for stage in stages for part in stage.parts())
        self.deepest = _largest(_data(unit.output) for stage in stages for unit in stage.units)
        top = 0.0
        for stack, drawn in zip(network.stacks, columns):
            top = self._stack(stack, drawn, top) + 40.0
        left, bottom = self.pen.left, self.pen.bottom
        for i, line in enumerate(self._caption()):
            self.pen.words(line, (left, bottom + 22.0 + 15.0 * i), "start")

    def _caption(self) -> Iterator[str]:
        yield self.network.title
        if self.show == "grad" and not self.graded:
            yield "No gradient to show: every ∂L/∂w is 0. Call backward() on the loss first."
        else:
            what = "weight" if self.show == "weight" else "gradient ∂L/∂w"
            yield f"edges: the {what}, at most {short(self.widest)} in size"
            yield "solid blue: positive; dashed orange: negative; ■ bias"
        if self.network.note:
            yield self.network.note

    def _stack(self, stack: list[Stage], columns: list[list[int | None]], top: float) -> float:
        """Draw one stack; return where it ends."""
        half = max(map(len, columns)) * self.pitch / 2.0
        before: dict[int, Seat] = {}
        for k, column in enumerate(columns):
            self._head(stack, k, self._turned(k * self.stride, top))
            seats: dict[int, Seat] = {}
            for place, i in enumerate(column):
                v = top + 34.0 + half + (place - (len(column) - 1) / 2.0) * self.pitch
                at = self._turned(k * self.stride, v)
                if i is None:
                    self.pen.words(f"⋮ {int(column[-1] or 0) + 1 - 2 * ENDS:,} more", at)
                elif k:
                    seats[i] = self._unit(stack[k - 1], i, at, before, k == len(stack))
                else:
                    seats[i] = self._input(i, at)
            before = seats
        return top + 34.0 + 2.0 * half

    def _turned(self, u: float, v: float) -> Point:
        u = -u if self.mirrored else u
        return (v, u) if self.upright else (u, v)

    def _head(self, stack: list[Stage], k: int, at: Point) -> None:
        lines = [counted(stack[0].inputs, "input")]
        if k:
            stage = stack[k - 1]
            how = "/".join(dict.fromkeys(unit.activation for unit in stage.units))
            shape = f"{stage.inputs:,} → {len(stage.units):,} {how}"
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

    def _input(self, i: int, at: Point) -> Seat:
        known = self.network.inputs
        part = known[i] if known else (f"x{lowered(str(i))}", None)
        inside, said = self._inside(part[0]), _said(part)
        if known or not inside:
            self._beside(at, -1, short(_data(part)) if inside else _cut(said))
        tint = _share(_data(part), _largest(map(_data, known)))
        return self.pen.circle(at, inside, said if known else f"{said}, an input", tint)

    def _unit(self, stage: Stage, i: int, at: Point, before: dict[int, Seat], last: bool) -> Seat:
        unit = stage.units[i]
        place = str(unit.index) if len(stage.units) > 1 else ""
        how, output, told = unit.activation, unit.output[1], _said(unit.sum)
        if how != "linear":
            told = (
                f"{_said(unit.output)} = {how}({told})" if how else f"{_said(unit.output)}, {told}"
            )
        if self.graded and output is not None:
            told += f", ∂L/∂a = {short(output.grad)}"
        name = ("z" if how == "linear" else "a") + lowered(place)
        told += f", {unit.path or 'the neuron'}"
        seat = self.pen.circle(
            at, self._inside(name), told, _share(_data(unit.output), self.deepest)
        )
        if last:
            said = f"output {place}".strip() if output is None else short(output.data)
            label = "" if output is None else output.label
            self._beside(at, 1, f"{_cut(label)} = {said}" if label else said)
        for j, part in enumerate(unit.weights):
            if j in before:
                self._edge(before[j], seat, part, "w")
        for part in unit.bias:
            far = 0.55 * self.pitch
            start = (at[0] + far, at[1]) if self.upright else (at[0], at[1] + far)
            self._edge(("", start), seat, part, "b")
        return seat

    def _edge(self, tail: Seat, head: Seat, part: Part, letter: str) -> None:
        """Draw a weight or bias; on hover: its number, gradient and place in the gradient."""
        said, (_, item), named = _said(part), part, self.network.named
        place = self.places.get(id(item))
        if place is None:
            said += ", a number that is not trained"
        else:
            said += f", ∂L/∂{letter} = {short(item.grad)}" if self.graded else ""
            said += f", {named[place - 1][0]}, entry {place:,} of {len(named):,} in the gradient"
        number = self._shown(part)
        self.pen.edge(tail, head, number, abs(_share(number, self.widest)), said)

    def _shown(self, part: Part) -> float:
        """Return the number that is shown of a parameter: its own or its gradient."""
        return _data(part) if self.show == "weight" else float(getattr(part[1], "grad", 0.0))


def _data(part: Part) -> float:
    item = part[1]
    return float(item.data if isinstance(item, Value) else item or 0.0)


def _said(part: Part) -> str:
    """Return the name, and the number where it is known."""
    return part[0] if part[1] is None else f"{part[0]} = {short(_data(part))}"


def _largest(numbers: Iterable[float]) -> float:
    return max((abs(n) for n in numbers if math.isfinite(n)), default=0.0)


def _share(number: float, largest: float) -> float:
    return number / largest if largest and math.isfinite(number) else 0.0


def _cut(text: str, most: int = 22) -> str:
    text = " ".join(readable(text).split())
    return text if len(text) <= most else "…" + text[1 - most :]

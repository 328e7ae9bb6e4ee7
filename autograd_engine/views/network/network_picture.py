"""`draw_network`: where units, edges and words of a network stand, and what they say on hover."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from autograd_engine.engine import Value
from autograd_engine.modules import Module
from autograd_engine.survey import Survey
from autograd_engine.titles import lowered
from autograd_engine.views.layout.scene import Scene, readable, text_width
from autograd_engine.views.network.pen import Pen, Point, Seat, colour_of
from autograd_engine.views.network.stacks import Part, Stage, Unit, of_model, of_output, short
from autograd_engine.views.picture.drawing import Picture
from autograd_engine.words import printable

CUT = 26
"""Words beside circles may have so many characters."""
WHOLE, ENDS = 32, 5
"""A layer of up to so many units is drawn whole; of a wider one the first and last ENDS."""
MANY = 200
"""Of more units than this every layer above 2 * ENDS is cut short."""


def draw_network(item: Module | Survey, show: str, direction: str, engine: str | None) -> Picture:
    """Return the picture of a model, or of the network behind an output."""
    drawing = _Drawing(item, show, direction)
    title = readable(drawing.network.title)
    picture = Picture(Scene("LR", (), (), (), title), engine)
    picture.source = "\n".join(drawing.pen.dot()) + "\n"
    picture._svg = "\n".join(drawing.pen.svg(title)) + "\n"
    return picture


def _rows(count: int, most: int) -> list[int | None]:
    """Return the units that are drawn, None where some are left out."""
    if count <= most:
        return list(range(count))
    return [*range(ENDS), None, *range(count - ENDS, count)]


class _Drawing:
    """A network on its way to the pen: u goes along the layers, v across them."""

    def __init__(self, item: Module | Survey, show: str, direction: str) -> None:
        self.network = of_model(item) if isinstance(item, Module) else of_output(item)
        self.show, network = show, self.network
        self.places = {id(v): (place, path) for place, (path, v) in enumerate(network.named, 1)}
        self.graded = any(value.grad for _, value in network.named)
        self.upright, self.mirrored = direction in ("TB", "BT"), direction in ("RL", "BT")
        stages = [stage for stack in network.stacks for stage in stack]
        most = WHOLE if sum(min(len(s.units), WHOLE) for s in stages) <= MANY else 2 * ENDS
        tall = max(len(_rows(len(stage.units), most)) for stage in stages)
        radius, pitch = (15.0, 50.0) if tall <= 8 else (12.0, 36.0) if tall <= 16 else (8.0, 26.0)
        self.pitch = max(pitch, 64.0) if self.upright else pitch
        self.stride = min(max(150.0, 0.3 * self.pitch * tall), 300.0)
        self.pen = Pen(radius, max(1.6, min(5.0, 36.0 / tall)))
        self.widest = _largest(self._shown(part) for stage in stages for part in stage.parts())
        top = 0.0
        for stack in network.stacks:
            top = self._stack(stack, most, top) + 40.0
        left, bottom = min(self.pen.xs), max(self.pen.ys)
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

    def _stack(self, stack: list[Stage], most: int, top: float) -> float:
        """Draw one stack; return where it ends."""
        columns = [_rows(len(stage.units), most) for stage in stack]
        half = max(map(len, columns)) * self.pitch / 2.0
        before: dict[int, Seat] = {}
        for k, (stage, column) in enumerate(zip(stack, columns)):
            self._head(stage, self._turned(k * self.stride, top))
            seats: dict[int, Seat] = {}
            for place, i in enumerate(column):
                v = top + 34.0 + half + (place - (len(column) - 1) / 2.0) * self.pitch
                at = self._turned(k * self.stride, v)
                if i is None:
                    self.pen.words(f"⋮ {len(stage.units) - 2 * ENDS:,} more", at)
                    continue
                seats[i] = self._unit(stage, i, at)
                self._edges(stage.units[i], before, seats[i])
                if k == len(stack) - 1:
                    output = stage.units[i].output
                    unknown = f"output {stage.units[i].index}" if len(stage.units) > 1 else "output"
                    self._beside(
                        at, 1, unknown if output[1] is None else printable(_said(output), CUT)
                    )
            before = seats
        return top + 34.0 + 2.0 * half

    def _turned(self, u: float, v: float) -> Point:
        u = -u if self.mirrored else u
        return (v, u) if self.upright else (u, v)

    def _head(self, stage: Stage, at: Point) -> None:
        lines = [printable(stage.path or "neuron", CUT)]
        if stage.inputs:
            how = "/".join(dict.fromkeys(unit.activation for unit in stage.units))
            lines.append(printable(f"{stage.inputs:,} → {len(stage.units):,} {how}", CUT))
        x, anchor = (at[0] - 20.0, "end") if self.upright else (at[0], "middle")
        for i, line in enumerate(lines):
            look = 'font-weight="bold"' if i == 0 else ""
            self.pen.words(line, (x, at[1] + 13.0 * i), anchor, look)

    def _beside(self, at: Point, along: int, text: str) -> None:
        """Write before (-1) or behind (1) a circle."""
        away = (self.pen.radius + 7.0) * (-along if self.mirrored else along)
        if self.upright:
            self.pen.words(text, (at[0], at[1] + 1.4 * away))
        else:
            self.pen.words(text, (at[0] + away, at[1]), "end" if away < 0 else "start")

    def _unit(self, stage: Stage, i: int, at: Point) -> Seat:
        """Draw a circle, with its name where it has room for it."""
        unit, radius = stage.units[i], self.pen.radius
        how, output, said = unit.activation, unit.output, _said(unit.sum)
        name = ("z" if how == "linear" else "a") + lowered(
            str(unit.index) if len(stage.units) > 1 else ""
        )
        name = name if unit.weights else output[0]
        inside = radius > 8.0 and text_width(name, 0.75 * radius) < 1.7 * radius
        if not unit.weights:
            if not inside or output[1] is not None:
                self._beside(at, -1, short(_data(output)) if inside else printable(said, CUT))
            said += "" if output[1] is not None else ", an input"
        else:
            if how != "linear":
                said = f"{_said(output)} = {how}({said})" if how else f"{_said(output)}, {said}"
            if self.graded and output[1] is not None:
                said += f", ∂L/∂a = {short(output[1].grad)}"
            said += f", {unit.path or 'the neuron'}"
        tint = _share(_data(output), _largest(_data(u.output) for u in stage.units))
        return self.pen.circle(at, name if inside else "", said, tint)

    def _edges(self, unit: Unit, before: dict[int, Seat], seat: Seat) -> None:
        """Draw weights and bias; on hover: number, gradient and place in the gradient."""
        (x, y), far = seat[1], 0.55 * self.pitch
        start = (x + far, y) if self.upright else (x, y + far)
        tails = [(before[j], part, "w") for j, part in enumerate(unit.weights) if j in before]
        for part in unit.bias:
            look = f'fill="{colour_of(self._shown(part))}"'
            tails.append((self.pen.words("■", start, look=look), part, "b"))
        for tail, part, letter in tails:
            said, item, number = _said(part), part[1], self._shown(part)
            if id(item) in self.places:
                place, path = self.places[id(item)]
                said += f", ∂L/∂{letter} = {short(item.grad)}" if self.graded else ""
                said += f", {path}, entry {place:,} of {len(self.places):,} in the gradient"
            else:
                said += ", a number that is not trained"
            self.pen.edge(tail, seat, number, abs(_share(number, self.widest)), said)

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

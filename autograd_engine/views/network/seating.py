"""Where units and edges stand, how thick edges are and in which colour: as plain marks."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from autograd_engine.views.layout.scene import FONT_SIZE, readable, text_width
from autograd_engine.views.network.stacks import Network, Stage, Unit, short
from autograd_engine.views.network.telling import Telling, shown_of, symbol

WHOLE = 32
"""A layer of up to so many units is drawn whole; of a wider one the first and last ENDS."""
ENDS = 5
MANY = 6_000
"""With more edges than this every layer above 2 * ENDS units is cut short."""

COLOURS = {1: "#1f5fbf", -1: "#c2540a", 0: "#999999"}
"""Blue and orange stay apart for the colour-blind; negative is dashed too."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Circle:
    """A unit."""

    key: str
    at: Point
    text: str
    title: str
    tint: float = 0.0  # from -1 to 1


@dataclass(frozen=True)
class Edge:
    """A weight, between two circles; or a bias, from a point beside its circle."""

    tail: str
    head: str
    start: Point
    end: Point
    number: float
    share: float  # of the widest
    title: str

    @property
    def sign(self) -> int:
        """Return 1, -1, or 0 for zero and for what is no number."""
        return (self.number > 0.0) - (self.number < 0.0)


@dataclass(frozen=True)
class Words:
    """A line of text; `anchor` is start, middle or end."""

    at: Point
    text: str
    anchor: str = "middle"
    size: float = FONT_SIZE
    bold: bool = False

    @property
    def left(self) -> float:
        """Return where it begins."""
        width = text_width(self.text, self.size)
        return self.at[0] - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor]


def rows(count: int, most: int) -> list[int | None]:
    """Return the units that are drawn, None where some are left out.

    >>> rows(3, 32), rows(64, 32)
    ([0, 1, 2], [0, 1, 2, 3, 4, None, 59, 60, 61, 62, 63])
    """
    if count <= most:
        return list(range(count))
    return [*range(ENDS), None, *range(count - ENDS, count)]


@dataclass
class Seating:
    """All marks of a picture, in a plane whose u goes along the layers and v across them."""

    network: Network
    show: str
    upright: bool = False
    mirrored: bool = False
    circles: list[Circle] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)

    def __post_init__(self) -> None:
        stacks = self.network.stacks
        self.telling = Telling(self.network)
        sizes = [[stack[0].inputs, *(len(stage.units) for stage in stack)] for stack in stacks]
        most = WHOLE
        if sum(min(a, most) * min(b, most) for row in sizes for a, b in zip(row, row[1:])) > MANY:
            most = 2 * ENDS
        tall = max(len(rows(n, most)) for row in sizes for n in row)
        self.radius, self.pitch = (15.0, 50.0) if tall <= 8 else (12.0, 36.0) if tall <= 16 else (8.0, 26.0)
        if self.upright:
            self.pitch = max(self.pitch, 64.0)
        self.thickest = max(1.6, min(5.0, 36.0 / tall))
        self.stride = min(max(150.0, 0.3 * self.pitch * tall), 300.0)
        parts = [p for stack in stacks for stage in stack for u in stage.units for p in u.parts()]
        numbers = [abs(shown_of(part, self.show)) for part in parts]
        self.widest = max((n for n in numbers if math.isfinite(n)), default=0.0)
        top = 0.0
        for number, stack in enumerate(stacks):
            top = self._stack(number, stack, [rows(n, most) for n in sizes[number]], top) + 40.0

    def _stack(self, number: int, stack: list[Stage], columns: list[list[int | None]], top: float) -> float:
        """Add one stack; return where it ends."""
        height = (max(map(len, columns)) - 1) * self.pitch
        first = top + (34.0 + self.pitch / 2.0)
        seats: list[dict[int, tuple[str, Point]]] = []
        for k, column in enumerate(columns):
            seats.append({})
            begin = first + (height - (len(column) - 1) * self.pitch) / 2.0
            for place, i in enumerate(column):
                at = self.turned(k * self.stride, begin + place * self.pitch)
                if i is None:
                    total = len(stack[k - 1].units) if k else stack[0].inputs
                    self.words.append(Words(at, f"⋮ {total - 2 * ENDS:,} more", size=10))
                else:
                    seats[k][i] = f"s{number}c{k}u{i}", at
            self._head(stack, k, self.turned(k * self.stride, top))
        self._inputs(seats[0])
        for k, stage in enumerate(stack):
            for i, (key, at) in seats[k + 1].items():
                unit = stage.units[i]
                self._unit(stack, k, unit, key, at)
                for j, (tail, start) in seats[k].items():
                    if j < len(unit.weights):
                        title = self.telling.parameter(stage, unit.weights[j], "w", unit.index, j)
                        self._edge(tail, key, start, at, unit.weights[j], title)
        return first + height + self.pitch / 2.0

    def turned(self, u: float, v: float) -> Point:
        """Return the place in the picture."""
        u = -u if self.mirrored else u
        return (v, u) if self.upright else (u, v)

    def _head(self, stack: list[Stage], k: int, at: Point) -> None:
        stage = stack[k - 1]
        lines = [f"{stack[0].inputs:,} input" + "s" * (stack[0].inputs > 1)]
        if k:
            shape = f"{stage.inputs:,} → {len(stage.units):,}"
            lines = [_cut(stage.path or "neuron"), f"{shape} {_cut(stage.activation)}".strip()]
        anchor = "end" if self.upright else "middle"
        at = (at[0] - 20.0, at[1]) if self.upright else at
        for i, line in enumerate(lines):
            self.words.append(Words((at[0], at[1] + 13.0 * i), line, anchor, 10, i == 0))

    def _beside(self, at: Point, along: float, text: str) -> None:
        """Add text before (-1) or behind (1) a circle."""
        x, y = at
        away = (self.radius + 7.0) * along * (-1 if self.mirrored else 1)
        if self.upright:
            self.words.append(Words((x, y + away + 3.0 * along), text, size=10))
        else:
            self.words.append(Words((x + away, y), text, "end" if away < 0 else "start", 10))

    def _inputs(self, seats: dict[int, tuple[str, Point]]) -> None:
        known = self.network.inputs
        most = max((abs(v.data) for v in known if math.isfinite(v.data)), default=0.0)
        for i, (key, at) in seats.items():
            name, said = self.telling.input(i)
            inside = self._fits(name)
            tint = known[i].data / most if most and math.isfinite(known[i].data) else 0.0
            self.circles.append(Circle(key, at, name if inside else "", said, tint))
            text = _cut(said) if known else name
            if known and inside and not known[i].label:
                text = short(known[i].data)
            if known or not inside:
                self._beside(at, -1.0, text)

    def _fits(self, name: str) -> bool:
        return text_width(name, 0.75 * self.radius) < 1.7 * self.radius and self.radius > 8.0

    def _unit(self, stack: list[Stage], k: int, unit: Unit, key: str, at: Point) -> None:
        name = symbol("a", *(() if len(stack[k].units) == 1 else (unit.index,)))
        data = unit.output.data if unit.output is not None else 0.0
        outputs = [u.output.data for stage in stack for u in stage.units if u.output is not None]
        most = max((abs(n) for n in outputs if math.isfinite(n)), default=0.0)
        tint = data / most if most and math.isfinite(data) else 0.0
        title = self.telling.unit(stack[k], unit)
        self.circles.append(Circle(key, at, name if self._fits(name) else "", title, tint))
        if k == len(stack) - 1:
            said = _cut(unit.output.label) if unit.output is not None else ""
            if unit.output is not None:
                said = f"{said} = {short(data)}" if said else short(data)
            self._beside(at, 1.0, said or f"output {unit.index}"[: None if len(stack[k].units) > 1 else 6])
        if unit.bias is not None:
            x, y = at
            far = 0.55 * self.pitch
            start = (x + far, y) if self.upright else (x, y + far)
            self._edge(f"{key}b", key, start, at, unit.bias, self.telling.parameter(stack[k], unit.bias, "b", unit.index))

    def _edge(self, tail: str, head: str, start: Point, end: Point, item: object, title: str) -> None:
        number = shown_of(item, self.show)
        share = abs(number) / self.widest if self.widest and math.isfinite(number) else 0.0
        away = math.hypot(end[0] - start[0], end[1] - start[1]) or 1.0
        toward = (end[0] - start[0]) / away * self.radius, (end[1] - start[1]) / away * self.radius
        if not tail.endswith("b"):
            start = start[0] + toward[0], start[1] + toward[1]
        end = end[0] - toward[0], end[1] - toward[1]
        self.edges.append(Edge(tail, head, start, end, number, share, title))


def _cut(text: str, most: int = 22) -> str:
    text = " ".join(readable(text).split())
    return text if len(text) <= most else "…" + text[1 - most :]

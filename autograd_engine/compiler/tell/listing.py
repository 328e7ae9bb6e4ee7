"""The listing: an array program as text, to be read beside the scalar code it came from.

A line tells one step, in the words of NumPy: what is written computes the step's numbers, and
JAX runs it as it stands. Beside NumPy's `@`, indexing and functions of elements there are, along
the last axis, `dot` (the sum of products), `sum`, `prod`, `max`, `min` and `norm`; `full(shape, x)`
repeats x, `stack(x, y)` and `concat(x, y)` put arrays together along the first axis, and
`joined(x, y)` lays them end to end. Tables of irregular places are called g1, g2, ... Of a loop the
body is told, for step t: `v1[t]` is what line v1 makes in that step, behind the loop `v1` holds all
of these; what a step reads of those before it is called s1, s2, ..., and is set anew at its end.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from math import prod
from typing import Any, NamedTuple

import numpy

from autograd_engine.compiler.lift.arrays import Instruction, Step
from autograd_engine.compiler.lift.loops import Loop, lifted
from autograd_engine.compiler.lift.pieces import planned
from autograd_engine.compiler.lift.reverse import differentiate
from autograd_engine.compiler.record.rewriting import Unwritable, lowered
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.tell.storage import Shape, Storage, squeezed
from autograd_engine.primitives import Primitive
from autograd_engine.real import called
from autograd_engine.table import ADD
from autograd_engine.words import counted, operations, printable

Array = Any
SHOWN = 8  # numbers
MOST = 60  # lines
REDUCED = {"maximum": "max", "minimum": "min", "hypot": "norm", "multiply": "prod"}


class Line(NamedTuple):
    """A step: its name, its shape for one row, whether a batch has one for each row, and how.

    A "map" is `rule` of expressions, a "scan" along the last axis of one, a "sum" an expression.
    """

    name: str
    shape: Shape
    batched: bool
    operands: list[str]
    kind: str = "sum"
    rule: Primitive = ADD

    @property
    def text(self) -> str:
        if self.kind == "map":
            return called(self.rule.name, self.rule.symbol, self.operands)
        (read,) = self.operands
        return read if self.kind == "sum" else f"{REDUCED[self.rule.name]}({read})"

    def told(self, at: str = "") -> list[str]:
        return [f"{self.name}{at} {shaped(self.shape, self.batched)} = {self.text}"]


class Rounds(NamedTuple):
    """A loop: the lines of its body, for step t, and what stands before and behind them.

    `rows` are arrays of which step t reads row t; `states` are what steps read of those before
    them, with what these are at first, `after` what they are for the next step.
    """

    times: int
    rows: list[Line]
    states: list[Line]
    lines: list[Line]
    after: list[str]
    kept: list[str]  # lines that others read, of all steps, when the loop is over

    def told(self) -> list[str]:
        before = [line for line in (*self.rows, *self.states) if line.name != line.text]
        return [
            *(text for line in before for text in line.told()),
            f"repeat {self.times:,} times, t = 0, 1, ..., {self.times - 1}:",
            *(f"    {text}" for line in self.lines for text in line.told("[t]")),
            f"    {', '.join(line.name for line in self.states)} = {', '.join(self.after)}",
        ]


def shaped(shape: Shape, batched: bool = False) -> str:
    return str(("B", *shape) if batched else shape).replace("'", "")


class Listing(Storage):
    """An array program told line by line: `lines` are the steps, `result` what is returned."""

    def text(self) -> str:
        """Return all lines, of a long program the first."""
        read = [(name, shape) for name, shape in self.arrays[:3] if shape != (0,)]
        begin = ", ".join(f"{name} {shaped(shape, name == 'inputs')}" for name, shape in read)
        head, text, told = [begin or "constants only"], list[str](), set[str]()
        places = [f"{name}[{i}]" for name, (count,) in self.arrays[:3] for i in range(count)]
        named = [f"{printable(name)} = {place}" for place, name in zip(places, self.names) if name]
        head += [_first(named)] * bool(named)
        for number, line in enumerate(self.lines()):
            lines = line.told()
            more = [*self.mentioned(" ".join(lines), told), *lines]
            if len(head) + len(text) + len(more) > MOST:
                rest = self.program.steps[number:]
                left = [each for step in rest for each in getattr(step, "steps", [step])]
                kinds = [("@" if any(map(_is_product, s.forward)) else s.rule.symbol) for s in left]
                text.append(f"... {len(left):,} more: {operations(kinds, 4)}")
                break
            text += more
        else:
            result = self.result()
            text += [*self.mentioned(result, told), f"return {result}"]
        body = "\n".join(text)
        words = Counter(re.findall(r"\w+", body)) + Counter(self.names)
        for name, place in zip(self.names, places):
            if name.isidentifier() and words[name] == 1:  # it can be mistaken for nothing else
                body = body.replace(place, name)
        rows = ["each line for one row of the batch of B"] * bool(self.program.inputs)
        return "\n".join([*head, body, *rows])

    def mentioned(self, text: str, told: set[str]) -> Iterator[str]:
        """Yield a line for each constant and table that is not yet told."""
        for name in re.findall(r"\b[gk]\d+\b", text):
            if name not in told:
                told.add(name)
                numbers = self.given[name]
                shown = [f"{number:.6g}" for number in numbers.ravel()[: SHOWN + 1].tolist()]
                kind = "places" if name.startswith("g") else "numbers"
                yield f"{name} {shaped(numbers.shape)} = {kind} {_first(shown)}"

    def lines(self) -> Iterator[Line | Rounds]:
        number = 1
        for step in self.program.steps:
            loop = self.rounds(step, number) if isinstance(step, Loop) else None
            yield loop or self.line(step, f"v{number}")  # type: ignore[arg-type]
            number += len(loop.lines) if loop else 1

    def line(self, step: Step, name: str, at: str = "") -> Line:
        self.gather(step)
        shape = self._shape(step)
        operands = self._operands(step, shape)
        self.own(name + at, shape, self.places(step.out).ravel())
        return Line(name, shape, step.out.batched, operands, step.kind, step.rule)

    def rounds(self, loop: Loop, number: int) -> Rounds:
        """Tell a loop whose first line has this number."""
        self.gather(loop)
        rows, states, later, kept = [], [], [], []
        for arena, block in loop.blocks.items():
            places, shape = self.base[arena] + block.slots(), squeezed(block.shape[1:])
            name = f"x{number}{'b' * block.batched}"
            line = self.entering(name, (loop.times, *shape), block.batched, places)
            if line.text in self.given:
                line = line._replace(name=line.text)
            rows.append(line)
            self.own(f"{line.name}[t]", shape, places[0])
        for i, (arena, slots) in enumerate(loop.states(), number):
            places, shape = self.base[arena] + slots, squeezed(slots.shape)
            states.append(self.entering(f"s{i}", shape, arena.isupper(), places))
            self.own(f"s{i}", shape, places)
            later.append((places + loop.areas[arena].shape[1]).reshape(shape))
        lines = [self.line(step, f"v{i}", "[t]") for i, step in enumerate(loop.steps, number)]
        after = [self.told(self.source[places], exact=True) for places in later]
        for line, out in zip(lines, [step.out for step in loop.steps]):
            slots = out.slots().ravel()
            if numpy.isin(slots, loop.kept[out.arena]).any():
                kept.append(line.name)
                places = self.base[out.arena] + loop.in_all_steps(out.arena, slots)
                self.own(line.name, (loop.times, *line.shape), places.ravel())
        return Rounds(loop.times, rows, states, lines, after, kept)

    def entering(self, name: str, shape: Shape, batched: bool, places: Array) -> Line:
        """Tell what a loop reads, by what it is in front of the loop."""
        told = self.told(self.source[places].reshape(shape), exact=True)
        return Line(name, shape, batched, [told])

    def result(self) -> str:
        places = numpy.array([int(self.places(ref).flat[0]) for ref in self.program.outputs])
        return self.told(places[0] if len(places) == 1 else places, exact=len(places) > 1)

    def _shape(self, step: Step) -> Shape:
        """Return a step's shape: of its own and that of an array it reads, that of most axes."""
        found = [squeezed(step.out.shape)]
        for read in step.parts[0][1].ins if step.kind == "map" and step.out.size > 1 else ():
            owners = numpy.unique(self.owner[self.places(read)])
            found += [self.arrays[owner][1] for owner in owners]
        return max((shape for shape in found if prod(shape) == step.out.size), key=len)

    def _operands(self, step: Step, shape: Shape) -> list[str]:
        """Tell what a step's rule is applied to, or a whole sum."""
        read = [*map(self.places, step.parts[0][1].ins)]
        if step.kind == "scan":
            return [self.told(read[0].reshape(*shape, -1), exact=True)]
        if step.kind == "map":
            return self.together([places.reshape(shape) for places in read])
        signs = {1: " + ", -1: " - "}
        text = "".join(signs[sign] + self._part(part, shape) for sign, part in step.parts)
        return [text[3:] if text.startswith(" + ") else f"-{text[3:]}"]

    def _part(self, part: Instruction, shape: Shape) -> str:
        left, right = (self.places(part.ins[i]) for i in (0, -1))
        if part.kind == "sum":
            return f"sum({self.told(left.reshape(*shape, -1), exact=True)})"
        if part.kind == "copy":
            return self.told(left.reshape(shape))
        if part.axes == "hsk,hjk->hsj":
            (blocks, rows, terms), columns = left.shape, right.shape[1]
            if terms > 1 and max(rows, columns) > 1 and (blocks == 1 or 1 not in (rows, columns)):
                left, right = (x[0] if blocks == 1 else x for x in (left, right))
                pair = left, right[0] if columns == 1 else numpy.swapaxes(right, -1, -2)
                if rows == 1:  # whichever comes from the batch stands in front
                    batched = part.ins[0].batched or not part.ins[1].batched
                    pair = (left[0], right.T) if batched else (right, left[0])
                return " @ ".join(self.told(places, exact=True) for places in pair)
            left, right = numpy.broadcast_arrays(left[:, :, None], right[:, None])
        alone = left.size == prod(shape)
        factors = [x.reshape(shape if alone else (*shape, -1)) for x in (left, right)]
        told = self.together(factors)
        return " * ".join(told) if alone else f"dot({', '.join(told)})"


def listing(tape: Tape) -> str:
    """Return a tape as text: the arrays that it is lifted to, of many the first, and the size of
    its derivative; value by value what nothing lifts.
    """
    try:
        plan, program = lifted(planned(lowered(tape)))
    except Unwritable:
        return scalars(tape)
    backward = differentiate(program)
    instructions = backward.body + backward.rest
    count = sum(len(found.body) or 1 for found in instructions)
    return (
        f"{Listing(program, plan.tape).text()}\n"
        f"derivative by {counted(len(tape.parameters), 'parameter')}: "
        f"{counted(count, 'array operation')}, "
        f"of which {counted(products(instructions), 'matrix product')}"
    )


def _first(items: list[str]) -> str:
    return ", ".join([*items[:SHOWN], *["..."][: len(items) > SHOWN]])


def scalars(tape: Tape) -> str:
    """Tell a tape value by value."""
    kinds = ("parameter", tape.parameters), ("leaf", tape.others), ("input", tape.inputs)
    lines = [f"{kind} {i}" for kind, leaves in kinds for i in range(len(leaves))]
    lines += map(repr, tape.constants)
    for rule, places in tape.instructions():
        lines.append(called(rule.name, rule.symbol, [f"v{i}" for i in places]))
    notes = {place: f"    {name!r}" for place, name in tape.names.items()}
    text = [f"v{i} = {line}{notes.get(i, '')}" for i, line in enumerate(lines[:MOST])]
    text += [f"... {len(lines) - MOST:,} more"] * (len(lines) > MOST)
    return "\n".join([*text, "return " + ", ".join(f"v{place}" for place in tape.outputs)])


def products(instructions: Iterable[Instruction]) -> int:
    """Count the matrix products; one with a vector, or a stack, is one, a dot product is none."""
    return sum(products(found.body) or _is_product(found) for found in instructions)


def _is_product(found: Instruction) -> bool:
    if found.kind != "contract":
        return False
    first, second, result = re.split(",|->", found.axes)
    lengths = dict(zip(first + second, found.ins[0].shape + found.ins[1].shape))
    long = {letter for letter, length in lengths.items() if length > 1}
    over_rows = all(ref.batched for ref in found.ins) and not found.out.batched
    summed = over_rows or long & {*first} & {*second} - {*result}
    return bool(summed and long & ({*first} ^ {*second}))

"""The listing: an array program as text, to be read beside the scalar code it came from.

A line tells one step, in the words of NumPy: what is written computes the step's numbers.
Beside NumPy's `@`, indexing and functions of elements there are, along the last axis, `dot`
(the sum of products), `sum`, `prod`, `max`, `min` and `norm`; `full(shape, x)` repeats x,
`stack(x, y)` and `concat(x, y)` put arrays together along the first axis, and
`joined(x, y)` lays them end to end. Tables of irregular places are called g1, g2, ...

>>> from autograd_engine.compiler.run.numpy.lifted import Lifted
>>> from autograd_engine.compiler.record.tape import record
>>> from autograd_engine.engine import Value
>>> weights, x = [Value(1.0), Value(2.0), Value(3.0), Value(4.0)], [Value(0.5), Value(0.25)]
>>> sums = [weights[i] * x[0] + weights[i + 1] * x[1] for i in (0, 2)]
>>> tape = record([(sums[0].tanh() * sums[1].tanh())], inputs=x, parameters=weights)
>>> print(Listing(Lifted(tape).program, tape))
parameters (4,), inputs (B, 2)
v1 (B, 2) = inputs @ parameters.reshape(2, 2).T
v2 (B, 2) = tanh(v1)
v3 (B,) = v2[0] * v2[1]
return v3
each line for one row of the batch of B
"""

from __future__ import annotations

from math import prod
from re import findall
from typing import Any, NamedTuple

import numpy

from autograd_engine.compiler.lift.arrays import ArrayProgram, Part, Step
from autograd_engine.compiler.lift.reverse import Backward
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.tell.facts import products
from autograd_engine.compiler.tell.storage import Storage, squeezed
from autograd_engine.table import NEGATIVE
from autograd_engine.words import counted

Array = Any
SHOWN = 8  # numbers

REDUCED = {"maximum": "max", "minimum": "min", "hypot": "norm", "multiply": "prod"}
INFIX = ("+", "-", "*", "/", "**")


def listing(program: ArrayProgram, tape: Tape, backward: Backward | None = None) -> str:
    """Return a lifted program as text: what it reads, a line for each step, its derivative."""
    text = str(Listing(program, tape))
    if backward is None:
        return text
    instructions = backward.body + backward.rest
    return (
        f"{text}\nderivative by {counted(len(tape.parameters), 'parameter')}: "
        f"{counted(len(instructions), 'array operation')}, "
        f"of which {counted(products(instructions), 'matrix product')}"
    )


class Line(NamedTuple):
    """What is computed: its name, its shape for one row of the batch, an expression."""

    name: str
    shape: tuple[int, ...]
    text: str
    batched: bool


class Listing:
    """An array program told line by line.

    `lines` are the steps, `result` what is returned; `given` holds the numbers of the constants
    k1, k2, ... and of the tables g1, g2, ... that they mention.
    """

    def __init__(self, program: ArrayProgram, tape: Tape) -> None:
        self.program, self.tape = program, tape
        self.storage = Storage(program, tape)
        self.lines = [self._line(number, step) for number, step in enumerate(program.steps, 1)]
        self.result = self._result()
        self.given = self.storage.given

    def __str__(self) -> str:
        lines, told = [self._read()], set()
        steps = [
            (f"{line.name} {_shape(line.shape, line.batched)} =", line.text) for line in self.lines
        ]
        for left, text in [*steps, ("return", self.result)]:
            for name in findall(r"\b[gk]\d+\b", text):
                if name not in told:
                    told.add(name)
                    lines.append(self._given(name))
            lines.append(f"{left} {text}")
        if any(line.batched for line in self.lines):
            lines.append("each line for one row of the batch of B")
        return "\n".join(lines)

    def _read(self) -> str:
        """Say what the program reads, and of what shape."""
        counts = [len(self.tape.parameters), len(self.tape.others), len(self.tape.inputs)]
        shapes = [
            f"{name} {_shape((count,), name == 'inputs')}"
            for count, (name, _) in zip(counts, self.storage.arrays)
            if count
        ]
        named = list(self.storage.labels.values())
        labels = ", ".join(named[:SHOWN] + ["..."] * (len(named) > SHOWN))
        return (", ".join(shapes) or "constants only") + (f", named {labels}" if labels else "")

    def _given(self, name: str) -> str:
        numbers = self.given[name]
        told = [f"{number:.6g}" for number in numbers.ravel()[:SHOWN].tolist()]
        more = ", ..." if numbers.size > len(told) else ""
        kind = "places" if name.startswith("g") else "numbers"
        return f"{name} {_shape(numbers.shape, False)} = {kind} {', '.join(told)}{more}"

    # Steps.

    def _line(self, number: int, step: Step) -> Line:
        """Tell one step in the shape in which it can be told shortest."""
        storage = self.storage
        storage.gather(step)
        tried: list[tuple[int, int, tuple[int, ...]]] = []
        for shape in self._shapes(step):
            before = storage.given.copy(), storage.arrays.copy()
            tried.append((len(self._text(step, shape)), len(tried), shape))
            storage.given, storage.arrays = before
        shape = min(tried)[2]
        line = Line(f"v{number}", shape, self._text(step, shape), step.out.batched)
        storage.own(line.name, shape, storage.places(step.out).ravel())
        return line

    def _shapes(self, step: Step) -> list[tuple[int, ...]]:
        """Return the shapes in which a step may be told: its own, those of what it reads."""
        shape, size = squeezed(step.out.shape), step.out.size
        if size == 1 or any(part.axes == "hsk,hjk->hsj" for part in step.parts):
            return [shape]
        found = [shape]
        for read in (*step.operands, *(part.left for part in step.parts)):
            found += [*self.storage.shapes(read.ref), squeezed(read.ref.shape)]
        return [shape for shape in dict.fromkeys(found) if prod(shape) == size]

    def _text(self, step: Step, shape: tuple[int, ...]) -> str:
        if step.kind == "scan":
            (operand,) = step.operands
            places = self.storage.places(operand.ref)
            places = places.reshape(*shape, places.shape[-1])
            return f"{REDUCED[step.rule.name]}({self.storage.told(places, exact=True)})"
        if step.kind == "map":
            read = [self.storage.places(operand.ref).reshape(shape) for operand in step.operands]
            told = self.storage.together(read)
            if step.rule is NEGATIVE:
                return f"-{told[0]}"
            if len(told) == 2 and step.rule.symbol in INFIX:
                return f" {step.rule.symbol} ".join(told)
            return f"{step.rule.name}({', '.join(told)})"
        text = ""
        for part in step.parts:
            sign = (" + " if part.sign > 0 else " - ") if text else ("" if part.sign > 0 else "-")
            text += sign + self._part(part, shape)
        return text

    def _part(self, part: Part, shape: tuple[int, ...]) -> str:
        left = self.storage.places(part.left.ref)
        if part.right is None:
            if part.axes == "sum":
                return f"sum({self.storage.told(left.reshape(*shape, -1), exact=True)})"
            return self.storage.told(left.reshape(shape))
        right = self.storage.places(part.right.ref)
        if part.axes == "map":
            return " * ".join(self.storage.together([left.reshape(shape), right.reshape(shape)]))
        if part.axes == "nk,nk->n":
            both = [left.reshape(*shape, -1), right.reshape(*shape, -1)]
            return f"dot({', '.join(self.storage.together(both))})"
        blocks, rows, columns = left.shape[0], left.shape[1], right.shape[1]
        terms = left.shape[2]
        if terms == 1 or rows == columns == 1 or (blocks > 1 and 1 in (rows, columns)):
            whole = (blocks, rows, columns, terms)
            both = [
                numpy.broadcast_to(places, whole).reshape(shape if terms == 1 else (*shape, terms))
                for places in (left[:, :, None], right[:, None])
            ]
            told = self.storage.together(both)
            return " * ".join(told) if terms == 1 else f"dot({', '.join(told)})"
        if blocks == 1:
            left, right = left[0], right[0]
        if rows == 1:
            # One row times many: whichever comes from the batch stands in front.
            batched = part.left.ref.batched or not part.right.ref.batched
            pair = (left[0], right.T) if batched else (right, left[0])
        else:
            pair = (left, right[0] if columns == 1 else numpy.swapaxes(right, -1, -2))
        return " @ ".join(self.storage.told(places, exact=True) for places in pair)

    def _result(self) -> str:
        places = [int(self.storage.places(ref).flat[0]) for ref in self.program.outputs]
        if len(places) == 1:
            return self.storage.told(numpy.array(places[0]))
        return self.storage.told(numpy.array(places), exact=True)


def _shape(shape: tuple[int, ...], batched: bool) -> str:
    if not batched:
        return str(shape)
    return f"(B, {_tuple(shape)})" if shape else "(B,)"


def _tuple(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))

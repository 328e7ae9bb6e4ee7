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
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from math import prod
from typing import Any

import numpy

from autograd_engine.compiler.lift.arrays import Instruction, Part, Step
from autograd_engine.compiler.lift.loops import Loop, lifted
from autograd_engine.compiler.lift.pieces import Plan, planned
from autograd_engine.compiler.lift.reverse import differentiate
from autograd_engine.compiler.record.rewriting import Unwritable, lowered
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.tell.lines import MOST, REDUCED, Line, Rounds, scalars, shaped
from autograd_engine.compiler.tell.storage import Storage, squeezed
from autograd_engine.words import counted, operations

Array = Any
SHOWN = 8  # numbers
LONG = 2_000  # waves, of more than which only those are lifted that are shown


class Listing(Storage):
    """An array program told line by line: `lines` are the steps, `result` what is returned."""

    def text(self, beyond: Sequence[str] = ()) -> str:
        """Return all lines, of a long program the first; `beyond` are operations behind its end."""
        text, told, left = [self.read()], set[str](), list(beyond)
        for number, line in enumerate(self.lines()):
            lines = line.told()
            more = [*self.mentioned(" ".join(lines), told), *lines]
            if len(text) + len(more) > MOST:
                left = [*map(_symbol, steps_of(self.program.steps[number:])), *left]
                break
            text += more
        if left:
            text.append(f"... {len(left):,} more: {operations(left, 4)}")
        else:
            result = self.result()
            text += [*self.mentioned(result, told), f"return {result}"]
        if self.program.inputs:
            text.append("each line for one row of the batch of B")
        return "\n".join(text)

    def read(self) -> str:
        """Say what the program reads, and of what shape."""
        read = [(name, shape) for name, shape in self.arrays[:3] if shape != (0,)]
        text = ", ".join(f"{name} {shaped(shape, name == 'inputs')}" for name, shape in read)
        named = f", named {_first(list(self.labels.values()))}" if self.labels else ""
        return (text or "constants only") + named

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
        """Yield each step, or loop."""
        number = 1
        for step in self.program.steps:
            if isinstance(step, Loop):
                yield self.rounds(step, number)
                number += len(step.steps)
            else:
                yield self.line(step, f"v{number}")
                number += 1

    def line(self, step: Step, name: str, at: str = "") -> Line:
        """Tell a step."""
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
            places = self.base[arena] + block.slots()
            shape = squeezed(block.shape[1:])
            text = self.told(self.source[places].reshape(loop.times, *shape), exact=True)
            name = text if text in self.given else f"x{number}{'b' * block.batched}"
            rows.append(Line(name, (loop.times, *shape), block.batched, [text]))
            self.own(f"{name}[t]", shape, places[0])
        for i, (arena, slots) in enumerate(loop.states(), number):
            places = self.base[arena] + slots
            shape = squeezed(places.shape)
            text = self.told(self.source[places].reshape(shape), exact=True)
            states.append(Line(f"s{i}", shape, arena.isupper(), [text]))
            self.own(f"s{i}", shape, places)
            later.append((places + loop.areas[arena].shape[1]).reshape(shape))
        lines = [self.line(step, f"v{i}", "[t]") for i, step in enumerate(loop.steps, number)]
        after = [self.told(self.source[places], exact=True) for places in later]
        for line, step in zip(lines, loop.steps):
            arena, slots = step.out.arena, step.out.slots().ravel()
            if any(own == arena and slot in slots for own, slot in loop.kept):
                kept.append(line.name)
                by = numpy.arange(loop.times)[:, None] * loop.areas[arena].shape[1]
                places = (self.base[arena] + slots + by).ravel()
                self.own(line.name, (loop.times, *line.shape), places)
        return Rounds(loop.times, rows, states, lines, after, kept)

    def result(self) -> str:
        """Tell the outputs, once all steps are told."""
        places = numpy.array([int(self.places(ref).flat[0]) for ref in self.program.outputs])
        return self.told(places[0] if len(places) == 1 else places, exact=len(places) > 1)

    def _shape(self, step: Step) -> tuple[int, ...]:
        """Return a step's shape: of its own and that of an array it reads, that of most axes."""
        found = [squeezed(step.out.shape)]
        for read in step.operands if step.kind == "map" and step.out.size > 1 else ():
            owners = numpy.unique(self.owner[self.places(read)])
            found += [self.arrays[owner][1] for owner in owners]
        return max((shape for shape in found if prod(shape) == step.out.size), key=len)

    def _operands(self, step: Step, shape: tuple[int, ...]) -> list[str]:
        """Tell what a step's rule is applied to, or a whole sum."""
        read = [*map(self.places, step.operands)]
        if step.kind == "scan":
            return [self.told(read[0].reshape(*shape, -1), exact=True)]
        if step.kind == "map":
            return self.together([places.reshape(shape) for places in read])
        signs = {1: " + ", -1: " - "}
        text = "".join(signs[part.sign] + self._part(part, shape) for part in step.parts)
        return [text[3:] if text.startswith(" + ") else f"-{text[3:]}"]

    def _part(self, part: Part, shape: tuple[int, ...]) -> str:
        left, right = (self.places(part.factors[i]) for i in (0, -1))
        if len(part.factors) == 1:
            if part.axes == "sum":
                return f"sum({self.told(left.reshape(*shape, -1), exact=True)})"
            return self.told(left.reshape(shape))
        if part.axes != "hsk,hjk->hsj":
            return self._products(left, right, shape)
        blocks, rows, terms = left.shape
        columns = right.shape[1]
        if terms == 1 or rows == columns == 1 or (blocks > 1 and 1 in (rows, columns)):
            whole = (blocks, rows, columns, terms)
            left, right = (numpy.broadcast_to(x, whole) for x in (left[:, :, None], right[:, None]))
            return self._products(left, right, shape)
        if blocks == 1:
            left, right = left[0], right[0]
        if rows == 1:
            # One row times many: whichever comes from the batch stands in front.
            batched = part.factors[0].batched or not part.factors[1].batched
            pair = (left[0], right.T) if batched else (right, left[0])
        else:
            pair = (left, right[0] if columns == 1 else numpy.swapaxes(right, -1, -2))
        return " @ ".join(self.told(places, exact=True) for places in pair)

    def _products(self, left: Array, right: Array, shape: tuple[int, ...]) -> str:
        """Tell products, or sums of them along the last axis."""
        if left.size == prod(shape):
            return " * ".join(self.together([left.reshape(shape), right.reshape(shape)]))
        both = [left.reshape(*shape, -1), right.reshape(*shape, -1)]
        return f"dot({', '.join(self.together(both))})"


def listing(tape: Tape) -> str:
    """Return a tape as text: the arrays that it is lifted to, of many the first, and the size of
    its derivative; value by value what nothing lifts.
    """
    try:
        plan = planned(lowered(tape))
        if sum(len(piece.waves) for piece in plan.pieces) > LONG:
            return _beginning(planned(lowered(tape), loops=False))
    except Unwritable:
        return scalars(tape)
    plan, program = lifted(plan)
    backward = differentiate(program)
    instructions = backward.body + backward.rest
    count = sum(len(found.body) or 1 for found in instructions)
    return (
        f"{Listing(program, plan.tape).text()}\n"
        f"derivative by {counted(len(tape.parameters), 'parameter')}: "
        f"{counted(count, 'array operation')}, "
        f"of which {counted(products(instructions), 'matrix product')}"
    )


def _beginning(plan: Plan) -> str:
    """Return the beginning of a long listing."""
    (piece,) = plan.pieces
    piece, waves, sums = copy(piece), piece.waves, piece.waves.sums
    piece.waves = copy(waves)
    piece.waves.bounds = waves.bounds[: MOST + 1]
    rules = sums.rule[waves.places[waves.bounds[MOST:-1]]].tolist()
    _, program = lifted(Plan(plan.tape, [piece], plan.outputs))
    return Listing(program, plan.tape).text([sums.tape.rules[i].symbol for i in rules])


def _first(items: list[str]) -> str:
    """Return the first items in a row."""
    return ", ".join([*items[:SHOWN], *["..."][: len(items) > SHOWN]])


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


def steps_of(steps: Iterable[Step | Loop]) -> Iterator[Step]:
    """Yield all steps, those of a loop's body once."""
    for step in steps:
        yield from step.steps if isinstance(step, Loop) else [step]


def _symbol(step: Step) -> str:
    """Return what a step is counted as."""
    if any(map(_is_product, step.forward)):
        return "@"
    return REDUCED[step.rule.name] if step.kind == "scan" else step.rule.symbol

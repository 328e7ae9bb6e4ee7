"""Second: what a program gives by its inputs: gradient, Hessian, derivative along a vector.

A Hessian and a derivative along a vector are programs of their own, made of formulas. Where these
give NaN, or somebody's own primitive is none, the engine computes eagerly what it always gave.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy

from autograd_engine import derivatives
from autograd_engine.arguments import map_numbers
from autograd_engine.blocks import enable_grad
from autograd_engine.compiler.call.unknowns import Formulas, Unknown, computed
from autograd_engine.compiler.record.elementary import Unwritable
from autograd_engine.compiler.record.simplify import common
from autograd_engine.compiler.record.tape import record, turned
from autograd_engine.engine import Value
from autograd_engine.primitives import REAL
from autograd_engine.real import is_number

if TYPE_CHECKING:
    from autograd_engine.compiler.call.program import Program

Array = Any

LARGEST = 30_000
"""Operations of a Hessian written out entry by entry; a larger one is run axis by axis."""


def by_inputs(owner: Program, leaves: Array, rows: Any, batch: bool) -> tuple[Any, Any]:
    """Return value and gradient by the inputs, of each row."""
    if owner._turned is None:
        settings = {**owner._settings, "single": True, "example": None}
        made = type(owner)(turned(owner._tape), guards=owner._guards.kept, **settings)
        made._faults = partial(made._faults, called="input")
        owner._turned = made._value_and_grad
    values = owner._outputs(leaves, rows)[:, 0]  # which also tells what is wrong in which row
    each = numpy.empty((1, 0)) if rows is None else rows
    slopes = [owner._turned(numpy.concatenate([row, leaves]), None)[1] for row in each]
    if batch:
        return values, numpy.array(slopes)
    example, found = owner._example, slopes[0]
    if getattr(example, "ndim", 0):
        return values.item(0), found.reshape(example.shape)
    if example is None or (isinstance(example, (list, tuple)) and all(map(is_number, example))):
        return values.item(0), found
    numbers = iter(found.tolist())
    return values.item(0), map_numbers(lambda _: next(numbers), example)


class Entries:
    """A Hessian (n, n), or the derivatives (m,) of all outputs along a direction.

    Entries that are no constants are the outputs of a program of which all leaves are parameters,
    the inputs first. It is fed with directions; those of a large Hessian are the axes.
    """

    def __init__(self, owner: Program, hessian: bool) -> None:
        tape, self._axes, rows = owner._tape, None, None
        count, directions = len(tape.inputs), [Value(0.0) for _ in tape.inputs]
        leaves = [*tape.inputs, *tape.parameters, *tape.others]
        with enable_grad():
            formulas = Formulas(tape)
            tops = formulas.outputs[: owner._count]
            if hessian:
                tops = formulas.gradient(tops[0])
                rows = formulas.along(tops, [{i: 1.0} for i in range(count)], LARGEST)
            if rows is not None:
                entries, directions = [row.get(i, 0.0) for row in rows for i in range(count)], []
            else:
                self._axes = numpy.eye(count) if hessian else None
                seeds = [{0: formulas.unknown(v)} for v in directions]
                rows = formulas.along(tops, seeds, math.inf) or []
                entries = [row.get(0, 0.0) for row in rows]
        made = [i for i, entry in enumerate(entries) if isinstance(entry, Unknown)]
        # Outside of a domain slopes can be finite: so the outputs are looked at, too.
        bounded = any(side != REAL for rule in tape.rules for side in rule.domain)
        looked = [x for x in formulas.outputs if isinstance(x, Unknown)] if bounded else []
        wanted = [x.value for x in (*[entries[i] for i in made], *looked)]
        tape = record(wanted, directions, leaves)
        with suppress(Unwritable):
            tape = common(tape)
        place = dict(zip(made, tape.outputs))
        for i in made:  # some have become constants
            if tape.start - len(tape.constants) <= place[i] < tape.start:
                entries[i] = tape.constants[place.pop(i) - tape.start]
        outputs = sorted({*place.values(), *tape.outputs[len(made) :]})
        numbers = numpy.array([0.0 if i in place else entry for i, entry in enumerate(entries)])
        turns = numpy.arange(1 if self._axes is None else count)[:, None]  # a column each
        self._numbers = numpy.repeat(numbers, len(turns))
        self._at = (turns + len(turns) * numpy.array([*place], int)).ravel()
        which = numpy.searchsorted(outputs, [*place.values()])
        self._from = (turns * len(outputs) + which).ravel()
        self._bounded, self._run = bool(numpy.isfinite(numbers).all()), None
        if outputs:
            tape = replace(tape, outputs=outputs)
            program = type(owner)(tape, single=False, check=False, backend=owner._backend)
            self._run, self._finite = program._run, program._finite_slopes

    def at(self, leaves: Array, direction: Array | None) -> tuple[Array, bool]:
        """Return the entries where the leaves have these numbers, and whether all are finite."""
        found = self._numbers.copy()
        if self._run is None:
            return found, self._bounded
        outputs, _ = self._run(leaves, direction if self._axes is None else self._axes, False)
        outputs = outputs.ravel()
        found.put(self._at, outputs.take(self._from))
        return found, self._bounded and self._finite(outputs)


def hessian(owner: Program, x: Any, parameters: Any) -> Any:
    """Return what `Program.hessian` does."""
    rows, leaves = fed(owner, "a Hessian", x, parameters)
    found, count = derivative(owner, rows, leaves, None), len(owner.inputs)
    shape = () if is_number(owner._example) else getattr(owner._example, "shape", (count,))
    return found.reshape(shape + shape) if shape else found.item()


def jvp(owner: Program, x: Any, v: Any, parameters: Any) -> Any:
    """Return what `Program.jvp` does."""
    rows, leaves = fed(owner, "a derivative along a vector", x, parameters)
    direction, batch = owner._rows(v, "v")
    if batch:
        raise ValueError("v must be one vector, as x is, not a batch")
    found = derivative(owner, rows, leaves, direction)
    return found.item() if owner._single else found


def fed(owner: Program, what: str, x: Any, parameters: Any) -> tuple[Array, Array]:
    """Return the one row of inputs, and the numbers of the leaves."""
    if not owner.inputs:
        raise ValueError(
            f"{what} is by the inputs, and this program has none: give ag.compile inputs, or a "
            f"function and an example"
        )
    rows, batch = owner._rows(x)
    if batch:
        raise ValueError(f"{what} is that at one vector, and x is a batch: ask row by row")
    return rows, owner._leaves(parameters)


def derivative(owner: Program, rows: Array, leaves: Array, direction: Array | None) -> Array:
    """Return the Hessian of a program at one row, or what it gives along a direction."""
    second = direction is None
    if owner._guards:
        owner._outputs(leaves, rows)
    if second not in owner._entries:
        entries = None
        if owner._backend != "exact":
            with suppress(Exception):  # somebody's own primitive is no formula, or of no back end
                entries = Entries(owner, second)
        owner._entries[second] = entries
    entries, count = owner._entries[second], len(owner.inputs)
    found = numpy.full(count**2 if second else owner._count, math.nan)
    if entries is not None:
        numbers = numpy.concatenate((rows[0], leaves)) if len(leaves) else rows[0]
        entered, finite = entries.at(numbers, direction)
        if finite:
            return entered
        found = found if numpy.isfinite(entered).all() else entered.ravel()
    with suppress(ArithmeticError, ValueError):  # outside of some domain
        found = eagerly(owner, rows[0].tolist(), leaves.tolist(), direction)
    odd = numpy.flatnonzero(~numpy.isfinite(found))
    if len(odd) and owner._check:
        owner._outputs(leaves, rows)  # which says what is wrong with a value that is not finite,
        if owner._count == 1:
            by_inputs(owner, leaves, rows, False)  # or with the gradient
        names, (i, j) = owner._inputs.names, divmod(int(odd[0]), count)
        what = f"second derivative by {names[i]} and {names[j]}"
        what = what if second else f"derivative of output {odd[0]} along v"
        raise FloatingPointError(f"the {what} is {found[odd[0]]}: a slope is not finite there")
    return found


def eagerly(owner: Program, x: list[float], leaves: list[float], direction: Any) -> Array:
    """Return the same as the engine gives it."""

    def outputs(inputs: Sequence[Any]) -> Any:
        found = computed(owner._tape, leaves, inputs)[: owner._count]
        return found[0] if direction is None else found

    if direction is None:
        return numpy.ravel(derivatives.hessian(outputs)(x))
    return numpy.array(derivatives.jvp(outputs, x, direction[0].tolist()))

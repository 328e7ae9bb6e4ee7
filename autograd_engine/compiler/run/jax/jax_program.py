"""A tape as a pure function of JAX: what `Program.to_jax` gives.

A tape is lifted and run as its listing says, line by line, with JAX's functions for its words; deep
graphs of narrow waves run value by value. Each way is a function of parameters and a row of inputs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy
from jax import lax

from autograd_engine.compiler.lift.assembly import lifted
from autograd_engine.compiler.lift.pieces import Plan, planned
from autograd_engine.compiler.record.elementary import Unwritable, written_out
from autograd_engine.compiler.record.simplify import lowered
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.jax.jax_primitives import primitive_in_jax
from autograd_engine.compiler.tell.listing import Listing, Rounds
from autograd_engine.primitives import Primitive
from autograd_engine.table import azmul

Array = Any
Way = Callable[[Array, Array], Array]  # parameters (P,), inputs (n,) -> outputs (m,)
HIGHEST = 6  # lines on top of one another that XLA may make one of
UNROLLED = 16  # links of a chain that are written out


def tape_to_jax(tape: Tape) -> Callable[..., Any]:
    """Return a tape as `Program.to_jax` does; the outputs of a row are (m,)."""
    outer = azmul in tape.rules
    try:
        # The second one, with absolute products, where plain ones give NaN.
        ways = [written(each, outer) for each in (lowered(tape), tape)[: 1 + outer]]
    except Unwritable:
        ways = [by_value(tape, outer)]
    count, width = len(tape.parameters), len(tape.inputs)

    def function(parameters: Any, inputs: Any = None) -> Any:
        parameters = array("parameters", parameters)
        wrong = "the {} must be an array of shape {}, got {}".format
        if parameters.shape != (count,):
            raise ValueError(wrong("parameters", f"({count},)", parameters.shape))
        if (inputs is None) != (width == 0):
            what = f"{width} input(s): pass them too" if width else "no inputs: pass None"
            raise ValueError(f"this program has {what}")
        inputs = array("inputs", () if inputs is None else inputs, parameters.dtype)
        if inputs.shape[-1:] != (width,) or inputs.ndim > 2:
            raise ValueError(wrong("inputs", f"({width},) or (rows, {width})", inputs.shape))
        # For XLA the rows are one more axis, also of the matrix products.
        rowwise = [jax.vmap(way, (None, 0)) if inputs.ndim == 2 else way for way in ways]
        found = rowwise[0](parameters, inputs)
        again = [partial(way, parameters, inputs) for way in rowwise[1:]]
        return lax.cond(jnp.isnan(found).any(), *again, lambda: found) if again else found

    return function


def array(name: str, given: Any, dtype: Any = None) -> Any:
    """Return numbers, in an array or in lists, as an array of JAX; of floats, as they are."""
    try:
        known = () if isinstance(given, (list, tuple)) else (given,)  # JAX does not tell of lists
        return jnp.asarray(given, dtype or jnp.result_type(float, *known))
    except (TypeError, ValueError) as error:
        if "Value(data=" in repr(given):
            raise TypeError(f"the {name} must be real numbers: pass the .data of Values") from None
        raise TypeError(
            f"the {name} must be real numbers in an array or in lists, "
            f"rows of one length; got {given!r:.60}"
        ) from error


def is_deep(plan: Plan) -> bool:
    """Say whether a tape has so many waves, so narrow, that XLA would take too long.

    That is a second for 50 steps, and grows with their square; value by value, it is 0.2 s.
    """
    waves = sum(len(piece.waves) for piece in plan.pieces)
    nodes = sum(len(piece.waves.sums.tape.op) for piece in plan.pieces)
    return waves > 50 and 4 * nodes < waves**2


def written(tape: Tape, outer: bool) -> Way:
    """Return the way that suits a tape."""
    plan = planned(tape)
    return by_value(tape, outer) if is_deep(plan) else by_lines(tape, plan, outer)


def by_value(tape: Tape, outer: bool = False) -> Way:
    """Return the way that computes one value in each step of a loop, whatever its operation."""
    tape = written_out(tape, strict=False)
    known = [leaf.data for leaf in tape.others], tape.constants
    steps = list(tape.instructions())
    kinds = list(dict.fromkeys((rule, len(places)) for rule, places in steps))
    branches = [
        lambda given, rule=rule, count=count: primitive_in_jax(rule, outer)(*given[:count])
        for rule, count in kinds
    ]
    width = max((count for _, count in kinds), default=0)
    table = [  # what is missing is read at some place, and not used
        [place, kinds.index((rule, len(places))), *places, *[0] * (width - len(places))]
        for place, (rule, places) in enumerate(steps, tape.start)
    ]
    table, outputs = numpy.array(table, numpy.int32), numpy.array(tape.outputs)

    def step(values: Any, at: Any) -> Any:
        found = lax.switch(at[1], branches, values[at[2:]])
        return values.at[at[0]].set(found), None

    def run(parameters: Any, row: Any) -> Any:
        others, constants = (jnp.asarray(numbers, parameters.dtype) for numbers in known)
        values = jnp.pad(jnp.concatenate([parameters, others, row, constants]), (0, len(steps)))
        return (lax.scan(step, values, table)[0] if steps else values)[outputs]

    return run


def by_lines(tape: Tape, plan: Plan | None = None, outer: bool = False) -> Way:
    """Return the way of a lifted tape's lines, each an array."""
    plan, program = lifted(plan or planned(tape))
    listing = Listing(program, plan.tape)
    lines, result = list(listing.lines()), listing.result()
    given = listing.given | {"others": numpy.array([leaf.data for leaf in tape.others])}

    def run(parameters: Array, inputs: Array) -> Array:
        kind = parameters.dtype
        known = WORDS | {"parameters": parameters, "inputs": inputs}
        known |= {x: jnp.asarray(y, None if x[0] == "g" else kind) for x, y in given.items()}
        known["array"] = partial(jnp.asarray, dtype=kind)
        known["one"] = lax.optimization_barrier(jnp.ones((), kind))
        follow(lines, known, outer)
        return told(result, known).reshape(-1)

    return jax.default_matmul_precision("highest")(run)  # type: ignore[no-any-return]


def told(text: str, known: dict[str, Any]) -> Array:
    """Return what an expression of a listing is."""
    return jnp.asarray(eval(text, known), known["one"].dtype)


def follow(lines: list[Any], known: dict[str, Any], outer: bool, t: Any = ...) -> None:
    """Add what lines give to what is known, by name; inside of a loop as the row of a step t.

    XLA computes cheap operands again for each use, and theirs for each of those: without end. A
    division, though by 1, it does but once.
    """
    heights: dict[str, int] = {}
    for line in lines:
        if isinstance(line, Rounds):
            known.update(repeated(line, known, outer))
            continue
        operands = [told(text, known) for text in line.operands]
        if line.kind == "map":
            operands[0] = primitive_in_jax(line.rule, outer)(*operands)
        elif line.kind == "scan":
            operands[0] = folded(line.rule, operands[0], outer)
        found = operands[0].reshape(line.shape)
        below = [heights.get(name, 0) for name in re.findall(r"\bv\d+", line.text)]
        height = 0 if line.kind == "scan" or "@" in line.text else 1 + max(below, default=0)
        heights[line.name] = height % HIGHEST
        known[line.name] = (found / known["one"] if height == HIGHEST else found)[t]


def repeated(rounds: Rounds, known: dict[str, Any], outer: bool) -> Any:
    """Return what is kept of all steps of a loop: `lax.scan` carries what the next ones read."""
    first = [told(line.text, known).reshape(line.shape) for line in rounds.states]
    rows = {line.name: told(line.text, known) for line in rounds.rows}

    def step(carried: list[Array], row: dict[str, Array]) -> Any:
        # t is 0: x[t] is the one row of x that there is.
        inside = known | {name: x[None] for name, x in row.items()} | {"t": 0}
        inside |= {line.name: x for line, x in zip(rounds.states, carried)}
        follow(rounds.lines, inside, outer, None)
        after = [told(text, inside).reshape(x.shape) for text, x in zip(rounds.after, carried)]
        return after, {name: inside[name][0] for name in rounds.kept}

    return lax.scan(step, first, rows, rounds.times)[1]


def folded(rule: Primitive, x: Array, outer: bool = False) -> Array:
    """Return the last link of each chain of a primitive along the last axis; its derivative is
    the chain's: of three equal, `maximum` passes on 1/4, 1/4 and 1/2.
    """
    function, terms = primitive_in_jax(rule, outer), jnp.moveaxis(x, -1, 0)
    link = lambda whole, term: (function(whole, term), None)  # noqa: E731
    return lax.scan(link, terms[0], terms[1:], unroll=UNROLLED)[0]


def dot(*factors: Any) -> Array:
    """Return the sum of products along the last axis, in which one of the factors may be flat."""
    x, y = map(jnp.asarray, factors)
    terms = max(x.shape[-1:], y.shape[-1:])
    return jnp.vecdot(*(jnp.broadcast_to(z, (*z.shape[:-1], *terms)) for z in (x, y)))


WORDS: dict[str, Any] = {
    "concat": lambda *x, axis=0: jnp.concatenate([*map(jnp.atleast_1d, x)], axis),
    "dot": dot,
    "full": lambda shape, x: jnp.broadcast_to(jnp.asarray(x), shape),
    "inf": jnp.inf,
    "joined": lambda *x: jnp.concatenate([*map(jnp.ravel, x)]),
    "nan": jnp.nan,
    "stack": lambda *x, axis=0: jnp.stack(x, axis),
    "sum": lambda x: jnp.sum(x, -1),
}

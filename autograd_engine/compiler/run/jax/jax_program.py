"""A tape as a pure function of JAX: what `Program.to_jax` gives.

Each primitive is a function of JAX arrays, differentiated by the table's own rule, kinks included.
A tape is lifted and run as its listing says, line by line, with JAX's functions for its words; deep
graphs of narrow waves run value by value. Each way is a function of parameters and a row of inputs.
Numbers are of JAX's precision: float64 where `jax_enable_x64` is on, else float32.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy
from jax import lax
from jax.extend.core import Primitive as JaxPrimitive
from jax.interpreters import ad, batching, mlir

from autograd_engine.compiler.lift.loops import lifted
from autograd_engine.compiler.lift.pieces import Plan, planned
from autograd_engine.compiler.record import symbols
from autograd_engine.compiler.record.rewriting import Unwritable, lowered, written_out
from autograd_engine.compiler.record.symbols import OUT, formula, slopes, substituted, unknowns
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.translated import OnArrays, called
from autograd_engine.compiler.tell.listing import Listing, Rounds
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.table import azmul

Array = Any
Way = Callable[[Array, Array], Array]  # parameters (P,), inputs (n,) -> outputs (m,)
HIGHEST = 6  # lines on top of one another that XLA may make one of
UNROLLED = 16  # links of a chain that are written out
IN_JAX = OnArrays(jnp, jax.scipy.special)
SAME = {"add", "subtract", "multiply", "negative"}  # JAX's derivative is the row's
LARGEST = 3.4e38  # finite in single precision too
PASSED = JaxPrimitive("passed")


@symbols.remembered
def primitive_in_jax(rule: Primitive, outer: bool = False) -> Callable[..., Any]:
    """Return a primitive as a function of JAX arrays or numbers; `outer` where it is part of a
    derivative, whose own derivative multiplies honestly (see `gradients`).
    """
    forward = spelled(rule)
    function = jax.custom_jvp(forward)

    def derivative(operands: Any, tangents: Any) -> Any:
        out = function(*operands)
        known: dict[Any, Any] = {OUT: out, **dict(zip(unknowns(len(operands)), operands))}
        terms = []
        for slope, tangent in zip(slopes(rule, len(operands)), tangents):
            if type(tangent) is not jax.custom_derivatives.SymbolicZero:
                found = substituted(slope, applied, known)
                terms.append(found * tangent if outer else passed(found, tangent))
        return out, sum(terms[1:], terms[0]) if terms else jnp.zeros_like(out)

    function.defjvp(derivative, symbolic_zeros=True)
    if TABLE.get(rule.name) is rule and rule.name in SAME:
        function = forward

    def floating(*operands: Any) -> Any:
        kind = jnp.result_type(float, *operands)
        return function(*jnp.broadcast_arrays(*[jnp.asarray(x, kind) for x in operands]))

    return floating


def applied(rule: Primitive, *operands: Any) -> Any:
    return primitive_in_jax(rule, True)(*operands)


def spelled(rule: Primitive) -> Callable[..., Any]:
    """Return the primitive's forward function in JAX's words; as somebody's own, its formula, or
    what calls it back, and is NaN where it raises `ArithmeticError` or `ValueError`.
    """

    def own(*operands: Any) -> Any:
        expression, first = formula(rule, len(operands)), operands[0]
        if expression is None:
            like, how = jax.typeof(first), "broadcast_all"
            return jax.pure_callback(called_back, like, *operands, vmap_method=how)
        found = substituted(expression, applied, dict(zip(unknowns(len(operands)), operands)))
        return jnp.broadcast_to(jnp.asarray(found, first.dtype), first.shape)

    def called_back(*operands: Any) -> Any:
        given = [numpy.asarray(x, numpy.float64) for x in operands]
        with numpy.errstate(all="ignore"):
            out = called(rule, len(given))(*given, out=numpy.empty(given[0].shape))
        return numpy.asarray(out, operands[0].dtype)

    return IN_JAX.spelled(rule) or own


def passed(partial: Any, adjoint: Any) -> Any:
    """Return partial * adjoint, of arrays of one shape; 0 where the adjoint is 0, even beside an
    infinite partial, as that of `sqrt` at 0. JAX may transpose that only as a primitive of its own,
    linear in the adjoint: no composition of `where` is.
    """
    if isinstance(partial, float) and abs(partial) <= LARGEST:
        return partial * adjoint
    if str(jax.typeof(partial)) != str(jax.typeof(adjoint)):
        # One of them alone differs from device to device: inside `shard_map` let both do so.
        partial, adjoint = (jnp.where(first, partial, adjoint) for first in (True, False))
    return PASSED.bind(partial, adjoint)


def product(partial: Any, adjoint: Any) -> Any:
    return jnp.where(adjoint == 0.0, jnp.zeros_like(adjoint), partial * adjoint)


def _transposed(cotangent: Any, partial: Any, adjoint: Any) -> Any:
    zero = isinstance(cotangent, ad.Zero)
    return None, cotangent if zero else passed(partial, cotangent)


def _batched(operands: Any, axes: Any) -> Any:
    size = next(x.shape[axis] for x, axis in zip(operands, axes) if axis is not None)
    return passed(*(batching.bdim_at_front(x, i, size) for x, i in zip(operands, axes))), 0


PASSED.def_impl(jax.jit(product))
PASSED.def_abstract_eval(lambda partial, adjoint: adjoint.update(weak_type=False))
# Where derivatives are differentiated, a 0 hides nothing: see `gradients`.
ad.defjvp(PASSED, lambda t, _, adjoint: adjoint * t, lambda t, partial, _: partial * t)
ad.primitive_transposes[PASSED] = _transposed
batching.primitive_batchers[PASSED] = _batched
mlir.register_lowering(PASSED, mlir.lower_fun(product, multiple_results=False))


def tape_to_jax(tape: Tape) -> Callable[..., Any]:
    """Return a tape as `Program.to_jax` does; the outputs of a row are (m,)."""
    outer = azmul in tape.rules

    def way(tape: Tape) -> Way:
        plan = planned(tape)
        return by_value(tape, outer) if is_deep(plan) else by_lines(tape, plan, outer)

    try:
        # The second one, with absolute products, where plain ones give NaN.
        ways = [*map(way, (lowered(tape), tape)[: 1 + outer])]
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
        how = f" in an array or in lists, rows of one length; got {given!r:.60}"
        how = ": pass the .data of Values" if "Value(data=" in repr(given) else how
        raise TypeError(f"the {name} must be real numbers{how}") from error


def is_deep(plan: Plan) -> bool:
    """Say whether a tape has so many waves, so narrow, that XLA would take too long: a second for
    50 steps, and it grows with their square; value by value, it is 0.2 s.
    """
    waves = sum(len(piece.waves) for piece in plan.pieces)
    nodes = sum(len(piece.waves.tape.op) for piece in plan.pieces)
    return waves > 50 and 4 * nodes < waves**2


def by_value(tape: Tape, outer: bool = False) -> Way:
    """Return the way that computes one value in each step of a loop, whatever its operation."""
    with suppress(Unwritable):
        tape = written_out(tape)
    known, steps = ([leaf.data for leaf in tape.others], tape.constants), [*tape.instructions()]
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


WORDS: dict[str, Any] = {
    "concat": lambda *x, axis=0: jnp.concatenate([*map(jnp.atleast_1d, x)], axis),
    "dot": lambda *x: jnp.vecdot(*jnp.broadcast_arrays(*x)),  # one of them may be flat
    "full": lambda shape, x: jnp.broadcast_to(jnp.asarray(x), shape),
    "inf": jnp.inf,
    "joined": lambda *x: jnp.concatenate([*map(jnp.ravel, x)]),
    "nan": jnp.nan,
    "stack": lambda *x, axis=0: jnp.stack(x, axis),
    "sum": lambda x: jnp.sum(x, -1),
}

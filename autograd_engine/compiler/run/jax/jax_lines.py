"""A lifted tape inside JAX: its listing, run line by line, with JAX's functions for its words."""

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
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.jax.jax_primitives import primitive_in_jax
from autograd_engine.compiler.tell.lines import Rounds
from autograd_engine.compiler.tell.listing import Listing
from autograd_engine.primitives import Primitive

Array = Any
HIGHEST = 6  # lines on top of one another that XLA may make one of
UNROLLED = 16  # links of a chain that are written out


def by_lines(
    tape: Tape, plan: Plan | None = None, outer: bool = False
) -> Callable[[Array, Array], Array]:
    """Return a tape as a function of JAX: (parameters (P,), inputs (n,)) -> outputs (m,).

    It is lifted, and each line of it an array. `outer` where the tape holds derivatives.
    """
    plan, program = lifted(plan or planned(tape))
    listing = Listing(program, plan.tape, labels=False)
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
            operands[0] = folded(line.rule, outer)(operands[0])
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


def folded(rule: Primitive, outer: bool = False) -> Callable[[Array], Array]:
    """Return the function from (..., terms) to the last link of each chain of a primitive.

    Its derivative is that of the chain: of three equal, `maximum` passes on 1/4, 1/4 and 1/2.

    >>> from autograd_engine.primitives import TABLE
    >>> jax.grad(lambda x: folded(TABLE["maximum"])(x))(jnp.ones(3)).tolist()
    [0.25, 0.25, 0.5]
    """
    function = primitive_in_jax(rule, outer)

    def last(x: Array) -> Array:
        terms = jnp.moveaxis(x, -1, 0)
        link = lambda whole, term: (function(whole, term), None)  # noqa: E731
        return lax.scan(link, terms[0], terms[1:], unroll=UNROLLED)[0]

    return last


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

"""A lifted tape inside JAX: its listing, run line by line, with JAX's functions for its words."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy
from jax import lax

from autograd_engine.compiler.lift.assembly import lifted
from autograd_engine.compiler.lift.pieces import Plan, planned
from autograd_engine.compiler.record.symbols import OUT, X, Y, slopes, substituted
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.jax.jax_primitives import (
    applied_outer,
    passed,
    primitive_in_jax,
)
from autograd_engine.compiler.tell.lines import Line, Rounds
from autograd_engine.compiler.tell.listing import Listing
from autograd_engine.primitives import Primitive

Array = Any
HIGHEST = 6  # elementwise steps on top of one another that XLA may make one of
REDUCTION = re.compile(r"@|\b(dot|sum)\(")


def by_lines(
    tape: Tape, plan: Plan | None = None, outer: bool = False
) -> Callable[[Array, Array], Array]:
    """Return a tape as a function of JAX: (parameters (P,), inputs (n,)) -> outputs (m,).

    It is lifted, and each line of it an array. `outer` where the tape holds derivatives.

    >>> from autograd_engine import Value
    >>> from autograd_engine.compiler.record.tape import record
    >>> a, x = Value(2.0), Value(0.0)
    >>> by_lines(record([a * x + a], inputs=[x]))(jnp.array([3.0]), jnp.array([5.0])).tolist()
    [18.0]
    """
    plan, program = lifted(plan or planned(tape))
    listing = Listing(program, plan.tape, labels=False)
    others = numpy.array([leaf.data for leaf in tape.others])
    run_lines = in_order(list(listing.lines()), outer)
    result = code(listing.result())

    def run(parameters: Array, inputs: Array) -> Array:
        kind = parameters.dtype
        known = words(kind) | {"parameters": parameters, "inputs": inputs}
        for name, numbers in {"others": others, **listing.given}.items():
            known[name] = jnp.asarray(numbers, None if name.startswith("g") else kind)
        known["one"] = lax.optimization_barrier(jnp.ones((), kind))
        run_lines(known, kind)
        return jnp.asarray(eval(result, known), kind).reshape(-1)

    return jax.default_matmul_precision("highest")(run)  # type: ignore[no-any-return]


def in_order(lines: list[Any], outer: bool, wrap: Any = lambda x: x) -> Any:
    """Return what adds the results of lines to what is known, with `wrap` around each."""
    codes = [[code(text) for text in getattr(line, "operands", ())] for line in lines]
    loops = {i: Scan(line, outer) for i, line in enumerate(lines) if isinstance(line, Rounds)}
    fenced = fences([line for line in lines if isinstance(line, Line)])

    def run(known: dict[str, Any], kind: Any) -> None:
        for i, (line, told) in enumerate(zip(lines, codes)):
            if i in loops:
                loops[i](known, kind)
                continue
            read = [eval(text, known) for text in told]
            if line.kind == "map":
                found = primitive_in_jax(line.rule, outer)(*read)
            elif line.kind == "scan":
                found = folded(line.rule)(read[0].reshape(-1, read[0].shape[-1]))
            else:
                (found,) = read
            found = jnp.asarray(found, kind).reshape(line.shape)
            # XLA computes cheap operands again for each use, and theirs for each of those:
            # without end. A division, though by 1, it does but once.
            known[line.name] = wrap(found / known["one"] if line.name in fenced else found)

    return run


class Scan:
    """A loop: `lax.scan` over its steps, which carries what the next ones read."""

    def __init__(self, rounds: Rounds, outer: bool) -> None:
        self.rounds = rounds
        # Inside of a step t is 0, so x[t] is the one row of x that there is.
        self.body = in_order(rounds.lines, outer, lambda x: x[None])
        names = {name for line in rounds.lines for name in re.findall(r"\b(k\d+)\[t\]", line.text)}
        self.rows = {name: code(text) for name, _, _, text in rounds.rows}
        self.rows |= {name: code(name) for name in sorted(names)}
        self.states = {name: (code(text), shape) for name, shape, _, text in rounds.states}
        self.after = [code(text) for text in rounds.after]

    def __call__(self, known: dict[str, Any], kind: Any) -> None:
        """Add what is kept of all steps to what is known."""
        rounds = self.rounds

        def shaped(told: Any, names: dict[str, Any]) -> dict[str, Array]:
            return {
                name: jnp.asarray(eval(text, names), kind).reshape(shape)
                for (name, (_, shape)), text in zip(self.states.items(), told)
            }

        def step(states: dict[str, Array], rows: dict[str, Array]) -> Any:
            inside = known | states | {name: row[None] for name, row in rows.items()} | {"t": 0}
            self.body(inside, kind)
            return shaped(self.after, inside), {name: inside[name][0] for name in rounds.kept}

        rows = {name: jnp.asarray(eval(text, known), kind) for name, text in self.rows.items()}
        first = shaped([text for text, _ in self.states.values()], known)
        known.update(lax.scan(step, first, rows, rounds.times)[1])


def code(text: str) -> Any:
    """Return an expression of a listing, compiled: JAX takes by indices that are in bounds."""
    text = re.sub(r"\.take\((g\d+)\)", r'.ravel().at[\1].get(mode="promise_in_bounds")', text)
    return compile(text, "<listing>", "eval")


def fences(lines: list[Line]) -> set[str]:
    """Return the lines behind which no more elementwise steps are put on top of one another."""
    heights: dict[str, int] = {}
    for line in lines:
        text = " ".join(line.operands)
        below = [heights.get(name, 0) % HIGHEST for name in re.findall(r"\bv\d+\b", text)]
        flat = line.kind == "scan" or REDUCTION.search(text)
        heights[line.name] = 0 if flat else 1 + max(below, default=0)
    return {name for name, height in heights.items() if height == HIGHEST}


def words(kind: Any) -> dict[str, Any]:
    """Return what the words of a listing mean, to arrays of a precision."""

    def array(x: Any) -> Array:
        return jnp.asarray(x, kind)

    def dot(*factors: Any) -> Array:
        x, y = map(array, factors)
        terms = max(x.shape[-1:], y.shape[-1:])
        return jnp.vecdot(*(jnp.broadcast_to(z, (*z.shape[:-1], *terms)) for z in (x, y)))

    return {
        "array": array,
        "concat": lambda *x, axis=0: jnp.concatenate([*map(jnp.atleast_1d, map(array, x))], axis),
        "dot": dot,
        "inf": jnp.inf,
        "nan": jnp.nan,
        "full": lambda shape, x: jnp.broadcast_to(array(x), shape),
        "joined": lambda *x: jnp.concatenate([jnp.ravel(array(part)) for part in x]),
        "stack": lambda *x, axis=0: jnp.stack([*map(array, x)], axis),
        "sum": lambda x: x.sum(-1),
    }


@lru_cache(maxsize=64)
def folded(rule: Primitive) -> Any:
    """Return the function from (rows, terms) to the last link of each row's chain of a primitive.

    Its derivative is that of the chain: of three equal, `maximum` passes on 1/4, 1/4 and 1/2.

    >>> from autograd_engine.primitives import TABLE
    >>> jax.grad(lambda x: folded(TABLE["maximum"])(x)[0])(jnp.ones((1, 3))).tolist()
    [[0.25, 0.25, 0.5]]
    """

    def links(x: Array) -> Array:
        return lax.associative_scan(primitive_in_jax(rule), x, axis=1)

    def derivative(operands: Any, tangents: Any) -> Any:
        (x,), (tangent,) = operands, tangents
        whole = links(x)
        known: dict[Any, Any] = {OUT: whole[:, 1:], X: whole[:, :-1], Y: x[:, 1:]}
        by_link, by_term = (
            jnp.broadcast_to(substituted(partial, applied_outer, known), known[OUT].shape)
            for partial in slopes(rule)
        )
        one = jnp.ones_like(x[:, :1])
        to_last = jnp.concatenate([lax.cumprod(by_link, 1, reverse=True), one], 1)
        by_terms = to_last * jnp.concatenate([one, by_term], 1)
        return whole[:, -1], passed(by_terms, tangent).sum(1)

    last = jax.custom_jvp(lambda x: links(x)[:, -1])
    last.defjvp(derivative)
    return last

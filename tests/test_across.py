"""Promises across parts: what is right in one place is right wherever else it is asked for.

Two tables. A promise is a row, a way to ask is a column, and each pair of them is a test: a new
promise joins by a row, a new part of the package by a column.
"""

import asyncio
import copy
import math
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import autograd_engine as ag
from autograd_engine import Value

INF, NAN = math.inf, math.nan
Function = Callable[[list], Value]


@dataclass
class Promise:
    """A function of a list of Values, its gradient at a place, and a place to record it at."""

    f: Function
    x: list[float]
    gradient: list[float]
    elsewhere: list[float]


def swish(x):
    return x * ag.sigmoid(x)


def slope_of_swish(out, x):
    return (ag.sigmoid(x) + out * ag.sigmoid(-x),)


def times(x, y):
    return x * y


def slopes_of_times(out, x, y):
    return y, x


SWISH = ag.primitive("swish", swish, slope_of_swish)
TIMES = ag.primitive("times", times, slopes_of_times)

PROMISES = {
    "a plain product": Promise(lambda v: v[0] * v[1] + v[0], [2.0, 3.0], [4.0, 2.0], [5.0, -1.0]),
    "relu at 0": Promise(lambda v: ag.relu(v[0]) + v[1], [0.0, 1.0], [0.0, 1.0], [2.0, 3.0]),
    "abs at 0": Promise(lambda v: abs(v[0]) + v[1], [0.0, 1.0], [0.0, 1.0], [-2.0, 3.0]),
    "a tie of maximum": Promise(
        lambda v: ag.maximum(v[0], v[1]), [2.0, 2.0], [0.5, 0.5], [1.0, 3.0]
    ),
    "a tie of minimum": Promise(
        lambda v: ag.minimum(v[0], v[1]), [2.0, 2.0], [0.5, 0.5], [1.0, 3.0]
    ),
    "a bound of clip": Promise(
        lambda v: ag.clip(v[0], 0.0, 1.0) + v[1], [1.0, 0.0], [1.0, 1.0], [0.5, 2.0]
    ),
    "leaky relu at 0": Promise(
        lambda v: ag.leaky_relu(v[0], 0.25) + v[1], [0.0, 0.0], [0.25, 1.0], [2.0, 2.0]
    ),
    "norm at 0": Promise(lambda v: ag.norm(v), [0.0, 0.0], [0.0, 0.0], [3.0, 4.0]),
    "a power of 0": Promise(lambda v: v[0] ** 0 + v[1], [0.0, 1.0], [0.0, 1.0], [2.0, 3.0]),
    "a variable power at 0": Promise(lambda v: v[0] ** v[1], [0.0, 2.0], [0.0, 0.0], [2.0, 3.0]),
    "0 meets an infinite slope": Promise(
        lambda v: v[0] * ag.sqrt(v[1]), [0.0, 0.0], [0.0, 0.0], [3.0, 4.0]
    ),
    "an infinite slope behind a dead unit": Promise(
        lambda v: ag.relu(v[0]) * ag.sqrt(v[1]) + v[0], [-1.0, 0.0], [1.0, 0.0], [3.0, 4.0]
    ),
    "logsumexp far out": Promise(
        lambda v: ag.logsumexp(v), [1000.0, 1000.0], [0.5, 0.5], [0.0, 1.0]
    ),
    "sigmoid far out": Promise(
        lambda v: ag.sigmoid(v[0]) + v[1], [-1000.0, 0.0], [0.0, 1.0], [0.5, 0.5]
    ),
    "a node used twice": Promise(
        lambda v: (v[0] + v[1]) * (v[0] + v[1]), [1.0, 2.0], [6.0, 6.0], [0.5, 0.5]
    ),
    "a dot product": Promise(lambda v: ag.dot(v, [v[1], 3.0]), [2.0, 5.0], [5.0, 5.0], [1.0, 1.0]),
    "variance": Promise(lambda v: ag.variance(v), [1.0, 3.0], [-1.0, 1.0], [0.5, 0.25]),
    "a primitive of one's own": Promise(
        lambda v: SWISH(v[0]) + v[1], [0.0, 1.0], [0.5, 1.0], [2.0, 3.0]
    ),
    "one of two operands": Promise(
        lambda v: TIMES(v[0], v[1]), [2.0, 3.0], [3.0, 2.0], [-1.0, 1.0]
    ),
}


# Ways to ask for the gradient of a promise.


def leaves_at(x: list[float]) -> list[Value]:
    return [Value(number, f"x{i}") for i, number in enumerate(x)]


def swept(output: Value, leaves: list[Value]) -> list[float]:
    output.backward()
    return [leaf.grad for leaf in leaves]


def backward(promise: Promise) -> list[float]:
    leaves = leaves_at(promise.x)
    return swept(promise.f(leaves), leaves)


def backward_twice(promise: Promise) -> list[float]:
    leaves = leaves_at(promise.x)
    output = promise.f(leaves)
    output.backward()
    return [slope / 2.0 for slope in swept(output, leaves)]


def gradient(promise: Promise, create_graph: bool = False) -> list[float]:
    leaves = leaves_at(promise.x)
    found = ag.gradient(promise.f(leaves), leaves, create_graph=create_graph)
    return [slope.data for slope in found] if create_graph else found


def by_tangents(promise: Promise) -> list[float]:
    axes = np.eye(len(promise.x)).tolist()
    return [ag.jvp(promise.f, promise.x, axis) for axis in axes]


def copied(promise: Promise, how: Callable) -> list[float]:
    leaves = leaves_at(promise.x)
    output, leaves = how((promise.f(leaves), leaves))
    return swept(output, leaves)


def in_a_thread(promise: Promise) -> list[float]:
    leaves = leaves_at(promise.x)
    output = promise.f(leaves)
    with ag.no_grad(), ThreadPoolExecutor(1) as pool:  # whose block is this thread's alone
        assert pool.submit(backward, promise).result() == backward_of(pool, output, leaves)
    return [leaf.grad for leaf in leaves]


def backward_of(pool: ThreadPoolExecutor, output: Value, leaves: list[Value]) -> list[float]:
    """Sweep the same graph from four threads, one after another's start; return a quarter."""
    for sweep in [pool.submit(output.backward) for _ in range(4)]:
        sweep.result()
    for leaf in leaves:
        leaf.grad /= 4.0
    return [leaf.grad for leaf in leaves]


def in_a_task(promise: Promise) -> list[float]:
    async def silent(started: asyncio.Event, over: asyncio.Event) -> None:
        with ag.no_grad():
            started.set()
            await over.wait()

    async def both() -> list[float]:
        started, over = asyncio.Event(), asyncio.Event()
        other = asyncio.create_task(silent(started, over))
        await started.wait()
        found = backward(promise)
        over.set()
        await other
        assert found == backward(promise)
        return found

    return asyncio.run(both())


def in_a_generator(promise: Promise) -> list[float]:
    def silent():
        with ag.no_grad():
            yield

    first, second = silent(), silent()
    next(first), next(second)
    first.close(), second.close()  # in the order of opening
    return backward(promise)


def inside(block: Callable) -> Callable[[Promise], list[float]]:
    def way(promise: Promise) -> list[float]:
        with block():
            return backward(promise)

    return way


def finished_graph(**options) -> Callable[[Promise], list[float]]:
    """The graph recorded elsewhere, its program fed here, differentiated by its parameters."""

    def way(promise: Promise) -> list[float]:
        leaves = leaves_at(promise.elsewhere)
        program = ag.compile(promise.f(leaves), parameters=leaves, **options)
        for leaf, number in zip(leaves, promise.x):
            leaf.data = number
        value, found = program.value_and_grad()
        assert value == pytest.approx(promise.f(leaves_at(promise.x)).data, rel=1e-12)
        return found.tolist()

    return way


def gradient_compiled(where: str, **options) -> Callable[[Promise], list[float]]:
    """The gradient recorded somewhere, fed here: a row alone, and in a batch."""

    def way(promise: Promise) -> list[float]:
        program = ag.compile(ag.grad(promise.f), getattr(promise, where), **options)
        found = program(promise.x).tolist()
        assert program([promise.elsewhere, promise.x]).tolist()[1] == pytest.approx(found)
        return found

    return way


def gradient_graph_compiled(promise: Promise) -> list[float]:
    leaves = leaves_at(promise.elsewhere)
    slopes = ag.gradient(promise.f(leaves), leaves, create_graph=True)
    return ag.compile(slopes, leaves)(promise.x).tolist()


def by_jax(promise: Promise) -> list[float]:
    leaves = leaves_at(promise.elsewhere)
    function = ag.compile(promise.f(leaves), parameters=leaves).to_jax()
    return jax.jit(jax.grad(function))(jnp.array(promise.x)).tolist()


def gradient_in_jax(promise: Promise) -> list[float]:
    function = ag.compile(ag.grad(promise.f), promise.elsewhere).to_jax()
    return function([], promise.x).tolist()


WAYS = {
    "backward": backward,
    "backward, twice": backward_twice,
    "gradient": gradient,
    "gradient, create_graph": lambda promise: gradient(promise, create_graph=True),
    "grad": lambda promise: ag.grad(promise.f)(promise.x),
    "grad of an array": lambda promise: ag.grad(promise.f)(np.array(promise.x)).tolist(),
    "value_and_grad": lambda promise: ag.value_and_grad(promise.f)(promise.x)[1],
    "jvp": by_tangents,
    "jacobian": lambda promise: ag.jacobian(promise.f)(promise.x),
    "inside no_grad": lambda promise: ag.no_grad()(ag.grad(promise.f))(promise.x),
    "after no_grad, closed in any order": in_a_generator,
    "in a thread": in_a_thread,
    "in a task": in_a_task,
    "traced": inside(ag.trace_source),
    "named": inside(ag.named),
    "watched": inside(ag.diagnostics),
    "copied deeply": lambda promise: copied(promise, copy.deepcopy),
    "pickled": lambda promise: copied(promise, lambda graph: pickle.loads(pickle.dumps(graph))),
    "compiled": finished_graph(),
    "compiled, numpy": finished_graph(backend="numpy"),
    "compiled, numba": finished_graph(backend="numba"),
    "compiled, exact": finished_graph(exact=True),
    "gradient recorded here": gradient_compiled("x"),
    "gradient recorded elsewhere": gradient_compiled("elsewhere"),
    "gradient, numpy": gradient_compiled("elsewhere", backend="numpy"),
    "gradient, numba": gradient_compiled("elsewhere", backend="numba"),
    "gradient, exact": gradient_compiled("elsewhere", exact=True),
    "graph of the gradient compiled": gradient_graph_compiled,
    "jax": by_jax,
    "gradient in jax": gradient_in_jax,
}


@pytest.fixture(autouse=True)
def double_precision():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PROMISES)
def test_a_gradient_is_the_same_wherever_it_is_asked_for(name, way):
    promise = PROMISES[name]
    found = WAYS[way](promise)
    assert found == pytest.approx(promise.gradient, rel=1e-12, abs=1e-300), (name, way)


@pytest.mark.parametrize("name", PROMISES)
def test_second_derivatives_are_symmetric_and_the_same_compiled(name):
    promise = PROMISES[name]
    for x in (promise.x, promise.elsewhere):
        found = np.array(ag.hessian(promise.f)(x))
        assert np.array_equal(np.isnan(found), np.isnan(found.T))
        assert found == pytest.approx(found.T, rel=1e-12, nan_ok=True)
        compiled = ag.compile(ag.hessian(promise.f), promise.elsewhere, check=False)(x)
        right = ~np.isnan(compiled)
        assert np.ravel(compiled)[np.ravel(right)] == pytest.approx(found.ravel()[np.ravel(right)])

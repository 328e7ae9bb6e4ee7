"""Promises across parts: what is right in one place is right wherever else it is asked for.

Two tables. A promise is a row, a way to ask is a column, and each pair of them is a test: a new
promise joins by a row, a new part of the package by a column.
"""

import asyncio
import contextlib
import copy
import math
import pickle
import random
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

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
    import jax

    return jax.jit(jax.grad(function))(jax.numpy.array(promise.x)).tolist()


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
    "compiled, native": finished_graph(backend="native"),
    "compiled, scalar": finished_graph(backend="scalar"),
    "compiled, exact": finished_graph(exact=True),
    "gradient recorded here": gradient_compiled("x"),
    "gradient recorded elsewhere": gradient_compiled("elsewhere"),
    "gradient, numpy": gradient_compiled("elsewhere", backend="numpy"),
    "gradient, native": gradient_compiled("elsewhere", backend="native"),
    "gradient, scalar": gradient_compiled("elsewhere", backend="scalar"),
    "gradient, exact": gradient_compiled("elsewhere", exact=True),
    "graph of the gradient compiled": gradient_graph_compiled,
}
WAYS_IN_JAX = {"jax": by_jax, "gradient in jax": gradient_in_jax}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PROMISES)
def test_a_gradient_is_the_same_wherever_it_is_asked_for(name, way):
    promise = PROMISES[name]
    found = WAYS[way](promise)
    assert found == pytest.approx(promise.gradient, rel=1e-12, abs=1e-300), (name, way)


@pytest.mark.parametrize("way", WAYS_IN_JAX)
@pytest.mark.parametrize("name", PROMISES)
def test_so_it_is_in_jax(name, way, jax_in_double):
    promise = PROMISES[name]
    found = WAYS_IN_JAX[way](promise)
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


# Trainings.


def points() -> list:
    rng = random.Random(5)
    return [([rng.uniform(-1, 1), rng.uniform(-1, 1)], rng.uniform(-1, 1)) for _ in range(10)]


def network(**options) -> ag.nn.MLP:
    return ag.nn.MLP(2, [3, 1], rng=random.Random(1), **{"activation": "tanh", **options})


def plain(make: Callable, schedule: Callable | None = None, **options) -> Callable[[], tuple]:
    def setup() -> tuple:
        model = network(**options)
        optimizer = make(model.parameters())
        stepped = schedule and schedule(optimizer)
        return model, ag.losses.mse, optimizer, (lambda *_: stepped.step()) if stepped else None

    return setup


class Leaky(ag.nn.Module):
    """A network with an activation that branches on `.data`."""

    def __init__(self) -> None:
        self.inner = network(activation=lambda h: h if h.data > 0.0 else 0.1 * h)

    def __call__(self, x):
        return self.inner(x)


class Normalised(ag.nn.Module):
    """One neuron whose weights are divided by their length, read by `.data`."""

    def __init__(self) -> None:
        self.w = [Value(0.3), Value(-0.4)]

    def __call__(self, x):
        length = math.sqrt(sum(w.data**2 for w in self.w))
        return ag.dot([w / length for w in self.w], x)


def reading(kind: type) -> Callable[[], tuple]:
    def setup() -> tuple:
        model = kind()
        return model, ag.losses.mse, ag.optim.SGD(model.parameters(), lr=0.1), None

    return setup


def with_temperature() -> tuple:
    model, temperature = network(), Value(1.5, "temperature")

    def loss(output, target):
        return ag.losses.mse(output / temperature, target)

    return model, loss, ag.optim.Adam([*model.parameters(), temperature], lr=0.05), None


TRAININGS = {
    "gradient descent": plain(lambda p: ag.optim.SGD(p, lr=0.1)),
    "momentum and decay": plain(lambda p: ag.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01)),
    "adam, relu": plain(lambda p: ag.optim.Adam(p, lr=0.05), activation="relu"),
    "rmsprop": plain(lambda p: ag.optim.RMSprop(p, lr=0.02)),
    "a schedule": plain(
        lambda p: ag.optim.SGD(p, lr=0.2), lambda o: ag.optim.StepLR(o, step_size=2, gamma=0.5)
    ),
    "a rising schedule": plain(
        lambda p: ag.optim.AdamW(p, lr=0.1), lambda o: ag.optim.LinearLR(o, total_iters=4)
    ),
    "an activation that reads data": reading(Leaky),
    "weights normalised by data": reading(Normalised),
    "a temperature of the loss": with_temperature,
}


def fitted(setup: Callable[[], tuple], **options) -> list[list[float]]:
    """Return losses and parameters after a training of five epochs."""
    model, loss, optimizer, callback = setup()
    asked = {"epochs": 5, "batch_size": 4, "progress": False, "callback": callback, **options}
    history = ag.fit(model, points(), loss, optimizer, **asked)
    return [history.loss, [value.data for value in optimizer.parameters]]


def resumed(setup: Callable[[], tuple], path, **options) -> list[list[float]]:
    """Interrupt a training in its third epoch, and go on with it from its checkpoint."""
    model, loss, optimizer, callback = setup()
    done = []

    def stop(*given) -> None:
        if callback:
            callback(*given)
        done.append(given)
        if len(done) == 3:
            raise KeyboardInterrupt

    asked = {"epochs": 5, "batch_size": 4, "progress": False, "checkpoint": path, **options}
    with contextlib.suppress(KeyboardInterrupt):
        ag.fit(model, points(), loss, optimizer, callback=stop, **asked)
    return fitted(setup, checkpoint=path, resume=True, **options)


def watched(setup: Callable[[], tuple], path) -> list[list[float]]:
    with ag.diagnostics(show=False), ag.trace_source():
        return fitted(setup)


def in_threads(setup: Callable[[], tuple], path) -> list[list[float]]:
    with ag.no_grad(), ThreadPoolExecutor(2) as pool:
        first, second = pool.map(fitted, [setup, setup])
    assert first == second
    return first


TRAINING_WAYS = {
    "compiled where it can be": lambda setup, path: fitted(setup),
    "recorded": lambda setup, path: fitted(setup, record=True),
    "interrupted and resumed": lambda setup, path: resumed(setup, path),
    "interrupted and resumed, eagerly": lambda setup, path: resumed(setup, path, compile=False),
    "watched and traced": watched,
    "in threads": in_threads,
}


@pytest.mark.parametrize("way", TRAINING_WAYS)
@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_gives_the_same_numbers_whichever_way_it_runs(name, way, tmp_path):
    losses, parameters = fitted(TRAININGS[name], compile=False)
    found = TRAINING_WAYS[way](TRAININGS[name], tmp_path / "checkpoint.json")
    assert found[0] == pytest.approx(losses, rel=1e-10)
    assert found[1] == pytest.approx(parameters, rel=1e-10, abs=1e-12)


# Names and documentation.


def test_a_label_is_shown_by_every_view():
    value = Value(0.5, "wibble")
    loss = ag.tanh(value * 3.0) + value
    loss.backward()
    views = [
        ag.draw(loss).source,
        ag.draw(loss).svg,
        ag.draw_dot(loss).source,
        ag.explain(loss, value).text,
        ag.explain(loss, value).html,
        "".join(map(str, ag.steps(loss))),
        ag.explore(loss).html,
        repr(value),
        ag.compile(loss).source,
        str(ag.diagnose(loss, [Value(1.0), value])),
    ]
    assert [i for i, text in enumerate(views[:-1]) if "wibble" not in text] == []


def test_every_public_callable_has_documentation_where_it_is_interpreted():
    seen = 0
    for name in ag.__all__:
        item = getattr(ag, name)
        module = sys.modules[getattr(item, "__module__", ag.__name__)]
        if callable(item) and str(module.__file__).endswith(".py"):  # mypyc keeps no docstrings
            assert item.__doc__, name
            seen += 1
    assert seen > 20

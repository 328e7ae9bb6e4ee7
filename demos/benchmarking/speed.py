"""Compiled programs beside their peers: the seconds of each engine on the jobs of the benchmarks.

Each function is run in a process of its own, on one thread of one core, and returns medians in
seconds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
from benchmarking import jobs, peers
from benchmarking.measuring import check, eager, medians, numbers, ours, prepared
from benchmarking.names import (
    CASADI,
    JAX,
    NUMPY,
    OURS,
    SCAN,
    TORCH,
    TORCH32,
    VALUES,
    Seconds,
    installed,
)

import autograd_engine as ag


def ours_in_values(graph: jobs.Graph) -> Callable[[], Any]:
    """Return what compiles the eager meaning: numbers read from Values, gradients added to them."""

    def prepare() -> Callable[[], Any]:
        program = ag.compile(graph.output, parameters=graph.parameters)
        for value in graph.parameters:
            value.grad = 0.0
        found = program.backward()
        check(VALUES, (found, [value.grad for value in graph.parameters]), eager(graph))
        return lambda: (program.backward(),)  # the gradients, checked above, add up from here on

    return prepare


def time_moons() -> Seconds:
    def graph(engine: str) -> jobs.Graph:
        parameters, record = jobs.moons(engine)
        return jobs.Graph(parameters, record())

    recorded = graph("autograd_engine")
    array = numbers(recorded.parameters)
    engines = {
        OURS: ours(recorded),
        VALUES: ours_in_values(recorded),
        NUMPY: lambda: peers.moons_by_numpy(array),
        JAX: lambda: peers.moons_by_jax(array),
        CASADI: lambda: peers.by_casadi(lambda casadi: graph("casadi"), array),
    }
    return medians(prepared(engines, eager(recorded)))


def time_irregular(name: str) -> Seconds:
    plan = jobs.tangle() if name == "tangle" else None

    def graph(functions: Any, leaf: Callable[[float], Any]) -> jobs.Graph:
        if plan is not None:
            return jobs.tangled(plan, [leaf(x) for x in plan.leaves], functions)
        return jobs.pendulum(jobs.OPERATIONS, [leaf(x) for x in jobs.PENDULUM], functions)

    recorded = graph(ag, ag.Value)
    engines = {
        OURS: ours(recorded),
        CASADI: lambda: peers.by_casadi(
            lambda casadi: graph(casadi, lambda number: casadi.SX.sym("x")),
            numbers(recorded.parameters),
        ),
    }
    return medians(prepared(engines, eager(recorded)))


def time_rnn() -> Seconds:
    """A recurrence of 16 units over 100 steps: value and gradient by its weights."""
    rows, series = jobs.rnn_data()
    weights = [[ag.Value(number) for number in row] for row in rows]
    recorded = jobs.Graph([*chain(*weights)], jobs.rnn(weights, series, ag))
    array = numbers(recorded.parameters)
    engines = {OURS: ours(recorded), SCAN: lambda: peers.rnn_by_jax(array, series)}
    return medians(prepared(engines, eager(recorded)))


def time_hessian() -> Seconds:
    """The Hessian of Rosenbrock's function in 50 dimensions."""
    x = np.linspace(-1.0, 1.0, 50)

    def by_us() -> Callable[[], Any]:
        program = ag.compile(jobs.rosenbrock, x)
        return lambda: (program.hessian(x),)

    engines = {OURS: by_us, JAX: lambda: peers.hessian_by_jax(jobs.rosenbrock, x)}
    return medians(prepared(engines, (ag.hessian(jobs.rosenbrock)(x),)))


def time_digits() -> Seconds:
    """One full batch: mean cross-entropy of all images and its gradient."""
    images, classes = (np.array(column) for column in zip(*jobs.digits_data()))
    model = jobs.digits_model()
    parameters, array = model.parameters(), numbers(model.parameters())

    def by_us(images: np.ndarray, classes: np.ndarray) -> Any:
        pixels, chosen = ([ag.Value(0.0) for _ in range(count)] for count in (64, 10))
        scores = model(pixels)
        loss = ag.logsumexp(scores) - ag.dot(chosen, scores)  # chosen: 1 for the class, else 0
        program = ag.compile(loss, inputs=[*pixels, *chosen], parameters=parameters)
        rows = np.hstack((images, np.eye(10)[classes]))
        return lambda: program.value_and_grad(rows, parameters=array)

    def engines(images: np.ndarray, classes: np.ndarray) -> dict[str, Callable[[], Any]]:
        return {
            OURS: lambda: by_us(images, classes),
            NUMPY: lambda: peers.digits_by_numpy(array, images, classes),
            JAX: lambda: peers.digits_by_jax(array, images, classes),
        }

    some = jobs.digits_data()[:50]  # eager Values would need ten seconds for all
    loss = ag.mean([ag.losses.cross_entropy(model(image), digit) for image, digit in some])
    prepared(engines(images[:50], classes[:50]), eager(jobs.Graph(parameters, loss)))
    expected = peers.digits_by_numpy(array, images, classes)()
    return medians(prepared(engines(images, classes), expected))


def fitted(samples: Any, epochs: int, **options: Any) -> tuple[list[float], np.ndarray]:
    """Return the seconds of a first `ag.fit` of one epoch, of a second one, and of one epoch of so
    many more; and the parameters after the first.
    """
    model, seconds, found = jobs.digits_model(), [], []
    for count in (1, 1, 1 + epochs) if epochs else (1,):
        optimizer = ag.optim.SGD(model.parameters(), lr=jobs.RATE)
        start = time.perf_counter()
        ag.fit(
            model, samples, ag.losses.cross_entropy, optimizer, count, jobs.BATCH,
            progress=False, **options,
        )  # fmt: skip
        seconds.append(time.perf_counter() - start)
        found.append(numbers(model.parameters()))
    if epochs:
        seconds[2] = (seconds[2] - seconds[1]) / epochs
    return seconds, found[0]


def time_fit(rounds: int = 5, epochs: int = 4) -> Seconds:
    """One epoch of mini-batches; our first, which records and compiles; and one of a second fit."""
    samples = jobs.digits_data()
    images, classes = (np.array(column) for column in zip(*samples))
    array = numbers(jobs.digits_model().parameters())
    eagerly = fitted(samples[:50], 0, shuffle=False, compile=False)[1]
    found: dict[str, list[float]] = {OURS: [], "first": [], "second": [], TORCH: [], TORCH32: []}

    def by_us() -> None:
        for name, seconds in zip(("first", "second", OURS), fitted(samples, epochs)[0]):
            found[name].append(seconds)

    def by_torch(name: str, epoch: Callable[[], None]) -> None:
        for _ in range(epochs):
            start = time.perf_counter()
            epoch()
            found[name].append(time.perf_counter() - start)

    turns: list[Callable[[], None]] = []
    if installed(OURS):
        check(OURS, (fitted(samples[:50], 0, shuffle=False, compile=True)[1],), (eagerly,))
        turns.append(by_us)
    for name, kind in ((TORCH, "float64"), (TORCH32, "float32")) if installed(TORCH) else ():
        epoch, trained = peers.epoch_by_torch(array, images[:50], classes[:50], kind)
        epoch(False)
        if kind == "float64":
            check(name, (trained(),), (eagerly,))
        epoch, _ = peers.epoch_by_torch(array, images, classes, kind)
        epoch()
        turns.append(partial(by_torch, name, epoch))
    for _ in range(rounds):
        for turn in turns:
            turn()
    return {name: statistics.median(some) if some else None for name, some in found.items()}

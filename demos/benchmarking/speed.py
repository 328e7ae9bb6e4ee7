"""Compiled programs beside their peers: the seconds of each engine on the jobs of the benchmarks.

Each function is run in a process of its own, on one thread of one core, and returns medians in
seconds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from benchmarking import jobs, peers
from benchmarking.measuring import check, eager, medians, numbers, ours, prepared
from benchmarking.names import CASADI, JAX, NUMPY, OURS, TORCH, TORCH32, VALUES, Seconds, installed

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


def time_recurrent() -> Seconds:
    recorded, read = jobs.recurrent()
    array = numbers(recorded.parameters)
    engines = {OURS: ours(recorded), JAX: lambda: peers.recurrent_by_jax(array, read)}
    return medians(prepared(engines, eager(recorded)))


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
    """Return the seconds of each epoch of `ag.fit`, and the parameters that it ends with."""
    model = jobs.digits_model()
    optimizer = ag.optim.SGD(model.parameters(), lr=jobs.RATE)
    clock = [time.perf_counter()]
    ag.fit(
        model,
        samples,
        ag.losses.cross_entropy,
        optimizer,
        epochs,
        jobs.BATCH,
        progress=False,
        callback=lambda history: clock.append(time.perf_counter()),
        **options,
    )
    return [end - start for start, end in pairwise(clock)], numbers(model.parameters())


def time_fit(rounds: int = 5, epochs: int = 4) -> Seconds:
    """One epoch of mini-batches, and our first, which records and compiles."""
    samples = jobs.digits_data()
    images, classes = (np.array(column) for column in zip(*samples))
    array = numbers(jobs.digits_model().parameters())
    eagerly = fitted(samples[:50], 1, shuffle=False, compile=False)[1]
    found: dict[str, list[float]] = {OURS: [], "first": [], TORCH: [], TORCH32: []}

    def by_us() -> None:
        first, *others = fitted(samples, 1 + epochs, compile="auto")[0]
        found["first"].append(first)
        found[OURS] += others

    def by_torch(name: str, epoch: Callable[[], None]) -> None:
        for _ in range(epochs):
            start = time.perf_counter()
            epoch()
            found[name].append(time.perf_counter() - start)

    turns: list[Callable[[], None]] = []
    if installed(OURS):
        check(OURS, (fitted(samples[:50], 1, shuffle=False, compile=True)[1],), (eagerly,))
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

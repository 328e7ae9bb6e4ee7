"""How the benchmarks measure: engines take turns, and only those that agree are compared.

An engine that gives other numbers than eager `Value`s ends the process, which says by how
much it differs. One that is not installed counts as None.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from benchmarking.jobs import Graph
from benchmarking.names import Seconds, installed

import autograd_engine as ag

ROUNDS, BURST, AGREEMENT = 15, 0.03, 1e-9


def check(name: str, found: Any, expected: Any) -> None:
    """End the process unless value and gradient agree with those of eager Values."""
    for what, ours, theirs in zip(("value", "gradient"), found, expected):
        ours, theirs = np.ravel(np.asarray(ours)), np.ravel(np.asarray(theirs))
        if ours.shape != theirs.shape:
            sys.exit(f"{name}: {ours.size} numbers as {what}, expected {theirs.size}")
        difference = np.abs(ours - theirs).max() / np.abs(theirs).max()
        if not difference <= AGREEMENT:
            sys.exit(f"{name}: its {what} differs from eager by {difference:.1e}: not compared")


def prepared(engines: dict[str, Callable[[], Any]], expected: Any) -> dict[str, Any]:
    """Return what runs each engine, None for those not installed; all agree with `expected`."""
    calls = {name: prepare() for name, prepare in engines.items() if installed(name)}
    for name, call in calls.items():
        check(name, call(), expected)
    return {name: calls.get(name) for name in engines}


def medians(calls: dict[str, Any]) -> Seconds:
    """Return the seconds of one call of each, the median of rounds in which all take turns."""
    gc.collect()
    gc.freeze()  # what was made so far is not looked through again during somebody's turn
    repeats, seconds = {}, {name: [] for name, call in calls.items() if call}
    for name in seconds:
        calls[name]()
        start = time.perf_counter()
        calls[name]()
        repeats[name] = max(1, int(BURST / (time.perf_counter() - start)))
    for _ in range(ROUNDS):
        for name in seconds:
            call, count = calls[name], repeats[name]
            call()
            start = time.perf_counter()
            for _ in range(count):
                call()
            seconds[name].append((time.perf_counter() - start) / count)
    return {name: statistics.median(seconds[name]) if calls[name] else None for name in calls}


def numbers(values: Any) -> np.ndarray:
    return np.array([value.data for value in values])


def ours(graph: Graph) -> Callable[[], Any]:
    """Return what compiles value and gradient, the parameters passed as one array."""

    def prepare() -> Callable[[], Any]:
        program = ag.compile(graph.output, parameters=graph.parameters)
        array = numbers(graph.parameters)
        return lambda: program.value_and_grad(parameters=array)

    return prepare


def eager(graph: Graph) -> tuple[float, list[float]]:
    return graph.output.data, ag.gradient(graph.output, graph.parameters)

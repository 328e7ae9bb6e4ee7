"""What compiling itself costs: time and memory per node, the first call, and one small call.

Each function is run in a process of its own.
"""

from __future__ import annotations

import gc
import time
import tracemalloc

from benchmarking import jobs
from benchmarking.measuring import check, eager, medians, numbers, ours
from benchmarking.names import Seconds

import autograd_engine as ag


def sized(kind: str, nodes: int) -> jobs.Graph:
    """Return a graph of about so many nodes: of moons, which lifts, or a chain, which does not."""
    if kind == "chain":
        return jobs.pendulum(nodes // 6, [ag.Value(x) for x in jobs.PENDULUM], ag)
    parameters, record = jobs.moons("autograd_engine", max(1, nodes // 650))
    return jobs.Graph(parameters, record())


def weigh_compile(kind: str, nodes: int, weighed: int = 0) -> dict[str, float]:
    """Return seconds and, if weighed, peak bytes from a graph to its first value and gradient."""
    ours(sized(kind, 3000))()()  # imports and the virtual machine are not this graph's cost
    graph = sized(kind, nodes)
    array, count = numbers(graph.parameters), len(ag.graph.nodes(graph.output))
    gc.collect()
    if weighed:
        tracemalloc.start()
    start = time.perf_counter()
    ag.compile(graph.output, parameters=graph.parameters).value_and_grad(parameters=array)
    seconds = time.perf_counter() - start
    peak = tracemalloc.get_traced_memory()[1] if weighed else 0
    return {"seconds": seconds, "bytes": peak, "nodes": count}


def time_first_call() -> dict[str, float | str]:
    """Return the seconds of the compiler's import and a chain's first gradient, after NumPy's."""
    import numpy  # noqa: F401

    graph = sized("chain", 5000)
    start = time.perf_counter()
    program = ag.compile(graph.output, parameters=graph.parameters)
    program.value_and_grad()
    return {"call": time.perf_counter() - start, "plan": program.explain_plan()}


def time_call() -> Seconds:
    """One call of a program of ten nodes, three of them parameters."""
    a, b, c = parameters = [ag.Value(0.5), ag.Value(-1.5), ag.Value(2.0)]
    graph = jobs.Graph(parameters, ag.sin(ag.tanh(a * b + c) * a - b) / c)
    array = numbers(graph.parameters)
    program = ag.compile(graph.output, parameters=graph.parameters)
    check("program", program.value_and_grad(parameters=array), eager(graph))
    calls = {
        "program(parameters=array)": lambda: program(parameters=array),
        "program.value_and_grad(parameters=array)": ours(graph)(),
        "program()": program,
        "program.value_and_grad()": program.value_and_grad,
    }
    return medians(calls)

"""Eager Values: seconds and bytes of steps, of a chain, and of one image.

Each function is run in a process of its own.
"""

from __future__ import annotations

import gc
import importlib
import statistics
import time
import tracemalloc

from benchmarking import jobs


def moons_step(engine: str):
    """Return a function that makes one step of micrograd's demo, and the number of repeats."""
    parameters, record = jobs.moons(engine)

    def step():
        total = record()
        for p in parameters:
            p.grad = None if engine == "torch" else 0.0
        total.backward()
        return total

    return step, {"micrograd": 3, "torch": 3}.get(engine, 25)


def time_moons(engine: str) -> dict:
    step, repeats = moons_step(engine)
    step()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return {"seconds": statistics.median(seconds)}


def weigh_moons(engine: str) -> dict:
    """Count the bytes per node of one step's graph, after backward; then once all were seen."""
    step, _ = moons_step(engine)
    spare = [step() for _ in range(10)]  # what the compiled build keeps of dropped ones is used up
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    total = step()
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] - before
    nodes = count_nodes(total)
    gc.collect()
    assert len(spare) == 10
    return {
        "bytes": held / nodes,
        "seen": (tracemalloc.get_traced_memory()[0] - before) / nodes,
    }


def count_nodes(output) -> int:
    seen, stack = set(), [output]
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            stack.extend(node._prev)
    return len(seen)


def time_chain(engine: str, length: int) -> dict:
    value = importlib.import_module(f"{engine}.engine").Value
    x = value(1.0)
    start = time.perf_counter()
    y = x
    for _ in range(length):
        y = y + x
    built = time.perf_counter()
    y.backward()
    swept = time.perf_counter()
    del y
    return {
        "seconds": swept - start,
        "release": time.perf_counter() - swept,
        "built": built - start,
    }


def time_image(name: str) -> dict:
    """Time a step on one image: the loss forward and backward, and all of it with an optimiser."""
    import autograd_engine as ag

    model, (image, digit) = jobs.digits_model(), jobs.digits_data()[0]
    optimizer = getattr(ag.optim, name)(model.parameters())
    loss, whole = [], []
    for _ in range(300):
        start = time.perf_counter()
        output = ag.losses.cross_entropy(model(image), digit)
        recorded = time.perf_counter()
        optimizer.zero_grad()
        cleared = time.perf_counter()
        output.backward()
        swept = time.perf_counter()
        optimizer.step()
        whole.append(time.perf_counter() - start)
        loss.append(recorded - start + swept - cleared)
    return {"loss": statistics.median(loss), "seconds": statistics.median(whole)}

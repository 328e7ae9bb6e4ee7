"""Speed and memory beside micrograd: each engine in processes of its own, side by side in one run.

    python demos/benchmarks.py            # about two minutes
    python demos/benchmarks.py --long     # also the chain of ten million additions

Builds the package twice, as plain Python and compiled (where a C compiler is found), then
prints a table of medians and their ratios. The moons step is micrograd's own: an MLP 2-16-16-1
on 100 points, forward and backward, the garbage collector on. Needs `micrograd`; a scalar
PyTorch loop takes part where torch is installed.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.util
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def moons_step(engine: str):
    """Return a function that makes one step of micrograd's demo, and the number of repeats."""
    rng = random.Random(1337)
    points = [[rng.uniform(-1.0, 2.0), rng.uniform(-0.5, 1.0)] for _ in range(100)]
    sides = [rng.choice((-1, 1)) for _ in range(100)]
    random.seed(1337)
    if engine == "torch":
        import torch

        def value(number):
            return torch.tensor(number, dtype=torch.float64)

        module = importlib.import_module("micrograd.nn")
        module.Value = lambda number: value(number).requires_grad_()
        model = module.MLP(2, [16, 16, 1])
    else:
        value = importlib.import_module(f"{engine}.engine").Value
        model = importlib.import_module(f"{engine}.nn").MLP(2, [16, 16, 1])

    def step():
        inputs = [[value(x) for x in point] for point in points]
        scores = [model(x) for x in inputs]
        losses = [(1 + -side * score).relu() for side, score in zip(sides, scores)]
        data_loss = sum(losses) * (1.0 / len(losses))
        total = data_loss + 1e-4 * sum(p * p for p in model.parameters())
        for p in model.parameters():
            p.grad = None if engine == "torch" else 0.0
        total.backward()
        return total

    return step, {"autograd_engine": 25, "micrograd": 3, "torch": 3}[engine]


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
    """Count the bytes per node of one step's graph, after backward."""
    step, _ = moons_step(engine)
    step()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    total = step()
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] - before
    seen, stack = set(), [total]
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            stack.extend(node._prev)
    return {"bytes": held / len(seen), "nodes": len(seen)}


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


WORKERS = {"moons": time_moons, "memory": weigh_moons, "chain": time_chain}


def build(folder: Path, pure: bool) -> bool:
    """Install the package into a folder; say whether it is of the kind asked for."""
    environment = {**os.environ, "AUTOGRAD_ENGINE_PURE": "1" if pure else ""}
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, env=environment, stderr=subprocess.DEVNULL)
    return (
        pure
        or any(folder.glob("autograd_engine/*.so"))
        or any(folder.glob("autograd_engine/*.pyd"))
    )


def run(folder: Path | None, *arguments: object) -> dict:
    """Run one measurement in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(folder or "")}
    command = [sys.executable, str(Path(__file__).resolve()), "--worker", *map(str, arguments)]
    output = subprocess.run(
        command,
        check=True,
        env=environment,
        cwd=tempfile.gettempdir(),
        capture_output=True,
        text=True,
    )
    return json.loads(output.stdout)


def compare(rounds: int, long: bool) -> None:
    has_torch = importlib.util.find_spec("torch") is not None
    with tempfile.TemporaryDirectory() as temporary:
        engines: dict[str, tuple[str, Path | None]] = {"micrograd": ("micrograd", None)}
        for name in ("pure", "compiled"):
            folder = Path(temporary, name)
            if build(folder, pure=name == "pure"):
                engines[f"autograd_engine, {name}"] = ("autograd_engine", folder)
        seconds: dict[str, list[float]] = {name: [] for name in engines}
        for _ in range(rounds):
            for name, (engine, folder) in engines.items():
                seconds[name].append(run(folder, "moons", engine)["seconds"])
        if has_torch:
            engines["PyTorch, scalars"] = ("torch", None)
            seconds["PyTorch, scalars"] = [run(None, "moons", "torch")["seconds"]]
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
        print("| engine | moons step, ms | times micrograd | bytes per node | chain of 1,000,000 |")
        print("|---|---|---|---|---|")
        ours = statistics.median(seconds["micrograd"])
        for name, (engine, folder) in engines.items():
            median = statistics.median(seconds[name])
            weight = "" if engine == "torch" else f"{run(folder, 'memory', engine)['bytes']:.0f}"
            chain = ""
            if engine == "autograd_engine":
                chain = f"{run(folder, 'chain', engine, 1_000_000)['seconds']:.2f} s"
                if long:
                    seconds_long = run(folder, "chain", engine, 10_000_000)["seconds"]
                    chain += f" (of 10,000,000: {seconds_long:.1f} s)"
            print(f"| {name} | {1e3 * median:.1f} | {ours / median:.1f} | {weight} | {chain} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="processes per engine")
    parser.add_argument("--long", action="store_true", help="also a chain of 10,000,000")
    parser.add_argument("--worker", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if importlib.util.find_spec("micrograd") is None:
        sys.exit('this compares with micrograd: pip install "micrograd==0.1.0"')
    if options.worker:
        name, engine, *numbers = options.worker
        print(json.dumps(WORKERS[name](engine, *map(int, numbers))))
    else:
        compare(options.rounds, options.long)


if __name__ == "__main__":
    main()

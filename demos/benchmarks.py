"""Speed and memory: the engine beside micrograd, compiled programs beside their peers, in one run.

    python demos/benchmarks.py                      # everything, about ten minutes
    python demos/benchmarks.py --only eager         # about two minutes
    python demos/benchmarks.py --only eager --long  # also the chain of ten million additions
    python demos/benchmarks.py --only step --against FOLDER  # beside another checkout of this
    python demos/benchmarks.py --only moons,digits  # some of eager step moons digits
                                                    # irregular recurrent compile first call

`eager` builds the package twice, as plain Python and compiled (where a C compiler is found),
then prints a table of medians and their ratios. The moons step is micrograd's own: an MLP
2-16-16-1 on 100 points, forward and backward, the garbage collector on. Needs `micrograd`; a
scalar PyTorch loop takes part where torch is installed. `step` builds them too: one image through
an MLP 64-32-10 with softmax cross-entropy, all of a training's step, and what importing costs.

The others time `ag.compile` of this folder's package, in double precision, on one thread of one
core, beside NumPy by hand, JAX, CasADi and PyTorch where these are installed, and say which
targets were met. They need the extra `fast`; what they run is in `benchmarking/`: the jobs, the
peers, how they are measured, the tables with the targets.
"""

from __future__ import annotations

import argparse
import functools
import gc
import importlib
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarking import jobs

ROOT = Path(__file__).resolve().parent.parent
SECTIONS = (
    "eager",
    "step",
    "moons",
    "digits",
    "irregular",
    "recurrent",
    "compile",
    "first",
    "call",
)
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_PLATFORMS": "cpu",
}


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


def time_import() -> dict:
    """Time the import in a process of its own, in seconds of CPU."""
    source = "from time import process_time as now; start = now(); import autograd_engine"
    command = [sys.executable, "-c", f"{source}; print(now() - start)"]
    return {"seconds": float(subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout)}


WORKERS = {
    "step": time_moons,
    "memory": weigh_moons,
    "chain": time_chain,
    "image": time_image,
    "import": time_import,
}


def build(folder: Path, pure: bool, source: Path = ROOT) -> bool:
    """Install the package into a folder; say whether it is of the kind asked for."""
    environment = {**os.environ, "AUTOGRAD_ENGINE_PURE": "1" if pure else ""}
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder)]
    subprocess.run([*command, str(source)], check=True, env=environment, stderr=subprocess.DEVNULL)
    return (
        pure
        or any(folder.glob("autograd_engine/*.so"))
        or any(folder.glob("autograd_engine/*.pyd"))
    )


class Failed(Exception):
    """A measurement that ended with an error, or refused to compare."""


def run(folder: Path | None, *arguments: object, **variables: str) -> dict:
    """Run one measurement in a process of its own, with the package that lies in the folder."""
    environment = {**os.environ, **ONE_THREAD, **variables, "PYTHONPATH": str(folder or "")}
    command = [sys.executable, str(Path(__file__).resolve()), "--worker", *map(str, arguments)]
    process = subprocess.run(
        command, env=environment, cwd=tempfile.gettempdir(), stdout=subprocess.PIPE, text=True
    )
    if process.returncode:
        raise Failed(f"the measurement {' '.join(command[3:])} ended with an error, see above")
    return json.loads(process.stdout.splitlines()[-1])


def work(name: str, *arguments: str) -> dict:
    """Make the measurement of that name in this process."""
    given = [int(each) if each.isdigit() else each for each in arguments]
    if name in WORKERS:
        return WORKERS[name](*given)
    from benchmarking import costs, speed

    if hasattr(os, "sched_setaffinity"):  # one thread: JAX is faster so than with idle helpers
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return {
        "moons": speed.time_moons,
        "irregular": speed.time_irregular,
        "recurrent": speed.time_recurrent,
        "digits": speed.time_digits,
        "fit": speed.time_fit,
        "compile": costs.weigh_compile,
        "first": costs.time_first_call,
        "call": costs.time_call,
    }[name](*given)


def compare(rounds: int, long: bool) -> None:
    has_torch = importlib.util.find_spec("torch") is not None
    with tempfile.TemporaryDirectory() as temporary:
        engines: dict[str, tuple[str, Path | None]] = {"micrograd": ("micrograd", None)}
        for name in ("pure", "compiled"):
            folder = Path(temporary, name)
            if build(folder, pure=name == "pure"):
                engines[f"autograd_engine, {name}"] = ("autograd_engine", folder)
                engines[f"{name}, sums written out"] = ("operators", folder)
        seconds: dict[str, list[float]] = {name: [] for name in engines}
        for _ in range(rounds):
            for name, (engine, folder) in engines.items():
                seconds[name].append(run(folder, "step", engine)["seconds"])
        if has_torch:
            engines["PyTorch, scalars"] = ("torch", None)
            seconds["PyTorch, scalars"] = [run(None, "step", "torch")["seconds"]]
        columns = "moons step, ms | times micrograd | bytes per node (once seen) | 1,000,000 +"
        print(f"\n| engine | {columns} |")
        print("|---|---|---|---|---|")
        ours = statistics.median(seconds["micrograd"])
        for name, (engine, folder) in engines.items():
            median = statistics.median(seconds[name])
            weight = chain = ""
            if engine != "torch":
                weights = run(folder, "memory", engine)
                weight = f"{weights['bytes']:.0f} ({weights['seen']:.0f})"
            if engine == "autograd_engine":
                chain = f"{run(folder, 'chain', engine, 1_000_000)['seconds']:.2f} s"
                if long:
                    seconds_long = run(folder, "chain", engine, 10_000_000)["seconds"]
                    chain += f" (of 10,000,000: {seconds_long:.1f} s)"
            print(f"| {name} | {1e3 * median:.1f} | {ours / median:.1f} | {weight} | {chain} |")


def compare_steps(rounds: int, against: Path | None) -> None:
    sources = {"": ROOT} if against is None else {"before, ": against, "": ROOT}
    columns = {
        "loss, ms": lambda folder: run(folder, "image", "SGD")["loss"],
        "step with SGD, ms": lambda folder: run(folder, "image", "SGD")["seconds"],
        "with Adam, ms": lambda folder: run(folder, "image", "Adam")["seconds"],
        "import, ms of CPU": lambda folder: run(folder, "import")["seconds"],
    }
    with tempfile.TemporaryDirectory() as temporary:
        kinds = [(before, kind) for kind in ("pure", "compiled") for before in sources]
        folders = {before + kind: Path(temporary, before + kind) for before, kind in kinds}
        for before, kind in kinds:
            if not build(folders[before + kind], kind == "pure", sources[before]):
                del folders[before + kind]
        rows = {name: {column: [] for column in columns} for name in folders}
        for _ in range(rounds):
            for name, folder in folders.items():
                for column, measured in columns.items():
                    rows[name][column].append(1e3 * measured(folder))
    print(f"\n| one image, 64-32-10 | {' | '.join(columns)} |")
    print("|---" * (1 + len(columns)) + "|")
    for name, row in rows.items():
        first = rows.get(f"before, {name}", row)
        cells = [
            f"{statistics.median(row[column]):.2f} "
            f"({statistics.median(row[column]) / statistics.median(first[column]):.2f})"
            for column in columns
        ]
        print(f"| {name} | {' | '.join(cells)} |")


def show_machine() -> None:
    found = [f"{platform.machine()}, {os.cpu_count()} cores", f"Python {platform.python_version()}"]
    for name in ("micrograd", "numpy", "jax", "casadi", "torch"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    print(", ".join(found), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="processes per engine")
    parser.add_argument("--long", action="store_true", help="also a chain of 10,000,000")
    parser.add_argument("--against", type=Path, help="another checkout, for the section step")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, such as moons,digits")
    parser.add_argument("--worker", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if importlib.util.find_spec("micrograd") is None:
        sys.exit('this compares with micrograd: pip install "micrograd==0.1.0"')
    if options.worker:
        print(json.dumps(work(*options.worker)))
        return
    chosen = options.only.split(",")
    unknown = [name for name in chosen if name not in SECTIONS]
    if unknown:
        parser.error(f"there is no section {unknown[0]!r}; known are {', '.join(SECTIONS)}")
    show_machine()
    failures = 0
    for name in chosen:
        try:
            section(name)(options)
        except Failed as failure:
            failures += 1
            print(f"\n{name}: {failure}", flush=True)
    sys.exit(failures)


def section(name: str):
    """Return what prints the tables of that section."""
    if name == "eager":
        return lambda options: compare(options.rounds, options.long)
    if name == "step":
        return lambda options: compare_steps(options.rounds, options.against)
    if importlib.util.find_spec("numpy") is None:
        sys.exit(f'the section {name} needs NumPy: pip install ".[fast]"')
    from benchmarking import tables

    return lambda options: tables.SECTIONS[name](functools.partial(run, ROOT), options.rounds)


if __name__ == "__main__":
    main()

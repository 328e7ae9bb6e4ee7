"""The tables of the benchmarks on compiled programs: what was measured, and whether it suffices.

Each function asks `run(worker, *arguments, **environment)` for numbers and prints a Markdown
table. The targets stand beside the rows that they are about.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterable
from typing import Any

from benchmarking.names import CASADI, JAX, NUMPY, OURS, TORCH, VALUES, Seconds

Run = Callable[..., Any]
Row = tuple[str, ...]


def printed(title: str, header: str, rows: Iterable[Row]) -> None:
    """Print a Markdown table; `header` holds the columns' names, with a comma between."""
    names = header.split(", ")
    print(f"\n### {title}\n")
    for row in (names, ["---"] * len(names), *rows):
        print(f"| {' | '.join(row)} |")
    sys.stdout.flush()


def span(seconds: float) -> str:
    """Return a time in the unit that suits it."""
    for factor, unit in ((1.0, "s"), (1e3, "ms")):
        if seconds * factor >= 1.0:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def mark(met: bool) -> str:
    return "met" if met else "missed"


def against(name: str, theirs: float | None, ours: float | None, most: float | None) -> Row:
    """Return the row of a peer, of whose time we are to need at most the share `most`."""
    if theirs is None:
        return name, "not installed", "", "", ""
    if ours is None:
        return name, span(theirs), "", "", ""
    share = ours / theirs
    many = share < 1.0 and (most or share) < 0.25  # rather four times faster than 0.25 times
    found = f"{1 / share:,.3g} times faster" if many else f"{share:.2f} times its time"
    if most is None:
        return name, span(theirs), found, "", ""
    target = f"at least {1 / most:,.0f} times faster" if most < 0.25 else f"at most {most:g} times"
    return name, span(theirs), found, target, mark(share <= most)


def compared(title: str, seconds: Seconds, most: dict[str, float]) -> None:
    """Print our time, and every peer's with our share of it."""
    ours = seconds[OURS]
    rows = [(OURS, "not installed" if ours is None else span(ours), "", "", "")]
    for name, theirs in seconds.items():
        if name == VALUES and ours and theirs:
            more = theirs - ours
            target = "at most 40 µs more", mark(more <= 40e-6)
            rows.append((name, span(theirs), f"{span(max(more, 0.0))} more", *target))
        elif name != OURS:
            rows.append(against(name, theirs, ours, most.get(name)))
    printed(title, "engine, median, ours against it, target,  ", rows)


def moons(run: Run, rounds: int) -> None:
    seconds = run("moons")
    seconds["micrograd"] = statistics.median(
        run("step", "micrograd")["seconds"] for _ in range(rounds)
    )
    title = "moons: value and gradient by 337 parameters, 100 points, recorded one by one"
    compared(title, seconds, {NUMPY: 0.7, JAX: 0.7, CASADI: 1 / 6, "micrograd": 1 / 20_000})


def digits(run: Run, rounds: int) -> None:
    title = "digits: value and gradient of all 1,797 images at once"
    compared(title, run("digits"), {NUMPY: 1.3})
    seconds = run("fit")
    first = seconds.pop("first")
    compared("digits: an epoch of 57 mini-batches, SGD", seconds, {TORCH: 1.0})
    if first:
        print(f"\n(Our first epoch, recording and compiling included: {span(first)}.)")


def irregular(run: Run, rounds: int) -> None:
    titles = {
        "tangle": "irregular: a random graph of 100,000 operations",
        "pendulum": "irregular: a pendulum, 100,000 steps of five operations",
    }
    for name, title in titles.items():
        compared(title, run("irregular", name), {CASADI: 1.0})


def recurrent(run: Run, rounds: int) -> None:
    title = "recurrent: 16 units read 100 numbers, beside `lax.scan`"
    compared(title, run("recurrent"), {JAX: 1.0})


def compiling(run: Run, rounds: int) -> None:
    rows = []
    for kind, title in (("lifting", "moons, which lifts"), ("chain", "a chain, which does not")):
        for nodes in (10_000, 100_000, 1_000_000):
            processes = rounds if nodes < 1_000_000 else 1
            timed = [run("compile", kind, nodes) for _ in range(processes)]
            count = timed[0]["nodes"]
            each = 1e6 * statistics.median(each["seconds"] for each in timed) / count
            weight = run("compile", kind, nodes, 1)["bytes"] / count
            marks = f"{mark(each <= 5.0)}, {mark(weight <= 400.0)}"
            rows.append((title, f"{count:,}", f"{each:.2f} µs", f"{weight:.0f}", marks))
    title = "compile time, the first value and gradient included"
    header = "graph, nodes, per node (at most 5 µs), peak bytes per node (at most 400),  "
    printed(title, header, rows)


def first_call(run: Run, rounds: int) -> None:
    measured = [run("first") for _ in range(rounds)]
    seconds = statistics.median(each["call"] for each in measured)
    row = ("a chain of 5,000 nodes", span(seconds), "at most 0.1 s", mark(seconds <= 0.1))
    title = "the first program of a process, compiled and run once, the compiler's import included"
    printed(title, "graph, median, target,  ", [row])
    print(f"\n(What ran: {measured[0]['plan']}.)")


def one_call(run: Run, rounds: int) -> None:
    rows = [
        (f"`{name}`", span(seconds), "at most 5 µs", mark(seconds <= 5e-6))
        for name, seconds in run("call").items()
    ]
    printed("one call on a program of ten nodes", "call, median, target,  ", rows)


SECTIONS: dict[str, Callable[[Run, int], None]] = {
    "moons": moons,
    "digits": digits,
    "irregular": irregular,
    "recurrent": recurrent,
    "compile": compiling,
    "first": first_call,
    "call": one_call,
}

"""The jobs of the benchmarks, each written once in scalar code that runs on several engines."""

from __future__ import annotations

import importlib
import math
import operator
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

POINTS, STEP, OPERATIONS = 100, 1e-3, 100_000
RATE, BATCH = 0.1, 32


class Graph(NamedTuple):
    """What a job leaves behind on one engine: its parameters and the scalar that they make."""

    parameters: list[Any]
    output: Any


# Moons: micrograd's demo, an MLP 2-16-16-1 with a max-margin loss on 100 points.


def moons_data() -> tuple[list[list[float]], list[int]]:
    """Return points and their sides, -1 or 1."""
    rng = random.Random(1337)
    points = [[rng.uniform(-1.0, 2.0), rng.uniform(-0.5, 1.0)] for _ in range(POINTS)]
    return points, [rng.choice((-1, 1)) for _ in range(POINTS)]


def scalars(engine: str) -> tuple[Callable[[float], Any], Any]:
    """Return what makes a number of that engine, and the module with its MLP.

    PyTorch and CasADi get micrograd's own MLP, made of their scalars, and so do our "operators".
    """
    if engine in ("autograd_engine", "micrograd"):
        value = importlib.import_module(f"{engine}.engine").Value
        return value, importlib.import_module(f"{engine}.nn")
    nn = importlib.import_module("micrograd.nn")
    if engine == "operators":
        nn.Value = importlib.import_module("autograd_engine.engine").Value
        return nn.Value, nn
    library = importlib.import_module(engine)
    if engine == "casadi":
        library.SX.relu = lambda x: library.fmax(x, 0.0)
        nn.Value = lambda number: library.SX.sym("w")
        return float, nn

    def value(number: float) -> Any:
        return library.tensor(number, dtype=library.float64)

    nn.Value = lambda number: value(number).requires_grad_()
    return value, nn


def moons(engine: str, count: int = POINTS) -> tuple[list[Any], Callable[[], Any]]:
    """Return the parameters of micrograd's network, and what records its loss on the points."""
    value, nn = scalars(engine)
    random.seed(1337)
    model = nn.MLP(2, [16, 16, 1])
    points, sides = (list(column) * math.ceil(count / POINTS) for column in moons_data())

    def record() -> Any:
        inputs = [[value(x) for x in point] for point in points[:count]]
        scores = [model(x) for x in inputs]
        losses = [(1 + -side * score).relu() for side, score in zip(sides, scores)]
        data_loss = sum(losses) * (1.0 / len(losses))
        return data_loss + 1e-4 * sum(p * p for p in model.parameters())

    return model.parameters(), record


# Digits: an MLP 64-32-10 with softmax cross-entropy.


def digits_data() -> list[tuple[list[float], int]]:
    """Return the 1,797 images with pixels from 0 to 1, and their classes."""
    import autograd_engine as ag

    return [([pixel / 16 for pixel in image], digit) for image, digit in ag.datasets.digits()]


def digits_model() -> Any:
    """Return the network, with the same weights each time."""
    import autograd_engine as ag

    rng = random.Random(0)
    return ag.nn.MLP(64, [32, 10], activation="tanh", init="xavier", rng=rng)


# A recurrence, and second derivatives.


def rnn_data(units: int = 16, steps: int = 100) -> tuple[list[list[float]], list[float]]:
    """Return for each unit its weights by units and input, and its bias; and a series of inputs."""
    rng = random.Random(0)
    rows = [[rng.gauss(0.0, 0.25) for _ in range(units + 2)] for _ in range(units)]
    return rows, [math.sin(0.25 * step) for step in range(steps)]


def rnn(rows: Sequence[Sequence[Any]], series: Sequence[float], functions: Any) -> Any:
    """Return half the squared length of the last state."""
    state: list[Any] = [0.0] * len(rows)
    for x in series:
        given = [*state, x]
        state = [functions.tanh(functions.dot(row[:-1], given, row[-1])) for row in rows]
    return 0.5 * functions.dot(state, state)


def rosenbrock(x: Any) -> Any:
    """Return Rosenbrock's function of an array."""
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


# Irregular: what has no matrices in it.


def pendulum(steps: int, start: Sequence[Any], functions: Any) -> Graph:
    """Return the angle after so many steps of symplectic Euler, five operations each.

    `start` holds angle, speed and gravity by length; `functions` is where `sin` is found.
    """
    angle, speed, gravity = start
    pull = STEP * gravity
    for _ in range(steps):
        speed = speed - pull * functions.sin(angle)
        angle = angle + STEP * speed
    return Graph(list(start), angle)


PENDULUM = (1.0, 0.0, 9.81)


class Tangle(NamedTuple):
    """A random graph: the leaves' numbers, (function or operator, places of operands), the tops."""

    leaves: list[float]
    steps: list[tuple[str, int, int]]
    tops: list[int]


BINARY = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
UNARY = {
    name: getattr(math, name)
    for name in ("sin", "cos", "tanh", "atan", "exp", "sinh", "log", "sqrt")
}
TAME = {"/": lambda x, y: abs(y) > 0.5, "log": lambda x, y: x > 0.3, "sqrt": lambda x, y: x > 0.3}


def tangle(count: int = OPERATIONS, leaves: int = 200, seed: int = 7) -> Tangle:
    """Return a random graph in which every node counts, and whose numbers stay within 2.

    Each operation takes for its first operand one that nobody has used yet, and puts itself
    in its place: so `leaves` of them are left at last.
    """
    rng = random.Random(seed)
    start = [rng.uniform(-1.0, 1.0) for _ in range(leaves)]
    data, steps, tops = list(start), [], list(range(leaves))
    names = [*BINARY] * 3 + [*UNARY]
    while len(steps) < count:
        top, j, name = rng.randrange(leaves), rng.randrange(len(data)), rng.choice(names)
        i = tops[top]
        if not TAME.get(name, lambda x, y: True)(data[i], data[j]):
            name = "sin"
        result = BINARY[name](data[i], data[j]) if name in BINARY else UNARY[name](data[i])
        if abs(result) > 2.0:
            name, result = "sin", math.sin(data[i])
        steps.append((name, i, j))
        tops[top] = len(data)
        data.append(result)
    return Tangle(start, steps, tops)


def tangled(plan: Tangle, leaves: Sequence[Any], functions: Any) -> Graph:
    """Return the sum of the tops of a random graph over these leaves."""
    nodes = list(leaves)
    for name, i, j in plan.steps:
        if name in BINARY:
            nodes.append(BINARY[name](nodes[i], nodes[j]))
        else:
            nodes.append(getattr(functions, name)(nodes[i]))
    return Graph(list(leaves), sum((nodes[top] for top in plan.tops[1:]), nodes[plan.tops[0]]))

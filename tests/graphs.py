"""Graphs for the compiler's tests: networks written in scalars, random graphs, the engine's answer.

Each network and each random graph is a `Graph`. What a graph gives on other numbers is found
by recording it once and computing its tape again with Values: `answer`.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import autograd_engine as ag
from autograd_engine import Value, losses, nn
from autograd_engine.compiler.tape import Tape, record
from autograd_engine.engine import POWER, TABLE, constant, power_of


@dataclass
class Graph:
    """A loss, the leaves that are fed at each call, and those to differentiate by."""

    loss: Value
    inputs: list[Value]
    parameters: list[Value]

    def tape(self) -> Tape:
        return record([self.loss], self.inputs, self.parameters)


def numbers(values: list[Value]) -> np.ndarray:
    return np.array([value.data for value in values])


def replayed(tape: Tape, leaves: np.ndarray, row: np.ndarray | None) -> list[Value]:
    """Return every value of a tape, computed by the engine from these leaves and inputs."""
    given = [*leaves.tolist(), *([] if row is None else row.tolist())]
    values = [*map(Value, given), *map(constant, tape.constants)]
    for rule, x, y in tape.instructions():
        if y < 0:
            values.append(rule(values[x]))
        elif rule is POWER and len(given) <= y < tape.start:
            values.append(power_of(values[y].data)(values[x]))  # as it was recorded: x**number
        else:
            values.append(rule(values[x], values[y]))
    return values


@dataclass
class Answer:
    """Outputs (rows, outputs), the gradient of the first one's mean, and their scales.

    `value_scale` and `slope_scale` are the largest |value| and |adjoint * value| met in the
    graph: each operation rounds its value by some 1e-16 of it, which moves whatever comes
    after in proportion to them. Sums in another order do no more. So 1e-12 of them leaves
    room for thousands of operations, and finds any that is wrong.
    """

    outputs: np.ndarray
    gradient: np.ndarray
    value_scale: float
    slope_scale: float

    def differs(self, outputs: np.ndarray, gradient: np.ndarray, tolerance: float = 1e-12) -> str:
        """Say what is further off than the tolerance; nothing if it is all right."""
        assert outputs.shape == self.outputs.shape and gradient.shape == self.gradient.shape
        value = np.abs(outputs - self.outputs).max() / self.value_scale
        slope = np.abs(gradient - self.gradient).max(initial=0.0) / self.slope_scale
        return "" if value <= tolerance and slope <= tolerance else f"off by {value}, {slope}"


def answer(tape: Tape, leaves: np.ndarray, rows: np.ndarray | None) -> Answer:
    """Return what the engine computes for these numbers."""
    outputs, slopes, value_scale, slope_scale = [], [], 1.0, 1.0
    for row in [None] if rows is None else rows:
        values = replayed(tape, leaves, row)
        outputs.append([values[place].data for place in tape.outputs])
        values[tape.outputs[0]].backward()
        slopes.append([value.grad for value in values[: len(tape.parameters)]])
        value_scale = max(value_scale, *(abs(value.data) for value in values))
        slope_scale = max(slope_scale, *(abs(v.grad) * max(1.0, abs(v.data)) for v in values))
    return Answer(np.array(outputs), np.mean(slopes, axis=0), value_scale, slope_scale)


# Networks.


def leaf(rng: random.Random) -> Value:
    return Value(rng.uniform(-1.0, 1.0))


def vector(rng: random.Random, length: int) -> list[Value]:
    return [leaf(rng) for _ in range(length)]


def matrix(rng: random.Random, rows: int, columns: int) -> list[list[Value]]:
    return [vector(rng, columns) for _ in range(rows)]


def flat(nested: list) -> list[Value]:
    return [value for item in nested for value in (flat(item) if isinstance(item, list) else [item])]


def linear(weights: list[list], x: list) -> list:
    return [ag.dot(row, x) for row in weights]


def moons(count: int = 100, sizes: tuple[int, ...] = (16, 16, 1)) -> Graph:
    """micrograd's demo: an SVM's loss of two features over a Python loop, and a penalty."""
    rng = random.Random(1)
    model = nn.MLP(2, list(sizes), rng=rng)
    points = [([rng.random(), rng.random()], rng.choice((-1, 1))) for _ in range(count)]
    scores = [(1 + -sign * model(point)).relu() for point, sign in points]
    penalty = 1e-4 * sum(p * p for p in model.parameters())
    return Graph(sum(scores) * (1.0 / count) + penalty, [], model.parameters())


def digits() -> Graph:
    """One image of 64 pixels, fed; the cross entropy of its class."""
    rng = random.Random(0)
    model = nn.MLP(64, [32, 10], activation="tanh", rng=rng)
    image = [Value(rng.random()) for _ in range(64)]
    return Graph(-ag.log_softmax(model(image))[3], image, model.parameters())


def transformer(length: int = 6, width: int = 8, heads: int = 2) -> Graph:
    """A block of a transformer: root mean square norm, attention, and two layers after it."""
    rng = random.Random(2)
    queries, keys, values, out = (matrix(rng, width, width) for _ in range(4))
    first, second = matrix(rng, 4 * width, width), matrix(rng, width, 4 * width)
    gains, tokens = vector(rng, width), matrix(rng, length, width)
    each = width // heads

    def normed(x: list) -> list:
        root = ag.sqrt(ag.mean([item * item for item in x]) + 1e-5)
        return [gain * item / root for gain, item in zip(gains, x)]

    x = [normed(token) for token in tokens]
    q, k, v = ([linear(weights, token) for token in x] for weights in (queries, keys, values))
    after = []
    for t in range(length):
        mixed = []
        for part in (slice(head * each, (head + 1) * each) for head in range(heads)):
            scores = [ag.dot(q[t][part], key[part]) / math.sqrt(each) for key in k]
            weights = ag.softmax(scores)
            mixed += [ag.dot(weights, column) for column in zip(*(value[part] for value in v))]
        after.append([a + b for a, b in zip(tokens[t], linear(out, mixed))])
    last = []
    for token in after:
        hidden = [ag.gelu(item) for item in linear(first, normed(token))]
        last.append([a + b for a, b in zip(token, linear(second, hidden))])
    loss = ag.mean([item * item for item in flat(last)])
    parameters = flat([queries, keys, values, out, first, second, gains])
    return Graph(loss, flat(tokens), parameters)


def recurrent(length: int = 12, width: int = 8, features: int = 3) -> Graph:
    """A recurrent cell, unrolled: the state is made of the one before and what is read."""
    rng = random.Random(3)
    inner, outer, bias = matrix(rng, width, width), matrix(rng, width, features), vector(rng, width)
    read, state = matrix(rng, length, features), vector(rng, width)
    start = state
    for x in read:
        state = [
            ag.tanh(ag.dot(w, state, b) + ag.dot(u, x)) for w, u, b in zip(inner, outer, bias)
        ]
    loss = ag.sum([item * item for item in state])
    return Graph(loss, flat(read), flat([inner, outer, bias, start]))


def pendulum(steps: int = 50) -> Graph:
    """A pendulum's swing, step by step: the loss is how far from the top it ends."""
    angle, speed = Value(0.5, "angle"), Value(0.0, "speed")
    length, start = Value(1.0, "length"), [angle, speed]
    for _ in range(steps):
        speed = speed - 0.01 * 9.81 / length * ag.sin(angle)
        angle = angle + 0.01 * speed
    loss = (angle - math.pi) * (angle - math.pi) + speed * speed
    return Graph(loss, start, [length])


def convolution(size: int = 8, kernels: int = 3, width: int = 3) -> Graph:
    """Every window of an image meets every kernel."""
    rng = random.Random(4)
    weights = [matrix(rng, width, width) for _ in range(kernels)]
    image, around = matrix(rng, size, size), range(width)
    seen = [
        ag.relu(ag.sum([kernel[a][b] * image[i + a][j + b] for a in around for b in around]))
        for kernel in weights
        for i in range(size - width + 1)
        for j in range(size - width + 1)
    ]
    return Graph(ag.mean(seen), flat(image), flat(weights))


def fitted(
    points: list[list[float]],
    targets: list[float],
    *,
    sizes: tuple[int, ...] = (4, 3, 1),
    activation: str = "tanh",
    penalty: Callable | None = None,
    combine: Callable = ag.mean,
) -> Graph:
    """The squared error of a small network over a Python loop of points."""
    model = nn.MLP(len(points[0]), list(sizes), activation=activation, rng=random.Random(5))
    errors = [(model(point) - target) ** 2 for point, target in zip(points, targets)]
    loss = combine(errors)
    if penalty is not None:
        loss = loss + 0.01 * ag.sum([penalty(p) for p in model.parameters()])
    return Graph(loss, [], model.parameters())


# Random graphs.

PRIMITIVES = [name for name in TABLE if name not in ("leaf", "constant")]
STEEP = 20.0  # a partial beyond it would make rounding errors larger than the tolerance
LARGE = 100.0
_EXACT = ("add", "subtract", "multiply", "negative", "absolute", "maximum", "minimum", "relu")
_KINKS = ("maximum", "minimum", "relu", "absolute", "sign", "above", "at_least", "equals", "gate")


def smooth(values: list[Value], exact: dict[int, bool]) -> bool:
    """Say whether rounding leaves values and slopes about what they are.

    Not where a kink is near: only where it is met exactly, by numbers that no order of
    operations rounds. `exact` says of each value, by id, whether it is such a number.
    """
    for value in values:
        operands = [operand for operand in (value.x, value.y) if operand is not None]
        whole = (value.data * 64.0).is_integer() and abs(value.data) < LARGE
        known = all(exact.get(id(operand), False) for operand in operands)
        exact[id(value)] = whole and (not operands or (known and value.rule.name in _EXACT))
        if not abs(value.data) < LARGE:
            return False
        if not operands:
            continue
        if value.rule.name in _KINKS and not known:
            gap = operands[0].data - (0.0 if len(operands) == 1 else operands[1].data)
            if value.rule.name == "gate":
                gap = operands[0].data
            if abs(gap) < 1e-6:
                return False
        steep = max(abs(value.dx), abs(value.dy))
        if value.rule.name != "multiply" and not steep < STEEP:
            return False
    return True


class Grower:
    """Grows a random graph out of leaves, some of which are equal, some exactly 0."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        self.exact: dict[int, bool] = {}
        self.kept: list[Value] = []  # so that no id is given twice
        count = rng.randint(3, 30)
        self.leaves = [Value(self.number()) for _ in range(count)]
        self.pool: list[Value] = []
        self.vectors: list[list[Value]] = []
        self.keep(self.leaves)

    def number(self) -> float:
        rng = self.rng
        return rng.choice([0.0, 1.0, -1.0, 0.5]) if rng.random() < 0.3 else rng.uniform(-2, 2)

    def keep(self, values: list) -> bool:
        """Add what has been computed to the pool, if it can be compared."""
        values = [value for value in values if isinstance(value, Value)]
        new, stack = [], list(values)
        seen: dict[int, Value] = {}
        while stack:
            value = stack.pop()
            if id(value) not in seen and id(value) not in self.exact:
                seen[id(value)] = value
                stack += [operand for operand in (value.x, value.y) if operand is not None]
        done: set[int] = set()
        for value in values:
            for node in ag.graph.nodes(value):
                if id(node) in seen and id(node) not in done:
                    done.add(id(node))
                    new.append(node)
        exact = dict(self.exact)
        if not smooth(new, exact):
            return False
        self.exact = exact
        self.kept += new
        self.pool += values
        if 1 < len(values):
            self.vectors.append(values)
        return bool(values)

    def some(self, length: int) -> list[Value]:
        """Return values that belong together, or any."""
        fitting = [found for found in self.vectors if len(found) >= length]
        if fitting and self.rng.random() < 0.7:
            found = self.rng.choice(fitting)
            first = self.rng.randint(0, len(found) - length)
            return found[first : first + length]
        return self.rng.choices(self.pool, k=length)

    def grow(self, steps: int) -> None:
        for _ in range(steps):
            before = len(self.pool)
            try:
                self.keep(self.rng.choice(GROWTHS)(self))
            except (ArithmeticError, ValueError):
                continue
            assert len(self.pool) >= before

    def graph(self, inputs: bool) -> Graph:
        rng = self.rng
        ends = rng.sample(self.pool, min(8, len(self.pool))) + self.pool[-3:]
        loss = ag.sum([value * self.number() for value in ends])
        leaves = list(self.leaves)
        if rng.random() < 0.5:
            rng.shuffle(leaves)
        fed = rng.randint(1, len(leaves) - 1) if inputs else 0
        frozen = rng.choice([0, 0, 1]) if len(leaves) - fed > 1 else 0
        return Graph(loss, leaves[:fed], leaves[fed : len(leaves) - frozen])

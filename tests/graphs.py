"""Graphs for the compiler's tests: networks written in scalars, random graphs, the engine's answer.

Each network and each random graph is a `Graph`. What a graph gives on other numbers is found
by recording it once and computing its tape again with Values: `answer`.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

import autograd_engine as ag
from autograd_engine import Value, nn
from autograd_engine.compiler.record.tape import Tape, record
from autograd_engine.engine import constant, topological_order
from autograd_engine.primitives import TABLE, find_primitive


@dataclass
class Graph:
    """A loss, the leaves that are fed at each call, those to differentiate by, more outputs."""

    loss: Value
    inputs: list[Value]
    parameters: list[Value]
    others: list[Value] = field(default_factory=list)

    def tape(self) -> Tape:
        return record([self.loss, *self.others], self.inputs, self.parameters)


def numbers(values: list[Value]) -> np.ndarray:
    return np.array([value.data for value in values])


def replayed(tape: Tape, leaves: np.ndarray, row: np.ndarray | None) -> list[Value]:
    """Return every value of a tape, computed by the engine from these leaves and inputs."""
    given = [*leaves.tolist(), *([] if row is None else row.tolist())]
    values = [*map(Value, given), *map(constant, tape.constants)]
    for rule, places in tape.instructions():
        values.append(rule(*[values[place] for place in places]))
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
    return [
        value for item in nested for value in (flat(item) if isinstance(item, list) else [item])
    ]


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
        state = [ag.tanh(ag.dot(w, state, b) + ag.dot(u, x)) for w, u, b in zip(inner, outer, bias)]
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

PRIMITIVES = [
    name for name, row in TABLE.items() if name not in ("leaf", "constant") and not row.several
]
SEVERAL = [row for row in TABLE.values() if row.several]
SEVERAL += [
    find_primitive(f"{kind}[{i}]")
    for kind in ("softmax", "log_softmax", "cross_entropy")
    for i in range(3)
]
STEEP = 20.0  # a partial beyond it would make rounding errors larger than the tolerance
LARGE = 100.0
KEEPING = ("add", "subtract", "multiply", "negative", "absolute", "maximum", "minimum", "relu")
KEEPING += ("sum", "dot")
STEPS = ("above", "at_least", "equals", "sign")
KINKS = (*STEPS, "maximum", "minimum", "relu", "absolute", "gate", "branching")


class Exact:
    """Knows of values whether they have so few digits that no order of operations rounds them."""

    def __init__(self) -> None:
        self.known: dict[int, bool] = {}

    def copy(self) -> "Exact":
        other = Exact()
        other.known = dict(self.known)
        return other

    def __contains__(self, value: Value) -> bool:
        return self.known.get(id(value), value._x is None and short(value))

    def smooth(self, values: list[Value]) -> bool:
        """Say whether rounding leaves the slopes of computed values about what they are.

        Not where a kink is near, unless it is met exactly, by numbers that are never rounded.
        """
        for value in values:
            operands = value.operands
            slopes = map(abs, value.partials) if value._rule.name not in ("multiply", "dot") else []
            if not (abs(value.data) < LARGE and all(slope < STEEP for slope in slopes)):
                return False
            bending = operands[:1] if value._rule.name == "gate" else operands
            exact = all(operand in self for operand in bending)
            if value._rule.name in KINKS and not exact:
                x, *others = (operand.data for operand in bending)
                if abs(x - (others[0] if others else 0.0)) < 1e-6:
                    return False
            stepped = value._rule.name in STEPS
            self.known[id(value)] = stepped or (
                short(value) and value._rule.name in KEEPING and all(v in self for v in operands)
            )
        return True


def short(value: Value) -> bool:
    return (value.data * 64.0).is_integer() and abs(value.data) < LARGE


class Grower:
    """Grows a random graph out of leaves, some of which are equal, some exactly 0."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        self.exact = Exact()
        count = rng.randint(3, 30)
        self.leaves = [Value(self.number()) for _ in range(count)]
        self.pool = list(self.leaves)
        self.vectors = [self.leaves]
        self.met: set[str] = set()  # compositions that were tried

    def number(self) -> float:
        rng = self.rng
        return rng.choice([0.0, 1.0, -1.0, 0.5]) if rng.random() < 0.3 else rng.uniform(-2, 2)

    def keep(self, values: list) -> None:
        """Add what has been computed to the pool, if it can be compared."""
        values = [value for value in values if isinstance(value, Value)]
        exact = self.exact.copy()
        new = [node for node in topological_order(*values) if id(node) not in exact.known]
        if exact.smooth(new):
            self.exact = exact
            self.pool += values
            if len(values) > 1:
                self.vectors.append(values)

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
            try:
                self.keep(self.rng.choice(GROWTHS)(self))
            except (ArithmeticError, ValueError):  # outside of a primitive's domain
                continue

    def graph(self, inputs: bool) -> Graph:
        rng = self.rng
        ends = rng.sample(self.pool, min(8, len(self.pool))) + self.pool[-3:]
        loss = ag.sum([value * self.number() for value in ends])
        leaves = list(self.leaves)
        if rng.random() < 0.5:
            rng.shuffle(leaves)
        fed = rng.randint(1, len(leaves) - 1) if inputs else 0
        frozen = rng.choice([0, 0, 1]) if len(leaves) - fed > 1 else 0
        others = rng.sample(self.pool, rng.choice([0, 0, 2]))
        return Graph(loss, leaves[:fed], leaves[fed : len(leaves) - frozen], others)


# What a random graph may grow by: functions of a Grower that return values.


def operators(g: Grower) -> list:
    a, b = g.rng.choices(g.pool, k=2)
    return [g.rng.choice([a + b, a - b, a * b, -a, abs(a), a + g.number(), g.number() * a])]


def fixed_powers(g: Grower) -> list:
    exponent = g.rng.choice([2, 3, 0, 1, -1, 0.5, -2.5])
    return [value**exponent for value in g.some(g.rng.randint(1, 5))]


def primitives(g: Grower) -> list:
    """One primitive of each, or of a whole vector; inside of its domain more often than not."""
    rule = TABLE[g.rng.choice(PRIMITIVES)]
    columns = []
    length = g.rng.choice([1, 1, 4, 9])
    for low, high in rule.domain:
        values = g.some(length)
        if g.rng.random() < 0.8 and math.isfinite(low):
            width = min(high - low, 2.0)
            values = [low + width * (0.1 + 0.8 * ag.sigmoid(value)) for value in values]
        columns.append(values)
    return [rule(*operands) for operands in zip(*columns)]


COMPOSITIONS = {
    "softmax": lambda x, number: ag.softmax(x),
    "log_softmax": lambda x, number: ag.log_softmax(x),
    "logsumexp": lambda x, number: [ag.logsumexp(x)],
    "norm": lambda x, number: [ag.norm(x)],
    "variance": lambda x, number: [ag.variance(x)],
    "mean": lambda x, number: [ag.mean(x)],
    "sum": lambda x, number: [ag.sum(x)],
    "prod": lambda x, number: [ag.prod([ag.tanh(value) for value in x])],
    "dot": lambda x, number: [ag.dot(x, x[::-1], number)],
    "leaky_relu": lambda x, number: [ag.leaky_relu(value, number) for value in x],
    "elu": lambda x, number: [ag.elu(value, number) for value in x],
    "gelu": lambda x, number: [ag.gelu(value) for value in x],
    "silu": lambda x, number: [ag.silu(value) for value in x],
    "clip": lambda x, number: [ag.clip(value, -0.5, x[0] * x[0]) for value in x],
    "where": lambda x, number: [ag.where(value > number, value, x[0]) for value in x],
}


def compositions(g: Grower) -> list:
    """One of the package's functions, of a few values."""
    name = g.rng.choice(list(COMPOSITIONS))
    g.met.add(name)
    return COMPOSITIONS[name](g.some(g.rng.randint(1, 7)), abs(g.number()))


def several(g: Grower) -> list:
    """A row of several operands, of as many or as few as it can have, some of them numbers."""
    rule, count = g.rng.choice(SEVERAL), g.rng.randint(3, 7)
    count -= rule.name == "mse" and count % 2
    return [
        rule(*[g.rng.choice([x, x, x, g.number()]) for x in g.some(count)])
        for _ in range(g.rng.choice([1, 1, 3]))
    ]


def own_primitives(g: Grower) -> list:
    values, rule = g.some(g.rng.randint(1, 5)), g.rng.choice(OWN)
    if rule is MIDDLE and g.rng.random() < 0.8:  # of which there are no arrays
        rule = TILT
    count = rule.arity or g.rng.randint(1, 6)
    return [rule(*[value, values[0], *g.some(5)][:count]) for value in values]


def layers(g: Grower) -> list:
    """Vectors against vectors, with a bias or without; some samples come twice."""
    width, rows, columns = g.rng.randint(1, 6), g.rng.randint(1, 5), g.rng.randint(1, 6)
    weights = [g.some(width) for _ in range(rows)]
    samples = [g.some(width) for _ in range(columns)]
    samples += samples[: g.rng.choice([0, 0, 2])]
    if g.rng.random() < 0.3:
        samples = [[g.number() for _ in sample] for sample in samples]
    biases = g.rng.choice([None, g.some(rows)])
    sums = [
        ag.dot(w, x) if biases is None else ag.dot(w, x, biases[j])
        for x in samples
        for j, w in enumerate(weights)
    ]
    return [ag.tanh(0.3 * value) for value in sums] if g.rng.random() < 0.5 else sums


def subtracted_layers(g: Grower) -> list:
    """Sums of several kinds of terms, added and subtracted."""
    rows, width = g.rng.randint(2, 4), g.rng.randint(2, 5)
    a, b, c = ([g.some(width) for _ in range(rows)] for _ in range(3))
    d = g.some(width)
    return [
        ag.tanh(c[i][0] - ag.dot(a[i], d) + ag.dot(b[j], d) - ag.sum(c[j]) - c[i][1] * a[j][0])
        for i in range(rows)
        for j in range(rows)
    ]


def stacks(g: Grower) -> list:
    """Blocks of vectors, each of which meets those of its block only: attention."""
    blocks, width = g.rng.randint(2, 3), g.rng.randint(2, 3)
    rows, columns = g.rng.randint(1, 3), g.rng.randint(1, 3)
    left, right = g.some(blocks * rows * width), g.some(blocks * columns * width)
    return [
        ag.dot(
            left[(block * rows + i) * width : (block * rows + i + 1) * width],
            right[(block * columns + j) * width : (block * columns + j + 1) * width],
        )
        for block in range(blocks)
        for i in range(rows)
        for j in range(columns)
    ]


def triangles(g: Grower) -> list:
    """Each vector meets itself and those before."""
    width, count = g.rng.randint(2, 3), g.rng.randint(2, 4)
    rows = [g.some(width) for _ in range(count)]
    return [ag.dot(rows[i], rows[j]) for i in range(count) for j in range(i + 1)]


def squares(g: Grower) -> list:
    rows = [g.some(g.rng.randint(2, 6))] * g.rng.randint(1, 2)
    rows += [[value + 1.0 for value in rows[0]]]
    return [ag.sum([value * value for value in row]) for row in rows]


def windows(g: Grower) -> list:
    """A kernel slides along a line, by one or two places."""
    line, kernel, stride = g.some(g.rng.randint(4, 12)), g.some(3), g.rng.randint(1, 2)
    return [ag.dot(kernel, line[i : i + 3]) for i in range(0, len(line) - 2, stride)]


def scans(g: Grower) -> list:
    """Running results of rows of one length, of which the last one counts."""
    rows = [g.some(g.rng.choice([5, 5, 7])) for _ in range(g.rng.randint(1, 3))]
    step = g.rng.choice(["maximum", "minimum", "hypot", "multiply"])
    length = min(map(len, rows))
    found = []
    for row in rows:
        total = row[0]
        for value in row[1:length]:
            total = TABLE[step](total, value)
        found.append(total)
    return found


def cumulative(g: Grower) -> list:
    """Running results, every one of which counts."""
    step = g.rng.choice(["maximum", "minimum", "hypot", "multiply", "add", "subtract"])
    values = g.some(g.rng.randint(4, 8))
    found = [values[0]]
    for value in values[1:]:
        found.append(TABLE[step](found[-1], value))
    return found


def ties(g: Grower) -> list:
    """Kinks, met exactly."""
    exact = [value for value in g.pool if value in g.exact] or [Value(1.0)]
    values = g.rng.choices(exact, k=4) + g.rng.choices(exact, k=1) * 2
    bent = TABLE[g.rng.choice(["relu", "absolute", "sign"])]
    chosen = TABLE[g.rng.choice(["maximum", "minimum", "above", "at_least", "equals"])]
    return [bent(a - b) for a, b in zip(values, values[1:])] + [
        chosen(a, b) for a, b in zip(values, values[1:])
    ]


def reductions(g: Grower) -> list:
    """Sums over parts of what there is, some values twice in one."""
    length = g.rng.randint(2, 9)
    parts = [g.rng.choices(g.pool, k=length) for _ in range(g.rng.randint(1, 4))]
    return [ag.sum(part) for part in parts] + [ag.mean(parts[0])]


def outer(g: Grower) -> list:
    """Each of one vector with each of another, in one order or the other."""
    rule = TABLE[g.rng.choice(["multiply", "add", "subtract", "maximum", "hypot", "atan2"])]
    rows, columns = g.some(g.rng.randint(2, 4)), g.some(g.rng.randint(2, 4))
    pairs = [(a, b) for a in rows for b in columns]
    if g.rng.random() < 0.5:
        pairs = [(a, b) for b in columns for a in rows]
    return [rule(a, b) for a, b in pairs]


def elementwise(g: Grower) -> list:
    rule = TABLE[g.rng.choice(["multiply", "add", "subtract", "divide", "minimum", "ratio"])]
    length = g.rng.randint(2, 12)
    rows, others = g.some(length), g.some(length)
    if g.rng.random() < 0.3:
        others = [g.number() for _ in range(length)]
    return [rule(a, b) for a, b in zip(rows, others)]


def recurrences(g: Grower) -> list:
    """A linear cell with its last states kept."""
    state, inner, read = g.some(2), [g.some(2), g.some(2)], g.some(4)
    states = []
    for x in read:
        state = [ag.tanh(ag.dot(row, state, x)) for row in inner]
        states += state
    return states


CUBE = ag.primitive("cube", lambda x: x * x * x, lambda out, x: (3.0 * x * x,))
BLEND = ag.primitive("blend", lambda x, y: 0.25 * x + 0.75 * y, lambda out, x, y: (0.25, 0.75))
HALF_BACK = ag.primitive("half_back", lambda x: x, lambda out, x: (0.5,))
THREE = ag.primitive("three", lambda x: 3, lambda out, x: (0.25,))
BRANCHING = ag.primitive(
    "branching", lambda x: x if x > 0.0 else 0.5 * x, lambda out, x: (0.5 + 0.5 * ag.sigmoid(x),)
)
MIXED = ag.primitive(
    "mixed", lambda x, y, z: x * y + ag.tanh(z), lambda out, x, y, z: (y, x, 0.5 - 0.1 * out)
)
TILT = ag.primitive(
    "tilt", lambda *xs: ag.mean(xs), lambda out, *xs: (0.25 * ag.sin(out),) * len(xs)
)
MIDDLE = ag.primitive(
    "middle",
    lambda x, y, z: sorted((x, y, z))[1],
    lambda out, x, y, z: (0.5, ag.sigmoid(out), 0.25 * ag.cos(z)),
)
OWN = [CUBE, BLEND, HALF_BACK, THREE, BRANCHING, MIXED, TILT, MIDDLE]
GROWTHS = [
    operators,
    operators,
    fixed_powers,
    primitives,
    primitives,
    primitives,
    compositions,
    compositions,
    several,
    own_primitives,
    layers,
    layers,
    subtracted_layers,
    stacks,
    triangles,
    squares,
    windows,
    scans,
    cumulative,
    ties,
    reductions,
    outer,
    elementwise,
    recurrences,
]


def random_graph(seed: int, inputs: bool) -> Graph:
    """Return the random graph of a seed, with inputs or without."""
    grower = Grower(seed)
    grower.grow(grower.rng.choice([2, 4, 8, 16]))
    return grower.graph(inputs)


def other_rows(graph: Graph, tape: Tape, seed: int, count: int) -> np.ndarray:
    """Return rows of inputs at which the graph can be compared, the recorded one among them."""
    rng = random.Random(seed)
    leaves, first = numbers([*tape.parameters, *tape.others]), numbers(graph.inputs)
    rows = [first]
    while len(rows) < count:
        scale = rng.choice([0.0, 0.05, 0.5])
        row = first + scale * np.array([rng.uniform(-1, 1) for _ in first])
        try:
            values = replayed(tape, leaves, row)
            good = Exact().smooth([value for value in values if value._x is not None])
        except (ArithmeticError, ValueError):
            good = False
        rows.append(row if good else first)
    return np.array(rows)


# Random networks: larger and more regular than random graphs.

ACTIVATIONS = [
    lambda v: ag.tanh(0.3 * v),
    ag.sigmoid,
    ag.gelu,
    ag.softplus,
    ag.sin,
    lambda v: ag.relu(v + 0.123),
    lambda v: 0.1 * v * v,
    lambda v: 0.1 * v**2,
    lambda v: ag.leaky_relu(v + 0.0317, 0.1),
]


class Network:
    """Grows layer by layer: rows of samples, all treated alike."""

    def __init__(self, seed: int, largest: int) -> None:
        self.rng = rng = random.Random(seed)
        self.largest = largest
        samples = rng.choice([1, 1, 2, rng.randint(3, largest)])
        self.samples = matrix(rng, samples, rng.randint(3, largest))
        self.state = [list(sample) for sample in self.samples]
        self.parameters: list[Value] = []

    def weights(self, rows: int, columns: int) -> list[list[Value]]:
        found = matrix(self.rng, rows, columns)
        self.parameters += flat(found)
        return found

    def dense(self, x: list[list]) -> list[list]:
        rng, width = self.rng, len(x[0])
        act, swapped = rng.choice(ACTIVATIONS), rng.random() < 0.3
        weights = self.weights(rng.randint(1, self.largest), width)
        biases = rng.choice([[None] * len(weights), self.weights(1, len(weights))[0]])
        return [
            [
                act((ag.dot(row, w, b) if swapped else ag.dot(w, row, b)) / math.sqrt(width))
                for w, b in zip(weights, biases)
            ]
            for row in x
        ]

    def normed(self, x: list[list]) -> list[list]:
        (gains,) = self.weights(1, len(x[0]))
        roots = [ag.sqrt(ag.mean([item * item for item in row]) + 1e-3) for row in x]
        return [[g * item / root for g, item in zip(gains, row)] for row, root in zip(x, roots)]

    def softmaxed(self, x: list[list]) -> list[list]:
        return [ag.softmax(row) for row in x]

    def attention(self, x: list[list]) -> list[list]:
        causal, columns = self.rng.random() < 0.5, list(zip(*x))
        after = []
        for i, row in enumerate(x):
            seen = i + 1 if causal else len(x)
            mixture = ag.softmax([ag.dot(row, other) / len(row) for other in x[:seen]])
            after.append([ag.dot(mixture, column[:seen]) for column in columns])
        return after

    def convolved(self, x: list[list]) -> list[list]:
        act, width = self.rng.choice(ACTIVATIONS), min(3, len(x[0]))
        kernels = self.weights(self.rng.randint(1, 4), width)
        starts = range(len(x[0]) - width + 1)
        return [[act(ag.dot(k, row[i : i + width])) for k in kernels for i in starts] for row in x]

    def residual(self, x: list[list]) -> list[list]:
        return [[a + 0.5 * b for a, b in zip(row, row[::-1])] for row in x]

    def turned(self, x: list[list]) -> list[list]:
        return [list(column) for column in zip(*x)]

    def loss(self) -> Value:
        items, rng = flat(self.state), self.rng
        value = rng.choice(
            [
                lambda: ag.mean([item * item for item in items]),
                lambda: ag.mean([ag.logsumexp(row) - row[0] for row in self.state]),
                lambda: ag.norm(items),
                lambda: ag.sum([ag.hypot(a, b) for a, b in zip(items, items[1:] + items[:1])]),
            ]
        )()
        penalty = 1e-3 * ag.sum([p * p for p in self.parameters])
        return value + penalty if rng.random() < 0.5 else value


def random_network(seed: int, inputs: bool, largest: int = 12) -> Graph:
    """Return the random network of a seed; its samples are fed, or else parameters, too."""
    network = Network(seed, largest)
    rng, layers = network.rng, [network.dense] * 3
    layers += [network.normed, network.softmaxed, network.attention]
    layers += [network.convolved, network.residual, network.turned]
    for _ in range(rng.randint(1, 4)):
        network.state = rng.choice(layers)(network.state)
    loss, samples, parameters = network.loss(), flat(network.samples), network.parameters
    if rng.random() < 0.2:
        rng.shuffle(parameters)
    if not inputs or not parameters:
        return Graph(loss, [], parameters + samples)
    return Graph(loss, samples, parameters)

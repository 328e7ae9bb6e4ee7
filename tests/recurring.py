"""Graphs that repeat along their depth, graphs that only look like it, and random ones."""

import random

import autograd_engine as ag
from autograd_engine import Value


def rnn(steps, units=3):
    r = random.Random(1)
    w = [[Value(r.gauss(0, 0.4)) for _ in range(units)] for _ in range(units)]
    u = [Value(r.gauss(0, 0.4)) for _ in range(units)]
    h = [Value(0.0)] * units
    for _ in range(steps):
        x = r.gauss(0, 1)
        h = [ag.tanh(ag.dot(w[i], h) + u[i] * x) for i in range(units)]
    return ag.sum([a * a for a in h])


def lstm(steps, units=2):
    r = random.Random(2)
    w = [[[Value(r.gauss(0, 0.4)) for _ in range(units + 2)] for _ in range(units)] for _ in "fiog"]
    h, c = [Value(0.0)] * units, [Value(0.0)] * units
    for _ in range(steps):
        z = [*h, r.gauss(0, 1), 1.0]
        f, i, o, g = (
            [(ag.tanh if gate == 3 else ag.sigmoid)(ag.dot(row, z)) for row in w[gate]]
            for gate in range(4)
        )
        c = [f[j] * c[j] + i[j] * g[j] for j in range(units)]
        h = [o[j] * ag.tanh(c[j]) for j in range(units)]
    return ag.sum(h)


def pendulum(steps):
    angle, speed, g, length = Value(0.7), Value(0.1), Value(9.81), Value(1.2)
    for _ in range(steps):
        speed = speed - 0.01 * (g / length) * ag.sin(angle)
        angle = angle + 0.01 * speed
    return angle * angle + speed * speed


def newton(steps):
    s, x = Value(7.3), Value(9.0)
    for _ in range(steps):
        x = x - (x * x - s) / (2.0 * x) * 0.3
    return x


def series(steps):
    x, term, total = Value(0.7), Value(1.0), Value(1.0)
    for k in range(1, steps + 1):
        term = term * x / k
        total = total + term
    return total


def kalman(steps):
    r = random.Random(3)
    q, m, x, loss = Value(0.1), Value(0.5), [Value(0.0), Value(1.0)], Value(0.0)
    p = [[Value(1.0), Value(0.0)], [Value(0.0), Value(1.0)]]
    for t in range(steps):
        x = [x[0] + 0.1 * x[1], x[1]]
        a = [[p[0][0] + 0.1 * p[1][0], p[0][1] + 0.1 * p[1][1]], p[1]]
        p = [[a[0][0] + 0.1 * a[0][1] + q, a[0][1]], [a[1][0] + 0.1 * a[1][1], a[1][1] + q]]
        s = p[0][0] + m
        e = 0.1 * t + r.gauss(0, 0.1) - x[0]
        k = [p[0][0] / s, p[1][0] / s]
        x = [x[0] + k[0] * e, x[1] + k[1] * e]
        p = [
            [(1 - k[0]) * p[0][0], (1 - k[0]) * p[0][1]],
            [p[1][0] - k[1] * p[0][0], p[1][1] - k[1] * p[0][1]],
        ]
        loss = loss + e * e / s + ag.log(s)
    return loss


def momentum(steps, samples=5, width=3):
    r = random.Random(4)
    xs = [[r.gauss(0, 1) for _ in range(width)] for _ in range(samples)]
    ys = [r.gauss(0, 1) for _ in range(samples)]
    w, v, rate, mu = [Value(0.3) for _ in range(width)], [Value(0.0)] * width, Value(0.01), 0.9
    for _ in range(steps):
        errors = [ag.dot(w, x) - y for x, y in zip(xs, ys)]
        slopes = [ag.sum([e * x[d] for e, x in zip(errors, xs)]) for d in range(width)]
        v = [mu * v[d] - rate * slopes[d] for d in range(width)]
        w = [w[d] + v[d] for d in range(width)]
    return ag.sum([(ag.dot(w, x) - y) ** 2 for x, y in zip(xs, ys)])


def chain(steps):
    w, u, h = Value(0.8), Value(0.2), Value(0.1)
    for _ in range(steps):
        h = ag.tanh(w * h + u)
    return h


FAMILIES = [rnn, lstm, pendulum, newton, series, kalman, momentum, chain]


def of_chain(change, steps=30, start=0.1):
    """Return the last state of h = change(h, t, w, u)."""
    w, u, h = Value(0.8), Value(0.2), Value(start)
    for t in range(steps):
        h = change(h, t, w, u)
    return h


def cell(h, t, w, u):
    return ag.tanh(w * h + u)


def odd_middle():
    return of_chain(lambda h, t, w, u: (ag.sin if t == 20 else ag.tanh)(w * h + u), 40)


def odd_operand():
    return of_chain(lambda h, t, w, u: ag.tanh((h if t == 20 else w) * h + u), 40)


def swapped_operands():
    return of_chain(lambda h, t, w, u: ag.tanh((u + w * h) if t % 3 == 2 else (w * h + u)))


def period_two():
    return of_chain(lambda h, t, w, u: cell(h, t, w, u) if t % 2 else ag.sin(u * h) + w)


def first_last_special():
    def change(h, t, w, u):
        return ag.exp(u * h) if t == 0 else ag.sin(w * h) * u if t == 29 else cell(h, t, w, u)

    return of_chain(change)


def relu_power():
    return of_chain(lambda h, t, w, u: ag.relu(w * h**3 * 0.2 - 0.1 * h**2) + 0.5, 20, 1.3)


def nested():
    def change(x, t, w, u):
        z = x
        for _ in range(4):
            z = z - (z - x + w * z * z * 0.1) / (1.0 + 0.2 * w * z)
        return z

    return of_chain(change, 15)


def interleaved():
    w, u, h, g = Value(0.8), Value(0.2), Value(0.1), Value(0.4)
    for _ in range(30):
        h, g = ag.tanh(w * h + u), ag.sin(u * g) + w
    return h * g


def coupled():
    w, u, h, g = Value(0.8), Value(0.2), Value(0.1), Value(0.4)
    for _ in range(30):
        h, g = ag.tanh(w * h + g), ag.sin(u * g + h)
    return h * g


def lag_two():
    w, u, a, b = Value(0.8), Value(0.2), Value(0.1), Value(0.4)
    for _ in range(30):
        a, b = b, ag.tanh(w * b - u * a)
    return b


def every_step(units=3):
    r = random.Random(5)
    w = [[Value(r.gauss(0, 0.3)) for _ in range(units)] for _ in range(units)]
    out, h, losses = [Value(r.gauss(0, 1)) for _ in range(units)], [Value(0.1)] * units, []
    for _ in range(30):
        h = [ag.tanh(ag.dot(w[i], h) + r.gauss(0, 1)) for i in range(units)]
        losses.append((ag.dot(out, h) - r.gauss(0, 1)) ** 2)
    return ag.sum(losses)


def last_read_first():
    states = []
    h = of_chain(lambda h, *rest: states.append(cell(h, *rest)) or states[-1])
    return h * h + ag.sum([ag.exp(a) * (i + 1.0) for i, a in enumerate(states)])


def back_and_forth():
    states, w, u, g = [], Value(0.5), Value(0.3), Value(0.0)
    of_chain(lambda h, *rest: states.append(cell(h, *rest)) or states[-1], 25)
    for h in reversed(states):
        g = ag.sin(u * g + w * h)
    return g


def shared_computed():
    e, u, h = ag.exp(Value(-0.3)), Value(0.2), Value(0.1)
    for _ in range(30):
        h = ag.tanh(e * h + u)
    return h * e


def reads_first_state():
    w, u = Value(0.8), Value(0.2)
    h = first = ag.tanh(w * Value(0.1) + u)
    for _ in range(30):
        h = ag.tanh(w * h + first)
    return h


def two_layers():
    w, u, v, h, g = Value(0.8), Value(0.2), Value(0.5), Value(0.1), Value(0.3)
    for t in range(20):
        h = ag.tanh(w * h + u * (0.1 * t))
        g = ag.tanh(v * g + h)
    return g


def sequences(count=5):
    w, u, r, outs = Value(0.8), Value(0.2), random.Random(6), []
    for _ in range(count):
        h = Value(0.0)
        for _ in range(15):
            h = ag.tanh(w * h + u * r.gauss(0, 1))
        outs.append((h - 0.5) ** 2)
    return ag.sum(outs)


def resets():
    w, u, total = Value(0.8), Value(0.2), Value(0.0)
    for t in range(40):
        h = Value(0.5 + t) if t % 10 == 0 else h  # noqa: F821
        h = ag.tanh(w * h + u)
        total = total + h * h
    return total


def heat(steps=20, cells=8):
    r, k = random.Random(7), Value(0.1)
    u = [Value(r.gauss(0, 1)) for _ in range(cells)]
    for _ in range(steps):
        u = [u[i] + k * (u[i - 1] - 2.0 * u[i] + u[(i + 1) % cells]) for i in range(cells)]
    return ag.sum([a**2 for a in u])


def deep_mlp():
    return ag.nn.MLP(2, [4] * 12 + [1], rng=random.Random(8), activation="tanh")([0.3, -0.7])


def moons(summed=ag.sum):
    model = ag.nn.MLP(2, [8, 8, 1], rng=random.Random(9))
    losses = [ag.relu(1.0 - float(2 * y - 1) * model(list(x))) for x, y in ag.datasets.moons(20)]
    return summed(losses) * (1.0 / 20)


def moons_running():
    return moons(lambda losses: sum(losses, Value(0.0)))


def moons_worst():
    def worst(losses):
        found = losses[0]
        for loss in losses[1:]:
            found = ag.maximum(found, loss)
        return found

    return moons(worst)


def squares_only():
    return ag.tanh(sum([v * v for v in [Value(0.1 * i) for i in range(100)]], Value(0.0)))


def irregular():
    r = random.Random(10)
    pool = [Value(r.gauss(0, 1)) for _ in range(8)]
    for _ in range(300):
        a, b = r.choice(pool[-12:]), r.choice(pool[-12:])
        pool.append(r.choice([a * 0.5 + b, ag.tanh(a), a * b * 0.3, ag.sin(a + b)]))
    return ag.sum(pool[-6:])


def growing():
    w, states = Value(0.3), [Value(0.5)]
    for _ in range(20):
        states.append(ag.tanh(w * ag.sum(states)))
    return states[-1]


ADVERSARIES = {  # what there is to find: steps and nodes of the body
    odd_middle: [(20, 3), (19, 3)],
    odd_operand: [(20, 3), (19, 3)],
    swapped_operands: [(10, 9)],
    period_two: [(15, 6)],
    first_last_special: [(28, 3)],
    relu_power: [(20, 8)],
    nested: [(15, 36)],
    interleaved: [(30, 3), (30, 3)],
    coupled: [(30, 6)],
    lag_two: [(30, 4)],
    every_step: [(30, 12)],
    last_read_first: [(30, 3)],
    back_and_forth: [(25, 3), (25, 4)],
    shared_computed: [(30, 3)],
    reads_first_state: [(30, 3)],
    two_layers: [(20, 7)],
    sequences: [(15, 4)] * 5,
    resets: [(10, 5)] * 4,
    heat: [(20, 40)],
    deep_mlp: [(11, 8)],
    moons: [],
    moons_running: [],
    moons_worst: [],
    squares_only: [],
    irregular: [],
    growing: [],
}

ONE = [
    ag.tanh, ag.sin, ag.sigmoid, ag.relu, lambda a: a**2 * 0.3, lambda a: -a,
    lambda a: ag.sqrt(a * a + 1.0), lambda a: 0.5 * a, lambda a: 1.0 - a,
]  # fmt: skip
TWO = [
    lambda a, b: a + b, lambda a, b: a - b, lambda a, b: 0.7 * a * b, ag.maximum,
    lambda a, b: a / (b * b + 1.0), lambda a, b: ag.dot([a, b], [b, a]),
]  # fmt: skip
TROUBLES = ["none", "op", "leaf", "first", "last", "swap", "skip", "extra", "reset", "twice"]


def random_recurrence(seed):
    """Return the output of a random body run some times, often with one step that is special."""
    r = random.Random(seed)
    states, shared, fed, lags = (
        r.randint(1, 4),
        r.randint(0, 3),
        r.randint(0, 2),
        r.choice([1, 1, 2, 3]),
    )
    steps, length, trouble = r.randint(4, 20), r.randint(states + 1, 16), r.choice(TROUBLES)
    given, when = states * lags + shared + fed, r.randrange(steps)
    body = [(r.choice([1, 2]), r.randrange(9), *[r.randrange(max(0, given + k - 6) if r.random() < 0.6 else 0, given + k) for _ in "ab"]) for k in range(length)]  # fmt: skip
    weights, extra = [Value(r.uniform(-1, 1)) for _ in range(shared)], Value(0.4)
    past = [[Value(r.uniform(-1, 1)) for _ in range(states)] for _ in range(lags)]
    early = [ag.sin(extra * (0.1 * t)) for t in range(40)] if r.random() < 0.2 else None
    seen, reading = [], r.choice(["last", "every", "running", "some"])
    for t in range(steps * (1 + (trouble == "twice"))):
        hit = t == {"first": 0, "last": steps - 1}.get(trouble, when)
        pool = [state for step in past[-lags:] for state in step] + weights
        if trouble == "leaf" and hit and weights:
            pool[-1] = extra
        pool += [early[t] if early and i else Value(r.uniform(-1, 1)) for i in range(fed)]
        for k, (arity, which, a, b) in enumerate(body):
            odd = hit and k == length // 2
            which += odd and trouble in ("op", "first", "last")
            if odd and trouble == "swap":
                a, b = b, a
            pool.append(ONE[which % 9](pool[a]) if arity == 1 else TWO[which % 6](pool[a], pool[b]))
        if trouble == "extra" and hit:
            pool[-1] = pool[-1] * extra + 0.1
        if trouble == "skip" and hit:
            continue
        state = [ag.tanh(v) if seed % 3 == 0 else v * 0.9 for v in pool[-states:]]
        past.append([Value(0.2)] * states if trouble == "reset" and t % 7 == 6 else state)
        seen.append(state[0])
    y = ag.sum([v * v for v in past[-1]])
    if reading == "every":
        y = y + ag.sum([ag.sin(v) for v in seen])
    if reading == "running":
        y = sum([v * v for v in seen], y)
    return y + ag.sum(r.sample(seen, len(seen) // 2 or 1)) if reading == "some" else y

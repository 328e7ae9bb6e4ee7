"""What version 0.1.0 wrote: pickles of both builds, saved models, a checkpoint, and its numbers.

The files beside this one were written by that version (commit 4a16a42) under Python 3.11, with
its tree first on the path: by `python write.py plain`, then by `python write.py compiled` with the
same tree compiled, which adds the pickles that are other bytes there. `tests/test_old_files.py`
imports this file as `kept`, the name by which the pickles know its functions and its class.
"""

import json
import pickle
import random
import sys
from pathlib import Path

import autograd_engine as ag
from autograd_engine import Value, nn, optim
from autograd_engine.primitives import TABLE

HERE = Path(__file__).parent


def cube(x):
    return x * x * x


def cube_partials(out, x):
    return (3.0 * x * x,)


def branching(x):
    return ag.tanh(x[0] * x[1]) if x[0] > 0.0 else x[1] ** 2


class Line(nn.Module):
    """A module of one's own."""

    def __init__(self):
        self.slope, self.offset = Value(2.0, "slope"), Value(-1.0)

    def __call__(self, x):
        return self.slope * x[0] + self.offset


def leaf():
    value = Value(2.5, "a")
    value.grad = -4.0
    return value


# Graphs: the output first, the leaves last.


def graph():
    """Dot products, powers, constants, a region, labels, and leaves that are shared."""
    a, b, c = Value(2.0, "a"), Value(-3.0, "b"), Value(0.5)
    hidden = ag.dot([a, b, c], [b, 0.25, a], c)
    hidden.label = "hidden"
    ag.graph.mark_region(hidden, "layer")
    again = ag.dot([hidden, c], [c, hidden])
    output = ag.tanh(again * 0.1) + a**2 - b**-3 / c**0.5 + 2**a + c**a
    output = abs(output) * ag.maximum(a, b) + ag.primitive("cube", cube, cube_partials)(c)
    output.backward()
    return [output, hidden, [a, b, c]]


def opaque():
    """A value whose operands are known, not its partials."""
    a, b = Value(1.0, "a"), Value(2.0)
    output = Value(7.0, (a * b, b), "mine") * a
    output.backward()
    return [output, [a, b]]


def second():
    """A graph that holds derivatives, and so rows that rules are made of."""
    x, y = Value(0.3, "x"), Value(0.6)
    first = ag.hypot(x, y) * ag.atan2(y, x) + ag.sigmoid(x) * ag.asin(y) + ag.erf(x * y) + y**x
    slopes = ag.gradient(first, [x, y], create_graph=True)
    return [slopes[0] * slopes[1], [x, y]]


def rows():
    """Every row of the table."""
    return list(TABLE.values())


def networks():
    rng = random.Random(0)
    deep = nn.MLP(2, [3, 1], activation="tanh", rng=rng)
    biasless = nn.MLP(2, [2, 2], activation=ag.gelu, bias=False, rng=rng)
    return [deep, biasless, nn.Layer(2, 2, activation=Value.sigmoid, rng=rng), Line()]


def optimizers():
    """Parameters, optimisers after two steps, and schedules made on these."""
    made = []
    for kind, options in (
        (optim.SGD, {"momentum": 0.9, "nesterov": True}),
        (optim.Adam, {"weight_decay": 0.1}),
        (optim.AdamW, {}),
        (optim.RMSprop, {"momentum": 0.5}),
    ):
        w = [Value(1.0, "w"), Value(-2.0)]
        optimizer = kind(w, lr=0.05, **options)
        made.append([w, optimizer, optim.StepLR(optimizer, 2)])
        for _ in range(2):
            stepped(*made[-1])
    return made


def programs():
    """A program of a function with a branch, and one of a graph, with the leaves of these."""
    w = Value(0.5, "w")
    x = Value(2.0)
    return [ag.compile(branching, [1.0, 2.0]), ag.compile(ag.tanh(w * x) + w, [x]), w]


def history():
    return ag.History(loss=[0.5, 0.25], accuracy=[0.5, 1.0], validation_loss=[0.75, 0.5])


def dataset():
    return ag.datasets.moons(4, seed=0)


KINDS = (leaf, graph, opaque, second, rows, networks, optimizers, programs, history, dataset)

# What they give, as JSON has it.


def of_graph(made):
    """Return the gradients before and after another sweep, and what each node is called."""
    output, leaves = made[0], made[-1]
    before = [value.grad for value in leaves]
    output.backward()
    after = [value.grad for value in leaves]
    names = [[node.op, node.label] for node in ag.graph.nodes(output)]
    return [output.data, before, after, names]


def of_rows(made):
    """Return the value and the partials of each row, at a point inside its domain."""
    found = {}
    for row in made:
        points = [1.25 if low == 1.0 else 0.75 - 0.25 * i for i, (low, _) in enumerate(row.domain)]
        if row.name not in ("leaf", "constant"):
            output = row(*points)
            found[row.name] = [output, *row.partials(output, *points)]
    return found


def of_networks(made):
    """Return outputs and gradients of each network."""
    found = []
    for model in made:
        output = model([0.5, -0.25])
        ag.sum(output if isinstance(output, list) else [output]).backward()
        data = [value.data for value in (output if isinstance(output, list) else [output])]
        names = {name: value.grad for name, value in model.named_parameters()}
        found.append([data, names, [value.label for value in model.parameters()]])
    return found


def of_optimizers(made):
    return [[stepped(*each) for _ in range(3)] for each in made]


def stepped(w, optimizer, schedule):
    """Make a step down a valley, and return where it led."""
    optimizer.zero_grad()
    (w[0] ** 2 + w[0] * w[1] + 2.0 * w[1] ** 2).backward()
    optimizer.step()
    schedule.step()
    return [value.data for value in w]


def of_programs(made):
    branch, program, w = made
    w.data = 0.75
    value, slope = program.value_and_grad([3.0])
    return [float(branch([0.5, 2.0])), float(value), slope.tolist()]


GIVES = {
    graph: of_graph,
    opaque: of_graph,
    second: lambda made: of_graph(made)[:3],  # what rules are made of may have other symbols
    rows: of_rows,
    networks: of_networks,
    optimizers: of_optimizers,
    programs: of_programs,
    history: vars,
    dataset: lambda made: [[list(x), y] for x, y in made] + [made.names, made.classes],
    leaf: lambda made: [made.data, made.grad, made.label],
}


def trained(checkpoint, epochs, resume=False):
    """Return the losses of a training with momentum."""
    model = nn.MLP(2, [3, 1], activation="tanh", rng=random.Random(0))
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    points, loss = ag.datasets.moons(12, seed=0), ag.losses.binary_cross_entropy
    where = {"checkpoint": checkpoint, "resume": resume, "compile": False, "progress": False}
    return ag.fit(model, points, loss, optimizer, epochs=epochs, batch_size=4, **where).loss


def main(build):
    written = {kind.__name__: pickle.dumps(kind(), protocol=4) for kind in KINDS}
    for name, content in written.items():
        path = HERE / f"{name}.pickle"
        if build == "plain":
            path.write_bytes(content)
        elif content != path.read_bytes():
            (HERE / f"{name}.compiled.pickle").write_bytes(content)
    if build == "plain":
        for i, model in enumerate(networks()):
            ag.save(model, HERE / f"model{i}.json")
        trained(HERE / "checkpoint.json", epochs=2)
        found = {kind.__name__: GIVES[kind](kind()) for kind in KINDS}
        found["trained"] = trained(None, 4)
        lines = [f"{json.dumps(name)}: {json.dumps(given)}" for name, given in found.items()]
        (HERE / "numbers.json").write_text("{" + ",\n".join(lines) + "}\n")


if __name__ == "__main__":
    sys.modules["kept"] = sys.modules["__main__"]
    for made in (cube, cube_partials, branching, Line):
        made.__module__ = "kept"
    main(*sys.argv[1:])

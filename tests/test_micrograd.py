"""Drop-in for micrograd: its tests, its notebooks and its pictures, through an import alias.

Each function below that imports micrograd is run twice: with micrograd 0.1.0 itself, and with
this package under its name.
"""

import math
import random
import re
import sys
from collections import Counter

import micrograd
import micrograd.engine
import micrograd.nn
import numpy as np
import pytest

import autograd_engine as ag
import autograd_engine.engine
from autograd_engine import Value

NAMES = ("micrograd", "micrograd.engine", "micrograd.nn")
THEIRS = dict(zip(NAMES, (micrograd, micrograd.engine, micrograd.nn), strict=True))
OURS = dict(zip(NAMES, (ag, autograd_engine.engine, ag.nn), strict=True))

# The forward pass runs the same operations in the same order: losses of one pass are equal to
# the bit. micrograd's gradients are summed in an order that depends on addresses (a set), and
# a quotient there is a product with a power: 1e-12 relative is a thousand such roundings.
CLOSE = {"rel": 1e-12, "abs": 1e-15}


@pytest.fixture
def both(monkeypatch):
    """Return a function: what another one gives with micrograd, and with this package instead."""

    def call(function, *arguments):
        found = []
        for modules in (THEIRS, OURS):
            with monkeypatch.context() as patch:
                for name, module in modules.items():
                    patch.setitem(sys.modules, name, module)
                found.append(function(*arguments))
        return found

    return call


# Its tests.


def polynomial():
    from micrograd.engine import Value

    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    return h + q + q * x, [x]


def every_operation():
    from micrograd.engine import Value

    a, b = Value(-4.0), Value(2.0)
    c, d = a + b, a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return g, [a, b]


def shared_and_negative():
    import micrograd.engine as engine

    a, b, c = map(engine.Value, (0.5, -1.5, 3.0))
    d = -(a - 2.0) * (3.0 - b) / (c**-2) + (1.0 - a) / b
    return (d * d).relu() + a * d - sum([a, b, c]), [a, b, c]


@pytest.mark.parametrize("expression", [polynomial, every_operation, shared_and_negative])
def test_an_expression_has_the_value_and_gradients_of_micrograd(expression, both):
    found = []
    for output, leaves in both(expression):
        output.backward()
        found.append([output.data] + [leaf.grad for leaf in leaves])
    assert found[1] == pytest.approx(found[0], **CLOSE)


@pytest.mark.parametrize("x", [-1.0, 0.123, 2.0])
@pytest.mark.parametrize(
    "method, slope",
    [("tanh", lambda y: 1.0 - y * y), ("exp", lambda y: y), ("relu", lambda y: float(y > 0.0))],
)
def test_a_function_is_a_method_that_can_be_taken_from_the_class(method, slope, x):
    value = Value(x)
    output = getattr(Value, method)(value)
    output.backward()
    function = getattr(math, method, lambda x: max(x, 0.0))
    assert [output.data, value.grad] == pytest.approx([function(x), slope(function(x))], rel=1e-14)


def test_a_value_is_shown_as_in_micrograd(both):
    def shown():
        from micrograd.engine import Value

        output = Value(2.5) * 2.0
        output.backward()
        return repr(output)

    theirs, ours = both(shown)
    assert ours == theirs.replace("grad=1", "grad=1.0")  # there an int


def test_a_module_of_ones_own_is_trained_as_in_micrograd(both):
    def trained():
        from micrograd.engine import Value
        from micrograd.nn import Module

        class Line(Module):
            def __init__(self):
                self.w, self.b = Value(2.0), Value(1.0)

            def __call__(self, x):
                return self.w * x + self.b

            def parameters(self):
                return [self.w, self.b]

        line = Line()
        line(3.0).backward()
        before = [p.grad for p in line.parameters()]
        line.zero_grad()
        return before, [p.grad for p in line.parameters()]

    theirs, ours = both(trained)
    assert ours == theirs == ([3.0, 1.0], [0.0, 0.0])


@pytest.mark.parametrize(("nin", "nouts"), [(2, [16, 16, 1]), (3, [4, 4, 1]), (1, [1]), (5, [2])])
def test_a_network_has_the_weights_and_the_outputs_of_micrograd(nin, nouts, both):
    def network():
        from micrograd import nn

        random.seed(1337)
        model = nn.MLP(nin, nouts)
        assert isinstance(model, nn.Module) and type(model.layers[0].neurons[0].w) is list
        output = model([0.3 * i - 0.5 for i in range(nin)])
        outputs = output if isinstance(output, list) else [output]
        drawn = [p.data for p in model.parameters()]
        return drawn, random.random(), [v.data for v in outputs]  # nor was more drawn than these

    theirs, ours = both(network)
    assert ours == theirs


# demo.ipynb.


def moons(count, noise, rng):
    """Return points on two half circles and their sides, -1 and 1: scikit-learn's `make_moons`."""
    angles = np.linspace(0.0, np.pi, count // 2)
    outer = np.column_stack([np.cos(angles), np.sin(angles)])
    order = np.arange(count)
    rng.shuffle(order)
    points = np.concatenate([outer, [1.0, 0.5] - outer])[order]
    sides = np.repeat([-1, 1], count // 2)[order]
    return points + rng.normal(scale=noise, size=points.shape), sides


def demo(steps, batch=None):
    """Return the notebook's losses, its hits, and what it colours the plane by."""
    from micrograd.engine import Value
    from micrograd.nn import MLP

    rng = np.random.RandomState(1337)  # the numbers that np.random.seed(1337) gives
    random.seed(1337)
    X, y = moons(100, 0.1, rng)
    model = MLP(2, [16, 16, 1])
    losses, hits = [], []
    for step in range(steps):
        chosen = slice(None) if batch is None else rng.permutation(len(X))[:batch]
        inputs = [list(map(Value, row)) for row in X[chosen]]
        scores = list(map(model, inputs))
        margins = [(1 + -side * score).relu() for side, score in zip(y[chosen], scores)]
        data_loss = sum(margins) * (1.0 / len(margins))
        loss = data_loss + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * step / 100) * p.grad
        losses.append(loss.data)
        hits.append(sum((side > 0) == (v.data > 0) for side, v in zip(y[chosen], scores)))
    mesh = np.meshgrid(np.arange(-1.0, 2.5, 0.75), np.arange(-1.0, 1.5, 0.75))
    grid = [list(map(Value, row)) for row in np.c_[mesh[0].ravel(), mesh[1].ravel()]]
    plane = np.array([score.data > 0 for score in map(model, grid)]).reshape(mesh[0].shape)
    return losses, list(map(int, hits)), plane.tolist()


# What micrograd 0.1.0 gives on the moons of scikit-learn 1.9.1.
LOSSES = [
    0.8958441028683222, 1.723590533697202, 0.7429006313851131, 0.7705641260584202,
    0.3692793385976538, 0.31354548191852194, 0.2814234349772435, 0.26888733313983904,
    0.2567147286057417, 0.2704862551637922, 0.24507023853658041, 0.25099055297915035,
]  # fmt: skip
HITS = [50, 81, 77, 82, 84, 86, 89, 91, 91, 91, 91, 92]


def test_the_demo_has_the_losses_of_micrograd(monkeypatch):
    for name, module in OURS.items():
        monkeypatch.setitem(sys.modules, name, module)
    losses, hits, _ = demo(len(LOSSES))
    assert losses == pytest.approx(LOSSES, rel=1e-11)  # NumPy's sines may differ by a bit
    assert hits == HITS


def test_the_demo_in_batches_colours_the_plane_as_micrograd_does(both):
    theirs, ours = both(demo, 4, 8)
    assert ours[0] == pytest.approx(theirs[0], **CLOSE)
    assert ours[1:] == theirs[1:]
    assert ours[0][0] == theirs[0][0] and len(set(ours[0])) == 4


# trace_graph.ipynb.


def expression():
    from micrograd.engine import Value

    x = Value(1.0)
    return (x * 2 + 1).relu(), [x]


def repeated():
    from micrograd.engine import Value

    x, y = Value(-1.5), Value(0.5)
    product = x * y
    return x * x + x**3 + (y + y) * product + product.relu() + y**0.5 + product, [x, y]


def network(nin, nouts, last=None):
    from micrograd import nn
    from micrograd.engine import Value

    random.seed(1337)
    x = [Value(1.0 - 1.5 * i) for i in range(nin)]
    model = nn.MLP(nin, nouts) if nouts else nn.Neuron(nin, **({} if last is None else last))
    return model(x), [*model.parameters(), *x]


def on_numbers():
    from micrograd import nn

    random.seed(1337)
    neuron = nn.Neuron(3)
    return neuron([2, -0.5, 1.0]), neuron.parameters()


def margin_loss():
    from micrograd import nn
    from micrograd.engine import Value

    random.seed(1337)
    model = nn.MLP(2, [3, 1])
    points = [([1.0, -0.5], 1), ([-2.0, 0.25], -1)]
    scores = [(model([Value(a), Value(b)]), side) for (a, b), side in points]
    margins = [(1 + -side * score).relu() for score, side in scores]
    penalty = 1e-4 * sum(p * p for p in model.parameters())
    return sum(margins) * (1.0 / len(margins)) + penalty, model.parameters()


PICTURES = {
    "the notebook's first": expression,
    "the notebook's second, a neuron": lambda: network(2, None),
    "a linear neuron": lambda: network(3, None, {"nonlin": False}),
    "a neuron of one input": lambda: network(1, None),
    "a neuron on numbers": on_numbers,
    "a network": lambda: network(2, [3, 2, 1]),
    "the demo's loss": margin_loss,
    "values used again": repeated,
}


def walk(root):
    """Return all nodes below the root and all edges, as the notebook goes through them."""
    nodes, edges, pending = {root}, set(), [root]
    while pending:
        node = pending.pop()
        for operand in node._prev:
            edges.add((operand, node))
            if operand not in nodes:
                nodes.add(operand)
                pending.append(operand)
    return nodes, edges


def boxed(node):
    return "{ data %.4f | grad %.4f }" % (node.data, node.grad), node._op


def traced(root):
    """Return what the notebook writes into its picture: the boxes, and the arrows between them."""
    nodes, edges = walk(root)
    return Counter(map(boxed, nodes)), Counter((boxed(a), boxed(b)) for a, b in edges)


def drawn(source):
    """Return the same of the source of a picture."""
    labels = dict(re.findall(r'^\t(v\w+) \[label="?(.*?)"?(?: shape=record)?\]$', source, re.M))
    boxes = {  # without the names that values have
        name: (re.sub(r"^\{ .*?(?=data )", "{ ", label), labels.get(f"{name}op", ""))
        for name, label in labels.items()
        if not name.endswith("op")
    }
    arrows = set(re.findall(r"^\t(v\d+) -> (v\d+)op$", source, re.M))
    return Counter(boxes.values()), Counter((boxes[a], boxes[b]) for a, b in arrows)


def stepped(output, leaves):
    output.backward()
    for leaf in leaves:
        leaf.data -= 0.5 * leaf.grad


MOMENTS = {
    "before the backward pass": lambda output, leaves: None,
    "after it": lambda output, leaves: output.backward(),
    "after it, looked at before": lambda output, leaves: (traced(output), output.backward()),
    "after a step": stepped,
}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("picture", PICTURES)
def test_a_trace_over_prev_and_draw_dot_give_the_picture_of_micrograd(picture, moment, both):
    found = both(PICTURES[picture])
    for output, leaves in found:
        MOMENTS[moment](output, leaves)
    theirs, ours = (traced(output) for output, _ in found)
    assert ours == theirs == drawn(ag.draw_dot(found[1][0]).source)


@pytest.mark.parametrize("picture", PICTURES)
def test_prev_shows_the_same_values_at_each_look(picture, both):
    _, (output, _) = both(PICTURES[picture])
    first = walk(output)
    output.backward()
    assert walk(output) == first


# What differs: `==` compares numbers, where micrograd knows no `==` but identity.


def sorted_by(seen, remember, root):
    """Return a topological order as it is written in lectures, with a collection of one's own."""
    order = []

    def visit(node):
        if node not in seen:
            remember(node)
            for operand in node.operands:
                visit(operand)
            order.append(node)

    visit(root)
    return order


def test_a_topological_sort_needs_a_set_since_a_list_takes_equal_values_for_one():
    a, b = Value(2.0), Value(2.0)
    output = a * b + a
    by_set = sorted_by(seen := set(), seen.add, output)
    assert by_set[-1] is output and set(by_set) == set(ag.graph.nodes(output))
    place = {node: i for i, node in enumerate(by_set)}  # a dict too goes by identity
    assert all(place[x] < place[node] for node in by_set for x in node.operands)
    by_list = sorted_by(seen := [], seen.append, output)
    assert len(by_list) == len(by_set) - 1 and not any(node is b for node in by_list)


@pytest.mark.parametrize(
    "look, found",
    [
        (lambda values, v: v in values[:1], True),
        (lambda values, v: values.index(v), 0),
        (lambda values, v: values.count(v), 2),
        (lambda values, v: (values.remove(v), values[0] is v)[1], True),  # the other is gone
        (lambda values, v: v in set(values[:1]), False),
        (lambda values, v: v in dict.fromkeys(values[:1]), False),
        (lambda values, v: len({*values}), 2),
        (lambda values, v: any(v is other for other in values[:1]), False),
    ],
)
def test_lists_go_by_number_and_sets_and_dicts_by_identity(look, found):
    values = [Value(0.5), Value(0.5)]
    assert look(values, values[1]) == found

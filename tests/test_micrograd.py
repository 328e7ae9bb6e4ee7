"""Drop-in for micrograd: the same expressions, weights and losses, side by side."""

import math
import random
import sys
import types

import micrograd.engine
import micrograd.nn
import pytest

import autograd_engine.engine
import autograd_engine.nn

BOTH = [(micrograd.engine, micrograd.nn), (autograd_engine.engine, autograd_engine.nn)]

# The forward pass runs the same operations in the same order: losses of one pass are equal to
# the bit. micrograd's gradients are summed in an order that depends on addresses (a set), and
# a quotient there is a product with a power: 1e-12 relative is a thousand such roundings.
CLOSE = {"rel": 1e-12, "abs": 1e-15}


def polynomial(Value):
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    return y, [x]


def every_operation(Value):
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


def shared_and_negative(Value):
    a, b, c = Value(0.5), Value(-1.5), Value(3.0)
    d = -(a - 2.0) * (3.0 - b) / (c**-2) + (1.0 - a) / b
    return (d * d).relu() + a * d - sum([a, b, c]), [a, b, c]


@pytest.mark.parametrize("expression", [polynomial, every_operation, shared_and_negative])
def test_an_expression_has_the_value_and_gradients_of_micrograd(expression):
    found = []
    for engine, _ in BOTH:
        output, leaves = expression(engine.Value)
        output.backward()
        found.append([output.data] + [leaf.grad for leaf in leaves])
    assert found[1] == pytest.approx(found[0], **CLOSE)


def test_a_value_is_shown_as_in_micrograd():
    theirs, ours = (engine.Value(2.5) * 2.0 for engine, _ in BOTH)
    theirs.backward()
    ours.backward()
    assert repr(ours) == repr(theirs).replace("grad=1", "grad=1.0")  # there an int


def test_the_spellings_of_micrograd_describe_the_graph():
    for engine, _ in BOTH:
        a, b = engine.Value(2.0), engine.Value(3.0)
        assert (a + b)._prev == {a, b}
        assert [v._op for v in (a, a + b, a * b, a**2, a.relu())] == ["", "+", "*", "**2", "ReLU"]
        assert engine.Value(1.0, (a, b), "mine")._prev == {a, b}


@pytest.mark.parametrize(("nin", "nouts"), [(2, [16, 16, 1]), (3, [4, 4, 1]), (1, [1]), (5, [2])])
def test_a_network_has_the_weights_and_the_parameters_of_micrograd(nin, nouts):
    models = []
    for _, nn in BOTH:
        random.seed(1337)
        models.append(nn.MLP(nin, nouts))
    theirs, ours = models
    assert [p.data for p in ours.parameters()] == [p.data for p in theirs.parameters()]
    x = [0.3 * i - 0.5 for i in range(nin)]
    outputs = [model(x) for model in models]
    flat = [[v.data for v in o] if isinstance(o, list) else [o.data] for o in outputs]
    assert flat[1] == flat[0]


def moons(count):
    """Two half circles facing each other, with noise; labels -1 and 1."""
    rng = random.Random(0)
    points, labels = [], []
    for i in range(count):
        label = i % 2
        angle = math.pi * rng.random()
        x, y = (
            (1.0 - math.cos(angle), 0.5 - math.sin(angle))
            if label
            else (
                math.cos(angle),
                math.sin(angle),
            )
        )
        points.append([x + rng.gauss(0.0, 0.1), y + rng.gauss(0.0, 0.1)])
        labels.append(2 * label - 1)
    return points, labels


def demo(Value, MLP, steps, count):
    """The training loop of micrograd's demo notebook; returns losses and accuracies."""
    random.seed(1337)
    model = MLP(2, [16, 16, 1])
    points, labels = moons(count)
    losses, accuracies = [], []
    for k in range(steps):
        inputs = [list(map(Value, row)) for row in points]
        scores = list(map(model, inputs))
        margins = [(1 + -y * score).relu() for y, score in zip(labels, scores, strict=True)]
        data_loss = sum(margins) * (1.0 / len(margins))
        total = data_loss + 1e-4 * sum(p * p for p in model.parameters())
        hits = [(y > 0) == (score.data > 0) for y, score in zip(labels, scores, strict=True)]
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * p.grad
        losses.append(total.data)
        accuracies.append(sum(hits) / len(hits))
    return losses, accuracies


@pytest.mark.slow
def test_the_moons_demo_has_the_losses_of_micrograd():
    theirs, ours = (demo(engine.Value, nn.MLP, 5, 16) for engine, nn in BOTH)
    assert ours[0][0] == theirs[0][0]
    assert ours[0] == pytest.approx(theirs[0], **CLOSE)
    assert ours[1] == theirs[1]
    assert ours[0][-1] != ours[0][0]


SCRIPT = """
import random
from micrograd.engine import Value
from micrograd.nn import MLP, Layer, Module, Neuron

random.seed(1337)
model = MLP(2, [4, 1])
inner = Neuron(2, nonlin=False), Layer(2, 2, nonlin=False)
assert isinstance(model, Module) and type(model.layers[0].neurons[0].w) is list

class Line(Module):
    def __init__(self):
        self.w, self.b = Value(2.0), Value(1.0)
    def __call__(self, x):
        return self.w * x + self.b
    def parameters(self):
        return [self.w, self.b]

line = Line()
line(3.0).backward()
gradients = [p.grad for p in line.parameters()]
line.zero_grad()
cleared = [p.grad for p in line.parameters()]
output = model([Value(1.0), Value(-2.0)])
"""


def test_code_written_for_micrograd_runs_with_the_import_alone_changed(monkeypatch):
    theirs: dict[str, object] = {}
    exec(SCRIPT, theirs)
    monkeypatch.setitem(sys.modules, "micrograd", types.ModuleType("micrograd"))
    monkeypatch.setitem(sys.modules, "micrograd.engine", autograd_engine.engine)
    monkeypatch.setitem(sys.modules, "micrograd.nn", autograd_engine.nn)
    ours: dict[str, object] = {}
    exec(SCRIPT, ours)
    assert isinstance(ours["output"], autograd_engine.engine.Value)
    assert ours["output"].data == theirs["output"].data
    assert ours["gradients"] == theirs["gradients"] == [3.0, 1.0]
    assert ours["cleared"] == [0.0, 0.0]

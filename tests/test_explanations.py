"""Explanations as lessons: read as a whole, and each line of any graph is right.

The golden files are written by `python -m tests.test_explanations`, and then read by a person.
"""

from __future__ import annotations

import json
import math
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import autograd_engine as ag
from autograd_engine.primitives import TABLE
from autograd_engine.views.explain.explanation import derived
from autograd_engine.views.explain.formulas import (
    DOTS,
    Call,
    Delta,
    Derivative,
    Fraction,
    Given,
    Indicator,
    Minus,
    Name,
    Number,
    Power,
    Product,
    Sigma,
    Sum,
    Term,
    clipped,
    inside,
    multiplied,
)
from autograd_engine.views.explain.typesetting import TEXT

GOLDEN = Path(__file__).parent / "data" / "explanations"
DEMOS = Path(__file__).parent.parent / "demos" / "worked_examples.json"
EXAMPLES = json.loads(DEMOS.read_text(encoding="utf-8"))
Case = tuple[ag.Value, ag.Value]


def labelled(value: ag.Value, label: str) -> ag.Value:
    value.label = label
    return value


def line_fit() -> Case:
    """The slope of a straight line through four points, by the mean squared error."""
    a, b = ag.Value(0.5, "a"), ag.Value(1.0, "b")
    points = [(0.0, 1.2), (1.0, 1.9), (2.0, 3.1), (3.0, 3.8)]
    outputs = [labelled(a * x + b, f"ŷ[{i}]") for i, (x, _) in enumerate(points, 1)]
    return labelled(ag.losses.mse(outputs, [y for _, y in points]), "E"), a


def chain_rule() -> Case:
    """Two layers of one unit each, every step labelled."""
    x, d, first, second = (
        ag.Value(n, c) for n, c in ((0.5, "x"), (0.8, "d"), (0.8, "θ₁"), (0.6, "θ₂"))
    )
    h = labelled((first * x).tanh(), "h")
    y = labelled(second * h, "ŷ")
    return labelled((d - y) ** 2 / 2, "J"), first


def perceptron() -> Case:
    """One sigmoid unit on one point, by binary cross-entropy."""
    neuron = ag.nn.Neuron(2, nonlin=False)
    for weight, number in zip(neuron.parameters(), (0.5, -0.3, 0.1)):
        weight.data = number
    return labelled(ag.losses.binary_cross_entropy(neuron([0.2, -0.4]), 0), "E"), neuron.w[0]


def two_three_one() -> Case:
    """The network 2-3-1 by half the squared error, numbers of the worked example."""
    example = EXAMPLES["two_three_one"]
    model = ag.nn.MLP(2, [3, 1], activation="tanh")
    for neuron, row in zip(model.layers[0].neurons, example["W1"]):
        neuron.w[0].data, neuron.w[1].data = row
    for weight, number in zip(model.layers[1].neurons[0].w, example["W2"]):
        weight.data = number
    loss = ag.losses.half_squared_error(model(example["x"]), example["d"])
    return labelled(loss, "E"), model.layers[0].neurons[1].w[0]


def softmax_cross_entropy() -> Case:
    """A classifier of three classes, one layer, by cross-entropy."""
    layer = ag.nn.Layer(2, 3, nonlin=False, rng=random.Random(0))
    return labelled(ag.losses.cross_entropy(layer([0.5, -1.2]), 1), "L"), layer.neurons[0].w[1]


def recurrence(steps: int = 50) -> Case:
    """A recurrence of one unit, its gradient vanishing."""
    w, u, h, rng = ag.Value(0.9, "w"), ag.Value(0.5, "u"), ag.Value(0.0).detach(), random.Random(0)
    for _ in range(steps):
        h = (w * h + u * rng.uniform(-1, 1)).tanh()
    return labelled((h - 0.3) ** 2, "L"), w


def deep_network(sizes: tuple[int, ...] = (4, 4, 1), activation: str = "tanh") -> Case:
    """A deep network's first layer: the recursion of the deltas."""
    model = ag.nn.MLP(2, list(sizes), activation=activation, rng=random.Random(0))
    output = model([0.5, -1.2])
    loss = ag.losses.cross_entropy(output, 1) if sizes[-1] > 1 else ag.losses.mse(output, 0.8)
    return labelled(loss, "L"), model.layers[0].neurons[1].w[0]


def batch() -> Case:
    """The mean loss of a batch."""
    model = ag.nn.MLP(2, [3, 1], activation="tanh", rng=random.Random(0))
    losses = [ag.losses.binary_cross_entropy(model([i / 5, 1 - i / 3]), i % 2) for i in range(16)]
    return labelled(ag.mean(losses), "L"), model.layers[0].neurons[1].w[0]


LESSONS = (
    line_fit, chain_rule, perceptron, two_three_one, softmax_cross_entropy,
    recurrence, deep_network, batch,
)  # fmt: skip


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.__name__)
def test_a_lesson_reads_as_the_person_has_read_it(lesson):
    golden = (GOLDEN / f"{lesson.__name__}.txt").read_text(encoding="utf-8")
    assert ag.explain(*lesson()).text == golden


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.__name__)
def test_a_lesson_has_no_signs_of_a_keyboard_and_is_short(lesson):
    text = ag.explain(*lesson()).text
    assert "-" not in text and "^" not in text and "*" not in text and "−0\n" not in text
    assert len(text.splitlines()) <= 30


# Each line of any graph.


def worth(term: Term) -> float:
    """Return what a formula comes to, by the numbers of its names; `LookupError` for dots."""
    if term == DOTS:
        raise LookupError
    if term == Name("π"):
        return math.pi
    if isinstance(term, (Name, Delta, Derivative)):
        assert term.number is not None, term
        return term.number
    if isinstance(term, (Number, Given)):
        return term.value
    if isinstance(term, Sum):
        return sum(map(worth, term.terms))
    if isinstance(term, Sigma):
        return worth(term.spelled)
    if isinstance(term, Product):
        return math.prod(map(worth, term.factors))
    if isinstance(term, Fraction):
        return worth(term.top) / worth(term.bottom)
    if isinstance(term, Minus):
        return -worth(term.term)
    if isinstance(term, Power):
        return worth(term.base) ** worth(term.exponent)
    if isinstance(term, Indicator):
        left, right = worth(term.left), worth(term.right)
        known = {">": left > right, "≥": left >= right, "=": left == right, "≠": left != right}
        return float(known[term.relation])
    assert isinstance(term, Call)
    spoken = {
        "ln": math.log,
        "max": max,
        "min": min,
        "sgn": lambda x: (x > 0.0) - (x < 0.0),
        "abs": abs,
    }
    function: Callable[..., float] = (
        spoken.get(term.function) or TABLE[term.function.replace("ReLU", "relu")]
    )
    return float(function(*map(worth, term.operands)))


def check(output: ag.Value, wrt: ag.Value, depth: int | None = None) -> int:
    """Check each equation of a derivation, all its steps; return how many there were."""
    count = 0
    for line in derived(output, wrt, depth):
        result = line.rights[-1] if line.rights else None
        if isinstance(result, Number) and math.isfinite(result.value):
            for term in line.rights[:-1]:
                try:
                    found = worth(term)
                except (LookupError, ArithmeticError, ValueError):
                    continue
                assert found == pytest.approx(result.value, rel=1e-9, abs=1e-12), (line.left, term)
                count += 1
    return count


@pytest.mark.parametrize("seed", range(40))
def test_each_line_of_a_random_graph_is_right_in_symbols_and_in_numbers(seed):
    rng = random.Random(seed)
    leaves = [ag.Value(rng.uniform(-2, 2), f"x{i}") for i in range(3)]
    values = list(leaves)
    for i in range(rng.randrange(3, 25)):
        a, b = rng.choice(values), rng.choice(values[-4:])
        c = rng.choice(values)
        made = rng.choice(
            [
                lambda a=a, b=b: a + b, lambda a=a, b=b: a - b, lambda a=a, b=b: a * b,
                lambda a=a: a.tanh(), lambda b=b: b.relu(), lambda a=a, b=b: a / (b * b + 1.0),
                lambda a=a: a.sigmoid(), lambda a=a: (a * a + 1.0).log(), lambda a=a: -a / 2.0,
                lambda a=a, b=b, c=c: ag.softmax([a, b, c])[rng.randrange(3)],
                lambda a=a, b=b, c=c: ag.variance([a, b, c]), lambda a=a, b=b: ag.norm([a, b, 1.0]),
                lambda a=a, b=b, c=c: ag.losses.cross_entropy([a, b, c], rng.randrange(3)),
                lambda a=a, b=b: ag.losses.mse([a, b], [0.5, -0.25]), lambda a=a: a ** 2 * 0.5,
                lambda a=a, b=b, c=c: ag.dot([a, b], [c, 0.3], 0.1), lambda a=a: a.sin() * a,
                lambda a=a: ag.losses.binary_cross_entropy(a, 1), lambda a=a, b=b: ag.maximum(a, b),
            ]
        )()  # fmt: skip
        values.append(labelled(made, f"h{i}") if rng.random() < 0.25 else made)
    checked = [check(values[-1], leaf) for leaf in leaves]
    assert sum(checked) or all(not slope for slope in ag.gradient(values[-1], leaves))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.__name__)
@pytest.mark.parametrize("depth", [None, 0, 1])
def test_each_line_of_a_lesson_is_right_in_symbols_and_in_numbers(lesson, depth):
    output, wrt = lesson()
    assert check(output, wrt, depth)


def anything(rng: random.Random) -> Case:
    """A network on a batch, a recurrence, a recurrent layer, or an attention in regions."""
    kind = rng.randrange(4)
    if kind == 0:
        sizes = [rng.randint(1, 13) for _ in range(rng.randint(1, 4))]
        activation = rng.choice(["relu", "tanh", "sigmoid", "gelu", "silu"])
        model = ag.nn.MLP(2, sizes, activation=activation, rng=rng)
        outputs = [model([rng.gauss(0, 1), rng.gauss(0, 1)]) for _ in range(rng.randint(1, 6))]
        if sizes[-1] == 1:
            losses = [ag.losses.binary_cross_entropy(z, i % 2) for i, z in enumerate(outputs)]
        else:
            losses = [ag.losses.cross_entropy(z, i % len(z)) for i, z in enumerate(outputs)]
        return ag.mean(losses), rng.choice(model.parameters())
    if kind == 1:
        w, u, h = ag.Value(rng.gauss(0, 1), "w"), ag.Value(rng.gauss(0, 1)), [0.0, 0.0]
        for _ in range(rng.randint(2, 12)):
            x = rng.choice([1.0, rng.gauss(0, 1)])
            h = [(w * h[i] + u * x + h[1 - i] * 0.3).tanh() for i in (0, 1)]
        return h[0] * h[0] + h[1], rng.choice([w, u])
    if kind == 2:
        layer, h, losses = ag.nn.Layer(3, 2, activation="tanh", rng=rng), [0.0, 0.0], []
        for _ in range(rng.randint(2, 9)):
            h = layer([*h, rng.gauss(0, 1)])
            losses.append((h[0] - h[1]) ** 2)
        return ag.mean(losses), rng.choice(layer.parameters())
    xs = [[ag.Value(rng.gauss(0, 1)) for _ in range(3)] for _ in range(rng.randint(2, 4))]
    q, parts = [ag.Value(rng.gauss(0, 1)) for _ in range(3)], []
    for x in xs:
        with ag.region("attention"):
            share = ag.softmax([ag.dot([a * b for a, b in zip(q, x)], key) for key in xs])
            mixed = [ag.dot(share, column) for column in zip(*xs)]
        parts.append(ag.variance(mixed) + ag.norm(mixed))
    return ag.sum(parts), rng.choice(q)


@pytest.mark.parametrize("seed", range(30))
def test_each_line_of_networks_recurrences_and_regions_is_right(seed):
    output, wrt = anything(random.Random(seed))
    (slope,) = ag.gradient(output, [wrt])
    for depth in (None, 0, 1):
        check(output, wrt, depth)
        assert derived(output, wrt, depth)[0].rights[-1] == Number(pytest.approx(slope))
        found = ag.explain(output, wrt, depth=depth)
        assert found.html.count("<math") == found.html.count("</math>")
        assert found.markdown.count("{") == found.markdown.count("}")


# Networks, samples, steps.


@pytest.mark.parametrize(
    "activation", ["tanh", "sigmoid", "relu", "gelu", "silu", "linear", "softplus"]
)
@pytest.mark.parametrize(
    "sizes", [(3, 1), (4, 4, 1), (4, 4, 3), (12, 11, 2), (5, 5, 5, 5, 5, 5, 1)]
)
def test_any_network_has_the_recursion_of_the_deltas_in_a_few_lines(sizes, activation):
    output, wrt = deep_network(sizes, activation)
    text = ag.explain(output, wrt).text
    (slope,) = ag.gradient(output, [wrt])
    first, recursion, where = (
        text.partition("where")[0],
        text.split("where")[0].split(":\n")[1],
        text,
    )
    assert first.startswith("∂L/∂w₁₀⁽⁰⁾ = δ(z₁⁽⁰⁾)·x₀ = ")
    assert len([row for row in recursion.splitlines() if row.startswith("δ")]) <= min(len(sizes), 4)
    if len(sizes) > 2:
        assert "Σₖ wₖ" in recursion
    assert len(where.splitlines()) < 45
    goal = derived(output, wrt)[0]
    assert goal.rights[-1] == Number(slope)


@pytest.mark.parametrize("steps", [6, 50, 500])
def test_a_recurrence_has_its_general_step_once_the_sum_and_a_curve(steps):
    found = ag.explain(*recurrence(steps))
    assert len(found.text.splitlines()) <= 18
    assert "∂L/∂w = Σₜ δ(hₜ)·(1 − hₜ²)·hₜ₋₁\n" in found.text
    assert "δ(hₜ) = (1 − hₜ₊₁²)·w·δ(hₜ₊₁)" in found.text
    assert "hₜ = tanh(w·hₜ₋₁ + u·xₜ) = " in found.text
    points = found.html.partition('points="')[2].partition('"')[0]
    assert len(points.split()) == steps and 'role="img"' in found.html
    assert "<math" not in found.html.partition("<svg")[2]  # below all that is written


def test_numbers_that_differ_by_step_have_one_name_whose_index_is_right_in_every_line():
    h = w = ag.Value(0.7, "w")
    for c in (0.9, 0.8, 0.7, 1.1, 0.65, 0.95, 0.73, 0.81):
        h = (h * c + w).tanh()
    text = ag.explain(h, w).text
    assert "δ(hₜ) = (1 − hₜ₊₁²)·xₜ·δ(hₜ₊₁)" in text and "(t = 1 … 6)" in text
    assert "hₜ = tanh(hₜ₋₁·xₜ₋₁ + w) = " in text
    u, h = ag.Value(0.5, "u"), ag.Value(0.0)
    for t in range(10):
        h = (w * h + u * (t / 10)).tanh()
    text = ag.explain((h - 1.0) ** 2, u).text  # the first step is unlike the others
    assert "xₜ = 0, 0.1, 0.2, 0.3, …, 0.8, 0.9   (t = 1 … 10)\n" in text and "c = " not in text


def test_a_sum_over_an_index_that_is_a_part_of_a_sum_stands_in_brackets():
    index = Sigma("k = 1, 2", Product((M, N)))
    assert TEXT.set(Sum((index, Minus(M)))) == "(Σₖ m·n) − m"
    assert TEXT.set(index) == "Σₖ m·n"


def test_a_state_of_several_units_is_one_general_step():
    rng = random.Random(0)
    W = [[ag.Value(rng.gauss(0, 0.5), f"W{i}{j}") for j in range(3)] for i in range(3)]
    h = [0.0, 0.0, 0.0]
    for _ in range(20):
        x = rng.gauss(0, 1)
        h = [(ag.dot(row, h) + x).tanh() for row in W]
    text = ag.explain((h[0] + h[1] + h[2]) ** 2, W[0][1]).text
    assert "δ(hⱼ[t]) = Σₖ (1 − hₖ[t+1]²)·Wₖⱼ·δ(hₖ[t+1])\n" in text
    assert "hⱼ[t] = tanh(Wⱼ₀·h₀[t−1] + Wⱼ₁·h₁[t−1] + Wⱼ₂·h₂[t−1] + xₜ)\n" in text


def test_a_batch_has_the_general_sample_once_the_sum_and_the_first_numbers():
    text = ag.explain(*batch()).text
    assert "∂L/∂w₁₀⁽⁰⁾ = Σₛ δ(z₁⁽⁰⁾[s])·x₀[s] = " in text
    assert "δ(z⁽¹⁾[s]) = (p[s] − y[s])/16" in text
    assert "(s = 1 … 16)" in text


def test_a_derivation_goes_through_regions_to_a_depth():
    x = ag.Value(0.5, "x")
    with ag.region("outer"):
        with ag.region("inner"):
            a = (x * 2.0).tanh() * x
        b = (a * a).sin() + a
    output = labelled(b * b, "f")
    whole, opened = (ag.explain(output, x, depth=depth).text for depth in (0, 1))
    (slope,) = ag.gradient(output, [x])
    assert "outer(x, …)" in whole and "inner" not in whole
    assert "inner(x, …)" in opened
    for text in (whole, opened):
        assert f" = {slope:.6g}\n" in text
    with pytest.raises(ValueError, match="depth is None or a number from 0 on"):
        ag.explain(output, x, depth=-1)


def test_signs_and_units_are_simplified_and_no_zero_is_negative():
    d, y = ag.Value(0.8, "d"), labelled(ag.Value(0.1) * 2.0, "y")
    text = ag.explain((d - y) ** 2 / 2, y.operands[0]).text
    assert "∂v3/∂y = −(d − y) = −(0.8 − 0.2) = −0.6\n" in text.replace("v6", "v3").replace(
        "v5", "v3"
    ).replace("v4", "v3")
    zero = ag.explain(-(y * 0.0), y).text
    assert " = 0\n" in zero and "−0\n" not in zero


M, N = Name("m", 2.0), Name("n", 3.0)


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        ([Sum((Minus(M), Minus(M))), N], Minus(Product((Number(2.0), M, N)))),
        ([Sum((Minus(M), N) * 2), N], Product((Number(2.0), Sum((Minus(M), N)), N))),
        ([Number(2.0), Fraction(M, Number(4.0))], Fraction(M, Number(2.0))),
        ([Number(-6.0), Fraction(M, Number(4.0))], Minus(Fraction(Product((Number(3.0), M)), Number(2.0)))),
    ],
)  # fmt: skip
def test_a_product_is_put_together_as_on_paper(factors, expected):
    assert multiplied(factors) == expected


def test_each_part_of_a_formula_is_kept_where_others_change():
    sigma = Sigma("k = 1, 2", M, Sum((M, N)))
    assert inside(sigma, lambda term: N).spelled == N and clipped(sigma).spelled == sigma.spelled


def test_what_a_long_sum_makes_of_one_value_is_explained_in_linear_time():
    def calls(count: int) -> int:
        w = ag.Value(0.5, "w")
        total = sum((ag.Value(float(i), f"x{i}") * w for i in range(count)), ag.Value(0.0))
        output, seen = total + ag.sum([w * i for i in range(count)]), []
        sys.setprofile(lambda *event: seen.append(1))
        try:
            ag.explain(output, w)
        finally:
            sys.setprofile(None)
        return len(seen)

    assert calls(800) < 6.0 * calls(200)  # 16 times as many where it was quadratic


def write() -> None:
    """Write the golden files."""
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for lesson in LESSONS:
        found = ag.explain(*lesson()).text
        (GOLDEN / f"{lesson.__name__}.txt").write_text(found, encoding="utf-8")


if __name__ == "__main__":
    write()

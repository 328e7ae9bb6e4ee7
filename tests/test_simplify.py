"""Simplify: every rewrite is exact for every number, and each has a test of its own."""

import math
import random

import numpy
import pytest

import autograd_engine as ag
from autograd_engine import Value
from autograd_engine.compiler.record.rewriting import common
from autograd_engine.compiler.record.tape import Tape, record
from autograd_engine.compiler.run.native.core import Machine

INF, NAN = math.inf, math.nan
EDGES = [NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 0.1, -3.7, 1e308, -1e308, 1e-308, 5e-324, -5e-324]


def run(tape: Tape, *numbers: float) -> tuple[float, list[float]]:
    """The first output and the gradient, infinities and NaN as IEEE 754 has them."""
    outputs, gradient = Machine(tape).run(numpy.array(numbers), None, True)
    return outputs[0, 0], gradient.tolist()


def same(x: float, y: float) -> bool:
    """Bit for bit, the sign of zero too."""
    return (x != x and y != y) or (x == y and math.copysign(1, x) == math.copysign(1, y))


def names(tape: Tape) -> list[str]:
    return [rule.name for rule, _ in tape.instructions()]


def recorded(formula, count: int = 1) -> Tape:
    leaves = [Value(0.75 + i) for i in range(count)]
    return record([formula(*leaves)], parameters=leaves)


# Rewrites of one operation: what it was, what is left of it.
# fmt: off
REWRITES = {
    "times one":            (lambda x: x * 1.0,      []),
    "one times":            (lambda x: 1.0 * x,      []),
    "divided by one":       (lambda x: x / 1.0,      []),
    "less zero":            (lambda x: x - 0.0,      []),
    "plus minus zero":      (lambda x: x + -0.0,     []),
    "minus zero plus":      (lambda x: -0.0 + x,     []),
    "to the power of one":  (lambda x: x**1.0,       []),
    "square":               (lambda x: x**2.0,       ["multiply"]),
    "square of an integer": (lambda x: x**2,         ["multiply"]),
}
KEPT = {
    "times zero":           (lambda x: x * 0.0,      ["multiply"]),
    "plus zero":            (lambda x: x + 0.0,      ["add"]),
    "zero plus":            (lambda x: 0 + x,        ["add"]),
    "less minus zero":      (lambda x: x - -0.0,     ["subtract"]),
    "zero less":            (lambda x: 0.0 - x,      ["subtract"]),
    "less itself":          (lambda x: x - x,        ["subtract"]),
    "divided by itself":    (lambda x: x / x,        ["divide"]),
    "one divided by":       (lambda x: 1.0 / x,      ["divide"]),
    "to the power of zero": (lambda x: x**0.0,       ["power"]),
    "to the power of half": (lambda x: x**0.5,       ["power"]),
    "times minus one":      (lambda x: x * -1.0,     ["multiply"]),
}
# fmt: on


@pytest.mark.parametrize("name", [*REWRITES, *KEPT])
def test_a_rewrite_leaves_the_operations_listed(name):
    formula, left = {**REWRITES, **KEPT}[name]
    assert names(common(recorded(formula))) == left


@pytest.mark.parametrize("name", [*REWRITES, *KEPT])
@pytest.mark.parametrize("x", EDGES)
def test_a_rewrite_keeps_value_and_derivative_at_every_edge(name, x):
    tape = recorded({**REWRITES, **KEPT}[name][0])
    (value, (slope,)), (expected, (by_rule,)) = run(common(tape), x), run(tape, x)
    assert same(value, expected)
    assert same(slope, by_rule)


def test_squares_agree_with_pow_to_1e_15():
    rng = random.Random(3)
    tape = recorded(lambda x: x**2.0)
    for _ in range(500):
        x = rng.uniform(-1.0, 1.0) * 10.0 ** rng.randrange(-150, 150)
        (value, (slope,)), (expected, (by_rule,)) = run(common(tape), x), run(tape, x)
        assert value == pytest.approx(expected, rel=1e-15)  # pow is within one ulp
        assert slope == pytest.approx(by_rule, rel=1e-15)


def test_what_is_computed_twice_is_computed_once():
    tape = common(recorded(lambda x, y: ag.sin(x * y) + ag.sin(x * y), 2))
    assert [(rule.name, places) for rule, places in tape.instructions()] == [
        ("multiply", (0, 1)),
        ("sin", (2,)),
        ("add", (3, 3)),
    ]


def test_sums_and_products_are_the_same_either_way_round():
    assert names(common(recorded(lambda x, y: (x * y) / (y * x), 2))) == ["multiply", "divide"]
    assert names(common(recorded(lambda x, y: (x + y) / (y + x), 2))) == ["add", "divide"]
    assert names(common(recorded(lambda x: (x * 3.0) / (3.0 * x)))) == ["multiply", "divide"]


@pytest.mark.parametrize(
    "formula",
    [
        lambda x, y: (x - y) * (y - x),
        lambda x, y: (x / y) * (y / x),
        lambda x, y: (x**y) * (y**x),
        lambda x, y: ag.atan2(x, y) * ag.atan2(y, x),
        lambda x, y: ag.maximum(x, y) * ag.maximum(y, x),  # of 0.0 and -0.0, the first
    ],
)
def test_other_operations_are_not_the_same_the_other_way_round(formula):
    assert len(common(recorded(formula, 2)).op) == 3


def test_equal_constants_are_one_by_their_bits():
    x = Value(2.0)
    tape = common(record([((x * 3.0 - 3.0) * (x + 0.0) + (x + -0.0 * x)) * (x + NAN) * (x * NAN)]))
    assert sum(number == 3.0 for number in tape.constants) == 1
    zeros = [math.copysign(1.0, number) for number in tape.constants if number == 0.0]
    assert sorted(zeros) == [-1.0, 1.0]
    assert sum(number != number for number in tape.constants) == 1


def test_outputs_may_be_leaves_constants_and_repeated():
    x = Value(2.0)
    y = x * 3.0
    tape = common(record([x, y * 1.0, y, x**1.0, ag.engine.constant(5.0)], parameters=[x]))
    outputs, gradient = Machine(tape).run(numpy.array([2.0]), None, True)
    assert outputs.tolist() == [[2.0, 6.0, 6.0, 2.0, 5.0]]
    assert gradient.tolist() == [1.0]


def test_labels_go_where_their_values_go():
    x = Value(2.0, "x")
    square, again = x * x, x * x
    square.label, again.label = "square", "again"
    last = ag.exp(again * 1.0 + square)
    last.label = "last"
    tape = common(record([last]))
    assert tape.names == {0: "x", 2: "again", 4: "last"}  # the first recorded names both


def test_a_tape_is_not_changed():
    tape = recorded(lambda x, y: (x * y + y * x) * 1.0, 2)
    before = (list(tape.op), list(tape.x), list(tape.y), list(tape.constants), list(tape.outputs))
    common(tape)
    assert before == (
        list(tape.op), list(tape.x), list(tape.y), list(tape.constants), list(tape.outputs)
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_random_programs_give_the_same_value_and_gradient(seed):
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-1.0, 1.0)) for _ in range(3)]
    made = list(leaves)
    for _ in range(300):
        x, y = rng.choice(made[-12:]), rng.choice(made)
        made.append(
            rng.choice(
                [
                    lambda: ag.tanh(x + y),
                    lambda: ag.tanh(x * y) * 1.0,
                    lambda: (x - 0.5) / 1.0,
                    lambda: ag.sin(x) * 0.5,
                    lambda: ag.maximum(x, y) ** 1.0,
                    lambda: (y + 0.0) * 0.25,
                ]
            )()
        )
    tape = record([sum(made[1:], made[0])], parameters=leaves)
    numbers = [leaf.data for leaf in leaves]
    (value, gradient), (expected, by_rule) = run(common(tape), *numbers), run(tape, *numbers)
    assert len(common(tape).op) < len(tape.op)
    assert value == expected
    # Merged values pass one sum on where there were several: another order of additions.
    size = max(map(abs, by_rule))
    assert all(abs(x - y) <= 1e-12 * size for x, y in zip(gradient, by_rule, strict=True))

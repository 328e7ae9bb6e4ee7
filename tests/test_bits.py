"""The same code gives the same bits on numbers and on Values, whatever Python does with floats."""

import math
import random
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import autograd_engine as ag
from autograd_engine import Value, functions, losses
from autograd_engine.primitives import Primitive
from autograd_engine.table import PUBLIC

OF_LISTS = {
    **{
        name: getattr(ag, name)
        for name in ("sum", "mean", "prod", "norm", "variance", "logsumexp", "softmax", "log_softmax")
    },
    "dot": lambda x: ag.dot(x, x[::-1]),
    "dot from a start": lambda x: ag.dot(x[1:], x[:-1], x[0]),
    "mse": lambda x: losses.mse(x, x[::-1]),
    "half_squared_error": lambda x: losses.half_squared_error(x, x[::-1]),
    "cross_entropy": lambda x: losses.cross_entropy(x, 1),
    "binary_cross_entropy": lambda x: losses.binary_cross_entropy(x[0], 0),
    "hinge": lambda x: losses.hinge(x[0], -1),
    "leaky_relu": lambda x: ag.leaky_relu(x[0], x[1]),
    "elu": lambda x: ag.elu(x[0], x[1]),
    "gelu": lambda x: ag.gelu(x[0]),
    "silu": lambda x: ag.silu(x[0]),
    "clip": lambda x: ag.clip(x[0], None, x[0]),
    "where": lambda x: ag.where(x[0] < x[1], x[0], x[1]),
}  # fmt: skip


def test_no_function_is_forgotten():
    ours = {
        name
        for name in ag.__all__
        if isinstance(getattr(ag, name), Primitive)
        or getattr(getattr(ag, name), "__module__", "") == functions.__name__
    }
    assert {*OF_LISTS, *PUBLIC} >= ours


def bits(found):
    many = found if isinstance(found, list) else [found]
    numbers = [item.data if isinstance(item, Value) else item for item in many]
    assert all(type(number) is float for number in numbers)
    return [number.hex() for number in numbers]


def rows(seed=0):
    rng = random.Random(seed)
    yield from ([0.1] * 10, [1e16, 1.0, -1e16], [-0.0, -0.0], [math.inf, 1.0], [1e308, 1e308])
    for scale in (1e-9, 1.0, 1e9):
        for length in (2, 3, 10, 40):
            yield [rng.gauss(0.0, scale) for _ in range(length)]


@pytest.mark.parametrize("name", OF_LISTS)
def test_functions_of_lists_give_the_same_bits(name):
    f = OF_LISTS[name]
    for row in rows():
        assert bits(f(row)) == bits(f([Value(x) for x in row])), row


KINDS = {
    "int": lambda x: round(x * 1e17),
    "float32": np.float32,
    "float16": np.float16,
    "int64": lambda x: np.int64(round(x * 1e17)),
    "Fraction": lambda x: Fraction(x) / 3,
    "Decimal": lambda x: Decimal(x) / 3,
    "array of no dimension": np.array,
    "mixed": lambda x: Decimal(x) if x > 0.5 else np.float32(x),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", OF_LISTS)
def test_numbers_of_every_kind_count_as_the_floats_that_values_make_of_them(name, kind):
    f = OF_LISTS[name]
    for seed in range(5):
        rng = random.Random(seed)
        row = [KINDS[kind](rng.random()) for _ in range(3)]
        assert bits(f(row)) == bits(f([Value(x) for x in row])), row


@pytest.mark.parametrize("name", PUBLIC)
def test_primitives_give_the_same_bits(name):
    rule, rng = PUBLIC[name], random.Random(name)
    for _ in range(50):
        point = [
            rng.uniform(max(low, -2.0), min(high, max(low, -2.0) + 3.0))
            for low, high in rule.domain
        ]
        values = [Value(x) for x in point]
        assert (
            bits(rule(*point)) == bits(rule(*values)) == bits(getattr(values[0], name)(*values[1:]))
        )


@pytest.mark.parametrize("name", ["gelu", "silu", "leaky_relu", "elu"])
def test_arrays_of_short_floats_count_as_floats_too(name):
    row = np.array([0.1, -0.3], np.float32)
    assert bits(getattr(ag, name)(row).tolist()) == bits([getattr(ag, name)(Value(x)) for x in row])


@pytest.mark.parametrize(
    "name", ["sum", "mean", "prod", "norm", "variance", "logsumexp", "softmax"]
)
def test_of_an_array_of_several_rows_is_said_what_to_write(name):
    for table in (np.ones((2, 3)), [np.ones(3), np.ones(3)]):
        with pytest.raises(ValueError, match=rf"{name} takes lists .* write \[{name}\(row\) for"):
            getattr(ag, name)(table)
    with pytest.raises(ValueError, match=r"dot takes lists .* write \[dot\(row, y\)"):
        ag.dot(np.ones((2, 2)), np.ones((2, 2)))

"""The exact back end: the bits of the engine, in value and gradient, from a tape."""

import math
import random
import struct

import numpy
import pytest

import autograd_engine as ag
from autograd_engine import Value
from autograd_engine.compiler.record.tape import record
from autograd_engine.compiler.run.exact.interpreter import Interpreter, limit
from autograd_engine.compiler.tell.listing import scalars
from autograd_engine.primitives import TABLE, Primitive, find_primitive

CUBE = ag.primitive("cube", lambda x: x * x * x, lambda out, x: (3 * x * x,))
BLEND = ag.primitive("blend", lambda x, y: 0.25 * x + 0.75 * y, lambda out, x, y: (0.25, 0.75))
COUNT = ag.primitive("count", lambda x: 3, lambda out, x: (numpy.float32(0.1),))  # not floats
# Only the compiler records `stopped`; test_guards shows what comes through it.
ROWS = [
    row
    for name, row in TABLE.items()
    if name not in ("leaf", "constant", "stopped") and not row.several
]
FIRST = ag.primitive("first", lambda a, b, c: a * b + c, lambda out, a, b, c: (b, a, ag.cos(c)))
PICKS = ag.primitive("picks", lambda *xs: sorted(xs)[0], lambda out, *xs: (0.1,) * len(xs))
SEVERAL = [row for row in TABLE.values() if row.several] + [FIRST, PICKS]
SEVERAL += [find_primitive(f"{kind}[{i}]") for kind in ("softmax", "log_softmax") for i in (0, 2)]
SEVERAL += [find_primitive(f"cross_entropy[{i}]") for i in (0, 2)]
EXPONENTS = [0, 1, 2, -1, 0.5, 3, -2.5]


def bits(number: float) -> bytes:
    """The bits of a number; any NaN is as good as another."""
    return b"NaN" if number != number else struct.pack("<d", number)


def operations(rng: random.Random, length: int) -> list[tuple]:
    """Steps over all earlier values, each with a primitive, a power or a number."""
    found = []
    for known in range(4, 4 + length):
        x, y, *more = (known - 1 - min(int(rng.expovariate(0.3)), known - 1) for _ in range(7))
        kind = rng.random()
        if kind < 0.6:
            rule = rng.choice([*ROWS, CUBE, BLEND, COUNT])
            found.append((rule, *(x, y)[: len(rule.domain)]))
        elif kind < 0.8:
            found.append(of_several(rng, rng.choice(SEVERAL), [x, y, *more]))
        elif kind < 0.9:
            found.append(("power", x, rng.choice(EXPONENTS)))
        else:
            found.append(("number", x, rng.choice([0.0, -0.0, 2.0, -1.5, 3])))
    return found


def of_several(rng: random.Random, rule: Primitive, places: list[int]) -> tuple:
    """A step with as many of these operands as the rule can take."""
    count = rule.arity or 2 * rng.randint(1, 3) + (rule.name != "mse" and rng.randint(0, 1))
    return (rule, *places[: max(count, 3 * rule.name.endswith("[2]"))])


def applied(step: tuple, values: list) -> Value:
    what, x, *rest = step
    if what == "power":
        return values[x] ** rest[0]
    if what == "number":
        return rest[0] * values[x] - rest[0]
    return what(*[values[place] for place in (x, *rest)])


def sound(steps: list[tuple], numbers: list[float]) -> list[tuple]:
    """The steps, those that have no value at these numbers replaced by an addition."""
    values, kept = [Value(number) for number in numbers], []
    for step in steps:
        try:
            values.append(applied(step, values))
        except (ArithmeticError, ValueError):
            step = (TABLE["add"], step[1], 0)
            values.append(applied(step, values))
        kept.append(step)
    return kept


def run(steps: list[tuple], leaves: list[Value]) -> list[Value]:
    values = list(leaves)
    for step in steps:
        values.append(applied(step, values))
    return values[-1:] + values[4:-1:7]


def random_numbers(rng: random.Random) -> list[float]:
    return [rng.choice([0.0, -0.0, 1.0, rng.uniform(-2, 2), rng.uniform(0, 1)]) for _ in range(4)]


def test_random_graphs_over_every_primitive_give_the_bits_of_the_engine():
    compared, seen = 0, set()
    for seed in range(250):
        rng = random.Random(seed)
        first, second = random_numbers(rng), random_numbers(rng)
        steps = sound(operations(rng, rng.choice([1, 3, 10, 40, 100])), first)
        leaves = [Value(number) for number in first]
        outputs = run(steps, leaves)
        program = ag.compile(outputs, leaves[2:], leaves[:2], exact=True, check=False)
        single = ag.compile(outputs[0], leaves[2:], leaves[:2], exact=True, check=False)
        for numbers in (first, second):
            fresh = [Value(number) for number in numbers]
            try:
                expected = run(steps, fresh)
            except (ArithmeticError, ValueError):
                continue
            expected[0].backward()
            for leaf, number in zip(leaves, numbers):
                leaf.data = number
            found = program(numbers[2:])
            assert list(map(bits, found)) == [bits(value.data) for value in expected], seed
            value, slopes = single.value_and_grad(numbers[2:])
            assert bits(value) == bits(expected[0].data)
            by_sweep = [leaf.grad for leaf in fresh[:2]]
            by_gradient = ag.gradient(expected[0], fresh[:2])
            assert list(map(bits, slopes)) == list(map(bits, by_gradient)), seed
            if TABLE["azmul"] not in (step[0] for step in steps):  # no derivative is differentiated
                assert list(map(bits, slopes)) == list(map(bits, by_sweep)), seed
            compared += 1
            seen |= {step[0] for step in steps}
    assert compared > 250
    assert seen >= {*ROWS, *SEVERAL, CUBE, BLEND, COUNT, "power", "number"}


@pytest.mark.parametrize("rule", [*SEVERAL, TABLE["binary_cross_entropy"]], ids=lambda r: r.name)
def test_a_row_of_several_operands_has_the_bits_of_the_engine_and_so_have_its_derivatives(rule):
    for seed in range(200):
        rng = random.Random(f"{rule.name} {seed}")
        leaves = [Value(number) for number in [*random_numbers(rng), *random_numbers(rng)]]
        inner = [ag.tanh(a * b) for a, b in zip(leaves, leaves[1:])] + leaves
        inner = rng.choices(inner, k=7)
        out = ag.sin(applied(of_several(rng, rule, [*range(7)]), inner)) * leaves[0] + inner[0]
        slopes = ag.gradient(out, leaves, create_graph=True)
        for output in (out, slopes[0], ag.dot(slopes, slopes[::-1])):
            program = ag.compile(output, leaves[4:], leaves[:4], exact=True, check=False)
            value, found = program.value_and_grad([leaf.data for leaf in leaves[4:]])
            assert bits(value) == bits(output.data), seed
            expected = ag.gradient(output, leaves[:4])
            assert list(map(bits, found)) == list(map(bits, expected)), seed


def test_a_batch_has_the_bits_of_its_rows_and_means_are_sums_from_left_to_right():
    rng = random.Random(3)
    w, x, y = Value(0.3), Value(1.0), Value(2.0)
    program = ag.compile(ag.tanh(w * x) / (y + w) + w**3 * y, [x, y], exact=True)
    batch = [[rng.uniform(0, 3), rng.uniform(1, 2)] for _ in range(7)]
    rows = [program.value_and_grad(row) for row in batch]
    assert list(map(bits, program(batch))) == [bits(program(row)) for row in batch]
    value, slopes = program.value_and_grad(batch)
    values = slope = 0.0
    for row_value, row_slopes in rows:
        values += row_value
        slope += row_slopes[0]
    assert bits(value) == bits(values / 7)
    assert bits(slopes[0]) == bits(slope / 7)


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("number", [0.0, -0.0, 1.0, 2.5, 1e-300, math.inf])
def test_a_fixed_exponent_has_the_bits_of_the_engine(exponent, number):
    x = Value(1.5)
    program = ag.compile(x**exponent, exact=True, check=False)
    twin = Value(number)
    try:
        y = twin**exponent
    except ArithmeticError:  # 0**-1, 1e-300**-2.5: the program gives the limit
        assert abs(program(parameters=[number])) == math.inf
        return
    y.backward()
    value, slopes = program.value_and_grad(parameters=[number])
    assert (bits(value), bits(slopes[0])) == (bits(y.data), bits(twin.grad))


def test_an_adjoint_of_zero_passes_nothing_on_to_an_infinite_partial():
    x = Value(0.0)
    value, slopes = ag.compile(ag.relu(ag.sqrt(x)) + x, exact=True).value_and_grad()
    assert (value, slopes.tolist()) == (0.0, [1.0])


LIMITS = [
    ("log", (0.0,), -math.inf),
    ("log", (-1.0,), math.nan),
    ("log1p", (-1.0,), -math.inf),
    ("log2", (0.0,), -math.inf),
    ("divide", (-1.0, 0.0), -math.inf),
    ("divide", (0.0, 0.0), math.nan),
    ("power", (-0.0, -3.0), -math.inf),
    ("power", (-1.0, 0.5), math.nan),
    ("exp", (1000.0,), math.inf),
    ("sinh", (-1000.0,), -math.inf),
    ("cosh", (-1000.0,), math.inf),
    ("atanh", (-1.0,), -math.inf),
    ("atanh", (2.0,), math.nan),
    ("sqrt", (-1.0,), math.nan),
    ("sin", (math.inf,), math.nan),
    ("hypot", (1.5e308, 1.5e308), math.inf),
]


@pytest.mark.parametrize("name, operands, expected", LIMITS)
def test_outside_its_domain_a_primitive_gives_its_limit(name, operands, expected):
    leaves = [Value(0.25), Value(0.5)][: len(operands)]
    interpreter = Interpreter(record([TABLE[name](*leaves)], [], leaves))
    outputs, _ = interpreter.run(numpy.array(operands), None, True)
    assert bits(outputs[0, 0]) == bits(expected) == bits(limit(TABLE[name], *operands))


def test_a_primitive_of_ones_own_that_raises_gives_nan():
    def half(x):
        if x > 1.0:
            raise ValueError("too large")
        return 0.5 * x

    own = ag.primitive("half", half, lambda out, x: (0.5,))
    x = Value(1.0)
    program = ag.compile(own(x), [x], exact=True, check=False)
    assert math.isnan(program([2.0]))
    assert program([0.5]) == 0.25


def test_the_listing_names_every_value_and_its_label():
    w, x = Value(2.0, "weight"), Value(3.0, "x")
    y = w * x
    y.label = "product"
    text = scalars(record([y + 1.0], [x]))
    assert text.splitlines() == [
        "v0 = parameter 0    'weight'",
        "v1 = input 0    'x'",
        "v2 = 1.0",
        "v3 = v0 * v1    'product'",
        "v4 = v3 + v2",
        "return v4",
    ]

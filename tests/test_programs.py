"""Random programs, run on the engine and on a naive twin that knows nothing of its tricks.

The twin keeps dictionaries of plain floats and closed-form slopes of its own.
"""

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd_engine as ag
from autograd_engine import Value, graph

Step = tuple[str, int, int]

# name: (on the engine, value, slopes of (result, x, y))
Rule = tuple[Callable, Callable, Callable]
# fmt: off
RULES: dict[str, Rule] = {
    "add":      (lambda x, y: x + y,               lambda x, y: x + y,         lambda r, x, y: (1.0, 1.0)),
    "subtract": (lambda x, y: x - y,               lambda x, y: x - y,         lambda r, x, y: (1.0, -1.0)),
    "multiply": (lambda x, y: x * y,               lambda x, y: x * y,         lambda r, x, y: (y, x)),
    "divide":   (lambda x, y: x / (y * y + 1.0),   lambda x, y: x / (y * y + 1.0), lambda r, x, y: (1 / (y * y + 1), -2 * y * x / (y * y + 1) ** 2)),
    "maximum":  (ag.maximum,                       max,                        lambda r, x, y: (0.5, 0.5) if x == y else (float(x > y), float(y > x))),
    "minimum":  (ag.minimum,                       min,                        lambda r, x, y: (0.5, 0.5) if x == y else (float(x < y), float(y < x))),
    "hypot":    (lambda x, y: ag.hypot(x, y + 3),  lambda x, y: math.hypot(x, y + 3.0), lambda r, x, y: (x / r, (y + 3) / r)),
    "tanh":     (lambda x, y: ag.tanh(x),          lambda x, y: math.tanh(x),  lambda r, x, y: (1 / math.cosh(x) ** 2, 0.0)),
    "sin":      (lambda x, y: ag.sin(x),           lambda x, y: math.sin(x),   lambda r, x, y: (math.cos(x), 0.0)),
    "relu":     (lambda x, y: x.relu(),            lambda x, y: max(x, 0.0),   lambda r, x, y: (float(x > 0), 0.0)),
    "negative": (lambda x, y: -x,                  lambda x, y: -x,            lambda r, x, y: (-1.0, 0.0)),
    "absolute": (lambda x, y: abs(x),              lambda x, y: abs(x),        lambda r, x, y: (math.copysign(1.0, x) if x else 0.0, 0.0)),
    "square":   (lambda x, y: x**2,                lambda x, y: x**2.0,        lambda r, x, y: (2 * x, 0.0)),
    "shift":    (lambda x, y: 2.5 - x,             lambda x, y: 2.5 - x,       lambda r, x, y: (-1.0, 0.0)),
    "atan":     (lambda x, y: ag.atan(x),          lambda x, y: math.atan(x),  lambda r, x, y: (1 / (1 + x * x), 0.0)),
    "log":      (lambda x, y: ag.log(x * x + 1),   lambda x, y: math.log(x * x + 1.0), lambda r, x, y: (2 * x / (x * x + 1), 0.0)),
    "exp":      (lambda x, y: ag.exp(-(x * x)),    lambda x, y: math.exp(-(x * x)), lambda r, x, y: (-2 * x * r, 0.0)),
}
# fmt: on


def random_program(rng: random.Random, length: int) -> list[Step]:
    """Steps over all earlier results, recent ones more often: long chains and wide sharing."""
    program = []
    for i in range(length):
        known = 4 + i
        near = lambda: known - 1 - min(int(rng.expovariate(0.2)), known - 1)  # noqa: E731
        program.append((rng.choice(list(RULES)), near(), rng.randrange(known)))
    return program


def run_naively(program: list[Step], inputs: list[float]) -> tuple[list[float], list[float]]:
    """All values, and the gradient of the last by the inputs."""
    data = list(inputs)
    for name, i, j in program:
        result = RULES[name][1](data[i], data[j])
        data.append(math.tanh(result) if abs(result) > 5.0 else result)
    adjoint = dict.fromkeys(range(len(data)), 0.0)
    adjoint[len(data) - 1] = 1.0
    for place in range(len(data) - 1, len(inputs) - 1, -1):
        name, i, j = program[place - len(inputs)]
        result = RULES[name][1](data[i], data[j])
        flow = adjoint[place] * (1 / math.cosh(result) ** 2 if 5.0 < abs(result) < 300.0 else 1.0)
        by_x, by_y = RULES[name][2](result, data[i], data[j])
        adjoint[i] += flow * by_x
        adjoint[j] += flow * by_y
    return data, [adjoint[i] for i in range(len(inputs))]


def run_on_the_engine(program: list[Step], inputs: list[Value]) -> list[Value]:
    made = list(inputs)
    for name, i, j in program:
        result = RULES[name][0](made[i], made[j])
        made.append(ag.tanh(result) if abs(result) > 5.0 else result)
    return made


def magnitude(program: list[Step], inputs: list[float]) -> list[float]:
    """The gradient with every contribution counted positive: what a sum may cancel from."""
    data, _ = run_naively(program, inputs)
    size = dict.fromkeys(range(len(data)), 0.0)
    size[len(data) - 1] = 1.0
    for place in range(len(data) - 1, len(inputs) - 1, -1):
        name, i, j = program[place - len(inputs)]
        result = RULES[name][1](data[i], data[j])
        flow = size[place] * (1 / math.cosh(result) ** 2 if 5.0 < abs(result) < 300.0 else 1.0)
        by_x, by_y = RULES[name][2](result, data[i], data[j])
        size[i] += flow * abs(by_x)
        size[j] += flow * abs(by_y)
    return [size[i] for i in range(len(inputs))]


def assert_twins_agree(program: list[Step], inputs: list[float]) -> None:
    data, expected = run_naively(program, inputs)
    leaves = [Value(number) for number in inputs]
    made = run_on_the_engine(program, leaves)
    assert [value.data for value in made] == data
    made[-1].backward()
    sizes = magnitude(program, inputs)
    for leaf, slope, size in zip(leaves, expected, sizes, strict=True):
        # 1e-12 of the contributions' size: each of up to 2,000 steps rounds in its last digit,
        # and the twin's textbook slopes differ from the engine's there.
        assert abs(leaf.grad - slope) <= 1e-12 * size
    assert ag.gradient(made[-1], leaves) == [leaf.grad for leaf in leaves]


LENGTHS = [1, 2, 5, 10, 30, 100, 300, 1_000, 1_600]


@pytest.mark.parametrize("length", LENGTHS)
def test_random_programs_agree_with_a_naive_twin(length):
    for seed in range(max(2, 60 // length)):
        rng = random.Random(1_000 * length + seed)
        program = random_program(rng, length)
        assert_twins_agree(program, [rng.uniform(-2.0, 2.0) for _ in range(4)])


places = st.integers(0, 10_000)
steps = st.lists(st.tuples(st.sampled_from(list(RULES)), places, places), min_size=1, max_size=60)
numbers = st.lists(st.floats(-3.0, 3.0), min_size=4, max_size=4)


@settings(derandomize=True, max_examples=120, deadline=None, database=None)
@given(steps, numbers)
def test_programs_that_hypothesis_invents_agree_with_a_naive_twin(steps, numbers):
    program = [(name, i % (4 + k), j % (4 + k)) for k, (name, i, j) in enumerate(steps)]
    assert_twins_agree(program, numbers)


def test_the_longest_random_programs_have_2000_nodes_and_more_below_one_output():
    rng = random.Random(1_000 * 1_600)
    made = run_on_the_engine(random_program(rng, 1_600), [Value(1.0) for _ in range(4)])
    assert len(graph.nodes(*made)) >= 2_000


def test_graphs_built_again_give_the_same_bits():
    program = random_program(random.Random(5), 500)
    results = []
    for _ in range(5):
        leaves = [Value(x) for x in (0.3, -1.2, 1.7, 0.9)]
        clutter = [Value(float(i)) for i in range(len(results) * 37)]  # other addresses
        output = run_on_the_engine(program, leaves)[-1]
        output.backward()
        results.append([output.data, *(leaf.grad for leaf in leaves), len(clutter) * 0.0])
    assert all(result == results[0] for result in results)


def test_backward_gradient_value_and_grad_and_jvp_give_the_same_derivatives():
    rng = random.Random(11)
    program = random_program(rng, 200)
    point = [rng.uniform(-2.0, 2.0) for _ in range(4)]

    def f(inputs):
        return run_on_the_engine(program, list(inputs))[-1]

    value, slopes = ag.value_and_grad(f)(point)
    leaves = [Value(x) for x in point]
    output = f(leaves)
    output.backward()
    assert value == output.data and slopes == [leaf.grad for leaf in leaves]
    assert ag.jacobian(f)(point) == slopes
    for i in range(4):
        along = [float(i == j) for j in range(4)]
        # forward and backward sweeps add the same products in another order: 1e-12 of their size
        assert abs(ag.jvp(f, point, along) - slopes[i]) <= 1e-12 * magnitude(program, point)[i]


def test_hessians_of_random_programs_are_symmetric_and_agree_with_hvp():
    smooth = [name for name in RULES if name not in ("maximum", "minimum", "relu", "absolute")]
    for seed in range(5):
        rng = random.Random(seed)
        program = [(rng.choice(smooth), rng.randrange(4 + k), 3 + k) for k in range(12)]

        def f(inputs, program=program):
            return run_on_the_engine(program, list(inputs))[-1]

        point, along = [rng.uniform(-1, 1) for _ in range(4)], [1.0, -2.0, 0.5, 3.0]
        matrix = ag.hessian(f)(point)
        scale = max(abs(entry) for row in matrix for entry in row)
        product = ag.hvp(f, point, along)
        for i in range(4):
            for j in range(4):
                assert abs(matrix[i][j] - matrix[j][i]) <= 1e-12 * scale  # rounding alone
            row = sum(entry * step for entry, step in zip(matrix[i], along, strict=True))
            assert abs(product[i] - row) <= 1e-11 * scale

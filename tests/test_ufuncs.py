"""How NumPy spells the primitives, by tests generated from the table of primitives."""

import math
import random
from functools import lru_cache

import numpy as np
import pytest

import autograd_engine as ag
from autograd_engine.compiler.run import translated
from autograd_engine.compiler.run.translated import spelled
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.table import power_of

ROWS = [
    name
    for name, row in TABLE.items()
    if name not in ("leaf", "constant") and row.written_out is None
]
INF, NAN = math.inf, math.nan
# fmt: off
EDGES = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, -3.0, INF, -INF, NAN, 5e-324, -5e-324, 1e-310,
    2.3e-308, 1e-20, -1e-20, 1e-8, 20.0, -20.0, 27.0, 37.0, -37.0, 700.0, 709.78, 710.0, -708.5,
    -720.0, -744.4, -746.0, 1e15, 1e22, -1e22, 1e300, 1.7976931348623157e308, math.pi,
    math.pi / 2, 1.0 - 2.0**-53, 1.0 + 2.0**-52, 2.0**-52 - 1.0,
]
# fmt: on


@lru_cache(maxsize=64)
def points(rule: Primitive) -> tuple[np.ndarray, ...]:
    """Edges, each with each, and random numbers of every size: one array for each operand."""
    rng = np.random.default_rng(len(rule.name))
    near, far = rng.uniform(-3, 3, (2, 600)), rng.normal(size=(2, 600)) * 800
    any_size = rng.normal(size=(2, 600)) * 10.0 ** rng.integers(-300, 300, (2, 600))
    x, y = np.concatenate([near, far, any_size], axis=1)
    if len(rule.domain) == 1:
        return (np.concatenate([EDGES, x]),)
    first, second = (grid.ravel() for grid in np.meshgrid(EDGES, EDGES))
    return np.concatenate([first, x]), np.concatenate([second, y])


def eagerly(rule: Primitive, *operands: float) -> float | None:
    """What the engine gives; None where it raises."""
    try:
        return rule(*operands)
    except (ArithmeticError, ValueError):
        return None


def off(name: str, got: np.ndarray, operands: tuple[np.ndarray, ...]) -> list[tuple]:
    """The points at which an array of results is not what the engine gives."""
    wrong = []
    for result, *point in zip(got.tolist(), *(x.tolist() for x in operands), strict=True):
        expected = eagerly(TABLE[name], *point)
        if expected is None:
            close = not math.isfinite(result)
        elif not math.isfinite(expected):
            close = result == expected or (result != result and expected != expected)
            # Python finds some complex powers too large that IEEE 754 says are no number.
            powers = name in ("lenient_power", "slope") and point[0] < 0.0 and point[1] % 1.0
            close = close or (bool(powers) and math.isnan(result))
        elif not expected:
            close = not result and math.copysign(1.0, result) == math.copysign(1.0, expected)
        else:
            # 4 ulp: NumPy and the C library each promise about 2 of their own functions.
            close = abs(result - expected) <= 4.0 * math.ulp(expected)
        if not close:
            wrong.append((result, expected, *point))
    return wrong


@pytest.mark.parametrize("name", ROWS)
def test_a_row_spelled_is_the_engine_s_within_4_ulp_at_every_edge(name):
    operands = points(TABLE[name])
    out = np.empty(len(operands[0]))
    with np.errstate(all="ignore"):
        spelled(TABLE[name])(*operands, out=out)
    assert off(name, out, operands) == []


@pytest.mark.parametrize("name", ROWS)
def test_a_few_numbers_at_a_time_are_as_good(name):
    # Some rows are spelled otherwise for short arrays.
    operands = points(TABLE[name])
    out = np.empty(len(operands[0]))
    with np.errstate(all="ignore"):
        for start in range(0, len(out), 400):
            part = slice(start, start + 400)
            spelled(TABLE[name])(*(x[part] for x in operands), out=out[part])
    assert off(name, out, operands) == []


@pytest.mark.parametrize("length", [7, 2000])
@pytest.mark.parametrize("name", ROWS)
def test_strided_views_are_read_and_written_in_place(name, length):
    rule = TABLE[name]
    # The engine's own results are compared elsewhere: here 4 ulp between two ways to one number,
    # since NumPy computes strided and contiguous arrays by different instructions.
    rng = np.random.default_rng(5)
    store = rng.uniform(0.1, 0.9, (3, length))
    operands = [store[:, ::3][0], store[:, 1::3][1][: len(store[:, ::3][0])]][: len(rule.domain)]
    operands = [x[: length // 3] for x in operands]
    base = np.full(2 * (length // 3), 7.0)
    view = base[::-2]
    with np.errstate(all="ignore"):
        spelled(rule)(*operands, out=view)
        expected = spelled(rule)(*map(np.ascontiguousarray, operands), out=np.empty(length // 3))
    np.testing.assert_allclose(view, expected, rtol=4 * 2.0**-52, atol=0)
    assert np.all(base[::2] == 7.0)


@pytest.mark.parametrize("length", [5, 2000])
@pytest.mark.parametrize("name", ROWS)
def test_the_result_may_stand_where_an_operand_stood(name, length):
    rule = TABLE[name]
    given = np.random.default_rng(6).uniform(0.6, 0.9, (len(rule.domain), length))
    with np.errstate(all="ignore"):
        expected = spelled(rule)(*given, out=np.empty(length))
        for which in range(len(given)):
            operands = given.copy()
            spelled(rule)(*operands, out=operands[which])
            np.testing.assert_array_equal(operands[which], expected)


BOTH = [name for name in ROWS if len(TABLE[name].domain) == 2]


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("single", [0.75, np.float64(0.75), np.array(0.75), np.array([[0.75]])])
def test_a_single_number_is_paired_with_every_other(name, single):
    rng = np.random.default_rng(7)
    matrix = rng.uniform(0.1, 0.9, (4, 6))
    whole = np.full((4, 6), 0.75)
    function = spelled(TABLE[name])
    with np.errstate(all="ignore"):
        for one, all_of in [
            ((matrix, single), (matrix, whole)),
            ((single, matrix), (whole, matrix)),
        ]:
            got = function(*one, out=np.empty((4, 6)))
            expected = function(*all_of, out=np.empty((4, 6)))
            np.testing.assert_allclose(got, expected, rtol=4 * 2.0**-52, atol=0)


@pytest.mark.parametrize("name", BOTH)
def test_a_column_and_a_row_make_a_grid(name):
    column, row = np.random.default_rng(8).uniform(0.1, 0.9, (2, 5))
    with np.errstate(all="ignore"):
        grid = spelled(TABLE[name])(column[:, None], row[None, :], out=np.empty((5, 5)))
        for i in range(5):
            for j in range(5):
                expected = TABLE[name](column[i], row[j])
                assert math.isclose(grid[i, j], expected, rel_tol=4 * 2.0**-52)


@pytest.mark.parametrize("name", [name for name in ROWS if len(TABLE[name].domain) == 1])
def test_a_plain_number_is_taken_as_an_operand(name):
    x = 1.25 if name == "acosh" else 0.75
    got = spelled(TABLE[name])(x, out=np.empty(()))
    assert math.isclose(got, TABLE[name](x), rel_tol=4 * 2.0**-52)


@pytest.mark.parametrize("exponent", [2.0, 3.0, 1.0, 0.5, 0.25, 0.0, -0.0, -1.0, 2.7, NAN, INF])
def test_the_slope_of_a_power_of_one_exponent_is_that_of_the_row(exponent):
    x = np.array([*EDGES, *np.random.default_rng(9).uniform(-4, 4, 100)])
    out = np.empty(len(x))
    with np.errstate(all="ignore"):
        spelled(TABLE["slope"])(x, np.array([exponent]), out=out)
    assert off("slope", out, (x, np.full(len(x), exponent))) == []


def test_a_power_of_a_fixed_exponent_is_spelled_too():
    out = spelled(power_of(3))(np.array([2.0, -2.0]), out=np.empty(2))
    assert out.tolist() == [8.0, -8.0]


@pytest.mark.parametrize("name", [name for name in ROWS if name not in ("erf", "erfc")])
def test_a_row_is_spelled_by_a_function_of_arrays_not_number_by_number(name, monkeypatch):
    def refuse(rule):
        raise AssertionError(f"{rule.name} is called number by number")

    monkeypatch.setattr(translated, "called", refuse)
    spelled.__wrapped__(TABLE[name])


def test_the_same_spelling_is_returned_each_time():
    assert spelled(TABLE["above"]) is spelled(TABLE["above"])


def test_a_primitive_of_one_s_own_with_a_formula_is_left_to_that_formula():
    cube = ag.primitive("cube", lambda x: x * x * x, lambda out, x: (3.0 * x * x,))
    assert spelled(cube) is None


def test_a_primitive_of_one_s_own_with_a_branch_is_called_for_each_number():
    calls = []

    def steep(x, y):
        calls.append((x, y))
        return x if x > y else math.log(y)

    rule = ag.primitive("steep", steep, lambda out, x, y: (1.0, 1.0 / y))
    x, y = np.array([[3.0], [-1.0]]), np.array([1.0, -2.0])
    base = np.full((2, 4), 7.0)
    spelled(rule)(x, y, out=base[:, ::2])
    assert base.tolist() == [[3.0, 7.0, 3.0, 7.0], [0.0, 7.0, -1.0, 7.0]]
    numbers = [pair for pair in calls if all(type(number) is float for number in pair)]
    assert sorted(numbers) == [(-1.0, -2.0), (-1.0, 1.0), (3.0, -2.0), (3.0, 1.0)]


@pytest.mark.parametrize("error", [ValueError("no"), ZeroDivisionError(), OverflowError()])
def test_where_a_primitive_of_one_s_own_raises_its_value_is_no_number(error):
    def refuse(x):
        if x < 0:
            raise error
        return math.sqrt(x)

    rule = ag.primitive("refuse", refuse, lambda out, x: (0.5 / out,))
    out = spelled(rule)(np.array([4.0, -4.0]), out=np.empty(2))
    assert out[0] == 2.0 and math.isnan(out[1])


def test_another_error_of_somebody_s_own_function_is_not_hidden():
    rule = ag.primitive("lost", lambda x: {}[x] if x else 0.0, lambda out, x: (0.0,))
    with pytest.raises(KeyError):
        spelled(rule)(np.array([1.0]), out=np.empty(1))


def test_numbers_are_negated_on_any_stride():
    # numpy.negative is wrong on strides of 64 bytes on some processors before NumPy 2.5.
    for stride in range(1, 20):
        x = np.arange(40.0 * stride)[::stride]
        out = spelled(TABLE["negative"])(x, out=np.empty(40))
        assert out.tolist() == [-number for number in x.tolist()]


def test_random_chains_of_spelled_rows_agree_with_the_engine():
    rng = random.Random(4)
    x = np.random.default_rng(4).uniform(0.2, 0.8, 50)
    for _ in range(20):
        names = [rng.choice(["sin", "tanh", "sigmoid", "bell", "gauss", "erf"]) for _ in range(8)]
        out = x.copy()
        for name in names:
            spelled(TABLE[name])(out, out=out)
        for start, got in zip(x.tolist(), out.tolist(), strict=True):
            expected = start
            for name in names:
                expected = TABLE[name](expected)
            # Eight functions of slope below 1.2 in a row, 4 ulp each.
            assert math.isclose(got, expected, rel_tol=1e-13)

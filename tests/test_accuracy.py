"""Digits: every primitive against mpmath, to units in the last place (ulp) of the exact result.

The limits are the specification's: values 4 ulp, gradients 16 ulp, second order 1e-9 relative.
The grids go from the smallest subnormal number to the largest float, and next to every edge.
"""

import itertools
import math
from collections.abc import Callable

import mpmath as mp
import pytest

import autograd_engine as ag
from autograd_engine import Value
from autograd_engine.primitives import TABLE
from autograd_engine.table import PUBLIC

LARGEST = 1.7976931348623157e308

POSITIVE = [5e-324, 1e-310, 1e-300, 1e-160, 1e-20, 1e-8, 0.1, 0.3, 0.5, 0.7, 1 - 2**-53, 1.0]
POSITIVE += [1 + 2**-52, 1.0000001, 1.5, 2.0, 3.7, 10.0, 26.0, 100.0, 709.0, 745.0]
POSITIVE += [1e8, 1e20, 1e160, 1e300, LARGEST]
SIZES = [5e-324, 1e-310, 1e-300, 1e-20, 1e-10, 1e-5, 0.01, 0.1, 0.25, 0.5, 0.9, 1.0, 1.3, 2.0, 3.0]
SIZES += [5.5, 5.9, 10.0, 19.0, 20.0, 26.5, 36.0, 40.0, 300.0, 354.0, 360.0, 372.0, 700.0, 709.5]
SIZES += [744.0, 1000.0, 1e5, 1e155, 1e160, 1e300, LARGEST]
SIZES += [1.5707963, 1.5707963267948966, 3.141592653589793, 6.283185307179586, 355.0]  # near poles
NONZERO = [-x for x in SIZES] + SIZES
REAL = [-x for x in SIZES] + [0.0] + SIZES
INSIDE = [5e-324, 1e-300, 1e-20, 1e-10, 1e-3, 0.3, 0.5, 0.70710678, 0.9, 0.999999]
INSIDE += [1 - 2**-30, 1 - 2**-53]
UNIT = [-x for x in INSIDE] + [0.0] + INSIDE
# mpmath's erfc cannot be asked beyond this; it is 0 (or 2) to all digits from 28 on.
TAIL = [x for x in REAL if abs(x) <= 1000.0]

Function = Callable[..., mp.mpf]

# One operand: the function is mpmath's of that name, the grid that of the domain, unless it is told.
# fmt: off
EXACT: dict[str, Function] = {
    "negative": lambda x: -x,
    "absolute": abs,
    "exp2":     lambda x: mp.mpf(2) ** x,
    "log2":     lambda x: mp.log(x) / mp.log(2),
    "cbrt":     lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "sigmoid":  lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "relu":     lambda x: max(x, mp.mpf(0)),
    "ln":       mp.log,
    "circle":   lambda x: mp.sqrt(1 - x * x),
    "gauss":    lambda x: mp.exp(-x * x),
    "bell":     lambda x: 1 / (2 + mp.exp(x) + mp.exp(-x)),
    "logaddexp": lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
    "portion":  lambda x, y: 1 / (1 + mp.exp(y - x)),
}
GRIDS: dict[str, list[float]] = {
    "absolute": NONZERO, "relu": NONZERO, "sign": NONZERO, "cbrt": NONZERO, "erfc": TAIL,
    "log1p": [-1 + 2**-53, -1 + 1e-10, -0.9, -0.5, -1e-5, -1e-300, 0.0, *POSITIVE],
}
# fmt: on
BY_DOMAIN = {
    (0.0, math.inf): POSITIVE,
    (-1.0, 1.0): UNIT,
    (1.0, math.inf): [x for x in POSITIVE if x > 1.0],
}
# These choose between numbers, or round as the operator they are: test_table holds them. Rows of
# several operands stand in test_several.
CHOSEN = {"azmul", "above", "at_least", "equals", "gap", "gate", "stopped", "leaf", "constant"}
COMPUTING = {
    name: rule for name, rule in TABLE.items() if name not in CHOSEN and rule.written_out is None
}


def exactly(name: str) -> Function:
    return EXACT.get(name) or getattr(mp, name)


def by_steps(function: Function, *orders: int) -> Function:
    """A derivative, of so high an order by each operand, by steps of 1e-361 in 1200 digits."""

    def derivative(*numbers: mp.mpf) -> mp.mpf:
        with mp.workprec(4000):
            step = mp.mpf(2) ** -1200
            total = mp.mpf(0)
            for places in itertools.product(*(range(order + 1) for order in orders)):
                sign = math.prod((-1) ** k * math.comb(n, k) for k, n in zip(places, orders))
                moved = [x + (n - 2 * k) * step for x, k, n in zip(numbers, places, orders)]
                total += sign * function(*moved)
            return total / (2 * step) ** sum(orders)

    return derivative


ONE: dict[str, tuple[list[float], Function, Function, Function]] = {
    name: (
        GRIDS.get(name) or BY_DOMAIN.get(rule.domain[0], REAL),
        exactly(name),
        by_steps(exactly(name), 1),
        by_steps(exactly(name), 2),
    )
    for name, rule in COMPUTING.items()
    if rule.arity == 1
}

SIDES = [1e-310, 1e-300, 1e-160, 1e-20, 0.1, 0.7, 1.0, 1 + 2**-52, 1.5, 3.7, 1e8, 1e160, 1e300]
SIGNED = [-x for x in (*SIDES, LARGEST)] + [*SIDES, LARGEST]
# The partials by an angle stand over the length of (x, y), which must be a float: 1e308 at most.
LENGTHS = [-x for x in (*SIDES, 1e308)] + [*SIDES, 1e308]
EXPONENTS = [1e-300, 1e-20, 0.1, 0.5, 1 / 3, 1 - 2**-53, 1.0, 1 + 2**-52, 1.3, 2.0, 2.5, 3.0, 10.0]
EXPONENTS += [100.5, 1e3]
EXPONENTS = [-y for y in EXPONENTS] + EXPONENTS


# Where x**y is still a float for every exponent of the grid: a rule asks for slopes only there.
TINY_TO_HUGE = [1 - 2**-53, 1.0, 1 + 2**-52, 1.0000001, 1.3]


def product(xs: list[float], ys: list[float]) -> list[tuple[float, float]]:
    return [(x, y) for x in xs for y in ys]


def has_digits(x: float, y: float) -> bool:
    """Is x**y a normal number, and its slope, x**(y - 1) * (1 + y * ln x), away from its zero?"""
    return abs(y * math.log10(x)) < 300.0 and abs(1.0 + y * math.log(x)) > 0.5


# Two operands: the grid, the value, the partials, and the three second derivatives xx, xy, yy.
Row2 = tuple[list[tuple[float, float]], Function, tuple[Function, Function], tuple[Function, ...]]
ZERO, ONE_ = mp.mpf(0), mp.mpf(1)


def at(function: Function, *numbers: float) -> mp.mpf:
    """The exact result: 60 digits, 700 where e**-x beside 1 or x*x would cancel in less."""
    plain = all(1e-5 <= abs(number) <= 30.0 for number in numbers)
    with mp.workdps(60 if plain else 700):
        return +function(*map(mp.mpf, numbers))


def r2(x: mp.mpf, y: mp.mpf) -> mp.mpf:
    return x * x + y * y


def r3(x: mp.mpf, y: mp.mpf) -> mp.mpf:
    return mp.sqrt(r2(x, y)) ** 3


# fmt: off
TWO: dict[str, Row2] = {
    "add":      (product(SIGNED, SIGNED), lambda x, y: x + y, (lambda x, y: ONE_, lambda x, y: ONE_),
                 (lambda x, y: ZERO, lambda x, y: ZERO, lambda x, y: ZERO)),
    "subtract": (product(SIGNED, SIGNED), lambda x, y: x - y, (lambda x, y: ONE_, lambda x, y: -ONE_),
                 (lambda x, y: ZERO, lambda x, y: ZERO, lambda x, y: ZERO)),
    "multiply": (product(SIGNED, SIGNED), lambda x, y: x * y, (lambda x, y: y, lambda x, y: x),
                 (lambda x, y: ZERO, lambda x, y: ONE_, lambda x, y: ZERO)),
    "divide":   (product(SIGNED, SIGNED), lambda x, y: x / y, (lambda x, y: 1 / y, lambda x, y: -x / y**2),
                 (lambda x, y: ZERO, lambda x, y: -1 / y**2, lambda x, y: 2 * x / y**3)),
    "ratio":    (product(SIGNED, SIGNED), lambda x, y: x / y, (lambda x, y: 1 / y, lambda x, y: -x / y**2),
                 (lambda x, y: ZERO, lambda x, y: -1 / y**2, lambda x, y: 2 * x / y**3)),
    "power":    (product(POSITIVE, EXPONENTS), lambda x, y: x**y,
                 (lambda x, y: y * x**(y - 1), lambda x, y: x**y * mp.log(x)),
                 (lambda x, y: y * (y - 1) * x**(y - 2), lambda x, y: x**(y - 1) * (1 + y * mp.log(x)), lambda x, y: x**y * mp.log(x)**2)),
    "lenient_power": (product(POSITIVE, EXPONENTS),
                 lambda x, y: x**y, (lambda x, y: y * x**(y - 1), lambda x, y: x**y * mp.log(x)), ()),
    "power_log": ([(x, y) for x, y in product(POSITIVE, EXPONENTS) if has_digits(x, y)], lambda x, y: x**y * mp.log(x),
                 (lambda x, y: x**(y - 1) * (1 + y * mp.log(x)), lambda x, y: x**y * mp.log(x)**2), ()),
    "slope":    (product(TINY_TO_HUGE, EXPONENTS), lambda x, y: y * x**(y - 1),
                 (lambda x, y: y * (y - 1) * x**(y - 2), lambda x, y: x**(y - 1) * (1 + y * mp.log(x))), ()),
    "atan2":    (product(LENGTHS, LENGTHS), mp.atan2, (lambda y, x: x / r2(x, y), lambda y, x: -y / r2(x, y)),
                 (lambda y, x: -2 * x * y / r2(x, y)**2, lambda y, x: (y - x) * (y + x) / r2(x, y)**2, lambda y, x: 2 * x * y / r2(x, y)**2)),
    "maximum":  ([p for p in product(SIGNED, SIGNED) if p[0] != p[1]], max, (lambda x, y: mp.mpf(x > y), lambda x, y: mp.mpf(y > x)),
                 (lambda x, y: ZERO, lambda x, y: ZERO, lambda x, y: ZERO)),
    "minimum":  ([p for p in product(SIGNED, SIGNED) if p[0] != p[1]], min, (lambda x, y: mp.mpf(x < y), lambda x, y: mp.mpf(y < x)),
                 (lambda x, y: ZERO, lambda x, y: ZERO, lambda x, y: ZERO)),
    "hypot":    (product(SIGNED, SIGNED), lambda x, y: mp.sqrt(r2(x, y)), (lambda x, y: x / mp.sqrt(r2(x, y)), lambda x, y: y / mp.sqrt(r2(x, y))),
                 (lambda x, y: y * y / r3(x, y), lambda x, y: -x * y / r3(x, y), lambda x, y: x * x / r3(x, y))),
    "unit":     (product(LENGTHS, LENGTHS), lambda x, y: x / mp.sqrt(r2(x, y)), (lambda x, y: y * y / r3(x, y), lambda x, y: -x * y / r3(x, y)), ()),
}
# fmt: on
AS_FAR = [0.1, 0.7, 1 + 2**-52, 3.7, 30.3, 745.1]
AS_FAR += [-x for x in AS_FAR]


def cancels(x: float, y: float) -> bool:
    """Is ln(e**x + e**y) far smaller than the numbers it is made of?"""
    return max(x, y) < 0.0 and abs(at(exactly("logaddexp"), x, y)) < 0.25 * abs(max(x, y))


# The rows that are not told above: by mpmath's function of that name, unless EXACT says otherwise.
for name, rule in COMPUTING.items():
    if rule.arity == 2 and name not in TWO:
        f = exactly(name)
        TWO[name] = (
            [(x, y) for x, y in product(AS_FAR, AS_FAR) if not cancels(x, y)],
            f,
            (by_steps(f, 1, 0), by_steps(f, 0, 1)),
            tuple(by_steps(f, n, 2 - n) for n in (2, 1, 0)) if name in PUBLIC else (),
        )

FIXED_POWERS = [2, -1, 3, -2, 0.5, 0.1, -1.3, 1.5, 1 / 3, -0.5, 2.5, 1.0000000000000002, 10]


def error_in_ulp(number: float, exact: mp.mpf) -> float:
    if math.isnan(number):
        return math.inf
    if abs(exact) >= mp.mpf(2) ** 1024 * (1 - mp.mpf(2) ** -54):  # rounds to infinity
        return 0.0 if math.isinf(number) and (number > 0) == (exact > 0) else math.inf
    nearest = float(exact)
    if number == nearest:
        return 0.0
    return math.inf if math.isinf(number) else float(abs(number - exact) / math.ulp(nearest))


def recorded(name: str, *numbers: float) -> tuple[Value, list[Value]] | None:
    """The primitive on fresh leaves; None where it says that the result is too large."""
    leaves = [Value(number) for number in numbers]
    try:
        return TABLE[name](*leaves), leaves
    except OverflowError:
        return None


def assert_second_order(number: float, exact: mp.mpf, where: object) -> None:
    # Outside 1e-290 ... 1e300 the steps to the result leave the normal floats.
    if 1e-290 < abs(exact) < 1e300:
        assert abs(number - exact) <= 1e-9 * abs(exact), (where, number, mp.nstr(exact, 17))
    else:
        assert not math.isnan(number), where


@pytest.mark.parametrize("name", ONE)
def test_values_of_one_operand_are_within_4_ulp(name):
    grid, value, _, _ = ONE[name]
    for x in grid:
        made = recorded(name, x)
        exact = at(value, x)
        if made is None:
            assert abs(exact) > LARGEST, (name, x)
        else:
            assert error_in_ulp(made[0].data, exact) <= 4.0, (name, x)
            assert TABLE[name](x) == made[0].data


@pytest.mark.parametrize("name", ONE)
def test_gradients_by_one_operand_are_within_16_ulp(name):
    grid, _, slope, _ = ONE[name]
    for x in grid:
        if made := recorded(name, x):
            made[0].backward()
            assert error_in_ulp(made[1][0].grad, at(slope, x)) <= 16.0, (name, x)


@pytest.mark.slow
@pytest.mark.parametrize("name", ONE)
def test_second_derivatives_by_one_operand_are_within_1e_9(name):
    grid, _, _, curvature = ONE[name]
    for x in grid:
        if made := recorded(name, x):
            (slope,) = ag.gradient(*made, create_graph=True)
            (second,) = ag.gradient(slope, made[1])
            assert_second_order(second, at(curvature, x), (name, x))


@pytest.mark.parametrize("name", TWO)
def test_values_of_two_operands_are_within_4_ulp(name):
    grid, value, _, _ = TWO[name]
    for point in grid:
        made = recorded(name, *point)
        exact = at(value, *point)
        if made is None:
            assert abs(exact) > LARGEST, (name, point)
        else:
            assert error_in_ulp(made[0].data, exact) <= 4.0, (name, point)


@pytest.mark.parametrize("name", TWO)
def test_gradients_by_two_operands_are_within_16_ulp(name):
    grid, _, slopes, _ = TWO[name]
    for point in grid:
        if made := recorded(name, *point):
            made[0].backward()
            for leaf, slope in zip(made[1], slopes, strict=True):
                assert error_in_ulp(leaf.grad, at(slope, *point)) <= 16.0, (name, point)


# What no float arithmetic of this length can give, and why.
def beyond_second_order(name: str, x: float, y: float) -> bool:
    if name in ("atan2", "hypot"):
        # Below, the square of the length is no float; at |x| = |y| the true value is 0 or nearly.
        return math.hypot(x, y) < 1e-150 or abs(abs(x) - abs(y)) < 1e-9 * abs(x)
    # y * (y - 1) * x**(y - 2) for a y of almost 0: the last factor is beyond the largest float.
    return name == "power" and math.log10(x) * (y - 2.0) > 308.0


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in TWO if TWO[name][3]])
def test_second_derivatives_by_two_operands_are_within_1e_9(name):
    grid, _, _, (xx, xy, yy) = TWO[name]
    for x, y in grid:
        made = recorded(name, x, y)
        if made is None or beyond_second_order(name, x, y):
            continue
        exact = [[at(xx, x, y), at(xy, x, y)], [at(xy, x, y), at(yy, x, y)]]
        for slope, row in zip(ag.gradient(*made, create_graph=True), exact, strict=True):
            for number, curvature in zip(ag.gradient(slope, made[1]), row, strict=True):
                assert_second_order(number, curvature, (name, x, y))


@pytest.mark.parametrize("exponent", FIXED_POWERS)
def test_fixed_powers_hold_the_same_limits(exponent):
    def exact(x: float, order: int) -> mp.mpf:
        n = mp.mpf(exponent)
        factor = (mp.mpf(1), n, n * (n - 1))[order]
        return at(lambda x: factor * x ** (n - order), x)

    for x in POSITIVE if exponent % 1 else POSITIVE + [-x for x in POSITIVE]:
        leaf = Value(x)
        try:
            out = leaf**exponent
        except OverflowError:
            assert abs(exact(x, 0)) > LARGEST
            continue
        assert error_in_ulp(out.data, exact(x, 0)) <= 4.0, x
        assert error_in_ulp(out.partials[0], exact(x, 1)) <= 16.0, x
        (slope,) = ag.gradient(out, [leaf], create_graph=True)
        (second,) = ag.gradient(slope, [leaf])
        assert_second_order(second, exact(x, 2), x)


COMPOSED = {
    "silu": (ag.silu, lambda x: x / (1 + mp.exp(-x)), REAL),
    "gelu": (ag.gelu, lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2, [x for x in TAIL if abs(x) < 26]),
    "elu": (ag.elu, lambda x: x if x > 0 else mp.expm1(x), REAL),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_compositions_keep_their_digits_too(name):
    function, exact, grid = COMPOSED[name]
    for x in grid:
        # 1e-12: gelu's erfc takes -x / sqrt(2), whose rounding error grows by 2 x*x <= 1352 ulp.
        true = at(exact, x)
        if abs(true) > 1e-290:
            assert abs(function(x) - true) <= 1e-12 * abs(true), x
        assert function(Value(x)).data == function(x), x

"""A checker that holds derivatives against central differences, at any order."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autograd_engine.derivatives import grad, one_value
from autograd_engine.engine import Value
from autograd_engine.real import as_float, as_list, check_function, check_whole, is_number


def check_gradients(f: Callable[[Any], Any], x: Any, order: int = 1) -> None:
    """Hold the derivatives of f at x, up to the given order, against central differences.

    x is a number or a list of numbers, as f takes it. Raises `AssertionError` with a table
    of input, analytic, numeric and difference where they disagree; `ValueError` for an order
    below 1, `TypeError` for what is no function, number, list of numbers or whole number.

    >>> check_gradients(lambda x: x[0].sin() * x[1], [0.5, 2.0], order=2)
    """
    check_function(f)
    check_whole("order", order)
    if order < 1:
        raise ValueError(f"order must be at least 1, got {order}")
    single = is_number(x)
    takes = "a number or a list of numbers: check_gradients(f, [a, b])"
    point = (
        [float(x)] if single else [as_float(item) for item in as_list("check_gradients", x, takes)]
    )

    def called(inputs: Sequence[Any]) -> Any:
        return one_value(f(inputs[0] if single else list(inputs)))

    _check_order(called, point, order, "")


def _check_order(f: Callable[[Sequence[Any]], Any], x: list[float], order: int, path: str) -> None:
    analytic = grad(f)(x)
    rows = []
    for i, slope in enumerate(analytic):
        numeric, doubt = _difference(f, x, i)
        wrong = not abs(slope - numeric) <= 1e-6 * max(abs(slope), abs(numeric)) + 4.0 * doubt
        rows.append(
            (f"{path}x[{i}]", slope, numeric, slope - numeric, "<- differs" if wrong else "")
        )
    if any(row[-1] for row in rows):
        lines = [f"{'input':>12} {'analytic':>24} {'numeric':>24} {'difference':>12}"]
        lines += [f"{n:>12} {a:>24.16g} {m:>24.16g} {d:>12.3g} {flag}" for n, a, m, d, flag in rows]
        raise AssertionError("derivatives differ from central differences:\n" + "\n".join(lines))
    if order > 1:
        for i in range(len(x)):
            slope_by_i = _component(grad(f), i)
            _check_order(slope_by_i, x, order - 1, f"{path}x[{i}], ")


def _component(f: Callable[..., Any], i: int) -> Callable[..., Any]:
    return lambda inputs: f(inputs)[i]


def _difference(f: Callable[[Sequence[Any]], Any], x: list[float], i: int) -> tuple[float, float]:
    """Return the slope along x[i] by central differences, and the doubt about it.

    Ridders' method (1982): ever smaller steps, extrapolated to step 0 by a triangle of
    polynomials; the entry that changed least against its neighbours wins.
    """

    def central(step: float) -> float:
        numbers = []
        for there in (x[i] + step, x[i] - step):
            moved = [Value(there if j == i else item) for j, item in enumerate(x)]
            numbers.append(one_value(f(moved)).data)
        return (numbers[0] - numbers[1]) / (2.0 * step)

    step = 0.1 * max(abs(x[i]), 0.1)
    best, doubt = math.nan, math.inf
    previous: list[float] = []
    for _ in range(22):
        try:
            column = [central(step)]
        except (ArithmeticError, ValueError):  # stepped over the edge of the domain
            previous, step = [], step * 0.1
            continue
        for k, coarser in enumerate(previous):
            weight = 4.0 ** (k + 1)
            column.append((weight * column[k] - coarser) / (weight - 1.0))
            error = max(abs(column[-1] - column[k]), abs(column[-1] - coarser))
            if error < doubt:
                best, doubt = column[-1], error
        previous, step = column, step / 2.0
    return best, doubt

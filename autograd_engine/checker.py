"""A checker that holds derivatives against differences of the function, at any order."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from autograd_engine.derivatives import grad, one_value, point_of, shaped
from autograd_engine.engine import Value
from autograd_engine.real import as_float, check_call, check_whole, is_number

Function = Callable[[Sequence[Any]], Any]


def check_gradients(f: Callable[[Any], Any], x: Any, order: int = 1) -> None:
    """Hold the derivatives of f at x, up to the given order, against central differences.

    x is a number, or a list or array of numbers; at the edge of a domain it measures from inside.
    Raises `AssertionError` with a table of input, analytic, numeric and difference where they
    disagree, or where nothing can be measured; `ValueError`, `TypeError` for what makes no check.

    >>> check_gradients(lambda x: x[0].sin() * x[1], [0.5, 2.0], order=2)
    """
    check_call("check_gradients", f, "the point")
    check_whole("order", order, 1)
    single = is_number(x)
    takes = "a number or a list of numbers: check_gradients(f, [a, b])"
    items, shape = ([x], None) if single else point_of("check_gradients", x, takes)

    def called(inputs: Sequence[Any]) -> Any:
        return one_value(f(inputs[0] if single else shaped(list(inputs), shape)))

    _check_order(called, list(map(as_float, items)), order, "")


def _check_order(f: Function, x: list[float], order: int, path: str) -> None:
    def entry(i: int, inputs: Sequence[Any]) -> Any:
        return grad(f)(inputs)[i]

    rows, titles = [], []
    for i, slope in enumerate(grad(f)(x)):
        numeric, doubt, most = _difference(f, x, i)
        near = 1e-6 * max(abs(numeric), min(abs(slope), 1e308)) + 4.0 * doubt
        row = f"{path + f'x[{i}]':>12} {slope:>24.16g} {numeric:>24.16g} {slope - numeric:>12.3g}"
        if not doubt <= most:
            row += " <- cannot be measured"
            titles.append("cannot be measured here")
        elif not abs(slope - numeric) <= near:
            row += " <- differs"
            titles.insert(0, "differ from central differences")
        rows.append(row)
    if titles:
        head = f"{'input':>12} {'analytic':>24} {'numeric':>24} {'difference':>12}"
        raise AssertionError("\n".join([f"derivatives {titles[0]}:", head, *rows]))
    for i in range(len(x) if order > 1 else 0):
        _check_order(partial(entry, i), x, order - 1, f"{path}x[{i}], ")


def _difference(f: Function, x: list[float], i: int) -> tuple[float, float, float]:
    def at(place: float) -> float:
        return one_value(f([Value(place if j == i else item) for j, item in enumerate(x)])).data

    def quotient(left: float, right: float, step: float) -> float:
        first, last = x[i] + left * step, x[i] + right * step
        return (at(last) - at(first)) / (last - first)

    here = at(x[i])
    measured = partial(_limit, x=abs(x[i]), y=abs(here))
    found = [measured(partial(quotient, -1.0, 1.0), base=4.0)]
    if found[0][-1]:  # a step left the domain: each side by itself
        found += [
            measured(partial(quotient, *side), base=2.0) for side in ((0.0, 1.0), (-1.0, 0.0))
        ]
    settled = [way for way in found if way[1] < math.inf] or found
    best, doubt, coarse, _ = min(settled, key=lambda way: way[1] / (abs(way[0]) + 1e-300))
    # Differences that do not settle have found no slope: it may be infinite.
    return best, doubt, 1e-3 * max(abs(best), abs(coarse)) + 1e-10 * abs(here) + 1e-12


def _limit(
    quotient: Callable[[float], float], x: float, y: float, base: float
) -> tuple[float, float, float, bool]:
    """Return the limit at step 0, the doubt about it, the first quotient, whether one failed, by
    Ridders' method (1982): smaller and smaller steps, extrapolated by a triangle of polynomials.
    """
    step, best, doubt, coarse, failed = 0.1 * max(x, 0.1), math.nan, math.inf, math.nan, False
    previous: list[float] = []
    for _ in range(22):
        try:
            column = [quotient(step)]
        except (ArithmeticError, ValueError):  # over the edge of the domain, or no step at all
            column = [math.nan]
        if not math.isfinite(column[0]):
            previous, step, failed = [], step * 0.1, True
            continue
        coarse = column[0] if coarse != coarse else coarse
        rounding = 4e-16 * (x * abs(column[0]) + y) / step
        for k, coarser in enumerate(previous):
            weight = base ** (k + 1)
            column.append((weight * column[k] - coarser) / (weight - 1.0))
            error = max(abs(column[-1] - column[k]), abs(column[-1] - coarser)) + rounding
            if error < doubt:
                best, doubt = column[-1], error
        previous, step = column, step / 2.0
    return best, doubt, coarse, failed

"""The partials that a rule returns: one number for each operand, or they are refused."""

from __future__ import annotations

from typing import Any

from autograd_engine.primitives import Primitive, refused, result
from autograd_engine.real import as_float


def computed(rule: Primitive, operands: tuple[Any, ...]) -> tuple[float, tuple[Any, ...], float]:
    """Return the number of an operation of several, its `paired`, and 0.0, or NaN by a partial."""
    numbers = [operand._data for operand in operands]
    try:
        data = result(rule, rule.forward(*numbers))
        partials = rule.partials(data, *numbers)
    except (ArithmeticError, ValueError) as error:
        raise refused(rule, error, *operands) from None
    floats = slopes(rule, partials, len(operands))
    return data, paired(operands, floats), sum(floats) * 0.0


def paired(operands: tuple[Any, ...], partials: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what an operation of several keeps: each operand before its partial."""
    return tuple([item for pair in zip(operands, partials) for item in pair])


def slopes(rule: Primitive, partials: Any, count: int) -> tuple[float, ...]:
    """Return partials as floats, refusing what is not a number for each operand."""
    try:
        return tuple([as_float(item) for item in checked(rule, partials, count)])
    except TypeError:
        raise mismatched(rule, partials) from None


def checked(rule: Primitive, partials: Any, count: int) -> Any:
    if type(partials) is not tuple or len(partials) != count:
        raise mismatched(rule, partials)
    return partials


def mismatched(rule: Primitive, partials: object) -> Exception:
    return TypeError(
        f"the partials of {rule.name} must come as a tuple, one for each operand, "
        f"not {partials!r:.200}"
    )

"""What counts as a number, and the errors of operations on numbers.

Nothing here knows what a Value is, apart from its message to those who would turn one into
a number.
"""

from __future__ import annotations

import math
from numbers import Complex, Real
from typing import Final

LEAVING: Final = (
    "a Value does not turn into a plain number by itself, since its derivative would be lost: "
    "write v.data for the number, or a function of the package such as ag.exp(v) "
    "to stay in the graph"
)


def is_number(data: object) -> bool:
    """Say whether this is one real number: not text, complex, a sequence or a Value.

    >>> is_number(True), is_number("1"), is_number([1.0])
    (True, False, False)
    """
    if isinstance(data, (float, int)):
        return True
    kind = type(data)
    if hasattr(kind, "__len__") or (isinstance(data, Complex) and not isinstance(data, Real)):
        return False
    if hasattr(kind, "backward"):  # a Value has __float__ only to say why not
        return False
    return hasattr(kind, "__float__") or hasattr(kind, "__index__")


def as_float(data: object) -> float:
    """Return one real number as a float; `TypeError` naming whatever else came.

    >>> as_float(2)
    2.0
    """
    if not is_number(data):
        hint = ": write v.data for its number" if hasattr(data, "backward") else ""
        raise TypeError(f"expected one real number, got {type(data).__name__}: {data!r}{hint}")
    return float(data)  # type: ignore[arg-type]


def domain_error(
    name: str,
    symbol: str,
    error: Exception,
    operands: list[tuple[str, float]],
    domain: tuple[tuple[float, float], ...] = (),
    said: str = "",
) -> Exception:
    """Return the same kind of error with a message that names operation, labels and numbers.

    What the operation `said` itself, if anything, is kept.

    >>> domain_error("log", "log", ValueError(), [("w", -1.0)], ((0.0, math.inf),))
    ValueError("log(-1.0) is not a real number ('w' is -1.0): log is defined between 0.0 and inf")
    """
    shown = [repr(number) for _, number in operands]
    if symbol[:1] in ("+", "-", "*", "/"):
        shown = [f"({text})" if text.startswith("-") else text for text in shown]
        call = f" {symbol} ".join(shown) + (symbol if len(shown) == 1 else "")
    else:
        call = f"{name}({', '.join(shown)})"
    kind = next(kind for kind in REASONS if isinstance(error, kind))
    named = [f"{label!r} is {number!r}" for label, number in operands if label]
    message = f"{call} {REASONS[kind]}" + (f" ({', '.join(named)})" if named else "")
    if said:
        message += f": {said}"
    elif kind is ValueError and len(domain) == 1 and domain[0] != (-math.inf, math.inf):
        message += f": {name} is defined between {domain[0][0]} and {domain[0][1]}"
    return kind(message)


REASONS: Final[dict[type[Exception], str]] = {
    OverflowError: "is too large for a float",
    ZeroDivisionError: "divides by zero",
    ArithmeticError: "has no result",
    ValueError: "is not a real number",
}

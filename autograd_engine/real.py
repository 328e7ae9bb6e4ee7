"""What counts as a number, and the errors of operations on numbers.

Nothing here knows what a Value is, apart from its message to those who would turn one into
a number.
"""

from __future__ import annotations

from numbers import Complex, Real
from typing import Any, Final

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
        raise TypeError(f"expected one real number, got {type(data).__name__}: {data!r}")
    return float(data)  # type: ignore[arg-type]


def domain_error(
    name: str, symbol: str, error: Exception, numbers: list[Any], labels: list[str]
) -> Exception:
    """Return the same kind of error with a message that names operation, numbers and labels.

    >>> domain_error("log", "log", ValueError(), [-1.0], ["w"])
    ValueError("log(-1.0) is not a real number (operand 'w')")
    """
    shown = [repr(number) for number in numbers]
    if symbol[:1] in ("+", "-", "*", "/"):
        shown = [f"({number})" if number.startswith("-") else number for number in shown]
        call = f" {symbol} ".join(shown) + (symbol if len(shown) == 1 else "")
    else:
        call = f"{name}({', '.join(shown)})"
    if isinstance(error, OverflowError):
        reason = "is too large for a float"
    elif isinstance(error, ZeroDivisionError):
        reason = "divides by zero"
    else:
        reason = "is not a real number"
    whose = " and ".join(repr(label) for label in labels if label)
    return type(error)(f"{call} {reason}" + (f" (operand {whose})" if whose else ""))

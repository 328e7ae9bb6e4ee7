"""What counts as a number, and the errors of operations on numbers; also what counts as a whole
number, a switch, a function and a path. Nothing here knows what a Value is, but for its messages.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Set
from inspect import signature
from numbers import Complex, Number, Real
from os import PathLike
from typing import Any, Final

from autograd_engine.words import printable

STAYING: Final = (
    "write v.data for the number, or a function of the package such as ag.exp(v) to stay in the "
    "graph"
)
LEAVING: Final = (
    "a Value does not turn into a plain number by itself, since its derivative would be lost: "
) + STAYING


def is_number(data: Any) -> bool:
    """Say whether this is one real number, as is an array or tensor of no dimension that tracks no
    gradient; not what has arithmetic of its own, such as a symbol or a quantity with a unit.
    """
    if isinstance(data, (float, int)):
        return True
    if getattr(data, "ndim", None) == 0 or getattr(data, "shape", None) == ():
        if hasattr(data, "backward") and getattr(data, "requires_grad", True):
            return False
        try:  # a tracer of JAX may have an item, but is no float
            return isinstance(item(data), Real) and float(data) is not None
        except Exception:  # each library has errors of its own
            return False
    # A Decimal is a number, but no Real.
    return isinstance(data, Real) or (isinstance(data, Number) and not isinstance(data, Complex))


def item(data: Any) -> Any:
    """Return the one item of an array or tensor; None where it has none, or one with a unit."""
    array = _array()
    if isinstance(data, array) and type(data) is not array:
        return None  # it may be masked, or a quantity
    if getattr(getattr(data, "dtype", None), "kind", "") in ("m", "M"):
        return None  # a date or a duration
    try:
        return data.item()
    except Exception:
        return None


def as_float(data: object, function: str = "f") -> float:
    """Return a number, or what `float` reads and cannot compute, as a float; else `TypeError`."""
    if not is_number(data):
        kind = type(data)
        known = hasattr(kind, "__float__") or hasattr(kind, "__index__")
        if not known or hasattr(kind, "__len__") or calculates(kind):
            raise TypeError(f"expected one real number, got {named(data, function)}")
    return float(data)  # type: ignore[arg-type]


def calculates(kind: type) -> bool:
    """Say whether things of this kind have arithmetic of their own."""
    signs = ("add", "sub", "mul", "truediv", "pow")
    return any(hasattr(kind, f"__{side}{sign}__") for sign in signs for side in ("", "r"))


TRACED: Final = ("jax", "autograd")  # they trace numbers by types of their own


def is_foreign(data: object) -> bool:
    """Say whether this has rules of its own that no array of NumPy keeps: a tracer, a unit."""
    home = type(data).__module__.partition(".")[0]
    return home == "pint" or home in TRACED or bool(getattr(data, "requires_grad", False))


def is_spread(data: object) -> bool:
    """Say whether functions of one number go through this element by element, as through arrays."""
    lists = hasattr(data, "__array_ufunc__") and hasattr(data, "__len__")
    return lists and not is_foreign(data)


def plain(x: Any) -> Any:
    """Return a number as a float, an array of them as one of floats; what records as it is."""
    if type(x) is float or hasattr(x, "__primitive__"):
        return x
    if is_number(x) or not is_spread(x):
        return as_float(x)
    return x.astype(float) if getattr(getattr(x, "dtype", None), "kind", "O") in "biuf" else x


def is_several(data: Any) -> bool:
    """Say whether this is a list, or an array of anybody's of one dimension or more."""
    return isinstance(data, (list, tuple)) or bool(getattr(data, "shape", ()))


def only(data: Any) -> Any:
    """Return the one item of a list or array of one, and anything else as it is."""
    return next(iter(data)) if is_several(data) and len(data) == 1 else data


def kind_of(data: Any) -> str:
    """Return the type of something as messages name it; of a Value that is not ours, its home."""
    kind = type(data)
    if hasattr(data, "_prev") and not hasattr(data, "__primitive__"):
        return f"{kind.__module__}.{kind.__name__} (make it with ag.Value)"
    return kind.__name__


def named(data: Any, function: str = "f") -> str:
    """Return something that is no number as a message shows it, and what to write instead."""
    kind, shape, cure = type(data), getattr(data, "shape", None), ""
    if (name := kind.__module__.partition(".")[0]) in TRACED:
        cure = f", which {name} traces: write a function of {name}.numpy, or use ag.grad"
    elif isinstance(data, (list, tuple)):
        cure = f": of several numbers write [{function}(x) for x in xs]"
    elif isinstance(item(data), Real):
        cure = ": write .item() for its number"
    elif isinstance(shape, tuple) and shape and hasattr(kind, "item"):
        cure = f", which has the shape {tuple(shape)}: take one number of it"
    elif hasattr(kind, "backward") and not hasattr(kind, "item"):
        cure = ": write v.data for its number"
    elif hasattr(kind, "__float__") and not isinstance(data, Complex) and calculates(kind):
        cure = ", which computes by rules of its own: pass a plain number"
    return f"{kind_of(data)}: {printable(repr(data))}{cure}"


def is_array(data: Any) -> bool:
    """Say whether this is an array of NumPy, of one dimension or more."""
    return isinstance(data, _array()) and data.ndim > 0


def owned(data: Any) -> Any:
    """Return a table, or an array of another library, as one of NumPy; else what was given."""
    if hasattr(data, "to_numpy"):
        return data.to_numpy()
    if not getattr(data, "ndim", 0) or is_array(data) or is_foreign(data):
        return data
    import numpy

    return numpy.asarray(data)


def _array() -> Any:
    return getattr(sys.modules.get("numpy"), "ndarray", ())


def is_whole(number: object) -> bool:
    """Say whether this is one whole number: not True or False, text or an array."""
    kind = type(number)
    return hasattr(kind, "__index__") and not (kind is bool or hasattr(kind, "__len__"))


def check_whole(name: str, number: Any, least: Any = None) -> None:
    """Raise `TypeError` for what is no whole number, `ValueError` for one below the least."""
    if not is_whole(number):
        raise TypeError(f"{name} must be a whole number, got {number!r:.80}")
    if least is not None and number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}")


def flag(name: str, given: object) -> bool:
    """Return a setting that is True or False; `TypeError` for anything else."""
    if not isinstance(given, bool):
        raise TypeError(f"{name} must be True or False, got {given!r:.60}")
    return given


def finite(name: str, number: Any, low: float = 0.0, high: float = math.inf) -> float:
    name = "learning rate" if name == "lr" else name
    if not is_number(number) or isinstance(number, bool):
        raise TypeError(f"{name} must be a number, got {number!r:.80}")
    if not low <= number <= high or math.isinf(number):
        bounds = f"at least {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"
        raise ValueError(f"{name} must be a finite number, {bounds}; got {number!r:.80}")
    return float(number)


def check_function(f: object) -> None:
    if not callable(f):
        hint = "; of a Value it is gradient(output, inputs)" if hasattr(f, "backward") else ""
        raise TypeError(f"a derivative is that of a function, got {f!r:.60}{hint}")


def check_call(name: str, f: Any, argument: str, more: tuple[Any, ...] = ()) -> None:
    """Refuse what is no function of an argument, and more: `TypeError` saying what to write."""
    check_function(f)
    try:
        accepted = signature(f)
    except (TypeError, ValueError):  # some built in functions tell none
        return
    try:
        accepted.bind(None, *more)
    except TypeError:
        count = sum(p.default is p.empty and p.kind < 2 for p in accepted.parameters.values())
        first = f"{len(more) + 1} arguments, first" if more else "one argument,"
        said = f"{name} calls f with {first} {argument}, but it takes {accepted}"
        if count > 1 and not more:
            items = ", ".join(f"x[{i}]" for i in range(count))
            said += f": write lambda x: f({items}), and a list of {count} numbers as {argument}"
        raise TypeError(said) from None


def check_path(deed: str, path: object, example: str) -> None:
    """Refuse what is no path to do the deed with: `TypeError` naming what came."""
    if not isinstance(path, (str, PathLike)):
        raise TypeError(f"cannot {deed} {path!r:.60}: write a path such as {example!r}")


def as_list(name: str, values: Any, taken: str = "") -> list[Any]:
    """Return what a function of a list, or of what is `taken`, was given; else `TypeError`."""
    if type(values) is list:
        return list(values)
    try:
        if not isinstance(values, (str, Mapping, Set)):
            return list(owned(values))
    except TypeError:
        if hasattr(values, "__iter__") and getattr(values, "shape", None) != ():  # underway
            raise
    taken = taken or f"a list: {name}([a, b])"
    raise TypeError(f"{name} takes {taken}; got {type(values).__name__}: {values!r:.60}") from None


def called(name: str, symbol: str, numbers: list[str]) -> str:
    """Return an operation on numbers as one would write it."""
    if symbol[:1] not in ("+", "-", "*", "/", "<", ">", "="):
        return f"{name}({', '.join(numbers)})"
    shown = [f"({text})" if text.startswith("-") else text for text in numbers]
    return shown[0] + symbol if len(shown) == 1 else f" {symbol} ".join(shown)


REASONS: Final[dict[type[Exception], str]] = {
    OverflowError: "is too large for a float",
    ZeroDivisionError: "divides by zero",
    ArithmeticError: "has no result",
    ValueError: "is not a real number",
}

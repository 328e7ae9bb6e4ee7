"""What `help`, `inspect` and an editor say of objects that Python has no place for such text in.

A primitive is an object, not a function: its documentation and its signature are its own, made
when somebody asks.

>>> from autograd_engine import table
>>> inspect.signature(table.tanh), inspect.signature(table.atan2)
(<Signature (x)>, <Signature (y, x)>)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.primitives import Primitive


class OfInstances:
    """An attribute that instances compute and their class has a value of its own for, or none."""

    def __init__(self, find: Callable[[Any], Any], of_class: Any = None) -> None:
        self.find = find
        self.of_class = of_class

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is not None:
            return self.find(instance)
        if self.of_class is None:
            raise AttributeError("this is an attribute of instances alone")
        return self.of_class


def text(rule: Primitive) -> str:
    """Return the documentation of a primitive: what the table says of it, and an example."""
    import autograd_engine as package
    from autograd_engine.reference import describe

    named = "ag." * (getattr(package, rule.name, None) is rule) + rule.name
    parts = [f"{rule.name}{signature(rule)}", describe(rule)]
    for point in ((0.5,), (2.0,), (0.5, 2.0), (0.5, 2.0, 3.0)):
        try:
            out = rule(*point)
        except Exception:  # outside its domain, another number of operands, somebody's own mistake
            continue
        parts.append(f">>> {named}({', '.join(map(str, point))})\n{out}")
        break
    return "\n\n".join(filter(None, parts))


def signature(rule: Primitive) -> inspect.Signature:
    """Return what a primitive is called with: the operands, as its rule names them."""
    # Compiled, a function of the table is an object, whose method `__call__` is the function.
    for told in (rule.partials, rule.partials.__call__):  # type: ignore[operator]
        try:
            _, *operands = inspect.signature(told).parameters.values()
        except (TypeError, ValueError):  # it does not tell
            continue
        return inspect.Signature([name.replace(annotation=name.empty) for name in operands])
    return inspect.Signature([inspect.Parameter("operands", inspect.Parameter.VAR_POSITIONAL)])


Primitive.__doc__ = OfInstances(text, Primitive.__doc__)  # type: ignore[assignment]
Primitive.__signature__ = OfInstances(signature)  # type: ignore[attr-defined]

# An operator without a docstring is documented as Python documents that of its own numbers.
for _cls in (*Value.__mro__[:-1], Primitive):
    for _name, _method in vars(_cls).items():
        if isinstance(_method, FunctionType) and not _method.__doc__ and hasattr(float, _name):
            _method.__doc__ = getattr(float, _name).__doc__

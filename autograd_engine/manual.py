"""What `help`, an editor and the pages say of a primitive: formulas, domain, an example.

The formulas are read from the rule with symbols; the ends of the domain are found by trying the row
there, when somebody asks. What it is, and its kinks, stand in the table.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from autograd_engine.primitives import TABLE, Primitive


def describe(rule: Primitive, names: Sequence[str] = ()) -> str:
    """Return what a primitive is: formulas by the names of its operands, and its domain."""
    from autograd_engine.views.explain import notation
    from autograd_engine.views.explain.formulas import Equal
    from autograd_engine.views.explain.typesetting import TEXT

    if not rule.arity:
        read = [notation.rule(rule, 0, tuple(names or "x"), 4)]
    else:
        own = tuple(signature(rule).parameters)
        names = tuple(names or (own if len(own) == len(rule.domain) else "uv"))
        read = [notation.rule(rule, which, names) for which in range(-1, rule.arity)]
    formulas = "\n".join(f"    {TEXT.set(term)}" for term in read if isinstance(term, Equal))
    known = rule.arity and TABLE.get(rule.name) is rule  # somebody's own does not say where it is
    where = f"Defined for {domain(rule, names) or 'all numbers'}." if known else ""
    return "\n\n".join(filter(None, [rule.doc and f"{rule.name} is {rule.doc}.", formulas, where]))


def domain(rule: Primitive, names: Sequence[str]) -> str:
    """Return where a primitive is defined, as in -1 ≤ x ≤ 1; nothing if everywhere."""
    found = []
    for which, (low, high) in enumerate(rule.domain):
        name, point, signs = names[which], [1.0] * len(rule.domain), {}
        for point[which] in (low, 0.0, high):
            signs[point[which]] = "<"
            with suppress(Exception):  # domain errors, and whatever somebody's own rule does
                rule.partials(rule.forward(*point), *point)
                signs[point[which]] = "≤"
        text = f"{low:g} {signs[low]} " * math.isfinite(low) + name
        text += f" {signs[high]} {high:g}" * math.isfinite(high)
        if signs[0.0] == "<" and low < 0.0 < high:
            text = f"{name} ≠ 0"
        found += [text] * (text != name)
    return " and ".join(found)


def text(rule: Primitive) -> str:
    """Return the documentation of a primitive: what the table says of it, and an example."""
    import autograd_engine as package

    named = "ag." * (getattr(package, rule.name, None) is rule) + rule.name
    parts = [f"{rule.name}{signature(rule)}", describe(rule)]
    for point in ((0.5,), (2.0,), (0.5, 2.0), (0.5, 2.0, 3.0)):
        # Outside its domain, with another number of operands, by somebody's own mistake it fails.
        with suppress(Exception):
            parts.append(f">>> {named}({', '.join(map(str, point))})\n{rule(*point)}")
            break
    return "\n\n".join(filter(None, parts))


def signature(rule: Primitive) -> inspect.Signature:
    """Return what a primitive is called with: the operands, as its rule names them."""
    # Compiled, a function of the table is an object, whose method `__call__` is the function.
    try:
        told = inspect.signature(rule.partials)
    except (TypeError, ValueError):
        told = inspect.signature(rule.partials.__call__)  # type: ignore[operator]
    _, *operands = told.parameters.values()
    return inspect.Signature([name.replace(annotation=name.empty) for name in operands])


class OfInstances:
    """An attribute that instances compute and their class has a value of its own for, or none."""

    def __init__(self, find: Callable[[Any], Any], of_class: Any = None) -> None:
        self.find, self.of_class = find, of_class

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self.of_class if instance is None else self.find(instance)


Primitive.__doc__ = OfInstances(text, Primitive.__doc__)  # type: ignore[assignment]
Primitive.__signature__ = OfInstances(signature)  # type: ignore[attr-defined]

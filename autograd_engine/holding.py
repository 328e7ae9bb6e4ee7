"""Holding: whether an optimiser holds what is trained, which may change while it is."""

from __future__ import annotations

from typing import Any

from autograd_engine.blocks import enable_grad
from autograd_engine.engine import Value
from autograd_engine.graph import leaves
from autograd_engine.modules import Module, check_leaves
from autograd_engine.table import LEAF


def check_holding(model: Any, optimizer: Any, loss: Any, samples: Any, known: Any = None) -> Any:
    """Raise `ValueError` for a parameter that is no leaf any more, or that nothing uses.

    The optimiser may hold what only the loss uses, such as a temperature, and leave out what
    the model has. What was looked at is returned; where it is `known`, it is not looked at again.
    """
    named = [(str(i), value) for i, value in enumerate(model.parameters())]
    if isinstance(model, Module):
        named = model.named_parameters()
        check_leaves(model, named)
    for name, value in named:
        if value._rule is not LEAF:
            raise ValueError(f"the model's parameter {name} is no leaf any more: {value!r:.60}")
    held = getattr(optimizer, "parameters", None)
    if not isinstance(held, list):
        return None
    ours, its = {id(value) for _, value in named}, set(map(id, held))
    strays = [value for value in held if id(value) not in ours] if known != (ours, its) else []
    for x, target in samples if strays else ():
        with enable_grad():
            value = loss(model(x), target)
        used = set(map(id, leaves(value))) if isinstance(value, Value) else set()
        strays = [value for value in strays if id(value) not in used]
        if not strays:
            break
    if strays:
        place = next(i for i, value in enumerate(held) if value is strays[0])
        new = ", ".join([repr(name) for name, value in named if id(value) not in its][:3])
        lacks = f", while the optimizer lacks the model's {new}" if new else ""
        what = f"the optimizer holds {len(strays)} of its {len(held)} parameters in vain"
        if len(strays) == len(held):
            what = "the optimizer holds none of the model's parameters, and would leave it as it is"
        raise ValueError(
            f"{what}: its parameter {place}, {strays[0]!r:.60}, is neither one of the model nor "
            f"used by the loss{lacks}: make it of them, as in {type(optimizer).__name__}"
            "(model.parameters()), and anew when another Value is put in the place of a parameter"
        )
    return ours, its

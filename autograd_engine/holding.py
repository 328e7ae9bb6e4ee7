"""Holding: whether an optimiser holds what is trained, which may change while it is."""

from __future__ import annotations

from typing import Any

from autograd_engine.blocks import enable_grad
from autograd_engine.engine import Value
from autograd_engine.graph import leaves
from autograd_engine.modules import Module, check_leaves
from autograd_engine.table import LEAF


class Holding:
    """What the model has and the optimiser holds, checked again where it changed.

    The optimiser may hold what only the loss uses, such as a temperature, and leave out what
    the model has.
    """

    def __init__(self, model: Any, optimizer: Any, loss: Any, samples: Any) -> None:
        self._model = model
        self._optimizer = optimizer
        self._loss = loss
        self._samples = samples
        self._known: tuple[set[int], set[int]] | None = None

    def check(self) -> None:
        """Raise `ValueError` for a parameter that is no leaf any more, or that nothing uses."""
        model = self._model
        named = [(str(i), value) for i, value in enumerate(model.parameters())]
        if isinstance(model, Module):
            named = model.named_parameters()
            check_leaves(model, named)
        for name, value in named:
            if value._rule is not LEAF:
                raise ValueError(f"the model's parameter {name} is no leaf any more: {value!r:.60}")
        held = getattr(self._optimizer, "parameters", None)
        if isinstance(held, list):
            known = {id(value) for _, value in named}, set(map(id, held))
            if known != self._known:
                self._refuse_unused([value for value in held if id(value) not in known[0]], named)
            self._known = known

    def _refuse_unused(self, strays: list[Value], named: list[tuple[str, Value]]) -> None:
        """Refuse values that neither the model has nor the loss of any sample depends on."""
        held = self._optimizer.parameters
        for x, target in self._samples:
            if not strays:
                return
            with enable_grad():
                loss = self._loss(self._model(x), target)
            used = set(map(id, leaves(loss))) if isinstance(loss, Value) else set()
            strays = [value for value in strays if id(value) not in used]
        if not strays:
            return
        ids = set(map(id, held))
        place = next(i for i, value in enumerate(held) if value is strays[0])
        new = [repr(name) for name, value in named if id(value) not in ids]
        raise ValueError(
            (
                "the optimizer holds none of the model's parameters, and would leave it as it is"
                if len(strays) == len(held)
                else f"the optimizer holds {len(strays)} of its {len(held)} parameters in vain"
            )
            + f": its parameter {place}, {strays[0]!r:.60}, is neither one of the model nor used "
            + "by the loss"
            + (f", while the optimizer lacks the model's {', '.join(new[:3])}" if new else "")
            + f": make it of them, as in {type(self._optimizer).__name__}(model.parameters()), "
            "and anew when another Value is put in the place of a parameter"
        )

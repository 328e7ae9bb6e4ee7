"""Predictions in the words of the data: names of columns and classes, numbers as measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograd_engine.blocks import no_grad
from autograd_engine.modules import Module
from autograd_engine.number import number, read
from autograd_engine.real import is_number
from autograd_engine.words import counted, meant


@dataclass(frozen=True)
class Terms:
    """What a model was trained on: its columns, (x - shift) / scale of each, its classes."""

    columns: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    shift: list[float] = field(default_factory=list)
    scale: list[float] = field(default_factory=list)

    def row(self, x: Any) -> Any:
        """Return an input as the model takes it; `ValueError` naming what is missing or unknown."""
        names = self.columns
        if isinstance(x, Mapping):
            for name in names:
                if name not in x:
                    raise ValueError(f"the input has no {name!r:.80}{meant(name, x)}")
            x = [x[name] for name in names or x]
        if names and len(x) != len(names):
            wanted = f"{counted(len(names), 'number')}, {', '.join(names):.400}"
            raise ValueError(f"the model takes {wanted}; got {len(x)}")
        scaled = zip(x, self.shift, self.scale) if self.shift else ()
        return [(number(n) - m) / s for n, m, s in scaled] or x

    def named(self, outputs: Any) -> Any:
        """Return the name of the class, where there are classes, else the numbers."""
        numbers = list(map(read, outputs if hasattr(outputs, "__len__") else [outputs]))
        if len(numbers) == 1:
            return self.classes[numbers[0] > 0.0] if len(self.classes) == 2 else numbers[0]
        if len(numbers) == len(self.classes):
            return self.classes[numbers.index(max(numbers))]
        return numbers


def learn_terms(model: Any, data: Any) -> None:
    """Note with a module what a dataset says; other data leave what is noted."""
    if isinstance(model, Module) and hasattr(data, "names") and hasattr(data, "classes"):
        names, classes = ([*map(str, part)] for part in (data.names, data.classes))
        terms = Terms(names, classes, *map(list, getattr(data, "scaled_by", None) or ()))
        if terms_of(model) != terms:  # one that is the same stays: see `fit.traces`
            vars(model)["_terms"] = terms


def terms_of(model: Any) -> Terms:
    found = vars(model).get("_terms") if isinstance(model, Module) else None
    return found or Terms()


def terms_read(entry: Any) -> Terms:
    """Return what a file says in `data`; `ValueError` where that is damaged."""
    known = vars(Terms()).keys()
    if isinstance(entry, dict) and entry.keys() == known and {*map(type, entry.values())} == {list}:
        terms = Terms(**entry)
        numbers, names = terms.shift + terms.scale, terms.columns + terms.classes
        fits = len(terms.shift) == len(terms.scale) in (0, len(terms.columns))
        fits = fits and all(type(n) in (int, float) and math.isfinite(n) for n in numbers)
        if fits and 0 not in terms.scale and all(isinstance(name, str) for name in names):
            return terms
    raise ValueError(f"its data hold no names of columns and classes, or no scaling: {entry!r:.80}")


def predict(model: Any, x: Any) -> Any:
    """Return the class that the model predicts for an input, by its name, or else its number.

    The input has the numbers as they were measured, in a list or by the names of the columns, which
    `fit` notes with the model, as it does classes and scaling. Of several rows (a list of inputs, a
    matrix, a dataset) a list comes back. As `accuracy` has it, a single output is of the second
    class where it is positive. Raises `ValueError` naming the columns for another number of inputs,
    `TypeError` for what is no model.

    >>> from autograd_engine.nn import MLP
    >>> predict(MLP(2, [1], init=lambda nin, nout, rng: 0.5), [3.0, 4.0])
    3.5
    """
    if isinstance(model, type) or not callable(model):
        such = "a model such as an MLP or what load() returns"
        raise TypeError(f"expected {such}, got {model!r:.60}")
    x = getattr(x, "inputs", x)
    if hasattr(x, "to_dict") and hasattr(x, "columns"):
        x = x.to_dict("records")
    if is_number(x):
        x = [x]
    if not isinstance(x, (list, tuple, Mapping)) and not getattr(x, "ndim", 0):
        raise TypeError(f"an input is a list of numbers, got {x!r:.60}")
    first = x[0] if not isinstance(x, Mapping) and len(x) else None
    several = hasattr(first, "__len__") and not isinstance(first, str)
    terms = terms_of(model)
    with no_grad():
        found = [terms.named(model(terms.row(row))) for row in (x if several else [x])]
    return found if several else found[0]

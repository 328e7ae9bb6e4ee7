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
            x = [x[name] for name in names] if names else [*x.values()]
        if names and len(x) != len(names):
            wanted = f"{counted(len(names), 'number')}, {', '.join(names):.400}"
            raise ValueError(f"the model takes {wanted}; got {len(x)}")
        if not self.shift:
            return x
        return [(number(n) - m) / s for n, m, s in zip(x, self.shift, self.scale)]


def learn_terms(model: Any, data: Any) -> None:
    """Note with a module what a dataset says; other data leave what is noted."""
    if isinstance(model, Module) and hasattr(data, "names") and hasattr(data, "classes"):
        names, classes = ([*map(str, part)] for part in (data.names, data.classes))
        scaling: Any = getattr(data, "scaled_by", None) or ()
        terms = Terms(names, classes, *map(list, scaling))
        if vars(model).get("_terms") != terms:  # one that is the same stays: see `fit.traces`
            vars(model)["_terms"] = terms


def terms_of(model: Any) -> Terms:
    """Return what is noted with a model."""
    found = vars(model).get("_terms") if isinstance(model, Module) else None
    return found or Terms()


def terms_read(entry: Any) -> Terms:
    """Return what a file says in `data`; `ValueError` where that is damaged."""
    known = vars(Terms()).keys()
    if isinstance(entry, dict) and entry.keys() == known and {*map(type, entry.values())} == {list}:
        columns, classes, shift, scale = (entry[name] for name in known)
        finite = all(type(n) in (int, float) and math.isfinite(n) for n in shift + scale)
        fits = len(shift) == len(scale) in (0, len(columns)) and 0 not in scale
        if finite and fits and all(isinstance(name, str) for name in columns + classes):
            return Terms(**entry)
    raise ValueError(f"its data hold no names of columns and classes, or no scaling: {entry!r:.80}")


def predict(model: Any, x: Any) -> Any:
    """Return the class that the model predicts for an input, by its name, or else its number.

    The input has the numbers as they were measured, in a list or by the names of the columns: `fit`
    notes with the model the names, classes and scaling of the `Dataset` it trains on, and `save`
    and `load` keep them. Of several rows (a list of inputs, a matrix, a dataset) a list comes back,
    and a model of several outputs that are no classes gives each as a list. As `accuracy` has it, a
    single output is of the second class where it is positive. Raises `ValueError` naming the
    columns for another number of inputs, `TypeError` for what is no model.

    >>> from autograd_engine.nn import MLP
    >>> predict(MLP(2, [1], init=lambda nin, nout, rng: 0.5), [3.0, 4.0])
    3.5
    """
    if isinstance(model, type) or not callable(model):
        raise TypeError(
            f"expected a model such as an MLP or what load() returns, got {model!r:.60}"
        )
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
        found = [_named(model(terms.row(row)), terms) for row in (x if several else [x])]
    return found if several else found[0]


def _named(outputs: Any, terms: Terms) -> Any:
    """Return the name of the class, where there are classes, else the numbers."""
    numbers = (
        [read(output) for output in outputs] if hasattr(outputs, "__len__") else [read(outputs)]
    )
    if len(numbers) == 1 and len(terms.classes) == 2:
        return terms.classes[numbers[0] > 0.0]
    if len(numbers) == len(terms.classes) > 1:
        return terms.classes[numbers.index(max(numbers))]
    return numbers[0] if len(numbers) == 1 else numbers

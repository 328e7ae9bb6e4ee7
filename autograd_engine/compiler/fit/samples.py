"""Samples as arrays: every number of inputs and targets, one row a sample.

>>> form = Form.of(([1.0, 2.0], 1))
>>> form.rows([([1.0, 2.0], 1), ([3.0, 4.0], 0)]).tolist()
[[1.0, 2.0, 1.0], [3.0, 4.0, 0.0]]
>>> form.filled([10, 20, 30])
([10, 20], 30)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy

from autograd_engine.real import is_number

Array = Any


class Unfit(Exception):
    """Says why samples, a model or a loss cannot be compiled."""


class Unusual(Exception):
    """Says what the eager way is to look into, with nothing changed yet."""


class Form(NamedTuple):
    """How the numbers of a sample are laid out: an input and a target like these."""

    x: Any
    target: Any

    @classmethod
    def of(cls, sample: Sequence[Any]) -> Form:
        """Return the form of a sample; `Unfit` where it holds anything but numbers."""
        form = cls(*sample)
        for what, item in zip(("inputs", "targets"), form):
            _check(what, item)
        return form

    @property
    def scalar_target(self) -> bool:
        """Whether the target is one number: a class, or a number to predict."""
        return is_number(self.target)

    def rows(self, samples: Sequence[Sequence[Any]]) -> Array:
        """Return the numbers of all samples, `(samples, numbers)`.

        Raises `Unfit` where they are not all laid out as this one.
        """
        xs, targets = zip(*samples)
        parts = [
            _rows("inputs", xs, self.x),
            _rows("targets", targets, self.target),
        ]
        return numpy.ascontiguousarray(numpy.concatenate(parts, axis=1))

    def filled(self, items: Sequence[Any]) -> tuple[Any, Any]:
        """Return an input and a target of this form that hold other items."""
        rest = iter(items)
        return _filled(self.x, rest), _filled(self.target, rest)


def _check(what: str, item: Any) -> None:
    if isinstance(item, (list, tuple)) and not hasattr(item, "_fields"):
        for part in item:
            _check(what, part)
    elif not is_number(item) and not isinstance(item, numpy.ndarray):
        raise Unfit(
            f"the {what} are {type(item).__name__}, not numbers, lists, tuples or arrays of them"
        )


def _rows(what: str, items: Sequence[Any], form: Any) -> Array:
    try:
        found, shape = numpy.asarray(items), numpy.shape(form)
    except ValueError:
        raise Unfit(f"the {what} are not all of one shape") from None
    if found.shape[1:] != shape:
        raise Unfit(f"the {what} are not all of one shape")
    if found.dtype.kind not in "fiub":
        raise Unfit(f"the {what} hold something else than numbers")
    return found.astype(numpy.float64).reshape(len(items), -1)


def _filled(form: Any, rest: Iterator[Any]) -> Any:
    if isinstance(form, (list, tuple)):
        return type(form)(_filled(part, rest) for part in form)
    if isinstance(form, numpy.ndarray):
        found: Array = numpy.empty(form.shape, object)
        for place in numpy.ndindex(form.shape):
            found[place] = next(rest)
        return found
    return next(rest)

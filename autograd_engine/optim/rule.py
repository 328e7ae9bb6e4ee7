"""What an optimiser's rule is: one step of all parameters.

A rule is a function `(numbers, slopes, *memories) -> (numbers, *memories)` of columns, where the
slopes are the gradients to step against. A column is a list: of floats, one for each parameter, or
of one array that holds them all. What the rule does in it is arithmetic and the few functions of
an `Arithmetic`, so that the same rule moves floats and arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from autograd_engine import floats

Column = list[Any]
Rule = Callable[..., tuple[Column, ...]]


class Arithmetic(NamedTuple):
    """What a rule needs beside + - * and /, for one kind of numbers.

    `ratio` is lenient: x / 0 is an infinity, 0 / 0 is NaN. `maximum` of a NaN first is NaN.
    """

    sqrt: Callable[[Any], Any]
    ratio: Callable[[Any, Any], Any]
    maximum: Callable[[Any, Any], Any]


FLOATS = Arithmetic(math.sqrt, floats.ratio, max)


def lerp(starts: Column, ends: Column, weight: float) -> Column:
    """Return what lies that share of the way from each start to its end.

    Written like PyTorch's, from the nearer side: else an end far below the start is lost.

    >>> lerp([1e20], [3.0], 1.0)
    [3.0]
    """
    if weight < 0.5:
        return [start + weight * (end - start) for start, end in zip(starts, ends)]
    return [end - (end - start) * (1.0 - weight) for start, end in zip(starts, ends)]

"""What an optimiser's rule is: one step of one parameter, or of all of them as an array.

A rule is a function `(number, slope, *memory) -> (number, *memory)`, where the slope is the
gradient to step against. It is arithmetic and the few functions of an `Arithmetic`, so that the
same rule moves floats and arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from autograd_engine import floats

Rule = Callable[..., tuple[Any, ...]]


class Arithmetic(NamedTuple):
    """What a rule needs beside + - * and /, for one kind of numbers.

    `ratio` is lenient: x / 0 is an infinity, 0 / 0 is NaN. `maximum` of a NaN first is NaN.
    """

    sqrt: Callable[[Any], Any]
    ratio: Callable[[Any, Any], Any]
    maximum: Callable[[Any, Any], Any]


FLOATS = Arithmetic(math.sqrt, floats.ratio, max)


def lerp(start: Any, end: Any, weight: float) -> Any:
    """Return what lies that share of the way from start to end.

    Written like PyTorch's, from the nearer side: else an end far below the start is lost.

    >>> lerp(1e20, 3.0, 1.0)
    3.0
    """
    way = end - start
    return start + weight * way if weight < 0.5 else end - way * (1.0 - weight)

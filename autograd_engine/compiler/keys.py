"""Keys: 64 bits that stand for a number, or a row of numbers: equal where those are equal.

Different ones have different keys but for a chance of one in 10**19 for two of them.
"""

from __future__ import annotations

from typing import Any

import numpy

Array = Any


def scattered(numbers: Array) -> Array:
    """Return the key of each whole number (Steele, Lea and Flood's SplitMix64).

    >>> scattered([1, 2, 1]).tolist()
    [16294208416658607535, 7960286522194355700, 16294208416658607535]
    """
    key = numpy.asarray(numbers).astype(numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
    key = (key ^ (key >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    key = (key ^ (key >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return key ^ (key >> numpy.uint64(31))


def of_rows(numbers: Array) -> Array:
    """Return the key of each row of whole numbers, of shape (rows, columns).

    >>> first, second, third = of_rows([[1, 2], [2, 1], [1, 2]]).tolist()
    >>> first == third, first == second
    (True, False)
    """
    numbers = numpy.asarray(numbers)
    weights = scattered(numpy.arange(1, numbers.shape[1] + 1)) | numpy.uint64(1)
    return ((numbers.astype(numpy.uint64) + numpy.uint64(1)) * weights).sum(1, dtype=numpy.uint64)

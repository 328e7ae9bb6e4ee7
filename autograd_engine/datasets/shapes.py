"""Classes that lie in the plane in well-known shapes, drawn at random.

Each function takes the number of samples, the standard deviation of the noise on either coordinate,
and a seed; the classes take turns. Each raises `ValueError` for fewer than one sample and for a
negative or infinite noise, `TypeError` for what is no number.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from math import cos, pi, sin, tau

from autograd_engine.datasets.dataset import Dataset
from autograd_engine.real import check_whole, is_number

Point = tuple[float, float]
Curve = Callable[[int, float], Point]


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return two half circles that reach into each other, the class being which of them.

    >>> moons(4, noise=0.0).targets
    [0, 1, 0, 1]
    """

    def half_circle(number: int, t: float) -> Point:
        x, y = cos(pi * t), sin(pi * t)
        return (1.0 - x, 0.5 - y) if number else (x, y)

    return _drawn(half_circle, 2, n, noise, seed)


def circles(n: int = 100, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return a circle of radius 1 (class 0) around one of radius 0.5 (class 1).

    >>> [math.hypot(*point) for point in circles(4, noise=0.0).inputs]
    [1.0, 0.5, 1.0, 0.5]
    """

    def circle(number: int, t: float) -> Point:
        radius = 0.5 if number else 1.0
        return radius * cos(tau * t), radius * sin(tau * t)

    return _drawn(circle, 2, n, noise, seed, closed=True)


def spirals(n: int = 100, noise: float = 0.05, seed: int = 0, classes: int = 2) -> Dataset:
    """Return arms that wind once around the origin, one arm for each class.

    Raises `ValueError` for fewer than two classes too.

    >>> spirals(6, classes=3).targets
    [0, 1, 2, 0, 1, 2]
    """
    check_whole("the number of classes", classes)
    if classes < 2:
        raise ValueError(f"spirals need at least 2 classes, got {classes}")

    def arm(number: int, t: float) -> Point:
        radius, angle = 0.1 + 0.9 * t, tau * number / classes + tau * t
        return radius * cos(angle), radius * sin(angle)

    return _drawn(arm, classes, n, noise, seed)


def xor(n: int = 100, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return points around the corners of a square, class 1 where just one coordinate is 1.

    >>> list(xor(4, noise=0.0))
    [([0.0, 0.0], 0), ([0.0, 1.0], 1), ([1.0, 0.0], 1), ([1.0, 1.0], 0)]
    """
    data = _drawn(lambda number, t: (float(number // 2), float(number % 2)), 4, n, noise, seed)
    targets = [(corner // 2) ^ (corner % 2) for corner in data.targets]
    return Dataset(data.inputs, targets, data.names, ["0", "1"])


def _drawn(
    curve: Curve, classes: int, n: int, noise: float, seed: int, closed: bool = False
) -> Dataset:
    """Return n points with noise, at even steps along a curve for each class, which take turns."""
    check_whole("the number of samples (n)", n)
    if n < 1:
        raise ValueError(f"a dataset needs at least 1 sample, got n = {n}")
    if not is_number(noise):
        raise TypeError(f"the noise is a standard deviation, a number; got {noise!r:.60}")
    if not 0.0 <= noise < math.inf:
        raise ValueError(f"the noise is a standard deviation of 0 or more, got {noise}")
    gauss, inputs = random.Random(seed).gauss, []
    for i in range(n):
        place, number = divmod(i, classes)
        places = (n - number - 1) // classes + 1  # that fall to this curve
        steps = places if closed else max(places - 1, 1)  # a closed one ends where it starts
        inputs.append([x + gauss(0.0, noise) for x in curve(number, place / steps)])
    return Dataset(inputs, [i % classes for i in range(n)], ["x", "y"], map(str, range(classes)))

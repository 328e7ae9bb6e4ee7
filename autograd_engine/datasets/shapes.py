"""Classes that lie in the plane in well-known shapes, drawn at random.

Each function takes the number of samples, the standard deviation of the noise on either
coordinate, and a seed. The classes take turns, sample by sample. Each raises `ValueError`
for fewer than one sample and for a negative or infinite noise, `TypeError` for what is no number.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

from autograd_engine.datasets.dataset import Dataset
from autograd_engine.real import check_whole, is_number

Curve = Callable[[float], tuple[float, float]]


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return two half circles that reach into each other, the class being which of them.

    >>> moons(4, noise=0.0).targets
    [0, 1, 0, 1]
    """

    def upper(t: float) -> tuple[float, float]:
        return math.cos(math.pi * t), math.sin(math.pi * t)

    def lower(t: float) -> tuple[float, float]:
        return 1.0 - math.cos(math.pi * t), 0.5 - math.sin(math.pi * t)

    return _along((upper, lower), n, noise, seed, closed=False)


def circles(n: int = 100, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return a circle of radius 1 (class 0) around one of radius 0.5 (class 1).

    >>> [math.hypot(*point) for point in circles(4, noise=0.0).inputs]
    [1.0, 0.5, 1.0, 0.5]
    """

    def outer(t: float) -> tuple[float, float]:
        return math.cos(math.tau * t), math.sin(math.tau * t)

    def inner(t: float) -> tuple[float, float]:
        return 0.5 * math.cos(math.tau * t), 0.5 * math.sin(math.tau * t)

    return _along((outer, inner), n, noise, seed, closed=True)


def spirals(n: int = 100, noise: float = 0.05, seed: int = 0, classes: int = 2) -> Dataset:
    """Return arms that wind once around the origin, one arm for each class.

    Raises `ValueError` for fewer than two classes too.

    >>> spirals(6, classes=3).targets
    [0, 1, 2, 0, 1, 2]
    """
    check_whole("the number of classes", classes)
    if classes < 2:
        raise ValueError(f"spirals need at least 2 classes, got {classes}")

    def arm(number: int) -> Curve:
        start = math.tau * number / classes

        def curve(t: float) -> tuple[float, float]:
            radius, angle = 0.1 + 0.9 * t, start + math.tau * t
            return radius * math.cos(angle), radius * math.sin(angle)

        return curve

    return _along([arm(number) for number in range(classes)], n, noise, seed, closed=False)


def xor(n: int = 100, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return points around the corners of a square, class 1 where just one coordinate is 1.

    >>> list(xor(4, noise=0.0))
    [([0.0, 0.0], 0), ([0.0, 1.0], 1), ([1.0, 0.0], 1), ([1.0, 1.0], 0)]
    """
    corners = [divmod(i % 4, 2) for i in range(_count(n))]
    targets = [a ^ b for a, b in corners]
    return _noisy([(float(a), float(b)) for a, b in corners], targets, 2, noise, seed)


def _along(curves: Sequence[Curve], n: int, noise: float, seed: int, closed: bool) -> Dataset:
    """Return n points at even steps along the curves, which take turns.

    A closed curve ends where it starts, so that its last step is left out.
    """
    points, targets = [], []
    for i in range(_count(n)):
        place, number = divmod(i, len(curves))
        places = (n - number - 1) // len(curves) + 1  # that fall to this curve
        points.append(curves[number](place / (places if closed else max(places - 1, 1))))
        targets.append(number)
    return _noisy(points, targets, len(curves), noise, seed)


def _noisy(
    points: Sequence[tuple[float, float]],
    targets: list[int],
    classes: int,
    noise: float,
    seed: int,
) -> Dataset:
    if not is_number(noise):
        raise TypeError(f"the noise is a standard deviation, a number; got {noise!r:.60}")
    if not 0.0 <= noise < math.inf:
        raise ValueError(f"the noise is a standard deviation of 0 or more, got {noise}")
    random_numbers = random.Random(seed)
    inputs = [[coordinate + random_numbers.gauss(0.0, noise) for coordinate in p] for p in points]
    return Dataset(inputs, targets, ["x", "y"], [str(number) for number in range(classes)])


def _count(n: int) -> int:
    check_whole("the number of samples (n)", n)
    if n < 1:
        raise ValueError(f"a dataset needs at least 1 sample, got n = {n}")
    return n

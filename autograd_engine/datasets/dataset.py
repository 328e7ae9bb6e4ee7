"""What a dataset is, `(input, target)` pairs that can be split and scaled; shapes drawn at random.

Each shape takes the number of samples, the standard deviation of the noise on either coordinate,
and a seed; its classes take turns. Raises `ValueError` and `TypeError` for what makes no sample.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from math import cos, pi, sin, tau
from typing import Any, NamedTuple

from autograd_engine.real import as_float, as_list, check_whole, finite
from autograd_engine.words import LINE, counted, printable

Pair = tuple[list[float], Any]


class Scaling(NamedTuple):
    """What scaling does to each column of the inputs: (x - shift) / scale.

    >>> Dataset([[1.0], [5.0]], [0, 1], ["x"]).scaling()
    Scaling(shift=[3.0], scale=[2.0])
    """

    shift: list[float]
    scale: list[float]


class Dataset(Sequence[Pair]):
    """A sequence of `(input, target)` pairs; a slice of it is a dataset too.

    `inputs` are lists of floats, `names` those of their columns. `targets` are classes from 0 on,
    and `classes` holds their names; of numbers to predict it is empty. `scaled_by` is the scaling
    of the inputs since they were measured, or None. Raises `ValueError` where lengths differ.

    >>> data = Dataset([[1.0, 2.0], [3.0, 4.0]], [0, 1], ["x", "y"], ["left", "right"])
    >>> data[1], data[:1]
    (([3.0, 4.0], 1), <dataset of 1 sample: 2 inputs, classes left, right>)
    """

    def __init__(
        self,
        inputs: Iterable[Iterable[float]],
        targets: Iterable[Any],
        names: Iterable[str],
        classes: Iterable[str] = (),
    ) -> None:
        rows = as_list("Dataset", inputs, "a list of inputs")
        self.inputs = [as_list("Dataset", row, "lists of numbers as inputs") for row in rows]
        self.targets = as_list("Dataset", targets, "a list of targets")
        self.names, self.classes = [*names], [*classes]
        self.scaled_by: Scaling | None = None
        if len(self.inputs) != len(self.targets):
            raise ValueError(f"{len(self.inputs)} inputs, but {len(self.targets)} targets")
        for i, row in enumerate(self.inputs):
            if len(row) != (count := len(self.names)):
                raise ValueError(f"input {i} has {len(row)} numbers, but {count} names of columns")

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._with(self.inputs[index], self.targets[index])
        return self.inputs[index], self.targets[index]

    def __repr__(self) -> str:
        return f"<dataset of {counted(len(self), 'sample')}: {self.contents()}>"

    def contents(self) -> str:
        """Return in words what goes in, and what is to be predicted."""
        names = ", ".join(map(printable, self.classes[:LINE]))
        goal = f"classes {printable(names, LINE)}" if self.classes else "a number to predict"
        return f"{counted(len(self.names), 'input')}, {goal}"

    def _with(self, inputs: Iterable[Iterable[float]], targets: Iterable[Any]) -> Dataset:
        data = Dataset(inputs, targets, self.names, self.classes)
        data.scaled_by = self.scaled_by
        return data

    def split(self, fraction: float, seed: int = 0) -> tuple[Dataset, Dataset]:
        """Return two datasets of shuffled samples, the first with that fraction of them.

        Raises `ValueError` for a fraction not between 0 and 1, and where a side would be empty.
        """
        first = round(finite("the fraction of a split", fraction, high=1.0) * len(self))
        if not 0 < first < len(self):
            what = f"a split of {len(self)} sample(s) at {fraction} leaves one side empty"
            raise ValueError(f"{what}: take more samples, or another fraction")
        pairs = list(self)
        random.Random(seed).shuffle(pairs)
        return self._with(*zip(*pairs[:first])), self._with(*zip(*pairs[first:]))

    def scaling(self) -> Scaling:
        """Return mean and deviation of each column; `ValueError` of no sample.

        The deviation of a column that differs by rounding alone is 1.
        """
        if not self.inputs:
            raise ValueError("an empty dataset has no mean to scale by")
        columns = [list(map(as_float, column)) for column in zip(*self.inputs)]
        # Divided before they are summed, and by hypot, so that no large number overflows.
        shift = [math.fsum(x / len(self) for x in column) for column in columns]
        away = ([x - mean for x in column] for column, mean in zip(columns, shift))
        scale = [math.hypot(*x) / math.sqrt(len(self)) for x in away]
        least = [1e-14 * max(map(abs, column)) for column in columns]
        return Scaling(shift, [s if s > tiny else 1.0 for s, tiny in zip(scale, least)])

    def scaled(self, scaling: Scaling | None = None) -> Dataset:
        """Return this dataset with scaled inputs, by its own mean and deviation or those given.

        Test data is to be scaled as its training data was: `test.scaled(train.scaling())`. Raises
        `ValueError` where the scaling has another number of columns.
        """
        shift, scale = self.scaling() if scaling is None else scaling
        count = len(self.names)
        if not len(shift) == len(scale) == count:
            raise ValueError(f"the scaling is for {len(shift)} column(s), the inputs have {count}")
        inputs = [[(x - m) / s for x, m, s in zip(row, shift, scale)] for row in self.inputs]
        data = self._with(inputs, self.targets)
        before, unit = self.scaled_by or ([0.0] * count, [1.0] * count)
        shift = [m + u * x for m, u, x in zip(before, unit, shift)]
        data.scaled_by = Scaling(shift, [u * x for u, x in zip(unit, scale)])
        return data


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return two half circles that reach into each other, the class being which of them.

    >>> moons(4, noise=0.0).targets
    [0, 1, 0, 1]
    """
    return _drawn(
        lambda i, t: (1.0 - cos(pi * t), 0.5 - sin(pi * t)) if i else (cos(pi * t), sin(pi * t)),
        2, n, noise, seed,
    )  # fmt: skip


def circles(n: int = 100, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return a circle of radius 1 (class 0) around one of radius 0.5 (class 1).

    >>> [math.hypot(*point) for point in circles(4, noise=0.0).inputs]
    [1.0, 0.5, 1.0, 0.5]
    """
    return _drawn(
        lambda i, t: (cos(tau * t) / (1.0 + i), sin(tau * t) / (1.0 + i)),
        2, n, noise, seed, closed=True,
    )  # fmt: skip


def spirals(n: int = 100, noise: float = 0.05, seed: int = 0, classes: int = 2) -> Dataset:
    """Return arms that wind once around the origin, one arm for each class.

    Raises `ValueError` for fewer than two classes too.

    >>> spirals(6, classes=3).targets
    [0, 1, 2, 0, 1, 2]
    """
    check_whole("the number of classes", classes, 2)

    def arm(i: int, t: float) -> Iterable[float]:
        radius, angle = 0.1 + 0.9 * t, tau * i / classes + tau * t
        return radius * cos(angle), radius * sin(angle)

    return _drawn(arm, classes, n, noise, seed)


def xor(n: int = 100, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return points around the corners of a square, class 1 where just one coordinate is 1.

    >>> list(xor(4, noise=0.0))
    [([0.0, 0.0], 0), ([0.0, 1.0], 1), ([1.0, 0.0], 1), ([1.0, 1.0], 0)]
    """
    data = _drawn(lambda i, t: (float(i // 2), float(i % 2)), 4, n, noise, seed)
    return Dataset(data.inputs, [i // 2 ^ i % 2 for i in data.targets], data.names, ["0", "1"])


def _drawn(
    curve: Any, classes: int, n: int, noise: float, seed: int, closed: bool = False
) -> Dataset:
    """Return n points with noise, at even steps along a curve for each class, which take turns."""
    check_whole("the number of samples (n)", n, 1)
    noise = finite("the noise, a standard deviation,", noise)
    gauss, inputs = random.Random(seed).gauss, []
    for i in range(n):
        place, number = divmod(i, classes)
        places = (n - number - 1) // classes + 1  # that fall to this curve
        steps = places if closed else max(places - 1, 1)  # a closed one ends where it starts
        inputs.append([x + gauss(0.0, noise) for x in curve(number, place / steps)])
    return Dataset(inputs, [i % classes for i in range(n)], ["x", "y"], map(str, range(classes)))

"""What a dataset is: `(input, target)` pairs, the names of their columns, splitting, scaling."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, overload

from autograd_engine.real import as_float, is_number
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
    that led from the numbers as they were measured to these, None where there was none. Raises
    `ValueError` naming both lengths where some differ, `TypeError` for what is no list.

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
        self.inputs = [
            list(row) if isinstance(row, (list, tuple)) else _row(f"input {i}", row)
            for i, row in enumerate(_row("inputs", inputs))
        ]
        self.targets, self.names, self.classes = _row("targets", targets), [*names], [*classes]
        self.scaled_by: Scaling | None = None
        if len(self.inputs) != len(self.targets):
            raise ValueError(f"{len(self.inputs)} inputs, but {len(self.targets)} targets")
        for position, row in enumerate(self.inputs):
            if len(row) != len(self.names):
                count = f"{len(row)} numbers, but there are {len(self.names)} names of columns"
                raise ValueError(f"input {position} has {count}")

    def __len__(self) -> int:
        return len(self.inputs)

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> Dataset: ...
    def __getitem__(self, index: int | slice) -> Pair | Dataset:
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

        >>> from autograd_engine.datasets import iris
        >>> [len(part) for part in iris().split(0.8, seed=0)]
        [120, 30]
        """
        if not is_number(fraction):
            raise TypeError(f"a split needs a number between 0 and 1, got {fraction!r:.60}")
        if not 0.0 < fraction < 1.0:
            raise ValueError(f"a split needs a fraction between 0 and 1, got {fraction}")
        first = round(fraction * len(self))
        if not 0 < first < len(self):
            what = f"a split of {len(self)} sample(s) at {fraction} leaves one side empty"
            raise ValueError(f"{what}: take more samples, or another fraction")
        pairs = list(self)
        random.Random(seed).shuffle(pairs)
        return self._with(*zip(*pairs[:first])), self._with(*zip(*pairs[first:]))

    def scaling(self) -> Scaling:
        """Return mean and deviation, 1 instead of 0, of each column; `ValueError` of no sample."""
        if not self.inputs:
            raise ValueError("an empty dataset has no mean to scale by")
        columns = [list(map(as_float, column)) for column in zip(*self.inputs)]
        # Divided before they are summed, and by hypot, so that no large number overflows.
        shift = [math.fsum(x / len(self) for x in column) for column in columns]
        scale = [
            math.hypot(*(x - mean for x in column)) / math.sqrt(len(self)) or 1.0
            for column, mean in zip(columns, shift)
        ]
        return Scaling(shift, scale)

    def scaled(self, scaling: Scaling | None = None) -> Dataset:
        """Return this dataset with scaled inputs, by its own mean and deviation or those given.

        Test data is to be scaled as its training data was: `test.scaled(train.scaling())`. Raises
        `ValueError` where the scaling has another number of columns.

        >>> Dataset([[1.0], [5.0]], [0, 1], ["x"]).scaled().inputs
        [[-1.0], [1.0]]
        """
        if scaling is not None and (not isinstance(scaling, (tuple, list)) or len(scaling) != 2):
            raise TypeError(f"a scaling is what scaling() returns, got {scaling!r:.60}")
        shift, scale = self.scaling() if scaling is None else scaling
        if not len(shift) == len(scale) == len(self.names):
            count = len(self.names)
            raise ValueError(f"the scaling is for {len(shift)} column(s), the inputs have {count}")
        inputs = [[(x - m) / s for x, m, s in zip(row, shift, scale)] for row in self.inputs]
        data = self._with(inputs, self.targets)
        before, unit = self.scaled_by or ([0.0] * len(shift), [1.0] * len(shift))
        shift = [m + u * x for m, u, x in zip(before, unit, shift)]
        data.scaled_by = Scaling(shift, [u * x for u, x in zip(unit, scale)])
        return data


def _row(name: str, items: Any) -> list[Any]:
    if isinstance(items, str) or not hasattr(items, "__iter__"):
        raise TypeError(f"{name} must be a list, got {items!r:.60}")
    return list(items)

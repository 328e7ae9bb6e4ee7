"""What the command line trains on: a dataset by its name, or a table of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from autograd_engine.datasets.dataset import Dataset
from autograd_engine.datasets.shapes import circles, moons, spirals, xor
from autograd_engine.datasets.tables import csv, digits, iris
from autograd_engine.words import printable


class Task(NamedTuple):
    """How a dataset is made from a seed, and what is trained on it by default."""

    make: Callable[[int], Dataset]
    layers: Sequence[int] = (16, 16)
    epochs: int = 40


DATASETS = {
    "iris": Task(lambda seed: iris(), layers=(8,), epochs=30),
    "digits": Task(lambda seed: digits(), epochs=20),
    "moons": Task(lambda seed: moons(200, seed=seed)),
    "circles": Task(lambda seed: circles(200, seed=seed)),
    "spirals": Task(lambda seed: spirals(200, seed=seed), epochs=120),
    "xor": Task(lambda seed: xor(200, seed=seed)),
}


def table(path: str, target: str, classes: bool | None) -> Dataset:
    """Read the table; where its target could be meant either way, say how it was taken."""
    try:
        data = csv(path, target, classes)
    except ValueError as error:
        raise ValueError(str(error).replace("pass classes=True", "write --classes")) from None
    found = data.classes or [f"{number:.17g}" for number in set(data.targets)]
    if classes is None and all(name.lstrip("+-").isdecimal() for name in found):
        taken = (
            "classes (--numbers to predict them as numbers)"
            if data.classes
            else "numbers to predict (--classes to tell them apart)"
        )
        print(f"{printable(target)} holds {len(found)} different whole numbers: taken as {taken}")
    return data

"""Data to train on: drawn shapes, two tables that ship with the package, and tables of your own.

A dataset is a sequence of `(input, target)` pairs. Everything here is plain Python, and the
same seed gives the same numbers on every machine.
"""

from autograd_engine.datasets.dataset import Dataset, Scaling
from autograd_engine.datasets.shapes import circles, moons, spirals, xor
from autograd_engine.datasets.tables import csv, digits, iris

__all__ = ["Dataset", "Scaling", "circles", "csv", "digits", "iris", "moons", "spirals", "xor"]

"""Data to train on: drawn shapes, two tables that ship with the package, and tables of your own.

A dataset is a sequence of `(input, target)` pairs. A seed gives the same numbers everywhere.
"""

from autograd_engine.datasets.dataset import Dataset, Scaling, circles, moons, spirals, xor
from autograd_engine.datasets.tables import csv, digits, iris

__all__ = ["Dataset", "Scaling", "circles", "csv", "digits", "iris", "moons", "spirals", "xor"]

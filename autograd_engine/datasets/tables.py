"""Tables of numbers: iris and digits, which ship with the package, and the user's own."""

from __future__ import annotations

import gzip
import math
import warnings
from collections.abc import Iterable
from os import PathLike, fspath
from pathlib import Path

from autograd_engine.datasets.dataset import Dataset
from autograd_engine.datasets.sheet import Sheet
from autograd_engine.real import check_path, flag, is_number
from autograd_engine.release import seldom_collected
from autograd_engine.words import LINE, printable


def iris() -> Dataset:
    """Return Fisher's 150 irises: four lengths in centimetres, three species of 50 flowers.

    >>> iris()
    <dataset of 150 samples: 4 inputs, classes setosa, versicolor, virginica>
    """
    return _shipped("iris.csv", "species")


def digits() -> Dataset:
    """Return 1,797 handwritten digits: 8 by 8 pixels, row by row, from 0 (white) to 16 (black).

    >>> digits()[:3].targets
    [0, 1, 2]
    """
    return _shipped("digits.csv.gz", "digit")


def _shipped(name: str, target: str) -> Dataset:
    from importlib.resources import files  # slow to import, and needed only here

    content = (files("autograd_engine.datasets") / name).read_bytes()
    text = (gzip.decompress(content) if name.endswith(".gz") else content).decode()
    return Sheet(name, text, ",", True, None).dataset(target, classes=True)


def csv(
    path: str | PathLike[str],
    target: str | int,
    *,
    classes: bool | None = None,
    separator: str | None = None,
    header: bool | None = None,
    drop: str | int | Iterable[str | int] = (),
    missing: str | float = "refuse",
    decimal: str | None = None,
) -> Dataset:
    """Return the dataset of a table: a line of names, then rows of numbers.

    `target` is the column to predict, by name or index, `drop` are columns to leave out. Text in
    the target names classes, in sorted order, and so do -1 and 1, and up to 20 whole numbers
    without a gap that repeat or count from 0; any others are to be predicted. `classes=True` or
    `False` overrules that, also where text is refused that nobody means as classes: money, dates,
    1,500, names that never repeat. Inputs that are True or False become 1 and 0.

    The `separator` is found: a comma, `;`, tab, `|`, or `" "` for runs of blanks; so are decimal
    commas where it is no comma. What 1,500 means only `decimal=","` or `"."` can say. A first row
    with a number in it is refused unless `header` says whether it holds names; without any the
    columns are x0, x1 and so on. A missing cell (empty, `?`, `NA`, `nan`) is refused; its row is
    left out with `missing="drop"`, and a number for `missing` is filled in, but not as a target.

    A warning tells of a column left out since it has no name and is empty or counts the rows, as
    pandas writes it, and of classes that differ only by upper and lower case. Raises `ValueError`
    naming the file and the line (counted from 1, the header's) for whatever makes no table of
    numbers, `OSError` for a file that cannot be read, `TypeError` for what is of the wrong kind.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "plants.csv")
    >>> _ = path.write_text("height;leaves;kind\\n1,5;3;fern\\n0,1;900;moss\\n")
    >>> csv(path, "kind")
    <dataset of 2 samples: 2 inputs, classes fern, moss>
    """
    check_path("read a table from", path, "table.csv")
    for option, switch in (("classes", classes), ("header", header)):
        if switch is not None:
            flag(option, switch)
    number = is_number(missing) and not isinstance(missing, bool) and math.isfinite(float(missing))
    one = separator is None or (isinstance(separator, str) and len(separator) == 1)
    for fits, option, given, wanted in (
        (one, "separator", separator, 'one character such as ";", or " " for runs of blanks'),
        (decimal in (None, ".", ","), "decimal", decimal, '"." or ","'),
        (number or missing in ("refuse", "drop"), "missing", missing,
         '"refuse", "drop" or a finite number'),
    ):  # fmt: skip
        if not fits:
            raise ValueError(f"{option} must be {wanted}, got {given!r:.60}")
    name = printable(fspath(path), LINE)
    try:
        text = Path(path).read_text(encoding="utf-8").replace("\ufeff", "")
    except UnicodeDecodeError as error:
        raise ValueError(f"{name}: not UTF-8 text ({error.reason}); save it as UTF-8") from None
    with seldom_collected():
        sheet = Sheet(name, text, separator, header, decimal)
        data = sheet.dataset(target, classes, drop, missing)
    for word in sheet.words:
        warnings.warn(word, stacklevel=2)
    return data

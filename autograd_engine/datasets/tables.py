"""Tables of numbers: iris and digits, which ship with the package, and the user's own."""

from __future__ import annotations

import gzip
import math
import re
import warnings
from collections.abc import Iterable
from contextlib import suppress
from itertools import compress
from os import PathLike, fspath
from pathlib import Path
from typing import Any
from unicodedata import normalize

from autograd_engine.copies import seldom_collected
from autograd_engine.datasets import cells as read
from autograd_engine.datasets.cells import MISSING, feature_of, meant, number_of
from autograd_engine.datasets.dataset import Dataset
from autograd_engine.real import check_path, flag, is_number, is_whole
from autograd_engine.words import LINE, printable

NAMES = "if they are names of classes, pass classes=True"


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
    return Sheet(name, ",", True, None, text).dataset(target, classes=True)


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
    the target names classes, in sorted order, and so do -1 and 1, two whole numbers that come
    again, and up to 20 without a gap that repeat or count from 0, unless `classes` says otherwise.

    The `separator` (`" "` is a run of blanks) and decimal commas are found; what 1,500 means only
    `decimal=` can say. A first row with a number in it needs `header=`; without names columns are
    x0, x1 and so on. A missing cell (empty, `?`, `NA`, `nan`) is refused; `missing="drop"` leaves
    its row out, a number is filled in, but not as a target. True and False become 1 and 0. A
    warning tells of nameless columns left out, `ValueError` of file, line (from 1) and cure.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "plants.csv")
    >>> _ = path.write_text("height;leaves;kind\\n1,5;3;fern\\n0,1;900;moss\\n")
    >>> csv(path, "kind")
    <dataset of 2 samples: 2 inputs, classes fern, moss>
    """
    check_path("read a table from", path, "table.csv")
    flag("classes", False if classes is None else classes)
    flag("header", False if header is None else header)
    if not (separator is None or (isinstance(separator, str) and len(separator) == 1)):
        raise ValueError(f'separator must be one character such as ";", got {separator!r:.60}')
    if decimal not in (None, ".", ","):
        raise ValueError(f'decimal must be "." or ",", got {decimal!r:.60}')
    fill = is_number(missing) and not isinstance(missing, bool) and math.isfinite(float(missing))
    if not fill and missing not in ("refuse", "drop"):
        raise ValueError(f'missing must be "refuse", "drop" or a number, got {missing!r:.60}')
    with seldom_collected():
        sheet = Sheet(path, separator, header, decimal)
        data = sheet.dataset(target, classes, drop, missing)
    for word in sheet.words:
        warnings.warn(word, stacklevel=2)
    return data


class Sheet:
    """A table as columns of text; `words` is what its user should be told, besides faults."""

    def __init__(
        self, path: Any, separator: Any, header: Any, decimal: Any, text: str | None = None
    ) -> None:
        self.words: list[str] = []
        self.name = name = printable(fspath(path), LINE)
        try:
            text = text or Path(path).read_text(encoding="utf-8").replace("\ufeff", "")
        except UnicodeDecodeError as error:
            cure = "save it as UTF-8 (in Excel: CSV UTF-8)"
            raise ValueError(f"{name}: not UTF-8 text ({error.reason}); {cure}") from None
        if told := re.match("sep=(.)(?=\r?\n)", text):  # by Excel
            separator, text = separator or told[1], text[len(told[0]) :]
        separator = separator or read.separator_of(text)
        rows, self._lines = read.rows_of(text, separator, name)
        self._decimal = decimal or ("" if separator == "," else read.decimal_of(rows))
        self._hint = f"what separates them was taken to be {separator!r}"
        self.names, self._header = [*map(str.strip, rows[0])], f"{name}, line {self._lines[0]}"
        reads = (number_of, feature_of, lambda cell, _: meant(cell) or cell == "?" or None)
        odd = [c for c in self.names if any(how(c, self._decimal) is not None for how in reads)]
        if header is None and odd:
            raise ValueError(
                f"{self._header}: {odd[0]!r:.80} looks like data, where the names of columns are "
                "expected: pass header=False if there are none, header=True if it is a name"
            )
        for line, row in zip(self._lines, rows):
            if len(row) != len(self.names):
                count = f"{len(row)} cell(s), where the header has {len(self.names)}"
                raise ValueError(f"{name}, line {line}: {count}; {self._hint}")
        self._nameless = header is False
        if self._nameless:
            self.names, self._header = [f"x{i}" for i in range(len(self.names))], name
        else:
            del rows[0], self._lines[0]
        if not rows:
            raise ValueError(f"{name}: there are no rows below the header")
        self._columns = list(zip(*rows))
        self._underscores = "_" in text

    def dataset(
        self, target: Any, classes: bool | None = None, drop: Any = (), missing: Any = "refuse"
    ) -> Dataset:
        """Return the dataset that predicts the target from all columns that are not dropped."""
        goal, kept = self._chosen(target, drop)
        gone: dict[int, int] = {}  # rows, with a column that they lack
        fill = None if isinstance(missing, str) else float(missing)
        columns = [self._numbers(column, fill, gone) for column in kept]
        cells = self._cells(goal)
        gone |= {row: goal for row, cell in enumerate(cells) if cell in MISSING}
        if gone and missing != "drop":
            self._refuse(gone, 'missing="drop" leaves such rows out, missing=0 fills in inputs')
        if gone:
            left = [row not in gone for row in range(len(cells))]
            cells = list(compress(cells, left))
            columns = [list(compress(column, left)) for column in columns]
            if not cells:
                raise ValueError(f"{self.name}: each row lacks a cell, so that none is left")
        names, inputs = [self.names[column] for column in kept], zip(*columns)
        numbers = {cell: number_of(cell, self._decimal) for cell in dict.fromkeys(cells)}
        if not (self._names_classes(goal, cells, numbers) if classes is None else classes):
            return Dataset(inputs, [self._number(goal, cell) for cell in cells], names)
        # By size, then text by letters.
        found = sorted(numbers, key=lambda c: (math.inf if (n := numbers[c]) is None else n, c))
        alike: dict[Any, str] = {}
        for cell in found:
            text = " ".join(normalize("NFKC", cell).casefold().split())
            key = text if numbers[cell] is None else numbers[cell]
            if (other := alike.setdefault(key, cell)) != cell:
                told = f"column {self.names[goal]!r:.80} tells {other!r:.80} from {cell!r:.80}"
                self.words.append(f"{self.name}: {told}: write them alike if they are one class")
        place = {cell: position for position, cell in enumerate(found)}
        return Dataset(inputs, map(place.__getitem__, cells), names, found)

    def inputs(self, names: Iterable[str]) -> list[tuple[float, ...]]:
        """Return the rows of the columns of those names, or else of all."""
        gone: dict[int, int] = {}
        wanted = [*range(len(self.names))]
        if (given := [*names]) and not (self._nameless and len(given) == len(wanted)):
            wanted = [self._position("a model", name) for name in given]
        rows = [*zip(*(self._numbers(column, None, gone) for column in wanted))]
        if gone:
            self._refuse(gone, "write a number there, from which to predict")
        return rows

    def _chosen(self, target: Any, drop: Any) -> tuple[int, list[int]]:
        goal = self._position("target", target)
        several = hasattr(drop, "__iter__") and not isinstance(drop, str)
        dropped = {self._position("drop", which) for which in (drop if several else [drop])}
        if goal in dropped:
            raise ValueError(f"{self._header}: the target {self.names[goal]!r:.80} is in drop= too")
        kept: dict[str, int] = {}
        for position in sorted({*range(len(self.names))} - dropped):
            name = self.names[position]
            if position != goal and re.fullmatch(r"(Unnamed: [\d.]+)?", name):  # by pandas
                cells = self._cells(position)
                numbers = (number_of(cell, self._decimal) for cell in cells)
                index = all(n is None or n.is_integer() for n in numbers)
                index = index and len({*cells}) == len(cells)
                said, told = "", f"it is kept; drop=[{position}] leaves it out"
                if index or not any(cells):
                    said = " and names the rows" if any(cells) else " and is empty"
                    told = f"it is left out; drop=[{position}] does so without a word"
                where = f"{self._header}: column {position + 1} has no name{said}"
                self.words.append(f"{where}: {told}")
                if said:
                    continue
            if name in kept:
                cure = f"leave it out with drop=[{position}]"
                raise ValueError(f"{self._header}: two columns are called {name!r:.80}: {cure}")
            kept[name] = position
        del kept[self.names[goal]]
        if not kept:
            only = f"beside {self.names[goal]!r:.80} there is no column to predict it from"
            raise ValueError(f"{self.name}: {only}")
        return goal, [*kept.values()]

    def _position(self, option: str, which: Any) -> int:
        if which != "" and which in self.names:
            if self.names.count(which) > 1:
                said = f"two columns are called {which!r:.80}: say which by its index"
                raise ValueError(f"{self._header}: {said}")
            return self.names.index(which)
        if isinstance(which, str) and re.fullmatch(r"-?\d+", which):
            which = int(which)  # as typed on the command line
        if not isinstance(which, str) and not is_whole(which):
            raise TypeError(f"{option} takes the name or index of a column, got {which!r:.60}")
        count = len(self.names)
        if is_whole(which) and -count <= which < count:
            return int(which) % count
        known = printable(", ".join(map(repr, self.names)), LINE)
        hint = f"; {self._hint}, pass separator= to say another" if count == 1 else ""
        said = f"there is no column {which!r:.80}; the columns are {known}{hint}"
        raise ValueError(f"{self.name}: {said}")

    def _cells(self, column: int) -> list[str]:
        return list(map(str.strip, self._columns[column]))

    def _fault(self, column: int, cell: str, why: str) -> ValueError:
        place = f"{self.name}, line {self._lines[self._cells(column).index(cell)]}"
        what = "column" if cell else "the cell of column"
        return ValueError(f"{place}: {what} {self.names[column]!r:.80} {why}")

    def _refuse(self, gone: dict[int, int], cure: str) -> None:
        row, column = min(gone.items())
        cell = self._cells(column)[row]
        said = f"has {cell!r}, which marks a missing cell" if cell else "is missing"
        raise self._fault(column, cell, f"{said}: {cure}")

    def _numbers(self, column: int, fill: float | None, gone: dict[int, int]) -> list[float]:
        """Return the numbers of a column, NaN for a missing cell; note the rows that lack one."""
        cells: Any = self._columns[column]
        if self._decimal in ("", "."):
            with suppress(ValueError):
                numbers = list(map(float, cells))
                odd = self._underscores and "_" in "".join(cells)  # float reads 1_000 too
                if math.isfinite(sum(numbers)) and not odd:
                    return numbers
        cells = self._cells(column)
        if fill is None:
            gone |= {row: column for row, cell in enumerate(cells) if cell in MISSING}
            fill = math.nan
        known = {c: fill if c in MISSING else self._number(column, c) for c in dict.fromkeys(cells)}
        return list(map(known.__getitem__, cells))

    def _number(self, column: int, cell: str) -> float:
        if (number := feature_of(cell, self._decimal)) is not None:
            return number
        cure = f"write one, or leave the column out with drop=[{self.names[column]!r:.80}]"
        if what := meant(cell):
            cure = f"it {what}"
        raise self._fault(column, cell, f"has {cell!r:.80}, which is no finite number: {cure}")

    def _names_classes(self, goal: int, cells: list[str], numbers: dict[str, float | None]) -> bool:
        """Say whether the cells of the target are classes; refuse what nobody means as such."""
        texts = [cell for cell, number in numbers.items() if number is None]
        if odd := next(filter(meant, texts), ""):
            raise self._fault(goal, odd, f"has {odd!r:.80}, which {meant(odd)}; {NAMES}")
        if texts and len(texts) < len(numbers):
            odd = min(texts, [c for c in numbers if numbers[c] is not None], key=len)[0]
            raise self._fault(goal, odd, f"mixes numbers and text, here {odd!r:.80}; {NAMES}")
        if len(texts) == len(cells) > 20:
            told = f"has another text in each row, first {texts[0]!r:.80}, which teaches nothing"
            raise self._fault(goal, texts[0], f"{told}; {NAMES}")
        whole = [n for n in numbers.values() if n is not None and n.is_integer()]
        plain = all(c.lstrip("+-").isdecimal() for c in numbers)
        if not len(whole) == len(numbers) <= 20 or not (plain or len(whole) == 2):
            return bool(texts)
        found = sorted(set(map(int, whole)))
        if len(found) == 2 and (found == [-1, 1] or min(map(cells.count, numbers)) > 1):
            return True
        # Prices and years leave gaps, or come once each: those are quantities, not names.
        repeated = len(numbers) < len(cells) or found[0] == 0
        return repeated and found[-1] - found[0] + 1 == len(found)

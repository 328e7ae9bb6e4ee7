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
from typing import Any

from autograd_engine.copies import seldom_collected
from autograd_engine.datasets import cells as read
from autograd_engine.datasets.cells import MISSING, feature_of, meant, number_of, spelling
from autograd_engine.datasets.dataset import Dataset
from autograd_engine.real import check_path, flag, is_number, is_whole
from autograd_engine.words import LINE, printable

MOST_CLASSES = 20
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
    again, and up to 20 without a gap that repeat or count from 0; any others are to be predicted.
    `classes=True` or `False` overrules that, also where text is refused that nobody means as
    classes: money, dates, 1,500, names that never repeat. Inputs True and False become 1 and 0.

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
        name = printable(fspath(path), LINE)
        text = read.text_of(path, name) if text is None else text
        self.name, separator = name, separator or read.separator_of(text)
        rows, self._lines = read.rows_of(text, separator, name)
        self._decimal = decimal or ("" if separator == "," else read.decimal_of(rows))
        self.names = [cell.strip() for cell in rows[0]]
        self._hint = f"what separates them was taken to be {separator!r}"
        self._header = f"{name}, line {self._lines[0]}"
        odd = [cell for cell in self.names if feature_of(cell, self._decimal) is not None]
        if header is None and odd:
            raise ValueError(
                f"{self._header}: {odd[0]!r:.80} looks like data, where the names of columns are "
                "expected: pass header=False if there are none, header=True if it is a name"
            )
        for line, row in zip(self._lines, rows):
            if len(row) != len(self.names):
                count = f"{len(row)} cell(s), where the header has {len(self.names)}"
                raise ValueError(f"{name}, line {line}: {count}; {self._hint}")
        if header is False:
            self.names = [f"x{i}" for i in range(len(self.names))]
            self._header = name
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
        fill = None if isinstance(missing, str) else float(missing)
        gone: dict[int, int] = {}  # rows, with a column that they lack
        columns = [self._numbers(column, fill, gone) for column in kept]
        cells = self._cells(goal)
        gone |= {row: goal for row, cell in enumerate(cells) if cell in MISSING}
        if gone and missing != "drop":
            column, cell = gone[min(gone)], self._cells(gone[min(gone)])[min(gone)]
            cure = "" if column == goal else ", missing=0 fills in a number"
            odd = "not a finite number" if cell.lower() == "nan" else "which marks a missing cell"
            said = f"has {cell!r}, {odd}" if cell else "is missing"
            raise self._fault(column, cell, f'{said}: missing="drop" leaves such rows out{cure}')
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
        alike: dict[str, str] = {}
        for cell in found:
            if (other := alike.setdefault(cell.casefold(), cell)) != cell:
                told = f"column {self.names[goal]!r:.80} tells {other!r:.80} from {cell!r:.80}"
                self.words.append(f"{self.name}: {told}: write them alike if they are one class")
        place = {cell: position for position, cell in enumerate(found)}
        return Dataset(inputs, map(place.__getitem__, cells), names, found)

    def inputs(self, names: Iterable[str]) -> list[tuple[float, ...]]:
        """Return the rows of the columns of those names, or else of all."""
        gone: dict[int, int] = {}
        wanted = [self._position("a model", name) for name in names or self.names]
        rows = [*zip(*(self._numbers(column, None, gone) for column in wanted))]
        for row, column in gone.items():
            place = f"{self.name}, line {self._lines[row]}"
            raise ValueError(f"{place}: the cell of column {self.names[column]!r:.80} is missing")
        return rows

    def _chosen(self, target: Any, drop: Any) -> tuple[int, list[int]]:
        """Return the positions of the target and of the inputs."""
        goal = self._position("target", target)
        several = hasattr(drop, "__iter__") and not isinstance(drop, str)
        dropped = {self._position("drop", which) for which in (drop if several else [drop])}
        if goal in dropped:
            raise ValueError(f"{self._header}: the target {self.names[goal]!r:.80} is in drop= too")
        kept: list[int] = []
        for position in sorted({*range(len(self.names))} - dropped):
            name, cure = self.names[position], f"leave it out with drop=[{position}]"
            called = f"column {position + 1} has no name"
            nameless = position != goal and re.fullmatch(r"(Unnamed: [\d.]+)?", name)  # by pandas
            if nameless and (why := self._teaches_nothing(position)):
                told = f"{called} and {why}: it is left out; drop=[{position}] does so"
                self.words.append(f"{self._header}: {told} without a word")
                continue
            if not name:
                raise ValueError(f"{self._header}: {called}: write one, or {cure}")
            if name in [self.names[other] for other in kept]:
                raise ValueError(f"{self._header}: two columns are called {name!r:.80}: {cure}")
            kept.append(position)
        kept.remove(goal)
        if not kept:
            only = f"beside {self.names[goal]!r:.80} there is no column to predict it from"
            raise ValueError(f"{self.name}: {only}")
        return goal, kept

    def _position(self, option: str, which: Any) -> int:
        positions = range(len(self.names))
        if which in self.names:
            return self.names.index(which)
        if not isinstance(which, str) and not is_whole(which):
            raise TypeError(f"{option} takes the name or index of a column, got {which!r:.60}")
        if is_whole(which) and -len(positions) <= which < len(positions):
            return positions[int(which)]
        known = printable(", ".join(map(repr, self.names)), LINE)
        hint = f"; {self._hint}, pass separator= to say another" if len(positions) == 1 else ""
        said = f"there is no column {which!r:.80}; the columns are {known}{hint}"
        raise ValueError(f"{self.name}: {said}")

    def _teaches_nothing(self, column: int) -> str:
        cells = self._cells(column)
        whole = all(c.isdecimal() or number_of(c, self._decimal) is None for c in cells)
        if not any(cells):
            return "is empty"
        return "counts the rows" if whole and len({*cells}) == len(cells) else ""

    def _cells(self, column: int) -> list[str]:
        return list(map(str.strip, self._columns[column]))

    def _fault(self, column: int, cell: str, why: str) -> ValueError:
        place = f"{self.name}, line {self._lines[self._cells(column).index(cell)]}"
        what = "column" if cell else "the cell of column"
        return ValueError(f"{place}: {what} {self.names[column]!r:.80} {why}")

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
        known = {
            cell: fill if cell in MISSING else self._number(column, cell)
            for cell in dict.fromkeys(cells)
        }
        return list(map(known.__getitem__, cells))

    def _number(self, column: int, cell: str) -> float:
        if (number := feature_of(cell, self._decimal)) is not None:
            return number
        if number_of(cell, self._decimal) is not None:
            cure = "write a finite one, or leave the row out"
            raise self._fault(column, cell, f"has {cell!r:.80}, not a finite number: {cure}")
        cure = f"write one, or leave the column out with drop=[{self.names[column]!r:.80}]"
        if what := meant(cell):
            cure = f"it looks like {what}; {spelling(cell)}"
        raise self._fault(column, cell, f"has text, {cell!r:.80}, for a number: {cure}")

    def _names_classes(self, goal: int, cells: list[str], numbers: dict[str, float | None]) -> bool:
        """Say whether the cells of the target are classes; refuse what nobody means as such."""
        texts = [cell for cell, number in numbers.items() if number is None]
        if odd := [cell for cell in texts if meant(cell)]:
            like = f"which looks like {meant(odd[0])}: {spelling(odd[0])}"
            raise self._fault(goal, odd[0], f"has {odd[0]!r:.80}, {like}; {NAMES}")
        if texts and len(texts) < len(numbers):
            other = next(c for c in numbers if (numbers[c] is None) != (numbers[cells[0]] is None))
            told = f"mixes numbers and text, here {other!r:.80}; {NAMES}"
            raise self._fault(goal, other, told)
        if len(texts) == len(cells) > MOST_CLASSES:
            told = f"has another text in each of the {len(cells)} rows, first {cells[0]!r:.80}"
            teach = "names that never come again teach nothing; if they are classes"
            raise self._fault(goal, cells[0], f"{told}: {teach}, pass classes=True")
        if texts:
            return True
        if len(numbers) > MOST_CLASSES or not all(c.lstrip("+-").isdecimal() for c in numbers):
            return False
        found = sorted(set(map(int, numbers)))
        if len(found) == 2 and (found == [-1, 1] or min(map(cells.count, numbers)) > 1):
            return True
        # Prices and years leave gaps, or come once each: those are quantities, not names.
        repeated = len(numbers) < len(cells) or found[0] == 0
        return repeated and found[-1] - found[0] + 1 == len(found)

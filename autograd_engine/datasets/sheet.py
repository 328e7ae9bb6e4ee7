"""A table as columns of text, and the dataset they make; a fault is told with file and line."""

from __future__ import annotations

import math
import re
from csv import Error as MalformedRow
from itertools import islice
from typing import Any

from autograd_engine.datasets import cells as spelled
from autograd_engine.datasets.cells import MISSING, number_of, numbered_rows
from autograd_engine.datasets.dataset import Dataset
from autograd_engine.real import is_whole
from autograd_engine.words import LINE, printable

MOST_CLASSES = 20


class Sheet:
    """The columns of a table, as text; `words` is what its user should be told."""

    def __init__(
        self,
        name: str,
        text: str,
        separator: str,
        header: bool | None = None,
        decimal: str | None = None,
    ) -> None:
        self.words: list[str] = []
        self.name, self._source = name, (text, separator, name)
        try:
            rows = list(filter(any, spelled.cells_of(text, separator)))
        except MalformedRow:
            rows = [row for _, row in numbered_rows(*self._source)]  # which raises
        if not rows:
            raise ValueError(f"{name}: the file is empty")
        self._decimal = decimal or ("" if separator == "," else spelled.decimal_of(rows))
        self.names = [cell.strip() for cell in rows[0]]
        self._begin = 0 if header is False else 1
        if header is None and (odd := [c for c in self.names if self._finite(c) is not None]):
            raise ValueError(
                f"{self._place(0)}: {odd[0]!r:.80} looks like data, where the names of columns are "
                "expected: pass header=False if there are none, header=True if it is a name"
            )
        if header is False:
            self.names = [f"x{i}" for i in range(len(rows[0]))]
        if len(rows) == self._begin:
            raise ValueError(f"{name}: there are no rows below the header")
        if {*map(len, rows)} != {len(rows[0])}:
            wrong = next(i for i, row in enumerate(rows) if len(row) != len(rows[0]))
            first = "the header" if self._begin else "the first row"
            raise ValueError(
                f"{self._place(wrong)}: {len(rows[wrong])} cell(s), where {first} has "
                f"{len(rows[0])}; what separates them was taken to be {separator!r}"
            )
        self._columns = list(zip(*rows[self._begin :]))

    def dataset(
        self, target: Any, classes: bool | None = None, drop: Any = (), missing: Any = "refuse"
    ) -> Dataset:
        """Return the dataset that predicts the target from all columns that are not dropped."""
        goal, kept = self._chosen(target, drop)
        fill = None if isinstance(missing, str) else float(missing)
        columns: dict[int, Any] = {column: self._floats(column) for column in kept}
        texts = [goal, *(column for column in kept if columns[column] is None)]
        columns |= {column: self._cells(column) for column in texts}
        lacking = [
            (row, column)
            for column in (texts if fill is None else [goal])
            if not MISSING.isdisjoint(columns[column])
            for row, cell in enumerate(columns[column])
            if cell in MISSING
        ]
        if lacking and missing != "drop":
            row, column = min(lacking)
            raise self._lack(column, columns[column][row], column != goal)
        if lacking:
            gone = {row for row, _ in lacking}
            left = [row for row in range(len(columns[goal])) if row not in gone]
            if not left:
                raise ValueError(f"{self.name}: each row lacks a cell, so that none is left")
            columns = {column: [cells[row] for row in left] for column, cells in columns.items()}
        inputs = [
            self._numbers(column, columns[column], fill) if column in texts else columns[column]
            for column in kept
        ]
        names, cells = [self.names[column] for column in kept], columns[goal]
        numbers = {cell: number_of(cell, self._decimal) for cell in dict.fromkeys(cells)}
        if not (self._names_classes(goal, cells, numbers) if classes is None else classes):
            return Dataset(zip(*inputs), self._numbers(goal, cells), names)
        # By size, then text by letters.
        found = sorted(numbers, key=lambda c: (math.inf if (n := numbers[c]) is None else n, c))
        self._compare(goal, found)
        place = {cell: position for position, cell in enumerate(found)}
        return Dataset(zip(*inputs), map(place.__getitem__, cells), names, found)

    def _chosen(self, target: Any, drop: Any) -> tuple[int, list[int]]:
        """Return the positions of the target and of the inputs."""
        goal = self._position("target", target)
        several = hasattr(drop, "__iter__") and not isinstance(drop, str)
        dropped = {self._position("drop", which) for which in (drop if several else [drop])}
        header = self._place(0) if self._begin else self.name
        if goal in dropped:
            raise ValueError(f"{header}: the target {self.names[goal]!r:.80} is in drop= too")
        kept: list[int] = []
        for position in sorted({*range(len(self.names))} - dropped):
            name, cure = self.names[position], f"leave it out with drop=[{position}]"
            why = self._teaches_nothing(position) if position != goal else ""
            if why and re.fullmatch(r"(Unnamed: \d+)?", name):  # pandas calls it so, read anew
                called = f"column {position + 1} has no name and {why}: it is left out"
                self.words.append(f"{header}: {called}; drop=[{position}] does so without a word")
                continue
            if not name:
                raise ValueError(
                    f"{header}: column {position + 1} has no name: write one, or {cure}"
                )
            if name in [self.names[other] for other in kept]:
                raise ValueError(f"{header}: two columns are called {name!r:.80}: {cure}")
            kept.append(position)
        kept.remove(goal)
        if not kept:
            only = f"beside {self.names[goal]!r:.80} there is no column to predict it from"
            raise ValueError(f"{self.name}: {only}")
        return goal, kept

    def _position(self, option: str, which: Any) -> int:
        count = len(self.names)
        if is_whole(which):
            if -count <= which < count:
                return range(count)[int(which)]
        elif not isinstance(which, str):
            raise TypeError(f"{option} takes the name or index of a column, got {which!r:.60}")
        elif which in self.names:
            return self.names.index(which)
        known = printable(", ".join(map(repr, self.names)), LINE)
        if count == 1:
            known += (
                f"; columns are to be separated by {self._source[1]!r}, or by another separator="
            )
        raise ValueError(f"{self.name}: there is no column {which!r:.80}; the columns are {known}")

    def _teaches_nothing(self, column: int) -> str:
        cells = self._cells(column)
        whole = all(c.isdecimal() or number_of(c, self._decimal) is None for c in cells)
        if not any(cells):
            return "is empty"
        return "counts the rows" if whole and len({*cells}) == len(cells) else ""

    def _place(self, row: int) -> str:
        line, _ = next(islice(numbered_rows(*self._source), row, None))
        return f"{self.name}, line {line}"

    def _fault(self, column: int, cell: str, why: str, what: str = "") -> ValueError:
        place = self._place(self._begin + self._cells(column).index(cell))
        return ValueError(f"{place}: {what}column {self.names[column]!r:.80} {why}")

    def _lack(self, column: int, cell: str, fills: bool) -> ValueError:
        cure = ': missing="drop" leaves such rows out' + ", missing=0 fills in a number" * fills
        if not cell:
            return self._fault(column, cell, f"is missing{cure}", "the cell of ")
        odd = "not a finite number" if cell.lower() == "nan" else "which marks a missing cell"
        return self._fault(column, cell, f"has {cell!r}, {odd}{cure}")

    def _cells(self, column: int) -> list[str]:
        return list(map(str.strip, self._columns[column]))

    def _floats(self, column: int) -> list[float] | None:
        """Return the numbers of a column in Python's own spelling, None where that is not sure."""
        cells = self._columns[column]
        if self._decimal not in ("", "."):
            return None
        try:
            numbers = list(map(float, cells))
        except ValueError:
            return None
        return numbers if math.isfinite(sum(numbers)) and "_" not in "".join(cells) else None

    def _finite(self, cell: str) -> float | None:
        """Return the finite number, or the 0 or 1 of a truth, that a cell holds."""
        number = spelled.TRUTHS.get(cell.lower(), number_of(cell, self._decimal))
        return number if number is not None and math.isfinite(number) else None

    def _numbers(self, column: int, cells: list[str], fill: float | None = None) -> list[float]:
        numbers = {
            cell: fill if fill is not None and cell in MISSING else self._number(column, cell)
            for cell in dict.fromkeys(cells)
        }
        return list(map(numbers.__getitem__, cells))

    def _number(self, column: int, cell: str) -> float:
        if (number := self._finite(cell)) is not None:
            return number
        if number_of(cell, self._decimal) is not None:
            cure = "write a finite one, or leave the row out"
            raise self._fault(column, cell, f"has {cell!r:.80}, not a finite number: {cure}")
        cure = f"write one, or leave the column out with drop=[{self.names[column]!r:.80}]"
        if what := spelled.meant(cell):
            cure = f"it looks like {what}; {spelled.spelling(cell)}"
        raise self._fault(column, cell, f"has text, {cell!r:.80}, for a number: {cure}")

    def _names_classes(self, goal: int, cells: list[str], numbers: dict[str, float | None]) -> bool:
        """Say whether the cells of the target are classes; refuse what nobody means as such."""
        texts = [cell for cell, number in numbers.items() if number is None]
        if odd := [cell for cell in texts if spelled.meant(cell)]:
            like = f"which looks like {spelled.meant(odd[0])}: {spelled.spelling(odd[0])}"
            names = "if they are names of classes, pass classes=True"
            raise self._fault(goal, odd[0], f"has {odd[0]!r:.80}, {like}; {names}")
        if len(texts) == len(numbers):
            if len(texts) == len(cells) > MOST_CLASSES:
                told = f"has another text in each of the {len(cells)} rows, first {cells[0]!r:.80}"
                teach = "names that never come again teach nothing; if they are classes"
                raise self._fault(goal, cells[0], f"{told}: {teach}, pass classes=True")
            return True
        if texts:
            other = next(c for c in numbers if (c in texts) != (cells[0] in texts))
            names = "if they are names of classes, pass classes=True"
            raise self._fault(goal, other, f"mixes numbers and text, here {other!r:.80}; {names}")
        if len(numbers) > MOST_CLASSES or not all(c.lstrip("+-").isdecimal() for c in numbers):
            return False
        found = sorted(set(map(int, numbers)))
        # Prices and years leave gaps, or come once each: those are quantities, not names.
        repeated = len(numbers) < len(cells) or found[0] == 0
        return found == [-1, 1] or (repeated and found[-1] - found[0] + 1 == len(found))

    def _compare(self, goal: int, found: list[str]) -> None:
        """Note which classes differ by upper and lower case, or blanks, alone."""
        alike: dict[str, str] = {}
        for name in found:
            other = alike.setdefault(" ".join(name.split()).casefold(), name)
            if other != name:
                self.words.append(
                    f"{self.name}: column {self.names[goal]!r:.80} tells {other!r:.80} from "
                    f"{name!r:.80}: write them alike if they are one class"
                )

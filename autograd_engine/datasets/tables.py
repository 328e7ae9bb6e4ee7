"""Tables of numbers: iris and digits, which ship with the package, and the user's own."""

from __future__ import annotations

import gzip
import io
import math
import re
from collections.abc import Iterable, Sequence
from csv import Error as MalformedRow
from csv import reader
from os import PathLike, fspath
from pathlib import Path

from autograd_engine.datasets.dataset import Dataset
from autograd_engine.real import check_path, flag
from autograd_engine.words import LINE, printable

MOST_CLASSES = 20


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
    return _read(_rows(io.StringIO(text, newline=""), name), name, target, classes=True)


def csv(path: str | PathLike[str], target: str, classes: bool | None = None) -> Dataset:
    """Return the dataset of a table: a header line, then rows of numbers separated by commas.

    `target` names the column to predict. Text in it names classes, in sorted order, and so do -1
    and 1, and up to 20 whole numbers without a gap that repeat or count from 0; any others are
    to be predicted. `classes=True` or `False` overrules that, also where text is refused that
    nobody means as classes: money, dates, 1,500, names that never repeat.

    Raises `ValueError` naming the file and the line (counted from 1, the header's) for whatever
    makes no table of numbers, `OSError` for a file that cannot be read, `TypeError` for what is
    no path and for `classes` that are neither True, False nor None.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "plants.csv")
    >>> _ = path.write_text("height,leaves,kind\\n1.5,3,fern\\n0.1,900,moss\\n")
    >>> csv(path, "kind")
    <dataset of 2 samples: 2 inputs, classes fern, moss>
    """
    check_path("read a table from", path, "table.csv")
    if classes is not None:
        flag("classes", classes)
    name = printable(fspath(path), LINE)
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        try:
            rows = _rows(file, name)
        except UnicodeDecodeError as error:
            raise ValueError(f"{name}: not UTF-8 text ({error.reason}); save it as UTF-8") from None
    return _read(rows, name, target, classes)


Row = tuple[str, list[str]]  # file and line, for errors; cells


def _rows(lines: Iterable[str], name: str) -> list[Row]:
    table = reader(lines, strict=True, skipinitialspace=True)
    rows, line = [], 1
    try:
        for cells in table:
            stripped = [cell.strip() for cell in cells]
            if stripped not in ([], [""]):
                rows.append((f"{name}, line {line}", stripped))
            line = table.line_num + 1  # a quoted cell may have run over several lines
    except MalformedRow as error:
        endless = "limit" in str(error) or "end of data" in str(error)
        hint = ": is a quotation mark never closed?" if endless else ""
        raise ValueError(f"{name}, line {line}: {error}{hint}") from None
    if not rows:
        raise ValueError(f"{name}: the file is empty")
    return rows


def _read(table: list[Row], name: str, target: str, classes: bool | None) -> Dataset:
    _check(table, name, target)
    (_, columns), *rows = table
    goal = columns.index(target)
    cells = [row[goal] for _, row in rows]
    others = [i for i in range(len(columns)) if i != goal]
    inputs = [[_number(row, columns, i) for i in others] for row in rows]
    names = columns[:goal] + columns[goal + 1 :]
    if classes is None:
        classes = _names_classes([place for place, _ in rows], cells, target)
    if not classes:
        return Dataset(inputs, [_number(row, columns, goal) for row in rows], names)
    sizes = {cell: _parsed(cell) for cell in cells}  # numbers by size, then text by letters
    found = sorted(sizes, key=lambda cell: (math.inf if (n := sizes[cell]) is None else n, cell))
    number = {cell: position for position, cell in enumerate(found)}
    return Dataset(inputs, [number[cell] for cell in cells], names, found)


def _check(table: list[Row], name: str, target: str) -> None:
    (place, columns), *rows = table
    for position, column in enumerate(columns):
        if not column:
            raise ValueError(f"{place}: column {position + 1} has no name")
        if column in columns[:position]:
            raise ValueError(f"{place}: two columns are called {column!r:.80}")
    if target not in columns:
        known = printable(", ".join(map(repr, columns)), LINE)
        if len(columns) == 1 and any(mark in columns[0] for mark in ";\t"):
            known += "; columns are to be separated by commas"
        raise ValueError(f"{name}: there is no column {target!r:.80}; the columns are {known}")
    if len(columns) == 1:
        raise ValueError(f"{name}: beside {target!r:.80} there is no column to predict it from")
    if not rows:
        raise ValueError(f"{name}: there are no rows below the header")
    for place, cells in rows:
        if len(cells) != len(columns):
            raise ValueError(f"{place}: {len(cells)} cell(s), where the header has {len(columns)}")
        if "" in cells:
            missing = columns[cells.index("")]
            raise ValueError(f"{place}: the cell of column {missing!r:.80} is missing")


def _number(row: Row, columns: list[str], position: int) -> float:
    cell = row[1][position]
    number = _parsed(cell)
    if number is not None and math.isfinite(number):
        return number
    fault = f"{row[0]}: column {columns[position]!r:.80} has"
    if number is not None:
        raise ValueError(f"{fault} {cell!r:.80}, not a finite number")
    meant = f": it looks like {what}; {PLAIN}" if (what := _meant(cell)) else ""
    raise ValueError(f"{fault} text, {cell!r:.80}, for a number{meant}")


def _parsed(cell: str) -> float | None:
    """Return the number that a cell holds, `None` for text (`float` would take 1_000 too)."""
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


_DIGITS = r"[-+−]?(\d{1,3}([ .,'’_]\d{3})+([.,]\d+)?|\d*[.,]?\d+)(e[-+]?\d+)?"
_MONEY = r"([a-z]{0,3}[$€£¥₹₽₩₺₪฿¢]|\b(usd|eur|gbp|chf|jpy|cny|inr)\b)"
_SHORT = "( ?(k|m|bn?|mio|mn|mrd))?"
_MEANT = {
    "a date": r"(\d{4}([-/.])\d{1,2}\2\d{1,2}|\d{1,2}([-/.])\d{1,2}\3(\d{4}|\d\d))([T ].*)?",
    "a time of day": r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?( ?[ap]m)?",
    "a number in another spelling": rf"\(?[-+−]? ?({_MONEY} ?{_DIGITS}{_SHORT}"
    rf"|{_DIGITS}({_SHORT} ?{_MONEY}| ?[%‰])?)\)?",
}
"""How quantities are written that are no numbers to Python: one means no class by them."""

PLAIN = "write plain numbers in the file, such as 1234.5"


def _meant(cell: str) -> str:
    """Say what kind of quantity the cell looks like, where it is text; "" where it does not."""
    if _parsed(cell) is not None:
        return ""
    text = cell.replace("\u00a0", " ").replace("\u202f", " ").strip()
    return next((what for what, form in _MEANT.items() if re.fullmatch(form, text, re.I)), "")


def _names_classes(places: Sequence[str], cells: Sequence[str], target: str) -> bool:
    def refuse(odd: int, why: str) -> None:
        raise ValueError(f"{places[odd]}: column {target!r:.80} {why}, pass classes=True")

    numeric = [_parsed(cell) is not None for cell in cells]
    different = set(cells)
    if meant := {cell: what for cell in different if (what := _meant(cell))}:
        first, odd = next((i, cell) for i, cell in enumerate(cells) if cell in meant)
        like = f"which looks like {meant[odd]}: {PLAIN}"
        refuse(first, f"has {odd!r:.80}, {like}; if they are names of classes")
    if not any(numeric):
        if len(different) == len(cells) > MOST_CLASSES:
            told = f"has another text in each of the {len(cells)} rows, first {cells[0]!r:.80}"
            refuse(0, f"{told}: names that never come again teach nothing; if they are classes")
        return True
    if not all(numeric):
        first = numeric.index(not numeric[0])
        told = f"mixes numbers and text, here {cells[first]!r:.80}"
        refuse(first, f"{told}; if they are names of classes")
    if len(different) > MOST_CLASSES or not all(c.lstrip("+-").isdecimal() for c in different):
        return False
    found = sorted(set(map(int, different)))
    # Prices and years leave gaps, or come once each: those are quantities, not names.
    repeated = len(different) < len(cells) or found[0] == 0
    return found == [-1, 1] or (repeated and found[-1] - found[0] + 1 == len(found))

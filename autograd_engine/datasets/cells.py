"""Cells of a table: which mark separates them, and the numbers in them, as countries write them."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable
from contextlib import suppress
from csv import Error as MalformedRow
from csv import reader
from typing import Any

SEPARATORS = ";\t|, "  # the likelier one first where several would do; " " is a run of blanks
MISSING = {"", "?", "NA", "N/A", "n/a", "na", "n.a.", "#N/A", "<NA>", "nan", "NaN", "Nan", "NAN"}
MISSING |= {"NaT", "NULL", "null", "#DIV/0!", "#VALUE!", "#REF!", "\\N"}


def _reader(lines: Iterable[str], separator: str) -> Any:
    if separator == " ":
        lines = (line.replace("\t", " ").strip() + "\n" for line in lines)
    return reader(lines, delimiter=separator, strict=True, skipinitialspace=True)


def rows_of(text: str, separator: str, name: str) -> tuple[list[list[str]], list[int]]:
    """Return the rows that are not blank, and the line where each begins."""
    table, rows, lines, line = _reader(io.StringIO(text), separator), [], [], 1
    try:
        for row in table:
            if any(row):
                rows.append(row)
                lines.append(line)
            line = table.line_num + 1  # a quoted cell may have run over several lines
    except MalformedRow as error:
        raise ValueError(f"{name}, line {line}: {error}: is a quote never closed?") from None
    if not rows:
        raise ValueError(f"{name}: the file is empty")
    return rows, lines


def separator_of(text: str) -> str:
    """Return the mark that cuts most of the first rows into as many cells as the very first."""
    best, found, sample = 0.0, ",", text.split("\n", 50)[:50]
    for mark in SEPARATORS:
        rows: list[list[str]] = []
        with suppress(MalformedRow):
            rows.extend(filter(any, _reader(sample, mark)))
        if rows and len(rows[0]) > 1:
            alike = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
            if mark == " ":
                alike //= 1.0  # blanks may be part of a text
            elif any(re.search(r"\d\s+[-+]?[.,]?\d", cell) for row in rows for cell in row):
                alike /= 2.0  # a tab, say, before the last of many columns between blanks
            if alike > best:
                best, found = alike, mark
    return found


_SPELLED = {  # by the decimal mark; the other one parts thousands, if any
    mark: re.compile(rf"[-+]?([1-9]\d{{0,2}}(\{other}\d{{3}})+|\d*)(\{mark}\d*)?(e[-+]?\d+)?", re.I)
    for mark, other in (",.", ".,")
}
_EITHER = re.compile(r"[-+]?[1-9]\d{0,2}[.,]\d{3}")  # a thousand here, a little more than 1 there


def number_of(cell: str, decimal: str = "") -> float | None:
    """Return the number that a cell holds, None for text; `decimal` is told, or of `decimal_of`."""
    if decimal:
        mark, unsure = decimal[0], decimal[1:]
        either = unsure and _EITHER.fullmatch(cell) and (unsure == "?" or "," in cell)
        if either or not _SPELLED[mark].fullmatch(cell):
            return None
        cell = cell.replace("," if mark == "." else ".", "").replace(mark, ".")
    with suppress(ValueError):
        return None if "_" in cell else float(cell)  # which would take 1_000 too
    return None


def feature_of(cell: str, decimal: str) -> float | None:
    """Return the finite number, or the 0 or 1 of a truth, that a cell holds."""
    number = number_of({"true": "1", "false": "0"}.get(cell.lower(), cell), decimal)
    return number if number is not None and math.isfinite(number) else None


def decimal_of(rows: Iterable[Iterable[str]]) -> str:
    """Return ",?" of a table with decimal commas, where 1,500 and 1.500 stay text; ",." where
    1.234,5 shows that 1.500 is a thousand; "" where no comma is surely a decimal one.
    """
    cells = {cell.strip() for row in rows for cell in row if "," in cell}
    sure = [c for c in cells if number_of(c, ",") is not None and not _EITHER.fullmatch(c)]
    return (",." if "." in "".join(sure) else ",?") if sure else ""


_DIGITS = r"[-+−]?(\d{1,3}([ .,'’_]\d{3})+([.,]\d+)?|\d*[.,]?\d+)(e[-+]?\d+)?"
_MONEY = r"([a-z]{0,3}[$€£¥₹₽₩₺₪฿¢]|\b(usd|eur|gbp|chf|jpy|cny|inr)\b)"
_SHORT = "( ?(k|m|bn?|mio|mn|mrd))?"
_QUANTITY = re.compile(  # as people write it, but no number to Python, and no name of a class
    rf"\(?[-+−]? ?({_MONEY} ?{_DIGITS}{_SHORT}|{_DIGITS}({_SHORT} ?{_MONEY}| ?[%‰])?)\)?", re.I
)


def meant(cell: str) -> str:
    """Say what a text looks like that is a number in another spelling, and what to do; else ""."""
    if number_of(cell) == math.inf or not _QUANTITY.fullmatch(" ".join(cell.split())):
        return ""
    told = [f'decimal="{mark}"' for mark in ".," if number_of(cell, mark) is not None]
    cure = "write plain numbers in the file, such as 1234.5"
    cure += f", or pass {' or '.join(told)}" * bool(told)
    return f"looks like a number in another spelling: {cure}"

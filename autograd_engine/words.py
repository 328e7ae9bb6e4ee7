"""Words of messages: foreign text as terminals may show it, numbers with their nouns; and what to
write instead of what people write by habit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

LINE = 400  # characters of what is read for where it is, such as a path; other words have 80


def printable(text: object, most: int = 80) -> str:
    """Return text on one line, without what moves a cursor or turns reading round, and short."""
    line = str(text)
    if len(line) > 2 * most:
        line = line[:most] + line[-most:]
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    half = (most - 1) // 2
    return line if len(line) <= most else f"{line[: most - 1 - half]}…{line[-half:]}"


def counted(number: int, one: str, many: str = "") -> str:
    many = many or {"leaf": "leaves"}.get(one, one + "s")
    return f"{number:,} {one if number == 1 else many}"


def meant(name: str, known: Iterable[str]) -> str:
    """Return a question for the known name that a misspelt one comes close to, or nothing."""
    from difflib import get_close_matches  # slow to import, and seldom needed

    names = {one.lower(): one for one in known}
    turned = [one for one in names if sorted(one) == sorted(name.lower())]
    close = turned or get_close_matches(name.lower(), names, 1)
    return f"; did you mean {names[close[0]]!r:.80}?" if close else ""


SPOKEN: Final = {
    "+": "sum", "-": "difference", "*": "product", "/": "quotient", "neg": "sign change",
    "@": "matrix product", "**": "power", "sum": "sum", "prod": "product", "dot": "dot product",
    "mean": "mean",
}  # fmt: skip


def operations(symbols: Iterable[str], most: int) -> str:
    """Return how many operations of which kind there are, in words, the frequent ones first."""
    words = Counter(SPOKEN.get("**" if s.startswith("**") else s, s) for s in symbols)
    nouns = {*SPOKEN.values()}
    parts = [counted(n, w, "" if w in nouns else w) for w, n in words.most_common(most)]
    return ", ".join(parts + ["…"] * (len(words) > most))


CLOSURE: Final = (
    "a Value keeps no closure _backward: out.backward() does the whole pass, and an operation of "
    "your own is written as ag.primitive(name, forward, partials)"
)

STEPS: Final = (
    "write v.data // n or v.data % n for a plain number, since a step has no derivative to follow, "
    "and v - n * (v.data // n) for the remainder in the graph"
)
OPERATORS: Final[dict[str, str]] = {  # what to write where there is no such operator
    **dict.fromkeys(("//", "%"), STEPS),
    "@": "write v * w, ag.dot(xs, ys) of two lists, or @ of NumPy arrays of Values",
    "^": "write v ** n for a power",
}

FUNCTIONS: Final[dict[str, str]] = {  # what to write where the package has no such function
    "max": "max(values), which picks the largest; ag.maximum(a, b) shares a tie between both",
    "min": "min(values), which picks the smallest; ag.minimum(a, b) shares a tie between both",
    "abs": "abs(v)",
    "pow": "v ** n",
    "square": "v ** 2",
    "round": "round(v.data), a plain number",
    "floor": "math.floor(v.data), a plain number",
    "ceil": "math.ceil(v.data), a plain number",
    "matmul": "[ag.dot(row, x) for row in rows]",
    "var": "ag.variance(values)",
    "std": "ag.sqrt(ag.variance(values))",
}

"""Words of messages: foreign text as terminals may show it, and numbers with their nouns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

LINE = 400
"""What is read for where it is, such as a path, may be so long; other words 80 characters."""


def printable(text: object, most: int = 80) -> str:
    """Return text on one line, without what moves a cursor or turns reading round, and short.

    >>> printable("red \\x1b[31m\\u202e"), printable("a" * 200_000, 9)
    ('red \\\\x1b[31m\\\\u202e', 'aaaa…aaaa')
    """
    line = str(text)
    if len(line) > 2 * most:
        line = line[:most] + line[-most:]
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    half = (most - 1) // 2
    return line if len(line) <= most else f"{line[: most - 1 - half]}…{line[-half:]}"


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun.

    >>> counted(1, "sample"), counted(1200, "sample"), counted(2, "leaf")
    ('1 sample', '1,200 samples', '2 leaves')
    """
    many = many or {"leaf": "leaves"}.get(one, one + "s")
    return f"{number:,} {one if number == 1 else many}"


def meant(name: str, known: Iterable[str]) -> str:
    """Return a question for the known name that a misspelt one comes close to, or nothing.

    >>> meant("tahn", ["atan", "tanh"]), meant("x", ["tanh"])
    ("; did you mean 'tanh'?", '')
    """
    from difflib import get_close_matches  # slow to import, and seldom needed

    names = {one.lower(): one for one in known}
    turned = [one for one in names if sorted(one) == sorted(name.lower())]
    close = turned or get_close_matches(name.lower(), names, 1)
    return f"; did you mean {names[close[0]]!r:.80}?" if close else ""


SPOKEN = {"+": "sum", "-": "difference", "*": "product", "/": "quotient", "neg": "sign change"}
SPOKEN |= {
    "@": "matrix product",
    "**": "power",
    "sum": "sum",
    "prod": "product",
    "dot": "dot product",
    "mean": "mean",
}


def operations(symbols: Iterable[str], most: int) -> str:
    """Return how many operations of which kind there are, in words, the frequent ones first.

    >>> operations(["*", "+", "*", "tanh", "tanh", "**2"], 3)
    '2 products, 2 tanh, 1 sum, …'
    """
    words = Counter(SPOKEN.get("**" if s.startswith("**") else s, s) for s in symbols)
    nouns = {*SPOKEN.values()}
    parts = [counted(n, w, "" if w in nouns else w) for w, n in words.most_common(most)]
    return ", ".join(parts + ["…"] * (len(words) > most))

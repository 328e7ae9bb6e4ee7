"""Foreign text, of files and of arguments, as messages and terminals may show it."""

from __future__ import annotations

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
    line = "".join(map(_visible, line))
    half = (most - 1) // 2
    return line if len(line) <= most else f"{line[: most - 1 - half]}…{line[-half:]}"


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()

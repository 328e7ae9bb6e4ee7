"""Where a picture or page is written: what is wrong with a path is said before the work."""

from __future__ import annotations

import os
from pathlib import Path

from autograd_engine.real import check_path
from autograd_engine.words import LINE, printable


def checked_path(
    path: str | os.PathLike[str], what: str, endings: tuple[str, ...], also: tuple[str, ...] = ()
) -> Path:
    """Return where to write `what`; the endings `also` are taken, but not advertised.

    Raises `TypeError` for what is no path, `ValueError` for another ending, and
    `FileNotFoundError` for a folder that does not exist.

    >>> checked_path("page.pdf", "a page", (".html",))
    Traceback (most recent call last):
        ...
    ValueError: cannot save a page as 'page.pdf': the ending must be '.html'
    """
    check_path(f"save {what} as", path, f"name{endings[0]}")
    target = Path(path)
    if target.suffix.lower() not in (*endings, *also):
        listed = " ".join(map(repr, endings))
        needed = listed if len(endings) == 1 else f"one of {listed}"
        named = printable(repr(str(path)), LINE)
        raise ValueError(f"cannot save {what} as {named}: the ending must be {needed}")
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"cannot save {printable(repr(str(path)), LINE)}: "
            f"there is no folder {printable(repr(str(target.parent)), LINE)}"
        )
    return target

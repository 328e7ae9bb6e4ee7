"""Files that are written whole or not at all; what is wrong with a path is said before the work."""

from __future__ import annotations

import glob
import os
import secrets
import stat
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

from autograd_engine.real import check_path
from autograd_engine.words import LINE, printable

try:
    import fcntl
except ImportError:  # Windows, whose files cannot be removed while they are open
    fcntl = None  # type: ignore[assignment]

Location = str | os.PathLike[str]


def write_whole(path: Location, text: str) -> None:
    """Write the text into the file; one that was there keeps its mode, and is replaced at once.

    Raises `OSError` where the file cannot be written, and then it is as before.
    """
    target = destination(path)
    _sweep(target)
    for attempts in (2, 1, 0):
        try:
            _replace(target, text)
            break
        except FileNotFoundError:  # another run took the draft for an old one, just before its lock
            if not attempts:
                raise


def _replace(target: Path, text: str) -> None:
    """Write a draft, and put it in the place of the target, whose mode it gets."""
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    draft = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    # A file that others may not read has no draft that they may.
    create = partial(os.open, mode=0o666 if mode is None else mode)
    try:
        with open(draft, "x", encoding="utf-8", opener=create) as file:
            with suppress(OSError):  # a file system may know no locks
                _lock(file)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            if mode is not None:
                draft.chmod(mode)
            if fcntl is not None:  # as long as it is locked; Windows moves no open file
                draft.replace(target)
        if fcntl is None:
            draft.replace(target)
    except BaseException:  # also an interruption must leave nothing lying about
        draft.unlink(missing_ok=True)
        raise


def destination(path: Location, name: str = "") -> Path:
    """Return the file to be written, a link followed and not replaced; `OSError` where it is none.

    >>> destination("nowhere/model.json")
    Traceback (most recent call last):
    ...
    FileNotFoundError: cannot write nowhere/model.json: the folder nowhere does not exist
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        folder = Path(path).parent
        raise FileNotFoundError(
            f"cannot write {printable(path, LINE)}: "
            f"the folder {printable(folder, LINE)} does not exist"
        )
    name = name or f"cannot write {printable(repr(os.fspath(path)), LINE)}: it"
    if target.is_dir():
        raise IsADirectoryError(f"{name} is a folder: name a file in it")
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise OSError(f"{name} is no regular file: a device, a pipe, a ring of links")
    return target


def _sweep(target: Path) -> None:
    """Remove the drafts that killed runs left: a lock ends with its process, however that ends."""
    for draft in target.parent.glob(f".{glob.escape(target.name)}.{'[0-9a-f]' * 12}"):
        with suppress(OSError):
            with draft.open("rb") as file:
                _lock(file)
            draft.unlink()


def _lock(file: IO[Any]) -> None:
    """Lock an open file, or raise `OSError`; where there are no such locks, do nothing."""
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


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

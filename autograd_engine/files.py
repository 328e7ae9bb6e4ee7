"""Files that are written whole or not at all; what is wrong with a path is said before the work."""

from __future__ import annotations

import glob
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from autograd_engine.real import check_path
from autograd_engine.words import LINE, printable

Location = str | os.PathLike[str]

ABANDONED = 3600.0  # seconds after which a draft was left by a run that was killed


def write_whole(path: Location, text: str) -> None:
    """Write the text into the file, whole and in its mode, or raise `OSError` and leave it."""
    target = destination(path)
    for draft in target.parent.glob(f".{glob.escape(target.name)}.{'[0-9a-f]' * 12}"):
        with suppress(OSError):
            if time.time() - draft.stat().st_mtime > ABANDONED:
                draft.unlink()
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    draft = target.with_name(f".{target.name}.{os.urandom(6).hex()}")
    # A file that others may not read has no draft that they may.
    create = partial(os.open, mode=0o666 if mode is None else mode)
    try:
        with open(draft, "x", encoding="utf-8", opener=create) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            draft.chmod(mode)
        draft.replace(target)
    except BaseException:  # also an interruption must leave nothing lying about
        draft.unlink(missing_ok=True)
        raise


def destination(path: Location, name: str = "") -> Path:
    """Return the file to be written, a link followed; `OSError` where it can be none."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        folder = printable(Path(path).parent, LINE)
        raise FileNotFoundError(
            f"cannot write {printable(path, LINE)}: the folder {folder} does not exist"
        )
    name = name or f"cannot write {printable(repr(os.fspath(path)), LINE)}: it"
    if target.is_dir():
        raise IsADirectoryError(f"{name} is a folder: name a file in it")
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise OSError(f"{name} is no regular file: a device, a pipe, a ring of links")
    return target


def checked_path(
    path: str | os.PathLike[str], what: str, endings: tuple[str, ...], also: tuple[str, ...] = ()
) -> Path:
    """Return where to write `what`; the endings `also` are taken, but not advertised."""
    check_path(f"save {what} as", path, f"name{endings[0]}")
    target = Path(path)
    if target.suffix.lower() not in (*endings, *also):
        listed = " ".join(map(repr, endings))
        needed = listed if len(endings) == 1 else f"one of {listed}"
        named = printable(repr(str(path)), LINE)
        raise ValueError(f"cannot save {what} as {named}: the ending must be {needed}")
    destination(target)
    return target


def wrote(path: Location, write: Callable[[Any], object]) -> str:
    """Write a file, and return in words that it was written, and whether another was there."""
    replaced = ", replacing the one before" * Path(path).exists()
    write(path)
    return f"wrote {printable(path, LINE)}{replaced}"

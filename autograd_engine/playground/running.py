"""Running: code in, and what it prints and shows out; it runs in the browser's Python."""

from __future__ import annotations

import ast
import builtins
import html
import linecache
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FILE = "playground.py"
Show = Callable[[str, str], None]
"""Called with a kind, "page" or "note", and HTML."""


def run(code: str, show: Show) -> int:
    """Run code, show what its statements end with and what it wrote; return the line of an error.

    0 is none. What it prints goes to the standard output. Nothing is raised, but for an interrupt.
    """
    linecache.cache[FILE] = len(code), None, code.splitlines(True), FILE
    names: dict[str, Any] = {"__name__": "__main__", "__file__": FILE, "display": displayed(show)}
    before = dict(written())
    try:
        tree = ast.parse(code, FILE)
        last = ast.Expression(tree.body.pop().value) if _ends(tree) else None  # type: ignore[attr-defined]
        builtins.exec(compile(tree, FILE, "exec"), names)
        if last is not None:
            names["display"](builtins.eval(compile(last, FILE, "eval"), names))
    except SystemExit:
        pass
    except BaseException as error:
        return _told(error)
    finally:
        for path, stamp in written():
            if before.get(path) != stamp:
                show("page", path.read_text(encoding="utf-8"))
    return 0


def _ends(tree: ast.Module) -> bool:
    return bool(tree.body) and isinstance(tree.body[-1], ast.Expr)


def displayed(show: Show) -> Callable[..., None]:
    """Return what shows each of its arguments, as a notebook does."""

    def display(*items: Any) -> None:
        for item in items:
            if item is None:
                continue
            page = getattr(item, "html", None)
            if isinstance(page, str) and page.startswith("<!DOCTYPE"):
                show("page", page)
            elif hasattr(item, "_repr_mimebundle_"):
                kinds = item._repr_mimebundle_()
                show("note", kinds.get("text/html") or html.escape(kinds["text/plain"]))
            else:
                print(item if isinstance(item, str) else repr(item))

    return display


def written() -> Iterator[tuple[Path, float]]:
    """Yield the pages and pictures that stand in the folder, with the time of each."""
    for path in sorted(Path.cwd().rglob("*")):
        if path.suffix in (".html", ".svg"):
            yield path, path.stat().st_mtime_ns


def _told(error: BaseException) -> int:
    """Print an error without the lines of this file; return the line that raised it."""
    found = traceback.TracebackException.from_exception(error)
    own = [frame for frame in found.stack if frame.filename != __file__]
    found.stack[:] = own
    print("".join(found.format()), end="")
    if isinstance(error, SyntaxError):
        return error.lineno or 1
    return next((f.lineno or 0 for f in reversed(own) if f.filename == FILE), 0)

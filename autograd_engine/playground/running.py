"""Running: code comes in, and what it prints and shows goes out; in the browser's Python."""

from __future__ import annotations

import ast
import linecache
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILE = "playground.py"


def run(code: str, show: Callable[[str, str], None]) -> int:
    """Run code, and return the line of an error, 0 if there is none.

    `show("page", text)` is called with pages and pictures that its last expression gives,
    `display(...)` is called with, or it wrote; `show("note", text)` with other HTML.
    """

    def display(*items: Any) -> None:
        for item in items:
            page: Any = getattr(item, "html", "")
            note: Any = getattr(item, "_repr_mimebundle_", dict)
            if str(page).startswith("<!DOCTYPE"):
                show("page", page)
            elif html := note().get("text/html"):
                show("note", html)
            elif item is not None:
                print(item)

    linecache.cache[FILE] = len(code), None, code.splitlines(True), FILE
    before, names = written(), {"__name__": "__main__", "__file__": FILE, "display": display}
    try:
        tree = ast.parse(code, FILE)
        shown = [each.value for each in tree.body[-1:] if isinstance(each, ast.Expr)]
        del tree.body[len(tree.body) - len(shown) :]
        exec(compile(tree, FILE, "exec"), names)
        for last in shown:
            display(eval(compile(ast.Expression(last), FILE, "eval"), names))
    except SystemExit:
        pass
    except BaseException as error:
        told = traceback.TracebackException.from_exception(error)
        told.stack[:] = [frame for frame in told.stack if frame.filename != __file__]
        print("".join(told.format()), end="")
        lines = [frame.lineno or 0 for frame in told.stack if frame.filename == FILE]
        return error.lineno or 1 if isinstance(error, SyntaxError) else [0, *lines][-1]
    finally:
        for path in [path for path, time in written().items() if before.get(path) != time]:
            show("page", path.read_text(encoding="utf-8"))
    return 0


def written() -> dict[Path, int]:
    """Return the pages and pictures in this folder, each with its time."""
    paths = [path for path in Path.cwd().rglob("*") if path.suffix in (".html", ".svg")]
    return {path: path.stat().st_mtime_ns for path in sorted(paths)}

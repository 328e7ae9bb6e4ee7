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
    seen: list[str] = []

    def display(*items: Any) -> None:
        for item in items:
            text: Any = getattr(item, "html", "")
            kinds: Any = getattr(type(item), "_repr_mimebundle_", lambda _: None)(item) or {}
            kinds = kinds[0] if isinstance(kinds, tuple) else kinds  # without its metadata
            if str(text).startswith("<!DOCTYPE"):
                seen.append(text)
                show("page", text)
            elif html := kinds.get("text/html"):
                show("note", html)
            elif item is not None:
                print(item)

    def ask(*_: object) -> str:
        raise RuntimeError("input() is not here: write the value into the code")

    linecache.cache[FILE] = len(code), None, code.splitlines(True), FILE
    names = {"__name__": "__main__", "__file__": FILE, "display": display, "input": ask}
    before, own = written(), (__file__, ast.parse.__code__.co_filename)
    try:
        tree = ast.parse(code, FILE)
        shown = [each.value for each in tree.body[-1:] if isinstance(each, ast.Expr)]
        del tree.body[len(tree.body) - len(shown) :]
        exec(compile(tree, FILE, "exec"), names)
        for last in shown:
            display(eval(compile(ast.Expression(last), FILE, "eval"), names))
    except SystemExit as end:
        if not isinstance(end.code, int | None):
            print(end.code)
    except BaseException as error:
        told = traceback.TracebackException.from_exception(error)
        told.stack[:] = [frame for frame in told.stack if frame.filename not in own]
        print("".join(told.format()), end="")
        lines = [frame.lineno or 0 for frame in told.stack if frame.filename == FILE]
        if isinstance(error, SyntaxError) and error.filename == FILE:
            return error.lineno or 1
        return [0, *lines][-1]
    finally:
        for path in [path for path, time in written().items() if before.get(path) != time]:
            if (text := path.read_text(encoding="utf-8", errors="replace")) not in seen:
                show("page", text)
    return 0


def written() -> dict[Path, int]:
    """Return the pages and pictures in this folder, each with its time."""
    paths = [path for path in Path.cwd().rglob("*") if path.suffix in (".html", ".svg")]
    return {path: path.stat().st_mtime_ns for path in sorted(paths) if path.is_file()}

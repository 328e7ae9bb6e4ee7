"""Hold the pages in a folder to the package: every public name, and what it says of itself.

python .ci/reference.py build/reference
"""

import html
import re
import sys
from pathlib import Path
from types import ModuleType

import autograd_engine as ag
from autograd_engine.manual import describe


def lacking(folder: Path, module: ModuleType) -> list[str]:
    """Return what the page of a module, and those of its submodules, should hold and do not."""
    page = folder.joinpath(*module.__name__.split(".")).with_suffix(".html")
    parts = re.split(r'<section id="([\w.]*)">', page.read_text(encoding="utf-8"))
    sections = {name: seen(part) for name, part in zip(parts[1::2], parts[2::2])}
    found = []
    for name in public(module):
        what = getattr(module, name)
        if isinstance(what, ModuleType):
            found += lacking(folder, what)
        elif name not in sections or not all(text in sections[name] for text in told(what)):
            found.append(f"{module.__name__}.{name}")
    return found


def public(module: ModuleType) -> list[str]:
    """Return the names that a module exports, or else those it defines."""
    names = [
        n for n, it in vars(module).items() if getattr(it, "__module__", "") == module.__name__
    ]
    return getattr(module, "__all__", [name for name in names if not name.startswith("_")])


def told(what: object) -> list[str]:
    """Return the paragraphs that are to be read: of a primitive all, else the first sentence."""
    if isinstance(what, ag.Primitive):
        return [seen(paragraph) for paragraph in describe(what).split("\n\n")]
    return [seen(what.__doc__.split("\n\n")[0])] if callable(what) else []


def seen(part: str) -> str:
    """Return what a reader sees of a piece of a page, or of a docstring."""
    text = html.unescape(re.sub(r"</?\w[^>]*>", "", part))
    return " ".join(re.sub("[`*]", "", text).split())


found = lacking(Path(sys.argv[1]), ag)
if found:
    sys.exit(f"not found in {sys.argv[1]}, or without what they say: {', '.join(found)}")

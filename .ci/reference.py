"""Hold the pages in a folder to the package: every public name, each primitive's formula and facts.

python .ci/reference.py build/reference
"""

import html
import re
import sys
from pathlib import Path
from types import ModuleType

import autograd_engine as ag
from autograd_engine.reference import describe


def public(module: ModuleType) -> list[str]:
    """Return the names that a module exports, or else those it defines."""
    defined = [name for name, what in vars(module).items() if defines(module, what)]
    return getattr(module, "__all__", [name for name in defined if not name.startswith("_")])


def defines(module: ModuleType, what: object) -> bool:
    return getattr(what, "__module__", "") == module.__name__


def missing(folder: Path, module: ModuleType) -> list[str]:
    """Return what the page of a module, and those of its submodules, should hold and do not."""
    page = folder.joinpath(*module.__name__.split(".")).with_suffix(".html")
    sections = re.split(r'<section id="([\w.]*)">', page.read_text(encoding="utf-8"))
    texts = {name: text(part) for name, part in zip(sections[1::2], sections[2::2])}
    lacking = []
    for name in public(module):
        what = getattr(module, name)
        if isinstance(what, ModuleType):
            lacking += missing(folder, what)
        elif name not in texts or name not in texts[name]:
            lacking.append(f"{module.__name__}.{name}")
        elif isinstance(what, ag.Primitive):
            told = " ".join(describe(what).replace("`", "").split())
            if "∂" not in told or told not in texts[name]:
                lacking.append(f"{module.__name__}.{name}: {told}")
    return lacking


def text(part: str) -> str:
    """Return what a reader sees of a piece of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", part)).split())


lacking = missing(Path(sys.argv[1]), ag)
if lacking:
    sys.exit("the reference lacks\n" + "\n".join(lacking))

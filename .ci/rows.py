"""Write the functions of the table where types and readers need them as text.

Run it after a row was added to, or taken from, `autograd_engine/table.py`:

    python .ci/rows.py [--check] [FOLDER OF THE PACKAGE]

It writes the methods of Value, the package's imports and `__all__`, and README's list, again and
again the same, and names what it changed. With `--check` nothing is written: it fails where
something would be.
"""

from __future__ import annotations

import re
import sys
import textwrap
import types
from pathlib import Path

ROOT = Path(__file__).parents[1]
IMPORTS = re.compile(r"(?<=from autograd_engine.table import \(\n)[^)]*")

BESIDE = {
    "fabs": "the number without its sign",
    "conjugate": "this number, which is real",
    "deg2rad": "an angle of degrees in radians",
    "rad2deg": "an angle of radians in degrees",
    "radians": "an angle of degrees in radians",
    "degrees": "an angle of radians in degrees",
}  # what NumPy's ufuncs call on objects beside the rows


def rows(package: Path) -> dict[str, tuple[int, str]]:
    """Return the public rows' numbers of operands and documentation, by name."""
    # The table alone: the package itself cannot be imported while it lacks what is written here.
    alone = types.ModuleType("autograd_engine")
    alone.__path__ = [str(package)]
    sys.modules["autograd_engine"] = alone
    sys.path.insert(0, str(package.parent))
    from autograd_engine.table import PUBLIC

    return {name: (rule.arity, rule.doc) for name, rule in PUBLIC.items()}


def in_order(name: str) -> tuple[bool, list[int | str]]:
    """Sort classes first, and log2 before log10."""
    parts = re.split(r"(\d+)", name)
    return not name[0].isupper(), [int(part) if part.isdigit() else part for part in parts]


def listed(names: list[str], width: int = 98) -> str:
    """Return names as the lines of an import."""
    return textwrap.indent(textwrap.fill(", ".join(names) + ",", width - 4), "    ")


def methods(text: str, known: dict[str, tuple[int, str]]) -> str:
    """Return the text of number.py with its imports and methods."""
    texts: list[list[str]] = [[], []]
    for name, (arity, doc) in known.items():
        other, call = (", other: object", "_two({}, other)") if arity == 2 else ("", "_one({})")
        made = [(name, texts[0])]
        if re.match("a(sin|cos|tan)", name):
            made.append((f"arc{name[1:]}", texts[1]))
        for spelling, lines in made:
            head = f"    def {spelling}(self{other}) -> Any:"
            lines.append(f'{head} """Return {doc}."""; return self.{call.format(name)}')
    for name, doc in BESIDE.items():
        head = f'    def {name}(self) -> Any: """Return {doc}."""'
        texts[1].append(f'{head}; return BESIDE["{name}"](self)')
    lines = [*texts[0], "", "    # NumPy's spellings, which its ufuncs call on objects.", *texts[1]]
    own = re.compile(r"(?<=raise NotImplementedError\n\n).*?(?=\n    # fmt: on)", re.DOTALL)
    text = IMPORTS.sub(listed(sorted(known, key=in_order)) + "\n", text)
    return own.sub("\n".join(lines), text)


def exported(text: str, known: dict[str, tuple[int, str]]) -> str:
    """Return the text of the package's `__init__` with its imports and `__all__`."""
    names = re.compile(r"(?<=__all__ = \[\n)[^]]*")
    before = re.findall(r"\w+", IMPORTS.search(text)[0])
    others = set(re.findall(r"\w+", names.search(text)[0])) - set(before)
    text = IMPORTS.sub(listed(sorted(known, key=in_order)) + "\n", text)
    quoted = [f'"{name}"' for name in sorted({*others, *known}, key=in_order)]
    return names.sub(listed(quoted, 100) + "\n", text)


def told(text: str, known: dict[str, tuple[int, str]]) -> str:
    """Return README's text with its list of the functions."""
    line = f"`{' '.join(known)}`, and composed of these"
    filled = textwrap.fill(line, 100, initial_indent="> ", subsequent_indent="> ")
    return re.sub(r"> `exp [^`]*`[^`]*(?=\n> `where )", filled, text)


def main(check: bool, package: Path) -> int:
    known = rows(package)
    init, number = package / "__init__.py", package / "number.py"
    readme = package.parent / "README.md"
    readme = readme if readme.exists() else ROOT / "README.md"  # the package may be installed
    texts = {
        number: methods(number.read_text(encoding="utf-8"), known),
        init: exported(init.read_text(encoding="utf-8"), known),
        readme: told(readme.read_text(encoding="utf-8"), known),
    }
    changed = [
        path
        for path, text in texts.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in changed:
        print(path.name, "is not what the table says: run .ci/rows.py" if check else "written")
        if not check:
            path.write_text(texts[path], encoding="utf-8")
    return int(check and bool(changed))


if __name__ == "__main__":
    given = [word for word in sys.argv[1:] if word != "--check"]
    folder = Path(given[0]) if given else ROOT / "autograd_engine"
    sys.exit(main("--check" in sys.argv, folder))

"""What is compiled where a C compiler is present: the native core, and by mypyc the heart.

Without one and with AUTOGRAD_ENGINE_PURE=1 the package is plain Python; an editable install has
the native core and plain Python. Everything else about the package stands in pyproject.toml.
"""

from __future__ import annotations

import ast
import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).parent / ".ci"))
sys.path.insert(0, str(Path(__file__).parent))
from backend import wanted

MODULES = [
    "floats", "real", "state", "primitives", "table", "notes", "number", "engine", "functions",
    "columns",
]  # fmt: skip


def docs(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield owner, name and text of all that a module documents, as `compiled.h` wants them."""
    module = f"autograd_engine.{name}"
    tree = ast.parse(Path(f"autograd_engine/{name}.py").read_text(encoding="utf-8"))
    yield module, "", ast.get_docstring(tree) or ""
    for item in tree.body:
        if isinstance(item, ast.FunctionDef):
            yield module, item.name, described(item.name, item.args, item)
        if isinstance(item, ast.ClassDef):
            made = ast.arguments([], [], None, [], [], None, [])
            for method in item.body:
                if isinstance(method, ast.FunctionDef):
                    decorators = [ast.unparse(decorator) for decorator in method.decorator_list]
                    if "property" in decorators and ast.get_docstring(method):
                        yield item.name, method.name, ast.get_docstring(method)
                    elif not decorators:
                        if method.name == "__init__":
                            made = ast.parse(ast.unparse(method)).body[0].args
                            del made.args[0]
                        method.args.args[0].arg = "$self"
                        yield item.name, method.name, described(method.name, method.args, method)
            yield item.name, "", described(item.name, made, item)


def described(name: str, arguments: ast.arguments, item: ast.FunctionDef | ast.ClassDef) -> str:
    """Return a docstring with the signature in front, in the form that `inspect` reads."""
    for argument in ast.walk(arguments):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    arguments.defaults = [shown(default) for default in arguments.defaults]
    arguments.kw_defaults = [default and shown(default) for default in arguments.kw_defaults]
    # What Python says of the method of that name of its own numbers: "Return self+value."
    inherited = getattr(float, name).__doc__ if name[:2] == "__" and hasattr(float, name) else ""
    text = ast.get_docstring(item) or inherited
    return f"{name}({ast.unparse(arguments)})\n--\n\n{text}"


def shown(default: ast.expr) -> ast.expr:
    """Return a default as a signature can show it: only literals."""
    try:
        ast.literal_eval(default)
    except ValueError:
        return ast.Constant(...)
    return default


def quoted(text: str) -> str:
    """Return text as a string of C."""
    plain = {ord(letter) for letter in map(chr, range(32, 127)) if letter not in '"\\?'}
    return '"' + "".join(chr(b) if b in plain else f"\\{b:03o}" for b in text.encode()) + '"'


def core() -> Extension:
    """Return the native core, for which the package writes its table of primitives in C."""
    from autograd_engine.compiler.run.native.c_table import text

    Path("build").mkdir(exist_ok=True)
    Path("build", "table.h").write_text(text(), encoding="ascii")
    native, widths = "autograd_engine/compiler/run/native", (2, 4, 8)
    for width in widths:  # of vectors, of which x86 has several
        other = "" if width == 2 else "#if defined(__x86_64__)\n", "" if width == 2 else "#endif\n"
        lines = f'#define WIDTH {width}\n#include "core.c"\n'
        Path("build", f"core_{width}.c").write_text(lines.join(other), encoding="ascii")
    # GNU vectors: a compiler without them leaves the core out. No flag of the fast-math family.
    flags = ["-O2", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fwrapv"]
    flags += ["-Wno-psabi", "-g0"]
    return Extension(
        "autograd_engine.compiler.run.native._core",
        [f"{native}/module.c", *(f"build/core_{width}.c" for width in widths)],
        include_dirs=["build", native],
        depends=[f"{native}/core.c", "build/table.h"],
        extra_compile_args=flags,
        optional=True,
    )


def heart() -> list[Extension]:
    """Return the extension modules of mypyc; none, with a warning, where it cannot make them.

    One that the C compiler fails on is left out, and the package runs from its source.
    """
    # What these modules import is read for its types, but is not theirs to complain about.
    files = [f"autograd_engine/{name}.py" for name in MODULES]
    try:
        from mypyc.build import mypycify

        found = mypycify(["--follow-imports=silent", *files], opt_level="3")
    except (Exception, SystemExit) as error:  # it leaves by sys.exit where mypy finds an error
        told = f"autograd_engine is built as plain Python, and slower: mypyc: {error}"
        warnings.warn(told, stacklevel=1)
        return []
    header = str(Path("autograd_engine", "compiled.h").resolve())
    rows = [row for name in MODULES for row in docs(name)]
    table = "".join(f"{{{', '.join(map(quoted, row))}}},\n" for row in rows)
    Path("build").mkdir(exist_ok=True)
    Path("build", "docs.h").write_text(table, encoding="ascii")
    for extension in found:
        extension.optional = True
        extension.include_dirs.append("build")
        extension.depends += [header, "build/docs.h"]
        include = [f"/FI{header}"] if sys.platform == "win32" else ["-include", header]
        extension.extra_compile_args = [*extension.extra_compile_args, *include]
    return found


class WithLessons(build_py):
    """Beside the package's own files, the lessons of the course, which the playground lists."""

    def run(self) -> None:
        super().run()
        target = Path(self.build_lib, "autograd_engine", "playground", "lessons")
        for lesson in [] if self.editable_mode else sorted(Path("demos").glob("[0-9]*.py")):
            target.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(lesson, target / lesson.name)


told = {"egg_info", "dist_info", "sdist"} & set(sys.argv)  # nothing is built
plain = {"editable_wheel", "develop", "--inplace"} & set(sys.argv)
setup(
    cmdclass={"build_py": WithLessons},
    ext_modules=[core(), *([] if plain else heart())] if wanted() and not told else [],
)

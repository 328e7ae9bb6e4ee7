"""The package as a whole: its public names, its imports, its files."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import types
from collections import Counter
from pathlib import Path

import pytest

import autograd_engine as ag

PACKAGE = Path(ag.__file__).parent
LONGEST = 300  # lines


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def reading_order() -> list[str]:
    """The modules as the package's docstring lists them, one a line, name first."""
    indented = [line for line in ag.__doc__.splitlines() if line.startswith("    ")]
    return [line.split()[0] for line in indented if not line.startswith("     ")]


def test_all_names_exactly_the_public_names():
    public = {
        name
        for name in dir(ag)
        if not name.startswith("_") and not isinstance(getattr(ag, name), types.ModuleType)
    }
    named = set(ag.__all__) - {"__version__"}
    assert public <= named
    assert all(isinstance(getattr(ag, name), types.ModuleType) for name in named - public)


def in_order(name: str) -> tuple:
    """Classes first, then the rest; log2 before log10."""
    parts = re.split(r"(\d+)", name)
    return not name[0].isupper(), [int(part) if part.isdigit() else part for part in parts]


def test_all_is_sorted_and_has_no_doubles():
    assert len(ag.__all__) == len(set(ag.__all__))
    assert list(ag.__all__) == sorted(ag.__all__, key=in_order)


SPECIFIED = """
Value primitive no_grad gradient grad value_and_grad jacobian hessian hvp jvp check_gradients
exp expm1 log log1p log2 log10 sqrt cbrt sin cos tan asin acos atan atan2 sinh cosh tanh asinh
acosh atanh erf sigmoid softplus relu maximum minimum hypot where leaky_relu elu gelu silu clip
sum mean prod dot norm variance logsumexp softmax log_softmax
draw draw_dot compile fit save load nn losses optim datasets compiled
"""


@pytest.mark.parametrize("name", SPECIFIED.split())
def test_every_name_of_the_specification_is_public(name):
    assert name in ag.__all__ and hasattr(ag, name)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("max", r"write max\(values\), .* ag\.maximum\(a, b\)"),
        ("min", r"write min\(values\), .* ag\.minimum\(a, b\)"),
        ("abs", r"write abs\(v\)"),
        ("pow", r"write v \*\* n"),
        ("square", r"write v \*\* 2"),
        ("round", r"write round\(v\.data\)"),
        ("floor", r"write math\.floor\(v\.data\)"),
        ("ceil", r"write math\.ceil\(v\.data\)"),
        ("matmul", r"write \[ag\.dot\("),
        ("var", r"write ag\.variance\("),
        ("std", r"write ag\.sqrt\(ag\.variance\("),
        ("tahn", "module 'autograd_engine' has no attribute 'tahn'"),
    ],
)
def test_a_name_that_is_not_here_says_what_to_write(name, advice):
    with pytest.raises(AttributeError, match=advice):
        getattr(ag, name)


@pytest.mark.parametrize("module", [ag, ag.datasets, ag.losses, ag.nn, ag.optim])
def test_every_public_function_and_class_says_what_it_is_and_shows_it(module):
    for name in module.__all__:
        what = getattr(module, name)
        if callable(what) and not isinstance(what, ag.Primitive):
            told = what.__doc__
            if ag.compiled and told in (None, "", "mypyc filler docstring"):
                told = "mypyc keeps no docstrings.\n\n>>> "
            assert told.split("\n\n")[0].endswith("."), name
            assert ">>> " in told or what is ag.Primitive, name


def imported(path: Path) -> set[str]:
    """The modules of the package that this file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "autograd_engine":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "autograd_engine."
        ):
            found.add((node.module or "").split(".", 1)[1])
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if "." in alias.name]
            found |= {
                name.split(".", 1)[1] for name in names if name.startswith("autograd_engine.")
            }
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path}: relative import"
    return found


def rank(name: str, order: list[str]) -> int:
    """A module of a folder is read with its folder."""
    return order.index(name if name in order else name.split(".")[0])


# The command line stands above everything, and so may import everything.
@pytest.mark.parametrize("name", [dotted(path) for path in modules() if dotted(path)])
def test_modules_import_only_from_those_above_them_in_reading_order(name):
    order = [*reading_order(), "__main__"] if "__main__" not in reading_order() else reading_order()
    path = next(path for path in modules() if dotted(path) == name)
    here = rank(name, order)
    for other in imported(path):
        if other in ag.__all__ and other not in order:
            continue  # a public name, from a module that is imported lazily
        there = rank(other, order)
        inside = other.split(".")[0] == name.split(".")[0]
        assert there < here or (there == here and inside), f"{name} imports {other}"


def test_the_reading_order_lists_every_module_once():
    order = reading_order()
    assert len(order) == len(set(order))
    tops = {dotted(path).split(".")[0] for path in modules()} - {"", "__main__"}
    assert tops == set(order) - {"__main__"}


def test_a_name_of_a_module_or_folder_means_one_thing():
    names = Counter(dotted(path).rpartition(".")[2] for path in modules())
    both_pages = {"page"}  # the same part of explore and of replay
    assert {name for name, count in names.items() if count > 1} == both_pages


@pytest.mark.parametrize("module", ["numpy", "matplotlib"])
def test_importing_the_package_imports_neither_numpy_nor_matplotlib(module):
    source = f"import autograd_engine, sys; print({module!r} in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def fresh(source: str) -> str:
    """What a process of its own prints."""
    command = [sys.executable, "-W", "error", "-c", f"import autograd_engine as ag\n{source}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


LATER = [f"autograd_engine.{module}" for module in ag._LATER]


@pytest.mark.parametrize("module", ["numpy", "matplotlib", *LATER])
def test_importing_the_package_leaves_for_later_what_is_slow_and_not_the_engine(module):
    assert fresh(f"import sys; print({module!r} in sys.modules)") == "False"


@pytest.mark.parametrize(
    "look",
    [
        "from autograd_engine import *; print(names <= set(globals()))",
        "from autograd_engine import {}; print(True)",
        "print(names <= set(dir(ag)))",
        "print(all(hasattr(ag, name) for name in names))",
        "import inspect; print(names <= {{name for name, _ in inspect.getmembers(ag)}})",
        "import pydoc; print(all(name in pydoc.render_doc(ag) for name in names))",
        "import rlcompleter\nfound = rlcompleter.Completer({{'ag': ag}}).attr_matches('ag.')\n"
        "print(names <= {{name[3:].rstrip('()') for name in found}})",
        "import pickle; print(all(pickle.loads(pickle.dumps(getattr(ag, name))) for name in names))",
    ],
)
def test_what_is_imported_later_is_found_however_one_looks_for_it(look):
    names = {name for names in ag._LATER.values() for name in names}
    assert fresh(f"names = {names}\n" + look.format(", ".join(names))) == "True"


@pytest.mark.parametrize("name", sorted({path.split(".")[0] for path in ag._LATER} | {"plots"}))
def test_every_module_is_an_attribute_of_the_package_before_anybody_imports_it(name):
    assert fresh(f"print(ag.{name}.__name__)") == f"autograd_engine.{name}"


def test_the_names_that_are_imported_later_are_the_same_for_a_type_checker():
    told = {
        (node.module or "").removeprefix("autograd_engine."): sorted(a.name for a in node.names)
        for block in ast.parse(Path(ag.__file__).read_text(encoding="utf-8")).body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
    }
    modules = told.pop("autograd_engine")
    assert modules == [module for module, names in ag._LATER.items() if not names]
    assert told == {module: sorted(names) for module, names in ag._LATER.items() if names}


def test_a_module_that_lacks_something_says_what():
    source = """
import sys
sys.modules["csv"] = None
try:
    ag.datasets
except ModuleNotFoundError as error:
    print(error.name)
"""
    assert fresh(source) == "csv"


def test_no_file_is_longer_than_300_lines():
    long = {dotted(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {name: lines for name, lines in long.items() if lines > LONGEST} == {}


def test_the_version_is_that_of_the_metadata_where_installed():
    try:
        version = importlib.metadata.version("autograd_engine")
    except importlib.metadata.PackageNotFoundError:
        version = "0.1.0"
    assert ag.__version__ == version


def test_compiled_says_which_build_runs():
    from autograd_engine import engine

    assert ag.compiled is not engine.__file__.endswith(".py")
    assert type(ag.compiled) is bool


def test_the_package_is_typed():
    assert (PACKAGE / "py.typed").exists()

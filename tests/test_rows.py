"""One row of the table makes a primitive: everything else follows, or is written by one command."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_engine as ag
from autograd_engine import Value
from autograd_engine.table import PUBLIC

PACKAGE, ROOT = Path(ag.__file__).parent, Path(__file__).parents[1]


def run(*command, folder=None):
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_written_from_the_table_is_what_it_says():
    run(ROOT / ".ci" / "rows.py", "--check", PACKAGE)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_row_is_a_function_and_a_method_that_says_what_it_is(name):
    assert getattr(ag, name) is PUBLIC[name] and name in ag.__all__
    assert callable(getattr(Value, name))
    tree = ast.parse((PACKAGE / "number.py").read_text(encoding="utf-8"))
    told = {
        node.name: ast.get_docstring(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    }
    assert told[name] == f"Return {PUBLIC[name].doc}."


@pytest.mark.parametrize("name", ["exp2", "logaddexp"])
def test_these_rows_stand_in_the_table_and_nowhere_else_by_hand(name):
    mentioned = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search(rf"\b{name}\b", path.read_text(encoding="utf-8"))
    }
    assert mentioned == {"table.py", "number.py", "__init__.py"}


# By a formula of rows, by a function of `floats`, by one of `math` that NumPy has not.
ROWS = """
cubed     = row("cubed",    lambda x: x * x * x, lambda out, x: (3.0 * x * x,), doc="x * x * x")
pseudo    = row("pseudo",   floats.pseudo,      lambda out, x, y: (y if False else 2.0 * x * y, x * x), REAL, REAL, doc="x * x * y, 0 below")
erfd      = row("erfd",     math.erf,           lambda out, x: (2.0 / math.sqrt(math.pi) * gauss(x),), doc="erf again")
"""
FUNCTION = '''

def pseudo(x: float, y: float) -> float:
    """Return x * x * y."""
    square = x * x
    if square > 0.0:
        return square * y
    return 0.0 * y
'''
USED = """
import math
import sys
import autograd_engine as ag
from autograd_engine import expressions
a, b = ag.Value(1.5, "a"), ag.Value(-0.5, "b")
def f(xs):
    return ag.cubed(xs[0]) + ag.pseudo(xs[0], xs[1]) + xs[1].erfd()
eager = f([a, b])
eager.backward()
expected = [eager.data, a.grad, b.grad]
assert abs(eager.data - (1.5**3 + 1.5**2 * -0.5 + math.erf(-0.5))) < 1e-15
ag.check_gradients(f, [1.5, -0.5], order=2)
text = expressions.evaluate("cubed(a) + pseudo(a, b) + erfd(b)", {"a": a, "b": b})
assert text.data == eager.data
assert "cubed" in ag.draw(eager).source and "pseudo" in ag.explain(eager, a).text
assert {"cubed", "pseudo", "erfd"} <= set(ag.__all__)
from autograd_engine.compiler.record.tape import record
tape = record([eager])
if "jax" in sys.argv:
    import jax
    jax.config.update("jax_enable_x64", True)
    g = ag.compile(eager).to_jax()
    numbers = jax.numpy.array([1.5, -0.5])
    found = [g(numbers, None), *jax.grad(lambda p: g(p, None))(numbers)]
    assert all(abs(x - y) < 1e-12 for x, y in zip(map(float, found), expected)), found
else:
    from autograd_engine.compiler.run.native.core import Machine, core
    from autograd_engine.compiler.run.numpy.lifted import ByNumPy, Lifted
    import numpy
    leaves = numpy.array([leaf.data for leaf in tape.parameters])
    together, apart = Lifted(tape), ByNumPy(tape)
    assert core() is not None
    for program in (Machine(tape), together, apart):
        outputs, slopes = program.run(leaves, None, True)
        found = [outputs[0, 0], *slopes]
        assert all(abs(x - y) < 1e-14 for x, y in zip(found, expected)), (found, expected)
    exact = ag.compile(eager, exact=True).value_and_grad()
    assert [exact[0], *exact[1]] == expected
"""


@pytest.fixture(scope="module")
def with_rows(tmp_path_factory):
    """A copy of the package with three rows more, written out by the command."""
    root = tmp_path_factory.mktemp("rows")
    shutil.copytree(
        PACKAGE,
        root / "autograd_engine",
        ignore=shutil.ignore_patterns("*.so", "*.pyd", "*.nb?", "__pycache__"),
    )
    (root / ".ci").mkdir()
    for name in ("README.md", ".ci/backend.py", "setup.py", "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    for name, mark, text in [("table", "PUBLIC: Final", ROWS), ("floats", "", FUNCTION)]:
        path = root / "autograd_engine" / f"{name}.py"
        source = path.read_text(encoding="utf-8")
        path.write_text(
            source.replace(mark, text + mark, 1) if mark else source + text, encoding="utf-8"
        )
    told = run(ROOT / ".ci" / "rows.py", root / "autograd_engine")
    assert told.split() == [
        "number.py",
        "written",
        "__init__.py",
        "written",
        "README.md",
        "written",
    ]
    assert run(ROOT / ".ci" / "rows.py", root / "autograd_engine") == ""
    run("setup.py", "-q", "build_ext", "--inplace", folder=root)
    return root


@pytest.mark.slow
@pytest.mark.parametrize("back_ends", ["native", pytest.param("jax", marks=pytest.mark.peers)])
def test_one_row_makes_a_primitive(with_rows, back_ends):
    run("-c", USED, back_ends, folder=with_rows)

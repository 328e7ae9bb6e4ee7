"""Every Python: what holds anywhere, see anywhere.py, on this one and on others; what is built.

The others are the commands in PYTHONS, one a line; PYODIDE is a folder with npm's packages of that
name. `.ci/full` makes both.
"""

import ast
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

import autograd_engine as ag

ROOT = Path(__file__).resolve().parent.parent
BUILD = "compiled" if ag.compiled else "plain"
TREE = ast.parse((ROOT / "tests" / "anywhere.py").read_text(encoding="utf-8"))
SENTENCES = next(
    [name.id.replace("_", " ") for name in node.value.elts]
    for node in TREE.body
    if isinstance(node, ast.Assign) and node.targets[0].id == "SENTENCES"
)
PYTHONS = os.environ.get("PYTHONS", sys.executable).splitlines()
PYODIDES = [str(path) for path in sorted(Path(os.environ.get("PYODIDE", ".")).glob("pyodide*"))]
STRICT = ["-W", "error", "-W", "ignore:autograd_engine's native core:RuntimeWarning"]


def said(*command):
    """The lines that anywhere.py printed."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=600)
    assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("flags", "way", "build"),
    [
        (STRICT, "", BUILD),
        (["-OO"], "", BUILD),
        (STRICT, "zip", "plain"),
        (STRICT, "inside", "plain"),
    ],
)
def test_it_holds_on_this_python(flags, way, build):
    command = [sys.executable, *flags, "tests/anywhere.py", *way.split()]
    assert said(*command) == [build, *SENTENCES]


def test_a_package_that_was_built_in_part_runs_from_its_source(tmp_path):
    # What mypyc makes of a module is a shim, which asks for a library that here was not built.
    package = tmp_path / "autograd_engine"
    shutil.copytree(Path(ag.__file__).parent, package)
    for suffix in ("so", "pyd"):
        for compiled in package.glob(f"*.{suffix}"):
            compiled.unlink()
    (package / "engine.abi3.so").write_bytes(b"no library")
    (package / "floats.abi3.so").write_bytes(b"no library")
    code = "import autograd_engine as ag; print(ag.compiled, ag.grad(lambda x: x * x)(3.0))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout == "False 6.0\n", done.stderr


def test_a_bar_starts_no_thread_and_is_no_more_where_fit_ends():
    code = """
import threading, tqdm
import autograd_engine as ag
model = ag.nn.MLP(2, [1])
seen = []
ag.fit(model, [([1.0, 2.0], 1.0)], ag.losses.mse, ag.optim.SGD(model.parameters(), lr=0.01), 3,
       callback=lambda history: seen.append(threading.active_count()), compile=False)
print(seen, tqdm.tqdm.monitor_interval, tqdm.tqdm.monitor)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "[1, 1, 1] 10 None\n" and "epoch 3/3: 100%" in done.stderr


@pytest.mark.pythons
@pytest.mark.parametrize("way", ["", "zip", "inside"])
@pytest.mark.parametrize("python", PYTHONS)
def test_it_holds_on_every_python(python, way):
    if way == "inside" and "pypy" in python:
        way = ""  # it has one interpreter alone
    command = [*shlex.split(python), *STRICT, "tests/anywhere.py", *way.split()]
    assert said(*command)[1:] == SENTENCES


@pytest.mark.pythons
@pytest.mark.parametrize("pyodide", PYODIDES)
def test_it_holds_in_a_browsers_python(pyodide):
    assert said("node", "tests/anywhere.mjs", pyodide, ".") == ["plain", *SENTENCES]


# What is built. The C compiler and mypy are the real ones; what they are given, or one file of it,
# is not to their liking.


@pytest.fixture
def tree(tmp_path):
    """A copy of what is built."""
    here = tmp_path / "tree"
    shutil.copytree(ROOT / "autograd_engine", here / "autograd_engine")
    (here / ".ci").mkdir()
    for name in (".ci/backend.py", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, here / name)
    return here


def run(*command, folder, **variables):
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env={**os.environ, **variables},
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


BUILDS = "from backend import build_wheel; print(build_wheel('.'))"
SHOWS = "import sys; sys.path.insert(0, 'made')\nimport autograd_engine as ag; print(ag.compiled)"


def built(tree, **variables):
    """What was said, and whether what was installed is the compiled build."""
    said = run(sys.executable, "-c", BUILDS, folder=tree, PYTHONPATH=".ci", **variables)
    with zipfile.ZipFile(tree / said.splitlines()[-1]) as wheel:
        wheel.extractall(tree / "elsewhere" / "made")
    shown = run(sys.executable, "-S", "-c", SHOWS, folder=tree / "elsewhere").split()
    return said, shown == ["True"]


@pytest.mark.pythons
def test_a_wheel_is_compiled(tree):
    said, compiled = built(tree)
    assert compiled and "slower" not in said


@pytest.mark.pythons
def test_where_mypy_finds_an_error_the_build_is_plain_and_says_so(tree):
    with (tree / "autograd_engine" / "floats.py").open("a", encoding="utf-8") as file:
        file.write('wrong: int = "text"\n')
    said, compiled = built(tree)
    assert not compiled
    assert "Incompatible types in assignment" in said
    assert "autograd_engine is built as plain Python" in said


@pytest.mark.pythons
def test_where_the_c_compiler_fails_the_build_is_plain_and_says_so(tree, tmp_path):
    fails = tmp_path / "cc"
    fails.write_text(f'#!/bin/sh\ncase "$*" in *__native*) exit 1;; esac\nexec {CC} "$@"\n')
    fails.chmod(0o755)
    said, compiled = built(tree, CC=str(fails))
    assert not compiled and "failed" in said


CC = os.environ.get("CC", "cc")


@pytest.fixture
def backend():
    spec = importlib.util.spec_from_file_location("backend", ROOT / ".ci/backend.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("variables", "needed"),
    [
        ({"AUTOGRAD_ENGINE_PURE": "1"}, []),
        ({"CC": "no-such-compiler"}, []),
        ({"AUTOGRAD_ENGINE_PURE": "0", "CC": sys.executable}, ["mypy[mypyc]>=2.4,<3"]),
    ],
)
def test_mypy_is_got_for_a_compiled_build_alone(backend, variables, needed, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["setup.py"])
    monkeypatch.setattr(backend, "runs_mypyc", lambda: True)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert backend.get_requires_for_build_wheel() == needed
    assert backend.get_requires_for_build_editable() == []
    monkeypatch.setattr(backend, "runs_mypyc", lambda: False)
    assert backend.get_requires_for_build_wheel() == []


@pytest.mark.parametrize(
    ("name", "version", "free", "runs"),
    [
        ("cpython", (3, 10), None, True),
        ("cpython", (3, 13), 0, True),
        ("cpython", (3, 13), 1, False),
        ("cpython", (3, 14), 1, True),
        ("pypy", (3, 11), None, False),
    ],
)
def test_mypyc_is_for_cpython_free_threaded_from_3_14_on(backend, name, version, free, runs):
    backend.sys = SimpleNamespace(version_info=version, implementation=SimpleNamespace(name=name))
    backend.sysconfig = SimpleNamespace(get_config_var={"Py_GIL_DISABLED": free}.get)
    assert backend.runs_mypyc() is runs


def test_what_is_needed_to_build_has_bounds():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for needed in ast.literal_eval(re.search(r"^requires = (\[.*?\])", text, re.M)[1]):
        assert re.search(r">=[\d.]+,<[\d.]+$", needed)


@pytest.mark.pythons
def test_the_source_distribution_holds_what_its_tests_need(tmp_path):
    run(
        sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", tmp_path,
        folder=ROOT,
    )  # fmt: skip
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as file:
        held = {name.partition("/")[2] for name in file.getnames()}
    for name in ("setup.py", "README.md", "CONTRIBUTING.md", ".ci", "tests", "demos"):
        for file in [ROOT / name] if (ROOT / name).is_file() else (ROOT / name).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                assert str(file.relative_to(ROOT)) in held


@pytest.mark.pythons
def test_a_program_made_by_pyinstaller_runs(tmp_path):
    (command,) = re.findall(r"`(pyinstaller .*?)`", (ROOT / "README.md").read_text("utf-8"), re.S)
    (tmp_path / "program.py").write_text(
        "import autograd_engine as ag\n"
        "print(ag.grad(lambda x: ag.tanh(x) * x)(0.0), len(ag.datasets.iris()))\n"
    )
    run(
        sys.executable,
        "-m",
        *shlex.split(command.replace("pyinstaller", "PyInstaller")),
        folder=tmp_path,
    )
    assert run(tmp_path / "dist" / "program" / "program", folder=tmp_path) == "0.0 150\n"

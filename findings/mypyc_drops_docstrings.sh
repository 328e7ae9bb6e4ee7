#!/usr/bin/env bash
# mypyc 2.4.1: a compiled module has no docstrings, neither its own nor any inside it.
#
# A native class shows an empty text where its docstring was, its methods, properties and the
# functions of the module None. Signatures survive, without annotations. The compiler is asked for
# nothing but to compile.
#
# A good guess would be that help() tells of the compiled module what it tells of the source. Needs a
# C compiler.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q "mypy[mypyc]==2.4.1" "setuptools>=77,<83"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import importlib
import inspect
import pathlib
import subprocess
import sys
import tempfile
from importlib.metadata import version

SOURCE = '''
"""Of the module."""


class A:
    """Of the class."""

    def method(self, x: int = 1) -> int:
        """Of the method."""
        return x

    @property
    def number(self) -> int:
        """Of the property."""
        return 1


def function(x: int = 1) -> int:
    """Of the function."""
    return x
'''

with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, "documented.py").write_text(SOURCE)
    command = [sys.executable, "-m", "mypyc", "documented.py"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    pathlib.Path(folder, "documented.py").unlink()
    sys.path.insert(0, folder)
    m = importlib.import_module("documented")
    found = [m.__doc__, m.A.__doc__, m.A.method.__doc__, m.A.number.__doc__, m.function.__doc__]
    print("mypyc", version("mypy"), found, inspect.signature(m.function))
    assert found == [None, "", None, None, None]
    assert str(inspect.signature(m.function)) == "(x=1)"
PYTHON

#!/usr/bin/env bash
# mypyc 2.4.1: objects of a compiled class cannot be referred to weakly, whatever the class says.
#
# Neither those of an ordinary class nor of one whose __slots__ name __weakref__: TypeError, "cannot
# create weak reference to 'Slotted' object"; the same source interpreted allows both. A class
# compiled with native_class=False does too.
#
# A good guess would be that a slot asked for by name is there. Needs a C compiler.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q "mypy[mypyc]==2.4.1" "setuptools>=77,<83"
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import importlib
import pathlib
import subprocess
import sys
import tempfile
import weakref
from importlib.metadata import version

SOURCE = """
from mypy_extensions import mypyc_attr


class Ordinary:
    def __init__(self) -> None:
        self.x = 1.0


class Slotted:
    __slots__ = ("x", "__weakref__")

    def __init__(self) -> None:
        self.x = 1.0


@mypyc_attr(native_class=False)
class Foreign:
    def __init__(self) -> None:
        self.x = 1.0
"""


def told(module):
    found = []
    for made in (module.Ordinary, module.Slotted, module.Foreign):
        thing = made()
        try:
            found.append(weakref.ref(thing)() is thing)
        except TypeError as error:
            found.append(str(error))
    return found


with tempfile.TemporaryDirectory() as folder:
    sys.path.insert(0, folder)
    for name in ("plain", "fast"):
        pathlib.Path(folder, f"{name}.py").write_text(SOURCE)
    command = [sys.executable, "-m", "mypyc", "fast.py"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    pathlib.Path(folder, "fast.py").unlink()
    plain, fast = told(importlib.import_module("plain")), told(importlib.import_module("fast"))
    print("mypyc", version("mypy"), plain, fast)
    refused = "cannot create weak reference to '{}' object"
    assert plain == [True, True, True]
    assert fast == [refused.format("Ordinary"), refused.format("Slotted"), True]
PYTHON

#!/usr/bin/env bash
# mypyc 2.4.1: with a float that is NaN, `x in [x]` and `[x] == [x]` are False; in Python they are True.
#
# Python compares by identity first. A compiled float is no object: each list gets a box of its own. The
# same source, interpreted, answers otherwise, and no annotation beyond `x: float` is involved. So a
# result that holds NaN is "changed" each time it is compared.
#
# A good guess would be that NaN differs from NaN at most where == is written. Needs a C compiler.
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
from importlib.metadata import version

SOURCE = '''
def member(x: float) -> bool:
    return x in [x]


def equal(x: float) -> bool:
    return [x] == [x]


def counted(x: float) -> int:
    return [x, x].count(x)
'''
NAMES = ("member", "equal", "counted")

nan = float("nan")
plain: dict = {}
exec(SOURCE, plain)
interpreted = [plain[name](nan) for name in NAMES]
with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, "boxes.py").write_text(SOURCE)
    command = [sys.executable, "-m", "mypyc", "boxes.py"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    pathlib.Path(folder, "boxes.py").unlink()
    sys.path.insert(0, folder)
    module = importlib.import_module("boxes")
    compiled = [getattr(module, name)(nan) for name in NAMES]
    print("mypyc", version("mypy"), NAMES, "interpreted:", interpreted, "compiled:", compiled)
    assert interpreted == [True, True, 2]
    assert compiled == [False, False, 0]
    assert [getattr(module, name)(1.0) for name in NAMES] == interpreted
PYTHON

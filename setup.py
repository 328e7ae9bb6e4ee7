"""The optional compiled build: the same source, compiled by mypyc where a C compiler is present.

Without one, with AUTOGRAD_ENGINE_PURE=1, and for an editable install the package is plain
Python. Everything else about the package stands in pyproject.toml.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path

from setuptools import setup

MODULES = [
    "build", "floats", "several", "real", "state", "primitives", "table", "notes", "number",
    "methods", "engine", "functions", "nn",
]  # fmt: skip


def wanted() -> bool:
    """Say whether this build should be, and can be, compiled."""
    if os.environ.get("AUTOGRAD_ENGINE_PURE", "") not in ("", "0"):
        return False
    if {"editable_wheel", "develop", "egg_info", "dist_info", "sdist"} & set(sys.argv):
        return False
    compiler = os.environ.get("CC") or sysconfig.get_config_var("CC")
    return compiler is None or shutil.which(shlex.split(compiler)[0]) is not None


def extensions() -> list[object]:
    """Return the extension modules; one that fails to compile is left out, not fatal."""
    try:
        from mypyc.build import mypycify
    except ImportError:
        return []
    # What these modules import is read for its types, but is not theirs to complain about.
    files = [f"autograd_engine/{name}.py" for name in MODULES]
    found = mypycify(["--follow-imports=silent", *files], opt_level="3")
    header = str(Path("autograd_engine", "compiled.h").resolve())
    for extension in found:
        extension.optional = True
        include = [f"/FI{header}"] if sys.platform == "win32" else ["-include", header]
        extension.extra_compile_args = [*extension.extra_compile_args, *include]
    return found


setup(ext_modules=extensions() if wanted() else [])

"""The build backend: setuptools', which gets mypy only where the compiled build is wanted."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import sysconfig
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403

MYPY = "mypy[mypyc]>=2.4,<3"


def wanted() -> bool:
    """Say whether this build should be, and can be, compiled."""
    if os.environ.get("AUTOGRAD_ENGINE_PURE", "") not in ("", "0"):
        return False
    compiler = os.environ.get("CC") or sysconfig.get_config_var("CC")
    return compiler is None or shutil.which(shlex.split(compiler)[0]) is not None


def runs_mypyc() -> bool:
    """Say whether this Python runs what mypyc makes: CPython, free-threaded from 3.14 on."""
    old = sys.version_info < (3, 14) and bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    return sys.implementation.name == "cpython" and not old


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """Return what a wheel needs beside setuptools; an editable install and the sdist need none."""
    found = build_meta.get_requires_for_build_wheel(config_settings)
    return [*found, MYPY] if wanted() and runs_mypyc() else found

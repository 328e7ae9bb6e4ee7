"""How the package was built: whether mypyc compiled it, and what the source says to mypyc."""

from __future__ import annotations

from typing import Final

try:
    from mypy_extensions import mypyc_attr
except ImportError:  # interpreted without it, a class is what it is

    def mypyc_attr(**flags):  # type: ignore[no-untyped-def, misc]
        return lambda cls: cls


COMPILED: Final = not __file__.endswith(".py")
"""Whether this is the compiled build."""

__all__ = ["COMPILED", "mypyc_attr"]

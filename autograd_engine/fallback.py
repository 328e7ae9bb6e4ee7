"""Where compiled modules cannot run, in a sub-interpreter or built in part, their source does."""

from __future__ import annotations

import _thread
import sys
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from typing import Any


def _alone() -> bool:
    """Say whether this is no sub-interpreter, with whose objects compiled modules would mix."""
    if hasattr(_thread, "_is_main_interpreter"):  # from Python 3.12 on
        return bool(_thread._is_main_interpreter())
    try:
        interpreters: Any = __import__("_xxsubinterpreters")
    except ImportError:
        return True
    return bool(interpreters.get_current() == interpreters.get_main())


try:
    if not _alone():
        raise ImportError
    import autograd_engine.floats  # noqa: F401
except ImportError:
    for _folder in sys.modules["autograd_engine"].__path__:
        sys.path_importer_cache[_folder] = FileFinder(_folder, (SourceFileLoader, SOURCE_SUFFIXES))

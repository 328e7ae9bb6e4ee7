"""Where compiled modules cannot run, in a sub-interpreter or built in part, their source does."""

from __future__ import annotations

import _thread
import sys
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from typing import Any

try:
    if hasattr(_thread, "_is_main_interpreter"):  # from Python 3.12 on
        alone = _thread._is_main_interpreter()
    else:
        interpreters: Any = __import__("_xxsubinterpreters")
        alone = interpreters.get_current() == interpreters.get_main()
    if not alone:  # with objects of a sub-interpreter compiled modules would mix those of others
        raise ImportError
    import autograd_engine.floats  # noqa: F401
except ImportError:
    for _folder in sys.modules["autograd_engine"].__path__:
        sys.path_importer_cache[_folder] = FileFinder(_folder, (SourceFileLoader, SOURCE_SUFFIXES))

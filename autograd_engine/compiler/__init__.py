"""The compiler: write scalars, run matrices. A recorded graph becomes a program of arrays.

Reading order, by what happens to a graph:

    record   Values become a tape
    lift     a tape becomes an array program, and its derivative
    tell     what the program is, in numbers and as text
    run      by the native core, by NumPy, value by value with the engine's bits, by JAX
    call     `compile` and what can be asked of a Program
    fit      how `ag.fit` trains with one
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from autograd_engine.compiler.call import guards, program
from autograd_engine.compiler.call.guards import GuardError
from autograd_engine.compiler.call.program import Program
from autograd_engine.compiler.call.request import compile

__all__ = ["GuardError", "Program", "compile"]

# Where pickles of version 0.1.0 look for them; the tape needs NumPy.
tape: Any = ModuleType("tape")
tape.__getattr__ = lambda name: getattr(import_module(f"{__name__}.record.tape"), name)
for name, module in {"program": program, "guards": guards, "tape": tape}.items():
    sys.modules[f"{__name__}.{name}"] = module

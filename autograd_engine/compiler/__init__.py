"""The compiler: write scalars, run matrices. A recorded graph becomes a program of arrays.

Reading order:

    symbols   what a rule is read with to learn its formula
    tape      a graph as flat arrays
    exact     the tape run value by value, bit for bit as the engine
    guards    comparisons that must come out the same again
    faults    why a result is not finite
    inputs    what a program is fed with
    program   Program
    request   compile

NumPy is imported when the first program is compiled, not before.
"""

from autograd_engine.compiler.guards import GuardError
from autograd_engine.compiler.program import Program
from autograd_engine.compiler.request import compile

__all__ = ["GuardError", "Program", "compile"]

"""The compiler: write scalars, run matrices. A recorded graph becomes a program of arrays.

Reading order, by what happens to a graph:

    symbols    what a rule is read with to learn its formula
    tape       record: a graph as flat arrays
    elementary what takes several operands, written out in operations of one and two
    simplify   what is computed twice is computed once
    sums       chains of additions, seen as one
    waves      what can be computed together
    strides    memory, and strided views of it
    arrays     the array program: steps and instructions
    grids      sums of products that are a matrix product
    operands   where values stand, and how a step reads them
    lift       from waves to steps
    adjoints   where contributions are added up
    reverse    the derivative of an array program
    facts, storage, selections, listing    an array program, counted and told

the back ends:

    exact      value by value, bit for bit as the engine
    plain, translated, ufuncs      each primitive as a function of arrays, by NumPy
    contraction, bound, lifted    arrays, run by NumPy
    kinds, c_table, native         the table of primitives in C, and the core that is made of it
    nests, contracting, encoding   array instructions as the core reads them
    machine_code, machine          scalar programs, which the core runs
    choice     which back end runs a tape
    jax_*      a tape as a pure function of JAX

and what is around them:

    guards     comparisons that must come out the same again
    faults     why a result is not finite
    inputs     what a program is fed with
    program    Program
    request    compile
    samples, traces, lesson, steppers, fitting    how `fit` trains with a program

NumPy is imported when the first program is compiled, not before.
"""

from autograd_engine.compiler.guards import GuardError
from autograd_engine.compiler.program import Program
from autograd_engine.compiler.request import compile

__all__ = ["GuardError", "Program", "compile"]

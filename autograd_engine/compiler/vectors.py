"""Vectors: a number type for Numba, as many floats as the processor computes at once.

With this module a function that Numba compiles says which numbers are computed together,
instead of leaving it to the compiler to find out: that runs faster, compiles faster, and does
not depend on what may overlap in memory. Operators work on two vectors, or a vector and a
float; so do the functions, of which at least one operand is a vector.

`alike(x, number)` repeats a number as often as x has some; `fma(x, y, z)` is x * y + z.
`if_less(a, b, x, y)` chooses x where a < b, else y; `if_equal` likewise. `two_to(n)` is 2**n
for whole numbers n. Positive normal numbers x are `fraction(x)` times 2**`exponent(x)`, the
fraction between sqrt(1/2) and sqrt(2). `root`, `size` and `signed` are sqrt, abs, copysign.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from struct import pack
from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.core import cgutils, config
from numba.core.compiler_lock import global_compiler_lock
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

LONG: Final = 16
"""Numbers in a long vector."""


@contextmanager
def unoptimised() -> Iterator[None]:
    """Let Numba compile without optimising, meanwhile: three seconds instead of six."""
    with global_compiler_lock:
        before = config.OPT
        config.OPT = type(before)(0)
        try:
            yield
        finally:
            config.OPT = before


FLOAT, WORD = ir.DoubleType(), ir.IntType(64)
_MAGIC = 2.0**52 + 2.0**51  # added to a whole number, it leaves that in the last bits
_HALF_ROOT = 0x3FE6A09E667F3BCD  # the bits of sqrt(1/2)


class Vector(types.Type):  # type: ignore[misc]  # Numba is not typed
    """Numba's type of so many floats."""

    def __init__(self, lanes: int) -> None:
        super().__init__(f"Vector({lanes})")
        self.lanes = lanes

    @property
    def made_of(self) -> ir.VectorType:
        """What LLVM calls it."""
        return ir.VectorType(FLOAT, self.lanes)


class _Model(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, kind.made_of)


register_model(Vector)(_Model)


def repeated(builder: Any, number: Any, lanes: int, kind: Any = FLOAT) -> Any:
    """Return a vector of one number."""
    nothing = ir.Constant(ir.VectorType(kind, lanes), ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(first, nothing, zeros)


def constant(number: float, lanes: int) -> Any:
    return ir.Constant(ir.VectorType(FLOAT, lanes), [number] * lanes)


def _words(bits: int, lanes: int) -> Any:
    return ir.Constant(ir.VectorType(WORD, lanes), [bits] * lanes)


def outside(builder: Any, name: str, result: Any, *arguments: Any) -> Any:
    """Call one of LLVM's own functions."""
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


def _same(builder: Any, signature: Any, arguments: Any) -> list[Any]:
    """Return the arguments as vectors, those that are floats repeated."""
    lanes = max(kind.lanes for kind in signature.args if isinstance(kind, Vector))
    return [
        value if isinstance(kind, Vector) else repeated(builder, value, lanes)
        for kind, value in zip(signature.args, arguments)
    ]


def _widest(*kinds: Any) -> Any:
    """Return the type of an operation on these, or None where it is not one on vectors."""
    vectors = {kind for kind in kinds if isinstance(kind, Vector)}
    others = [kind for kind in kinds if not isinstance(kind, Vector)]
    fits = len(vectors) == 1 and all(isinstance(kind, types.Float) for kind in others)
    return vectors.pop() if fits else None


# Operators.


def _operator(function: Any, count: int, build: Callable[..., Any]) -> None:
    def typed(context: Any) -> Callable[..., Any]:
        if count == 1:
            return lambda x: _widest(x)
        return lambda x, y: _widest(x, y)

    def lowered(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return build(builder, *_same(builder, signature, arguments))

    type_callable(function)(typed)
    kinds = [(Vector,)] if count == 1 else _PAIRS
    for pair in kinds:
        lower_builtin(function, *pair)(lowered)


_PAIRS: list[tuple[Any, ...]] = [(Vector, Vector), (Vector, types.Float), (types.Float, Vector)]
_operator(operator.add, 2, lambda builder, x, y: builder.fadd(x, y))
_operator(operator.sub, 2, lambda builder, x, y: builder.fsub(x, y))
_operator(operator.mul, 2, lambda builder, x, y: builder.fmul(x, y))
_operator(operator.truediv, 2, lambda builder, x, y: builder.fdiv(x, y))
_operator(operator.neg, 1, lambda builder, x: builder.fneg(x))


# Functions.


def _function(count: int, build: Callable[..., Any]) -> Any:
    """Return a function of vectors, some of which may be floats, that gives a vector."""

    def typed(*kinds: Any) -> Any:
        result = _widest(*kinds)
        if result is None:
            return None

        def lowered(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            values = _same(builder, signature, arguments)
            return build(builder, result, *values)

        return result(*kinds), lowered

    if count == 1:
        return intrinsic(lambda context, x: typed(x))
    if count == 2:
        return intrinsic(lambda context, x, y: typed(x, y))
    if count == 3:
        return intrinsic(lambda context, x, y, z: typed(x, y, z))
    return intrinsic(lambda context, a, b, x, y: typed(a, b, x, y))


def _named(name: str) -> Callable[..., Any]:
    def build(builder: Any, kind: Vector, *values: Any) -> Any:
        return outside(builder, f"llvm.{name}.v{kind.lanes}f64", kind.made_of, *values)

    return build


def _chosen(condition: str) -> Callable[..., Any]:
    def build(builder: Any, kind: Vector, a: Any, b: Any, x: Any, y: Any) -> Any:
        return builder.select(builder.fcmp_ordered(condition, a, b), x, y)

    return build


def _two_to(builder: Any, kind: Vector, n: Any) -> Any:
    shifted = builder.fadd(n, constant(_MAGIC + 1023.0, kind.lanes))
    bits = builder.bitcast(shifted, ir.VectorType(WORD, kind.lanes))
    return builder.bitcast(builder.shl(bits, _words(52, kind.lanes)), kind.made_of)


def _whole(builder: Any, kind: Vector, x: Any) -> tuple[Any, Any]:
    """Return the bits of x, and its exponent as an integer.

    Less the bits of sqrt(1/2), what stands above the fraction is the exponent.
    """
    bits = builder.bitcast(x, ir.VectorType(WORD, kind.lanes))
    shifted = builder.sub(bits, _words(_HALF_ROOT, kind.lanes))
    return bits, builder.ashr(shifted, _words(52, kind.lanes))


def _exponent(builder: Any, kind: Vector, x: Any) -> Any:
    _, whole = _whole(builder, kind, x)
    magic = int.from_bytes(pack("<d", _MAGIC), "little")
    number = builder.bitcast(builder.add(whole, _words(magic, kind.lanes)), kind.made_of)
    return builder.fsub(number, constant(_MAGIC, kind.lanes))


def _fraction(builder: Any, kind: Vector, x: Any) -> Any:
    bits, whole = _whole(builder, kind, x)
    shifted = builder.shl(whole, _words(52, kind.lanes))
    return builder.bitcast(builder.sub(bits, shifted), kind.made_of)


root = _function(1, _named("sqrt"))
size = _function(1, _named("fabs"))
signed = _function(2, _named("copysign"))
fma = _function(3, _named("fmuladd"))
if_less = _function(4, _chosen("<"))
if_equal = _function(4, _chosen("=="))
two_to = _function(1, _two_to)
exponent = _function(1, _exponent)
fraction = _function(1, _fraction)
alike = _function(2, lambda builder, kind, x, number: number)

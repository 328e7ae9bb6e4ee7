"""Vectors: a number type for Numba, as many floats as the processor computes at once.

With this module a function that Numba compiles says which numbers are computed together,
instead of leaving it to the compiler to find out: that runs faster, compiles faster, and does
not depend on what may overlap in memory. A vector is `short`, as wide as a register, or
`long`, some of them. Operators work on two vectors, or a vector and a float.

`load(m, at)` and `store(m, at, x)` move a short vector between memory and registers,
`load_first(m, at, count)` and `store_first(m, at, x, count)` its first numbers (the others are
read as 0); `load_long`, `load_long_first` and so on a long one. `spread(x)` and `spread_long(x)` repeat a
float, `alike(x, number)` does as often as x has numbers; `gather(m, at, step)` reads every
step-th number, `gather_first` so many, the last one again and again. `lane(x, i)` is one
number of a short vector, `total(x)` the sum of all; `paired(x, y)` holds the sums of two
neighbours each in x, then in y. `fma(x, y, z)` x * y + z, `behind(pointer, count)` a pointer so many numbers on, `floats_at(address)` one to floats. `if_less(a, b, x, y)` chooses x where a < b, else y;
`if_equal` likewise. `two_to(n)` is 2**n for whole numbers n. Positive normal numbers x are
`fraction(x)` times 2**`exponent(x)`, the fraction between sqrt(1/2) and sqrt(2). `root`,
`size` and `signed` are sqrt, abs and copysign.
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

from autograd_engine.compiler.lanes import WIDTH

LONG: Final = 16


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


_FLOAT, _WORD = ir.DoubleType(), ir.IntType(64)
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
        return ir.VectorType(_FLOAT, self.lanes)


class _Model(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, kind.made_of)


register_model(Vector)(_Model)
SHORT, WIDE = Vector(WIDTH), Vector(LONG)
MEMORY = types.CPointer(types.float64)


def _repeated(builder: Any, number: Any, lanes: int, kind: Any = _FLOAT) -> Any:
    """Return a vector of one number."""
    nothing = ir.Constant(ir.VectorType(kind, lanes), ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return builder.shuffle_vector(first, nothing, zeros)


def _constant(number: float, lanes: int) -> Any:
    return ir.Constant(ir.VectorType(_FLOAT, lanes), [number] * lanes)


def _words(bits: int, lanes: int) -> Any:
    return ir.Constant(ir.VectorType(_WORD, lanes), [bits] * lanes)


def _outside(builder: Any, name: str, result: Any, *arguments: Any) -> Any:
    """Call one of LLVM's own functions."""
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


def _same(builder: Any, signature: Any, arguments: Any) -> list[Any]:
    """Return the arguments as vectors, those that are floats repeated."""
    lanes = max(kind.lanes for kind in signature.args if isinstance(kind, Vector))
    return [
        value if isinstance(kind, Vector) else _repeated(builder, value, lanes)
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
        return _outside(builder, f"llvm.{name}.v{kind.lanes}f64", kind.made_of, *values)

    return build


def _chosen(condition: str) -> Callable[..., Any]:
    def build(builder: Any, kind: Vector, a: Any, b: Any, x: Any, y: Any) -> Any:
        return builder.select(builder.fcmp_ordered(condition, a, b), x, y)

    return build


def _two_to(builder: Any, kind: Vector, n: Any) -> Any:
    shifted = builder.fadd(n, _constant(_MAGIC + 1023.0, kind.lanes))
    bits = builder.bitcast(shifted, ir.VectorType(_WORD, kind.lanes))
    return builder.bitcast(builder.shl(bits, _words(52, kind.lanes)), kind.made_of)


def _whole(builder: Any, kind: Vector, x: Any) -> tuple[Any, Any]:
    """Return the bits of x, and its exponent as an integer.

    Less the bits of sqrt(1/2), what stands above the fraction is the exponent.
    """
    bits = builder.bitcast(x, ir.VectorType(_WORD, kind.lanes))
    shifted = builder.sub(bits, _words(_HALF_ROOT, kind.lanes))
    return bits, builder.ashr(shifted, _words(52, kind.lanes))


def _exponent(builder: Any, kind: Vector, x: Any) -> Any:
    _, whole = _whole(builder, kind, x)
    magic = int.from_bytes(pack("<d", _MAGIC), "little")
    number = builder.bitcast(builder.add(whole, _words(magic, kind.lanes)), kind.made_of)
    return builder.fsub(number, _constant(_MAGIC, kind.lanes))


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


# Memory.


def _spread(kind: Vector) -> Any:
    def lowered(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _repeated(builder, arguments[0], kind.lanes)

    return intrinsic(lambda context, x: (kind(types.float64), lowered))


def _loading(kind: Vector) -> Any:
    def lowered(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_place(builder, kind, *arguments), align=8)

    return intrinsic(lambda context, m, at: (kind(MEMORY, types.intp), lowered))


def _storing(kind: Vector) -> Any:
    def lowered(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *place, value = arguments
        builder.store(value, _place(builder, kind, *place), align=8)
        return context.get_dummy_value()

    return intrinsic(lambda context, m, at, x: (types.void(MEMORY, types.intp, kind), lowered))


def _place(builder: Any, kind: Vector, memory: Any, at: Any) -> Any:
    return builder.bitcast(builder.gep(memory, [at]), kind.made_of.as_pointer())


def _mask(builder: Any, count: Any, lanes: int) -> Any:
    """Return which of a vector's numbers are the first so many."""
    numbers = ir.Constant(ir.VectorType(_WORD, lanes), list(range(lanes)))
    return builder.icmp_signed("<", numbers, _repeated(builder, count, lanes, _WORD))


def _loading_first(kind: Vector) -> Any:
    def lowered(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, at, count = arguments
        place = _place(builder, kind, memory, at)
        align, zero = ir.Constant(ir.IntType(32), 8), _constant(0.0, kind.lanes)
        values = place, align, _mask(builder, count, kind.lanes), zero
        return _outside(builder, _masked("load", kind, place), kind.made_of, *values)

    return intrinsic(lambda context, m, at, count: (kind(MEMORY, _INT, _INT), lowered))


def _storing_first(kind: Vector) -> Any:
    def lowered(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, at, value, count = arguments
        place = _place(builder, kind, memory, at)
        mask = _mask(builder, count, kind.lanes)
        values = value, place, ir.Constant(ir.IntType(32), 8), mask
        _outside(builder, _masked("store", kind, place), ir.VoidType(), *values)
        return context.get_dummy_value()

    return intrinsic(
        lambda context, m, at, x, count: (types.void(MEMORY, _INT, kind, _INT), lowered)
    )


def _masked(name: str, kind: Vector, place: Any) -> str:
    # Newer versions of LLVM have one type of pointer, older ones many; they name it so.
    pointer = "p0" if str(place.type) == "ptr" else f"p0v{kind.lanes}f64"
    return f"llvm.masked.{name}.v{kind.lanes}f64.{pointer}"


def _spread_first(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    number, count = arguments
    many = _repeated(builder, number, WIDTH)
    return builder.select(_mask(builder, count, WIDTH), many, _constant(0.0, WIDTH))


def _gather(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    memory, at, step, *count = arguments
    value, one = ir.Constant(SHORT.made_of, ir.Undefined), ir.Constant(_WORD, 1)
    last = builder.sub(count[0], one) if count else None
    for lane in range(WIDTH):
        index = ir.Constant(_WORD, lane)
        if last is not None:
            index = builder.select(builder.icmp_signed("<", index, last), index, last)
        place = builder.add(at, builder.mul(index, step))
        number = builder.load(builder.gep(memory, [place]))
        value = builder.insert_element(value, number, ir.Constant(ir.IntType(32), lane))
    return value


def _paired(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    first, second = arguments
    even, odd = (
        ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), list(range(start, 2 * WIDTH, 2)))
        for start in (0, 1)
    )
    return builder.fadd(
        builder.shuffle_vector(first, second, even), builder.shuffle_vector(first, second, odd)
    )


def _lane(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.extract_element(*arguments)


def _total(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    (value,), lanes = arguments, signature.args[0].lanes
    while lanes > 1:
        lanes //= 2
        halves = [
            builder.shuffle_vector(
                value, value, ir.Constant(ir.VectorType(ir.IntType(32), lanes), list(half))
            )
            for half in (range(lanes), range(lanes, 2 * lanes))
        ]
        value = builder.fadd(*halves)
    return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))


def _behind(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.gep(arguments[0], [arguments[1]])


def _floats_at(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.inttoptr(arguments[0], _FLOAT.as_pointer())


_INT, _NUMBER = types.intp, types.float64
load, load_long = _loading(SHORT), _loading(WIDE)
store, store_long = _storing(SHORT), _storing(WIDE)
spread, spread_long = _spread(SHORT), _spread(WIDE)
load_first, load_long_first = _loading_first(SHORT), _loading_first(WIDE)
store_first, store_long_first = _storing_first(SHORT), _storing_first(WIDE)
spread_first = intrinsic(lambda context, x, count: (SHORT(_NUMBER, _INT), _spread_first))
gather = intrinsic(lambda context, m, at, step: (SHORT(MEMORY, _INT, _INT), _gather))
gather_first = intrinsic(
    lambda context, m, at, step, count: (SHORT(MEMORY, _INT, _INT, _INT), _gather)
)
paired = intrinsic(lambda context, x, y: (SHORT(SHORT, SHORT), _paired))
lane = intrinsic(lambda context, x, number: (_NUMBER(SHORT, _INT), _lane))
total = intrinsic(lambda context, x: (_NUMBER(x), _total))
behind = intrinsic(lambda context, pointer, count: (pointer(pointer, _INT), _behind))
floats_at = intrinsic(lambda context, address: (MEMORY(types.int64), _floats_at))

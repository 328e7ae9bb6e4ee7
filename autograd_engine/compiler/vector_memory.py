"""Moving vectors: between memory and registers, and numbers between vectors.

`load(m, at)` and `store(m, at, x)` move a short vector, `load_first(m, at, count)` and
`store_first(m, at, x, count)` its first numbers (the others are read as 0); `load_long`,
`store_long`, `load_long_first` and `store_long_first` a long one. `gather(m, at, step)` reads
every step-th number, `gather_first` so many, the last one again and again.

`spread(x)` and `spread_long(x)` repeat a number, `spread_first(x, count)` so often, then 0.
`lane(x, i)` is one number of a short vector, `total(x)` the sum of all; `paired(x, y)` holds
the sums of two neighbours each in x, then in y. `behind(pointer, count)` is a pointer so many
numbers on, `floats_at(address)` one to the floats there.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from autograd_engine.compiler.lanes import WIDTH
from autograd_engine.compiler.vectors import (
    FLOAT,
    LONG,
    WORD,
    Vector,
    constant,
    outside,
    repeated,
)

SHORT, WIDE = Vector(WIDTH), Vector(LONG)
MEMORY = types.CPointer(types.float64)
INT, NUMBER = types.intp, types.float64


def _spread(kind: Vector) -> Any:
    def lowered(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return repeated(builder, arguments[0], kind.lanes)

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
    numbers = ir.Constant(ir.VectorType(WORD, lanes), list(range(lanes)))
    return builder.icmp_signed("<", numbers, repeated(builder, count, lanes, WORD))


def _loading_first(kind: Vector) -> Any:
    def lowered(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, at, count = arguments
        place = _place(builder, kind, memory, at)
        align, zero = ir.Constant(ir.IntType(32), 8), constant(0.0, kind.lanes)
        values = place, align, _mask(builder, count, kind.lanes), zero
        return outside(builder, _masked("load", kind, place), kind.made_of, *values)

    return intrinsic(lambda context, m, at, count: (kind(MEMORY, INT, INT), lowered))


def _storing_first(kind: Vector) -> Any:
    def lowered(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory, at, value, count = arguments
        place = _place(builder, kind, memory, at)
        mask = _mask(builder, count, kind.lanes)
        values = value, place, ir.Constant(ir.IntType(32), 8), mask
        outside(builder, _masked("store", kind, place), ir.VoidType(), *values)
        return context.get_dummy_value()

    return intrinsic(lambda context, m, at, x, count: (types.void(MEMORY, INT, kind, INT), lowered))


def _masked(name: str, kind: Vector, place: Any) -> str:
    # Newer versions of LLVM have one type of pointer, older ones many; they name it so.
    pointer = "p0" if str(place.type) == "ptr" else f"p0v{kind.lanes}f64"
    return f"llvm.masked.{name}.v{kind.lanes}f64.{pointer}"


def _spread_first(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    number, count = arguments
    many = repeated(builder, number, WIDTH)
    return builder.select(_mask(builder, count, WIDTH), many, constant(0.0, WIDTH))


def _gather(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    memory, at, step, *count = arguments
    value, one = ir.Constant(SHORT.made_of, ir.Undefined), ir.Constant(WORD, 1)
    last = builder.sub(count[0], one) if count else None
    for lane in range(WIDTH):
        index = ir.Constant(WORD, lane)
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
    return builder.inttoptr(arguments[0], FLOAT.as_pointer())


load, load_long = _loading(SHORT), _loading(WIDE)
store, store_long = _storing(SHORT), _storing(WIDE)
spread, spread_long = _spread(SHORT), _spread(WIDE)
load_first, load_long_first = _loading_first(SHORT), _loading_first(WIDE)
store_first, store_long_first = _storing_first(SHORT), _storing_first(WIDE)
spread_first = intrinsic(lambda context, x, count: (SHORT(NUMBER, INT), _spread_first))
gather = intrinsic(lambda context, m, at, step: (SHORT(MEMORY, INT, INT), _gather))
gather_first = intrinsic(
    lambda context, m, at, step, count: (SHORT(MEMORY, INT, INT, INT), _gather)
)
paired = intrinsic(lambda context, x, y: (SHORT(SHORT, SHORT), _paired))
lane = intrinsic(lambda context, x, number: (NUMBER(SHORT, INT), _lane))
total = intrinsic(lambda context, x: (NUMBER(x), _total))
behind = intrinsic(lambda context, pointer, count: (pointer(pointer, INT), _behind))
floats_at = intrinsic(lambda context, address: (MEMORY(types.int64), _floats_at))

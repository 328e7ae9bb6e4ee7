"""The loop of the virtual machine, as text: what does not depend on the table of primitives.

It is the beginning and the end of the emitted module, beside the layout of the programs that
it runs.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Header(NamedTuple):
    """The first numbers of a program. After them come the places of the outputs, then four
    numbers for each instruction: its code and the places of x, y and z (x again for none).
    """

    inputs: int  # the place of the first input,
    width: int  # and their number
    start: int  # the place of the first instruction
    slopes: int  # of the first that depends on a parameter, and on no input
    each: int  # of the first that depends on an input, and on no parameter
    both: int  # of the first that depends on both
    size: int  # the number of places
    outputs: int  # the number of outputs


HEAD: Final = '''\
"""A virtual machine for scalar programs, emitted from the table of primitives.

The places of values are counted in the order leaves, inputs, constants, instructions, and the
instructions stand in four parts: what depends on nothing that changes, on parameters, on
inputs, on both. The first two parts are run once for a batch, the others for each row.
"""

import math

from numba import cfunc, njit

IEEE = {"error_model": "numpy", "nogil": True}
PART = {**IEEE, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}'''

LOOP: Final = '''\
@njit(**PART)
def forward(v, program, shift, first, end):
    """Compute the values v at the places from first up to end."""
    for place in range(first, end):
        i = 4 * place + shift
        v[place] = value(program[i], v[program[i + 1]], v[program[i + 2]], v[program[i + 3]])


@njit(**PART)
def backward(v, d, program, shift, first, end, honest):
    """Pass the adjoints d at the places from first up to end on to the operands.

    An adjoint of 0 passes nothing on, unless the sweep is honest.
    """
    for place in range(end - 1, first - 1, -1):
        adjoint = d[place]
        if adjoint != 0.0 or honest:
            i = 4 * place + shift
            code, x, y, z = program[i], program[i + 1], program[i + 2], program[i + 3]
            if code < TWO:
                d[x] += adjoint * partial_1(code, v[place], v[x], v[y], v[z])
            elif code < THREE:
                by_x, by_y = partials_2(code, v[place], v[x], v[y], v[z])
                d[x] += adjoint * by_x
                d[y] += adjoint * by_y
            else:
                by_x, by_y, by_z = partials_3(code, v[place], v[x], v[y], v[z])
                d[x] += adjoint * by_x
                d[y] += adjoint * by_y
                d[z] += adjoint * by_z


@cfunc("void(CPointer(CPointer(float64)), CPointer(int32), intp, intp)", **IEEE)
def run(numbers, program, rows, wanted):
    """Compute the outputs of each row and, if wanted (honestly: 2), the gradient of their mean.

    The leaves stand in the values, and so does the gradient in the adjoints.
    """
    v, d, given, outputs = numbers[0], numbers[1], numbers[2], numbers[3]
    inputs, width, start, slopes = program[0], program[1], program[2], program[3]
    each, both, size, count = program[4], program[5], program[6], program[7]
    shift = 8 + count - 4 * start
    forward(v, program, shift, start, each)
    if wanted:
        for place in range(both):
            d[place] = 0.0
    for row in range(rows):
        for j in range(width):
            v[inputs + j] = given[row * width + j]
        forward(v, program, shift, each, size)
        for j in range(count):
            outputs[row * count + j] = v[program[8 + j]]
        if wanted:
            for place in range(both, size):
                d[place] = 0.0
            d[program[8]] += 1.0 / rows
            backward(v, d, program, shift, both, size, wanted == 2)
    if wanted:
        backward(v, d, program, shift, slopes, each, wanted == 2)'''

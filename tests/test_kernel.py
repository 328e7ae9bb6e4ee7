"""The kernel: each instruction as NumPy carries it out, whole programs as without it."""

from __future__ import annotations

import ctypes
import itertools
import math
import random
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache

import numpy
import pytest

import autograd_engine as ag
from autograd_engine import losses, nn
from autograd_engine.compiler.lift.arrays import (
    ArrayProgram,
    Backward,
    Instruction,
    Memory,
    Ref,
    contiguous,
)
from autograd_engine.compiler.record.tape import record
from autograd_engine.compiler.run.native import c_table
from autograd_engine.compiler.run.native import core as native
from autograd_engine.compiler.run.native.core import codes
from autograd_engine.compiler.run.native.nests import encoded
from autograd_engine.compiler.run.numpy.lifted import Bound, ByNumPy, Lifted, run
from autograd_engine.compiler.run.translated import spelled
from autograd_engine.engine import Value
from autograd_engine.primitives import TABLE
from autograd_engine.table import ADD, DIVIDE, MULTIPLY, NEGATIVE, SUBTRACT

SLOTS = 12000
EXACT = (ADD, SUBTRACT, MULTIPLY, DIVIDE, NEGATIVE, TABLE["relu"], TABLE["above"])
SPECIAL = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e308, -1e308, 1e-308, 5e-324, 40.0]
SPECIAL += [-40.0, 700.0, -700.0, 720.0, -720.0, 0.5, -0.5, 1e-20, -1e-20, 2.0, -2.0, 3.0, -3.0]
MANY = pytest.param(20, marks=pytest.mark.slow)  # rows


def call(code, memory):
    """Return the call that carries out one encoded instruction."""
    whole = [memory.ctypes.data, 2 + len(code), *code]
    return native.core().arrays, (numpy.array(whole, numpy.int64),)


def workspace(rows: int, seed: int = 0) -> Bound:
    """Return memory of random numbers, with no program on it."""
    memory = Memory(dict.fromkeys("vVaAsS", SLOTS))
    empty = ArrayProgram([], memory, [], numpy.array([], int), 0)
    bound = Bound(empty, Backward(), rows, True)
    bound.memory[8:] = numpy.roll(numbers(len(bound.memory) - 8), seed)
    return bound


@cache
def numbers(count: int) -> numpy.ndarray:
    return numpy.random.default_rng(count).normal(size=count)


def both(instruction: Instruction, rows: int, seed: int = 0) -> tuple:
    """Return the memory after an instruction was carried out by NumPy, and by the kernel."""
    found = []
    for mine in (False, True):
        bound = workspace(rows, seed)
        code = encoded(instruction, bound.places, rows)
        calls = [call(code, bound.memory)]
        with numpy.errstate(all="ignore"):
            run(calls if mine else bound.bound(instruction))
        found.append(bound.memory)
    return tuple(found)


def view(rng: random.Random, arena: str, shape: tuple[int, ...], repeats: bool = False) -> Ref:
    """Return a view of random strides; `repeats` says whether it may see a slot twice."""
    axes = list(range(len(shape)))
    rng.shuffle(axes)
    strides, step = [0] * len(shape), rng.choice([1, 1, 1, 2, 3])
    for axis in axes:
        strides[axis] = step
        step = step * shape[axis] + rng.choice([0, 0, 0, 1, 5])
    start = rng.randint(0, 40)
    for axis in axes:
        if repeats and rng.random() < 0.25:
            strides[axis] = 0
        elif rng.random() < 0.1:
            start += strides[axis] * (shape[axis] - 1)
            strides[axis] *= -1
    assert start + step < SLOTS
    return Ref(arena, start, shape, tuple(strides))


def shape_of(rng: random.Random, axes: int, most: int = 600) -> tuple[int, ...]:
    while True:
        shape = tuple(rng.choice([1, 2, 3, 4, 7, 10, 16, 33, 50]) for _ in range(axes))
        if math.prod(shape) <= most:
            return shape


@pytest.mark.parametrize("rows", [1, 3, MANY])
def test_a_map_of_any_views_is_as_numpys(rows):
    rng = random.Random(rows)
    names = [name for name in codes("maps") if name != "choose"]
    for seed in range(150):
        rule = TABLE[names[seed % len(names)]]
        shape = shape_of(rng, rng.randint(0, 4))
        arenas = [rng.choice("vV") for _ in rule.domain]
        out = view(rng, "S" if "V" in arenas else rng.choice("sS"), shape)
        ins = tuple(view(rng, arena, shape, repeats=True) for arena in arenas)
        if rng.random() < 0.2:  # in place
            out = view(rng, ins[0].arena, shape)
            ins = (out, *ins[1:])
            if any(ref.arena == out.arena or (ref.batched and not out.batched) for ref in ins[1:]):
                continue
        theirs, mine = both(Instruction("map", out, ins, rule), rows, seed)
        if rule in EXACT:
            assert numpy.array_equal(theirs, mine, equal_nan=True)
        else:  # four or five roundings each way
            numpy.testing.assert_allclose(mine, theirs, rtol=2e-15, atol=1e-300)


@pytest.mark.parametrize("rows", [1, 3, MANY])
def test_what_moves_numbers_moves_the_same_as_numpy(rows):
    rng = random.Random(10 + rows)
    for seed in range(60):
        shape = shape_of(rng, rng.randint(1, 3))
        out = view(rng, rng.choice("sS"), shape)
        ins = tuple(view(rng, "V" if out.batched else "v", shape, repeats=True) for _ in range(3))
        for instruction in (
            Instruction("copy", out, ins[:1]),
            Instruction("choose", out, ins),
            Instruction("fill", out),
            Instruction("seed", out),
        ):
            theirs, mine = both(instruction, rows, seed)
            assert numpy.array_equal(theirs, mine)


def close(theirs, mine, terms: int) -> None:
    """Compare sums of products of numbers of size 1, whose terms stand in another order."""
    numpy.testing.assert_allclose(mine, theirs, rtol=1e-13, atol=1e-14 * terms)


@pytest.mark.parametrize("rows", [1, 5, MANY])
def test_a_contraction_of_any_views_is_as_numpys(rows):
    rng = random.Random(20 + rows)
    for seed in range(120):
        h, s, j, k = shape_of(rng, 4, 3000)
        sizes = dict(zip("hsjkn", (h, s, j, k, s)))
        axes = rng.choice(["hsk,hjk->hsj", "hsj,hjk->hsk", "hsj,hsk->hjk", "nk,nk->n"])
        factors, result = axes.split("->")
        first, second = factors.split(",")
        arenas = rng.choice(["vv", "vV", "Vv", "VV"])
        ins = tuple(
            view(rng, arena, tuple(sizes[name] for name in names))
            for arena, names in zip(arenas, (first, second))
        )
        sums_rows = arenas == "VV" and rng.random() < 0.5 and axes != "nk,nk->n"
        out_arena = "s" if arenas == "vv" or sums_rows else "S"
        out = view(rng, out_arena, tuple(sizes[name] for name in result))
        theirs, mine = both(Instruction("contract", out, ins, axes=axes), rows, seed)
        close(theirs, mine, max(h, s, j, k) * rows)


@pytest.mark.parametrize(
    ("m", "n", "k"),
    [
        *[(16, 100, 2), (16, 100, 16), (16, 16, 100), (1, 100, 16), (32, 32, 64), (10, 32, 32)],
        *[(4, 37, 9), (5, 6, 7), (9, 5, 33), (3, 3, 3), (50, 1, 50), (2, 50, 40), (7, 50, 1)],
    ],
)
def test_matrix_products_of_every_layout_are_as_numpys(m, n, k):
    for a in ((k, 1), (1, m), (k + 3, 1)):
        for b in ((n, 1), (1, k), (1, k + 5)):
            for o in ((n, 1), (1, m), (n + 1, 1)):
                ins = (Ref("v", 3, (1, m, k), (0, *a)), Ref("a", 1, (1, n, k), (0, b[1], b[0])))
                out = Ref("s", 5, (1, m, n), (0, *o))
                instruction = Instruction("contract", out, ins, axes="hsk,hjk->hsj")
                theirs, mine = both(instruction, 1)
                close(theirs, mine, k)


@pytest.mark.parametrize("rows", [1, 3, MANY])
def test_a_sum_over_any_axes_is_as_numpys(rows):
    rng = random.Random(30 + rows)
    for seed in range(80):
        shape = shape_of(rng, rng.randint(1, 3))
        over = tuple(axis for axis in range(len(shape)) if rng.random() < 0.5)
        source = view(rng, rng.choice("vV"), shape)
        kept = tuple(length for axis, length in enumerate(shape) if axis not in over)
        arena = "S" if source.batched and rng.random() < 0.5 else "s"
        out = view(rng, arena, kept)
        bound = workspace(rows)
        instruction = Instruction("sum", out, (source,), over=over)
        with suppress(NotImplementedError):  # a sum over three axes
            encoded(instruction, bound.places, rows)
            theirs, mine = both(instruction, rows, seed)
            close(theirs, mine, math.prod(shape) * rows)


@pytest.mark.parametrize("name", ["maximum", "minimum", "multiply", "hypot"])
def test_a_scan_runs_along_the_last_axis_both_ways(name):
    rng = random.Random(name)
    for seed in range(30):
        shape = shape_of(rng, rng.randint(1, 3))
        out = view(rng, rng.choice("sS"), shape)
        source = view(rng, "V" if out.batched else "v", shape)
        for operand in (source, out):
            for over in ((), (-1,)):
                instruction = Instruction("scan", out, (operand,), TABLE[name], over=over)
                theirs, mine = both(instruction, 3, seed)
                numpy.testing.assert_allclose(mine, theirs, rtol=1e-14 * shape[-1])


@pytest.mark.parametrize("rows", [1, 3, MANY])
def test_slots_taken_and_put_are_those_of_numpy(rows):
    rng = random.Random(40 + rows)
    for seed in range(40):
        count = rng.randint(1, 50)
        index = numpy.array([rng.randrange(60) for _ in range(count)])  # some several times
        at = numpy.array(rng.sample(range(2 * count), count)) if rng.random() < 0.5 else None
        size = count if at is None else 2 * count
        source = rng.choice("vV")
        ref = contiguous("S" if source == "V" else rng.choice("sS"), 7, (size,))
        if at is None:
            ref = contiguous("S" if source == "V" else "s", 7, (size,))
        take = Instruction("take", ref, (contiguous(source, 0, (1,)),), index=index, at=at)
        value = contiguous(rng.choice("sS"), 7, (size,))
        arena = rng.choice("aA") if value.batched else "a"
        put = Instruction("put", contiguous(arena, 0, (1,)), (value,), index=index, at=at)
        for instruction in (take, put):
            theirs, mine = both(instruction, rows, seed)
            close(theirs, mine, count * rows)


@pytest.mark.parametrize("name", [name for name in codes("maps") if name != "choose"])
def test_special_numbers_are_treated_as_numpy_treats_them(name):
    """NaN, infinities, zeros and the ends of the range, one by one and many together."""
    rule = TABLE[name]
    pairs = [(x, y) for x in SPECIAL for y in SPECIAL]
    count = len(pairs)
    operands = [numpy.array(column) for column in zip(*pairs)][: len(rule.domain)]
    function = spelled(rule)
    assert function is not None
    expected = numpy.empty(count)
    with numpy.errstate(all="ignore"):
        for i in range(count):  # one by one: NumPy's loops for many are less exact
            function(*(operand[i : i + 1] for operand in operands), out=expected[i : i + 1])
    for step in (1, 2):  # side by side with vectors, else number by number
        bound = workspace(1)
        for arena, operand in zip("va", operands):
            bound.arenas[arena][: step * count : step] = operand
        ins = tuple(Ref(arena, 0, (count,), (step,)) for arena in "va"[: len(operands)])
        instruction = Instruction("map", Ref("s", 0, (count,), (step,)), ins, rule)
        run([call(encoded(instruction, bound.places, 1), bound.memory)])
        result = bound.arenas["s"][: step * count : step]
        numpy.testing.assert_allclose(result, expected, rtol=1e-13, atol=1e-307)


def test_nan_and_infinity_go_through_products_as_through_numpys():
    shape = {"a": (1, 6, 33), "b": (1, 20, 33), "o": (1, 6, 20)}
    for number in (math.nan, math.inf, -math.inf):
        for layout in (False, True):
            a, b = contiguous("v", 0, shape["a"]), contiguous("a", 0, shape["b"])
            if layout:
                b = Ref("a", 0, shape["b"], (0, 1, 20))
            instruction = Instruction(
                "contract", contiguous("s", 0, shape["o"]), (a, b), axes="hsk,hjk->hsj"
            )
            found = []
            for mine in (False, True):
                bound = workspace(1)
                bound.arenas["v"][40] = bound.arenas["a"][70] = number
                calls = [call(encoded(instruction, bound.places, 1), bound.memory)]
                with numpy.errstate(all="ignore"):
                    run(calls if mine else bound.bound(instruction))
                found.append(bound.arenas["s"][:120])
            numpy.testing.assert_allclose(found[1], found[0], rtol=1e-12)


def test_more_axes_than_the_kernel_has_are_in_a_loop_of_its():
    shape = (2, 3, 2, 3, 2)
    out = Ref("s", 0, shape, (300, 70, 30, 7, 3))
    source = Ref("v", 0, shape, (1, 5, 50, 11, 200))
    theirs, mine = both(Instruction("map", out, (source, source), ADD), 3)
    assert numpy.array_equal(theirs, mine)


# Programs.


def moons() -> tuple:
    rng = random.Random(1)
    model = nn.MLP(2, [16, 16, 1], rng=rng)
    points = [([rng.random(), rng.random()], rng.choice((-1, 1))) for _ in range(20)]
    hinges = [(1 + -sign * model(point)).relu() for point, sign in points]
    penalty = 1e-4 * ag.sum([p * p for p in model.parameters()])
    return ag.mean(hinges) + penalty, [], model.parameters()


def classifier() -> tuple:
    rng = random.Random(2)
    model = nn.MLP(12, [9, 5], activation="tanh", rng=rng)
    x = [Value(rng.random()) for _ in range(12)]
    return losses.cross_entropy(model(x), 3), x, model.parameters()


def attention() -> tuple:
    rng = random.Random(3)

    def matrix(rows, columns):
        return [[Value(rng.gauss(0.0, 0.5)) for _ in range(columns)] for _ in range(rows)]

    queries, keys, values, x = matrix(4, 4), matrix(4, 4), matrix(4, 4), matrix(5, 4)

    def linear(weights, row):
        return [ag.dot(line, row) for line in weights]

    q, k, v = ([linear(w, row) for row in x] for w in (queries, keys, values))
    out = []
    for row in q:
        weights = ag.softmax([ag.dot(row, key) / 2.0 for key in k])
        out += [ag.gelu(ag.dot(weights, [line[j] for line in v])) for j in range(4)]
    parameters = [p for w in (queries, keys, values) for line in w for p in line]
    return ag.norm(out) + ag.sum(out) ** 2, [p for row in x for p in row], parameters


def recurrence() -> tuple:
    rng = random.Random(4)
    w = [[Value(rng.gauss(0.0, 0.4)) for _ in range(5)] for _ in range(5)]
    x = [Value(rng.random()) for _ in range(30)]
    state = [0.0] * 5
    for value in x:
        state = [ag.sigmoid(value + ag.dot(line, state)) for line in w]
    return ag.log(ag.sum(state)), x, [p for line in w for p in line]


def convolution() -> tuple:
    rng = random.Random(5)
    kernel_ = [[Value(rng.gauss(0.0, 0.5)) for _ in range(3)] for _ in range(3)]
    image = [[Value(rng.random()) for _ in range(9)] for _ in range(9)]
    found = [
        ag.relu(ag.sum([kernel_[a][b] * image[i + a][j + b] for a in range(3) for b in range(3)]))
        for i in range(7)
        for j in range(7)
    ]
    return ag.mean(found), [p for row in image for p in row], [p for row in kernel_ for p in row]


def scalars(seed: int) -> tuple:
    """Return a random graph of elementary operations, of which nothing much can be lifted."""
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-2.0, 2.0)) for _ in range(7)]
    pool = list(leaves)
    ones = [TABLE[name] for name in ("tanh", "sin", "sigmoid", "atan", "softplus", "erf", "relu")]
    for _ in range(50):
        x, y = rng.choice(pool), rng.choice(pool)
        pool.append(
            rng.choice(
                [
                    lambda x, y: ag.tanh(x + y),
                    lambda x, y: x * ag.tanh(y),
                    lambda x, y: x / (1.5 + ag.sigmoid(y)),
                    lambda x, y: (0.5 + ag.sigmoid(x)) ** ag.tanh(y),
                    lambda x, y: ag.maximum(ag.tanh(x), y * 0.5),
                    lambda x, y: rng.choice(ones)(x) - 0.5 * y,
                    lambda x, y: ag.dot(rng.sample(pool, 4), rng.sample(pool, 4)) * 0.1,
                    lambda x, y: ag.tanh(x) ** 2,
                ]
            )(x, y)
        )
    return ag.sum(pool[-8:]), leaves[:3], leaves[3:]


def compared(graph: tuple, rows: int, tile: int = 0) -> None:
    """Hold a program with the kernel to the same without."""
    output, inputs, parameters = graph
    tape = record([output], inputs=inputs, parameters=parameters)
    leaves = numpy.array([leaf.data for leaf in (*tape.parameters, *tape.others)])
    batch = None
    if inputs:
        batch = numpy.random.default_rng(rows).uniform(size=(rows, len(inputs)))
    found = []
    for with_kernel in (False, True):
        program = (Lifted if with_kernel else ByNumPy)(tape)
        assert program.native is with_kernel
        program.tile = tile or program.tile
        program.run(leaves, batch, True)  # memory is used a second time
        found.append(program.run(leaves, batch, True))
    (outputs, gradient), (mine, slopes) = found
    scale = max(1.0, float(numpy.abs(gradient).max()))
    numpy.testing.assert_allclose(mine, outputs, rtol=1e-12, atol=1e-13)
    numpy.testing.assert_allclose(slopes, gradient, rtol=1e-11, atol=1e-13 * scale)


@pytest.mark.parametrize("rows", [1, 2, 33])
@pytest.mark.parametrize("net", [moons, classifier, attention, recurrence, convolution])
def test_a_net_gives_the_same_with_the_kernel(net, rows):
    compared(net(), rows)


@pytest.mark.parametrize("net", [classifier, attention])
def test_tiles_of_a_batch_give_the_same_with_the_kernel(net):
    compared(net(), 11, tile=4)


@pytest.mark.parametrize("seed", range(25))
def test_a_random_program_gives_the_same_with_the_kernel(seed):
    compared(scalars(seed), 1 + seed % 5)


def test_two_threads_run_one_program_with_the_kernel():
    output, inputs, parameters = classifier()
    program = Lifted(record([output], inputs=inputs, parameters=parameters))
    leaves = numpy.array([p.data for p in parameters])
    batches = [numpy.random.default_rng(i).uniform(size=(8, 12)) for i in range(4)]
    expected = [program.run(leaves, batch, True) for batch in batches]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda i: program.run(leaves, batches[i % 4], True), range(200)))
    for i, (outputs, gradient) in enumerate(found):
        assert numpy.array_equal(outputs, expected[i % 4][0])
        assert numpy.array_equal(gradient, expected[i % 4][1])


def test_a_primitive_without_a_formula_stays_a_call_beside_the_kernel():
    step = ag.primitive("step", lambda x: 2.0 if x > 0.0 else 1.0, lambda out, x: (out,))
    w, x = [Value(0.5), Value(-0.25)], [Value(1.0), Value(2.0)]
    output = ag.sum([step(ag.tanh(a * b)) for a, b in zip(w, x)])
    compared((output, x, w), 3)


# What there is.


@pytest.mark.parametrize("wanted", range(3), ids=["sse2", "avx2", "avx512"])
def test_each_instruction_set_gives_the_same(wanted):
    library = ctypes.CDLL(native.core().__file__)
    try:
        if library.ag_take(wanted) != wanted:
            pytest.skip("this processor has it not")
        for name in set(c_table.mapped(c_table.InVectors())) - {"choose"}:
            test_special_numbers_are_treated_as_numpy_treats_them(name)
            test_a_zero_has_the_engines_sign(name)
        for net in (moons, classifier, attention, recurrence, convolution):
            compared(net(), 33)
        compared(classifier(), 11, tile=4)
    finally:
        library.ag_take(2)


def test_data_is_written_inside_of_the_array():
    for first in (-1, 2):
        with pytest.raises(ValueError, match="too short"):
            native.core().data([Value(1.0)], numpy.zeros(2), first, "_data")


def test_without_the_core_programs_run_in_numpy(monkeypatch):
    monkeypatch.setenv("AUTOGRAD_ENGINE_PURE", "1")
    native.core.cache_clear()
    try:
        assert native.core() is None
        w = Value(0.5)
        program = Lifted(record([w * w]))
        outputs, gradient = program.run(numpy.array([3.0]), None, True)
        assert (outputs.tolist(), gradient.tolist()) == ([[9.0]], [6.0])
    finally:
        native.core.cache_clear()


GOLDEN = """\
  EACH(0, (x + y)) /* add by 2 */
  EACH2(2, y, x) /* multiply by 2 */
  EACH1(25, tanh(x), v_tanh(x), (4.0 * f_bell((2.0 * x))), (all(4.0) * v_bell((all(2.0) * x)))) /* tanh by 1 */
  EACH1(32, (x > 0.0 ? 1.0 : 0.0)) /* relu by 1 */
  EACH3(64, 1.0, (-1.0 * z), (-1.0 * y)) /* subtract of a product by 3 */
  EACH(10, (where(less(x, all(0.0)), all(0.0), x))) /* relu */
"""


def test_the_table_in_c_reads_like_the_table():
    found = c_table.text()
    for line in GOLDEN.splitlines():
        assert re.sub(r"\d+", "0", line) in re.sub(r"\d+", "0", found), line
    assert "INLINE double f_bell(double x) {\n  return f_sigmoid(x) * f_sigmoid(-x);\n}" in found


def test_a_core_of_other_sources_is_not_used(monkeypatch):
    monkeypatch.setattr(native, "digest", lambda: "other")
    native.core.cache_clear()
    try:
        with pytest.warns(RuntimeWarning, match="native core is missing .it was built from other"):
            assert native.core() is None
    finally:
        native.core.cache_clear()


@pytest.mark.parametrize("name", [name for name in TABLE if name in codes("maps")])
def test_a_zero_has_the_engines_sign(name):
    rule = TABLE[name]
    points = list(itertools.product(SPECIAL, repeat=len(rule.domain)))
    for count in (1, len(points)):  # number by number, and in vectors
        for first in range(0, len(points), count):
            given = points[first : first + count]
            bound = workspace(1)
            ins = tuple(contiguous("v", 3000 * i, (count,)) for i in range(len(rule.domain)))
            for ref, numbers_ in zip(ins, zip(*given)):
                bound.arenas["v"][ref.start : ref.start + count] = numbers_
            instruction = Instruction("map", contiguous("s", 0, (count,)), ins, rule)
            run([call(encoded(instruction, bound.places, 1), bound.memory)])
            for found, point in zip(bound.arenas["s"][:count].tolist(), given):
                try:
                    expected = rule(*point)
                except (ArithmeticError, ValueError):
                    continue
                if expected == 0.0:
                    assert (found, math.copysign(1.0, found)) == (0.0, math.copysign(1.0, expected))

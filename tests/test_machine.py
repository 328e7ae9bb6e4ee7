"""The virtual machine: every row of the table, and every way to run a tape, against the engine."""

import itertools
import math
import random
import threading
from array import array
from collections.abc import Sequence

import numpy
import pytest

import autograd_engine as ag
from autograd_engine import Value
from autograd_engine.compiler.record.rewriting import common
from autograd_engine.compiler.record.tape import Tape, record
from autograd_engine.compiler.run.exact.interpreter import Interpreter
from autograd_engine.compiler.run.native import core as native
from autograd_engine.compiler.run.native.core import START, Machine, fits
from autograd_engine.primitives import TABLE, Primitive

INF, NAN = math.inf, math.nan
ROWS = [
    name
    for name, row in TABLE.items()
    if name not in ("leaf", "constant") and row.written_out is None
]
EDGES = [NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 1e308, -1e308, 1e-308, 5e-324]


def one_row(rule: Primitive) -> Tape:
    """The tape of one primitive of parameters."""
    n = len(rule.domain)
    leaves = [Value(0.5) for _ in range(n)]
    y = array("i", [1 if n == 2 else -1])
    return Tape(leaves, [], [], [], [rule], array("i", [0]), array("i", [0]), y, [n])


def samples(rule: Primitive, count: int = 40) -> list[list[float]]:
    """Points inside the primitive's domain, of size up to 3."""
    rng = random.Random(rule.name)
    bounds = [(max(low, -3.0), min(high, 3.0)) for low, high in rule.domain]
    return [[rng.uniform(low, high) for low, high in bounds] for _ in range(count)]


def same(x: float, y: float) -> bool:
    """Bit for bit, the sign of zero too."""
    return (x != x and y != y) or (x == y and math.copysign(1, x) == math.copysign(1, y))


def close(x: float, y: float, rel: float) -> bool:
    return same(x, y) or abs(x - y) <= rel * abs(y)


def run(output: Value, leaves: list[Value], inputs: list[Value] | tuple = (), rows=None):
    machine = Machine(common(record([output], inputs, leaves)))
    outputs, gradient = machine.run(numpy.array([leaf.data for leaf in leaves]), rows, True)
    return outputs[:, 0].tolist(), gradient.tolist()


@pytest.mark.parametrize("name", ROWS)
def test_value_and_partials_of_each_row_are_the_engines(name):
    rule = TABLE[name]
    machine = Machine(one_row(rule))
    for point in samples(rule):
        outputs, gradient = machine.run(numpy.array(point), None, True)
        made = rule(*map(Value, point))
        # The C library's functions and the engine's need not round alike: a few ulp.
        assert close(outputs[0, 0], made.data, 1e-13)
        assert all(close(x, y, 1e-13) for x, y in zip(gradient, made.partials, strict=True))


@pytest.mark.parametrize("name", ROWS)
def test_value_and_partials_of_each_row_at_the_edges(name):
    tape = one_row(TABLE[name])
    machine, engine = Machine(tape), Interpreter(tape)
    for point in itertools.product(EDGES, repeat=len(tape.parameters)):
        numbers = numpy.array(point)
        outputs, gradient = machine.run(numbers, None, True)
        expected, by_rule = engine.run(numbers, None, True)
        assert close(outputs[0, 0], expected[0, 0], 1e-13)
        for slope, partial in zip(gradient, by_rule, strict=True):
            # Where the engine's rule raises it has NaN; the machine has what IEEE 754 says.
            assert partial != partial or close(slope, partial, 1e-13)


def test_products_in_sums_round_as_two_operations():
    a, b = Value(1.0 + 2.0**-30), Value(-(1.0 + 2.0**-29))
    machine = Machine(record([a * a + b], parameters=[a, b]))
    assert machine.steps == 1
    outputs, gradient = machine.run(numpy.array([a.data, b.data]), None, True)
    assert outputs[0, 0] == 0.0  # one that rounds once has 2**-60
    assert gradient.tolist() == [2.0 * a.data, 1.0]


@pytest.mark.parametrize(
    "formula",
    [
        lambda x, y, z: x + y * z,
        lambda x, y, z: y * z + x,
        lambda x, y, z: x - y * z,
        lambda x, y, z: y * z - x,
        lambda x, y, z: x * y + y * z,
        lambda x, y, z: (y * z) + (y * z) * x,
        lambda x, y, z: x * x - x * 3.0,
        lambda x, y, z: 3.0 + x * 3.0,
        lambda x, y, z: x - 3.0 * x,
        lambda x, y, z: 2.0 - y * 5.0 + (4.0 * z) / 3.0,
        lambda x, y, z: 2.0 / y + (z / 7.0) * x,
        lambda x, y, z: x**3.0 + 2.0**y + z ** (x * y),
    ],
)
def test_products_sums_and_fixed_operands_have_the_engines_gradient(formula):
    leaves = [Value(1.3), Value(0.7), Value(2.1)]
    for subset in ([0, 1, 2], [0], [1], [2], [1, 2]):
        output = formula(*leaves)
        parameters = [leaves[i] for i in subset]
        machine = Machine(record([output], parameters=parameters))
        others = [leaf.data for leaf in machine_others(output, parameters)]
        outputs, gradient = machine.run(
            numpy.array([leaf.data for leaf in parameters] + others), None, True
        )
        assert outputs[0, 0] == pytest.approx(output.data, rel=1e-14)
        expected = ag.gradient(output, parameters)
        assert gradient.tolist() == pytest.approx(expected, rel=1e-13, abs=0.0)


def machine_others(output: Value, parameters: list[Value]) -> list[Value]:
    return record([output], parameters=parameters).others


def random_graph(rng: random.Random, leaves: list[Value], length: int) -> Value:
    """A tangle of most primitives, each kept where it has many digits."""
    unary = [ag.sin, ag.cos, ag.tanh, ag.sigmoid, ag.softplus, ag.relu, ag.erf, ag.atan, abs]
    unary += [lambda x: ag.log(x * x + 1.0), lambda x: ag.exp(-(x * x)), lambda x: x**2]
    unary += [lambda x: ag.sqrt(x * x + 1.0), lambda x: ag.expm1(-(x * x)), ag.asinh]
    unary += [lambda x: ag.cbrt(x + 9.0)]
    binary = [lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * ag.sin(y), ag.maximum]
    binary += [lambda x, y: x / (y * y + 1.0), ag.minimum, ag.hypot, lambda x, y: x * 0.5 - y]
    made = [leaf + 0.125 for leaf in leaves]
    for _ in range(length):
        near, far = rng.choice(made[-20:]), rng.choice(made)
        result = rng.choice(unary)(near) if rng.random() < 0.5 else rng.choice(binary)(near, far)
        made.append(ag.tanh(result) if abs(result.data) > 4.0 else result)
    return ag.mean(made)


@pytest.mark.parametrize("seed", range(8))
def test_random_graphs_have_the_engines_value_and_gradient(seed):
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(-2.0, 2.0)) for _ in range(6)]
    output = random_graph(rng, leaves, 400)
    (value,), gradient = run(output, leaves)
    expected = ag.gradient(output, leaves)
    assert value == pytest.approx(output.data, rel=1e-12)
    # Adjoints are summed in another order; what cancels leaves 1e-12 of the largest.
    size = max(map(abs, expected))
    assert 0.0 < size < INF
    assert all(abs(x - y) <= 1e-12 * size for x, y in zip(gradient, expected, strict=True))


def test_a_long_recurrence_has_the_engines_gradient():
    q0, p0, h = Value(1.0), Value(0.3), Value(0.01)
    q, p = q0, p0
    for _ in range(2_000):
        p = p - h * ag.sin(q)
        q = q + h * p
    output = q * q + p * p
    (value,), gradient = run(output, [q0, p0, h])
    assert value == output.data
    assert gradient == pytest.approx(ag.gradient(output, [q0, p0, h]), rel=1e-12)


def mixed(
    row: Sequence[float] = (0.0, 0.0),
) -> tuple[Value, Value, list[Value], list[Value], list[Value]]:
    """A loss with parts that depend on nothing fed, on parameters, on inputs, and on both."""
    u, v, other = Value(0.4), Value(-1.2), Value(0.6)
    s, t = map(Value, row)
    shared, fixed, fed = ag.exp(u * v), ag.sin(other), ag.cos(s) * other
    loss = ag.tanh(shared * s + v) * fed + shared * fixed + t * t * u
    return loss, shared, [u, v], [other], [s, t]


def test_of_a_batch_it_gives_each_output_and_the_mean_gradient():
    loss, shared, parameters, others, inputs = mixed()
    machine = Machine(record([loss, shared, inputs[1]], inputs, parameters))
    numbers = numpy.array([leaf.data for leaf in parameters + others])
    rows = numpy.random.default_rng(0).normal(size=(7, 2))
    outputs, gradient = machine.run(numbers, rows, True)
    singly = [machine.run(numbers, row[None], True) for row in rows]
    assert outputs.tolist() == [found[0][0].tolist() for found in singly]
    mean = numpy.mean([found[1] for found in singly], axis=0)
    assert gradient == pytest.approx(mean, rel=1e-13)  # added up in another order
    assert machine.run(numbers, rows, False)[1] is None
    for i, row in enumerate(rows.tolist()):
        loss, _, parameters = mixed(row)[:3]
        assert outputs[i, 0] == pytest.approx(loss.data, rel=1e-14)
        slopes = ag.gradient(loss, parameters)
        assert singly[i][1].tolist() == pytest.approx(slopes, rel=1e-13)


def test_rows_may_be_read_only_and_in_pieces():
    loss, _, parameters, others, inputs = mixed()
    machine = Machine(record([loss], inputs, parameters))
    numbers = numpy.array([leaf.data for leaf in parameters + others])
    rows = numpy.random.default_rng(1).normal(size=(8, 4))
    expected = machine.run(numbers, rows[:, ::2].copy(), True)
    rows.flags.writeable = numbers.flags.writeable = False
    found = machine.run(numbers, rows[:, ::2], True)
    assert found[0].tolist() == expected[0].tolist()
    assert found[1].tolist() == expected[1].tolist()


def test_outputs_may_be_leaves_inputs_constants_and_repeated():
    w, x = Value(2.0), Value(3.0)
    y = w * x
    tape = record([w, y, x, y, ag.engine.constant(7.0)], [x], [w])
    outputs, gradient = Machine(tape).run(numpy.array([2.0]), numpy.array([[3.0], [4.0]]), True)
    assert outputs.tolist() == [[2.0, 6.0, 3.0, 6.0, 7.0], [2.0, 8.0, 4.0, 8.0, 7.0]]
    assert gradient.tolist() == [1.0]


def test_results_are_the_callers_to_keep():
    w = Value(2.0)
    machine = Machine(record([w * w]))
    first, slope = machine.run(numpy.array([2.0]), None, True)
    machine.run(numpy.array([5.0]), None, True)
    assert (first.tolist(), slope.tolist()) == ([[4.0]], [4.0])


def test_an_adjoint_of_zero_passes_nothing_on_to_an_infinite_partial():
    x = Value(0.0)
    assert run(ag.sqrt(x) * 0.0 + x, [x]) == ([0.0], [1.0])
    w = Value(0.0)
    assert run(ag.relu(ag.cbrt(w) - 1.0) + 3.0 * w, [w]) == ([0.0], [3.0])


def test_nothing_is_raised_for_a_number():
    x, y = Value(1.0), Value(1.0)
    machine = Machine(record([x / y, ag.log(x), ag.exp(y), x**y, ag.acos(x)]))
    given = numpy.array([-2.0, 0.0]), numpy.array([0.0, 1000.0])
    found = [machine.run(numbers, None, True)[0][0].tolist() for numbers in given]
    assert found[0][0] == -INF
    assert math.isnan(found[0][1])
    assert (found[1][1], found[1][2]) == (-INF, INF)
    assert math.isnan(found[0][4])


def test_two_threads_may_run_one_machine():
    w = Value(1.0)
    total = w
    for _ in range(300):
        total = ag.sin(total * 1.5) + w
    machine = Machine(record([total]))
    expected = [machine.run(numpy.array([float(i)]), None, True) for i in range(8)]
    wrong = []

    def work(i: int) -> None:
        for _ in range(200):
            value, slope = machine.run(numpy.array([float(i)]), None, True)
            if value != expected[i][0] or slope != expected[i][1]:
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_instructions_of_one_kind_stand_together():
    xs = [Value(0.1 * i) for i in range(50)]
    machine = Machine(record([ag.sum(ag.cos(ag.sin(x) * x) for x in xs)], parameters=xs))
    # One run of sines, one of products, one of cosines; the sum is one of additions.
    codes = machine._program[9::4] % START  # behind the one output
    assert (machine.steps, numpy.count_nonzero(numpy.diff(codes))) == (199, 3)


# Primitives of somebody's own.

gaussian = ag.primitive(
    "gaussian bell",
    lambda x, width: ag.exp(-(x * x) / (2.0 * width**2)),
    lambda out, x, width: (-x / width**2 * out, x * x / width**3 * out),
)
branching = ag.primitive("branching", lambda x: x if x > 0 else 0.0, lambda out, x: (1.0,))


def test_a_primitive_written_with_primitives_is_compiled_with_the_table():
    x, width = Value(0.7), Value(1.9)
    output = gaussian(x, width) * x + gaussian(x, 2.0)
    assert fits(record([output])) is None
    (value,), gradient = run(output, [x, width])
    assert value == pytest.approx(output.data, rel=1e-14)
    assert gradient == pytest.approx(ag.gradient(output, [x, width]), rel=1e-13)


def test_a_primitive_without_a_formula_is_refused_by_name():
    tape = record([branching(Value(2.0)) * 2.0])
    assert "'branching' has no formula" in str(fits(tape))
    with pytest.raises(ValueError, match="'branching' has no formula"):
        Machine(tape)


def test_partials_without_a_formula_are_refused_by_name():
    kinked = ag.primitive("kinked", lambda x: x * 2.0, lambda out, x: (2.0 if x > 0 else 1.0,))
    assert "'kinked' has no formula" in str(fits(record([kinked(Value(2.0))])))


def test_without_the_core_it_says_why(monkeypatch):
    native.core.cache_clear()
    monkeypatch.setenv("AUTOGRAD_ENGINE_PURE", "1")
    try:
        assert fits(record([Value(2.0) * 2.0])) == "the native core is missing"
    finally:
        native.core.cache_clear()

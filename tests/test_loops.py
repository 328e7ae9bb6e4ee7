"""Recurrences, recorded step by step, become loops: whatever runs them gives what the engine does.

A body is asserted by its number of array steps: how often it runs does not count.
"""

import inspect
import random

import numpy as np
import pytest

import autograd_engine as ag
from autograd_engine import Value
from autograd_engine.compiler.lift.loops import Loop
from autograd_engine.compiler.record.rewriting import lowered
from autograd_engine.compiler.record.tape import record
from autograd_engine.compiler.run.exact.interpreter import Interpreter
from autograd_engine.compiler.run.native.core import core
from autograd_engine.compiler.run.numpy.lifted import ByNumPy, Lifted
from autograd_engine.graph import nodes
from autograd_engine.table import LEAF
from tests import recurring
from tests.recurring import random_recurrence

CLOSE = 1e-12
BODIES = {
    "rnn": 2,
    "lstm": 6,
    "pendulum": 3,
    "newton": 4,
    "series": 3,
    "kalman": 13,
    "momentum": 5,
    "chain": 2,
}
"""Array steps in the body."""


def loops(program: Lifted) -> list[Loop]:
    return [step for step in program.program.steps if isinstance(step, Loop)]


def slopes(output: Value, leaves: list[Value]) -> list[float]:
    for leaf in leaves:
        leaf.grad = 0.0
    output.backward()
    return [leaf.grad for leaf in leaves]


def close(found, expected) -> None:
    scale = max(1.0, float(np.abs(expected).max())) if np.size(expected) else 1.0
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=CLOSE * scale)


@pytest.mark.parametrize("steps", [8, 40])
@pytest.mark.parametrize("family", BODIES)
def test_a_recurrence_is_a_loop_around_its_body(family, steps):
    output = getattr(recurring, family)(steps)
    program = ag.compile(output)
    expected = slopes(output, program.parameters)
    lifted = Lifted(record([output]))
    (loop,) = loops(lifted)
    assert loop.times in (steps, steps - 1)  # the last update of some is read by nobody
    assert len(loop.steps) == BODIES[family]
    assert f"repeat {loop.times} times" in program.source
    for backend in ("auto", "native", "numpy", *["scalar"] * (core() is not None)):
        value, gradient = ag.compile(output, backend=backend).value_and_grad()
        close(value, output.data)
        close(gradient, expected)
    value, gradient = ag.compile(output, exact=True).value_and_grad()
    assert value == output.data and gradient.tolist() == expected


def test_a_loop_is_told_as_it_is_written():
    assert ag.compile(recurring.pendulum(100)).source.splitlines() == [
        "parameters (4,)",
        "v1 () = parameters[0] / parameters[1]",
        "v2 () = 0.01 * v1",
        "s3 () = parameters[3]",
        "s4 () = parameters[2]",
        "repeat 100 times, t = 0, 1, ..., 99:",
        "    v3[t] () = sin(s4)",
        "    v4[t] () = s3 - v2 * v3[t]",
        "    v5[t] () = 0.01 * v4[t] + s4",
        "    s3, s4 = v4[t], v5[t]",
        "v6 () = dot(stack(v4[99], v5[99]), stack(v4[99], v5[99]))",
        "return v6",
        "derivative by 4 parameters: 24 array operations, of which 0 matrix products",
    ]


def test_the_length_of_a_program_is_that_of_its_body():
    short, long = (ag.compile(recurring.rnn(steps), backend="native") for steps in (10, 200))
    assert short.steps == long.steps == 3
    assert len(short.source.splitlines()) == len(long.source.splitlines())


UNLIKE = [
    recurring.odd_middle,
    recurring.odd_operand,
    recurring.swapped_operands,
    recurring.period_two,
    recurring.first_last_special,
    recurring.nested,
    recurring.interleaved,
    recurring.coupled,
    recurring.lag_two,
    recurring.every_step,
    recurring.last_read_first,
    recurring.back_and_forth,
    recurring.shared_computed,
    recurring.reads_first_state,
    recurring.two_layers,
    recurring.sequences,
    recurring.resets,
    recurring.heat,
    recurring.deep_mlp,
]
ALONE = [recurring.moons, recurring.moons_running, recurring.squares_only, recurring.irregular]


@pytest.mark.parametrize("graph", UNLIKE, ids=lambda graph: graph.__name__)
def test_what_is_special_about_some_steps_is_right(graph):
    output = graph()
    tape = record([output])
    expected = slopes(output, tape.parameters)
    numbers = np.array([leaf.data for leaf in tape.parameters])
    for make in (ByNumPy, Lifted):
        program = make(tape)
        assert loops(program)
        outputs, gradient = program.run(numbers, None, True)
        close(outputs[0, 0], output.data)
        close(gradient, expected)


@pytest.mark.parametrize("graph", ALONE, ids=lambda graph: graph.__name__)
def test_what_is_no_recurrence_is_no_loop(graph):
    assert not loops(Lifted(record([graph()])))


def recurrences(seeds, most=1e4):
    """Yield seed, tape and rows: some leaves are inputs of a batch in every second case."""
    for seed in seeds:
        try:
            output = random_recurrence(seed)
        except (ArithmeticError, ValueError):  # too large
            continue
        graph, rng = nodes(output), random.Random(seed)
        if max(abs(value.data) for value in graph) > most:
            continue  # where sines are chaos
        for fed in (False, True):
            leaves = [value for value in graph if value._rule is LEAF]
            inputs = [value for value in leaves if fed and rng.random() < 0.4]
            tape = record([output], inputs)
            given = np.array([value.data for value in tape.inputs])
            if fed == bool(tape.inputs):
                yield seed, tape, given + np.array([[0.0], [0.1], [-0.2]]) if fed else None


@pytest.mark.parametrize(
    "block", [0, *(pytest.param(i, marks=pytest.mark.slow) for i in range(1, 6))]
)
def test_random_recurrences_give_what_the_engine_gives(block):
    with_loops = 0
    for seed, tape, rows in recurrences(range(30 * block, 30 * block + 30)):
        numbers = np.array([leaf.data for leaf in (*tape.parameters, *tape.others)])
        outputs, gradient = Interpreter(tape).run(numbers, rows, True)
        if not (np.isfinite(outputs).all() and np.isfinite(gradient).all()):
            continue
        for make in (ByNumPy, Lifted):
            program = make(lowered(tape))
            program.tile = 2  # so the last tile of three rows is shorter
            found = program.run(numbers, rows, True)
            scale = 1.0 + np.abs(outputs).max(), 1.0 + np.abs(gradient).max(initial=0.0)
            assert np.abs(found[0] - outputs).max() < 1e-9 * scale[0], (seed, make)
            assert np.abs(found[1] - gradient).max(initial=0.0) < 1e-9 * scale[1], (seed, make)
            with_loops += bool(loops(program))
    assert with_loops > 10


# What programs are asked, with loops in them.


def cells(x, weights, steps=12):
    """A recurrent cell that is fed one input after the other; its states."""
    w, u, h = *weights, x[0]
    states = []
    for t in range(steps):
        h = ag.tanh(w * h + u * x[1 + t])
        states.append(h)
    return states


def test_a_batch_of_sequences_is_one_loop():
    weights, x = [Value(0.8), Value(-0.3)], [Value(0.0) for _ in range(13)]
    last = cells(x, weights)[-1]
    program = ag.compile(last, inputs=x, parameters=weights)
    assert "repeat 12 times" in program.source and "(B, 12) = inputs[1:]" in program.source
    rows = np.random.default_rng(0).normal(size=(700, 13))
    expected = [cells(list(map(Value, row)), weights)[-1] for row in rows.tolist()]
    found = ag.compile(last, inputs=x, parameters=weights, backend="native")
    for made in (program, found):
        close(made(rows), [value.data for value in expected])
        value, gradient = made.value_and_grad(rows, parameters=[0.8, -0.3])
        close(value, np.mean([value.data for value in expected]))
        close(gradient, slopes(ag.mean(expected), weights))


def test_the_gradient_by_the_inputs_goes_through_the_loop():
    weights = [Value(0.8), Value(-0.3)]
    program = ag.compile(lambda x: cells(x, weights)[-1], [0.1] * 13, backend="native")
    x = [Value(0.1 * i) for i in range(13)]
    value, gradient = program.value_and_grad([leaf.data for leaf in x], wrt="inputs")
    last = cells(x, weights)[-1]
    close(value, last.data)
    close(gradient, slopes(last, x))


def test_a_program_may_give_the_states_of_all_steps():
    weights = [Value(0.8), Value(-0.3)]
    program = ag.compile(lambda x: cells(x, weights), [0.1] * 13, backend="native")
    assert "return v" in program.source and "repeat 12 times" in program.source
    x = [0.1 * i for i in range(13)]
    close(program(x), [state.data for state in cells(list(map(Value, x)), weights)])


def test_guards_inside_of_a_loop_are_held():
    def root(x):
        s, y = x
        for _ in range(8):
            y = (y + s / y) * 0.5
            if y < 0.0:
                raise ValueError("negative")
        return y

    program = ag.compile(root, [2.0, 1.0], backend="native")
    assert "repeat 8 times" in program.source
    assert program([9.0, 1.0]) == pytest.approx(3.0)
    with pytest.raises(ag.GuardError, match="y < 0.0"):
        program([9.0, -1.0])


def test_what_is_not_finite_inside_of_a_loop_is_named():
    x, h = Value(0.3, "x"), Value(1.0)
    for _ in range(12):
        h = ag.exp(h * x)
    program = ag.compile(h, inputs=[x], backend="native")
    assert "repeat 12 times" in program.source
    assert np.isfinite(program([0.3]))
    with pytest.raises(FloatingPointError, match="exp"):
        program([2.0])


def test_loops_keep_the_zero_that_passes_nothing_on():
    w, h = Value(0.5), Value(0.0)
    total = 0.0 * ag.sqrt(h)
    for _ in range(10):
        total = ag.tanh(w * total)
    tape = record([total])
    value, gradient = ag.compile(total, backend="native").value_and_grad()
    assert (value, gradient.tolist()) == (0.0, slopes(total, tape.parameters))


def test_two_threads_run_one_loop():
    from concurrent.futures import ThreadPoolExecutor

    output = recurring.rnn(30)
    program = ag.compile(output, backend="native")
    numbers = [leaf.data for leaf in program.parameters]
    expected = program.value_and_grad()

    def again(_):
        return program.value_and_grad(parameters=numbers)

    with ThreadPoolExecutor(4) as pool:
        for value, gradient in pool.map(again, range(200)):
            assert value == expected[0] and (gradient == expected[1]).all()


# JAX.

UNLIKE_IN_JAX = ["lag_two", "every_step", "back_and_forth", "resets", "deep_mlp"]


@pytest.mark.parametrize("graph", [*BODIES, *UNLIKE_IN_JAX])
def test_a_loop_is_a_scan_of_jax(graph, jax_in_double):
    jax = jax_in_double
    build = getattr(recurring, graph)
    output = build(12) if "steps" in list(inspect.signature(build).parameters)[:1] else build()
    program = ag.compile(output)
    numbers = np.array([leaf.data for leaf in program.parameters])
    function = program.to_jax()
    assert "scan[" in str(jax.make_jaxpr(function)(numbers))
    value, gradient = jax.jit(jax.value_and_grad(function))(numbers)
    close(value, output.data)
    close(gradient, slopes(output, program.parameters))


def test_what_jax_compiles_is_as_long_whatever_the_number_of_steps(jax):
    lengths = []
    for steps in (20, 200):
        program = ag.compile(recurring.lstm(steps))
        numbers = np.array([leaf.data for leaf in program.parameters])
        gradient = jax.grad(program.to_jax())
        lengths.append(str(jax.make_jaxpr(gradient)(numbers)).count(" = "))
    assert lengths[0] == lengths[1]

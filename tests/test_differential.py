"""Every back end against the engine: on random graphs, at kinks and ties, on numbers at the edge.

A failure names its seed: `graphs.random_graph(seed, inputs)` grows the graph again.
"""

import math
import random
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

import autograd_engine as ag
from autograd_engine import functions
from autograd_engine.compiler.record.rewriting import Unwritable, written_out
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.exact.interpreter import Interpreter
from autograd_engine.compiler.run.native.core import Machine, core, fits
from autograd_engine.compiler.run.numpy.lifted import ByNumPy, Lifted
from autograd_engine.engine import Value

# Tests are imported one by one, not as a package: what they share is loaded by its path.
spec = spec_from_file_location("graphs", Path(__file__).with_name("graphs.py"))
graphs = sys.modules["graphs"] = module_from_spec(spec)
spec.loader.exec_module(graphs)

BLOCK = 60
ROWS = 5
INF, NAN = math.inf, math.nan


def in_tiles(tape: Tape) -> Lifted:
    """Arrays, with a batch cut into tiles of which the last is shorter."""
    program = ByNumPy(tape)
    program.tile = 2
    return program


def auto(tape: Tape):
    """What `ag.compile` chooses."""
    return ag.Program(tape)._runner


def refused(make, tape: Tape, rows) -> bool:
    """Say whether a tape is none for this runner."""
    if make is Machine:
        return fits(tape) is not None
    try:
        return (make is in_tiles and rows is None) or not written_out(tape)
    except Unwritable:
        return make is not auto


RUNNERS = {
    "auto": auto,
    "numpy": ByNumPy,
    "numpy in tiles": in_tiles,
    "native": Lifted,
    "scalar": Machine,
}


def leaves(tape: Tape) -> np.ndarray:
    return graphs.numbers([*tape.parameters, *tape.others])


def cases(block: int):
    """Yield seed, whether there are inputs, the graph, its tape, leaves and rows of a block."""
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        for inputs in (False, True):
            graph = graphs.random_graph(seed, inputs)
            tape = graph.tape()
            rows = graphs.other_rows(graph, tape, seed, ROWS) if inputs else None
            yield (seed, inputs), graph, tape, rows


BLOCKS = [0, *(pytest.param(block, marks=pytest.mark.slow) for block in range(1, 17))]


@pytest.mark.parametrize("block", BLOCKS)
def test_random_graphs_give_what_the_engine_gives(block):
    for name, graph, tape, rows in cases(block):
        expected = graphs.answer(tape, leaves(tape), rows)
        for runner, make in RUNNERS.items():
            if refused(make, tape, rows):
                continue
            outputs, gradient = make(tape).run(leaves(tape), rows, True)
            assert not expected.differs(outputs, gradient), (name, runner)
        exact = Interpreter(tape).run(leaves(tape), rows, True)
        assert (exact[0] == expected.outputs).all() and (exact[1] == expected.gradient).all(), name
        # The graph itself, not only its tape, is what was compiled.
        assert graph.loss.data == expected.outputs[0, 0], name
        if rows is None:
            graph.loss.backward()
            slopes = [parameter.grad for parameter in graph.parameters]
            assert slopes == expected.gradient.tolist(), name


@pytest.mark.slow
@pytest.mark.parametrize("block", range(4))
def test_random_networks_give_what_the_engine_gives(block):
    for seed in range(10 * block, 10 * (block + 1)):
        for inputs in (False, True):
            graph = graphs.random_network(seed, inputs)
            tape, rng = graph.tape(), np.random.default_rng(seed)
            count = rng.choice([1, 2, 7, 16, 33])
            fed = graphs.numbers(graph.inputs) * rng.uniform(0.5, 1.0, (count, len(graph.inputs)))
            rows = fed if graph.inputs else None
            expected = graphs.answer(tape, leaves(tape), rows)
            for runner, make in RUNNERS.items():
                if make is Machine and core() is None:
                    continue
                outputs, gradient = make(tape).run(leaves(tape), rows, True)
                assert not expected.differs(outputs, gradient), (seed, inputs, runner)


@pytest.mark.slow
def test_outputs_are_the_same_with_a_gradient_and_without():
    for name, _, tape, rows in cases(0):
        for runner in (auto, Interpreter):
            program = runner(tape)
            outputs, none = program.run(leaves(tape), rows, False)
            assert none is None
            assert (outputs == program.run(leaves(tape), rows, True)[0]).all(), name


@pytest.mark.slow
def test_a_program_may_be_run_again_on_other_numbers():
    for name, _, tape, rows in cases(1):
        if refused(Lifted, tape, rows):
            continue
        program, first = Lifted(tape), leaves(tape)
        before = program.run(first, rows, True)
        program.run(first * 0.5 + 0.25, None if rows is None else rows[:2], True)
        program.run(first * 0.0 + NAN, rows, True)
        after = program.run(first, rows, True)
        assert all((a == b).all() for a, b in zip(before, after)), name


def test_jax_gives_what_the_engine_gives(jax_in_double):
    from autograd_engine.compiler.run.jax.jax_program import tape_to_jax

    jax = jax_in_double
    for seed in range(12):
        graph = graphs.random_graph(seed, inputs=bool(seed % 2))
        tape = graph.tape()
        rows = graphs.other_rows(graph, tape, seed, ROWS) if seed % 2 else None
        function = tape_to_jax(tape)

        def loss(parameters, rows=rows, function=function):
            outputs = function(parameters, rows) if rows is not None else function(parameters)
            return outputs[..., 0].mean(), outputs

        found = jax.jit(jax.value_and_grad(loss, has_aux=True))(graphs.numbers(tape.parameters))
        (_, outputs), gradient = found
        outputs = np.array(outputs).reshape(-1, len(tape.outputs))
        expected = graphs.answer(tape, leaves(tape), rows)
        assert not expected.differs(outputs, np.array(gradient)), seed


# What the random graphs are made of.


def test_the_random_graphs_hold_every_primitive_and_every_composition():
    primitives, compositions = set(), set()
    for seed in range(600):
        grower = graphs.Grower(seed)
        grower.grow(8)
        compositions |= grower.met
        primitives |= {rule.name for rule in grower.graph(inputs=False).tape().rules}
    known = {rule.name for rule in graphs.OWN + graphs.SEVERAL}
    assert primitives >= {*graphs.PRIMITIVES, *known}
    ours = {
        name
        for name, found in vars(functions).items()
        if callable(found) and getattr(found, "__module__", "") == functions.__name__
    }
    assert compositions == {name for name in ours if not name.startswith("_")} - {
        "numbers",
        "plain",
        "recorded_dots",
    }


def test_the_random_graphs_meet_kinks_and_ties():
    met = dict.fromkeys(("maximum", "minimum", "relu", "absolute", "sign", "gate", "hypot"), 0)
    for _, _, tape, _ in (case for block in range(2) for case in cases(block)):
        for value in graphs.replayed(tape, leaves(tape), graphs.numbers(tape.inputs)):
            if value._rule.name in met:
                other = 0.0 if value._y is None or value._rule.name == "gate" else value._y.data
                met[value._rule.name] += value._x.data == other
    assert min(met.values()) > 3


@pytest.mark.slow
def test_the_random_graphs_become_every_instruction_and_every_form_of_a_contraction():
    kinds, contractions, stacks = set(), set(), 0
    for _, _, tape, _ in (case for block in (0, 1) for case in cases(block)):
        if refused(Lifted, tape, None):
            continue
        program = Lifted(tape)
        forward = [*program.program.forward(False), *program.program.forward(True)]
        whole = [*forward, *program.backward.body, *program.backward.rest]
        for found in [inner for each in whole for inner in (each, *each.body)]:
            kinds.add(found.kind)
            if found.kind == "contract":
                batched = "".join("-B"[ref.batched] for ref in (*found.ins, found.out))
                contractions.add(f"{found.axes} {batched}")
                stacks += found.out.shape[0] > 1 and found.axes.startswith("h")
    assert sorted(kinds) == [
        *("choose", "contract", "copy", "fill", "loop", "map", "put", "scan", "seed", "sum"),
        "take",
    ]
    forms = {
        "hsk,hjk->hsj": ["---", "-BB", "B-B", "BBB"],
        "nk,nk->n": ["---", "-BB", "BBB"],
        "hsj,hjk->hsk": ["---", "B-B", "BB-", "BBB"],
        "hsj,hsk->hjk": ["---", "B-B", "BB-", "BBB"],
    }
    assert contractions >= {f"{axes} {batched}" for axes in forms for batched in forms[axes]}
    assert stacks > 10


# Numbers at the edge.

EDGES = [INF, -INF, NAN, 0.0, -0.0, 1e-20, 710.0, -746.0]


def alike(found: float, expected: float, scale: float) -> bool:
    if expected != expected or abs(expected) == INF:
        return found == expected or (found != found and expected != expected)
    return abs(found - expected) <= 1e-12 * scale


@pytest.mark.parametrize("runner", ["numpy", "scalar"])
def test_numbers_that_are_not_finite_come_through_as_they_do_in_the_engine(runner):
    """A slope may be NaN where the engine's is finite, never finite where the engine's is not.

    An adjoint of 0 passes nothing on, which arrays do not look at: 0 * inf is NaN. A program
    looks for NaN, and then asks the engine.
    """
    compared = {"finite": 0, "not finite": 0}
    for seed in range(100):
        tape, rng = graphs.random_graph(seed, inputs=False).tape(), random.Random(seed)
        if runner == "scalar" and fits(tape) is not None:
            continue
        program = RUNNERS[runner](tape)
        for _ in range(4):
            numbers = leaves(tape)
            for _ in range(rng.randint(1, 2)):
                numbers[rng.randrange(len(numbers))] = rng.choice(EDGES)
            try:
                values = graphs.replayed(tape, numbers, None)
            except (ArithmeticError, ValueError):  # a domain error, or an overflow
                continue
            loss = values[tape.outputs[0]]
            loss.backward()
            outputs, gradient = program.run(numbers, None, True)
            finite = [abs(value.data) for value in values if math.isfinite(value.data)]
            assert alike(outputs[0, 0], loss.data, max(1.0, *finite)), seed
            compared["finite" if math.isfinite(loss.data) else "not finite"] += 1
            if math.isfinite(loss.data):
                scale = scale_of_slopes(values)
                for found, value in zip(gradient, values):
                    if math.isfinite(value.grad):
                        assert found != found or alike(found, value.grad, scale), seed
                    else:
                        assert not math.isfinite(found), seed
    assert min(compared.values()) > 80


def scale_of_slopes(values: list[Value]) -> float:
    sizes = [abs(value.grad) * max(1.0, abs(value.data)) for value in values]
    return max(1.0, *(size for size in sizes if math.isfinite(size)))


@pytest.mark.parametrize("number", [0.0, -0.0])
@pytest.mark.parametrize("runner", RUNNERS)
def test_the_sign_of_zero_is_the_engines(runner, number):
    x, y = Value(number), Value(2.0)
    tape = graphs.Graph(-x, [], [x, y], [x * y, x + x, abs(-x), x - 0.0, -(x * y)]).tape()
    outputs, _ = RUNNERS[runner](tape).run(np.array([number, 2.0]), None, False)
    expected = [graphs.replayed(tape, np.array([number, 2.0]), None)[i].data for i in tape.outputs]
    assert np.signbit(outputs[0]).tolist() == np.signbit(expected).tolist()


@pytest.mark.parametrize("runner", RUNNERS)
def test_ties_and_kinks_are_decided_as_the_engine_decides_them(runner):
    values = [Value(number) for number in [0.0, 0.0, 1.0, 1.0, -1.0, -0.0]]
    one = [graphs.TABLE["maximum"](a, b) for a in values for b in values]
    two = [graphs.TABLE["minimum"](a, b) for a in values for b in values]
    bent = [f(value) for value in values for f in (graphs.TABLE["relu"], abs, graphs.TABLE["sign"])]
    chain = values[0]
    for value in values[1:] * 2:
        chain = graphs.TABLE["maximum"](chain, value)
    terms = [Value(0.5 + i) * value for i, value in enumerate([*one, *two, *bent, chain])]
    graph = graphs.Graph(functions.sum(terms), [], values)
    tape = graph.tape()
    found = RUNNERS[runner](tape).run(leaves(tape), None, True)
    expected = graphs.answer(tape, leaves(tape), None)
    assert (found[0] == expected.outputs).all()
    assert (found[1] == expected.gradient).all()  # numbers of few digits: nothing is rounded

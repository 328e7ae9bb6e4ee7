"""`to_c`: the text compiles without a warning, alone, and computes what the program computes."""

import ctypes
import math
import random
import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

import autograd_engine as ag
from autograd_engine import losses, nn
from autograd_engine.engine import Value
from autograd_engine.primitives import TABLE

for name in ("graphs", "recurring"):
    spec = spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
graphs, recurring = sys.modules["graphs"], sys.modules["recurring"]

FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O2"]
NUMBERS = ctypes.POINTER(ctypes.c_double)


@pytest.fixture
def built(tmp_path):
    """Return a function that compiles programs, and returns one for each that calls its C:
    (outputs, value, gradient) for parameters and inputs."""

    def build(programs):
        paths = []
        for i, program in enumerate(programs):
            paths.append(tmp_path / f"p{i}.c")
            paths[-1].write_text(program.to_c(f"p{i}"), encoding="utf-8")
        library = tmp_path / "programs.so"
        made = subprocess.run(
            ["gcc", *FLAGS, "-shared", "-fPIC", *paths, "-o", library, "-lm"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        loaded = ctypes.CDLL(str(library))
        return [caller(loaded, f"p{i}", program) for i, program in enumerate(programs)]

    return build


def caller(library, name, program):
    gradient_by = program.parameters or program.inputs
    known = re.search(rf"double {name}_gradient", program.to_c(name)) is not None

    def call(*given):
        given = [np.array(numbers, float) for numbers in given if len(numbers)]
        pointers = [numbers.ctypes.data_as(NUMBERS) for numbers in given]
        outputs, slopes = np.empty(program._count), np.empty(len(gradient_by))
        getattr(library, f"{name}_outputs")(*pointers, outputs.ctypes.data_as(NUMBERS))
        if not known:
            return outputs, None, None
        function = getattr(library, f"{name}_gradient")
        function.restype = ctypes.c_double
        return outputs, function(*pointers, slopes.ctypes.data_as(NUMBERS)), slopes

    return call


def data(values):
    return [value.data for value in values]


def agree(program, call, x=None):
    """Hold C to the program, for its parameters as they are and some inputs."""
    outputs, value, gradient = call(data(program.parameters), [] if x is None else x)
    np.testing.assert_allclose(outputs, np.atleast_1d(program(x)), rtol=1e-12, atol=1e-15)
    if gradient is not None:
        expected = program.value_and_grad(x)
        assert value == pytest.approx(expected[0], rel=1e-12, abs=1e-15)
        close = {"rtol": 1e-12, "atol": 1e-12 * max(1.0, np.abs(expected[1]).max(initial=0.0))}
        np.testing.assert_allclose(gradient, np.ravel(expected[1]), **close)


@pytest.mark.parametrize(
    "block", [0, *(pytest.param(i, marks=pytest.mark.slow) for i in range(1, 8))]
)
def test_random_graphs_are_the_engines(block, built):
    cases = []
    for seed in range(15 * block, 15 * (block + 1)):
        for inputs in (False, True):
            graph = graphs.random_graph(seed, inputs)
            tape = graph.tape()
            rows = graphs.other_rows(graph, tape, seed, 2) if inputs else None
            # Its other outputs are compiled apart: a gradient needs one.
            make = {"inputs": graph.inputs, "parameters": graph.parameters, "check": False}
            programs = [ag.compile(graph.loss, **make)]
            programs += [ag.compile([graph.loss, *graph.others], **make)] if graph.others else []
            cases += [(seed, graph, rows, program) for program in programs]
    cases = [case for case in cases if not refused(case[3])]
    assert len(cases) > 20
    for (seed, graph, rows, program), call in zip(cases, built([case[3] for case in cases])):
        tape = program._tape
        leaves = graphs.numbers([*tape.parameters, *tape.others])
        for row in [None] if rows is None else rows:
            expected = graphs.answer(tape, leaves, None if row is None else row[None])
            outputs, _, gradient = call(data(tape.parameters), [] if row is None else row)
            gradient = expected.gradient if gradient is None else gradient
            assert not expected.differs(outputs[None], gradient), (seed, len(graph.others))


def refused(program):
    try:
        program.to_c()
    except ValueError as error:
        assert "has no formula" in str(error)
        return True
    return False


NETWORKS = {
    "moons": lambda: graphs.moons(10),
    "digits": graphs.digits,
    "transformer": lambda: graphs.transformer(3, 4, 2),
    "recurrent": graphs.recurrent,
    "pendulum": graphs.pendulum,
    "convolution": graphs.convolution,
}
REPEATING = ("rnn", "lstm", "pendulum", "newton", "series", "kalman", "momentum")


def test_networks_and_recurrences_are_the_programs(built):
    made = {name: make() for name, make in NETWORKS.items()}
    programs = [ag.compile(g.loss, g.inputs, g.parameters) for g in made.values()]
    rows = [data(g.inputs) or None for g in made.values()]
    programs += [ag.compile(getattr(recurring, name)(12)) for name in REPEATING]
    rows += [None] * len(REPEATING)
    for program, call, x in zip(programs, built(programs), rows):
        agree(program, call, x)


def test_a_recurrence_is_a_loop_both_ways():
    text, longer = (ag.compile(recurring.rnn(steps)).to_c() for steps in (30, 60))
    assert "for (int t = 0; t < 30; ++t) {" in text
    assert "for (int t = 29; t >= 0; --t) {" in text
    code = [re.sub(r"/\*.*?\*/", "", each, flags=re.S) for each in (text, longer)]
    assert code[0].count("\n") == pytest.approx(code[1].count("\n"), abs=10)  # but the numbers


def test_equal_operations_are_loops_and_single_ones_are_not():
    w = [Value(0.1 * i) for i in range(50)]
    text = ag.compile(ag.sum([ag.tanh(v) for v in w])).to_c()
    assert re.search(
        r"for \(int i = 0; i < 50; \+\+i\)\n    m\[i \+ 58\] = tanh\(m\[i \+ 8\]\);", text
    )
    assert "m[10] = m[8] * m[9];" in ag.compile(Value(2.0) * Value(3.0)).to_c()


ROWS = [row for name, row in TABLE.items() if row.symbol and row.written_out is None]
EDGES = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 1e308, 5e-324]


def test_every_primitive_is_the_programs_also_at_the_edges(built):
    programs = []
    for row in ROWS:
        inside = [min(max(0.5, low + 0.25), high) for low, high in row.domain]
        leaves = [*map(Value, inside)]
        programs.append(ag.compile(row(*leaves), parameters=leaves, check=False))
    for row, program, call in zip(ROWS, programs, built(programs)):
        agree(program, call)
        for x in EDGES:
            for y in EDGES[: 1 if len(row.domain) == 1 else None]:
                point = [x, y][: len(row.domain)]
                outputs, value, gradient = call(point, [])
                expected = program.value_and_grad(parameters=point)
                np.testing.assert_allclose(outputs, [value])
                found = np.array([value, *gradient])
                both = np.array([expected[0], *expected[1]])
                where = ~np.isnan(both)  # where the engine raises it has NaN, C what IEEE 754 says
                np.testing.assert_allclose(
                    found[where], both[where], rtol=1e-12, err_msg=f"{row.name} {point}"
                )


@pytest.mark.parametrize(
    "f",
    [
        lambda w: ag.sqrt(w) * 0.0 + w,
        lambda w: ag.relu(ag.cbrt(w) - 1.0) + 3.0 * w,
        lambda w: ag.dot([ag.sqrt(w), w], [0.0, 2.0]),
        lambda w: w * math.inf + 1.0,
        lambda w: w * math.nan,
    ],
)
def test_what_is_not_finite_is_the_engines(f, built):
    w = Value(0.0)
    program = ag.compile(f(w + 1.0 - 1.0), parameters=[w], check=False)
    (call,) = built([program])
    _, value, gradient = call([0.0], [])
    np.testing.assert_array_equal([value, *gradient], [(e := program.value_and_grad())[0], *e[1]])


def test_outputs_may_be_constants_leaves_inputs_and_repeated(built):
    w, other, x = Value(2.0), Value(5.0), Value(3.0)
    y = w * x
    outputs = [y, w, x, ag.engine.constant(-7.0), y, other, ag.engine.constant(math.inf)]
    several = ag.compile(outputs, [x], [w], check=False)
    alone = [ag.compile(one, [x], [w]) for one in (y, w, x, other)]
    constant = ag.compile(ag.engine.constant(4.0), parameters=[])
    calls = built([several, *alone, constant])
    assert calls[0]([2.0], [4.0])[0].tolist() == [8.0, 2.0, 4.0, -7.0, 8.0, 5.0, math.inf]
    assert "gradient" not in several.to_c().split("#include")[1]
    found = [call([2.0], [4.0]) for call in calls[1:-1]]
    assert [value for _, value, _ in found] == [8.0, 2.0, 4.0, 5.0]
    assert [gradient.tolist() for *_, gradient in found] == [[4.0], [1.0], [0.0], [0.0]]
    assert calls[-1]([], [])[0].tolist() == [4.0]


def test_of_a_function_without_other_leaves_the_gradient_is_by_the_inputs(built):
    program = ag.compile(lambda x: x[0] * x[1] + ag.sin(x[0]), [1.0, 1.0])
    assert "program_gradient(const double inputs[2], double gradient[2])" in program.to_c()
    agree(program, built([program])[0], [0.3, -2.0])


def test_where_a_guard_does_not_hold_all_results_are_nan(built):
    w = Value(3.0)
    program = ag.compile(lambda x: x * w if x > 1.0 else x - w, 2.0)
    read = ag.compile(lambda x: x * w * (x * 3.0).data, 2.0)
    assert "== 0.1)" in ag.compile(lambda x: x * x.data, 0.1).to_c()  # nothing was rounded
    call, other = built([program, read])
    agree(program, call, [1.5])
    agree(read, other, [2.0])
    for function in (call, other):
        outputs, value, gradient = function([3.0], [0.5])
        assert np.isnan([*outputs, value, *gradient]).all()


def test_a_guard_that_expects_nan_holds_for_nan_alone(built):
    w = Value(3.0)
    program = ag.compile(lambda x: x[1] * w if x[0].data != 1.0 else x[1], [math.nan, 1.0])
    (call,) = built([program])
    agree(program, call, [math.nan, 2.0])
    assert np.isnan(call([3.0], [0.5, 2.0])[0]).all()


def test_a_trained_network_is_its_numbers_too(tmp_path):
    model = nn.MLP(2, [5, 3], activation="tanh", rng=random.Random(0))
    program = ag.compile(model, [0.0, 0.0])
    (tmp_path / "network.c").write_text(program.to_c(name="network"))
    main = """
#include <stdio.h>
extern const double network_parameters[33];
void network_outputs(const double parameters[33], const double inputs[2], double outputs[3]);
int main(void) {
  const double inputs[2] = {0.25, -0.5};
  double outputs[3];
  network_outputs(network_parameters, inputs, outputs);
  printf("%.17g %.17g %.17g", outputs[0], outputs[1], outputs[2]);
  return 0;
}
"""
    (tmp_path / "main.c").write_text(main)
    files = [tmp_path / "network.c", tmp_path / "main.c", "-o", tmp_path / "run", "-lm"]
    subprocess.run(["gcc", *FLAGS, *files], check=True)
    printed = subprocess.run([tmp_path / "run"], capture_output=True, text=True, check=True).stdout
    np.testing.assert_allclose([*map(float, printed.split())], program([0.25, -0.5]), rtol=1e-12)


def test_a_primitive_written_with_functions_of_numpy_has_a_formula(built):
    own = ag.primitive(
        "own", lambda x, y: np.float64(2.0) * np.arcsin(x) * y,
        lambda out, x, y: (2.0 * y / np.sqrt(1.0 - x * x), 2.0 * ag.asin(x)),
    )  # fmt: skip
    program = ag.compile(lambda x: own(x[0], x[1]) + x[1], [0.5, 2.0])
    (call,) = built([program])
    agree(program, call, [0.25, 3.0])


def test_memory_is_small_and_static():
    model = nn.MLP(64, [32, 10], activation="tanh", rng=random.Random(0))
    text = ag.compile(model, [0.0] * 64).to_c()
    (size,) = re.findall(r"static double \w+\[(\d+)\]", text)
    assert int(size) < len(list(model.parameters())) + 64 + 100
    assert "malloc" not in text


def test_the_comment_says_names_sizes_and_labels(built):
    w, b, x = Value(2.0, "weight"), Value(1.0, "*/ ??/ \n\u202eπ"), Value(0.0, "input /* x")
    program = ag.compile(w * x + b, [x], [w, b])
    built([program])  # without a warning
    text = program.to_c("line")
    assert (
        "void line_outputs(const double parameters[2], const double inputs[1], double outputs[1])"
        in text
    )
    assert (
        "double line_gradient(const double parameters[2], const double inputs[1], double gradient[2])"
        in text
    )
    assert "weight = parameters[0]" in text and "input / * x = inputs[0]" in text
    assert text.index("weight = ") < text.index("*/")


@pytest.mark.parametrize("name", ["", "2nd", "my net", "a-b", "näme", "_x", "a;b", "x\n", None, 3])
def test_a_name_that_is_none_in_c_is_refused(name):
    with pytest.raises(ValueError, match="^the name must be one in C.*got"):
        ag.compile(Value(1.0) * 2.0).to_c(name)


def test_a_primitive_without_a_formula_is_refused_by_name(built):
    branching = ag.primitive("branching", lambda x: x if x > 0 else 0.0, lambda out, x: (1.0,))
    with pytest.raises(ValueError, match="'branching' has no formula"):
        ag.compile(branching(Value(2.0)) * 2.0).to_c()
    bell = ag.primitive(
        "bell of",
        lambda x, w: ag.exp(-(x * x) / w),
        lambda out, x, w: (-2.0 * x / w * out, x * x / (w * w) * out),
    )
    program = ag.compile(bell(Value(0.7), Value(1.9)) * 3.0)
    agree(program, built([program])[0])


def test_derivatives_that_are_recorded_are_written_too(built):
    program = ag.compile(ag.grad(lambda x: x[0] ** 2 * ag.sqrt(x[1])), [1.0, 4.0])
    loss = ag.compile(lambda x: ag.sum([g * g for g in ag.grad(losses_of)(x)]), [0.3, 0.4])
    for one, call in zip((program, loss), built([program, loss])):
        agree(one, call, [0.5, 2.0])


def losses_of(x):
    return losses.cross_entropy([x[0] * x[1], x[0], x[1] ** 3], 1)

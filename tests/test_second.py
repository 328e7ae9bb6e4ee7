"""Hessians and derivatives along a vector of compiled programs, held to the engine's own."""

import math
import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy
import pytest

import autograd_engine as ag
from autograd_engine.compiler.call import second
from autograd_engine.compiler.run.native.core import core

# Tests are imported one by one, not as a package: what they share is loaded by its path.
spec = spec_from_file_location("graphs", Path(__file__).with_name("graphs.py"))
graphs = sys.modules["graphs"] = module_from_spec(spec)
spec.loader.exec_module(graphs)

BUMP = ag.primitive("bump", lambda x: x * x * x, lambda out, x: (3.0 * x * x,))
BENT = ag.primitive(
    "bent", lambda x: x * abs(x), lambda out, x: (2.0 * x if x > 0.0 else -2.0 * x,)
)
WRONG = ag.primitive("wrong", lambda x, y: x * y, lambda out, x, y: (2.0 * y, x))
CLOSED = ag.primitive("closed", lambda x: math.exp(x), lambda out, x: (out,))
MEAN = ag.primitive("middle", lambda *xs: sum(xs) / len(xs), lambda out, *xs: (1 / len(xs),) * 2)
W = ag.Value(1.5, "w")

FUNCTIONS = {
    "quadratic": lambda x: x[0] ** 2 * x[1],
    "linear": lambda x: x[0] + 2.0 * x[1],
    "constant": lambda x: W * 2.0,
    "number": lambda x: 7.0,
    "input": lambda x: x[1],
    "rosenbrock": lambda x: 100.0 * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2,
    "powers": lambda x: x[0] ** 3 + x[1] ** 1.5 + x[0] ** x[1] + x[1] ** -1,
    "leaf": lambda x: ag.tanh(W * x[0]) * x[1],
    "norm": lambda x: ag.norm(x) ** 2,
    "norms": lambda x: ag.cos(ag.norm(x)),
    "root": lambda x: x[0] * ag.sqrt(x[1]),
    "gated": lambda x: ag.relu(x[0]) * ag.sqrt(x[1]),
    "dead": lambda x: ag.relu(-x[0]) * ag.sqrt(x[1]),
    "kinks": lambda x: abs(x[0]) * x[1] + ag.maximum(x[0], x[1]) ** 2 + ag.elu(x[0]),
    "clipped": lambda x: ag.clip(x[0], 0.0, 1.0) * ag.minimum(x[1], 2.0),
    "softmax": lambda x: ag.softmax(x)[0] * ag.log_softmax(x)[1],
    "entropy": lambda x: ag.losses.cross_entropy(list(x), 1) + ag.logsumexp(x),
    "binary": lambda x: ag.losses.binary_cross_entropy(x[0] * x[1], 1),
    "spread": lambda x: ag.variance(x) + ag.mean(x) * ag.prod(x) + ag.dot(x, x),
    "smooth": lambda x: ag.erf(x[0]) * ag.gelu(x[1]) + ag.atan2(x[0], x[1] + 3.0) + ag.hypot(*x),
    "stopped": lambda x: x[0].detach() * x[0] + x[1] ** 2,
    "slope": lambda x: ag.grad(lambda y: y**4 * x[1])(x[0]),
    "large": lambda x: (x[0] * 1e200) * (x[1] * 1e-200),
    "bump": lambda x: BUMP(x[0]) * x[1],
    "bent": lambda x: BENT(x[0]) * x[1],
    "wrong": lambda x: WRONG(x[0], x[1]) ** 2,
    "closed": lambda x: CLOSED(x[0]) * x[1],
    "middle": lambda x: MEAN(x[0], x[1]) ** 2,
}
POINTS = ([2.0, 3.0], [0.0, 0.0], [1.0, 1.0], [0.0, 2.0], [0.5, 0.0], [-1.5, 0.25])


def agree(found, expected):
    numpy.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-300, equal_nan=True)


@pytest.fixture(params=[30_000, -1], ids=["entries", "directions"])
def way(request, monkeypatch):
    monkeypatch.setattr(second, "LARGEST", request.param)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_hessian_is_that_of_the_engine(name, exact, way):
    f = FUNCTIONS[name]
    program = ag.compile(f, [1.25, 2.5], check=False, exact=exact)
    for point in POINTS:
        try:
            expected = ag.hessian(f)(point)
        except (ArithmeticError, ValueError):
            continue
        found = program.hessian(point)
        agree(found, expected)
        assert found.shape == (2, 2)
        assert numpy.array_equal(numpy.isnan(found), numpy.isnan(found.T))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_derivative_along_a_vector_is_that_of_the_engine(name):
    f = FUNCTIONS[name]
    single, several = (
        ag.compile(g, [1.25, 2.5], check=False) for g in (f, lambda x: [f(x), x[0], 3.0])
    )
    for point in POINTS:
        for v in ([0.5, -2.0], [0.0, 1.0], [0.0, 0.0]):
            try:
                expected = ag.jvp(f, point, v)
            except (ArithmeticError, ValueError):
                continue
            found = single.jvp(point, v)
            assert isinstance(found, float)
            agree(found, expected)
            agree(several.jvp(point, v), [expected, v[0], 0.0])


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in ("bent", "closed")])
def test_both_are_programs_of_their_own(name, monkeypatch):
    """Somebody's own primitive that branches, or calls `math`, has no formula to differentiate."""
    program = ag.compile(FUNCTIONS[name], [1.25, 2.5])
    monkeypatch.setattr(second, "eagerly", None)
    program.hessian([2.0, 3.0])
    program.jvp([2.0, 3.0], [1.0, 0.5])
    assert None not in program._entries.values()


def test_entries_that_are_constants_are_not_computed():
    """Of 50 variables 147 entries move, and some of them are the same."""

    def rosenbrock(x):
        return sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:]))

    program = ag.compile(rosenbrock, [0.5] * 50)
    program.hessian([0.5] * 50)
    assert program._entries[True]._runner.nodes < 400


@pytest.mark.parametrize(
    ("example", "shape"),
    [(2.0, ()), ([2.0], (1, 1)), (numpy.array([1.0, 2.0]), (2, 2)), ((1.0, 2.0), (2, 2)),
     (numpy.ones((2, 3)), (2, 3, 2, 3)), ({"a": 1.0, "b": [2.0]}, (2, 2))],
)  # fmt: skip
def test_a_hessian_has_the_shape_of_the_example_twice(example, shape):
    def f(x):
        parts = [x["a"], *x["b"]] if isinstance(x, dict) else numpy.ravel(x).tolist()
        return ag.sum([part**3 for part in parts])

    program = ag.compile(f, example)
    x = numpy.full(len(program.inputs), 2.0)
    found = program.hessian(x)
    assert numpy.shape(found) == shape
    agree(numpy.reshape(found, (len(x),) * 2), 12.0 * numpy.eye(len(x)))
    assert program.jvp(x, x) == 24.0 * len(x)


@pytest.mark.parametrize("backend", ["auto", "native", "scalar", "numpy", "exact"])
def test_of_a_graph_the_inputs_count_and_other_leaves_are_read_at_each_call(backend):
    if backend == "scalar" and core() is None:
        return
    w, a, b = ag.Value(2.0, "w"), ag.Value(1.0, "a"), ag.Value(1.0, "b")
    program = ag.compile(w * a**2 * b, [a, b], backend=backend)
    agree(program.hessian([3.0, 5.0]), [[20.0, 12.0], [12.0, 0.0]])
    w.data = 1.0
    agree(program.hessian([3.0, 5.0]), [[10.0, 6.0], [6.0, 0.0]])
    agree(program.hessian([3.0, 5.0], parameters=[4.0]), [[40.0, 24.0], [24.0, 0.0]])
    assert program.jvp([3.0, 5.0], [1.0, 1.0], parameters=[2.0]) == 78.0


def test_guards_hold_here_too():
    program = ag.compile(lambda x: x[0] ** 2 if x[0] > 0.0 else -x[0], [1.0])
    agree(program.hessian([3.0]), [[2.0]])
    for ask in (lambda: program.hessian([-3.0]), lambda: program.jvp([-3.0], [1.0])):
        with pytest.raises(ag.GuardError, match="comparison"):
            ask()


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda p: p["none"].hessian([1.0]), "a Hessian is by the inputs, and this program has no"),
        (lambda p: p["none"].jvp([1.0], [1.0]), "by the inputs, and this program has none"),
        (lambda p: p["two"].hessian([1.0, 2.0]), "a Hessian needs one output, and this program ha"),
        (lambda p: p["one"].hessian([[1.0, 2.0]]), "one vector, and x is a batch: ask row by row"),
        (lambda p: p["one"].jvp([[1.0, 2.0]], [1.0, 2.0]), "and x is a batch"),
        (lambda p: p["one"].jvp([1.0, 2.0], [[1.0, 2.0]]), "v must be one vector, as x is, not a"),
        (lambda p: p["one"].hessian([1.0]), "array of shape (1,): input 'b' is missing"),
        (lambda p: p["one"].jvp([1.0, 2.0], [1.0]), "v must be a vector of 2 inputs"),
        (lambda p: p["one"].jvp([1.0, 2.0], [[1.0], 2.0]), "v must be a vector or rows of one"),
        (lambda p: p["one"].hessian([1.0, 2.0], parameters=[1.0]), "parameters must be one vector"),
    ],
)
def test_what_cannot_be_is_told(ask, said):
    w, a, b = ag.Value(2.0, "w"), ag.Value(1.0, "a"), ag.Value(1.0, "b")
    programs = {
        "none": ag.compile(w * a),
        "two": ag.compile([a * b, a], [a, b]),
        "one": ag.compile(a * b, [a, b]),
    }
    with pytest.raises(ValueError, match=re.escape(said)):
        ask(programs)


@pytest.mark.parametrize(
    ("f", "point", "said"),
    [
        (lambda x: ag.log(x[0]) * x[1], [0.0, 1.0], "the output is -inf"),
        (lambda x: ag.sqrt(x[0]) * x[1], [0.0, 1.0], "the gradient by input 0 is inf"),
        (
            lambda x: x[0] ** 1.5 * x[1],
            [0.0, 1.0],
            "second derivative by input 0 and input 0 is inf",
        ),
        (lambda x: x[0] * ag.sqrt(x[1]), [0.0, 0.0], "second derivative by input 0 and input 1 is"),
    ],
)
def test_what_is_not_finite_is_named(f, point, said):
    program = ag.compile(f, [1.0, 2.0])
    with pytest.raises(FloatingPointError, match=re.escape(said)):
        program.hessian(point)


def test_a_slope_along_a_vector_that_is_not_finite_is_named():
    program = ag.compile(lambda x: [x[0], ag.sqrt(x[1])], [1.0, 2.0])
    with pytest.raises(FloatingPointError, match="derivative of output 1 along v is inf"):
        program.jvp([1.0, 0.0], [1.0, 1.0])
    agree(program.jvp([1.0, 0.0], [1.0, 0.0]), [1.0, 0.0])


@pytest.mark.parametrize("exact", [False, True])
def test_outside_of_a_domain_all_is_nan_unless_it_is_checked(exact):
    program = ag.compile(lambda x: ag.log(x[0]) * x[1], [1.0, 2.0], check=False, exact=exact)
    assert numpy.isnan(program.hessian([-1.0, 1.0])).any()
    assert math.isnan(program.jvp([-1.0, 1.0], [0.0, 1.0]))
    program = ag.compile(lambda x: ag.log(x[0]) * x[1], [1.0, 2.0], exact=exact)
    with pytest.raises(FloatingPointError, match="log"):
        program.hessian([-1.0, 1.0])


INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("f", "point", "expected"),
    [
        (lambda x: x[0] ** 2 + ag.sqrt(x[1] ** 3), [1.0, 0.0], [[2.0, 0.0], [0.0, NAN]]),
        (lambda x: x[0] ** 2 + x[1] ** 1.5, [1.0, 0.0], [[2.0, 0.0], [0.0, INF]]),
        (lambda x: x[0] ** 2 + ag.exp(x[1]), [1.0, 800.0], [[NAN] * 2] * 2),  # which is refused
        (lambda x: x[0] / x[1] + x[0] ** 2, [1.0, 0.0], [[NAN] * 2] * 2),
        (lambda x: x[0] ** 2 + ag.log(x[1]), [1.0, -1.0], [[NAN] * 2] * 2),
        (lambda x: ag.sqrt(x[0]) + ag.log(x[1]), [-1.0, -1.0], [[NAN] * 2] * 2),
    ],
)
def test_entries_that_are_not_finite_are_those_of_the_engine_or_nan(f, point, expected, way):
    found = ag.compile(f, [0.5, 0.75], check=False).hessian(point)
    numpy.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("f", "point", "expected"),
    [
        (lambda x: [x[0] * 3.0, ag.sqrt(x[1])], [1.0, 0.0], [3.0, INF]),
        (lambda x: [x[0] * 3.0, 1.0 / x[1]], [1.0, 0.0], [NAN, NAN]),  # which is refused
        (lambda x: [x[0] * 3.0, ag.log(x[1])], [1.0, -1.0], [NAN, NAN]),  # not 1 / -1
    ],
)
def test_slopes_that_are_not_finite_are_those_of_the_engine_or_nan(f, point, expected):
    found = ag.compile(f, [0.5, 0.75], check=False).jvp(point, [1.0, 1.0])
    numpy.testing.assert_array_equal(found, expected)


def test_a_hessian_of_one_number_may_be_infinite():
    assert ag.compile(lambda x: x**1.5, 1.0, check=False).hessian(0.0) == INF


@pytest.mark.parametrize("seed", range(12))
def test_random_graphs_have_the_second_derivatives_of_the_engine(seed, way):
    graph = graphs.random_graph(seed, inputs=True)
    program = ag.compile(graph.loss, graph.inputs[:4], check=False)
    x, leaves = graphs.numbers(program.inputs), program._leaves()
    v = numpy.linspace(1.0, 2.0, len(x))
    found, expected = program.hessian(x), second.eagerly(program, x, leaves.tolist(), None)
    numpy.testing.assert_allclose(found.ravel(), expected, rtol=1e-8, atol=1e-10 * abs(found).max())
    along = second.eagerly(program, x, leaves.tolist(), v[None])
    numpy.testing.assert_allclose(program.jvp(x, v), along[0], rtol=1e-10)

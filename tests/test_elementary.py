"""Operations of several operands in compiled programs: the package's rows and somebody's own."""

import copy
import math
import pickle

import numpy
import pytest

import autograd_engine as ag
from autograd_engine import Value, losses
from autograd_engine.compiler.record.rewriting import written_out
from autograd_engine.compiler.record.tape import record
from autograd_engine.compiler.tell.listing import scalars

CLOSE = 1e-12
BACK_ENDS = ["auto", "native", "scalar", "numpy", "exact"]
# Partials that are not those of the function show whose are taken.
CROSSED = ag.primitive(
    "crossed", lambda x, y, z: x * y + ag.tanh(z), lambda out, x, y, z: (x, z, y)
)
SPREAD = ag.primitive(
    "spread", lambda *xs: ag.sum(xs) ** 2, lambda out, *xs: tuple(x * ag.sin(xs[0]) for x in xs)
)
NESTED = ag.primitive(
    "nested",
    lambda *xs: CROSSED(*xs) - ag.norm(xs),
    lambda out, *xs: (ag.prod(xs), 0.25, 0.5 * xs[0]),
)
LEVEL = ag.primitive("level", lambda *xs: 3, lambda out, *xs: xs[::-1])
MIDDLE = ag.primitive(
    "middle", lambda *xs: sorted(xs)[len(xs) // 2], lambda out, *xs: (ag.sin(out),) * len(xs)
)
STEEP = ag.primitive(
    "steep", lambda *xs: math.fsum(xs), lambda out, *xs: tuple(float(x > 0.2) + 1.0 for x in xs)
)
READ = {
    "sum": ag.sum,
    "mean": ag.mean,
    "prod": ag.prod,
    "dot": lambda xs: ag.dot(xs, xs[::-1]),
    "dot with a start": lambda xs: ag.dot(xs, xs[::-1], xs[1]),
    "dot with numbers": lambda xs: ag.dot([2.0, *xs], [3.0, 0.5, *xs[1:]], 4.0),
    "norm": ag.norm,
    "variance": ag.variance,
    "logsumexp": ag.logsumexp,
    "softmax": lambda xs: ag.dot(ag.softmax(xs), xs),
    "softmax of many": lambda xs: ag.dot(ag.softmax([*xs] * 6), [*xs] * 6),
    "log_softmax": lambda xs: ag.log_softmax(xs)[1] * xs[0],
    "cross_entropy": lambda xs: losses.cross_entropy(xs, 2),
    "binary_cross_entropy": lambda xs: losses.binary_cross_entropy(xs[0], 1) * xs[1],
    "mse": lambda xs: losses.mse(xs, [0.5, xs[0], -1.0]),
    "of one operand": lambda xs: ag.sum([ag.prod(xs[:1]), ag.norm(xs[1:2]), ag.logsumexp(xs[2:])]),
    "crossed": lambda xs: CROSSED(*xs) * xs[0],
    "crossed with numbers": lambda xs: CROSSED(xs[0], 2, xs[1]) + CROSSED(xs[2], xs[2], xs[2]),
    "spread": lambda xs: SPREAD(*xs) + SPREAD(xs[0]) - SPREAD(*xs, 1.5, *xs),
    "nested": lambda xs: ag.exp(NESTED(*xs)),
    "level": lambda xs: LEVEL(*xs) * xs[1],
}
CALLED = {
    "middle": lambda xs: MIDDLE(*xs) * xs[0] + ag.sum(xs),
    "steep": lambda xs: ag.tanh(STEEP(*xs) * xs[2]) + STEEP(xs[0], 0.5),
}
ALL = {**READ, **CALLED}
POINTS = [[0.3, -0.7, 1.2], [0.9, 0.4, -0.1], [-1.1, 0.25, 0.6]]


def eager(f, point):
    leaves = [Value(x) for x in point]
    output = f(leaves)
    return output.data, ag.gradient(output, leaves)


@pytest.mark.parametrize("backend", BACK_ENDS)
@pytest.mark.parametrize("name", ALL)
def test_value_and_gradient_are_the_engines_on_every_back_end(name, backend):
    f = ALL[name]
    if name in CALLED and backend not in ("auto", "exact"):
        with pytest.raises(ValueError, match=f"{backend} back end .* '{name}' has no formula: "):
            ag.compile(f, POINTS[0], backend=backend)
        return
    by_inputs = ag.compile(f, POINTS[0], backend=backend)
    leaves = [Value(x) for x in POINTS[0]]
    by_leaves = ag.compile(f(leaves), parameters=leaves, backend=backend)
    values, slopes = by_inputs.value_and_grad(POINTS)
    for point, value, slope in zip(POINTS, values, slopes):
        expected, right = eager(f, point)
        assert value == pytest.approx(expected, rel=CLOSE)
        assert slope == pytest.approx(right, rel=CLOSE, abs=CLOSE)
        value, slope = by_leaves.value_and_grad(parameters=point)
        assert value == pytest.approx(expected, rel=CLOSE)
        assert slope == pytest.approx(right, rel=CLOSE, abs=CLOSE)


@pytest.mark.parametrize("name", ALL)
def test_derivatives_in_jax_are_the_engines(name, jax_in_double):
    jax, f = jax_in_double, ALL[name]
    function = ag.compile(f, POINTS[0]).to_jax()
    of = lambda x: function(numpy.empty(0), x)  # noqa: E731
    found = jax.jit(jax.vmap(jax.value_and_grad(of)))(numpy.array(POINTS))
    numpy.testing.assert_allclose(of(numpy.array(POINTS)), found[0], rtol=CLOSE)
    for point, value, slope in zip(POINTS, *found):
        expected, right = eager(f, point)
        numpy.testing.assert_allclose(value, expected, rtol=CLOSE)
        numpy.testing.assert_allclose(slope, right, rtol=CLOSE, atol=CLOSE)
    if name == "steep":
        with pytest.raises(TypeError, match="the partials of steep branch"):
            jax.hessian(of)(numpy.array(POINTS[0]))
        return
    leaves = [Value(x) for x in POINTS[0]]
    right = [ag.gradient(s, leaves) for s in ag.gradient(f(leaves), leaves, create_graph=True)]
    for hessian in (jax.hessian(of), jax.jacrev(jax.grad(of))):
        found = jax.jit(hessian)(numpy.array(POINTS[0]))
        # A partial of one's own need not be a gradient: JAX has the other index first.
        numpy.testing.assert_allclose(found, right, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", CALLED)
def test_what_is_no_formula_runs_value_by_value_and_says_why(name):
    program = ag.compile(CALLED[name], POINTS[0])
    told = f"It runs value by value in plain Python: '{name}' has no formula: "
    assert program.explain_plan().startswith(told)
    assert name in program.source


@pytest.mark.parametrize("name", ALL)
def test_a_program_may_be_copied_pickled_and_turned(name, monkeypatch):
    program = ag.compile(ALL[name], POINTS[0], exact=True)
    twins = [copy.deepcopy(program)]
    if not any(rule.written_out is None and rule.several for rule in program._tape.rules):
        twins.append(pickle.loads(pickle.dumps(program)))  # functions of one's own cannot be
    for twin in twins:
        for found, right in zip(twin.value_and_grad(POINTS[1]), program.value_and_grad(POINTS[1])):
            assert numpy.array_equal(found, right)


def test_a_tape_has_the_operations_as_they_were_recorded_and_written_out():
    x, y = Value(1.0, "x"), Value(2.0, "y")
    length = ag.norm([x, y, 3.0])
    length.label = "length"
    tape = record([length * ag.sum([y]) ** 2])
    assert scalars(tape).splitlines()[2:] == [
        "v2 = 3.0",
        "v3 = norm(v0, v1, v2)    'length'",
        "v4 = sum(v1)",
        "v5 = v4**2",
        "v6 = v3 * v5",
        "return v6",
    ]
    assert scalars(written_out(tape)).splitlines()[2:] == [
        "v2 = 3.0",
        "v3 = 2.0",
        "v4 = hypot(v0, v1)",
        "v5 = hypot(v4, v2)    'length'",
        "v6 = v1 ** v3",
        "v7 = v5 * v6",
        "return v7",
    ]
    assert written_out(written_out(tape)) is not tape


def test_entries_of_one_softmax_share_their_exponentials():
    xs = [Value(x) for x in POINTS[0]]
    tape = record([*ag.softmax(xs), *ag.log_softmax(xs), ag.softmax(xs[:2])[0]])
    names = [rule.name for rule, _ in written_out(tape).instructions()]
    assert (names.count("exp"), names.count("divide"), names.count("log")) == (3 + 2, 3 + 1, 1)


TOO_LARGE = [
    (
        lambda xs: ag.prod(xs),
        r"prod\(1e\+200, 1e\+200, 1.0\) \('a' is 1e\+200, 'b' is 1e\+200, 'c' is 1.0\) is inf",
    ),
    (
        lambda xs: ag.sum([x * 1e300 for x in xs * 4]),
        r"1e\+200 \* 1e\+300 \('a' is 1e\+200\) is inf",
    ),
    (
        lambda xs: ag.dot(xs * 4, xs * 4),
        r"dot\(1e\+200, 1e\+200, .*, 1.0\) \('a' is 1e\+200, .* is inf",
    ),
    (lambda xs: ag.exp(SPREAD(*xs)), r"spread\(1e\+200, 1e\+200, 1.0\).* is too large"),
]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("f, told", TOO_LARGE)
def test_the_first_operation_that_is_not_finite_is_named_as_it_was_recorded(f, told, exact):
    leaves = [Value(1.0, "a"), Value(1.0, "b"), Value(1.0, "c")]
    program = ag.compile(f(leaves), parameters=leaves, exact=exact)
    with pytest.raises(FloatingPointError, match=told):
        program(parameters=[1e200, 1e200, 1.0])


def test_a_partial_that_is_not_finite_is_named_with_its_operand():
    own = ag.primitive("own", lambda *xs: ag.sum(xs), lambda out, *xs: tuple(1e308 * x for x in xs))
    leaves = [Value(1.0, "a"), Value(1.0, "b"), Value(1.0, "c")]
    program = ag.compile(own(*leaves), parameters=leaves)
    with pytest.raises(
        FloatingPointError, match=r"by parameter 'b'.*own\(1.0, 9.0, 1.0\).* operand 2 is"
    ):
        program.value_and_grad(parameters=[1.0, 9.0, 1.0])


def test_a_number_of_several_operands_that_is_read_is_guarded_by_its_bits():
    program = ag.compile(lambda x: ag.norm(x).data * ag.logsumexp(x), POINTS[0], backend="numpy")
    assert program(POINTS[0]) == pytest.approx(
        eager(lambda x: ag.norm(x) * ag.logsumexp(x), POINTS[0])[0]
    )
    with pytest.raises(ag.GuardError, match="leaves the graph here"):
        program(POINTS[1])

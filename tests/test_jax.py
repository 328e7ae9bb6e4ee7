"""JAX's spellings of the primitives and of whole tapes, against the engine itself.

Everything runs in double precision. What can be is compiled together: that is where the time goes.
"""

import ast
import math
import random
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import autograd_engine as ag
from autograd_engine import Value
from autograd_engine.compiler.lift.pieces import planned
from autograd_engine.compiler.record.tape import record
from autograd_engine.compiler.run import translation
from autograd_engine.compiler.run.jax import jax_program
from autograd_engine.compiler.run.jax.jax_program import (
    SAME,
    by_lines,
    by_value,
    folded,
    is_deep,
    passed,
    primitive_in_jax,
    tape_to_jax,
)
from autograd_engine.primitives import TABLE, Primitive
from autograd_engine.table import power_of

ROWS = [
    name
    for name, row in TABLE.items()
    if name not in ("leaf", "constant") and row.written_out is None
]
INF, NAN = math.inf, math.nan
# fmt: off
EDGES = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, -3.0, INF, -INF, NAN, 1e-300, -1e-300, 1e-20, 1e-8,
    20.0, -20.0, 26.0, 37.0, -37.0, 700.0, 709.7, 710.0, -700.0, 1e15, 1e22, 1e300, math.pi,
]
# fmt: on
# JAX's own log1p, erfc and cosh are up to 500 ulp off: 1.1e-13.
CLOSE = 1e-12


@pytest.fixture(autouse=True, scope="module")
def settings():
    """Double precision; and half the time would be spent on optimising what runs once."""
    wanted = {"jax_enable_x64": True, "jax_disable_most_optimizations": True}
    before = {name: jax.config.read(name) for name in wanted}
    for name, setting in wanted.items():
        jax.config.update(name, setting)
    yield
    for name, setting in before.items():
        jax.config.update(name, setting)


def points(rule: Primitive) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(len(rule.name))
    x, y = np.concatenate([rng.uniform(-3, 3, (2, 200)), rng.normal(size=(2, 200)) * 600], axis=1)
    if len(rule.domain) == 1:
        return (np.concatenate([EDGES, x]),)
    first, second = (grid.ravel() for grid in np.meshgrid(EDGES, EDGES))
    return np.concatenate([first, x]), np.concatenate([second, y])


def eagerly(rule: Primitive, *operands: float) -> float | None:
    try:
        return rule(*operands)
    except (ArithmeticError, ValueError):
        return None


@pytest.mark.parametrize("name", ROWS)
def test_no_row_is_called_back_number_by_number(name):
    assert jax_program.IN_JAX.spelled(TABLE[name]) is not None


@pytest.fixture(scope="module")
def edges():
    """Each row at all its points."""
    given = {name: points(TABLE[name]) for name in ROWS}
    function = lambda: {name: primitive_in_jax(TABLE[name])(*given[name]) for name in ROWS}  # noqa: E731
    return jax.jit(function)()


@pytest.mark.parametrize("name", ROWS)
def test_a_row_in_jax_is_the_engine_s_at_every_edge(edges, name):
    check(name, edges[name])


TRANSLATED = [
    name for name in ROWS if ast.unparse(translation.read()[f"M.{name}"]).startswith("floats.")
]


@pytest.fixture(scope="module")
def from_source():
    """What each function of `floats`, translated, gives at all points of its row."""
    given = {name: points(TABLE[name]) for name in TRANSLATED}
    functions = {name: jax_program.IN_JAX.on_arrays(f"M.{name}") for name in TRANSLATED}
    return jax.jit(lambda at: {name: functions[name](*at[name]) for name in TRANSLATED})(given)


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_function_translated_from_its_source_is_the_row(from_source, name):
    check(name, from_source[name])


@pytest.mark.parametrize(
    "source",
    ["for i in range(3):\n        x = x * x", "try:\n        x = 1.0 / x\n    finally: pass"],
)
def test_source_that_cannot_be_read_is_not_translated(source, monkeypatch):
    (strange,) = ast.parse(f"def strange(x):\n    {source}\n    return x").body
    monkeypatch.setattr(translation, "read", lambda own: {"floats.strange": strange})
    assert jax_program.IN_JAX.on_arrays("floats.strange") is None


def check(name, got):
    operands = points(TABLE[name])
    got = np.asarray(got)
    assert got.dtype == np.float64
    for result, *point in zip(got.tolist(), *(x.tolist() for x in operands), strict=True):
        expected = eagerly(TABLE[name], *point)
        if expected is None:
            assert not math.isfinite(result), point
        elif abs(expected) < 1e-305:  # JAX takes numbers below 2.3e-308 for 0, and so we do
            assert abs(result) < 1e-305, point
        elif math.isinf(expected) and name in ("lenient_power", "slope") and point[1] % 1.0:
            # Python finds some complex powers too large that IEEE 754 says are no number.
            assert not math.isfinite(result), point
        else:
            np.testing.assert_allclose(result, expected, rtol=CLOSE, err_msg=str(point))


def samples(rule: Primitive, count: int) -> list[list[float]]:
    """Points inside the row's domain, of size 0.1 to 3, away from its edges."""
    rng = random.Random(rule.name)
    chosen = []
    for _ in range(count):
        bounds = [(max(low, -3.0), min(high, 3.0)) for low, high in rule.domain]
        chosen.append([rng.uniform(0.9 * a + 0.1 * b, 0.1 * a + 0.9 * b) for a, b in bounds])
    return chosen


def twice(name: str, *operands: jax.Array):
    """The Hessians of a row, its values and its gradients."""
    which = tuple(range(len(operands)))

    def slopes(*numbers):
        value, found = jax.value_and_grad(primitive_in_jax(TABLE[name]), which)(*numbers)
        return found, (value, found)

    return jax.vmap(jax.jacfwd(slopes, which, has_aux=True))(*operands)


@pytest.fixture(scope="module")
def derivatives():
    """What `twice` gives of each row at its samples."""
    given = {name: np.array(samples(TABLE[name], 5)).T for name in ROWS}
    return jax.jit(lambda at: {name: twice(name, *at[name]) for name in ROWS})(given)


@pytest.mark.parametrize("name", ROWS)
def test_gradients_and_hessians_are_those_of_the_table(derivatives, name):
    rule = TABLE[name]
    hessians, (values, gradients) = derivatives[name]
    for i, point in enumerate(samples(rule, 5)):
        leaves = [Value(x) for x in point]
        out = rule(*leaves)
        out.backward()
        np.testing.assert_allclose(values[i], out.data, rtol=CLOSE)
        np.testing.assert_allclose(
            [g[i] for g in gradients], [leaf.grad for leaf in leaves], rtol=CLOSE
        )
        # 1e-11: second derivatives are sums of rounded terms that partly cancel.
        np.testing.assert_allclose(
            [[h[i] for h in line] for line in hessians],
            ag.hessian(lambda xs: rule(*xs))(point),
            rtol=1e-11,
            atol=1e-13,
        )


KINKS = [
    ("relu", (0.0,), (0.0,)),
    ("absolute", (0.0,), (0.0,)),
    ("maximum", (2.0, 2.0), (0.5, 0.5)),
    ("minimum", (-1.0, -1.0), (0.5, 0.5)),
    ("sqrt", (0.0,), (INF,)),
    ("cbrt", (0.0,), (INF,)),
    ("hypot", (0.0, 0.0), (0.0, 0.0)),
    ("atan2", (0.0, 0.0), (0.0, 0.0)),
    ("power", (0.0, 0.0), (0.0, 0.0)),
    ("power", (0.0, 0.5), (INF, 0.0)),
    ("power", (0.0, 2.0), (0.0, 0.0)),
    ("asin", (1.0,), (INF,)),
]


def test_kinks_are_the_table_s_in_reverse_and_forward_mode():
    def slopes(mode):
        return [
            mode(primitive_in_jax(TABLE[name]), tuple(range(len(point))))(*point)
            for name, point, _ in KINKS
        ]

    by_mode = jax.jit(lambda: [slopes(mode) for mode in (jax.grad, jax.jacfwd)])()
    for i, (name, point, expected) in enumerate(KINKS):
        for found in by_mode:
            assert tuple(map(float, found[i])) == expected, name
        leaves = [Value(x) for x in point]
        TABLE[name](*leaves).backward()
        assert tuple(leaf.grad for leaf in leaves) == expected, name


@pytest.mark.parametrize("name", sorted(SAME))
def test_the_derivatives_left_to_jax_are_those_of_the_row(name):
    rule = TABLE[name]
    for point in samples(rule, 5):
        by_jax = jax.grad(primitive_in_jax(rule), argnums=tuple(range(len(point))))(*point)
        assert tuple(map(float, by_jax)) == rule.partials(rule(*point), *point)


def test_third_derivatives_follow_by_themselves():
    tanh = primitive_in_jax(TABLE["tanh"])
    got = jax.jit(jax.grad(jax.grad(jax.grad(tanh))))(0.7)
    t = math.tanh(0.7)
    assert math.isclose(got, (1 - t * t) * (6 * t * t - 2), rel_tol=1e-11)


def test_plain_numbers_and_whole_numbers_are_taken_as_operands():
    power = primitive_in_jax(TABLE["power"])
    assert float(power(3, 2)) == 9.0
    assert primitive_in_jax(TABLE["multiply"])(3, 2).dtype == np.float64
    np.testing.assert_array_equal(power(np.array([1, 2, 3]), 2.0), [1.0, 4.0, 9.0])
    assert jax.grad(lambda x: power(x, 2))(-3.0) == -6.0


def test_a_square_of_a_negative_number_has_a_gradient_beside_a_logarithm_that_has_none():
    power = primitive_in_jax(TABLE["power"])
    exponents = jnp.array([2.0, 2.0])
    for derivative in (jax.jacfwd, jax.jacrev):
        got = jax.jit(derivative(lambda x: power(x, exponents)))(jnp.array([-1.5, 2.0]))
        assert np.diag(got).tolist() == [-3.0, 4.0]


def test_an_adjoint_of_zero_passes_nothing_on_to_an_infinite_partial():
    sqrt = primitive_in_jax(TABLE["sqrt"])
    function = lambda x: 0.0 * sqrt(x) + x  # noqa: E731
    assert float(jax.grad(function)(0.0)) == 1.0
    leaf = Value(0.0)
    (0.0 * ag.sqrt(leaf) + leaf).backward()
    assert leaf.grad == 1.0


def test_the_product_with_an_adjoint_is_differentiated_by_both():
    function = lambda p, a: jnp.sum(passed(p, a) * jnp.array([1.0, 10.0]))  # noqa: E731
    p, a = jnp.array([2.0, INF]), jnp.array([3.0, 0.0])
    by_p, by_a = jax.grad(function, argnums=(0, 1))(p, a)
    assert by_p.tolist() == [3.0, 0.0] and by_a.tolist() == [2.0, INF]
    assert jax.jvp(function, (p, a), (a, jnp.ones(2)))[1] == INF
    one = jax.vmap(passed, in_axes=(None, 0))(p[0], a)
    assert one.tolist() == [6.0, 0.0]
    assert jax.jit(passed)(p, a).tolist() == [6.0, 0.0]


def test_single_precision_stays_single_and_is_what_jax_has_unless_told_otherwise():
    sigmoid = primitive_in_jax(TABLE["sigmoid"])
    assert sigmoid(jnp.float32(0.5)).dtype == jnp.float32
    a = Value(0.3)
    function = tape_to_jax(record([ag.tanh(a * 0.5)]))
    jax.config.update("jax_enable_x64", False)
    try:
        got = function(jnp.array([0.3]))
        assert not jax.config.jax_enable_x64
    finally:
        jax.config.update("jax_enable_x64", True)
    assert got.dtype == jnp.float32
    assert math.isclose(float(got[0]), math.tanh(0.15), rel_tol=1e-6)  # seven digits


# Somebody's own primitives.


def test_a_primitive_of_one_s_own_with_a_formula_is_traced_and_keeps_its_own_partials():
    # Partials that are wrong on purpose show whose derivative is taken.
    cube = ag.primitive("cube", lambda x: x * x * x, lambda out, x: (7.0 * x,))
    function = primitive_in_jax(cube)
    assert "callback" not in str(jax.make_jaxpr(function)(2.0))
    assert float(function(2.0)) == 8.0
    assert float(jax.grad(function)(2.0)) == 14.0
    assert float(jax.grad(jax.grad(function))(2.0)) == 7.0


def test_a_formula_that_is_a_number_has_the_shape_of_its_operand():
    three = ag.primitive("three", lambda x: 3.0, lambda out, x: (0.0,))
    assert primitive_in_jax(three)(np.array([1.0, INF])).tolist() == [3.0, 3.0]


def steep(x, y):
    return x if x > y else math.log(y)


STEEP = ag.primitive("steep", steep, lambda out, x, y: (y, 1.0 / y))


def test_a_primitive_of_one_s_own_with_a_branch_is_called_back():
    function = primitive_in_jax(STEEP)
    x, y = np.array([3.0, -1.0, -5.0]), np.array([1.0, 2.0, -2.0])
    expected = [3.0, math.log(2.0), NAN]
    np.testing.assert_array_equal(function(x, y), expected)
    np.testing.assert_array_equal(jax.jit(function)(x, y), expected)
    np.testing.assert_array_equal(jax.vmap(function)(x, y), expected)
    np.testing.assert_array_equal(
        jax.vmap(function, in_axes=(0, None))(x, 2.0), [3.0] + [math.log(2.0)] * 2
    )
    assert tuple(map(float, jax.jit(jax.grad(function, argnums=(0, 1)))(3.0, 4.0))) == (4.0, 0.25)
    assert float(jax.grad(jax.grad(function, argnums=1), argnums=1)(3.0, 4.0)) == -0.0625


def kinked(out, x):
    return (2.0 if x > 0.0 else 1.0 / x if x else x / 0.0,)


KINKED = ag.primitive("kinked", lambda x: x * x, kinked)


def test_partials_of_one_s_own_with_a_branch_are_called_back():
    function = primitive_in_jax(KINKED)
    x = np.array([3.0, -4.0, 0.0])
    expected = [2.0, -0.25, NAN]
    np.testing.assert_array_equal(jax.vmap(jax.grad(function))(x), expected)
    np.testing.assert_array_equal(jax.jit(jax.grad(lambda x: function(x).sum()))(x), expected)
    assert jax.jvp(function, (3.0,), (10.0,)) == (9.0, 20.0)


def test_to_differentiate_partials_that_are_called_back_is_an_error_that_names_the_primitive():
    with pytest.raises(TypeError, match="partials of kinked branch.* functions of the package"):
        jax.grad(jax.grad(primitive_in_jax(KINKED)))(3.0)


def test_a_power_of_a_fixed_exponent_is_spelled_too():
    function = primitive_in_jax(power_of(3))
    assert float(function(-2.0)) == -8.0 and float(jax.grad(function)(-2.0)) == 12.0


# Whole tapes.


def random_graph(rng: random.Random, length: int, leaves: list[Value]) -> Value:
    """A value over every row of the table: each is fed with numbers inside its domain."""
    known = list(leaves)
    names = [rng.choice(ROWS) for _ in range(length - len(ROWS))] + ROWS
    rng.shuffle(names)
    for name in names:
        operands = []
        for low, high in TABLE[name].domain:
            inside = ag.sigmoid(known[-1 - min(int(rng.expovariate(0.2)), len(known) - 1)])
            low = max(low, -1.0)
            high = min(high, low + 2.0)
            operands.append(low + (0.15 + 0.8 * inside) * (high - low))
        known.append(TABLE[name](*operands))
    return ag.mean([ag.tanh(value) for value in known[-30:]])


WAYS = [by_lines, by_value]


def assert_as_eager(way, out: Value, leaves: list[Value]) -> None:
    run = way(record([out], parameters=leaves))
    numbers = np.array([leaf.data for leaf in leaves])
    value, gradient = jax.jit(jax.value_and_grad(lambda p: run(p, jnp.empty(0))[0]))(numbers)
    out.backward()
    np.testing.assert_allclose(value, out.data, rtol=CLOSE)
    expected = [leaf.grad for leaf in leaves]
    # Relative to the largest: a small component may be the difference of large ones.
    np.testing.assert_allclose(gradient, expected, rtol=CLOSE, atol=CLOSE * max(map(abs, expected)))


@pytest.mark.parametrize("way, length", [(by_lines, 52), (by_value, 400)])
def test_a_random_graph_over_every_row_agrees_in_value_and_gradient(way, length):
    leaves = [Value(x) for x in (0.3, -0.8, 1.2, 0.1)]
    assert_as_eager(way, random_graph(random.Random(2), length, leaves), leaves)


def network() -> tuple[Value, list[Value]]:
    random.seed(3)
    model = ag.nn.MLP(2, [5, 1])
    rows = [[random.uniform(-1, 1), random.uniform(-1, 1)] for _ in range(12)]
    return ag.mean([(model(row) - row[0] * row[1]) ** 2 for row in rows]), model.parameters()


def attention() -> tuple[Value, list[Value]]:
    """Two heads over three vectors: contractions in blocks, maxima along rows, broadcasts."""
    rng = random.Random(4)
    matrix = lambda n, m: [[Value(rng.gauss(0.0, 0.6)) for _ in range(m)] for _ in range(n)]  # noqa: E731
    words, key, query = matrix(3, 4), matrix(4, 4), matrix(4, 4)
    keys, queries = ([[ag.dot(w, x) for w in m] for x in words] for m in (key, query))
    seen = []
    for q in queries:
        for head in (slice(0, 2), slice(2, 4)):
            weights = ag.softmax([ag.dot(q[head], k[head]) / 2.0 for k in keys] + [0.0])
            seen += [ag.dot(weights[:3], column) for column in zip(*[x[head] for x in words])]
    return ag.mean([x * x for x in seen]), [x for m in (words, key, query) for r in m for x in r]


def filters() -> tuple[Value, list[Value]]:
    """A filter moved over a line with zeros at its ends: overlapping views, gathered."""
    rng = random.Random(5)
    line, weights = ([Value(rng.gauss(0.0, 1.0)) for _ in range(n)] for n in (9, 3))
    padded = [0.0, *line, 0.0]
    return ag.mean([ag.relu(ag.dot(weights, padded[i : i + 3])) for i in range(9)]), line + weights


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("made", [network, attention, filters])
def test_a_model_agrees_in_value_and_gradient(way, made):
    assert_as_eager(way, *made())


def operations(way, out: Value, leaves: list[Value]) -> str:
    run = way(record([out], parameters=leaves))
    return str(jax.make_jaxpr(lambda p: run(p, jnp.empty(0)))(jnp.zeros(len(leaves))))


def test_a_layer_arrives_in_jax_as_one_matrix_product_of_slices():
    found = operations(by_lines, *network())
    assert found.count("dot_general") == 3  # and one sums the squares
    assert "gather" not in found and "concatenate" not in found


def test_a_batch_arrives_in_jax_as_one_matrix_product():
    x = [Value(0.0) for _ in range(3)]
    tape = record([ag.nn.MLP(3, [4, 1])(x)], inputs=x)
    run = jax.vmap(by_lines(tape), (None, 0))
    found = str(jax.make_jaxpr(run)(jnp.zeros(len(tape.parameters)), jnp.zeros((7, 3))))
    assert found.count("dot_general") == 2
    assert "4,7]" in found or "7,4]" in found  # neurons and rows in one


def chain(name: str, items):
    total = items[0]
    for item in items[1:]:
        total = TABLE[name](total, item)
    return total


def test_a_fold_is_the_chain_of_its_primitive_ties_and_zeros_included():
    rows = np.array(
        [[3.0, 3.0, 1.0, 3.0, 3.0], [0.0, 0.0, 0.0, 2.0, 0.0], [0.5, -2.0, 3.0, 1.0, 4.0]]
    )

    def found(name):
        fold = lambda row: folded(TABLE[name], row)  # noqa: E731
        first = [jax.vmap(mode(fold))(rows) for mode in (jax.grad, jax.jacfwd)]
        return first, jax.hessian(fold)(rows[2])

    names = "maximum", "minimum", "hypot", "multiply"
    by_name = jax.jit(lambda: {name: found(name) for name in names})()
    for name, (first, second) in by_name.items():
        for i, row in enumerate(rows.tolist()):
            leaves = [Value(x) for x in row]
            chain(name, leaves).backward()
            for slopes in first:
                expected = [leaf.grad for leaf in leaves]
                np.testing.assert_allclose(slopes[i], expected, rtol=CLOSE, atol=0, err_msg=name)
        # Sums that partly cancel.
        expected = ag.hessian(lambda items, name=name: chain(name, items))(rows[2].tolist())
        np.testing.assert_allclose(second, expected, rtol=1e-11, atol=1e-15, err_msg=name)


def evaluations(steps: int) -> int:
    """How many operations a value takes that is computed again for each use.

    As XLA does it: up to a division, whose result it keeps. The pendulum is none that repeats.
    """
    rng, leaves = random.Random(6), [Value(1.0), Value(0.0), Value(0.02)]
    angle, speed, pull = leaves
    for _ in range(steps):
        speed = speed - pull * rng.choice([ag.sin, ag.tanh, ag.atan])(angle)
        angle = angle + 0.02 * speed
    run = by_lines(record([angle], parameters=leaves))
    taken: dict[int, int] = {}
    for line in jax.make_jaxpr(lambda p: run(p, jnp.empty(0)))(jnp.ones(3)).jaxpr.eqns:
        below = sum(taken.get(id(operand), 0) for operand in line.invars)
        kept = line.primitive.name == "div"
        taken.update((id(result), 0 if kept else 1 + below) for result in line.outvars)
    return max(taken.values())


def test_xla_is_kept_from_computing_cheap_operands_again_and_again():
    # Left alone, each step of a pendulum would take twice as long as the one before.
    assert evaluations(20) < 1000 and evaluations(40) < 1000


def test_a_primitive_of_one_s_own_keeps_its_own_partials_in_a_program(translated):
    cube = ag.primitive("cube", lambda x: x * x * x, lambda out, x: (7.0 * x,))
    a = Value(2.0)
    function = translated(record([cube(a) + 1.0]))
    slope = jax.jit(jax.grad(lambda p: function(p)[0]))
    assert float(slope(np.array([2.0]))[0]) == 14.0


def test_partials_of_one_s_own_with_a_branch_are_called_back_in_a_program(translated):
    a, b = Value(3.0), Value(-4.0)
    function = translated(record([KINKED(a * b) + KINKED(a)]))
    slope = jax.jit(jax.grad(lambda p: function(p)[0]))
    # By a * b, which is -12, the slope is -1/12, and by a alone it is 2.
    np.testing.assert_allclose(slope(np.array([3.0, -4.0])), [2.0 + 4.0 / 12.0, -0.25], rtol=CLOSE)


@pytest.fixture(params=WAYS)
def translated(request, monkeypatch):
    """The translation of a tape, by each way in turn."""
    monkeypatch.setattr(jax_program, "is_deep", lambda waves: request.param is by_value)
    return tape_to_jax


def test_a_batch_of_inputs_gives_a_row_of_outputs_for_each(translated):
    w, b, x, y = Value(0.5, "w"), Value(-0.2), Value(0.0), Value(0.0)
    tape = record([ag.tanh(w * x + b), x * y, w], inputs=[x, y], parameters=[b, w])
    function = jax.jit(translated(tape))
    rows = np.array([[0.3, 2.0], [-1.0, 4.0]])
    expected = [[math.tanh(0.5 * p - 0.2), p * q, 0.5] for p, q in rows]
    np.testing.assert_allclose(function(np.array([-0.2, 0.5]), rows), expected, rtol=CLOSE)
    np.testing.assert_allclose(function(np.array([-0.2, 0.5]), rows[1]), expected[1], rtol=CLOSE)
    slopes = jax.jit(jax.jacrev(function))(np.array([-0.2, 0.5]), rows)
    assert slopes.shape == (2, 3, 2)
    np.testing.assert_allclose(slopes[:, 0, 0], [1 - t[0] ** 2 for t in expected], rtol=CLOSE)
    assert jax.vmap(function, in_axes=(0, None))(np.ones((4, 2)), rows).shape == (4, 2, 3)


def test_other_leaves_have_the_numbers_of_the_moment_of_translation(translated):
    a, other = Value(2.0), Value(5.0)
    tape = record([a * other], parameters=[a])
    function = translated(tape)
    other.data = 100.0
    assert float(function(np.array([2.0]))[0]) == 10.0
    assert float(translated(tape)(np.array([2.0]))[0]) == 200.0


def test_outputs_may_be_leaves_and_constants_and_the_same_value_twice(translated):
    a, x = Value(2.0), Value(3.0)
    function = translated(record([a, x, a * x, a * x, a], inputs=[x]))
    assert function(np.array([2.0]), np.array([3.0])).tolist() == [2.0, 3.0, 6.0, 6.0, 2.0]


def test_a_graph_without_operations_is_its_leaf(translated):
    a = Value(2.0)
    assert translated(record([a]))(np.array([7.0])).tolist() == [7.0]


def test_a_program_of_a_called_back_primitive_is_compiled_batched_and_differentiated(translated):
    w, x = Value(0.5), Value(0.0)
    function = translated(record([STEEP(w * x, w) + x], inputs=[x]))
    rows = np.array([[3.0], [-1.0]])
    got = jax.jit(function)(np.array([0.5]), rows)
    np.testing.assert_allclose(got[:, 0], [1.5 + 3.0, math.log(0.5) - 1.0], rtol=CLOSE)
    gradient = jax.jit(jax.grad(lambda p: function(p, rows).sum()))(np.array([0.5]))
    # By x: y times the row's input; by y: 1 / y; at each of two rows.
    np.testing.assert_allclose(gradient, [0.5 * (3.0 - 1.0) + 2 * 2.0], rtol=CLOSE)


@pytest.mark.parametrize(
    "parameters, inputs, message",
    [
        (np.zeros(3), np.zeros(1), r"parameters must be an array of shape \(2,\), got \(3,\)"),
        (0.5, np.zeros(1), r"parameters must be an array of shape \(2,\), got \(\)"),
        (
            np.zeros(2),
            np.zeros(2),
            r"inputs must be an array of shape \(1,\) or \(rows, 1\), got \(2,\)",
        ),
        (np.zeros(2), np.zeros((1, 1, 1)), r"got \(1, 1, 1\)"),
        (np.zeros(2), 1.0, r"got \(\)"),
        (np.zeros(2), None, r"this program has 1 input"),
    ],
)
def test_arrays_of_another_shape_are_refused(translated, parameters, inputs, message):
    a, b, x = Value(1.0), Value(2.0), Value(3.0)
    function = translated(record([a * x + b], inputs=[x]))
    with pytest.raises(ValueError, match=message):
        function(parameters, inputs)


def test_second_derivatives_of_a_program_agree_with_the_engine(translated):
    point = [0.4, -0.7, 1.1]

    def formula(x):
        return ag.sin(x[0] * x[1]) * ag.exp(x[2]) + ag.maximum(x[0], x[2]) ** 2 / x[1]

    leaves = [Value(x) for x in point]
    function = translated(record([formula(leaves)], parameters=leaves))
    first = lambda p: function(p)[0]  # noqa: E731
    expected = ag.hessian(formula)(point)
    modes = jax.jacfwd, jax.jacrev
    mixtures = [outer(inner(first)) for outer in modes for inner in modes]
    for found in jax.jit(lambda p: [mixture(p) for mixture in mixtures])(np.array(point)):
        np.testing.assert_allclose(found, expected, rtol=1e-11)  # sums that partly cancel


def test_third_derivatives_of_a_program_agree_with_the_formula(translated):
    a = Value(0.5)
    function = translated(record([ag.sin(a * a) * a]))
    third = jax.grad(jax.grad(jax.grad(lambda x: function(x[None])[0])))
    by_hand = jax.grad(jax.grad(jax.grad(lambda x: jnp.sin(x * x) * x)))
    np.testing.assert_allclose(jax.jit(third)(0.5), by_hand(0.5), rtol=1e-11)


def test_a_gradient_for_each_row_is_mapped_over_parameters_and_inputs(translated):
    a, b, x = Value(0.5), Value(2.0), Value(0.0)
    function = translated(record([ag.tanh(a * x) * b], inputs=[x], parameters=[a, b]))
    slope = jax.grad(lambda p, row: function(p, row)[0])
    p, rows = np.array([[0.5, 2.0], [0.1, -1.0]]), np.array([[1.0], [3.0], [-2.0]])
    got = jax.jit(jax.vmap(jax.vmap(slope, in_axes=(None, 0)), in_axes=(0, None)))(p, rows)
    for i in range(2):
        for j in range(3):
            u, v, t = *map(Value, p[i]), rows[j, 0]
            (ag.tanh(u * t) * v).backward()
            np.testing.assert_allclose(got[i, j], [u.grad, v.grad], rtol=CLOSE)


def test_an_adjoint_of_zero_passes_nothing_on_in_a_program(translated):
    a = Value(0.0)
    function = translated(record([0.0 * ag.sqrt(a) + a]))
    assert jax.jit(jax.grad(lambda p: function(p)[0]))(np.array([0.0])).tolist() == [1.0]


def test_a_deep_graph_that_does_not_repeat_runs_value_by_value():
    rng, x = random.Random(5), Value(0.3)
    leaves, out = [x, Value(0.7)], x
    for _ in range(2_000):
        out = rng.choice([ag.sin, ag.tanh, lambda v: v * leaves[1], lambda v: v + leaves[0]])(out)
    tape = record([out], parameters=leaves)
    assert is_deep(planned(tape))
    function = jax.jit(jax.value_and_grad(lambda p: tape_to_jax(tape)(p)[0]))
    value, gradient = function(np.array([0.3, 0.7]))
    out.backward()
    np.testing.assert_allclose(value, out.data, rtol=1e-10)
    np.testing.assert_allclose(gradient, [leaf.grad for leaf in leaves], rtol=1e-10)


def sample() -> tuple[list, Value, list[Value]]:
    """The loss of a network by one sample: its inputs, itself, its parameters."""
    random.seed(5)
    model, x = ag.nn.MLP(6, [12, 4], activation="tanh"), [Value(0.1 * i) for i in range(6)]
    return x, ag.losses.cross_entropy(model(x), 2), model.parameters()


def test_a_program_is_exported_for_any_number_of_rows():
    x, loss, parameters = sample()
    program = ag.compile(loss, inputs=x, parameters=parameters)
    function = program.to_jax()
    step = jax.jit(jax.value_and_grad(lambda p, rows: function(p, rows).mean()))
    (batch,) = jax.export.symbolic_shape("rows")
    given = [jax.ShapeDtypeStruct(shape, jnp.float64) for shape in ((len(parameters),), (batch, 6))]
    exported = jax.export.export(step)(*given)
    rows = np.random.default_rng(0).normal(size=(7, 6))
    found = exported.call(np.array([w.data for w in parameters]), rows)
    for ours, theirs in zip(found, program.value_and_grad(rows)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_without_double_precision_a_network_is_right_to_six_digits():
    x, loss, parameters = sample()
    program = ag.compile(loss, inputs=x, parameters=parameters)
    rows = np.random.default_rng(0).normal(size=(7, 6))
    expected = program.value_and_grad(rows)
    jax.config.update("jax_enable_x64", False)
    try:
        function = program.to_jax()
        step = jax.jit(jax.value_and_grad(lambda p, rows: function(p, rows).mean()))
        value, slopes = step(np.array([w.data for w in parameters]), rows)
    finally:
        jax.config.update("jax_enable_x64", True)
    assert value.dtype == slopes.dtype == np.float32
    # The unit roundoff is 6e-8, and there are some ten operations on top of one another.
    assert abs(value - expected[0]) < 1e-6 * expected[0]
    assert abs(slopes - expected[1]).max() < 1e-6 * abs(expected[1]).max()


def test_a_network_is_no_deep_graph():
    model = ag.nn.MLP(4, [8, 8, 1])
    assert not is_deep(planned(record([ag.sum([model([0.1 * i] * 4) for i in range(30)])])))


def test_inputs_to_a_program_without_any_are_refused():
    a = Value(1.0)
    function = tape_to_jax(record([a * 2.0]))
    with pytest.raises(ValueError, match="has no inputs"):
        function(np.zeros(1), np.zeros(0))


def test_without_jax_the_error_names_the_extra():
    source = (
        "import sys; sys.modules['jax'] = None\n"
        "try: import autograd_engine.compiler.run.jax.jax_program\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    assert 'pip install "autograd_engine[jax]"' in done.stdout

"""Operations of any number of operands, each with each thing that can be wrong at it."""

import math
import random

import pytest

import autograd_engine as ag
from autograd_engine import Value, losses

product = ag.primitive(
    "product",
    lambda *xs: math.prod(xs),
    lambda out, *xs: tuple(ag.prod([*xs[:i], *xs[i + 1 :]]) for i in range(len(xs))),
)
volume = ag.primitive(
    "volume", lambda x, y, z: x * y * z, lambda out, x, y, z: (y * z, x * z, x * y)
)

ROWS = {
    "sum": ag.sum,
    "mean": ag.mean,
    "prod": ag.prod,
    "dot": lambda v: ag.dot(v[:1], v[1:2], v[2]),
    "dot with itself": lambda v: ag.dot(v, v),
    "norm": ag.norm,
    "variance": ag.variance,
    "logsumexp": ag.logsumexp,
    "softmax": lambda v: ag.softmax(v)[1],
    "log_softmax": lambda v: ag.log_softmax(v)[1],
    "cross_entropy": lambda v: losses.cross_entropy(v, 1),
    "mse": lambda v: losses.mse(v, [0.25, 0.75, -1.0]),
    "binary_cross_entropy": lambda v: losses.binary_cross_entropy(v[0], 1) + v[1] * v[2],
    "own of any number": lambda v: product(*v),
    "own of three": lambda v: volume(*v),
}
each_row = pytest.mark.parametrize("row", ROWS)
each_leaf = pytest.mark.parametrize("k", range(3))


def leaves(*numbers):
    return [Value(number, name) for number, name in zip(numbers, "abc")]


def kinds(found):
    return [finding.kind for finding in found]


@each_row
def test_what_is_well_has_no_findings_before_and_after_a_sweep(row):
    v = leaves(2.0, 3.0, 0.5)
    output = ROWS[row](v)
    assert ag.diagnose(output, v) == []
    output.backward()
    assert ag.diagnose(output, v) == []


@each_row
@each_leaf
def test_each_operand_is_reached_and_what_is_none_is_not(row, k):
    v = leaves(2.0, 3.0, 0.5)
    given = list(v)
    given[k] = Value(v[k].data, "new")
    (found,) = ag.diagnose(ROWS[row](given), v)
    assert found.kind == "unreached parameter"
    assert found.what == f"the output does not depend on {v[k].label!r}"


@each_row
@each_leaf
def test_not_a_number_is_traced_to_the_operand_it_came_with(row, k):
    v = leaves(2.0, 3.0, 0.5)
    v[k].data = math.nan
    found = ag.diagnose(ROWS[row](v), v)
    assert kinds(found) == ["not finite"]
    assert found[0].what == f"{v[k].label!r} is NaN from the beginning"


@pytest.mark.parametrize(
    "row", ["sum", "mean", "prod", "dot", "dot with itself", "variance", "mse",
            "own of any number", "own of three"],
)  # fmt: skip
def test_what_gave_the_first_infinity_is_named_with_its_operands(row):
    v = leaves(1e200, 1.5e308, 1.5e308)
    output = ROWS[row](v)
    output.label = "out"
    (found,) = ag.diagnose(output * 2.0, v)
    assert found.what == "'out' gave the first infinity of the forward pass"
    assert "1.5e+308" in found.why and "of finite operands" in found.why


def test_of_many_operands_the_first_and_the_largest_are_told():
    v = [Value(float(i), f"v{i}") for i in range(100)]
    v[40].data = 1e200
    (found,) = ag.diagnose(ag.dot(v, v), v)
    assert found.what.startswith("dot('v0', 'v0', 'v1', and 197 more) gave the first infinity")
    assert "(1e+200, 99, 98, 97, 96, 95 and 94 more)" in found.why
    (found,) = ag.diagnose(ag.sum([*v, Value(math.nan)]), v)
    assert found.kind == "not finite" and "the leaf v100 is NaN from" in found.what


@each_row
def test_an_infinite_slope_below_is_found_where_it_is(row):
    v = leaves(0.0, 3.0, 0.5)
    root = ag.sqrt(v[0])
    found = ag.diagnose(ROWS[row]([root + 1.0, *v[1:]]), v)
    assert kinds(found) == ["not finite"]
    assert found[0].what == "sqrt('a') passed on the first infinity of the backward pass"


def test_an_infinite_slope_of_ones_own_is_told_with_its_operand():
    def partials(out, *xs):
        return tuple(math.inf if i == 2 else 1.0 for i in range(len(xs)))

    cliff = ag.primitive("cliff", lambda *xs: sum(xs), partials)
    v = leaves(1.0, 2.0, 0.0)
    (found,) = ag.diagnose(cliff(*v), v)
    assert found.what == "cliff('a', 'b', 'c') passed on the first infinity of the backward pass"


def test_a_slope_too_large_for_a_float_is_no_place_without_one():
    v = leaves(1e-300, 1e200, 1e200)
    (found,) = ag.diagnose(ag.prod(v), v)
    assert found.kind == "not finite" and "the gradient exploded" in found.why
    exec(found.fix, {"parameters": v, "forward": lambda: None})
    assert ag.diagnose(ag.prod(v), v) == []


@pytest.mark.parametrize("masked", [-math.inf])
@pytest.mark.parametrize("row", ["logsumexp", "softmax", "log_softmax", "cross_entropy"])
def test_a_mask_is_well(row, masked):
    v = leaves(2.0, 3.0, 0.5)
    assert ag.diagnose(ROWS[row]([*v, masked]), v) == []


@each_row
def test_a_unit_behind_it_that_never_has_a_slope_is_dead(row):
    v = leaves(2.0, 3.0, 0.5)
    (found,) = ag.diagnose(ag.relu(ROWS[row](v) - 50.0) * 2.0, v)
    assert found.kind == "dead unit"
    assert ag.diagnose(ag.relu(ROWS[row](v) + 50.0) * 2.0, v) == []


UNITS = {
    "a dot product with its bias": lambda w, b, xs: ag.dot(w, xs, b),
    "a dot product, and a bias": lambda w, b, xs: ag.dot(w, xs) + b,
    "a sum with its bias first": lambda w, b, xs: ag.sum([b, *(u * x for u, x in zip(w, xs))]),
    "a sum with its bias last": lambda w, b, xs: ag.sum([*(u * x for u, x in zip(w, xs)), b]),
    "written out": lambda w, b, xs: w[0] * xs[0] + w[1] * xs[1] + b,
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("activation", [ag.relu, ag.tanh])
def test_a_unit_is_one_over_all_samples_however_its_sum_is_written(unit, activation):
    def diagnosed(bias):
        w, b = [Value(0.5, "v"), Value(-0.25, "w")], Value(bias, "b")
        samples = [[1.0, 2.0], [0.5, -3.0], [-2.0, 1.0]]
        output = ag.mean([activation(UNITS[unit](w, b, xs)) for xs in samples])
        return ag.diagnose(output, [*w, b])

    (found,) = diagnosed(-50.0)
    assert found.kind == ("dead unit" if activation is ag.relu else "saturated unit")
    assert "the last 3 samples" in found.why or activation is ag.tanh
    assert found.what.startswith(f"1 {activation.symbol} unit is")
    assert diagnosed(0.5) == []


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("bias", [-1.0, -50.0])
def test_a_unit_beside_others_that_live_is_not_dead_after_one_sample(unit, bias):
    def neuron(bias):
        w, b = [Value(0.5), Value(-0.75)], Value(bias)
        pre = UNITS[unit](w, b, [1.0, 2.0])
        output = ag.relu(pre)
        ag.graph.mark_region(output, f"layers.0.neurons.{len(found)}")
        found.append(output)
        return [*w, b]

    found = []
    parameters = neuron(bias) + neuron(5.0)
    assert ag.diagnose(ag.sum(found), parameters) == []


@pytest.mark.parametrize(
    "margin",
    [
        lambda w: 1.0 - w * 2.0,
        lambda w: ag.sum([1.0, w * -2.0]),
        lambda w: ag.dot([w], [-2.0], 1.0),
    ],
)
def test_a_margin_that_is_kept_is_no_dead_unit(margin):
    w = Value(3.0, "w")
    assert ag.diagnose(ag.relu(margin(w)) + w * w, [w]) == []


SURE = ("dot", "dot with itself", "binary_cross_entropy")  # of a product the factors are known


@each_row
@each_leaf
def test_the_operand_that_was_changed_is_named(row, k):
    v = leaves(2.0, 3.0, 0.5)
    output = ROWS[row](v)
    v[k].data *= -1.5
    (found,) = ag.diagnose(output, v)
    assert found.kind == "changed leaf"
    if row not in SURE:
        assert found.what.startswith("one or more of 'a', 'b' and 'c' got another number")
    else:
        assert found.where == repr(v[k].label)
    assert f"would be {ROWS[row](v).data:.9g}" in found.why


@pytest.mark.parametrize("moved", [[0], [1], [2], [0, 2], [1, 2], [0, 1, 2]])
@pytest.mark.parametrize("start", [True, False])
def test_all_factors_of_a_dot_product_that_were_changed_are_named(moved, start):
    v, x = leaves(2.0, 3.0, 0.5), Value(5.0, "x")
    output = ag.dot([v[0], x], [v[1], 7.0], v[2]) if start else ag.dot([v[0], v[2]], [v[1], x])
    for k in moved:
        v[k].data -= 0.75
    (found,) = ag.diagnose(output, [*v, x])
    for k, value in enumerate(v):
        assert (repr(value.label) in found.what) is (k in moved)


@pytest.mark.parametrize("hidden", ["relu", "dot"])
def test_a_computed_value_that_was_set_by_hand_is_named_not_the_leaf_beside_it(hidden):
    v = leaves(2.0, 3.0, 0.5)
    dot = ag.dot(v[:2], [1.0, 2.0], v[2])
    relu = ag.relu(dot)
    dot.label, relu.label = "dot", "relu"
    output = ag.dot([v[0], v[1]], [relu, 2.0])
    {"relu": relu, "dot": dot}[hidden].data = 4.0
    assert f"{hidden!r} got another number" in str(ag.diagnose(output, v)[0].what)


STEPS = {
    "by hand": lambda v: lambda: [setattr(x, "data", x.data - 0.1 * x.grad) for x in v],
    "a small one": lambda v: lambda: [setattr(x, "data", x.data - 1e-7 * x.grad) for x in v],
    "a large one": lambda v: lambda: [setattr(x, "data", x.data - 1.3 * x.grad) for x in v],
    "SGD": lambda v: ag.optim.SGD(v, lr=0.1).step,
    "Adam": lambda v: ag.optim.Adam(v, lr=0.1).step,
}


@each_row
@pytest.mark.parametrize("step", STEPS)
def test_a_step_after_the_sweep_is_no_change(row, step):
    v = leaves(2.0, 3.0, 0.5)
    output = ROWS[row](v)
    output.backward()
    make = STEPS[step](v)  # an optimiser that lives is asked what it did
    make()
    assert ag.diagnose(output, v) == []


@pytest.mark.parametrize("row", SURE)
def test_a_step_of_one_leaf_alone_is_a_change(row):
    v = leaves(2.0, 3.0, 0.5)
    output = ROWS[row](v)
    output.backward()
    v[0].data -= 0.1 * v[0].grad
    assert kinds(ag.diagnose(output, v)) == ["changed leaf"]


@each_row
@each_leaf
def test_a_parameter_that_was_computed_is_told(row, k):
    v = leaves(2.0, 3.0, 0.5)
    ROWS[row](v).backward()
    parameters = list(v)
    v[k] = v[k] - 0.01 * v[k].grad
    assert kinds(ag.diagnose(ROWS[row](v), v)) == ["rebound parameter"]
    with ag.diagnostics(show=False) as found:
        w = leaves(2.0, 3.0, 0.5)
        ROWS[row](w).backward()
        for _ in range(3):
            for value in w:
                value.grad = 0.0
            w[k] = w[k] - 0.01
            ROWS[row](w).backward()
    assert "rebound parameter" in kinds(found)
    assert parameters[k] is not v[k]


@each_row
def test_two_sweeps_are_told(row):
    v = leaves(2.0, 3.0, 0.5)
    output = ROWS[row](v)
    output.backward()
    output.backward()
    (found,) = ag.diagnose(output, v)
    assert found.kind == "accumulated gradient" and "as if it had run 2 times" in found.why


@pytest.mark.parametrize("n", [1, 2, 3, 20])
def test_the_origin_is_a_kink_of_a_norm(n):
    v = [Value(0.0) for _ in range(n)]
    (found,) = ag.diagnose(ag.norm(v) + 1.0, v)
    assert found.kind == "kink" and found.what == "1 kink was hit exactly: norm"
    v[-1].data = 0.5
    assert ag.diagnose(ag.norm(v) + 1.0, v) == []


@each_row
@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (1.0, []),
        (60.0, ["exploding gradient"]),
        (1.0 / 60.0, ["vanishing gradient"]),
    ],
)
def test_a_gradient_that_grows_along_products_is_told_through_it(row, factor, expected):
    v = leaves(2.0, 3.0, 0.5)
    output = ROWS[row](v)
    for _ in range(8):
        output = ag.dot([output], [factor])
    assert kinds(ag.diagnose(output, v)) == expected


@pytest.mark.parametrize("lr", [1e-3, 1e3])
@pytest.mark.parametrize("row", ["dot with itself", "mse", "variance"])
def test_a_learning_rate_is_tried_on_it(row, lr):
    v = leaves(2.0, 3.0, 0.5)
    assert kinds(ag.diagnose(ROWS[row](v), v, lr=lr)) == ["overshooting step"] * (lr > 1.0)


@each_row
def test_diagnosing_changes_nothing(row):
    v = leaves(2.0, 3.0, 0.5)
    output = ag.relu(ROWS[row](v) - 50.0) + ag.norm([v[0] - 2.0, v[1] - 3.0])
    output.backward()
    output.backward()
    before = [repr((x.data, x.grad, x.partials, x.operands)) for x in ag.graph.nodes(output)]
    assert ag.diagnose(output, v)
    after = [repr((x.data, x.grad, x.partials, x.operands)) for x in ag.graph.nodes(output)]
    assert after == before


def test_an_operand_that_is_there_many_times_is_counted_as_often():
    rng, v = random.Random(0), leaves(2.0, 3.0, 0.5)
    output = ag.sum([rng.choice(v) for _ in range(1000)])
    output.backward()
    assert ag.diagnose(output, v) == [] and sum(x.grad for x in v) == 1000.0

"""Compositions: on Values they record, on plain numbers they return numbers."""

import itertools
import math

import numpy
import pytest

import autograd_engine as ag
from autograd_engine import Value, graph

LISTS = ("sum", "mean", "prod", "norm", "variance", "logsumexp", "softmax", "log_softmax")
POINT = [0.7, -1.3, 2.1]
# Each as a function of a list; the expected number is written out in plain arithmetic.
CASES = {
    "where": (lambda x: ag.where(x[0] > 0, x[1], x[2]), -1.3),
    "leaky_relu": (lambda x: ag.leaky_relu(x[1]), -0.013),
    "leaky_relu slope": (lambda x: ag.leaky_relu(x[1], slope=0.5), -0.65),
    "elu": (lambda x: ag.elu(x[1]), math.exp(-1.3) - 1),
    "elu alpha": (lambda x: ag.elu(x[1], alpha=2.0), 2 * math.exp(-1.3) - 2),
    "gelu": (lambda x: ag.gelu(x[0]), 0.35 * (1 + math.erf(0.7 / math.sqrt(2)))),
    "silu": (lambda x: ag.silu(x[0]), 0.7 / (1 + math.exp(-0.7))),
    "clip": (lambda x: ag.clip(x[0], -1.0, 1.0), 0.7),
    "clip low": (lambda x: ag.clip(x[1], -1.0, 1.0) * x[0], -0.7),
    "sum": (ag.sum, 1.5),
    "mean": (ag.mean, 0.5),
    "prod": (ag.prod, 0.7 * -1.3 * 2.1),
    "dot": (lambda x: ag.dot(x, [2.0, 3.0, 5.0]), 1.4 - 3.9 + 10.5),
    "dot start": (lambda x: ag.dot(x[:2], x[1:], start=x[0]), 0.7 - 0.91 - 2.73),
    "norm": (ag.norm, math.sqrt(0.49 + 1.69 + 4.41)),
    "variance": (ag.variance, (0.2**2 + 1.8**2 + 1.6**2) / 3),
    "logsumexp": (ag.logsumexp, math.log(math.exp(0.7) + math.exp(-1.3) + math.exp(2.1))),
    "softmax": (lambda x: ag.softmax(x)[0], 1 / (1 + math.exp(-2.0) + math.exp(1.4))),
    "log_softmax": (lambda x: ag.log_softmax(x)[0], -math.log(1 + math.exp(-2) + math.exp(1.4))),
}


@pytest.mark.parametrize("name", CASES)
def test_compositions_give_the_number_written_out(name):
    function, expected = CASES[name]
    # 1e-14: both ways round a handful of times.
    assert function(POINT) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("name", CASES)
def test_compositions_give_numbers_of_numbers_and_the_same_bits_on_values(name):
    function, _ = CASES[name]
    assert type(function(POINT)) is float
    recorded = function([Value(number) for number in POINT])
    assert type(recorded) is Value and recorded.data == function(POINT)


@pytest.mark.parametrize("name", CASES)
def test_compositions_are_differentiated_to_second_order(name):
    ag.check_gradients(CASES[name][0], POINT, order=2)


UNGUARDED = {
    **{name: case for name, case in CASES.items() if name != "where"},
    "relu": (lambda x: ag.relu(x[0]) + x[1].relu(), 0),
    "maximum": (lambda x: ag.maximum(x[0], x[1]) + ag.minimum(x[1], x[2]), 0),
    "softplus": (lambda x: ag.softplus(x[0]) + ag.sigmoid(x[1]), 0),
}


@pytest.mark.parametrize("name", UNGUARDED)
def test_apart_from_where_no_composition_looks_at_a_number_of_a_value(name):
    # A graph recorded in one place must be right in another: the same operations everywhere.
    function, _ = UNGUARDED[name]

    def shape(point):
        output = function([Value(number) for number in point])
        order = graph.nodes(output)
        place = {id(node): i for i, node in enumerate(order)}
        return [
            (node.op, *(place[id(operand)] for operand in node.operands))
            + ((node.data,) if graph.is_constant(node) else ())
            for node in order
        ]

    for other in ([-0.7, 1.3, -2.1], [0.0, 0.0, 0.0], [500.0, 0.5, -500.0], [2.1, 2.1, 2.1]):
        assert shape(other) == shape(POINT)


def test_an_empty_mean_softmax_logsumexp_or_variance_raises_a_value_error_naming_it():
    for name in ("mean", "softmax", "log_softmax", "logsumexp", "variance"):
        with pytest.raises(ValueError, match=name):
            getattr(ag, name)([])
        with pytest.raises(ValueError, match=name):
            getattr(ag, name)(iter(()))


def test_an_empty_sum_product_dot_and_norm_are_the_neutral_numbers():
    assert (ag.sum([]), ag.prod([]), ag.dot([], []), ag.norm([])) == (0.0, 1.0, 0.0, 0.0)


def test_dot_names_both_lengths_where_they_differ():
    for xs, ys in [([1.0, 2.0], [1.0]), ([Value(1.0), Value(2.0)], [Value(1.0)])]:
        with pytest.raises(ValueError, match=r"2 and 1"):
            ag.dot(xs, ys)
        with pytest.raises(ValueError, match=r"2 and 1"):
            ag.dot(xs, ys, start=Value(0.0))


def test_clip_refuses_bounds_in_the_wrong_order():
    for low, high in itertools.product((2.0, Value(2.0)), (1.0, Value(1.0))):
        for x in (1.5, Value(1.5)):
            with pytest.raises(ValueError, match="low <= high"):
                ag.clip(x, low, high)
    leaves = [Value(1.5), Value(1.0), Value(2.0)]
    program = ag.compile(ag.clip(*leaves), parameters=leaves)
    assert program(parameters=[1.5, 2.0, 1.0]) == 1.0  # nobody asks there: as PyTorch


def test_sequences_may_be_iterators_and_mixed_of_values_and_numbers():
    v = Value(2.0)
    assert ag.sum(iter([v, 1, 2.5])).data == 5.5
    assert ag.mean(x for x in [v, 4]).data == 3.0
    assert ag.norm([3, Value(4.0)]).data == 5.0
    assert ag.prod([2, v, True]).data == 4.0
    assert ag.dot([1, v], [v, 3]).data == 8.0


@pytest.mark.parametrize("function", [ag.sum, ag.mean, ag.logsumexp, ag.variance])
def test_sums_and_means_of_integers_are_floats(function):
    assert type(function([3])) is float and type(function([3, 4])) is float


def test_where_takes_the_branch_and_gives_a_value_if_either_is_one():
    v = Value(2.0)
    assert ag.where(True, v, 1.0) is v
    assert type(ag.where(False, v, 1.0)) is Value and ag.where(False, v, 1.0).data == 1.0
    assert ag.where(False, 1, 2) == 2.0 and type(ag.where(False, 1, 2)) is float
    assert ag.where(v, 1.0, 2.0) == ag.where(numpy.True_, 1, 2) == ag.where(0.5, 1, 2) == 1.0


@pytest.mark.parametrize("given", [[False], (True,), "no", None, {}, numpy.array([True, False])])
def test_where_takes_one_condition(given):
    with pytest.raises(
        TypeError, match=rf"^where takes one condition, not {type(given).__name__}; "
    ):
        ag.where(given, 1.0, 2.0)


@pytest.mark.parametrize("x", [-1e308, -1000.0, -40.0, -1e-300, 0.0, 1e-300, 40.0, 1000.0, 1e308])
@pytest.mark.parametrize("name", ["leaky_relu", "elu", "gelu", "silu", "softplus", "sigmoid"])
def test_activations_and_their_slopes_are_finite_everywhere(name, x):
    function = getattr(ag, name)
    value, slope = ag.value_and_grad(function)(x)
    assert math.isfinite(value) and math.isfinite(slope)
    assert function(x) == value
    assert math.isfinite(ag.grad(ag.grad(function))(x))


def test_elu_and_leaky_relu_of_infinities():
    assert ag.elu(-math.inf) == -1.0 and ag.elu(math.inf) == math.inf
    assert ag.leaky_relu(math.inf) == math.inf and ag.leaky_relu(-math.inf) == -math.inf
    assert math.isnan(ag.leaky_relu(math.nan)) and math.isnan(ag.elu(math.nan))


@pytest.mark.parametrize("x", [math.inf, -math.inf, -5.0, 0.0, 5.0])
def test_clip_moves_even_infinities_into_its_bounds(x):
    assert ag.clip(x, -1.0, 2.0) == min(max(x, -1.0), 2.0)
    assert ag.grad(lambda x: ag.clip(x, -1.0, 2.0))(x) == (1.0 if x == 0 else 0.0)


def test_clip_keeps_a_nan():
    assert math.isnan(ag.clip(math.nan, -1.0, 1.0))


def test_norm_neither_overflows_nor_underflows():
    assert ag.norm([3e300, 4e300]) == 5e300 and ag.norm([3e-300, 4e-300]) == 5e-300
    assert ag.grad(ag.norm)([3e-300, -4e-300]) == pytest.approx([0.6, -0.8], rel=1e-15)
    assert ag.grad(ag.norm)([0.0, 0.0, 0.0]) == [0.0, 0.0, 0.0]


def test_softmax_and_log_softmax_hold_at_1000_with_their_gradients():
    far = [1000.0, -1000.0, 0.0]
    assert ag.softmax(far) == [1.0, 0.0, 0.0]
    assert ag.log_softmax(far) == [0.0, -2000.0, -1000.0]
    assert ag.logsumexp(far) == 1000.0
    assert ag.jacobian(ag.softmax)(far) == [[0.0] * 3] * 3
    assert ag.grad(ag.logsumexp)(far) == [1.0, 0.0, 0.0]
    assert ag.jacobian(ag.log_softmax)(far)[1] == [-1.0, 1.0, 0.0]


def test_softmax_sums_to_1_and_its_gradient_to_0_where_all_are_equal():
    assert ag.softmax([5.0] * 4) == [0.25] * 4
    assert ag.jacobian(lambda x: [ag.logsumexp(x)])([2.0, 2.0]) == [[0.5, 0.5]]
    assert ag.jacobian(ag.softmax)([3.0, 3.0]) == [[0.25, -0.25], [-0.25, 0.25]]


def test_variance_is_the_populations_and_does_not_cancel_far_from_0():
    assert ag.variance([1e8 + 1, 1e8 + 2, 1e8 + 3]) == pytest.approx(2 / 3, rel=1e-14)
    assert ag.variance([7.0]) == 0.0


@pytest.mark.parametrize("name", LISTS)
def test_a_function_of_a_list_refuses_a_single_value_and_text_by_its_name(name):
    for given in (Value(2.0, "a"), 3, None, "ab", numpy.array(3.0), {1.0: 2.0}, {1.0}):
        kind = type(given).__name__
        with pytest.raises(
            TypeError, match=rf"^{name} takes a list: {name}\(\[a, b\]\); got {kind}: "
        ):
            getattr(ag, name)(given)


def test_dot_takes_two_lists_of_numbers():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    for xs, ys in ((a, b), ([a], b), (1.0, [a])):
        with pytest.raises(
            TypeError, match=r"^dot takes two lists: dot\(\[a, b\], \[c, d\]\); got "
        ):
            ag.dot(xs, ys)
    for xs, ys in (([a], ["x"]), (["x"], [1.0]), ([1.0, a], [1.0, "x"])):
        with pytest.raises(TypeError, match="^expected one real number, got str: 'x'$"):
            ag.dot(xs, ys)


def test_what_fails_inside_a_generator_is_told_as_it_is():
    def values():
        yield Value(1.0)
        raise TypeError("inside")

    for call in (ag.sum, ag.softmax, lambda items: ag.dot(items, [1.0])):
        with pytest.raises(TypeError, match="^inside$"):
            call(values())

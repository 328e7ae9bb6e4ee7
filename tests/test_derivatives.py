"""Derivatives: gradient, grad, value_and_grad, jacobian, hessian, hvp, jvp, check_gradients."""

import copy
import inspect
import math
import pickle
from typing import NamedTuple

import numpy
import pytest

import autograd_engine as ag
from autograd_engine import Value


class Point(NamedTuple):
    x: float
    y: float


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


# gradient


def test_gradient_gives_a_list_like_inputs_and_touches_no_grad():
    a, b = Value(2.0), Value(3.0)
    hidden = a * b
    out = hidden * a
    for value in (a, b, hidden, out):
        value.grad = 7.0
    assert ag.gradient(out, [a, b, hidden, out]) == [12.0, 4.0, 2.0, 1.0]
    assert ag.gradient(out, (b, b)) == [4.0, 4.0]
    assert [value.grad for value in (a, b, hidden, out)] == [7.0] * 4


def test_gradient_by_what_the_output_does_not_depend_on_is_0():
    a, b = Value(2.0), Value(3.0)
    assert ag.gradient(a * a, [b]) == [0.0]
    (slope,) = ag.gradient(a * a, [b], create_graph=True)
    assert slope.data == 0.0 and ag.gradient(slope, [a, b]) == [0.0, 0.0]


def test_gradient_with_create_graph_gives_values_that_can_be_differentiated_again():
    x = Value(2.0)
    y = x**4
    for expected in (32.0, 48.0, 48.0, 24.0, 0.0):
        (y,) = ag.gradient(y, [x], create_graph=True)
        assert type(y) is Value and y.data == expected
    assert x.grad == 0.0


def test_gradient_with_create_graph_by_an_inner_value():
    x = Value(0.5)
    inner = ag.sin(x)
    (slope,) = ag.gradient(inner**3, [inner], create_graph=True)
    assert slope.data == 3 * math.sin(0.5) ** 2
    assert ag.gradient(slope, [inner]) == [6 * math.sin(0.5)]


def test_gradient_of_values_can_be_swept_by_backward():
    x, y = Value(2.0), Value(5.0)
    slope, _ = ag.gradient(x * x * y, [x, y], create_graph=True)
    slope.backward()
    assert (x.grad, y.grad) == (10.0, 4.0)


@pytest.mark.parametrize("make", [lambda w, x: w * x, lambda w, x: (w * x).tanh() / w + w**2])
def test_with_create_graph_a_changed_leaf_raises_a_runtime_error_naming_it(make):
    w, x = Value(2.0, "weight"), Value(3.0, "x")
    out = make(w, x)
    w.data = 2.5
    with pytest.raises(RuntimeError, match="weight"):
        ag.gradient(out, [w, x], create_graph=True)
    assert len(ag.gradient(out, [w, x])) == 2  # that of the recorded pass


@pytest.mark.parametrize(
    "make",
    [
        lambda v: v + 1.0,
        lambda v: -v,
        lambda v: v.relu(),
        lambda v: 0.0 * v,
        lambda v: ag.maximum(v, 1.0),
    ],
)
def test_with_create_graph_a_changed_leaf_is_noticed_even_where_its_partials_stay(make):
    v = Value(2.0, "v")
    out = make(v) * 2.0
    v.data = 3.0
    with pytest.raises(RuntimeError, match="'v'"):
        ag.gradient(out, [v], create_graph=True)


def test_with_create_graph_a_changed_leaf_is_named_once():
    v = Value(2.0, "v")
    out = v * v
    v.data = 3.0
    with pytest.raises(RuntimeError, match="^'v' was changed"):
        ag.gradient(out, [v], create_graph=True)


def test_a_leaf_changed_and_changed_back_is_no_error():
    w = Value(2.0)
    out = w * w
    w.data = 5.0
    w.data = 2.0
    assert ag.gradient(out, [w], create_graph=True)[0].data == 4.0


def test_gradient_refuses_what_is_no_value():
    with pytest.raises(TypeError, match="Values, not float: 3.0"):
        ag.gradient(3.0, [Value(1.0)])
    with pytest.raises(TypeError, match="Values, not float: 3.0"):
        ag.gradient(Value(1.0), [3.0])


def test_gradients_are_those_of_the_recorded_forward_pass():
    w = Value(2.0)
    out = w**3
    w.data = 9.0
    assert ag.gradient(out, [w]) == [12.0]


# grad and value_and_grad


def test_grad_gives_the_derivative_as_a_function():
    assert ag.grad(lambda x: x**3)(2.0) == 12.0
    assert type(ag.grad(ag.exp)(0)) is float


def test_grad_nests_to_any_order():
    f = math.e
    derivative = ag.exp
    for _ in range(6):
        derivative = ag.grad(derivative)
        assert derivative(1.0) == pytest.approx(f, rel=1e-15)
    third = ag.grad(ag.grad(ag.grad(lambda x: ag.sin(x) * x)))
    assert third(0.5) == pytest.approx(-3 * math.sin(0.5) - 0.5 * math.cos(0.5), rel=1e-13)


def test_inner_derivatives_are_values_linked_to_the_outer():
    # The classic of perturbation confusion: d/dx [x * d/dy (x + y)] = 1, not 2.
    assert ag.grad(lambda x: x * ag.grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert ag.grad(lambda x: ag.grad(lambda y: x * y * y)(x))(3.0) == 12.0
    seen = []
    ag.grad(lambda x: seen.append(ag.grad(lambda y: y * y)(x)) or seen[0] * 1.0)(2.0)
    assert type(seen[0]) is Value


def test_argnums_choose_the_arguments():
    def f(x, y, z=1.0):
        return x * y**2 * z

    assert ag.grad(f, argnums=1)(2.0, 3.0) == 12.0
    assert ag.grad(f, argnums=(0, 1))(2.0, 3.0) == (9.0, 12.0)
    assert ag.grad(f, argnums=[1])(2.0, 3.0) == (12.0,)
    assert ag.grad(f, argnums=-1)(2.0, 3.0) == 12.0
    assert ag.grad(f)(2.0, 3.0, z=10.0) == 90.0
    with pytest.raises(ValueError, match="argnums 2"):
        ag.grad(f, argnums=2)(2.0, 3.0)
    for twice in ((0, 0), (1, -1)):  # the first of the two would be 0
        with pytest.raises(ValueError, match="has one twice"):
            ag.grad(f, argnums=twice)(2.0, 3.0)


def test_the_gradient_has_the_shape_of_nested_lists_tuples_and_dicts():
    tree = {"w": [1.0, [2.0, 3]], "b": (4.0, Point(5.0, 6.0)), "none": []}

    def f(tree):
        total = tree["w"][0] * tree["w"][1][0] * tree["w"][1][1]
        return total + tree["b"][0] * tree["b"][1].x + tree["b"][1].y ** 2

    slope = ag.grad(f)(tree)
    expected = {"w": [6.0, [3.0, 2.0]], "b": (5.0, Point(4.0, 12.0)), "none": []}
    assert slope == expected and type(slope["b"][1]) is Point
    assert ag.value_and_grad(f)(tree) == (6.0 + 20.0 + 36.0, expected)


def test_what_is_no_number_in_an_argument_is_refused():
    with pytest.raises(TypeError, match="str"):
        ag.grad(lambda x: x["a"])({"a": "1"})
    with pytest.raises(TypeError, match="NoneType"):
        ag.grad(lambda x: 1.0)(None)
    with pytest.raises(TypeError, match="must return one Value"):
        ag.grad(lambda x: [x])(1.0)


def test_a_function_that_does_not_depend_on_its_argument_has_the_derivative_0():
    assert ag.grad(lambda x: 5.0)(1.0) == 0.0
    assert ag.value_and_grad(lambda x: Value(5.0))(1.0) == (5.0, 0.0)
    assert ag.grad(ag.grad(lambda x: 2.0 * x))(1.0) == 0.0


def test_an_error_inside_leaves_no_nesting_behind():
    with pytest.raises(ValueError):
        ag.grad(ag.log)(-1.0)
    assert type(ag.grad(ag.log)(1.0)) is float


def test_gradients_agree_with_the_function_inside_no_grad_and_outside():
    with ag.no_grad():
        assert ag.exp(Value(1.0)).operands == ()
    assert ag.grad(ag.exp)(0.0) == 1.0


# jacobian, hessian, hvp, jvp


def test_jacobian_gives_a_row_for_each_output():
    def f(x):
        return [x[0] * x[1], x[0] / x[1], 3.0]

    assert ag.jacobian(f)([2.0, 4.0]) == [[4.0, 2.0], [0.25, -0.125], [0.0, 0.0]]


def test_hessian_is_that_of_rosenbrock():
    x, y = 0.5, -1.0
    expected = [[2 - 400 * (y - 3 * x * x), -400 * x], [-400 * x, 200.0]]
    assert ag.hessian(rosenbrock)([x, y]) == expected


def test_hvp_is_the_hessian_times_the_vector():
    point, vector = [0.5, -1.0], [3.0, -2.0]
    rows = ag.hessian(rosenbrock)(point)
    expected = [row[0] * 3.0 + row[1] * -2.0 for row in rows]
    assert ag.hvp(rosenbrock, point, vector) == pytest.approx(expected, rel=1e-14)


def test_jvp_gives_the_tangents_only():
    assert ag.jvp(rosenbrock, [0.5, -1.0], [1.0, 0.0]) == ag.grad(rosenbrock)([0.5, -1.0])[0]
    for along in ([1.0, 10.0], [Value(1.0), Value(10.0)]):
        found = ag.jvp(lambda x: [x[0] * x[1], x[0], 2.0], [2.0, 3.0], along)
        assert found == [23.0, 1.0, 0.0]
        assert [type(number) for number in found] == [float] * 3


def test_derivatives_of_vectors_nest():
    def curvature(x):
        return ag.hessian(lambda z: z[0] ** 3 * z[1])([x, 2.0])[0][0]

    assert ag.grad(curvature)(3.0) == 12.0
    assert ag.grad(lambda x: ag.jvp(lambda z: z[0] ** 3, [x], [1.0]))(2.0) == 12.0
    assert ag.grad(lambda x: ag.jvp(lambda z: z[0] ** 3, [2.0], [x]))(5.0) == 12.0
    assert ag.grad(lambda x: ag.hvp(lambda z: z[0] ** 4, [x], [1.0])[0])(2.0) == 48.0
    assert ag.jacobian(ag.grad(rosenbrock))([0.5, -1.0]) == ag.hessian(rosenbrock)([0.5, -1.0])


def test_vectors_of_another_length_name_both_lengths():
    for function in (ag.hvp, ag.jvp):
        with pytest.raises(ValueError, match="2 and 1"):
            function(rosenbrock, [1.0, 2.0], [1.0])


# check_gradients


@pytest.mark.parametrize("order", [1, 2, 3])
def test_check_gradients_passes_what_is_right(order):
    assert ag.check_gradients(rosenbrock, [0.5, -1.0], order=order) is None
    assert ag.check_gradients(lambda x: ag.exp(x) * ag.sin(x), 0.3, order=order) is None


def test_check_gradients_shows_input_analytic_numeric_and_difference():
    wrong = ag.Primitive("wrong", math.sin, lambda out, x: (1.001 * ag.cos(x),))
    with pytest.raises(AssertionError) as error:
        ag.check_gradients(lambda x: wrong(x[0]) + x[1], [0.5, 1.0])
    table = str(error.value)
    assert all(word in table for word in ("input", "analytic", "numeric", "difference"))
    assert "x[0]" in table and "x[1]" in table and table.count("differs") == 1
    assert "0.8775825618" in table


@pytest.mark.parametrize("x", [0.0, 1e-9, 1e-3, 3.0, 1e6, -1e9])
def test_check_gradients_works_at_every_scale(x):
    ag.check_gradients(lambda x: x * x * 3.0 + x, x)
    wrong = ag.Primitive("wrong", lambda x: x * x, lambda out, x: (2.002 * x,))
    if x:
        with pytest.raises(AssertionError):
            ag.check_gradients(wrong, x)


@pytest.mark.parametrize("distance", [1e-1, 1e-2, 1e-3])
def test_check_gradients_passes_a_right_function_next_to_a_kink(distance):
    ag.check_gradients(ag.relu, distance)
    ag.check_gradients(lambda x: ag.maximum(x[0], x[1]), [1.0, 1.0 + distance])
    ag.check_gradients(abs, -distance)


def test_check_gradients_works_next_to_the_edge_of_a_domain():
    ag.check_gradients(ag.log, 1e-6)
    ag.check_gradients(ag.sqrt, 1e-4)
    ag.check_gradients(ag.asin, 0.9999)


def test_check_gradients_refuses_an_order_below_1():
    with pytest.raises(ValueError, match="order"):
        ag.check_gradients(ag.exp, 1.0, order=0)


def test_a_derivative_is_found_also_inside_no_grad():
    with ag.no_grad():
        assert ag.grad(lambda x: x * x)(3.0) == 6.0
        assert ag.hessian(lambda x: x[0] ** 2 * x[1])([2.0, 3.0]) == [[6.0, 4.0], [4.0, 0.0]]
        assert (Value(2.0) * 3.0).operands == ()  # and afterwards nothing is recorded again
    assert len((Value(2.0) * 3.0).operands) == 2


def test_an_adjoint_of_0_passes_nothing_to_an_infinite_slope_at_any_order():
    def f(x):
        return ag.relu(ag.sqrt(x)) * 0.0

    x = Value(0.0)
    assert ag.gradient(f(x), [x]) == [0.0]
    assert ag.gradient(f(x), [x], create_graph=True)[0].data == 0.0
    assert ag.jvp(lambda x: ag.relu(ag.sqrt(x[0])), [0.0], [1.0]) == 0.0


def test_a_single_value_as_inputs_is_refused_with_what_to_write():
    x = Value(2.0)
    with pytest.raises(TypeError, match=r"gradient\(output, \[x\]\)"):
        ag.gradient(x * x, x)


def product(x):
    return x[0] * x[1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ag.hessian(product)(2.0), r"takes a list: hessian\(f\)\(\[a, b\]\); got float: 2"),
        (
            lambda: ag.jacobian(product)(Value(2.0)),
            r"jacobian\(f\)\(\[a, b\]\); got Value: Value\(",
        ),
        (lambda: ag.jacobian(product)({1.0: 2.0}), r"takes a list: .* got dict: \{1.0: 2.0\}"),
        (lambda: ag.grad(lambda x: [x, x])(1.0), r"not list: of several it is ag\.jacobian\(f\)"),
        (lambda: ag.jacobian(lambda x: [x])([1.0]), "one Value or number, not list$"),
        (lambda: ag.hessian(product)("ab"), r"takes a list: .* got str: 'ab'"),
        (lambda: ag.hessian(product)([[1.0], [2.0]]), r"expected one real number, got list: \[1"),
        (lambda: ag.jvp(product, "ab", "cd"), r"two lists: jvp\(f, \[a, b\], \[c, d\]\); got str"),
        (lambda: ag.jvp(product, [1.0, 2.0], 3), r"takes two lists: .* got int: 3"),
        (lambda: ag.jvp(product, [1.0, 2.0], ["3", "4"]), "expected one real number, got str: '3'"),
        (lambda: ag.hvp(product, [1.0, 2.0], "34"), r"takes two lists: hvp\(f, .* got str: '34'"),
        (
            lambda: ag.grad(product, "x"),
            "argnums must be a position such as 0, or several; got 'x'",
        ),
        (lambda: ag.grad(product, 1.0), "or several; got 1.0"),
        (lambda: ag.grad(product, True), "or several; got True"),
        (lambda: ag.grad(product, (0, None)), r"or several; got \(0, None\)"),
        (lambda: ag.gradient(Value(1.0), None), r"write gradient\(output, \[x\]\); got NoneType"),
        (lambda: ag.check_gradients(product, "ab"), "takes a number or a list of numbers: .* 'ab'"),
        (lambda: ag.check_gradients(product, ["1", 2.0]), "expected one real number, got str: '1'"),
    ],
)
def test_what_is_no_point_direction_or_position_is_refused_in_words(call, message):
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.parametrize("order", ["2", 1.5, True, None])
def test_an_order_is_a_whole_number(order):
    with pytest.raises(TypeError, match=f"^order must be a whole number, got {order!r}$"):
        ag.check_gradients(ag.exp, 1.0, order=order)


def test_what_is_no_function_is_refused_before_it_is_called():
    point = [1.0, 2.0]
    calls = (
        ag.grad,
        ag.value_and_grad,
        ag.jacobian,
        ag.hessian,
        lambda f: ag.hvp(f, point, point),
        lambda f: ag.jvp(f, point, point),
        lambda f: ag.check_gradients(f, point),
    )
    for call in calls:
        with pytest.raises(TypeError, match="^a derivative is that of a function, got 3$"):
            call(3)
        with pytest.raises(TypeError, match=r"of a Value it is gradient\(output, inputs\)$"):
            call(Value(3.0))


def test_points_and_directions_may_be_arrays_and_tuples_of_numbers():
    point, along = numpy.array([2.0, 3.0]), (1, 10)
    assert ag.hessian(product)(tuple(point)) == [[0.0, 1.0], [1.0, 0.0]]
    assert ag.jvp(product, point, along) == ag.jvp(product, (2, 3), [1.0, 10.0]) == 23.0
    assert ag.hvp(product, iter(point), iter(along)) == [10.0, 1.0]
    assert ag.grad(lambda x, y: x * y, argnums=range(2))(2.0, 3.0) == (3.0, 2.0)


# Arrays stay arrays.

VECTOR, TABLE = numpy.array([1.0, 2.0]), numpy.arange(6.0).reshape(2, 3)


def cubes(x):
    return (x * x * x).sum()


def cases():
    """Of each call: what it gives, and the array or list expected."""
    eye = numpy.eye(6).reshape(2, 3, 2, 3)
    one = [1.0, 1.0]
    return {
        "jacobian of an array": (lambda: ag.jacobian(lambda x: x * 2)(VECTOR), 2 * numpy.eye(2)),
        "jacobian of one value": (lambda: ag.jacobian(cubes)(VECTOR), VECTOR**2 * 3),
        "jacobian of a list": (
            lambda: ag.jacobian(lambda x: [x[0] * x[1], 3.0])(VECTOR),
            numpy.array([[2.0, 1.0], [0.0, 0.0]]),
        ),
        "jacobian of a table": (lambda: ag.jacobian(lambda x: x + x)(TABLE), 2 * eye),
        "jacobian of its columns' sums": (
            lambda: ag.jacobian(lambda x: x.sum(axis=0))(TABLE),
            eye.sum(axis=0),
        ),
        "jacobian by a list": (
            lambda: ag.jacobian(lambda x: numpy.array(x) * 2)([1.0, 2.0]),
            [[2.0, 0.0], [0.0, 2.0]],
        ),
        "hessian": (lambda: ag.hessian(cubes)(VECTOR), numpy.diag(6 * VECTOR)),
        "hessian of a table": (lambda: ag.hessian(cubes)(TABLE), eye * 6 * TABLE),
        "hvp": (lambda: ag.hvp(cubes, TABLE, TABLE), 6 * TABLE**2),
        "hvp along a list": (lambda: ag.hvp(cubes, VECTOR, [1.0, 0.0]), numpy.array([6.0, 0.0])),
        "jvp": (lambda: ag.jvp(lambda x: x * x, VECTOR, one), 2 * VECTOR),
        "jvp of a table": (lambda: ag.jvp(lambda x: x.T, TABLE, TABLE), TABLE.T),
        "jvp of a list": (lambda: ag.jvp(lambda x: [x[0]], VECTOR, one), [1.0]),
        "grad": (lambda: ag.grad(cubes)(TABLE), 3 * TABLE**2),
        "grad of integers": (lambda: ag.grad(cubes)(numpy.array([1, 2])), 3 * VECTOR**2),
        "value and grad": (lambda: ag.value_and_grad(cubes)(VECTOR)[1], 3 * VECTOR**2),
        "grad twice": (
            lambda: ag.grad(lambda x: ag.grad(cubes)(x).sum())(VECTOR),
            6 * VECTOR,
        ),
        "jacobian of a grad": (lambda: ag.jacobian(ag.grad(cubes))(VECTOR), numpy.diag(6 * VECTOR)),
        "grad of a jacobian": (
            lambda: ag.grad(lambda x: ag.jacobian(lambda y: y * y)(x).sum())(VECTOR),
            numpy.array([2.0, 2.0]),
        ),
        "grad of a hessian": (
            lambda: ag.grad(lambda x: ag.hessian(cubes)(x).sum())(VECTOR),
            numpy.array([6.0, 6.0]),
        ),
        "grad of a jvp": (
            lambda: ag.grad(lambda x: ag.jvp(lambda y: y**3, x, VECTOR).sum())(VECTOR),
            6 * VECTOR**2,
        ),
        "grad of an hvp": (
            lambda: ag.grad(lambda x: ag.hvp(cubes, x, VECTOR).sum())(VECTOR),
            6 * VECTOR,
        ),
    }


@pytest.mark.parametrize("name", cases())
def test_an_array_in_is_an_array_for_the_function_and_the_derivative_is_one_of_floats(name):
    call, expected = cases()[name]
    found = call()
    assert type(found) is type(expected)
    if isinstance(found, list):
        assert found == expected
    else:
        assert found.dtype == float and found.shape == expected.shape
        assert found == pytest.approx(expected, rel=1e-14)


def test_the_length_of_an_array_twice():
    assert ag.jvp(lambda x: ag.norm(x + x), numpy.array([3.0, 4.0]), [1.0, 0.0]) == 1.2
    assert ag.jvp(lambda x: ag.norm([2 * v for v in x]), [3.0, 4.0], [1.0, 0.0]) == 1.2


def test_arrays_inside_dicts_lists_and_tuples_keep_their_places():
    tree = {"w": TABLE, "b": [VECTOR, (2.0, numpy.array(3.0))], "rate": numpy.float32(0.5)}
    seen = []

    def f(p):
        seen.append([type(p["w"]), p["w"].dtype, type(p["b"]), type(p["rate"])])
        return (p["w"].sum() + p["b"][0] @ p["b"][0]) * p["rate"] + p["b"][1][0] * p["b"][1][1]

    value, slope = ag.value_and_grad(f)(tree)
    assert value == 16.0 and seen == [[numpy.ndarray, object, list, Value]]
    assert slope["w"].tolist() == [[0.5] * 3] * 2 and slope["w"].dtype == float
    assert slope["b"][0].tolist() == [1.0, 2.0]
    assert slope["b"][1] == (3.0, 2.0) and slope["rate"] == 20.0
    assert ag.grad(f, argnums=(0,))(tree)[0]["b"][0].shape == (2,)


def test_inside_an_outer_derivative_an_array_is_one_of_values():
    seen = []
    ag.grad(lambda x: seen.append(ag.grad(cubes)(x)) or seen[0].sum())(VECTOR)
    assert seen[0].dtype == object and type(seen[0][0]) is Value


def test_an_array_that_was_fed_stays_as_it_is():
    def f(x):
        x[0] = x[1]
        return x[0] * x[1]

    point = VECTOR.copy()
    assert ag.grad(f)(point).tolist() == [0.0, 4.0] and (point == VECTOR).all()


def test_check_gradients_takes_arrays():
    ag.check_gradients(cubes, TABLE, order=2)
    wrong = ag.Primitive("wrong", lambda x: x * x, lambda out, x: (2.002 * x,))
    with pytest.raises(AssertionError, match="differ"):
        ag.check_gradients(lambda x: wrong(x).sum(), VECTOR)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: ag.grad(lambda x: x * 2)(VECTOR), TypeError, "one Value or number, not ndarray"),
        (
            lambda: ag.grad(cubes)(numpy.array(["a"])),
            TypeError,
            "expected one real number, got str_",
        ),
        (
            lambda: ag.grad(cubes)(numpy.ma.masked_array([1.0, 2.0], [False, True])),
            TypeError,
            "got MaskedConstant",
        ),
        (
            lambda: ag.hvp(cubes, TABLE, TABLE.T),
            ValueError,
            r"length and shape, got \(2, 3\) and \(3, 2\)",
        ),
        (
            lambda: ag.hessian(lambda x, y: x * y)(1.0, 2.0),
            TypeError,
            r"^hessian calls f with one argument, the point, but it takes \(x, y\): write "
            r"lambda x: f\(x\[0\], x\[1\]\), and a list of 2 numbers as the point$",
        ),
        (lambda: ag.jacobian(lambda x, y: x)([1.0, 2.0]), TypeError, r"lambda x: f\(x\[0\], x"),
        (lambda: ag.jvp(lambda x, y: x, [1.0], [1.0]), TypeError, "^jvp calls f with one"),
        (lambda: ag.hvp(lambda x, y: x, [1.0], [1.0]), TypeError, "^hvp calls f with one"),
        (lambda: ag.check_gradients(lambda x, y: x, [1.0]), TypeError, "^check_gradients calls f"),
        (
            lambda: ag.hessian(product)(1.0, 2.0),
            TypeError,
            r"^hessian\(f\) takes one list: hessian\(f\)\(\[a, b\]\); got 2 arguments$",
        ),
        (
            lambda: ag.jacobian(product)(),
            TypeError,
            r"^jacobian\(f\) takes one .* got 0 arguments$",
        ),
    ],
)
def test_wrong_points_and_functions_are_told_what_to_write(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


# Derivatives are functions like others.


@pytest.mark.parametrize("way", [ag.grad, ag.value_and_grad, ag.jacobian, ag.hessian])
@pytest.mark.parametrize("copied", [lambda f: pickle.loads(pickle.dumps(f)), copy.deepcopy])
def test_a_derivative_pickles_if_its_function_does_and_has_its_signature(way, copied):
    derivative = way(rosenbrock)
    assert copied(derivative)([0.5, -1.0]) == derivative([0.5, -1.0])
    assert inspect.signature(derivative) == inspect.signature(rosenbrock)
    assert derivative.__doc__.startswith("Return the ")


def test_derivatives_of_derivatives_and_of_several_arguments_pickle():
    twice = pickle.loads(pickle.dumps(ag.grad(ag.grad(ag.gelu))))
    assert twice(0.3) == ag.grad(ag.grad(ag.gelu))(0.3)
    both = pickle.loads(pickle.dumps(ag.grad(ag.hypot, argnums=[0, 1])))
    assert both(3.0, 4.0) == (0.6, 0.8)


def test_a_functions_own_keywords_reach_it_whatever_their_names():
    def f(x, f=1.0, argnums=1.0):
        return x * x * f * argnums

    assert ag.grad(f)(3.0, f=2.0, argnums=5.0) == 60.0


# check_gradients at the edge of a domain.

EDGES = {
    "acos(x)**2 at 1": (lambda x: ag.acos(x) ** 2, 1.0, -2.0),
    "acos(-x)**2 at -1": (lambda x: ag.acos(-x) ** 2, -1.0, 2.0),
    "sqrt(x - 3)**2 at 3": (lambda x: ag.sqrt(x - 3.0) ** 2, 3.0, 1.0),
    "acosh(x)**2 at 1": (lambda x: ag.acosh(x) ** 2, 1.0, 2.0),
    "sqrt(1 - x)**4 at 1": (lambda x: ag.sqrt(1.0 - x) ** 4, 1.0, 0.0),
    "x**2.5 at 0": (lambda x: x**2.5, 0.0, 0.0),
    "x**1.5 at 0": (lambda x: x**1.5, 0.0, 0.0),
    "x*sqrt(x) at 0": (lambda x: x * ag.sqrt(x), 0.0, 0.0),
    "acos(x)**2 next to 1": (lambda x: ag.acos(x) ** 2, 1.0 - 1e-15, -2.0),
}


def at_edge(f, edge, slope):
    """Return f as a primitive whose slope at its edge is this."""

    def partials(out, x):
        return (slope,) if x == edge else (ag.grad(f)(x),)

    return ag.Primitive("edged", lambda x: f(Value(x)).data, partials)


@pytest.mark.parametrize("name", EDGES)
def test_at_the_edge_of_a_domain_check_gradients_measures_from_inside(name):
    f, edge, slope = EDGES[name]
    ag.check_gradients(at_edge(f, edge, slope), edge)
    for wrong in (slope + 0.002, slope - 1.0, 0.0 if slope else 1.0, math.nan, math.inf):
        with pytest.raises(AssertionError, match="differ"):
            ag.check_gradients(at_edge(f, edge, wrong), edge)
        with pytest.raises(AssertionError, match=r"x\[1\].* <- differs"):
            ag.check_gradients(lambda x, w=wrong: x[0] + at_edge(f, edge, w)(x[1]), [1.0, edge])


@pytest.mark.parametrize("edge", [1.0, 3.0])
def test_a_function_that_is_nan_outside_its_domain_has_an_edge_too(edge):
    def forward(x):
        return x * x if x <= edge else math.nan

    ag.check_gradients(ag.Primitive("part", forward, lambda out, x: (2.0 * x,)), edge)
    with pytest.raises(AssertionError, match="differ"):
        ag.check_gradients(ag.Primitive("part", forward, lambda out, x: (2.001 * x,)), edge)


UNMEASURED = {
    "sqrt at 0": (ag.sqrt, 0.0),
    "1 + a sqrt that says 0": (lambda x: 1.0 + at_edge(ag.sqrt, 0.0, 0.0)(x), 0.0),
    "a faint sqrt that says 0": (lambda x: 1.0 + 1e-9 * at_edge(ag.sqrt, 0.0, 0.0)(x), 0.0),
    "asin at 1": (ag.asin, 1.0),
    "acosh at 1": (ag.acosh, 1.0),
    "defined at one place": (
        ag.Primitive("place", lambda x: x if x == 2.0 else 1 / 0, lambda out, x: (1.0,)),
        2.0,
    ),
    "at infinity": (lambda x: ag.exp(-x), math.inf),
}


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", UNMEASURED)
def test_what_cannot_be_measured_is_said_and_not_passed(name, order):
    f, point = UNMEASURED[name]
    with pytest.raises(
        AssertionError, match="^derivatives cannot be measured here:.*\n.*\n.*<- cannot"
    ):
        ag.check_gradients(f, point, order)


def test_a_second_derivative_wrong_at_an_edge_is_not_passed():
    def partials(out, x):  # right at 1, where the slope of the slope is 2/3 and not 0
        return (-2.0 if x == 1.0 else -2.0 * ag.acos(x) / ag.sqrt(1.0 - x * x),)

    f = ag.Primitive("squared", lambda x: math.acos(x) ** 2, partials)
    ag.check_gradients(f, 1.0)
    with pytest.raises(AssertionError, match=r"x\[0\], x\[0\] +0 +0\.66666666.*<- differs"):
        ag.check_gradients(f, 1.0, order=2)
    ag.check_gradients(lambda x: x**3.5, 0.0, order=2)

"""The table of primitives, by tests generated from the table itself: nothing here names a row
twice, so that adding a row to the engine adds its tests."""

import copy
import functools
import math
import pickle
import random
import re

import pytest

import autograd_engine as ag
from autograd_engine import Primitive, Value, floats, graph
from autograd_engine.copies import opened
from autograd_engine.primitives import TABLE
from autograd_engine.table import PUBLIC

INF, NAN = math.inf, math.nan
ROWS = [name for name, row in TABLE.items() if name not in ("leaf", "constant", "stopped")]
# Those that are written as an operator.
SPELLED = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: x**y,
    "negative": lambda x: -x,
    "absolute": abs,
}


def samples(row: Primitive, count: int = 6, seed: int = 0) -> list[list[float]]:
    """Points inside the row's domain, of size 0.1 to 3, away from its edges."""
    rng = random.Random(f"{row.name} {seed}")
    points = []
    for _ in range(count):
        point = []
        for low, high in row.domain if row.arity else row.domain * 4:  # two pairs
            low, high = max(low, -3.0), min(high, 3.0)
            margin = 0.1 * (high - low)
            point.append(rng.uniform(low + margin, high - margin))
        if len(point) == 2 and abs(point[0] - point[1]) < 0.5:
            point[1] = point[0] + 0.5  # maximum and above have a kink or a step at a tie
        points.append(point)
    return points


def called(row: Primitive):
    return lambda operands: row(*operands)


def same(x: float, y: float) -> bool:
    """Bit for bit, the sign of zero too."""
    return (x != x and y != y) or (x == y and math.copysign(1, x) == math.copysign(1, y))


@pytest.mark.parametrize("name", ROWS)
def test_partials_agree_with_central_differences(name):
    for point in samples(TABLE[name]):
        ag.check_gradients(called(TABLE[name]), point)


@pytest.mark.parametrize("name", ROWS)
def test_second_derivatives_agree_with_central_differences(name):
    for point in samples(TABLE[name], count=2):
        ag.check_gradients(called(TABLE[name]), point, order=2)


@pytest.mark.parametrize("name", ["exp", "tanh", "divide", "power", "erf", "atan2", "softplus"])
def test_third_derivatives_agree_with_central_differences(name):
    ag.check_gradients(called(TABLE[name]), samples(TABLE[name])[0], order=3)


def spoiled(row: Primitive, which: int, factor: float) -> Primitive:
    def partials(out, *operands):
        true = row.partials(out, *operands)
        return tuple(part * factor if i == which else part for i, part in enumerate(true))

    return Primitive(row.name, row.forward, partials, row.symbol, row.domain, row.several)


@pytest.mark.parametrize("name", ROWS)
def test_a_partial_wrong_by_a_thousandth_is_caught(name):
    row = TABLE[name]
    caught = 0
    for point in samples(row):
        for i, partial in enumerate(row.partials(row(*point), *point)):
            if abs(partial) > 1e-3:  # 1.001 times 0 is not wrong
                caught += 1
                with pytest.raises(AssertionError, match="derivatives differ"):
                    ag.check_gradients(called(spoiled(row, i, 1.001)), point)
    flat = ("sign", "above", "at_least", "equals")  # whose derivatives are 0 everywhere
    assert caught or name in flat


def test_a_second_derivative_wrong_by_a_thousandth_is_caught():
    wrong = Primitive("wrong", math.exp, lambda out, x: (spoiled(TABLE["exp"], 0, 1.001)(x),))
    ag.check_gradients(called(wrong), [0.7])
    with pytest.raises(AssertionError, match="derivatives differ"):
        ag.check_gradients(called(wrong), [0.7], order=2)


@pytest.mark.parametrize("name", ROWS)
def test_a_row_gives_the_same_on_numbers_and_on_values(name):
    row = TABLE[name]
    for point in samples(row):
        output = row(*map(Value, point))
        assert type(row(*point)) is float
        assert same(output.data, row(*point))
        assert output.op == row.symbol
        assert all(map(same, output.partials, row.partials(row(*point), *point)))


@pytest.mark.parametrize("name", SPELLED)
def test_operators_state_exactly_the_partials_of_their_rows(name):
    row = TABLE[name]
    edges = [[0.0, -0.0, 1.5, -2.5, INF, -INF, NAN, 5e-324, 1e300]] * len(row.domain)
    points = samples(row, count=50) + [
        [x, y][: len(row.domain)] for x in edges[0] for y in edges[-1]
    ]
    for point in points:
        try:
            expected = row.forward(*point)
        except (ArithmeticError, ValueError) as error:
            with pytest.raises(type(error)):
                SPELLED[name](*map(Value, point))
            continue
        output = SPELLED[name](*map(Value, point))
        assert same(output.data, expected), point
        assert output.op == row.symbol
        for stated, partial in zip(output.partials, row.partials(expected, *point), strict=True):
            assert same(stated, partial), point


@pytest.mark.parametrize("x", [0.0, -0.0, 1.5, -2.5, INF, -INF, NAN, 5e-324, -5e-324])
def test_the_method_relu_states_exactly_the_partial_of_its_row(x):
    method, function = Value(x).relu(), TABLE["relu"](Value(x))
    assert same(method.data, function.data)
    assert same(method.partials[0], function.partials[0])


@pytest.mark.parametrize("name", PUBLIC)
def test_every_primitive_is_public_and_a_method_of_value_under_its_name(name):
    row = TABLE[name]
    assert getattr(ag, name) is row
    for point in samples(row):
        first, *others = map(Value, point)
        method = getattr(first, name)(*others)
        assert same(method.data, row(*point))
        assert method.op == row.symbol
        assert method.partials == row(*map(Value, point)).partials
        if others:  # a number may stand for the other operand
            assert same(getattr(first, name)(point[1]).data, method.data)


def test_the_public_primitives_are_those_of_the_specification():
    named = "exp expm1 log log1p log2 log10 sqrt cbrt sin cos tan asin acos atan atan2 sinh cosh"
    named += " tanh asinh acosh atanh erf sigmoid softplus relu maximum minimum hypot"
    assert set(named.split()) <= set(PUBLIC)
    assert not set(PUBLIC) & {"ratio", "ln", "azmul", "gate", "bell", "above", "sum", "mse"}


def test_compositions_are_functions_only():
    for name in [
        "where",
        "leaky_relu",
        "elu",
        "gelu",
        "silu",
        "clip",
        "mean",
        "prod",
        "dot",
        "norm",
        "variance",
        "softmax",
    ]:
        assert callable(getattr(ag, name))
        assert not hasattr(Value, name)


@pytest.mark.parametrize("name", [name for name in ROWS if TABLE[name].arity])
def test_rows_name_as_many_intervals_as_they_take_operands(name):
    point = samples(TABLE[name])[0]
    with pytest.raises(TypeError):
        TABLE[name](*point, Value(1.0))
    assert len(TABLE[name](*map(Value, point)).operands) == len(TABLE[name].domain)


@pytest.mark.parametrize("name", ROWS)
def test_rows_pickle_and_copy_as_themselves(name):
    row = TABLE[name]
    assert pickle.loads(pickle.dumps(row)) is row
    assert copy.deepcopy(row) is row


def test_dot_on_values_records_what_products_and_sums_written_out_record():
    rng = random.Random(7)
    xs = [Value(rng.gauss(0, 1)) for _ in range(9)] + [2.0, Value(INF), Value(-0.0)]
    ys = [Value(rng.gauss(0, 1)) for _ in range(8)] + [0.5, Value(1.0), Value(2.0), 3]
    start = Value(0.25)
    written = start
    for x, y in zip(xs, ys, strict=True):
        written = written + x * y
    recorded = ag.dot(xs, ys, start)
    pairs = list(zip(graph.nodes(opened(recorded)), graph.nodes(written), strict=True))
    place = {id(mine): i for i, (mine, _) in enumerate(pairs)}
    other = {id(theirs): i for i, (_, theirs) in enumerate(pairs)}
    for mine, theirs in pairs:
        assert same(mine.data, theirs.data)
        assert mine.op == theirs.op
        assert mine.grad == 0.0
        assert graph.is_constant(mine) == graph.is_constant(theirs)
        assert all(map(same, mine.partials, theirs.partials))
        assert len(mine.partials) == len(theirs.partials)
        assert [place[id(x)] for x in mine.operands] == [other[id(x)] for x in theirs.operands]


# Kinks, one line each, as PyTorch decides them: function, operands, partials.
KINKS = [
    (ag.relu, [0.0], [0.0]),
    (ag.relu, [-0.0], [0.0]),
    (abs, [0.0], [0.0]),
    (abs, [-0.0], [0.0]),
    (ag.maximum, [2.0, 2.0], [0.5, 0.5]),
    (ag.minimum, [2.0, 2.0], [0.5, 0.5]),
    (ag.maximum, [0.0, -0.0], [0.5, 0.5]),
    (ag.minimum, [0.0, -0.0], [0.5, 0.5]),
    (ag.sqrt, [0.0], [INF]),
    (ag.leaky_relu, [0.0], [0.01]),
    (lambda x: ag.leaky_relu(x, 0.3), [0.0], [0.3]),
    (lambda x: ag.clip(x, -1.0, 2.0), [-1.0], [1.0]),
    (lambda x: ag.clip(x, -1.0, 2.0), [2.0], [1.0]),
    (lambda x: ag.clip(x, -1.0, 2.0), [2.0000001], [0.0]),
    (lambda x: ag.clip(x, -1.0, 2.0), [-1.0000001], [0.0]),
    (lambda x, y: ag.norm([x, y]), [0.0, 0.0], [0.0, 0.0]),
    (lambda x: ag.norm([x]), [0.0], [0.0]),
    (ag.hypot, [0.0, 0.0], [0.0, 0.0]),
    (lambda x: x**0, [3.0], [0.0]),
    (lambda x: x**0, [0.0], [0.0]),
    (lambda x, y: x**y, [0.0, 0.0], [0.0, 0.0]),
    (lambda x, y: x**y, [0.0, 0.5], [INF, 0.0]),
    (lambda x, y: x**y, [0.0, 1.0], [1.0, 0.0]),
    (lambda x, y: x**y, [0.0, 2.0], [0.0, 0.0]),
    (lambda y: 0.0**y, [2.0], [0.0]),
    (lambda x: x**0.5, [0.0], [INF]),
    (lambda x: x**1, [0.0], [1.0]),
    (lambda x: x**2, [-0.0], [0.0]),
    (ag.cbrt, [0.0], [INF]),
    (ag.asin, [1.0], [INF]),
    (ag.acos, [1.0], [-INF]),
    (ag.acosh, [1.0], [INF]),
    (ag.elu, [0.0], [1.0]),
    (lambda x: ag.where(x > 0, x, 0.0 * x), [0.0], [0.0]),
]


@pytest.mark.parametrize("case", range(len(KINKS)))
def test_kinks_are_decided_as_pytorch_decides_them(case):
    function, point, expected = KINKS[case]
    leaves = [Value(number) for number in point]
    function(*leaves).backward()
    assert [leaf.grad for leaf in leaves] == expected


@pytest.mark.parametrize("x", [0.0, -0.0, 2.0, 1e-200, 1e200])
def test_the_second_derivative_of_a_zeroth_or_first_power_is_0_everywhere(x):
    assert ag.grad(ag.grad(lambda x: x**0))(x) == 0.0
    assert ag.grad(ag.grad(lambda x: x**1))(x) == 0.0


def test_the_branch_that_where_did_not_take_never_contributes_not_even_a_nan():
    x = Value(0.0, "x")
    ag.where(False, ag.sqrt(x) * NAN, x * 3.0).backward()
    assert x.grad == 3.0
    assert ag.grad(lambda x: ag.where(x > 1, x.sqrt(), 2 * x))(0.0) == 2.0


# What a row gives at the edges of the floats: x, value, partial; None where it raises.
EDGES = {
    "exp": [(NAN, NAN, NAN), (INF, INF, INF), (-INF, 0.0, 0.0), (0.0, 1.0, 1.0), (-0.0, 1.0, 1.0)],
    "expm1": [(NAN, NAN, NAN), (INF, INF, INF), (-INF, -1.0, 0.0), (-0.0, -0.0, 1.0)],
    "log": [(NAN, NAN, NAN), (INF, INF, 0.0), (-INF, None, 0), (0.0, None, 0), (-0.0, None, 0)],
    "log1p": [(NAN, NAN, NAN), (INF, INF, 0.0), (-1.0, None, 0), (-0.0, -0.0, 1.0)],
    "log2": [(NAN, NAN, NAN), (INF, INF, 0.0), (0.0, None, 0)],
    "log10": [(NAN, NAN, NAN), (INF, INF, 0.0), (0.0, None, 0)],
    "sqrt": [(NAN, NAN, NAN), (INF, INF, 0.0), (-INF, None, 0), (0.0, 0.0, INF)],
    "cbrt": [(NAN, NAN, NAN), (INF, INF, 0.0), (-INF, -INF, 0.0), (-0.0, -0.0, INF)],
    "sin": [(NAN, NAN, NAN), (INF, None, 0), (-0.0, -0.0, 1.0)],
    "cos": [(NAN, NAN, NAN), (-INF, None, 0), (-0.0, 1.0, 0.0)],
    "tan": [(NAN, NAN, NAN), (INF, None, 0), (-0.0, -0.0, 1.0)],
    "asin": [(NAN, NAN, NAN), (INF, None, 0), (1.0000001, None, 0), (-0.0, -0.0, 1.0)],
    "acos": [(NAN, NAN, NAN), (-INF, None, 0), (-1.0, math.pi, -INF)],
    "atan": [
        (NAN, NAN, NAN),
        (INF, math.pi / 2, 0.0),
        (-INF, -math.pi / 2, 0.0),
        (-0.0, -0.0, 1.0),
    ],
    "sinh": [(NAN, NAN, NAN), (INF, INF, INF), (-INF, -INF, INF), (-0.0, -0.0, 1.0)],
    "cosh": [(NAN, NAN, NAN), (INF, INF, INF), (-INF, INF, -INF), (-0.0, 1.0, -0.0)],
    "tanh": [(NAN, NAN, NAN), (INF, 1.0, 0.0), (-INF, -1.0, 0.0), (-0.0, -0.0, 1.0)],
    "asinh": [(NAN, NAN, NAN), (INF, INF, 0.0), (-INF, -INF, 0.0), (-0.0, -0.0, 1.0)],
    "acosh": [(NAN, NAN, NAN), (INF, INF, 0.0), (0.5, None, 0)],
    "atanh": [(NAN, NAN, NAN), (1.0, None, 0), (-1.0, None, 0), (-0.0, -0.0, 1.0)],
    "erf": [(NAN, NAN, NAN), (INF, 1.0, 0.0), (-INF, -1.0, 0.0)],
    "erfc": [(NAN, NAN, NAN), (INF, 0.0, -0.0), (-INF, 2.0, -0.0)],
    "sigmoid": [(NAN, NAN, NAN), (INF, 1.0, 0.0), (-INF, 0.0, 0.0), (-0.0, 0.5, 0.25)],
    "softplus": [(NAN, NAN, NAN), (INF, INF, 1.0), (-INF, 0.0, 0.0), (-0.0, math.log(2.0), 0.5)],
    "relu": [(INF, INF, 1.0), (-INF, 0.0, 0.0), (NAN, NAN, 0.0)],
    "absolute": [(NAN, NAN, NAN), (INF, INF, 1.0), (-INF, INF, -1.0)],
    "negative": [(NAN, NAN, -1.0), (0.0, -0.0, -1.0), (INF, -INF, -1.0)],
}


@pytest.mark.parametrize("name", EDGES)
def test_nan_infinities_and_signed_zeros_are_data_like_others(name):
    for x, value, partial in EDGES[name]:
        if value is None:
            with pytest.raises(ValueError, match="is not a real number"):
                TABLE[name](Value(x))
            continue
        output = TABLE[name](Value(x))
        assert same(output.data, value), x
        assert same(output.partials[0], partial) or partial == output.partials[0] == 0.0, x


@pytest.mark.parametrize("first, second", [(NAN, 1.0), (1.0, NAN), (NAN, NAN)])
def test_maximum_and_minimum_keep_a_nan(first, second):
    assert math.isnan(ag.maximum(first, second)) and math.isnan(ag.minimum(first, second))
    assert math.isnan(ag.maximum(Value(first), Value(second)).data)
    assert math.isnan(ag.minimum(Value(first), Value(second)).data)


@pytest.mark.parametrize("x", [1000.0, -1000.0])
def test_sigmoid_softplus_logsumexp_and_softmax_hold_at_1000(x):
    high = x > 0
    assert ag.sigmoid(x) == (1.0 if high else 0.0)
    assert ag.softplus(x) == (1000.0 if high else 0.0)
    assert ag.logsumexp([x, x]) == x + math.log(2.0)
    assert ag.softmax([x, 0.0]) == ([1.0, 0.0] if high else [0.0, 1.0])
    for function in (ag.sigmoid, ag.softplus, lambda v: ag.logsumexp([v, 0.0])):
        assert math.isfinite(ag.grad(function)(x))


# ag.primitive: the user's own.


def cube(x):
    return x * x * x


def cube_partials(out, x):
    return (3.0 * x * x,)


def scaled_sine(x, y):
    return x * math.sin(y)


def scaled_sine_partials(out, x, y):
    return ag.sin(y), x * ag.cos(y)


def test_a_primitive_of_ones_own_works_on_numbers_and_on_values():
    own = ag.primitive("cube", cube, cube_partials)
    x = Value(2.0, "x")
    out = own(x)
    out.backward()
    assert own(2.0) == 8.0 and type(own(2.0)) is float
    assert (out.data, out.op, out.operands, out.partials, x.grad) == (
        8.0,
        "cube",
        (x,),
        (12.0,),
        12.0,
    )


def test_a_primitive_of_ones_own_may_take_two_operands_and_numbers_for_values():
    own = ag.primitive("scaled sine", scaled_sine, scaled_sine_partials)
    ag.check_gradients(called(own), [1.7, 0.4], order=2)
    assert own(Value(2.0), 0.5).data == own(2.0, Value(0.5)).data == 2.0 * math.sin(0.5)


def test_a_primitive_of_ones_own_is_differentiated_to_any_order():
    own = ag.primitive("cube", cube, cube_partials)
    second = ag.grad(ag.grad(own))
    assert second(2.0) == 12.0
    assert ag.grad(second)(2.0) == 6.0
    assert ag.grad(ag.grad(second))(2.0) == 0.0


def test_a_primitive_of_ones_own_pickles_if_its_functions_do():
    own = ag.primitive("cube", cube, cube_partials)
    again = pickle.loads(pickle.dumps(own))
    assert again(3.0) == 27.0
    x = Value(3.0)
    kept = pickle.loads(pickle.dumps(own(x)))
    assert (kept.data, kept.partials, kept.op) == (27.0, (27.0,), "cube")
    assert ag.gradient(kept, kept.operands) == [27.0]


def test_primitives_of_ones_own_do_not_enter_the_table_or_each_others_way():
    before = dict(TABLE)
    mine = ag.primitive("exp", cube, cube_partials)
    assert mine(2.0) == 8.0 and ag.exp(0.0) == 1.0
    assert before == TABLE
    assert pickle.loads(pickle.dumps(mine))(2.0) == 8.0


def test_a_primitive_takes_as_many_operands_as_its_forward_function():
    own = ag.primitive("cube", cube, cube_partials)
    with pytest.raises(TypeError, match="cube takes 1"):
        own(Value(1.0), Value(2.0))


@pytest.mark.parametrize(
    "wrong", [lambda out, x: 3.0, lambda out, x: (1.0, 2.0), lambda out, x: ()]
)
def test_partials_that_are_no_tuple_of_the_right_length_are_refused_by_name(wrong):
    own = ag.primitive("cube", cube, wrong)
    with pytest.raises(TypeError, match="partials of cube must come as a tuple"):
        own(Value(2.0))


def test_a_domain_error_inside_a_primitive_of_ones_own_names_it_and_the_label():
    own = ag.primitive("root", lambda x: math.sqrt(x), lambda out, x: (0.5 / out,))
    with pytest.raises(ValueError, match=r"root\(-1.0\).*'b'"):
        own(Value(-1.0, "b"))


def test_a_primitive_of_ones_own_works_elementwise_on_numpy_arrays():
    import numpy as np

    own = ag.primitive("cube", cube, cube_partials)
    result = own(np.array([Value(2.0), Value(3.0)], dtype=object))
    assert [value.data for value in result] == [8.0, 27.0]
    assert list(own(np.array([2.0, 3.0]))) == [8.0, 27.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ag.hypot(1.0), "hypot takes 2 operands, got 1"),
        (
            lambda: ag.log(8.0, 2.0),
            "log takes 1 operand, got 2: to another base it is ag.log(x) / ag.log(b)",
        ),
        (lambda: ag.tanh(1.0, 2.0), "tanh takes 1 operand, got 2"),
        (lambda: ag.exp(), "exp takes 1 operand, got 0"),
    ],
)
def test_the_number_of_operands_is_checked_on_plain_floats_too(call, message):
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        call()


def test_a_type_error_inside_a_primitive_of_ones_own_is_told_as_it_is():
    def forward(x):
        raise TypeError("inside")

    own = ag.primitive("own", forward, lambda out, x: (1.0,))
    with pytest.raises(TypeError, match="^inside$"):
        own(2.0)


@pytest.mark.parametrize("operands", [(2.0,), (Value(2.0),), (Value(2.0), 1.0, 1.0)], ids=len)
@pytest.mark.parametrize("found", [None, "a", "2", 1j, [1.0], Value(2.0)], ids=repr)
def test_what_a_forward_function_gives_is_a_number(found, operands):
    own = ag.primitive("own", lambda *xs: found, lambda out, *xs: (1.0,) * len(xs))
    one = ag.primitive("own", lambda x: found, lambda out, x: (1.0,))
    with pytest.raises(TypeError, match=re.escape(f"own must give one real number, got {found!r}")):
        (one if len(operands) == 1 else own)(*operands)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ag.primitive(3, cube, cube_partials), "name of a primitive is text, not int: 3"),
        (lambda: ag.primitive(cube, "cube", cube_partials), "is text, not function: <function cu"),
        (lambda: ag.primitive("cube", 3, cube_partials), "forward of cube must be a function, not"),
        (
            lambda: ag.primitive("cube", cube, (1.0,)),
            r"partials of cube must be a function, not \(1.0,\)",
        ),
    ],
)
def test_a_primitive_of_ones_own_is_made_of_a_name_and_two_functions(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize("name", ["exp", "relu", "maximum", "add"])
def test_a_name_that_a_row_has_too_tells_nothing_apart(name):
    x, y = Value(1.5, "x"), Value(0.5, "y")
    if len(TABLE[name].domain) == 1:
        own = ag.primitive(name, cube, cube_partials)
        output = own(own(x)) * TABLE[name](y)
    else:
        own = ag.primitive(name, lambda a, b: a * a * b, lambda out, a, b: (2.0 * a * b, a * a))
        output = own(own(x, y), y) * TABLE[name](y, x)
    slopes = ag.gradient(output, [x, y])
    kept = pickle.loads(pickle.dumps(output)) if own.forward is cube else output
    assert ag.gradient(kept, graph.leaves(kept)) == slopes
    copied = copy.deepcopy(output)
    assert ag.gradient(copied, graph.leaves(copied)) == slopes


@pytest.mark.parametrize(
    ("partials", "arity"),
    [
        (lambda out, x, *, scale=3.0: (scale,), 1),
        (functools.partial(lambda out, x, scale: (scale,), scale=3.0), 1),
        (lambda out, x, **settings: (3.0,), 1),
        (lambda out, *xs, scale=3.0: (scale,) * len(xs), 0),
    ],
)
def test_settings_of_the_partials_are_no_operands(partials, arity):
    own = ag.primitive("triple", lambda x: 3.0 * x, partials)
    assert own.arity == arity
    assert ag.value_and_grad(own)(2.0) == (6.0, 3.0)


def test_the_arity_of_ones_own_primitive_is_that_of_its_partials():
    log = ag.primitive("mylog", math.log, lambda out, x: (1.0 / x,))
    x = Value(2.0)
    log(x).backward()
    assert x.grad == 0.5
    with pytest.raises(ValueError, match="output and of each operand"):
        ag.primitive("none", math.log, lambda out: ())


def test_what_ones_own_primitive_says_of_its_domain_is_kept():
    def forward(p):
        if not 0.0 <= p <= 1.0:
            raise ValueError("a probability lies between 0 and 1")
        return p

    prob = ag.primitive("prob", forward, lambda out, p: (1.0,))
    with pytest.raises(ValueError, match=r"prob\(3.0\).*'p' is 3.0.*lies between 0 and 1"):
        prob(Value(3.0, "p"))


def test_atan2_at_the_origin_has_the_slopes_0_as_in_pytorch():
    y, x = Value(0.0), Value(0.0)
    ag.atan2(y, x).backward()
    assert (y.grad, x.grad) == (0.0, 0.0)


def test_a_primitive_has_a_name_like_a_function():
    assert ag.tanh.__name__ == "tanh"


def test_a_lenient_power_of_a_negative_base_is_nan_unless_its_exponent_is_whole():
    assert math.isnan(floats.lenient_power(-3.0, 709.78))  # too large even as a complex number
    assert floats.lenient_power(-3.0, 1001.0) == -math.inf
    assert floats.lenient_power(-0.0, -(1.0 - 2.0**-53)) == math.inf  # which % 2.0 rounds to 1


def test_the_cosine_of_an_angle_of_nan_is_nan():
    assert math.isnan(floats.unit(0.0, math.nan)) and math.isnan(floats.unit(math.nan, 0.0))


def test_a_primitive_of_ones_own_cannot_have_the_name_of_a_power():
    with pytest.raises(ValueError, match="another"):
        ag.primitive("**2", lambda x: x, lambda out, x: (1.0,))

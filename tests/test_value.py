"""`Value`, sentence by sentence of its specification."""

import copy
import gc
import math
import operator
import pickle
import random
import subprocess
import sys
import sysconfig
import threading
import tracemalloc
from decimal import Decimal
from fractions import Fraction

import pytest

import autograd_engine as ag
from autograd_engine import Value, graph


class Exact:
    """Anything with `__float__`."""

    def __float__(self) -> float:
        return 0.5


class Counted:
    """Anything with `__index__`."""

    def __index__(self) -> int:
        return 7


# Making one.


@pytest.mark.parametrize(
    "data, kept", [(3, 3.0), (2.5, 2.5), (True, 1.0), (Exact(), 0.5), (Counted(), 7.0)]
)
def test_data_is_kept_as_a_python_float(data, kept):
    assert Value(data).data == kept and type(Value(data).data) is float


def test_fractions_are_data():
    assert Value(Fraction(1, 4)).data == 0.25


@pytest.mark.parametrize("data", [math.nan, math.inf, -math.inf, -0.0, 5e-324])
def test_nan_and_infinities_are_data_like_others(data):
    assert repr(Value(data).data) == repr(data)


@pytest.mark.parametrize(
    "data, named",
    [
        ("2.0", "str"),
        (None, "None"),
        (1j, "complex"),
        ([1.0], "list"),
        ((1.0,), "tuple"),
        (b"1", "bytes"),
        (range(1), "range"),
        ({}, "dict"),
        (Value(1.0), "Value"),
    ],
)
def test_what_is_no_real_number_raises_a_type_error_naming_what_came(data, named):
    with pytest.raises(TypeError, match=named):
        Value(data)
    with pytest.raises(TypeError, match=named):
        Value(1.0).data = data
    with pytest.raises(TypeError, match=named):
        Value(1.0).grad = data


def test_repr_is_micrograds_with_the_label_when_there_is_one():
    assert repr(Value(2)) == "Value(data=2.0, grad=0.0)"
    assert "'w'" in repr(Value(2.0, "w"))


def test_format_formats_the_data():
    assert f"{Value(2.0):.3f}" == "2.000"
    assert f"{Value(-1234.5):>+12,.1f}" == "    -1,234.5"


def test_data_grad_and_label_can_be_set():
    v = Value(1.0)
    v.data, v.grad, v.label = 2, 3, "v"
    assert (v.data, v.grad, v.label) == (2.0, 3.0, "v")
    v.data += 0.5
    assert v.data == 2.5
    with pytest.raises(TypeError, match="label"):
        v.label = 3


@pytest.mark.parametrize("number", [2, True, Fraction(1, 2), Exact(), Counted()])
def test_data_and_grad_are_set_to_any_number_that_a_value_takes(number):
    v = Value(0.0)
    v.data = v.grad = number
    assert v.data == v.grad == Value(number).data
    assert type(v.data) is float and type(v.grad) is float


@pytest.mark.parametrize("name", ["operands", "partials", "op", "_prev", "_op"])
def test_the_record_of_the_forward_pass_is_read_only(name):
    with pytest.raises(AttributeError):
        setattr(Value(1.0), name, None)


def test_operands_keep_their_order_and_repeats_and_prev_is_a_set():
    a, b = Value(2.0), Value(3.0)
    out = b - a
    assert out.operands == (b, a) and out.partials == (1.0, -1.0) and out.op == "-"
    square = a * a
    assert len(square.operands) == 2 and square.operands[0] is a is square.operands[1]
    assert square._prev == {a} and square._op == "*"
    assert (a.operands, a.partials, a.op, a._prev, a._op) == ((), (), "", set(), "")


def test_micrograds_symbols_stay():
    a = Value(2.0)
    assert [(a + 1).op, (a * 2).op, (a**2).op, (a**-1).op, (a**0.5).op, a.relu().op] == [
        "+", "*", "**2", "**-1", "**0.5", "ReLU"
    ]  # fmt: skip


def test_micrograds_third_argument_gives_a_node_where_a_sweep_stops():
    a, b = Value(2.0), Value(3.0)
    node = Value(6.0, (a, b), "*")
    assert node.operands == (a, b) and node._prev == {a, b}
    assert (node.op, node._op, node.partials, node.label) == ("*", "*", (), "")
    (node * 2.0).backward()
    assert (node.grad, a.grad, b.grad) == (2.0, 0.0, 0.0)


def test_micrograds_lecture_labels_such_a_node_too():
    a, b = Value(2.0, label="a"), Value(4.0, _children=(), label="b")
    for node in (
        Value(8.0, (a, b), "+", label="L"),
        Value(8.0, (a, b), "+", "L"),
        Value(8.0, _children=(a, b), _op="+", label="L"),
    ):
        assert (node.operands, node.op, node.label, a.label, b.label) == (
            (a, b),
            "+",
            "L",
            "a",
            "b",
        )
    for wrong in ({"label": 3}, {"_children": 3}, {"_children": (a, 3)}):
        with pytest.raises(TypeError, match="a label is text"):
            Value(8.0, **wrong)
    for wrong in (None, 5, a):
        with pytest.raises(TypeError, match="an operation's symbol is text, not"):
            Value(8.0, (a, b), wrong)


@pytest.mark.parametrize("made", [Value(2.0, ()), Value(2.0, (), ""), Value(2.0, _children=())])
def test_micrograds_constructor_without_children_makes_a_leaf(made):
    assert made._rule is Value(2.0)._rule


UNKNOWN = {
    "backward": lambda node, a: node.backward(),
    "gradient": lambda node, a: ag.gradient(node, [a]),
    "gradient, recorded": lambda node, a: ag.gradient(node, [a], create_graph=True),
    "grad": lambda node, a: ag.grad(lambda x: Value(1.0, (x,), label="L"))(1.0),
    "jacobian": lambda node, a: ag.jacobian(lambda xs: [Value(1.0, xs, label="L")])([1.0]),
}


@pytest.mark.parametrize("way", UNKNOWN)
def test_what_has_operands_but_no_partials_refuses_to_be_differentiated(way):
    a = Value(2.0)
    node = Value(8.0, (a, Value(4.0)), "+", label="L")
    with pytest.raises(RuntimeError, match=r"label='L'\) was made with operands but without its"):
        UNKNOWN[way](node, a)
    assert (node.grad, a.grad) == (0.0, 0.0)


def test_a_value_has_no_closure_and_says_what_to_write():
    out = Value(2.0) * 3.0
    with pytest.raises(AttributeError, match=r"ag\.primitive\(name, forward, partials\)"):
        out._backward()
    with pytest.raises(AttributeError, match=r"out\.backward\(\) does the whole pass"):
        out._backward = lambda: None
    assert not hasattr(out, "_backward")


class Answering:
    """Somebody else's number, which answers every operator from the right."""

    def __rfloordiv__(self, other):
        return "answered"

    __rmod__ = __rmatmul__ = __rxor__ = __rfloordiv__


@pytest.mark.parametrize(
    ("operation", "advice"),
    [
        (operator.floordiv, r"^// is no .* v\.data // n"),
        (operator.mod, r"^% is no .* v - n \* \(v\.data // n\)"),
        (operator.matmul, r"^@ is no .* ag\.dot\(xs, ys\)"),
        (operator.xor, r"^\^ is no .* v \*\* n"),
    ],
)
def test_operators_without_a_derivative_say_what_to_write(operation, advice):
    v = Value(7.0)
    for left, right in [(v, 2), (2.5, v), (v, v), (v, Fraction(1, 2)), (Decimal(2), v)]:
        with pytest.raises(TypeError, match=advice):
            operation(left, right)
    assert operation(v, Answering()) == "answered"
    for other in ([1.0], None):
        with pytest.raises(TypeError, match="unsupported operand"):
            operation(v, other)


# Numbers that meet a Value.


def test_numbers_become_constants_operands_like_any_other_but_no_leaves():
    v = Value(2.0, "v")
    out = 3 * v
    three, other = out.operands
    assert other is v and three.data == 3.0
    assert graph.is_constant(three) and not graph.is_constant(v)
    assert graph.leaves(out) == [v]


def test_a_fixed_power_has_one_operand():
    v = Value(3.0)
    assert (v**2).operands == (v,)
    assert (v**2).partials == (6.0,)


BINARY = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "**": lambda x, y: x**y,
}


@pytest.mark.parametrize("name", BINARY)
def test_operators_take_values_and_numbers_on_either_side(name):
    operate = BINARY[name]
    for x, y in [(2.5, 3.0), (0.5, -2.0), (4, 2), (True, 3)]:
        expected = operate(float(x), float(y))
        assert operate(Value(x), Value(y)).data == expected
        assert operate(Value(x), y).data == expected
        assert operate(x, Value(y)).data == expected
        assert operate(Fraction(x), Value(y)).data == expected
    slopes = ag.gradient(operate(a := Value(2.5), b := Value(3.0)), [a, b])
    assert slopes[0] == ag.grad(lambda x: operate(x, 3.0))(2.5)
    assert slopes[1] == ag.grad(lambda y: operate(2.5, y))(3.0)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("other", ["a", None, 1j, b"1"])
def test_operators_refuse_what_is_no_number(name, other):
    with pytest.raises(TypeError):
        BINARY[name](Value(1.0), other)
    with pytest.raises(TypeError):
        BINARY[name](other, Value(1.0))


def test_unary_operators():
    v = Value(-3.0)
    assert ((+v).data, (-v).data, abs(v).data) == (-3.0, 3.0, 3.0)
    assert ag.gradient(-v, [v]) == [-1.0] and ag.gradient(abs(v), [v]) == [-1.0]
    assert ag.gradient(+v, [v]) == [1.0]


def test_augmented_assignment_makes_a_new_value():
    v = w = Value(1.0)
    w += 2
    w *= 3
    assert v.data == 1.0 and w.data == 9.0


def test_sums_of_values_by_python_itself_are_recorded():
    values = [Value(1.0), Value(2.0)]
    sum(values).backward()
    assert [v.grad for v in values] == [1.0, 1.0]


# Comparisons.


def test_comparisons_compare_data_and_give_a_bool():
    a, b = Value(1.0), Value(2.0)
    for x, y in [(a, b), (a, 2.0), (1, b)]:
        results = [x < y, x <= y, x > y, x >= y, x == y, x != y]
        assert results == [True, True, False, False, False, True]
        assert all(type(result) is bool for result in results)
    assert Value(1.0) == Value(1.0) and Value(1.0) == 1 and Value(1.0) == 1
    assert Value(math.nan) != Value(math.nan)


@pytest.mark.parametrize("other", ["1", None, [1.0], 1j])
def test_values_equal_nothing_that_is_no_number_and_have_no_order_with_it(other):
    assert not (Value(1.0) == other) and Value(1.0) != other
    with pytest.raises(TypeError):
        _ = Value(1.0) < other


def test_truth_is_data_other_than_0():
    assert Value(0.5) and Value(math.nan) and not Value(0.0) and not Value(-0.0)
    assert type(bool(Value(1.0))) is bool


def test_hash_is_identity():
    a, b = Value(1.0), Value(1.0)
    a_hash = hash(a)
    assert len({a, b, a}) == 2
    a.data = 5.0
    assert hash(a) == a_hash


# Leaving the graph.

LEAVE = {
    "float": float,
    "int": int,
    "complex": complex,
    "round": round,
    "round to digits": lambda v: round(v, 2),
    "math.exp": math.exp,
    "math.floor": math.floor,
    "math.ceil": math.ceil,
    "math.trunc": math.trunc,
    "math.hypot": lambda v: math.hypot(v, 1.0),
    "% format": lambda v: "%f" % v,
}


@pytest.mark.parametrize("way", LEAVE)
def test_leaving_the_graph_is_never_silent_and_one_message_says_what_to_write(way):
    with pytest.raises(TypeError) as error:
        LEAVE[way](Value(2.0))
    assert ".data" in str(error.value) and "ag.exp(v)" in str(error.value)


# Domain errors.

REFUSED = {
    "log of 0": (lambda v: v.log(), 0.0, ValueError, r"log\(0.0\)"),
    "log of a negative": (ag.log, -2.5, ValueError, r"log\(-2.5\)"),
    "log1p": (ag.log1p, -1.0, ValueError, r"log1p\(-1.0\)"),
    "log2": (ag.log2, -1.0, ValueError, r"log2\(-1.0\)"),
    "log10": (ag.log10, 0.0, ValueError, r"log10\(0.0\)"),
    "sqrt": (ag.sqrt, -4.0, ValueError, r"sqrt\(-4.0\)"),
    "asin": (ag.asin, 1.5, ValueError, r"asin\(1.5\)"),
    "acos": (ag.acos, -1.5, ValueError, r"acos\(-1.5\)"),
    "acosh": (ag.acosh, 0.5, ValueError, r"acosh\(0.5\)"),
    "atanh": (ag.atanh, 1.0, ValueError, r"atanh\(1.0\)"),
    "sin of infinity": (ag.sin, math.inf, ValueError, r"sin\(inf\)"),
    "exp": (ag.exp, 1000.0, OverflowError, r"exp\(1000.0\)"),
    "cosh": (ag.cosh, 1000.0, OverflowError, r"cosh\(1000.0\)"),
    "square": (lambda v: v**2, 1e200, OverflowError, r"1e\+200\*\*2"),
    "root of a negative": (lambda v: v**0.5, -8.0, ValueError, r"-8.0\)\*\*0.5"),
    "reciprocal power": (lambda v: v**-1, 0.0, ZeroDivisionError, r"0.0\*\*-1"),
    "division of a number": (lambda v: 1 / v, 0.0, ZeroDivisionError, r"1.0 / 0.0"),
    "division of itself": (lambda v: v / v, 0.0, ZeroDivisionError, r"0.0 / 0.0"),
    "division by a number": (lambda v: v / 0, 3.0, ZeroDivisionError, r"3.0 / 0.0"),
    "power by a Value": (lambda v: v ** Value(0.5), -2.0, ValueError, r"-2.0\) \*\* 0.5"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_domain_errors_name_the_operation_the_number_and_the_label(case):
    function, number, kind, shown = REFUSED[case]
    with pytest.raises(kind, match=shown) as error:
        function(Value(number, "weight"))
    assert "'weight'" in str(error.value)


def test_domain_errors_on_plain_numbers_name_the_operation_and_the_number():
    with pytest.raises(ValueError, match=r"log\(-1.0\)"):
        ag.log(-1)
    with pytest.raises(OverflowError, match=r"exp\(1000.0\)"):
        ag.exp(1000)


def test_a_negative_base_under_a_value_exponent_never_gives_a_complex_number():
    for base in (-2.0, Value(-2.0)):
        with pytest.raises(ValueError, match="not a real number"):
            base ** Value(0.5)
    assert ((-2.0) ** Value(3.0)).data == -8.0


def test_functions_refuse_text_and_the_wrong_number_of_operands():
    with pytest.raises(TypeError, match="str"):
        ag.exp("1")
    with pytest.raises(TypeError):
        ag.exp()
    with pytest.raises(TypeError, match="takes 2"):
        ag.atan2(Value(1.0))


# backward.


def test_backward_accumulates_into_leaves_and_a_second_call_adds_exactly_the_same():
    x = Value(3.0)
    y = x * x * x
    y.backward()
    assert (x.grad, y.grad) == (27.0, 1.0)
    y.backward()
    assert (x.grad, y.grad) == (54.0, 1.0)


def test_values_in_between_hold_the_gradient_of_the_latest_sweep():
    x = Value(2.0)
    square = x * x
    (square * 3.0).backward()
    (square * 5.0).backward()
    assert square.grad == 5.0 and x.grad == 32.0


def test_a_sweep_that_starts_inside_a_graph_zeroes_its_own_graph_only():
    x = Value(2.0)
    inner = x * x
    outer = inner * 3.0
    outer.backward()
    inner.backward()
    assert (outer.grad, inner.grad, x.grad) == (1.0, 1.0, 16.0)


def test_backward_takes_a_seed():
    x = Value(2.0)
    y = x**2
    y.backward(10.0)
    y.backward(seed=-0.5)
    assert x.grad == 38.0 and y.grad == -0.5


@pytest.mark.parametrize("seed", [2, True, Fraction(1, 2), Exact()])
def test_a_seed_is_any_number_and_gradients_stay_floats(seed):
    x = Value(3.0)
    y = x * 1.0
    y.backward(seed)
    assert x.grad == float(seed) and type(x.grad) is float and type(y.grad) is float


@pytest.mark.parametrize("seed", ["1", None, 1j, Value(1.0)])
def test_a_seed_that_is_no_number_is_refused(seed):
    x = Value(3.0)
    with pytest.raises(TypeError):
        (x * x).backward(seed)
    assert x.grad == 0.0


def test_backward_of_a_leaf_adds_the_seed_to_its_own_grad():
    x = Value(2.0)
    x.backward()
    x.backward(2.0)
    assert x.grad == 3.0


@pytest.mark.parametrize("change", [7.0, math.nan])
def test_the_gradient_is_that_of_the_recorded_forward_pass(change):
    w, x = Value(2.0), Value(3.0)
    loss = (w * x).tanh() + (w / x) ** 2 + (w - x).relu() + ag.exp(w)
    expected = ag.gradient(loss, [w, x])
    w.data = x.data = change
    loss.backward()
    assert [w.grad, x.grad] == expected


def test_zero_grad_of_a_value_is_that_of_that_one_only():
    a, b = Value(2.0), Value(3.0)
    (a * b).backward()
    a.zero_grad()
    assert (a.grad, b.grad) == (0.0, 2.0)


def test_gradients_of_a_value_used_many_ways_are_summed():
    x = Value(1.5)
    y = x + x * x - x / 2 + 3 / x - (-x)
    y.backward()
    assert x.grad == pytest.approx(1 + 3 - 0.5 - 3 / 2.25 + 1, rel=1e-15)  # sums of five: 1 ulp


def test_an_unused_operand_of_a_relu_passes_nothing_on_not_even_to_an_infinite_partial():
    x = Value(0.0)
    (ag.sqrt(x) * 0.0 + x).backward()
    assert x.grad == 1.0


@pytest.mark.parametrize("after", [1, 5, 40, 150, 400])
def test_an_interrupt_in_the_middle_leaves_the_engine_usable(interrupted, after):
    leaves = [Value(float(i)) for i in range(1, 30)]
    total = Value(0.0)
    for leaf in leaves:
        total = total + leaf * leaf
    interrupted(Value.backward, total, after)
    for leaf in leaves:
        leaf.zero_grad()
    total.backward()
    assert [leaf.grad for leaf in leaves] == [2.0 * i for i in range(1, 30)]
    with ag.no_grad():
        assert (leaves[0] * 2.0).operands == ()
    assert (leaves[0] * 2.0).operands != ()


def test_an_error_inside_no_grad_does_not_switch_recording_off():
    with pytest.raises(ZeroDivisionError), ag.no_grad():
        Value(1.0) / 0
    assert (Value(1.0) + 1).operands


# detach and no_grad.


def test_detach_gives_a_constant_of_the_same_number():
    x = Value(3.0, "x")
    y = (x * x).detach()
    assert y.data == 9.0 and y.operands == () and graph.is_constant(y)
    (y * x).backward()
    assert x.grad == 9.0
    assert graph.leaves(y * x) == [x]


def test_inside_no_grad_nothing_is_recorded_by_any_way_of_recording():
    x, y = Value(0.5), Value(0.25)
    with ag.no_grad():
        made = [x + y, x - 1, 2 * x, x / y, x**2, x**y, -x, abs(x), x.relu(), ag.exp(x)]
        made += [ag.dot([x], [y], start=x), ag.maximum(x, y), ag.sum([x, y]), ag.norm([x, y])]
    assert all(value.operands == () and not graph.leaves(value) for value in made)
    assert made[0].data == 0.75


def test_no_grad_nests():
    x = Value(1.0)
    with ag.no_grad():
        with ag.no_grad():
            pass
        assert (x + 1).operands == ()
    assert (x + 1).operands != ()


def test_no_grad_holds_for_its_own_thread_alone():
    x = Value(1.0)
    seen = []
    with ag.no_grad():
        thread = threading.Thread(
            target=lambda: seen.extend([(x + 1).operands, ag.dot([x], [x], start=x).operands])
        )
        thread.start()
        thread.join()
        assert (x + 1).operands == ()
    assert [len(operands) for operands in seen] == [2, 3]


# Depth and size.


def chain(length: int) -> tuple[Value, Value]:
    leaf = Value(1.0, "leaf")
    total = leaf
    for _ in range(length):
        total = total + 1.0
    return leaf, total


@pytest.mark.slow
def test_a_chain_a_million_operations_deep_is_built_differentiated_and_dropped():
    leaf, total = chain(1_000_000)
    total.backward()
    assert (total.data, leaf.grad) == (1_000_001.0, 1.0)
    del total
    assert leaf.grad == 1.0


def test_a_deep_graph_is_differentiated_by_gradient_jvp_and_to_second_order():
    leaf, total = chain(20_000)
    assert ag.gradient(total * total, [leaf]) == [2.0 * total.data]

    def deep(x):
        out = x[0]
        for _ in range(5_000):
            out = out * 1.0 + 0.0
        return out * out

    assert ag.hessian(deep)([3.0]) == [[2.0]]
    assert ag.jvp(deep, [3.0], [2.0]) == 12.0


def test_a_node_used_100_000_times():
    x = Value(0.5)
    hub = x * x
    total = Value(0.0)
    for _ in range(100_000):
        total = total + hub
    total.backward()
    assert hub.grad == 100_000.0 and x.grad == 100_000.0


def ladder(rungs: int) -> tuple[Value, Value]:
    x = Value(1.0)
    y = x
    for _ in range(rungs):
        y = (y + y) * 0.5
    return x, y


def test_a_ladder_of_2_to_the_10000_paths():
    x, y = ladder(10_000)
    y.backward()
    assert (y.data, x.grad) == (1.0, 1.0)
    twin = pickle.loads(pickle.dumps(copy.deepcopy(y)))
    assert graph.size(twin) == graph.size(y)
    assert ag.gradient(y, [x], create_graph=True)[0].data == 1.0


# Copies.


def test_copy_shares_its_operands_and_is_a_value_of_its_own():
    a = Value(2.0, "a")
    out = a * a
    out.label = "out"
    twin = copy.copy(out)
    assert twin is not out and twin.operands[0] is a
    assert (twin.data, twin.op, twin.partials, twin.label) == (4.0, "*", (2.0, 2.0), "out")
    twin.label, twin.data = "twin", 5.0
    assert (out.label, out.data) == ("out", 4.0)
    twin.backward()
    assert a.grad == 4.0


def test_copies_of_computed_values_share_what_they_share():
    h = ag.tanh(Value(0.5))
    y = h * h + h
    for made in (y, h, ag.dot([h, y], [y, h], h), Value(1.0, (h, y), "op"), y**2):
        assert copy.copy(made).operands[0] is made.operands[0]
    new_h, new_y, again = copy.deepcopy([h, y, y])
    assert new_y.operands[1] is new_h is new_y.operands[0].operands[0] is not h
    assert again is new_y
    later_y, later_h = copy.deepcopy((y, h))
    assert later_y.operands[1] is later_h


def whole(output: Value) -> list[str]:
    order = graph.nodes(output)
    place = {id(node): i for i, node in enumerate(order)}
    return [
        repr((node.data, node.grad, node.label, node.op, node.partials, graph.region(node)))
        + repr([place[id(operand)] for operand in node.operands])
        for node in order
    ]


def small_graph() -> tuple[Value, Value, Value]:
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    hidden = ag.tanh(a * b + 3) ** 2 / 7
    graph.mark_region(hidden, "hidden")
    out = ag.maximum(hidden, a) + hidden + Value(6.0, (a, b), "*") + b ** a.detach()
    out.label = "out"
    out.backward()
    return a, b, out


COPIES = {"deepcopy": copy.deepcopy}
for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
    COPIES[f"pickle {protocol}"] = lambda x, p=protocol: pickle.loads(pickle.dumps(x, p))


@pytest.mark.parametrize("way", COPIES)
def test_deepcopy_and_pickle_keep_the_graph(way):
    a, _, out = small_graph()
    twin = COPIES[way](out)
    assert whole(twin) == whole(out)
    assert not set(map(id, graph.nodes(twin))) & set(map(id, graph.nodes(out)))
    twin.backward()
    assert a.grad == graph.leaves(twin)[0].grad / 2
    assert [leaf.label for leaf in graph.leaves(twin)] == ["a", "b"]


@pytest.mark.parametrize("way", COPIES)
def test_leaves_stay_shared_between_values_copied_together(way):
    a, b, out = small_graph()
    other = a * b
    new_a, new_out, new_other = COPIES[way]((a, out, other))
    assert new_other.operands[0] is new_a
    assert graph.leaves(new_out)[0] is new_a and graph.leaves(new_other)[1].label == "b"


@pytest.mark.slow
@pytest.mark.parametrize("way", ["deepcopy", "pickle 5"])
def test_a_graph_100_000_deep_is_copied_and_pickled(way):
    leaf, total = chain(100_000)
    new_leaf, new_total = COPIES[way]((leaf, total))
    new_total.backward()
    assert (new_total.data, new_leaf.grad, leaf.grad) == (100_001.0, 1.0, 0.0)


# Memory.

DEEP = """
import autograd_engine as ag

def build_and_drop():
    x = ag.Value(1.0)
    for step in (lambda v: v + 1.0, lambda v: 1.0 + v, lambda v: v * v, lambda v: v.sin()):
        y = x
        for _ in range(200_000):
            y = step(y)
        y.backward()
        del y
    assert x.data == 1.0
"""


@pytest.mark.slow
def test_a_graph_200_000_deep_is_dropped_in_a_thread_with_a_stack_of_512_kib(in_small_stack):
    assert in_small_stack(DEEP) == "survived"


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("backward", [False, True])
def test_dropping_the_last_reference_frees_the_graph_with_the_collector_off(no_collector, backward):
    leaf = Value(0.5)
    held = sys.getrefcount(leaf)
    out = leaf
    for _ in range(1_000):
        out = (out * leaf + 1.0).tanh() - leaf / 3 + ag.sin(out) ** 2 * leaf**leaf
    if backward:
        out.backward()
        ag.gradient(out, [leaf], create_graph=True)
    assert sys.getrefcount(leaf) > held + 3_000
    del out
    assert sys.getrefcount(leaf) == held


def written_out(weights: list[Value], inputs: list[Value]) -> Value:
    return sum((w * x for w, x in zip(weights[1:], inputs, strict=True)), weights[0])


def test_a_graph_takes_at_most_172_bytes_a_node_pure_and_120_compiled():
    rng = random.Random(0)
    weights = [[Value(rng.gauss(0, 1)) for _ in range(17)] for _ in range(17)]
    inputs = [Value(rng.gauss(0, 1)) for _ in range(16)]
    spare = [
        Value(0.0) for _ in range(40_000)
    ]  # the compiled build keeps the memory of dropped ones
    gc.collect()
    tracemalloc.start()
    try:
        total = Value(0.0)
        for _ in range(4):
            hidden = [written_out(row, inputs).relu() for row in weights[1:]]
            total = total + written_out(weights[0], hidden)
        total.backward()
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    made = graph.size(total) - 17 * 17 - 16
    assert made > 2_000 and spare
    most = 120 if ag.compiled else 172
    if sysconfig.get_config_var("Py_GIL_DISABLED"):  # whose objects begin with 16 bytes more
        most = 130 if ag.compiled else 200
    assert used / made <= most


# Threads.


def test_graphs_on_separate_threads_are_independent():
    results: dict[int, float] = {}

    def work(seed: int) -> None:
        rng = random.Random(seed)
        x = Value(rng.uniform(0.5, 1.5))
        for _ in range(20):
            y = x
            for _ in range(100):
                y = (y * x).tanh() + x
            x.zero_grad()
            y.backward()
        results[seed] = x.grad

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = dict(results)
    for seed in range(4):
        work(seed)
    assert results == together and len(together) == 4


@pytest.mark.parametrize("name", ["data", "grad", "label"])
def test_deleting_an_attribute_is_refused_and_does_not_crash(name):
    # In a process of its own, since the compiled build once crashed here.
    program = (
        "import autograd_engine as ag\nx = ag.Value(1.0, 'x')\n"
        f"try:\n    del x.{name}\nexcept AttributeError:\n    print(x)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "Value(data=1.0, grad=0.0, label='x')\n"


def test_a_value_where_a_number_is_due_is_told_about_data():
    with pytest.raises(TypeError, match=r"write v\.data"):
        Value(1.0).data = Value(2.0)


def test_nested_values_without_partials_pickle_in_linear_size():
    node = Value(1.0, "x")
    sizes = []
    for depth in range(1, 401):
        node = Value(float(depth), (node,), "op")
        if depth in (200, 400):
            sizes.append(len(pickle.dumps(node)))
    again = pickle.loads(pickle.dumps(node))
    assert sizes[1] < 2.5 * sizes[0]
    assert (again.op, again.operands[0].op, again.operands[0].data) == ("op", "op", 399.0)


def test_no_grad_blocks_nest_and_one_object_can_be_used_again():
    pause = ag.no_grad()
    for _ in range(2):
        with pause, pause:
            assert (Value(1.0) + 1.0).operands == ()
        assert len((Value(1.0) + 1.0).operands) == 2

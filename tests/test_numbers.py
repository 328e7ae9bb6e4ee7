"""What is a number, and what operators do with the rest. Other libraries are played by stand-ins."""

import math
import operator
import sys
import types
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import autograd_engine as ag
from autograd_engine import Value


class Arithmetic:
    """Something that computes by rules of its own: it remembers what it was asked."""

    def __init__(self, name="other", data=3.0):
        self.name, self.data = name, data

    def __float__(self):
        return self.data

    def __neg__(self):
        return self

    def answer(sign, swapped):
        def method(self, other):
            return (other, sign, self.name) if swapped else (self.name, sign, other)

        return method

    __add__, __radd__ = answer("+", False), answer("+", True)
    __sub__, __rsub__ = answer("-", False), answer("-", True)
    __mul__, __rmul__ = answer("*", False), answer("*", True)
    __truediv__, __rtruediv__ = answer("/", False), answer("/", True)
    __pow__, __rpow__ = answer("**", False), answer("**", True)


class Symbol(Arithmetic):
    """casadi's or sympy's: `float` makes nan of it, or fails."""

    def __init__(self):
        super().__init__("symbol", math.nan)


class Quantity(Arithmetic):
    """pint's: an item of no dimension is a quantity again."""

    ndim, units = 0, "meter"

    def item(self):
        return self


class Tensor:
    """torch's or JAX's array."""

    def __init__(self, data, requires_grad=False):
        self.numbers, self.requires_grad = np.asarray(data), requires_grad

    shape = property(lambda self: self.numbers.shape)
    ndim = property(lambda self: self.numbers.ndim)

    def item(self):
        return self.numbers.item()

    def __float__(self):
        return float(self.numbers.item())

    def __mul__(self, other):
        return NotImplemented if isinstance(other, Value) else Tensor(self.numbers * other)

    __rmul__ = __add__ = __radd__ = __mul__

    def backward(self):
        raise AssertionError("nobody asks for this")

    @property
    def data(self):
        return Tensor(self.numbers)


class Tracer(Tensor):
    """JAX's under a transformation: its item may be read, but it is not to be a float."""

    def __float__(self):
        raise TypeError("a tracer")


class Rational(Fraction):
    """SymPy's: it makes a float of the other side, unless that says that it comes first."""

    def answer(name):
        def method(self, other):
            other = self if hasattr(other, "_op_priority") else float(other)
            return NotImplemented if other is self else getattr(Fraction, name)(self, other)

        return method

    __add__, __sub__, __mul__ = answer("__add__"), answer("__sub__"), answer("__mul__")
    __truediv__, __pow__ = answer("__truediv__"), answer("__pow__")


class Plain:
    """Has `__float__`, and no arithmetic."""

    def __float__(self):
        return 3.0


class Counted:
    """Has `__index__`, and no arithmetic."""

    def __index__(self):
        return 3


NUMBERS = {
    "int": 3,
    "Fraction": Fraction(3),
    "Decimal": Decimal(3),
    "SymPy's": Rational(3),
    "mpf": mpmath.mpf(3),
    "float32": np.float32(3),
    "longdouble": np.longdouble(3),
    "uint8": np.uint8(3),
    "array of no dimension": np.array(3.0),
    "array of no dimension, of integers": np.array(3),
    "array of no dimension, of objects": np.array(Fraction(3), dtype=object),
    "detached tensor": Tensor(3.0),
}
OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_become_floats_and_meet_values_on_either_side(name):
    number = NUMBERS[name]
    v = Value(number)
    assert v.data == 3.0 and type(v.data) is float
    v.data = v.grad = number
    assert (v.data, v.grad) == (3.0, 3.0) and type(v.grad) is float
    for apply in OPERATORS:
        assert apply(Value(2.0), number).data == apply(2.0, 3.0)
        if not isinstance(number, Tensor):  # whose own operators stand in for more than they do
            assert apply(number, Value(2.0)).data == apply(3.0, 2.0)
    assert (number * Value(2.0)).data == 6.0
    assert Value(3.0) == number and not Value(3.0) < number and Value(2.0) < number
    assert ag.maximum(Value(2.0), number).data == ag.maximum(2.0, number) == 3.0
    assert ag.sum([Value(1.0), number]).data == ag.sum([1.0, number]) == 4.0
    assert ag.grad(lambda x: x * x)(number) == 6.0


def test_sympys_numbers_leave_the_answer_to_values_and_its_matrices_do_not():
    assert 10.0 < Value._op_priority < 10.01  # the priorities of SymPy's Expr and its Matrix


@pytest.mark.parametrize("number", [True, np.bool_(True)])
def test_truth_values_are_numbers(number):
    assert Value(number).data == 1.0 and (Value(2.0) * number).data == 2.0


@pytest.mark.parametrize("given", [Plain(), Counted()])
def test_what_float_reads_and_has_no_arithmetic_makes_a_value_but_meets_none(given):
    v = Value(given)
    v.data = v.grad = given
    assert v.data == v.grad == 3.0
    for apply in OPERATORS:
        for operands in ((v, given), (given, v)):
            with pytest.raises(TypeError):
                apply(*operands)
    assert v != given


OTHERS = {"symbol": Symbol(), "quantity": Quantity("quantity"), "other": Arithmetic()}


@pytest.mark.parametrize("name", OTHERS)
def test_what_computes_by_its_own_rules_answers_on_either_side(name):
    other, v = OTHERS[name], Value(2.0)
    for apply, sign in zip(OPERATORS, ["+", "-", "*", "/", "**"]):
        assert apply(v, other) == (v, sign, other.name)
        assert apply(other, v) == (other.name, sign, v)
    assert v != other
    with pytest.raises(TypeError):
        assert v < other


@pytest.mark.parametrize(
    "given",
    [
        *OTHERS.values(),
        *(Tracer(3.0), Tensor(3.0, requires_grad=True), Tensor([3.0])),
        *(np.timedelta64(3, "s"), np.datetime64(3, "ns"), np.complex128(3), np.str_("3")),
        *(np.array(3j), np.ma.masked, np.array([3.0]), np.array([[3.0]]), np.array([])),
        *(mpmath.mpc(3), 3j, "3", [3.0], None),
    ],
    ids=lambda given: type(given).__name__,
)
def test_the_rest_is_no_number_whatever_float_says(given):
    calls = [
        Value,
        lambda given: setattr(Value(1.0), "data", given),
        lambda given: setattr(Value(1.0), "grad", given),
        lambda given: Value(1.0).backward(given),
        lambda given: ag.dot([Value(1.0)], [given]),
        lambda given: ag.maximum(Value(1.0), given) if np.ndim(given) == 0 else Value(given),
        lambda given: ag.where(True, given, 1.0),
    ]
    for call in calls:
        if given is np.ma.masked and call is calls[5]:
            continue  # NumPy's answer is masked
        with pytest.raises((TypeError, ValueError)):
            call(given)


@pytest.mark.parametrize(
    "given, cure",
    [
        (Tensor(3.0, requires_grad=True), r"got Tensor: .*: write \.item\(\) for its number$"),
        (Tensor([3.0]), r"write \.item\(\)"),
        (np.array([3.0]), r"got ndarray: array\(\[3\.\]\): write \.item\(\) for its number$"),
        (np.array([1.0, 2.0]), r"which has the shape \(2,\): take one number of it$"),
        (Symbol(), "got Symbol: .*, which computes by rules of its own: pass a plain number$"),
        (np.ma.masked, "which computes by rules of its own"),
        (np.ma.array(1.0), "got MaskedArray: .*, which computes by rules of its own"),
        (Value(3.0), r"got Value: Value\(.*: write v\.data for its number$"),
        ("3", "got str: '3'$"),
        (3j, "got complex: 3j$"),
        (None, "got NoneType: None$"),
    ],
)
def test_the_message_names_what_came_and_a_cure_that_is_one(given, cure):
    with pytest.raises(
        TypeError,
        match=f"^expected one real number, {cure}" if cure.startswith("got") else cure,
    ):
        Value(given)


def test_numbers_of_few_digits_compare_as_the_values_made_of_them():
    few, v = np.float32(0.1), Value(0.1)
    assert not v == few and not few == v and v != few and v < few and few > v
    assert Value(few) == few


def test_a_gradient_does_not_leave_through_a_number_of_a_tracked_tensor():
    with pytest.raises(TypeError):
        Value(2.0) * Tensor(3.0, requires_grad=True)


def test_while_another_thread_imports_numpy_nothing_is_an_array(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", types.ModuleType("numpy"))  # as far as it has come
    assert ag.grad(ag.norm)([3.0, 4.0]) == [0.6, 0.8]
    assert Value(Fraction(1, 2)).data == 0.5

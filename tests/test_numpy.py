"""Values and NumPy together: arrays of Values, NumPy's numbers, ufuncs on Values."""

import math
import operator as op
import re

import numpy as np
import pytest

import autograd_engine as ag
from autograd_engine import Value, words
from autograd_engine.table import PUBLIC


def values(*numbers: float) -> np.ndarray:
    return np.array([Value(number) for number in numbers], dtype=object)


def data(array: np.ndarray) -> list:
    assert all(isinstance(value, Value) for value in array.ravel())
    return np.vectorize(lambda value: value.data, otypes=[float])(array).tolist()


@pytest.mark.parametrize(
    "number", [np.float64(2), np.float32(2), np.float16(2), np.int64(2), np.int8(2), np.uint8(2)]
)
def test_numpys_scalars_are_numbers_on_either_side(number):
    v = Value(3.0)
    assert Value(number).data == 2.0 and type(Value(number).data) is float
    both = [v + number, v - number, v * number, v / number, v**number]
    both += [number + v, number - v, number * v, number / v, number**v]
    assert all(type(result) is Value for result in both)
    assert [result.data for result in both] == [5, 1, 6, 1.5, 9, 5, -1, 6, 2 / 3, 8]
    assert all(type(result) is bool for result in [v < number, v == number, v >= number])
    assert (number < v) and not (number == v)
    for result in both:
        v.zero_grad()
        result.backward()
        assert math.isfinite(v.grad) and v.grad != 0.0


def test_numpys_truth_values_are_numbers_too():
    assert Value(np.bool_(True)).data == 1.0


@pytest.mark.parametrize(
    "array",
    [np.array([1.0]), np.array([1.0, 2.0]), np.array([[1.0]]), np.array([]), np.complex128(1)],
)
def test_arrays_are_no_data_of_a_value_not_even_of_one_element(array):
    with pytest.raises(TypeError):
        Value(array)


def test_arrays_meet_values_elementwise_on_either_side():
    v, array = Value(2.0), np.array([1.0, 3.0])
    assert data(array * v) == data(v * array) == [2.0, 6.0]
    assert data(array - v) == [-1.0, 1.0] and data(v - array) == [1.0, -1.0]
    assert data(v / array) == [2.0, 2.0 / 3.0] and data(array**v) == [1.0, 9.0]
    assert data(v + array) == [3.0, 5.0]


@pytest.mark.parametrize("compare", [op.lt, op.le, op.gt, op.ge, op.eq, op.ne])
def test_arrays_compared_with_a_value_are_masks(compare):
    v, floats = Value(2.0), np.array([1.0, 2.0, 3.0])
    for array in (floats, values(*floats), floats[:0]):
        for mask, expected in (
            (compare(array, v), compare(floats[: len(array)], 2.0)),
            (compare(v, array), compare(2.0, floats[: len(array)])),
        ):
            assert mask.dtype == bool and (~mask).tolist() == (~expected).tolist()
            assert len(array[mask]) == expected.sum()


def test_arrays_of_values_work_with_the_operators():
    a, b = values(1.0, 2.0), values(3.0, 4.0)
    assert data(a + b) == [4.0, 6.0] and data(a - b) == [-2.0, -2.0]
    assert data(a * b) == [3.0, 8.0] and data(a / b) == [1 / 3, 0.5]
    assert data(a**2) == [1.0, 4.0] and data(2.0**a) == [2.0, 4.0]
    assert data(-a) == [-1.0, -2.0] and data(abs(-a)) == [1.0, 2.0]
    assert data(a * np.array([10.0, 20.0])) == [10.0, 40.0]
    assert data(a + Value(1.0)) == [2.0, 3.0]


def test_matrix_products_and_sums_of_arrays_of_values_are_differentiated():
    weights = values(1.0, 2.0, 3.0, 4.0).reshape(2, 2)
    x = np.array([5.0, 6.0])
    out = (weights @ x).sum()
    assert out.data == 56.0
    out.backward()
    assert [w.grad for w in weights.ravel()] == [5.0, 6.0, 5.0, 6.0]
    assert (values(1.0, 2.0) @ values(3.0, 4.0)).data == 11.0
    assert data(weights @ weights) == [[7.0, 10.0], [15.0, 22.0]]
    assert values(1.0, 2.0).mean().data == 1.5 and values(3.0, 4.0).prod().data == 12.0
    assert data(weights.sum(axis=0)) == [4.0, 6.0] and data(weights.T[0]) == [1.0, 3.0]


UFUNCS = [
    name
    for name, rule in PUBLIC.items()
    if rule.arity == 1 and name[:4] not in ("asin", "acos", "atan") and hasattr(np, name)
]
RENAMED = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh"}
RENAMED |= {"arccosh": "acosh", "arctanh": "atanh", "absolute": None, "negative": None}
EXPECTED = {name: getattr(ag, name) for name in UFUNCS}
EXPECTED |= {name: getattr(ag, own) for name, own in RENAMED.items() if own}
EXPECTED |= {"absolute": abs, "negative": lambda v: -v, "positive": lambda v: +v}
EXPECTED |= {"square": lambda v: v * v, "reciprocal": lambda v: 1 / v}


@pytest.mark.parametrize("name", EXPECTED)
def test_ufuncs_that_have_a_primitive_record_it_on_a_value_and_on_an_array(name):
    ufunc, point = getattr(np, name), 1.5 if name == "arccosh" else 0.5
    v = Value(point)
    result = ufunc(v)
    assert type(result) is Value and result.data == EXPECTED[name](Value(point)).data
    slope = ag.gradient(EXPECTED[name](w := Value(point)), [w])
    assert ag.gradient(result, [v]) == slope
    array = values(point, 1.25 if name == "arccosh" else 0.25)
    assert [EXPECTED[name](value).data for value in array] == data(ufunc(array))
    ufunc(array).sum().backward()
    assert [array[0].grad] == slope


BINARY = {
    "arctan2": ag.atan2,
    "hypot": ag.hypot,
    "maximum": ag.maximum,
    "minimum": ag.minimum,
    "logaddexp": ag.logaddexp,
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: x**y,
}


@pytest.mark.parametrize("name", BINARY)
def test_ufuncs_of_two_operands_take_values_and_numbers_on_either_side(name):
    ufunc, own = getattr(np, name), BINARY[name]
    for x, y in [(0.5, 1.5), (2.0, 1.0), (2.0, 2.0)]:
        assert type(ufunc(Value(x), y)) is Value and ufunc(Value(x), y).data == own(x, y)
        assert type(ufunc(x, Value(y))) is Value and ufunc(x, Value(y)).data == own(x, y)
        a, b = Value(x), Value(y)
        assert ag.gradient(ufunc(a, b), [a, b]) == ag.gradient(own(a, b), [a, b])


@pytest.mark.parametrize("name", ["arctan2", "hypot", "add", "subtract", "multiply", "divide"])
def test_ufuncs_of_two_operands_take_arrays_of_values(name):
    ufunc, own = getattr(np, name), BINARY[name]
    a, b = values(0.5, 2.0), values(1.5, 1.0)
    assert data(ufunc(a, b)) == [own(0.5, 1.5), own(2.0, 1.0)]
    assert data(ufunc(a, Value(2.0))) == [own(0.5, 2.0), own(2.0, 2.0)]


CONVERSIONS = {
    "float64": lambda v: np.float64(v),
    "array of floats": lambda v: np.array([v], dtype=float),
    "astype": lambda v: np.array([v], dtype=object).astype(float),
    "filling": lambda v: np.zeros(2).__setitem__(0, v),
    "floor": lambda v: np.floor(v),
    "isnan": lambda v: np.isnan(v),
    "logaddexp2": lambda v: np.logaddexp2(v, 1.0),
    "sign": lambda v: np.sign(v),
    "heaviside": lambda v: np.heaviside(v, 0.0),
}


@pytest.mark.parametrize("way", CONVERSIONS)
def test_no_operation_turns_a_value_into_a_number(way):
    with pytest.raises(TypeError):
        CONVERSIONS[way](Value(2.0))


def test_an_array_of_values_stays_one_through_numpys_shuffling():
    a = values(1.0, 2.0, 3.0, 4.0)
    assert data(np.concatenate([a, a])[::2]) == [1.0, 3.0, 1.0, 3.0]
    assert data(np.outer(a[:2], a[:2])) == [[1.0, 2.0], [2.0, 4.0]]
    assert data(np.where([True, False], a[:2], a[2:])) == [1.0, 4.0]
    assert data(np.cumsum(a)) == [1.0, 3.0, 6.0, 10.0]
    assert np.sort(a)[::-1][0] is a[3] and a.max() is a[3] and a.argmin() == 0


def test_functions_of_the_package_work_elementwise_on_arrays():
    mixed = np.array([Value(0.5), 0.25], dtype=object)
    result = ag.tanh(mixed)
    for given in (np.array([[0.5, 2.0]]), np.array([1, 2]), np.array([True]), np.array([])):
        found = ag.tanh(given)
        assert found.dtype == ag.gelu(given).dtype == float and found.shape == given.shape
        assert not np.isnan(found).any() and ag.maximum(2, found).dtype == float
    assert result.dtype == ag.maximum(np.ones(2), Value(2.0)).dtype == object
    assert type(result[0]) is Value and result[1] == math.tanh(0.25)
    assert ag.exp(np.array([0.0, 1.0])).tolist() == [1.0, math.e]
    assert data(ag.atan2(values(0.5, 1.5), 2.0)) == [math.atan2(0.5, 2.0), math.atan2(1.5, 2.0)]
    assert data(ag.sigmoid(values(0.0))) == [0.5]


def test_compositions_take_arrays_of_values_as_their_sequences():
    a = values(1.0, 2.0, 3.0)
    assert ag.sum(a).data == 6.0 and ag.mean(a).data == 2.0
    assert ag.dot(a, np.array([1.0, 1.0, 1.0])).data == 6.0
    assert [value.data for value in ag.softmax(a)] == ag.softmax([1.0, 2.0, 3.0])


def test_a_domain_error_inside_a_ufunc_is_pythons_own():
    with pytest.raises(ValueError, match=r"log\(-1.0\)"):
        np.log(Value(-1.0))
    with pytest.raises(ZeroDivisionError):
        values(1.0) / np.array([0.0])


def test_numpys_numbers_set_data_and_grad_and_seed_and_parametrise_compositions():
    v = Value(1.0)
    v.data, v.grad = np.float32(0.5), np.int64(2)
    assert (v.data, v.grad) == (0.5, 2.0) and type(v.data) is type(v.grad) is float
    v.zero_grad()
    (v * v).backward(np.float32(2.0))
    assert v.grad == 2.0 and type(v.grad) is float
    assert ag.where(np.bool_(True), v, 1.0) is v
    assert ag.leaky_relu(Value(-1.0), np.float32(0.5)).data == -0.5
    assert ag.elu(Value(0.0), np.int64(2)).data == 0.0
    assert ag.clip(Value(5.0), np.int64(0), np.float32(1.0)).data == 1.0


@pytest.mark.peers
def test_ufuncs_of_scipy_are_known_by_identity_not_by_name():
    from scipy import special

    for ufunc, own in [
        (special.expit, ag.sigmoid),
        (special.erf, ag.erf),
        (special.erfc, ag.erfc),
        (special.log1p, ag.log1p),
        (special.expm1, ag.expm1),
        (special.cbrt, ag.cbrt),
    ]:
        v = Value(0.3)
        assert ufunc(v).data == own(0.3)
        assert ag.gradient(ufunc(v), [v]) == ag.gradient(own(v), [v])


def somebodys(name):
    """Return a ufunc of that name, as an extension module of somebody's own has it."""

    class Named:
        __name__ = name

        def __call__(self, v):
            return v.__array_ufunc__(self, "__call__", v)

    return Named()


@pytest.mark.parametrize("name", ["relu", "exp", "sigmoid", "add", "backward", "expit", "data"])
def test_somebodys_own_ufunc_is_refused_in_words_whatever_its_name(name):
    with pytest.raises(TypeError, match=rf"^{name} is no operation on Values: .* ag\.primitive$"):
        somebodys(name)(Value(2.0))


def test_a_function_made_a_ufunc_is_refused_on_a_value_and_works_on_an_array():
    relu = np.frompyfunc(lambda x: x.relu(), 1, 1)
    with pytest.raises(TypeError, match="is no operation on Values"):
        relu(Value(2.0))
    assert data(relu(values(2.0, -2.0))) == [2.0, 0.0]


@pytest.mark.parametrize(
    "ufunc", [np.floor, np.isnan, np.logaddexp2, np.nextafter, np.fmod, np.heaviside, np.sign]
)
def test_a_ufunc_without_a_primitive_says_what_to_write(ufunc):
    with pytest.raises(TypeError, match=f"^{ufunc.__name__} is no operation on Values"):
        ufunc(*[Value(2.0)] * ufunc.nin)


@pytest.mark.parametrize(("apply", "sign"), [(op.matmul, "@"), (op.floordiv, "//"), (op.mod, "%")])
def test_an_operator_that_there_is_not_has_one_cure_for_values_and_arrays(apply, sign):
    v, cure = Value(2.0), re.escape(words.OPERATORS[sign])
    for pair in ((v, v), (v, np.ones(2)), (np.ones(2), v)):
        with pytest.raises(TypeError, match=f"is no operation on Values: {cure}$"):
            apply(*pair)


def test_what_is_no_number_is_left_to_its_own_class():
    class Own:
        def __array_ufunc__(self, ufunc, method, *inputs, **options):
            return ufunc.__name__, inputs

    v, own = Value(2.0), Own()
    assert np.multiply(v, own) == ("multiply", (v, own))
    assert np.add(own, v) == ("add", (own, v))


def test_an_array_of_values_is_changed_in_place_by_a_value():
    a = values(1.0, 2.0)
    same = a
    a += Value(3.0)
    a *= 2.0
    assert same is a and data(a) == [8.0, 10.0]
    with pytest.raises(TypeError, match=r"write v\.data"):
        numbers = np.array([1.0, 2.0])
        numbers += Value(3.0)


def test_arrays_of_no_dimension_meet_values_as_numbers():
    v, three = Value(2.0), np.array(3.0)
    assert (v * three).data == (three * v).data == 6.0
    assert type(np.hypot(v, np.array(1.0))) is Value
    assert (
        (np.array(v, dtype=object) * three).data == (three * np.array(v, dtype=object)).data == 6.0
    )

"""The table of NumPy's calls in `demos/numpy.md` is what they give, and its answers are right."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import autograd_engine as ag
from autograd_engine import Value

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("numpy_calls", ROOT / ".ci" / "numpy_calls.py")
calls = importlib.util.module_from_spec(spec)
spec.loader.exec_module(calls)

PAGE = calls.PAGE.read_text(encoding="utf-8")
TOLD = {row[0]: row for row in re.findall(r"(?m)^\| `(.+)` \| (.*) \| (.*) \|$", PAGE)}
# What some NumPy from 1.26 on has not, or does otherwise.
VARIES = {
    "var", "std", "percentile", "quantile", "trapezoid", "nonzero", "any", "all", "sinc", "insert",
    "numpy.fft.fft",
}  # fmt: skip


@pytest.fixture(scope="module")
def rows():
    return {row[0]: row for row in calls.rows()}


def test_the_table_is_what_numpy_gives(rows):
    other = {call for call, row in rows.items() if TOLD.get(call) != row}
    if f"NumPy {np.__version__}," not in PAGE:
        names = {call: call.partition("(")[0] for call in other}
        other = {call for call in other if names[call] not in VARIES and "linalg" not in call}
    assert not other, "run .ci/numpy_calls.py"


def test_no_answer_is_wrong(rows):
    assert "wrong" not in PAGE
    assert {call for call, *found in rows.items() if "wrong" in found} <= {"std(x)"}


def test_one_value_is_answered_or_refused_in_our_words(rows):
    refused = {call for call, (_, one, _) in rows.items() if one == "NumPy refuses"}
    names = {call.split("(")[0].split(".")[0] for call in refused}
    # These look into their argument before they ask it, or NumPy has them not.
    assert names <= {"poly", "roots", "trapezoid", "linalg", "var"}


def test_the_words_name_the_function_and_the_cure():
    v = Value(2.0)
    for call in (np.isnan, np.diff, np.interp, np.allclose, np.linalg.det, np.fft.fft, np.round):
        name = call.__name__
        with pytest.raises(TypeError, match=rf"^{name} is no operation on Values.*: write v\.data"):
            call(*[v] * {"interp": 3, "allclose": 2}.get(name, 1))


def test_a_value_among_arrays_and_lists_is_an_item_of_them():
    v, w = Value(2.0), Value(3.0)
    assert [item.data for item in np.stack([v, w])] == [2.0, 3.0]
    assert np.append([1.0, 5.0], v).tolist() == [1.0, 5.0, v]
    assert (np.full(2, fill_value=v) == [v, v]).all()
    assert np.where(True, v, w) is v and np.sum(v) is v
    poly = np.poly(np.array([v, w], dtype=object))
    assert [getattr(item, "data", item) for item in poly] == [1.0, -5.0, 6.0]


def test_what_another_library_answers_is_left_to_it():
    class Other:
        def __array_function__(self, function, types, operands, options):
            return "its own answer"

    assert np.where(True, Value(1.0), Other()) == "its own answer"


@pytest.mark.parametrize("name", ["deg2rad", "rad2deg", "radians", "degrees", "fabs", "conjugate"])
def test_what_numpys_ufuncs_ask_objects_for_has_their_bits(name):
    numbers = [0.1, -30.0, 1e300, -0.0]
    for number, found in zip(numbers, getattr(np, name)([Value(x) for x in numbers])):
        assert found.data == getattr(Value(number), name)().data == getattr(np, name)(number)
        assert getattr(np, name)(Value(number)).data == found.data


def test_a_variance_is_that_of_the_package():
    x = [0.5, -1.0, 3.0]
    slopes = ag.grad(np.var)(np.array(x))
    assert slopes == pytest.approx(ag.grad(ag.variance)(x), rel=1e-14)
    length = getattr(np.linalg, "vector_norm", np.linalg.norm)  # from NumPy 2 on
    assert ag.grad(length)(np.array(x)) == pytest.approx(ag.grad(ag.norm)(x))

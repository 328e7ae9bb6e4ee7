"""Columns: many Values read and set at once, as one by one."""

import math
from fractions import Fraction

import pytest

from autograd_engine import Value, optim
from autograd_engine.columns import data_of, grads_of, set_data, set_grads
from autograd_engine.nn import MLP, Module
from autograd_engine.state import Block


def values():
    """Leaves, a constant, a value that a sweep has reached, and one that none has."""
    a, b = Value(2.0, "a"), Value(-3.0)
    product = a * b
    product.backward()
    return [a, b, product, b.detach(), a + b]


def assign(name):
    return lambda items, numbers: [
        setattr(item, name, number) for item, number in zip(items, numbers, strict=True)
    ]


WAYS = {
    "data": (data_of, lambda items: [item.data for item in items], None),
    "grad": (grads_of, lambda items: [item.grad for item in items], None),
    "set data": (set_data, assign("data"), [1, True, 0.5, Fraction(1, 3), math.nan]),
    "set grad": (set_grads, assign("grad"), [-math.inf, -0.0, 0.5, 7, math.nan]),
}


def outcome(work, numbers, container=list):
    """What a call gives, tells a function that is compiled, and leaves in the Values."""
    items, heard = values(), []
    block = Block("watched", lambda name, x, number, holds: heard.append((name, x, number)))
    block.enter()
    try:
        given = (container(items),) if numbers is None else (container(items), numbers)
        found = work(*given)
    finally:
        block.leave()
    told = [(name, next(i for i, x in enumerate(items) if x is y), n) for name, y, n in heard]
    return repr((found if numbers is None and found else None, told, items))


@pytest.mark.parametrize("container", [list, tuple, iter])
@pytest.mark.parametrize(("at_once", "one_by_one", "numbers"), WAYS.values(), ids=WAYS)
def test_at_once_is_as_one_by_one_and_tells_a_function_that_is_compiled(
    at_once, one_by_one, numbers, container
):
    expected = outcome(one_by_one, numbers).replace("[None, None, None, None, None]", "None")
    assert outcome(at_once, numbers, container) == expected


@pytest.mark.parametrize(("at_once", "one_by_one", "numbers"), WAYS.values(), ids=WAYS)
def test_at_once_is_as_one_by_one_where_nobody_listens(at_once, one_by_one, numbers):
    ours, theirs = values(), values()
    given = () if numbers is None else (numbers,)
    found, expected = at_once(ours, *given), one_by_one(theirs, *given)
    assert repr(ours) == repr(theirs)
    assert all(type(item.data) is type(item.grad) is float for item in ours)
    assert found == (expected if any(expected) else None)


@pytest.mark.parametrize("put", [set_data, set_grads])
def test_what_is_no_number_is_refused_before_anything_is_set(put):
    items = values()
    before = repr(items)
    with pytest.raises(TypeError, match="expected one real number, got str: '1'"):
        put(items, [1.0, 2.0, 3.0, 4.0, "1"])
    assert repr(items) == before


def test_a_model_that_lists_what_is_no_value_is_told_so():
    class Odd(Module):
        def parameters(self):
            return [Value(1.0), 2.0]

    with pytest.raises(TypeError, match="parameter 1 is no Value but float: 2.0"):
        Odd().zero_grad()


@pytest.mark.parametrize("who", [lambda model: model, lambda model: optim.SGD(model.parameters())])
def test_zero_grad_reaches_each_parameter(who):
    model = MLP(3, [4, 2])
    model([1.0, 2.0, 3.0])[0].backward()
    assert any(parameter.grad for parameter in model.parameters())
    who(model).zero_grad()
    assert not any(parameter.grad for parameter in model.parameters())

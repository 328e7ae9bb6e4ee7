"""What numbers of other libraries do where ours are: they answer, or are refused in one sentence."""

import operator

import numpy as np
import pytest

import autograd_engine as ag
from autograd_engine import Value

pytestmark = pytest.mark.peers

FUNCTIONS = {
    "tanh": ag.tanh,
    "relu": ag.relu,
    "hypot": lambda x: ag.hypot(x, 2.0),
    "hypot, second": lambda x: ag.hypot(2.0, x),
    "maximum of a Value": lambda x: ag.maximum(Value(1.0), x),
    "method": lambda x: Value(1.0).hypot(x),
    "silu": ag.silu,
    "gelu": ag.gelu,
    "elu": ag.elu,
    "leaky_relu": ag.leaky_relu,
    "clip": lambda x: ag.clip(x, 0.0, 1.0),
    "where": lambda x: ag.where(True, x, 1.0),
    "sum": lambda x: ag.sum([x, 1.0]),
    "dot": lambda x: ag.dot([x], [x]),
    "softmax": lambda x: ag.softmax([x, 1.0])[0],
    "mse": lambda x: ag.losses.mse(x, 1.0),
    "hinge": lambda x: ag.losses.hinge(x, 1),
    "model": lambda x: ag.nn.MLP(1, [1])([x]),
    "Value": Value,
    "a primitive of one's own": ag.primitive("cube", lambda x: x**3, lambda out, x: (3.0 * x * x,)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("way", ["grad", "jit", "vmap"])
def test_a_function_under_a_transformation_of_jax_says_what_to_write(name, way, jax):
    given = jax.numpy.ones(3) if way == "vmap" else 0.5
    cure = r"which jax traces: write a function of jax\.numpy"
    with pytest.raises(TypeError, match=cure):
        getattr(jax, way)(FUNCTIONS[name])(given)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_under_hips_autograd_says_what_to_write(name):
    import autograd

    with pytest.raises(TypeError, match="which autograd traces: write a function of autograd.num"):
        autograd.grad(FUNCTIONS[name])(0.5)


def test_what_the_cure_says_works(jax):
    program = ag.compile(ag.tanh, 0.5).to_jax()
    slope = jax.grad(lambda x: program([], [x]))(0.5)
    assert float(slope) == pytest.approx(ag.grad(ag.tanh)(0.5), rel=1e-6)
    # Numbers and arrays that nobody traces are numbers and arrays.
    assert ag.tanh(jax.numpy.array(0.5)) == pytest.approx(ag.tanh(0.5), rel=1e-6)


def tensors(jax, torch):
    return {
        "torch, of several": torch.ones(3),
        "torch, of one": torch.ones(1),
        "torch, tracked": torch.tensor(2.0, requires_grad=True),
        "jax, of several": jax.numpy.ones(3),
        "jax, of one": jax.numpy.ones(1),
        "jax, of two dimensions": jax.numpy.ones((2, 2)),
    }


@pytest.mark.parametrize("compare", [operator.eq, operator.ne, operator.lt, operator.ge])
def test_a_tensor_that_is_no_number_is_compared_with_no_value(compare, jax, torch):
    for other in tensors(jax, torch).values():
        for pair in ((Value(2.0), other), (other, Value(2.0))):
            with pytest.raises(TypeError, match=r"Value' and|and 'Value'|compared with one number"):
                compare(*pair)


def test_a_number_that_jax_traces_is_compared_with_no_value(jax):
    with pytest.raises(TypeError, match="one number, not with .*Tracer.*, which jax traces: write"):
        jax.jit(lambda x: Value(2.0) == x)(2.0)


def test_what_is_one_number_or_answers_itself_is_compared(jax, torch):
    import pint

    v, units = Value(2.0), pint.UnitRegistry()
    for two in (torch.tensor(2.0), jax.numpy.array(2.0), np.array(2.0), 2.0 * units.dimensionless):
        assert v == two and two == v and v >= two
        assert operator.ne(v, two) is False
    for other in (2.0 * units.meter, "2", None, [2.0], {"a": 2.0}, object()):
        assert v != other and other != v and not v == other
    for array in (np.array([2.0, 3.0]), np.ma.array([2.0, 3.0]), np.array([v, 3.0], dtype=object)):
        assert (v == array).tolist() == (array == v).tolist() == [True, False]
        assert (v != array).tolist() == (array != v).tolist() == [False, True]


def test_classes_of_every_library_are_taken(jax, torch):
    logits = [Value(0.1), Value(0.2), Value(0.3)]
    expected = ag.losses.cross_entropy(logits, 2).data
    for target in (torch.tensor(2), torch.tensor([2]), jax.numpy.array(2), jax.numpy.array([2])):
        assert ag.losses.cross_entropy(logits, target).data == expected
    for target in (torch.tensor(1.5), torch.tensor([1.5]), jax.numpy.array([1.5, 1.0])):
        with pytest.raises(TypeError, match="the class must be an integer from 0 to 2 for 3 log"):
            ag.losses.cross_entropy(logits, target)

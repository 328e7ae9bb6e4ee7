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

    cure = "which autograd traces: write a function of autograd.num"
    with pytest.raises(TypeError, match=cure):
        autograd.grad(FUNCTIONS[name])(0.5)
    with pytest.raises(TypeError, match=cure):
        autograd.grad(lambda x: ag.nn.MLP(2, [1])(x))(np.ones(2))


@pytest.mark.parametrize("way", ["grad", "jit"])
def test_a_program_under_a_transformation_of_jax_says_what_to_write(way, jax):
    for program, x in (
        (ag.compile(ag.tanh, 0.5), 0.5),
        (ag.compile(ag.sum, [0.5, 1.0]), jax.numpy.ones(2)),
    ):
        with pytest.raises(TypeError, match=r"^x is what JAX traces: use program\.to_jax\(\)"):
            getattr(jax, way)(program)(x)


def test_tables_and_arrays_of_every_library_are_arrays(jax):
    import pandas

    series, array = pandas.Series([5.0, 6.0], ["a", "b"]), jax.numpy.array([5.0, 6.0])
    for x in (series, array):
        assert ag.jacobian(lambda x: 2.0 * x)(x).tolist() == [[2.0, 0.0], [0.0, 2.0]]
        assert ag.hessian(lambda x: (x * x).sum())(x).tolist() == [[2.0, 0.0], [0.0, 2.0]]
        assert ag.grad(lambda x: (x * x).sum())(x).tolist() == [10.0, 12.0]
        assert ag.hvp(lambda x: (x * x).sum(), x, x).tolist() == [10.0, 12.0]
        assert ag.jvp(lambda x: x * x, x, x).tolist() == [50.0, 72.0]
        ag.check_gradients(lambda x: (x * x).sum(), x)
        assert ag.sum(x) == 11.0 and ag.losses.mse(x, x) == 0.0 and ag.nn.MLP(2, [1])(x)
    assert ag.tanh(series).index.tolist() == ["a", "b"] and ag.tanh(series).dtype == float


@pytest.mark.parametrize("columns", [None, ["p", "q"]])
@pytest.mark.parametrize(
    "call",
    [
        ag.sum,
        lambda table: ag.dot(table, table),
        lambda table: ag.losses.mse(table, table + 100.0),
        lambda table: ag.nn.MLP(2, [1])(table),
    ],
)
def test_a_table_is_its_rows_and_not_its_names(call, columns):
    import pandas

    table = pandas.DataFrame([[1.0, 2.0], [3.0, 4.0]], columns=columns)
    with pytest.raises((TypeError, ValueError), match="several rows|several samples|the shape"):
        call(table)
    assert ag.jacobian(lambda x: x[0])(table).shape == (2, 2, 2)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_quantity_with_a_unit_is_refused_as_a_value_of_it_is(name):
    import pint

    with pytest.raises(TypeError, match="got Quantity: .*meter.*: pass a plain number"):
        FUNCTIONS[name](2.0 * pint.UnitRegistry().meter)


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

"""`ag.compile` and what it gives: shapes, numbers read at each call, and every refusal."""

import copy
import math
import pickle
import random
import re
import subprocess
import sys

import numpy
import pytest

import autograd_engine as ag
from autograd_engine import Program, Value

CLOSE = 1e-12  # relative: a back end may add in another order, and rounds functions otherwise


def graph():
    """w x² + tanh(b y), and its leaves w, b, x, y."""
    w, b, x, y = Value(2.0, "w"), Value(0.5, "b"), Value(1.0, "x"), Value(3.0, "y")
    return w * x * x + ag.tanh(b * y), w, b, x, y


def f(w, b, x, y):
    return w * x * x + math.tanh(b * y)


def slopes(w, b, x, y):
    return [x * x, y / math.cosh(b * y) ** 2]


BATCH = [[1.0, 2.0], [0.5, -1.0], [3.0, 0.0]]


# Calling a program.


def test_one_vector_gives_a_float():
    z, _, _, x, y = graph()
    found = ag.compile(z, [x, y])([1.5, -0.5])
    assert type(found) is float
    assert found == pytest.approx(f(2.0, 0.5, 1.5, -0.5), rel=CLOSE)


def test_a_batch_gives_a_vector():
    z, _, _, x, y = graph()
    found = ag.compile(z, [x, y])(BATCH)
    assert found.shape == (3,)
    assert found == pytest.approx([f(2.0, 0.5, *row) for row in BATCH], rel=CLOSE)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_list_of_outputs_gives_a_vector_or_a_matrix(count):
    z, w, _, x, y = graph()
    program = ag.compile([z, w * y, x][:count], [x, y])
    expected = [[f(2.0, 0.5, *row), 2.0 * row[1], row[0]][:count] for row in BATCH]
    assert program(BATCH[0]).shape == (count,)
    assert program(BATCH[0]) == pytest.approx(expected[0], rel=CLOSE)
    assert program(BATCH).shape == (3, count)
    assert program(BATCH) == pytest.approx(numpy.array(expected), rel=CLOSE)
    assert program(BATCH[:1]).shape == (1, count)


def test_a_program_without_inputs_is_called_without_x():
    z, w, b, x, y = graph()
    program = ag.compile(z)
    assert program() == pytest.approx(z.data, rel=CLOSE)
    assert program.parameters == (w, x, b, y)  # topological order
    assert program.inputs == ()
    with pytest.raises(ValueError, match="no inputs: call it without x"):
        program([1.0])


def test_a_program_with_inputs_is_never_called_without_x():
    z, _, _, x, y = graph()
    with pytest.raises(TypeError, match="has 2 inputs"):
        ag.compile(z, [x, y])()


@pytest.mark.parametrize(
    "x",
    [
        [1, 2],
        (1.0, 2.0),
        numpy.array([1, 2]),
        numpy.array([1.0, 2.0], numpy.float32),
        numpy.array([1.0, 9.0, 2.0, 9.0])[::2],
        numpy.array([1.0, 2.0], ">f8"),
        numpy.array([1, 2.0], object),
        [True, 2],
    ],
)
def test_whatever_holds_real_numbers_is_a_vector(x):
    z, _, _, *inputs = graph()
    assert ag.compile(z, inputs)(x) == pytest.approx(f(2.0, 0.5, 1.0, 2.0), rel=CLOSE)


def test_a_batch_in_any_layout_gives_the_same():
    z, _, _, *inputs = graph()
    program = ag.compile(z, inputs)
    batch = numpy.array(BATCH)
    for layout in (numpy.asfortranarray(batch), numpy.repeat(batch, 2, axis=1)[:, ::2]):
        assert program(layout).tolist() == program(batch).tolist()
        assert program.value_and_grad(layout)[0] == program.value_and_grad(batch)[0]


def test_what_a_program_is_fed_with_and_gives_is_the_callers():
    z, _, _, *inputs = graph()
    program = ag.compile(z, inputs)
    batch = numpy.array(BATCH)
    first = program(batch)
    _, gradient = program.value_and_grad(batch)
    kept = first.tolist(), gradient.tolist()
    program(batch + 1.0)
    program.value_and_grad(batch + 1.0)
    assert batch.tolist() == BATCH
    assert (first.tolist(), gradient.tolist()) == kept


def test_a_number_is_a_vector_of_one_input():
    x = Value(1.0)
    assert ag.compile(x * x, [x])(3.0) == 9.0
    assert ag.compile(x * x, [x])([[3.0], [2.0]]).tolist() == [9.0, 4.0]


# Derivatives.


def test_value_and_grad_of_one_vector():
    z, w, b, x, y = graph()
    program = ag.compile(z, [x, y])
    assert program.parameters == (w, b)
    value, gradient = program.value_and_grad([1.5, -0.5])
    assert type(value) is float and gradient.shape == (2,)
    assert value == pytest.approx(f(2.0, 0.5, 1.5, -0.5), rel=CLOSE)
    assert gradient == pytest.approx(slopes(2.0, 0.5, 1.5, -0.5), rel=CLOSE)


def test_value_and_grad_of_a_batch_are_the_means():
    z, _, _, x, y = graph()
    value, gradient = ag.compile(z, [x, y]).value_and_grad(BATCH)
    assert value == pytest.approx(numpy.mean([f(2.0, 0.5, *row) for row in BATCH]), rel=CLOSE)
    expected = numpy.mean([slopes(2.0, 0.5, *row) for row in BATCH], axis=0)
    assert gradient == pytest.approx(expected, rel=CLOSE)


def test_parameters_are_differentiated_by_in_the_order_given():
    z, w, b, x, y = graph()
    program = ag.compile(z, [x], [b, w])
    assert program.parameters == (b, w)
    assert program.value_and_grad([1.5])[1] == pytest.approx(slopes(2.0, 0.5, 1.5, 3.0)[::-1])
    y.data = -0.5  # neither input nor parameter: read at each call
    assert program.value_and_grad([1.5])[1] == pytest.approx(slopes(2.0, 0.5, 1.5, -0.5)[::-1])


def test_the_data_of_the_leaves_is_read_at_each_call():
    z, w, _, x, y = graph()
    program = ag.compile(z, [x, y])
    w.data = -3.0
    assert program([1.5, -0.5]) == pytest.approx(f(-3.0, 0.5, 1.5, -0.5), rel=CLOSE)
    x.data = 100.0  # an input's is not
    assert program([1.5, -0.5]) == pytest.approx(f(-3.0, 0.5, 1.5, -0.5), rel=CLOSE)


def test_numbers_can_be_given_instead_of_those_of_the_parameters():
    z, w, b, x, y = graph()
    program = ag.compile(z, [x, y])
    given = numpy.array([4.0, -1.0])
    for numbers in (given, [4, -1], given.astype(numpy.float32)):
        assert program([1.5, 0.5], parameters=numbers) == pytest.approx(f(4.0, -1.0, 1.5, 0.5))
        value, gradient = program.value_and_grad([1.5, 0.5], parameters=numbers)
        assert value == pytest.approx(f(4.0, -1.0, 1.5, 0.5), rel=CLOSE)
        assert gradient == pytest.approx(slopes(4.0, -1.0, 1.5, 0.5), rel=CLOSE)
    assert (w.data, b.data) == (2.0, 0.5)
    fixed = ag.compile(z, [x], [w])  # b and y keep their own numbers
    assert fixed([1.5], parameters=[4.0]) == pytest.approx(f(4.0, 0.5, 1.5, 3.0), rel=CLOSE)


def test_backward_accumulates_into_the_parameters_and_returns_the_value():
    z, w, b, x, y = graph()
    z.backward()
    eager = w.grad, b.grad
    for leaf in (w, b, x, y):
        leaf.zero_grad()
    program = ag.compile(z, [x, y])
    for times in (1, 2):
        assert program.backward([1.0, 3.0]) == pytest.approx(z.data, rel=CLOSE)
        assert [w.grad, b.grad] == pytest.approx([times * slope for slope in eager], rel=CLOSE)
    assert (x.grad, y.grad) == (0.0, 0.0)
    assert ag.compile(z).backward() == pytest.approx(z.data, rel=CLOSE)


def test_leaves_that_are_not_in_the_graph_are_allowed_and_have_a_gradient_of_zero():
    z, w, _, x, y = graph()
    stray, unused = Value(5.0, "stray"), Value(math.nan, "unused")
    program = ag.compile(z, [x, stray, y], [unused, w])
    value, gradient = program.value_and_grad([1.5, math.nan, -0.5])
    assert value == pytest.approx(f(2.0, 0.5, 1.5, -0.5), rel=CLOSE)
    assert gradient.tolist() == pytest.approx([0.0, 2.25], rel=CLOSE)


def test_a_leaf_is_an_output_too():
    w, x = Value(2.0), Value(3.0)
    assert ag.compile([x, w], [x])([7.0]).tolist() == [7.0, 2.0]
    assert ag.compile(x, [x]).value_and_grad([7.0])[0] == 7.0
    assert ag.compile(w).value_and_grad()[1].tolist() == [1.0]


def test_a_program_without_parameters_has_an_empty_gradient():
    x = Value(3.0)
    value, gradient = ag.compile(x * x, [x]).value_and_grad([2.0])
    assert (value, gradient.shape) == (4.0, (0,))


# Compiling a function.


def test_a_function_is_called_on_leaves_of_the_examples_shape():
    seen = []

    def loss(x):
        seen.append(x)
        return x["a"][0] * x["a"][1][0] + x["b"]

    program = ag.compile(loss, {"a": [1.0, (2.0,)], "b": 3})
    (x,) = seen
    assert list(x) == ["a", "b"] and type(x["a"]) is list and type(x["a"][1]) is tuple
    assert program.inputs == (x["a"][0], x["a"][1][0], x["b"])
    assert program([5.0, 6.0, 7.0]) == 37.0


def test_a_number_becomes_one_value_and_an_array_an_array_of_values():
    assert ag.compile(lambda x: x * x, 3.0)(4.0) == 16.0
    matrix = numpy.array([[1.0, 2.0], [3.0, 4.0]])
    program = ag.compile(lambda x: (x @ x).sum(), matrix)
    assert program((2 * matrix).ravel()) == pytest.approx((4 * matrix @ matrix).sum(), rel=CLOSE)
    assert len(ag.compile(lambda x: x[0] + x[1][1], [1.0, numpy.array([2.0, 3.0])]).inputs) == 3


def test_a_function_may_return_several_values_in_any_nesting():
    program = ag.compile(lambda x: (x[0], [x[1] * 2.0, numpy.array([x[0] + x[1]])]), [1.0, 2.0])
    assert program([3.0, 4.0]).tolist() == [3.0, 8.0, 7.0]
    assert ag.compile(lambda x: [x * 2.0], 1.0)(3.0).tolist() == [6.0]


def test_the_leaves_that_a_function_reads_are_the_parameters():
    w, b = Value(2.0, "w"), Value(1.0, "b")
    program = ag.compile(lambda x: w * x[0] + b, [0.0])
    assert program.parameters == (w, b)
    assert program.value_and_grad([3.0])[1].tolist() == [3.0, 1.0]
    assert ag.compile(lambda x: w * x[0] + b, [0.0], [b]).parameters == (b,)


def test_a_network_compiles_as_it_stands():
    model = ag.nn.MLP(2, [4, 1], rng=random.Random(1))
    program = ag.compile(model, [0.0, 0.0], model.parameters())
    assert program.parameters == tuple(model.parameters())
    assert program([0.3, -0.7]) == pytest.approx(model([0.3, -0.7]).data, rel=CLOSE)


def test_compiling_inside_no_grad_records_all_the_same():
    w = Value(2.0)
    with ag.no_grad():
        program = ag.compile(lambda x: w * x, 1.0)
    assert program.value_and_grad(3.0)[1].tolist() == [3.0]


def silent_part(x):
    with ag.no_grad():
        part = ag.sqrt(x[0]) * x[1] ** x[0]
    return part * x[0] + x[1] ** 2 * part


@pytest.mark.parametrize("backend", ["auto", "native", "numpy", "exact"])
@pytest.mark.parametrize(
    "derivative",
    [
        ag.grad(silent_part),
        ag.jacobian(ag.grad(silent_part)),
        ag.hessian(silent_part),
        lambda x: ag.jvp(silent_part, x, [1.0, 2.0]),
        lambda x: ag.hvp(silent_part, x, [1.0, 2.0]),
        ag.grad(ag.no_grad()(silent_part)),
    ],
)
def test_a_derivative_of_what_has_a_silent_part_compiles(derivative, backend):
    x = [4.0, 5.0]
    for example in ([2.0, 3.0], [0.0, 3.0]):
        program = ag.compile(derivative, example, backend=backend)
        assert numpy.ravel(program(x)) == pytest.approx(numpy.ravel(derivative(x)), rel=CLOSE)


def test_a_primitive_of_ones_own_compiles():
    cube = ag.primitive("cube", lambda x: x * x * x, lambda out, x: (3.0 * x * x,))
    w = Value(2.0)
    value, gradient = ag.compile(cube(w)).value_and_grad()
    assert (value, gradient.tolist()) == (8.0, [12.0])


# Pickles and copies.


@pytest.mark.parametrize("backend", ["auto", "native", "scalar", "numpy", "exact"])
@pytest.mark.parametrize(
    "twin", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))]
)
def test_a_copied_program_computes_the_same(twin, backend):
    z, w, b, x, y = graph()
    program = ag.compile([z, w], [x, y], [b, w], check=False, backend=backend)
    expected = program(BATCH)  # a program that has run holds memory, which is not copied
    assert twin(program)(BATCH).tolist() == expected.tolist()
    assert math.isinf(twin(program)([math.inf, 0.0])[0])


def test_a_shallow_copy_of_a_program_shares_its_leaves_and_a_deep_one_has_its_own():
    w = Value(2.0, "w")
    program = ag.compile(lambda x: w * x if w > 0.0 else x, 1.0)
    shared, own = copy.copy(program), copy.deepcopy(program)
    w.data = 5.0
    assert (shared(3.0), own(3.0)) == (15.0, 6.0)
    w.data = -1.0
    with pytest.raises(ag.GuardError):
        shared(3.0)
    assert own.parameters[0].label == "w" and own(3.0) == 6.0


def test_a_program_shares_its_leaves_with_what_is_pickled_together():
    model = ag.nn.MLP(2, [3, 1])
    program = ag.compile(model, [0.0, 0.0])
    model, program = pickle.loads(pickle.dumps((model, program)))
    assert set(program.parameters) == set(model.parameters())
    assert program([0.5, -0.5]) == pytest.approx(model([0.5, -0.5]).data, rel=CLOSE)


# What a program says of itself.


def test_a_program_describes_itself():
    z, _, _, x, y = graph()
    program = ag.compile(z, [x, y])
    assert isinstance(program, Program)
    assert repr(program).startswith("Program(5 recorded nodes -> ") and "steps" in str(program)
    assert type(program.steps) is int and program.steps >= 1
    assert "tanh" in program.source
    assert type(program.explain_plan()) is str
    assert ag.compile(z, exact=True).explain_plan() == "exact: asked for"


@pytest.mark.parametrize("backend", ["auto", "native", "scalar", "numpy", "exact"])
def test_a_program_of_a_leaf_alone_describes_itself_too(backend):
    program = ag.compile(Value(2.0, "w"), backend=backend)
    assert program.steps == 0 and "0 steps" in repr(program)
    assert program.source and program.explain_plan()


@pytest.mark.parametrize("single", [True, False])
def test_to_jax_gives_a_pure_function_of_the_same_shapes(single, jax):
    z, _, _, x, y = graph()
    program = ag.compile(z if single else [z, x], [x, y])
    function = jax.jit(program.to_jax())
    given = numpy.array([4.0, -1.0])
    for numbers in (BATCH[0], BATCH):
        expected = program(numbers, parameters=given)
        found = function(given, numpy.array(numbers))
        assert found.shape == numpy.shape(expected)
        # JAX computes in float32 unless told otherwise
        assert numpy.asarray(found) == pytest.approx(numpy.array(expected), rel=1e-5)


def test_to_jax_gives_nan_where_a_guard_does_not_hold(jax):
    function = ag.compile(lambda x: x * 2.0 if x > 0.0 else x, 1.0).to_jax()
    found = function(numpy.zeros(0), numpy.array([[2.0], [-2.0]]))
    assert found[0] == 4.0 and math.isnan(found[1])


def test_an_example_may_be_an_array_of_another_library(jax):
    program = ag.compile(lambda x: (x * x).sum(), jax.numpy.ones((2, 2)))
    assert program([1.0, 2.0, 3.0, 4.0]) == 30.0


# Outputs that are constant.

CONSTANT = {
    "a number": (lambda x: 3.0, 3.0),
    "a whole number": (lambda x: 3, 3.0),
    "a constant": (lambda x: (Value(1.5) * 2.0).detach(), 3.0),
    "of no dimension": (lambda x: numpy.array(3.0), 3.0),
    "all of several": (lambda x: [3.0, numpy.array([4.0, 5.0])], [3.0, 4.0, 5.0]),
    "some of several": (lambda x: [3.0, x[0] * x[1], 5.0], [3.0, 14.0, 5.0]),
    "behind a guard": (lambda x: 3.0 if x[0] > x[1] else 4.0, 4.0),
    "entries of a Hessian": (
        ag.hessian(lambda x: x[0] ** 2 * x[1] + 3.0 * x[1]),
        [14.0, 4.0, 4.0, 0.0],
    ),
    "a whole Hessian": (ag.hessian(lambda x: x[0] * x[1]), [0.0, 1.0, 1.0, 0.0]),
    "entries of a Jacobian": (ag.jacobian(lambda x: [x[0], x[0] * x[1]]), [1.0, 0.0, 7.0, 2.0]),
}


@pytest.mark.parametrize("backend", ["auto", "native", "scalar", "numpy", "exact"])
@pytest.mark.parametrize("name", CONSTANT)
def test_an_output_may_be_constant(name, backend):
    f, expected = CONSTANT[name]
    program = ag.compile(f, [2.0, 7.0], backend=backend)
    for copied in (program, pickle.loads(pickle.dumps(program))):
        found, rows = copied([2.0, 7.0]), copied([[2.0, 7.0]] * 3)
        assert numpy.array(found).tolist() == expected
        assert rows.tolist() == [expected] * 3
        assert (type(found) is float) == (type(expected) is float)
    assert "return" in program.source and repr(program) and program.explain_plan()


@pytest.mark.parametrize("name", CONSTANT)
def test_a_constant_output_reaches_jax(name, jax):
    f, expected = CONSTANT[name]
    program = ag.compile(f, [2.0, 7.0])
    function, given = program.to_jax(), [leaf.data for leaf in program.parameters]
    for x, wanted in ([2.0, 7.0], expected), ([[2.0, 7.0]] * 3, [expected] * 3):
        assert numpy.array(function(given, x)).tolist() == wanted


@pytest.mark.parametrize("backend", ["auto", "native", "scalar", "numpy", "exact"])
def test_the_gradient_of_a_constant_output_is_0(backend):
    w, b = Value(2.0, "w"), Value(3.0, "b")
    for output in (5.0, (w * 2.5).detach()):
        program = ag.compile(output, parameters=[w, b], backend=backend)
        value, gradient = program.value_and_grad()
        assert value == 5.0 and gradient.tolist() == [0.0, 0.0]
        assert program.backward() == 5.0 and (w.grad, b.grad) == (0.0, 0.0)
    program = ag.compile(lambda x: 5.0, [1.0], [w, b], backend=backend)
    for rows in ([1.0], [[1.0], [2.0]]):
        value, gradient = program.value_and_grad(rows)
        assert value == 5.0 and gradient.tolist() == [0.0, 0.0]


def test_a_constant_that_is_not_finite_is_said():
    with pytest.raises(FloatingPointError, match="output 1 is nan: a constant is nan"):
        ag.compile(lambda x: [x, math.nan], 1.0)(1.0)


# Refusals when compiling.


def refusals():
    z, w, _, x, y = graph()
    two = Value(2.0, "two").detach()
    return {
        "computed input": (ValueError, "input 0 is computed, by '\\+'", (z, [z])),
        "constant input": (ValueError, "input 1 is a constant", (z, [x, two])),
        "repeated input": (ValueError, r"input 1 \('x'\) was already given", (z, [x, x])),
        "repeated parameter": (ValueError, r"parameter 1 \('w'\) was already", (z, [], [w, w])),
        "both": (
            ValueError,
            r"parameter 1 \('y'\) was already given, as input 0",
            (z, [y], [w, y]),
        ),
        "computed parameter": (ValueError, "parameter 1 is computed", (z, [], [w, z])),
        "input of another type": (TypeError, "float: 1.0", (z, [1.0])),
        "no output": (ValueError, "there is no output", ([],)),
        "text": (TypeError, "str: 'z'", ("z",)),
        "function without example": (TypeError, "needs an example", (lambda x: x,)),
        "example of text": (TypeError, "number 1 of the example", (lambda x: x[0], [1.0, "a"])),
        "example of Values": (TypeError, "write v.data", (lambda x: x[0], [w])),
        "function of text": (TypeError, "NoneType", (lambda x: None, [1.0])),
    }


@pytest.mark.parametrize("name", refusals())
def test_what_cannot_be_compiled_is_refused(name):
    kind, message, arguments = refusals()[name]
    with pytest.raises(kind, match=message):
        ag.compile(*arguments)


def test_an_unknown_back_end_is_refused():
    with pytest.raises(ValueError, match="unknown back end 'gpu': there are 'auto', 'native'"):
        ag.compile(Value(1.0) * 2.0, backend="gpu")
    with pytest.raises(ValueError, match="exact=True is a back end of its own"):
        ag.compile(Value(1.0) * 2.0, backend="numpy", exact=True)


@pytest.mark.parametrize("name", ["numpy"])
def test_without_the_extra_compiling_raises_an_import_error_naming_it(name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r'pip install "autograd_engine\[fast\]"'):
        ag.compile(Value(1.0) * 2.0)


def test_the_compiler_can_be_imported_where_there_is_no_numpy():
    source = (
        "import sys; sys.modules['numpy'] = None\n"
        "from autograd_engine.compiler import GuardError, Program, compile\n"
        "import autograd_engine as ag\n"
        "assert ag.compile is compile\n"
        "try: compile(ag.Value(1.0) * 2.0)\n"
        "except ImportError as error: print('[fast]' in str(error))"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("True", "")


# Refusals when called.


def calls():
    x = Value(1.0, "x")
    return {
        "short": (ValueError, r"a vector of 2 inputs .* shape \(1,\): input 'y' is missing", [1.0]),
        "long": (ValueError, r"x must be a vector of 2 inputs.* \(3,\)$", [1.0, 2.0, 3.0]),
        "narrow batch": (ValueError, r"a batch \(B, 2\) .*shape \(2, 1\)", [[1.0], [2.0]]),
        "no numbers": (ValueError, r"x must be .* of shape \(0,\)", []),
        "zero rows": (ValueError, r"x must be .* of shape \(0, 2\)", numpy.zeros((0, 2))),
        "empty rows": (ValueError, r"x must be .* of shape \(2, 0\)", numpy.zeros((2, 0))),
        "three dimensions": (ValueError, r"of shape \(1, 1, 2\)", numpy.zeros((1, 1, 2))),
        "a number": (ValueError, r"of shape \(\)", 1.0),
        "ragged": (ValueError, "rows of one length", [[1.0, 2.0], [1.0]]),
        "text": (TypeError, "real numbers, not an array of <U", ["a", "b"]),
        "complex": (TypeError, "complex128", [1j, 2.0]),
        "None": (TypeError, "input 'y': expected one real number, got NoneType", [1.0, None]),
        "Value": (TypeError, r"input 'x': .* write v.data", [x, 1.0]),
        "one Value": (TypeError, "write v.data", x),
        "dates": (TypeError, "datetime64", numpy.array(["2020-01-01"] * 2, "datetime64[D]")),
        "missing": (TypeError, "this program has 2 inputs", None),
    }


@pytest.mark.parametrize("name", calls())
def test_what_is_no_vector_of_the_inputs_is_refused(name):
    kind, message, given = calls()[name]
    z, _, _, x, y = graph()
    program = ag.compile(z, [x, y])
    for call in (program, program.value_and_grad, program.backward):
        with pytest.raises(kind, match=message):
            call(given)


@pytest.mark.parametrize(
    "given, kind",
    [([1.0], ValueError), ([[1.0, 2.0]], ValueError), (3.0, ValueError), (["a", "b"], TypeError)],
)
def test_parameters_of_another_shape_are_refused(given, kind):
    z, _, _, x, y = graph()
    program = ag.compile(z, [x, y])
    for call in (program, program.value_and_grad):
        with pytest.raises(kind, match="parameters must be|a program is fed with"):
            call([1.0, 2.0], parameters=given)


def test_a_gradient_of_several_outputs_is_refused():
    z, _, _, x, y = graph()
    program = ag.compile([z, x], [x, y])
    with pytest.raises(ValueError, match="needs one output, and this program has 2"):
        program.value_and_grad([1.0, 2.0])
    with pytest.raises(ValueError, match="needs one output"):
        program.backward([1.0, 2.0])
    assert ag.compile([z], [x, y]).value_and_grad([1.0, 2.0])[1].shape == (2,)


# Results that are not finite.


def test_a_domain_error_is_quoted_with_the_row():
    x = Value(1.0, "x")
    program = ag.compile(ag.log(x) * 2.0, [x])
    with pytest.raises(FloatingPointError, match=r"in row 1 is nan: log\(-2.0\) .*'x' is -2.0"):
        program([[1.0], [-2.0], [-3.0]])
    with pytest.raises(FloatingPointError, match=r"log\(0.0\) is not a real number"):
        program.value_and_grad([0.0])


def test_the_first_value_that_is_not_finite_is_named():
    x, y = Value(1.0, "x"), Value(1.0, "y")
    product = x * y
    product.label = "area"
    program = ag.compile(ag.tanh(product - product * 2.0) + y, [x, y])
    with pytest.raises(FloatingPointError, match=r"is -inf: 'area' = 1e\+200 \* \(-1e\+200\)"):
        ag.compile(product * 2.0 + y, [x, y])([1e200, -1e200])
    with pytest.raises(FloatingPointError, match="'area' = "):
        program([1e200, 1e200])


@pytest.mark.parametrize(
    ("f", "point", "said"),
    [
        (lambda x: ag.sin(x[0] * x[0]), [1e200, 1.0], "1e+200 * 1e+200 is inf"),
        (lambda x: ag.sin(ag.tanh(x[1]) + x[0] * x[0]), [math.inf, 1.0], "input 0 is inf"),
        (lambda x: ag.sin(ag.exp(x[0])), [800.0, 1.0], "exp(800.0)"),
        (lambda x: ag.sqrt(ag.log(x[0]) + x[1]), [-1.0, 1.0], "log(-1.0)"),
        (lambda x: ag.log(x[0]) + x[1] * x[1], [-1.0, 1e200], "log(-1.0)"),
        (lambda x: ag.exp(-x[0]) + ag.sqrt(x[1]), [math.inf, -1.0], "sqrt(-1.0)"),
        (lambda x: x[1] * x[1] + ag.log(x[0]), [-1.0, 1e200], "1e+200 * 1e+200 is inf"),
    ],
)
def test_not_what_refuses_later_but_what_was_not_finite_first_is_named(f, point, said):
    with pytest.raises(FloatingPointError, match=f"the output is nan: {re.escape(said)}"):
        ag.compile(f, [0.5, 1.0])(point)


@pytest.mark.parametrize(
    ("f", "point", "said"),
    [
        (lambda x: x[0] ** x[1], [-0.5, 2.0], "(-0.5) ** 2.0 by operand 2 is nan"),
        (lambda x: x[1] ** x[0], [0.5, 0.0], "0.0 ** 0.5 by operand 1 is inf"),
        (lambda x: ag.sqrt(x[0]) + x[1], [0.0, 1.0], "sqrt(0.0) by operand 1 is inf"),
    ],
)
def test_an_operand_is_named_by_its_number(f, point, said):
    with pytest.raises(FloatingPointError, match=f"the partial of {re.escape(said)}, times"):
        ag.compile(f, [0.5, 1.0]).value_and_grad(point)


def test_a_leaf_or_an_input_that_is_not_finite_is_named():
    w, x = Value(math.nan, "w"), Value(1.0)
    with pytest.raises(FloatingPointError, match="parameter 'w' is nan"):
        ag.compile(w * x, [x])([1.0])
    w.data = 1.0
    with pytest.raises(FloatingPointError, match="input 0 is inf"):
        ag.compile(w * x, [x])([math.inf])


def test_a_harmless_infinity_is_not_blamed():
    x = Value(1.0)
    program = ag.compile(ag.log(ag.minimum(x, math.inf)), [x])
    assert program([2.0]) == pytest.approx(math.log(2.0), rel=CLOSE)
    with pytest.raises(FloatingPointError, match=r"log\(-1.0\)"):
        program([-1.0])


def test_of_several_outputs_the_one_is_named():
    x = Value(1.0)
    program = ag.compile([x * 2.0, ag.sqrt(x)], [x])
    with pytest.raises(FloatingPointError, match=r"output 1 is nan: sqrt\(-4.0\)"):
        program([-4.0])


def test_a_gradient_that_is_not_finite_names_parameter_and_partial():
    w, x = Value(0.0, "w"), Value(1.0)
    program = ag.compile(ag.sqrt(w * x), [x])
    message = r"gradient by parameter 'w' in row 1 is inf: the partial of sqrt\(0.0\) .* is inf"
    with pytest.raises(FloatingPointError, match=message):
        ag.compile(ag.sqrt(w + x), [x]).value_and_grad([[2.0], [0.0]])
    with pytest.raises(FloatingPointError, match="gradient by parameter 'w'"):
        program.backward([1.0])
    assert w.grad == 0.0  # refused, nothing was added


def test_without_the_check_results_may_be_infinite():
    w = Value(0.0)
    program = ag.compile(ag.sqrt(w) + 1.0, check=False)
    value, gradient = program.value_and_grad()
    assert (value, gradient.tolist()) == (1.0, [math.inf])
    assert math.isnan(ag.compile(ag.log(w + 1.0), check=False)(parameters=[-2.0]))


def test_large_finite_numbers_whose_sum_overflows_are_finite():
    values = [Value(1e308) for _ in range(3)]
    program = ag.compile(values)
    assert program().tolist() == [1e308] * 3
    a, b = Value(1.0), Value(-1.0)
    value, gradient = ag.compile(a * 1e308 + b * 1e308).value_and_grad()
    assert (value, gradient.tolist()) == (0.0, [1e308, 1e308])


def test_a_gradient_of_many_parameters_is_checked_too():
    ws = [Value(1.0, f"w{i}") for i in range(200)]
    program = ag.compile(ag.sum([ag.sqrt(w) for w in ws]))
    assert program.value_and_grad()[1] == pytest.approx([0.5] * 200, rel=CLOSE)
    ws[150].data = 0.0
    with pytest.raises(FloatingPointError, match="parameter 'w150' is inf"):
        program.value_and_grad()


# The gradient by the inputs.


@pytest.mark.parametrize(
    "options",
    [{}, {"exact": True}, *({"backend": name} for name in ("numpy", "native", "scalar"))],
    ids=lambda options: str(options.get("backend")),
)
def test_a_function_of_its_inputs_alone_is_differentiated_by_them(options):
    program = ag.compile(lambda x: x[0] * x[1] + x[0], [1.0, 1.0], **options)
    value, gradient = program.value_and_grad([2.0, 3.0])
    assert value == 8.0 and gradient.tolist() == [4.0, 2.0]
    values, gradients = program.value_and_grad([[2.0, 3.0], [4.0, 5.0]])
    assert values.tolist() == [8.0, 24.0] and gradients.tolist() == [[4.0, 2.0], [6.0, 4.0]]
    assert program.value_and_grad([2.0, 3.0], wrt="parameters")[1].shape == (0,)
    twin = pickle.loads(pickle.dumps(program))
    assert twin.value_and_grad([2.0, 3.0])[1].tolist() == [4.0, 2.0]
    assert program.backward([2.0, 3.0]) == 8.0


@pytest.mark.parametrize(
    ("f", "example", "x", "gradient"),
    [
        (lambda x: x * x, 1.0, 3.0, 6.0),
        (lambda x: x * x, 1.0, [3.0], 6.0),
        (lambda x: x[0] * x[1], (1.0, 1.0), [3.0, 4.0], [4.0, 3.0]),
        (
            lambda x: (x * x).sum(),
            numpy.ones((2, 2)),
            [0.0, 1.0, 2.0, 3.0],
            [[0.0, 2.0], [4.0, 6.0]],
        ),
        (lambda x: x["a"] * x["b"][0], {"a": 1.0, "b": [2.0]}, [3.0, 4.0], {"a": 4.0, "b": [3.0]}),
        (lambda x: 3.0, [1.0, 2.0], [3.0, 4.0], [0.0, 0.0]),
    ],
)
def test_it_has_the_shape_of_the_example(f, example, x, gradient):
    value, found = ag.compile(f, example).value_and_grad(x)
    assert isinstance(value, float)
    assert (found.tolist() if isinstance(found, numpy.ndarray) else found) == gradient


def test_beside_parameters_it_has_to_be_asked_for():
    w = Value(2.0, "w")
    program = ag.compile(lambda x: x[0] * w, [1.0])
    assert program.value_and_grad([3.0]) == (6.0, [3.0])
    assert program.value_and_grad([3.0], wrt="inputs") == (6.0, [2.0])
    assert program.value_and_grad([3.0], [7.0], wrt="inputs") == (21.0, [7.0])
    w.data = 5.0
    values, gradients = program.value_and_grad([[3.0], [4.0]], wrt="inputs")
    assert values.tolist() == [15.0, 20.0] and gradients.tolist() == [[5.0], [5.0]]
    with pytest.raises(ValueError, match='wrt must be "inputs" or "parameters", got \'x\''):
        program.value_and_grad([3.0], wrt="x")


def test_its_guards_and_its_numbers_are_checked_as_well():
    size = ag.compile(lambda x: x if x > 0.0 else -x, 1.0)
    assert size.value_and_grad(3.0) == (3.0, 1.0)
    with pytest.raises(ag.GuardError, match="-3.0 > 0.0 in row 1 is False"):
        size.value_and_grad([[3.0], [-3.0]])
    with pytest.raises(FloatingPointError, match=r"partial of sqrt\(0.0\)"):
        ag.compile(ag.sqrt, 1.0).value_and_grad(0.0)


@pytest.mark.filterwarnings("error")
def test_rows_whose_gradients_are_infinite_both_ways_have_none_without_a_warning():
    w, x = Value(2.0), Value(1.0)
    program = ag.compile(w * x, [x], check=False)
    assert numpy.isnan(program.value_and_grad([[math.inf], [-math.inf]])[1])

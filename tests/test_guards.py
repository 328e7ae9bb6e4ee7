"""Guards: a compiled function never takes a branch that its program does not hold.

And what is taken out of the graph inside it is computed anew at each call all the same.
"""

import math
import sys
import threading
from pathlib import Path

import numpy
import pytest

import autograd_engine as ag
from autograd_engine import GuardError, Value
from autograd_engine.blocks import is_own
from autograd_engine.state import WATCHED

# Each comparison, with inputs where it comes out as at (2, 1), and where it does not.
COMPARISONS = {
    "less": (lambda x, y: x < y, (3.0, 1.0), (1.0, 2.0)),
    "less_equal": (lambda x, y: x <= y, (3.0, 1.0), (1.0, 1.0)),
    "greater": (lambda x, y: x > y, (3.0, 1.0), (1.0, 1.0)),
    "greater_equal": (lambda x, y: x >= y, (1.0, 1.0), (0.5, 1.0)),
    "equal": (lambda x, y: x == y, (3.0, 1.0), (1.0, 1.0)),
    "not_equal": (lambda x, y: x != y, (3.0, 1.0), (1.0, 1.0)),
    "truth": (lambda x, y: bool(x), (3.0, 1.0), (0.0, 1.0)),
    "number on the right": (lambda x, y: x > 1.5, (1.75, 0.0), (1.5, 0.0)),
    "number on the left": (lambda x, y: numpy.float64(1.5) < x, (1.75, 0.0), (1.5, 0.0)),
    "membership": (lambda x, y: y in [x], (3.0, 1.0), (1.0, 1.0)),
    "maximum of a list": (lambda x, y: max([x, y]) is x, (3.0, 1.0), (1.0, 2.0)),
    "where": (lambda x, y: ag.where(x > y, 1.0, 0.0) == 1.0, (3.0, 1.0), (1.0, 2.0)),
    "array": (lambda x, y: (numpy.array([x, y]) > 1.5).all(), (1.0, 2.0), (2.0, 2.0)),
}


def branch(compare):
    def f(inputs):
        x, y = inputs
        return x * 10.0 + y if compare(x, y) else x - y

    return f


@pytest.mark.parametrize("backend", ["auto", "exact"])
@pytest.mark.parametrize("name", COMPARISONS)
def test_a_comparison_that_comes_out_otherwise_raises(name, backend):
    compare, same, other = COMPARISONS[name]
    f = branch(compare)
    program = ag.compile(f, [2.0, 1.0], backend=backend)
    if name != "array":  # of its two guards one comes out otherwise for either pair
        assert program(same) == f([Value(number) for number in same]).data
    with pytest.raises(GuardError):
        program(other)


# NumPy warns of a NaN in its own comparisons.
@pytest.mark.parametrize("name", [*COMPARISONS][:8])
def test_a_nan_compares_as_it_does_in_python(name):
    compare, _, _ = COMPARISONS[name]
    f = branch(compare)
    program = ag.compile(f, [2.0, 1.0], check=False, exact=True)
    eager = bool(compare(Value(math.nan), Value(1.0)))
    if eager == bool(compare(Value(2.0), Value(1.0))):
        assert math.isnan(program([math.nan, 1.0]))
    else:
        with pytest.raises(GuardError):
            program([math.nan, 1.0])


def step(inputs):
    if inputs[0] > 1.0:  # the line that the error names
        return inputs[0] * 2.0
    return inputs[0]


def test_the_error_names_file_line_text_numbers_and_row():
    program = ag.compile(step, [2.5])
    with pytest.raises(GuardError) as caught:
        program([[3.0], [2.0], [0.5], [4.0]])
    text = str(caught.value)
    line = step.__code__.co_firstlineno + 1
    assert f"{__file__}, line {line}: if inputs[0] > 1.0:" in text
    assert "0.5 > 1.0 in row 2 is False; it was 2.5 > 1.0, True" in text


def test_a_file_beside_the_package_is_not_taken_for_one_of_it():
    package = Path(ag.__file__).parent
    assert is_own(str(package / "compiler" / "guards.py"))
    assert is_own("autograd_engine/engine.py")  # as tracebacks of the compiled build have it
    assert not is_own(f"{package}_demo.py") and not is_own(str(package.parent / "script.py"))


def test_the_error_names_the_line_that_called_numpy_not_one_of_numpys():
    program = ag.compile(lambda x: x.max(), numpy.array([2.0, 1.0]))
    with pytest.raises(GuardError, match=r"test_guards\.py, line \d+: program = .*x\.max\(\)"):
        program([1.0, 2.0])


def test_a_guard_error_is_a_runtime_error_from_every_call():
    program = ag.compile(step, [2.5])
    assert issubclass(GuardError, RuntimeError)
    for call in (program, program.value_and_grad, program.backward):
        with pytest.raises(RuntimeError, match="line"):
            call([0.0])


def test_operands_are_named_in_the_order_in_which_they_were_compared():
    program = ag.compile(lambda x: x[0] if x[0] < x[1] else x[1], [1.0, 2.0])
    with pytest.raises(GuardError, match=r"comparison 5.0 < 4.0 is False; it was 1.0 < 2.0, True"):
        program([5.0, 4.0])


def test_a_guard_on_a_parameter_reads_its_number_at_each_call():
    w = Value(1.0, "w")
    program = ag.compile(lambda x: w * x if w > 0.0 else x, 2.0)
    assert program(3.0) == 3.0
    w.data = -1.0
    with pytest.raises(GuardError, match=r"-1\.0 \('w'\) > 0\.0 is False; it was 1\.0 > "):
        program(3.0)
    assert program.parameters == (w,)


def test_guards_come_before_the_check_that_results_are_finite():
    program = ag.compile(lambda x: ag.log(x) if x > 0.0 else x, 1.0)
    with pytest.raises(GuardError):
        program(-1.0)


def test_equal_guards_are_recorded_once():
    def f(x):
        for _ in range(100):
            if x[0] > 0.5 and x[1] > 0.5:
                x[0].label = "x"
        return x[0] if x[0] > 0.5 else x[1]

    # two on one line, and the first again on another
    assert len(ag.compile(f, [1.0, 2.0])._guards.kept) == 3


def test_a_comparison_of_constants_needs_no_guard():
    def f(x):
        constant = ag.where(True, 1.0, x)
        return x + 1.0 if constant < 2.0 and 2.0 * constant else x

    assert len(ag.compile(f, 1.0)._guards.kept) == 0


def test_a_finished_graph_carries_no_guards():
    x = Value(2.0)
    y = x * 2.0 if x > 1.0 else x
    assert ag.compile(y, [x])([0.5]) == 1.0


def test_functions_of_the_package_compile_without_a_guard():
    def f(xs):
        parts = [ag.leaky_relu(xs[0]), ag.elu(xs[1]), ag.gelu(xs[2]), ag.silu(xs[0])]
        parts += [ag.clip(xs[1], -1.0, 1.0), ag.norm(xs), ag.variance(xs), ag.logsumexp(xs)]
        return ag.mean([*parts, *ag.softmax(xs), *ag.log_softmax(xs), ag.prod(xs)])

    program = ag.compile(f, [0.5, -0.5, 2.0])
    assert len(program._guards.kept) == 0
    other = [-1.5, 1.0, -2.0]
    # 1e-12 relative: a back end may add in another order
    assert program(other) == pytest.approx(f(list(map(Value, other))).data, rel=1e-12)


# What leaves the graph.


def detached(x):
    return x * (x * x).detach()


def ungraded(x):
    with ag.no_grad():
        factor = ag.exp(x) * x
    return factor * x


@pytest.mark.parametrize("backend", ["auto", "exact"])
@pytest.mark.parametrize("f", [detached, ungraded])
def test_what_is_detached_is_computed_anew_and_passes_no_gradient_on(f, backend):
    w = Value(1.0)
    program = ag.compile(lambda x: f(x * w), 2.0, backend=backend)
    for number in (2.0, -0.5, 3.0):
        eager_w = Value(1.0)
        eager = f(Value(number) * eager_w)
        eager.backward()
        value, slopes = program.value_and_grad(number)
        # 1e-12 relative: a back end may round its exponential otherwise
        assert value == pytest.approx(eager.data, rel=1e-12)
        assert slopes[0] == pytest.approx(eager_w.grad, rel=1e-12)


def test_nothing_comes_through_what_is_detached_not_even_nan_from_an_infinite_partial():
    w = Value(0.0)
    value, slopes = ag.compile(
        lambda x: ag.sqrt(w.detach()) * x + w, 1.0, exact=True
    ).value_and_grad(1.0)
    assert (value, slopes.tolist()) == (0.0, [1.0])


def test_a_guard_on_what_is_detached_holds_too():
    program = ag.compile(lambda x: x if (x * 2.0).detach() > 1.0 else -x, 2.0)
    with pytest.raises(GuardError):
        program(0.25)


def test_reading_data_is_the_way_out_and_stays_as_it_was():
    program = ag.compile(lambda x: x * x.data, 2.0)
    assert program(2.0) == 4.0
    with pytest.raises(GuardError):
        program(3.0)


def test_a_derivative_taken_inside_is_computed_anew_at_each_call():
    program = ag.compile(lambda x: ag.grad(lambda z: z**3)(x) * x, 2.0)
    # 1e-12 relative: a back end may compute powers otherwise
    assert program(3.0) == pytest.approx(81.0, rel=1e-12)


def test_detach_and_no_grad_give_constants_outside_a_compiled_function():
    x = Value(2.0)
    ag.compile(detached, 2.0)
    with ag.no_grad():
        y = x * x
    assert y.operands == () and x.detach().operands == ()
    assert not WATCHED


def test_a_function_that_raises_leaves_nothing_watched():
    with pytest.raises(ZeroDivisionError):
        ag.compile(lambda x: x / 0.0, 1.0)
    assert not WATCHED


def test_a_function_compiled_inside_another_has_guards_of_its_own():
    inner = []

    def f(x):
        before = x > 0.0
        inner.append(ag.compile(lambda y: y if y > 5.0 else -y, 1.0))
        return x if before and x < 9.0 else -x

    outer = ag.compile(f, 1.0)
    assert (len(inner[0]._guards.kept), len(outer._guards.kept)) == (1, 2)


def test_another_thread_compares_unwatched_meanwhile():
    inside, done = threading.Event(), threading.Event()

    def other():
        inside.wait(10)
        x = Value(1.0)
        assert x > 0.5 and x.detach().operands == ()
        done.set()

    def f(x):
        inside.set()
        assert done.wait(10)
        return x + 1.0

    thread = threading.Thread(target=other)
    thread.start()
    program = ag.compile(f, 1.0)
    thread.join()
    assert len(program._guards.kept) == 0


def test_two_threads_call_one_program_and_get_right_answers():
    w = Value(0.5)
    program = ag.compile(lambda x: ag.tanh(w * x[0]) + x[1] if x[1] > 0.0 else x[1], [1.0, 1.0])
    wrong = []

    def call(seed):
        rng = numpy.random.default_rng(seed)
        for size in rng.integers(1, 20, 60):
            rows = rng.uniform(0.5, 2.0, (size, 2))
            value, slopes = program.value_and_grad(rows)
            t = numpy.tanh(0.5 * rows[:, 0])
            expected = (t + rows[:, 1]).mean(), ((1 - t * t) * rows[:, 0]).mean()
            # 1e-12: the sums are in another order
            if not numpy.allclose([value, slopes[0]], expected, rtol=1e-12, atol=0.0):
                wrong.append((value, slopes, expected))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=call, args=(seed,)) for seed in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not wrong

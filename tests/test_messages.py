"""Mistakes that are made once by everybody: each message says what was wrong and what to write."""

from __future__ import annotations

import io
import math
import random
import sys

import numpy
import pytest

import autograd_engine as ag
from autograd_engine.__main__ import main


def graph():
    a, b = ag.Value(2.0, "a"), ag.Value(-3.0, "b")
    loss = (a * b + 10.0).tanh()
    loss.label = "loss"
    return a, b, loss


def model_and_history(record=True):
    model = ag.nn.MLP(2, [2, 1], activation="tanh", rng=random.Random(0))
    history = ag.fit(
        model,
        ag.datasets.xor(8, seed=0),
        ag.losses.binary_cross_entropy,
        ag.optim.SGD(model.parameters(), lr=0.1),
        record=record,
        progress=False,
    )
    return model, history


@pytest.mark.parametrize(
    ("save", "message"),
    [
        (lambda: ag.draw(graph()[2]).save(3), "a picture as 3: write a path such as 'name.svg'"),
        (lambda: ag.explore(graph()[2], 3), "a page as 3: write a path such as 'name.html'"),
        (lambda: ag.explore("a.html", graph()[2]), "explore needs a Value, not str: 'a.html'"),
        (
            lambda: ag.replay(model_and_history()[1], 3),
            "a page as 3: write a path such as 'name.html'",
        ),
        (
            lambda: ag.replay("a.html", model_and_history()[1]),
            r"what fit returns, not 'a.html': write replay\(history, path\)",
        ),
    ],
)
def test_what_is_no_path_and_arguments_in_the_wrong_order_are_refused_by_name(save, message):
    with pytest.raises(TypeError, match=message):
        save()


def test_of_two_histories_the_one_without_a_recording_is_named():
    recorded, plain = model_and_history()[1], model_and_history(record=False)[1]
    with pytest.raises(ValueError, match="the history of 'slow' has no recording"):
        ag.replay({"fast": recorded, "slow": plain})


@pytest.mark.parametrize("given", ["yes", 1, 0, None])
def test_a_recording_is_wanted_or_not(given):
    with pytest.raises(TypeError, match=f"^record must be True or False, got {given!r}$"):
        model_and_history(record=given)


def test_parameters_are_values_and_neither_a_model_nor_its_method():
    (model, _), (a, _, loss) = model_and_history(), graph()
    for given in (model, model.parameters):
        with pytest.raises(TypeError, match="expected Values, or lists, tuples and arrays"):
            ag.compile(loss, parameters=given)
        with pytest.raises(TypeError, match=r"such as model\.parameters\(\)"):
            ag.diagnose(loss, given)
    assert ag.compile(loss, parameters=a).parameters == (a,)


def test_a_function_of_several_arguments_is_compiled_by_one_of_a_list():
    advice = r"takes \(x, y\): write lambda x: f\(x\[0\], x\[1\]\), and a list of 2 numbers"
    for example in (1.0, [1.0, 2.0]):
        with pytest.raises(TypeError, match=advice):
            ag.compile(lambda x, y: x * y, example)
    with pytest.raises(TypeError, match=r"but it takes \(\)$"):
        ag.compile(lambda: ag.Value(1.0), 1.0)
    assert ag.compile(lambda x, y=3.0: x * y, 1.0)(2.0) == 6.0
    assert ag.compile(ag.tanh, 1.0)(0.5) == pytest.approx(math.tanh(0.5), rel=1e-15)


def test_an_example_has_numbers_and_comes_after_the_function():
    for call in (lambda: ag.compile(abs), lambda: ag.compile(abs, [])):
        with pytest.raises(TypeError, match=r"needs an example, such as 1\.0 or \[1\.0, 2\.0\]"):
            call()
    with pytest.raises(TypeError, match="expected Values, or lists.*, not builtin_function_or_me"):
        ag.compile(1.0, abs)


def program_of_two():
    x, y, w = ag.Value(0.0, "x"), ag.Value(0.0, "y"), ag.Value(2.0, "w")
    return ag.compile(w * x + y, [x, y], [w])


@pytest.mark.parametrize(
    ("rows", "which"),
    [
        ([[1.0, 2.0], [1.0]], r"item 1 is \[1.0\]"),
        ([[1.0, 2.0], []], r"item 1 is \[\]"),
        ([[1.0, 2.0, 3.0], [1.0]], r"item 0 is \[1.0, 2.0, 3.0\]"),
        ([numpy.ones(2), numpy.ones(3)], r"item 1 is array\(\[1., 1., 1.\]\)"),
        ([[1.0, 2.0], 3.0], "item 1 is 3.0"),
        ([1.0, [2.0]], "item 0 is 1.0"),
        ([[1.0, 2.0], None], "item 1 is None"),
        ([[[1.0, 2.0], 3.0], [1.0, 2.0]], r"item 0 is \[\[1.0, 2.0\], 3.0\]"),
    ],
)
def test_of_rows_of_several_lengths_the_one_that_does_not_fit_is_named(rows, which):
    program = program_of_two()
    needed = f"^x must be a vector or rows of one length, 2 numbers each: {which}$"
    for call in (program, program.value_and_grad, program.backward):
        with pytest.raises(ValueError, match=needed):
            call(rows)


def test_of_ten_thousand_rows_the_one_that_does_not_fit_is_named():
    rows = [[1.0, 2.0] for _ in range(10_000)]
    rows[7_777] = [1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="rows of one length, 2 numbers each: item 7777 is "):
        program_of_two()(rows)


def test_parameters_in_rows_are_refused_as_parameters():
    one = r"one vector of 1 number, not an array .* \(1, 1"
    for given, what in (([[1.0], [1.0, 2.0]], "a vector or rows"), ([[1.0]], one)):
        with pytest.raises(ValueError, match="^parameters must be " + what):
            program_of_two()([1.0, 2.0], parameters=given)


def test_the_function_of_jax_takes_lists_as_it_takes_arrays(jax):
    jnp = jax.numpy
    function = program_of_two().to_jax()
    arrays = function(jnp.array([3.0]), jnp.array([[1.0, 2.0], [3.0, 4.0]]))
    for lists in (([3.0], [[1.0, 2.0], [3.0, 4.0]]), ((3,), [(1, 2), [3, 4]])):
        found = function(*lists)
        assert found.dtype == arrays.dtype
        assert found.tolist() == arrays.tolist() == [5.0, 13.0]
    assert function([3.0], [1.0, 2.0]).tolist() == 5.0
    assert jax.jit(function)([3.0], [1.0, 2.0]).tolist() == 5.0
    assert [g.tolist() for g in jax.grad(function)([3.0], [5.0, 2.0])] == [5.0]
    assert jax.grad(lambda w, x: function([w], [x, 2.0 * x]), argnums=1)(3.0, 1.0) == 5.0
    rows = jax.vmap(lambda x: function([3.0], [x, 1.0]))(jnp.array([1.0, 2.0]))
    assert rows.tolist() == [4.0, 7.0]


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (
            ([1.0, 2.0], [1.0, 2.0]),
            ValueError,
            r"parameters must be an array of shape \(1,\), got ",
        ),
        (
            ([1.0], [1.0]),
            ValueError,
            r"inputs must be an array of shape \(2,\) or \(rows, 2\), got ",
        ),
        (([ag.Value(1.0)], [1.0, 2.0]), TypeError, "parameters must be real numbers: pass the .da"),
        (((ag.Value(1.0),), [1.0, 2.0]), TypeError, "parameters must be .* the .data of Values"),
        (
            ([1.0], [ag.Value(1.0), 2.0]),
            TypeError,
            "inputs must be real .* pass the .data of Values",
        ),
        (
            (None, [1.0, 2.0]),
            TypeError,
            "parameters must be real numbers in an array or .* got None",
        ),
        ((["a"], [1.0, 2.0]), TypeError, r"parameters must be real numbers .* got \['a'\]"),
        (([1j], [1.0, 2.0]), TypeError, r"parameters must be real numbers .* got \[1j\]"),
        (
            ({"w": 1.0}, [1.0, 2.0]),
            TypeError,
            r"parameters must be real numbers .* got \{'w': 1.0\}",
        ),
        (
            ([1.0], [[1.0, 2.0], [1.0]]),
            TypeError,
            r"inputs must be real numbers .* rows of one length",
        ),
        (([1.0], "ab"), TypeError, "inputs must be real numbers .* got 'ab'"),
    ],
)
def test_the_function_of_jax_refuses_what_is_no_array_of_numbers(given, kind, message, jax):
    with pytest.raises(kind, match=f"^the {message}"):
        program_of_two().to_jax()(*given)


def test_text_is_no_number_and_has_no_data():
    with pytest.raises(TypeError, match=r"real numbers, not an array of <U1$"):
        program_of_two()(["1", "2"])
    with pytest.raises(TypeError, match="real numbers, not an array of complex128$"):
        program_of_two()([1j, 2.0])


@pytest.mark.parametrize("given", ["yes", 1, None])
def test_switches_are_true_or_false(given):
    loss = graph()[2]
    for name in ("exact", "check"):
        with pytest.raises(TypeError, match=f"^{name} must be True or False, got {given!r}$"):
            ag.compile(loss, **{name: given})
    with pytest.raises(TypeError, match=f"^show must be True or False, got {given!r}$"):
        ag.diagnostics(show=given)


def test_a_back_end_is_a_name():
    with pytest.raises(ValueError, match=r"unknown back end \['numpy'\]: there are 'auto'"):
        ag.compile(graph()[2], backend=["numpy"])


def test_a_function_that_returns_nothing_is_refused_as_such():
    with pytest.raises(TypeError, match="not NoneType"):
        ag.compile(lambda x: None, 1.0)


@pytest.mark.parametrize("lr", [True, False, "0.1", -0.1, math.nan, math.inf, ag.Value(0.1)])
def test_a_learning_rate_to_diagnose_is_one_as_an_optimizer_takes_it(lr):
    a, b, loss = graph()
    loss.backward()
    with pytest.raises((TypeError, ValueError), match="learning rate must be a .*number, .*got "):
        ag.diagnose(loss, [a, b], lr=lr)


def test_a_guard_whose_line_cannot_be_read_names_its_number_alone():
    scope = {}
    exec("def f(x):\n    return x if x > 0 else -x\n", scope)
    with pytest.raises(ag.GuardError, match=r"^<string>, line 2\nThe comparison -1\.0 > 0\.0 is"):
        ag.compile(scope["f"], 1.0)(-1.0)


def test_an_explanation_asked_for_the_wrong_way_round_says_so():
    a, b, loss = graph()
    hint = "but the other way round: write explain(output, wrt), the output first"
    assert hint in str(ag.explain(a, loss))
    assert hint not in str(ag.explain(loss, ag.Value(1.0)))
    assert hint not in str(ag.explain(a, b))


def test_names_of_variables_are_strings():
    with pytest.raises(TypeError, match="a label is text, not int: 1"):
        ag.name_values({1: ag.Value(2.0)})


def test_a_diagnosis_without_findings_is_printed_as_such():
    a, b, loss = graph()
    loss.backward()
    found = ag.diagnose(loss, [a, b])
    assert (str(found), repr(found), found) == ("nothing found: all is well", "[]", [])


def test_where_nobody_presses_keys_all_steps_are_shown(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["step", "a*b", "a=2", "b=-3"]) == 0
    shown = capsys.readouterr().out
    assert "[1/4] forward   v1 = a·b = 2·(-3) = -6" in shown
    assert shown.endswith("gradients: a -3, b 2\n")


@pytest.mark.parametrize("name", ["exp", "relu", "sqrt", "negative"])
def test_a_primitive_of_ones_own_with_the_name_of_a_built_in_one_is_compiled_as_itself(name):
    own = ag.primitive(name, lambda x: x * x * x, lambda out, x: (3.0 * x * x,))
    x, y = ag.Value(1.5, "x"), ag.Value(0.5, "y")
    output = own(own(x)) * ag.exp(y) + ag.sqrt(y)
    slopes = ag.gradient(output, [x, y])
    for exact in (False, True):
        value, gradient = ag.compile(output, parameters=[x, y], exact=exact).value_and_grad()
        # the same operations, in another order at most: a few units in the last place
        assert value == pytest.approx(output.data, rel=1e-14)
        assert list(gradient) == pytest.approx(slopes, rel=1e-14)


ROWS = [[1.0, 2.0], [3.0, 4.0]]
SEVERAL = {
    "a list of lists": ROWS,
    "a tuple of tuples": ((1.0, 2.0), (3.0, 4.0)),
    "a matrix": numpy.array(ROWS),
    "a column": numpy.ones((3, 1)),
    "a list of vectors": [numpy.ones(2), numpy.ones(2)],
    "lists of Values": [[ag.Value(1.0), ag.Value(2.0)]],
}


@pytest.mark.parametrize("name", SEVERAL)
@pytest.mark.parametrize("made", [lambda: ag.nn.MLP(2, [2, 1]), lambda: ag.nn.Neuron(2)])
def test_a_network_takes_one_sample_and_says_how_it_takes_several(name, made):
    cure = r"got .*: of several samples write \[model\(x\) for x in xs\]$"
    with pytest.raises(TypeError, match=f"^a network takes one sample, .*{cure}"):
        made()(SEVERAL[name])


@pytest.mark.parametrize(
    ("call", "cure"),
    [
        (lambda x: ag.tanh(x), r"\[tanh\(x\) for x in xs\]"),
        (lambda x: ag.hypot(x, 1.0), r"\[f\(x\) for x in xs\]"),
        (lambda x: ag.sum([x]), r"\[sum\(x\) for x in xs\]"),
        (lambda x: ag.gelu(x), r"\[f\(x\) for x in xs\]"),
        (lambda x: ag.silu(x), r"\[f\(x\) for x in xs\]"),
        (lambda x: ag.clip(x, 0.0, 1.0), r"\[f\(x\) for x in xs\]"),
        (lambda x: ag.leaky_relu(x), r"\[relu\(x\) for x in xs\]"),
        (lambda x: ag.maximum(ag.Value(1.0), x), r"\[f\(x\) for x in xs\]"),
        (lambda x: ag.Value(1.0).hypot(x), r"\[f\(x\) for x in xs\]"),
        (lambda x: ag.losses.mse([x], [1.0]), r"\[f\(x\) for x in xs\]"),
        (lambda x: ag.Value(x), r"\[f\(x\) for x in xs\]"),
    ],
)
def test_a_function_of_one_number_says_how_it_goes_through_several(call, cure):
    for given in ([1.0, 2.0], (1.0,), [ag.Value(1.0), 2.0], []):
        with pytest.raises(
            TypeError, match=f"got {type(given).__name__}: .*: of several .*{cure}$"
        ):
            call(given)


@pytest.mark.parametrize(
    "call",
    [
        lambda other: ag.grad(lambda x: other)(1.0),
        lambda other: ag.gradient(ag.Value(1.0), [other]),
        lambda other: ag.compile(other),
        lambda other: ag.diagnose(other, []),
        lambda other: ag.optim.SGD([other], lr=0.1),
        lambda other: ag.sum([other]),
        lambda other: ag.graph.nodes(other),
        ag.Value,
    ],
)
def test_another_librarys_value_is_told_from_ours(call):
    from micrograd.engine import Value

    cure = r"micrograd\.engine\.Value \(make it with ag\.Value\)"
    with pytest.raises(TypeError, match=cure):
        call(Value(2.0))


def test_the_logarithm_to_another_base_is_told():
    with pytest.raises(TypeError, match=r"1 operand, got 2: .* ag\.log\(x\) / ag\.log\(b\)$"):
        ag.log(8.0, 2)


def test_tracing_is_on_or_off():
    for given in ("off", ag.Value(1.0)):
        with pytest.raises(TypeError, match="trace_source must be True or False"):
            ag.trace_source(given)

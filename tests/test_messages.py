"""Mistakes that are made once by everybody: each message says what was wrong and what to write."""

from __future__ import annotations

import io
import math
import random
import sys

import numba
import pytest

import autograd_engine as ag
from autograd_engine.__main__ import main
from autograd_engine.compiler import bound


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
        (
            lambda: ag.animate(model_and_history()[1], 3),
            "an animation as 3: write a path such as 'name.gif'",
        ),
        (
            lambda: ag.animate("a.gif", model_and_history()[1]),
            r"an animation needs what fit returns, not 'a.gif': write animate\(history, path\)",
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


def test_a_recording_is_wanted_or_not():
    with pytest.raises(ValueError, match="record must be True or False, got 'yes'"):
        model_and_history(record="yes")


def test_parameters_are_values_and_neither_a_model_nor_its_method():
    (model, _), (a, _, loss) = model_and_history(), graph()
    for given in (model, model.parameters):
        with pytest.raises(TypeError, match=r"such as model\.parameters\(\); got"):
            ag.compile(loss, parameters=given)
        with pytest.raises(TypeError, match=r"write model\.parameters\(\)"):
            ag.diagnose(loss, given)
    with pytest.raises(TypeError, match=r"write \[a\]"):
        ag.compile(loss, parameters=a)


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
        with pytest.raises(TypeError, match=r"needs an example .* such as 1\.0 or \[1\.0, 2\.0\]"):
            call()
    with pytest.raises(TypeError, match=r"the function comes first: write ag\.compile\(f, ex"):
        ag.compile(1.0, abs)


def test_a_guard_whose_line_cannot_be_read_names_its_number_alone():
    scope = {}
    exec("def f(x):\n    return x if x > 0 else -x\n", scope)
    with pytest.raises(ag.GuardError, match=r"^<string>, line 2\nThe comparison -1\.0 > 0\.0 is"):
        ag.compile(scope["f"], 1.0)(-1.0)


def test_an_explanation_asked_for_the_wrong_way_round_says_so():
    a, b, loss = graph()
    assert "The other way round a depends on loss" not in str(ag.explain(loss, ag.Value(1.0)))
    assert "The other way round loss depends on a: write explain(output, wrt)" in str(
        ag.explain(a, loss)
    )
    assert "The other way round" not in str(ag.explain(a, b))


def test_names_of_variables_are_strings():
    with pytest.raises(TypeError, match="names of variables, such as locals"):
        ag.name_values({1: ag.Value(2.0)})


def test_tracing_is_on_or_off():
    for given in ("off", ag.Value(1.0)):
        with pytest.raises(TypeError, match="trace_source needs True or False"):
            ag.trace_source(given)


def test_a_diagnosis_without_findings_is_printed_as_such():
    a, b, loss = graph()
    loss.backward()
    found = ag.diagnose(loss, [a, b])
    assert (str(found), repr(found), found) == ("nothing found: all is well", "[]", [])


def test_where_nobody_presses_keys_all_steps_are_shown(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["step", "a*b", "a=2", "b=-3"]) == 0
    shown = capsys.readouterr().out
    assert "[1/4] forward   f = 2 * (-3) = -6" in shown
    assert shown.endswith("gradients: a -3, b 2\n")


def test_without_a_folder_for_a_cache_the_arrays_compile_all_the_same(monkeypatch):
    kept = numba.vectorize

    def without_cache(types, cache=False):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return kept(types)

    monkeypatch.setattr(numba, "vectorize", without_cache)
    chosen = bound.chooser.__wrapped__()
    assert chosen(2.0, 1.0, 5.0) == 5.0
    assert chosen(1.0, 2.0, 5.0) == 0.0

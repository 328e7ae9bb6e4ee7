"""Names for values by the variables that hold them."""

from __future__ import annotations

import random

import numpy
import pytest

import autograd_engine as ag


def V(data: float = 1.0, label: str = "") -> ag.Value:
    return ag.Value(data, label)


def test_a_value_is_called_as_its_variable():
    w, x = V(), V()
    y = w * x
    assert ag.name_values(locals()) == 3
    assert (w.label, x.label, y.label) == ("w", "x", "y")


def test_values_in_lists_tuples_and_dicts_are_called_by_their_place():
    w, pair, by_name = [V(), [V(), V()]], (V(), 2.0), {"slope": V()}
    ag.name_values(locals())
    assert [w[0].label, w[1][1].label] == ["w[0]", "w[1][1]"]
    assert pair[0].label == "pair[0]"
    assert by_name["slope"].label == "by_name['slope']"


def test_values_in_a_numpy_array_are_called_by_their_place():
    W = numpy.array([[V(), V()]], dtype=object)
    ag.name_values({"W": W})
    assert W[0, 1].label == "W[0][1]"


def test_parameters_of_a_module_are_called_by_their_dotted_names():
    model = ag.nn.MLP(2, [2, 1], rng=random.Random(0))
    assert ag.name_values({"model": model}) == 9
    assert model.layers[0].neurons[1].w[0].label == "layers.0.neurons.1.w.0"


def test_of_several_modules_each_parameter_is_called_behind_the_variable():
    encoder, decoder = ag.nn.Neuron(1), ag.nn.Neuron(1)
    ag.name_values(locals())
    assert (encoder.b.label, decoder.b.label) == ("encoder.b", "decoder.b")


def test_a_label_is_kept():
    w = V(label="weight")
    assert ag.name_values(locals()) == 0
    assert w.label == "weight"


def test_private_variables_are_passed_over():
    _hidden = V()
    assert ag.name_values({"_hidden": _hidden}) == 0
    assert _hidden.label == ""


def test_a_list_of_variables_leaves_them_their_own_names():
    w, b = V(), V()
    parameters = [w, b]
    ag.name_values(locals())
    assert [value.label for value in parameters] == ["w", "b"]


def test_a_module_s_parameters_in_a_list_keep_the_module_s_names():
    model, bias = ag.nn.Neuron(2), V()
    parameters = [*model.parameters(), bias]
    ag.name_values(locals())
    assert [value.label for value in parameters] == ["w.0", "w.1", "b", "bias"]


def test_a_list_that_holds_itself_does_no_harm():
    xs = [V()]
    xs.append(xs)
    assert ag.name_values({"xs": xs}) == 1


def test_what_a_notebook_has_shown_is_passed_over():
    value = V()
    assert ag.name_values({"Out": {3: value}, "get_ipython": print}) == 0
    assert ag.name_values({"Out": [value]}) == 1


def test_other_things_among_the_variables_do_no_harm():
    assert ag.name_values({"text": "ab", "number": 1, "array": numpy.ones(3), "cls": ag.Value}) == 0


def test_what_is_no_mapping_is_refused():
    with pytest.raises(TypeError, match=r"needs locals\(\) or globals\(\), not Value"):
        ag.name_values(V())


# named()


def test_named_labels_what_the_block_assigned():
    old = V()
    with ag.named():
        w = V(2.0)
        h = [w * old, w + old]
    assert (old.label, w.label, h[1].label) == ("", "w", "h[1]")


def test_named_labels_a_name_bound_anew_and_a_list_that_grew():
    w, losses = V(), []
    first = w
    with ag.named():
        w = w * 2.0
        losses.append(w + 1.0)
    assert (first.label, w.label, losses[0].label) == ("", "w", "losses[0]")


def test_named_works_at_the_top_of_a_module():
    scope = {"ag": ag}
    exec("with ag.named():\n    a = ag.Value(1.0)\n", scope)
    assert scope["a"].label == "a"


def test_named_blocks_nest_and_labels_survive_an_error():
    with pytest.raises(ZeroDivisionError), ag.named():
        a = V()
        with ag.named():
            b = V()
        assert (a.label, b.label) == ("", "b")
        a / 0.0
    assert a.label == "a"


def test_an_explanation_reads_without_labels_given_by_hand():
    with ag.named():
        w, x = V(3.0), V(2.0)
        h = w * x
        J = h * h
    assert ag.explain(J, w).text.startswith("∂J/∂w = ∂J/∂h · ∂h/∂w\n      = 12 · 2\n")

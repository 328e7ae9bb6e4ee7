"""diagnose and diagnostics: what is wrong is found, what is well is left alone, fixes fix it."""

import html
import math
import random
import re
import threading

import pytest

import autograd_engine as ag
from autograd_engine import Value


def kinds(found):
    return [finding.kind for finding in found]


def names_of(forward, **names):
    """Return what a program's names stand for: its values, `forward`, `output`, `parameters`."""
    names = {"ag": ag, "forward": lambda: forward(names), **names}
    names["output"] = names["forward"]()
    names.setdefault("parameters", [v for v in names.values() if isinstance(v, Value)][:-1])
    return names


def diagnosed(names, **options):
    return ag.diagnose(names["output"], names["parameters"], **options)


# What is sick, and what is the same but well. Each takes whether it is to be well.


def square(names):
    return (names["w"] * 3.0 - names["b"]) ** 2


def line(**names):
    return names_of(square, w=Value(2.0, "w"), b=Value(5.0, "b"), **names)


def swept_twice(well):
    names = line()
    for _ in range(1 if well else 2):
        names["output"].backward()
    return names


def swept_in_two_steps(well):
    names = line()
    for _ in range(2):
        if well:
            names["w"].grad = names["b"].grad = 0.0
        names["output"] = names["forward"]()
        names["output"].backward()
        if names["w"].data == 2.0:
            names["w"].data -= 0.01 * names["w"].grad
    return names


def changed_afterwards(well):
    names = line()
    names["w"].data = 2.0 if well else 2.5
    return names


def unused(well):
    return names_of(
        lambda names: names["w"] * 3.0 + (names["b"] if well else names["b"].data),
        w=Value(2.0, "w"),
        b=Value(5.0, "b"),
    )


def computed_parameter(well):
    names = line()
    names["output"].backward()
    w = names["w"]
    if well:
        w.data -= 0.01 * w.grad
    else:
        w -= 0.01 * w.grad
    for value in (names["w"], names["b"]):
        value.grad = 0.0
    names.update(w=w, parameters=[w, names["b"]])
    names["output"] = names["forward"]()
    return names


def forty_computed_parameters(well):
    weights = [Value(0.1 * i) for i in range(40)]
    weights = weights if well else [w + 1.0 for w in weights]
    names = {"ag": ag, "parameters": weights}
    names["forward"] = lambda: ag.sum(w * w for w in names["parameters"])
    names["output"] = names["forward"]()
    return names


def from_not_a_number(well):
    return names_of(square, w=Value(1.0 if well else math.nan, "w"), b=Value(1.0, "b"))


def too_large(well):
    return names_of(
        lambda names: names["w"] * names["b"] * 2.0,
        w=Value(1e100 if well else 1e200, "w"),
        b=Value(1e150, "b"),
    )


def without_a_slope(well):
    return names_of(lambda names: 2.0 * ag.sqrt(names["w"]), w=Value(0.01 if well else 0.0, "w"))


def at_the_end_of_the_domain(well):
    return names_of(lambda names: 2.0 * ag.asin(names["w"]), w=Value(0.5 if well else 1.0, "w"))


def too_steep(well):
    return names_of(
        lambda names: names["w"] * names["a"] * names["b"],
        w=Value(1e-300, "w"),
        a=Value(1e200, "a"),
        b=Value(1e100 if well else 1e200, "b"),
    )


def relu_unit(well):
    def forward(names):
        return names["relu"](names["w"] * 3.0 + names["b"]) * 2.0

    return names_of(forward, w=Value(2.0, "w"), b=Value(1.0 if well else -9.0, "b"), relu=ag.relu)


def network(sizes, points, activation="relu", init=None, change=None):
    model = ag.nn.MLP(2, sizes, activation=activation, init=init, rng=random.Random(3))
    if change is not None:
        change(model)
    return names_of(
        lambda names: ag.mean([names["model"](x) for x in points]),
        model=model,
        parameters=model.parameters(),
    )


def dead_layer(well):
    def kill(model):
        for neuron in model.layers[0].neurons:
            neuron.b.data = -50.0

    rng = random.Random(1)
    points = [[rng.gauss(0.0, 1.0), rng.gauss(0.0, 1.0)] for _ in range(12)]
    return network([40, 1], points, change=None if well else kill)


def dead_neuron(well):
    """In one sample alone, half of a layer has no slope: more tell."""

    def kill(model):
        model.layers[0].neurons[3].b.data = -50.0

    points = [[1.0, -2.0], [-1.0, 2.0], [2.0, 1.0], [-2.0, -1.0]]
    return network([8, 1], points, change=None if well else kill)


def saturated_unit(well):
    return names_of(
        lambda names: ag.sigmoid(names["w"] * 3.0 + names["b"]),
        w=Value(1.0 if well else -10.0, "w"),
        b=Value(-1.0, "b"),
    )


def saturated_layer(well):
    def widen(model):
        for parameter in model.layers[1].parameters():
            parameter.data *= 1000.0

    points = [[1.0, -2.0], [0.5, 0.25]]
    return network([4, 4, 1], points, "tanh", change=None if well else widen)


def kink_of(function, at):
    def build(well):
        return names_of(
            lambda names: 2.0 * function(names["w"], names["b"]),
            w=Value(at + (0.125 if well else 0.0), "w"),
            b=Value(at, "b"),
        )

    build.__name__ = function.__name__
    return build


def vanishing(well):
    if well:
        return network([6] * 7 + [1], [[1.0, -2.0]], "tanh", init="xavier")
    return network([6] * 7 + [1], [[1.0, -2.0]], "sigmoid")


def exploding(well):
    wide = "he" if well else lambda nin, nout, rng: rng.gauss(0.0, 3.0)
    return network([16] * 6 + [1], [[1.0, -2.0]], init=wide)


def exploding_by_hand(well):
    def forward(names):
        h = Value(0.5, "x")
        for weight in names["weights"]:
            h = (weight * h).relu()
        return h

    weights = [Value(1.1 if well else 50.0) for _ in range(6)]
    return names_of(forward, weights=weights, parameters=weights)


KINKS = [
    kink_of(function, at)
    for function, at in [
        (lambda w, b: abs(w) + b, 0.0),
        (lambda w, b: w.relu() + b, 0.0),
        (lambda w, b: w.maximum(b), 2.0),
        (lambda w, b: w.minimum(b), 2.0),
        (lambda w, b: ag.clip(w, 0.0, 1.0) + b, 1.0),
        (lambda w, b: ag.clip(w, 0.0, 1.0) + b, 0.0),
        (lambda w, b: ag.leaky_relu(w) + b, 0.0),
        (lambda w, b: ag.hypot(w, b), 0.0),
    ]
]
CASES = [
    (swept_twice, "accumulated gradient"),
    (swept_in_two_steps, "accumulated gradient"),
    (changed_afterwards, "changed leaf"),
    (computed_parameter, "rebound parameter"),
    (forty_computed_parameters, "rebound parameter"),
    (unused, "unreached parameter"),
    (from_not_a_number, "not finite"),
    (too_large, "not finite"),
    (without_a_slope, "not finite"),
    (at_the_end_of_the_domain, "not finite"),
    (too_steep, "not finite"),
    (relu_unit, "dead unit"),
    (dead_layer, "dead unit"),
    (dead_neuron, "dead unit"),
    (saturated_unit, "saturated unit"),
    (saturated_layer, "saturated unit"),
    (vanishing, "vanishing gradient"),
    (exploding, "exploding gradient"),
    (exploding_by_hand, "exploding gradient"),
    *((build, "kink") for build in KINKS),
]


def chain_of(factor, steps, shared=False, fixed=False):
    def build(well):
        """A product along a chain, of a shared factor, one for each step, or a number."""

        def forward(names):
            y = names["x"]
            for factor in names["factors"]:
                y = y * (factor.data if fixed else factor)
            return y

        factors = [Value(1.01 if well else factor) for _ in range(steps)]
        x = Value(0.75, "x")
        parameters = [x] if fixed else [x, factors[0]] if shared else [x, *factors]
        factors = [factors[0]] * steps if shared else factors
        return names_of(forward, x=x, factors=factors, parameters=parameters)

    return build


CHAINS = [
    (chain_of(60.0, 25), "exploding gradient"),
    (chain_of(60.0, 25, shared=True), "exploding gradient"),
    (chain_of(2.0, 30), "exploding gradient"),
    (chain_of(10.0, 8), "exploding gradient"),
    (chain_of(1.0 / 60.0, 25), "vanishing gradient"),
    (chain_of(0.5, 30, shared=True), "vanishing gradient"),
]
CASES += CHAINS


@pytest.mark.parametrize(
    "build", [chain_of(60.0, 25, fixed=True), chain_of(1.0 / 60.0, 300, fixed=True)]
)
def test_a_chain_of_numbers_explodes_or_vanishes_as_well(build):
    assert kinds(diagnosed(build(False)))[0].endswith("ing gradient")
    assert diagnosed(build(True)) == []


def test_what_forgets_its_beginning_does_not_vanish():
    a = Value(2.0, "a")
    root = Value(1.5).detach()
    for _ in range(7):
        root = 0.5 * (root + a / root)
    assert ag.diagnose(root, [a]) == []


def recurrence_of(weight, activate, sequences=1):
    def build(well):
        """A state that reads a number in each of 50 steps; well: it keeps what it was."""

        def forward(names):
            ends = []
            for sequence in range(sequences):
                h = 0.1 * sequence
                for t in range(50):
                    h = activate(names["w"] * h + names["u"] * math.sin(t + sequence))
                ends.append(h)
            return ag.sum(ends)

        w, u = Value(1.0 if well else weight, "w"), Value(0.01, "u")
        return names_of(forward, w=w, u=u, parameters=[w, u])

    return build


RECURRENCES = [
    (recurrence_of(0.5, ag.tanh), "vanishing gradient"),
    (recurrence_of(0.5, lambda h: h), "vanishing gradient"),
    (recurrence_of(1.3, lambda h: h), "exploding gradient"),
    (recurrence_of(0.5, ag.tanh, sequences=3), "vanishing gradient"),
]
CASES += RECURRENCES


@pytest.mark.parametrize(("build", "kind"), RECURRENCES)
def test_a_gradient_through_the_steps_of_a_recurrence_is_told_by_step(build, kind):
    (found,) = diagnosed(build(False))
    assert found.kind == kind
    assert found.what.endswith("from step 50 to step 1 of a recurrence of 50 steps")
    assert found.where.startswith("step 1: ") and "|adjoint| by step is step 1 " in found.why


@pytest.mark.parametrize(("build", "kind"), CASES)
def test_what_is_wrong_is_one_finding(build, kind):
    assert kinds(diagnosed(build(well=False))) == [kind]


def test_a_nan_that_enters_a_leaf_by_the_exponent_of_a_negative_number_is_told():
    w = Value(2.0, "w")
    (found,) = ag.diagnose((-2.0) ** w, [w])
    assert found.what == "(-2) ** 'w' passed on the first NaN of the backward pass"
    assert "no finite slope" in found.why and "plain number as exponent" in found.fix
    assert ag.diagnose(2.0**w, [w]) == []


@pytest.mark.slow
def test_a_nan_that_enters_leaves_at_the_end_of_a_long_recurrence_is_told():
    w, start = Value(3.9, "w"), Value(0.3, "x")
    x = start
    for _ in range(200_000):
        x = w * x * (1.0 - x)
    assert math.isnan(ag.gradient(x, [w])[0])
    (found,) = ag.diagnose(x, [w, start])
    assert found.kind == "not finite" and "the gradient exploded" in found.why


def test_a_weight_that_was_added_to_in_place_of_its_data_is_told():
    model = ag.nn.MLP(2, [3, 1], rng=random.Random(0))
    model.layers[0].neurons[1].w[0] += 0.5
    loss = model([1.0, 2.0])
    loss.backward()
    assert len(model.parameters()) == 13
    assert kinds(ag.diagnose(loss, model.parameters())) == ["rebound parameter"]
    with pytest.raises(ValueError, match="is no leaf: it was computed"):
        ag.optim.SGD(model.parameters(), lr=0.1)


@pytest.mark.parametrize(("build", "kind"), CASES)
def test_the_same_without_the_mistake_is_well(build, kind):
    assert diagnosed(build(well=True)) == []


@pytest.mark.parametrize(("build", "kind"), CASES)
def test_the_fix_is_code_after_which_all_is_well(build, kind):
    names = build(well=False)
    random.seed(0)
    exec(diagnosed(names)[0].fix, names)
    assert diagnosed(names) == []


@pytest.mark.parametrize(("build", "kind"), CASES)
def test_diagnosing_changes_nothing(build, kind):
    names = build(well=False)
    values = ag.graph.nodes(names["output"])
    before = [repr((value.data, value.grad, value.partials)) for value in values]
    diagnosed(names)
    assert [repr((value.data, value.grad, value.partials)) for value in values] == before


@pytest.mark.parametrize(("build", "kind"), CASES)
def test_a_finding_says_what_where_why_and_how_to_fix_it(build, kind):
    found = diagnosed(build(well=False))
    for text in (found[0].what, found[0].where, found[0].why, found[0].fix):
        assert isinstance(text, str) and text
    assert html.escape(str(found)) in found._repr_html_()
    for line in str(found[0]).splitlines():
        assert len(line) <= 100 and line == line.rstrip()
    assert found[0].what in " ".join(str(found).split()) and repr(found) == str(found)


# Details of single findings.


def test_findings_are_a_list_with_the_gravest_first():
    w, unused = Value(0.0, "w"), Value(1.0)
    found = ag.diagnose(abs(w) + ag.sqrt(w), [w, unused])
    assert isinstance(found, list) and all(isinstance(one, ag.Finding) for one in found)
    assert kinds(found) == ["not finite", "unreached parameter", "kink"]
    assert "parameters[1]" in found[1].where
    assert repr(ag.diagnose(w * 2.0, [w])) == "[]"


def test_many_units_of_a_layer_are_one_finding_with_the_first_few():
    (found,) = diagnosed(dead_layer(well=False))
    assert found.what == "all 40 ReLU units are dead in layers.0"
    assert found.where.startswith("'a₀⁽⁰⁾[1]', in layers.0.neurons.0, 'a₁⁽⁰⁾[1]', in layers.0.")
    assert found.where.endswith(" and 37 more")
    assert "the last 12 samples" in found.why
    (found,) = diagnosed(dead_neuron(well=False))
    assert found.what == "1 of 8 ReLU units is dead in layers.0"
    assert "layers.0.neurons.3" in found.where


def test_a_unit_that_one_sample_of_a_batch_reaches_is_not_dead():
    w, b = Value(1.0, "w"), Value(-2.0, "b")
    assert kinds(ag.diagnose((w * 1.0 + b).relu() + (w * 1.5 + b).relu(), [w, b])) == ["dead unit"]
    assert ag.diagnose((w * 1.0 + b).relu() + (w * 2.5 + b).relu(), [w, b]) == []


@pytest.mark.parametrize("function", [ag.leaky_relu, ag.silu, ag.elu, ag.gelu])
def test_what_a_gradient_goes_round_is_neither_dead_nor_saturated(function):
    w = Value(-15.0 if function in (ag.leaky_relu,) else 15.0, "w")
    assert ag.diagnose(function(w), [w]) == []


def test_a_margin_that_is_kept_is_no_dead_unit():
    w = Value(3.0, "w")
    assert ag.diagnose(ag.losses.hinge(w * 2.0, 1) + w * w, [w]) == []


def test_a_tie_whose_choice_cancels_is_no_kink():
    logits = [Value(0.0, name) for name in "abc"]
    assert ag.diagnose(ag.losses.cross_entropy(logits, 0), logits) == []
    assert ag.diagnose(ag.softmax(logits)[0], logits) == []


def test_elu_is_smooth_at_0():
    w = Value(0.0, "w")
    assert ag.diagnose(ag.elu(w), [w]) == []
    assert ag.diagnose(ag.maximum(w, w), [w]) == []
    constant = Value(0.0).detach()
    assert ag.diagnose(w * ag.maximum(constant, constant * 2.0), [w]) == []


def test_where_names_label_region_and_source_line():
    model = ag.nn.MLP(2, [1, 1], rng=random.Random(0))
    model.layers[0].neurons[0].b.data = -50.0
    with ag.trace_source():
        hidden = model.layers[0]([1.0, 1.0])
    hidden.label = "h"
    (found,) = ag.diagnose(model.layers[1](hidden), model.parameters())
    assert found.where.startswith("'h', in layers.0.neurons.0, test_diagnose.py:")
    assert found.where.endswith(": hidden = model.layers[0]([1.0, 1.0])")


@pytest.mark.parametrize("changed", ["w", "b"])
@pytest.mark.parametrize(
    "formula",
    [
        lambda w, b: w * b,
        lambda w, b: w + b * 2.0,
        lambda w, b: w * 3.0 + b,
        lambda w, b: (w * b).tanh() / w,
        lambda w, b: ag.cos(w) * b,
    ],
)
def test_the_leaf_that_was_changed_is_named(formula, changed):
    values = {"w": Value(0.75, "w"), "b": Value(0.5, "b")}
    output = formula(*values.values())
    values[changed].data *= -1.0
    (found,) = ag.diagnose(output, values.values())
    assert found.kind == "changed leaf" and found.where == repr(changed)


def test_a_change_that_only_the_slope_shows_is_found():
    w = Value(2.0, "w")
    output = w**2
    w.data = -2.0
    assert kinds(ag.diagnose(output, [w])) == ["changed leaf"]


def test_all_leaves_that_were_changed_are_one_finding():
    model = ag.nn.MLP(2, [3, 1], activation="tanh", rng=random.Random(0))
    output = model([1.0, 2.0])
    for parameter in model.parameters():
        parameter.data += 0.1
    (found,) = ag.diagnose(output, model.parameters())
    assert found.kind == "changed leaf" and found.what.startswith("one or more of 'b₀⁽⁰⁾', ")
    assert f"would be {model([1.0, 2.0]).data:.9g}" in found.why


def by_hand(parameters):
    for parameter in parameters:
        parameter.data -= 0.1 * parameter.grad


STEPS = {
    "SGD": lambda values: ag.optim.SGD(values, lr=0.1).step,
    "momentum": lambda values: ag.optim.SGD(values, lr=0.1, momentum=0.9, nesterov=True).step,
    "decay": lambda values: ag.optim.SGD(values, lr=0.1, weight_decay=0.1).step,
    "Adam": lambda values: ag.optim.Adam(values, lr=0.01).step,
    "AdamW": lambda values: ag.optim.AdamW(values, lr=0.01, amsgrad=True).step,
    "RMSprop": lambda values: ag.optim.RMSprop(values, momentum=0.5).step,
    "uphill": lambda values: ag.optim.Adam(values, maximize=True).step,
    "by hand": lambda values: lambda: by_hand(values),
}


@pytest.mark.parametrize("zeroed", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_after_an_ordinary_step_all_is_well(step, zeroed):
    model = ag.nn.MLP(2, [6, 4, 1], activation="tanh", rng=random.Random(0))
    data, make = [([1.0, 2.0], 1.0), ([-0.5, 0.3], 0.0)], STEPS[step](model.parameters())
    for _ in range(3):
        model.zero_grad()
        output = ag.mean([ag.losses.binary_cross_entropy(model(x), y) for x, y in data])
        output.backward()
        make()
        if zeroed:
            model.zero_grad()
        assert ag.diagnose(output, model.parameters()) == []


def test_a_computed_value_set_by_hand_is_found():
    w = Value(2.0, "w")
    half = w * 0.5
    half.label = "half"
    output = half.exp()
    half.data = 3.0
    (found,) = ag.diagnose(output, [w])
    assert found.kind == "changed leaf" and found.where == "'half'"


def test_clipped_and_scaled_gradients_are_well():
    names = swept_twice(well=True)
    ag.optim.clip_gradients(names["parameters"], 0.5)
    assert diagnosed(names) == []
    scaled = line()
    scaled["output"].backward(3.0)
    assert diagnosed(scaled) == []


def test_gradients_before_any_backward_pass_are_nobodys_business():
    names = line()
    names["w"].grad = 5.0
    assert diagnosed(names) == []


def test_how_often_backward_ran_is_said():
    names = line()
    for _ in range(5):
        names["output"].backward()
    (found,) = diagnosed(names)
    assert found.what == "the gradient of 'w' and 'b' is 5 times that of the output"


def test_an_output_that_was_not_recorded_is_one_finding():
    w, b = Value(2.0, "w"), Value(1.0, "b")
    with ag.no_grad():
        silent = w * b
    for output in (silent, Value(w.data * b.data)):
        (found,) = ag.diagnose(output, [w, b])
        assert found.kind == "unreached parameter" and "inside `no_grad()`" in found.why


def test_old_leaves_in_the_list_while_their_names_were_rebound_are_found():
    w, b = Value(2.0, "w"), Value(1.0, "b")
    parameters = [w, b]
    for _ in range(3):
        (w * 3.0 + b * 0.5).backward()
        w -= 0.1 * w.grad
        b = b - 0.1 * b.grad
    found = ag.diagnose((w * 3.0 + b) ** 2, parameters)
    assert kinds(found) == ["rebound parameter"] and "'w' and 'b'" in found[0].what
    assert ag.diagnose((parameters[0] - 3.0) ** 2 + parameters[1], parameters) == []


def test_a_number_that_a_formula_subtracts_of_equal_parameters_is_no_step():
    parameters = [Value(0.0), Value(0.0)]
    output = ag.sum((p - 1.0) ** 2 for p in parameters)
    output.backward()
    assert ag.diagnose(output, parameters) == []


@pytest.mark.slow
def test_a_name_bound_again_for_the_hundred_thousandth_time_is_no_recursion():
    w = Value(1.0, "w")
    for _ in range(100_000):
        w = w - 1e-6
    (found,) = ag.diagnose(w * 2.0, [w])
    assert found.kind == "rebound parameter" and "in 100,000 steps" in found.why


def test_an_infinite_constant_that_does_no_harm_is_well():
    w = Value(1.0, "w")
    assert ag.diagnose(w.maximum(-math.inf), [w]) == []


def test_the_first_birth_is_named_with_its_operands():
    a, b = Value(1e200, "a"), Value(1e150, "b")
    product = a * b
    product.label = "product"
    (found,) = ag.diagnose(product - product, [a, b])
    assert found.what == "'product' gave the first infinity of the forward pass"
    assert "1e+200 and 1e+150" in found.why


@pytest.mark.slow
def test_a_hundred_thousand_values_are_diagnosed_without_recursion():
    w = Value(1.00001, "w")
    output = w
    for _ in range(50_000):
        output = (output * w).relu()
    assert kinds(ag.diagnose(output, [w])) == []


# Learning rates.


def bowl(t):
    return (t - 3.0) ** 2 + 1.0


WELL_AND_NOT = [(0.1, []), (0.5, []), (1.0, ["overshooting step"]), (1.1, ["overshooting step"])]


@pytest.mark.parametrize(("lr", "expected"), WELL_AND_NOT)
def test_a_learning_rate_is_tried_where_one_is_given(lr, expected):
    t = Value(0.0, "t")
    assert kinds(ag.diagnose(bowl(t), [t], lr=lr)) == expected


def descend(lr, t):
    for _ in range(6):
        t.grad = 0.0
        bowl(t).backward()
        t.data -= lr * t.grad


def descend_by_optimizer(lr, t):
    optimizer = ag.optim.SGD([t], lr=lr)
    for _ in range(6):
        optimizer.zero_grad()
        bowl(t).backward()
        optimizer.step()


DESCENTS = [descend, descend_by_optimizer]


@pytest.mark.parametrize("way", DESCENTS)
@pytest.mark.parametrize(("lr", "expected"), WELL_AND_NOT)
def test_steps_that_overshoot_are_seen_whoever_makes_them(way, lr, expected):
    with ag.diagnostics(show=False) as found:
        way(lr, Value(0.0, "t"))
    assert kinds(found) == expected
    if found:
        assert re.search("in 6 of 6 steps", found[0].what)
        assert ("oscillates" in found[0].why) is (lr == 1.0)


@pytest.mark.parametrize("way", DESCENTS)
def test_the_learning_rate_of_the_fix_does_not_overshoot(way):
    with ag.diagnostics(show=False) as found:
        way(1.1, Value(0.0, "t"))
    names = {"lr": 1.1}
    exec(found[0].fix, names)
    with ag.diagnostics(show=False) as found:
        way(names["lr"], Value(0.0, "t"))
    assert found == []


def test_steps_by_momentum_are_judged_as_steps():
    def train(lr):
        t = Value(0.0, "t")
        optimizer = ag.optim.SGD([t], lr=lr, momentum=0.5)
        with ag.diagnostics(show=False) as found:
            for _ in range(8):
                optimizer.zero_grad()
                bowl(t).backward()
                optimizer.step()
        return found

    assert kinds(train(0.02)) == []
    assert kinds(train(3.5)) == ["overshooting step"]


def test_slopes_at_many_places_are_no_descent():
    with ag.diagnostics(show=False) as found:
        for place in (0.0, 1.0, 10.0, 4.0, -7.0):
            bowl(Value(place, "t")).backward()
    assert found == []


# diagnostics: what happens in a block.


def steps(well, mistake, passes=4):
    """Take steps with a mistake in them, or without."""
    w, b = Value(2.0, "w"), Value(5.0, "b")
    for _ in range(passes):
        if well or mistake != "no zeroing":
            w.grad = b.grad = 0.0
        output = square({"w": w, "b": b})
        if mistake == "change" and not well:
            w.data += 0.5
        output.backward()
        if mistake == "twice" and not well:
            output.backward()
        if mistake == "rebound" and not well:
            w = w - 0.01 * w.grad
        else:
            w.data -= 0.01 * w.grad


MISTAKES = {
    "no zeroing": "accumulated gradient",
    "twice": "accumulated gradient",
    "change": "changed leaf",
    "rebound": "rebound parameter",
}


@pytest.mark.parametrize("passes", [2, 3, 4])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_between_backward_passes_are_found(mistake, passes):
    with ag.diagnostics(show=False) as found:
        steps(False, mistake, passes)
    assert kinds(found) == [MISTAKES[mistake]]
    with ag.diagnostics(show=False) as found:
        steps(True, mistake, passes)
    assert found == []


def test_a_name_that_was_bound_again_once_is_told_by_the_pass_before():
    w, b = Value(2.0, "w"), Value(5.0, "b")
    with ag.diagnostics(show=False) as found:
        for _ in range(2):
            ag.mean([(w * x + b - 1.0) ** 2 for x in (1.0, 2.0)]).backward()
            w, b = w - 0.01 * w.grad, b - 0.01 * b.grad
    assert kinds(found) == ["rebound parameter"] and "in 1 step." in found[0].why
    names = {"ag": ag, "forward": lambda: None}
    exec(found[0].fix, names)
    assert names["b"].data == 5.0 - 0.01 * 14.0 and names["w"].operands == ()


def test_what_one_unlucky_sample_does_to_a_gradient_is_no_finding():
    weights = [Value(1.0) for _ in range(6)]
    with ag.diagnostics(show=False) as found:
        for scale in (1.0, 1.0, 1.0, 30.0):
            output = Value(1.0)
            for w in weights:
                output = w * output * scale
            for w in weights:
                w.grad = 0.0
            output.backward()
    assert found == []


def test_another_loss_that_subtracts_a_number_from_a_parameter_is_no_step():
    w = Value(2.0, "w")
    with ag.diagnostics(show=False) as found:
        for _ in range(3):
            w.grad = 0.0
            ((w * 3.0 - 1.0) ** 2).backward()
            ag.exp((w - 1.0) ** 2).backward()  # held where it was
            w.data -= 0.001 * w.grad
    assert found == []


def test_one_pass_repeated_without_zeroing_is_found_also_without_a_step():
    w = Value(2.0, "w")
    output = w * w
    with ag.diagnostics(show=False) as found:
        for _ in range(3):
            output.backward()
    assert kinds(found) == ["accumulated gradient"] and "an earlier pass" in found[0].why
    names = {"ag": ag, "parameters": [w], "output": output}
    exec(found[0].fix, names)
    assert w.grad == 4.0


def test_batches_summed_up_by_several_backward_passes_are_well():
    w = Value(2.0, "w")
    with ag.diagnostics(show=False) as found:
        for _ in range(3):
            w.grad = 0.0
            for x in (1.0, 2.0, 3.0):
                ((w * x - 1.0) ** 2).backward(1.0 / 3.0)
            w.data -= 0.05 * w.grad
    assert found == []


def test_a_gradient_left_from_before_the_block_is_found():
    w = Value(2.0, "w")
    (w * w).backward()
    with ag.diagnostics(show=False) as found:
        (w * w).backward()
    assert kinds(found) == ["accumulated gradient"]


@pytest.mark.parametrize(("build", "kind"), CASES[6:])
def test_what_is_wrong_in_a_graph_is_found_when_backward_comes_by(build, kind):
    with ag.diagnostics(show=False) as found:
        build(well=False)["output"].backward()
    assert kinds(found) == [kind]


def test_parameters_that_are_given_are_looked_for_in_each_graph():
    w, unused = Value(2.0, "w"), Value(1.0, "unused")
    with ag.diagnostics([w, unused], show=False) as found:
        for _ in range(2):
            w.grad = 0.0
            (w * w).backward()
    assert kinds(found) == ["unreached parameter"] and "2 of 2 backward passes" in found[0].what


def test_a_unit_is_dead_only_if_it_is_in_the_samples_of_all_passes():
    def train(xs):
        w = Value(1.0, "w")
        with ag.diagnostics(show=False) as found:
            for x in xs:
                w.grad = 0.0
                (w * x).relu().backward()
        return kinds(found)

    assert train([-1.0, 2.0, -3.0]) == []
    assert train([-1.0, -2.0, -3.0]) == ["dead unit"]
    assert train([1.0] * 40 + [-1.0] * 50) == ["dead unit"]


@pytest.mark.parametrize("compile", ["auto", False])
def test_a_training_by_fit_is_watched(compile):
    def train(lr):
        model = ag.nn.MLP(2, [6, 1], activation="tanh", rng=random.Random(0))
        data = ag.datasets.moons(24, noise=0.1, seed=0)
        optimizer = ag.optim.SGD(model.parameters(), lr=lr)
        with ag.diagnostics(model.parameters(), show=False) as found:
            loss = ag.losses.binary_cross_entropy
            history = ag.fit(model, data, loss, optimizer, 3, 8, progress=False, compile=compile)
        assert history.ran.startswith("eager: ")
        return found

    assert train(0.1) == []
    assert str(train(0.1)) == "nothing found in 72 backward passes"
    assert "overshooting step" in kinds(train(500.0))


def test_a_training_that_must_be_compiled_is_refused_where_it_would_not_be_watched():
    model = ag.nn.MLP(2, [6, 1], rng=random.Random(0))
    optimizer = ag.optim.SGD(model.parameters())
    refused = pytest.raises(ValueError, match="compile=True, but diagnostics watches")
    with refused, ag.diagnostics(show=False):
        data = [([1.0, 2.0], 1.0)]
        ag.fit(model, data, ag.losses.mse, optimizer, progress=False, compile=True)


def test_what_was_not_watched_is_not_called_well():
    w = Value(2.0, "w")
    program = ag.compile(w * w)
    with ag.diagnostics(show=False) as found:
        assert "not" in str(found) or "yet" in str(found)
        program.backward()
        ag.grad(lambda x: x * x)(3.0)
    for shown in (str(found), found._repr_html_(), found._mime_()[1]):
        assert "nothing was watched" in shown and "well" not in shown
    with ag.diagnostics(show=False) as found:
        (w * w).backward()
        assert "well" not in str(found)
    assert kinds(found) == ["accumulated gradient"]


def test_findings_are_printed_at_the_end_unless_asked_otherwise(capsys):
    with ag.diagnostics() as found:
        steps(False, "twice")
        assert found == []
    shown = capsys.readouterr().out
    assert shown.startswith("diagnostics: 1 finding in 8 backward passes\n\n1. accumulated")
    assert found[0].what in " ".join(shown.split()) and found[0].fix.splitlines()[0] in shown
    with ag.diagnostics():
        steps(True, "twice")
    assert capsys.readouterr().out == "diagnostics: nothing found in 4 backward passes\n"
    with ag.diagnostics():
        pass
    assert "no backward()" in capsys.readouterr().out
    with ag.diagnostics(show=False):
        steps(False, "twice")
    assert capsys.readouterr().out == ""


def test_an_error_in_the_block_passes_through_and_what_was_found_before_it_stays():
    with pytest.raises(KeyError), ag.diagnostics(show=False) as found:
        steps(False, "twice")
        raise KeyError
    assert kinds(found) == ["accumulated gradient"]


def test_the_gradients_are_those_without_diagnostics():
    def train():
        model = ag.nn.MLP(2, [4, 1], rng=random.Random(0))
        for _ in range(3):
            model.zero_grad()
            (model([1.0, 2.0]) ** 2).backward()
            for parameter in model.parameters():
                parameter.data -= 0.01 * parameter.grad
        return [(parameter.data, parameter.grad) for parameter in model.parameters()]

    with ag.diagnostics(show=False):
        watched = train()
    assert watched == train()


def test_blocks_nest_and_each_has_findings_of_its_own():
    with ag.diagnostics(show=False) as outer:
        steps(False, "change")
        with ag.diagnostics(show=False) as inner:
            steps(False, "twice")
    assert kinds(inner) == ["accumulated gradient"]
    assert kinds(outer) == ["changed leaf", "accumulated gradient"]


def test_other_threads_and_what_comes_after_the_block_are_not_watched():
    with ag.diagnostics(show=False) as found:
        thread = threading.Thread(target=steps, args=(False, "twice"))
        thread.start()
        thread.join()
    steps(False, "twice")
    assert found == []
    assert not ag.state.LISTENING


# Bad input.


@pytest.mark.parametrize(
    ("output", "parameters", "error", "said"),
    [
        (3.0, [Value(1.0)], TypeError, "diagnose needs one Value as its output, not float"),
        ([Value(1.0)], [Value(1.0)], TypeError, "one Value as its output, not list"),
        (Value(1.0), [], ValueError, "no parameters"),
        (Value(1.0), Value(1.0), TypeError, r"write \[w\]"),
        (Value(1.0), 3, TypeError, "a list of Values"),
        (Value(1.0), "w", TypeError, "a list of Values"),
        (Value(1.0), {"w": Value(1.0)}, TypeError, "a list of Values"),
        (Value(1.0), [Value(1.0), 2.0], TypeError, "parameter 1 is no Value but float"),
        (Value(1.0), ag.nn.Neuron(1), TypeError, r"model\.parameters\(\)"),
    ],
)
def test_wrong_arguments_are_refused(output, parameters, error, said):
    with pytest.raises(error, match=said):
        ag.diagnose(output, parameters)


def test_wrong_parameters_of_diagnostics_are_refused_before_the_block():
    with pytest.raises(TypeError, match="parameter 0 is no Value"):
        ag.diagnostics([1.0])


def test_a_notebook_shows_the_numbered_findings():
    found = ag.diagnose(Value(1.0, "w") * 2.0, [Value(1.0, "</pre>")])
    (_, shown), text = found._mime_(), found._repr_html_()
    assert shown == text and text.startswith("<pre") and "1. unreached parameter" in text
    assert "&lt;/pre&gt;" in text and text.count("</pre>") == 1


def test_labels_of_any_kind_are_shown_and_not_run():
    w = Value(1.0, "__import__('os').abort() <b>\n")
    found = ag.diagnose(w * 2.0, [w + 1.0, Value(1.0, "</pre><script>")])
    assert "<script>" not in found._repr_html_() and "&lt;script&gt;" in found._repr_html_()
    for finding in found:
        exec(finding.fix, {"ag": ag, "parameters": [w], "output": w * 2.0, "forward": lambda: w})


def test_a_primitive_of_ones_own_has_not_the_kink_of_the_built_in_of_its_name():
    own = ag.primitive("relu", lambda x: 3.0 * x, lambda out, x: (3.0,))
    x = Value(0.0, "x")
    assert "kink" in kinds(ag.diagnose(ag.relu(x) + 1.0, [x]))
    assert "kink" not in kinds(ag.diagnose(own(x) + 1.0, [x]))


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("known", [True, False])
def test_a_value_with_operands_but_no_partials_is_told_also_where_a_parameter_is_reached(
    last, known
):
    a, b, c = Value(2.0, "a"), Value(3.0, "b"), Value(4.0, "c")
    output = node = Value(6.0, (a, b), "*", label="L")
    if not last:
        output = node * a if known else node * 2.0
    (found,) = ag.diagnose(output, [a, b])
    assert found.kind == "unreached parameter"
    assert found.what.startswith("'L': operands but no partials")
    assert len(ag.diagnose(output, [a, b, c])) == 2  # c is another matter

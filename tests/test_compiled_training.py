"""`fit` by a compiled program: the numbers of the eager way, its interruptions, and its refusals."""

import collections
import functools
import itertools
import json
import math
import random
import re
import sys
import weakref

import numpy
import pytest

import autograd_engine as ag
from autograd_engine import Value, datasets, losses, nn, optim
from autograd_engine.compiler.fit.fitting import ARRAYS, Compiled, results
from autograd_engine.compiler.fit.lesson import Lesson, Unfit, rows_like
from autograd_engine.compiler.fit.traces import Traces
from autograd_engine.history import History
from autograd_engine.measures import Judge, accuracy, evaluate
from autograd_engine.optim.optimizer import FLOATS
from autograd_engine.training import fit

MOONS = datasets.moons(24, noise=0.1, seed=0)
HELD_OUT = datasets.moons(10, noise=0.1, seed=1)
LINE = [([x / 4.0, 1.0 - x / 8.0], x / 2.0 - 1.0) for x in range(12)]
SIDES = [(x, 1 if target else -1) for x, target in MOONS]
PAIRS = [(x, [target, -target]) for x, target in LINE]
FLOWERS = [(x, target) for x, target in datasets.iris().split(0.1, 0)[0].scaled()]

# The compiled way adds in another order: a few ulp in each step, which the steps of a training
# magnify. The issue asks for 1e-10 over a whole training run.
CLOSE = {"rel": 1e-10, "abs": 1e-13}


def network(nin=2, nouts=(4, 1), **options):
    return nn.MLP(nin, list(nouts), rng=random.Random(0), **{"activation": "tanh", **options})


class Slope(nn.Module):
    """y = w * x, the smallest model there is."""

    def __init__(self, w=1.0):
        self.w = Value(w, "w")

    def __call__(self, x):
        return self.w * x


def data_of(model):
    return [parameter.data for parameter in model.parameters()]


def grads_of(model):
    return [parameter.grad for parameter in model.parameters()]


def train(model, data, loss, make, way, epochs=4, **options):
    """Train one way; return the history, the model and the optimiser."""
    optimizer = make(model.parameters())
    options = {"batch_size": 5, "progress": False, **options}
    history = fit(model, data, loss, optimizer, epochs, compile=way, **options)
    return history, model, optimizer


def sgd(parameters):
    return optim.SGD(parameters, lr=0.1)


def adam(parameters):
    return optim.Adam(parameters, lr=0.05)


def assert_same(one, other):
    """Two trainings had the same losses, and left the same parameters, gradients and state."""
    (history, model, optimizer), (twin_history, twin, twin_optimizer) = one, other
    for name in ("loss", "accuracy", "validation_loss", "validation_accuracy"):
        assert getattr(history, name) == pytest.approx(
            getattr(twin_history, name), nan_ok=True, **CLOSE
        )
    assert data_of(model) == pytest.approx(data_of(twin), **CLOSE)
    # Where the loss is flat the gradient is small, and rounding is all that is left of it.
    assert grads_of(model) == pytest.approx(grads_of(twin), rel=1e-10, abs=1e-12)
    state, twin_state = optimizer.state_dict(), twin_optimizer.state_dict()
    assert state["steps"] == twin_state["steps"]
    assert state["buffers"].keys() == twin_state["buffers"].keys()
    for name, buffer in state["buffers"].items():
        assert buffer == pytest.approx(twin_state["buffers"][name], rel=1e-10, abs=1e-12)
        assert all(type(item) is float for item in buffer)
    json.dumps(state)


def both_ways(make_model, data, loss, make=adam, **options):
    """Train eagerly and compiled, and compare; return the compiled training."""
    eager = train(make_model(), data, loss, make, False, **options)
    compiled = train(make_model(), data, loss, make, True, **options)
    assert eager[0].ran.startswith("eager")
    assert compiled[0].ran.startswith("compiled")
    assert_same(compiled, eager)
    return compiled


# The same numbers.

OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.2),
    "SGD momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.1),
    "SGD nesterov": lambda p: optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True),
    "SGD maximize": lambda p: optim.SGD(p, lr=0.01, maximize=True),
    "Adam": lambda p: optim.Adam(p, lr=0.05),
    "Adam amsgrad": lambda p: optim.Adam(p, lr=0.05, amsgrad=True, weight_decay=0.1),
    "AdamW": lambda p: optim.AdamW(p, lr=0.05, weight_decay=0.2),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.02),
    "RMSprop centered": lambda p: optim.RMSprop(p, lr=0.02, centered=True, momentum=0.7),
}


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_every_optimiser_trains_to_the_eager_numbers(make):
    both_ways(network, MOONS, losses.binary_cross_entropy, make)


LOSSES = {
    "mse": (losses.mse, LINE, 1),
    "half_squared_error": (losses.half_squared_error, LINE, 1),
    "mse of two": (losses.mse, PAIRS, 2),
    "binary_cross_entropy": (losses.binary_cross_entropy, MOONS, 1),
    "hinge": (losses.hinge, SIDES, 1),
    "cross_entropy": (losses.cross_entropy, FLOWERS, 3),
    "cross_entropy of two": (losses.cross_entropy, MOONS, 2),
}


@pytest.mark.parametrize(("loss", "data", "nout"), LOSSES.values(), ids=LOSSES)
def test_every_loss_trains_to_the_eager_numbers(loss, data, nout):
    nin = len(data[0][0])
    both_ways(lambda: network(nin, [4, nout]), data, loss, batch_size=7)


def test_a_squashed_last_layer_trains_to_the_eager_numbers():
    both_ways(
        lambda: network(output_activation="tanh"), MOONS, losses.binary_cross_entropy, sgd, epochs=2
    )


@pytest.mark.parametrize("activation", nn.ACTIVATIONS)
def test_every_activation_trains_to_the_eager_numbers(activation):
    both_ways(
        lambda: network(activation=activation), MOONS, losses.binary_cross_entropy, sgd, epochs=2
    )


def test_validation_and_patience_are_those_of_the_eager_way():
    history, _, _ = both_ways(
        network,
        MOONS,
        losses.binary_cross_entropy,
        lambda p: optim.Adam(p, lr=0.5),
        epochs=30,
        validation=HELD_OUT,
        patience=3,
    )
    assert len(history.validation_loss) < 30


def test_the_samples_are_taken_in_the_eager_order_and_in_order_without_shuffling():
    for options in ({"seed": 3}, {"shuffle": False}, {"batch_size": 24}, {"batch_size": 1}):
        both_ways(network, MOONS, losses.binary_cross_entropy, sgd, epochs=2, **options)


class Mixed(nn.Module):
    """Two layers that share a parameter, without biases, and a scale that nobody trains."""

    def __init__(self):
        rng = random.Random(1)
        self.first = nn.Layer(2, 2, activation="tanh", bias=False, rng=rng)
        self.second = nn.Layer(2, 1, nonlin=False, bias=False, rng=rng)
        self.second.neurons[0].w[0] = self.first.neurons[0].w[1]
        self.scale = Value(1.5, "scale")

    def __call__(self, x):
        return self.scale * self.second(self.first(x))


def test_shared_parameters_and_none_for_biases_train_to_the_eager_numbers():
    both_ways(Mixed, MOONS, losses.binary_cross_entropy)


@pytest.mark.parametrize("make", [sgd, adam])
def test_what_the_optimiser_does_not_hold_rests_and_gathers_its_gradient(make):
    _, model, _ = both_ways(
        Mixed, MOONS, losses.binary_cross_entropy, lambda p: make([q for q in p if q.label == ""])
    )
    assert model.scale.data == 1.5
    assert model.scale.grad != 0.0


def test_leaves_that_are_no_parameters_are_read_as_they_are():
    strength = Value(0.5, "strength")

    def loss(output, target):
        return (output - target) ** 2 * strength

    both_ways(Slope, [(x, 2.0 * x) for x in (0.5, 1.0, 1.5)], loss, sgd)


@pytest.mark.parametrize(
    "data",
    [
        [(1.0, 2.0), (2.0, 4.5), (3, 5)],
        [(numpy.float64(1.0), 2.0), (numpy.float64(2.0), 4.5)],
        [([1.0], 2.0), ([2.0], 4.5)],
        [((1.0,), [2.0]), ((2.0,), [4.5])],
        [(numpy.array([1.0]), numpy.array([2.0])), (numpy.array([2.0]), numpy.array([4.5]))],
    ],
    ids=["numbers", "numpy numbers", "lists", "tuples", "arrays"],
)
def test_inputs_may_be_numbers_lists_tuples_and_arrays(data):
    both_ways(lambda: nn.MLP(1, [1], rng=random.Random(0)), data, losses.mse, sgd)


def test_arrays_of_two_dimensions_reach_the_model_as_such():
    class Grid(nn.Module):
        def __init__(self):
            self.w = [Value(0.5), Value(-0.25)]

        def __call__(self, x):
            return (x @ numpy.array(self.w)).sum() + x[1, 0]

    rng = numpy.random.default_rng(0)
    data = [(rng.normal(size=(2, 2)), float(i)) for i in range(6)]
    both_ways(Grid, data, losses.mse, sgd)


def test_a_loss_that_takes_its_class_for_an_index_is_recorded_for_each_class():
    def by_index(outputs, target):
        return -ag.log_softmax(outputs)[target]

    def by_branch(outputs, target):
        return ag.softplus(-outputs if target == 1 else outputs)

    both_ways(lambda: network(4, [4, 3]), FLOWERS, by_index)
    both_ways(network, MOONS, by_branch)


def test_a_branch_that_every_sample_takes_is_compiled():
    def loss(output, target):
        assert output > -100.0
        return losses.binary_cross_entropy(output, target)

    both_ways(network, MOONS, loss)


def test_custom_primitives_train_to_the_eager_numbers():
    cube = ag.primitive("cube", lambda x: x * x * x, lambda out, x: (3.0 * x * x,))
    own = ag.primitive("own", math.atan, lambda out, x: (1.0 / (1.0 + x * x),))
    both_ways(
        lambda: network(activation=lambda x: cube(own(x))), MOONS, losses.binary_cross_entropy
    )


# One rule for floats and arrays.


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_rule_moves_an_array_as_it_moves_each_number(make):
    rng = numpy.random.default_rng(0)
    optimizer = make([Value(0.0)])
    names = optimizer._memory()
    numbers = rng.normal(size=8)
    floats = numbers.tolist(), *[[optimizer._blank] * 8] * len(names)
    arrays = numbers, *[optimizer._blank] * len(names)
    for step in range(1, 6):
        slopes = rng.normal(size=8) * 10.0 ** rng.integers(-6, 4, 8)
        rule = optimizer._rule(FLOATS, step)
        floats = list(zip(*map(rule, floats[0], slopes.tolist(), *floats[1:]), strict=True))
        arrays = optimizer._rule(ARRAYS, step)(arrays[0], slopes, *arrays[1:])
    assert len(floats) == len(arrays) == 1 + len(names)
    for column, array in zip(floats, arrays, strict=True):
        # The same operations in the same order: square roots and quotients are exactly rounded.
        assert array.tolist() == pytest.approx(column, rel=1e-15)


# An optimiser, a schedule, a callback of somebody's own.


class Clipped(optim.SGD):
    """SGD that clips its gradients first."""

    def step(self, closure=None):
        optim.clip_gradients(self.parameters, 0.01)
        return super().step(closure)


class Plain:
    """The least that an optimiser can be."""

    def __init__(self, parameters):
        self.held = parameters

    def zero_grad(self):
        for parameter in self.held:
            parameter.grad = 0.0

    def step(self):
        for parameter in self.held:
            parameter.data -= 0.1 * parameter.grad

    def state_dict(self):
        return {"steps": 0, "buffers": {}}


@pytest.mark.parametrize("make", [lambda p: Clipped(p, lr=0.5), Plain])
def test_an_optimiser_of_somebodys_own_is_given_the_gradient_in_the_values(make):
    both_ways(network, MOONS, losses.binary_cross_entropy, make)


def test_a_schedule_stepped_by_the_callback_counts():
    def run(way):
        model = network()
        optimizer = optim.SGD(model.parameters(), lr=0.5, momentum=0.5)
        schedule = optim.ExponentialLR(optimizer, gamma=0.5)
        options = {"callback": lambda history: schedule.step(), "progress": False}
        history = fit(
            model, MOONS, losses.binary_cross_entropy, optimizer, 4, 5, compile=way, **options
        )
        assert optimizer.lr == 0.5**5
        return history, model, optimizer

    assert_same(run(True), run(False))


def test_the_callback_sees_parameters_gradients_and_state_as_the_eager_way_shows_them():
    def run(way):
        model, seen = network(), []
        optimizer = adam(model.parameters())

        def callback(history):
            state = optimizer.state_dict()
            seen.append((data_of(model), grads_of(model), state["steps"], state["buffers"]))

        fit(
            model,
            MOONS,
            losses.binary_cross_entropy,
            optimizer,
            3,
            5,
            callback=callback,
            progress=False,
            compile=way,
        )
        return seen

    for one, other in zip(run(True), run(False), strict=True):
        assert one[0] == pytest.approx(other[0], **CLOSE)
        assert one[1] == pytest.approx(other[1], rel=1e-10, abs=1e-12)
        assert one[2] == other[2]
        for name in other[3]:
            assert one[3][name] == pytest.approx(other[3][name], rel=1e-10, abs=1e-12)


def test_what_the_callback_changes_counts_from_then_on():
    def run(way):
        model, weight = network(), [1.0]
        optimizer = sgd(model.parameters())

        def loss(output, target):
            return losses.binary_cross_entropy(output, target) * weight[0]

        def callback(history):
            weight[0] *= 0.5
            model.layers[0].neurons[0].w[0].data += 0.1

        options = {"callback": callback, "progress": False, "compile": way}
        history = fit(model, MOONS, loss, optimizer, 3, 5, **options)
        return history, model, optimizer

    compiled = run(True)
    assert compiled[0].ran.startswith("compiled")
    assert_same(compiled, run(False))


# Interruption, divergence, checkpoints.


class Stop(KeyboardInterrupt):
    """Ctrl-C, at a place of our choice."""


@pytest.mark.parametrize("make", [sgd, adam, Plain])
def test_an_interrupt_leaves_the_model_as_after_the_last_finished_step(make, monkeypatch):
    whole, count = train(network(), MOONS, losses.binary_cross_entropy, make, False, epochs=1), 0
    run = Lesson.run

    def interrupted(lesson, leaves, rows, gradient):
        nonlocal count
        count += 1
        if count == 6:  # the first batch of the second epoch
            raise Stop
        return run(lesson, leaves, rows, gradient)

    monkeypatch.setattr(Lesson, "run", interrupted)
    model = network()
    with pytest.raises(Stop):
        train(model, MOONS, losses.binary_cross_entropy, make, True, epochs=3)
    assert data_of(model) == pytest.approx(data_of(whole[1]), **CLOSE)


def test_an_interrupt_within_an_epoch_keeps_the_steps_made_and_the_state_with_them(monkeypatch):
    run, calls = Lesson.run, itertools.count(1)

    def interrupted(*arguments):
        if next(calls) == 4:
            raise Stop
        return run(*arguments)

    monkeypatch.setattr(Lesson, "run", interrupted)
    model = network()
    optimizer = adam(model.parameters())
    with pytest.raises(Stop):
        fit(model, MOONS, losses.binary_cross_entropy, optimizer, 2, 5, progress=False)
    monkeypatch.undo()
    assert optimizer.state_dict()["steps"] == 3
    twin = network()
    twin_optimizer = adam(twin.parameters())
    order = list(range(len(MOONS)))
    random.Random("0 0").shuffle(order)
    for start in (0, 5, 10):
        twin_optimizer.zero_grad()
        batch = [MOONS[i] for i in order[start : start + 5]]
        ag.mean([losses.binary_cross_entropy(twin(x), target) for x, target in batch]).backward()
        twin_optimizer.step()
    assert data_of(model) == pytest.approx(data_of(twin), **CLOSE)
    assert optimizer.state_dict()["buffers"]["exp_avg"] == pytest.approx(
        twin_optimizer.state_dict()["buffers"]["exp_avg"], rel=1e-10, abs=1e-13
    )


def test_an_interrupt_while_the_numbers_are_written_back_does_not_tear_them(monkeypatch):
    write, calls = Compiled._write, itertools.count(1)

    def interrupted(self):
        if next(calls) == 1:
            self.eager.optimizer.parameters[0].data = 99.0
            raise Stop
        write(self)

    monkeypatch.setattr(Compiled, "_write", interrupted)
    model = network()
    with pytest.raises(Stop):
        train(model, MOONS, losses.binary_cross_entropy, adam, True)
    monkeypatch.undo()
    twin = train(network(), MOONS, losses.binary_cross_entropy, adam, True, epochs=1)[1]
    assert data_of(model) == data_of(twin)


def diverging(way, data=((1.0, 0.0),), loss=lambda y, _: 10.0 * y, lr=1e308, w=1.0):
    model = Slope(w)
    optimizer = optim.SGD(model.parameters(), lr=lr)
    with pytest.raises(FloatingPointError) as refusal:
        fit(model, data, loss, optimizer, 9, progress=False, compile=way)
    return str(refusal.value), model.w.data


@pytest.mark.parametrize(
    "case",
    [
        {},  # a step to infinity
        {"w": 1e160, "loss": lambda y, _: y * y, "lr": 0.1},  # a loss that is infinite
        {"loss": lambda y, _: y**2, "lr": 1e60},  # numbers too large, after some steps
        {"data": [(1.0, 0.0), (math.nan, 0.0)], "lr": 0.1},
    ],
)
def test_a_training_that_diverges_stops_with_the_eager_words_before_the_step(case):
    assert diverging("auto", **case) == diverging(True, **case) == diverging(False, **case)


def test_a_first_sample_beyond_floats_is_left_to_the_eager_way():
    case = {"loss": lambda y, _: ag.exp(y), "w": 800.0}
    assert diverging("auto", **case) == diverging(False, **case)
    with pytest.raises(ValueError, match=r"compile=True, but .*exp\(800.0\) is too large"):
        train(Slope(800.0), [(1.0, 0.0)], case["loss"], sgd, True)


def test_a_number_outside_a_domain_is_refused_in_the_eager_words():
    def run(way):
        with pytest.raises(ValueError, match="not a real number") as refusal:
            train(Slope(), [(2.0, 0.0), (-1.0, 0.0)], lambda y, _: ag.log(y), sgd, way)
        return str(refusal.value)

    assert run("auto") == run(False)


def test_a_validation_loss_that_is_not_finite_stops_the_training_in_the_eager_words():
    def run(way):
        with pytest.raises(FloatingPointError) as refusal:
            train(Slope(), [(1.0, 0.0)], lambda y, _: y * y, sgd, way, validation=[(1e200, 0.0)])
        return str(refusal.value)

    assert run("auto") == run(True) == run(False)


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize("make", [OPTIMIZERS["SGD momentum"], adam, OPTIMIZERS["RMSprop centered"]])
def test_a_checkpoint_of_one_way_is_resumed_the_other_way(tmp_path, make, first, second):
    path = tmp_path / "checkpoint.json"
    options = {"validation": HELD_OUT, "checkpoint": path}
    whole = train(network(), MOONS, losses.binary_cross_entropy, make, False, validation=HELD_OUT)
    train(network(), MOONS, losses.binary_cross_entropy, make, first, epochs=2, **options)
    model = nn.MLP(2, [4, 1], activation="tanh", rng=random.Random(9))
    resumed = train(model, MOONS, losses.binary_cross_entropy, make, second, resume=True, **options)
    assert_same(resumed, whole)


def test_the_history_says_which_way_it_ran_and_the_checkpoint_keeps_it(tmp_path):
    path = tmp_path / "checkpoint.json"
    bce = losses.binary_cross_entropy
    history, model, _ = train(network(), MOONS, bce, sgd, "auto", checkpoint=path)
    assert re.fullmatch(
        r"compiled: [\d,]+ steps for a batch instead of [\d,]+ operations for a sample", history.ran
    )
    resumed, _, _ = train(model, MOONS, bce, sgd, False, checkpoint=path, resume=True)
    assert resumed.ran == history.ran  # nothing was left to train
    assert History([1.0], [1.0], ran="eager") == History([1.0], [1.0], ran="compiled")


def test_it_is_said_on_stderr_with_the_bar_and_not_without(capsys):
    bce = losses.binary_cross_entropy
    train(network(), MOONS, bce, sgd, "auto", progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("compiled: ") == 1
    train(network(), MOONS, bce, sgd, False, progress=True)
    assert "trained with plain Python: asked for by compile=False" in capsys.readouterr().err
    train(network(), MOONS, bce, sgd, "auto", progress=False)
    assert capsys.readouterr() == ("", "")


# Where it cannot be compiled.


class Branching(Slope):
    """A model with a branch on a Value, at the kink of its first sample."""

    def __call__(self, x):
        y = self.w * x
        if y > 0.0:  # the line to be named
            return y
        return 0.1 * y


def test_a_branch_falls_back_to_eager_and_names_the_line():
    data = [(x, 2.0 * x) for x in (1.0, -1.0, 2.0, -2.0)]
    history, model, optimizer = train(Branching(), data, losses.mse, sgd, "auto")
    assert re.search(
        r"^eager: .*test_compiled_training.py, line \d+: if y > 0.0:  # the line to be named",
        history.ran,
    )
    assert_same((history, model, optimizer), train(Branching(), data, losses.mse, sgd, False))
    with pytest.raises(ValueError, match=r"compile=True, but .*, line \d+: if y > 0.0:"):
        train(Branching(), data, losses.mse, sgd, True)


def falling(way, **options):
    """Let a slope sink until it changes sign, in the middle of an epoch."""
    options = {"batch_size": 1, "shuffle": False, "epochs": 4, **options}
    data = [(1.0, -1.0)] * 5
    return train(Branching(1.0), data, losses.mse, lambda p: optim.Adam(p, lr=0.1), way, **options)


def test_a_branch_taken_later_falls_back_from_that_batch_on_and_loses_nothing():
    compiled = falling("auto")
    assert re.search(
        r"^compiled until epoch 3, then eager: .*line \d+: if y > 0.0", compiled[0].ran
    )
    assert "branch" in compiled[0].ran
    assert_same(compiled, falling(False))


def test_a_branch_that_validation_takes_raises_where_compiling_is_asked_for():
    def branching(x):
        return model(x) if x[0] > 0.0 else -model(x)

    model = network(2, [1])
    branching.parameters = model.parameters
    data, optimizer = [([1.0, 2.0], 1.0)] * 3, optim.SGD(model.parameters(), lr=0.1)
    held_out = [([-1.0, 2.0], 1.0)]
    with pytest.raises(ag.GuardError, match=r"line \d+: return model\(x\) if"):
        fit(
            branching,
            data,
            losses.mse,
            optimizer,
            validation=held_out,
            progress=False,
            compile=True,
        )


def test_a_branch_taken_later_raises_where_compiling_is_asked_for_after_writing_back():
    model = Branching(1.0)
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    with pytest.raises(ag.GuardError, match=r"line \d+: if y > 0.0"):
        fit(
            model,
            [(1.0, -1.0)] * 5,
            losses.mse,
            optimizer,
            4,
            1,
            shuffle=False,
            progress=False,
            compile=True,
        )
    assert optimizer.steps == 11
    assert -0.1 < model.w.data <= 0.0


def test_a_branch_in_validation_alone_leaves_the_training_compiled():
    data = [(x, x) for x in (1.0, 2.0)]
    options = {"validation": [(-1.0, -1.0), (1.0, 1.0)]}
    compiled = train(Branching(), data, losses.mse, sgd, "auto", **options)
    assert re.search(r"^compiled: .*, but the validation data eagerly: ", compiled[0].ran)
    assert_same(compiled, train(Branching(), data, losses.mse, sgd, False, **options))


def refused(model, loss, data=((1.0, 1.0), (2.0, 0.0))):
    """Train where it cannot be compiled; return why."""
    history, _, _ = train(model, list(data), loss, sgd, "auto", epochs=1)
    assert history.ran.startswith("eager: ")
    with pytest.raises(ValueError, match="^compile=True, but "):
        train(model, list(data), loss, sgd, True, epochs=1)
    return history.ran.removeprefix("eager: ")


def test_code_that_takes_a_value_for_a_number_is_named_by_its_line():
    class Rounding(Slope):
        def __call__(self, x):
            return self.w * round(x)  # leaves the graph

    assert re.search(
        r"line \d+: return self.w \* round\(x\)  # leaves the graph \(TypeError: a Value does not",
        refused(Rounding(), losses.mse),
    )


def test_random_numbers_are_drawn_anew_for_each_sample_in_the_eager_order():
    def noisy(output, target):
        return (output - target) ** 2 * (1.0 + random.random())

    def run(way):
        random.seed(1)
        return train(Slope(), [(1.0, 1.0), (2.0, 0.0)], noisy, sgd, way)

    compiled = run("auto")
    assert "changes the random numbers of random when it is called" in compiled[0].ran
    assert_same(compiled, run(False))


@pytest.mark.parametrize(
    "rng", [random.Random(0), numpy.random.default_rng(0), numpy.random.RandomState(0)]
)
def test_random_numbers_of_a_generator_of_ones_own_are_found_too(rng):
    assert "changes rng when it" in refused(
        Slope(), lambda y, target: (y - target) ** 2 * rng.random()
    )


def test_a_loss_that_counts_its_calls_is_called_for_every_sample():
    calls = []

    def counting(output, target):
        calls.append(target)
        return (output - target) ** 2

    history, _, _ = train(Slope(), [(1.0, 1.0), (2.0, 0.0)], counting, sgd, "auto", epochs=3)
    assert len(calls) == 6
    assert all(type(target) is float for target in calls)
    assert "changes calls when it is called" in history.ran


def test_a_model_that_counts_its_calls_is_called_for_every_sample():
    class Counting(Slope):
        calls = 0

        def __call__(self, x):
            self.calls += 1
            return self.w * x

    model = Counting()
    train(model, [(1.0, 1.0), (2.0, 0.0)], losses.mse, sgd, "auto", epochs=3)
    assert model.calls == 6


def test_code_that_looks_at_types_or_data_is_found_out():
    def by_type(output, target):
        return (output - target) ** 2 * (3.0 if isinstance(target, float) else 1.0)

    class Peeking(Slope):
        def __call__(self, x):
            return self.w * x * (2.0 if number_of(x) > 1.5 else 1.0)

    def number_of(x):
        return getattr(x, "data", x)

    both_ways(Slope, [(1.0, 1.0), (2.0, 0.0)], by_type, sgd)
    assert 'return getattr(x, "data", x) (reads or sets' in refused(Peeking(), losses.mse)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ([([1.0], 1.0), ([1.0, 2.0], 2.0)], "the inputs are not all numbers"),
        (
            [([Value(1.0)], 1.0)],
            "the inputs are not all numbers, or lists, tuples or arrays of one shape",
        ),
        ([({"x": 1.0}, 1.0)], "the inputs are not all numbers"),
    ],
)
def test_samples_that_are_no_rows_of_numbers_are_trained_eagerly(data, reason):
    def total(x):
        return ag.sum(
            [weight * number for number in (x["x"],) if (weight := w)]
            if isinstance(x, dict)
            else [w * number for number in x]
        )

    class Total(nn.Module):
        def __init__(self):
            self.w = w

        def __call__(self, x):
            return total(x)

    w = Value(1.0)
    assert reason in refused(Total(), losses.mse, data)


def test_a_rule_of_somebodys_own_that_is_not_for_arrays_is_left_to_the_eager_way():
    class Cautious(optim.SGD):
        def _rule(self, arithmetic, step):
            rule = super()._rule(arithmetic, step)
            return lambda number, slope: rule(number, math.copysign(min(abs(slope), 1.0), slope))

    def make(parameters):
        return Cautious(parameters, lr=0.1)

    compiled = train(network(), MOONS, losses.binary_cross_entropy, make, "auto")
    assert re.search(r"then eager: .* line .*lambda number, slope", compiled[0].ran)
    assert_same(compiled, train(network(), MOONS, losses.binary_cross_entropy, make, False))
    with pytest.raises(ValueError, match=r"compile=True, but .*lambda number, slope"):
        train(network(), MOONS, losses.binary_cross_entropy, make, True)


def test_a_class_out_of_range_is_refused_when_its_turn_comes():
    def run(way):
        model = network(2, [3])
        with pytest.raises(ValueError, match="class 3 is out of range for 3 logits"):
            train(
                model,
                [([1.0, 2.0], 0), ([0.0, 1.0], 1), ([1.0, 1.0], 3)],
                losses.cross_entropy,
                sgd,
                way,
                shuffle=False,
                batch_size=1,
            )
        return data_of(model)

    assert run("auto") == run(False)


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    history, _, _ = train(network(), MOONS, losses.binary_cross_entropy, sgd, "auto", epochs=1)
    assert re.search(r"^eager: .*numpy.*autograd_engine\[fast\]", history.ran)
    with pytest.raises(ImportError, match=r"autograd_engine\[fast\]"):
        train(network(), MOONS, losses.binary_cross_entropy, sgd, True, epochs=1)


# Judging whole arrays.


@pytest.mark.parametrize(
    ("targets", "count"),
    [
        ([0, 1, 2], 3),
        ([0, 1], 2),
        ([0, 1], 1),
        ([-1, 1], 1),
        ([0, 3], 1),
        ([0.5, 1.0], 1),
        ([0.5], 2),
    ],
)
def test_arrays_are_judged_as_each_sample_is(targets, count):
    right = Judge([(None, target) for target in targets])
    odd = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan]
    rows = list(itertools.product(odd, repeat=count))
    for target in targets:
        expected = [right(list(row), target) for row in rows]
        outputs = numpy.insert(numpy.array(rows), 0, 0.5, axis=1)  # the loss comes first
        _, found = results(right, [outputs], numpy.full(len(rows), float(target)))
        assert found == pytest.approx(expected, abs=0.0, nan_ok=True)


def test_measuring_many_samples_is_compiled_and_gives_the_eager_numbers():
    model = network(4, [40, 3])
    data = datasets.iris().scaled()
    many = [sample for sample in data for _ in range(7)]
    assert len(model.parameters()) * len(many) > 200_000
    few = evaluate(model, data, losses.cross_entropy)
    assert evaluate(model, many, losses.cross_entropy) == pytest.approx(few, rel=1e-12)
    assert accuracy(model, many) == pytest.approx(few[1], rel=1e-12)

    class Branching(nn.MLP):
        def __call__(self, x):
            first, *others = super().__call__(x)
            return [first, *others] if first > 0.0 else [first * 0.5, *others]

    model = Branching(4, [40, 3], rng=random.Random(0))
    few = evaluate(model, data, losses.cross_entropy)
    assert evaluate(model, many, losses.cross_entropy) == pytest.approx(few, rel=1e-12)


# The parts.


def test_samples_become_rows_of_numbers():
    first = [1.0, 2.0], numpy.array([[4.0], [5.0]])
    rows = rows_like(first, [([1, True], [[2], [3.5]]), ((4, 5), [[6], [7]])])
    assert rows.tolist() == [[1.0, 1.0, 2.0, 3.5], [4.0, 5.0, 6.0, 7.0]]
    with pytest.raises(Unfit, match="the inputs are not all numbers"):
        rows_like(first, [([1.0, "2"], [[2.0], [3.5]])])


def test_traces_pass_over_what_cannot_be_looked_at():
    class Gone:
        """Nothing refers to it but weakly."""

    proxy, seen = weakref.proxy(Gone()), []
    traces = Traces(lambda: (proxy, seen))
    seen.append(1)
    assert traces.changed() == "seen"


def test_traces_find_and_undo_what_a_call_changes():
    class Box:
        def __init__(self):
            self.items, self.count = [1], 0

        def __call__(self):
            self.items.append(2)
            self.count += 1

    box, table, array, total = Box(), {"a": 1}, numpy.zeros(2), 0

    def call():
        nonlocal total
        total += 1
        table["b"] = 2
        array[0] = 1.0
        call.count = 1

    for function, name in (
        (box, "items|count"),
        (functools.partial(call), "total|table|array|count"),
    ):
        traces = Traces(function)
        assert traces.changed() == ""
        function()
        assert re.search(name, traces.changed(back=True))
        assert traces.changed() == ""
    assert (box.items, box.count, table, array.tolist(), total) == ([1], 0, {"a": 1}, [0.0, 0.0], 0)
    assert not vars(call)


class Tally:
    """Counters of many kinds."""

    __slots__ = ("slot",)
    total = 0

    def __init__(self):
        self.slot = 0


CALLS = 0
HELD = {"tally": Tally(), "deque": collections.deque(), "set": set(), "array": numpy.zeros(1)}


def count_globally():
    global CALLS
    CALLS += 1


COUNTERS = {
    "a global": (count_globally, lambda: CALLS),
    "a slot": (lambda: setattr(HELD["tally"], "slot", HELD["tally"].slot + 1), lambda: HELD["tally"].slot),
    "a class": (lambda: setattr(Tally, "total", Tally.total + 1), lambda: Tally.total),
    "a deque": (lambda: HELD["deque"].append(1), lambda: len(HELD["deque"])),
    "a set": (lambda: HELD["set"].add(len(HELD["set"])), lambda: len(HELD["set"])),
    "an array": (lambda: HELD["array"].__iadd__(1.0), lambda: HELD["array"][0]),
    "a function": (lambda: setattr(count_globally, "n", getattr(count_globally, "n", 0) + 1), lambda: count_globally.n),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTERS)
def test_calls_are_counted_as_often_as_eagerly_wherever_they_are_counted(name):
    count, counted = COUNTERS[name]

    def loss(output, target):
        count()
        return losses.mse(output, target)

    history, _, _ = train(Slope(), [(1.0, 1.0), (2.0, 0.0)], loss, sgd, "auto", epochs=3)
    assert "when it is called" in history.ran
    assert counted() == 6

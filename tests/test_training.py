"""`fit` and what goes with it: the numbers of training, interruptions, checkpoints, refusals."""

import gc
import json
import math
import random
import re
import warnings
from contextlib import ExitStack, nullcontext, suppress

import numpy
import pytest

from autograd_engine import Value, datasets, losses, mean, nn, optim
from autograd_engine.blocks import no_grad
from autograd_engine.copies import seldom_collected
from autograd_engine.files import load, save
from autograd_engine.history import History
from autograd_engine.measures import accuracy, evaluate
from autograd_engine.training import fit

DATA = datasets.moons(24, noise=0.1, seed=0)
HELD_OUT = datasets.moons(10, noise=0.1, seed=1)


def small_model(activation="tanh", seed=0):
    return nn.MLP(2, [4, 1], activation=activation, rng=random.Random(seed))


def trained(epochs, model=None, make=optim.Adam, lr=0.05, **options):
    """Train a small network on the moons; return it with its history."""
    model = model or small_model()
    optimizer = make(model.parameters(), lr=lr)
    options = {"batch_size": 8, "progress": False, **options}
    history = fit(model, DATA, losses.binary_cross_entropy, optimizer, epochs, **options)
    return model, history


def numbers(model):
    return [parameter.data for parameter in model.parameters()]


class Slope(nn.Module):
    """y = w * x, the smallest model there is."""

    def __init__(self, w=1.0):
        self.w = Value(w, "w")

    def __call__(self, x):
        return self.w * x


# What training does.


def test_each_step_follows_the_mean_loss_of_its_batch():
    model, twin = small_model(), small_model()
    _, history = trained(2, model, make=optim.SGD, lr=0.5, shuffle=False)
    optimizer = optim.SGD(twin.parameters(), lr=0.5)
    for epoch in range(2):
        seen = []
        for start in range(0, len(DATA), 8):
            optimizer.zero_grad()
            batch = [
                losses.binary_cross_entropy(twin(x), target)
                for x, target in DATA[start : start + 8]
            ]
            mean(batch).backward()
            optimizer.step()
            seen += [loss.data for loss in batch]
        # the same sums in another order: a few units in the last place
        assert history.loss[epoch] == pytest.approx(math.fsum(seen) / len(DATA), rel=1e-13)
    assert numbers(model) == pytest.approx(numbers(twin), rel=1e-12)


@pytest.mark.parametrize("compile", [False, "auto"])
def test_training_inside_no_grad_trains_all_the_same(compile):
    model, history = trained(2, compile=compile, validation=HELD_OUT)
    with no_grad():
        twin, second = trained(2, compile=compile, validation=HELD_OUT)
    assert (numbers(twin), second) == (numbers(model), history)


def test_training_learns_the_moons():
    _, history = trained(200)
    assert history.loss[-1] < 0.1 < history.loss[0]
    assert history.accuracy[-1] == 1.0


def test_the_last_batch_may_be_smaller_and_a_batch_larger_than_the_data():
    for batch_size in (5, 24, 1000):
        _, history = trained(1, batch_size=batch_size)
        assert len(history.loss) == 1
    _, whole = trained(2, batch_size=24, shuffle=False)
    _, larger = trained(2, batch_size=1000, shuffle=False)
    assert whole == larger


def test_there_is_one_number_an_epoch():
    _, history = trained(3)
    assert (len(history.loss), len(history.accuracy)) == (3, 3)
    assert history.validation_loss == history.validation_accuracy == []
    _, history = trained(3, validation=HELD_OUT)
    assert (len(history.validation_loss), len(history.validation_accuracy)) == (3, 3)


def test_zero_epochs_change_nothing():
    model, history = trained(0)
    assert history == History()
    assert numbers(model) == numbers(small_model())


def test_the_same_seed_gives_the_same_bits():
    assert numbers(trained(3, seed=5)[0]) == numbers(trained(3, seed=5)[0])
    assert numbers(trained(3, seed=5)[0]) != numbers(trained(3, seed=6)[0])


def test_every_epoch_takes_every_sample_once_in_an_order_of_its_own():
    model, seen = Slope(), []

    def loss(output, target):
        seen.append(target)
        return (output - target) ** 2

    data = [(1.0, float(i)) for i in range(12)]
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    fit(model, data, loss, optimizer, epochs=3, batch_size=5, progress=False)
    epochs = [seen[:12], seen[12:24], seen[24:]]
    assert all(sorted(epoch) == list(range(12)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]
    seen.clear()
    fit(model, data, loss, optimizer, epochs=1, shuffle=False, progress=False)
    assert seen == list(range(12))


@pytest.mark.slow
def test_no_more_than_one_samples_graph_is_alive():
    nodes = []

    def loss(output, target):
        nodes.append(sum(type(item) is Value for item in gc.get_objects()))
        return losses.binary_cross_entropy(output, target)

    model = small_model()
    fit(model, DATA, loss, optim.SGD(model.parameters()), batch_size=24, progress=False)
    assert max(nodes) - min(nodes) < 5  # a sample's graph has some 30 values


def test_validation_is_the_loss_and_accuracy_after_the_epoch():
    model, history = trained(2, validation=HELD_OUT)
    after = evaluate(model, HELD_OUT, losses.binary_cross_entropy)
    # compiled, the same sums in another order: a few units in the last place
    assert (history.validation_loss[-1], history.validation_accuracy[-1]) == pytest.approx(
        after, rel=1e-13
    )


def test_the_callback_gets_the_history_after_each_epoch():
    lengths = []
    trained(3, callback=lambda history: lengths.append(len(history.loss)))
    assert lengths == [1, 2, 3]


def test_the_bar_is_on_stderr_and_can_be_switched_off(capsys):
    trained(2, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "epoch 2/2" in err
    assert "loss=" in err
    trained(2, progress=False)
    assert capsys.readouterr() == ("", "")


def test_data_may_be_any_pairs():
    model = Slope()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    pairs = ((x, 3.0 * x) for x in (1.0, 2.0))
    fit(model, pairs, losses.mse, optimizer, epochs=50, progress=False)
    # the slope's error shrinks by 1 - 0.1 * 2 * 2.5 = half in each step
    assert model.w.data == pytest.approx(3.0, abs=1e-12)


# Accuracy.


def test_of_several_outputs_the_largest_counts():
    data = [([1.0, 5.0, 2.0], 1), ([9.0, 5.0, 2.0], 0), ([1.0, 5.0, 2.0], 2)]
    assert accuracy(lambda x: [Value(item) for item in x], data) == 2 / 3
    assert accuracy(lambda x: x, data) == 2 / 3


@pytest.mark.parametrize("negative", [0, -1])
def test_one_output_is_right_on_the_side_of_its_target(negative):
    data = [(2.0, 1), (-2.0, negative), (3.0, negative), (-1.0, 1)]
    assert accuracy(Value, data) == 0.5
    assert accuracy(lambda x: [Value(x)], data) == 0.5


def test_there_is_no_accuracy_where_numbers_are_predicted():
    assert math.isnan(accuracy(Value, [(1.0, 1.0), (2.0, 2.5)]))
    assert math.isnan(accuracy(lambda x: [x, x], [(1.0, [1.0, 2.0])]))
    model = Slope()
    history = fit(
        model,
        [(1.0, 2.5)],
        losses.mse,
        optim.SGD(model.parameters()),
        validation=[(1.0, 1.0)],
        progress=False,
    )
    assert math.isnan(history.accuracy[0])
    assert math.isnan(history.validation_accuracy[0])


def test_evaluation_records_nothing_and_refuses_nothing_at_all():
    model = Slope(2.0)
    assert evaluate(model, [(1.0, 1.0), (2.0, 1.0)], losses.mse)[0] == 5.0
    assert model.w.grad == 0.0
    with pytest.raises(ValueError, match="data is empty"):
        accuracy(model, [])


# Early stopping.


def overfitting(epochs, patience, **options):
    """Let a slope of 0 run to 3 past the 1 that the validation data wants."""
    model = Slope(0.0)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    held_out = [(1.0, 1.0)]
    history = fit(
        model,
        [(1.0, 3.0)],
        losses.mse,
        optimizer,
        epochs,
        validation=held_out,
        patience=patience,
        progress=False,
        **options,
    )
    return model, history


def test_patience_stops_after_so_many_epochs_without_improvement():
    _, history = overfitting(50, patience=4)
    assert history.best_epoch() == len(history.validation_loss) - 1 - 4
    assert len(history.loss) < 50


@pytest.mark.parametrize("epochs", [50, 3])
def test_with_patience_the_model_ends_as_in_its_best_epoch(epochs):
    model, history = overfitting(epochs, patience=4)
    best = min(history.validation_loss)
    assert (model.w.data - 1.0) ** 2 == best
    model, history = overfitting(50, patience=None)
    assert (model.w.data - 1.0) ** 2 == history.validation_loss[-1] > best


# Interruption and checkpoints.


class Stop(KeyboardInterrupt):
    """Ctrl-C, at a place of our choice."""


def stop_after(epochs):
    def callback(history):
        if len(history.loss) == epochs:
            raise Stop

    return callback


MAKERS = [
    optim.Adam,
    lambda parameters, lr: optim.SGD(parameters, lr=lr, momentum=0.9, nesterov=True),
    lambda parameters, lr: optim.RMSprop(parameters, lr=lr, centered=True),
    optim.AdamW,
]


@pytest.mark.parametrize("make", MAKERS)
def test_a_resumed_training_ends_with_the_same_bits(tmp_path, make):
    path = tmp_path / "checkpoint.json"
    options = {"make": make, "validation": HELD_OUT, "patience": 3}
    model, history = trained(6, **options)
    with pytest.raises(Stop):
        trained(6, checkpoint=path, callback=stop_after(2), **options)
    resumed, record = trained(6, small_model(seed=9), checkpoint=path, resume=True, **options)
    assert numbers(resumed) == numbers(model)
    assert record == history


def test_an_interrupt_loses_only_the_epoch_that_had_begun(tmp_path):
    path = tmp_path / "checkpoint.json"
    model, calls = small_model(), []

    def loss(output, target):
        calls.append(target)
        if len(calls) == 2 * len(DATA) + 13:  # in the second batch of the third epoch
            raise KeyboardInterrupt
        return losses.binary_cross_entropy(output, target)

    optimizer = optim.Adam(model.parameters(), lr=0.05)
    with pytest.raises(KeyboardInterrupt):
        fit(model, DATA, loss, optimizer, 5, 8, checkpoint=path, progress=False)
    assert all(map(math.isfinite, numbers(model)))
    evaluate(model, DATA, losses.binary_cross_entropy)
    resumed, record = trained(5, small_model(), checkpoint=path, resume=True)
    whole, history = trained(5)
    assert numbers(resumed) == pytest.approx(numbers(whole), rel=1e-10)  # eager before, not after
    assert record.loss == pytest.approx(history.loss, rel=1e-10)
    assert record.accuracy == history.accuracy


def test_an_interrupt_within_a_step_undoes_the_step():
    class Interrupted(optim.SGD):
        def _update(self):
            self.parameters[0].data = 99.0
            raise KeyboardInterrupt

    model = small_model()
    with pytest.raises(KeyboardInterrupt):
        trained(1, model, make=Interrupted)
    assert numbers(model) == numbers(small_model())


def test_resuming_a_finished_training_changes_nothing(tmp_path):
    path = tmp_path / "checkpoint.json"
    model, history = trained(3, checkpoint=path)
    again, record = trained(3, small_model(seed=4), checkpoint=path, resume=True)
    assert (numbers(again), record) == (numbers(model), history)


def test_a_training_that_patience_stopped_stays_stopped(tmp_path):
    path = tmp_path / "checkpoint.json"
    model, history = overfitting(50, 4, checkpoint=path)
    again, record = overfitting(50, 4, checkpoint=path, resume=True)
    assert again.w.data == model.w.data
    assert record.validation_loss == history.validation_loss


def test_where_there_is_no_checkpoint_yet_resume_starts_anew(tmp_path):
    model, _ = trained(2, checkpoint=tmp_path / "new.json", resume=True)
    assert numbers(model) == numbers(trained(2)[0])


def test_without_resume_an_old_checkpoint_is_overwritten(tmp_path):
    path = tmp_path / "checkpoint.json"
    trained(3, checkpoint=path)
    trained(1, checkpoint=path)
    assert len(json.loads(path.read_text())["training"]["history"]["loss"]) == 1


def test_a_checkpoint_is_there_when_the_callback_is_called_and_is_a_saved_model(tmp_path):
    path, seen = tmp_path / "checkpoint.json", []
    model = small_model()
    trained(2, model, checkpoint=path, callback=lambda history: seen.append(numbers(load(path))))
    assert seen[1] == numbers(model) != seen[0]


def test_a_learning_rate_changed_by_the_callback_is_resumed(tmp_path):
    def run(model, epochs, **options):
        optimizer = optim.SGD(model.parameters(), lr=0.5)
        schedule = optim.ExponentialLR(optimizer, gamma=0.5)
        fit(
            model,
            DATA,
            losses.binary_cross_entropy,
            optimizer,
            epochs,
            callback=lambda history: schedule.step(),
            progress=False,
            **options,
        )
        return numbers(model), optimizer.lr

    path = tmp_path / "checkpoint.json"
    run(small_model(), 2, checkpoint=path)
    resumed = run(small_model(seed=3), 4, checkpoint=path, resume=True)
    assert resumed == run(small_model(), 4)
    assert resumed[1] == 0.5**5


def test_number_targets_have_a_checkpoint_too(tmp_path):
    path = tmp_path / "checkpoint.json"
    for epochs, resume in ((1, False), (2, True)):
        model = Slope()
        history = fit(
            model,
            [(1.0, 2.5)],
            losses.mse,
            optim.SGD(model.parameters(), lr=0.1),
            epochs,
            checkpoint=path,
            resume=resume,
            progress=False,
        )
    assert len(history.loss) == 2
    assert all(map(math.isnan, history.accuracy))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "written with seed=0, not seed=1"),
        ({"batch_size": 6}, "written with batch_size=8, not batch_size=6"),
        ({"shuffle": False}, "written with shuffle=True, not shuffle=False"),
        ({"validation": HELD_OUT}, "written with validation=0, not validation=10"),
        ({"make": optim.SGD, "batch_size": 6}, "written with the optimizer Adam, not SGD"),
        ({"model": small_model("relu")}, "written with activation='tanh', not activation=relu$"),
        (
            {"model": nn.MLP(2, [5, 1], activation="tanh")},
            r"with nouts=\[4, 1\], not nouts=\[5, 1\]$",
        ),
        ({"model": nn.MLP(2, [5, 1])}, r"with nouts=\[4, 1\], not nouts=\[5, 1\]$"),
        (
            {"model": nn.MLP(2, [4, 1], activation="tanh", bias=False)},
            "with bias=True, not bias=False$",
        ),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(tmp_path, change, message):
    path = tmp_path / "checkpoint.json"
    trained(1, checkpoint=path)
    before = path.read_bytes()
    change = {"model": small_model(seed=7), **change}
    untouched = numbers(change["model"])
    with pytest.raises(ValueError, match=rf"checkpoint\.json: .*{message}"):
        trained(2, checkpoint=path, resume=True, **change)
    assert numbers(change["model"]) == untouched
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"format": "autograd_engine", "version": 1}']
)
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, text):
    path = tmp_path / "checkpoint.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"checkpoint\.json"):
        trained(2, checkpoint=path, resume=True)


def test_a_saved_model_is_no_checkpoint(tmp_path):
    save(small_model(), tmp_path / "model.json")
    with pytest.raises(ValueError, match=r"model\.json: it has no 'training'"):
        trained(2, checkpoint=tmp_path / "model.json", resume=True)


# Refusals.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"patience": 0, "validation": HELD_OUT}, "patience must be at least 1, got 0"),
        ({"patience": 2}, "pass validation="),
        ({"resume": True}, "pass checkpoint="),
        ({"validation": []}, "validation is empty"),
        ({"compile": "always"}, "compile must be \"auto\", True or False, got 'always'"),
    ],
)
def test_options_that_make_no_sense_are_refused_at_once(options, message):
    model = small_model()
    with pytest.raises(ValueError, match=message):
        trained(1, model, **options)
    assert numbers(model) == numbers(small_model())


def test_negative_epochs_and_no_data_are_refused_at_once():
    with pytest.raises(ValueError, match="epochs must be at least 0, got -1"):
        trained(-1)
    model = small_model()
    with pytest.raises(ValueError, match="data is empty"):
        fit(model, [], losses.mse, optim.SGD(model.parameters()), progress=False)
    with pytest.raises(TypeError, match=r"\(input, target\) pairs.*; item 1 is 7"):
        fit(model, [([1.0, 2.0], 0), 7], losses.mse, optim.SGD(model.parameters()), progress=False)


def test_a_checkpoint_in_a_folder_that_does_not_exist_is_refused_at_once(tmp_path):
    model = small_model()
    with pytest.raises(FileNotFoundError, match="nowhere"):
        trained(1, model, checkpoint=tmp_path / "nowhere" / "checkpoint.json")
    assert numbers(model) == numbers(small_model())


def test_compile_may_be_false_and_records_every_sample_then():
    _, history = trained(1, compile=False)
    assert history.ran == "eager: asked for by compile=False"
    # the compiled way adds in another order
    assert history.loss == pytest.approx(trained(1, compile="auto")[1].loss, rel=1e-12)


def test_a_loss_that_is_no_value_is_refused():
    model = Slope()
    optimizer = optim.SGD(model.parameters())
    with pytest.raises(TypeError, match=r"loss of a sample must be one Value, got float: 1\.0"):
        fit(model, [(1.0, 1.0)], lambda outputs, target: 1.0, optimizer, progress=False)


def test_a_loss_that_is_not_finite_stops_the_training_before_the_step():
    model = Slope(1e160)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(
        FloatingPointError, match="became inf in epoch 1: try a lower learning rate"
    ):
        fit(model, [(1.0, 0.0)], lambda y, _: y * y, optimizer, progress=False)
    assert model.w.data == 1e160


def test_a_validation_loss_that_is_not_finite_stops_the_training():
    model = Slope(1.0)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(FloatingPointError, match="validation loss became inf in epoch 1"):
        fit(
            model,
            [(1.0, 0.0)],
            lambda y, _: y * y,
            optimizer,
            validation=[(1e200, 0.0)],
            progress=False,
        )


@pytest.mark.parametrize("way", ["auto", False])
@pytest.mark.parametrize("odd", [math.nan, -math.inf])
def test_a_sample_that_is_not_finite_is_named_and_the_learning_rate_is_not_blamed(way, odd):
    good = ([1.0, 2.0], 1.0)
    cases = {
        "item 2 of data": [good, good, ([1.0, odd], 1.0)],
        "item 1 of data": [good, ([1.0, 2.0], odd)],
    }
    for place, data in cases.items():
        message = f"became {abs(odd)} in epoch 1: {place} holds {odd}: leave it out"
        model = nn.MLP(2, [1], rng=random.Random(0))
        optimizer = optim.SGD(model.parameters())
        before = numbers(model)
        with pytest.raises(FloatingPointError, match=message):
            fit(model, data, losses.mse, optimizer, progress=False, compile=way)
        assert numbers(model) == before
    validation = [good, (numpy.array([math.nan, 2.0]), 1.0)]
    with pytest.raises(FloatingPointError, match="item 1 of validation holds nan"):
        trained(1, validation=validation, compile=way)


def test_numbers_that_outgrow_floats_are_a_training_that_diverged(tmp_path):
    model, path = Slope(1.0), tmp_path / "checkpoint.json"
    optimizer = optim.SGD(model.parameters(), lr=1e60)
    with pytest.raises(FloatingPointError) as refusal:
        fit(model, [(1.0, 0.0)], lambda y, _: y**2, optimizer, 9, checkpoint=path, progress=False)
    assert re.fullmatch(
        r"the training diverged in epoch 4: .* too large for a float; try a lower learning rate, "
        r"inputs scaled to about -1 to 1, or clip_gradients",
        str(refusal.value),
    )
    assert refusal.value.__suppress_context__
    assert model.w.data == load(path, Slope()).w.data == pytest.approx(-8e180)


def test_a_step_to_infinity_is_undone_and_stops_the_training():
    model = Slope(1.0)
    optimizer = optim.SGD(model.parameters(), lr=1e308)
    with pytest.raises(FloatingPointError, match="diverged in epoch 1: a parameter became -inf;"):
        fit(model, [(1.0, 0.0)], lambda y, _: 10.0 * y, optimizer, progress=False)
    assert model.w.data == 1.0


def test_validation_that_outgrows_floats_stops_the_training_too():
    model = Slope(1.0)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(FloatingPointError, match="diverged in epoch 1: .* too large"):
        fit(
            model,
            [(1.0, 0.0)],
            lambda y, _: y**2,
            optimizer,
            validation=[(1e200, 0.0)],
            progress=False,
        )


def test_an_optimizer_of_another_model_is_refused():
    message = r"optimizer's parameter 0, .* is neither .*: make it of them, as in SGD\(model.param"
    with pytest.raises(ValueError, match=message):
        fit(Slope(), [(1.0, 1.0)], losses.mse, optim.SGD(Slope().parameters()), progress=False)


class Line(nn.Module):
    """y = w * x + b."""

    def __init__(self):
        self.w, self.b = Value(2.0), Value(0.0)

    def __call__(self, x):
        return self.w * x + self.b


def replaced(model):
    model.w = Value(5.0)


def reached(model):
    model.w += 1.0


def fixed(model):
    with no_grad():
        model.b = model.b + 1.0


def made_a_number(model):
    model.w = 5.0


CHANGES = [(replaced, "'w'"), (reached, "'w'"), (fixed, "'b'"), (made_a_number, "'w'")]
LINE = [(1.0, 3.0), (2.0, 5.0)]


@pytest.mark.parametrize("compile", ["auto", True, False])
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(("change", "name"), CHANGES)
def test_what_took_the_place_of_a_parameter_is_refused_by_name(change, name, late, compile):
    model = Line()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    if not late:
        change(model)
    before = [value.data for value in optimizer.parameters]
    with pytest.raises(ValueError, match=name):
        callback = (lambda history: change(model)) if late else None
        options = {"callback": callback, "progress": False, "compile": compile}
        fit(model, LINE, losses.mse, optimizer, 5, **options)
    assert late or [value.data for value in optimizer.parameters] == before


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.layers.pop(),
        lambda model: model.layers.__setitem__(1, nn.Layer(3, 1, nonlin=False)),
        lambda model: model.layers[0].neurons.__setitem__(0, nn.Neuron(2)),
    ],
)
def test_a_part_that_was_put_in_or_taken_out_after_the_optimiser_was_made_is_refused(change):
    model = nn.MLP(2, [3, 1], rng=random.Random(0))
    optimizer = optim.Adam(model.parameters())
    change(model)
    with pytest.raises(ValueError, match="is neither one of the model nor used by the loss"):
        fit(
            model,
            DATA,
            lambda y, _: mean(y if isinstance(y, list) else [y]),
            optimizer,
            progress=False,
        )


def test_a_model_that_is_no_module_may_not_have_computed_parameters_either():
    class Own:
        w = Value(2.0)

        def parameters(self):
            return [self.w]

        def __call__(self, x):
            return self.w * x

    model = Own()
    optimizer = optim.SGD(model.parameters())
    model.w = model.w * 2.0
    with pytest.raises(ValueError, match="the model's parameter 0 is no leaf any more"):
        fit(model, LINE, losses.mse, optimizer, progress=False)


@pytest.mark.parametrize("compile", ["auto", False])
@pytest.mark.parametrize("alone", [False, True])
def test_what_only_the_loss_uses_may_be_trained(alone, compile):
    model, temperature = Line(), Value(1.0, "temperature")
    optimizer = optim.SGD([*([] if alone else model.parameters()), temperature], lr=0.01)

    def loss(output, target):
        return (output * temperature - target) ** 2

    fit(model, LINE, loss, optimizer, 3, progress=False, compile=compile)
    assert temperature.data != 1.0 and (model.w.data == 2.0) is alone
    unused = optim.SGD([*model.parameters(), Value(1.0, "T")])
    with pytest.raises(ValueError, match="parameter 2, .*label='T'.* nor used by the loss"):
        fit(model, LINE, loss, unused, progress=False)


def test_what_the_loss_of_one_sample_alone_uses_may_be_trained():
    model, shifts = Line(), [Value(0.0), Value(0.0)]
    optimizer = optim.SGD([*model.parameters(), *shifts], lr=0.01)
    data = [(1.0, 0), (2.0, 0), (3.0, 1)]
    fit(model, data, lambda y, k: (y - shifts[k]) ** 2, optimizer, 2, progress=False)
    assert all(shift.data for shift in shifts)


def test_a_model_may_keep_what_it_computed(tmp_path):
    class Keeping(Line):
        def __call__(self, x):
            self.out = super().__call__(x)
            return self.out

    model, path = Keeping(), tmp_path / "checkpoint.json"
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    fit(model, LINE, losses.mse, optimizer, 2, validation=LINE, checkpoint=path, progress=False)
    assert load(path, Keeping()).w.data == model.w.data != 2.0


def test_an_optimiser_of_a_part_of_the_model_trains_that():
    model = Line()
    fit(model, LINE, losses.mse, optim.SGD([model.b], lr=0.01), 2, progress=False)
    assert model.w.data == 2.0 and model.b.data != 0.0


def test_inputs_and_targets_apart_are_refused_with_what_to_write():
    model = Slope()
    optimizer = optim.SGD(model.parameters())
    with pytest.raises(TypeError, match=r"as list\(zip\(inputs, targets\)\) does"):
        fit(model, ([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]), losses.mse, optimizer, progress=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimizer": optim.SGD}, r"must be one such as SGD\(model.parameters\(\)\), got <class"),
        ({"optimizer": "sgd"}, r"must be one such as SGD\(model.parameters\(\)\), got 'sgd'"),
        ({"model": Slope}, r"model must be callable .*, as MLP\(2, \[8, 1\]\) has, got <class"),
        ({"model": abs}, r"model must be callable and have parameters\(\)"),
        ({"loss": "mse"}, "loss must be a function such as losses.mse, got 'mse'"),
        ({"data": 5}, r"data must hold \(input, target\) pairs, got 5$"),
        ({"data": None}, r"data must hold \(input, target\) pairs, got None$"),
        ({"data": datasets.moons}, "got <function moons .*"),
        ({"data": datasets.Dataset}, "got <class .*"),
        ({"validation": 5}, r"validation must hold \(input, target\) pairs, got 5$"),
        ({"epochs": 0.5}, "epochs must be a whole number, got 0.5"),
        ({"epochs": True}, "epochs must be a whole number, got True"),
        ({"batch_size": None}, "batch_size must be a whole number, got None"),
        ({"seed": None}, "seed must be a whole number, got None"),
        ({"record": 1}, "record must be True or False, got 1"),
        ({"batch_size": 8.0}, "batch_size must be a whole number, got 8.0"),
        ({"patience": "2"}, "patience must be a whole number, got '2'"),
        ({"shuffle": "no"}, "shuffle must be True or False, got 'no'"),
        ({"resume": "yes"}, "resume must be True, False or \"new\", got 'yes'"),
        ({"progress": None}, "progress must be True or False, got None"),
        ({"callback": "print"}, "callback must be a function or None, got 'print'"),
        ({"checkpoint": 3}, "a checkpoint as 3: write a path such as 'checkpoint.json'"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused_by_name(change, message):
    model = Slope()
    usual = {
        "model": model,
        "data": [(1.0, 1.0)],
        "loss": losses.mse,
        "optimizer": optim.SGD(model.parameters()),
        "progress": False,
    }
    with pytest.raises(TypeError, match=message):
        fit(**{**usual, **change})
    assert model.w.data == 1.0


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (lambda: accuracy(3, DATA), "'int' object is not callable"),
        (
            lambda: accuracy(DATA, small_model()),
            "must hold .* pairs, got MLP|not callable",
        ),
        (lambda: accuracy(small_model(), 5), r"data must hold \(input, target\) pairs, got 5"),
        (lambda: evaluate(small_model(), DATA, "mse"), "'str' object is not callable"),
    ],
)
def test_what_cannot_be_measured_is_refused_by_name(measure, message):
    with pytest.raises(TypeError, match=message):
        measure()


@pytest.mark.parametrize("given", [1, 0, None, "yes", [], numpy.array([True, False])])
def test_compile_is_true_false_or_auto(given):
    with pytest.raises(ValueError, match='compile must be "auto", True or False, got '):
        trained(0, compile=given)


def test_a_checkpoint_without_a_name_is_refused():
    with pytest.raises(IsADirectoryError, match="the checkpoint '' is a folder: name a file in it"):
        trained(0, checkpoint="")


def test_a_history_without_validation_has_no_best_epoch():
    with pytest.raises(ValueError, match="validation"):
        History([1.0], [1.0]).best_epoch()


def test_targets_may_be_numpy_arrays():
    model = nn.MLP(2, [2], rng=random.Random(0))
    data = [(numpy.array([1.0, 2.0]), numpy.array([0.0, 1.0]))]
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    history = fit(model, data, losses.mse, optimizer, epochs=2, progress=False)
    assert history.loss[1] < history.loss[0]


def test_a_folder_as_checkpoint_is_refused_before_training(tmp_path):
    model = nn.MLP(2, [1], rng=random.Random(0))
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    with pytest.raises(IsADirectoryError, match="name a file in it"):
        fit(model, [([1.0, 2.0], 1.0)], losses.mse, optimizer, checkpoint=tmp_path, progress=False)


@pytest.mark.parametrize("fails", [False, True])
def test_the_collectors_thresholds_are_the_users_again_after_training(fails):
    model = nn.MLP(2, [1], rng=random.Random(0))
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    before, seen = gc.get_threshold(), []

    def callback(history: History) -> None:
        seen.append(gc.get_threshold())
        if fails:
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError) if fails else nullcontext():
        fit(model, DATA, losses.mse, optimizer, callback=callback, progress=False)
    assert seen[0][0] >= 50_000
    assert gc.get_threshold() == before


def test_the_collectors_thresholds_are_the_users_again_after_trainings_that_overlap():
    before = gc.get_threshold()
    first, second = seldom_collected(), seldom_collected()
    with ExitStack() as later:
        with first:
            later.enter_context(second)
        assert gc.get_threshold()[0] >= 50_000
    assert gc.get_threshold() == before


# Columns of another size.

PENGUINS = datasets.Dataset(
    [[185.0, 39.1, 3750.0], [230.0, 50.0, 4758.0]] * 4, [0, 1] * 4, ["flipper", "bill", "mass"]
)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (PENGUINS, "'flipper' is about 208, 'mass' is about 4,254 in size: train on data.scaled"),
        (list(PENGUINS), "'column 0' is about 208, 'column 2' is about 4,254 in size"),
        ([(tuple(map(int, x)), y) for x, y in PENGUINS], "'column 2' is about 4,254 in size"),
        ([(numpy.array(x), y) for x, y in PENGUINS], "'column 2' is about 4,254 in size"),
        (PENGUINS.scaled(), ""),
        ([(x[:2], y) for x, y in PENGUINS.scaled()], ""),
        (datasets.Dataset([[16.0, 99.0]] * 3, [0, 1, 1], ["pixel", "age"]), ""),
        ([([math.inf, 1.0], 0)], ""),
    ],
)
@pytest.mark.parametrize("compile", ["auto", False])
def test_columns_that_are_not_scaled_get_a_word(data, said, compile):
    model = nn.MLP(len(data[0][0]), [2, 1], rng=random.Random(0))
    with warnings.catch_warnings(record=True) as words, suppress(FloatingPointError):
        warnings.simplefilter("always")
        fit(model, data, losses.binary_cross_entropy, optim.SGD(model.parameters(), lr=1e-9),
            progress=False, compile=compile)  # fmt: skip
    assert [said in str(word.message) for word in words] == [True] * bool(said)
    assert all(word.filename == __file__ for word in words)


def test_a_model_that_scales_by_itself_gets_no_word():
    model = nn.Neuron(3, activation="tanh")

    class Scaled:
        parameters = model.parameters

        def __call__(self, x):
            return model([x[0] / 200, x[1] / 50, x[2] / 4000])

    fit(Scaled(), PENGUINS, losses.mse, optim.SGD(model.parameters()), progress=False)

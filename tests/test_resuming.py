"""Resuming a training: schedules, other settings, damaged checkpoints, interrupted callbacks."""

import copy
import json
import math
import pickle
import random
import warnings

import pytest

from autograd_engine import Value, datasets, files, losses, nn, optim
from autograd_engine.optim.rules import Schedule, schedules_of
from autograd_engine.training import fit

DATA = datasets.moons(12, noise=0.1, seed=0)
HELD_OUT = datasets.moons(6, noise=0.1, seed=1)


class Rising(Schedule):
    """A schedule of one's own, whose settings are not told."""

    def __init__(self, optimizer, epochs):
        self.epochs = epochs
        super().__init__(optimizer)

    def _next_lr(self, lr, epoch):
        return self.base_lr * min(1.0, epoch / self.epochs)


SCHEDULES = {
    "linear": lambda it: [optim.LinearLR(it, 0.2, 1.0, 4)],
    "steps": lambda it: [optim.StepLR(it, 2, 0.5)],
    "exponential": lambda it: [optim.ExponentialLR(it, 0.7)],
    "cosine": lambda it: [optim.CosineAnnealingLR(it, 5, 0.01)],
    "two": lambda it: [optim.LinearLR(it, 0.2, 1.0, 3), optim.ExponentialLR(it, 0.9)],
    "own": lambda it: [Rising(it, 4)],
    "none": lambda it: [],
}
MAKERS = {
    "sgd": lambda values: optim.SGD(values, lr=0.1),
    "momentum": lambda values: optim.SGD(values, lr=0.1, momentum=0.9),
    "adam": lambda values: optim.Adam(values, lr=0.1, amsgrad=True),
    "rmsprop": lambda values: optim.RMSprop(values, lr=0.01, momentum=0.5, centered=True),
}


class Training:
    """A small training with schedules that the callback steps."""

    def __init__(self, make=MAKERS["sgd"], schedules=SCHEDULES["steps"], seed=0):
        self.model = nn.MLP(2, [3, 1], activation="tanh", rng=random.Random(seed))
        self.optimizer = make(self.model.parameters())
        self.schedules = schedules(self.optimizer)
        self.stop = None

    def step(self, history):
        for schedule in self.schedules:
            schedule.step()
        if len(history.loss) == self.stop:
            raise KeyboardInterrupt

    def fit(self, epochs, **options):
        options = {"callback": self.step, "progress": False, "validation": HELD_OUT, **options}
        loss = losses.binary_cross_entropy
        return fit(self.model, DATA, loss, self.optimizer, epochs, 4, **options)

    def state(self):
        parts = [self.optimizer, *self.schedules]
        return self.model.state_dict(), [part.state_dict() for part in parts]


@pytest.mark.parametrize("interrupted", [False, True])
@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_resumed_schedule_goes_on_as_if_nothing_had_happened(tmp_path, kind, make, interrupted):
    parts = MAKERS[make], SCHEDULES[kind]
    whole, first, second = Training(*parts), Training(*parts), Training(*parts, seed=5)
    history = whole.fit(6)
    if interrupted:  # the callback stepped, and then was interrupted
        first.stop = 3
        with pytest.raises(KeyboardInterrupt):
            first.fit(6, checkpoint=tmp_path / "c.json")
    else:
        first.fit(3, checkpoint=tmp_path / "c.json")
    assert second.fit(6, checkpoint=tmp_path / "c.json", resume=True) == history
    assert second.state() == whole.state()


@pytest.mark.parametrize(("changes", "times"), [(False, 1), (True, 2)])
def test_a_checkpoint_is_written_again_only_after_a_callback_that_changed_something(
    tmp_path, monkeypatch, changes, times
):
    path, written, seen = tmp_path / "c.json", [], []

    def write(*given, **options):
        written.append(given)
        files.write_json(*given, **options)

    def callback(found):
        seen.append(len(json.loads(path.read_text())["training"]["history"]["loss"]))
        if changes:
            found.loss[-1] += 1.0

    monkeypatch.setattr("autograd_engine.history.write_json", write)
    found = Training(schedules=SCHEDULES["none"]).fit(3, checkpoint=path, callback=callback)
    assert seen == [1, 2, 3] and len(written) == 3 * times
    assert json.loads(path.read_text())["training"]["history"]["loss"] == found.loss


def test_a_schedule_whose_state_is_loaded_by_hand_stays_right(tmp_path):
    whole, first, second = Training(), Training(), Training(seed=5)
    whole.fit(5)
    first.fit(3, checkpoint=tmp_path / "c.json")
    second.schedules[0].load_state_dict(first.schedules[0].state_dict())
    second.fit(5, checkpoint=tmp_path / "c.json", resume=True)
    assert second.state() == whole.state()


def test_a_schedule_that_the_optimiser_itself_steps_is_resumed(tmp_path):
    class Warm(optim.SGD):
        def step(self, closure=None):
            super().step(closure)
            schedules_of(self)[0].step()

    def make(schedules=SCHEDULES["linear"], **options):
        training = Training(lambda values: Warm(values, lr=0.1), schedules, **options)
        training.step = None
        return training

    whole, first, second = make(), make(), make(seed=5)
    for training in (whole, second):
        training.fit(1 if training is second else 2, checkpoint=tmp_path / "c.json")
    first.fit(1, checkpoint=tmp_path / "c.json")
    second.fit(2, checkpoint=tmp_path / "c.json", resume=True)
    assert second.state() == whole.state()


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_schedule_is_the_same_compiled_and_eager(kind, make):
    ways = {}
    for way in ("auto", True, False):
        training = Training(MAKERS[make], SCHEDULES[kind])
        training.fit(4, compile=way)
        rates = training.optimizer.lr, [one.state_dict() for one in training.schedules]
        ways[way] = rates, training.model.state_dict()
    assert ways["auto"] == ways[True] and ways[True][0] == ways[False][0]
    assert ways[True][1] == pytest.approx(ways[False][1], rel=1e-10)


def test_schedules_are_those_that_somebody_holds_of_this_optimiser():
    optimizer, other = (optim.SGD([Value(1.0)], lr=0.1) for _ in range(2))
    kept, foreign = optim.StepLR(optimizer, 2), optim.StepLR(other, 3)
    optim.StepLR(optimizer, 4)
    assert schedules_of(optimizer) == [kept] and schedules_of(other) == [foreign]
    for copied in (copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))):
        its, schedule = copied((optimizer, kept))
        assert schedules_of(its) == [schedule] and schedule is not kept


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("steps", "none", r"with schedules=\['StepLR'\], not schedules=\[\]"),
        ("none", "steps", r"with schedules=\[\], not schedules=\['StepLR'\]"),
        ("steps", "linear", r"with schedules=\['StepLR'\], not schedules=\['LinearLR'\]"),
    ],
)
def test_other_schedules_are_refused_with_the_way_to_go_on(tmp_path, before, after, message):
    Training(schedules=SCHEDULES[before]).fit(1, checkpoint=tmp_path / "c.json")
    second = Training(schedules=SCHEDULES[after], seed=5)
    state = second.state()
    with pytest.raises(ValueError, match=rf'c\.json.*{message}; fit\(\.\.\., resume="new"\)'):
        second.fit(2, checkpoint=tmp_path / "c.json", resume=True)
    assert second.state() == state
    second.fit(2, checkpoint=tmp_path / "c.json", resume="new")


OTHER = {
    "lr": ({"lr": 0.02}, "lr=0.05, .* not with lr=0.02"),
    "weight_decay": ({"lr": 0.1, "weight_decay": 0.5}, "weight_decay=0.0, .* with weight_decay="),
    "momentum": ({"lr": 0.1, "momentum": 0.5}, "momentum=0.0, .* not with momentum=0.5"),
}


@pytest.mark.parametrize("other", OTHER)
def test_other_settings_are_said_and_new_ones_are_used_where_asked_for(tmp_path, other):
    settings, message = OTHER[other]
    path = tmp_path / "c.json"
    whole = Training()
    whole.fit(4)
    for _ in range(2):  # and it is said each time
        Training().fit(3, checkpoint=path)
        second = Training(lambda values: optim.SGD(values, **settings), seed=5)
        with pytest.warns(UserWarning, match=rf'{message}.*resume="new"'):
            second.fit(4, checkpoint=path, resume=True)
        assert second.state() == whole.state()
    Training().fit(3, checkpoint=path)
    third = Training(lambda values: optim.SGD(values, **settings), seed=5)
    third.fit(4, checkpoint=path, resume="new")
    for name, value in settings.items():
        assert getattr(third.optimizer, name) == value
    assert third.schedules[0].last_epoch == 1 and third.optimizer.steps == 12
    Training(lambda values: optim.SGD(values, **settings)).fit(5, checkpoint=path, resume=True)


def test_another_schedule_setting_is_said(tmp_path):
    Training().fit(1, checkpoint=tmp_path / "c.json")
    second = Training(schedules=lambda it: [optim.StepLR(it, 2, 0.25)])
    with pytest.warns(UserWarning, match="gamma=0.5, .* not with gamma=0.25"):
        second.fit(2, checkpoint=tmp_path / "c.json", resume=True)


def test_a_warning_that_is_an_error_changes_nothing(tmp_path):
    Training().fit(3, checkpoint=tmp_path / "c.json")
    second = Training(lambda values: optim.SGD(values, lr=0.02), seed=5)
    state = second.state()
    with warnings.catch_warnings(), pytest.raises(UserWarning):
        warnings.simplefilter("error")
        second.fit(4, checkpoint=tmp_path / "c.json", resume=True)
    assert second.state() == state


def test_the_same_optimiser_goes_on_without_a_word(tmp_path):
    training = Training()
    for epochs in (2, 4):
        training.fit(epochs, checkpoint=tmp_path / "c.json", resume=True)
    whole = Training()
    whole.fit(4)
    assert training.state() == whole.state()


@pytest.mark.parametrize("place", ["samples", "validation"])
def test_other_data_of_the_same_size_are_refused(tmp_path, place):
    path = tmp_path / "c.json"
    Training().fit(2, checkpoint=path)
    second, before = Training(), path.read_bytes()
    other = {"validation": [(x, 1 - y) for x, y in HELD_OUT]} if place == "validation" else {}
    data = DATA if other else [(x, 1 - y) for x, y in DATA]
    options = {
        "checkpoint": path,
        "resume": True,
        "progress": False,
        "validation": HELD_OUT,
        **other,
    }
    with pytest.raises(
        ValueError, match="it was written with data='of checksum .*', not data=of checksum"
    ):
        fit(second.model, data, losses.binary_cross_entropy, second.optimizer, 4, 4, callback=second.step, **options)  # fmt: skip
    assert path.read_bytes() == before


def test_an_optimiser_of_ones_own_is_resumed_whatever_its_state(tmp_path):
    class Own:
        def __init__(self, values):
            self.values, self.made = values, 0

        def zero_grad(self):
            for value in self.values:
                value.grad = 0.0

        def step(self):
            self.made += 1
            for value in self.values:
                value.data -= value.grad / (9.0 + self.made)

        def state_dict(self):
            return {"made": self.made}

        def load_state_dict(self, state):
            self.made = state["made"]

    whole, first, second = (Training(Own, lambda it: [], seed) for seed in (0, 0, 5))
    whole.fit(4)
    first.fit(3, checkpoint=tmp_path / "c.json")
    second.fit(4, checkpoint=tmp_path / "c.json", resume=True)
    assert second.state() == whole.state()


def test_an_optimiser_that_cannot_be_saved_is_refused_before_the_training(tmp_path):
    class Own:
        step = zero_grad = lambda self: None

    training = Training(lambda values: Own(), lambda it: [])
    with pytest.raises(TypeError, match=r"a checkpoint needs state_dict\(\)"):
        training.fit(1, checkpoint=tmp_path / "c.json")


# Damaged checkpoints.

JUNK = [
    *(None, True, -1, 1.5, 10**400, "abc", "abcdef", "\x1b[31m", "x" * 100_000),
    *([], {}, [None], [1.0], {"a": 1}, {"float": "nan"}),
]
NUMBERS = (-1, 1.5, 3, True, False)  # may be right


def places(item, path=()):
    """Yield the paths to everything in a checkpoint, of lists only the first items."""
    if path:
        yield path
    inner = enumerate(item[:1]) if isinstance(item, list) else ()
    for name, part in item.items() if isinstance(item, dict) else inner:
        yield from places(part, (*path, name))


def damaged(content, path, junk):
    content = copy.deepcopy(content)
    owner = content
    for name in path[:-1]:
        owner = owner[name]
    if junk == "gone":
        del owner[path[-1]]
    elif junk == "shorter":
        owner[path[-1]].pop()
    else:
        owner[path[-1]] = junk
    return content


@pytest.mark.slow
@pytest.mark.parametrize("make", MAKERS)
def test_a_damaged_checkpoint_is_refused_by_name_and_changes_nothing(tmp_path, make):
    path = tmp_path / "c.json"
    first = Training(MAKERS[make])
    first.fit(2, checkpoint=path)
    content = json.loads(path.read_text())
    second = Training(MAKERS[make], seed=5)
    before = second.state()
    tried = 0
    for place in [("model",), *places({"training": content["training"]})]:
        item = content
        for name in place:
            item = item[name]
        for junk in [*JUNK, "gone", *(["shorter"] if isinstance(item, list) and item else [])]:
            numeric = isinstance(item, (bool, int, float)) or item is None
            fits = numeric and (junk is None or isinstance(junk, (bool, float, int)))
            special = place[1:] in (("schedules",), ("beside",)) and junk in (
                "gone",
                [],
                None,
            )
            later = ("grad_avg", "momentum_buffer", "max_exp_avg_sq", "buffers")
            special = special or (place[-1] in later and junk in ("gone", {}))
            special = special or (place[-1] == "data" and junk == "gone")
            if fits or place[-1] == "ran" or special:
                continue  # tried below, or a state that a training may have
            if (numeric and isinstance(junk, dict)) or (item == junk and type(item) is type(junk)):
                continue
            path.write_text(json.dumps(damaged(content, place, junk)))
            with pytest.raises(ValueError, match=r"c\.json") as refusal:
                second.fit(2, checkpoint=path, resume=True)
            said = str(refusal.value)
            assert second.state() == before, (place, junk)
            assert said.isprintable() and len(said) < 600 + len(str(path))
            tried += 1
    assert tried > 300


@pytest.mark.parametrize(
    ("place", "junk", "message"),
    [
        (("history", "loss"), "abcdef", "its loss is no list of numbers: 'abcdef'"),
        (("history", "loss"), [0.5], "its accuracy has 2 numbers, not 1"),
        (("history", "validation_loss"), [0.5], "its validation_loss has 1 numbers, not 2"),
        (("history", "validation_accuracy"), [], "its validation_accuracy has 0 numbers"),
        (("history", "loss", 0), True, "its loss is no list of numbers"),
        (("history", "loss", 0), 10**400, "too large"),
        (("best",), [None], r"its best is no list of numbers: \[None\]"),
        (("best",), "a" * 13, "its best is no list of numbers"),
        (("best",), [1.0], "its best has 1 numbers, not 13"),
        (("best",), None, "its best is no list of numbers: None"),
        (
            ("optimizer", "buffers", "exp_avg_sq", 0),
            -1e-9,
            "'exp_avg_sq' is no list of 13 numbers that fit",
        ),
        (
            ("optimizer", "buffers", "max_exp_avg_sq", 0),
            -1.0,
            "'max_exp_avg_sq' is no list of 13 numbers that fit",
        ),
        (
            ("optimizer", "buffers", "exp_avg", 0),
            math.nan,
            "'exp_avg' is no list of 13 numbers that fit",
        ),
        (
            ("optimizer", "buffers", "exp_avg", 0),
            math.inf,
            "'exp_avg' is no list of 13 numbers that fit",
        ),
        (
            ("optimizer", "buffers", "exp_avg", 0),
            True,
            "'exp_avg' is no list of 13 numbers that fit",
        ),
        (("optimizer", "buffers", "exp_avg", 0), None, "damaged"),
        (("optimizer", "buffers", "exp_avg_sq"), "gone", "exp_avg_sq"),
        (("optimizer", "buffers"), {}, "exp_avg"),
        (("optimizer", "steps"), -1, "steps must be an integer, at least 0; got -1"),
        (("optimizer", "steps"), 10**400, "steps must be an integer"),
        (("optimizer", "settings", "lr"), math.nan, "learning rate must be a finite number"),
        (("optimizer", "settings", "lr"), -1, "learning rate must be a finite number"),
        (("optimizer", "settings", "betas"), [0.9], "betas are two numbers"),
        (("optimizer", "initial_lr"), "x", "initial_lr must be a number"),
        (("schedules", 0, "last_epoch"), -1, "last_epoch must be an integer"),
        (("schedules", 0, "last_epoch"), 10**400, "last_epoch must be an integer"),
        (("schedules", 0, "base_lr"), math.inf, "base_lr must be a finite number"),
        (("schedules", 0, "settings", "step_size"), 0, "step_size must be an integer"),
        (("schedules",), [], r"with schedules=\[\]"),
        (("optimizer",), 5, "expected the state of the optimizer Adam, got 5"),
        (("model", "class"), "Own", "it was written with class='Own', not class=MLP"),
        (("settings", "seed"), 1, "written with seed=1, not seed=0"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path, place, junk, message):
    path = tmp_path / "c.json"
    Training(MAKERS["adam"]).fit(2, checkpoint=path)
    place = place if place[0] == "model" else ("training", *place)
    content = damaged(json.loads(path.read_text()), place, junk)
    path.write_text(json.dumps(content))
    second = Training(MAKERS["adam"], seed=5)
    before = second.state()
    with pytest.raises(ValueError, match=rf"c\.json: .*{message}"):
        second.fit(4, checkpoint=path, resume=True)
    assert second.state() == before
    assert json.loads(path.read_text()) == content or junk != junk

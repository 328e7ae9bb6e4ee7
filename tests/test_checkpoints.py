"""Checkpoints: what comes back, what is refused, what stays whole."""

import json
import math
import operator
import os
import random
import socket
import stat
import subprocess
import sys
import threading

import pytest

from autograd_engine import files, optim
from autograd_engine.blocks import no_grad
from autograd_engine.engine import Value
from autograd_engine.files import load, read_json, save, write_json
from autograd_engine.functions import elu, gelu, leaky_relu
from autograd_engine.losses import mse
from autograd_engine.nn import ACTIVATIONS, MLP, Layer, Module, Neuron
from autograd_engine.table import exp, sin, softplus, tanh
from autograd_engine.training import fit


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.json"


@pytest.fixture
def model():
    return MLP(2, [3, 1], activation="tanh", rng=random.Random(0))


class Line(Module):
    def __init__(self) -> None:
        self.slope, self.offset = Value(0.0), Value(0.0)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("activation", ["relu", "gelu", "linear"])
def test_an_mlp_comes_back_whole(path, bias, activation):
    model = MLP(3, [4, 2], activation=activation, bias=bias)
    save(model, str(path))
    twin = load(str(path))
    assert repr(twin) == repr(model)
    assert twin.state_dict() == model.state_dict()
    assert [v.data for v in twin([1, 2, 3])] == [v.data for v in model([1, 2, 3])]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("nonlin", [True, False])
@pytest.mark.parametrize("activation", ["relu", "gelu", sin])
@pytest.mark.parametrize("make", [lambda **kw: Neuron(2, **kw), lambda **kw: Layer(2, 3, **kw)])
def test_a_neuron_and_a_layer_come_back_whole(path, make, activation, nonlin, bias):
    module = make(activation=activation, nonlin=nonlin, bias=bias)
    save(module, path)
    twin = load(path)
    assert (type(twin), repr(twin)) == (type(module), repr(module))
    assert twin.state_dict() == module.state_dict()
    neurons = (module.neurons, twin.neurons) if isinstance(module, Layer) else ([module], [twin])
    for one, other in zip(*neurons, strict=True):
        assert other.activation == one.activation
        assert other([1, 2]).data == one([1, 2]).data


@pytest.mark.parametrize(
    ("activation", "name"),
    [
        (tanh, "tanh"),
        (softplus, "softplus"),
        (sin, "sin"),
        (exp, "exp"),
        (Value.relu, "relu"),
        (Value.cos, "cos"),
        (gelu, "gelu"),
        (elu, "elu"),
        (leaky_relu, "leaky_relu"),
        (ACTIVATIONS["linear"], "linear"),
    ],
)
def test_an_activation_of_the_package_is_stored_by_its_name(path, activation, name):
    model = MLP(2, [2, 1], activation=activation, rng=random.Random(0))
    save(model, path)
    assert json.loads(path.read_text())["model"]["architecture"]["activation"] == name
    assert load(path)([0.5, -2.0]).data == model([0.5, -2.0]).data


@pytest.mark.parametrize("nouts", [[1], [3, 2]])
@pytest.mark.parametrize(("given", "name"), [("tanh", "tanh"), (sin, "sin"), ("linear", "linear")])
def test_the_activation_of_the_last_layer_comes_back(path, nouts, given, name):
    model = MLP(2, nouts, output_activation=given)
    save(model, path)
    assert json.loads(path.read_text())["model"]["architecture"]["output_activation"] == name
    twin = load(path)
    assert repr(twin) == repr(model)
    for one, other in zip([model, twin], [twin, model]):
        one.load_state_dict(other.state_dict())
    outputs = [m([0.5, -2.0]) for m in (model, twin)]
    assert repr(outputs[0]) == repr(outputs[1])


def test_a_last_layer_squashed_by_hand_is_one_with_an_activation(path, model):
    model.layers[1].neurons[0].nonlin = True
    save(model, path)
    assert load(path)([0.5, -2.0]).data == model([0.5, -2.0]).data


def test_an_activation_of_ones_own_at_the_end_needs_the_model(path):
    model = MLP(2, [2, 1], output_activation=lambda x: x * x)
    save(model, path)
    with pytest.raises(ValueError, match="cannot be built from the file alone"):
        load(path)
    assert load(path, model) is model


@pytest.mark.parametrize(
    "number", [0.1 + 0.2, -0.0, 5e-324, 1.7976931348623157e308, math.inf, -math.inf, math.nan]
)
def test_a_float_comes_back_to_the_last_bit(path, model, number):
    parameter = model.parameters()[0]
    parameter.data = number
    save(model, path)
    assert load(path).parameters()[0].data.hex() == number.hex()


def test_the_file_is_json_by_the_standard_even_with_nan_in_it(path, model):
    model.parameters()[0].data = math.nan

    def refuse(name):
        raise AssertionError(name)

    save(model, path)
    content = json.loads(path.read_text(), parse_constant=refuse)
    assert content["version"] == 2
    assert content["model"]["architecture"] == {
        "nin": 2,
        "nouts": [3, 1],
        "activation": "tanh",
        "bias": True,
    }
    assert content["model"]["parameters"]["layers.1.neurons.0.b"] == 0.0


def test_saving_and_loading_leave_the_random_generator_alone(path, model):
    random.seed(1)
    expected = random.random()
    random.seed(1)
    save(model, path)
    load(path)
    assert random.random() == expected


def test_a_module_of_ones_own_is_filled_where_it_is_given(path):
    line = Line()
    line.slope.data = 2.5
    save(line, path)
    twin = Line()
    assert load(path, twin) is twin
    assert twin.slope.data == 2.5
    with pytest.raises(ValueError, match=r"model.json.*Line.*load\(path, model=...\)"):
        load(path)


def changed_layer(model):
    for neuron in model.layers[0].neurons:
        neuron.nonlin = False


def changed_part(model):
    model.layers.append(lambda x: x)


def changed_weights(model):
    model.layers[0].neurons[0].w.pop()


class Doubled(Layer):
    def __call__(self, x):
        return 2.0 * super().__call__(x)


def changed_class(model):
    model.layers[1] = Doubled(3, 1, nonlin=False)


def changed_activation(model):
    def tanh(x):
        return x * x

    model.layers[0].neurons[2].activation = tanh


def added_parameter(model):
    model.scale = Value(1.0)


@pytest.mark.parametrize(
    "change",
    [
        changed_layer,
        changed_part,
        changed_weights,
        changed_class,
        changed_activation,
        added_parameter,
    ],
)
def test_an_mlp_that_was_rebuilt_by_hand_is_not_taken_for_an_ordinary_one(path, model, change):
    change(model)
    save(model, path)
    with pytest.raises(ValueError, match="cannot be built from the file alone"):
        load(path)
    assert load(path, model) is model


def test_an_activation_of_ones_own_needs_the_model(path):
    model = MLP(1, [2, 1], activation=lambda x: x * x)
    save(model, path)
    with pytest.raises(ValueError, match=r"MLP .*activation is your own.* load\(path, model=...\)"):
        load(path)
    twin = MLP(1, [2, 1], activation=lambda x: x * x)
    assert load(path, model=twin)([0.5]).data == model([0.5]).data


def test_other_entries_beside_the_model_do_not_disturb_load(path, model):
    training = {"epoch": 3, "losses": [1.0, math.nan, math.inf], "float": "nan"}
    write_json(path, {"model": files.model_state(model), "training": training})
    assert load(path).state_dict() == model.state_dict()
    losses = read_json(path)["training"]["losses"]
    assert losses[0] == 1.0 and math.isnan(losses[1]) and losses[2] == math.inf
    assert read_json(path)["training"]["float"] == "nan"


# Damaged files.


def damage(path, model, change):
    save(model, path)
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def parameters(content):
    return content["model"]["parameters"]


def architecture(content):
    return content["model"]["architecture"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: parameters(c).pop("layers.0.neurons.1.b"), "missing.*'layers.0.neurons.1.b'"),
        (lambda c: parameters(c).update(extra=1.0), "surplus parameters: 'extra'"),
        (lambda c: parameters(c).update({"layers.0.neurons.1.b": "1"}), "number, got str: '1'"),
        (lambda c: parameters(c).update({"layers.0.neurons.1.b": None}), "number, got NoneType"),
        (lambda c: parameters(c).update({"layers.0.neurons.1.b": True}), "number, got bool"),
        (lambda c: parameters(c).update({"layers.0.neurons.1.b": [1.0]}), "number, got list"),
        (lambda c: c.update(version=3), "version 3, written by a newer"),
        (lambda c: c.update(version="1"), "no valid version: '1'"),
        (lambda c: c.pop("version"), "no valid version"),
        (lambda c: c.update(format="other"), "not written by autograd_engine"),
        (lambda c: c.pop("model"), "holds no model"),
        (lambda c: c["model"].update(parameters=[1.0]), "holds no model"),
        (lambda c: architecture(c).update(nouts=[10**12]), "missing parameters"),
        (lambda c: architecture(c).update(nin=10**12), "missing parameters"),
        (lambda c: architecture(c).update(nin="2"), "makes no MLP"),
        (lambda c: architecture(c).update(nouts=[]), "makes no MLP"),
        (lambda c: architecture(c).update(nouts=[3, -1]), "makes no MLP"),
        (lambda c: architecture(c).update(activation="rleu"), "makes no MLP"),
        (lambda c: architecture(c).update(activation=["relu"]), "unhashable"),
        (lambda c: architecture(c).update(output_activation="rleu"), "makes no MLP"),
        (lambda c: architecture(c).update(output_activation=None), "makes no MLP"),
        (lambda c: architecture(c).update(output_activation=["tanh"]), "unhashable"),
        (lambda c: architecture(c).update(output="tanh"), "makes no MLP.*'output'"),
        (lambda c: architecture(c).update(activation="atan2"), "makes no MLP"),
        (lambda c: architecture(c).update(activation="leaf"), "makes no MLP"),
        (lambda c: architecture(c).pop("nin"), "makes no MLP: 'nin'"),
        (lambda c: c["model"].update({"class": "Layer"}), "makes no Layer"),
        (lambda c: c["model"].update({"class": "MPL"}), "the MPL in it cannot be built"),
        (lambda c: c["model"].update({"class": ["MLP"]}), "cannot be built"),
    ],
)
def test_a_damaged_file_raises_value_error_naming_it(path, model, change, message):
    damage(path, model, change)
    with pytest.raises(ValueError, match=rf"model\.json.*{message}"):
        load(path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe\x00", b"[1, 2]", b"3", b'{"a": 1, "a": 2}', b"[" * 100_000]
)
def test_what_is_no_json_object_raises_value_error_naming_the_file(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.json"):
        load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nout": 0}, "makes no Layer"),
        ({"nout": [2]}, "makes no Layer"),
        ({"nout": 10**12}, "missing parameters"),
        ({"nonlin": "yes"}, "makes no Layer"),
    ],
)
def test_a_damaged_layer_raises_value_error_naming_the_file(path, change, message):
    damage(path, Layer(2, 2), lambda content: architecture(content).update(change))
    with pytest.raises(ValueError, match=rf"model\.json.*{message}"):
        load(path)


def test_a_model_that_does_not_fit_the_file_is_left_as_it_was(path, model):
    save(model, path)
    other = Neuron(2)
    before = other.state_dict()
    with pytest.raises(ValueError, match=r"model\.json: missing parameters: 'w.0', 'w.1', 'b'"):
        load(path, other)
    assert other.state_dict() == before


def test_a_missing_file_is_file_not_found(path):
    with pytest.raises(FileNotFoundError, match=r"model\.json"):
        load(path)


# Failed saves.


def names(path):
    return [item.name for item in path.parent.iterdir()]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_save_that_fails_leaves_the_old_file_whole_and_nothing_else(
    path, model, error, monkeypatch
):
    save(model, path)
    before = path.read_bytes()

    def fail(number):
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(type(error)):
        save(MLP(2, [1]), path)
    assert path.read_bytes() == before
    assert names(path) == ["model.json"]


def test_what_json_cannot_hold_is_refused_before_anything_is_written(path):
    with pytest.raises(TypeError):
        write_json(path, {"model": object()})
    assert names(path) == []


def test_what_is_no_module_is_refused(path):
    with pytest.raises(TypeError, match=r"expected a Module .* got dict"):
        save({"a": 1.0}, path)


def test_a_path_is_no_number_and_comes_after_the_model(path, model):
    for given in (3, None, model):
        with pytest.raises(TypeError, match="cannot save a model as .* such as 'model.json'"):
            save(model, given)
        with pytest.raises(TypeError, match="cannot load a model from .* such as 'model.json'"):
            load(given)
    with pytest.raises(TypeError, match=r"got str: write save\(model, path\)"):
        save("model.json", model)
    save(model, path)
    for given in (3, MLP, "model"):
        with pytest.raises(ValueError, match="model.json: .*load_state_dict"):
            load(path, given)


def test_a_folder_is_no_file_to_write(tmp_path, model):
    before = list(tmp_path.iterdir())
    with pytest.raises(IsADirectoryError, match="it is a folder: name a file in it"):
        save(model, tmp_path)
    assert list(tmp_path.iterdir()) == before


def test_a_missing_folder_is_named(tmp_path, model):
    with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
        save(model, tmp_path / "nowhere" / "model.json")


def test_a_link_is_followed_not_replaced(tmp_path, model):
    target, link = tmp_path / "real.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    save(model, link)
    assert link.is_symlink()
    assert load(target).state_dict() == model.state_dict()


# What stands there already.


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o666, 0o755])
def test_a_file_that_is_replaced_keeps_its_mode(path, model, mode, monkeypatch):
    path.write_text("old")
    path.chmod(mode)
    while_written = []
    fsync = os.fsync

    def look(number):
        while_written.append(stat.S_IMODE(os.fstat(number).st_mode))
        fsync(number)

    monkeypatch.setattr(os, "fsync", look)
    save(model, path)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert while_written[0] & ~mode == 0
    assert load(path).state_dict() == model.state_dict()


def test_a_new_file_has_the_mode_of_new_files(path, tmp_path, model):
    other = tmp_path / "other"
    other.write_text("")
    save(model, path)
    assert path.stat().st_mode == other.stat().st_mode


def folder(place):
    place.mkdir()


def pipe(place):
    os.mkfifo(place)


def socket_file(place):
    with socket.socket(socket.AF_UNIX) as it:
        it.bind(os.path.relpath(place))


def device(place):
    place.symlink_to(os.devnull)


def link_to_a_folder(place):
    place.symlink_to(place.parent)


def link_to_itself(place):
    place.symlink_to(place)


@pytest.mark.parametrize(
    "make", [folder, pipe, socket_file, device, link_to_a_folder, link_to_itself]
)
def test_what_is_no_regular_file_is_refused_and_left_alone(path, model, make, monkeypatch):
    monkeypatch.chdir(path.parent)
    make(path)
    looked = operator.attrgetter("st_ino", "st_mode", "st_mtime_ns")  # who reads a link moves atime
    before = looked(path.lstat())
    with pytest.raises(OSError, match=r"model\.json"):
        save(model, path)
    optimizer = optim.SGD(model.parameters())
    with pytest.raises(OSError, match=r"model\.json"):
        fit(model, [([1.0, 2.0], 1.0)], mse, optimizer, checkpoint=path, progress=False)
    assert looked(path.lstat()) == before and names(path) == ["model.json"]


def test_a_link_to_nothing_is_filled(path, tmp_path, model):
    path.symlink_to(tmp_path / "later.json")
    save(model, path)
    assert load(tmp_path / "later.json").state_dict() == model.state_dict()


KILLED = """
import os, sys
import autograd_engine as ag
os.fsync = lambda number: os.kill(os.getpid(), 9)
ag.save(ag.nn.MLP(2, [1]), sys.argv[1])
"""


def test_the_drafts_of_killed_runs_are_swept_by_the_next_save(path, model):
    save(model, path)
    before = path.read_bytes()
    for _ in range(2):
        run = subprocess.run([sys.executable, "-c", KILLED, str(path)])
        assert run.returncode == -9
    assert path.read_bytes() == before and len(names(path)) == 3
    save(model, path)  # they may still be written to
    assert len(names(path)) == 3
    for draft in path.parent.glob(".*"):
        os.utime(draft, (0.0, 0.0))
    others = [".model.json.mine", ".other.json.0123456789ab", ".model.json.0123456789ab.txt"]
    for name in others:
        (path.parent / name).write_text("")
    save(model, path)
    assert sorted(names(path)) == sorted(["model.json", *others])


def test_a_draft_that_is_being_written_is_left_alone(path, model, monkeypatch):
    fsync, within = os.fsync, []

    def once_more(number):
        if not within:
            within.append(True)
            save(model, path)
        fsync(number)

    monkeypatch.setattr(os, "fsync", once_more)
    save(model, path)
    assert names(path) == ["model.json"]


def test_threads_that_save_to_one_file_leave_one_of_theirs(path):
    models = [MLP(2, [1], rng=random.Random(seed)) for seed in range(4)]
    failed = []

    def run(model):
        try:
            for _ in range(25):
                save(model, path)
        except OSError as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and names(path) == ["model.json"]
    assert load(path).state_dict() in [model.state_dict() for model in models]


# Parameters that are none any more.


def added(module):
    module.w[0] += 0.1


def stepped(module):
    module.b = module.b - 0.1 * module.b.grad


def stepped_all(module):
    module.w = [w - 0.1 * w.grad for w in module.w]


def unrecorded(module):
    with no_grad():
        module.b -= 0.1


def detached(module):
    module.w[1] = module.w[1].detach()


def replaced_by_a_number(module):
    module.w[0] = 0.5


@pytest.mark.parametrize(
    "change", [added, stepped, stepped_all, unrecorded, detached, replaced_by_a_number]
)
def test_a_parameter_that_is_no_leaf_any_more_is_refused_by_name(path, change):
    model = MLP(2, [3, 1], rng=random.Random(0))
    change(model.layers[0].neurons[1])
    place = r"'layers\.0\.neurons\.1\.(w\.[01]|b)'"
    with pytest.raises(ValueError, match=f"the parameter {place} of MLP is no leaf any more"):
        save(model, path)
    assert not path.exists()
    neuron = Neuron(12)
    change(neuron)
    with pytest.raises(ValueError, match=r"the parameter '(w\.\d|b)' of Neuron is no leaf"):
        neuron.state_dict()


def test_parameters_of_a_choice_are_looked_at(path):
    class Chosen(Module):
        def __init__(self):
            object.__setattr__(self, "w", [Value(1.0)])

        def parameters(self):
            return self.w

    model = Chosen()
    model.w[0] = model.w[0] + 1.0
    with pytest.raises(ValueError, match=r"'(w|parameters)\.0' of \w+ is no leaf any more"):
        save(model, path)


def test_what_a_module_computes_and_keeps_is_no_parameter(path):
    class Cached(Line):
        def __call__(self, x):
            self.outputs = [self.slope * x + self.offset]
            self.fixed = Value(2.0).detach()
            return self.outputs[0]

    model = Cached()
    model(3.0)
    with no_grad():
        model(4.0)
    model.slope = Value(5.0)
    save(model, path)
    assert load(path, Cached()).slope.data == 5.0

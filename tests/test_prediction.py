"""Predictions in the words of the data: names, classes and scaling, kept with the model."""

import copy
import json
import pickle
import random

import numpy
import pytest

import autograd_engine as ag
from autograd_engine.datasets import Dataset
from autograd_engine.files import load, save

NAMES = ["size", "price"]
ROWS = [[float(i), 300.0 * (7 * i % 5)] for i in range(12)]


def trained(targets, classes, nout, loss, **options):
    data = Dataset(ROWS, targets, NAMES, classes)
    model = ag.nn.MLP(2, [4, nout], activation="tanh", rng=random.Random(0))
    optimizer = ag.optim.Adam(model.parameters(), lr=0.1)
    inputs = data.scaled()
    ag.fit(model, inputs, loss, optimizer, 60, progress=False, **options)
    return model, data, inputs


KINDS = {
    "two classes": (
        [int(i > 5) for i in range(12)],
        ["no", "yes"],
        1,
        ag.losses.binary_cross_entropy,
    ),
    "three classes": ([i // 4 for i in range(12)], ["a", "b", "c"], 3, ag.losses.cross_entropy),
    "a number": ([float(i) for i in range(12)], [], 1, ag.losses.mse),
    "two numbers": ([[float(i), -i] for i in range(12)], [], 2, ag.losses.mse),
}


@pytest.mark.parametrize("kept", ["as it is", "saved", "checkpoint", "pickled", "copied"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_prediction_is_in_the_words_of_the_data(kind, kept, tmp_path):
    path = tmp_path / "model.json"
    options = {"checkpoint": path} if kept == "checkpoint" else {}
    model, data, inputs = trained(*KINDS[kind], **options)
    if kept == "saved":
        save(model, path)
    twin = {
        "as it is": lambda: model,
        "saved": lambda: load(path),
        "checkpoint": lambda: load(path),
        "pickled": lambda: pickle.loads(pickle.dumps(model)),
        "copied": lambda: copy.deepcopy(model),
    }[kept]()
    outputs = [model(x) for x in inputs.inputs]
    if data.classes:
        found = ag.predict(twin, data)
        assert set(found) <= set(data.classes)
        right = [name == data.classes[target] for name, target in zip(found, data.targets)]
        assert sum(right) / len(right) == ag.accuracy(model, inputs) > 0.8
    else:
        found = ag.predict(twin, data)
        expected = [[v.data for v in out] if isinstance(out, list) else out.data for out in outputs]
        assert found == expected
    assert [ag.predict(twin, row) for row in ROWS] == found
    assert ag.predict(twin, numpy.array(ROWS)) == found == ag.predict(twin, tuple(map(tuple, ROWS)))
    named = [{"price": price, "size": size, "more": 0} for size, price in ROWS]
    assert ag.predict(twin, named) == found and ag.predict(twin, named[0]) == found[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_dataset_is_read_as_measured_and_by_its_names(kind):
    model, data, inputs = trained(*KINDS[kind])
    found = ag.predict(model, data)
    turned = Dataset([row[::-1] for row in ROWS], data.targets, NAMES[::-1], data.classes)
    assert ag.predict(model, turned) == found
    scaled = ag.predict(model, inputs)
    assert scaled == found if data.classes else numpy.allclose(scaled, found)
    with pytest.raises(ValueError, match="the input has no 'size'"):
        ag.predict(model, Dataset(ROWS, data.targets, ["a", "b"], data.classes))


@pytest.mark.peers
def test_a_table_of_pandas_is_read_by_its_names():
    import pandas

    model, data, _ = trained(*KINDS["two classes"])
    table = pandas.DataFrame([row[::-1] for row in ROWS], columns=NAMES[::-1])
    assert ag.predict(model, table) == ag.predict(model, data)
    assert ag.predict(lambda x: x[0] - x[1], pandas.DataFrame([[3.0, 1.0]])) == [2.0]
    with pytest.raises(ValueError, match="the input has no 'size'"):
        ag.predict(model, table.drop(columns="size"))


@pytest.mark.parametrize("kind", ["two classes", "three classes"])
def test_an_output_that_is_no_number_is_no_class(kind):
    model, *_ = trained(*KINDS[kind])
    with pytest.raises(ValueError, match="the model gives .nan.* which is no class"):
        ag.predict(model, [float("nan"), 1.0])


def test_a_plain_model_gives_its_numbers(tmp_path):
    model = ag.nn.MLP(2, [3, 2], rng=random.Random(0))
    save(model, tmp_path / "model.json")
    assert "data" not in json.loads((tmp_path / "model.json").read_text())["model"]
    for one in (model, load(tmp_path / "model.json"), lambda x: model(x)):
        assert ag.predict(one, [1.0, 2.0]) == [value.data for value in model([1.0, 2.0])]
    assert ag.predict(lambda x: 2 * x[0], [[1.0], [2.0]]) == [2.0, 4.0]
    assert ag.predict(ag.nn.MLP(1, [1], init=lambda nin, nout, rng: 2.0), 3.0) == 6.0


def test_names_are_those_of_the_latest_dataset():
    model, data, inputs = trained(*KINDS["two classes"])
    optimizer = ag.optim.SGD(model.parameters(), lr=0.0)
    ag.fit(model, list(inputs), ag.losses.binary_cross_entropy, optimizer, progress=False)
    assert ag.predict(model, ROWS[-1]) in data.classes


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([1.0], ValueError, "the model takes 2 numbers, size, price; got 1$"),
        ([[1.0, 2.0], [1.0, 2.0, 3.0]], ValueError, "takes 2 numbers, size, price; got 3$"),
        ([], ValueError, "takes 2 numbers, size, price; got 0$"),
        ({"size": 1.0, "prise": 2.0}, ValueError, r"no 'price'; did you mean 'prise'\?$"),
        ({"size": 1.0}, ValueError, "the input has no 'price'$"),
        ("12", TypeError, "the numbers of one input, in a list .* got '12'"),
        (None, TypeError, "the numbers of one input, in a list or a dict by column, .* got None"),
        ({1.0, 2.0}, TypeError, "or several inputs in a list; got {1.0, 2.0}"),
        (["1", "2"], TypeError, "expected one real number, got str: '1'"),
        ([1.0, None], TypeError, "expected one real number, got NoneType: None"),
    ],
)
def test_what_is_no_input_is_refused_by_the_names(x, error, message):
    model, *_ = trained(*KINDS["a number"])
    with pytest.raises(error, match=message):
        ag.predict(model, x)


@pytest.mark.parametrize("model", [3, None, ag.nn.MLP, "model.json"])
def test_what_is_no_model_is_refused(model):
    with pytest.raises(TypeError, match="expected a model such as an MLP or what load"):
        ag.predict(model, [1.0])


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d.update(columns="size"),
        lambda d: d.update(columns=[1, 2]),
        lambda d: d.update(classes=None),
        lambda d: d.update(scale=[1.0, 0.0]),
        lambda d: d.update(scale=[1.0]),
        lambda d: d.update(shift=[1.0, "2"]),
        lambda d: d.update(shift=[1.0, {"float": "nan"}]),
        lambda d: d.update(more=[]),
    ],
)
def test_damaged_names_or_scalings_are_refused_by_the_file(damage, tmp_path):
    path = tmp_path / "model.json"
    save(trained(*KINDS["two classes"])[0], path)
    content = json.loads(path.read_text())
    damage(content["model"]["data"])
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"model.json: its data hold no names of columns"):
        load(path)


def test_a_file_of_format_1_is_read(tmp_path):
    path = tmp_path / "model.json"
    model, *_ = trained(*KINDS["two classes"])
    save(model, path)
    content = json.loads(path.read_text())
    assert content["version"] == 2
    del content["model"]["data"]
    path.write_text(json.dumps({**content, "version": 1}))
    assert ag.predict(load(path), ROWS[0]) == model(ROWS[0]).data
    path.write_text(json.dumps({**content, "version": 3}))
    with pytest.raises(ValueError, match=r"model.json has version 3, written by a newer"):
        load(path)

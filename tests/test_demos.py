"""The numbered lessons: each does what its docstring promises, and together they reproduce
every worked example."""

import ast
import functools
import gc
import importlib.util
import inspect
import json
import math
import random
import re
import subprocess
import sys
from pathlib import Path

import micrograd.engine
import micrograd.nn
import pytest

import autograd_engine as ag

DEMOS = Path(__file__).resolve().parent.parent / "demos"
LESSONS = sorted(path.stem for path in DEMOS.glob("[0-9][0-9]_*.py"))
EXAMPLES = json.loads((DEMOS / "worked_examples.json").read_text(encoding="utf-8"))

EXACT = 1e-12  # the examples were computed in double precision, in another order of operations
PUBLISHED = 2e-3  # the source rounded its intermediate numbers


@functools.cache
def lesson(name):
    """Return the lesson as a module; what it learns, it learns once for all tests."""
    spec = importlib.util.spec_from_file_location(f"lesson_{name}", DEMOS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for slow in ("train", "learn"):
        if hasattr(module, slow):
            setattr(module, slow, functools.cache(getattr(module, slow)))
    return module


def assert_equal(found, expected, tolerance=EXACT):
    """Hold nested lists and dicts of numbers against each other."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key, item in expected.items():
            assert_equal(found[key], item, tolerance)
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for ours, theirs in zip(found, expected):
            assert_equal(ours, theirs, tolerance)
    else:
        assert found == pytest.approx(expected, rel=tolerance, abs=0.0)


def assert_given(module, example, **names):
    """Hold the numbers that a lesson starts from against those of the example."""
    for ours, theirs in names.items():
        assert getattr(module, ours) == example[theirs]


# What every lesson promises.


def test_the_lessons_are_numbered_without_a_gap():
    assert [int(name[:2]) for name in LESSONS] == list(range(1, len(LESSONS) + 1))
    assert len(LESSONS) == 23


LONG = ("13_moons", "05_explain", "19_replay")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in LONG)) for name in LESSONS]
)
def test_a_lesson_prints_what_its_docstring_promises(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    module = lesson(name)
    module.main()
    promised = inspect.cleandoc(module.__doc__).split("\nIt prints:\n\n")[1] + "\n"
    assert rounded(capsys.readouterr().out) == rounded(re.sub("(?m)^ {4}", "", promised))


def rounded(text):
    """Shorten numbers of more than 9 decimals: their last digits are the platform's."""
    return re.sub(r"\d+\.\d{10,}", lambda number: f"{float(number[0]):.9f}", text)


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_short_and_starts_with_its_number(name):
    source = (DEMOS / f"{name}.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) < 100
    assert max(map(len, source.splitlines())) <= 100
    assert source.startswith(f'"""Lesson {int(name[:2])}. ')
    assert source.isascii()  # what a classroom's terminal prints may be in any encoding


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("data_parallel", marks=pytest.mark.peers),
        pytest.param("scipy_fits", marks=pytest.mark.peers),
        pytest.param("scikit_learn", marks=pytest.mark.peers),
    ],
)
def test_a_demo_beside_another_library_prints_what_its_docstring_promises(name):
    # A process of its own: JAX is told of its devices before it starts.
    source = (DEMOS / f"{name}.py").read_text(encoding="utf-8")
    command = [sys.executable, "-m", f"demos.{name}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=DEMOS.parent)
    promised = ast.get_docstring(ast.parse(source)).split("It prints:\n\n")[1] + "\n"
    assert done.stdout == re.sub("(?m)^ {4}", "", promised), done.stderr
    assert len(source.splitlines()) < 100 and source.isascii()


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_imports_the_package_and_the_standard_library_alone(name):
    tree = ast.parse((DEMOS / f"{name}.py").read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    modules = {getattr(node, "module", None) or node.names[0].name for node in found}
    assert "autograd_engine" in modules
    assert modules - {"autograd_engine"} <= sys.stdlib_module_names


# The worked examples.


def check_descent_1d(example):
    slope = lesson("02_slope")
    for alpha, path in example["paths"].items():
        assert_equal(slope.descend(float(alpha), start=0.0, steps=len(path) - 1), path)


def check_perceptron(example):
    perceptron = lesson("08_perceptron")
    assert_given(perceptron, example, X="X", Y="y", W="w", B="b", LEARNING_RATE="learning_rate")
    given = {"setting", "X", "y", "w", "b", "learning_rate", "closed_form"}
    expected = {key: example[key] for key in example.keys() - given}
    assert_equal(perceptron.train(steps=1), expected)
    formula = perceptron.closed_form(example["w"], example["b"])
    assert_equal(formula, [expected["dE_dw"], expected["dE_db"]])


def check_multilayer_perceptron(example):
    chain = lesson("07_chain_rule")
    assert_given(chain, EXAMPLES["perceptron"], X="X", Y="y")
    assert_given(chain, example, W1="W1", B1="b1")
    assert_given(chain, {"W2": example["W2"][0], "b2": example["b2"][0]}, W2="W2", B2="b2")
    assert_equal([chain.network(x)[1] for x in chain.X], example["prediction"])
    assert_equal(chain.error(), example["error"])
    expected = {"dE/db2": example["dE_db2"][0]}
    for i in (0, 1):
        expected[f"dE/dW2[{i}]"] = example["dE_dW2"][0][i]
        expected[f"dE/db1[{i}]"] = example["dE_db1"][i]
        for j in (0, 1):
            expected[f"dE/dW1[{i}][{j}]"] = example["dE_dW1"][i][j]
    assert_equal(chain.by_engine(), expected)
    assert_equal(chain.by_hand(), expected)


def check_two_three_one(example):
    hand = lesson("09_backpropagation_by_hand")
    assert_given(hand, example, X="x", D="d", W1="W1", W2="W2", ALPHA="alpha")
    for name, phi in (("tanh", ag.tanh), ("sigmoid", ag.sigmoid)):
        assert_equal(hand.by_hand(phi), example[name])
        assert_equal(hand.by_engine(phi), example[name])
    batch = example["mini_batch"]
    assert [[x, d] for x, d in hand.SAMPLES] == batch["samples"]
    expected = {key: batch[key] for key in ("W1_after", "W2_after")}
    assert_equal(hand.mini_batch_by_hand(), expected)
    assert_equal(hand.mini_batch_by_engine(), expected)


def check_node_deltas(example):
    deltas = lesson("10_node_deltas")
    assert_given(deltas, example, INPUTS="inputs", IDEAL="ideal")
    assert_given(deltas, example, HIDDEN_WEIGHTS="hidden_weights", HIDDEN_BIASES="hidden_biases")
    assert_given(deltas, example, OUTPUT_WEIGHTS="output_weights", OUTPUT_BIAS="output_bias")
    published = {key: figure for key, figure in example["published"].items() if key != "note"}
    assert published == deltas.PUBLISHED
    for found in (deltas.by_engine(), deltas.by_hand()):
        assert_equal(found, {key: example[key] for key in published})
        assert_equal(found, published, PUBLISHED)


CHECKS = {
    "descent_1d": check_descent_1d,
    "perceptron": check_perceptron,
    "multilayer_perceptron": check_multilayer_perceptron,
    "two_three_one": check_two_three_one,
    "node_deltas": check_node_deltas,
}


def test_every_worked_example_has_a_lesson():
    assert CHECKS.keys() == EXAMPLES.keys() - {"about"}


@pytest.mark.parametrize("name", CHECKS)
def test_a_lesson_reproduces_the_worked_example(name):
    CHECKS[name](EXAMPLES[name])


# What single lessons promise beyond that.


def test_lesson_2_the_learning_rate_decides_how_descent_ends():
    descend = lesson("02_slope").descend
    away = {alpha: [abs(t - 3) for t in descend(alpha, steps=50)] for alpha in (0.1, 0.5, 1.0, 1.1)}
    assert sorted(away[0.1], reverse=True) == away[0.1] and 0.0 < away[0.1][-1] < 1e-4
    assert away[0.5][1:] == [0.0] * 50
    assert set(away[1.0]) == {3.0}
    assert sorted(away[1.1]) == away[1.1] and away[1.1][-1] > 1e4


def test_lesson_7_the_factors_along_a_path_multiply_to_the_gradient_of_one_point():
    chain = lesson("07_chain_rule")
    for x, y in zip(chain.X, chain.Y):
        w1, w2 = [[ag.Value(w) for w in row] for row in chain.W1], [ag.Value(w) for w in chain.W2]
        p = chain.network(x, w1=w1, w2=w2)[1]
        slopes = ag.gradient(-ag.log(p) if y else -ag.log(1 - p), [w2[0], w1[0][0]])
        assert_equal([ag.prod(path.values()) for path in chain.factors(x, y)], slopes)


def test_lesson_8_many_steps_get_every_answer_right():
    perceptron = lesson("08_perceptron")
    predictions = perceptron.train(1000)["prediction"]
    assert [p > 0.5 for p in predictions] == [y == 1 for y in perceptron.Y]


def test_lesson_12_stochastic_descent_leads_at_first_and_jumps_about_at_last():
    batches = lesson("12_batches")
    (_, single), (_, mini), (_, full) = (batches.descend(size) for size in (1, 8, 64))
    assert single[0] < mini[0] < full[0]
    best = batches.best_loss()
    assert best <= min(*single, *mini, *full)

    def excess(losses):
        return max(losses[-30:]) - best

    assert excess(full) < 1e-3 and excess(mini) < excess(single) / 5
    assert [batches.descend(size)[0] for size in (1, 8, 64)] == [6400, 800, 100]


@pytest.mark.slow
def test_lesson_13_has_the_losses_of_micrograd():
    moons = lesson("13_moons")
    data = moons.two_moons()
    random.seed(moons.SEED)
    model = micrograd.nn.MLP(2, [16, 16, 1])
    losses = []
    gc.disable()  # it would take nine tenths of micrograd's time
    try:
        for step in range(15):
            scores = [model([micrograd.engine.Value(item) for item in x]) for x, _ in data]
            margins = [(1 + -side * score).relu() for score, (_, side) in zip(scores, data)]
            squares = sum(p * p for p in model.parameters())
            loss = sum(margins) * (1.0 / len(margins)) + 1e-4 * squares
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.data -= (1.0 - 0.9 * step / 100) * p.grad
            losses.append(loss.data)
            del scores, margins, squares, loss
            gc.collect()
    finally:
        gc.enable()
    # Sums are taken in another order: last digits differ, and 15 steps carry them on.
    assert_equal(moons.train(15)[1], losses, 1e-9)


def test_lesson_15_names_nine_of_ten_flowers_rightly():
    iris = lesson("15_iris")
    model, history = iris.learn()
    _, test = iris.flowers()
    hits = [
        max(range(3), key=iris.probabilities(model, flower).__getitem__) == species
        for flower, species in test
    ]
    assert sum(hits) / len(hits) == history.validation_accuracy[-1] >= 0.9


def test_lesson_16_reads_nine_of_ten_images_rightly():
    digits = lesson("16_digits")
    train, test = digits.images()
    assert len(train) == 300 and len(test) == 100
    assert digits.accuracy(digits.learn()[0]) >= 0.9


def test_lesson_16_records_more_than_1000_values_for_one_image():
    digits = lesson("16_digits")
    image, digit = digits.images()[1][0]
    loss = ag.losses.cross_entropy(digits.learn()[0](image), digit)
    assert len(ag.graph.nodes(loss)) > 1000


def test_lesson_3_writes_four_pictures(tmp_path):
    draw = lesson("03_draw")
    draw.main(tmp_path / "pictures")
    pictures = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*/*")}
    assert sorted(pictures) == ["classic.svg", "compact.svg", "folded.svg", "network.svg"]
    assert all("<svg" in text for text in pictures.values())
    assert "layers.0" in pictures["folded.svg"] and "sigmoid" in pictures["compact.svg"]
    assert draw.picture("classic").source.count("->") == 9  # a's three uses among them


def test_lesson_1_the_gradient_is_what_moving_a_leaf_does():
    graph = lesson("01_graph")
    e = graph.expression()
    e.backward()
    by_name = {value.label: value.grad for value in ag.graph.nodes(e)}
    assert by_name == {"a": -3.0, "b": 2.0, "c": 1.0, "p": 1.0, "e": 1.0}
    for name, start in (("a", 2.0), ("b", -3.0), ("c", 10.0)):
        moved = graph.expression(**{name: start + 0.5}).data - e.data
        assert moved == 0.5 * by_name[name]


def test_lesson_11_each_number_of_the_gradient_belongs_to_a_parameter(tmp_path):
    network = lesson("11_network")
    network.main(tmp_path)
    pictures = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert sorted(pictures) == ["network_grad.svg", "network_weight.svg"]
    for text in pictures.values():
        assert text.count("<circle") + text.count("<ellipse") >= 6  # 2 + 3 + 1 units
    model = network.network()
    losses = [network.step(model) for _ in range(20)]
    assert sorted(losses, reverse=True) == losses and losses[-1] < 1e-6


def test_lesson_14_the_slope_of_cross_entropy_is_p_minus_y():
    softmax = lesson("14_softmax")
    for scores in ([2.0, 1.0, -1.0], [0.0, 0.0, 0.0], [-3.0, 5.0, 0.1]):
        z, p, loss = softmax.forward(scores)
        chances = [chance.data for chance in p]
        for i in range(3):
            expected = [softmax.by_formula(chances, i, j) for j in range(3)]
            assert_equal(ag.gradient(p[i], z), expected, 1e-9)
        assert_equal(ag.gradient(loss, z), [chances[0], chances[1] - 1.0, chances[2]], 1e-9)


def test_lesson_17_the_factors_of_the_steps_multiply_to_the_gradient():
    recurrence = lesson("17_recurrence")
    for name, (cell, w, x) in recurrence.CASES.items():
        h = [value.data for value in recurrence.states(cell, w, x)]
        factors = [1.0 if cell is recurrence.added_to else w * (1 - after**2) for after in h[1:]]
        for t, delta in enumerate(recurrence.deltas(name)):
            assert delta == pytest.approx(math.prod(factors[t:]), rel=1e-9)


def test_lesson_18_attention_learns_where_to_look():
    attention = lesson("18_attention")
    head = attention.Head(seed=1)
    losses = attention.learn(head)
    assert losses[-1] < losses[0] / 5
    outputs, weights = head(attention.TOKENS.values())
    assert len(outputs) == len(outputs[0]) == 3
    for row in weights:
        assert math.fsum(weight.data for weight in row) == pytest.approx(1.0, rel=1e-12)
    assert max(weights[2], key=lambda weight: weight.data) is weights[2][1]


def test_lesson_21_the_engine_agrees_with_the_textbook_and_the_checker_finds_the_wrong_rule():
    experiment = lesson("21_experiment")
    for x in (-1.5, 0.3, 2.0):
        assert_equal(experiment.derivatives(experiment.bump, x, 3), experiment.by_formula(x))
        assert experiment.complaint(experiment.bump, x) == ""
        assert "differs" in experiment.complaint(experiment.forgetful, x)

"""Foreign text: what files and arguments hold reaches messages printable, on one line, short."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest

import autograd_engine as ag
from autograd_engine.__main__ import main
from autograd_engine.engine import Value
from autograd_engine.words import printable

EVIL = "\x1b[31m\x1b]0;owned\x07\u202e\u2066\r\n\x00\x9b"
LONG = "x" * 200_000
FOREIGN = {"escapes": f"a{EVIL}b", "long": LONG}
SAID = 1_500  # so long, at most, is what is said


def assert_tame(text: str) -> None:
    assert all(c.isprintable() or c == "\n" for c in text), repr(text[:500])
    assert len(text) <= SAID


@pytest.mark.parametrize(
    "text, shown",
    [
        ("plain ünïcode 漢字 🎈", "plain ünïcode 漢字 🎈"),
        ("C:\\new", "C:\\new"),
        ("it's", "it's"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("\u200b\ufeff\u2028", "\\u200b\\ufeff\\u2028"),
        ("\udc80", "\\udc80"),
        ("a" * 80, "a" * 80),
        ("a" * 40 + "b" * 41, "a" * 40 + "…" + "b" * 39),
        (3, "3"),
    ],
)
def test_printable_escapes_what_moves_the_cursor_and_cuts_in_the_middle(text, shown):
    assert printable(text) == shown
    assert printable(shown) == shown


def test_printable_is_quick_and_short_whatever_comes():
    for text in (LONG, "\x1b" * 200_000, "\U000e0001" * 200_000):
        assert len(printable(text)) == 80
        assert len(printable(text, 401)) == 401


# Tables.


def table(tmp_path, rows, name="table.csv"):
    path = tmp_path / name
    path.write_text("\n".join(rows) + "\n", encoding="utf-8", newline="")
    return path


BY_TABLE = {
    "class names": lambda t: (f'x,"{t}"', ["1,a", "2,b"], "nowhere"),
    "column doubled": lambda t: (f'"{t}","{t}"', ["1,a"], "y"),
    "a cell": lambda t: ("x,y", [f'"{t}",1', "2,3"], "y"),
    "a mixed target": lambda t: ("x,y", [f'1,"{t}"', "2,3"], "y"),
    "an empty cell": lambda t: (f'x,"{t}",y', ["1,,3"], "y"),
}


@pytest.mark.parametrize("foreign", [FOREIGN["escapes"].replace("\x00", ""), LONG[:100_000]], ids=["escapes", "long"])  # fmt: skip
@pytest.mark.parametrize("kind", BY_TABLE)
def test_what_a_table_holds_is_refused_in_printable_words(tmp_path, kind, foreign):
    header, rows, target = BY_TABLE[kind](foreign)
    with pytest.raises(ValueError) as caught:
        ag.datasets.csv(table(tmp_path, [header, *rows]), target)
    assert_tame(str(caught.value))


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
def test_class_names_are_shown_printable_and_short(foreign):
    data = ag.datasets.Dataset([[1.0], [2.0]], [0, 1], ["x"], [foreign, "b"])
    assert_tame(repr(data))
    assert data.classes[0] == foreign
    many = ag.datasets.Dataset([[1.0]], [0], ["x"], [f"class {i}" for i in range(100_000)])
    assert_tame(repr(many))


def test_training_on_a_table_of_odd_names_says_them_printable(tmp_path, capsys):
    odd = "$\\frac{" + EVIL.replace("\x00", "").replace("\r\n", "")
    rows = [f'"{i}","{i % 7}","{odd if i % 2 else LONG[:90_000]}"' for i in range(20)]
    path = table(tmp_path, [f'"{odd}",$x_,kind', *rows])
    given = ["train", "--csv", str(path), "--target", "kind", "--epochs", "1", "--quiet"]
    assert main([*given, "--layers", "2", "--output", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    for line in (said.out + said.err).splitlines():
        assert_tame(line)
    assert (tmp_path / "out" / "boundary.png").exists()


@pytest.mark.slow
def test_a_terminal_of_few_characters_is_no_reason_to_fail(tmp_path):
    path = table(tmp_path, ["x,kind", *(f"{i},{'äß'[i % 2]}漢" for i in range(12))])
    command = [sys.executable, "-m", "autograd_engine", "train", "--csv", str(path), "--target", "kind", "--epochs", "1", "--quiet", "--output", str(tmp_path)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONIOENCODING": "ascii", "PYTHONPATH": ":".join(filter(None, sys.path))}, check=False, timeout=200)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "classes \\xdf\\u6f22, \\xe4\\u6f22" in done.stdout


# Model and checkpoint files.


def saved(tmp_path, change, name="model.json"):
    model = ag.nn.MLP(2, [2, 1], rng=random.Random(0))
    path = tmp_path / name
    ag.save(model, path)
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")
    return path


def put(*keys):
    def change(content, foreign):
        *way, last = keys
        for key in way:
            content = content[key]
        content[last] = foreign

    return change


def surplus(content, foreign):
    content["model"]["parameters"][foreign] = 1.0


def renamed(content, foreign):
    parameters = content["model"]["parameters"]
    parameters[foreign] = parameters.pop("layers.0.neurons.0.b")


BY_MODEL = {
    "version": put("version"),
    "format": put("format"),
    "class": put("model", "class"),
    "architecture": put("model", "architecture"),
    "activation": put("model", "architecture", "activation"),
    "sizes": put("model", "architecture", "nin"),
    "a weight": put("model", "parameters", "layers.0.neurons.0.b"),
    "a surplus parameter": surplus,
    "a parameter's name": renamed,
    "the model": put("model"),
}


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("kind", BY_MODEL)
def test_what_a_model_file_holds_is_refused_in_printable_words(tmp_path, kind, foreign):
    path = saved(tmp_path, lambda content: BY_MODEL[kind](content, foreign))
    with pytest.raises(ValueError, match=path.name) as caught:
        ag.load(path)
    assert_tame(str(caught.value))


BY_TRAINING = {
    "optimizer": put("training", "optimizer", "optimizer"),
    "a setting of the optimizer": put("training", "optimizer", "settings", "lr"),
    "steps": put("training", "optimizer", "steps"),
    "a surplus setting": lambda c, t: c["training"]["optimizer"]["settings"].update({t: 1}),
    "buffers": lambda c, t: c["training"]["optimizer"]["buffers"].update({t: [1.0]}),
    "loss": put("training", "settings", "loss"),
    "seed": put("training", "settings", "seed"),
    "model": put("model", "class"),
    "activation": put("model", "architecture", "activation"),
    "history": put("training", "history"),
    "best": put("training", "best"),
}


@pytest.mark.slow
@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("kind", BY_TRAINING)
def test_what_a_checkpoint_holds_is_refused_in_printable_words(tmp_path, capsys, kind, foreign):
    path = tmp_path / "out" / "xor.checkpoint.json"
    given = ["train", "xor", "--limit", "20", "--epochs", "1", "--layers", "2", "--quiet"]
    given += ["--optimizer", "sgd", "--output", str(path.parent)]
    assert main(given) == 0
    content = json.loads(path.read_text("utf-8"))
    if kind == "loss" and "loss" not in content["training"]["settings"]:
        kind = "seed"
    BY_TRAINING[kind](content, foreign)
    path.write_text(json.dumps(content), "utf-8")
    capsys.readouterr()
    assert main([*given, "--resume"]) == 2
    said = capsys.readouterr()
    assert path.name in said.err
    for line in (said.out + said.err).splitlines():
        assert_tame(line)


def test_file_names_are_said_printable(tmp_path):
    folder = tmp_path / ("a\x1b[31m\u202e" + "n" * 200)
    folder.mkdir()
    name = "b\x1b]0;\x07"
    calls = [
        lambda: ag.load(saved(folder, lambda c: c.pop("model"), f"{name}.json")),
        lambda: ag.load(table(folder, ["{"], f"{name}1.json")),
        lambda: ag.datasets.csv(table(folder, ["x,y"], f"{name}.csv"), "y"),
        lambda: ag.save(ag.nn.Neuron(1), folder / name / "model.json"),
        lambda: ag.save(ag.nn.Neuron(1), folder),
        lambda: ag.draw(Value(1.0) + 1.0).save(folder / name / "graph.svg"),
        lambda: ag.draw(Value(1.0) + 1.0).save(folder / f"{name}.gif"),
        lambda: ag.explore(Value(1.0) + 1.0, folder / f"{name}.gif"),
    ]
    for call in calls:
        with pytest.raises((ValueError, OSError)) as caught:
            call()
        assert_tame(str(caught.value))


# The command line and its expressions.


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize(
    "given",
    [
        ["train", "{}"],
        ["{}"],
        ["train", "xor", "--{}"],
        ["train", "xor", "--epochs", "{}"],
        ["train", "xor", "--layers", "{}"],
        ["train", "--csv", "{}", "--target", "y"],
        ["draw", "{}"],
        ["draw", "a*{}", "a=1"],
        ["draw", "a + '{}'", "a=1"],
        ["draw", "{}(a)", "a=1"],
        ["draw", "a if a > 0 else '{}'", "a=1"],
        ["draw", "a", "{}"],
        ["draw", "a", "a=1", "{}=2"],
        ["draw", "a+1", "a=1", "--output", "{}"],
        ["step", "{}"],
        ["step", "log({})", "{}=-1"],
    ],
    ids=" ".join,
)
def test_what_the_command_line_is_given_is_refused_in_printable_words(capsys, given, foreign):
    foreign = foreign.replace("\x00", "")  # no argument holds one
    try:
        status = main([part.replace("{}", foreign) for part in given])
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert_tame(line)


def test_an_expression_and_its_names_are_echoed_printable(tmp_path, capsys):
    name = "n" * 200_000
    given = ["draw", f"{name} * 2 # \x1b[31m", f"{name}=1", "--output", str(tmp_path / "g.dot")]
    assert main(given) == 0
    for line in capsys.readouterr().out.splitlines():
        assert_tame(line)


def test_a_long_label_does_not_fill_a_message():
    with pytest.raises(ValueError) as caught:
        ag.log(Value(-1.0, LONG))
    assert_tame(str(caught.value))

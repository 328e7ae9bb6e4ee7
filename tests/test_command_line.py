"""The command line: training on data, drawing an expression, and refusing clearly."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import autograd_engine as ag
from autograd_engine import commands, datasets
from autograd_engine.__main__ import PARTS, _options, main
from autograd_engine.datasets import Dataset
from autograd_engine.expressions import evaluate
from autograd_engine.files import load
from autograd_engine.measures import accuracy
from autograd_engine.views.picture.drawing import ENDINGS

SMALL = ["--quiet", "--layers", "3"]
FAST = ["--epochs", "2", *SMALL]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Run each test in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys):
    """Run the command line; return its exit status, its output and its errors."""

    def command(*arguments):
        try:
            status = main(arguments)
        except SystemExit as leaving:
            status = leaving.code
        return status, *capsys.readouterr()

    return command


@pytest.fixture
def refused(run):
    """Run the command line, which is to refuse, and return its one message."""

    def command(*arguments):
        status, _, err = run(*arguments)
        assert status == 2
        assert err.count("\n") == 1
        assert err.startswith("autograd_engine: error: ")
        return err.removeprefix("autograd_engine: error: ").strip()

    return command


def reported(out, part="test"):
    return float(re.search(rf"^{part} accuracy (\d\.\d\d\d)$", out, re.MULTILINE)[1])


def svg_text(path):
    return " ".join(ElementTree.parse(path).getroot().itertext())


# train


def test_iris_is_learnt_with_the_defaults(run, folder):
    status, out, err = run("train", "iris")
    assert status == 0
    assert reported(out) > 0.93
    assert reported(out, "train") > 0.95
    assert err == ""
    assert re.search(r"test accuracy \d\.\d+\n(wrote .*\n)+$", out)
    written = re.findall(r"^wrote (.*)$", out, re.MULTILINE)
    assert written == [
        f"autograd_output/iris/{name}"
        for name in ("graph.svg", "loss.png", "model.json", "iris.checkpoint.json")
    ]
    assert all((folder / name).stat().st_size > 1000 for name in written)


def test_digits_are_learnt_from_200_images(run):
    status, out, _ = run("train", "digits", "--limit", "200", "--epochs", "8", "--quiet")
    assert status == 0
    assert "160 samples to train on, 40 to test" in out
    assert reported(out) > 0.7


@pytest.mark.parametrize("limit", [199, 200, 201])
def test_a_limit_above_the_samples_that_there_are_is_told(run, limit):
    out = run("train", "xor", "--limit", str(limit), *FAST)[1]
    told = "there are only 200 samples, fewer than --limit: all are taken\n"
    assert out.startswith(told) == (limit > 200)


def test_digits_are_trained_on_all_1797_images_by_a_compiled_program(run, folder):
    status, out, _ = run("train", "digits", "--epochs", "4", "--quiet")
    assert status == 0
    assert "1438 samples to train on, 359 to test" in out
    assert re.search(
        r"^trained compiled: [\d,]+ steps for a batch instead of [\d,]+ operations for a sample$",
        out,
        re.MULTILINE,
    )
    assert reported(out) > 0.85
    assert re.search(r"test accuracy \d\.\d+\n(wrote .*\n)+$", out)
    model, (train, _) = (
        load(folder / "autograd_output/digits/model.json"),
        datasets.digits().split(0.8, 0),
    )
    assert f"{accuracy(model, train):.3f}" == f"{reported(out, 'train'):.3f}"


@pytest.mark.parametrize("name", ["moons", "circles", "xor"])
def test_points_in_the_plane_get_a_picture_of_the_boundary(run, folder, name):
    status, out, err = run("train", name, "--quiet", "--epochs", "15", "--layers", "8")
    assert (status, err) == (0, "")
    assert reported(out, "train") > 0.75
    assert (folder / f"autograd_output/{name}/boundary.png").read_bytes().startswith(b"\x89PNG")


def test_spirals_are_trained_on_too(run):
    assert run("train", "spirals", *FAST)[0] == 0


def test_the_graph_is_that_of_a_samples_loss(run, folder):
    run("train", "iris", *FAST)
    text = svg_text(folder / "autograd_output/iris/graph.svg")
    assert "loss" in text
    assert "petal_width_cm" in text
    assert "layers.0" in text


def test_the_saved_model_takes_the_inputs_as_the_table_has_them(run, folder):
    _, out, _ = run("train", "iris", "--quiet", "--epochs", "10")
    model = load(folder / "autograd_output/iris/model.json")
    train, test = datasets.iris().split(0.8, 0)
    assert f"{accuracy(model, test):.3f}" == f"{reported(out):.3f}"
    assert f"{accuracy(model, train):.3f}" == f"{reported(out, 'train'):.3f}"


def test_the_options_are_followed(run, folder):
    options = ["--layers", "5, 4", "--activation", "relu", "--optimizer", "sgd", "--seed", "3"]
    options += ["--learning-rate", "0.5", "--epochs", "1", "--batch-size", "7"]
    status, out, _ = run("train", "xor", "--quiet", "--output", "a/b", *options)
    assert status == 0
    assert "2-5-4-1 network with relu; sgd, learning rate 0.5; 1 epoch of batches of 7" in out
    assert load(folder / "a/b/model.json").layers[0].neurons[0].activation == "relu"
    assert not (folder / "autograd_output").exists()


def test_no_hidden_layers_make_a_linear_classifier(run):
    status, out, _ = run("train", "iris", "--quiet", "--epochs", "5", "--layers", "")
    assert status == 0
    assert "4-3 network" in out


def test_a_resumed_training_ends_as_one_without_interruption(run, folder, monkeypatch):
    options = ["--quiet", "--epochs", "4", "--layers", "3"]
    _, out, _ = run("train", "moons", *options, "--output", "whole")
    fit = commands.fit

    def interrupted(*arguments, **options):
        def stop(history):
            if len(history.loss) == 2:
                raise KeyboardInterrupt

        return fit(*arguments, **options, callback=stop)

    monkeypatch.setattr(commands, "fit", interrupted)
    status, _, err = run("train", "moons", *options, "--output", "parts")
    assert status == 130
    assert err == "interrupted; --resume continues from the last whole epoch\n"
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    status, resumed, _ = run("train", "moons", *options, "--output", "parts", "--resume")
    assert status == 0
    assert resumed.replace("parts", "whole") == out
    whole, parts = ((folder / name / "model.json").read_text() for name in ("whole", "parts"))
    assert parts == whole


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seed", "1"], "seed=0, not seed=1"),
        (["--layers", "4"], "written with nouts=[3, 1], not nouts=[4, 1]"),
        (["--optimizer", "sgd"], "written with the optimizer Adam, not SGD"),
        (["--optimizer", "sgd", "--seed", "1"], "written with the optimizer Adam, not SGD"),
        (["--optimizer", "sgd", "--learning-rate", "0.01"], "optimizer Adam, not SGD"),
    ],
)
def test_a_training_is_not_resumed_with_other_options(run, refused, options, message):
    run("train", "xor", *FAST)
    refusal = refused(
        "train", "xor", *(FAST[:3] if "--layers" in options else FAST), *options, "--resume"
    )
    assert "cannot resume from autograd_output/xor/xor.checkpoint.json" in refusal
    assert message in refusal


@pytest.mark.slow
def test_with_resume_the_rate_is_the_checkpoints_or_a_new_one_where_asked_for(run, refused):
    run("train", "xor", *FAST, "--learning-rate", "0.02")
    for epochs, options in (("3", []), ("4", ["--learning-rate", "0.02"])):
        status, out, _ = run("train", "xor", *SMALL, "--epochs", epochs, *options, "--resume")
        assert status == 0 and "learning rate 0.02;" in out
    other = ["--learning-rate", "0.5", "--resume"]
    for epochs in ("5", "6"):
        status, out, _ = run("train", "xor", *SMALL, *other, "--epochs", epochs)
        assert status == 0 and "learning rate 0.5;" in out


@pytest.mark.parametrize("rate", [1e400, -1.0, "x", None])
def test_of_a_checkpoint_with_a_wrong_rate_the_file_is_named(run, refused, folder, rate):
    run("train", "xor", *FAST)
    path = folder / "autograd_output/xor/xor.checkpoint.json"
    content = json.loads(path.read_text())
    content["training"]["optimizer"]["settings"]["lr"] = rate
    path.write_text(json.dumps(content))
    refusal = refused("train", "xor", *FAST, "--resume")
    assert "cannot resume from autograd_output/xor/xor.checkpoint.json: " in refusal


@pytest.mark.slow
@pytest.mark.parametrize("junk", ["abcdef", None, 3, [None], {}])
def test_a_damaged_checkpoint_is_not_resumed(run, refused, folder, junk):
    run("train", "xor", *FAST)
    path = folder / "autograd_output/xor/xor.checkpoint.json"
    content = json.loads(path.read_text())
    content["training"]["history"]["loss"] = junk
    path.write_text(json.dumps(content))
    refusal = refused("train", "xor", *FAST, "--resume")
    assert "cannot resume from autograd_output/xor/xor.checkpoint.json: its loss" in refusal


@pytest.mark.slow
@pytest.mark.parametrize("name", ["moons", "xor", "iris"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
def test_a_training_that_ran_away_ends_with_a_word_of_warning(run, name, optimizer):
    options = ["--epochs", "3", "--quiet", "--optimizer", optimizer]
    status, out, err = run("train", name, *options, "--learning-rate", "1e6")
    assert status == 0 and "test accuracy " in out
    assert err.startswith("warning: the loss rose to ") and err.count("\n") == 1
    assert "where guessing has" in err and "try a lower --learning-rate" in err
    assert run("train", name, *options)[2] == ""


def test_numbers_that_ran_away_are_warned_of_too(run, folder):
    rows = "\n".join(f"{i},{3 * i + 1}.5" for i in range(30))
    (folder / "table.csv").write_text(f"x,y\n{rows}\n")
    options = ["--csv", "table.csv", "--target", "y", "--epochs", "3", "--quiet"]
    assert "try a lower" in run("train", *options, "--learning-rate", "1e6")[2]
    assert run("train", *options)[2] == ""


def test_an_interrupt_before_the_first_whole_epoch_promises_nothing(run, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "fit", interrupted)
    status, _, err = run("train", "xor", *FAST)
    assert status == 130
    assert err == "interrupted; no epoch was whole yet: there is nothing to resume\n"


def test_an_interrupt_does_not_take_an_older_checkpoint_for_its_own(run, folder, monkeypatch):
    run("train", "xor", *FAST, "--output", str(folder))

    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "fit", interrupted)
    assert "nothing to resume" in run("train", "xor", *FAST, "--output", str(folder))[2]
    err = run("train", "xor", *FAST, "--output", str(folder), "--resume")[2]
    assert err == "interrupted; --resume continues from the last whole epoch\n"


@pytest.mark.parametrize("epochs", ["1", "2"])
def test_epochs_that_are_done_already_are_not_repeated(run, folder, epochs):
    run("train", "xor", *FAST)
    before = (folder / "autograd_output/xor/xor.checkpoint.json").read_bytes()
    status, out, _ = run("train", "xor", *SMALL, "--epochs", epochs, "--resume")
    assert status == 0
    assert "\nnothing left to train: done already are 2 epochs\n" in out
    assert "wrote autograd_output/xor/xor.checkpoint.json" not in out
    assert (folder / "autograd_output/xor/xor.checkpoint.json").read_bytes() == before


@pytest.mark.parametrize("bar", [[], ["--quiet"]])
def test_which_way_it_ran_is_said_once_and_after_resuming_once_more(run, bar):
    for epochs, rest in (("1", []), ("2", ["--resume"])):
        options = ["--layers", "3", "--epochs", epochs, *rest, *bar]
        status, out, err = run("train", "xor", *options)
        assert status == 0
        assert len(re.findall("trained compiled: ", out + err)) == 1


def test_one_epoch_is_counted_as_one(run):
    run("train", "xor", *SMALL, "--epochs", "1")
    out = run("train", "xor", *SMALL, "--epochs", "1", "--resume")[1]
    assert "nothing left to train: done already are 1 epoch\n" in out


def test_without_a_checkpoint_resume_says_that_it_starts_anew(run):
    told = "there is no checkpoint in autograd_output/xor: training starts anew\n"
    assert told in run("train", "xor", *FAST, "--resume")[1]
    assert told not in run("train", "xor", *FAST, "--resume")[1]


def test_without_matplotlib_it_says_what_to_install(run, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    status, out, _ = run("train", "moons", *FAST)
    assert status == 0
    assert 'plots need matplotlib: pip install "autograd_engine[plots]"\n' in out
    assert sorted(path.name for path in (folder / "autograd_output/moons").iterdir()) == [
        "graph.svg",
        "model.json",
        "moons.checkpoint.json",
    ]


def test_a_table_of_classes_is_learnt(run, folder):
    rows = [f"{i % 3}.5,{i % 7},{'abc'[i % 3]}" for i in range(60)]
    (folder / "table.csv").write_text("\n".join(["x,y,kind", *rows]))
    options = ["--target", "kind", "--quiet", "--layers", "6"]
    status, out, _ = run("train", "--csv", "table.csv", *options)
    assert status == 0
    assert reported(out) == 1.0
    assert (folder / "autograd_output/table/boundary.png").exists()


def test_a_number_to_predict_gets_an_error_in_its_own_unit(run, folder):
    rows = [f"{i % 10},{1000 + 100 * (i % 10)}.5" for i in range(60)]
    (folder / "table.csv").write_text("\n".join(["x,price", *rows]))
    options = ["--target", "price", "--quiet", "--epochs", "20"]
    status, out, _ = run("train", "--csv", "table.csv", *options)
    assert status == 0
    assert float(re.search(r"^test error (\S+) ", out, re.MULTILINE)[1]) < 50.0
    model = load(folder / "autograd_output/table/model.json")
    assert model([4.0]).data == pytest.approx(1400.5, abs=100.0)


@pytest.fixture
def priced(folder):
    """Write a table with a target of whole numbers; return the options that train on it."""

    def write(prices):
        rows = [f"{i}.5,{price}" for i, price in enumerate(prices)]
        (folder / "table.csv").write_text("\n".join(["size,price", *rows]))
        return ["train", "--csv", "table.csv", "--target", "price", *FAST]

    return write


def test_whole_numbers_are_taken_as_numbers_or_as_classes(run, priced):
    options = priced([100 * (1 + i % 12) for i in range(60)])
    assert "1 input, a number to predict" in run(*options)[1]
    assert "1 input, classes 100, 200, 300" in run(*options, "--classes")[1]
    options = priced([1 + i % 12 for i in range(60)])
    assert "1 input, classes 1, 2, 3" in run(*options)[1]
    _, out, _ = run(*options, "--no-classes")
    assert "1 input, a number to predict" in out and "test error " in out


def test_names_among_numbers_are_refused_with_the_flag_to_write(refused, run, priced):
    options = priced([1, 2, "x"] * 9)
    assert refused(*options).endswith("if they are names of classes, pass --classes")
    assert run(*options, "--classes")[0] == 0


def test_without_a_target_the_columns_are_listed(refused, priced):
    priced([1, 2])
    message = refused("train", "--csv", "table.csv")
    assert message == "table.csv: no --target COLUMN is given; the columns are 'size', 'price'"


def test_a_table_that_is_not_utf_8_is_refused_with_what_to_do(refused, folder):
    (folder / "table.csv").write_bytes("größe,preis\n1,2\n".encode("latin-1"))
    message = refused("train", "--csv", "table.csv", "--target", "preis")
    assert message.endswith("; save it as UTF-8 (in Excel: CSV UTF-8)")


def test_a_faulty_table_is_refused_by_file_and_line(refused, folder):
    (folder / "table.csv").write_text("x,kind\n1,a\n,b\n")
    message = refused("train", "--csv", "table.csv", "--target", "kind")
    assert message == (
        "table.csv, line 3: the cell of column 'x' is missing: "
        '--missing "drop" leaves such rows out, --missing 0 fills in inputs'
    )
    message = refused("train", "--csv", "table.csv", "--target", "sort")
    assert message == "table.csv: there is no column 'sort'; the columns are 'x', 'kind'"
    (folder / "table.csv").write_text("x,kind\n1,a\n2,a\n")
    message = refused("train", "--csv", "table.csv", "--target", "kind")
    assert message == "there is nothing to learn: every sample is of class 'a'"
    assert not (folder / "autograd_output").exists()


FLOWERS = "".join(f"{i % 5},5;{i};{'ab'[i % 2]};{'?' if i == 3 else i % 3}\n" for i in range(20))
OPTIONS = ["--no-header", "--drop", "x1", "--drop", "-1", "--target", "2"]


@pytest.mark.parametrize(
    ("text", "options", "inputs"),
    [
        (FLOWERS, OPTIONS, 1),
        (FLOWERS, ["--drop", "x1", "-1", "--no-header", "--target", "2", "--lr", "0.1"], 1),
        (FLOWERS, ["--no-header", "--target", "x2", "--missing", "drop", "--separator", ";"], 3),
        (FLOWERS, ["--no-header", "--target", "-2", "--missing", "0", "--decimal", ","], 3),
        ("1\t2\n" + FLOWERS.replace(";", "\t")[4:], ["--separator", "tab", *OPTIONS], None),
        ("0 1 2 3\n" + FLOWERS.replace(";", " "), ["--header", *OPTIONS[3:]], 2),
    ],
)
def test_the_options_of_tables_are_those_of_python(run, folder, text, options, inputs):
    (folder / "table.csv").write_text(text)
    status, out, err = run("train", "--csv", "table.csv", *options, *FAST)
    assert (status, out == "", err == "") == ((0, False, True) if inputs else (2, True, False))
    assert inputs is None or f"{inputs} input" in out


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (FLOWERS, [], "line 1: '0,5' looks like data, .*: pass --no-header if there are none, --h"),
        (
            FLOWERS,
            ["--no-header", "--drop", "2"],
            '4: .* --missing "drop" leaves .*, --missing 0 fills in inp',
        ),
        ("a;b\n1;x\nred;y\n", [], "red.* leave the column out with --drop 'a'$"),
        ("a;b\n1,500;2.5\n", [], 'or pass --decimal "." or --decimal ","$'),
        (
            "a:b\n1:2.5\n",
            [],
            "what separates them was taken to be ',', pass --separator to say another$",
        ),
    ],
)
def test_the_cures_of_tables_are_told_as_they_are_typed(refused, folder, text, options, message):
    (folder / "table.csv").write_text(text)
    assert re.search(message, refused("train", "--csv", "table.csv", "--target", "1", *options))


def test_what_a_table_has_a_word_for_is_a_line_on_the_command_line(run, folder):
    (folder / "table.csv").write_text(",a,b\n" + "".join(f"{i},{i % 7},{i}.5\n" for i in range(9)))
    status, _, err = run("train", "--csv", "table.csv", "--target", "b", *FAST)
    assert status == 0 and err.count("\n") == 1
    assert err.startswith("warning: table.csv, line 1: column 1 has no name and names the rows")
    assert err.endswith("; --drop 0 does so without a word\n")


def test_training_that_diverges_is_refused(refused):
    options = ["--optimizer", "sgd", "--learning-rate", "1e200", "--activation", "relu", "--quiet"]
    assert "try a lower learning rate" in refused("train", "moons", *options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["replay"], "write one of iris, digits, moons, circles, spirals, xor, or --csv FILE"),
        (["replay", "cats"], "invalid choice: 'cats'"),
        *[
            ([part, *rest], message)
            for part in ("draw", "step", "explain", "explore", "diagnose")
            for rest, message in (
                ([], "the following arguments are required: expression"),
                (["a + b", "a=1"], "no value is given for 'b': write b=2"),
                (["a", "a=1", "a=2"], "'a' is given twice"),
                (["log(a)", "a=-1"], "is not a real number"),
                (["a", "a"], "'a' does not give a name a number, as a=2 does"),
                (["a", "a=1", "--stile", "x"], "unrecognized arguments: --stile"),
            )
        ],
        (["explain", "a", "a=1", "--wrt", "b"], "by b the expression has to mention it"),
        (["explain", "2*3"], "to differentiate by a name the expression has to mention it"),
        (["explain", "a", "a=1", "--output", "a.pdf"], "one of '.txt' '.md' '.html'"),
        (["explain", "a", "a=1", "--output", "nowhere/a.md"], "nowhere"),
        (["explore", "a", "a=1", "--output", "a.pdf"], "the ending must be '.html'"),
        (["explore", "a", "a=1", "--output", "nowhere/a.html"], "nowhere"),
        (["diagnose", "2*3"], "there are no parameters to diagnose"),
        (["diagnose", "a", "a=1", "--lr", "0"], "'0' is not a positive number"),
        (["fly"], "invalid choice: 'fly'"),
        (["train"], "write one of iris, digits, moons, circles, spirals, xor, or --csv FILE"),
        (["train", "cats"], "invalid choice: 'cats'"),
        (
            ["train", "iris", "--csv", "t.csv", "--target", "x"],
            "iris and --csv are both given: write one of iris, digits",
        ),
        (["train", "reg.csv"], "choice: 'reg.csv'; a table is given as --csv 'reg.csv' (see"),
        (["train", "data/iris", "--target", "x"], "a table is given as --csv 'data/iris'"),
        (["train", "xor", "--resume=yes"], "--resume: it takes no value, such as 'yes'"),
        (["train", "--csv", "t", "--header=yes"], "it takes no value, such as 'yes'"),
        (["train", "xor", "--output", ""], "--output: '' is no name"),
        (["train", "iris", "--layers", "16", "16"], "--layers takes one value: sizes are written"),
        (["train", "--layers", "16", "16", "xor"], "sizes are written 16,16"),
        (["train", "iris", "--layers", "16-16"], "'16-16' is not a whole number from 1; sizes are"),
        (["train", "iris", "--lr", "0,1"], "'0,1': decimals are written 7.2"),
        (["draw", "a*b", "a=2", "b=3,5"], "'3,5': decimals are written 7.2"),
        (["draw", "a·b", "a=2", "b=3"], "'a·b': a product is written 2*a"),
        (["train", "--csv", "t.csv"], "t.csv: No such file or directory"),
        (
            ["train", "iris", "--missing", "0"],
            "and so are --classes, --header, --separator, --missing",
        ),
        (["train", "iris", "--drop", "x"], "for --csv FILE"),
        (["train", "iris", "--no-header"], "for --csv FILE"),
        (["train", "--csv", "t", "--target", "x", "--decimal", ";"], 'decimal must be "." or ","'),
        (["train", "iris", "--classes"], "--target and --drop are for --csv FILE"),
        (["train", "iris", "--no-classes"], "--target and --drop are for --csv FILE"),
        (["draw", "a", "a=1", "--stile", "classic"], "unrecognized arguments: --stile"),
        (
            ["train", "iris", "--target", "x"],
            "--target and --drop are for --csv FILE",
        ),
        (["train", "--csv", "none.csv", "--target", "x"], "none.csv: No such file or directory"),
        (["train", "iris", "--epochs", "0"], "'0' is not a whole number from 1"),
        (["train", "iris", "--epochs", "9" * 5000], "argument --epochs: '999999999"),
        (["train", "iris", "--batch-size", "0"], "'0' is not a whole number from 1"),
        (["train", "iris", "--layers", "8,-1"], "'-1' is not a whole number from 1"),
        (["train", "iris", "--layers", "x"], "'x' is not a whole number from 1"),
        (["train", "iris", "--layers", "8,,8"], "'' is not a whole number from 1"),
        (["train", "iris", "--layers", "[8, 8]"], "'[8' is not a whole number from 1"),
        (["train", "iris", "--learning-rate", "-1"], "'-1' is not a positive number"),
        (["train", "iris", "--learning-rate", "nan"], "'nan' is not a positive number"),
        (["train", "iris", "--activation", "step"], "invalid choice: 'step'"),
        (["train", "iris", "--optimizer", "best"], "invalid choice: 'best'"),
        (["train", "iris", "--seed", "x"], "argument --seed: 'x' is not a whole number"),
        (["train", "--csv", "", "--target", "x"], "--csv: '' is no name"),
        (
            ["train", "digits", "--limit", "1"],
            "a split of 1 sample(s) at 0.8 leaves one side empty",
        ),
        (["train", "iris", "--colour", "red"], "unrecognized arguments"),
        (["draw"], "the following arguments are required: expression (see"),
        (["draw", "a", "a"], "'a' does not give a name a number, as a=2 does"),
        (["draw", "a", "a=two"], "'a=two' does not give a name a number"),
        (["draw", "a", "2a=2"], "'2a=2' does not give a name a number"),
        (["draw", "a", "a=1", "a=2"], "'a' is given twice"),
        (["draw", "a + b", "a=1"], "no value is given for 'b': write b=2"),
        (["draw", "a", "a=1", "b=2"], "'b' has a value, but the expression does not mention it"),
        (["draw", "a +", "a=1"], "cannot read the expression 'a +'"),
        (["draw", "a.real", "a=1"], "cannot contain 'a.real'"),
        (["draw", "__import__('os')"], "there is no function '__import__'"),
        (["draw", "log(a)", "a=-1"], "is not a real number"),
        (["draw", "1 / a", "a=0"], "divides by zero"),
        (["draw", "9**9**9"], "too large"),
        (["draw", "a", "a=1", "--output", "a.bmp"], "a.bmp"),
        (["draw", "a", "a=1", "--output", "nowhere/a.svg"], "nowhere"),
        (["draw", "a", "a=1", "--style", "pretty"], "invalid choice: 'pretty'"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(refused, folder, arguments, message):
    assert message in refused(*arguments)
    assert list(folder.iterdir()) == []


def test_an_output_that_is_no_folder_is_refused(refused, folder):
    (folder / "taken").write_text("")
    for command in (["train", "iris", "--output"], ["playground"], ["grade"]):
        assert "'taken' is a file: name a folder" in refused(*command, "taken")
    message = "taken/within: Not a directory"
    assert refused("train", "iris", *FAST, "--output", "taken/within") == message


# draw


def test_draw_shows_values_gradients_and_names(run, folder):
    status, out, err = run("draw", "tanh(a*b + c)", "a=2", "b=-3", "c=6.5")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "tanh(a*b + c) = 0.4621171573",
        "gradient by a = -2.359343199",
        "gradient by b = 1.572895466",
        "gradient by c = 0.786447733",
        "wrote graph.svg",
    ]
    words = svg_text(folder / "graph.svg").split()
    assert {"a", "b", "c", "tanh", "0.7864"} <= set(words)


def test_draw_writes_where_it_is_told(run, folder):
    status, out, _ = run("draw", "a**2", "a = 3", "--output", "x.dot", "--direction", "TB")
    assert status == 0
    assert out.endswith("wrote x.dot\n")
    assert (folder / "x.dot").read_text().startswith("digraph")


def test_an_expression_may_begin_with_a_minus(run):
    assert run("draw", "-a", "a=3")[1].startswith("-a = -3\n")
    assert run("draw", "-2*a", "a=-3")[1].startswith("-2*a = 6\n")
    assert run("draw", "-h")[1].startswith("usage: ")
    assert run("draw", "--direction", "TB", "-a", "a=3")[1].startswith("-a = -3\n")
    assert run("draw", "--direction", "TB", "--", "-a", "a=3")[1].startswith("-a = -3\n")


def test_options_may_stand_before_between_and_after_the_values(run, folder):
    place = ["--output", "x.dot"]
    drawn = []
    for options in (
        ["tanh(a*b)", "--style", "classic", "a=2", "b=-3", *place],
        ["tanh(a*b)", "a=2", *place, "--style", "classic", "b=-3"],
        [*place, "--style", "classic", "tanh(a*b)", "a=2", "b=-3"],
    ):
        status, out, err = run("draw", *options)
        assert (status, err) == (0, "")
        assert "gradient by b = " in out
        drawn.append((folder / "x.dot").read_text())
    assert drawn[0] == drawn[1] == drawn[2]


def test_help_says_what_a_value_looks_like_and_messages_do_not_blame_it(run, refused):
    told = " ".join(run("draw", "--help")[1].split())
    assert "[NAME=NUMBER ...]" in told and all(ending in told for ending in ENDINGS)
    assert "argument NAME=NUMBER: 'b' does not give" in refused("draw", "a", "b")


def test_the_version_is_told(run):
    assert run("--version") == (0, f"autograd_engine {ag.__version__}\n", "")


def test_an_expression_without_names_is_drawn_too(run):
    assert run("draw", "2*3")[1] == "2*3 = 6\nwrote graph.svg\n"


# explain, explore, diagnose, replay


def graph_of(expression, **numbers):
    values = {name: ag.Value(number, name) for name, number in numbers.items()}
    return evaluate(expression, values), values


def test_explain_prints_the_derivation_by_a_name_or_by_each(run):
    output, values = graph_of("tanh(a*b)", a=2.0, b=-3.0)
    by_a, by_b = (ag.explain(output, value).text for value in values.values())
    given = ["tanh(a*b)", "a=2", "b=-3"]
    assert run("explain", *given, "--wrt", "b") == (0, by_b, "")
    assert run("explain", "--wrt", "a", *given) == (0, by_a, "")
    assert run("explain", *given) == (0, f"{by_a}\n{by_b}", "")
    output, values = graph_of("a+b", a=2.0, b=-3.0)  # an empty line also behind one of one line
    by_a, by_b = (ag.explain(output, value).text for value in values.values())
    assert run("explain", "a+b", "a=2", "b=-3") == (0, f"{by_a}\n{by_b}", "")
    output, values = graph_of("tanh(a*b)", a=2.0, b=-3.0)
    whole = ag.explain(output, values["b"], depth=0).text
    assert run("explain", *given, "--wrt", "b", "--depth", "0") == (0, whole, "")
    assert "depth is None or a number from 0 on" in run("explain", *given, "--depth", "-1")[2]


@pytest.mark.parametrize(
    ("ending", "form"), [(".txt", "text"), (".md", "markdown"), (".html", "html")]
)
def test_explain_writes_a_file_in_the_form_of_its_ending(run, folder, ending, form):
    output, values = graph_of("a/b", a=2.0, b=-3.0)
    status, out, _ = run("explain", "a/b", "a=2", "b=-3", "--wrt", "b", "--output", f"e{ending}")
    assert (status, out) == (0, f"wrote e{ending}\n")
    expected = getattr(ag.explain(output, values["b"]), form)
    assert (folder / f"e{ending}").read_text(encoding="utf-8") == expected


def test_explore_writes_the_page_of_the_expression(run, folder):
    for name, options in (("explore.html", []), ("p.html", ["--output", "p.html"])):
        status, out, err = run("explore", "a*b + a", "a=2", "b=-3", *options)
        assert (status, out, err) == (0, f"4 values, 2 leaves\nwrote {name}\n", "")
        page = ag.explore(graph_of("a*b + a", a=2.0, b=-3.0)[0]).html
        assert (folder / name).read_text(encoding="utf-8") == page


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["a*b", "a=2", "b=-3"], 0, "nothing found: all is well"),
        (["relu(a)*b", "a=-2", "b=1"], 1, "1. dead unit: 1 ReLU unit is dead"),
        (["sqrt(a)", "a=0"], 1, "1. "),
        (["(a - 3)**2", "a=0"], 0, "nothing found: all is well"),
        (["(a - 3)**2", "--learning-rate", "1.1", "a=0"], 1, "1. overshooting step: a learning"),
        (["(a - 3)**2", "--lr", "1.1", "a=0"], 1, "1. overshooting step: a learning rate of 1.1"),
    ],
)
def test_diagnose_tells_its_findings_and_ends_with_1_where_there_are_any(
    run, arguments, status, told
):
    found, out, err = run("diagnose", *arguments)
    assert (found, err) == (status, "")
    assert out.startswith(told)


def test_replay_trains_as_train_does_and_writes_a_page_too(run, folder):
    trained = run("train", "xor", *FAST)[1].splitlines()
    model = (folder / "autograd_output/xor/model.json").read_text()
    status, out, err = run("replay", "xor", *FAST)
    assert (status, err) == (0, "")
    page = "autograd_output/xor/replay.html"
    lines = [line.removesuffix(", replacing the one before") for line in out.splitlines()]
    lines = [line for line in lines if line != f"wrote {page}" and "is replaced by" not in line]
    assert lines == trained
    assert f"wrote {page}\n" in out
    assert (folder / "autograd_output/xor/model.json").read_text() == model
    assert "<title>Replay: " in (folder / page).read_text(encoding="utf-8")


def test_replay_shows_what_a_resumed_training_adds_and_says_where_that_is_nothing(run, folder):
    run("train", "xor", *FAST)
    none, more = (
        run("replay", "xor", *SMALL, "--epochs", epochs, "--resume")[1] for epochs in "23"
    )
    assert "nothing left to train: done already are 2 epochs\n" in none
    assert "wrote autograd_output/xor/replay.html" in more and "replay.html" not in none


@pytest.mark.parametrize("part", ["draw", "step", "explain", "explore", "diagnose"])
def test_an_expression_that_begins_with_a_minus_is_taken_by_each(run, part, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert run(part, "-a", "a=3")[0] == 0
    assert run(part, "-a*b", "b=2", "a=3")[0] == 0
    assert run(part, "-hypot(a, b)", "b=2", "a=3")[0] == 0


def python(*arguments):
    """Run another Python, which finds the package where this one did."""
    place = {"PYTHONPATH": str(Path(commands.__file__).parents[1])}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **place})


def test_the_module_runs_from_a_shell():
    done = python("-m", "autograd_engine", "draw", "a*a", "a=3")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "a*a = 9\ngradient by a = 6\nwrote graph.svg\n"
    done = python("-m", "autograd_engine", "draw", "a*b", "a=3")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_importing_it_imports_neither_numpy_nor_matplotlib():
    code = "import sys, autograd_engine.__main__; print({'numpy', 'matplotlib'} & set(sys.modules))"
    done = python("-c", code)
    assert done.stdout == "set()\n"


# The plots by themselves.


@pytest.mark.parametrize(
    "losses",
    [
        [0.5],
        [0.0, 0.0],
        [1e-320, 0.0],
        [1e308, 1.0],
        [3.0] * 9,
        [1000.0 / i for i in range(1, 5000)],
    ],
)
def test_any_losses_are_drawn(folder, losses):
    from PIL import Image

    from autograd_engine.plots import loss_curve

    for test in ([], losses):
        loss_curve(ag.History(loss=losses, validation_loss=test), folder / "loss.png", "größe λ")
        with Image.open(folder / "loss.png") as image:
            assert image.size == (768, 576) and len(image.getcolors(10**6)) > 50
            assert image.info["Title"] == "größe λ"


def test_a_boundary_needs_two_inputs_and_classes(folder):
    from autograd_engine.plots import decision_boundary

    for data in (datasets.iris(), Dataset([[1.0, 2.0]], [3.5], ["x", "y"])):
        with pytest.raises(ValueError, match="needs two inputs and classes"):
            decision_boundary(lambda x: x, data, folder / "boundary.png")


def test_a_model_that_predicts_one_class_everywhere_has_a_picture_too(folder):
    from autograd_engine import Value
    from autograd_engine.plots import decision_boundary

    for outputs in (Value(1.0), [Value(1.0), Value(0.0)], [Value(1.0), Value(1.0)]):
        path = folder / "boundary.png"
        decision_boundary(lambda x, outputs=outputs: outputs, datasets.moons(10), path)
        assert path.stat().st_size > 1000
        path.unlink()


# Help, names that come close, files, predictions.


@pytest.mark.parametrize("command", [[name] for name in PARTS])
def test_help_says_the_default_of_every_option_and_shows_examples_that_are_taken(run, command):
    status, out, err = run(*command, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(f"usage: autograd_engine {command[0]} ")
    options = re.split(r"\n  (?=-)", out.split("\n\nexamples:")[0])[1:]
    options = [option for option in options if not option.startswith("-h, ")]
    assert [option for option in options if "default: " not in " ".join(option.split())] == []
    examples = out.split("examples:\n")[1].splitlines()
    assert examples
    for example in examples:
        name, *arguments = shlex.split(example)
        assert name == "autograd_engine" and callable(_options(arguments).run)


def test_help_tells_the_defaults_that_training_takes(run):
    told = " ".join(run("train", "--help")[1].split())
    for name, epochs in commands.EPOCHS.items():
        assert f"{name} {epochs}" in told
    for name, (_, rate) in commands.OPTIMIZERS.items():
        assert f"{name} {rate:g}" in told
    for name, layers in commands.LAYERS.items():
        assert f"16,16; {name} {','.join(map(str, layers))})" in told


def test_without_arguments_it_shows_its_help(run):
    status, out, err = run()
    assert (status, err) == (0, "")
    assert out == run("--help")[1] and out.startswith("usage: autograd_engine COMMAND")
    assert all(f"\n  {name} " in out for name in PARTS)
    done = python("-m", "autograd_engine")
    assert (done.returncode, done.stdout) == (0, out)


@pytest.mark.parametrize(
    ("arguments", "close", "where"),
    [
        (["trian", "iris"], "train", ""),
        (["darw", "a"], "draw", ""),
        (["train", "irsi"], "iris", " train"),
        (["train", "Iris"], "iris", " train"),
        (["train", "iris", "--activation", "tahn"], "tanh", " train"),
        (["train", "iris", "--optimizer", "adma"], "adam", " train"),
        (["train", "iris", "--leraning-rate", "1"], "--learning-rate", " train"),
        (["train", "iris", "--learning_rate", "1"], "--learning-rate", " train"),
        (["replay", "moons", "--epoch", "1", "--epohcs", "1"], "--epochs", " replay"),
        (["draw", "a", "a=1", "--stile", "auto"], "--style", " draw"),
        (["--verison"], "--version", ""),
        (["--hlep"], "--help", ""),
        (["draw", "a", "a=1", "--style", "clasic"], "classic", " draw"),
        (["explain", "a", "a=1", "--wtr", "a"], "--wrt", " explain"),
        (["predict", "model.json", "1", "--cvs", "t.csv"], "--csv", " predict"),
    ],
)
def test_a_misspelt_word_gets_the_one_that_is_meant_and_its_own_help(
    refused, arguments, close, where
):
    assert refused(*arguments).endswith(
        f"did you mean {close!r}? (see autograd_engine{where} --help)"
    )


def test_a_number_too_large_and_all_names_without_a_value_are_told(refused):
    assert "'1e400' is too large: numbers go up to 1.8e+308" in refused("draw", "a", "a=1e400")
    assert "no value is given for 'b', 'c': write b=2 c=2" in refused("draw", "a*b + c", "a=1")
    assert "a product is written 2*a" in refused("draw", "2a", "a=1")


def test_a_value_is_told_by_the_letter_that_the_expression_has(run):
    assert run("draw", "2*\u00b5", "\u00b5=3")[1].startswith(
        "2*\u00b5 = 6\n"
    )  # which Python reads as \u03bc


def test_what_is_replaced_is_said(run, folder):
    for command in (
        ["draw", "a", "a=1"],
        ["explore", "a*a", "a=1"],
        ["explain", "a*a", "a=1", "--output", "a.md"],
    ):
        out, again = (run(*command)[1] for _ in range(2))
        assert "replac" not in out
        name = out.splitlines()[-1].removeprefix("wrote ")
        assert again.splitlines()[-1] == f"wrote {name}, replacing the one before"
    out, again = (run("train", "xor", *FAST)[1] for _ in range(2))
    assert "replac" not in out
    told = "the training kept in autograd_output/xor/xor.checkpoint.json is replaced by this one"
    assert f"{told} (--resume would continue it)\n" in again
    replaced = re.findall("^wrote autograd_output/xor/(.*), replacing the one before$", again, re.M)
    assert replaced == ["graph.svg", "loss.png", "boundary.png", "model.json"]
    resumed = run("train", "xor", *SMALL, "--epochs", "3", "--resume")[1]
    assert told not in resumed and "model.json, replacing the one before" in resumed


def test_each_training_has_a_folder_of_its_own(run, folder):
    (folder / "my table.csv").write_text("x,y\n" + "1,2.5\n2,3.5\n" * 9)
    run("train", "xor", *FAST)
    run("train", "--csv", "my table.csv", "--target", "y", *FAST)
    run("train", "xor", *FAST, "--output", "here")
    found = sorted(str(path.relative_to(folder)) for path in folder.glob("**/*.checkpoint.json"))
    assert found == [
        "autograd_output/my table/my table.checkpoint.json",
        "autograd_output/xor/xor.checkpoint.json",
        "here/xor.checkpoint.json",
    ]


def test_pictures_say_name_rate_and_which_points(run, folder):
    _, out, _ = run("train", "moons", *FAST, "--optimizer", "sgd", "--learning-rate", "0.05")
    loss, boundary = (
        (folder / "autograd_output/moons" / f"{name}.png").read_bytes()
        for name in ("loss", "boundary")
    )
    assert b"Title\0moons: loss with sgd, learning rate 0.05" in loss
    assert b"Title\0moons: sgd, learning rate 0.05; 160 training points" in boundary
    assert re.search(r"^final loss [\d.]+, of the test [\d.]+\ntrain accuracy", out, re.MULTILINE)


def test_the_bar_is_for_terminals(run, monkeypatch):
    assert run("train", "xor", "--epochs", "1")[2] == ""
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda self: True, raising=False)
    assert "epoch 1/1" in run("train", "xor", "--epochs", "1")[2]
    assert run("train", "xor", "--epochs", "1", "--quiet")[2] == ""


def test_without_numpy_it_says_what_makes_it_faster(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    _, out, err = run("train", "xor", *FAST)
    told = 'trained with plain Python (faster with pip install "autograd_engine[fast]")'
    assert told in (out + err).splitlines()


@pytest.fixture
def model(run):
    run("train", "iris", "--quiet", "--epochs", "10")
    return "autograd_output/iris/model.json"


def test_predict_tells_the_class_of_numbers_and_of_each_line(run, folder, model):
    assert run("predict", model, "5.1", "3.5", "1.4", "0.2") == (0, "setosa\n", "")
    assert run("predict", model, "6.9", "3.1", "54e-1", "2.1") == (0, "virginica\n", "")
    assert run("predict", model, "-1e-3", "3.5", "-1", "-.2")[:2] == (0, "setosa\n")
    data = datasets.iris()
    table = Path(datasets.__file__).with_name("iris.csv")
    status, out, _ = run("predict", model, "--csv", str(table))
    right = [name == data.classes[target] for name, target in zip(out.split(), data.targets)]
    assert status == 0 and sum(right) / 150 == accuracy(load(model), data)
    assert run("predict", "autograd_output/iris/iris.checkpoint.json", "5.1", "3.5", "1.4", "0.2")[
        1
    ]
    rows = "petal_width_cm;sepal_width_cm;sepal_length_cm;petal_length_cm;note\n0,2;3,5;5,1;1,4;x\n"
    (folder / "t.csv").write_text(rows)
    assert run("predict", model, "--csv", "t.csv") == (0, "setosa\n", "")


def test_predict_tells_numbers_of_a_model_of_numbers(run, folder):
    rows = [f"{i % 10},{1000 + 100 * (i % 10)}.5" for i in range(60)]
    (folder / "table.csv").write_text("\n".join(["x,price", *rows]))
    run("train", "--csv", "table.csv", "--target", "price", "--quiet", "--epochs", "20")
    status, out, _ = run("predict", "autograd_output/table/model.json", "4")
    assert status == 0 and float(out) == pytest.approx(1400.5, abs=100.0)
    status, _, err = run("predict", "autograd_output/table/table.checkpoint.json", "4")
    assert status == 2 and "of a training on scaled numbers: name the model.json beside it" in err
    ag.save(ag.nn.MLP(2, [2], init=lambda nin, nout, rng: 0.5), "plain.json")
    assert run("predict", "plain.json", "1", "2")[1] == "1.5 1.5\n"
    (folder / "plain.csv").write_text("u,v\n1,2\n3,4\n")
    assert run("predict", "plain.json", "--csv", "plain.csv")[1] == "1.5 1.5\n3.5 3.5\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: FILE"),
        (["MODEL"], "predict takes either numbers, such as 5.1 3.5, or --csv"),
        (["MODEL", "1", "--csv", "t.csv"], "predict takes either numbers"),
        (["MODEL", "1", "2", "3"], "the model takes 4 numbers, sepal_length_cm, sepal_width_cm, "),
        (["MODEL", "1", "2", "3", "4", "5"], "petal_width_cm; got 5"),
        (["MODEL", "1", "2", "3", "x"], "argument NUMBER: 'x' is not a number"),
        (["MODEL", "1", "2", "3", "nan"], "'nan' is not a number"),
        (["MODEL", "1", "2", "3", "1e400"], "'1e400' is too large: numbers go up to 1.8e+308"),
        (["MODEL", "7,2", "10,1"], "'7,2': decimals are written 7.2, numbers apart"),
        (["MODEL", "5 1 .5"], "'5 1 .5': decimals are written 7.2, numbers apart"),
        (["5", "1", ".5"], "'5' is no model: its file comes first, then the numbers"),
        (["MODEL", "1", "2", "--header"], "--header, --separator and --decimal are for --csv"),
        (["MODEL", "1", "2", "--separator", ";"], "--separator and --decimal are for --csv FILE"),
        (["MODEL", "-x"], "'-x' is not a number"),
        (["nowhere.json", "1"], "nowhere.json: No such file or directory"),
        (["t.csv", "1"], "t.csv is not readable JSON"),
        (["MODEL", "--csv", "none.csv"], "none.csv: No such file or directory"),
        (["MODEL", "--csv", "t.csv"], "there is no column 'sepal_length_cm'; the columns are 'x'"),
        (["MODEL", "--csv", "lacks.csv"], "lacks.csv, line 3: the cell of column 'petal_width_cm'"),
        (["MODEL", "--csv", "text.csv"], "text.csv, line 2: column 'petal_width_cm' has 'x'"),
    ],
)
def test_what_cannot_be_predicted_is_refused_in_one_line(
    refused, folder, model, arguments, message
):
    (folder / "t.csv").write_text("x,y\n1,2\n")
    head = "sepal_length_cm,sepal_width_cm,petal_length_cm,petal_width_cm\n1,2,3,"
    (folder / "lacks.csv").write_text(f"{head}4\n1,2,3,\n")
    (folder / "text.csv").write_text(f"{head}x\n")
    assert message in refused("predict", *(a.replace("MODEL", model) for a in arguments))


WRONG = r"""
fly
-x
--quiet train iris
--
-
''
" "
TRAIN iris
train
train cats
train iris digits
train iris moons xor
train iris --csv t.csv
train --csv
train --csv t.csv
train --csv t.csv --target
train --csv t.csv --target z
train --csv t.csv --target y --numbers
train --csv dir --target y
train --csv none.csv --target y
train --csv file --target y
train --csv '' --target y
train iris --target y
train iris --classes
train iris --drop x
train iris --header
train iris --separator ,
train iris --missing drop
train iris --decimal ,
train --csv t.csv --target y --decimal ;
train --csv t.csv --target y --separator ab
train --csv t.csv --target y --missing maybe
train --csv t.csv --target y --drop z
train --csv t.csv --target y --drop y
train --csv t.csv --target y --drop x
train --csv t.csv --target y --no-header
train iris --epochs
train iris --epochs 0
train iris --epochs -1
train iris --epochs 1.5
train iris --epochs many
train iris --epochs 1e3
train iris --batch-size 0
train iris --batch-size x
train iris --seed x
train iris --seed 1.5
train iris --layers 0
train iris --layers 8,
train iris --layers 8x8
train iris --layers -8
train iris --layers 8.5
train iris --layers a,b
train iris --learning-rate 0
train iris --learning-rate -1
train iris --learning-rate nan
train iris --learning-rate inf
train iris --learning-rate 1e400
train iris --learning-rate fast
train iris --activation tahn
train iris --activation ''
train iris --optimizer best
train iris --limit 0
train iris --limit 1
train iris --limit 2.5
train iris --limit -3
train iris --output
train iris --output file
train iris --output file/sub
train iris --colour red
train iris -e 5
train iris --epochs=
train iris --epochs 5 --epochs
train iris --l 5
train xor --resume --layers 4 --epochs 2 --quiet
train xor --resume --seed 4 --epochs 2 --quiet
train iris -1
replay
replay cats
replay iris --epoch 0
replay --csv t.csv
predict
predict none.json
predict none.json 1
predict bad.json 1
predict file 1
predict dir 1
predict autograd_output/xor/model.json
predict autograd_output/xor/model.json 1
predict autograd_output/xor/model.json 1 2 3
predict autograd_output/xor/model.json a b
predict autograd_output/xor/model.json 1 nan
predict autograd_output/xor/model.json 1 inf
predict autograd_output/xor/model.json 1,2
predict autograd_output/xor/model.json 1, 2
predict autograd_output/xor/model.json --csv
predict autograd_output/xor/model.json --csv none.csv
predict autograd_output/xor/model.json --csv file
predict autograd_output/xor/model.json --csv dir
predict autograd_output/xor/model.json 1 2 --csv t.csv
predict autograd_output/xor/model.json --separator
predict autograd_output/xor/model.json --unknown 3
predict autograd_output/xor/graph.svg 1 2
draw
draw ''
draw '  '
draw a
draw a b
draw a a
draw a a=
draw a =1
draw a a=x
draw a a=1 a=2
draw a a=1 b=2
draw a a==1
draw a 2a=2
draw a a=1e400
draw a a=-1e400
draw 'a +' a=1
draw 'a b' a=1 b=2
draw 'a(b)' a=1 b=2
draw '2a' a=1
draw 'x³' x=1
draw '√x' x=1
draw '|x|' x=1
draw 'a×b' a=1 b=2
draw 'a^2' a=2
draw 'log(a)' a=-1
draw 'log(a)' a=0
draw '1/a' a=0
draw '9**9**9'
draw 'exp(a)' a=1000
draw 'sqrt(a)' a=-1
draw '(-a)**0.5' a=2
draw 'tahn(a)' a=1
draw 'foo(a)' a=1
draw 'tanh()'
draw 'sum(a)' a=1
draw '[a,a]' a=1
draw 'a > 1' a=1
draw 'a if a else 2' a=1
draw 'a and b' a=1 b=1
draw 'import os'
draw '__import__("os")'
draw 'a.b' a=1
draw 'a; a' a=1
draw 'a = 2' a=1
draw 'a' a=1 --style pretty
draw 'a' a=1 --style
draw 'a' a=1 --direction up
draw 'a' a=1 --output a.bmp
draw 'a' a=1 --output nowhere/a.svg
draw 'a' a=1 --output dir
draw 'a' a=1 --output dir/
draw 'a' a=1 --output ''
draw 'a' a=1 --output a
draw 'a' a=1 --stile auto
draw 'a' a=1 -o x
draw 'a' --a=1
draw a=1
draw a=1 a
step
step a
step 'a+' a=1
step a a=1 --x
explain
explain a
explain 2*3
explain a a=1 --wrt b
explain a a=1 --wrt
explain a a=1 --depth x
explain a a=1 --depth -1
explain a a=1 --output a.pdf
explain a a=1 --output nowhere/a.md
explain a a=1 --output ''
explore
explore a a=1 --output a.pdf
explore a a=1 --output nowhere/a.html
explore a a=1 --output ''
diagnose
diagnose 2*3
diagnose a a=1 --lr 0
diagnose a a=1 --lr x
diagnose a a=1 --lr
"""


@pytest.fixture(scope="module")
def littered(tmp_path_factory):
    """Return a folder with what the wrong command lines stumble over."""
    folder = tmp_path_factory.mktemp("wrong")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("t.csv").write_text("x,y\n1,2\n2,3\n3,4\n4,4\n5,6\n")
        Path("bad.json").write_text("{}")
        Path("file").write_text("")
        Path("dir").mkdir()
        assert main(["train", "xor", "--epochs", "1", "--quiet"]) == 0
    return folder


@pytest.mark.parametrize("line", WRONG.strip().splitlines())
def test_a_wrong_line_is_refused_in_one_line_and_writes_nothing(
    refused, littered, monkeypatch, line
):
    monkeypatch.chdir(littered)
    before = {path: path.stat().st_mtime_ns for path in littered.glob("**/*.*")}
    assert len(refused(*shlex.split(line))) < 400
    assert {path: path.stat().st_mtime_ns for path in littered.glob("**/*.*")} == before

"""Steps: both passes through a graph, one at a time, and the player in the terminal."""

from __future__ import annotations

import io
import math
import os
import random
import re
import subprocess
import sys
import threading
from xml.etree import ElementTree

import pytest

import autograd_engine as ag
from autograd_engine.__main__ import main
from autograd_engine.views.steps import play


def labelled(value: ag.Value, label: str) -> ag.Value:
    value.label = label
    return value


def example() -> tuple[ag.Value, ag.Value, ag.Value]:
    a, b = ag.Value(2.0, "a"), ag.Value(-3.0, "b")
    return a, b, labelled(labelled(a * b, "p") + a, "f")


def random_graph(seed: int) -> ag.Value:
    rng = random.Random(seed)
    values = [ag.Value(rng.uniform(-2.0, 2.0), f"x{i}") for i in range(3)]
    for _ in range(rng.randrange(30)):
        a, b = rng.choice(values), rng.choice(values[-4:])
        made = [
            a + b,
            a - 0.5,
            a * b,
            a.tanh(),
            b.relu(),
            a / (b * b + 1.0),
            a * 0.0,
            abs(b).sqrt(),
            ag.dot([a, b, a], [b, b, 0.5], a),
            ag.softmax([a, b, 1.0])[1],
            ag.norm([a, b, b]),
        ]
        values.append(rng.choice(made))
    return values[-1]


@pytest.mark.parametrize("seed", range(60))
def test_replaying_the_steps_gives_the_bits_of_backward(seed):
    output = random_graph(seed)
    replayed = {id(output): 1.0}
    for step in ag.steps(output):
        before = replayed.get(id(step.operand), 0.0)
        assert before.hex() == step.before.hex()
        assert replayed[id(step.node)].hex() == step.adjoint.hex()
        replayed[id(step.operand)] = before + step.partial * step.adjoint
        assert replayed[id(step.operand)].hex() == step.after.hex()
    output.backward()
    for value in ag.graph.nodes(output):
        assert replayed.get(id(value), 0.0).hex() == value.grad.hex()
        assert ag.steps(output).gradient(value).hex() == value.grad.hex()


def test_a_step_has_node_operand_partial_adjoint_before_and_after():
    a, b, f = example()
    p = f.operands[0]
    found = [(s.node, s.operand, s.partial, s.adjoint, s.before, s.after) for s in ag.steps(f)]
    expected = [
        (f, p, 1.0, 1.0, 0.0, 1.0),
        (f, a, 1.0, 1.0, 0.0, 1.0),
        (p, a, -3.0, 1.0, 1.0, -2.0),
        (p, b, 2.0, 1.0, 0.0, 2.0),
    ]
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected):
        assert ours[0] is theirs[0] and ours[1] is theirs[1]
        assert ours[2:] == theirs[2:]


def test_steps_are_a_sequence():
    *_, f = example()
    found = ag.steps(f)
    assert len(found) == 4
    assert found[-1] is found[3]
    assert found[1:3] == [found[1], found[2]]
    assert list(reversed(found)) == list(found)[::-1]
    with pytest.raises(IndexError):
        found[4]


def test_no_gradient_is_touched():
    a, b, f = example()
    f.backward()
    before = [value.grad for value in (a, b, f)]
    list(ag.steps(f))
    assert [value.grad for value in (a, b, f)] == before


def test_the_forward_pass_lists_every_operation_with_its_numbers():
    *_, f = example()
    product, total = ag.steps(f).forward
    assert (product.operands, product.result) == ((2.0, -3.0), -6.0)
    assert total.node is f
    assert [str(step) for step in (product, total)] == [
        "p = a·b = 2·(-3) = -6",
        "f = p + a = -6 + 2 = -4",
    ]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda x: x**2, "v1 = x² = (-2)² = 4"),
        (lambda x: x.tanh(), "v1 = tanh(x) = tanh(-2) = -0.964028"),
        (lambda x: x.maximum(1.0), "v1 = max(x, 1) = max(-2, 1) = 1"),
        (lambda x: x / 4.0, "v1 = x/4 = (-2)/4 = -0.5"),
        (lambda x: -x, "v1 = -x = -(-2) = 2"),
        (lambda x: 3.0 - x, "v1 = 3 - x = 3 + 2 = 5"),
        (lambda x: x - x, "v1 = x - x = -2 + 2 = 0"),
        (lambda x: x * x, "v1 = x·x = -2·(-2) = 4"),
        (lambda x: 2.0**x, "v1 = 2ˣ = 2⁻² = 0.25"),
        (lambda x: abs(x), "v1 = |x| = |-2| = 2"),
        (
            lambda x: ag.dot([x, 3.0], [x, x], 1.0),
            "v1 = 1 + x·x + 3·x = 1 - 2·(-2) + 3·(-2) = -1",
        ),
        (lambda x: ag.mean([x, x]), "v1 = (x + x)/2 = (-2 - 2)/2 = -2"),
        (lambda x: TWICE(x), "v1 = twice(x) = twice(-2) = -4"),
    ],
)
def test_a_computation_reads_as_it_is_written(make, text):
    assert str(ag.steps(make(ag.Value(-2.0, "x"))).forward[-1]) == text


TWICE = ag.primitive("twice", lambda x: 2.0 * x, lambda out, x: (hidden(x),))


def hidden(x):
    """A partial that no formula can be read from."""
    return 2.0 + 0.0 * len(str(x))


@pytest.mark.parametrize(
    ("make", "rules"),
    [
        (lambda a, b: a * b, ["∂v1/∂a = b = 3", "∂v1/∂b = a = -2"]),
        (lambda a, b: a + b, ["∂v1/∂a = 1", "∂v1/∂b = 1"]),
        (lambda a, b: a - b, ["∂v1/∂a = 1", "∂v1/∂b = -1"]),
        (lambda a, b: a / b, ["∂v1/∂a = 1/b = 0.333333", "∂v1/∂b = -v1/b = 0.222222"]),
        (lambda a, b: a.tanh(), ["∂v1/∂a = 1 - v1² = 0.0706508"]),
        (lambda a, b: a**2, ["∂v1/∂a = 2·a = -4"]),
        (lambda a, b: a * a, ["∂v1/∂a = a = -2   (use 1 of 2)", "∂v1/∂a = a = -2   (use 2 of 2)"]),
        (lambda a, b: TWICE(a), ["∂v1/∂a = 2"]),
    ],
)
def test_a_step_gives_the_rule_that_its_partial_comes_from(make, rules):
    assert [step.rule for step in ag.steps(make(ag.Value(-2.0, "a"), ag.Value(3.0, "b")))] == rules


def test_a_step_reads_as_the_chain_rule():
    *_, f = example()
    third = ag.steps(f)[2]
    assert str(third) == "δ(a): 1 + ∂p/∂a · δ(p) = 1 + (-3) · 1 = -2"
    assert repr(third) == str(third)
    assert str(ag.steps(f)).startswith("δ(f) = 1\nδ(p): 0 + ∂f/∂p · δ(f)")
    assert repr(ag.steps(f)) == "<Steps: 4 contributions back from f>"


def test_a_constant_gets_its_share_too():
    x = ag.Value(2.0, "x")
    last = ag.steps(x * 3.0)[-1]
    assert str(last) == "δ(constant 3): 0 + x · δ(v1) = 0 + 2 · 1 = 2"
    assert last.rule == ""
    named = ag.steps(ag.nn.Neuron(1, nonlin=False)([2.0]))[-1]
    assert str(named).startswith("δ(x₀): 0 + ∂z/∂x₀ · δ(z) = 0 + ")
    assert named.rule.startswith("∂z/∂x₀ = w₀ = ")


def test_an_equals_sign_begins_a_row_where_the_rest_does_not_fit(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    assert played("")[5:7] == ["[4/7] backward  δ(p): 0 + ∂f/∂p · δ(f)", "      = 0 + 1 · 1 = 1"]


def test_a_long_name_is_cut_and_told_as_a_whole_once():
    long = ["the loss of all the samples", "the mean of all samples 1", "the mean of all samples 2"]
    a, b = (ag.Value(number, label) for number, label in zip((2.0, -3e-9), long[1:]))
    found = ag.steps(labelled(a * b, long[0]))
    text, shown = str(found), found._html()
    for whole, short in zip(
        long, ["the loss of …samples", "the mean of …mples 1", "the mean of …mples 2"]
    ):
        assert text.count(whole) == shown.count(whole) == 1
        assert f"{short} is {whole}" in text and f"<p>{short} is {whole}</p>" in shown


def test_long_names_that_are_alike_at_both_ends_stay_whole():
    a, b = (ag.Value(2.0, f"the mean of samples {i} of a batch") for i in (1, 2))
    text = str(ag.steps(a * b))
    assert f"δ({a.label})" in text and f"δ({b.label})" in text and "…" not in text


def test_a_small_number_stands_in_brackets_among_factors():
    a, b = ag.Value(2.0, "a"), ag.Value(-3e-9, "b")
    text = str(ag.steps(a * b))
    assert "= (-3·10⁻⁹) · 1 = " not in text and "0 + (-3·10⁻⁹) · 1 = -3·10⁻⁹" in text


def test_an_adjoint_of_zero_passes_nothing_on_and_is_told():
    z = ag.Value(-1.0, "z")
    r = labelled(z.relu(), "r")
    h = labelled(z * 2.0, "h")
    f = labelled(r + labelled(h.relu(), "q"), "f")
    found = ag.steps(f)
    assert [value.label for value in found.silent] == ["h"]
    assert all(step.node is not h for step in found)
    assert str(found).endswith("an adjoint of exactly 0, which passes nothing on: h")


def test_an_infinite_partial_behind_an_adjoint_of_zero_is_not_reached():
    x = ag.Value(0.0, "x")
    f = x.sqrt() * 0.0
    assert ag.steps(f).gradient(x) == 0.0
    assert ag.steps(x.sqrt())[0].after == math.inf


def test_an_output_without_operands_has_no_steps():
    x = ag.Value(2.0, "x")
    found = ag.steps(x)
    assert (len(found), found.forward, found.gradient(x)) == (0, (), 1.0)
    assert str(found) == "δ(x) = 1"


@pytest.mark.slow
def test_a_deep_graph_is_stepped_through_without_recursion():
    y = ag.Value(1.0, "x")
    for _ in range(20_000):
        y = y + 1.0
    assert len(ag.steps(y)) == 40_000


def test_what_is_no_value_is_refused():
    with pytest.raises(TypeError, match="steps needs a Value, not float"):
        ag.steps(2.0)


# The player.


def played(keys: str) -> list[str]:
    screen = io.StringIO()
    play(example()[2], io.StringIO(keys), screen)
    return screen.getvalue().splitlines()


ROWS = [
    "[1/7] forward   p = a·b = 2·(-3) = -6",
    "[2/7] forward   f = p + a = -6 + 2 = -4",
    "[3/7] backward  δ(f) = 1",
    "[4/7] backward  δ(p): 0 + ∂f/∂p · δ(f) = 0 + 1 · 1 = 1\n      ∂f/∂p = 1",
    "[5/7] backward  δ(a): 0 + ∂f/∂a · δ(f) = 0 + 1 · 1 = 1\n      ∂f/∂a = 1",
    "[6/7] backward  δ(a): 1 + ∂p/∂a · δ(p) = 1 + (-3) · 1 = -2\n      ∂p/∂a = b = -3",
    "[7/7] backward  δ(b): 0 + ∂p/∂b · δ(p) = 0 + 2 · 1 = 2\n      ∂p/∂b = a = 2",
    "gradients: a -2, b 2",
]
HELP = "n or Enter: next   b: back   r: run to the end   q: quit"


@pytest.mark.parametrize(
    ("keys", "rows"),
    [
        ("", ROWS),  # nobody is there to press keys
        ("n\n", ROWS[:1]),
        ("\n\n", ROWS[:2]),
        ("next\nBACK\nn\n", [ROWS[0], ROWS[0], ROWS[1]]),
        ("n\nn\nb\nn\nq\nn\n", [ROWS[0], ROWS[1], ROWS[0], ROWS[1]]),
        ("r\n", ROWS),
        ("n\nr\nn\nb\n", [*ROWS, "this is the end; b: back   q: quit", ROWS[5]]),
        ("what\n", [HELP]),
    ],
)
def test_the_player_follows_the_lines_of_a_file(keys, rows):
    assert played(keys) == "\n".join([HELP, *rows]).splitlines()


LONG = "the_loss_of_samples"


@pytest.mark.parametrize("width", [30, 40, 80, 10])
@pytest.mark.parametrize("seed", range(5))
def test_rows_are_as_long_as_the_terminal_is_wide_and_no_number_or_name_is_broken(
    width, seed, monkeypatch
):
    def rows(columns):
        monkeypatch.setenv("COLUMNS", str(columns))
        screen = io.StringIO()
        play(output, io.StringIO(), screen)
        return screen.getvalue().splitlines()

    output = labelled(random_graph(seed + 7) * -0.25, LONG) + 1.0
    whole, broken = rows(10_000), rows(width)
    assert "".join("".join(whole).split()) == "".join("".join(broken).split())
    atom = re.compile("(?:= )?[^ ]+")  # an equals sign begins a row
    atoms = atom.findall("\n".join(whole).replace("\n", " "))
    assert atom.findall(" ".join(row.strip() for row in broken)) == atoms
    for row in broken:
        assert len(row) <= width or len(atom.findall(row)) == 1


def test_the_command_line_steps_through_an_expression(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("r\n"))
    assert main(["step", "-a*b + a", "a=2", "b=-3"]) == 0
    shown = capsys.readouterr().out
    assert "[1/9] forward   v1 = -a = -2" in shown
    assert shown.rstrip().endswith("gradients: a 4, b -2")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a*b", "a=2"], "no value is given for 'b': write b=2"),
        (["log(a)", "a=-1"], "log(-1.0) is not a real number"),
        (["a", "a=1", "a=2"], "'a' is given twice"),
    ],
)
def test_the_command_line_refuses_with_one_message(arguments, message, capsys):
    assert main(["step", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_screen_that_lacks_the_characters_gets_them_spelled():
    raw = io.BytesIO()
    screen = io.TextIOWrapper(raw, encoding="cp1252", newline="\n")
    play(example()[2], io.StringIO("r\n"), screen)
    assert "backward  delta(a): 1 + dp/da · delta(p) = 1 + (-3) · 1 = -2" in raw.getvalue().decode(
        "cp1252"
    )


def test_in_a_terminal_single_keys_are_read_and_it_is_left_as_it_was():
    import pty
    import termios

    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    command = [sys.executable, "-m", "autograd_engine", "step", "a*a", "a=3"]
    running = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    try:
        first = running.stdout.readline().decode()
        # Next, next, back, run, quit: no line is ever ended.
        os.write(ours, b"n brq")
        watchdog = threading.Timer(60.0, running.kill)
        watchdog.start()
        rest = running.stdout.read().decode().splitlines()
        watchdog.cancel()
        assert running.wait() == 0
        assert termios.tcgetattr(theirs) == before
    finally:
        running.kill()
        running.stdout.close()
        running.wait()
        os.close(ours)
        os.close(theirs)
    assert first.startswith("n or Enter")
    assert [row.split()[0] for row in rest if row[0] != " "] == [
        "[1/4]",
        "[2/4]",
        "[1/4]",
        "[2/4]",
        "[3/4]",
        "[4/4]",
        "gradients:",
    ]


def test_a_notebook_shows_a_table_of_the_contributions_and_a_terminal_a_line_of_each():
    steps = ag.steps(example()[2])
    bundle = steps._repr_mimebundle_()
    assert bundle["text/plain"] == str(steps)
    assert steps._mime_() == ("text/html", bundle["text/html"])
    rows = [[cell.text or "" for cell in row] for row in ElementTree.fromstring(steps._html())]
    assert rows == [
        ["1", "δ(p): 0 + ∂f/∂p · δ(f) = 0 + 1 · 1 = 1", "∂f/∂p = 1"],
        ["2", "δ(a): 0 + ∂f/∂a · δ(f) = 0 + 1 · 1 = 1", "∂f/∂a = 1"],
        ["3", "δ(a): 1 + ∂p/∂a · δ(p) = 1 + (−3) · 1 = −2", "∂p/∂a = b = −3"],
        ["4", "δ(b): 0 + ∂p/∂b · δ(p) = 0 + 2 · 1 = 2", "∂p/∂b = a = 2"],
    ]


def test_in_the_table_labels_are_shown_and_not_run():
    f = ag.Value(2.0, "<script>&") * ag.Value(3.0, "b")
    shown = ag.steps(f)._mime_()[1]
    assert "<script>" not in shown and "&lt;script&gt;&amp;" in shown


def test_of_many_contributions_a_notebook_shows_the_first_200():
    x = ag.Value(0.5, "x")
    for _ in range(250):
        x = x.tanh()
    bundle = ag.steps(x)._repr_mimebundle_()
    assert bundle["text/html"].count("<tr>") == 200
    assert "and 50 more" in bundle["text/html"]
    assert bundle["text/plain"] == f"<Steps: 250 contributions back from {ag.steps(x).name(x)}>"


def test_the_steps_of_a_long_sum_are_written_in_linear_time():
    def calls(count: int) -> int:
        found, seen = ag.steps(ag.sum([ag.Value(float(i), f"x{i}") for i in range(count)])), []
        sys.setprofile(lambda *event: seen.append(1))
        try:
            str(found)
        finally:
            sys.setprofile(None)
        return len(seen)

    assert calls(1200) < 6.0 * calls(300)

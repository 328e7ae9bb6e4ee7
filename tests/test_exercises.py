"""Exercises: what is asked, what is right, and which mistake an answer tells."""

import csv
import json
import math
import os
import random
import re
import subprocess
import sys
from base64 import b64decode, b64encode
from contextlib import nullcontext, suppress
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import autograd_engine as ag
from autograd_engine import Value
from autograd_engine.__main__ import main
from autograd_engine.exercises import check, grade
from autograd_engine.exercises.questions import KINDS, Question, said
from autograd_engine.exercises.sheets import judged, near
from autograd_engine.views.explore.page import inert_json


def toy():
    a, b = Value(2.0, "a"), Value(-0.5, "b")
    c = a * b
    c.label = "c"
    d = (c + a).tanh()
    d.label = "d"
    L = d * a
    L.label = "L"
    return L, a, b


def square(a):
    return a * a


def told(question, number):
    return judged(repr(number), question.key)


def by_name(exercise, name):
    return next(q for q in exercise.questions if f"∂{name}," in q.text or f"is {name} =" in q.text)


def test_gradients_are_asked_for_and_each_mistake_is_told():
    L, a, b = toy()
    (by_a, by_b) = ag.gradient(L, [a, b])
    exercise = ag.exercise(L)
    asked = by_name(exercise, "a")
    assert asked.answer == pytest.approx(by_a, rel=1e-12)
    d, x = math.tanh(1.0), 1.0
    slope = 1.0 - d * d
    wrong = {
        -by_a: "The sign is the other way round.",
        slope * 2.0 * -0.5: "added up",  # c was the last to hand back
        d + 1.0 - 0.5: "Partials alone",
        slope * 2.0 * 0.5: "forgotten: a also acts through L",
        d + slope * 2.0: "forgotten: a also acts through c",
        d + slope * 2.0 * -0.5: "forgotten: a also acts through v1",
        d + slope * 2.0 * 3.0: "At c the operands are exchanged",
        2.0 + slope * d * 0.5: "At L the operands are exchanged",
        d + (1.0 - x * x) * 2.0 * 0.5: "At d the derivative is taken at the input",
    }
    for number, words in wrong.items():
        assert words in told(asked, number), (number, words)
    assert told(asked, by_a) == "" and told(asked, 17.0) == "Not yet."
    assert told(by_name(exercise, "b"), by_b) == ""


def test_a_step_is_asked_for_and_each_mistake_is_told():
    L, _, b = toy()
    (by_b,) = ag.gradient(L, [b])
    asked = by_name(ag.exercise(L, "step"), "b")
    assert asked.answer == pytest.approx(-0.5 - 0.1 * by_b, rel=1e-12)
    wrong = {
        -0.5 + 0.1 * by_b: "uphill",
        -0.5 - by_b: "multiplied by the learning rate",
        -0.1 * by_b: "That is the change",
        by_b: "That is the gradient",
    }
    assert all(words in told(asked, number) for number, words in wrong.items())


def test_values_are_asked_for_and_each_mistake_is_told():
    L, _, _ = toy()
    c, total, d, _ = ag.exercise(L, "values").questions
    assert (c.answer, total.answer, d.answer) == (-1.0, 1.0, math.tanh(1.0))
    assert told(c, 1.5) == "That is the sum." and told(total, -2.0) == "That is the product."
    assert told(d, 1.0) == "That is the input: apply tanh to it."
    x, y = Value(5.0, "x"), Value(2.0, "y")
    assert (
        told(ag.exercise(x - y, "values").questions[0], -3.0) == "The sign is the other way round."
    )
    assert told(ag.exercise(x / y, "values").questions[0], 0.4) == "The operands are exchanged."


@pytest.mark.parametrize("seed", range(6))
def test_one_partial_is_wrong_and_no_other(seed):
    L, _, _ = toy()
    (question,) = ag.exercise(L, "edge", seed=seed).questions
    assert len(question.choices) == 7 and told(question, question.answer) == ""
    for n in {1, 2, 3, 4, 5, 6, 7} - {int(question.answer)}:
        assert told(question, n) == f"{question.choices[n - 1]} is right."
    same = {q.text: q.answer for q in ag.exercise(L, "values", seed=seed).questions}
    data = {text.split()[2].strip(","): answer for text, answer in same.items()}
    for q in ag.exercise(L, seed=seed).questions:
        name, at = re.search(r"where (\w) = (\S+)\?", q.text).groups()
        data[name] = float(at.replace("\N{MINUS SIGN}", "-"))
    right = [data["b"], data["a"], 1.0, 1.0, 1.0 - data["d"] ** 2, data["a"], data["d"]]
    shown = [float(c.split(" = ")[1].replace("\N{MINUS SIGN}", "-")) for c in question.choices]
    differ = [
        n for n, (x, y) in enumerate(zip(shown, right), 1) if not math.isclose(x, y, rel_tol=1e-3)
    ]
    assert differ == [int(question.answer)]


def test_the_missing_factor_makes_what_comes_back():
    L, _, _ = toy()
    found = ag.exercise(L, "factor").questions
    assert len(found) == 7
    gets = {"a": 0.0, "b": 0.0}
    for question in found:
        name, adjoint = re.search(r"∂L/∂(\S+) gets .* = (\S+) · \?\.", question.text).groups()
        adjoint = float(adjoint.replace("\N{MINUS SIGN}", "-"))
        if name in gets:
            gets[name] += adjoint * question.answer
        assert told(question, question.answer) == ""
        expected = adjoint * question.answer
        if not {1.0, -1.0} & {round(question.answer, 6), round(adjoint, 6)}:
            assert "other factor" in told(question, adjoint) and "product" in told(
                question, expected
            )
    L, a, b = toy()
    assert list(gets.values()) == pytest.approx(ag.gradient(L, [a, b]), rel=1e-5)


def test_numbers_follow_the_seed_and_are_those_of_the_graph_without_one():
    L, a, _ = toy()
    texts = [[q.text for q in ag.exercise(L, seed=seed).questions] for seed in (1, 1, 2, 3, None)]
    assert texts[0] == texts[1] and len({*map(str, texts)}) == 4
    assert "where a = 2?" in texts[-1][0] and a.data == 2.0 and a.grad == 0.0


def test_numbers_are_drawn_from_the_domain():
    x = Value(2.0, "x")
    for seed in range(20):
        (question,) = ag.exercise(x.log().sqrt(), seed=seed).questions
        assert math.isfinite(question.answer)
    x = Value(0.1, "x")
    with pytest.raises(ValueError, match="seed 3 are in the domain"):
        ag.exercise((0.2 - x * x).log(), seed=3)


ROUNDED = [
    ("0.333", 1 / 3, True), ("0.33", 1 / 3, False), ("0.3", 1 / 3, False), ("-2", -2.0, True),
    ("\N{MINUS SIGN}2", -2.0, True), ("1,5", 1.5, True), ("1e-3", 0.001, True), ("abc", 2.0, False),
    ("", 0.0, False), ("0", 0.0, True), ("0.0", 0.0, True), ("2.01", 2.0, True), ("2.1", 2.0, False),
    ("-14", -13.5, False), ("2.2", 2.25, False), ("2.3", 2.25, False), ("1.00", 1.005, True), ("1.01", 1.005, True),
    ("inf", 2.0, False), ("-Infinity", 2.0, False), ("nan", 2.0, False), ("1e999", 2.0, False), ("0x2", 2.0, False),
    ("2_0", 20.0, False), ("+2.", 2.0, True), (" 20e-1 ", 2.0, True), ("1,0,0", 1.0, False), ("\N{ARABIC-INDIC DIGIT TWO}", 2.0, False),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "number", "right"), ROUNDED)
def test_rounding_to_three_digits_is_accepted(typed, number, right):
    assert near(typed, number) == right


def test_the_page_judges_as_python_does(browser):
    page = browser.new_page()
    page.set_content(ag.exercise(toy()[0]).html)
    for typed, number, right in ROUNDED:
        key = Question(said(""), number, [(-number - 1, said("Other."))]).key
        verdict = page.evaluate("([typed, key]) => judged(typed, key)[0]", [typed, key])
        assert (verdict == "right") == right, typed
        with suppress(AssertionError) if not right else nullcontext():
            check(typed, key)
            assert right, typed
    page.close()


def test_a_check_of_a_notebook_tells_the_mistake():
    question = Question("", 2.0, [(-2.0, "The sign.")])
    check(2.0, question.key)
    with pytest.raises(AssertionError, match=r"-2.0: The sign\."):
        check(-2.0, question.key)
    for right in (2, "2.0", Fraction(2), Decimal(2), Value(2.0), np.array([2.0]), np.float32(2.0)):
        check(right, question.key)
    for wrong in (None, ..., "abc", "3/2", "", math.nan, -math.inf, [1.0, 2.0], 2j):
        with pytest.raises(AssertionError, match=r": type a number, such as -0\.5"):
            check(wrong, question.key)
    for key in (question.key[:-3], question.key[5:], "é", None, b64encode(b"[" * 100_000)):
        with pytest.raises(ValueError, match=r"this check was cut or changed"):
            check(2.0, key)


@pytest.mark.parametrize("ask", KINDS)
def test_what_is_saved_holds_no_answer_as_text(tmp_path, ask):
    L, _, _ = toy()
    exercise = ag.exercise(L, ask, seed=5)
    for ending in ("html", "ipynb", "md"):
        exercise.save(tmp_path / f"sheet.{ending}")
    page = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 250_000 and "<script src" not in page
    asked = page[page.index('"questions":') : page.index('"words":')]
    for question in exercise.questions:
        assert inert_json(question.text.parts) in asked
        digits = f"{abs(question.answer):.6g}"
        assert len(digits) < 6 or digits not in page
        assert all(words.parts[0] not in asked for _, words in question.mistakes)
    handout = (tmp_path / "sheet.md").read_text(encoding="utf-8")
    assert "# Solutions" in handout and handout.count("Answer: ___") == len(exercise.questions)
    book = json.loads((tmp_path / "sheet.ipynb").read_text(encoding="utf-8"))
    marks = [cell["metadata"]["nbgrader"] for cell in book["cells"]]
    assert sum(mark["solution"] for mark in marks) == len(exercise.questions)
    assert sum(mark.get("points", 0) for mark in marks) == len(exercise.questions)


def test_numbers_are_those_of_the_leaves_now_also_where_nothing_is_recorded():
    c = Value(2.0, "c")
    output = c * c
    c.data = 5.0
    with ag.no_grad():
        (question,) = ag.exercise(output).questions
    assert (question.text, question.answer) == ("What is ∂v1/∂c, where c = 5?", 10.0)
    assert output.data == 4.0
    assert str(ag.exercise(output, seed=np.int64(7)).questions) == str(ag.exercise(output, seed=7).questions)  # fmt: skip


def loss():
    w, b = Value(0.5, "w"), Value(0.1, "b")
    return sum(((w * x / 7 + b).tanh() - x / 9) ** 2 for x in range(-9, 11))


GRAPHS = {
    "toy": lambda: toy()[0],
    "product": lambda: Value(2.0, "a") * Value(-3.0, "b"),
    "logistic": lambda: -(Value(1.0, "w") * Value(2.0, "x") + Value(0.5, "b")).sigmoid().log(),
    "exp": lambda: (Value(0.5, "a").exp() - Value(1.0, "b")) ** 2,
    "loss": loss,
}


@pytest.mark.parametrize("graph", ["toy", "product", "loss"])
def test_students_have_sheets_of_their_own(graph):
    seeds = range(3) if graph == "loss" else range(40)
    sheets = {str(ag.exercise(GRAPHS[graph](), seed=seed).questions) for seed in seeds}
    assert len(sheets) > 0.75 * len(seeds)


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("ask", KINDS)
def test_no_mistake_is_judged_right(ask, graph):
    for seed in (None, 1, 2)[: 2 if graph == "loss" else 3]:
        for question in ag.exercise(GRAPHS[graph](), ask, seed=seed).questions:
            assert judged(f"{question.answer:.3g}", question.key) == ""
            for wrong, _ in question.mistakes:
                assert judged(f"{wrong:.3g}", question.key) != ""
            if ask == "step":
                x, rate = (float(text.replace("\N{MINUS SIGN}", "-")) for text in re.findall(r"[=e] (\S*\d)", question.text))  # fmt: skip
                assert math.log10(rate) == round(math.log10(rate))
                assert told(question, x) != "" and told(question, 2 * x - question.answer) != ""


def test_a_rate_is_one_by_which_the_step_shows():
    a, b = Value(2.0, "a"), Value(0.0, "b")
    (by_a, by_b) = ag.exercise(a * 0.002 + b, "step").questions
    assert "a = 2 after one step with the learning rate 100?" in by_a.text
    assert by_a.answer == pytest.approx(1.8) and by_b.answer == -0.1
    (dead,) = ag.exercise((-a).relu(), "step").questions
    assert dead.answer == 2.0 and "rate 0.1?" in dead.text


@pytest.mark.parametrize("ask", ["edge", "factor"])
def test_partials_are_asked_for_that_stand_alone_and_always_the_same(ask):
    a, b = Value(2.0, "a"), Value(3.0, "b")
    (*questions,) = ag.exercise(a * a * b, ask).questions
    assert "∂v1/∂a" not in str(questions) and "∂v2/∂v1" in str(questions)
    assert ag.exercise(loss(), ask).markdown == ag.exercise(loss(), ask).markdown


def test_of_many_partials_there_are_few_to_choose_from():
    for seed in range(5):
        sheet = ag.exercise(loss(), "edge", seed=seed)
        (question,) = sheet.questions
        assert len(question.choices) == 12 and len(sheet.html.encode()) < 250_000
        right = [n for n in range(1, 13) if not judged(f"{n}", question.key)]
        assert right == [question.answer]


def test_what_is_told_of_a_mistake_is_so():
    a = Value(0.5, "a")
    (question,) = ag.exercise(a.exp()).questions
    assert [words for _, words in question.mistakes] == ["The sign is the other way round."]
    (question,) = ag.exercise(a.tanh()).questions
    assert "At v1 the derivative is taken at the input" in told(question, 1.0 - 0.5**2)


def test_a_sheet_says_how_to_round_and_that_it_is_a_part():
    every, rounded = "Of 140 questions these are the first.", "Round to three digits or more."
    for ask, said_so in {"values": True, "edge": False}.items():
        sheet = ag.exercise(loss(), ask)
        for text in (sheet.markdown, sheet.notebook, sheet.html.partition("<script")[0]):
            assert (rounded in text) is said_so and (every in text) is said_so


def test_a_picture_keeps_labels_and_asks_for_values():
    output = Value(2.0, "banana") * Value(3.0, "nan")
    svg = b64decode(re.search('base64,([^"]*)', ag.exercise(output, "values").markdown)[1]).decode()
    assert ">banana<" in svg and ">nan<" in svg and ">data ?<" in svg and "data nan" not in svg


def test_models_and_anybodys_values_are_asked_about():
    model = ag.nn.MLP(2, [3, 1], activation="tanh", rng=random.Random(1))
    loss = ag.losses.binary_cross_entropy(model([1.0, -2.0]), 1)
    assert len(ag.exercise(loss, seed=1).questions) == 12  # of many the first

    class Theirs:
        def __init__(self, data, children=(), op=""):
            self.data, self.grad, self._prev, self._op = data, 0.0, children, op

    x, y = Theirs(2.0), Theirs(3.0)
    assert [q.answer for q in ag.exercise(Theirs(-1.0, (x, y), "-")).questions] == [1.0, -1.0]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda L: ag.exercise(2.0), TypeError, "not of float: 2.0"),
        (lambda L: ag.exercise([L]), TypeError, "not of list"),
        (lambda L: ag.exercise(L, "grads"), ValueError, "ask is one of 'gradients' 'values'"),
        (lambda L: ag.exercise(L, ["x"]), ValueError, r"ask is one of .* got \['x'\]"),
        (
            lambda L: ag.exercise(L * 1e200 * 1e200 * 0.0),
            ValueError,
            r"v\d has inf as its value or",
        ),
        (lambda L: ag.exercise((L - L).sqrt()), ValueError, "has (inf|nan) as its value or"),
        (
            lambda L: ag.exercise(sum([L] * 1_000)),
            ValueError,
            "at most 1,000 values, not of 1,0..: choose",
        ),
        (lambda L: ag.exercise(square(Value(2.0)), "edge"), ValueError, "no partial here"),
        (lambda L: ag.exercise(L, seed="a"), TypeError, "seed is None or a whole number"),
        (lambda L: ag.exercise(L, seed=True), TypeError, "seed is None or a whole number"),
        (lambda L: ag.exercise(Value(2.0)), ValueError, "there is nothing to ask"),
        (lambda L: ag.exercise(L).save("sheet.pdf"), ValueError, "one of '.html' '.ipynb' '.md'"),
        (lambda L: ag.exercise(L).save("no/folder.md"), FileNotFoundError, "does not exist"),
    ],
)
def test_wrong_calls_are_refused_in_a_sentence(call, error, words):
    with pytest.raises(error, match=words):
        call(toy()[0])


def test_saved_answers_are_graded_and_mistakes_counted(tmp_path):
    exercise = ag.exercise(toy()[0])
    keys = [question.key for question in exercise.questions]
    right = [f"{question.answer:.3g}" for question in exercise.questions]
    for name, answers in {"Ada": right, "Bob": [right[0], ""], "": [f"-{right[0]}", "abc"]}.items():
        saved = {"title": exercise.title, "name": name, "answers": answers, "keys": keys}
        (tmp_path / f"{name or 'nobody'}.json").write_text(json.dumps(saved))
    lines = grade(tmp_path).splitlines()
    assert [line.split() for line in lines[:3]] == [["Ada", "2", "of", "2"], ["Bob", "1", "of", "2"], ["nobody", "0", "of", "2"]]  # fmt: skip
    assert [line.strip() for line in lines[3:]] == [
        "1 times: unanswered", "1 times: The sign is the other way round.", "1 times: Not yet.",
    ]  # fmt: skip
    with pytest.raises(FileNotFoundError, match="no saved answers"):
        grade(tmp_path / "nothing")


def key_of(*parts):
    return b64encode(json.dumps(parts).encode()).decode()


KEY = Question(said(""), 1.0, []).key


@pytest.mark.parametrize(
    "text",
    [
        "", "[", "3", "[" * 100_000, '{"answers": 3}', b"\xff\xfe",
        *(json.dumps({"name": name, "answers": answers, "keys": keys}) for name, answers, keys in [
            ("Eve", ["1"], [KEY, KEY]), ("Eve", "11", [KEY, KEY]), ("Eve", [1], [KEY]), (3, ["1"], [KEY]),
            ("Eve", ["1"], KEY), ("Eve", ["1"], [None]), ("Eve", ["1"], [KEY[:-4]]), ("Eve", ["1"], ["é"]),
            ("Eve", ["2"], [key_of(2.0, [[1.0, "{3}"]], ["Not yet."])[:9]]), ("Eve", ["1"], [key_of(2.0, [[1.0, "{3}"]], [])]),
            ("Eve", ["1"], [key_of(2.0, [[1.0, "{0}", 5]], [])]), ("Eve", ["1"], [key_of(2.0)]),
        ]),
    ],
    ids=range(18),
)  # fmt: skip
def test_a_file_without_answers_is_a_row(tmp_path, text):
    (tmp_path / "a.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    (tmp_path / "d.json").mkdir()
    saved = json.dumps({"name": " ", "answers": [" 1.0"], "keys": [KEY]})
    (tmp_path / "z.json").write_text(saved, encoding="utf-8-sig")
    bad = ".json: no answers of an exercise (cut or changed)"
    rows = grade(tmp_path).splitlines()
    assert rows[:2] == [f"a{bad}", f"d{bad}"] and rows[2].split() == ["z", "1", "of", "1"]


@pytest.mark.parametrize("ask", KINDS)
def test_a_page_is_accessible_and_as_wide_as_a_phone(browser, axe, tmp_path, ask):
    ag.exercise(toy()[0], ask).save(tmp_path / "sheet.html")
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme, viewport={"width": 320, "height": 700})
        page.goto((tmp_path / "sheet.html").as_uri())
        page.locator("button").first.click()
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.close()


def test_where_no_script_runs_the_page_says_so(browser):
    text = ag.exercise(toy()[0]).html
    for able in (False, True):
        context = browser.new_context(java_script_enabled=able)
        page = context.new_page()
        page.set_content(text)
        shown = page.locator("p:visible").all_inner_texts()
        assert any("a script, which needs a browser of 2022" in said for said in shown) == (
            not able
        )
        context.close()


def test_the_page_is_worked_by_keyboard_and_saves_answers(browser, tmp_path):
    exercise = ag.exercise(toy()[0])
    exercise.save(tmp_path / "sheet.html")
    page = browser.new_page()
    page.goto((tmp_path / "sheet.html").as_uri())
    for n, (question, typed) in enumerate(
        zip(
            exercise.questions,
            (f"{exercise.questions[0].answer:.4g}", f"{-exercise.questions[1].answer:.4g}"),
        ),
        1,
    ):
        page.get_by_label(question.text).focus()
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        said = page.locator("li p").nth(n - 1).text_content()
        assert said == ("Right." if n == 1 else "The sign is the other way round.")
    assert page.text_content("#score") == "1 of 2 are right."
    page.get_by_label(exercise.questions[1].text).fill("")  # what stands there now is saved
    page.get_by_label("Your name").fill("Ada")
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename == "Ada.json"
    download.value.save_as(tmp_path / "Ada.json")
    first, unanswered = grade(tmp_path).splitlines()
    assert first.split() == ["Ada", "1", "of", "2"] and unanswered == "   1 times: unanswered"


def test_nothing_is_chosen_before_somebody_chooses(browser):
    sheet = ag.exercise(toy()[0], "edge")
    page = browser.new_page()
    page.set_content(sheet.html)
    assert page.input_value("#answer1") == ""
    page.locator("button").first.click()
    assert page.locator("li p").text_content() == "Choose one."
    page.select_option("#answer1", f"{sheet.questions[0].answer}")
    page.locator("button").first.click()
    assert page.locator("li p").text_content() == "Right."


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("exercise tanh(a*b) a=2 b=-3 --seed 4 --output s.html", 0, "Gradients, sheet 4: 2 questions\nwrote s.html"),
        ("exercise a*b a=2 b=-3 --ask edge --output s.ipynb", 0, "The wrong partial: 1 question\nwrote s.ipynb"),
        ("exercise a*b a=2 b=-3 --ask edges", 2, "invalid choice: 'edges'; did you mean 'edge'?"),
        ("exercise a*b a=2 b=-3 --seed x", 2, "'x' is not a whole number"),
        ("exercise a*b a=2 b=-3 --output s.pdf", 2, "one of '.html' '.ipynb' '.md'"),
        ("exercise a*b a=2 b=-3 --output no/s.md", 2, "does not exist"),
        ("exercise a a=2", 2, "there is nothing to ask"),
        ("exercise a*b a=2", 2, "b"),
        ("grade .", 2, "no saved answers, *.json, in ."),
        ("grade", 2, "FOLDER"),
        ("playground here --assets .", 2, "there is no Pyodide: . holds no pyodide-*.tgz"),
        ("playground --asets .", 2, "--assets"),
    ],
)  # fmt: skip
def test_the_command_line_takes_exercises(tmp_path, monkeypatch, capsys, line, status, said):
    monkeypatch.chdir(tmp_path)
    try:
        assert main(line.split()) == status
    except SystemExit as end:
        assert end.code == status
    out, err = capsys.readouterr()
    assert said in (err if status else out) and (not status or len(err.splitlines()) == 1)


@pytest.mark.notebooks
def test_nbgrader_assigns_and_grades_the_notebook(tmp_path):
    exercise = ag.exercise(toy()[0], seed=3)
    source = tmp_path / "source" / "sheet"
    source.mkdir(parents=True)
    exercise.save(source / "gradients.ipynb")
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'course'\n"
    )

    def nbgrader(*command):
        where = {"PYTHONPATH": str(Path(ag.__file__).parent.parent), "HOME": str(tmp_path)}
        where["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # of its alembic
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *command], cwd=tmp_path, env=os.environ | where,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    nbgrader("generate_assignment", "sheet")
    released = (tmp_path / "release" / "sheet" / "gradients.ipynb").read_text(encoding="utf-8")
    assert all(repr(question.answer) not in released for question in exercise.questions)
    for student, solved in {"ada": 2, "bob": 1, "eve": 0}.items():
        book = json.loads(released)
        cells = [cell for cell in book["cells"] if cell["metadata"]["nbgrader"]["solution"]]
        for n in range(solved):
            cells[n]["source"] = f"answer_{n + 1} = {exercise.questions[n].answer:.4g}"
        folder = tmp_path / "submitted" / student / "sheet"
        folder.mkdir(parents=True)
        (folder / "gradients.ipynb").write_text(json.dumps(book), encoding="utf-8")
    nbgrader("autograde", "sheet")
    nbgrader("export", "--to", "grades.csv")
    rows = csv.DictReader((tmp_path / "grades.csv").read_text(encoding="utf-8").splitlines())
    scores = {row["student_id"]: (row["score"], row["max_score"]) for row in rows}
    assert scores == {"ada": ("2.0", "2.0"), "bob": ("1.0", "2.0"), "eve": ("0.0", "2.0")}

"""The lessons' notebooks are those that jupytext makes of the scripts."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SPEC = importlib.util.spec_from_file_location("notebooks", ROOT / ".ci" / "notebooks.py")
notebooks = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(notebooks)
LESSONS = [pytest.param(lesson, id=lesson.stem) for lesson in notebooks.lessons()]


def cells(lesson, kind):
    made = json.loads(notebooks.place(lesson).read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in made["cells"] if cell["cell_type"] == kind]


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_notebook_is_the_one_that_its_script_makes(lesson):
    written = notebooks.place(lesson).read_text(encoding="utf-8")
    assert written == notebooks.notebook(lesson), "run python .ci/notebooks.py"


def test_every_notebook_has_its_lesson():
    written = (ROOT / "demos" / "notebooks").glob("*")
    assert sorted(written) == [notebooks.place(lesson) for lesson in notebooks.lessons()]


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_notebook_reads_as_a_lesson(lesson):
    first, *headings = cells(lesson, "markdown")
    assert first.startswith(f"# Lesson {int(lesson.stem[:2])}. ")
    assert "It prints" not in first and headings[-1] == "## It prints"
    code = cells(lesson, "code")
    assert code[-1] == "main()"
    assert not any("__main__" in cell or cell.startswith("# ") for cell in code)
    for cell in code:
        compile(cell, lesson.name, "exec")


@pytest.mark.parametrize(
    "part", ["draw", "steps", "explain", "explore", "replay", "draw(model, show="]
)
def test_notebooks_show_pictures_that_the_scripts_only_write(part):
    shown = [cell for lesson in notebooks.lessons() for cell in cells(lesson, "code")]
    assert any(cell.splitlines()[-1].startswith(f"ag.{part}") for cell in shown)


@pytest.mark.parametrize(
    ("paragraph", "marked"),
    [
        ("f(t) = (t - 3)**2", r"f(t) = (t - 3)\*\*2"),
        ("t <- t, W1[0], a_b", r"t \<- t, W1[0], a\_b"),
        ("`a * b` and a * b", r"`a * b` and a \* b"),
        ("    code * that", "    code * that"),
    ],
)
def test_what_means_something_to_markdown_is_shown_as_it_stands(paragraph, marked):
    assert notebooks.marked(paragraph) == marked

"""exercise: a graph's questions as a page, a notebook that nbgrader grades, and a handout."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Callable
from os import PathLike
from typing import Any

from autograd_engine.adoption import adopted
from autograd_engine.engine import Value
from autograd_engine.exercises.grading import packed
from autograd_engine.exercises.questions import Question, asked, with_numbers
from autograd_engine.files import checked_path
from autograd_engine.survey import Survey
from autograd_engine.titles import number
from autograd_engine.views.explore.page import _read, inert_json
from autograd_engine.views.notebooks import Shown, frame, image
from autograd_engine.views.picture.drawing import draw

TITLES = {
    "gradients": "Gradients",
    "values": "The forward pass",
    "edge": "Which partial is wrong?",
    "factor": "The missing factor",
    "step": "One step of gradient descent",
}
HOW = "Round to three digits or more. Write a product of partials, and add up over all paths."


class Exercise(Shown):
    """Questions about one graph: shown by notebooks, saved by `save`."""

    def __init__(self, survey: Survey, ask: str, seed: int | None) -> None:
        self.questions: list[Question] = asked(survey, ask, seed)
        """What is asked: of each the text, the answer, and what mistakes give."""
        self.title = TITLES[ask] + ("" if seed is None else f", sheet {seed}")
        self._picture = _picture(survey, ask)

    def __repr__(self) -> str:
        return f"<Exercise: {self.title}, {len(self.questions)} to answer>"

    @property
    def html(self) -> str:
        """The page: it needs no network, and is worked by keyboard and screen reader."""
        data = {
            "title": self.title,
            "questions": [[q.text, q.choices, packed(q)] for q in self.questions],
        }
        places = {
            "TITLE": html.escape(self.title),
            "STYLE": _read("../exercises/exercise.css"),
            "PICTURE": self._picture,
            "HOW": HOW,
            "DATA": inert_json(data),
            "SCRIPT": _read("explore/wording.js ../exercises/exercise.js"),
        }
        page = _read("../exercises/exercise.html")
        for place, text in places.items():
            page = page.replace(f"<!--{place}-->", text)
        return page

    @property
    def markdown(self) -> str:
        """The handout, with a sheet of solutions behind it."""
        tasks, solutions = [], []
        for n, (text, answer, mistakes, choices) in enumerate(self.questions, 1):
            options = "".join(f"\n   - {k}: {choice}" for k, choice in enumerate(choices, 1))
            tasks.append(f"{n}. {text}{options}\n\n   Answer: ____________\n")
            wrong = "".join(f"\n   - {number(x)}: {words}" for x, words in mistakes)
            solutions.append(f"{n}. **{number(answer)}**{wrong}\n")
        return "\n".join(
            [f"# {self.title}\n", self._picture, f"\n{HOW}\n", *tasks, "---\n"]
            + [f"# Solutions: {self.title}\n", *solutions]
        )

    @property
    def notebook(self) -> str:
        """The notebook as JSON: answers are solutions, each check is worth a point."""
        told = f"# {self.title}\n\n{self._picture}\n\n{HOW}"
        cells = [_cell("markdown", told, "told", locked=True)]
        for n, question in enumerate(self.questions, 1):
            options = "".join(f"\n- {k}: {choice}" for k, choice in enumerate(question.choices, 1))
            cells.append(_cell("markdown", f"**{n}.** {question.text}{options}", f"task{n}", True))
            given = f"### BEGIN SOLUTION\nanswer_{n} = {question.answer!r}\n### END SOLUTION"
            cells.append(_cell("code", given, f"answer{n}", solution=True))
            check = f"check(answer_{n}, {packed(question)!r})"
            source = f"from autograd_engine.exercises.grading import check\n\n{check}"
            cells.append(_cell("code", source, f"check{n}", True, grade=True))
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        book = {
            "cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5,
        }  # fmt: skip
        return json.dumps(book, indent=1, ensure_ascii=False) + "\n"

    def save(self, path: str | PathLike[str]) -> None:
        """Write a page (.html), a notebook for nbgrader (.ipynb) or a handout (.md).

        Raises `ValueError` for another ending, `FileNotFoundError` for no such folder.

        >>> import os, tempfile
        >>> a = Value(2.0, "a")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     exercise(a * a).save(os.path.join(folder, "square.md"))
        ...     os.listdir(folder)
        ['square.md']
        """
        kinds: dict[str, Callable[[], str]] = {
            ".html": lambda: self.html,
            ".ipynb": lambda: self.notebook,
            ".md": lambda: self.markdown,
        }
        target = checked_path(path, "an exercise", tuple(kinds))
        target.write_text(kinds[target.suffix.lower()](), encoding="utf-8", newline="\n")

    def _html(self) -> str:
        return frame(self.html, self.title, 720)


def exercise(output: Value, ask: str = "gradients", *, seed: int | None = None) -> Exercise:
    """Return questions about the graph of a value, which tell a wrong answer by its mistake.

    `ask` is "gradients", "values" (of the forward pass), "edge" (which partial is wrong), "factor"
    (that is missing in a product along a path) or "step" (a parameter after one step). With a
    `seed`, such as a student's number, the leaves have numbers of their own. Answers stand in what
    is saved, though not as text: they are no secret.

    Raises `TypeError` for anything but a Value, `ValueError` for another `ask`, a graph without
    leaves, and one for which no numbers can be drawn.

    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> found = exercise(a * b + a)
    >>> found, found.questions[1].text
    (<Exercise: Gradients, 2 to answer>, 'What is ∂v2/∂b, where b = −3?')
    """
    (output,) = adopted(output, by="exercise")
    if not isinstance(output, Value):
        raise TypeError(f"exercise needs a Value, not {type(output).__name__}: {output!r:.60}")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise TypeError(f"seed is None or a whole number, one for each student; got {seed!r:.60}")
    return Exercise(with_numbers(output, seed), ask, seed)


def _picture(survey: Survey, ask: str) -> str:
    """Return the graph as an image, without partials and numbers that are asked for."""
    made: list[Value] = []
    for value, below, label in zip(survey.values, survey.operands, survey.names):
        if below:  # without partials
            shown = math.nan if ask == "values" else value.data
            made.append(Value(shown, tuple([made[j] for j in below]), value.op))
        else:
            made.append(Value(value.data) if label in survey.given_names else value.detach())
        made[-1].label = label if below or label in survey.given_names else ""
    drawn = draw(made[-1], engine="builtin").svg.replace("nan", "?")
    return image("image/svg+xml", drawn.encode(), "the graph")


def _cell(kind: str, source: str, name: str, locked: bool = False, **of: bool) -> dict[str, Any]:
    """Return a cell of a notebook, with what nbgrader wants to know of it."""
    marks: dict[str, Any] = {"grade": False, "solution": False, "task": False, **of}
    marks |= {"grade_id": name, "locked": locked, "schema_version": 3}
    marks |= {"points": 1} if marks["grade"] else {}
    cell = {"cell_type": kind, "id": name, "metadata": {"nbgrader": marks}, "source": source}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})

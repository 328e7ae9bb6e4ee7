"""exercise: a graph's questions as a page, a notebook that nbgrader grades, and a handout."""

from __future__ import annotations

import html
import json
import math
import random
from collections.abc import Iterable
from itertools import islice
from os import PathLike
from typing import Any

from autograd_engine.adoption import adopted
from autograd_engine.engine import Value
from autograd_engine.exercises.grading import packed
from autograd_engine.exercises.questions import KINDS, MOST, with_numbers
from autograd_engine.files import checked_path
from autograd_engine.survey import Survey
from autograd_engine.titles import number
from autograd_engine.views.explore.page import _read, inert_json
from autograd_engine.views.notebooks import Shown, frame, image
from autograd_engine.views.picture.drawing import draw

HOW = "Round to three digits or more."


class Exercise(Shown):
    """Questions about one graph: shown by notebooks, saved by `save`; a page as text in `html`."""

    def __init__(self, survey: Survey, ask: str, seed: int | None) -> None:
        title, kind = KINDS[ask]
        self.questions = list(islice(kind(survey, random.Random(seed)), MOST))
        """What is asked: of each the text, the answer, and what mistakes give."""
        self.title = title if seed is None else f"{title}, sheet {seed}"
        self._picture = _picture(survey, ask)

    def __repr__(self) -> str:
        return f"<Exercise: {self.title}, {len(self.questions)} to answer>"

    @property
    def html(self) -> str:
        """The page: it needs no network, and is worked by keyboard and screen reader."""
        asked = [[q.text, q.choices, packed(q)] for q in self.questions]
        page = _read("../exercises/exercise.html")
        for place, text in {
            "TITLE": html.escape(self.title),
            "STYLE": _read("../exercises/exercise.css"),
            "PICTURE": self._picture,
            "HOW": HOW,
            "DATA": inert_json({"title": self.title, "questions": asked}),
            "SCRIPT": _read("explore/wording.js ../exercises/exercise.js"),
        }.items():
            page = page.replace(f"<!--{place}-->", text)
        return page

    @property
    def markdown(self) -> str:
        """The handout, with a sheet of solutions behind it."""
        text, solutions = f"# {self.title}\n\n{self._picture}\n\n{HOW}\n", ""
        for n, (asked, answer, mistakes, choices) in enumerate(self.questions, 1):
            text += f"\n{n}. {asked}{_listed(choices)}\n\n   Answer: ____________\n"
            told = [f"\n   - {number(x)}: {words}" for x, words in mistakes]
            solutions += f"\n{n}. **{number(answer)}**{''.join(told)}\n"
        return f"{text}\n---\n\n# Solutions: {self.title}\n{solutions}"

    @property
    def notebook(self) -> str:
        """The notebook as JSON, with solutions and checks as nbgrader marks them."""
        cells = [_cell("markdown", "told", f"# {self.title}\n\n{self._picture}\n\n{HOW}")]
        for n, question in enumerate(self.questions, 1):
            text = f"**{n}.** {question.text}{_listed(question.choices)}"
            given = f"### BEGIN SOLUTION\nanswer_{n} = {question.answer!r}\n### END SOLUTION"
            check = f"check(answer_{n}, {packed(question)!r})"
            check = f"from autograd_engine.exercises.grading import check\n\n{check}"
            cells.append(_cell("markdown", f"task{n}", text))
            cells.append(_cell("code", f"answer{n}", given, solution=True, locked=False))
            cells.append(_cell("code", f"check{n}", check, grade=True, points=1))
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        book = {"cells": cells, "metadata": {"kernelspec": kernel}}
        return json.dumps(book | {"nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False, indent=1)

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
        kinds = {".html": "html", ".ipynb": "notebook", ".md": "markdown"}
        target = checked_path(path, "an exercise", tuple(kinds))
        text = getattr(self, kinds[target.suffix.lower()])
        target.write_text(text, encoding="utf-8", newline="\n")

    def _html(self) -> str:
        return frame(self.html, self.title, 720)


def exercise(output: Value, ask: str = "gradients", *, seed: int | None = None) -> Exercise:
    """Return questions about the graph of a value, which tell a wrong answer by its mistake.

    `ask` is "gradients", "values" (of the forward pass), "edge" (which partial is wrong), "factor"
    (that is missing in a product along a path) or "step" (a parameter after one step). With a
    `seed`, such as a student's number, the leaves have numbers of their own. Answers stand in what
    is saved, though not as text: they are no secret.

    Raises `TypeError` for anything but a Value, `ValueError` for another `ask`, a graph without
    leaves or operations, and one for which no numbers can be drawn.

    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> found = exercise(a * b + a)
    >>> found, found.questions[1].text
    (<Exercise: Gradients, 2 to answer>, 'What is ∂v2/∂b, where b = −3?')
    """
    (output,) = adopted(output, by="exercise")
    if not isinstance(output, Value):
        raise TypeError(f"exercise needs a Value, not {type(output).__name__}: {output!r:.60}")
    if ask not in KINDS:
        raise ValueError(f"ask is one of {' '.join(map(repr, KINDS))}; got {ask!r:.60}")
    if seed is not None and type(seed) is not int:
        raise TypeError(f"seed is None or a whole number, one for each student; got {seed!r:.60}")
    survey = with_numbers(output, seed)
    if not survey.leaves or not output.partials:
        raise ValueError("there is nothing to ask: the output was not computed from any leaf")
    return Exercise(survey, ask, seed)


def _picture(survey: Survey, ask: str) -> str:
    """Return the graph as an image, without partials and numbers that are asked for."""
    made: list[Value] = []
    for value, below, label in zip(survey.values, survey.operands, survey.given_names):
        if below:
            parts, shown = tuple([made[j] for j in below]), value.data
            made.append(Value(math.nan if ask == "values" else shown, parts, value.op))
        else:
            made.append(value.detach() if value._rule.name == "constant" else Value(value.data))
        made[-1].label = label
    drawn = draw(made[-1], engine="builtin", force=True).svg.replace("nan", "?")
    return image("image/svg+xml", drawn.encode(), "the graph")


def _listed(choices: Iterable[str]) -> str:
    return "".join(f"\n   - {n}: {text}" for n, text in enumerate(choices, 1))


def _cell(kind: str, name: str, source: str, **marks: Any) -> dict[str, Any]:
    """Return a cell of a notebook, with what nbgrader wants to know of it."""
    own = {"grade": False, "solution": False, "task": False, "locked": True, **marks}
    own |= {"grade_id": name, "schema_version": 3}
    cell = {"cell_type": kind, "id": name, "metadata": {"nbgrader": own}, "source": source}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})

"""exercise: questions as a page, a notebook that nbgrader grades, a handout; answers, judged."""

from __future__ import annotations

import html
import json
import math
import random
import re
from base64 import b64decode
from collections import Counter
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.exercises.questions import KINDS, Said, copied, drawn, said
from autograd_engine.files import checked_path
from autograd_engine.graph import _adopted as adopted
from autograd_engine.survey import Survey, number
from autograd_engine.views.explore.page import inert_json, read, spoken
from autograd_engine.views.notebooks import Shown, frame, image
from autograd_engine.views.picture.drawing import draw
from autograd_engine.words import LINE, printable

MOST = 12  # questions
CHECK = "from autograd_engine.exercises import check\n\ncheck(answer_{}, {!r})"
SOLUTION = "### BEGIN SOLUTION\nanswer_{} = {!r}\n### END SOLUTION"


class Exercise(Shown):
    """Questions about one graph: shown by notebooks, saved by `save`; a page as text in `html`."""

    def __init__(self, survey: Survey, ask: str, seed: int | None, lang: str | None) -> None:
        self._lang, self._words = lang, spoken(lang)["words"].get(lang, {})
        title, kind = KINDS[ask]
        found = islice(kind(survey, random.Random(seed)), MOST)
        self.questions = [question.into(self._words) for question in found]
        """What is asked: of each the text, the answer, and what mistakes give."""
        numbered = title if seed is None else said("{0}, sheet {1}", title, f"{seed}")
        self.title = said(*numbered.parts, table=self._words)
        shown = copied(  # without partials, and numbers that are asked for
            survey,
            lambda leaf: leaf.data,
            lambda v, below: Value(math.nan if ask == "values" else v.data, tuple(below), v.op),
        )
        svg = draw(shown, engine="builtin", force=True).svg.replace("nan", "?")
        graph = said("The graph", table=self._words)
        self._picture = image("image/svg+xml", svg.encode(), graph, 600)
        rounded = said("Round to three digits or more.", table=self._words)
        self._begun = f"# {self.title}\n\n{self._picture}\n\n{rounded}\n"
        self._texts = [
            "".join([q.text, *(f"\n   - {n}: {text}" for n, text in enumerate(q.choices, 1))])
            for q in self.questions
        ]

    def __repr__(self) -> str:
        return f"<Exercise: {self.title}, {len(self.questions)} to answer>"

    @property
    def html(self) -> str:
        """The page: it needs no network, and is worked by keyboard and screen reader."""
        page = read("explore/frame.html").partition("<!--STYLE-->")[0]
        asked = [[q.text.parts, q.choices, q.key] for q in self.questions]
        data = {"title": self.title.parts, "questions": asked, **spoken(self._lang)}
        places = {
            "TITLE": html.escape(self.title),
            "PICTURE": self._picture,
            "DATA": inert_json(data),
            "SCRIPT": read("explore/wording.js ../exercises/exercise.js"),
        }
        page += read("../exercises/exercise.html")
        return re.sub("<!--([A-Z]+)-->", lambda found: places[found[1]], page)

    @property
    def markdown(self) -> str:
        """The handout, with a sheet of solutions behind it."""
        solved = said("Solutions: {0}", self.title, table=self._words)
        text, solutions = self._begun, f"\n---\n\n# {solved}\n"
        line = said("Answer: {0}", "____________", table=self._words)
        for n, (asked, q) in enumerate(zip(self._texts, self.questions), 1):
            text += f"\n{n}. {asked}\n\n   {line}\n"
            told = "".join(f"\n   - {number(x)}: {words}" for x, words in q.mistakes)
            solutions += f"\n{n}. **{number(q.answer)}**{told}\n"
        return text + solutions

    @property
    def notebook(self) -> str:
        """The notebook as JSON, with solutions and checks as nbgrader marks them."""
        cells = [_cell("markdown", "told", self._begun)]
        for n, (asked, q) in enumerate(zip(self._texts, self.questions), 1):
            given, check = SOLUTION.format(n, q.answer), CHECK.format(n, q.key)
            cells.append(_cell("markdown", f"task{n}", f"**{n}.** {asked}"))
            cells.append(_cell("code", f"answer{n}", given, solution=True, locked=False))
            cells.append(_cell("code", f"check{n}", check, grade=True, points=1))
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        book = {"cells": cells, "metadata": {"kernelspec": kernel}}
        return json.dumps(book | {"nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False, indent=1)

    def save(self, path: str | PathLike[str]) -> None:
        """Write a page (.html), a notebook for nbgrader (.ipynb) or a handout (.md).

        Raises `ValueError` for another ending, `FileNotFoundError` for no such folder.
        """
        kinds = {".html": "html", ".ipynb": "notebook", ".md": "markdown"}
        target = checked_path(path, "an exercise", tuple(kinds))
        text = getattr(self, kinds[target.suffix.lower()])
        target.write_text(text, encoding="utf-8", newline="\n")

    def _html(self) -> str:
        return frame(self.html, self.title)


def exercise(
    output: Value, ask: str = "gradients", *, seed: int | None = None, lang: str | None = None
) -> Exercise:
    """Return questions about the graph of a value, which tell a wrong answer by its mistake.

    `ask` is "gradients", "values" (of the forward pass), "edge" (which partial is wrong), "factor"
    (that is missing in a product along a path) or "step" (a parameter after one step). With a
    `seed`, such as a student's number, the leaves have numbers of their own. Answers stand in what
    is saved, though not as text: they are no secret. `lang` is "en" or "zh"; without, a page speaks
    the language of its browser, anything else English.

    Raises `TypeError` for anything but a Value, `ValueError` for another `ask` or language, a graph
    without leaves or operations, and one for which no numbers can be drawn.

    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> found = exercise(a * b + a)
    >>> found, found.questions[1].text
    (<Exercise: Gradients, 2 to answer>, 'What is ∂v2/∂b, where b = −3?')
    """
    (output,) = adopted(output, by="exercise")
    survey = Survey(output)
    if ask not in KINDS:
        raise ValueError(f"ask is one of {' '.join(map(repr, KINDS))}; got {ask!r:.60}")
    if seed is not None and type(seed) is not int:
        raise TypeError(f"seed is None or a whole number, one for each student; got {seed!r:.60}")
    if not survey.leaves or not output.partials:
        raise ValueError("there is nothing to ask: the output was not computed from any leaf")
    return Exercise(survey if seed is None else drawn(survey, seed), ask, seed, lang)


def _cell(kind: str, name: str, source: str, **marks: Any) -> dict[str, Any]:
    """Return a cell of a notebook, with what nbgrader wants to know of it."""
    own = {"grade": False, "solution": False, "task": False, "locked": True, **marks}
    own |= {"grade_id": name, "schema_version": 3}
    cell = {"cell_type": kind, "id": name, "metadata": {"nbgrader": own}, "source": source}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def near(text: str, number: float) -> bool:
    """Say whether what was typed is a number, rounded to the two digits or more that it has."""
    try:
        guess = float(text.strip().replace("\N{MINUS SIGN}", "-").replace(",", "."))
    except ValueError:
        return False
    digits = len(re.sub(r"\D", "", re.split("[eE]", text)[0]).lstrip("0"))
    rounded = digits > 1 and float(f"{number:.{min(digits, 17)}g}") == guess
    return rounded or math.isclose(guess, number, rel_tol=0.005, abs_tol=1e-12)


def judged(text: str, key: str) -> Said:
    """Return what is wrong with an answer, in words; "" where nothing is."""
    answer, mistakes, otherwise = json.loads(b64decode(key))
    told = (words for wrong, *words in [(answer, ""), *mistakes] if near(text, wrong))
    return said(*next(told, otherwise))


def check(answer: Any, key: str) -> None:
    """Raise `AssertionError`, which tells the mistake, unless an answer is right."""
    if told := judged(f"{answer}", key):
        raise AssertionError(f"{answer!r:.60}: {told}")


def grade(folder: str | Path) -> str:
    """Return a table of the answers that pages saved in a folder, and how often which mistake.

    Raises `FileNotFoundError` for no such files, `ValueError` naming one that holds no answers.
    """
    rows, mistakes = [], Counter[str]()
    for path in sorted(Path(folder).glob("*.json")):
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
            told = [judged(text, key) for text, key in zip(saved["answers"], saved["keys"])]
            who = printable(saved["name"] or path.stem, 24)
        except (ValueError, LookupError, TypeError, AttributeError):
            file = printable(path, LINE)
            raise ValueError(f"{file} holds no answers of an exercise: move it away") from None
        mistakes.update(re.sub(r"\{\d\}", "…", words.parts[0]) for words in told if words)
        rows.append(f"{who:24} {sum(not words for words in told):>3} of {len(told)}")
    if not rows:
        raise FileNotFoundError(f"no saved answers, *.json, in {printable(folder, LINE)}")
    return "\n".join(rows + [f"{n:>4} times: {words}" for words, n in mistakes.most_common()])

"""exercise: questions as a page, a notebook that nbgrader grades, a handout; answers, judged."""

from __future__ import annotations

import html
import json
import math
import random
import re
from base64 import b64decode
from collections import Counter
from os import PathLike
from pathlib import Path
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.exercises.questions import KINDS, MOST, Said, anew, copied, drawn, said
from autograd_engine.files import checked_path
from autograd_engine.graph import _adopted as adopted
from autograd_engine.real import is_number, is_whole, only
from autograd_engine.survey import Survey, number
from autograd_engine.views.explore.page import inert_json, read, spoken
from autograd_engine.views.notebooks import Shown, frame, image
from autograd_engine.views.picture.drawing import draw
from autograd_engine.words import LINE, printable

LARGEST = 1_000  # values of a graph: each may go wrong, and each mistake is a backward pass
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
DAMAGED = (ValueError, LookupError, TypeError, AttributeError, RecursionError, OSError)
CHECK = "from autograd_engine.exercises import check\n\ncheck(answer_{}, {!r})"
SOLUTION = "### BEGIN SOLUTION\nanswer_{} = {!r}\n### END SOLUTION"


class Exercise(Shown):
    """Questions about one graph: shown by notebooks, saved by `save`; a page as text in `html`."""

    def __init__(self, survey: Survey, ask: str, seed: int | None, lang: str | None) -> None:
        self._lang, self._words = lang, spoken(lang)["words"].get(lang, {})
        title, kind = KINDS[ask]
        every = list(kind(survey, random.Random(int(seed or 0))))
        if not every:
            raise ValueError(f"no partial here can be asked for by {ask!r}: ask for 'gradients'")
        self.questions = [question.into(self._words) for question in every[:MOST]]
        """What is asked: of each the text, the answer, and what mistakes give."""
        numbered = title if seed is None else said("{0}, sheet {1}", title, f"{seed}")
        self.title = said(*numbered.parts, table=self._words)
        shown = copied(  # without partials, and numbers that are asked for
            survey,
            lambda leaf: leaf.data,
            lambda v, below: Value(math.nan if ask == "values" else v.data, tuple(below), v.op),
        )
        svg = draw(shown, engine="builtin", force=True).svg
        svg = re.sub("(?<=>data )nan(?=<)", "?", svg)
        graph = said("The graph", table=self._words)
        self._picture = image("image/svg+xml", svg.encode(), graph, 600)
        hints = [] if every[0].choices else [said("Round to three digits or more.")]
        if len(every) > MOST:
            hints.append(said("Of {0} questions these are the first.", f"{len(every)}"))
        self._hints = [said(*hint.parts, table=self._words) for hint in hints]
        self._begun = "\n\n".join([f"# {self.title}", self._picture, *self._hints]) + "\n"
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
        data = {
            "title": self.title.parts,
            "hints": [h.parts for h in self._hints],
            "questions": asked,
        }
        places = {
            "TITLE": html.escape(self.title),
            "PICTURE": self._picture,
            "HINT": html.escape(" ".join(self._hints)),
            "DATA": inert_json(data | spoken(self._lang)),
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
    `seed`, such as a student's number, the leaves have numbers of their own; without, those that
    they have now. Of more than 12 questions a sheet has the first. Answers stand in what is saved,
    though not as text: they are no secret. `lang` is "en" or "zh"; without, a page speaks the
    language of its browser, anything else English.

    Raises `TypeError` for anything but a Value, `ValueError` for another `ask` or language, a graph
    without leaves or operations, of more than 1,000 values or with numbers that are not finite, and
    one for which no numbers can be drawn.

    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> found = exercise(a * b + a)
    >>> found, found.questions[1].text
    (<Exercise: Gradients, 2 to answer>, 'What is ∂v2/∂b, where b = −3?')
    """
    (output,) = adopted(output, by="exercise")
    survey = Survey(output)
    if not isinstance(ask, str) or ask not in KINDS:
        raise ValueError(f"ask is one of {' '.join(map(repr, KINDS))}; got {ask!r:.60}")
    if seed is not None and not is_whole(seed):
        raise TypeError(f"seed is None or a whole number, one for each student; got {seed!r:.60}")
    if not survey.leaves or not output.partials:
        raise ValueError("there is nothing to ask: the output was not computed from any leaf")
    if len(survey.values) > LARGEST:
        raise ValueError(
            f"an exercise is of at most {LARGEST:,} values, not of {len(survey.values):,}: choose "
            "a part of the graph, such as the loss of one point"
        )
    return Exercise(anew(survey) if seed is None else drawn(survey, seed), ask, seed, lang)


def _cell(kind: str, name: str, source: str, **marks: Any) -> dict[str, Any]:
    """Return a cell of a notebook, with what nbgrader wants to know of it."""
    own = {"grade": False, "solution": False, "task": False, "locked": True, **marks}
    own |= {"grade_id": name, "schema_version": 3}
    cell = {"cell_type": kind, "id": name, "metadata": {"nbgrader": own}, "source": source}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def typed(text: str) -> float:
    """Return what was typed as a number, NaN where it is none; the page reads the same."""
    text = text.strip().replace("\N{MINUS SIGN}", "-").replace(",", ".", 1)
    return float(text) if NUMBER.fullmatch(text) else math.nan


def near(text: str, number: float) -> bool:
    """Say whether what was typed is a number, rounded to three digits or more."""
    return math.isclose(typed(text), number, rel_tol=0.005, abs_tol=1e-12)


def judged(text: str, key: str) -> Said:
    """Return what is wrong with an answer, in words; "" where nothing is."""
    try:
        answer, mistakes, otherwise = json.loads(b64decode(key))
        told = (words for wrong, *words in [(answer, ""), *mistakes] if near(text, wrong))
        return said(*next(told, otherwise))
    except DAMAGED:
        raise ValueError("this check was cut or changed: take it from the sheet again") from None


def check(answer: Any, key: str) -> None:
    """Raise `AssertionError` with the mistake of an answer, `ValueError` for a damaged key."""
    one = answer.data if isinstance(answer, Value) else only(answer)
    text = f"{float(one) if is_number(one) else one}"
    if not math.isfinite(typed(text)):
        raise AssertionError(f"{answer!r:.60}: type a number, such as -0.5")
    if told := judged(text, key):
        raise AssertionError(f"{answer!r:.60}: {told}")


def answered(path: Path) -> tuple[str, list[str]]:
    """Return whose answers a page saved, and what each tells, "" where it is right."""
    try:
        saved = json.loads(path.read_text(encoding="utf-8-sig"))
        answers, keys = ([*map(str.strip, saved[part] + [])] for part in ("answers", "keys"))
        told = [
            re.sub(r"\{\d\}", "…", judged(text, key).parts[0]) if text else "unanswered"
            for text, key in zip(answers, keys, strict=True)
        ]
        return printable(saved["name"].strip() or path.stem, 24), told
    except DAMAGED:
        raise ValueError("no answers of an exercise (cut or changed)") from None


def grade(folder: str | Path) -> str:
    """Return a table of the answers that pages saved in a folder, and how often which mistake.

    A file that holds no answers is a row that says so. Raises `FileNotFoundError` for no files.
    """
    rows, mistakes = [], Counter[str]()
    for path in sorted(Path(folder).glob("*.json")):
        try:
            who, told = answered(path)
        except ValueError as error:
            rows.append(f"{printable(path.name, LINE)}: {error}")
            continue
        mistakes.update(filter(None, told))
        rows.append(f"{who:24} {told.count(''):>3} of {len(told)}")
    if not rows:
        raise FileNotFoundError(f"no saved answers, *.json, in {printable(folder, LINE)}")
    return "\n".join(rows + [f"{n:>4} times: {words}" for words, n in mistakes.most_common()])

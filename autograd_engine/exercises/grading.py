"""Grading: what was answered, judged by what is right and what mistakes give."""

from __future__ import annotations

import json
import math
import re
from base64 import b64decode, b64encode
from collections import Counter
from pathlib import Path
from typing import Any

from autograd_engine.exercises.questions import Question
from autograd_engine.words import LINE, printable


def packed(question: Question) -> str:
    """Return answer and mistakes so that nobody reads them by chance."""
    return b64encode(json.dumps([question.answer, question.mistakes]).encode()).decode()


def near(text: str, number: float) -> bool:
    """Say whether what was typed is a number, rounded to the two digits or more that it has.

    >>> near("0.33", 1.0 / 3.0), near("0.3", 1.0 / 3.0), near("2", 2.0)
    (True, False, True)
    """
    try:
        guess = float(text.strip().replace("\N{MINUS SIGN}", "-").replace(",", "."))
    except ValueError:
        return False
    digits = len(re.sub(r"\D", "", re.split("[eE]", text)[0]).lstrip("0"))
    return (
        math.isclose(guess, number, rel_tol=1e-9, abs_tol=1e-12)
        or math.isclose(guess, number, rel_tol=0.005)
        or (digits >= 2 and float(f"{number:.{min(digits, 17)}g}") == guess)
    )


def judged(text: str, key: str) -> str:
    """Return what is wrong with an answer, in words; "" where nothing is."""
    answer, mistakes = json.loads(b64decode(key))
    if near(text, answer):
        return ""
    return next((words for wrong, words in mistakes if near(text, wrong)), "Not yet.")


def check(answer: Any, key: str) -> None:
    """Raise `AssertionError`, which tells the mistake, unless an answer is right."""
    told = judged("" if answer is None else f"{answer}", key)
    if told:
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
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            file = printable(path, LINE)
            raise ValueError(f"{file} holds no answers of an exercise: {error!r}") from None
        mistakes.update(re.sub(r"At \S+ |: \S+ also.*", "", words) for words in told if words)
        rows.append(f"{who:24} {told.count(''):>3} of {len(told)}")
    if not rows:
        raise FileNotFoundError(f"no saved answers, *.json, in {printable(folder, LINE)}")
    return "\n".join(rows + [f"{n:>4} times: {words}" for words, n in mistakes.most_common()])

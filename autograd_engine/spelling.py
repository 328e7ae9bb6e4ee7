"""The text of a formula and its tree: long chains nest no deeper, what is for paper gets advice."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable
from contextlib import suppress
from itertools import chain
from typing import Any

from autograd_engine.words import printable

_LOOSE = {*"([{)]}<>=!,:&|^~@;", "and", "or", "not", "if", "else", "in", "is", "for", "lambda"}
_TIGHT = {*"+-*/%", "**"}  # and where two of these meet, the second is a sign of its operand
_CLOSER = {"": "+-", "+-": "*/"}
LONG, MARK = 20, "\ue000"  # a chain of more signs becomes a tuple, in which those are marked
TOKEN = re.compile(r"\d[\w.]*(?:(?<=[eE])[-+]\d+)?|\w+|\*\*|\s+|.", re.S)

# fmt: off
POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_POWER = r"[⁻⁺]?[⁰¹²³⁴-⁹]+"
ON_PAPER: tuple[tuple[str, Any], ...] = (
    (rf"\b(FUNCTION)({_POWER})(\([^()]*\))", r"\1\3\2"),
    (_POWER, lambda found: "**" + found[0].translate(POWERS)),
    (r"\|([^|]+)\|", r"abs(\1)"), (r"√\s*\(", "sqrt("), (r"√\s*([\w.]+)", r"sqrt(\1)"),
    (r"[×·⋅∙]", "*"), (r"[÷∕]", "/"), (r"[−–]", "-"), ("≤", "<="), ("≥", ">="), (r"\^", "**"),
    (r"(?<![\w.])(\d+\.?\d*)\s*(?=[^\W\d]|\()(?![eE][-+]?\d)", r"\1*"), (r"\)\s*(?=\w|\()", ")*"),
    (r"\b(FUNCTION)\s+([\w.]+)", r"\1(\2)"), (r"([\w.]+)\s+(?=\w)", r"\1*"),
)
# fmt: on
"""How formulas are written on paper, and how in an expression."""


def parsed(text: str, functions: Iterable[str]) -> tuple[str, ast.Expression]:
    """Return the tree, and the text that it is of."""
    if not text:
        raise ValueError("the expression is empty")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about spelling that is refused below anyhow
        with suppress(SyntaxError):
            return (flat := _flat(text)), ast.parse(flat, mode="eval")
        try:  # for the place of the fault in what was typed
            return text, ast.parse(text, mode="eval")
        except SyntaxError as error:
            why = f"{error.msg} at character {error.offset}" if error.offset else error.msg
            if re.match("[^(]*(?<![=!<>])=(?!=)", text):
                why = "it has a = in it; values are given apart, as in a=2, and compared by =="
            elif ";" in text:
                why = "write one expression, without ;"
            elif plain := _off_paper(text, functions):
                why = f"write {printable(plain)}"
            raise ValueError(f"cannot read the expression {printable(repr(text))}: {why}") from None


def _off_paper(text: str, functions: Iterable[str]) -> str:
    """Return what a formula as on paper is as an expression, or nothing."""
    for written, instead in ON_PAPER:
        text = re.sub(written.replace("FUNCTION", "|".join(functions)), instead, text)
    with suppress(SyntaxError, RecursionError, MemoryError):
        ast.parse(text, mode="eval")
        return text
    return ""


def _flat(text: str) -> str:
    """Return the text with its long sums and products as tuples, which nest no deeper for that."""
    if re.search(r"['\"#\\]", text):
        return text
    levels: list[list[str]] = [[]]
    for token in TOKEN.findall(text):
        if token in "([{":
            levels.append([])
        if token in ")]}" and len(levels) > 1:
            token = _chained([*levels.pop(), token])
        levels[-1].append(token)
    return "".join(map(_chained, levels))


def _chained(tokens: list[str], signs: str = "") -> str:
    """Return the text of tokens, parted at signs that bind ever closer."""
    parts: list[list[str]] = [[]]
    between, ended = [], False
    for token in tokens:
        if splits := ended and token in signs if signs else token in _LOOSE:
            between.append(token)
            parts.append([])
        else:
            parts[-1].append(token)
        ended = ended if token.isspace() else not (splits or token in _TIGHT)
    texts = [_chained(p, _CLOSER[signs]) if signs in _CLOSER else "".join(p) for p in parts]
    if signs and len(between) > LONG:
        between = [f",'{MARK}{sign}'," for sign in between]
        texts[0], texts[-1] = f"({texts[0]}", f"{texts[-1]})"
    return "".join(chain(*zip(texts, [*between, ""])))

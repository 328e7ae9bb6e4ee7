"""General formulas: what terms have in common that differ only in an index.

>>> from autograd_engine.views.explain.names import name
>>> from autograd_engine.views.explain.typesetting import TEXT
>>> names = ["h₁", "h₂", "h₃"]
>>> from autograd_engine.views.explain.formulas import Number, Power
>>> _, index, term = common([Power(name(h), Number(2.0)) for h in names], names, "jsl")
>>> TEXT.set(term), index.said()
('hⱼ²', 'j = 1, 2, 3')
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from itertools import product, zip_longest
from typing import Any

from autograd_engine.views.explain.formulas import Given, Name, Number, Term
from autograd_engine.views.explain.names import INDICES, NUMBERED, RAISED, lowered, raised

_RUNS = re.compile(r"(\d+|[₀-₉]+|[⁰¹²³⁴-⁹]+)")
_PAIR = re.compile(r"(?<![₀-₉ᵢ-ᵥₐ-ₜⱼ,])([₀-₉ₐ-ₜᵢ-ᵥⱼ])([₀-₉ₐ-ₜᵢ-ᵥⱼ])(?![₀-₉ₐ-ₜᵢ-ᵥⱼ,])")
_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹", "01234567890123456789")

ENDS = ((0, 0), (1, 0), (0, 1), (1, 1))
"""So many are perhaps unlike the others at the beginning and at the end."""


class Unlike(Exception):
    """Terms differ in more than an index."""


class Index:
    """What tells the members of a group apart, by their names: letters, and what they stand for.

    Of the letters the first stands below the line, the second in brackets, the third above. The
    constants are names for numbers by the index, which differ; others are made of `spare`.
    """

    def __init__(
        self,
        names: Sequence[str],
        letters: str,
        constants: dict[str, dict[int, float]],
        spare: Sequence[str],
    ) -> None:
        self.numbers: dict[str, tuple[int, ...]] = {}
        self.constants = dict(constants)
        self._spare = spare
        self._letters = letters
        if any(map(NUMBERED.match, names)):
            raise Unlike  # how values are numbered says nothing
        self.name = self._named(names)
        self._letters = ""
        if not self.numbers:
            raise Unlike

    def said(self) -> str:
        """Return which members there are: "j = 0, 1, 2", or "t = 1 … 50"."""
        parts = []
        for letter, numbers in self.numbers.items():
            texts = list(dict.fromkeys(map(str, numbers)))
            first, last = int(texts[0]), int(texts[-1])
            if len(texts) > 4 and texts == list(map(str, range(first, last + 1))):
                texts = [f"{first} … {last}"]
            parts.append(f"{letter} = {', '.join(texts)}")
        return "; ".join(parts)

    def general(self, parts: Sequence[Any]) -> Any:
        """Return what terms, or parts of terms, are in general."""
        first = parts[0]
        if all(part == first for part in parts):
            return first
        if len(set(map(type, parts))) > 1:
            raise Unlike
        if isinstance(first, Name):
            return Name(self._named([part.text for part in parts]))
        if isinstance(first, (Given, Number)):
            return self._constant(tuple([part.value for part in parts]))
        if isinstance(first, Term):
            kept = [part.name for part in fields(first) if part.compare]
            return type(first)(*[self.general([getattr(p, name) for p in parts]) for name in kept])
        if not isinstance(first, tuple) or len(set(map(len, parts))) > 1:
            raise Unlike
        return tuple(map(self.general, zip(*parts)))

    def _named(self, texts: Sequence[str]) -> str:
        if len({text.count(",") for text in texts}) > 1:  # w₁₂ among those such as w₁₀,₂
            texts = [_PAIR.sub(r"\1,\2", text) for text in texts]
        found = ""
        for i, column in enumerate(zip_longest(*map(_RUNS.split, texts))):
            first = column[0]
            if len(set(column)) == 1:
                found += first
            elif i % 2 == 0 or None in column:
                raise Unlike
            else:
                place = 2 if first[0] in RAISED else int(found.endswith("["))
                run = self._run([text.translate(_DIGITS) for text in column], place)
                # h1 is h with an index, h[1] an entry
                below = first[0] in INDICES or (first.isascii() and found[-1:].isalpha())
                found += lowered(run) if below else run if first.isascii() else raised(run)
        return found

    def _run(self, column: Sequence[str], place: int) -> str:
        """Return digits in the general: an index, or one more or less; w₁₂ is of 1 and 2."""
        numbers = tuple(map(int, column))
        for letter, known in self.numbers.items():
            apart = {a - b for a, b in zip(numbers, known)}
            if len(apart) == 1:
                (more,) = apart
                return letter + (f"{more:+d}".replace("-", "−") if more else "")
        letter = self._letters[place : place + 1]
        if letter and letter not in self.numbers:
            self.numbers[letter] = numbers
            return letter
        if len(set(column)) == 1:
            return column[0]
        if {len(text) for text in column} != {2}:
            raise Unlike
        return "".join(self._run(digit, place) for digit in zip(*column))

    def _constant(self, numbers: tuple[float, ...]) -> Name:
        by_place = {one: dict(zip(places, numbers)) for one, places in self.numbers.items()}
        alone = [one for one, found in by_place.items() if self._spread(one, found) == numbers]
        if not alone:  # it depends on more than one index
            raise Unlike
        given = by_place[letter := alone[0]].items()
        known = [
            (called, more)
            for more, (called, found) in product((0, 1, -1), self.constants.items())
            if all(found.get(place + more) == number for place, number in given)
        ]
        free = [(one, 0) for one in self._spare if one not in self.constants]
        if not known + free:
            raise Unlike
        called, more = (known + free)[0]
        self.constants.setdefault(called, dict(given))
        index = letter + (f"{more:+d}".replace("-", "−") if more else "")
        return Name(called + (f"[{index}]" if letter == "s" else lowered(index)))

    def _spread(self, letter: str, found: dict[int, float]) -> tuple[float, ...]:
        return tuple([found[place] for place in self.numbers[letter]])


def common(
    terms: Sequence[Term],
    names: Sequence[str],
    letters: str,
    constants: dict[str, dict[int, float]] | None = None,
    spare: Sequence[str] = (),
) -> tuple[slice, Index, Term] | None:
    """Return which terms differ only in the index that names tell, it, and the general term.

    None if that holds not even for all but the first and the last.
    """
    for first, last in ENDS if len(terms) > 1 else ():
        part = slice(first, len(terms) - last)
        try:
            index = Index(names[part], letters, constants or {}, spare)
            found = index.general(terms[part])
        except Unlike:
            continue
        if constants is not None:
            constants.update(index.constants)
        return part, index, found
    return None

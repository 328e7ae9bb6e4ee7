"""General formulas: what terms have in common that differ only in an index.

>>> from autograd_engine.views.explain.names import name
>>> from autograd_engine.views.explain.typesetting import TEXT
>>> squares = [formulas.Power(name(f"h{i}"), formulas.Number(2.0)) for i in "₁₂₃"]
>>> index = Index.of(["h₁", "h₂", "h₃"], "jsl")
>>> TEXT.set(generalised(squares, index))
'hⱼ²'
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from autograd_engine.views.explain import formulas
from autograd_engine.views.explain.formulas import Given, Minus, Name, Number, Sigma, Term, negated
from autograd_engine.views.explain.names import INDICES, NUMBERED, RAISED, lowered, raised

_RUNS = re.compile(r"(\d+|[₀-₉]+|[⁰¹²³⁴-⁹]+)")
_PAIR = re.compile(r"(?<![₀-₉ᵢ-ᵥₐ-ₜⱼ,])([₀-₉ₐ-ₜᵢ-ᵥⱼ])([₀-₉ₐ-ₜᵢ-ᵥⱼ])(?![₀-₉ₐ-ₜᵢ-ᵥⱼ,])")
_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹", "01234567890123456789")


class Unlike(Exception):
    """Terms differ in more than an index."""


@dataclass(frozen=True)
class Index:
    """What tells the members of a group apart: letters, and for each the members' numbers."""

    letters: tuple[str, ...]
    numbers: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, names: Sequence[str], letters: str) -> Index | None:
        """Return the index in which names differ, None where they differ in more, or in none.

        Of the letters the first stands below the line, the second in brackets, the third above.
        """
        runs = [_RUNS.split(text) for text in names]
        if len({len(run) for run in runs}) > 1 or any(map(NUMBERED.match, names)):
            return None  # how values are numbered says nothing
        found, numbers = [], []
        for i, column in enumerate(zip(*runs)):
            if len(set(column)) > 1:
                if not i % 2:
                    return None
                above = column[0][0] in RAISED
                found.append(letters[2 if above else runs[0][i - 1].endswith("[")])
                numbers.append(tuple(int(text.translate(_DIGITS)) for text in column))
        whole = found and len(set(found)) == len(found)
        return cls(tuple(found), tuple(numbers)) if whole else None

    def said(self) -> str:
        """Return which members there are: "j = 0, 1, 2", or "t = 1 … 50"."""
        parts = []
        for letter, numbers in zip(self.letters, self.numbers):
            distinct = list(dict.fromkeys(numbers))
            texts = [str(number) for number in distinct]
            many = len(texts) > 4 and distinct == list(range(distinct[0], distinct[-1] + 1))
            parts.append(f"{letter} = {f'{texts[0]} … {texts[-1]}' if many else ', '.join(texts)}")
        return "; ".join(parts)

    def letter(self, texts: Sequence[str]) -> str:
        """Return the index, perhaps some more or less, that these numbers are."""
        found = [int(text.translate(_DIGITS)) for text in texts]
        for letter, numbers in zip(self.letters, self.numbers):
            apart = {a - b for a, b in zip(found, numbers)}
            if len(apart) == 1:
                (more,) = apart
                return letter + (f"{more:+d}".replace("-", "−") if more else "")
        raise Unlike

    def run(self, texts: Sequence[str]) -> str:
        """Return digits that differ, in the general."""
        if len(set(texts)) == 1:
            return texts[0]
        try:
            found = self.letter(texts)
        except Unlike:
            if {len(text) for text in texts} != {2}:
                raise
            return "".join(self.run(column) for column in zip(*texts))  # w₁₂ is of 1 and 2
        if texts[0][0] in INDICES:
            return lowered(found)
        return raised(found) if not texts[0].isascii() else found


@dataclass
class Constants:
    """Names for numbers that differ from member to member: letters, and what was named."""

    letters: Sequence[str]
    given: dict[tuple[float, ...], str]

    def name(self, numbers: tuple[float, ...], index: Index) -> str:
        """Return the name of numbers, one for each member."""
        letter = index.letters[-1]
        for one, places in zip(index.letters, index.numbers):
            by_place = dict(zip(places, numbers))
            if all(by_place[place] == number for place, number in zip(places, numbers)):
                letter, numbers = one, tuple(by_place.values())  # it depends on this index alone
                break
        if numbers not in self.given:
            free = [x for x in self.letters if x not in self.given.values()]
            if not free:
                raise Unlike
            self.given[numbers] = free[0]
        return self.given[numbers] + (f"[{letter}]" if letter == "s" else lowered(letter))


def generalised(
    terms: Sequence[Term], index: Index, constants: Constants | None = None
) -> Term | None:
    """Return what terms are in general, None where they differ in more than an index.

    Numbers that differ get a name of `constants`.
    """
    before = dict(constants.given) if constants else {}
    try:
        return _general(terms, index, constants)
    except Unlike:
        if constants:
            constants.given.clear()
            constants.given.update(before)
        return None


def _general(terms: Sequence[Term], index: Index, constants: Constants | None) -> Term:
    first = terms[0]
    if any(type(term) is not type(first) for term in terms):
        raise Unlike
    if all(term == first for term in terms):
        return first
    if isinstance(first, (Given, Number)):
        if not constants:
            raise Unlike
        numbers = tuple([term.value for term in terms if isinstance(term, (Given, Number))])
        return Name(constants.name(numbers, index))
    if isinstance(first, Name):
        return Name(_name([term.text for term in terms if isinstance(term, Name)], index))
    if isinstance(first, Sigma):
        inner = [term.term for term in terms if isinstance(term, Sigma)]
        if {term.index for term in terms if isinstance(term, Sigma)} != {first.index}:
            raise Unlike
        return Sigma(first.index, _general(inner, index, constants), first.spelled)
    kept = [part.name for part in fields(first) if part.name != "number"]
    columns = ([getattr(term, part) for term in terms] for part in kept)
    return type(first)(*[_part(column, index, constants) for column in columns])


def _part(parts: Sequence[Any], index: Index, constants: Constants | None) -> Any:
    first = parts[0]
    if isinstance(first, Term):
        return _general(parts, index, constants)
    several = isinstance(first, tuple)
    if len({len(part) if several else part for part in parts}) > 1:
        raise Unlike
    return tuple(_part(column, index, constants) for column in zip(*parts)) if several else first


def _name(texts: Sequence[str], index: Index) -> str:
    if len({text.count(",") for text in texts}) > 1:  # w₁₂ among those such as w₁₀,₂
        texts = [_PAIR.sub(r"\1,\2", text) for text in texts]
    runs = [_RUNS.split(text) for text in texts]
    if len({len(run) for run in runs}) > 1:
        raise Unlike
    found: list[str] = []
    for i, column in enumerate(zip(*runs)):
        if i % 2:
            apart = found[-1][-1:]  # what stands before it: h1 is h with an index, h[1] an entry
            run = index.run(column)
            changed = run.isascii() and run != column[0] and apart.isalpha()
            found.append(lowered(run) if changed else run)
        elif len(set(column)) > 1:
            raise Unlike
        else:
            found.append(column[0])
    return "".join(found)


def summed(terms: Sequence[Term], names: Sequence[str], letters: str, constants: Constants) -> Term:
    """Return the sum of terms, under one Σ where they differ only in an index.

    The first or the last may differ, and then stands beside it.
    """
    kept = [i for i, term in enumerate(terms) if term != Number(0.0)] or [0]
    terms, names = [terms[i] for i in kept], [names[i] for i in kept]
    for first, last in ENDS:
        inner = terms[first : len(terms) - last]
        index = Index.of(names[first : len(names) - last], letters) if len(inner) > 1 else None
        found = index and generalised(inner, index, constants)
        if index and found and len(index.letters) == 1:
            minus = isinstance(found, Minus)
            inner = [negated(term) for term in inner] if minus else inner
            body = negated(found) if minus else found
            sigma: Term = Sigma(index.said(), body, formulas.whole(inner))
            sigma = Minus(sigma) if minus else sigma
            return formulas.added([*terms[:first], sigma, *terms[len(terms) - last :]])
    return formulas.added(terms)


# So many are perhaps unlike the others at the beginning and at the end.
ENDS = ((0, 0), (1, 0), (0, 1), (1, 1))

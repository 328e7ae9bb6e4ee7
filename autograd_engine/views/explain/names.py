"""Names in formulas, and what terms have in common that differ only in an index of their names.

>>> from autograd_engine.views.explain.formulas import Power
>>> _, index, term = common([Power(name(f"h{t}"), Number(2.0)) for t in "₁₂₃"], ["h₁", "h₂", "h₃"])
>>> term, spread(index.numbers)
(Power(base=Name(text='hⱼ', number=None), exponent=Number(value=2.0)), 'j = 1, 2, 3')
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import product, zip_longest
from typing import Any

from autograd_engine.views.explain.formulas import Given, Name, Number, Term
from autograd_engine.views.layout.scene import readable

INDICES = "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"
_LOWERED = dict(zip("0123456789+−aehijklmnoprstuvx", INDICES))
RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾˙ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
_RAISED = dict(zip("0123456789+−().abcdefghijklmnoprstuvwxyz", RAISED))
_NUMBERED = re.compile(r"v\d+$")

LONGEST = 20
"""So many characters of a name stand in formulas; the whole of it is told once."""


def lowered(index: str) -> str:
    return "".join(_LOWERED.get(character, character) for character in index)


def raised(text: str) -> str:
    """Return what stands above the line, nothing where Unicode has no such character."""
    found = [_RAISED.get(character, "") for character in text]
    return "".join(found) if all(found) else ""


def name(label: str, number: float | None = None) -> Name:
    """Return a label as a name, as typed."""
    return Name(readable(label).replace("\n", "␊"), number)


def cut(names: Iterable[str]) -> dict[str, str]:
    """Return what stands for each long name: its beginning, its ends too where some are alike.

    >>> cut(["x", "the loss of all the samples"])
    {'the loss of all the samples': 'the loss of all the…'}
    """
    long, found = [text for text in names if len(text) > LONGEST], dict[str, str]()
    for tail in (0, 7):
        left = {text: f"{text[: 19 - tail]}…{text[len(text) - tail :]}" for text in long}
        count = Counter(left.values())
        found |= {text: said for text, said in left.items() if count[said] == 1}
        long = [text for text in long if text not in found]
    return found


Constants = dict[tuple[str, str], dict[int, float]]
"""What numbers that differ are called, and the letter of their index: by it, the numbers."""

_RUNS = re.compile(r"(\d+|[₀-₉]+|[⁰¹²³⁴-⁹]+)")
_PAIR = re.compile(r"(?<![₀-₉ᵢ-ᵥₐ-ₜⱼ,])([₀-₉ₐ-ₜᵢ-ᵥⱼ])([₀-₉ₐ-ₜᵢ-ᵥⱼ])(?![₀-₉ₐ-ₜᵢ-ᵥⱼ,])")

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
        self, names: Sequence[str], letters: str, constants: Constants, spare: Sequence[str]
    ) -> None:
        self.numbers: dict[str, tuple[int, ...]] = {}
        self.constants = dict(constants)
        self._spare = spare
        self._letters = letters
        if any(map(_NUMBERED.match, names)):
            raise Unlike  # how values are numbered says nothing
        self.name = self._named(names)
        self._letters = ""
        if not self.numbers:
            raise Unlike

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
            return self._constant([part.value for part in parts])
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
                run = self._run([unicodedata.normalize("NFKC", text) for text in column], place)
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
                return _moved(letter, apart.pop())
        letter = self._letters[place : place + 1]
        if letter and letter not in self.numbers:
            self.numbers[letter] = numbers
            return letter
        if len(set(column)) == 1:
            return column[0]
        if {len(text) for text in column} != {2}:
            raise Unlike
        return "".join(self._run(digit, place) for digit in zip(*column))

    def _constant(self, numbers: Sequence[float]) -> Name:
        """Return a name for numbers that differ with one index: one that is known, or a new one."""
        for letter, places in self.numbers.items():
            found = dict(zip(places, numbers))
            if [found[place] for place in places] != numbers:
                continue
            for more, (one, known) in product((0, 1, -1), self.constants.items()):
                if all(known.get(place + more) == number for place, number in found.items()):
                    return Name(indexed(one[0], _moved(letter, more)))
            taken = {called for called, _ in self.constants}
            for called in self._spare:
                if called not in taken:
                    self.constants[called, letter] = found
                    return Name(indexed(called, letter))
        raise Unlike


def _moved(letter: str, more: int) -> str:
    return letter + (f"{more:+d}".replace("-", "−") if more else "")


def indexed(called: str, index: str) -> str:
    return called + (f"[{index}]" if index[0] == "s" else lowered(index))


def spread(numbers: Mapping[str, Iterable[int]]) -> str:
    """Return what letters stand for: "j = 0, 1, 2", or "t = 1 … 50"."""
    parts = []
    for letter, found in numbers.items():
        known = list(dict.fromkeys(found))
        shown = ", ".join(map(str, known))
        if len(known) > 4 and known == list(range(known[0], known[-1] + 1)):
            shown = f"{known[0]} … {known[-1]}"
        parts.append(f"{letter} = {shown}")
    return "; ".join(parts)


def common(
    terms: Sequence[Term],
    names: Sequence[str],
    letters: str = "jsl",
    constants: Constants | None = None,
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

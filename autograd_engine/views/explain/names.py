"""What values are called in formulas, and how a name is taken apart: its index, its layer.

>>> parsed("w₁₂⁽⁰⁾"), parsed("theta1")[:3], lowered("t−1")
(Symbol(shown='w', sub='12', sup='(0)', items='', base='w', accent=''), ('theta', '1', ''), 'ₜ₋₁')
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from autograd_engine.engine import Value
from autograd_engine.survey import Survey
from autograd_engine.views.explain.formulas import Name
from autograd_engine.views.layout.scene import readable

_GREEK = (
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau"
    "|upsilon|phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega"
)
_ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot"}
INDICES = "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"
_LOWERED = dict(zip("0123456789+−aehijklmnoprstuvx", INDICES))
RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾˙ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
_RAISED = dict(zip("0123456789+−().abcdefghijklmnoprstuvwxyz", RAISED))
_SYMBOL = re.compile(
    rf"(?P<base>(?:{_GREEK}|[^\W\d_])(?P<accent>[{''.join(_ACCENTS)}]|_?hat|_?bar)?)"
    rf"_?(?P<sub>\d*|[{INDICES}]+(?:,[{INDICES}]+)*)(?P<sup>[{RAISED}]*)(?P<items>(?:\[\w+\])*)"
)

# What means something to LaTeX, and how MathJax and KaTeX both show it as it is.
_SPELLED = r"\backslash |\hat{\ }|\sim |\grave{\ }|\lt |\gt |\vert |\text{’}|\text{-}|{\ast}|\cdots"
_SPECIAL = {character: "\\" + character for character in " #$%&_{}"}
_SPECIAL |= zip("\\^~`<>|'-*…", _SPELLED.split("|"))

NUMBERED = re.compile(r"v\d+$")
STEPWISE = re.compile(r"\w[₋₀-₉]+(\[-?\d+\])?$")

LONGEST = 20
"""So many characters of a name stand in formulas; the whole of it is told once."""


class Symbol(NamedTuple):
    """A name taken apart: what is shown of it, its indices below and above, and in brackets."""

    shown: str
    sub: str
    sup: str
    items: str
    base: str
    accent: str


def parsed(text: str) -> Symbol | None:
    """Return a name taken apart where it is a letter with indices, None where it is a word."""
    found = _SYMBOL.fullmatch(unicodedata.normalize("NFD", text))
    if not found:
        return None
    shown, accent = found["base"], found["accent"] or ""
    sub, sup = (unicodedata.normalize("NFKC", found[part]) for part in ("sub", "sup"))
    base, accent = shown.removesuffix(accent), _ACCENTS.get(accent, accent.lstrip("_"))
    shown = unicodedata.normalize("NFC", shown)
    return Symbol(shown, sub.replace("−", "-"), sup, found["items"], base, accent)


def lowered(index: str) -> str:
    return "".join(_LOWERED.get(character, character) for character in index)


def raised(text: str) -> str:
    """Return what stands above the line, nothing where Unicode has no such character."""
    found = [_RAISED.get(character, "") for character in text]
    return "".join(found) if all(found) else ""


def escaped(text: str) -> str:
    """Return a name in LaTeX as it is typed."""
    pieces = re.findall(r"[A-Za-z]+|[0-9.,:;=+/()\[\]!?@\"]+|.", text, re.DOTALL)
    kinds = {(True, True): r"\mathrm{%s}", (True, False): "%s"}
    shown = [kinds.get((x.isascii(), x.isalpha()), r"\text{%s}") % x for x in pieces]
    return "".join(_SPECIAL.get(piece, text) for piece, text in zip(pieces, shown))


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


class Names:
    """The names of the values behind an output, those of the survey, as formulas use them."""

    def __init__(self, output: Value, wrt: Value) -> None:
        self.survey = survey = Survey(output)
        self.short = cut([*survey.names, wrt.label])
        self._stepwise: dict[int, str] = {}  # of what has but a number, in a repeat: by its step
        self._begun = {re.split(r"[\W\d₀-₉]", text)[0] for text in survey.names}
        self._places = {
            place: (number, column)
            for number, repeat in enumerate(survey.repeats)
            for row in repeat.places
            for column, place in enumerate(row)
        }
        self.repeat_of = {id(survey.values[i]): number for i, (number, _) in self._places.items()}
        rows = [row for repeat in survey.repeats for row in survey.states(repeat)]
        self._states = {id(survey.values[i]) for row in rows for i in row}

    def of(self, value: Value) -> Name:
        text = self._stepwise.get(id(value)) or self.survey.name(value)
        return name(self.short.get(text, text), value.data)

    def is_step(self, value: Value) -> bool:
        if value.label or id(value) not in self._states:
            return id(value) in self._stepwise
        return bool(STEPWISE.match(self.survey.name(value)))  # not by its place in a model

    def begins(self) -> list[Value]:
        """Return what stands for the states of repeats before their first step."""
        letters = {self.of(state).text[0] for state in self.survey.values if self.is_step(state)}
        pairs = zip(self.survey.values, self.survey.given_names)
        return [v for v, given in pairs if not (v.operands or v.label) and given[:1] in letters]

    def is_known(self, value: Value) -> bool:
        return bool(self.survey.given_names[self.survey.position[id(value)]])

    def has(self, text: str) -> bool:
        """Say whether a value is called so, perhaps with an index."""
        return text in self._begun

    def call_by_step(self, variables: list[Value]) -> None:
        """Call variables of a repeat that have but a number by their step, for general formulas."""
        letters = [letter for letter in "zgqrmnou" if not self.has(letter)]
        for value in variables:
            place = self._places.get(self.survey.position[id(value)])
            if place and letters and not self.is_known(value) and id(value) not in self._stepwise:
                letter = letters.pop(0)
                for t, row in enumerate(self.survey.repeats[place[0]].places, 1):
                    found = self.survey.values[row[place[1]]]
                    self._stepwise[id(found)] = letter + lowered(str(t))

    def home(self, value: Value) -> str:
        return self.survey.homes[self.survey.position[id(value)]]

    def exits(self, depth: int) -> dict[int, str]:
        """Return by its id each value that leaves a region, opened to that depth: the region."""
        values, operands, calls = self.survey.values, self.survey.operands, self.survey.calls

        def box(call: int) -> int:
            around = [call]
            while around[-1] >= 0:
                around.append(calls[around[-1]].outer)
            return around[max(len(around) - 2 - depth, 0)]

        boxes = list(map(box, self.survey.call_of))
        uses = ((i, j) for i, below in enumerate(operands) for j in below if operands[j])
        left = {j for i, j in uses if boxes[j] not in (-1, boxes[i])}
        return {id(values[j]): calls[boxes[j]].path for j in left}

    @property
    def deepest(self) -> int:
        """How deep regions stand inside regions, -1 where there is none."""
        return max((call.path.count(".") for call in self.survey.calls), default=-1)

"""Titles: the one name of each value of a graph.

A label comes first. Weights, biases, weighted sums and activations of neurons are called by their
place, other parameters by their path in the model, what a first layer is fed x₀, x₁, ..., what
the steps of a recurrence hand on h₁, h₂, ...; all else is numbered v1, v2, ..., and a constant is
its number.

>>> from autograd_engine.nn import MLP
>>> from autograd_engine.survey import Survey
>>> Survey(MLP(2, [2, 1])([3.0, 4.0])).names[:8]
['b₀⁽⁰⁾', 'w₀₀⁽⁰⁾', 'x₀', 'w₀₁⁽⁰⁾', 'x₁', 'z₀⁽⁰⁾', 'a₀⁽⁰⁾', 'b₁⁽⁰⁾']
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import count

from autograd_engine.calls import Call
from autograd_engine.engine import Value
from autograd_engine.notes import Note
from autograd_engine.table import CONSTANT

LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

STATES = "hscgrmnou"
"""What the state of a recurrence is called, by the first of these that nothing else is."""

_STATE = re.compile(rf"[{STATES}](?![^\W\d₀-₉])")
_UNIT = re.compile(r"(?:(.*)\.)?neurons\.(\d+)$")
_LAYER = re.compile(r"(?:(.*)\.)?layers\.(\d+)$")


def number(data: float) -> str:
    """Return a number as a name.

    >>> number(2.0), number(-1.0 / 3.0)
    ('2', '−0.333333')
    """
    return f"{data:.6g}".replace("-", "\N{MINUS SIGN}")


def named(
    values: list[Value],
    operands: list[tuple[int, ...]],
    notes: list[Note],
    calls: list[Call],
    handed: list[list[dict[int, int]]],
) -> tuple[list[str], list[str], list[str]]:
    """Return the name of each value; its full one, of a parameter the path in its model; and the
    name that its label, place or step gives it, "" where there is none.

    `handed` is, for each repeat, each state that its steps hand on: its position by step.
    """
    labels = _unique([note.label for note in notes], set())
    titles = [note.place for note in notes]
    full = list(titles)
    for i, title, path in Places(operands, calls).titles():
        if not titles[i]:  # a weight may stand in two places
            titles[i], full[i] = title, path
    for i, title in _states(handed, {*labels, *titles}) if handed else ():
        titles[i] = titles[i] or title
    taken = set(labels)
    titles = _unique(["" if label else title for label, title in zip(labels, titles)], taken)
    given = [label or title for label, title in zip(labels, titles)]
    taken.update(titles)
    numbers = (text for n in count(1) if (text := f"v{n}") not in taken)
    names = [
        name or (number(value._data) if value._rule is CONSTANT else next(numbers))
        for name, value in zip(given, values)
    ]
    return names, [path or name for path, name in zip(full, names)], given


def _states(handed: list[list[dict[int, int]]], taken: set[str]) -> Iterator[tuple[int, str]]:
    """Yield position and name of what steps hand on: h₁, h₂, ..., of several h₀[1], h₁[1], ..."""
    begun = {text[0] for text in taken if _STATE.match(text)}
    letters = [letter for letter in STATES if letter not in begun]
    for states, letter in zip(handed, [*letters, *STATES * len(handed)]):
        for unit, places in enumerate(states):
            for t, i in places.items():
                title = f"{lowered(str(unit))}[{t}]" if len(states) > 1 else lowered(str(t))
                yield i, letter + title


def _unique(wanted: list[str], taken: set[str]) -> list[str]:
    """Return the names with a number behind those that are wanted twice, or taken."""
    often = Counter(wanted)
    twice = {text for text, n in often.items() if text and (n > 1 or text in taken)}
    if not twice:
        return wanted
    used = taken | (often.keys() - twice)
    last: Counter[str] = Counter()
    found = []
    for text in wanted:
        name = text
        while text in twice and (name == text or name in used):
            last[text] += 1
            name = f"{text}#{last[text]}"
        found.append(name)
    return found


class Places:
    """The places of neurons in the models of a graph."""

    def __init__(self, operands: list[tuple[int, ...]], calls: list[Call]) -> None:
        self.operands, self.calls = operands, calls
        self.neurons = [call for call in calls if call.dot >= 0]
        paths = {call.path for call in self.neurons}  # "neuron" is one that stands alone
        self.units = {p: _split(_UNIT, p) if p != "neuron" else ("", "") for p in paths}
        self.layers = {layer: _split(_LAYER, layer) for layer, _ in self.units.values()}
        self.wide = {layer for layer, unit in self.units.values() if unit not in ("", "0")}
        self.several = len({around for around, _ in self.layers.values()}) > 1
        self.first: dict[str, int] = {}  # of each model, the number of its first layer
        for around, n in self.layers.values():
            if n:
                self.first[around] = min(self.first.get(around, int(n)), int(n))

    def titles(self) -> Iterator[tuple[int, str, str]]:
        """Yield position, name and full name of what stands in neurons, and enters them."""
        stems = {path: self._stem(path) for path in self.units}
        fed: dict[int, set[str]] = defaultdict(set)  # by input, the models that it enters
        for call in self.neurons if self.several else ():
            for x in call.inputs:
                fed[x].add(stems[call.path][0])
        known: set[object] = set()  # neurons whose parameters have their names
        for call in self.neurons:
            before, row, above, below, path, first = stems[call.path]
            whole = self.calls[call.outer] if self.units[call.path][1] and call.outer >= 0 else call
            again = f"[{whole.number}]" if whole.count > 1 else ""
            if call.key not in known:
                known.add(call.key)
                operands = self.operands[call.dot]
                odd = len(operands) % 2
                if odd:
                    yield operands[0], f"{before}b{below}", f"{path}b"
                for k, w in enumerate(operands[odd::2]):
                    yield w, f"{before}w{lowered(row, str(k))}{above}", f"{path}w.{k}"
            for k, x in enumerate(call.inputs if first else ()):
                if not self.operands[x]:
                    # What several models are fed alike is called after none of them.
                    title = f"{before if len(fed[x]) == 1 else ''}x{lowered(str(k))}{again}"
                    yield x, title, title
            yield call.dot, f"{before}z{below}{again}", f"{path}z{again}"
            yield call.outputs[0], f"{before}a{below}{again}", f"{path}a{again}"

    def _stem(self, path: str) -> tuple[str, str, str, str, str, bool]:
        """Return what the names of a neuron's values have before and behind the letter."""
        layer, unit = self.units[path]
        around, n = self.layers[layer]
        before = f"{around}." if around and self.several else ""
        above = f"⁽{n.translate(RAISED)}⁾" if n and len(self.layers) > 1 else ""
        inner = "" if path == "neuron" else f"{path}."
        row = unit if layer in self.wide else ""
        first = not n or int(n) == self.first[around]
        return before, row, above, lowered(row) + above, inner, first


def lowered(*indices: str) -> str:
    """Return indices below the line, those of several digits apart.

    >>> lowered("1", "2"), lowered("10", "2")
    ('₁₂', '₁₀,₂')
    """
    joint = "," if any(len(index) > 1 for index in indices) else ""
    return joint.join(filter(None, indices)).translate(LOWERED)


def _split(pattern: re.Pattern[str], path: str) -> tuple[str, str]:
    """Return what a unit or a layer stands in and its number, "" where it has none."""
    match = pattern.match(path)
    return (match[1] or "", match[2]) if match else (path, "")

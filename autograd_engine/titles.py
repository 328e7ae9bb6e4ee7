"""Titles: the one name of each value of a graph.

A label comes first. Weights, biases, weighted sums and activations of neurons are called by their
place, other parameters by their path in the model, what a first layer is fed x₀, x₁, ...; all
else is numbered v1, v2, ..., and a constant is its number.

>>> from autograd_engine.nn import MLP
>>> from autograd_engine.survey import Survey
>>> Survey(MLP(2, [2, 1])([3.0, 4.0])).names[:8]
['b₀⁽⁰⁾', 'w₀₀⁽⁰⁾', 'x₀', 'w₀₁⁽⁰⁾', 'x₁', 'z₀⁽⁰⁾', 'a₀⁽⁰⁾', 'b₁⁽⁰⁾']
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from autograd_engine.table import CONSTANT

if TYPE_CHECKING:
    from autograd_engine.survey import Survey

LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

_PLACE = re.compile(r"(?:(?P<layer>.*?)\.)?neurons\.(?P<unit>\d+)$")
_LAYER = re.compile(r"(?:(?P<around>.*)\.)?layers\.(?P<number>\d+)$")


def number(data: float) -> str:
    """Return a number as a name.

    >>> number(2.0), number(-1.0 / 3.0)
    ('2', '-0.333333')
    """
    return f"{data:.6g}"


def named(survey: Survey) -> list[str]:
    """Return the name of each value."""
    names = _unique([note.label for note in survey.notes], set())
    taken = set(names)
    wanted = ["" if name else short for name, (short, _) in zip(names, _placed(survey))]
    names = [name or short for name, short in zip(names, _unique(wanted, taken))]
    taken = set(names)
    count = 0
    for i, value in enumerate(survey.values):
        if names[i]:
            continue
        if value._rule is CONSTANT:
            names[i] = number(value._data)
            continue
        count += 1
        while f"v{count}" in taken:
            count += 1
        names[i] = f"v{count}"
    return names


def in_full(survey: Survey) -> list[str]:
    """Return the name of each value, by its whole path where it has one."""
    paths = [full for _, full in _placed(survey)]
    return [
        name if note.label else full or name
        for note, full, name in zip(survey.notes, paths, survey.names)
    ]


def _unique(wanted: list[str], taken: set[str]) -> list[str]:
    """Return the names with a number behind those that are wanted twice, or taken."""
    count = Counter(wanted)
    used = taken | {text for text, n in count.items() if n == 1}
    numbers: Counter[str] = Counter()
    found = []
    for text in wanted:
        if text and (count[text] > 1 or text in taken):
            base = text
            while text == base or text in used:
                numbers[base] += 1
                text = f"{base}#{numbers[base]}"
        found.append(text)
    return found


def _placed(survey: Survey) -> list[tuple[str, str]]:
    """Return for each value the short and the full name that its place in a model gives it."""
    found = [(note.place, note.place) for note in survey.notes]
    neurons = [call for call in survey.calls if call.dot >= 0]
    places = [_place(call.path) for call in neurons]
    layers = {layer for layer, _ in places}
    wide = {layer for layer, unit in places if unit not in ("", "0")}
    arounds = {_split(layer)[0] for layer in layers}
    lowest: dict[str, int] = {}
    for around, n in map(_split, layers):
        if n:
            lowest[around] = min(lowest.get(around, int(n)), int(n))
    for call, (layer, unit) in zip(neurons, places):
        around, n = _split(layer)
        before = f"{around}." if len(arounds) > 1 and around else ""
        above = f"⁽{n.translate(RAISED)}⁾" if n and len(layers) > 1 else ""
        outer = survey.calls[call.outer] if unit and call.outer >= 0 else call
        again = f"[{outer.number}]" if outer.count > 1 else ""
        unit = unit if layer in wide else ""
        full = "" if call.path == "neuron" else f"{call.path}."
        operands = survey.operands[call.dot]
        odd = len(operands) % 2

        def title(letter: str, *indices: str, above: str = above, before: str = before) -> str:
            joint = "," if any(len(index) > 1 for index in indices) else ""
            return before + letter + joint.join(filter(None, indices)).translate(LOWERED) + above

        if odd:
            _set(found, operands[0], title("b", unit), f"{full}b")
        for k, (w, x) in enumerate(zip(operands[odd::2], operands[odd + 1 :: 2])):
            _set(found, w, title("w", unit, str(k)), f"{full}w.{k}")
            first = not n or int(n) == lowest[around]
            if first and not survey.operands[x]:
                name = f"{before}x{str(k).translate(LOWERED)}{again}"
                _set(found, x, name, name)
        _set(found, call.dot, title("z", unit) + again, f"{full}z{again}")
        for output in call.outputs:
            _set(found, output, title("a", unit) + again, f"{full}a{again}")
    return found


def _set(found: list[tuple[str, str]], i: int, name: str, full: str) -> None:
    if not found[i][0]:
        found[i] = name, full


def _place(path: str) -> tuple[str, str]:
    """Return the layer of a neuron and its number in it, "" for one that stands alone."""
    match = _PLACE.match(path)
    if match:
        return match["layer"] or "", match["unit"]
    return "" if path == "neuron" else path, ""


def _split(layer: str) -> tuple[str, str]:
    """Return what a layer stands in and its number, "" where it has a name of its own."""
    match = _LAYER.match(layer)
    return (match["around"] or "", match["number"]) if match else (layer, "")

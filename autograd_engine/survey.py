"""Survey: a graph as flat lists, made in one pass, which views, diagnosis and compiler read.

>>> a, b = Value(2.0, "a"), Value(-3.0, "b")
>>> survey = Survey(a * b + a)
>>> survey.operands, survey.names
([(), (), (0, 1), (2, 0)], ['a', 'b', 'v1', 'v2'])

The one name of each value: a label comes first. Weights, biases, weighted sums and activations of
neurons are called by their place, other parameters by their path in the model, what a first layer
is fed x₀, x₁, ..., what the steps of a recurrence hand on h₁, h₂, ...; all else is numbered, and a
constant is its number.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache, cached_property
from itertools import chain, count
from typing import Any

from autograd_engine.calls import Call, Finder
from autograd_engine.engine import Value
from autograd_engine.gradients import adjoints_of, honest
from autograd_engine.graph import _numbered
from autograd_engine.notes import NOTHING, Note
from autograd_engine.recurrences import find, turning
from autograd_engine.repeats import Graph, Repeat
from autograd_engine.table import CONSTANT, LEAF

LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

STATES = "hscgrmnou"  # the state of a recurrence is called by the first that nothing else is
_STATE = re.compile(rf"[{STATES}](?![^\W\d₀-₉])")


def number(data: float) -> str:
    """Return a number as a name."""
    return f"{data:.6g}".replace("-", "\N{MINUS SIGN}")


def _states(handed: list[list[dict[int, int]]], taken: set[str]) -> Iterator[tuple[int, str]]:
    """Yield position and name of what steps hand on: h₁, h₂, ..., of several h₀[1], h₁[1], ..."""
    begun = {text[0] for text in taken if _STATE.match(text)}
    letters = [letter for letter in STATES if letter not in begun]
    for states, letter in zip(handed, [*letters, *STATES * len(handed)]):
        for unit, steps in enumerate(states):
            for t, i in steps.items():
                title = f"{unit}".translate(LOWERED) + f"[{t}]" if len(states) > 1 else ""
                yield i, letter + (title or f"{t}".translate(LOWERED))


def places(operands: list[tuple[int, ...]], calls: list[Call]) -> Iterator[tuple[int, str, str]]:
    """Yield position, name and full name of what stands in neurons, and enters them."""
    neurons = [call for call in calls if call.dot >= 0]
    units = [_split("neurons", call.path) for call in neurons]  # of each its layer and number
    layers = {layer: _split("layers", layer) for layer, _ in units}  # of each its model and number
    wide = {layer for layer, unit in units if unit not in ("", "0")}
    least: dict[str, int] = {}  # the number of the first layer of each model
    for model, n in layers.values():
        if n:
            least[model] = min(int(n), least.get(model, int(n)))
    several = len({model for model, _ in layers.values()}) > 1
    fed: dict[int, set[str]] = defaultdict(set)  # by input, the models that it enters
    for call, (layer, _) in zip(neurons, units):
        for x in call.inputs if several else ():
            fed[x].add(layers[layer][0])
    known: set[object] = set()  # neurons whose parameters have their names
    for call, (layer, unit) in zip(neurons, units):
        model, n = layers[layer]
        before = f"{model}." * bool(model and several)
        path = f"{call.path}." * (call.path != "neuron")
        row = unit * (layer in wide)
        above = f"⁽{n.translate(RAISED)}⁾" * bool(n and len(layers) > 1)
        below = lowered(row) + above
        whole = calls[call.outer] if unit and call.outer >= 0 else call
        again = f"[{whole.number}]" if whole.count > 1 else ""
        if call.key not in known:
            known.add(call.key)
            given = operands[call.dot]
            odd = len(given) % 2
            if odd:
                yield given[0], f"{before}b{below}", f"{path}b"
            for k, w in enumerate(given[odd::2]):
                yield w, f"{before}w{lowered(row, str(k))}{above}", f"{path}w.{k}"
        for k, x in enumerate(call.inputs if not n or int(n) == least[model] else ()):
            if not operands[x]:
                # What several models are fed alike is called after none of them.
                title = f"{before if len(fed[x]) == 1 else ''}x{lowered(str(k))}{again}"
                yield x, title, title
        yield call.dot, f"{before}z{below}{again}", f"{path}z{again}"
        yield call.outputs[0], f"{before}a{below}{again}", f"{path}a{again}"


def lowered(*indices: str) -> str:
    """Return indices below the line, those of several digits apart."""
    joint = "," if any(len(index) > 1 for index in indices) else ""
    return joint.join(filter(None, indices)).translate(LOWERED)


@cache
def _split(what: str, path: str) -> tuple[str, str]:
    """Return what a unit or a layer stands in and its number, "" where it has none."""
    match = re.fullmatch(rf"(?:(.*)\.)?{what}\.(\d+)", path)
    alone = path != "neuron" and path  # that is one that stands in nothing
    return (match[1] or "", match[2]) if match else (alone or "", "")


class Survey:
    """A recorded graph as lists, every operand before its uses.

    `values` in topological order, each with its `position` by id; `operands` the positions of the
    operands of each, in order, repeats kept, none of a value that nobody computed; `outputs` the
    positions of what was asked for. The rest is found when it is first asked for.
    """

    names: list[str]  # the one name of each value, in every view; of a constant without, its number
    full_names: list[str]  # the same, those of parameters by the whole path in their model
    given_names: list[str]  # the same, but "" where a value is only numbered, or a constant
    calls: list[Call]  # the uses of modules and regions, the outer ones first
    call_of: list[int]  # the innermost call in which each value stands, -1 where it stands in none
    homes: list[str]  # the path of the module or region in which each stands, "" where in none
    lent: dict[int, int]  # the leaves that several calls of one module alone use: with the first

    def __init__(self, *outputs: Value) -> None:
        self.values, self.position, self.operands = _numbered(*outputs)
        self.outputs = [self.position[id(output)] for output in outputs]
        self.output = outputs[-1]

    def __getattr__(self, name: str) -> Any:
        if name in ("calls", "call_of", "homes", "lent"):
            finder = Finder(self)
            self.calls, self.call_of, self.homes = finder.calls, finder.of, finder.homes
            self.lent = finder.lent
        elif name in ("names", "full_names", "given_names"):
            self._name_all()
        else:
            raise AttributeError(f"a Survey has no {name!r}", name=name, obj=self)
        return getattr(self, name)

    @cached_property
    def uses(self) -> list[int]:
        """How often each value is an operand."""
        return list(map(Counter(chain(*self.operands)).__getitem__, range(len(self.values))))

    @cached_property
    def leaves(self) -> list[int]:
        """The positions of the leaves, constants left out."""
        return [i for i, value in enumerate(self.values) if value._rule is LEAF]

    @cached_property
    def notes(self) -> list[Note]:
        """The note of each value, an empty one where it has none."""
        return [getattr(value, "_note", NOTHING) for value in self.values]

    def _name_all(self) -> None:
        titles = [note.place for note in self.notes]
        full = titles.copy()
        for i, title, path in places(self.operands, self.calls):
            if not titles[i]:  # a weight may stand in two places
                titles[i], full[i] = title, path
        given = [note.label or title for note, title in zip(self.notes, titles)]
        handed = [self._handed_on(repeat) for repeat in self.repeats]
        for i, title in _states(handed, set(given)) if handed else ():
            given[i] = given[i] or title
        wanted = Counter(given)
        twice = {text: count(1) for text, n in wanted.items() if text and n > 1}
        for i, text in enumerate(given if twice else ()):
            if text in twice:  # it gets a number behind it
                given[i] = next(name for n in twice[text] if (name := f"{text}#{n}") not in wanted)
        numbers = (text for n in count(1) if (text := f"v{n}") not in wanted)
        self.names = [
            name or (number(value._data) if value._rule is CONSTANT else next(numbers))
            for name, value in zip(given, self.values)
        ]
        self.full_names = [path or name for path, name in zip(full, self.names)]
        self.given_names = given

    def name(self, value: Value) -> str:
        """Return the name of a value; one of another graph has its label, or is its number."""
        i = self.position.get(id(value))
        return value.label or number(value._data) if i is None else self.names[i]

    @cached_property
    def short(self) -> dict[str, str]:
        """What stands in formulas for each long name: both ends of it, but where some are alike."""
        found = {text: f"{text[:12]}…{text[-7:]}" for text in self.names if len(text) > 20}
        many = Counter(found.values())
        return {text: short for text, short in found.items() if many[short] == 1}

    @cached_property
    def honest(self) -> bool:
        """Whether derivatives are recorded in the graph: then 0 times infinity is NaN."""
        return honest(self.values, [])

    @cached_property
    def adjoints(self) -> list[float]:
        """The derivative of the output by each value, from the partials as recorded."""
        found = adjoints_of(self.output, honestly=self.honest)
        return [found.get(id(value), 0.0) for value in self.values]

    @cached_property
    def repeats(self) -> list[Repeat]:
        """The recurrences of the graph, the largest first; their places are positions."""
        tokens = [
            value._rule if below else repr(value._data) if value._rule is CONSTANT else None
            for value, below in zip(self.values, self.operands)
        ]
        return find(Graph(tokens, self.operands, merge=False))

    def states(self, repeat: Repeat) -> list[list[int]]:
        """Return for each step the positions of what it hands on to the next, sums left out."""
        handed = self._handed_on(repeat)
        return [[state[t] for state in handed] for t in range(1, repeat.steps + 1)]

    def _handed_on(self, repeat: Repeat) -> list[dict[int, int]]:
        """Return for each state its position by step, also of what stands for it before step 1."""
        found: dict[int, dict[int, int]] = {}
        for p in sorted(repeat.states.keys() & turning(repeat.rules, repeat.operands)):
            found[p] = {1 - lag: i for (q, lag), i in repeat.init.items() if q == p}
            found[p].update((t, row[p]) for t, row in enumerate(repeat.places, 1))
        return [*found.values()]

    def deltas(self, repeat: Repeat) -> list[tuple[int, float]]:
        """Return δ of the state over the steps, counted from 1: the derivative of the output by
        what a step hands on; where that is several values, the norm of their derivatives.
        """
        rows = [[self.adjoints[i] for i in row] for row in self.states(repeat)]
        norms = [row[0] if len(row) == 1 else math.hypot(*row) for row in rows]
        return list(enumerate(norms, 1))

    def at(self, numbers: Mapping[int, float]) -> float:
        """Return the output with other numbers in the leaves at some positions, NaN without one."""
        now = [numbers.get(i, value._data) for i, value in enumerate(self.values)]
        with suppress(ArithmeticError, ValueError):
            for i, operands in enumerate(self.operands):
                if self.values[i]._x is not None:
                    now[i] = self.values[i]._rule.forward(*[now[j] for j in operands])
            return now[-1]
        return math.nan

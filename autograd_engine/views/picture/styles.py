"""From a folding to a scene: the classic picture, and the compact one.

Classic is micrograd's: a record for each value, and a small oval for the operation that made
it. Compact has one node for each value, the operation inside.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from autograd_engine.engine import Value
from autograd_engine.primitives import Primitive
from autograd_engine.table import CONSTANT
from autograd_engine.views.layout.scene import INPUTS, Arrow, Box, Cluster, Scene, readable
from autograd_engine.views.picture.folding import Folding, caption
from autograd_engine.words import counted


def decimal(number: float, places: int) -> str:
    """Return the number with so many decimals, or significant digits where decimals mislead.

    >>> decimal(2.0, 4), decimal(1.5e-07, 4), decimal(float("nan"), 2)
    ('2.0000', '1.5e-07', 'nan')
    """
    text = f"{number:.{places}f}"
    if abs(number) < 1e5 and (abs(number) >= 0.1 or float(text) == number):
        return text
    return f"{number:.{max(places, 4) if abs(number) >= 1.0 else places}g}"


def compose(
    folding: Folding, direction: str, classic: bool = False, focus: int | None = None
) -> Scene:
    """Return the scene of a folding; its outputs, and what is in focus, are emphasised."""
    bold = {*folding.survey.outputs, *([] if focus is None else [focus])}
    composer = _Composer(folding, direction, classic, bold)
    composer.add_all()
    composer.connect()
    return Scene(
        direction,
        tuple(composer.boxes),
        tuple(composer.arrows),
        tuple(composer.clusters),
        f"computation graph of {counted(len(folding.survey.values), 'value')}",
    )


@dataclass
class _Composer:
    folding: Folding
    direction: str
    classic: bool
    bold: set[int]
    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)
    cluster_of: dict[int, int] = field(default_factory=lambda: {0: -1})  # group -> its frame
    folded: dict[int, int] = field(default_factory=dict)  # group -> its box
    shown_by: list[int] = field(default_factory=list)  # value -> its box

    def __post_init__(self) -> None:
        values = self.folding.survey.values
        self.swept = any(values[i].grad for i in self.folding.survey.outputs)
        self.inputs = inputs(self.folding)

    def add_all(self) -> None:
        """Add the boxes and the ovals of operations, and note which box shows each value."""
        folding = self.folding
        closed = [folding.closed(number) for number in range(len(folding.groups))]
        for i, home in enumerate(folding.home):
            group = closed[home]
            if group < 0:
                self.shown_by.append(self._value(i, home))
                continue
            if group not in self.folded:
                self.folded[group] = len(self.boxes)
                self.boxes.append(Box("folded", ("",)))  # until it is known what leaves it
            self.shown_by.append(self.folded[group])
        leaving: dict[int, set[int]] = {place: set() for place in self.folded.values()}
        for i, given in enumerate(folding.operands):
            here = self.shown_by[i]
            for o in given:
                there = self.shown_by[o]
                if there != here and there in leaving:
                    leaving[there].add(o)
        for i in self.bold:
            leaving.get(self.shown_by[i], set()).add(i)
        for group, place in self.folded.items():
            self.boxes[place] = self._folded(group, leaving[place])

    def _folded(self, group: int, leaving: set[int]) -> Box:
        folding = self.folding
        kind = folding.groups[group].kind
        lines = caption(folding, group)
        if len(leaving) == 1 and kind not in ("hidden", "leaves"):
            lines += self._numbers(folding.survey.values[min(leaving)], 2)
        bold = any(i in leaving for i in self.bold)
        look = "hidden" if kind == "hidden" else "folded"
        cluster = self._cluster(folding.groups[group].parent)
        row = _row(folding.groups[group].title)
        return Box(look, (readable("\n".join(lines)),), True, bold, cluster, row)

    def _numbers(self, value: Value, places: int) -> list[str]:
        """Return data and gradient; before any sweep there is none to show."""
        shown = value._rule is not CONSTANT and (self.swept or value.grad)
        grad = [f"grad {decimal(value.grad, places)}"] if shown else []
        return [f"data {decimal(value.data, places)}", *grad]

    def _value(self, i: int, home: int) -> int:
        """Add the box of a value, and return its place."""
        value, cluster, place = self.folding.survey.values[i], self._cluster(home), len(self.boxes)
        made = bool(self.folding.operands[i])
        kind = "result" if made else "constant" if value._rule is CONSTANT else "leaf"
        numbers = self._numbers(value, 4 if self.classic else 2)
        name, op = readable(self.folding.survey.names[i]), readable(value.op)
        if kind == "constant" and not self.folding.survey.given_names[i]:
            numbers = []  # it is called by its number
        if self.classic:
            fields, stacked = [name, *numbers], self.direction in ("TB", "BT")
        else:
            fields, stacked = [f"{name}: {op}" if op else name], True
            fields += ["\n".join(numbers)] if numbers else []
        row = (INPUTS, i) if i in self.inputs else ("", 0)
        self.boxes.append(Box(kind, tuple(fields), stacked, i in self.bold, cluster, row))
        if self.classic and made:
            oval = Box("operation", (readable(value.op) or "?",), cluster=cluster)
            self.boxes.append(oval)
            self.arrows.append(Arrow(place + 1, place))
        return place

    def connect(self) -> None:
        """Add the arrows, those from and to folded boxes merged, with their number."""
        folding, shown_by = self.folding, self.shown_by
        single = [box.kind not in ("folded", "hidden") for box in self.boxes]
        merged = Counter(
            (shown_by[o], here)
            for i, given in enumerate(folding.operands)
            if not single[here := shown_by[i]]
            for o in given
            if shown_by[o] != here
        )
        for i, place in enumerate(shown_by):
            if single[place]:
                self._arrows(i, place + self.classic, single, merged)
        for (tail, head), n in merged.items():
            self.arrows.append(Arrow(tail, head, f"×{n:,}" if n > 1 else ""))

    def _arrows(
        self, i: int, head: int, single: list[bool], merged: Counter[tuple[int, int]]
    ) -> None:
        """Add the arrows to one value."""
        value, given = self.folding.survey.values[i], self.folding.operands[i]
        numbered = len(given) == 2 and _ordered(value._rule)
        digits = 4 if self.classic else 3
        tails = [self.shown_by[o] for o in given]
        several = Counter(tails)
        for k, (tail, partial) in enumerate(zip(tails, value.partials or (None,) * len(given))):
            if not single[tail] and several[tail] > 1:
                merged[tail, head] += 1
                continue
            label = "" if partial is None else f"∂ {partial:.{digits}g}"
            self.arrows.append(Arrow(tail, head, label, str(k + 1) if numbered else ""))

    def _cluster(self, group: int) -> int:
        """Return the number of the frame round this group, adding those that are new."""
        for number in self.folding.path(group):
            if number not in self.cluster_of:
                title = readable(", ".join([self.folding.short(number), *self._uses(number)]))
                outer = self.cluster_of[self.folding.groups[number].parent]
                self.cluster_of[number] = len(self.clusters)
                self.clusters.append(Cluster(title, outer, _row(self.folding.groups[number].title)))
        return self.cluster_of[group]

    def _uses(self, number: int) -> list[str]:
        group = self.folding.groups[number]
        return group.notes if group.kind == "repeat" else []


def inputs(folding: Folding) -> set[int]:
    """Return the leaves and constants beside all groups that the first modules are given."""
    survey = folding.survey
    return {
        i
        for call in survey.calls
        if call.outer < 0 and all(not survey.operands[j] for j in call.inputs)
        for i in call.inputs
        if folding.groups[folding.home[i]].kind in ("", "leaves")
    }


def _row(title: str) -> tuple[str, int]:
    """Return the row of units in which a group stands, and its number there."""
    found = re.fullmatch(r"(.*\D)(\d+)(, .*)?", title)
    return (found[1] + (found[3] or ""), int(found[2])) if found else ("", 0)


@lru_cache(maxsize=256)
def _ordered(rule: Primitive) -> bool:
    """Say whether a primitive of two operands gives something else of them exchanged."""
    try:
        return bool(rule.forward(0.5, 0.75) != rule.forward(0.75, 0.5))
    except Exception:  # the user's own may do anything
        return True

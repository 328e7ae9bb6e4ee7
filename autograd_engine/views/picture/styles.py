"""From a folding to a scene: the classic picture, and the compact one.

Classic is micrograd's: a record for each value, and a small oval for the operation that made
it. Compact has one node for each value, the operation inside.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import lru_cache
from itertools import chain

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
    made = _Composer(folding, direction, classic, bold)
    size = counted(len(folding.survey.values), "value")
    parts = tuple(made.boxes), tuple(made.arrows), tuple(made.clusters)
    return Scene(direction, *parts, f"computation graph of {size}")


class _Composer:
    def __init__(self, folding: Folding, direction: str, classic: bool, bold: set[int]) -> None:
        self.folding, self.direction, self.classic, self.bold = folding, direction, classic, bold
        self.values, self.operands = folding.survey.values, folding.operands
        self.swept = any(self.values[i].grad for i in folding.survey.outputs)
        self.inputs = _inputs(folding)
        self.boxes: list[Box] = []
        self.arrows: list[Arrow] = []
        self.clusters: list[Cluster] = []
        self.frames = {0: -1}  # group -> its frame
        self.merged = Counter[tuple[int, int]]()  # how many arrows from and to folded boxes
        self.leaving: dict[int, set[int]] = defaultdict(set)
        closed = [folding.closed(number) for number in range(len(folding.groups))]
        # What shows each value: itself, or a folded group, written as in `members`.
        self.shown = [i if closed[h] < 0 else ~closed[h] for i, h in enumerate(folding.home)]
        given: dict[int, list[tuple[int, ...]]] = defaultdict(list)
        for head, operands in zip(self.shown, self.operands):
            given[head].append(operands)
        for head, several in given.items():
            for o, n in Counter(chain.from_iterable(several)).items():
                tail = self.shown[o]
                if tail < 0 and tail != head:
                    self.leaving[tail].add(o)
                if head < 0 and tail != head:
                    self.merged[tail, head] += n
        for i in bold:
            self.leaving[self.shown[i]].add(i)
        self.place: dict[int, int] = {}  # the box of what is shown
        for shown in self.shown:
            if shown not in self.place:
                self.place[shown] = len(self.boxes)
                self._add_value(shown) if shown >= 0 else self._add_folded(~shown)
        for i, shown in enumerate(self.shown):
            if shown >= 0:
                self._connect(i)
        for (tail, head), n in self.merged.items():
            to = self.place[head] + (self.classic and head >= 0)
            self.arrows.append(Arrow(self.place[tail], to, f"×{n:,}" if n > 1 else ""))

    def _add_folded(self, number: int) -> None:
        group, leaving = self.folding.groups[number], self.leaving[~number]
        lines = caption(self.folding, number)
        if len(leaving) == 1 and group.kind not in ("hidden", "leaves"):
            lines += self._numbers(self.values[min(leaving)], 2)
        look = "hidden" if group.kind == "hidden" else "folded"
        bold, cluster = not leaving.isdisjoint(self.bold), self._frame(group.parent)
        fields = (readable("\n".join(lines)),)
        self.boxes.append(Box(look, fields, True, bold, cluster, _row(group.title)))

    def _numbers(self, value: Value, places: int) -> list[str]:
        """Return data and gradient; before any sweep there is none to show."""
        shown = value._rule is not CONSTANT and (self.swept or value.grad)
        grad = [f"grad {decimal(value.grad, places)}"] if shown else []
        return [f"data {decimal(value.data, places)}", *grad]

    def _add_value(self, i: int) -> None:
        value, survey = self.values[i], self.folding.survey
        kind = "constant" if value._rule is CONSTANT else "leaf"
        kind = "result" if self.operands[i] else kind
        name, op = readable(survey.names[i]), readable(value.op)
        unnamed = kind == "constant" and not survey.given_names[i]  # it is called by its number
        numbers = [] if unnamed else self._numbers(value, 4 if self.classic else 2)
        stacked = not self.classic or self.direction in ("TB", "BT")
        compact = [f"{name}: {op}" if op else name, *(["\n".join(numbers)] if numbers else [])]
        fields = [name, *numbers] if self.classic else compact
        row, cluster = (
            (INPUTS, i) if i in self.inputs else ("", 0),
            self._frame(self.folding.home[i]),
        )
        self.boxes.append(Box(kind, tuple(fields), stacked, i in self.bold, cluster, row))
        if self.classic and kind == "result":
            self.arrows.append(Arrow(len(self.boxes), len(self.boxes) - 1))
            self.boxes.append(Box("operation", (op or "?",), cluster=cluster))

    def _connect(self, i: int) -> None:
        """Add the arrows to one value; those from one folded box are merged."""
        value, tails = self.values[i], [self.shown[o] for o in self.operands[i]]
        numbered = len(tails) == 2 and ordered(value._rule)
        digits, several = 4 if self.classic else 3, Counter(tails)
        for k, (tail, partial) in enumerate(zip(tails, value.partials or [None] * len(tails))):
            if tail < 0 and several[tail] > 1:
                self.merged[tail, i] += 1
                continue
            label = "" if partial is None else f"∂ {partial:.{digits}g}"
            ends = self.place[tail], self.place[i] + self.classic
            self.arrows.append(Arrow(*ends, label, str(k + 1) if numbered else ""))

    def _frame(self, group: int) -> int:
        """Return the number of the frame round this group, adding those that are new."""
        for number in self.folding.path(group):
            if number not in self.frames:
                here, uses = self.folding.groups[number], [self.folding.short(number)]
                uses += here.notes if here.kind == "repeat" else []
                outer, self.frames[number] = self.frames[here.parent], len(self.clusters)
                title = readable(", ".join(uses))
                self.clusters.append(Cluster(title, outer, _row(here.title)))
        return self.frames[group]


def _inputs(folding: Folding) -> set[int]:
    """Return the leaves and constants beside all groups that the first modules are given."""
    operands, calls = folding.operands, [c for c in folding.survey.calls if c.outer < 0]
    first = [call for call in calls if not any(operands[i] for i in call.inputs)]
    beside = [group.kind in ("", "leaves") for group in folding.groups]
    return {i for call in first for i in call.inputs if beside[folding.home[i]]}


def _row(title: str) -> tuple[str, int]:
    """Return the row of units in which a group stands, and its number there."""
    found = re.fullmatch(r"(.*\D)(\d+)(, .*)?", title)
    return (found[1] + (found[3] or ""), int(found[2])) if found else ("", 0)


@lru_cache(maxsize=256)
def ordered(rule: Primitive) -> bool:
    """Say whether a primitive of two operands gives something else of them exchanged."""
    try:
        return bool(rule.forward(0.5, 0.75) != rule.forward(0.75, 0.5))
    except Exception:  # the user's own may do anything
        return True

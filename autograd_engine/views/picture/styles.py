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
from autograd_engine.table import CONSTANT, LEAF
from autograd_engine.views.layout.scene import INPUTS, Arrow, Box, Cluster, Scene, readable
from autograd_engine.views.picture.folding import Folding
from autograd_engine.words import counted, operations


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
    made = _Composer(folding, direction, classic, {*folding.survey.outputs, focus})
    parts = tuple(made.boxes), tuple(made.arrows), tuple(made.clusters)
    size = counted(len(folding.survey.values), "value")
    return Scene(direction, *parts, f"computation graph of {size}")


class _Composer:
    def __init__(
        self, folding: Folding, direction: str, classic: bool, bold: set[int | None]
    ) -> None:
        self.folding, self.survey, self.classic, self.bold = folding, folding.survey, classic, bold
        self.values, self.operands = self.survey.values, self.survey.operands
        self.stacked = not classic or direction in ("TB", "BT")
        self.swept = any(self.values[i].grad for i in self.survey.outputs)
        self.inputs = _inputs(folding)
        self.boxes: list[Box] = []
        self.arrows: list[Arrow] = []
        self.clusters: list[Cluster] = []
        self.frames = {0: -1}  # group -> its frame
        self.merged = Counter[tuple[int, int]]()  # how many arrows from and to folded boxes
        closed = [folding.closed(number) for number in range(len(folding.groups))]
        # What shows each value: itself, or a folded group, written as in `members`.
        self.shown = [i if closed[h] < 0 else ~closed[h] for i, h in enumerate(folding.home)]
        leaving: dict[int, set[int]] = defaultdict(set)
        given: dict[int, list[tuple[int, ...]]] = defaultdict(list)
        for head, operands in zip(self.shown, self.operands):
            given[head].append(operands)
        for head, several in given.items():
            for o, n in Counter(chain.from_iterable(several)).items():
                tail = self.shown[o]
                if tail < 0 and tail != head:
                    leaving[tail].add(o)
                if head < 0 and tail != head:
                    self.merged[tail, head] += n
        for i in bold:
            if i is not None:
                leaving[self.shown[i]].add(i)
        self.place: dict[int, int] = {}  # the box of what is shown
        for head in self.shown:
            if head not in self.place:
                self.place[head] = len(self.boxes)
                self._add_value(head) if head >= 0 else self._add_folded(~head, leaving[head])
        for head in self.shown:
            if head >= 0:
                self._connect(head)
        for (tail, head), n in self.merged.items():
            self._add_arrow(tail, head, f"×{n:,}" if n > 1 else "")

    def _numbers(self, value: Value, places: int) -> list[str]:
        """Return data and gradient; before any sweep there is none to show."""
        shown = value._rule is not CONSTANT and (self.swept or value.grad)
        grad = [f"grad {decimal(value.grad, places)}"] if shown else []
        return [f"data {decimal(value.data, places)}", *grad]

    def _add_folded(self, number: int, leaving: set[int]) -> None:
        group, lines = self.folding.groups[number], caption(self.folding, number)
        if len(leaving) == 1 and group.kind not in ("hidden", "leaves"):
            lines += self._numbers(self.values[min(leaving)], 2)
        look, fields = (
            "hidden" if group.kind == "hidden" else "folded",
            [readable("\n".join(lines))],
        )
        bold, cluster = not leaving.isdisjoint(self.bold), self._frame(group.parent)
        self.boxes.append(Box(look, (*fields,), True, bold, cluster, _row(group.title)))

    def _add_value(self, i: int) -> None:
        value, constant = self.values[i], self.values[i]._rule is CONSTANT
        kind = "result" if self.operands[i] else "constant" if constant else "leaf"
        name, op = readable(self.survey.names[i]), readable(value.op)
        unnamed = constant and not self.survey.given_names[i]  # it is called by its number
        fields = [] if unnamed else self._numbers(value, 4 if self.classic else 2)
        if not self.classic:
            name, fields = f"{name}: {op}" if op else name, ["\n".join(fields)] * bool(fields)
        row = (INPUTS, i) if i in self.inputs else ("", 0)
        bold, cluster = i in self.bold, self._frame(self.folding.home[i])
        self.boxes.append(Box(kind, (name, *fields), self.stacked, bold, cluster, row))
        if self.classic and kind == "result":
            self.arrows.append(Arrow(len(self.boxes), len(self.boxes) - 1))
            self.boxes.append(Box("operation", (op or "?",), cluster=cluster))

    def _connect(self, i: int) -> None:
        """Add the arrows to one value; those from one folded box are merged."""
        tails, value = [self.shown[o] for o in self.operands[i]], self.values[i]
        several, numbered = Counter(tails), len(tails) == 2 and ordered(value._rule)
        for k, (tail, partial) in enumerate(zip(tails, value.partials or [None] * len(tails)), 1):
            if tail < 0 and several[tail] > 1:
                self.merged[tail, i] += 1
            else:
                label = "" if partial is None else f"∂ {partial:.{4 if self.classic else 3}g}"
                self._add_arrow(tail, i, label, str(k) if numbered else "")

    def _add_arrow(self, tail: int, head: int, label: str, which: str = "") -> None:
        to = self.place[head] + (self.classic and head >= 0)  # the operation, behind its value
        self.arrows.append(Arrow(self.place[tail], to, label, which))

    def _frame(self, group: int) -> int:
        """Return the number of the frame round this group, adding those that are new."""
        for number in self.folding.path(group):
            if number not in self.frames:
                here, uses = self.folding.groups[number], [self.folding.short(number)]
                uses += here.notes if here.kind == "repeat" else []
                outer, self.frames[number] = self.frames[here.parent], len(self.clusters)
                self.clusters.append(Cluster(readable(", ".join(uses)), outer, _row(here.title)))
        return self.frames[group]


def caption(folding: Folding, number: int, short: bool = False) -> list[str]:
    """Return the lines of a folded group: its title, how often it is used, what is in it."""
    group, inside = folding.groups[number], folding.inside[number]
    values, operands = folding.survey.values, folding.operands
    if group.kind == "hidden":
        return [f"… {counted(len(inside), 'more value')}"]
    title = folding.short(number) if short else group.title
    leaves = sum(values[i]._rule is LEAF for i in inside)
    if group.kind == "leaves":
        more = ["" if title[:1].isdigit() else counted(len(inside), "leaf")]
    else:
        size = [counted(len(inside), "value")] if len(inside) > leaves else []
        more = [", ".join([*_held(folding, number), *size])]
        more.append(counted(leaves, "leaf") if leaves else "")
        if group.kind != "repeat":
            more.append(operations([values[i].op for i in inside if operands[i]], 3))
    return [*filter(None, [title, *group.notes, *more])]


def _held(folding: Folding, number: int) -> list[str]:
    """Return how many groups of which kind a group holds, such as "16 neurons"."""
    group = folding.groups[number]
    if group.kind not in ("call", "region", "step"):
        return []
    around = f"{group.title.partition(',')[0]}."
    paths = (folding.around[i][group.level : group.level + 1] for i in folding.inside[number])
    levels = dict.fromkeys(level for path in paths for level in path)
    held = {level[:2]: level.title.removeprefix(around) for level in levels}
    words = Counter(title.split(".")[0] for title in held.values())
    if len(words) > 3:
        return [counted(len(held), "part")]
    return [w if w in held.values() else counted(words[w], w.removesuffix("s")) for w in words]


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

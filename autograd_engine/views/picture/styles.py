"""From folded parts to a scene: the classic picture, and the compact one.

Classic is micrograd's: a record for each value, and a small oval for the operation that made
it. Compact has one node for each value, the operation inside.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.survey import Survey
from autograd_engine.views.layout.scene import Arrow, Box, Cluster, Scene, readable
from autograd_engine.views.picture.folding import Part, levels
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


def count_drawn(parts: list[Part], classic: bool) -> int:
    """Return how many nodes the picture of these parts will have."""
    ovals = sum(part.kind == "value" and bool(part.values[0].operands) for part in parts)
    return len(parts) + (ovals if classic else 0)


def compose(
    parts: list[Part], survey: Survey, direction: str, classic: bool, bold: set[int]
) -> Scene:
    """Return the scene of these parts; the values whose ids are in `bold` are emphasised."""
    composer = _Composer(survey, direction, classic, bold, _leaving(parts))
    for part in parts:
        composer.add(part)
    for part in parts:
        composer.connect(part)
    return Scene(
        direction,
        tuple(composer.boxes),
        tuple(composer.finished()),
        tuple(composer.clusters),
        f"computation graph of {counted(sum(len(part.values) for part in parts), 'value')}",
    )


def _leaving(parts: list[Part]) -> set[int]:
    """Return the ids of the values that another part uses."""
    owner = {id(value): part for part in parts for value in part.values}
    return {
        id(operand)
        for part in parts
        for value in part.values
        for operand in value.operands
        if owner[id(operand)] is not part
    }


@dataclass
class _Composer:
    survey: Survey
    direction: str
    classic: bool
    bold: set[int]
    leaving: set[int]
    boxes: list[Box] = field(default_factory=list)
    # Tail, head, label, and whether those between two boxes are counted into one.
    arrows: list[tuple[int, int, str, bool]] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)
    cluster_of: dict[str, int] = field(default_factory=dict)
    shown_by: dict[int, int] = field(default_factory=dict)  # id of a value -> its box
    fed_by: dict[int, int] = field(default_factory=dict)  # ... -> where its operands arrive

    def add(self, part: Part) -> None:
        """Add the box of a part, and the oval of its operation."""
        cluster = self._cluster(part.region)
        place = len(self.boxes)
        for value in part.values:
            self.shown_by[id(value)] = self.fed_by[id(value)] = place
        if part.kind != "value":
            text = "\n".join([part.title, *part.notes, *self._result(part)])
            bold = any(id(value) in self.bold for value in part.values)
            self.boxes.append(Box(part.kind, (readable(text),), True, bold, cluster))
            return
        value = part.values[0]
        self.boxes.append(self._box(value, cluster))
        if self.classic and value.operands:
            self.fed_by[id(value)] = place + 1
            self.boxes.append(Box("operation", (readable(value.op) or "?",), cluster=cluster))
            self.arrows.append((place + 1, place, "", False))

    def connect(self, part: Part) -> None:
        """Add the arrows from the operands of a part."""
        for value in part.values:
            head = self.fed_by[id(value)]
            partials = value.partials or (None,) * len(value.operands)
            for operand, partial in zip(value.operands, partials):
                tail = self.shown_by[id(operand)]
                if tail == head:
                    continue
                single = part.kind == "value" and self.boxes[tail].kind not in ("folded", "hidden")
                digits = 4 if self.classic else 3
                label = "" if partial is None or part.kind != "value" else f"∂ {partial:.{digits}g}"
                self.arrows.append((tail, head, label, not single))

    def finished(self) -> list[Arrow]:
        """Return the arrows, those from and to folded boxes merged, with their number."""
        merged: dict[tuple[int, int], int] = {}
        for tail, head, _, several in self.arrows:
            if several:
                merged[tail, head] = merged.get((tail, head), 0) + 1
        arrows = []
        for tail, head, label, several in self.arrows:
            if several:
                n = merged.pop((tail, head), 0)
                if not n:
                    continue
                label = label if n == 1 else f"×{n:,}"
            arrows.append(Arrow(tail, head, label))
        return arrows

    def _result(self, part: Part) -> list[str]:
        """Return the numbers of the one value that leaves a folded box, if it is one."""
        final = [v for v in part.values if id(v) in self.leaving or id(v) in self.bold]
        if part.kind != "folded" or len(final) != 1:
            return []
        return [f"data {decimal(final[0].data, 2)}", f"grad {decimal(final[0].grad, 2)}"]

    def _box(self, value: Value, cluster: int) -> Box:
        bold = id(value) in self.bold
        constant = graph.is_constant(value)
        kind = "result" if value.operands else "constant" if constant else "leaf"
        places = 4 if self.classic else 2
        numbers = [f"data {decimal(value.data, places)}"]
        if not constant:
            numbers.append(f"grad {decimal(value.grad, places)}")
        name, op = readable(self.survey.name(value)), readable(value.op)
        if constant and not self.survey.given_names[self.survey.position[id(value)]]:
            numbers = []  # it is called by its number
        if self.classic:
            return Box(kind, (name, *numbers), self.direction in ("TB", "BT"), bold, cluster)
        title, text = f"{name}: {op}" if op else name, "\n".join(numbers)
        return Box(kind, (title, text) if text else (title,), True, bold, cluster)

    def _cluster(self, region: str) -> int:
        """Return the number of the frame round this region, adding those that are new."""
        inner = -1
        outer = ""
        for name in levels(region):
            if name not in self.cluster_of:
                title = name[len(outer) + 1 :] if outer else name
                self.cluster_of[name] = len(self.clusters)
                self.clusters.append(Cluster(readable(title), inner))
            inner = self.cluster_of[name]
            outer = name
        return inner

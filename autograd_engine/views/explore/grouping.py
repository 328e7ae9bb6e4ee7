"""What the page folds: the values of a graph in groups inside groups, each small enough to see.

Regions are groups, as in pictures. A region used several times holds a group for each use, and
whatever is still too long to look at is cut into runs of its topological order.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.views.picture.drawing import COMPACT
from autograd_engine.views.picture.folding import homes, levels
from autograd_engine.words import counted

SHARED = 24
"""So many leaves that several groups use are shown one by one; more are a group of their own."""

LOOSE = 16
"""So many values that are computed outside all regions are shown one by one, if there are any."""

RUN = 40
"""About so many values are in a run, where a group is cut into runs."""

PARTS = 12
"""Into at most so many runs a group is cut; longer ones are cut again."""


@dataclass
class Group:
    """A box that opens: `members` are values (their number i) and groups (~ their number)."""

    title: str
    parent: int
    members: list[int] = field(default_factory=list)


@dataclass
class Grouping:
    """The groups of a graph, the whole graph first, and the one that each value stands in."""

    groups: list[Group]
    home: list[int]

    def path(self, number: int) -> list[int]:
        """Return the groups around and including this one, outermost first."""
        found = []
        while number >= 0:
            found.append(number)
            number = self.groups[number].parent
        return found[::-1]


def grouped(output: Value, values: list[Value]) -> Grouping:
    """Return the values in groups."""
    grouping = Grouping([Group("", -1)], [0] * len(values))
    known: dict[tuple[str, ...], int] = {(): 0}
    for i, path in enumerate(_paths(output, values)):
        inner = 0
        for depth in range(len(path)):
            key = path[: depth + 1]
            if key not in known:
                known[key] = len(grouping.groups)
                grouping.groups.append(Group(_title(path, depth), inner))
                grouping.groups[inner].members.append(~known[key])
            inner = known[key]
        grouping.groups[inner].members.append(i)
        grouping.home[i] = inner
    _gather_loose(grouping, values)
    number = 0
    while number < len(grouping.groups):  # what is cut or gathered is looked at again
        _gather_leaves(grouping, number, values)
        _cut(grouping, number)
        number += 1
    return grouping


def _paths(output: Value, values: list[Value]) -> list[tuple[str, ...]]:
    """Return for each value the names of the regions around it, outermost first."""
    home = homes(output, values)
    marks: dict[str, dict[int, int]] = {}  # region -> its marked outputs, in order
    marked = {id(value): id(mark) for value, mark in graph.regions(output).items()}
    for value in values:
        name = home.get(id(value), "")
        if name and id(value) in marked:
            uses = marks.setdefault(name, {})
            uses.setdefault(marked[id(value)], len(uses) + 1)
    paths = []
    for value in values:
        name = home.get(id(value), "")
        path = levels(name)
        uses = marks.get(name, {})
        if len(uses) > 1 and id(value) in marked:
            path.append(f"use {uses[marked[id(value)]]}")
        paths.append(tuple(path))
    return paths


def _title(path: tuple[str, ...], depth: int) -> str:
    """Return the last name of a path, without what the group around it is called."""
    outer = path[depth - 1] + "." if depth else ""
    return path[depth].removeprefix(outer)


def _gather_leaves(grouping: Grouping, number: int, values: list[Value]) -> None:
    """Put the leaves that stand free in a group into one of their own, where they are many."""
    group = grouping.groups[number]
    if all(member >= 0 for member in group.members):
        return  # in a group of values alone, a leaf is best seen beside its use
    free = [member for member in group.members if member >= 0 and not values[member].operands]
    if len(free) <= SHARED:
        return
    inner = len(grouping.groups)
    trained = any(not graph.is_constant(values[member]) for member in free)
    title = counted(len(free), "leaf" if trained else "constant")
    grouping.groups.append(Group(title, number, free))
    kept = set(free)
    group.members = [~inner] + [member for member in group.members if member not in kept]
    for member in free:
        grouping.home[member] = inner


def _gather_loose(grouping: Grouping, values: list[Value]) -> None:
    """Put what is computed outside all regions, such as a loss, into groups where it is much.

    Values with as many regions before them form one group; the output stands free.
    """
    root = grouping.groups[0]
    loose = [member for member in root.members[:-1] if member >= 0 and values[member].operands]
    if len(grouping.groups) == 1 or len(loose) <= LOOSE:
        return
    position = {id(value): i for i, value in enumerate(values)}
    crossed = [0] * len(values)
    for i, value in enumerate(values):
        for operand in (position[id(o)] for o in value.operands):
            leaves = grouping.home[operand] not in (0, grouping.home[i])
            crossed[i] = max(crossed[i], crossed[operand] + leaves)
    stages: dict[int, list[int]] = {}
    for member in loose:
        stages.setdefault(crossed[member], []).append(member)
    gathered: dict[int, int] = {}
    for members in stages.values():
        gathered.update(dict.fromkeys(members, len(grouping.groups)))
        grouping.groups.append(Group(counted(len(members), "value"), 0, members))
    shown = dict.fromkeys(~gathered[m] if m in gathered else m for m in root.members)
    root.members = list(shown)
    for member, group in gathered.items():
        grouping.home[member] = group


def _cut(grouping: Grouping, outer: int) -> None:
    """Cut a group that is too long to look at into runs."""
    members = grouping.groups[outer].members
    if len(members) <= COMPACT:
        return
    parts = min(PARTS, -(-len(members) // RUN))
    ends = [len(members) * part // parts for part in range(parts + 1)]
    grouping.groups[outer].members = []
    for part in range(parts):
        run = members[ends[part] : ends[part + 1]]
        inner = len(grouping.groups)
        grouping.groups.append(Group(f"part {part + 1} of {parts}", outer, run))
        grouping.groups[outer].members.append(~inner)
        for member in run:
            if member >= 0:
                grouping.home[member] = inner
            else:
                grouping.groups[~member].parent = inner


def contents(grouping: Grouping) -> list[list[int]]:
    """Return for each group the values in it and in the groups inside it, in order."""
    found: list[list[int]] = [[] for _ in grouping.groups]
    for value, home in enumerate(grouping.home):
        for number in grouping.path(home):
            found[number].append(value)
    return found


def notes(grouping: Grouping, number: int, inside: list[int], values: list[Value]) -> list[str]:
    """Return the lines under a folded group's title: what is in it.

    >>> x = Value(2.0)
    >>> order = graph.nodes(x * x + x)
    >>> notes(grouped(order[-1], order), 0, [0, 1, 2], order)
    ['3 values', '1 *  1 +']
    """
    groups = [~member for member in grouping.groups[number].members if member < 0]
    words = Counter(grouping.groups[g].title.split(".")[0].split(" ")[0] for g in groups)
    title = grouping.groups[number].title
    lines = [counted(n, word.removesuffix("s")) for word, n in words.items() if word.isalpha()]
    lines = lines if len(lines) == len(words) <= 2 else [counted(len(groups), "group")]
    size = [] if title[:1].isdigit() else [counted(len(inside), "value")]  # not said twice
    first = ", ".join([*(lines if groups else []), *size])
    operations = Counter(values[i].op for i in inside if values[i].operands).most_common(4)
    more = "  ".join(f"{n:,} {op}" for op, n in operations[:3]) + "  …" * (len(operations) > 3)
    return [line for line in (first, more) if line]

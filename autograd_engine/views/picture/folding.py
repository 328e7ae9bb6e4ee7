"""What folds: the values of a graph in groups inside groups, for pictures and pages alike.

Groups are the repeats of a graph and their steps, the calls of modules and regions, and, of what
stands in none, runs of a topological order. The members of each group have an order in which all
arrows run forwards. So whichever groups are open, the picture has no cycle.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property

from autograd_engine.survey import Survey
from autograd_engine.table import LEAF
from autograd_engine.views.picture.around import levels_around
from autograd_engine.views.picture.parts import parts
from autograd_engine.views.picture.runs import gather
from autograd_engine.words import counted, operations


@dataclass
class Group:
    """A box that opens: `members` are values (their position) and groups (~ their number)."""

    title: str
    parent: int
    kind: str = ""  # as of a Level, "leaves" or "run"
    members: list[int] = field(default_factory=list)
    level: int = 0  # how many levels around its values are groups
    notes: list[str] = field(default_factory=list)  # what else is said of it


class Folding:
    """The groups of a graph, the whole graph first, and the one that each value stands in.

    With `loose`, what is too much to look at is gathered into runs. A picture opens groups down to
    a `depth`, all with None; pages open any. Values that are not in `shown` are hidden in boxes.
    With `few`, the whole graph has as few members as gathering makes.
    """

    def __init__(
        self,
        survey: Survey,
        loose: bool = True,
        depth: int | None = None,
        shown: set[int] | None = None,
        few: bool = False,
    ) -> None:
        self.survey, self.operands, self.depth, self.few = survey, survey.operands, depth, few
        self.home = [0] * len(survey.values)
        self.groups = [Group("", -1, members=[*range(len(self.home))])]
        self.around = levels_around(survey, loose, depth, shown)
        number = 0
        while number < len(self.groups):  # groups are added on the way
            if depth is None or len(self.path(number)) - 1 <= depth:
                if self.groups[number].kind != "run":
                    self._divide(number)
                if loose and shown is None:
                    gather(self, number)
            number += 1

    def path(self, number: int) -> list[int]:
        """Return the groups around and including this one, outermost first."""
        found = []
        while number >= 0:
            found.append(number)
            number = self.groups[number].parent
        return found[::-1]

    def closed(self, number: int) -> int:
        """Return the folded box in which this group is, or -1: it is open."""
        if self.groups[number].kind == "hidden":
            return number
        path, first = self.path(number), len(self.groups) if self.depth is None else self.depth + 1
        return path[first] if first < len(path) else -1

    def short(self, number: int) -> str:
        """Return the title of a group without what the groups around it are called."""
        title = self.groups[number].title
        for outer in self.path(self.groups[number].parent):
            name = self.groups[outer].title.partition(",")[0]
            title = title.removeprefix(f"{name}.") if name else title
        return title

    @cached_property
    def inside(self) -> list[list[int]]:
        """The values in each group, and in the groups inside it, in order."""
        found: list[list[int]] = [[] for _ in self.groups]
        paths = [self.path(number) for number in range(len(self.groups))]
        for value, home in enumerate(self.home):
            for number in paths[home]:
                found[number].append(value)
        return found

    def add(self, number: int, members: list[int], title: str, kind: str, deeper: int = 0) -> int:
        """Add a group of some members of another, and return how it is written as a member."""
        inner = len(self.groups)
        level = self.groups[number].level + deeper
        self.groups.append(Group(title, number, kind, members, level))
        for member in members:
            if member >= 0:
                self.home[member] = inner
            else:
                self.groups[~member].parent = inner
        return ~inner

    def _divide(self, number: int) -> None:
        """Put the values of a group into groups for the next level around them."""
        group, count, depth = self.groups[number], len(self.home), self.groups[number].level
        numbers: dict[object, int] = {}
        known: dict[int, tuple[int, int]] = {}  # by the path around a value
        boxes, fine = {}, {}
        for i in group.members:
            path = self.around[i]
            if id(path) not in known and len(path) > depth:
                level = path[depth]
                box = numbers.setdefault((level.kind, level.key), count + len(numbers))
                call = level.call if level.kind == "call" else 0
                known[id(path)] = box, numbers.setdefault((box, call), count + len(numbers))
            boxes[i], fine[i] = known.get(id(path), (i, i))
        if not known:
            return
        group.members = []
        made: dict[int, list[tuple[Group, list[int]]]] = defaultdict(list)  # with their calls
        for box, leaves, values in parts(boxes, fine, self.operands):
            if box < count:
                group.members += values
                continue
            level = self.around[values[0]][depth]
            kind = "leaves" if leaves and level.kind != "hidden" else level.kind
            calls = {self.around[i][depth].call for i in values if self.operands[i]}
            group.members.append(self.add(number, values, level.title, kind, deeper=1))
            self.groups[-1].notes += level.notes
            made[box].append((self.groups[-1], sorted(calls - {0})))
        for pieces in made.values():
            _name(pieces)


def _name(parts: list[tuple[Group, list[int]]]) -> None:
    """Say of the parts of one box which calls they are, and how often all are used."""
    uses = max(calls[-1] if calls else 0 for _, calls in parts)
    alike: dict[str, list[Group]] = defaultdict(list)
    for group, calls in parts:
        if uses > 1 and group.kind in ("call", "region"):
            group.notes.append(f"used {uses:,} times")
        if len(parts) > 1 and group.kind != "hidden":
            group.title += f", {_calls(calls)}" if calls else ""
            alike[group.title].append(group)
    for same in alike.values():
        for number, group in enumerate(same if len(same) > 1 else [], 1):
            group.title += f", part {number}"


def _calls(numbers: list[int]) -> str:
    """Return which calls these are.

    >>> _calls([2]), _calls([1, 2, 3]), _calls([1, 3])
    ('call 2', 'calls 1 to 3', 'calls 1, 3')
    """
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"calls {numbers[0]} to {numbers[-1]}"
    return f"call{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"


def caption(folding: Folding, number: int, short: bool = False) -> list[str]:
    """Return the lines of a folded group: its title, how often it is used, what is in it."""
    group, inside = folding.groups[number], folding.inside[number]
    values, operands = folding.survey.values, folding.operands
    if group.kind == "hidden":
        return [f"… {counted(len(inside), 'more value')}"]
    title = folding.short(number) if short else group.title
    leaves = sum(values[i]._rule is LEAF for i in inside)
    if group.kind == "leaves":
        more = [] if title[:1].isdigit() else [counted(len(inside), "leaf")]
    else:
        size = [counted(len(inside), "value")] if len(inside) > leaves else []
        more = [", ".join([*_held(folding, number), *size])]
        more += [counted(leaves, "leaf")] if leaves else []
        if group.kind != "repeat":
            more.append(operations([values[i].op for i in inside if operands[i]], 3))
    return [line for line in [title, *group.notes, *more] if line]


def _held(folding: Folding, number: int) -> list[str]:
    """Return how many groups of which kind a group holds, such as "16 neurons"."""
    group = folding.groups[number]
    if group.kind not in ("call", "region", "step"):
        return []
    paths = {id(path): path for path in map(folding.around.__getitem__, folding.inside[number])}
    levels = [path[group.level] for path in paths.values() if len(path) > group.level]
    title = group.title.partition(",")[0]
    found = {level[:2]: level.title.removeprefix(f"{title}.") for level in levels}
    words = Counter(name.split(".")[0] for name in found.values())
    if len(words) > 3:
        return [counted(len(found), "part")]
    apart = found.values()
    return [w if w in apart else counted(words[w], w.removesuffix("s")) for w in words]

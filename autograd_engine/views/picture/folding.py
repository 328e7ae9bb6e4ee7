"""What folds: the values of a graph in groups inside groups, for pictures and pages alike.

Groups are the repeats of a graph and their steps, the calls of modules and regions, and, of what
stands in none, runs of a topological order. The members of each group have an order in which all
arrows run forwards. So whichever groups are open, the picture has no cycle.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heapify, heappop, heappush

from autograd_engine.survey import Survey
from autograd_engine.views.picture.around import levels_around
from autograd_engine.views.picture.runs import gather
from autograd_engine.views.picture.stages import stages


@dataclass
class Group:
    """A box that opens: `members` are values (their position) and groups (~ their number)."""

    title: str
    parent: int
    kind: str = ""  # as of a Level, "leaves" or "run"
    members: list[int] = field(default_factory=list)
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
        self.survey = survey
        self.operands = survey.operands
        self.groups = [Group("", -1)]
        self.home = [0] * len(survey.values)
        self.depth = depth
        self.few = few
        self.around = levels_around(survey, loose, depth, shown)
        self._enter()
        self._order()
        if loose and shown is None:
            gather(self)

    def path(self, number: int) -> list[int]:
        """Return the groups around and including this one, outermost first."""
        found = []
        while number >= 0:
            found.append(number)
            number = self.groups[number].parent
        return found[::-1]

    def closed(self, number: int) -> int:
        """Return the folded box in which this group is, or -1: it is open."""
        path = self.path(number)
        if self.groups[number].kind == "hidden":
            return number
        if self.depth is None or len(path) <= self.depth + 1:
            return -1
        return path[self.depth + 1]

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

    def add(self, number: int, members: list[int], title: str, kind: str) -> int:
        """Add a group of some members of another, and return how it is written as a member."""
        inner = len(self.groups)
        self.groups.append(Group(title, number, kind, members))
        for member in members:
            if member >= 0:
                self.home[member] = inner
            else:
                self.groups[~member].parent = inner
        return ~inner

    # Groups by what the graph knows of itself.

    def _enter(self) -> None:
        """Put each value into a group for each level around it, one after the other."""
        count = len(self.home)
        deepest = max(map(len, self.around), default=0)
        for d in range(deepest if self.depth is None else min(deepest, self.depth + 1)):
            slots: dict[object, int] = {}
            keys, fine = list(range(count)), list(range(count))  # fine: calls of modules apart
            known: dict[tuple[int, int], tuple[int, int]] = {}
            for i, path in enumerate(self.around):
                if len(path) > d:
                    at = self.home[i], id(path)
                    if at not in known:
                        slot = self.home[i], path[d].kind, path[d].key
                        call = path[d].call if path[d].kind == "call" else 0
                        number = slots.setdefault(slot, count + len(slots))
                        piece = (*slot, call) if call else slot
                        known[at] = number, slots.setdefault(piece, count + len(slots))
                    keys[i], fine[i] = known[at]
            stage = stages(keys, fine, self.operands, count)
            made: dict[tuple[int, int], int] = {}
            held: dict[int, set[int]] = {}
            for i, key in enumerate(keys):
                if key < count:
                    continue
                level = self.around[i][d]
                part = key, stage.get(i, 0)
                if part not in made:
                    made[part] = len(self.groups)
                    shared = part[1] < 0 and level.kind != "hidden"
                    kind = "leaves" if shared else level.kind
                    group = Group(level.title, self.home[i], kind, notes=list(level.notes))
                    self.groups.append(group)
                self.home[i] = made[part]
                if level.call and self.operands[i]:
                    held.setdefault(made[part], set()).add(level.call)
            self._name(made, held)

    def _name(self, made: dict[tuple[int, int], int], held: dict[int, set[int]]) -> None:
        """Say of groups that were split which calls they are, and how often all are used."""
        several = Counter(key for key, _ in made)
        alike: dict[tuple[int, str], list[Group]] = {}
        uses: Counter[int] = Counter()
        for (key, _), g in made.items():
            uses[key] = max(uses[key], *held.get(g, ()), 0)
        for (key, _), g in made.items():
            group = self.groups[g]
            if uses[key] > 1 and group.kind in ("call", "region"):
                group.notes.append(f"used {uses[key]:,} times")
            if several[key] > 1 and group.kind != "hidden":
                whole = group.kind == "leaves" or g not in held
                group.title += "" if whole else f", {_calls(sorted(held[g]))}"
                alike.setdefault((key, group.title), []).append(group)
        for same in alike.values():
            for number, group in enumerate(same if len(same) > 1 else [], 1):
                group.title += f", part {number}"

    # Their order.

    def _order(self) -> None:
        """Sort the members of each group so that all arrows run forwards."""
        paths = [self.path(number) for number in range(len(self.groups))]
        first = [0] * len(self.groups)
        for i in range(len(self.home) - 1, -1, -1):
            for number in paths[self.home[i]]:
                first[number] = i
        for i, home in enumerate(self.home):
            self.groups[home].members.append(i)
        for number, group in enumerate(self.groups[1:], 1):
            self.groups[group.parent].members.append(~number)
        mixed = [any(m < 0 for m in group.members) for group in self.groups]
        links: dict[int, set[tuple[int, int]]] = {}
        meets: dict[tuple[int, int], tuple[int, int, int]] = {}  # the two homes of an arrow
        for i, given in enumerate(self.operands):
            here = self.home[i]
            for o in given:
                there = self.home[o]
                if there == here:
                    if mixed[here] and self.operands[o]:
                        links.setdefault(here, set()).add((o, i))
                    continue
                if (there, here) not in meets:
                    a, b = paths[there], paths[here]
                    k = sum(x == y for x, y in zip(a, b))
                    tail, head = (~p[k] if k < len(p) else 0 for p in (a, b))
                    meets[there, here] = a[k - 1], tail, head
                g, tail, head = meets[there, here]
                if not tail and not self.operands[o]:
                    continue  # leaves are in any order
                links.setdefault(g, set()).add((tail or o, head or i))
        for g, some in links.items():
            members = self.groups[g].members
            self.groups[g].members = _sorted(members, some, first)


def _calls(numbers: list[int]) -> str:
    """Return which calls these are.

    >>> _calls([2]), _calls([1, 2, 3]), _calls([1, 3])
    ('call 2', 'calls 1 to 3', 'calls 1, 3')
    """
    if len(numbers) == 1:
        return f"call {numbers[0]}"
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"calls {numbers[0]} to {numbers[-1]}"
    return "calls " + ", ".join(map(str, numbers))


def _sorted(members: list[int], links: set[tuple[int, int]], first: list[int]) -> list[int]:
    """Return members, tails before heads; values follow values and boxes boxes where they can."""
    heads: dict[int, list[int]] = {}
    waiting: Counter[int] = Counter()
    for tail, head in links:
        heads.setdefault(tail, []).append(head)
        waiting[head] += 1
    ready: tuple[list[tuple[int, int]], ...] = [], []  # values, boxes
    for m in members:
        if not waiting[m]:
            ready[m < 0].append((first[~m] if m < 0 else m, m))
    heapify(ready[0])
    heapify(ready[1])
    order: list[int] = []
    which = 0
    while ready[0] or ready[1]:
        which = which if ready[which] else 1 - which
        _, m = heappop(ready[which])
        order.append(m)
        for head in heads.get(m, ()):
            waiting[head] -= 1
            if not waiting[head]:
                heappush(ready[head < 0], (first[~head] if head < 0 else head, head))
    return order

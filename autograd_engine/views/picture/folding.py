"""What folds: the values of a graph in groups inside groups, for pictures and pages alike.

Groups are the repeats of a graph and their steps, the calls of modules and regions, and, of what
stands in none, runs of a topological order. The members of each group have an order in which all
arrows run forwards. So whichever groups are open, the picture has no cycle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import heapify, heappop, heappush

from autograd_engine.survey import Survey
from autograd_engine.table import LEAF
from autograd_engine.views.picture.around import Level, levels_around
from autograd_engine.views.picture.stages import stages
from autograd_engine.words import counted

SHARED = 24
"""So many leaves that several boxes use are shown one by one; more are a group of their own."""

LOOSE = 16
"""So many values that are computed beside the boxes are shown one by one."""

MOST = 40
"""So many members a picture shows, groups among them, before runs of them are gathered."""

LARGE = 120
"""So many members a group may have that is opened by itself."""

PARTS = 12
"""Into at most so many runs a group is cut; longer ones are cut again."""


@dataclass
class Group:
    """A box that opens: `members` are values (their position) and groups (~ their number)."""

    title: str
    parent: int
    kind: str = ""  # "call", "repeat", "step", "leaves", "run", "hidden"
    members: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what else is said of it


class Folding:
    """The groups of a graph, the whole graph first, and the one that each value stands in.

    With `loose`, what is too much to look at is gathered into runs. A picture opens groups down to
    a `depth`, all with None; pages open any. Values that are not in `shown` are hidden in boxes.
    """

    def __init__(
        self,
        survey: Survey,
        loose: bool = True,
        depth: int | None = None,
        shown: set[int] | None = None,
    ) -> None:
        self.survey = survey
        self.operands = survey.operands
        self.groups = [Group("", -1)]
        self.home = [0] * len(survey.values)
        self.depth = depth
        self.around = levels_around(survey, loose, shown)
        self._enter()
        self._order()
        if loose and shown is None:
            number = 0
            while number < len(self.groups):  # what is gathered is looked at again
                if self._opens(number):
                    self._gather(number)
                number += 1

    def _opens(self, number: int) -> bool:
        return self.depth is None or len(self.path(number)) - 1 <= self.depth

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

    # Groups by what the graph knows of itself.

    def _enter(self) -> None:
        """Put each value into a group for each level around it, one after the other."""
        count = len(self.home)
        deepest = max(map(len, self.around), default=0)
        for d in range(deepest if self.depth is None else min(deepest, self.depth + 1)):
            slots: dict[object, int] = {}
            keys = list(range(count))
            for i, path in enumerate(self.around):
                if len(path) > d:
                    keys[i] = slots.setdefault((self.home[i], path[d].kind, path[d].key), count + len(slots))
            stage = stages(keys, self.operands, count)
            made: dict[tuple[int, int], int] = {}
            held: dict[int, dict[Level, None]] = {}
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
                if self.operands[i]:
                    held.setdefault(made[part], {})[level] = None
            self._name(made, held)

    def _name(self, made: dict[tuple[int, int], int], held: dict[int, dict[Level, None]]) -> None:
        """Say of groups that were split which calls they are, and how often all are used."""
        several = Counter(key for key, _ in made)
        alike: dict[tuple[int, str], list[Group]] = {}
        uses: Counter[int] = Counter()
        numbers: dict[int, set[int]] = {}
        for (key, _), g in made.items():
            numbers[g] = {level.call for level in held.get(g, ()) if level.call}
            uses[key] = max(uses[key], *numbers[g], 0)
        for (key, _), g in made.items():
            group = self.groups[g]
            if uses[key] > 1 and group.kind == "call":
                group.notes.append(f"used {uses[key]:,} times")
            if several[key] > 1 and group.kind != "hidden":
                whole = group.kind == "leaves" or not numbers[g]
                group.title += "" if whole else f", {_calls(sorted(numbers[g]))}"
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
                    if mixed[here]:
                        links.setdefault(here, set()).add((o, i))
                    continue
                if (there, here) not in meets:
                    a, b = paths[there], paths[here]
                    k = sum(x == y for x, y in zip(a, b))
                    meets[there, here] = a[k - 1], ~a[k] if k < len(a) else 0, ~b[k] if k < len(b) else 0
                g, tail, head = meets[there, here]
                links.setdefault(g, set()).add((tail or o, head or i))
        for g, some in links.items():
            members = self.groups[g].members
            self.groups[g].members = _sorted(members, some, first)

    # Runs of what stands in no group, or in too long ones.

    def _gather(self, number: int) -> None:
        """Gather what is too much to look at: leaves, loose values, and then whole runs."""
        group = self.groups[number]
        boxed = any(member < 0 for member in group.members)
        most = LARGE if number and group.kind != "run" else MOST
        if len(group.members) <= most and not (boxed and number == 0):
            return
        if group.kind == "leaves":
            self._cut(number, group.members, most)
            return
        used = self._used_by(number)
        free = [m for m in group.members if m >= 0 and not self.operands[m]]
        if boxed and len(free) > SHARED:
            self._add_leaves(number, free)
        kept = self._kept(group.members)
        if boxed:
            self._gather_loose(number, kept)
        if len(group.members) > most:
            self._cut_with_leaves(number, used, kept, most)

    def _kept(self, members: list[int]) -> set[int]:
        """Return the values that stand free: outputs, and those with labels where they are few."""
        notes = self.survey.notes
        labelled = {m for m in members if m >= 0 and self.operands[m] and notes[m].label}
        return (labelled if len(labelled) <= LOOSE else set()) | set(self.survey.outputs)

    def _add(self, number: int, members: list[int], title: str, kind: str) -> int:
        """Add a group inside one, and return how it is written as a member."""
        inner = len(self.groups)
        self.groups.append(Group(title, number, kind, members))
        for member in members:
            if member >= 0:
                self.home[member] = inner
            else:
                self.groups[~member].parent = inner
        return ~inner

    def _add_leaves(self, number: int, free: list[int]) -> None:
        """Put leaves that stand free into a group for each kind of them."""
        gathered = []
        for word in ("leaf", "constant"):
            some = [m for m in free if (self.survey.values[m]._rule is LEAF) == (word == "leaf")]
            if len(some) > 2:
                gathered.append(self._add(number, some, counted(len(some), word), "leaves"))
        group = self.groups[number]
        group.members = gathered + [m for m in group.members if m < 0 or self.home[m] == number]

    def _gather_loose(self, number: int, kept: set[int]) -> None:
        """Put what is computed beside the boxes into runs, where it is much."""
        group = self.groups[number]
        loose = [m for m in group.members if m >= 0 and self.operands[m] and m not in kept]
        if len(loose) <= LOOSE:
            return
        members: list[int] = []
        run: list[int] = []
        wanted = set(loose)
        for member in [*group.members, None]:
            if member in wanted:
                run.append(member)  # type: ignore[arg-type]
                continue
            if member is not None and member >= 0 and not self.operands[member]:
                members.append(member)  # a leaf interrupts nothing
                continue
            members += [self._add(number, run, self._produced(run), "run")] if len(run) > 2 else run
            run = []
            if member is not None:
                members.append(member)
        group.members = members

    def _used_by(self, number: int) -> dict[int, list[int]]:
        """Return for each leaf that stands free the members that use it."""
        if number == 0 and len(self.groups) == 1:
            inside: Iterable[int] = range(len(self.home))
        else:
            inside = [i for i, home in enumerate(self.home) if home == number]
        found: dict[int, list[int]] = {}
        for i in inside:
            for o in self.operands[i]:
                if not self.operands[o] and self.home[o] == number:
                    found.setdefault(o, []).append(i)
        return found

    def _cut_with_leaves(
        self, number: int, used: dict[int, list[int]], kept: set[int], most: int
    ) -> None:
        """Cut a group into runs, each with the leaves that it alone uses."""
        group = self.groups[number]
        plain = all(member >= 0 for member in group.members)
        free = [m for m in group.members if m >= 0 and not self.operands[m]] if plain else []
        units = [m for m in group.members if (m < 0 or self.operands[m] or not plain)]
        last = [m for m in units if m in self.survey.outputs]
        units = [m for m in units if m not in last]
        ends = self._ends(units, most)
        run_of = {m: k for k in range(len(ends) - 1) for m in units[ends[k] : ends[k + 1]]}
        runs = [units[ends[k] : ends[k + 1]] for k in range(len(ends) - 1)]
        shared = []
        owned: list[list[int]] = [[] for _ in runs]
        for leaf in free:
            homes = {run_of.get(user, -1) for user in used.get(leaf, ())}
            if len(homes) == 1 and -1 not in homes:
                owned[homes.pop()].append(leaf)
            else:
                shared.append(leaf)
        group.members = [
            self._add(number, sorted(leaves + run) if plain else run, self._produced(run), "run")
            for leaves, run in zip(owned, runs)
        ] + last
        group.members = shared + group.members
        if len(shared) > SHARED:
            self._add_leaves(number, shared)

    def _cut(self, number: int, members: list[int], most: int) -> None:
        """Cut a group of leaves into runs."""
        ends = self._ends(members, most)
        self.groups[number].members = [
            self._add(number, run, counted(len(run), "value"), "run")
            for run in (members[a:b] for a, b in zip(ends, ends[1:]))
        ]

    def _ends(self, units: list[int], most: int) -> list[int]:
        """Return where to cut a list into runs: near even places, where the fewest values cross."""
        count = len(units)
        parts = max(2, min(PARTS, -(-count // MOST)))
        even = [count * part // parts for part in range(parts + 1)]
        room = count // (3 * parts)
        if room < 1 or units[0] < 0 or any(unit < 0 for unit in units):
            return even
        place = {unit: k for k, unit in enumerate(units)}
        last = list(range(count))
        for k, unit in enumerate(units):
            for o in self.operands[unit]:
                if o in place:
                    last[place[o]] = k
        crossing = [0] * (count + 1)
        for k, end in enumerate(last):
            if end > k:
                crossing[k + 1] += 1
                crossing[end + 1] -= 1
        for k in range(count):
            crossing[k + 1] += crossing[k]
        inner = (
            min(range(end - room, end + room + 1), key=lambda k: (crossing[k], abs(k - end)))
            for end in even[1:-1]
        )
        return [0, *inner, count]

    def _produced(self, run: Sequence[int]) -> str:
        """Return the title of a run: what is made in it."""
        return "→ " + self._exit(run)

    def _exit(self, run: Sequence[int]) -> str:
        last = run[-1]
        while last < 0:
            last = self.groups[~last].members[-1]
        return self.survey.names[last]


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

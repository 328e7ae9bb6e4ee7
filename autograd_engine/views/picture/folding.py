"""What folds: the values of a graph in groups inside groups, for pictures and pages alike.

The members of each group have an order in which all arrows run forwards, and a run is a piece of
it. So whichever groups are open, there is no cycle.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import accumulate, chain, groupby

from autograd_engine.survey import Survey
from autograd_engine.table import LEAF
from autograd_engine.views.picture.grouping import levels_around, parts, used_in
from autograd_engine.words import counted

# Beside boxes are shown one by one so many leaves that only boxes use, leaves, other values.
FED, SHOWN, LOOSE = 8, 24, 16
MOST, LARGE = 40, 120  # So many members a picture shows, or a group in it that is opened.
FEW, FEW_PLAIN = 5, 12  # So many have room on a phone: with boxes among them, or without.
PARTS = 12  # Into at most so many runs a group is cut; longer ones are cut again.


@dataclass
class Group:  # a box that opens
    title: str
    parent: int
    kind: str = ""  # as of a Level, "leaves" or "run"
    members: list[int] = field(default_factory=list)  # values (position), groups (~ number)
    level: int = 0  # how many levels around its values are groups
    notes: list[str] = field(default_factory=list)  # what else is said of it


class Folding:
    """The groups of a graph, the whole graph first, and the one that each value stands in.

    With `loose`, what is too much to look at is gathered into runs, with 2 more of it. Groups are
    open down to a `depth`, all with None. Values that are not in `some` are hidden in boxes.
    """

    def __init__(
        self, survey: Survey, loose: int = 1, depth: int | None = None, some: set[int] | None = None
    ) -> None:
        self.survey, self.operands, self.depth, self.loose = survey, survey.operands, depth, loose
        self.home = [0] * len(survey.values)
        self.groups = [Group("", -1, members=[*range(len(self.home))])]
        self.around = levels_around(survey, bool(loose), depth, some)
        for number, group in enumerate(self.groups):  # they are added on the way
            if depth is None or len(self.path(number)) - 1 <= depth:
                if group.kind != "run":
                    self._divide(number)
                if loose and some is None:
                    self._gather(number)
        self.inside = [[*range(len(self.home))], *(list[int]() for _ in self.groups[1:])]
        paths = [self.path(number)[1:] for number in range(len(self.groups))]
        for value, home in enumerate(self.home):
            for number in paths[home]:
                self.inside[number].append(value)

    def path(self, number: int) -> list[int]:
        """Return the groups around and including this one, outermost first."""
        return [*self.path(self.groups[number].parent), number] if number >= 0 else []

    def short(self, number: int) -> str:
        """Return the title of a group without what the groups around it are called."""
        title = self.groups[number].title
        for outer in self.path(number)[:-1]:
            title = title.removeprefix(f"{self.groups[outer].title.partition(',')[0]}.")
        return title

    def add(self, number: int, members: list[int], title: str, kind: str, deeper: int = 0) -> int:
        """Add a group of some members of another, and return how it is written as a member."""
        inner = len(self.groups)
        self.groups.append(Group(title, number, kind, members, self.groups[number].level + deeper))
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
            computed = [i for i in values if self.operands[i]] if level.call else []
            calls = sorted({self.around[i][depth].call for i in computed})
            group.members.append(self.add(number, values, level.title, kind, deeper=1))
            self.groups[-1].notes += level.notes
            made[box].append((self.groups[-1], calls))
        for pieces in made.values():  # which calls they are, and how often all are used
            uses, seen = max(calls[-1] if calls else 0 for _, calls in pieces), Counter[str]()
            for piece, calls in pieces:
                if uses > 1 and piece.kind in ("call", "region"):
                    piece.notes.append(f"used {uses:,} times")
                if len(pieces) > 1 and piece.kind != "hidden" and calls:
                    row = len(calls) > 2 and calls[-1] - calls[0] == len(calls) - 1
                    which = f"{calls[0]} to {calls[-1]}" if row else ", ".join(map(str, calls))
                    piece.title += f", call{'s' * (len(calls) > 1)} {which}"
                seen[piece.title] += 1
                if seen[piece.title] > 1 and piece.kind != "hidden":
                    piece.title += f", part {seen[piece.title]}"

    def _gather(self, number: int) -> None:
        """Gather of a group what is too much: values beside boxes, leaves, and then runs."""
        group, few = self.groups[number], self.loose > 1 and not number
        boxed = any(m < 0 for m in group.members)
        most = LARGE if number and group.kind != "run" else MOST
        room = most if number else FEW * few if boxed else FEW_PLAIN if few else most
        leaves = (2, 0) if few else (FED, SHOWN)
        if boxed and len(group.members) > room:
            self._gather_loose(number, 2 if few else LOOSE)
            if len(group.members) > room:
                self._gather_leaves(number, *leaves)
        computed = sum(m < 0 or bool(self.operands[m]) for m in group.members)
        if len(group.members) > most or (few and not boxed and computed > room):
            self._cut(number)
        if few and len(group.members) > room:
            self._gather_leaves(number, *leaves)

    def _gather_leaves(self, number: int, fed: int, shown: int) -> None:
        """Put leaves that stand free, where they are many, into a group for each kind of them."""
        group, operands = self.groups[number], self.operands
        free = [m for m in group.members if m >= 0 and not operands[m]]
        if len(free) <= shown:  # those beside what uses them stay there
            beside = {o for m in group.members if m >= 0 for o in operands[m]}
            free = [m for m in free if m not in beside]
        for word in ("constant", "leaf") if len(free) > fed else ():
            some = [m for m in free if (self.survey.values[m]._rule is LEAF) == (word == "leaf")]
            if len(some) > 2:
                gone = {*some}
                made = self.add(number, some, counted(len(some), word), "leaves")
                group.members = [made, *[m for m in group.members if m not in gone]]

    def _gather_loose(self, number: int, most: int) -> None:
        """Put what is much beside boxes, but outputs and a few labelled values, into runs."""
        units = [m for m in self.groups[number].members if m < 0 or self.operands[m]]
        values = {m for m in units if m >= 0}.difference(self.survey.outputs)
        labelled = {m for m in values if self.survey.notes[m].label}
        loose = values - labelled if len(labelled) <= LOOSE else values
        if len(loose) > most:
            self._add_runs(number, units, {*units} - loose, [])

    def _cut(self, number: int) -> None:
        """Cut a group into runs, near even places where few values cross; outputs stand free."""
        members, outputs = self.groups[number].members, {*self.survey.outputs}
        unused = outputs.difference(chain(*self.operands))
        units = [m for m in members if m < 0 or self.operands[m]] or members
        units = sorted(units, key=unused.__contains__)
        count = len(units) - len(unused.intersection(units))
        parts = max(2, min(PARTS, -(-count // MOST)))
        last = {o: k for k, unit in enumerate(units) if unit >= 0 for o in self.operands[unit]}
        over = Counter(last.get(unit, k) for k, unit in enumerate(units))  # used there last
        crossing = [*accumulate((1 - over[k] for k in range(len(units))), initial=0)]
        room = range(-(count // (3 * parts)), count // (3 * parts) + 1)
        even = (count * part // parts for part in range(1, parts))
        ends = [end + min(room, key=lambda d: (crossing[end + d], abs(d))) for end in even]
        self._add_runs(number, units, outputs, ends)
        self._gather_leaves(number, SHOWN, SHOWN)

    def _add_runs(self, number: int, units: list[int], free: set[int], ends: list[int]) -> None:
        """Make runs of the units of a group that do not stand free, with leaves of their own."""
        key = {m: (m in free, bisect(ends, k)) for k, m in enumerate(units)}
        pieces = [[*piece] for _, piece in groupby(units, key.__getitem__)]
        wanted = [len(piece) > 2 and piece[0] not in free for piece in pieces]
        run_of = {m: k for k, piece in enumerate(pieces) if wanted[k] for m in piece}
        leaves = {*self.groups[number].members}.difference(units)
        places = [run_of.get(i, -1) for i in range(len(self.home))]
        owned: dict[int, list[int]] = defaultdict(list)
        users = used_in(leaves, self.operands, places)
        for leaf in sorted(leaves):
            owned[users[leaf].pop() if len(users[leaf]) == 1 else -1].append(leaf)
        members = owned[-1]
        for k, piece in enumerate(pieces):
            run = owned[k] + piece
            members += [self.add(number, run, self._made(piece), "run")] if wanted[k] else piece
        self.groups[number].members = members

    def _made(self, run: list[int]) -> str:
        """Return the title of a run: what is made in it, or from which group to which it goes."""
        if all(member < 0 for member in run):
            return f"{self.short(~run[0])} … {self.short(~run[-1])}"
        last = run[-1]
        while last < 0:
            last = self.groups[~last].members[-1]
        return f"→ {self.survey.names[last]}" if self.operands[last] else counted(len(run), "value")

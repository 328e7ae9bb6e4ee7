"""Gathering what is too much to look at: leaves, values beside the boxes, and long groups as runs.

A run is a piece of an order in which all arrows run forwards; so runs as boxes make no cycle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from autograd_engine.table import LEAF
from autograd_engine.words import counted

if TYPE_CHECKING:
    from autograd_engine.views.picture.folding import Folding

SHARED = 24
"""So many leaves that several boxes use are shown one by one; more are a group of their own."""

LOOSE = 16
"""So many values that are computed beside the boxes are shown one by one."""

MOST = 40
"""So many members a picture shows, groups among them, before runs of them are gathered."""

LARGE = 120
"""So many members a group may have that is opened by itself."""

FEW, FEW_PLAIN = 5, 12
"""So many members of the whole graph have room on a phone: with boxes among them, or without."""

PARTS = 12
"""Into at most so many runs a group is cut; longer ones are cut again."""


def gather(folding: Folding) -> None:
    """Gather in every group that can be opened what is too much to look at."""
    gatherer = _Gatherer(folding)
    if folding.few:
        gatherer.gather_all()
    number = 0
    while number < len(folding.groups):  # what is gathered is looked at again
        if folding.depth is None or len(folding.path(number)) - 1 <= folding.depth:
            gatherer.gather(number)
        number += 1


class _Gatherer:
    def __init__(self, folding: Folding) -> None:
        self.folding, self.home, self.operands = folding, folding.home, folding.operands

    def gather(self, number: int) -> None:
        """Gather what is too much to look at: leaves, loose values, and then whole runs."""
        group = self.folding.groups[number]
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
            self._gather_loose(number, kept, LOOSE)
        if len(group.members) > most:
            self._cut_with_leaves(number, used, kept, most)

    def gather_all(self) -> None:
        """Gather of the whole graph whatever can be, where it has more members than a few."""
        group = self.folding.groups[0]
        boxed = any(member < 0 for member in group.members)
        few = FEW if boxed else FEW_PLAIN
        kept = self._kept(group.members)
        if boxed and len(group.members) > few:
            self._gather_loose(0, kept, 2)
        elif sum(bool(self.folding.operands[m]) for m in group.members if m >= 0) > few:
            self._cut_with_leaves(0, self._used_by(0), kept, MOST)
        if len(group.members) > few:
            self._add_leaves(
                0, [m for m in group.members if m >= 0 and not self.folding.operands[m]]
            )

    def _kept(self, members: list[int]) -> set[int]:
        """Return the values that stand free: outputs, and those with labels where they are few."""
        notes = self.folding.survey.notes
        labelled = {m for m in members if m >= 0 and self.operands[m] and notes[m].label}
        return (labelled if len(labelled) <= LOOSE else set()) | set(self.folding.survey.outputs)

    def _add_leaves(self, number: int, free: list[int]) -> None:
        """Put leaves that stand free into a group for each kind of them."""
        gathered = []
        for word in ("leaf", "constant"):
            some = [
                m for m in free if (self.folding.survey.values[m]._rule is LEAF) == (word == "leaf")
            ]
            if len(some) > 2:
                gathered.append(self.folding.add(number, some, counted(len(some), word), "leaves"))
        group = self.folding.groups[number]
        group.members = gathered + [m for m in group.members if m < 0 or self.home[m] == number]

    def _gather_loose(self, number: int, kept: set[int], most: int) -> None:
        """Put what is computed beside the boxes into runs, where it is much."""
        group = self.folding.groups[number]
        loose = [m for m in group.members if m >= 0 and self.operands[m] and m not in kept]
        if len(loose) <= most:
            return
        members: list[int] = []
        run: list[int] = []
        wanted = set(loose)
        for member in [*group.members, None]:
            if member in wanted:
                run.append(member)
                continue
            if member is not None and member >= 0 and not self.operands[member]:
                members.append(member)  # a leaf interrupts nothing
                continue
            members += (
                [self.folding.add(number, run, self._produced(run), "run")] if len(run) > 2 else run
            )
            run = []
            if member is not None:
                members.append(member)
        group.members = members

    def _used_by(self, number: int) -> dict[int, list[int]]:
        """Return for each leaf that stands free the members that use it."""
        if number == 0 and len(self.folding.groups) == 1:
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
        group = self.folding.groups[number]
        plain = all(member >= 0 for member in group.members)
        free = [m for m in group.members if m >= 0 and not self.operands[m]] if plain else []
        units = [m for m in group.members if (m < 0 or self.operands[m] or not plain)]
        last = [m for m in units if m in self.folding.survey.outputs]
        units = [m for m in units if m not in last]
        if not units:
            self._add_leaves(number, free)
            return
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
            self.folding.add(
                number, sorted(leaves + run) if plain else run, self._produced(run), "run"
            )
            for leaves, run in zip(owned, runs)
        ] + last
        group.members = shared + group.members
        if len(shared) > SHARED:
            self._add_leaves(number, shared)

    def _cut(self, number: int, members: list[int], most: int) -> None:
        """Cut a group of leaves into runs."""
        ends = self._ends(members, most)
        self.folding.groups[number].members = [
            self.folding.add(number, run, counted(len(run), "value"), "run")
            for run in (members[a:b] for a, b in pairwise(ends))
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
        """Return the title of a run: what is made in it, or from which group to which it goes."""
        folding = self.folding
        if all(member < 0 for member in run):
            return f"{folding.short(~run[0])} … {folding.short(~run[-1])}"
        last = run[-1]
        while last < 0:
            last = folding.groups[~last].members[-1]
        return f"→ {folding.survey.names[last]}"

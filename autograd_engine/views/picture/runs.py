"""Gathering what is too much to look at: leaves, values beside the boxes, and long groups as runs.

A run is a piece of an order in which all arrows run forwards; so runs as boxes make no cycle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate, groupby, pairwise
from typing import TYPE_CHECKING

from autograd_engine.table import LEAF
from autograd_engine.words import counted

if TYPE_CHECKING:
    from autograd_engine.views.picture.folding import Folding

FED, SHOWN = 8, 24
"""So many leaves beside boxes are shown one by one: that only boxes use, and altogether."""

LOOSE = 16
"""So many values that are computed beside boxes are shown one by one."""

MOST = 40
"""So many members a picture shows, groups among them, before runs of them are gathered."""

LARGE = 120
"""So many members a group may have that is opened by itself."""

FEW, FEW_PLAIN = 5, 12
"""So many members of the whole graph have room on a phone: with boxes among them, or without."""

PARTS = 12
"""Into at most so many runs a group is cut; longer ones are cut again."""


def gather(folding: Folding, number: int) -> None:
    """Gather of the members of a group what is too much: loose values, leaves, and then runs."""
    group, operands = folding.groups[number], folding.operands
    boxed = any(m < 0 for m in group.members)
    most = LARGE if number and group.kind != "run" else MOST
    room, loose, leaves = (0 if boxed and not number else most), LOOSE, (FED, SHOWN)
    few = folding.few and not number
    if few:
        room, loose, leaves = (FEW if boxed else FEW_PLAIN), 2, (2, 0)
    if boxed and len(group.members) > room:
        _gather_loose(folding, number, loose)
    if boxed and len(group.members) > room:
        _gather_leaves(folding, number, *leaves)
    if few and not boxed and sum(bool(operands[m]) for m in group.members) > room:
        most = room
    if len(group.members) > most:
        _cut(folding, number)
    if few and not boxed and len(group.members) > room:
        _gather_leaves(folding, number, *leaves)


def _kept(folding: Folding, members: Sequence[int]) -> set[int]:
    """Return the values that stand free: outputs, and those with labels where they are few."""
    notes = folding.survey.notes
    labelled = {m for m in members if m >= 0 and folding.operands[m] and notes[m].label}
    return (labelled if len(labelled) <= LOOSE else set()) | set(folding.survey.outputs)


def _gather_leaves(folding: Folding, number: int, fed: int, shown: int) -> None:
    """Put leaves that stand free, where they are many, into a group for each kind of them."""
    group, values = folding.groups[number], folding.survey.values
    free = [m for m in group.members if m >= 0 and not folding.operands[m]]
    if len(free) <= shown:
        beside = {o for m in group.members if m >= 0 for o in folding.operands[m]}
        free = [m for m in free if m not in beside]
    gathered = []
    for word in ("leaf", "constant") if len(free) > fed else ():
        some = [m for m in free if (values[m]._rule is LEAF) == (word == "leaf")]
        if len(some) > 2:
            gathered.append(folding.add(number, some, counted(len(some), word), "leaves"))
    group.members = gathered + [m for m in group.members if m < 0 or folding.home[m] == number]


def _gather_loose(folding: Folding, number: int, most: int) -> None:
    """Put what is computed beside the boxes into runs, where it is much."""
    group, kept = folding.groups[number], _kept(folding, folding.groups[number].members)
    leaves = [m for m in group.members if m >= 0 and not folding.operands[m]]
    others = [m for m in group.members if m < 0 or folding.operands[m]]
    if sum(m >= 0 and m not in kept for m in others) <= most:
        return
    group.members = leaves  # they interrupt nothing
    for loose, members in groupby(others, lambda m: m >= 0 and m not in kept):
        run = [*members]
        if loose and len(run) > 2:
            run = [folding.add(number, run, _produced(folding, run), "run")]
        group.members = group.members + run


def _cut(folding: Folding, number: int) -> None:
    """Cut a group into runs, each of values with the leaves that it alone uses."""
    group, operands, units = (
        folding.groups[number],
        folding.operands,
        folding.groups[number].members,
    )
    plain = all(m >= 0 for m in units)
    if plain:
        units = [m for m in units if operands[m]] or units
    last = [m for m in units if m in folding.survey.outputs]
    units = [m for m in units if m not in last]
    runs = [units[a:b] for a, b in pairwise(_ends(units, operands))] if units else []
    titles = [_produced(folding, run) for run in runs]
    users: dict[int, set[int]] = defaultdict(set)
    for k, run in enumerate([*runs, last] if plain else ()):
        for m in run:
            for o in operands[m]:
                users[o].add(k)
    shared: list[int] = []
    for m in sorted(set(group.members).difference(units, last)):
        alone = len(users[m]) == 1 and users[m] != {len(runs)}
        (runs[users[m].pop()] if alone else shared).append(m)
    members = [sorted(run) if plain else run for run in runs]
    made = [folding.add(number, run, title, "run") for run, title in zip(members, titles)]
    group.members = [*shared, *made, *last]
    _gather_leaves(folding, number, SHOWN, SHOWN)


def _ends(units: Sequence[int], operands: Sequence[Sequence[int]]) -> list[int]:
    """Return where to cut a list into runs: near even places, where the fewest values cross."""
    count = len(units)
    parts = max(2, min(PARTS, -(-count // MOST)))
    even = [count * part // parts for part in range(parts + 1)]
    room = count // (3 * parts)
    if room < 1 or any(unit < 0 for unit in units):
        return even
    place = {unit: k for k, unit in enumerate(units)}
    last = dict(place)  # where a value is used last
    for unit, k in place.items():
        last.update((o, k) for o in operands[unit] if o in place)
    change = [0] * (count + 1)
    for unit, k in last.items():
        change[place[unit] + 1] += 1
        change[k + 1] -= 1
    crossing = list(accumulate(change))
    inner = (
        min(range(end - room, end + room + 1), key=lambda k: (crossing[k], abs(k - end)))
        for end in even[1:-1]
    )
    return [0, *inner, count]


def _produced(folding: Folding, run: Sequence[int]) -> str:
    """Return the title of a run: what is made in it, or from which group to which it goes."""
    if all(member < 0 for member in run):
        return f"{folding.short(~run[0])} … {folding.short(~run[-1])}"
    last = run[-1]
    while last < 0:
        last = folding.groups[~last].members[-1]
    if not folding.operands[last]:
        return counted(len(run), "value")
    return f"→ {folding.survey.names[last]}"

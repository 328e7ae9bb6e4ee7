"""Gathering what is too much to look at: leaves, values beside the boxes, and long groups as runs.

A run is a piece of an order in which all arrows run forwards; so runs as boxes make no cycle.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import accumulate, chain, groupby, pairwise
from typing import TYPE_CHECKING

from autograd_engine.table import LEAF
from autograd_engine.words import counted

if TYPE_CHECKING:
    from autograd_engine.views.picture.folding import Folding

FED, SHOWN, LOOSE = 8, 24, 16
"""Beside boxes are shown one by one so many leaves that only boxes use, leaves, other values."""

MOST, LARGE = 40, 120
"""So many members, groups among them, a picture shows, or a group in it that is opened."""

FEW, FEW_PLAIN = 5, 12
"""So many members of the whole graph have room on a phone: with boxes among them, or without."""

PARTS = 12
"""Into at most so many runs a group is cut; longer ones are cut again."""


def gather(folding: Folding, number: int) -> None:
    """Gather of the members of a group what is too much: loose values, leaves, and then runs."""
    group, operands = folding.groups[number], folding.operands
    boxed, few = any(m < 0 for m in group.members), folding.few and not number
    most = LARGE if number and group.kind != "run" else MOST
    room, loose, leaves = (0 if boxed and not number else most), LOOSE, (FED, SHOWN)
    if few:
        room, loose, leaves = (FEW if boxed else FEW_PLAIN), 2, (2, 0)
        if not boxed and sum(bool(operands[m]) for m in group.members) > room:
            most = room
    if boxed and len(group.members) > room:
        _gather_loose(folding, number, loose)
    if boxed and len(group.members) > room:
        _gather_leaves(folding, number, *leaves)
    if len(group.members) > most:
        _cut(folding, number)
    if few and len(group.members) > room:
        _gather_leaves(folding, number, *leaves)


def _gather_leaves(folding: Folding, number: int, fed: int, shown: int) -> None:
    """Put leaves that stand free, where they are many, into a group for each kind of them."""
    group, operands = folding.groups[number], folding.operands
    free = [m for m in group.members if m >= 0 and not operands[m]]
    if len(free) <= shown:  # those beside what uses them stay there
        beside = {o for m in group.members if m >= 0 for o in operands[m]}
        free = [m for m in free if m not in beside]
    for word in ("constant", "leaf") if len(free) > fed else ():
        wanted = word == "leaf"
        some = [m for m in free if (folding.survey.values[m]._rule is LEAF) == wanted]
        if len(some) > 2:
            made = folding.add(number, some, counted(len(some), word), "leaves")
            others = [m for m in group.members if m < 0 or folding.home[m] == number]
            group.members = [made, *others]


def _gather_loose(folding: Folding, number: int, most: int) -> None:
    """Put what is computed beside the boxes into runs, where it is much.

    Outputs stand free, and values with labels where they are few.
    """
    survey = folding.survey
    units = [m for m in folding.groups[number].members if m < 0 or survey.operands[m]]
    kept = {m for m in units if m >= 0 and survey.notes[m].label}
    kept = {*(kept if len(kept) <= LOOSE else ()), *survey.outputs}
    loose = {m for m in units if m >= 0 and m not in kept}
    if len(loose) > most:
        pieces = [[*run] for _, run in groupby(units, loose.__contains__)]
        _add_runs(folding, number, pieces, [len(p) > 2 and p[0] in loose for p in pieces])


def _cut(folding: Folding, number: int) -> None:
    """Cut a group into runs; outputs stand free, between runs where others use them."""
    members, operands = folding.groups[number].members, folding.operands
    units = [m for m in members if m < 0 or operands[m]] or members
    used = {*folding.survey.outputs}.intersection(chain(*operands))
    last = [m for m in units if m in folding.survey.outputs and m not in used]
    units = [m for m in units if m not in last]
    runs = [units[a:b] for a, b in pairwise(_ends(units, operands))]
    pieces = [[*piece] for run in runs for _, piece in groupby(run, used.__contains__)]
    wanted = [len(piece) > 1 and piece[0] not in used for piece in pieces]
    _add_runs(folding, number, [*pieces, last], [*wanted, False])
    _gather_leaves(folding, number, SHOWN, SHOWN)


def _add_runs(folding: Folding, number: int, pieces: list[list[int]], wanted: list[bool]) -> None:
    """Make runs of the wanted pieces of a group, each with the leaves that it alone uses."""
    group = folding.groups[number]
    run_of = {m: k for k, piece in enumerate(pieces) if wanted[k] for m in piece}
    leaves = set(group.members).difference(*pieces)
    users: dict[int, set[int]] = defaultdict(set)
    for i, given in enumerate(folding.operands):
        for leaf in leaves.intersection(given):
            users[leaf].add(run_of.get(i, -1))
    owned: dict[int, list[int]] = defaultdict(list)
    for leaf in sorted(leaves):
        owned[users[leaf].pop() if len(users[leaf]) == 1 else -1].append(leaf)
    members = owned[-1]
    for k, piece in enumerate(pieces):
        if wanted[k]:
            title = _produced(folding, piece)
            piece = [folding.add(number, owned[k] + piece, title, "run")]
        members += piece
    group.members = members


def _ends(units: Sequence[int], operands: Sequence[Sequence[int]]) -> list[int]:
    """Return where to cut a list into runs: near even places, where the fewest values cross."""
    if not units:
        return []
    count = len(units)
    parts = max(2, min(PARTS, -(-count // MOST)))
    even, room = [count * part // parts for part in range(parts + 1)], count // (3 * parts)
    last = {o: k for k, unit in enumerate(units) if unit >= 0 for o in operands[unit]}
    over = Counter(last.get(unit, k) for k, unit in enumerate(units))  # values used there last
    crossing = [*accumulate((1 - over[k] for k in range(count)), initial=0)]
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
    computed = folding.operands[last]
    return f"→ {folding.survey.names[last]}" if computed else counted(len(run), "value")

"""What a folded box says: its title, how often it is used, what is in it."""

from __future__ import annotations

from collections import Counter

from autograd_engine.table import LEAF
from autograd_engine.views.picture.folding import Folding
from autograd_engine.words import counted, operations


def caption(folding: Folding, number: int, short: bool = False) -> list[str]:
    """Return the lines of a folded group, its title first."""
    group, inside = folding.groups[number], folding.inside[number]
    values, operands = folding.survey.values, folding.survey.operands
    if group.kind == "hidden":
        return [f"… {counted(len(inside), 'more value')}"]
    title = folding.short(number) if short else group.title
    lines = [title, *group.notes]
    if group.kind == "leaves":
        if not title[:1].isdigit():
            lines.append(counted(len(inside), "leaf"))
        return lines
    leaves = sum(values[i]._rule is LEAF for i in inside)
    size = [counted(len(inside), "value")] if len(inside) > leaves else []
    lines.append(", ".join([*_parts(folding, number, inside), *size]))
    if leaves:
        lines.append(counted(leaves, "leaf"))
    made = operations([values[i].op for i in inside if operands[i]], 3)
    return [line for line in [*lines, made * (group.kind != "repeat")] if line]


def _parts(folding: Folding, number: int, inside: list[int]) -> list[str]:
    """Return how many groups of which kind a group holds, such as "16 neurons"."""
    title = folding.groups[number].title.partition(",")[0]
    paths = {id(path): path for path in map(folding.around.__getitem__, inside)}
    found = {}
    for path in paths.values():
        names = [level.title for level in path]
        if title in names[:-1] and folding.groups[number].kind != "repeat":
            level = path[names.index(title) + 1]
            found[level.kind, level.key] = level
    names = [level.title.removeprefix(f"{title}.") for level in found.values()]
    words = Counter(name.split(".")[0] for name in names)
    if len(words) > 3:
        return [counted(len(found), "part")]
    return [counted(words[w], w.removesuffix("s")) if w not in names else w for w in words]

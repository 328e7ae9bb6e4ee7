"""The table of a model's layers, which `summary()` of a Module returns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Traits = tuple[int, int, str]
"""Of a layer: the number of inputs, that of outputs, and the activation."""


class Table(str):
    """Text that a prompt shows as it is."""

    __repr__ = str.__str__


def traits_of(module: Any) -> Traits | None:
    """Return the traits of a layer; None where it is none, or its parts were exchanged."""
    try:
        return module._traits()  # type: ignore[no-any-return]
    except (AttributeError, LookupError, TypeError):
        return None


def table(modules: Iterable[tuple[str, object]], names: Sequence[str]) -> Table:
    """Return the table of modules, each with its path, and of the names of all parameters.

    A layer is what has traits, or parameters of its own, or no modules inside.
    """
    parts: list[tuple[str, str, Traits | None]] = []
    for path, part in modules:
        if not (parts and parts[-1][2] and path.startswith(f"{parts[-1][0]}.")):
            parts.append((path, type(part).__name__, traits_of(part)))
    counts = {path: 0 for path, _, _ in parts}
    for name in names:
        path = f".{name}"
        while path not in counts:
            path = path.rpartition(".")[0]
        counts[path] += 1
    rows = [("layer", "shape", "activation", "parameters")]
    for (path, kind, traits), (after, _, _) in zip(parts, [*parts[1:], ("", "", None)]):
        if traits or counts[path] or not after.startswith(f"{path}."):
            shape, activation = (f"{traits[0]} -> {traits[1]}", traits[2]) if traits else ("", "")
            rows.append((path[1:] or kind, shape, activation, f"{counts[path]:,}"))
    rows.append(("total", "", "", f"{len(names):,}"))
    a, b, c, d = (max(map(len, column)) for column in zip(*rows))
    return Table("\n".join(f"{w:<{a}}  {x:<{b}}  {y:<{c}}  {z:>{d}}" for w, x, y, z in rows))

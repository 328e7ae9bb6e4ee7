"""What is known about a value beside its numbers: only few values have any of it."""

from __future__ import annotations

from typing import Any, Final

from autograd_engine.primitives import Opaque


class Note:
    """What is known about a value beside its numbers: its label, its region's name, its source.

    The source is a file, a line number and the line itself, where `trace_source` was on. What an
    operation of several operands was `opened` to stays while its value does; see `copies`.
    """

    __slots__ = ("label", "region", "source", "opened")

    def __init__(
        self,
        label: str = "",
        region: str = "",
        source: tuple[str, int, str] | None = None,
        opened: Any = None,
    ) -> None:
        self.label = label
        self.region = region
        self.source = source
        self.opened = opened

    def __reduce__(self) -> tuple[Any, ...]:  # the same from both builds
        return Note, (self.label, self.region, self.source)

    def __setstate__(self, state: Any) -> None:  # of version 0.1.0: a dict if it was compiled
        for name, found in (state if isinstance(state, dict) else state[1]).items():
            setattr(self, name, found)


NOTHING: Final = Note()
NAMELESS: Final = ""


def noted(node: Any) -> Note:
    """Return the note of a value, an empty one where it has none."""
    try:
        return node._note  # type: ignore[no-any-return]
    except AttributeError:
        return NOTHING


def as_label(given: Any, what: str = "a label") -> str:
    """Return a label as it is, refusing what is no text."""
    if isinstance(given, str):
        return given
    raise TypeError(f"{what} is text, not {type(given).__name__}: {given!r}")


def described(node: Any, children: object, op: object, label: Any) -> None:
    """Note a label, or micrograd's Value(data, children, op, label=...), on a new value."""
    if isinstance(children, str):
        label = children or label
    else:
        if not isinstance(children, (tuple, list, set, frozenset)) or not all(
            hasattr(value, "__primitive__") for value in children
        ):
            raise TypeError(f"a label is text, children are a tuple of Values; got {children!r}")
        symbol = as_label(op, "an operation's symbol")
        if children or symbol:  # else it is a leaf, as in micrograd
            node._rule = Opaque(symbol, tuple(children))
    if label or not isinstance(label, str):
        node._note = Note(as_label(label))

"""What is known about a value beside its numbers: only few values have any of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from autograd_engine.primitives import Opaque


@dataclass(eq=False)
class Entry:
    """One use of a module, or one pass through a `region` block: what it was called and given.

    `module` is the id of the module, 0 for a block; `inputs` are the ids of the values that it was
    given, None where it is not known; `outer` is the use around it.
    """

    path: str = ""
    module: int = 0
    inputs: frozenset[int] | None = None
    outer: Entry | None = None

    def __reduce__(self) -> str | tuple[Any, ...]:
        if self is FIRED:
            return "FIRED"
        # No module of another process has such a number.
        return Entry, (self.path, -abs(self.module), self.inputs, self.outer)


FIRED: Final = Entry()  # the use of a neuron, which need not be told from others: see `calls`


@dataclass(eq=False)
class Note:
    """What is known about a value beside its numbers: its label, its region's name, its source.

    The source is a file's name, a line number and the line. What an operation of several operands
    was `opened` to stays while its value does. A parameter has a `place`, its path in its module. A
    result has as its `home` the use that it was recorded in, and as `ended` that which it came of.
    """

    label: str = ""
    region: str = ""
    source: tuple[str, int, str] | None = None
    opened: Any = None
    place: str = ""
    home: Entry | None = None
    ended: Entry | None = None

    def copy(self) -> Note:
        rest = self.place, self.home, self.ended
        return Note(self.label, self.region, self.source, self.opened, *rest)

    def __reduce__(self) -> tuple[Any, ...]:  # the same from both builds
        rest = self.place, self.home, self.ended
        return Note, (self.label, self.region, self.source, None, *rest)

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


def mark(node: Any, **known: Any) -> None:
    """Note with a value what is known of it, beside what was."""
    note = node._note = noted(node).copy()
    for name, what in known.items():
        setattr(note, name, what)


def as_label(given: Any, what: str = "a label") -> str:
    """Return a label as it is, refusing what is no text."""
    if isinstance(given, str):
        return given
    raise TypeError(f"{what} is text, not {type(given).__name__}: {given!r:.60}")


def described(node: Any, children: Any, op: object, label: Any) -> None:
    """Note a label, or micrograd's Value(data, children, op, label=...), on a new value."""
    if isinstance(children, str):
        label = children or label
    else:
        sets = (tuple, list, set, frozenset)
        if not isinstance(children, sets) or not all(hasattr(x, "__primitive__") for x in children):
            raise TypeError(f"a label is text, children are a tuple of Values; got {children!r}")
        symbol = as_label(op, "an operation's symbol")
        if children or symbol:  # else it is a leaf, as in micrograd
            node._rule = Opaque(symbol, tuple(children))
    if label or not isinstance(label, str):
        node._note = Note(as_label(label))

"""Looking at a graph: its values and leaves, its depth, its regions; and saving it whole.

A *region* is everything behind a value marked by `mark_region`, up to the next mark: a
layer, a neuron. Modules mark their outputs; pictures fold by it.
"""

from __future__ import annotations

import copyreg
from array import array
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from autograd_engine import engine
from autograd_engine.engine import Value, topological_order
from autograd_engine.notes import FIRED, Entry, Note, mark, noted
from autograd_engine.number import grad_of, read
from autograd_engine.partials import paired
from autograd_engine.primitives import Opaque, Primitive, find_primitive
from autograd_engine.table import CONSTANT, LEAF


def nodes(*outputs: Value) -> list[Value]:
    """Return every value below the outputs, each once, every operand before its uses.

    Raises `TypeError`, as do all functions of a graph, for outputs that are no Values.

    >>> x = Value(2.0, "x")
    >>> [node.op or node.label for node in nodes(x * x + x)]
    ['x', '*', '+']
    """
    for output in outputs:
        _check(output)
    found: dict[int, Value] = {}
    pending = [(outputs, False)]  # values whose partials are unknown have operands all the same
    while pending:
        tops, expanded = pending.pop()
        opaque = [
            node
            for node in _reached(tops)
            if isinstance(node._rule, Opaque) and id(node) not in found
        ]
        if opaque and not expanded:
            pending.append((tops, True))
            pending.append((tuple(value for node in opaque for value in node.operands), False))
            continue
        for node in _reached(tops):
            found.setdefault(id(node), node)
    return list(found.values())


def _check(value: object) -> None:
    """Refuse what is no Value."""
    if not isinstance(value, Value):
        hint = ": several are written graph.nodes(a, b)" if isinstance(value, (list, tuple)) else ""
        kind = type(value).__name__
        raise TypeError(f"a graph is that of a Value, not of {kind}: {value!r:.60}{hint}")


def _reached(outputs: tuple[Value, ...]) -> list[Value]:
    """Return the computed values with partials below the outputs, and what they stand on."""
    order = topological_order(*outputs)
    found: dict[int, Value] = {}
    for node in order:
        for value in (*node.operands, node):
            found.setdefault(id(value), value)
    for value in outputs:
        found.setdefault(id(value), value)
    return list(found.values())


def leaves(*outputs: Value) -> list[Value]:
    """Return the leaves below the outputs: values nobody computed, constants left out.

    >>> a, b = Value(1.0, "a"), Value(2.0, "b")
    >>> [leaf.label for leaf in leaves(3 * a + b)]
    ['a', 'b']
    """
    return [node for node in nodes(*outputs) if node._rule is LEAF]


def is_constant(value: Value) -> bool:
    """Say whether this is a constant: a number that met a Value, or a detached value."""
    _check(value)
    return value._rule is CONSTANT


def size(*outputs: Value) -> int:
    """Return the number of values in the graph.

    >>> x = Value(2.0)
    >>> size(x * x)
    2
    """
    return len(nodes(*outputs))


def depth(*outputs: Value) -> int:
    """Return the number of operations on the longest path from a leaf to an output.

    >>> x = Value(2.0)
    >>> depth(x * x + x)
    2
    """
    depths: dict[int, int] = {}
    for node in nodes(*outputs):
        depths[id(node)] = max((depths[id(value)] + 1 for value in node.operands), default=0)
    return max((depths[id(output)] for output in outputs), default=0)


def mark_region(output: Value, name: str) -> None:
    """Mark an output: what stands behind it, up to the next mark, is the region `name`."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a region is text, not {type(name).__name__}: {name!r:.60}")
    _check(output)
    mark(output, name)


def region(value: Value) -> str:
    """Return the name with which this value is marked as a region's output; "" if it is not."""
    _check(value)
    return noted(value).region


def regions(*outputs: Value) -> dict[Value, Value]:
    """Return, for each computed value, the marked output of the region it stands in.

    A value behind several marked outputs stands in the region of the first that uses it.
    Values in no region are not listed.

    >>> x = Value(2.0)
    >>> hidden = x * x + 1.0
    >>> mark_region(hidden, "layer")
    >>> [node.op for node in regions(hidden * 2.0)]
    ['+', '*']
    """
    owner: dict[int, Value] = {}
    found: dict[Value, Value] = {}
    for node in reversed(nodes(*outputs)):
        if region(node):
            owner[id(node)] = node
        home = owner.get(id(node))
        if home is None or not node.operands:
            continue
        found[node] = home
        for operand in node.operands:
            owner.setdefault(id(operand), home)
    return found


# Saving a graph whole: flat arrays of numbers instead of nested objects, so that a graph of any
# depth pickles without recursion. Leaves are pickled as objects, so that values pickled together
# still share them.


def _flatten(output: Value) -> tuple[Any, ...]:
    if not output.operands:
        place = noted(output).place
        return _restore_leaf, (*_state(output), output._rule, *([place] if place else ()))
    order = nodes(output)
    position = {id(node): i for i, node in enumerate(order)}
    rules: dict[Primitive, int] = {}
    columns = [array("d") for _ in range(4)]
    links = array("q")  # for each value: its rule, its operands x and y (-1: none)
    shared: list[Value] = []
    opaque: list[tuple[str, list[int]]] = []
    notes: dict[int, tuple[Any, ...]] = {}
    entries = _Entries(position)
    several: dict[int, tuple[array[int], array[float]]] = {}
    for i, node in enumerate(order):
        if node._rule is LEAF:
            links.extend((-1, len(shared), -1))
            shared.append(node)
        elif isinstance(node._rule, Opaque):
            links.extend((-2, len(opaque), -1))
            opaque.append((node.op, [position[id(operand)] for operand in node.operands]))
        else:
            if node._y is None and node._rule.several:
                places = array("q", [position[id(operand)] for operand in node.operands])
                several[i] = places, array("d", node._slopes())
            x = -1 if node._x is None else position[id(node._x)]
            y = -1 if node._y is None else position[id(node._y)]
            links.extend((rules.setdefault(node._rule, len(rules)), x, y))
        for column, number in zip(columns, (node._data, grad_of(node), node._dx, node._dy)):
            column.append(number)
        note = noted(node)
        if note.label or note.region:
            notes[i] = (note.label, note.region)
        if note.home or note.ended:
            calls = entries.number(note.home), entries.number(note.ended)
            notes[i] = (note.label, note.region, *calls)
    given: tuple[Any, ...] = columns, links, list(rules), shared, opaque, notes
    # Version 0.1.0 had neither.
    given = (
        (*given, several, entries.rows) if entries.rows else (*given, several) if several else given
    )
    return _restore, given


class _Entries:
    """The entries of calls that a graph's values have noted, as rows, inputs by their positions."""

    def __init__(self, position: dict[int, int]) -> None:
        self.rows: list[tuple[str, int, list[int], int] | None] = []
        self._position = position
        self._number: dict[int, int] = {}
        self._module = {0: 0}

    def number(self, entry: Entry | None) -> int:
        """Return the number of an entry's row, -1 for none."""
        if entry is None:
            return -1
        if id(entry) not in self._number:
            outer = self.number(entry.outer)
            inputs = [self._position[key] for key in entry.inputs or () if key in self._position]
            module = self._module.setdefault(entry.module, len(self._module))
            self._number[id(entry)] = len(self.rows)
            row = entry.path, module, sorted(inputs), outer
            self.rows.append(None if entry is FIRED else row)
        return self._number[id(entry)]


def _restore_entries(rows: Sequence[Any], made: list[Value], noted_with: dict[int, Any]) -> None:
    found: list[Entry | None] = []
    for row in rows:
        path, module, inputs, outer = row or ("", 0, (), -1)
        given = frozenset([id(made[i]) for i in inputs])
        entry = Entry(path, module, given, found[outer] if outer >= 0 else None)
        found.append(entry if row else FIRED)
    found.append(None)  # at -1
    for i, (label, name, *numbers) in noted_with.items():
        if numbers:
            home, ended = numbers
            made[i]._note = Note(label, name, home=found[home], ended=found[ended])


def _state(node: Value) -> tuple[float, float, str, str]:
    return read(node), grad_of(node), noted(node).label, noted(node).region


def _restore_leaf(
    data: float, grad: float, label: str, name: str, rule: Primitive, place: str = ""
) -> Value:
    leaf = Value(data)
    leaf._grad = grad
    leaf._rule = rule
    if label or name or place:
        leaf._note = Note(label, name, place=place)
    return leaf


def _restore(
    columns: list[array[float]],
    links: array[int],
    rules: list[Primitive],
    shared: list[Value],
    opaque: list[tuple[str, list[int]]],
    notes: dict[int, tuple[Any, ...]],
    several: Mapping[int, tuple[array[int], array[float]]] = MappingProxyType({}),
    entries: Sequence[Any] = (),
) -> Value:
    made: list[Value] = []
    data, grad, dx, dy = columns
    for i in range(len(data)):
        rule, x, y = links[3 * i : 3 * i + 3]
        if rule == -1:
            made.append(shared[x])
            continue
        how = rules[rule] if rule >= 0 else LEAF
        if rule == -2:
            symbol, operands = opaque[x]
            how, x = Opaque(symbol, tuple(made[j] for j in operands)), -1
        label, name, *_ = notes.get(i, ("", ""))
        node = _restore_leaf(data[i], grad[i], label, name, how)
        node._dx, node._dy = dx[i], dy[i]
        if x >= 0:
            node._x = made[x]
        if y >= 0:
            node._y = made[y]
        if i in several:
            places, partials = several[i]
            node._many = paired(tuple([made[j] for j in places]), tuple(partials))
        made.append(node)
    if entries:
        _restore_entries(entries, made, notes)
    return made[-1]


copyreg.pickle(Value, _flatten)

# Files of version 0.1.0 look for these where they stood then.
vars(engine).update(find_primitive=find_primitive, Note=Note, Primitive=Primitive)

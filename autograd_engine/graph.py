"""Looking at a graph: its values and leaves, its depth, its regions; and saving it whole.

A *region*, such as a layer, is all behind a value marked by `mark_region`, up to the next mark.
"""

from __future__ import annotations

import copyreg
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
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

    Raises `TypeError`, as do all functions here, for what is no Value.

    >>> x = Value(2.0, "x")
    >>> [node.op or node.label for node in nodes(x * x + x)], leaves(x * x) == [x], depth(x * x)
    (['x', '*', '+'], True, 1)
    """
    return _numbered(*outputs)[0]


def _numbered(
    *outputs: Value, order: Sequence[Value] = ()
) -> tuple[list[Value], dict[int, int], list[tuple[int, ...]]]:
    """Return the nodes, the position of each by its id, and the positions of its operands."""
    for output in outputs:
        _check(output)
    values: list[Value] = []
    operands: list[tuple[int, ...]] = []
    place: dict[int, int] = {}

    def new(leaf: Value) -> int:  # what nobody computed stands before its first use
        place[id(leaf)] = here = len(values)
        values.append(leaf)
        operands.append(())
        return here

    known = place.get
    for node in (*(order or topological_order(*outputs)), *outputs):
        if id(node) in place:
            continue
        x, y = node._x, node._y
        if x is not None and y is not None:
            i = known(id(x))
            i = new(x) if i is None else i
            j = known(id(y))
            at: tuple[int, ...] = (i, new(y) if j is None else j)
        else:
            at = tuple([place[id(o)] if id(o) in place else new(o) for o in node.operands])
        place[id(node)] = len(values)
        values.append(node)
        operands.append(at)
    if not order and Opaque in set(map(type, map(attrgetter("_rule"), values))):
        # No sweep gets below these, but a look does.
        return _numbered(*outputs, order=_postorder(outputs, lambda node: node.operands))
    return values, place, operands


def _postorder(outputs: Iterable[Any], below: Callable[[Any], Iterable[Any]]) -> list[Any]:
    """Return what stands below the outputs, each once, behind all that is below it."""
    order: list[Any] = []
    seen: set[int] = set()
    path: list[tuple[Any, Iterator[Any]]] = [(None, iter(outputs))]
    while path:
        node, rest = path[-1]
        part = next((part for part in rest if id(part) not in seen), None)
        if part is not None:
            seen.add(id(part))
            path.append((part, iter(below(part))))
        else:
            order.append(node)
            path.pop()
    return order[:-1]


def _check(value: object) -> None:
    if not isinstance(value, Value):
        hint = ": several are written graph.nodes(a, b)" if isinstance(value, (list, tuple)) else ""
        kind = type(value).__name__
        raise TypeError(f"a graph is that of a Value, not of {kind}: {value!r:.60}{hint}")


def leaves(*outputs: Value) -> list[Value]:
    """Return the leaves below the outputs: values nobody computed, constants left out."""
    return [node for node in nodes(*outputs) if node._rule is LEAF]


def is_constant(value: Value) -> bool:
    """Say whether this is a constant: a number that met a Value, or a detached value."""
    _check(value)
    return value._rule is CONSTANT


def size(*outputs: Value) -> int:
    """Return the number of values in the graph."""
    return len(nodes(*outputs))


def depth(*outputs: Value) -> int:
    """Return the number of operations on the longest path from a leaf to an output."""
    depths: dict[Value, int] = {}
    for node in nodes(*outputs):
        depths[node] = max([depths[operand] + 1 for operand in node.operands], default=0)
    return max([depths[output] for output in outputs], default=0)


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


# A graph of any depth pickles as flat arrays, without recursion. Leaves are pickled as objects, so
# that values pickled together still share them.


def _moved(entry: Entry | None, places: Mapping[int, int], known: dict[int, Any]) -> Entry | None:
    """Return the entry of a call as another graph has it: its inputs are in other places."""
    if entry is None or entry is FIRED:
        return entry
    if id(entry) not in known:
        inputs = entry.inputs and frozenset([places[i] for i in entry.inputs if i in places])
        outer = _moved(entry.outer, places, known)
        known[id(entry)] = Entry(entry.path, entry.module, inputs, outer)
    return known[id(entry)]  # type: ignore[no-any-return]


def _flatten(output: Value) -> tuple[Any, ...]:
    if not output.operands:
        note = noted(output)
        state = read(output), grad_of(output), note.label, note.region, output._rule
        return _restore_leaf, (*state, note.place) if note.place else state
    order, position, operands = _numbered(output)
    rules: dict[Primitive, int] = {}
    columns = [array("d") for _ in range(4)]
    links = array("q")  # for each value: its rule, its operands x and y (-1: none)
    shared: list[Value] = []
    opaque: list[tuple[str, list[int]]] = []
    notes: dict[int, tuple[Any, ...]] = {}
    several: dict[int, tuple[array[int], array[float]]] = {}
    entries: dict[int, Any] = {}  # their inputs are positions

    for i, (node, below) in enumerate(zip(order, operands)):
        if node._rule is LEAF:
            links.extend((-1, len(shared), -1))
            shared.append(node)
        elif isinstance(node._rule, Opaque):
            links.extend((-2, len(opaque), -1))
            opaque.append((node.op, list(below)))
        else:
            if node._y is None and node._rule.several:
                several[i] = array("q", below), array("d", node._slopes())
            x = -1 if node._x is None else position[id(node._x)]
            y = -1 if node._y is None else position[id(node._y)]
            links.extend((rules.setdefault(node._rule, len(rules)), x, y))
        for column, number in zip(columns, (node._data, grad_of(node), node._dx, node._dy)):
            column.append(number)
        note = noted(node)
        if note.home or note.ended:
            calls = (_moved(entry, position, entries) for entry in (note.home, note.ended))
            notes[i] = note.label, note.region, *calls
        elif note.label or note.region:
            notes[i] = note.label, note.region
    given: tuple[Any, ...] = columns, links, list(rules), shared, opaque, notes
    # Version 0.1.0 had none.
    return _restore, (*given, several) if several else given


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
    ids, entries = dict(enumerate(map(id, made))), dict[int, Any]()
    for i, (label, name, *calls) in notes.items():
        if calls:
            home, ended = (_moved(entry, ids, entries) for entry in calls)
            made[i]._note = Note(label, name, home=home, ended=ended)
    return made[-1]


copyreg.pickle(Value, _flatten)

# Files of version 0.1.0 look for these where they stood then.
vars(engine).update(find_primitive=find_primitive, Note=Note, Primitive=Primitive)

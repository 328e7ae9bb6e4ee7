"""Copies of values and of graphs, pickles among them; what an operation of several operands is
written out in; and how graphs are released.
"""

from __future__ import annotations

import copyreg
import gc
import math
import sys
from array import array
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from autograd_engine import engine, graph
from autograd_engine.blocks import enable_grad
from autograd_engine.engine import Value, ordered
from autograd_engine.floats import crossed, dot
from autograd_engine.graph import _numbered, nodes
from autograd_engine.notes import FIRED, NOTHING, Entry, Note, mark, noted
from autograd_engine.number import grad_of, read
from autograd_engine.primitives import Opaque, Primitive, find_primitive, paired
from autograd_engine.state import ANSWERS, alone
from autograd_engine.table import DOT, LEAF


def _made(numbers: Any, rule: Primitive, operands: Any = (), slopes: Any = ()) -> Value:
    """Return a value of these data, gradient, dx and dy; `slopes` if it is of several operands."""
    node = Value(0.0)
    node._data, node._grad, node._dx, node._dy = numbers
    node._rule = Opaque(rule.symbol, operands) if isinstance(rule, Opaque) else rule
    if operands and node._rule is rule:
        node._x = operands[0]
        if rule.several:
            node._many = paired(operands, slopes)
        elif len(operands) > 1:
            node._y = operands[1]
    return node


def clone(node: Value, operands: tuple[Value, ...]) -> Value:
    """Return a value like this one, on the operands given."""
    data = read(node) if node._x is None else node._data
    twin = _made((data, grad_of(node), node._dx, node._dy), node._rule, operands, node._slopes())
    note = noted(node)
    if note is not NOTHING:  # what it was opened to stands on the other one's operands
        twin._note = note if note.opened is None else replace(note, opened=None)
    return twin


def deep_copy(output: Value, memo: dict[int, Any]) -> Value:
    """Return a copy of the whole graph below, each value copied once."""
    order = nodes(output)
    for node in order:
        if id(node) not in memo:
            memo[id(node)] = clone(node, tuple([memo[id(value)] for value in node.operands]))
    places = {id(node): id(memo[id(node)]) for node in order}
    for note, twin in [(noted(node), memo[id(node)]) for node in order]:
        if note.home or note.ended:
            home, ended = (_moved(entry, places, memo) for entry in (note.home, note.ended))
            mark(twin, home=home, ended=ended)
    return memo[id(output)]  # type: ignore[no-any-return]


def _moved(entry: Entry | None, places: Mapping[int, int], known: dict[int, Any]) -> Entry | None:
    """Return the entry of a call as another graph has it: its inputs are in other places."""
    if entry is None or entry is FIRED:
        return entry
    if id(entry) not in known:
        inputs = entry.inputs and frozenset([places[i] for i in entry.inputs if i in places])
        outer = _moved(entry.outer, places, known)
        known[id(entry)] = Entry(entry.path, entry.module, inputs, outer)
    return known[id(entry)]  # type: ignore[no-any-return]


# A graph of any depth pickles as flat arrays, without recursion. Leaves are pickled as objects, so
# that values pickled together still share them.


def _flatten(output: Value) -> tuple[Any, ...]:
    if not output.operands:
        note = noted(output)
        known = note.label, note.region, output._rule, note.place
        return _restore_leaf, (read(output), grad_of(output), *known)
    order, position, operands = _numbered(output)
    columns = [array("d", [node._data for node in order]), array("d", map(grad_of, order))]
    columns += array("d", [node._dx for node in order]), array("d", [node._dy for node in order])
    links = array("q")  # for each value: its rule, its operands x and y (-1: none)
    rules: dict[Primitive, int] = {}
    shared: list[Value] = []
    opaque: list[tuple[str, tuple[int, ...]]] = []
    notes: dict[int, tuple[Any, ...]] = {}
    several: dict[int, tuple[array[int], array[float]]] = {}
    entries: dict[int, Any] = {}  # their inputs are positions
    for i, (node, below) in enumerate(zip(order, operands)):
        if node._rule is LEAF:
            links.extend((-1, len(shared), -1))
            shared.append(node)
        elif isinstance(node._rule, Opaque):
            links.extend((-2, len(opaque), -1))
            opaque.append((node.op, below))
        else:
            if node._rule.several:
                several[i] = array("q", below), array("d", node._slopes())
            x, y, *_ = (-1, -1) if node._rule.several else (*below, -1, -1)
            links.extend((rules.setdefault(node._rule, len(rules)), x, y))
        note = noted(node)
        if note.label or note.region or note.home or note.ended:
            calls = (_moved(entry, position, entries) for entry in (note.home, note.ended))
            notes[i] = note.label, note.region, *calls
    return _restore, (columns, links, list(rules), shared, opaque, notes, several)


def _restore_leaf(
    data: float, grad: float, label: str, name: str, rule: Primitive, place: str = ""
) -> Value:
    leaf = _made((data, grad, 0.0, 0.0), rule)
    if label or name or place:
        leaf._note = Note(label, name, place=place)
    return leaf


def _restore(
    columns: Any, links: Any, rules: Any, shared: Any, opaque: Any, notes: Any, *several: Any
) -> Value:
    wide = several[0] if several else {}  # version 0.1.0 wrote neither these nor calls
    made: list[Value] = []
    for i, numbers in enumerate(zip(*columns)):
        rule, x, y = links[3 * i : 3 * i + 3]
        if rule == -1:
            made.append(shared[x])
        elif rule == -2:
            symbol, below = opaque[x]
            made.append(_made(numbers, Opaque(symbol, ()), tuple([made[j] for j in below])))
        else:
            places, slopes = wide.get(i, ([j for j in (x, y) if j >= 0], ()))
            operands = tuple([made[j] for j in places])
            made.append(_made(numbers, rules[rule], operands, tuple(slopes)))
    ids, entries = dict(enumerate(map(id, made))), dict[int, Any]()
    for i, (label, name, *calls) in notes.items():
        home, ended = (_moved(entry, ids, entries) for entry in calls or (None, None))
        if links[3 * i] != -1:
            made[i]._note = Note(label, name, home=home, ended=ended)
    return made[-1]


def opened(node: Value) -> Value:
    """Return a value as elementary operations give it: itself, or the last of those that its rule
    is written out in, with the data and gradients that they would have, the same at each look.
    """
    if node._x is None or node._rule.written_out is None:
        return node
    return alone(_opened, node)  # type: ignore[no-any-return]


def _opened(node: Value) -> Value:
    if noted(node).opened is None:
        mark(node, opened=_written_out(node))
    inner: list[Value] = noted(node).opened
    if not inner:  # nothing is done to a single operand
        return node
    outer = set(map(id, node.operands))
    for operand in [x for part in inner for x in part.operands if id(x) not in outer]:
        operand._grad = 0.0
    inner[-1]._grad = grad_of(node)
    for part in reversed(inner):
        for operand, partial in zip(part.operands, part._slopes()):
            if id(operand) not in outer:
                operand._grad += partial * part._grad
    return inner[-1]


def _written_out(node: Value) -> list[Value]:
    """Return the operations that an operation of several is written out in, in order."""
    operands, slopes = node.operands, node._slopes()
    numbers = [operand._data for operand in operands]
    if node._rule is DOT:  # its slopes are the factors of the forward pass; a leaf may have changed
        odd = len(operands) % 2
        numbers[odd:] = crossed(slopes)[odd:]
        moved = node._data - dot(*numbers)
        if odd and moved and math.isfinite(moved):
            numbers[0] += moved
    stand_ins = [Value(number) for number in numbers]
    with enable_grad():
        top: Value = node._rule.written_out(*stand_ins)  # type: ignore[misc]
    real = {id(stand_in): operand for stand_in, operand in zip(stand_ins, operands)}
    inner = ordered((top,), False)
    for part in inner:
        part._x, part._y = (real.get(id(value), value) for value in (part._x, part._y))
    if inner:
        top._data = node._data  # to the last digit
    return inner


ANSWERS["copy"] = lambda node: clone(node, node.operands)
ANSWERS.update({"deep copy": deep_copy, "opened": opened})
copyreg.pickle(Value, _flatten)

# Files of version 0.1.0 look for these where they stood then.
vars(engine).update(find_primitive=find_primitive, Note=Note, Primitive=Primitive)
vars(graph).update(_restore=_restore, _restore_leaf=_restore_leaf)


# Interpreted, CPython 3.13 follows a chain of plain objects 10,000 C calls deep before it pauses,
# which crashes a thread with a stack of 512 KiB, and a browser's Python. There, a dying value hands
# its operands to a list that the outermost release empties; that costs time, so others go without.

_waiting: list[Value | None] = []
_emptying: list[bool] = []  # holds one item while the list is being emptied
_found: list[tuple[int, int, int]] = []  # the collector's thresholds, one for each block


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Let Python's collector look less often meanwhile: a graph has no cycles to be found.

    One that is off stays off. Where several threads ask, the last sets back what the first found.
    """
    _found.append(gc.get_threshold() if hasattr(gc, "get_threshold") else (0, 0, 0))  # on PyPy
    young, *older = _found[0]
    if young:
        gc.set_threshold(max(young, 1_000_000), *older)
    try:
        yield
    finally:
        before = _found.pop()
        if young and not _found:
            gc.set_threshold(*before)


def _release(
    self: Any,
    waiting: list[Value | None] = _waiting,
    emptying: list[bool] = _emptying,  # as defaults: at its exit Python clears the globals first
) -> None:
    try:
        x, y, rule = self._x, self._y, self._rule
    except AttributeError:  # its making was interrupted
        return
    if x is None:  # a leaf
        return
    waiting.append(x)
    waiting.append(y)
    if y is None and rule.several:
        waiting.extend(self._many[::2])
        del self._many  # whose tuple would release them one inside the other
    x = y = rule = self._x = self._y = None  # the list alone holds them
    while waiting and not emptying:  # once more if another thread added to it meanwhile
        emptying.append(True)
        try:
            while waiting:
                waiting.pop()
        except IndexError:  # another thread was quicker by one
            pass
        finally:
            emptying.pop()


if not engine.COMPILED and (sys.version_info[:2] == (3, 13) or sys.platform == "emscripten"):
    Value.__del__ = _release  # type: ignore[attr-defined]

"""Calls: which values of a graph stand in which use of a module, or of a region.

A neuron's interior is what lies between its marked output and the dot product of its own weights.
The layer, and whatever else its path names, is put together from the neurons that were fed the
same inputs, or by one another. A module of your own, and a `region` block, are known by the
entry that their values have noted: what stands behind the output, and not behind the inputs. A
value that somebody marked by hand begins a region that reaches down to the next mark.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from autograd_engine.engine import Value
from autograd_engine.entries import levels as levels
from autograd_engine.notes import FIRED, Entry, Note
from autograd_engine.table import DOT, LEAF

NEAR = 200
"""So many values behind a neuron's output its dot product is looked for."""

LATEST = 50
"""Of so many calls of a layer, the latest, it is looked which one a neuron's belongs to."""


@dataclass(eq=False)
class Call:
    """One use of a module or a region: the `number`-th, from 1, of `count` in this graph.

    `members` are the positions of all values in it, those of calls inside it too, and of leaves
    and constants that nothing else uses; `outputs` those that were returned or marked, `inputs`
    those it was given, as far as they are known. `outer` is the call around it, or -1, and `dot`
    the weighted sum of a neuron, or -1.
    """

    path: str
    outer: int = -1
    key: object = None  # of the module: two may have one path
    inputs: tuple[int, ...] = ()
    outputs: list[int] = field(default_factory=list)
    members: list[int] = field(default_factory=list)
    dot: int = -1
    number: int = 1
    count: int = 1


Calls: TypeAlias = "tuple[list[Call], list[int], list[str]]"


def found(values: list[Value], operands: list[tuple[int, ...]], notes: list[Note]) -> Calls:
    """Return the calls of a graph, the outer ones first, the innermost of each value, and its path.

    A weight that several calls of a neuron use has the path, and no call.
    """
    finder = _Finder(values, operands, notes)
    if finder.marked:
        finder.enter()
        finder.fire()
        finder.reach()
        finder.own_leaves()
    return finder.finished()


class _Finder:
    def __init__(
        self, values: list[Value], operands: list[tuple[int, ...]], notes: list[Note]
    ) -> None:
        self.values, self.operands, self.notes = values, operands, notes
        self.position = {id(value): i for i, value in enumerate(values)}
        self.marked = [
            i for i, note in enumerate(self.notes) if note.region or note.home or note.ended
        ]
        self.calls: list[Call] = []
        self.of = [-1] * len(self.values)
        self.homes: dict[int, str] = {}  # of leaves
        self._inner: dict[int, set[str]] = {}  # of those calls the paths of the calls in them
        self._module: dict[object, object] = {}  # a name and the key of a part -> the whole's key
        self._entered: dict[int, int] = {}  # id of an entry -> its call
        self._at: dict[tuple[str, int], list[int]] = {}  # path and outer -> calls from levels

    def around(self, call: int) -> Iterator[int]:
        """Yield a call and those around it, innermost first."""
        while call >= 0:
            yield call
            call = self.calls[call].outer

    def _add(self, call: Call) -> int:
        self.calls.append(call)
        return len(self.calls) - 1

    def enter(self) -> None:
        """Find the calls that have an entry, and what stands in them."""
        entries: dict[int, Entry] = {}
        for i in self.marked:
            home, ended = self.notes[i].home, self.notes[i].ended
            if home:
                self.of[i] = self._call_of(home, entries)
            for entry in (home, ended):
                if entry and entry is not FIRED:
                    self.calls[self._call_of(entry, entries)].outputs.append(i)
        # A walk stops at what another call has claimed, so those inside others are first.
        order = sorted(entries, key=lambda c: (-len([*self.around(c)]), self.calls[c].outputs[:1]))
        for call in order:
            if entries[call].module:
                self._walk(call, entries[call])
            outer = self.calls[call].outer
            if outer >= 0:  # what was computed in here was computed in there too
                self.calls[outer].outputs += self.calls[call].outputs

    def _call_of(self, entry: Entry, entries: dict[int, Entry]) -> int:
        if id(entry) not in self._entered:
            outer = self._call_of(entry.outer, entries) if entry.outer else -1
            inputs = [self.position[key] for key in entry.inputs or () if key in self.position]
            call = Call(entry.path, outer, (entry.path, entry.module), tuple(sorted(inputs)))
            self._entered[id(entry)] = number = self._add(call)
            entries[number] = entry
        return self._entered[id(entry)]

    def _walk(self, call: int, entry: Entry) -> None:
        """Give to a call what stands behind its outputs and not behind its inputs."""
        given = entry.inputs or frozenset()
        waiting = [i for i in self.calls[call].outputs if id(self.values[i]) not in given]
        seen = set(waiting)
        while waiting:
            i = waiting.pop()
            if self.of[i] < 0:
                self.of[i] = call
            elif call not in self.around(self.of[i]):
                continue
            for j in self.operands[i]:
                if j not in seen and self.operands[j] and id(self.values[j]) not in given:
                    seen.add(j)
                    waiting.append(j)

    def fire(self) -> None:
        """Find the calls of neurons, and of the layers and models that they stand in."""
        for i in self.marked:
            note = self.notes[i]
            dot = self._dot_behind(i) if note.ended is FIRED and note.region else -1
            if dot < 0:
                continue
            operands = self.operands[dot]
            odd, base = len(operands) % 2, self.of[i]
            key = (note.region, operands[odd])
            call = Call(note.region, base, key, operands[odd + 1 :: 2], [i], dot=dot)
            self._stand(call)
            number = self._add(call)
            for j in self._between(i, dot):
                if self.of[j] == base:
                    self.of[j] = number

    def _dot_behind(self, output: int) -> int:
        """Return the nearest dot product of weights, or -1."""
        waiting, seen = deque([output]), {output}
        while waiting and len(seen) < NEAR:
            i = waiting.popleft()
            operands = self.operands[i]
            own = (*operands[: len(operands) % 2], *operands[len(operands) % 2 :: 2])
            if self.values[i]._rule is DOT and any(self.values[w]._rule is LEAF for w in own):
                return i
            for j in operands:
                if j not in seen:
                    seen.add(j)
                    waiting.append(j)
        return -1

    def _between(self, output: int, dot: int) -> set[int]:
        """Return what leads from a dot product to an output, both included."""
        inside, waiting, seen = {dot}, [output], {dot, output}
        while waiting and len(seen) < NEAR:
            for j in self.operands[waiting.pop()]:
                if j not in seen:
                    seen.add(j)
                    waiting.append(j)
        for i in sorted(seen):
            if any(j in inside for j in self.operands[i]):
                inside.add(i)
        return inside

    def _stand(self, call: Call) -> None:
        """Put a call into that of the layer, or of another module, that its path names."""
        base = call.outer
        known = len(levels(self.calls[base].path)) if base >= 0 else 0
        path = levels(call.path)
        if base < 0 or path[:known] != levels(self.calls[base].path):
            known = 0
        for name in path[-2::-1][: max(0, len(path) - 1 - known)]:
            outer = self._joined(call, name, base)
            if outer >= 0:
                call.outer = outer
                self.calls[outer].outputs += call.outputs
                return
            key = self._module.setdefault((name, call.key), (name, call.key))
            above = Call(name, base, key, call.inputs, list(call.outputs))
            call.outer = self._add(above)
            self._at.setdefault((name, base), []).append(call.outer)
            self._inner.setdefault(call.outer, set()).add(call.path)
            call = above

    def _joined(self, call: Call, name: str, base: int) -> int:
        """Return the call of that name in which this one stands: it has none like it so far."""
        fed = {c for i in call.inputs for c in self.around(self.of[i])}
        for c in reversed(self._at.get((name, base), ())[-LATEST:]):
            feeds = c in fed or self.calls[c].inputs == call.inputs
            if feeds and call.path not in self._inner[c]:
                self._inner[c].add(call.path)
                self._module.setdefault((name, call.key), self.calls[c].key)
                return c
        return -1

    def reach(self) -> None:
        """Give to each output that was marked by hand what stands behind it, up to other calls."""
        mine: dict[int, tuple[int, int]] = {}
        for i in range(len(self.values) - 1, -1, -1):
            note = self.notes[i]
            if note.region and not note.ended:
                base = self.of[i]
                call = Call(note.region, base, note.region, self.operands[i], [i])
                self._stand(call)
                mine[i] = self._add(call), base
            if i in mine and self.operands[i]:
                call_, base = mine[i]
                if self.of[i] == base:
                    self.of[i] = call_
                    for j in self.operands[i]:
                        mine.setdefault(j, mine[i])

    def own_leaves(self) -> None:
        """Give a leaf or constant to the innermost call that has all its uses but as an input."""
        users: dict[int, set[int]] = {}
        for i, operands in enumerate(self.operands):
            for j in operands:
                if not self.operands[j]:
                    users.setdefault(j, set()).add(self.of[i])
        for leaf, several in users.items():
            first, *rest = several
            common = [c for c in self.around(first) if leaf not in self.calls[c].inputs]
            for call in rest:
                if not common:
                    break
                around = set(self.around(call))
                common = [c for c in common if c in around]
            self.of[leaf] = common[0] if common else -1
            path = self.calls[first].path if first >= 0 else ""
            if all(self._has(call, path, leaf) for call in several):
                self.homes[leaf] = path

    def _has(self, call: int, path: str, leaf: int) -> bool:
        """Say whether a call has this path, and uses the leaf without being fed it."""
        if call < 0:
            return not path
        return self.calls[call].path == path and leaf not in self.calls[call].inputs

    def _find_exits(self) -> None:
        """Let the outputs of calls that have an entry be what is used outside, or by nobody."""
        entered = set(self._entered.values())
        around = {call: {-1, *self.around(call)} for call in {*self.of}} if entered else {}
        leaving: dict[int, set[int]] = {call: set() for call in entered}
        unused = [True] * len(self.values) if entered else []
        for operands, inside in zip(self.operands, [around[c] for c in self.of] if entered else ()):
            for j in operands:
                unused[j] = False
                if self.of[j] not in inside and self.operands[j]:
                    for call in self.around(self.of[j]):
                        if call in entered and call not in inside:
                            leaving[call].add(j)
        for i in [i for i, alone in enumerate(unused) if alone]:
            for call in entered.intersection(self.around(self.of[i])):
                leaving[call].add(i)
        for call, exits in leaving.items():
            self.calls[call].outputs = sorted(exits) or self.calls[call].outputs

    def finished(self) -> Calls:
        """Return the calls, numbered and in order, and the one of each value."""
        self._find_exits()
        depth = [len([*self.around(c)]) for c in range(len(self.calls))]
        first = [min(call.outputs) for call in self.calls]
        order = sorted(range(len(self.calls)), key=lambda c: (depth[c], first[c]))
        place = {c: i for i, c in enumerate(order)} | {-1: -1}
        calls = [self.calls[c] for c in order]
        same: dict[object, list[Call]] = {}
        for call in calls:
            call.outer = place[call.outer]
            call.outputs = sorted(set(call.outputs))
            same.setdefault(call.key, []).append(call)
        for several in same.values():
            for number, call in enumerate(several, 1):
                call.number, call.count = number, len(several)
        of = [place[c] for c in self.of]
        for i, c in enumerate(of):
            while c >= 0:
                calls[c].members.append(i)
                c = calls[c].outer
        paths = [calls[c].path if c >= 0 and self.operands[i] else "" for i, c in enumerate(of)]
        for leaf, path in self.homes.items():
            paths[leaf] = path
        return calls, of, paths

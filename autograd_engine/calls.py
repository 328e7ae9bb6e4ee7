"""Calls: which values of a graph stand in which use of a module, or of a region.

A neuron's interior is what lies between its marked output and the dot product of its own weights.
The layer, and whatever else its path names, is put together from the neurons that were fed the
same inputs, or by one another. A module of your own, and a `region` block, are known by the
entry that their values have noted: what stands behind the output, and not behind the inputs. A
value that somebody marked by hand begins a region that reaches down to the next mark.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

from autograd_engine.engine import Value
from autograd_engine.notes import FIRED, Entry, Note
from autograd_engine.table import DOT, LEAF

NEAR = 200
"""So many values behind a neuron's output its dot product is looked for."""

LATEST = 50
"""Of so many calls of a layer on the same inputs it is looked which one a neuron's belongs to."""


@dataclass(eq=False, slots=True)
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
    dot: int = -1
    members: list[int] = field(default_factory=list)
    number: int = 1
    count: int = 1


Calls: TypeAlias = "tuple[list[Call], list[int], list[str]]"


def levels(path: str) -> list[str]:
    """Return the names of the regions around and including this one, outermost first.

    >>> levels("layers.0.neurons.3")
    ['layers.0', 'layers.0.neurons.3']
    """
    outer, _, word = path.rpartition(".")
    names = levels(outer) if outer else []
    if word.isdecimal() and outer and not outer.rpartition(".")[2].isdecimal():
        names.pop()  # a number and what it counts are one name
    return [*names, path] if path else []


@cache
def _above(path: str, around: str) -> tuple[str, ...]:
    """Return the names of the regions around this one that are inside of another."""
    names = levels(path)
    return tuple(names[names.index(around) + 1 if around in names else 0 : -1])


class Finder:
    """The calls so far, each behind those around it, and of each value the innermost, or -1."""

    def __init__(
        self, values: list[Value], operands: list[tuple[int, ...]], notes: list[Note]
    ) -> None:
        self.values, self.operands, self.notes = values, operands, notes
        self.marked = [i for i, note in enumerate(notes) if note.region or note.home or note.ended]
        self.calls: list[Call] = []
        self.around: dict[int, tuple[int, ...]] = {-1: ()}  # a call and those around it
        self.of = [-1] * len(values)
        self.homes: dict[int, str] = {}  # of leaves
        self._entered: dict[int, int] = {}  # id of an entry -> its call
        # Calls that are put together: the base that they stand in, the paths of those in them.
        self._parts: dict[int, tuple[int, set[str]]] = {}
        self._fed: dict[tuple[str, int, tuple[int, ...]], list[int]] = {}
        self._module: dict[object, object] = {}  # a name and the key of a part -> the whole's key

    def _add(self, call: Call) -> int:
        number = len(self.calls)
        self.calls.append(call)
        self.around[number] = (number, *self.around[call.outer])
        return number

    def enter(self) -> None:
        """Find the calls that have an entry, and what stands in them."""
        position = {id(value): i for i, value in enumerate(self.values)}
        entries: list[Entry] = []

        def call_of(entry: Entry) -> int:
            if id(entry) not in self._entered:
                outer = call_of(entry.outer) if entry.outer else -1
                inputs = sorted([position[key] for key in entry.inputs or () if key in position])
                call = Call(entry.path, outer, (entry.path, entry.module), tuple(inputs))
                self._entered[id(entry)] = self._add(call)
                entries.append(entry)
            return self._entered[id(entry)]

        for i in self.marked:
            home, ended = self.notes[i].home, self.notes[i].ended
            if home:
                self.of[i] = call_of(home)
            for entry in (home, ended):
                if entry and entry is not FIRED:
                    self.calls[call_of(entry)].outputs.append(i)
        for c in sorted(range(len(entries)), key=lambda c: -len(self.around[c])):
            # A walk stops at what another call has claimed, so those inside others are first.
            if entries[c].module:
                self._walk(c, entries[c].inputs or frozenset())
            if self.calls[c].outer >= 0:  # what was computed in here was computed in there too
                self.calls[self.calls[c].outer].outputs += self.calls[c].outputs

    def _walk(self, call: int, given: frozenset[int]) -> None:
        """Give to a call what stands behind its outputs and not behind its inputs."""
        waiting = [i for i in self.calls[call].outputs if id(self.values[i]) not in given]
        seen = set(waiting)
        while waiting:
            i = waiting.pop()
            self.of[i] = call if self.of[i] < 0 else self.of[i]
            for j in self.operands[i] if call in self.around[self.of[i]] else ():
                if j not in seen and self.operands[j] and id(self.values[j]) not in given:
                    seen.add(j)
                    waiting.append(j)

    def fire(self) -> None:
        """Find the calls of neurons, and of the layers and models that they stand in."""
        leaf = [value._rule is LEAF for value in self.values]
        for i in self.marked:
            path, base = self.notes[i].region, self.of[i]
            inside = self._interior(i, leaf) if path and self.notes[i].ended is FIRED else []
            if inside:
                dot = inside[0]
                operands = self.operands[dot]
                odd = len(operands) % 2
                key, inputs = (path, operands[odd]), operands[odd + 1 :: 2]
                call = self._stand(Call(path, base, key, inputs, [i], dot))
                for j in inside:
                    if self.of[j] == base:
                        self.of[j] = call

    def _interior(self, output: int, leaf: list[bool]) -> list[int]:
        """Return the nearest dot product of weights, and what leads from there to an output."""
        dot, seen, near = -1, {output}, [output]
        for i in near:
            operands = self.operands[i]
            own = operands[len(operands) % 2 :: 2] if self.values[i]._rule is DOT else ()
            if dot < 0 and own and (leaf[operands[0]] or any(leaf[w] for w in own)):
                dot = i
                continue
            for j in operands if len(near) < NEAR else ():
                if j not in seen and self.operands[j]:
                    seen.add(j)
                    near.append(j)
        inside = [dot] if dot >= 0 else []
        for i in sorted(near) if inside else ():
            if i > dot and any(j in inside for j in self.operands[i]):
                inside.append(i)
        return inside

    def _stand(self, call: Call) -> int:
        """Add a call, and around it, where there is none that it fits, what its path names."""
        base = call.outer
        names = _above(call.path, self.calls[base].path if base >= 0 else "")
        call.outer = self._join(names, call, base)
        return self._add(call)

    def _join(self, names: tuple[str, ...], part: Call, base: int) -> int:
        """Return the call of the last name that holds, now, a part; `base` if there is no name."""
        if not names:
            return base
        name, key = names[-1], (names[-1], part.key)
        alike = self._fed.setdefault((name, base, part.inputs), [])
        fits = [c for c in alike[-LATEST:] if part.path not in self._parts[c][1]]
        if not fits:
            feeding = {c for j in part.inputs for c in self.around[self.of[j]]} & self._parts.keys()
            for c in sorted(feeding):
                around, parts = self._parts[c]
                if around == base and self.calls[c].path == name and part.path not in parts:
                    fits.append(c)
        if fits:
            whole = fits[-1]
            self.calls[whole].outputs += part.outputs
            self._module.setdefault(key, self.calls[whole].key)
        else:
            made = Call(name, base, self._module.setdefault(key, key), part.inputs, [*part.outputs])
            made.outer = self._join(names[:-1], made, base)
            whole = self._add(made)
            self._parts[whole] = base, set()
            alike.append(whole)
        self._parts[whole][1].add(part.path)
        return whole

    def reach(self) -> None:
        """Give to each output that was marked by hand what stands behind it, up to other calls."""
        mine: dict[int, tuple[int, int]] = {}
        by_hand = [i for i in self.marked if self.notes[i].region and not self.notes[i].ended]
        for i in range(by_hand[-1] if by_hand else -1, -1, -1):
            path, base = self.notes[i].region, self.of[i]
            if path and not self.notes[i].ended:
                mine[i] = self._stand(Call(path, base, path, self.operands[i], [i])), base
            if i in mine and self.operands[i] and base == mine[i][1]:
                self.of[i] = mine[i][0]
                for j in self.operands[i]:
                    mine.setdefault(j, mine[i])

    def own_leaves(self) -> None:
        """Give a leaf or constant to the innermost call that has all its uses but as an input."""
        leaves = {i for i, given in enumerate(self.operands) if not given}
        used: dict[int, set[int]] = {}
        for c, given in zip(self.of, self.operands):
            own = leaves.intersection(given)
            if own:
                used[c] = used[c] | own if c in used else own
        fed: set[int] = set()
        alike: dict[frozenset[int], list[int]] = {}  # weights are those of many calls
        for c in range(len(self.calls) - 1, -2, -1):  # those inside others first
            own = used.get(c, set())
            if c >= 0 and not own.isdisjoint(self.calls[c].inputs):
                handed = own.intersection(self.calls[c].inputs)
                used.setdefault(self.calls[c].outer, set()).update(handed)
                fed |= handed
                own -= handed
            alike.setdefault(frozenset(own), []).append(c)
        common: dict[int, list[int]] = {}
        paths: dict[int, set[str]] = {}
        for several, calls in alike.items():
            around = list(self.around[calls[0]])
            for c in calls:
                around = around and [outer for outer in around if outer in self.around[c]]
            named = {self.calls[c].path if c >= 0 else "" for c in calls}
            for i in several:
                common[i] = [c for c in common.get(i, around) if c in around]
                paths[i] = named | paths.get(i, named)
        for i, around in common.items():
            self.of[i] = around[0] if around else -1
            self.homes[i] = "" if i in fed or len(paths[i]) > 1 else min(paths[i])

    def exit(self) -> None:
        """Let the outputs of calls that have an entry be what is used outside, or by nobody."""
        if not self._entered:
            return
        leaving: dict[int, set[int]] = {call: set() for call in self._entered.values()}
        unused = tuple(set(range(len(self.of))).difference(*self.operands))
        for c, operands in zip([*self.of, -1], [*self.operands, unused]):
            for j in operands:
                if self.of[j] != c and self.operands[j]:
                    for call in self.around[self.of[j]]:
                        if call in leaving and call not in self.around[c]:
                            leaving[call].add(j)
        for call, exits in leaving.items():
            self.calls[call].outputs = sorted(exits) or self.calls[call].outputs

    def found(self) -> Calls:
        """Return the calls, the outer ones first, the innermost of each value, and its path.

        A weight that several calls of a neuron use has the path, and no call.
        """
        if self.marked:
            for step in (self.enter, self.fire, self.reach, self.own_leaves, self.exit):
                step()
        key = [(len(self.around[c]), min(call.outputs)) for c, call in enumerate(self.calls)]
        order = sorted(range(len(key)), key=key.__getitem__)
        place = {-1: -1} | {c: n for n, c in enumerate(order)}
        calls = [self.calls[c] for c in order]
        of = [place[c] for c in self.of]
        for i, c in enumerate(of):
            if c >= 0:
                calls[c].members.append(i)
        same: dict[object, list[Call]] = {}
        for call in calls:
            call.outer = place[call.outer]
            call.outputs = sorted(set(call.outputs)) if call.outputs[1:] else call.outputs
            same.setdefault(call.key, []).append(call)
            call.number = len(same[call.key])
        for call in reversed(calls):
            call.count = len(same[call.key])
            call.members.sort()
            if call.outer >= 0:
                calls[call.outer].members += call.members
        homes = [calls[c].path if c >= 0 else "" for c in of]
        for leaf, home in self.homes.items():
            homes[leaf] = home
        return calls, of, homes

"""Calls: which values of a graph stand in which use of a module, or of a region.

A neuron's interior is what lies between its marked output and the dot product of its own weights.
The layer, and whatever else its path names, is put together from the neurons that were fed the
same inputs, or by one another. A module of your own, and a `region` block, are known by the
entry that their values have noted: what stands behind the output, and not behind the inputs. A
value that somebody marked by hand begins a region that reaches down to the next mark.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from autograd_engine.notes import FIRED, Entry, Note
from autograd_engine.table import DOT, LEAF


@dataclass(eq=False, slots=True)
class Call:
    """One use of a module or a region: the `number`-th, from 1, of `count` in this graph.

    `members` are the positions of all values in it, also of leaves that nothing else uses;
    `outputs` those that were returned or marked, `inputs` those it was given, as far as known.
    `outer` is the call around it, or -1, and `dot` the weighted sum of a neuron, or -1.
    """

    path: str
    outer: int = -1
    key: object = None  # of the module, since two may have one path; a region's is its path
    inputs: tuple[int, ...] = ()
    outputs: list[int] = field(default_factory=list)
    dot: int = -1
    members: list[int] = field(default_factory=list)
    number: int = 1
    count: int = 1


@cache
def levels(path: str) -> tuple[str, ...]:
    """Return the names of the regions around and including this one, outermost first."""
    outer, _, word = path.rpartition(".")
    names = levels(outer) if outer else ()
    if word.isdecimal() and outer and not outer.rpartition(".")[2].isdecimal():
        names = names[:-1]  # a number and what it counts are one name
    return (*names, path) if path else ()


class Finder:
    """The calls in a survey, each behind those around it; `of` each value the innermost, or -1, and
    its path. A weight that several calls of a neuron use has the path, and no call.
    """

    def __init__(self, survey: Any) -> None:
        self.survey = survey
        self.operands: list[tuple[int, ...]] = survey.operands
        self.notes: list[Note] = survey.notes
        self.calls: list[Call] = []
        self.around: dict[int, tuple[int, ...]] = {-1: ()}  # a call and those around it
        self.of = [-1] * len(self.operands)
        self.homes = [""] * len(self.operands)
        self.lent: dict[int, int] = {}  # the first call of a leaf that several of one module use
        self._entered: dict[int, int] = {}  # id of an entry -> its call
        # Calls that are put together, by name and what they stand in: the paths of those in them;
        # and, by what these were fed, which they are.
        self._parts = defaultdict[object, dict[int, set[str]]](dict)
        self._fed = defaultdict[object, list[int]](list)
        self._module: dict[object, object] = {}  # a name and the key of a part -> the whole's key
        marked = [i for i, n in enumerate(self.notes) if n.region or n.home or n.ended]
        if marked:
            self.enter(marked)
            self.fire(marked)
            self.own_leaves()
            self.count()
            if self._entered:
                self.exit()

    def _add(self, call: Call) -> int:
        number = len(self.calls)
        self.calls.append(call)
        self.around[number] = (number, *self.around[call.outer])
        return number

    def enter(self, marked: list[int]) -> None:
        """Find the calls that have an entry, and what stands in them."""
        for i in marked:
            home, ended = self.notes[i].home, self.notes[i].ended
            if home:
                self.of[i] = self._call_of(home)
            for entry in (home, ended):
                if entry and entry is not FIRED:
                    self.calls[self._call_of(entry)].outputs.append(i)
        for c, call in sorted(enumerate(self.calls), key=lambda pair: -len(self.around[pair[0]])):
            # A walk stops at what another call has claimed, so those inside others are first.
            if call.key != call.path:  # that of a module
                self._walk(c, -1, call.inputs)
            if call.outer >= 0:  # what was computed in here was computed in there too
                self.calls[call.outer].outputs += call.outputs

    def _call_of(self, entry: Entry) -> int:
        if id(entry) not in self._entered:
            outer = self._call_of(entry.outer) if entry.outer else -1
            at = self.survey.position
            inputs = sorted([at[key] for key in entry.inputs or () if key in at])
            key = (entry.path, entry.module) if entry.module else entry.path
            self._entered[id(entry)] = self._add(Call(entry.path, outer, key, tuple(inputs)))
        return self._entered[id(entry)]

    def _walk(self, call: int, free: int, inputs: tuple[int, ...] = ()) -> None:
        """Give to a call what stands behind its outputs, not behind its inputs, and is free."""
        seen = set(inputs)
        waiting = [i for i in self.calls[call].outputs if i not in seen]
        while waiting:
            i = waiting.pop()
            self.of[i] = call if self.of[i] == free else self.of[i]
            for j in self.operands[i] if call in self.around[self.of[i]] else ():
                if j not in seen and self.operands[j]:
                    seen.add(j)
                    waiting.append(j)

    def fire(self, marked: list[int]) -> None:
        """Find the calls of neurons, of the layers and models that they stand in, and regions."""
        for i in marked:
            path, base = self.notes[i].region, self.of[i]
            if path and not self.notes[i].ended:  # by hand
                self._walk(self._stand(Call(path, base, path, self.operands[i], [i])), base)
            inside = self._interior(i) if path and self.notes[i].ended is FIRED else []
            if inside:
                dot = inside[0]
                operands = self.operands[dot]
                odd = len(operands) % 2
                key, inputs = (path, operands[odd]), operands[odd + 1 :: 2]
                call = self._stand(Call(path, base, key, inputs, [i], dot))
                for j in inside:
                    if self.of[j] == base:
                        self.of[j] = call

    def _interior(self, output: int) -> list[int]:
        """Return the nearest dot product of weights, and what leads from there to an output."""
        values, seen = self.survey.values, {output}
        for dot in range(output, max(output - 200, -1), -1):
            if dot in seen:
                given = self.operands[dot]
                own = given[len(given) % 2 :: 2] if values[dot]._rule is DOT else ()
                if own and any(values[j]._rule is LEAF for j in (given[0], *own)):
                    return sorted(i for i in seen if i >= dot)
                seen.update(j for j in given if self.operands[j])
        return []

    def _stand(self, call: Call) -> int:
        """Add a call, and around it, where there is none that it fits, what its path names."""
        names, around = levels(call.path), self.calls[call.outer].path if call.outer >= 0 else ""
        call.outer = self._join(names[names.index(around) + 1 if around in names else 0 : -1], call)
        return self._add(call)

    def _join(self, names: tuple[str, ...], part: Call) -> int:
        """Return the call of the last name that holds, now, a part, or what the part stands in."""
        if not names:
            return part.outer
        name, base = names[-1], part.outer
        mine, alike = self._parts[name, base], self._fed[name, base, part.inputs]
        fits = [c for c in alike if part.path not in mine[c]]
        if not fits:
            feeding = mine.keys() & {c for j in part.inputs for c in self.around[self.of[j]]}
            fits = sorted((c for c in feeding if part.path not in mine[c]), reverse=True)
            if not fits:
                key = self._module.setdefault((name, part.key), (name, part.key))
                made = Call(name, base, key, part.inputs, [*part.outputs])
                made.outer = self._join(names[:-1], made)
                fits = [self._add(made)]
                mine[fits[0]] = set()
            alike.append(fits[0])
        whole = fits[0]
        self.calls[whole].outputs += part.outputs
        self._module.setdefault((name, part.key), self.calls[whole].key)
        mine[whole].add(part.path)
        return whole

    def own_leaves(self) -> None:
        """Give a leaf or constant to the innermost call that has all its uses but as an input."""
        free = {i for i, given in enumerate(self.operands) if not given}
        common: dict[int, list[int]] = {}
        for call, given in zip(self.of, self.operands):
            for j in free.intersection(given):
                c = call
                while c >= 0 and j in self.calls[c].inputs:
                    c = self.calls[c].outer
                path = self.calls[c].path if c == call >= 0 else ""  # what it is fed stands outside
                self.homes[j] = path if j not in common or self.homes[j] == path else ""
                self.lent.setdefault(j, c)
                common[j] = [k for k in common.get(j, self.around[c]) if k in self.around[c]]
                self.of[j] = common[j][0] if common[j] else -1
                if not common[j] and (not self.homes[j] or self.calls[c].dot >= 0):
                    free.remove(j)  # nothing more can be learned, or it is the weight of a neuron
        self.lent = {j: c for j, c in self.lent.items() if self.homes[j] and self.of[j] < 0}

    def exit(self) -> None:
        """Let the outputs of calls that have an entry be what is used outside, or by nobody."""
        users: list[list[int]] = [[] for _ in self.operands]
        for i, given in enumerate(self.operands):
            for j in given:
                users[j].append(i)
        for call in [self.calls[c] for c in self._entered.values()]:
            inside = set(call.members)
            exits = [j for j in call.members if not inside.issuperset(users[j] or (-1,))]
            call.outputs = [j for j in exits if self.operands[j]] or call.outputs

    def count(self) -> None:
        """Number the calls of each module, and tell them their members."""
        same = defaultdict[object, list[Call]](list)
        for i, c in enumerate(self.of):
            if c >= 0:
                self.calls[c].members.append(i)
                self.homes[i] = self.homes[i] or self.calls[c].path
        for call in self.calls:
            call.outputs = sorted(set(call.outputs)) if call.outputs[1:] else call.outputs
            same[call.key].append(call)
            call.number = len(same[call.key])
        for call in reversed(self.calls):
            call.count = len(same[call.key])
            call.members.sort()
            if call.outer >= 0:
                self.calls[call.outer].members += call.members

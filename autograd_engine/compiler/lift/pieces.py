"""Pieces: a tape, cut where it repeats itself, into straight parts and the bodies of loops.

A piece is a tape of its own. Its leaves are those of the whole, then what it is *given*: values
of other pieces; in a body also the states that the step before leaves, and what differs by step.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from typing import Any

from autograd_engine.compiler.lift.waves import BATCHED, CONSTANT, FIXED, Deep, Sums, Waves
from autograd_engine.compiler.record.tape import INPUT as GIVEN
from autograd_engine.compiler.record.tape import Draft, Tape
from autograd_engine.engine import Value
from autograd_engine.recurrences import find as recurrences
from autograd_engine.repeats import INPUT, SHARED, STEP, Graph, Repeat

DEEP = 12  # levels: fewer are as good without a loop
Known = dict[Any, tuple[int, bool]]  # what a value depends on, and whether a parameter is below


@dataclass
class Piece:
    """A part of a tape that is lifted by itself, or the body of a `repeat`.

    `made` are what its outputs are: places on the whole tape, or (STEP, node, 0) of a body. What it
    is `given` are places, in a body also operands: (STEP, node, steps back), (INPUT, number, 0);
    `known` says what these depend on, and whether a parameter is below.
    """

    waves: Waves
    made: list[Any]
    given: list[Any] = field(default_factory=list)
    known: list[tuple[int, bool]] = field(default_factory=list)
    repeat: Repeat | None = None

    @property
    def arenas(self) -> list[str]:
        """Where what it is given stands: one number for all rows, or one for each."""
        return ["V" if kind == BATCHED else "v" for kind, _ in self.known]


@dataclass
class Plan:
    """A tape in pieces, each behind those that it is given values of."""

    tape: Tape
    pieces: list[Piece]
    outputs: list[int]  # places on the whole tape

    @property
    def waves(self) -> int:
        """The number of waves that are computed one after the other."""
        steps = ((piece.repeat.steps if piece.repeat else 1) for piece in self.pieces)
        return sum(len(piece.waves) * count for piece, count in zip(self.pieces, steps))


def planned(tape: Tape, loops: bool = True) -> Plan:
    """Return a tape in pieces; in one if there are no loops."""
    sums = Sums(tape)
    try:
        sums.measure(deepest=DEEP if loops else 0)
    except Deep:
        graph = _graph(tape)
        repeats = sorted(recurrences(graph), key=lambda repeat: max(repeat.places[-1]))
        if repeats:
            found = [*_Cut(tape, graph, repeats).pieces()]
            return Plan(tape, found, [graph.same[place] for place in tape.outputs])
        sums.measure()
    tape, waves = sums.tape, Waves(sums)
    return Plan(tape, [Piece(waves, tape.outputs)], tape.outputs)


def _graph(tape: Tape) -> Graph:
    constants = [struct.pack("d", number) for number in tape.constants]
    tokens = [*[None] * tape.first, *constants, *map(tape.rules.__getitem__, tape.op)]
    return Graph(tokens, [*[()] * tape.start, *tape.operands()])


class _Cut:
    """Cuts a tape at its repeats; equal values are one."""

    def __init__(self, tape: Tape, graph: Graph, repeats: list[Repeat]) -> None:
        self.tape, self.graph, self.repeats = tape, graph, repeats
        codes = graph.codes
        # What a node is part of: repeat i has the odd number 2 i + 1, straight parts are even.
        part = [-1] * len(graph.nodes)
        for number, repeat in enumerate(repeats):
            for place in chain.from_iterable(repeat.places):
                part[codes[place]] = 2 * number + 1
        self.read = {codes[place] for place in tape.outputs}  # by another part, or as an output
        for code, reads in enumerate(graph.reads):
            if part[code] < 0:
                part[code] = max([part[j] + 1 & ~1 for j in reads if j >= 0], default=0)
            self.read.update(j for j in reads if j >= 0 and part[j] != part[code])
        self.straight: list[list[int]] = [[] for _ in range(len(repeats) + 1)]
        for code, number in enumerate(part):
            if number % 2 == 0:
                self.straight[number // 2].append(code)
        parameters, fixed = len(tape.parameters), tape.first - len(tape.inputs)
        self.known: Known = {i: (FIXED, i < parameters) for i in range(fixed)}
        self.known.update(dict.fromkeys(range(fixed, tape.first), (BATCHED, False)))
        self.known.update(dict.fromkeys(range(tape.first, tape.start), (CONSTANT, False)))

    def pieces(self) -> Iterator[Piece]:
        for codes, repeat in zip_longest(self.straight, self.repeats):
            if codes:
                yield self.between(codes)
            if repeat is not None:
                yield self.body(repeat)

    def between(self, codes: Sequence[int]) -> Piece:
        """Return the piece of straight code that these nodes are."""
        graph, place = self.graph, self.graph.place
        nodes = {place(c): (graph.rules[c], list(map(place, graph.reads[c]))) for c in codes}
        for key, (_, below) in nodes.items():
            self.known[key] = self.depends(below)
        return self.piece(nodes, [place(code) for code in codes if code in self.read])

    def body(self, repeat: Repeat) -> Piece:
        """Return the piece that is one step of a repeat."""
        known, codes = self.known, self.graph.codes
        for i, column in enumerate(repeat.inputs):
            known[INPUT, i, 0] = self.depends(column)
        nodes: dict[Any, tuple[Any, list[Any]]] = {
            (STEP, p, 0): (rule, [key[1] if key[0] == SHARED else key for key in below])
            for p, (rule, below) in enumerate(zip(repeat.rules, repeat.operands))
        }
        known.update(dict.fromkeys(nodes, (FIXED, False)))
        states = {key for below in repeat.operands for key in below if key[2]}
        before: list[Any] = []
        while before != (before := [known[key] for key in nodes]):
            for _, p, lag in states:
                starts = [repeat.init[p, back] for back in range(1, lag + 1)]
                known[STEP, p, lag] = self.depends([(STEP, p, 0), *starts])
            for key, (_, below) in nodes.items():
                known[key] = self.depends(below)
        read = {p for _, p, _ in states}
        for row in repeat.places:  # what others read of some step
            read.update(p for p, place in enumerate(row) if codes[place] in self.read)
        known.update({row[p]: known[STEP, p, 0] for p in read for row in repeat.places})
        return self.piece(nodes, [(STEP, p, 0) for p in sorted(read)], repeat)

    def depends(self, keys: Sequence[Any]) -> tuple[int, bool]:
        """Return what a value made of these depends on; it is computed, so not a constant."""
        kinds, active = zip(*[self.known[key] for key in keys])
        return max(FIXED, *kinds), any(active)

    def piece(
        self, nodes: dict[Any, tuple[Any, list[Any]]], made: list[Any], repeat: Repeat | None = None
    ) -> Piece:
        """Return these operations, of rule and operands, as a tape of their own."""
        tape, draft = self.tape, Draft(self.tape)
        place: dict[Any, int] = {}
        given = []
        for key in dict.fromkeys(key for _, below in nodes.values() for key in below):
            if key in nodes:
                continue
            if isinstance(key, tuple) or key >= tape.start:
                given.append(key)
                place[key] = draft.leaf(Value(0.0), GIVEN)
            elif key >= tape.first:
                place[key] = draft.constant(tape.constants[key - tape.first])
            else:
                place[key] = key
        for key, (rule, below) in nodes.items():
            place[key] = draft.computed(rule, [place[of] for of in below])
        known = [self.known[key] for key in given]
        sums = Sums(draft.tape([place[key] for key in made], {}))
        sums.measure(known)
        return Piece(Waves(sums), made, given, known, repeat)

"""Pieces: a tape, cut where it repeats itself, into straight parts and the bodies of loops.

A piece is a tape of its own. Its leaves are those of the whole, then what it is *given*: values
of other pieces; in a body also the states that the step before leaves, and what differs by step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import Any

from autograd_engine.compiler.lift.waves import BATCHED, FIXED, Waves
from autograd_engine.compiler.record.rewriting import written_out
from autograd_engine.compiler.record.tape import INPUT as GIVEN
from autograd_engine.compiler.record.tape import Draft, Tape
from autograd_engine.engine import Value
from autograd_engine.recurrences import find as recurrences
from autograd_engine.repeats import INPUT, SHARED, STEP, Graph, Repeat
from autograd_engine.table import DOT, SUM

DEEP = 12  # levels: fewer are as good without a loop


@dataclass
class Piece:
    """A part of a tape that is lifted by itself, or the body of a `repeat`.

    `made` are what its outputs are: places on the whole tape, or (STEP, node, 0) of a body. What it
    is `given` are places, in a body also operands: (STEP, node, steps back), (INPUT, number, 0);
    `arenas` says where these stand: "v", one number for all rows, or "V", one for each.
    """

    waves: Waves
    made: list[Any]
    given: list[Any] = field(default_factory=list)
    arenas: list[str] = field(default_factory=list)
    repeat: Repeat | None = None


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
    tape = written_out(tape, kept=(SUM, DOT))
    waves = Waves(tape).measured()
    if loops and waves.depth.max(initial=0) > DEEP:
        tokens = [*[None] * tape.start, *map(tape.rules.__getitem__, tape.op)]
        graph = Graph(tokens, [*[()] * tape.start, *tape.operands()])
        repeats = sorted(recurrences(graph), key=lambda repeat: max(repeat.places[-1]))
        if repeats:
            found = [*_Cut(tape, graph, repeats, waves.kind).pieces()]
            return Plan(tape, found, [graph.same[place] for place in tape.outputs])
    return Plan(waves.tape, [Piece(waves.cut(), tape.outputs)], tape.outputs)


class _Cut:
    """Cuts a tape at its repeats; equal values are one."""

    def __init__(self, tape: Tape, graph: Graph, repeats: list[Repeat], kind: Any) -> None:
        self.tape, self.graph, self.repeats, self.kind = tape, graph, repeats, kind
        codes = graph.codes
        # What a node is part of: repeat i has the odd number 2 i + 1, straight parts are even.
        part = self.part = [-1] * len(graph.nodes)
        for number, repeat in enumerate(repeats):
            for place in chain.from_iterable(repeat.places):
                part[codes[place]] = 2 * number + 1
        self.read = {codes[place] for place in tape.outputs}  # by another part, or as an output
        for code, reads in enumerate(graph.reads):
            if part[code] < 0:
                part[code] = max([part[j] + 1 & ~1 for j in reads if j >= 0], default=0)
            self.read.update(j for j in reads if j >= 0 and part[j] != part[code])

    def pieces(self) -> Iterator[Piece]:
        number = self.part.__getitem__
        for i, codes in groupby(sorted(range(len(self.part)), key=number), number):
            if i % 2:
                yield self.body(self.repeats[i // 2])
                continue
            rules, reads, place = self.graph.rules, self.graph.reads, self.graph.place
            nodes = {place(code): (rules[code], [*map(place, reads[code])]) for code in codes}
            yield self.piece(nodes, [key for key in nodes if self.graph.codes[key] in self.read])

    def body(self, repeat: Repeat) -> Piece:
        nodes: dict[Any, tuple[Any, list[Any]]] = {
            (STEP, p, 0): (rule, [key[1] if key[0] == SHARED else key for key in below])
            for p, (rule, below) in enumerate(zip(repeat.rules, repeat.operands))
        }
        read = set(repeat.states)
        for row in repeat.places:  # what others read of some step
            read.update(p for p, place in enumerate(row) if self.graph.codes[place] in self.read)
        return self.piece(nodes, [(STEP, p, 0) for p in sorted(read)], repeat)

    def piece(
        self, nodes: dict[Any, tuple[Any, list[Any]]], made: list[Any], repeat: Repeat | None = None
    ) -> Piece:
        """Return these operations, of rule and operands, as a tape of their own."""
        tape, draft = self.tape, Draft(self.tape)
        place: dict[Any, int] = {}
        given = []
        for key in dict.fromkeys(chain.from_iterable(below for _, below in nodes.values())):
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
        kinds = [max(FIXED, int(self.kind[_places(key, repeat)].max())) for key in given]
        waves = Waves(draft.tape([place[key] for key in made], {})).measured(kinds)
        for key, kind in zip(made, waves.kind[waves.tape.outputs]):  # of a body, that of all steps
            self.kind[_places(key, repeat)] = kind
        arenas = ["V" if kind == BATCHED else "v" for kind in kinds]
        return Piece(waves.cut(), made, given, arenas, repeat)


def _places(key: Any, repeat: Repeat | None) -> list[int]:
    """Return where, on the whole tape, there is what a piece reads or makes, in all steps."""
    if repeat is None or not isinstance(key, tuple):
        return [key]
    kind, p, lag = key
    if kind == INPUT:
        return [*repeat.inputs[p]]
    starts = [repeat.init[p, back] for back in range(1, lag + 1)]
    return [*starts, *(row[p] for row in repeat.places)]

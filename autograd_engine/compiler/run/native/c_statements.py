"""Instructions of array programs as statements in C: loops, where that is shorter.

What they read stands in the arguments, in constants, or in static memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import prod
from textwrap import indent
from typing import Any, Final, NamedTuple

import numpy

from autograd_engine.compiler.lift.arrays import ArrayProgram, Instruction, contiguous, steps_of
from autograd_engine.compiler.lift.loops import Loop
from autograd_engine.compiler.record.tape import Tape
from autograd_engine.compiler.run.native.c_table import InC
from autograd_engine.compiler.run.native.encoding import lettered
from autograd_engine.compiler.run.native.nests import Axis, merged
from autograd_engine.compiler.run.translation import braced, read
from autograd_engine.table import MULTIPLY, azmul

Array = Any
Text = Callable[..., str]
FEW, MANY, TERMS = 2, 5, 4
"""Statements that are written out; those that need a table else; terms of a sum."""
NAMES: Final = "ijklmnpq"  # of indices
FORMS = {
    "choose": "{0} > {1} ? {2} : 0.0 * {2}",
    "copy": "{}",
    "sum": "{}",
    "fill": "0.0",
    "seed": "1.0",
}
V, A, S, PARAMETERS, INPUTS, GRADIENT, CONSTANTS = range(7)
TIMES: Final = """/* An adjoint of 0 passes nothing on, whatever it meets. */
static inline double times(double adjoint, double slope) {
  return adjoint != 0.0 ? adjoint * slope : 0.0;
}"""


class View(NamedTuple):
    """Elements of an array: what stands before and behind an index, which is affine."""

    before: str
    behind: str = ""  # nothing: it is one number
    start: int = 0
    strides: tuple[int, ...] = ()  # that from step to step of a loop first

    def at(self, indices: Sequence[Any]) -> str:
        """Return the element at these names, or numbers, of indices."""
        start, terms = self.start, []
        for stride, index in zip(self.strides, ("t", *indices)):
            if not isinstance(index, str):
                start += stride * index
            elif stride:
                terms.append(index if stride == 1 else f"{stride} * {index}")
        text = " + ".join([*terms, *[str(start)] * (start != 0 or not terms)]).replace("+ -", "- ")
        return f"{self.before}{text}{self.behind}" if self.behind else self.before


class Language(InC):
    """C that needs nothing but <math.h>."""

    def definition(self, name: str, node: Any) -> str:
        return super().definition(name, node).replace("INLINE", "static inline")

    def of(self, name: str, *given: str) -> str:
        """Return what a row of the table makes of its operands."""
        parts = [f"({text})" if text[0] == "-" else text for text in given]
        found = self.applied(read(self.OWN)[f"M.{name}"], parts)
        return found[1:-1] if found[0] == "(" else found  # as what a lambda gives is

    def times(self, adjoint: str, slope: str) -> str:
        self.lines["times"] = TIMES
        return f"times({adjoint}, {slope})"


class Writer:
    """Writes what a program computes, with only what is `used` of each array, if that is known."""

    def __init__(self, tape: Tape, program: ArrayProgram, by: str, used: Any = None) -> None:
        self.tape, self.program, self.language = tape, program, Language()
        self.names = ("v", "a", "s", by, "inputs", "gradient", "constants")
        self.tables: dict[str, str] = {}
        self.loop: Loop | None = None
        self.absolute = azmul not in tape.rules  # then a sweep is honest, see `gradients`
        sizes, (own, rest) = program.memory.sizes, numpy.split(program.home, [len(tape.parameters)])
        blocks = [(rest, numpy.array([leaf.data for leaf in tape.others], float))]
        blocks += [(at + numpy.arange(len(one)), one) for at, one in program.memory.constants]
        slots, self.numbers = (numpy.concatenate(column) for column in zip(*blocks))
        # Of each slot, in which array it stands, and where.
        self.array, self.place = dict[str, Array](), dict[str, Array]()
        for array, low in enumerate("vas"):  # whose capital arena stands behind it
            for arena, first in ((low, 0), (low.upper(), sizes[low])):
                self.array[arena] = numpy.full(sizes[arena], array)
                self.place[arena] = first + numpy.arange(sizes[arena])
        apart = {PARAMETERS: ("v", own), INPUTS: ("V", numpy.arange(program.inputs))}
        apart |= {GRADIENT: ("a", own if sizes["a"] else own[:0]), CONSTANTS: ("v", slots)}
        for array, (arena, here) in apart.items():
            self.array[arena][here], self.place[arena][here] = array, numpy.arange(len(here))
        lengths = [sizes[low] + sizes[low.upper()] for low in "vas"]
        lengths += [len(here) for _, here in apart.values()]
        self.used = [numpy.full(n, PARAMETERS <= i < CONSTANTS) for i, n in enumerate(lengths)]
        self.to = [numpy.cumsum(one) - 1 for one in used or [one | True for one in self.used]]
        self.adjoint = {arena: numpy.full(sizes[arena], arena in "aA") for arena in sizes}

    def statements(self, instructions: Iterable[Instruction]) -> str:
        return "\n".join(map(self.statement, instructions))

    def statement(self, found: Instruction) -> str:
        kind, refs, loop = found.kind, (found.out, *found.ins), self.loop
        if kind == "loop":
            assert found.loop is not None
            self.loop, times = found.loop, found.loop.times
            body, self.loop = braced(self.statements(found.body)), None
            last = f"int t = {times - 1}; t >= 0; --t"
            return f"for ({last if found.over else f'int t = 0; t < {times}; ++t'}) {body}"
        carried = [bool(self.adjoint[ref.arena][ref.slots()].any()) for ref in found.ins]
        self.adjoint[found.out.arena][found.out.slots()] = any(carried) or found.out.arena in "aA"
        arenas = [ref.arena for ref in refs]
        slots = [loop.all_steps(ref).slots() if loop else ref.slots()[None] for ref in refs]
        back = any(carried) if kind == "scan" else any(carried[:1])
        product: Text = self.language.times if back and self.absolute else "{} * {}".format
        if kind in ("take", "put"):
            named = int(kind == "take")  # whose slots are named
            at, index = found.at, numpy.asarray(found.index)[None]
            if loop:
                moves = loop.advance(arenas[named], index)
                index = index + numpy.arange(loop.times)[:, None] * moves
            whole = slots[1 - named].reshape(len(index), -1)
            slots[1 - named], slots[named] = whole if at is None else whole[:, at], index
            return self.nest(arenas, slots, str, sign="=" if named else "+=")
        letters = lettered(found)
        order = letters[0] + "".join(sorted({*"".join(letters)} - {*letters[0]}))
        slots = [_spread(*pair, order) for pair in zip(slots, letters)]
        text: Text = FORMS[kind].format if kind in FORMS else product
        if found.rule and found.rule is not MULTIPLY:
            text = partial(self.language.of, found.rule.name)
        if kind != "scan":
            return self.nest(arenas, slots, text, len(order) - len(letters[0]))
        to, term = (x[..., ::-1] if found.over else x for x in slots)
        first = self.nest(arenas, [to[..., 0], term[..., 0]], str)
        if to.shape[-1] == 1:
            return first
        chain = [to[..., 1:], to[..., :-1], term[..., 1:]]
        return f"{first}\n{self.nest([arenas[0], *arenas], chain, text)}"

    # Loops.

    def view(self, arena: str, slots: Array) -> View | None:
        """Return how slots, (steps, ...), are read as one, by a table if need be; None if not."""
        arrays, places = self.array[arena][slots], self.place[arena][slots]
        array = int(arrays.flat[0])
        if (arrays != array).any():
            return None
        if array == CONSTANTS:
            bits = self.numbers[places].view(numpy.int64)
            if (bits == bits.flat[0]).all():
                return View(self.language.number(self.numbers[places.flat[0]]))
        at, name = self.to[array][places], self.names[array]
        steps = steps_of(at)
        if steps is not None:
            self.used[array][places.min() : places.max() + 1] = True
            return View(f"{name}[", "]", int(at.flat[0]), tuple(steps))
        self.used[array][places] = True
        by = int(at.flat[at[0].size] - at.flat[0]) if len(at) > 1 else 0
        still = at - by * numpy.arange(len(at)).reshape(-1, *[1] * (at.ndim - 1))
        moves = f" + {by} * t" if by and (still == still[:1]).all() else ""
        table = still if moves else at
        for axis in range(at.ndim):  # along which it is always the same
            if (table == table.take([0], axis)).all():
                table = table.take([0], axis)
        told = " ".join(map(str, table.ravel().tolist()))
        name = f"{name}[{self.tables.setdefault(told, f't{len(self.tables) + 1}')}["
        strides = contiguous("", 0, table.shape).strides
        return View(name, f"]{moves}]", 0, tuple(s * (n > 1) for s, n in zip(strides, table.shape)))

    def nest(
        self, arenas: list[str], slots: list[Array], text: Text, over: int = 0, sign: str = "="
    ) -> str:
        """Return what writes expressions of elements of the others to those of the first, summed
        over the last axes; given an arena and slots, (steps, ...), of each.
        """
        lengths: Any = numpy.broadcast_shapes(*(x.shape[1:] for x in slots))
        slots = [numpy.broadcast_to(x, (len(x), *lengths)) for x in slots]
        views: list[Any] = [*map(self.view, arenas, slots)]
        kept = len(lengths) - over
        tables = any(view is None or "[t" in view.before for view in views)
        short = prod(lengths[:kept]) <= (MANY if tables else FEW) and prod(lengths[kept:]) <= TERMS
        singly = short or None in views
        if not singly:
            strides = [view.strides[1:] or (0,) * len(lengths) for view in views]
            axes = [Axis(*axis) for axis in zip(lengths, zip(*strides))]
            outer, inner = merged(axes[:kept]), merged(axes[kept:])
            kept, lengths = len(outer), [axis.length for axis in (*outer, *inner)]
            for n, view in enumerate(views):
                steps = [axis.strides[n] for axis in (*outer, *inner)]
                views[n] = view._replace(strides=(*view.strides[:1], *steps))

        def element(n: int, index: Sequence[Any]) -> str:
            view = self.view(arenas[n], slots[n][(slice(None), *index)]) if singly else views[n]
            return view.at(() if singly else index)  # type: ignore[union-attr]

        few = singly or prod(lengths[kept:]) <= TERMS
        summed: Any = [*numpy.ndindex(*lengths[kept:])] if few else [NAMES[kept : len(lengths)]]
        written = []
        for at in numpy.ndindex(*lengths[:kept]) if singly else [NAMES[:kept]]:
            to = element(0, (*at, *summed[0]))
            operands = range(1, len(views))
            terms = [text(*(element(n, (*at, *more)) for n in operands)) for more in summed]
            if not few:
                loop = looped(lengths[kept:], summed[0], f"sum += {terms[0]};")
                body = f"double sum = 0.0;\n{loop}\n{to} = sum;"
                written.append(body if kept else braced(body))
            else:
                written.append(f"{to} {sign} {' + '.join(terms)};")
        return "\n".join(written) if singly else looped(lengths[:kept], NAMES, written[0])


def looped(lengths: Sequence[int], names: Sequence[str], body: str) -> str:
    """Return loops of these lengths around a body."""
    for length, name in reversed([*zip(lengths, names)]):
        several = "\n" in body and not body.startswith("for ")
        inner = f" {braced(body)}" if several else f"\n{indent(body, '  ')}"
        body = f"for (int {name} = 0; {name} < {length}; ++{name}){inner}"
    return body


def _spread(slots: Array, names: str, order: str) -> Array:
    """Return slots, (steps, ...) with axes of these names, with one for each name of the order."""
    axes = [names.index(name) + 1 for name in order if name in names]
    missing = [i for i, name in enumerate(order, 1) if name not in names]
    return numpy.expand_dims(slots.transpose(0, *axes), missing)

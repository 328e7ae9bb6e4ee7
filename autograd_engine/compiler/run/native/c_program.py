"""A program as one text in C: what `Program.to_c` gives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import isfinite
from textwrap import fill, indent
from typing import TYPE_CHECKING, Final

import numpy

from autograd_engine.compiler.lift.assembly import lifted
from autograd_engine.compiler.lift.pieces import planned
from autograd_engine.compiler.lift.reverse import Backward, differentiate
from autograd_engine.compiler.record.elementary import Unwritable, written_out
from autograd_engine.compiler.record.tape import turned
from autograd_engine.compiler.run.native.c_statements import PARAMETERS, A, S, V, Writer, looped
from autograd_engine.compiler.run.native.c_table import InC
from autograd_engine.compiler.run.native.nests import COPY, Axis
from autograd_engine.compiler.run.translation import braced

if TYPE_CHECKING:
    from autograd_engine.compiler.call.program import Program

LARGER: Final = "static inline double larger(double x, double y) { return y > x ? y : x; }"


def to_c(owner: Program, name: str) -> str:
    """Return the text of a program; `ValueError` for a name that is none, and without formulas."""
    if type(name) is not str or not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name):
        needed = "letters, digits and _, a letter first"
        raise ValueError(f"the name must be one in C: {needed}; got {name!r:.60}")
    tape, by = owner._tape, "parameters"
    if owner._example is not None and not owner.parameters:
        tape, by = turned(tape), "inputs"  # the gradient is that by these
    try:
        tape = written_out(tape, own=True)
    except Unwritable as error:
        raise ValueError(f"to_c needs formulas: {error}") from error
    _, program = lifted(planned(tape))
    backward = None
    if owner._count == 1 and tape.parameters:
        backward = differentiate(program, len(program.home))
    first = Writer(tape, program, by, owner._count)
    bodies(first, owner, backward)  # which finds out what is used
    writer = Writer(tape, program, by, owner._count, first.used)
    return text(writer, name, owner, bodies(writer, owner, backward))


def bodies(writer: Writer, owner: Program, backward: Backward | None) -> list[str]:
    """Return the bodies of the functions: values, outputs and, if there is one, the gradient."""
    count, guards = owner._count, owner._guards
    forward = [writer.statements(writer.program.forward(batched)) for batched in (False, True)]
    places = numpy.array([writer.offsets[ref.arena] + ref.start for ref in writer.program.outputs])
    tops = [writer.element(place) for place in places[:, None]]
    written = [writer.function(COPY, [writer.outputs[None], places[None, :count]], [count])]
    unheld = [
        "!" + held(top, guard.expected, computed)
        for top, guard, computed in zip(tops[count:], guards.kept, guards.computed())
    ]
    found = [forward, written]
    if backward:
        every = looped([Axis(len(writer.tape.parameters), ())], "gradient[i] = 0.0;")
        found.append([every, writer.statements([*backward.body, *backward.rest])])
    if unheld:
        other = f"if ({' || '.join(unheld)}) "
        written.append(other + braced(looped([Axis(count, ())], "outputs[i] = NAN;")))
    if unheld and backward:
        found[2].append(other + braced(every.replace("0.0", "NAN") + "\nreturn NAN;"))
    if backward:
        found[2].append(f"return {tops[0]};")
    return ["\n".join(filter(None, parts)) for parts in found]


def held(text: str, expected: float, computed: bool) -> str:
    """Return whether a number is what a guard expects, but for rounding if computed."""
    number = InC().number(expected)
    if expected != expected:
        return f"({text} != {text})"
    if computed and isfinite(expected):
        return f"(fabs({text} - ({number})) <= {abs(expected) * 2.0**-40!r})"
    return f"({text} == {number})"


def text(writer: Writer, name: str, owner: Program, found: Sequence[str]) -> str:
    """Return the whole text."""
    by, leaves, sizes = writer.names[PARAMETERS], writer.tape.parameters, writer.sizes
    number, code = writer.language.number, "".join(found)
    fed = {what: of for what, of in ((by, leaves), ("inputs", writer.tape.inputs)) if of}
    given = [f"const double {what}[{len(of)}]" for what, of in fed.items()]
    outputs, gradient = f"double outputs[{owner._count}]", f"double gradient[{len(leaves)}]"
    heads = [
        f"static void {name}_values({', '.join(given)})",
        f"void {name}_outputs({', '.join([*given, outputs])})",
        f"double {name}_gradient({', '.join([*given, gradient])})",
    ]
    notes = [f"{name}: a program of autograd_engine, in C99.", f"{heads[1]}\nwrites the outputs."]
    if len(found) > 2:
        notes.append(f"{heads[2]}\nreturns the output and writes its derivatives by the {by}.")
    parts = ["#include <math.h>"]
    if leaves and by == "parameters":
        notes.append(f"{name}_parameters holds the numbers of the parameters as they were.")
        numbers = [number(leaf.data) for leaf in leaves]
        parts.append(array_of(f"const double {name}_parameters[{len(leaves)}]", numbers))
    for what, of in fed.items():
        labels = [f"{what}[{i}] {leaf.label[:60]!r}" for i, leaf in enumerate(of) if leaf.label]
        notes += [f"Labels: {', '.join(labels)}"] if labels else []
    if owner._guards:
        notes.append("Where a comparison comes out otherwise than recorded, results are NaN.")
    more = f", {sizes[A] + sizes[S]} more for the gradient" if len(found) > 2 else ""
    static = f"{sizes[V]} doubles of memory are static{more}"
    notes.append(f"Nothing is allocated. {static}: two threads must not share them.")
    notes.append(f"What is computed:\n{owner.source}")
    about = "\n\n".join(fill(n, 92) if "\n" not in n else n for n in notes)
    for risky in ("*/", "/*", "??"):  # what ends a comment, or makes a compiler warn
        about = about.replace(risky, risky[0] + " " + risky[1])
    if "constants[" in code:
        parts.append(array_of("static const double constants[]", map(number, writer.constants)))
    for table, called in writer.tables.items():
        if f"[{called}[" in code:
            parts.append(array_of(f"static const int {called}[]", table.split()))
    arrays = [f"static double {writer.names[i]}[{sizes[i]}];" for i in (V, A, S) if sizes[i]]
    functions = "\n\n".join(writer.language.lines.values()).replace("INLINE", "static inline")
    parts += ["\n".join(arrays), LARGER if "larger(" in code + functions else "", functions]
    call = f"{name}_values({', '.join(fed)});\n" if found[0] else ""
    for head, body in zip(heads, [found[0], *(call + body for body in found[1:])]):
        unused = [f"(void){what};" for what in fed if not re.search(rf"\b{what}\b", body)]
        parts += [f"{head} {braced(chr(10).join([body, *unused]))}"] if body else []
    return f"/* {indent(about, '   ').strip()} */\n\n" + "\n\n".join(filter(None, parts)) + "\n"


def array_of(declared: str, items: Iterable[str]) -> str:
    return f"{declared} = {braced(fill(', '.join(items), 96))};"

"""A program as one text in C: what `Program.to_c` gives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import isfinite
from textwrap import fill, indent
from typing import TYPE_CHECKING, Any, Final

import numpy

from autograd_engine.compiler.lift.assembly import lifted
from autograd_engine.compiler.lift.loops import Loop
from autograd_engine.compiler.lift.pieces import planned
from autograd_engine.compiler.lift.reverse import Backward, differentiate
from autograd_engine.compiler.record.elementary import Unwritable, written_out
from autograd_engine.compiler.record.tape import turned
from autograd_engine.compiler.run.native.c_statements import (
    PARAMETERS,
    A,
    S,
    V,
    Writer,
    looped,
)
from autograd_engine.compiler.run.native.c_table import InC
from autograd_engine.compiler.run.native.nests import COPY
from autograd_engine.compiler.run.translation import braced

if TYPE_CHECKING:
    from autograd_engine.compiler.call.program import Program

KEYWORDS: Final = set(
    """auto break case char const continue default do double else enum extern float for goto if
    inline int long register restrict return short signed sizeof static struct switch typedef union
    unsigned void volatile while""".split()  # noqa: SIM905
)
LARGER: Final = "static inline double larger(double x, double y) { return y > x ? y : x; }"


def to_c(owner: Program, name: str) -> str:
    """Return the text of a program; `ValueError` for a name that is none, and without formulas."""
    if type(name) is not str or not re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name) or name in KEYWORDS:
        needed = "letters, digits and _, a letter first, and no keyword"
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
    forward = []
    for batched in (False, True):
        last = 0
        for step in writer.program.steps:
            first, last = last + 1, last + (len(step.steps) if isinstance(step, Loop) else 1)
            if found := writer.statements(step.run(batched)):
                named = f"v{first}" + f" to v{last}" * (last > first)
                forward.append(f"/* {named} */\n{found}")
    count, guards = owner._count, owner._guards
    places = numpy.array([writer.offsets[ref.arena] + ref.start for ref in writer.program.outputs])
    tops = [writer.element(place) for place in places]
    written = [writer.function(COPY, [writer.outputs[None], places[None, :count]], [count])]
    held = " && ".join(
        condition(top, guard.expected, computed)
        for top, guard, computed in zip(tops[count:], guards.kept, guards.computed())
    )
    if held:
        unheld = looped([count], "i", "outputs[i] = NAN;")
        written.append(f"if (!({held})) {braced(unheld)}")
    if backward is None:
        return ["\n".join(forward), "\n".join(written)]
    every = looped([len(writer.tape.parameters)], "i", "gradient[i] = 0.0;")
    back = [every, writer.statements([*backward.body, *backward.rest])]
    if held:
        unheld = every.replace("0.0", "NAN") + "\nreturn NAN;"
        back.append(f"if (!({held})) {braced(unheld)}")
    back.append(f"return {tops[0]};")
    return ["\n".join(forward), "\n".join(written), "\n".join(filter(None, back))]


def text(writer: Writer, name: str, owner: Program, found: Sequence[str]) -> str:
    """Return the whole text."""
    by, leaves, sizes = writer.names[PARAMETERS], writer.tape.parameters, writer.sizes
    fed = {what: of for what, of in ((by, leaves), ("inputs", writer.tape.inputs)) if of}
    given = [f"const double {what}[{len(of)}]" for what, of in fed.items()]
    results: Any = [], [f"double outputs[{owner._count}]"], [f"double gradient[{len(leaves)}]"]
    kinds = "static void {}_values", "void {}_outputs", "double {}_gradient"
    heads = [f"{kind.format(name)}({', '.join([*given, *to])})" for kind, to in zip(kinds, results)]
    notes = [
        f"{name}: a program of autograd_engine, in C99.",
        f"{heads[1]}\nwrites the outputs.",
    ]
    if len(found) > 2:
        notes.append(f"{heads[2]}\nreturns the output and writes its derivatives by the {by}.")
    parts, code, number = ["#include <math.h>"], "".join(found), writer.language.number
    if leaves and by == "parameters":
        notes.append(f"{name}_parameters holds the numbers of the parameters as they were.")
        numbers = array_of(number(leaf.data) for leaf in leaves)
        parts.append(f"const double {name}_parameters[{len(leaves)}] = {numbers}")
    for what, of in fed.items():
        labels = [f"{what}[{i}] {leaf.label[:60]!r}" for i, leaf in enumerate(of) if leaf.label]
        notes += [f"Labels: {', '.join(labels)}"] if labels else []
    if owner._guards:
        notes.append("Where a comparison comes out otherwise than recorded, results are NaN.")
    memory = [f"static double {writer.names[i]}[{sizes[i]}];" for i in (V, A, S) if sizes[i]]
    more = f", {sizes[A] + sizes[S]} more for the gradient" if len(found) > 2 else ""
    notes.append(
        f"Nothing is allocated: {sizes[V]} doubles of memory are static{more}. So two threads must "
        f"not call these functions at once."
        if memory
        else "Nothing is allocated."
    )
    notes.append(f"What is computed:\n{owner.source}")
    about = "\n\n".join(fill(n, 92) if "\n" not in n else n for n in notes)
    for risky in ("*/", "/*", "??"):  # what ends a comment, or makes a compiler warn
        about = about.replace(risky, risky[0] + " " + risky[1])
    if "constants[" in code:
        numbers = array_of(map(number, writer.constants))
        parts.append(f"static const double constants[] = {numbers}")
    for table, called in writer.tables.items():
        if f"[{called}[" in code:
            parts.append(f"static const int {called}[] = {array_of(table.split())}")
    functions = [*writer.language.lines.values()]
    larger = [LARGER] if "larger(" in "".join([code, *functions]) else []
    parts += ["\n".join(memory), *larger, *functions]
    call = f"{name}_values({', '.join(fed)});\n" if found[0] else ""
    for i, (head, body) in enumerate(zip(heads, found)):
        body = call * (i > 0) + body
        unused = [what for what in fed if not re.search(rf"\b{what}\b", body)]
        body = "\n".join([body, *(f"(void){what};" for what in unused)])
        parts += [f"{head} {braced(body)}"] if found[i] else []
    return f"/* {indent(about, '   ').strip()} */\n\n" + "\n\n".join(filter(None, parts)) + "\n"


def condition(text: str, expected: float, computed: bool) -> str:
    """Return what holds where a number is what a guard expects, but for rounding if computed."""
    number = f"({InC().number(expected)})"
    if expected != expected:
        return f"{text} != {text}"
    if computed and isfinite(expected):
        return f"fabs({text} - {number}) <= {abs(expected) * 2.0**-40!r}"
    return f"{text} == {number}"


def array_of(items: Iterable[str]) -> str:
    return braced(fill(", ".join(items), 96)) + ";"

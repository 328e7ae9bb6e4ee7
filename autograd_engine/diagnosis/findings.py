"""Finding: something wrong with a gradient; and Case: the graph in which it is looked for."""

from __future__ import annotations

import html
import keyword
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import fill, indent
from typing import Final

from autograd_engine.blocks import source_of
from autograd_engine.engine import Value
from autograd_engine.real import called
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT, LEAF

# The kinds of findings, the gravest first.
KINDS: Final = (
    "not finite", "changed leaf", "rebound parameter", "unreached parameter",
    "accumulated gradient", "overshooting step", "exploding gradient", "vanishing gradient",
    "dead unit", "saturated unit", "kink",
)  # fmt: skip
_MARGIN: Final = " " * 10
SHOWN: Final = 6  # operands of an operation that are told one by one
AGAIN: Final = "output = forward()"
ZEROED: Final = (
    "for parameter in parameters:\n    parameter.grad = 0.0  # optimizer.zero_grad() does it too"
)


@dataclass(frozen=True)
class Finding:
    """Something wrong with a gradient: what, where (label, region, source line), why, and a fix.

    The fix is code in your program's names: labels, `output` and `parameters` as `diagnose` calls
    them, and `forward()` for what computes the output.

    >>> import autograd_engine as ag
    >>> loss = ag.sqrt(ag.Value(0.0, "x"))
    >>> ag.diagnose(loss, ag.graph.leaves(loss))[0].what
    "sqrt('x') passed on the first infinity of the backward pass"
    """

    kind: str
    what: str
    where: str
    why: str
    fix: str

    def __str__(self) -> str:
        lines = [fill(f"{self.kind}: {self.what}", 90, subsequent_indent="   ")]
        for head, text in (("where:", self.where), ("why:", self.why)):
            lines.append(fill(text, 94, initial_indent=f"   {head:7}", subsequent_indent=_MARGIN))
        return "\n".join([*lines, f"   fix:   {indent(self.fix, _MARGIN).lstrip()}"])


class Findings(list[Finding]):
    """A list of findings, the gravest first, shown as text; `none` where it is empty."""

    def __init__(self, found: Iterable[Finding] = (), none: str = "") -> None:
        super().__init__(sorted(found, key=lambda finding: KINDS.index(finding.kind)))
        self.none = none or "nothing found: all is well"

    def __str__(self) -> str:
        return "\n\n".join(f"{i}. {finding}" for i, finding in enumerate(self, 1)) or self.none

    def __repr__(self) -> str:
        return str(self) if self else "[]"

    def _repr_html_(self) -> str:
        return f'<pre style="white-space: pre-wrap">{html.escape(str(self))}</pre>'

    def _mime_(self) -> tuple[str, str]:  # which marimo shows
        return "text/html", self._repr_html_()


class Case(Survey):
    """A surveyed graph, and the parameters that were given, each once; else all leaves."""

    def __init__(
        self, output: Value, parameters: Sequence[Value] | None, swept: bool = True
    ) -> None:
        super().__init__(output)
        self.swept = swept and bool(output.grad)  # a step after that changes leaves as it should
        given = [self.values[i] for i in self.leaves] if parameters is None else parameters
        self.parameters = [*{id(value): value for value in given}.values()]
        # Of the pass before: how many values; of each leaf how many steps from it, and its data.
        self.before: tuple[int, dict[int, tuple[int, float]]] = 0, {}
        self._places = {id(v): i for i, v in reversed(list(enumerate(parameters or ())))}
        leaves = [value for value in self.parameters if value._rule is LEAF]
        self.lost = [value for value in leaves if id(value) not in self.position]
        self.reached = [self.position[id(v)] for v in leaves if id(v) in self.position]

    def spellings(self, value: Value, label: str = "") -> list[str]:
        """Return how the fix's code calls a value: by its label, and its place in the list."""
        label, i = label or value.label, self._places.get(id(value))
        match = re.fullmatch(r"([A-Za-z_]\w*)(\[\d+\])*", label, re.ASCII)
        found = [label] if match and not keyword.iskeyword(label) else []
        return [*found, *([] if i is None else [f"parameters[{i}]"])] or ["w"]

    def quoted(self, value: Value) -> str:
        """Return the name of a value by its label or its place in a model, "" if it has none."""
        i = self.position.get(id(value))
        name = value.label if i is None else self.given_names[i]
        return name and repr(name)

    def title(self, value: Value) -> str:
        """Return what a sentence calls a value: its name, or how it was computed."""
        name, operands, op = self.quoted(value), value.operands, value.op
        if name or id(value) in self._places:
            return name or f"parameters[{self._places[id(value)]}]"
        if not operands:
            kind = "constant" if value._rule is CONSTANT else "leaf"
            return f"the {kind} {self.name(value)}"
        told = [self.quoted(x) or f"{x.data:.6g}" for x in operands[:SHOWN]]
        if len(operands) > SHOWN:
            told[3:] = [f"and {len(operands) - 3:,} more"]
        return called(op, op, told)

    def titles(self, places: Iterable[int]) -> str:
        return listed(self.title(self.values[i]) for i in places)

    def place(self, value: Value, title: str = "") -> str:
        """Return where a value is: what it is called, its region, and its source line if known."""
        i = self.position.get(id(value))
        region = "" if i is None else self.homes[i]
        parts = (title or self.title(value), region and f"in {region}", source_of(value))
        return ", ".join(filter(None, parts))


def listed(names: Iterable[str], first: int = 3) -> str:
    """Return the first few names, and how many more there are: a, b, c and 5 more."""
    names = list(dict.fromkeys(names))
    if len(names) > first + 1:
        return f"{', '.join(names[:first])} and {len(names) - first:,} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def each(change: str, of: str = "parameters") -> str:
    """Return code that changes each parameter, and computes the output again."""
    return f"for parameter in {of}:\n    parameter.data {change}\n{AGAIN}"


def layer_of(home: str) -> str:
    """Return the layer in which a neuron stands, by the name of the neuron's region."""
    return home and (re.sub(r"(^|\.)neurons\.\d+$", "", home) or "layer")


def code_of(home: str) -> str:
    """Return how code calls the neurons of a layer: model.layers[0].neurons; "" if none."""
    path = re.sub(r"\.(\d+)(?=\.)", r"[\1]", f"model.{home}").rpartition(".")[0]
    return path if path.endswith(".neurons") else ""

"""steps: the backward pass one contribution at a time, and the forward pass likewise."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from autograd_engine.adoption import adopted
from autograd_engine.engine import Value, topological_order
from autograd_engine.gradients import honest
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT
from autograd_engine.views.explain import notation
from autograd_engine.views.explain.chain_formulas import rounded
from autograd_engine.views.explain.formulas import Number
from autograd_engine.views.explain.typesetting import SUM, TEXT
from autograd_engine.views.notebooks import selected

ROWS = 200
"""So many contributions a notebook shows at most."""


@dataclass(frozen=True, eq=False)
class Contribution:
    """What one operation passes back to one of its operands: partial times adjoint.

    `adjoint` is the derivative of the output by `node`, complete when its contributions
    begin; `before` and `after` are what has been added up for `operand` so far.
    """

    node: Value
    operand: Value
    partial: float
    adjoint: float
    before: float
    after: float
    names: tuple[str, str]  # of node and operand

    def __str__(self) -> str:
        node, operand = self.names
        before, after = rounded(self.before), rounded(self.after, SUM)
        product = f"{rounded(self.partial)} · {rounded(self.adjoint)}"
        if self.operand._rule is CONSTANT and not self.operand.label:
            return f"δ(constant {operand}): {before} + {product} = {after}"
        symbols = f"∂{node}/∂{operand} · δ({node})"
        return f"δ({operand}): {before} + {symbols} = {before} + {product} = {after}"

    def __repr__(self) -> str:
        return f"<Contribution: {self}>"


@dataclass(frozen=True, eq=False)
class Computation:
    """One operation of the forward pass: its operands' numbers and its result."""

    node: Value
    operation: str
    operands: tuple[float, ...]
    result: float
    name: str

    def __str__(self) -> str:
        brackets = [rounded(number) for number in self.operands]
        if self.node._rule.several:
            terms = map(Number, self.operands)
            made = TEXT.set(notation.written(self.node._rule, *terms))
        elif self.operation.startswith("**") and len(brackets) == 1:
            made = brackets[0] + self.operation
        elif len(brackets) == 2 and not self.operation.isidentifier():
            made = f" {self.operation} ".join(brackets)
        else:
            made = f"{self.operation}({', '.join(rounded(n, SUM) for n in self.operands)})"
        return f"{self.name} = {made} = {rounded(self.result, SUM)}"

    def __repr__(self) -> str:
        return f"<Computation: {self}>"


class Steps(Sequence[Contribution]):
    """The contributions of a backward pass, in the order in which `Value.backward` makes them.

    The adjoint of the output is 1, all others begin at 0; no value's `grad` is touched. A
    value whose adjoint is exactly 0 passes nothing on, so it has no contributions: `silent`
    lists such values. Where the graph holds derivatives it passes NaN on to what is not finite,
    as in `backward`. `forward` holds the forward pass, a computation for each operation.
    """

    def __init__(self, output: Value) -> None:
        self.output = output
        order = topological_order(output)
        self._adjoints: dict[int, float] = {id(output): 1.0}
        self._survey = Survey(output)
        self._kept = order  # so that the ids stay theirs
        self._honest = honest(order, [])
        self.forward: tuple[Computation, ...] = tuple(map(self._computation, order))
        silent: list[Value] = []
        self._steps = [step for node in reversed(order) for step in self._back(node, silent)]
        self.silent: tuple[Value, ...] = tuple(silent)

    def _back(self, node: Value, silent: list[Value]) -> Iterator[Contribution]:
        adjoint = self._adjoints.get(id(node), 0.0)
        partials = node.partials
        if not adjoint and not (self._honest and any(p - p for p in partials)):
            silent.append(node)
            return
        for operand, partial in zip(node.operands, partials):
            before = self._adjoints.get(id(operand), 0.0)
            after = self._adjoints[id(operand)] = before + partial * adjoint
            names = (self.name(node), self.name(operand))
            yield Contribution(node, operand, partial, adjoint, before, after, names)

    def _computation(self, node: Value) -> Computation:
        numbers = tuple(operand.data for operand in node.operands)
        return Computation(node, node.op, numbers, node.data, self.name(node))

    def name(self, value: Value) -> str:
        """Return what a value is called: its label, or v1, v2, ...; a constant is its number."""
        return self._survey.name(value)

    def gradient(self, value: Value) -> float:
        """Return the derivative of the output by a value; 0 where it does not depend on it."""
        return self._adjoints.get(id(value), 0.0)

    @overload
    def __getitem__(self, index: int) -> Contribution: ...
    @overload
    def __getitem__(self, index: slice) -> list[Contribution]: ...
    def __getitem__(self, index: int | slice) -> Contribution | list[Contribution]:
        return self._steps[index]

    def __len__(self) -> int:
        return len(self._steps)

    def __str__(self) -> str:
        rows = [f"δ({self.name(self.output)}) = 1", *map(str, self._steps)]
        if self.silent:
            names = ", ".join(self.name(value) for value in self.silent[:6])
            more = ", ..." if len(self.silent) > 6 else ""
            rows.append(f"an adjoint of exactly 0, which passes nothing on: {names}{more}")
        return "\n".join(rows)

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        kind, table = self._mime_()
        text = str(self) if len(self) <= ROWS else repr(self)
        return selected({kind: table, "text/plain": text}, include, exclude)

    def _mime_(self) -> tuple[str, str]:
        """Return what marimo shows."""
        return "text/html", _table(self)

    def __repr__(self) -> str:
        return f"<Steps: {len(self)} contributions back from {self.name(self.output)}>"


def _table(steps: Steps) -> str:
    """Return the first contributions as a table in HTML, its style where none can take it away."""
    heads = ("", "from", "to", "its gradient", "+ partial", "· adjoint", "= its gradient")
    rows = [_row("th", heads)]
    for number, step in enumerate(steps[:ROWS], 1):
        node, operand = step.names
        partial = f"∂{node}/∂{operand} = {rounded(step.partial, SUM)}"
        adjoint = f"δ({node}) = {rounded(step.adjoint, SUM)}"
        before, after = rounded(step.before, SUM), rounded(step.after, SUM)
        rows.append(_row("td", (f"{number:,}", node, operand, before, partial, adjoint, after)))
    more = len(steps) - ROWS
    rest = f"<p>and {more:,} more: step through them with a loop</p>" if more > 0 else ""
    return f"<table>{''.join(rows)}</table>{rest}"


def _row(cell: str, texts: Iterable[str]) -> str:
    start = f'<{cell} style="padding: 0.15em 0.6em; text-align: right">'
    return f"<tr>{''.join(f'{start}{html.escape(text)}</{cell}>' for text in texts)}</tr>"


def steps(output: Value) -> Steps:
    """Return the backward pass from a value as a sequence of contributions.

    Raises `TypeError` for anything but a Value.

    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> found = steps(a * b + a)
    >>> for step in found:
    ...     print(step)
    δ(v1): 0 + ∂f/∂v1 · δ(f) = 0 + 1 · 1 = 1
    δ(a): 0 + ∂f/∂a · δ(f) = 0 + 1 · 1 = 1
    δ(a): 1 + ∂v1/∂a · δ(v1) = 1 + (-3) · 1 = -2
    δ(b): 0 + ∂v1/∂b · δ(v1) = 0 + 2 · 1 = 2
    >>> print(found.forward[0])
    v1 = 2 * (-3) = -6
    """
    (output,) = adopted(output)
    if not isinstance(output, Value):
        raise TypeError(f"steps needs a Value, not {type(output).__name__}: {output!r:.60}")
    return Steps(output)

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
from autograd_engine.views.explain.formulas import Given, Number, Sum, Term
from autograd_engine.views.explain.names import name
from autograd_engine.views.explain.typesetting import ATOM, PRODUCT, SUM, Text
from autograd_engine.views.notebooks import Shown

ROWS = 200  # So many contributions a notebook shows at most.


class Typed(Text):
    """Formulas as one types them: 1e-09, a plain minus, and 2 - (-3) left as it is."""

    def mark(self, text: str) -> str:
        return text.replace("−", "-")

    def form(self, kind: str, *parts: str) -> str:
        return f"-{parts[0]}" if kind == "signed" else super().form(kind, *parts)

    def number(self, term: Number | Given) -> tuple[str, int]:
        text = f"{term.value:.6g}"
        return text, SUM if text[0] == "-" else ATOM

    given = number

    def sum(self, term: Sum) -> tuple[str, int]:
        (sign, first), *rest = term.parts
        lead = f"-{self.set(first, PRODUCT)}" if sign else self.set(first)
        more = (f" {'-' if sign else '+'} {self.set(part, PRODUCT)}" for sign, part in rest)
        return "".join([lead, *more]), SUM


TYPED = Typed()


def rounded(number: float, least: int = PRODUCT) -> str:
    """Return a number as formulas show it, a negative one in brackets unless `least` is SUM.

    >>> rounded(2.0), rounded(-1.0 / 3.0)
    ('2', '(-0.333333)')
    """
    return TYPED.set(Number(number), least)


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
    place: int  # among the node's operands
    steps: Steps

    @property
    def names(self) -> tuple[str, str]:
        """What node and operand are called."""
        return self.steps.name(self.node), self.steps.name(self.operand)

    @property
    def rule(self) -> str:
        """The partial, as the rule of the operation gives it.

        >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
        >>> [step.rule for step in steps(a * b)]
        ['∂v1/∂a = b = -3', '∂v1/∂b = a = 2']
        """
        (node, operand), operands = self.names, self.node.operands
        term = lambda i: self.steps.term(operands[i] if i >= 0 else self.node)  # noqa: E731
        found = notation.partial(self.node._rule, self.place, term, len(operands))
        uses = [place for place, value in enumerate(operands) if value is self.operand]
        use = f"   (use {uses.index(self.place) + 1} of {len(uses)})" if uses[1:] else ""
        made = "" if found is None else TYPED.set(found)
        return _equation(f"∂{node}/∂{operand}", made, rounded(self.partial, SUM)) + use

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
    steps: Steps

    @property
    def name(self) -> str:
        """What the result is called."""
        return self.steps.name(self.node)

    def __str__(self) -> str:
        symbols, numbers = (
            notation.written(self.node._rule, *terms)
            for terms in (map(self.steps.term, self.node.operands), map(Given, self.operands))
        )
        return _equation(self.name, *map(TYPED.set, (symbols, numbers, Number(self.result))))

    def __repr__(self) -> str:
        return f"<Computation: {self}>"


class Steps(Sequence[Contribution], Shown):
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
        for place, (operand, partial) in enumerate(zip(node.operands, partials)):
            before = self._adjoints.get(id(operand), 0.0)
            after = self._adjoints[id(operand)] = before + partial * adjoint
            yield Contribution(node, operand, partial, adjoint, before, after, place, self)

    def _computation(self, node: Value) -> Computation:
        numbers = tuple(operand.data for operand in node.operands)
        return Computation(node, node.op, numbers, node.data, self)

    def name(self, value: Value) -> str:
        """Return what a value is called: its label, or v1, v2, ...; a constant is its number."""
        return self._survey.name(value)

    def term(self, value: Value) -> Term:
        """Return a value as formulas have it: its name, or a constant's number."""
        constant = value._rule is CONSTANT and not value.label
        return Number(value.data) if constant else name(self.name(value))

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

    def _html(self) -> str:
        return _table(self)

    def _kinds(self) -> dict[str, str]:
        text = str(self) if len(self) <= ROWS else repr(self)
        return {"text/html": self._html(), "text/plain": text}

    def __repr__(self) -> str:
        return f"<Steps: {len(self)} contributions back from {self.name(self.output)}>"


def _equation(*texts: str) -> str:
    """Return what comes to the same, without what says nothing new."""
    return " = ".join(text for text, before in zip(texts, ["", *texts]) if text not in ("", before))


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
    δ(v1): 0 + ∂v2/∂v1 · δ(v2) = 0 + 1 · 1 = 1
    δ(a): 0 + ∂v2/∂a · δ(v2) = 0 + 1 · 1 = 1
    δ(a): 1 + ∂v1/∂a · δ(v1) = 1 + (-3) · 1 = -2
    δ(b): 0 + ∂v1/∂b · δ(v1) = 0 + 2 · 1 = 2
    >>> print(found.forward[0])
    v1 = a·b = 2·(-3) = -6
    """
    (output,) = adopted(output)
    if not isinstance(output, Value):
        raise TypeError(f"steps needs a Value, not {type(output).__name__}: {output!r:.60}")
    return Steps(output)

"""steps: the backward pass one contribution at a time, and the forward pass likewise."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from autograd_engine.adoption import adopted
from autograd_engine.engine import Value, topological_order
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT
from autograd_engine.views.explain import notation
from autograd_engine.views.explain.formulas import Given, Number, Term, cut, name
from autograd_engine.views.explain.typesetting import LITERAL, PRODUCT
from autograd_engine.views.notebooks import Shown

ROWS = 200  # So many contributions a notebook shows at most.
CELL = '<td style="padding: 0.15em 0.6em; text-align: left">{}</td>'


def number(data: float) -> str:
    return LITERAL.set(Number(data))


def _factor(data: float) -> str:
    return LITERAL.set(Number(data), PRODUCT)


def typed(text: str) -> str:
    """Return text as a terminal shows it, with the minus sign of a keyboard."""
    return text.replace("−", "-")


def _equation(*texts: str) -> str:  # without what says nothing new
    return " = ".join(text for text, before in zip(texts, ["", *texts]) if text not in ("", before))


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
    def rule(self) -> str:
        """The partial, as the rule of the operation gives it; "" by a constant without a name."""
        return typed(self.told()[1])

    def __str__(self) -> str:
        return typed(self.told()[0])

    def told(self) -> tuple[str, str]:
        node, operand = map(self.steps.text, (self.node, self.operand))
        values = *self.node.operands, self.node
        found = notation.partial(
            *(self.node._rule, self.place, lambda i: self.steps.term(values[i]), len(values) - 1)
        )
        before, partial, adjoint = map(_factor, (self.before, self.partial, self.adjoint))
        symbol, rule = f"∂{node}/∂{operand}", ""
        if self.steps.is_number(self.operand):
            symbol = LITERAL.set(found, PRODUCT) if found else partial
            operand = f"constant {operand}"
        else:
            made = LITERAL.set(found) if found else ""
            uses = [v is self.operand for v in self.node.operands]
            use = f"   (use {sum(uses[: self.place + 1])} of {sum(uses)})" if sum(uses) > 1 else ""
            rule = _equation(symbol, made, number(self.partial)) + use
        result = f"{before} + {partial} · {adjoint} = {number(self.after)}"
        return f"δ({operand}): {before} + {symbol} · δ({node}) = {result}", rule

    def __repr__(self) -> str:
        return f"<Contribution: {self}>"


@dataclass(frozen=True, eq=False)
class Computation:
    """One operation of the forward pass: its operands' numbers and its result."""

    node: Value
    operands: tuple[float, ...]
    result: float
    steps: Steps

    def __str__(self) -> str:
        rows = map(self.steps.term, self.node.operands), map(Given, self.operands)
        made = [LITERAL.set(notation.written(self.node._rule, *row)) for row in rows]
        return typed(_equation(self.steps.text(self.node), *made, number(self.result)))

    def __repr__(self) -> str:
        return f"<Computation: {self}>"


class Steps(Sequence[Contribution], Shown):
    """The contributions of a backward pass, in the order in which `Value.backward` makes them.

    The adjoint of the output is 1, all others begin at 0; no value's `grad` is touched. A
    value whose adjoint is exactly 0 passes nothing on, so it has no contributions: `silent`
    lists such values. `forward` holds the forward pass, a computation for each operation.
    """

    def __init__(self, output: Value) -> None:
        self.output, self.survey = output, Survey(output)
        order = topological_order(output)
        self._adjoints: dict[int, float] = {id(output): 1.0}
        self.forward: tuple[Computation, ...] = tuple(
            Computation(v, tuple(operand.data for operand in v.operands), v.data, self)
            for v in order
        )
        self.silent: list[Value] = []
        self._steps = [step for node in reversed(order) for step in self._back(node)]

    def _back(self, node: Value) -> Iterator[Contribution]:
        adjoint, partials = self.gradient(node), node.partials
        if not adjoint and not (self.survey.honest and any(p - p for p in partials)):
            self.silent.append(node)
            return
        for place, (operand, partial) in enumerate(zip(node.operands, partials)):
            before = self.gradient(operand)
            after = self._adjoints[id(operand)] = before + partial * adjoint
            yield Contribution(node, operand, partial, adjoint, before, after, place, self)

    @cached_property
    def _cut(self) -> dict[str, str]:
        return cut(self.survey.names)

    @property
    def long(self) -> list[str]:
        return [f"{name(short).text} is {name(whole).text}" for whole, short in self._cut.items()]

    def name(self, value: Value) -> str:
        """Return what a value is called: its label, or v1, v2, ...; a constant is its number."""
        return self.survey.name(value)

    def is_number(self, value: Value) -> bool:
        """Say whether a value is a constant that has no name but its number."""
        given = self.survey.given_names[self.survey.position[id(value)]]
        return value._rule is CONSTANT and not given

    def term(self, value: Value) -> Term:
        text = self.name(value)
        return Given(value.data) if self.is_number(value) else name(self._cut.get(text, text))

    def text(self, value: Value) -> str:
        return LITERAL.set(self.term(value))

    def gradient(self, value: Value) -> float:
        """Return the derivative of the output by a value; 0 where it does not depend on it."""
        return self._adjoints.get(id(value), 0.0)

    def __getitem__(self, index: Any) -> Any:
        return self._steps[index]

    def __len__(self) -> int:
        return len(self._steps)

    def __str__(self) -> str:
        rows = [f"δ({self.text(self.output)}) = 1", *map(str, self._steps)]
        if self.silent:
            names = ", ".join(map(self.text, self.silent[:6])) + ", ..." * (len(self.silent) > 6)
            rows.append(f"an adjoint of exactly 0, which passes nothing on: {names}")
        return typed("\n".join([*rows, *self.long]))

    def __repr__(self) -> str:
        return f"<Steps: {len(self)} contributions back from {self.name(self.output)}>"

    def _kinds(self) -> dict[str, str]:
        text = str(self) if len(self) <= ROWS else repr(self)
        return {"text/html": self._html(), "text/plain": text}

    def _html(self) -> str:
        told = [(f"{i:,}", *step.told()) for i, step in enumerate(self._steps[:ROWS], 1)]
        rows = ["".join(CELL.format(html.escape(text)) for text in row) for row in told]
        more = len(self) - ROWS
        rest = [f"and {more:,} more: step through them with a loop"] * (more > 0) + self.long
        under = "".join(f"<p>{html.escape(text)}</p>" for text in rest)
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>{under}"


def steps(output: Value) -> Steps:
    """Return the backward pass from a value as a sequence of contributions.

    Raises `TypeError` for anything but a Value.

    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> found = steps(a * b)
    >>> print(found, found.forward[0], sep="\\n")
    δ(v1) = 1
    δ(a): 0 + ∂v1/∂a · δ(v1) = 0 + (-3) · 1 = -3
    δ(b): 0 + ∂v1/∂b · δ(v1) = 0 + 2 · 1 = 2
    v1 = a·b = 2·(-3) = -6
    """
    (output,) = adopted(output, by="steps")
    if not isinstance(output, Value):
        raise TypeError(f"steps needs a Value, not {type(output).__name__}: {output!r:.60}")
    return Steps(output)

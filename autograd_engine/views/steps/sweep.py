"""steps: the backward pass one contribution at a time, and the forward pass likewise."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

from autograd_engine.adoption import adopted
from autograd_engine.engine import Value, topological_order
from autograd_engine.gradients import honest
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT
from autograd_engine.views.explain import notation
from autograd_engine.views.explain.formulas import Given, Number, Term, cut, name
from autograd_engine.views.explain.typesetting import LITERAL, PRODUCT, SUM
from autograd_engine.views.notebooks import Shown

ROWS = 200  # So many contributions a notebook shows at most.
CELL = '<td style="padding: 0.15em 0.6em; text-align: left">{}</td>'


def number(data: float, least: int = SUM) -> str:
    """Return a number as formulas have it, in brackets where it holds together less than `least`.

    >>> number(-1.0 / 3.0), number(-2e-9, PRODUCT)
    ('−0.333333', '(−2·10⁻⁹)')
    """
    return LITERAL.set(Number(data), least)


def typed(text: str) -> str:
    """Return text as a terminal shows it, with the minus sign of a keyboard."""
    return text.replace("−", "-")


def _equation(*texts: str) -> str:
    """Return what comes to the same, without what says nothing new."""
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
        """The partial, as the rule of the operation gives it; "" by a constant without a name.

        >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
        >>> [step.rule for step in steps(a * b)]
        ['∂v1/∂a = b = -3', '∂v1/∂b = a = 2']
        """
        return typed(self._rule())

    def _rule(self) -> str:
        if self.steps.is_number(self.operand):
            return ""
        uses = [v is self.operand for v in self.node.operands]
        use = f"   (use {sum(uses[: self.place + 1])} of {sum(uses)})" if sum(uses) > 1 else ""
        return _equation(self._symbol, self._formula(), number(self.partial)) + use

    def _passed(self) -> str:
        """Return what is passed back, in symbols and in numbers."""
        node, operand = map(self.steps.text, (self.node, self.operand))
        numbers = (number(x, PRODUCT) for x in (self.before, self.partial, self.adjoint))
        before, partial, adjoint = numbers
        symbol = self._symbol
        if self.steps.is_number(self.operand):
            symbol, operand = self._formula(PRODUCT) or partial, f"constant {operand}"
        result = f"{before} + {partial} · {adjoint} = {number(self.after)}"
        return f"δ({operand}): {before} + {symbol} · δ({node}) = {result}"

    @property
    def _symbol(self) -> str:
        return f"∂{self.steps.text(self.node)}/∂{self.steps.text(self.operand)}"

    def _formula(self, least: int = SUM) -> str:
        values = *self.node.operands, self.node
        term = lambda i: self.steps.term(values[i])  # noqa: E731
        found = notation.partial(self.node._rule, self.place, term, len(values) - 1)
        return LITERAL.set(found, least) if found else ""

    def __str__(self) -> str:
        return typed(self._passed())

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
        self.output = output
        order = topological_order(output)
        self._adjoints: dict[int, float] = {id(output): 1.0}
        self.survey = Survey(output)
        self._honest = honest(order, [])
        self.forward: tuple[Computation, ...] = tuple(
            Computation(v, tuple(operand.data for operand in v.operands), v.data, self)
            for v in order
        )
        silent: list[Value] = []
        self._steps = [step for node in reversed(order) for step in self._back(node, silent)]
        self.silent: tuple[Value, ...] = tuple(silent)

    def _back(self, node: Value, silent: list[Value]) -> Iterator[Contribution]:
        adjoint, partials = self.gradient(node), node.partials
        if not adjoint and not (self._honest and any(p - p for p in partials)):
            silent.append(node)
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
        """What each name that is cut is as a whole."""
        return [f"{name(short).text} is {name(whole).text}" for whole, short in self._cut.items()]

    def name(self, value: Value) -> str:
        """Return what a value is called: its label, or v1, v2, ...; a constant is its number."""
        return self.survey.name(value)

    def is_number(self, value: Value) -> bool:
        """Say whether a value is a constant that has no name but its number."""
        given = self.survey.given_names[self.survey.position[id(value)]]
        return value._rule is CONSTANT and not given

    def term(self, value: Value) -> Term:
        """Return a value as formulas have it: its name, a long one cut, or its number."""
        called = self.name(value)
        return Given(value.data) if self.is_number(value) else name(self._cut.get(called, called))

    def text(self, value: Value) -> str:
        return LITERAL.set(self.term(value))

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
        """Return the first contributions as a table, its style where none can take it away."""
        told = [(f"{i:,}", s._passed(), s._rule()) for i, s in enumerate(self[:ROWS], 1)]
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

"""Both passes step by step: `steps`, one contribution at a time, and `play`, in a terminal."""

from __future__ import annotations

import html
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, takewhile
from typing import Any, TextIO

from autograd_engine.engine import Value, topological_order
from autograd_engine.graph import _adopted as adopted
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT
from autograd_engine.views.explain import notation
from autograd_engine.views.explain.formulas import Given, Number, Term, name
from autograd_engine.views.explain.typesetting import PRODUCT, SUM, TEXT, plain
from autograd_engine.views.notebooks import Shown

INDENT = " " * 6
HELP = "n or Enter: next   b: back   r: run to the end   q: quit"

_NEXT, _BACK, _RUN, _QUIT = "nbrq"
_SAME = {"": _NEXT, " ": _NEXT, "\r": _NEXT, "\n": _NEXT, "\x03": _QUIT, "\x04": _QUIT}

ROWS = 200  # So many contributions a notebook shows at most.
CELL = '<td style="padding: 0.15em 0.6em; text-align: left">{}</td>'


def number(data: float, least: int = SUM) -> str:
    return TEXT.set(Number(data), least)


def typed(text: str) -> str:
    """Return text as a terminal shows it, with the minus sign of a keyboard."""
    return text.replace("−", "-")


def _equation(*texts: str) -> str:  # without what says nothing new
    return " = ".join(text for text, before in zip(texts, ["", *texts]) if text not in ("", before))


@dataclass(frozen=True, eq=False)
class Contribution:
    """What one operation passes back to one of its operands: partial times adjoint.

    `before` and `after` are what has been added up for `operand` so far.
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

    def __repr__(self) -> str:
        return typed(self.told()[0])

    def told(self) -> tuple[str, str]:
        node, operand = map(self.steps.text, (self.node, self.operand))
        values = *self.node.operands, self.node
        term = lambda i: self.steps.term(values[i])  # noqa: E731
        found = notation.partial(self.node._rule, self.place, term, len(values) - 1)
        numbers = self.before, self.partial, self.adjoint
        before, partial, adjoint = (number(x, PRODUCT) for x in numbers)
        symbol, rule = f"∂{node}/∂{operand}", ""
        if isinstance(self.steps.term(self.operand), Given):
            symbol = TEXT.set(found, PRODUCT) if found else partial
            operand = f"constant {operand}"
        else:
            made = TEXT.set(found) if found else ""
            uses = [v is self.operand for v in self.node.operands]
            use = f"   (use {sum(uses[: self.place + 1])} of {sum(uses)})" * (sum(uses) > 1)
            rule = _equation(symbol, made, number(self.partial)) + use
        result = f"{before} + {partial} · {adjoint} = {number(self.after)}"
        return f"δ({operand}): {before} + {symbol} · δ({node}) = {result}", rule


@dataclass(frozen=True, eq=False)
class Computation:
    """One operation of the forward pass: its operands' numbers and its result."""

    node: Value
    operands: tuple[float, ...]
    result: float
    steps: Steps

    def __repr__(self) -> str:
        rows = map(self.steps.term, self.node.operands), map(Given, self.operands)
        made = [TEXT.set(notation.written(self.node._rule, *row)) for row in rows]
        return typed(_equation(self.steps.text(self.node), *made, number(self.result)))


class Steps(Sequence[Contribution], Shown):
    """The contributions of a backward pass, in the order in which `Value.backward` makes them.

    A value whose adjoint is exactly 0 passes nothing on: `silent` lists such values. `forward`
    holds the forward pass, a computation for each operation. No value's `grad` is touched.
    """

    def __init__(self, output: Value) -> None:
        self.output, self.survey = output, Survey(output)
        order = topological_order(output)
        self._adjoints: dict[int, float] = {id(output): 1.0}
        made = [Computation(v, tuple([o.data for o in v.operands]), v.data, self) for v in order]
        self.forward = tuple(made)
        self.silent: list[Value] = []
        self._steps = [step for node in reversed(order) for step in self._back(node)]
        quiet = ", ".join(map(self.text, self.silent[:6])) + ", ..." * (len(self.silent) > 6)
        self.notes = [f"an adjoint of exactly 0, which passes nothing on: {quiet}"] * bool(quiet)
        short = self.survey.short.items()
        self.notes += [f"{name(cut).text} is {name(whole).text}" for whole, cut in short]

    def _back(self, node: Value) -> Iterator[Contribution]:
        adjoint, partials = self.gradient(node), node.partials
        if not adjoint and not (self.survey.honest and any(p - p for p in partials)):
            self.silent.append(node)
            return
        for place, (operand, partial) in enumerate(zip(node.operands, partials)):
            before = self.gradient(operand)
            after = self._adjoints[id(operand)] = before + partial * adjoint
            yield Contribution(node, operand, partial, adjoint, before, after, place, self)

    def name(self, value: Value) -> str:
        """Return what a value is called: its label, or v1, v2, ...; a constant is its number."""
        return self.survey.name(value)

    def term(self, value: Value) -> Term:
        given = self.survey.given_names[self.survey.position[id(value)]]
        unnamed, text = value._rule is CONSTANT and not given, self.name(value)
        return Given(value.data) if unnamed else name(self.survey.short.get(text, text))

    def text(self, value: Value) -> str:
        return TEXT.set(self.term(value))

    def gradient(self, value: Value) -> float:
        """Return the derivative of the output by a value; 0 where it does not depend on it."""
        return self._adjoints.get(id(value), 0.0)

    def __getitem__(self, index: Any) -> Any:
        return self._steps[index]

    def __len__(self) -> int:
        return len(self._steps)

    def __str__(self) -> str:
        rows = f"δ({self.text(self.output)}) = 1", *map(str, self._steps), *self.notes
        return typed("\n".join(rows))

    def __repr__(self) -> str:
        return f"<Steps: {len(self)} contributions back from {self.name(self.output)}>"

    def _kinds(self) -> dict[str, str]:
        text = str(self) if len(self) <= ROWS else repr(self)
        return super()._kinds() | {"text/plain": text}

    def _html(self) -> str:
        told = [(f"{i:,}", *step.told()) for i, step in enumerate(self._steps[:ROWS], 1)]
        rows = ["".join(CELL.format(html.escape(text)) for text in row) for row in told]
        more = len(self) - ROWS
        rest = [f"and {more:,} more: step through them with a loop"] * (more > 0) + self.notes
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


def play(output: Value, source: TextIO | None = None, screen: TextIO | None = None) -> None:
    """Show both passes step by step, by keys, or by lines where there is no terminal."""
    found = steps(output)
    source, screen = source or sys.stdin, screen or sys.stdout
    width = shutil.get_terminal_size().columns
    encoding = getattr(screen, "encoding", None) or "utf-8"

    def show(text: str) -> None:
        for row in plain(text, encoding).split("\n"):
            row = row.replace("= ", "=\xa0")  # which begins a line
            lines = textwrap.wrap(row, width, subsequent_indent=INDENT, break_long_words=False)
            print("\n".join(lines).replace("\xa0", " "), file=screen, flush=True)

    show(HELP)
    rows, place = _rows(found), 0  # of the row to come
    with _keys(source) as keys:
        for key in takewhile(lambda key: key != _QUIT, keys):
            if key == _BACK:
                place = max(place - 1, 1)
                show(rows[place - 1])
            elif key in (_NEXT, _RUN):
                shown = rows[place:] if key == _RUN else rows[place : place + 1]
                place += len(shown)
                show("\n".join(shown) or "this is the end; b: back   q: quit")
            else:
                show(HELP)


def _rows(found: Steps) -> list[str]:
    rows = [f"forward   {computation}" for computation in found.forward]
    rows.append(f"backward  δ({found.text(found.output)}) = 1")
    rows += [f"backward  {step}" + f"\n{INDENT}{step.rule}" * bool(step.rule) for step in found]
    leaves = [found.survey.values[i] for i in found.survey.leaves]
    gradients = [f"{found.text(v)} {number(found.gradient(v))}" for v in leaves]
    told = f"gradients: {', '.join(gradients) or 'there are no leaves'}"
    rows[-1] = "\n".join([rows[-1], told, *found.notes])
    return [typed(f"[{i}/{len(rows)}] {row}") for i, row in enumerate(rows, 1)]


@contextmanager
def _keys(source: Any) -> Iterator[Iterator[str]]:
    """Yield the keys that are pressed: single keys of a terminal, else whole lines."""
    if not source.isatty():
        lines = chain([source.readline() or "run"], source)  # at a pipe's end nobody is there
        yield (_SAME.get(word, word) for word in (line.strip().lower()[:1] for line in lines))
    elif sys.platform == "win32":
        import msvcrt

        yield _known(msvcrt.getwch)
    else:
        import termios
        import tty

        before = termios.tcgetattr(source)
        try:
            tty.setcbreak(source, termios.TCSADRAIN)
            yield _known(lambda: source.read(1))
        finally:
            termios.tcsetattr(source, termios.TCSADRAIN, before)


def _known(read: Callable[[], str]) -> Iterator[str]:
    pressed = (_SAME.get(key, key) for key in iter(read, ""))
    return (key for key in pressed if key in (_NEXT, _BACK, _RUN, _QUIT))

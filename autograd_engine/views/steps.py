"""Both passes step by step: `steps`, one contribution at a time, and `play`, in a terminal."""

from __future__ import annotations

import html
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

from autograd_engine.engine import Value, topological_order
from autograd_engine.graph import _adopted as adopted
from autograd_engine.survey import Survey
from autograd_engine.table import CONSTANT
from autograd_engine.views.explain import notation
from autograd_engine.views.explain.formulas import Given, Number, Term, cut, name
from autograd_engine.views.explain.typesetting import LITERAL, PRODUCT, SUM, plain
from autograd_engine.views.notebooks import Shown

INDENT = " " * 6
HELP = "n or Enter: next   b: back   r: run to the end   q: quit"

_NEXT, _BACK, _RUN, _QUIT = "nbrq"
_SAME = {"": _NEXT, " ": _NEXT, "\r": _NEXT, "\n": _NEXT, "\x03": _QUIT, "\x04": _QUIT}
_SAME |= {"next": _NEXT, "back": _BACK, "run": _RUN, "quit": _QUIT}

ROWS = 200  # So many contributions a notebook shows at most.
CELL = '<td style="padding: 0.15em 0.6em; text-align: left">{}</td>'


def number(data: float, least: int = SUM) -> str:
    return LITERAL.set(Number(data), least)


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

    def __str__(self) -> str:
        return typed(self.told()[0])

    def told(self) -> tuple[str, str]:
        node, operand = map(self.steps.text, (self.node, self.operand))
        values = *self.node.operands, self.node
        term = lambda i: self.steps.term(values[i])  # noqa: E731
        found = notation.partial(self.node._rule, self.place, term, len(values) - 1)
        numbers = self.before, self.partial, self.adjoint
        before, partial, adjoint = (number(x, PRODUCT) for x in numbers)
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

    A value whose adjoint is exactly 0 passes nothing on: `silent` lists such values. `forward`
    holds the forward pass, a computation for each operation. No value's `grad` is touched.
    """

    def __init__(self, output: Value) -> None:
        self.output, self.survey = output, Survey(output)
        self._cut = cut(self.survey.names)
        self.long = [f"{name(s).text} is {name(whole).text}" for whole, s in self._cut.items()]
        order = topological_order(output)
        self._adjoints: dict[int, float] = {id(output): 1.0}
        made = [Computation(v, tuple([o.data for o in v.operands]), v.data, self) for v in order]
        self.forward = tuple(made)
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


def play(output: Value, source: TextIO | None = None, screen: TextIO | None = None) -> None:
    """Show both passes step by step, by keys, or by lines where there is no terminal."""
    found = steps(output)
    source, screen = source or sys.stdin, screen or sys.stdout
    width = shutil.get_terminal_size().columns
    encoding = getattr(screen, "encoding", None) or "utf-8"
    names = map(found.text, found.survey.values)
    kept = [plain(typed(name), encoding) for name in names if " " in name]

    def show(text: str) -> None:
        rows = plain(text, encoding).split("\n")
        print("\n".join(wrapped(row, width, kept) for row in rows), file=screen, flush=True)

    with _keys(source) as keys:
        show("\n".join([HELP, *found.long]))
        _walk(_rows(found), keys, show)


def _rows(found: Steps) -> list[str]:
    rows = [f"forward   {computation}" for computation in found.forward]
    rows.append(f"backward  δ({found.text(found.output)}) = 1")
    rows += [f"backward  {step}" + f"\n{INDENT}{step.rule}" * bool(step.rule) for step in found]
    leaves = [found.survey.values[i] for i in found.survey.leaves]
    gradients = [f"{found.text(v)} {number(found.gradient(v))}" for v in leaves]
    rows[-1] += f"\ngradients: {', '.join(gradients) or 'there are no leaves'}"
    if quiet := ", ".join(map(found.text, found.silent)):
        rows[-1] += f"\nnothing passes on from {quiet}: an adjoint of exactly 0"
    return [typed(f"[{i}/{len(rows)}] {row}") for i, row in enumerate(rows, 1)]


def wrapped(row: str, width: int, names: Iterable[str] = ()) -> str:
    """Return a row in lines of that width, broken in no number and no name."""
    kept = map(re.escape, sorted(names, key=len, reverse=True))
    atom = re.compile(rf"(?:{'|'.join([*kept, '[^ ·]'])})*·? *")
    lines = [""]
    for part in re.split("(?<= )(?== )", row):
        for i, piece in enumerate(atom.findall(part)):
            whole = piece if i or part[0] != "=" else part  # an equals sign begins a line
            if lines[-1].strip() and len((lines[-1] + whole).rstrip()) > width:
                lines.append(INDENT)
            lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


def _walk(rows: list[str], keys: Iterator[str], show: Callable[[str], None]) -> None:
    place, key = -1, None
    for key in keys:
        shown = rows[place + 1 :] if key == _RUN else rows[place + 1 : place + 2]
        if key == _QUIT:
            break
        if key == _BACK and place > 0:
            place -= 1
            show(rows[place])
        elif key not in (_NEXT, _RUN):
            show("this is the beginning; " * (key == _BACK) + HELP)
        else:
            place += len(shown)
            show("\n".join(shown) or "this is the end; b: back   q: quit")
    if key is None:  # nobody is there to press keys: a notebook's cell, a pipe
        show("\n".join(rows))


@contextmanager
def _keys(source: Any) -> Iterator[Iterator[str]]:
    """Yield the keys that are pressed: single keys of a terminal, else whole lines."""
    if not source.isatty():
        words = (line.strip().lower() for line in iter(source.readline, ""))
        yield (_SAME.get(word, word) for word in words)
    elif sys.platform == "win32":
        import msvcrt

        yield _pressed(msvcrt.getwch, "\x00\xe0")
    else:
        import termios
        import tty

        before = termios.tcgetattr(source)
        try:
            tty.setcbreak(source, termios.TCSADRAIN)
            yield _pressed(lambda: source.read(1))
        finally:
            termios.tcsetattr(source, termios.TCSADRAIN, before)


def _pressed(read: Callable[[], str], leads: str = "") -> Iterator[str]:
    """Yield keys, "" for one that sends several characters, as arrows do."""
    while key := read():
        if key == "\x1b" and (key := read()) in ("[", "O"):
            while not "@" <= read() <= "~":  # which ends such a sequence
                pass
            yield ""
        else:
            yield "" if key in leads and read() else _SAME.get(key, key.lower())

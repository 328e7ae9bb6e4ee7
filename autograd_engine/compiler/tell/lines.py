"""Lines: how a step, and a loop of steps, are told in a listing."""

from __future__ import annotations

from typing import NamedTuple

from autograd_engine.compiler.record.tape import Tape
from autograd_engine.primitives import Primitive
from autograd_engine.table import ADD, NEGATIVE
from autograd_engine.words import operations

MOST = 60  # lines
REDUCED = {"maximum": "max", "minimum": "min", "hypot": "norm", "multiply": "prod"}
INFIX = ("+", "-", "*", "/", "**")


class Line(NamedTuple):
    """A step: its name, its shape for one row, whether a batch has one for each row, and how.

    A "map" is `rule` of expressions, a "scan" along the last axis of one, a "sum" an expression.
    """

    name: str
    shape: tuple[int, ...]
    batched: bool
    operands: list[str]
    kind: str = "sum"
    rule: Primitive = ADD

    @property
    def text(self) -> str:
        """The whole as one expression."""
        if self.kind == "map":
            return applied(self.rule, self.operands)
        (read,) = self.operands
        return read if self.kind == "sum" else f"{REDUCED[self.rule.name]}({read})"

    def told(self, at: str = "") -> list[str]:
        """Return its name, at some place, and shape, and what it is."""
        return [f"{self.name}{at} {shaped(self.shape, self.batched)} = {self.text}"]


def applied(rule: Primitive, operands: list[str]) -> str:
    """Return a primitive of operands, as Python writes it."""
    if rule is NEGATIVE:
        return f"-{operands[0]}"
    if rule.name.startswith("**"):
        return operands[0] + rule.name
    infix = len(operands) == 2 and rule.symbol in INFIX
    return f" {rule.symbol} ".join(operands) if infix else f"{rule.name}({', '.join(operands)})"


class Rounds(NamedTuple):
    """A loop: the lines of its body, for step t, and what stands before and behind them.

    `rows` are arrays of which step t reads row t; `states` are what steps read of those before
    them, with what these are at first, `after` what they are for the next step.
    """

    times: int
    rows: list[Line]
    states: list[Line]
    lines: list[Line]
    after: list[str]
    kept: list[str]  # lines that others read, of all steps, when the loop is over

    def told(self) -> list[str]:
        """Return the whole as lines of text."""
        before = [line for line in (*self.rows, *self.states) if line.name != line.text]
        return [
            *(text for line in before for text in line.told()),
            f"repeat {self.times:,} times, t = 0, 1, ..., {self.times - 1}:",
            *(f"    {text}" for line in self.lines for text in line.told("[t]")),
            f"    {', '.join(line.name for line in self.states)} = {', '.join(self.after)}",
        ]


def shaped(shape: tuple[int, ...], batched: bool = False) -> str:
    if not batched:
        return str(shape)
    return f"(B, {', '.join(map(str, shape))})" if shape else "(B,)"


def scalars(tape: Tape) -> str:
    """Tell a tape value by value."""
    kinds = ("parameter", tape.parameters), ("leaf", tape.others), ("input", tape.inputs)
    lines = [f"{kind} {i}" for kind, leaves in kinds for i in range(len(leaves))]
    lines += map(repr, tape.constants)
    lines += [applied(rule, [f"v{i}" for i in places]) for rule, places in tape.instructions()]
    notes = {place: f"    {name!r}" for place, name in tape.names.items()}
    text = [f"v{i} = {line}{notes.get(i, '')}" for i, line in enumerate(lines[:MOST])]
    left = [rule.symbol for rule, _ in tape.instructions()][max(0, MOST - tape.start) :]
    text += [f"... {len(lines) - MOST:,} more: {operations(left, 4)}"] * (len(lines) > MOST)
    return "\n".join([*text, "return " + ", ".join(f"v{place}" for place in tape.outputs)])

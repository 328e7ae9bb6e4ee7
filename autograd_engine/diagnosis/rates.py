"""Learning rates that overshoot: the step that should have made the output smaller did not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from autograd_engine.diagnosis.case import Case
from autograd_engine.diagnosis.findings import Finding

LEVEL: Final = 1e-6
"""A step that gains less than this share of what the slope promised gains nothing."""


class Step:
    """A step of leaves from one point to another, judged by the outputs that were summed up.

    `slopes` and `moves` are by leaf; `value(share)` is the sum of the outputs after that share
    of the step. It should have fallen as the slope at its beginning promised; `overshot` says
    that it went downhill, but so far that the output is no lower than before.
    """

    def __init__(
        self,
        slopes: Sequence[float],
        moves: Sequence[float],
        value: Callable[[float], float],
        where: str,
    ) -> None:
        self._value, self._where = value, where
        self._before, self._after = value(0.0), value(1.0)
        self._promised = promised = -_dot(slopes, moves)
        self.rate = plain_rate(slopes, moves)
        falls = self._before - self._after > LEVEL * promised  # not so where it is NaN
        self.overshot = promised > 1e-9 * max(1e-300, abs(self._before)) and not falls

    def finding(self) -> Finding:
        """Return the finding that this step overshoots."""
        before, after = self._before, self._after
        level = abs(before - after) <= LEVEL * self._promised
        ends = "does not change" if level else "grows" if after == after else "has no value there"
        share = 0.5  # halved until it gains a quarter of its promise
        while share > 1e-9 and not before - self._value(share) >= 0.25 * share * self._promised:
            share *= 0.5
        what, fix = "the steps overshoot", f"optimizer.lr *= {share:.6g}"
        if self.rate:
            what = f"a learning rate of {self.rate:.6g} overshoots"
            fix = f"lr = {self.rate * share:.6g}  # of an optimiser: optimizer.lr = ..."
        side = (
            "to the other side at the same height: descent oscillates for ever. "
            if level
            else "up the other side, higher than it began: descent runs away. "
        )
        return Finding(
            "overshooting step",
            f"{what}: the output {ends}, from {before:.6g} to {after:.6g}",
            self._where,
            "The gradient tells the slope at one place. The step went beyond the lowest point, "
            f"{side}{'Half' if share == 0.5 else f'{share:.4g} of'} the step would go down.",
            fix,
        )


def overshooting(case: Case, lr: float) -> Iterator[Finding]:
    """Yield a finding if a step of plain gradient descent with the parameters overshoots."""
    survey = case.survey
    places = [survey.position.get(id(value), -1) for value in case.parameters]
    leaves = [i for i in places if i >= 0]
    slopes = [survey.adjoints[i] for i in leaves]

    def value(share: float) -> float:
        return survey.at(
            {i: survey.values[i].data - share * lr * x for i, x in zip(leaves, slopes)}
        )

    step = Step(slopes, [-lr * slope for slope in slopes], value, case.titles(leaves))
    if step.overshot:
        yield step.finding()


def plain_rate(slopes: Sequence[float], moves: Sequence[float]) -> float:
    """Return the learning rate if the step is one of plain gradient descent, else 0."""
    square = _dot(slopes, slopes)
    if not square or not math.isfinite(square):
        return 0.0
    rate = -_dot(slopes, moves) / square
    size = max(map(abs, moves))
    # Where a leaf moved by little, its number rounds what it moved by.
    plain = all(abs(move + rate * slope) <= 1e-6 * size for slope, move in zip(slopes, moves))
    return rate if plain and rate > 0.0 else 0.0


def _dot(xs: Sequence[float], ys: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(xs, ys))

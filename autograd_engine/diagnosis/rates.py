"""Learning rates that overshoot: the step that should have made the output smaller did not."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from autograd_engine.diagnosis.findings import Finding, listed
from autograd_engine.diagnosis.places import title
from autograd_engine.survey import Survey

LEVEL: Final = 1e-6
"""A step that gains less than this share of what the slope promised gains nothing."""


class Step:
    """A step of leaves from one point to another, judged by the outputs that were summed up.

    `slopes` and `moves` are by leaf; `value(share)` is the sum of the outputs after that share
    of the step. `promised` is by how much it should have fallen, by the slope at its beginning.
    """

    def __init__(
        self,
        slopes: Sequence[float],
        moves: Sequence[float],
        value: Callable[[float], float],
        where: str,
    ) -> None:
        self._value = value
        self._where = where
        self.before = value(0.0)
        self.after = value(1.0)
        self.promised = -_dot(slopes, moves)
        self.rate = plain_rate(slopes, moves)

    @property
    def overshot(self) -> bool:
        """Whether the step went downhill, but so far that the output is no lower than before."""
        gained = self.before - self.after
        return self.promised > 1e-9 * max(1e-300, abs(self.before)) and not (
            gained > LEVEL * self.promised
        )

    @property
    def oscillates(self) -> bool:
        """Whether the output after the step is that of before."""
        return abs(self.before - self.after) <= LEVEL * self.promised

    def share(self) -> float:
        """Return the share of the step, 1/2, 1/4, ..., that gains a quarter of its promise."""
        share = 0.5
        for _ in range(30):
            if self.before - self._value(share) >= 0.25 * share * self.promised:
                return share
            share *= 0.5
        return share

    def finding(self) -> Finding:
        """Return the finding that this step overshoots."""
        share = self.share()
        ends = "does not change" if self.oscillates else "grows"
        ends = "has no value there" if self.after != self.after else ends
        if self.rate:
            what = f"a learning rate of {self.rate:.6g} overshoots"
            fix = f"lr = {self.rate * share:.6g}  # of an optimiser: optimizer.lr = ..."
        else:
            what = "the steps overshoot"
            fix = f"optimizer.lr *= {share:.6g}"
        return Finding(
            "overshooting step",
            f"{what}: the output {ends}, from {self.before:.6g} to {self.after:.6g}",
            self._where,
            "The gradient tells the slope at one place. The step went beyond the lowest point, "
            + (
                "to the other side at the same height: descent oscillates for ever. "
                if self.oscillates
                else "up the other side, higher than it began: descent runs away. "
            )
            + f"{'Half' if share == 0.5 else f'{share:.4g} of'} the step would go down.",
            fix,
        )


def trial(survey: Survey, leaves: Sequence[int], lr: float) -> Step:
    """Return the step that plain gradient descent would make with the leaves at these places."""
    slopes = [survey.adjoints[i] for i in leaves]
    moves = [-lr * slope for slope in slopes]
    start = [survey.values[i].data for i in leaves]

    def value(share: float) -> float:
        places = {i: x + share * move for i, x, move in zip(leaves, start, moves)}
        return survey.at(places)

    return Step(slopes, moves, value, listed(title(survey.values[i], survey) for i in leaves))


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

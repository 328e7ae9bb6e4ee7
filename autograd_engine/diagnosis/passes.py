"""Backward passes: gradients that several added to, and steps between them that overshoot."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from autograd_engine.diagnosis.findings import ZEROED, Case, Finding, listed
from autograd_engine.engine import Value
from autograd_engine.table import LEAF
from autograd_engine.words import counted


def accumulated(case: Case) -> Iterator[Finding]:
    """Yield a finding where gradients are more than those of one `backward()` of the output."""
    survey, seed = case.survey, case.survey.output.grad
    slopes = (abs(survey.adjoints[i]) for i in survey.leaves)
    rounding = 1e-12 * max(filter(math.isfinite, slopes), default=0.0)
    wrong: list[tuple[Value, float]] = []
    for value in case.parameters if seed else ():
        i = survey.position.get(id(value))
        if i is None or value._rule is not LEAF:
            continue
        one = seed * survey.adjoints[i]
        slack = 1e-6 * abs(one) + rounding
        within = min(0.0, one) - slack <= value.grad <= max(0.0, one) + slack
        if not within and math.isfinite(one) and math.isfinite(value.grad):
            wrong.append((value, one))
    if not wrong:
        return
    first, one = wrong[0]
    times = round(first.grad / one) if one else 0
    same = times > 1 and all(math.isclose(x.grad, times * y, rel_tol=1e-6) for x, y in wrong)
    often = f"{times} times" if same else ""
    yield _accumulation(
        case,
        [value for value, _ in wrong],
        f"is {often or 'not'} that of the output",
        f"{case.title(first)} holds {first.grad:.6g}, where one `backward()` of this output gives "
        f"{one:.6g}{f': as if it had run {often}' if same else ''} "
        f"({counted(len(wrong), 'parameter')} of {len(case.parameters)} differ)",
    )


def _accumulation(case: Case, values: list[Value], what: str, seen: str) -> Finding:
    """Return the finding that gradients of some values were added up, by what was seen of it."""
    names = case.titles(case.survey.position[id(value)] for value in values)
    return Finding(
        "accumulated gradient",
        f"the gradient of {names} {what}",
        case.place(values[0], names),
        f"{seen}. `backward()` adds to what a leaf's `grad` holds, so that batches can be summed "
        "up; whoever does not want that sets it to 0 before.",
        f"{ZEROED}\noutput.backward()",
    )


LEVEL: Final = 1e-6  # a step gains nothing that gains less of what the slope promised


def overshot(
    slopes: Sequence[float], moves: Sequence[float], value: Callable[[float], float], where: str
) -> Finding | None:
    """Return the finding that a step of leaves went downhill, but too far; None if it did not.

    `value(share)` is the sum of the outputs after that share of the step.
    """
    before, after, promised = value(0.0), value(1.0), -_dot(slopes, moves)
    falls = before - after > LEVEL * promised  # not so where it is NaN
    if falls or not promised > 1e-9 * max(1e-300, abs(before)):
        return None
    share = 0.5  # halved until it gains a quarter of its promise
    while share > 1e-9 and not before - value(share) >= 0.25 * share * promised:
        share *= 0.5
    what, fix = "the steps overshoot", f"optimizer.lr *= {share:.6g}"
    if rate := plain_rate(slopes, moves):
        what = f"a learning rate of {rate:.6g} overshoots"
        fix = f"lr = {rate * share:.6g}  # of an optimiser: optimizer.lr = ..."
    ends, side = "grows", "up the other side, higher than it began: descent runs away"
    if after != after:
        ends = "has no value there"
    elif abs(before - after) <= LEVEL * promised:
        ends = "does not change"
        side = "to the other side at the same height: descent oscillates for ever"
    return Finding(
        "overshooting step",
        f"{what}: the output {ends}, from {before:.6g} to {after:.6g}",
        where,
        "The gradient tells the slope at one place. The step went beyond the lowest point, "
        f"{side}. {'Half' if share == 0.5 else f'{share:.4g} of'} the step would go down.",
        fix,
    )


def overshooting(case: Case, lr: float) -> Iterator[Finding]:
    """Yield a finding if a step of plain gradient descent with the parameters overshoots."""
    survey = case.survey
    places = (survey.position.get(id(value), -1) for value in case.parameters)
    slopes = {i: survey.adjoints[i] for i in places if i >= 0}

    def value(share: float) -> float:
        moved = {i: survey.values[i].data - share * lr * slope for i, slope in slopes.items()}
        return survey.at(moved)

    moves = [-lr * slope for slope in slopes.values()]
    found = overshot(list(slopes.values()), moves, value, case.titles(slopes))
    if found is not None:
        yield found


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


class Passes:
    """The backward passes of a block: those since the last step, and what the steps did.

    A step is seen by its effect: leaves have other numbers than in the pass before.
    """

    def __init__(self) -> None:
        self.latest: Case | None = None
        self._batch: list[tuple[Case, float]] = []
        self._slopes: dict[int, float] = {}  # of the batch, by leaf
        self._points: dict[int, tuple[Value, float]] = {}  # each leaf, where its last pass was
        self._stale: Finding | None = None
        self._steps: list[bool] = []  # whether each overshot
        self._overshot: Finding | None = None

    def add(self, case: Case, seed: float) -> None:
        """Add the graph of a backward pass that is about to begin."""
        survey = case.survey
        leaves = [(survey.values[i], seed * survey.adjoints[i]) for i in survey.leaves]
        old = [(leaf, slope) for leaf, slope in leaves if leaf.grad and self._is_old(leaf)]
        if old and self._stale is None:
            leaf, slope = old[0]
            self._stale = _accumulation(
                case,
                [leaf for leaf, _ in old],
                "was not set to 0 before `backward()`",
                f"{case.title(leaf)} still held the gradient {leaf.grad:.6g} of "
                f"{'an earlier step' if self.latest else 'before this block'}, and {slope:.6g} was "
                "added to it",
            )
        if not self._end_at_step() and not any(leaf.grad for leaf, _ in leaves):
            self._close()
        self._batch.append((case, seed))
        self.latest = case
        for leaf, slope in leaves:
            self._slopes[id(leaf)] = self._slopes.get(id(leaf), 0.0) + slope
            self._points[id(leaf)] = leaf, leaf.data

    def findings(self) -> Iterator[Finding]:
        """Yield what the passes had in common, once the last is over."""
        self._end_at_step()
        self._close()
        if self._stale is not None:
            yield self._stale
        steps = self._steps
        often = 3 * sum(steps) > len(steps) or (len(steps) > 2 and all(steps[-3:]))
        if self._overshot is not None and often and any(steps):
            seen = f" (in {sum(steps):,} of {counted(len(steps), 'step')})"
            yield replace(self._overshot, what=self._overshot.what + seen)

    def _is_old(self, leaf: Value) -> bool:
        """Say whether a leaf's gradient belongs to another point than where the leaf is now."""
        _, was = self._points.get(id(leaf), (leaf, leaf.data if self.latest else math.nan))
        return was != leaf.data

    def _end_at_step(self) -> bool:
        """End the batch if a step was made; say whether it was."""
        was = {key: self._points[key][1] for key in self._slopes}
        now = {key: self._points[key][0].data for key in self._slopes}
        moves = {key: now[key] - was[key] for key in was if now[key] != was[key]}
        if not moves:
            return False

        def value(share: float) -> float:
            """Return the sum of the outputs after that share of the step."""
            at, total = {key: x + share * moves.get(key, 0.0) for key, x in was.items()}, 0.0
            for case, seed in self._batch:  # fsum refuses infinities
                survey = case.survey
                total += seed * survey.at({i: at[id(survey.values[i])] for i in survey.leaves})
            return total

        names = listed(self._batch[0][0].title(self._points[key][0]) for key in moves)
        found = overshot([self._slopes[key] for key in moves], [*moves.values()], value, names)
        self._steps.append(found is not None)
        self._overshot = self._overshot or found
        self._close()
        return True

    def _close(self) -> None:
        """End the batch; if its passes added the same to the same leaves, it was one repeated."""
        if len(self._batch) > 1 and self._stale is None:
            case, survey, times = self._batch[0][0], self._batch[0][0].survey, len(self._batch)
            different = {
                (seed, it.output.data, *((id(it.values[i]), it.adjoints[i]) for i in it.leaves))
                for it, seed in ((case.survey, seed) for case, seed in self._batch)
            }
            leaves = [survey.values[i] for i in survey.leaves if survey.adjoints[i]]
            if leaves and len(different) == 1:
                self._stale = _accumulation(
                    case,
                    leaves,
                    f"is {times} times that of the output",
                    f"`backward()` ran {times} times with the same numbers, and each time added "
                    "the same gradient",
                )
        self._batch, self._slopes = [], {}

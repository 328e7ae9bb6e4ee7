"""Passes: what happens from one backward pass to the next, and in the step that several lead to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from autograd_engine.diagnosis.accumulation import accumulation
from autograd_engine.diagnosis.findings import Finding, listed
from autograd_engine.diagnosis.places import Parameters, place
from autograd_engine.diagnosis.rates import Step
from autograd_engine.engine import Value
from autograd_engine.survey import Survey
from autograd_engine.words import counted


class Batch:
    """Backward passes at one point: their graphs, where the leaves were, the sum of the slopes."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._passes: list[tuple[Survey, float]] = []
        self._leaves: dict[int, tuple[Value, float]] = {}
        self._slopes: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._passes)

    def add(self, survey: Survey, seed: float) -> None:
        """Add the graph of a backward pass, and its seed."""
        self._passes.append((survey, seed))
        for i in survey.leaves:
            leaf, slope = survey.values[i], seed * survey.adjoints[i]
            self._leaves[id(leaf)] = leaf, leaf.data
            self._slopes[id(leaf)] = self._slopes.get(id(leaf), 0.0) + slope

    def moved(self) -> bool:
        """Say whether a step was made: leaves have other numbers now."""
        return any(leaf.data != was for leaf, was in self._leaves.values())

    def repeated(self) -> Survey | None:
        """Return the graph of passes that were all the same: no batch, but one pass repeated."""
        same = len({_signature(survey, seed) for survey, seed in self._passes}) == 1
        return self._passes[0][0] if same and len(self._passes) > 1 else None

    def leads_to(self, survey: Survey) -> bool:
        """Say whether this is the batch's one graph once more, recorded with new leaves."""
        before = self._passes[0][0] if len(self._passes) == 1 else None
        return (
            before is not None
            and len(before.values) == len(survey.values)
            and not any(id(survey.values[i]) in before.position for i in survey.leaves)
            and all(
                old._rule.name == new._rule.name for old, new in zip(before.values, survey.values)
            )
        )

    def step(self) -> Step:
        """Return the step to where the leaves are now."""
        return self._step({key: leaf.data for key, (leaf, _) in self._leaves.items()})

    def step_to(self, survey: Survey) -> Step:
        """Return the step to where the new leaves are, of the same graph."""
        before = self._passes[0][0]
        return self._step({id(before.values[i]): survey.values[i].data for i in before.leaves})

    def _step(self, places: dict[int, float]) -> Step:
        moves = {
            key: places[key] - was for key, (_, was) in self._leaves.items() if places[key] != was
        }
        names = listed(self._parameters.title(self._leaves[key][0]) for key in moves)
        slopes = [self._slopes[key] for key in moves]
        return Step(slopes, list(moves.values()), lambda share: self._at(moves, share), names)

    def _at(self, moves: dict[int, float], share: float) -> float:
        """Return the sum of the outputs after that share of the step."""
        places = {key: was + share * moves.get(key, 0.0) for key, (_, was) in self._leaves.items()}
        total = 0.0  # fsum refuses infinities
        for survey, seed in self._passes:
            total += seed * survey.at({i: places[id(survey.values[i])] for i in survey.leaves})
        return total


def _signature(survey: Survey, seed: float) -> tuple[object, ...]:
    """Return what is the same for two passes that add the same to the same leaves."""
    slopes = tuple((id(survey.values[i]), survey.adjoints[i]) for i in survey.leaves)
    return survey.output.data, len(survey.values), seed, slopes


class Passes:
    """The backward passes of a block: those since the last step, and what the steps did.

    A step is seen by its effect: leaves have other numbers than in the pass before.
    """

    def __init__(self, parameters: Parameters) -> None:
        self._title = parameters.title
        self._parameters = parameters
        self.latest: Survey | None = None
        self._batch = Batch(parameters)
        self._points: dict[int, tuple[Value, float]] = {}  # each leaf, where its last pass was
        self._stale: Finding | None = None
        self._steps: list[tuple[bool, float]] = []  # overshot?, the rate that must recur
        self._overshot: Finding | None = None

    def add(self, survey: Survey, seed: float) -> None:
        """Add the graph of a backward pass that is about to begin."""
        if self._stale is None:
            self._look_for_old_gradients(survey)
        if self._batch.moved():
            self._judge(self._batch.step(), math.inf)
        elif self._batch.leads_to(survey):
            step = self._batch.step_to(survey)
            self._judge(step, step.rate)
        elif not any(survey.values[i].grad for i in survey.leaves):
            self._close()
        self._batch.add(survey, seed)
        self.latest = survey
        for i in survey.leaves:
            leaf = survey.values[i]
            self._points[id(leaf)] = leaf, leaf.data

    def findings(self) -> Iterator[Finding]:
        """Yield what the passes had in common, once the last is over."""
        if self._batch.moved():
            self._judge(self._batch.step(), math.inf)
        self._close()
        if self._stale is not None:
            yield self._stale
        yield from self._overshooting()

    # Gradients that were not set to 0.

    def _look_for_old_gradients(self, survey: Survey) -> None:
        kept = [i for i in survey.leaves if survey.values[i].grad and self._is_old(survey, i)]
        if kept:
            leaf = survey.values[kept[0]]
            names = listed(self._title(survey.values[i]) for i in kept)
            when = "of an earlier step" if self.latest else "of before this block"
            self._stale = accumulation(
                f"the gradient of {names} was not set to 0 before `backward()`",
                place(survey, kept[0], names),
                f"{self._title(leaf)} still held the gradient {leaf.grad:.6g} {when}, and "
                f"{survey.adjoints[kept[0]]:.6g} was added to it",
            )

    def _is_old(self, survey: Survey, i: int) -> bool:
        """Say whether a leaf's gradient belongs to another point than where the leaf is now."""
        leaf = survey.values[i]
        known = self._points.get(id(leaf))
        return self.latest is None if known is None else known[1] != leaf.data

    def _close(self) -> None:
        """End the batch."""
        survey, times = self._batch.repeated(), len(self._batch)
        slopes = [i for i in survey.leaves if survey.adjoints[i]] if survey else []
        if survey and slopes and self._stale is None:
            names = listed(self._title(survey.values[i]) for i in slopes)
            self._stale = accumulation(
                f"the gradient of {names} is {times} times that of the output",
                place(survey, slopes[0], names),
                f"`backward()` ran {times} times with the same numbers, and each time added the "
                "same gradient",
            )
        self._batch = Batch(self._parameters)

    # Steps.

    def _judge(self, step: Step, rate: float) -> None:
        """Judge the step that ended the batch.

        One to new leaves is a step of descent only where its neighbours have the same rate.
        """
        self._steps.append((step.overshot, rate))
        if step.overshot and rate and self._overshot is None:
            self._overshot = step.finding()
        self._close()

    def _overshooting(self) -> Iterator[Finding]:
        """Yield a finding if more than a third of the steps overshot, or the last three."""
        rates = [math.nan, *(rate for _, rate in self._steps), math.nan]
        steps = [
            overshot
            for i, (overshot, rate) in enumerate(self._steps)
            if rate == math.inf
            or (rate and any(math.isclose(rate, rates[j], rel_tol=1e-6) for j in (i, i + 2)))
        ]
        if self._overshot is None or not any(steps):
            return
        if 3 * sum(steps) > len(steps) or (len(steps) > 2 and all(steps[-3:])):
            seen = f" (in {sum(steps):,} of {counted(len(steps), 'step')})"
            yield replace(self._overshot, what=self._overshot.what + seen)

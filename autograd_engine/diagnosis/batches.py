"""Batch: the backward passes between two steps, and the step that they lead to."""

from __future__ import annotations

from autograd_engine.diagnosis.findings import listed
from autograd_engine.diagnosis.places import Parameters
from autograd_engine.diagnosis.rates import Step
from autograd_engine.diagnosis.survey import Survey
from autograd_engine.engine import Value


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
                old.rule.name == new.rule.name for old, new in zip(before.values, survey.values)
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

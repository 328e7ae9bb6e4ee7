"""The record of a training, and how it is shown in a bar."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.evaluation import Results, Sample, average, reason
from autograd_engine.recorder import Recording


@dataclass
class History:
    """The record of a training: one number an epoch in each list.

    `loss` and `accuracy` are the means over the epoch's samples, each as it was just before
    the step that it took part in. `validation_loss` and `validation_accuracy`, empty without
    validation data, are those after the epoch. `ran` says which way the last epochs ran:
    compiled, or eager and why. `recording` holds the steps that `fit(..., record=True)` kept.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    ran: str = field(default="", compare=False)
    recording: Recording | None = field(default=None, compare=False, repr=False)

    def best_epoch(self) -> int:
        """Return the position of the lowest validation loss; `ValueError` if there is none.

        >>> History(validation_loss=[0.5, 0.2, 0.3]).best_epoch()
        1
        """
        if not self.validation_loss:
            raise ValueError("the history has no validation loss: give fit validation=")
        return self.validation_loss.index(min(self.validation_loss))

    def waited(self) -> int:
        """Return how many epochs have passed since the one with the lowest validation loss.

        >>> History(validation_loss=[0.5, 0.2, 0.3]).waited()
        1
        """
        return len(self.validation_loss) - 1 - self.best_epoch() if self.validation_loss else 0


def add_epoch(
    history: History, trained: Results, checked: Results | None, held_out: Sequence[Sample]
) -> None:
    """Add an epoch; `FloatingPointError` where its validation loss is not finite."""
    if checked is not None:
        loss, accuracy = map(average, checked)
        if not math.isfinite(loss):
            epoch = len(history.loss) + 1
            odd = next((i for i, found in enumerate(checked[0]) if not math.isfinite(found)), 0)
            why = reason("validation", odd, held_out[odd])
            raise FloatingPointError(f"the validation loss became {loss} in epoch {epoch}: {why}")
        history.validation_loss.append(loss)
        history.validation_accuracy.append(accuracy)
    loss, accuracy = map(average, trained)
    history.loss.append(loss)
    history.accuracy.append(accuracy)


def progress_bar(progress: bool, total: int, done: int) -> Any:
    """Return the bar on stderr, or one that shows nothing."""
    from tqdm import tqdm  # here, since importing the package should stay quick

    bar = tqdm(total=total, initial=done, disable=not progress, unit="batch")
    bar.told = ""
    return bar


def show(bar: Any, history: History) -> None:
    """Show the latest numbers of the history beside the bar."""
    latest = {
        name.replace("_", " "): items[-1]
        for name, items in vars(history).items()
        if items and name not in ("ran", "recording")
    }
    bar.set_postfix(
        {name: f"{item:.3f}" for name, item in latest.items() if not math.isnan(item)},
        refresh=False,
    )


def tell(bar: Any, history: History, ran: str) -> None:
    """Note which way the training runs, and where the bar has not told it yet, say so above it."""
    history.ran = " ".join(ran.splitlines())
    if history.ran != bar.told and not bar.disable:
        bar.write(history.ran, file=sys.stderr)
    bar.told = history.ran


def numbers(parameters: Sequence[Value]) -> list[float]:
    """Return the number of each parameter."""
    return [parameter.data for parameter in parameters]


def set_numbers(parameters: Sequence[Value], data: Sequence[float]) -> None:
    """Set each parameter to its number."""
    for parameter, item in zip(parameters, data):
        parameter.data = item

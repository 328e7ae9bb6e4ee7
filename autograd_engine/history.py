"""The record of a training, the steps of it for replay, and how it is shown in a bar."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, NamedTuple

from autograd_engine.engine import Value
from autograd_engine.measures import average

MOST = 200  # steps that are kept, and two more at most: the start and the latest
LISTS = ("loss", "accuracy", "validation_loss", "validation_accuracy")  # one number an epoch


class Step(NamedTuple):
    """The state after `number` steps, in an epoch counted from 1; its loss is that before it."""

    number: int
    epoch: int
    parameters: tuple[float, ...]
    loss: float


@dataclass(repr=False)
class Recording:
    """The steps of a training that were kept, and what it takes to run the model at them again.

    Every step is kept at first, then ever fewer, always the latest one. `parameters` are those that
    the model began with, `batches` the steps in an epoch, `begun` the epochs before. Who looks at a
    step gives the model, which is not copied, the numbers of that step for the moment.
    """

    parameters: list[Value]
    model: Any
    loss: Any
    samples: Sequence[Any]
    batches: int
    names: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    begun: int = 0

    def __post_init__(self) -> None:
        self._stride, self._number = 1, self.begun * self.batches
        start = tuple(value.data for value in self.parameters)
        self.steps = [Step(self._number, self.begun, start, math.nan)]

    def due(self) -> bool:
        """Count a step, and say whether it is to be kept: where it is the last of an epoch too."""
        self._number += 1
        return self._regular(self._number) or self._number % self.batches == 0

    def keep(self, losses: Sequence[float], epoch: int) -> None:
        """Keep the step just counted, with the losses of its batch; epochs count from 0 here."""
        if not self._regular(self.steps[-1].number):  # it was kept as long as it was the latest
            self.steps.pop()
        numbers = tuple(value.data for value in self.parameters)
        self.steps.append(Step(self._number, epoch + 1, numbers, average(losses)))
        if len(self.steps) > MOST + 1:
            self._stride *= 2
            self.steps[:-1] = [step for step in self.steps[:-1] if self._regular(step.number)]

    def _regular(self, number: int) -> bool:
        return (number - self.begun * self.batches) % self._stride == 0

    def __repr__(self) -> str:
        return f"<recording of {len(self.steps)} steps>"


@dataclass
class History:
    """The record of a training: one number an epoch in each list.

    `loss` and `accuracy` are the means over the epoch's samples, each before the step that it took
    part in; `validation_loss` and `validation_accuracy` those after the epoch. `ran` says which way
    it ran: compiled, or eager and why. `recording` is what `fit(..., record=True)` kept.

    >>> History(loss=[0.5, 0.25], accuracy=[0.75, 1.0]).loss[-1]
    0.25
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    ran: str = field(default="", compare=False)
    recording: Recording | None = field(default=None, compare=False, repr=False)

    def best_epoch(self) -> int:
        """Return the position of the lowest validation loss; `ValueError` if there is none.

        >>> history = History(validation_loss=[0.5, 0.2, 0.3])
        >>> history.best_epoch(), history.waited()
        (1, 1)
        """
        if not self.validation_loss:
            raise ValueError("the history has no validation loss: give fit validation=")
        return self.validation_loss.index(min(self.validation_loss))

    def waited(self) -> int:
        """Return how many epochs have passed since the one with the lowest validation loss."""
        return len(self.validation_loss) - 1 - self.best_epoch() if self.validation_loss else 0

    def _repr_mimebundle_(self, **kinds: Any) -> dict[str, str]:
        page: Any = import_module("autograd_engine.views.replay.page")  # which reads histories
        return {"text/plain": repr(self), "text/html": page.loss_curve(self.loss)}


class NoBar:
    """What a bar is asked, without one."""

    disable, told = True, ""

    def update(self, *shown: object, **options: object) -> None:
        """Show nothing."""

    set_description = set_postfix = update


def progress_bar(progress: bool, total: int, done: int) -> Any:
    """Return a context with the bar on stderr, or one that shows nothing."""
    if not progress:
        return nullcontext(NoBar())
    try:
        from tqdm import tqdm  # here, since importing the package should stay quick
    except ImportError as error:
        advice = "pip install tqdm, or pass progress=False"
        raise ImportError(f"the bar of a training needs tqdm: {advice}", name="tqdm") from error
    kind = type("Bar", (tqdm,), {"monitor_interval": 0, "told": ""})  # 0: no thread beside it
    return kind(total=total, initial=done, unit="batch")


def tell(bar: Any, history: History, ran: str) -> None:
    """Note which way the training runs, above the bar if that is news; show the latest numbers."""
    history.ran = " ".join(ran.splitlines())
    if history.ran != bar.told and not bar.disable:
        bar.write(way(history.ran), file=sys.stderr)
    bar.told = history.ran
    latest = {name.replace("_", " "): getattr(history, name)[-1:] for name in LISTS}
    shown = {name: f"{x:.3f}" for name, items in latest.items() for x in items if x == x}
    bar.set_postfix(shown, refresh=False)


def way(ran: str) -> str:
    """Return `History.ran` as people are told of it."""
    _, _, cure = ran.partition("eager: ag.compile needs numpy: ")
    if cure:
        return f"trained with plain Python (faster with {cure})"
    return f"trained {ran}".replace("trained eager:", "trained with plain Python:")

"""The record of a training: numbers an epoch, steps for replay, and the checkpoint to resume from.

A checkpoint is a saved model with an entry "training" beside it: settings, history, best
parameters, numbers of values that only the optimiser has, states of optimiser and schedules.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import import_module
from os import fspath
from pathlib import Path
from typing import Any, NamedTuple

from autograd_engine.columns import data_of, set_data
from autograd_engine.engine import Value
from autograd_engine.files import Location, destination, model_state, read_json, write_json
from autograd_engine.measures import average
from autograd_engine.optim.optimizer import Stateful
from autograd_engine.optim.rules import schedules_of
from autograd_engine.real import check_path, is_number
from autograd_engine.words import LINE, printable

MOST = 200  # steps that are kept, and two more at most: the start and the latest
LISTS = ("loss", "accuracy", "validation_loss", "validation_accuracy")  # one number an epoch
ANEW = 'fit(..., resume="new") goes on with the optimizer and its schedules as they are'


class Step(NamedTuple):
    """The state after `number` steps, in an epoch counted from 1; its loss is that before it."""

    number: int
    epoch: int
    parameters: tuple[float, ...]
    loss: float


@dataclass(repr=False)
class Recording:
    """The steps of a training that were kept, and what it takes to run the model at them again.

    Every step is kept at first, then ever fewer, always the latest one. `batches` are the steps in
    an epoch, `begun` the epochs before. Who looks at a step sets its `parameters` for the moment.
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
        self.steps = [Step(self._number, self.begun, tuple(data_of(self.parameters)), math.nan)]

    def due(self) -> bool:
        """Count a step, and say whether it is to be kept: where it is the last of an epoch too."""
        self._number += 1
        return self._regular(self._number) or self._number % self.batches == 0

    def keep(self, losses: Sequence[float], epoch: int) -> None:
        """Keep the step just counted, with the losses of its batch; epochs count from 0 here."""
        if not self._regular(self.steps[-1].number):  # it was kept as long as it was the latest
            self.steps.pop()
        now = tuple(data_of(self.parameters))
        self.steps.append(Step(self._number, epoch + 1, now, average(losses)))
        if len(self.steps) > MOST + 1:
            self._stride *= 2
            self.steps[:-1] = [step for step in self.steps[:-1] if self._regular(step.number)]

    def _regular(self, number: int) -> bool:
        return (number - self.begun * self.batches) % self._stride == 0


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
        """Return the position of the lowest validation loss; `ValueError` if there is none."""
        if not self.validation_loss:
            raise ValueError("the history has no validation loss: give fit validation=")
        return self.validation_loss.index(min(self.validation_loss))

    def waited(self) -> int:
        """Return how many epochs have passed since the one with the lowest validation loss."""
        return len(self.validation_loss) - 1 - self.best_epoch() if self.validation_loss else 0

    def _repr_mimebundle_(self, **kinds: Any) -> dict[str, str]:
        page: Any = import_module("autograd_engine.views.replay.page")  # which reads histories
        return {"text/plain": repr(self), "text/html": page.loss_curve(self.loss)}


class Keeper:
    """Keeps the best parameters, and a checkpoint, if wanted, for trainings with these settings."""

    def __init__(
        self, model: Any, optimizer: Any, path: Location | None, settings: dict[str, Any]
    ) -> None:
        self._model, self._optimizer, self._path, self._settings = model, optimizer, path, settings
        self._best: list[float] | None = None
        self._written: dict[str, Any] | None = None
        if path is None:
            return
        check_path("keep a checkpoint as", path, "checkpoint.json")
        destination(path, f"the checkpoint {printable(repr(fspath(path)), LINE)}")
        model_state(model)  # which refuses what cannot be saved
        if not hasattr(optimizer, "state_dict") or not hasattr(optimizer, "load_state_dict"):
            needs = "a checkpoint needs state_dict() and load_state_dict() of the optimizer"
            raise TypeError(f"{needs}, which {optimizer!r:.60} has not")

    def _parts(self) -> list[Any]:
        return [self._optimizer, *schedules_of(self._optimizer)]

    def _beside(self) -> list[Value]:
        """Return the values that the optimiser has and the model has not."""
        known = set(map(id, self._model.parameters()))
        return [v for v in getattr(self._optimizer, "parameters", ()) if id(v) not in known]

    def keep(self, history: History) -> None:
        """Take down the state after an epoch."""
        if history.validation_loss and not history.waited():
            self._best = data_of(self._model.parameters())
        if self._path is None:
            return
        optimizer, *schedules = (part.state_dict() for part in self._parts())
        training = {
            "settings": self._settings,
            "history": {name: getattr(history, name)[:] for name in (*LISTS, "ran")},
            "best": self._best,
            "beside": data_of(self._beside()),
            "optimizer": optimizer,
            "schedules": schedules,
        }
        state = {"model": model_state(self._model), "training": training}
        if state != self._written:  # by a callback
            write_json(self._path, state, indent=None)  # five times as fast
            self._written = state

    def restore_best(self) -> None:
        if self._best is not None:
            set_data(self._model.parameters(), self._best)

    def resumed(self, anew: bool) -> History:
        """Set everything as the checkpoint has it, or nothing; where there is none, start anew.

        With `anew` the optimiser keeps its settings of now, and its schedules their state.
        """
        if self._path is None:
            raise ValueError("resume needs to know where from: pass checkpoint=")
        if not Path(self._path).exists():
            return History()
        state, name = read_json(self._path), printable(self._path, LINE)
        with ExitStack() as undo:  # where one refuses, all are as before
            for owner in (*self._parts(), self._model):
                undo.callback(owner.load_state_dict, owner.state_dict())
            try:
                history = self._set(state["model"], state["training"], anew, name)
            except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as error:
                said = f"it has no {error}" if isinstance(error, KeyError) else str(error)
                raise ValueError(f"cannot resume from {name}: {printable(said, LINE)}") from error
            undo.pop_all()
        return history

    def _set(self, model: Any, training: Any, anew: bool, path: str) -> History:
        state = model_state(self._model)
        _check_same(*({"class": m["class"], **(m["architecture"] or {})} for m in (model, state)))
        parts = self._parts()
        then = [training["optimizer"], *training.get("schedules", [])]
        now = [part.state_dict() for part in parts]
        if anew:
            kept = {name: now[0][name] for name in ("settings", "initial_lr") if name in now[0]}
            parts, then = parts[:1], [{**then[0], **kept}]
        else:
            was, given = ({"schedules": [s["schedule"] for s in each[1:]]} for each in (then, now))
            _check_same(was, given, cure=f"; {ANEW}")
        for part, its in zip(parts, then):
            part.load_state_dict(its)
        older = {"data": self._settings["data"]}  # do not tell theirs
        _check_same({**older, **training["settings"], "model": None}, self._settings)
        self._model.load_state_dict(model["parameters"])
        history, best, beside = training["history"], training["best"], self._beside()
        held = _numbers("beside", training.get("beside", []), len(beside))
        epochs = len(history["loss"]) if isinstance(history["loss"], list) else 0
        counts = dict.fromkeys(LISTS, epochs if self._settings["validation"] else 0)
        counts |= {"loss": epochs, "accuracy": epochs}
        lists: Any = {name: _numbers(name, history[name], counts[name]) for name in LISTS}
        if best is not None or lists["validation_loss"]:
            best = _numbers("best", best, len(self._model.parameters()))
        known = [pair for pair in zip(then, now) if isinstance(self._optimizer, Stateful)]
        if differing := [setting for pair in known for setting in _differing(*pair)]:
            used, unused = map(", ".join, zip(*differing))
            said = f"training goes on with {used}, as {path} has it, not with {unused}; {ANEW}"
            warnings.warn(said, stacklevel=4)
        set_data(beside, held)
        self._best = best
        return History(**lists, ran=printable(history.get("ran", ""), LINE))


def way(ran: str) -> str:
    """Return `History.ran` as people are told of it."""
    _, _, cure = ran.partition("eager: ag.compile needs numpy: ")
    if cure:
        return f"trained with plain Python (faster with {cure})"
    return f"trained {ran}".replace("trained eager:", "trained with plain Python:")


def _numbers(name: str, items: Any, count: int) -> list[float]:
    if not isinstance(items, list) or any(isinstance(x, bool) or not is_number(x) for x in items):
        raise ValueError(f"its {name} is no list of numbers: {items!r:.60}")
    if len(items) != count:
        raise ValueError(f"its {name} has {len(items)} numbers, not {count}")
    return list(map(float, items))


def _check_same(theirs: dict[str, Any], ours: dict[str, Any], *, cure: str = "") -> None:
    for name in {**ours, **theirs}:
        was, given = theirs.get(name), ours.get(name)
        if was != given:
            raise ValueError(f"it was written with {name}={was!r:.60}, not {name}={given}{cure}")


def _differing(was: dict[str, Any], now: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the settings that differ between two states; a rate that schedules changed does not."""
    for name, given in now["settings"].items():
        first = was.get("initial_lr") if name == "lr" else None
        if given != was["settings"][name] and (first is None or first != now["initial_lr"]):
            yield f"{name}={was['settings'][name]}", f"{name}={given}"

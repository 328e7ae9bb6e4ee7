"""The record of a training, and keeping it, with all that it takes to go on, in a checkpoint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from autograd_engine.checkpoints import read_json, write_json
from autograd_engine.engine import Value

FORMAT = "autograd_engine training"
VERSION = 1


@dataclass
class History:
    """The record of a training: one number an epoch in each list.

    `loss` and `accuracy` are the means over the epoch's samples, each as it was just before
    the step that it took part in. `validation_loss` and `validation_accuracy`, empty without
    validation data, are those after the epoch.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)

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


class Keeper:
    """Keeps the best parameters, and, where there is a path, a checkpoint to resume from.

    `settings` are what a resumed training must have in common with the one interrupted.
    Raises `FileNotFoundError` if the checkpoint's folder does not exist.
    """

    def __init__(
        self,
        model: Any,
        optimizer: Any,
        path: str | PathLike[str] | None,
        settings: dict[str, Any],
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.path = path
        self.settings = settings
        self.best: list[float] | None = None
        self._written: dict[str, Any] | None = None
        if path is not None and not Path(path).absolute().parent.is_dir():
            raise FileNotFoundError(f"the folder of the checkpoint {fspath(path)} does not exist")

    def keep(self, history: History) -> None:
        """Take down the state after an epoch."""
        if history.validation_loss and not history.waited():
            self.best = numbers(self.model.parameters())
        if self.path is None:
            return
        state = {
            "format": FORMAT,
            "version": VERSION,
            "settings": self.settings,
            "history": _without_nan(history),
            "model": self.model.state_dict(),
            "best": self.best,
            "optimizer": self.optimizer.state_dict(),
        }
        if state != self._written:
            write_json(self.path, state)
            self._written = state

    def resumed(self) -> History:
        """Set model and optimiser as the checkpoint has them; where there is none, start anew.

        Raises `ValueError` naming the file where it does not fit, and then changes nothing.
        """
        if self.path is None:
            raise ValueError("resume=True needs to know where from: pass checkpoint=")
        if not Path(self.path).exists():
            return History()
        state = read_json(self.path)
        if not isinstance(state, dict) or state.get("format") != FORMAT:
            raise ValueError(f"{fspath(self.path)} is not a checkpoint that fit wrote")
        before = self.model.state_dict()
        try:
            if state["version"] != VERSION:
                raise ValueError(f"it has version {state['version']}, this package reads {VERSION}")
            return self._set(state)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            self.model.load_state_dict(before)
            what = f"there is no {error}" if isinstance(error, KeyError) else error
            raise ValueError(f"cannot resume from {fspath(self.path)}: {what}") from error

    def _set(self, state: dict[str, Any]) -> History:
        for name, setting in self.settings.items():
            written = state["settings"][name]
            if written != setting:
                raise ValueError(f"it was written with {name}={written}, not {name}={setting}")
        history = _with_nan(state["history"])
        self.model.load_state_dict(state["model"])
        best = state["best"]
        if best is not None:
            best = [float(item) for item in best]
            if len(best) != len(self.model.parameters()):
                raise ValueError(f"its best epoch has {len(best)} parameters")
        self.optimizer.load_state_dict(state["optimizer"])
        self.best = best
        return history

    def restore_best(self) -> None:
        """Give the model the parameters of its best epoch, where there was one."""
        if self.best is not None:
            set_numbers(self.model.parameters(), self.best)


def numbers(parameters: Sequence[Value]) -> list[float]:
    """Return the number of each parameter."""
    return [parameter.data for parameter in parameters]


def set_numbers(parameters: Sequence[Value], data: Sequence[float]) -> None:
    """Set each parameter to its number."""
    for parameter, item in zip(parameters, data):
        parameter.data = item


# JSON has no NaN, the accuracy where a number is predicted.


def _without_nan(history: History) -> dict[str, list[float | None]]:
    return {
        name: [None if math.isnan(item) else item for item in items]
        for name, items in asdict(history).items()
    }


def _with_nan(record: dict[str, list[float | None]]) -> History:
    return History(
        **{
            name: [math.nan if item is None else float(item) for item in items]
            for name, items in record.items()
        }
    )

"""The record of a training: shown in a bar, and kept, with all it takes to go on, in a file."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from autograd_engine.checkpoints import model_state, read_json, write_json
from autograd_engine.engine import Value
from autograd_engine.real import check_path
from autograd_engine.recorder import Recording
from autograd_engine.words import LINE, printable


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


class Keeper:
    """Keeps the best parameters, and, where there is a path, a checkpoint to resume from.

    The checkpoint is a saved model, which `load` can read, with an entry "training" beside it.
    `settings` are what a resumed training must have in common with the one interrupted.
    Raises `FileNotFoundError` if the checkpoint's folder does not exist, and `TypeError` for
    what is no path and for a model that cannot be saved.
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
        if path is None:
            return
        check_path("keep a checkpoint as", path, "checkpoint.json")
        if not Path(path).absolute().parent.is_dir():
            raise FileNotFoundError(
                f"the folder of the checkpoint {printable(path, LINE)} does not exist"
            )
        if Path(path).is_dir():
            raise IsADirectoryError(
                f"the checkpoint {fspath(path)!r} is a folder: name a file in it"
            )
        saved = model_state(model)
        self.settings = {"model": [saved["class"], saved["architecture"]], **settings}

    def keep(self, history: History) -> None:
        """Take down the state after an epoch."""
        if history.validation_loss and not history.waited():
            self.best = numbers(self.model.parameters())
        if self.path is None:
            return
        written = asdict(replace(history, recording=None))
        del written["recording"]  # it may be large, and refers to model and data
        training = {
            "settings": self.settings,
            "history": written,
            "best": self.best,
            "optimizer": self.optimizer.state_dict(),
        }
        state = {"model": model_state(self.model), "training": training}
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
        before = self.model.state_dict()
        try:
            return self._set(state["model"], state["training"])
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            self.model.load_state_dict(before)
            what = f"it has no {error}" if isinstance(error, KeyError) else error
            said = printable(what, LINE)
            raise ValueError(f"cannot resume from {printable(self.path, LINE)}: {said}") from error

    def _set(self, model: dict[str, Any], training: dict[str, Any]) -> History:
        optimizer = [_kind(training["optimizer"]), _kind(self.optimizer.state_dict())]
        if optimizer[0] != optimizer[1]:
            raise ValueError(
                f"it was written with the optimizer {optimizer[0]}, not {optimizer[1]}"
            )
        for name, setting in self.settings.items():
            written = training["settings"][name]
            if written == setting:
                continue
            if name == "model":
                raise ValueError(f"it holds {_difference(written, setting)}")
            raise ValueError(f"it was written with {name}={written}, not {name}={setting}")
        written = training["history"]
        lists: dict[str, Any] = {k: list(items) for k, items in written.items() if k != "ran"}
        history = History(**lists, ran=printable(written.get("ran", ""), LINE))
        best = training["best"]
        if best is not None and len(best) != len(self.model.parameters()):
            raise ValueError(f"its best epoch has {len(best)} parameters")
        self.model.load_state_dict(model["parameters"])
        self.optimizer.load_state_dict(training["optimizer"])
        self.best = best
        return history

    def restore_best(self) -> None:
        """Give the model the parameters of its best epoch, where there was one."""
        if self.best is not None:
            set_numbers(self.model.parameters(), self.best)


def written_training(path: str | PathLike[str]) -> dict[str, Any]:
    """Return what the checkpoint says of its training; nothing where there is none.

    Raises `ValueError` naming the file where it is not readable.
    """
    training = read_json(path).get("training") if Path(path).exists() else None
    return training if isinstance(training, dict) else {}


def _kind(optimizer: Any) -> Any:
    """Return the class in the state of an optimiser; one of your own need not tell it."""
    return optimizer.get("optimizer") if isinstance(optimizer, dict) else None


def _difference(written: list[Any], setting: list[Any]) -> str:
    """Say which network was written, and which other one was asked for."""
    old, new = _described(written), _described(setting)
    if old is None or new is None:
        if written[0] == setting[0]:
            return f"another {written[0]} than this one"
        return f"a model of the class {written[0]}, not {setting[0]}"
    differing = " ".join(b for a, b in zip(old, new) if a != b)
    biases = f" {old[2]}" if old[2] != new[2] else ""
    return f"a {old[0]} network {old[1]}{biases}, not {differing.removeprefix('with ')}"


def _described(model: list[Any]) -> tuple[str, str, str] | None:
    """Return sizes, activation and biases of an MLP, in words."""
    made = model[1]
    if not isinstance(made, dict):
        return None
    sizes = "-".join(map(str, [made["nin"], *made["nouts"]]))
    return sizes, f"with {made['activation']}", "with biases" if made["bias"] else "without biases"


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

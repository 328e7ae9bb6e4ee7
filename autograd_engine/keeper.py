"""Keeper: the checkpoint of a training, a saved model with an entry "training" beside it.

That holds settings, history, best parameters, the numbers of values that only the optimiser has,
and the states of optimiser and schedules.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from os import fspath
from pathlib import Path
from typing import Any

from autograd_engine.columns import data_of, set_data
from autograd_engine.engine import Value
from autograd_engine.files import Location, destination, model_state, read_json, write_json
from autograd_engine.history import LISTS, History
from autograd_engine.optim.rules import schedules_of
from autograd_engine.real import check_path, is_number
from autograd_engine.words import LINE, printable

ANEW = 'fit(..., resume="new") goes on with the optimizer and its schedules as they are'


class Keeper:
    """Keeps the best parameters, and, where there is a path, a checkpoint to resume from.

    `settings` are what a resumed training must have in common with the one interrupted.
    """

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
        model_state(model)
        if not hasattr(optimizer, "state_dict") or not hasattr(optimizer, "load_state_dict"):
            raise TypeError(
                f"a checkpoint needs state_dict() and load_state_dict() of the optimizer, "
                f"which {optimizer!r:.60} has not"
            )

    def _parts(self) -> list[Any]:
        """Return the optimiser and the schedules that were made on it."""
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
            "history": {name: getattr(history, name) for name in (*LISTS, "ran")},
            "best": self._best,
            "beside": data_of(self._beside()),
            "optimizer": optimizer,
            "schedules": schedules,
        }
        state = {"model": model_state(self._model), "training": training}
        if state != self._written:
            write_json(self._path, state, indent=None)  # five times as fast
            self._written = state

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

    def _set(self, model: Any, training: Any, anew: bool, name: str) -> History:
        state = model_state(self._model)
        theirs = {**training["settings"], "class": model["class"], **(model["architecture"] or {})}
        ours = {**self._settings, "class": state["class"], **(state["architecture"] or {})}
        theirs.pop("model", None)  # which older files have
        for entry in {**ours, **theirs}:
            was, given = theirs.get(entry), ours.get(entry)
            if was != given:
                raise ValueError(f"it was written with {entry}={was!r:.60}, not {entry}={given}")
        parts = self._parts()
        then = [training["optimizer"], *training.get("schedules", [])]
        now = [part.state_dict() for part in parts]
        if anew:
            kept = {entry: now[0][entry] for entry in ("settings", "initial_lr") if entry in now[0]}
            parts, then = parts[:1], [{**then[0], **kept}]
        was, given = ([state["schedule"] for state in states[1:]] for states in (then, now))
        if was != given and not anew:
            raise ValueError(f"it was written with the schedules {was}, not {given}; {ANEW}")
        for part, known in zip(parts, then):
            part.load_state_dict(known)
        self._model.load_state_dict(model["parameters"])
        history, best, beside = training["history"], training["best"], self._beside()
        held = _numbers("beside", training.get("beside", []), len(beside))
        lists = {name: _numbers(name, history[name]) for name in LISTS}
        epochs = len(lists["loss"])
        for what, items in lists.items():
            validated = self._settings["validation"] or not what.startswith("validation")
            if len(items) != (epochs if validated else 0):
                raise ValueError(f"its {what} has {len(items)} epochs, its loss {epochs}")
        if best is not None or lists["validation_loss"]:
            best = _numbers("best", best, len(self._model.parameters()))
        if differing := [pair for old, new in zip(then, now) for pair in _differing(old, new)]:
            used, unused = map(", ".join, zip(*differing))
            said = f"training goes on with {used}, as {name} has it, not with {unused}; {ANEW}"
            warnings.warn(said, stacklevel=4)
        set_data(beside, held)
        self._best = best
        return History(**lists, ran=printable(history.get("ran", ""), LINE))

    def restore_best(self) -> None:
        """Give the model the parameters of its best epoch, where there was one."""
        if self._best is not None:
            set_data(self._model.parameters(), self._best)


def written_training(path: Location) -> dict[str, Any]:
    """Return what the checkpoint says of its training; nothing where there is none."""
    training = read_json(path).get("training") if Path(path).exists() else None
    return training if isinstance(training, dict) else {}


def _numbers(name: str, items: Any, count: int | None = None) -> list[float]:
    """Return a list of numbers as floats, refusing any other thing and any other length."""
    if not isinstance(items, list) or any(isinstance(x, bool) or not is_number(x) for x in items):
        raise ValueError(f"its {name} is no list of numbers: {items!r:.60}")
    if count is not None and len(items) != count:
        raise ValueError(f"its {name} has {len(items)} numbers, not {count}")
    return list(map(float, items))


def _differing(was: Any, now: Any) -> Iterator[tuple[str, str]]:
    """Yield the settings that differ between two states; a rate that schedules changed does not."""
    settings = [state.get("settings") if isinstance(state, dict) else {} for state in (was, now)]
    for name, given in settings[1].items():
        first = was.get("initial_lr") if name == "lr" else None
        if given != settings[0][name] and (first is None or first != now["initial_lr"]):
            yield f"{name}={settings[0][name]}", f"{name}={given}"

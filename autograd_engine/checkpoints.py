"""Saving and loading a model as JSON that people can read.

>>> import tempfile
>>> from autograd_engine.nn import MLP
>>> model = MLP(2, [3, 1], activation="tanh")
>>> path = Path(tempfile.mkdtemp()) / "model.json"
>>> save(model, path)
>>> load(path)([1.0, 2.0]).data == model([1.0, 2.0]).data
True

A file holds `format`, `version` and `model`: the class, the architecture of an `MLP`, and
the parameters by name. Entries of other names are kept apart and do not disturb `load`.
NaN and the infinities, which JSON does not have, are written {"float": "nan"}.
"""

from __future__ import annotations

import json
import math
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from autograd_engine.nn import ACTIVATIONS, MLP, Module

FORMAT = "autograd_engine"
VERSION = 1

Location = str | os.PathLike[str]


def save(model: Module, path: Location) -> None:
    """Write the model to a JSON file; where that fails, the old file stays whole.

    Raises `OSError` where the file cannot be written and `TypeError` for what is no Module.
    """
    write_json(path, {"model": model_state(model)})


def load(path: Location, model: Module | None = None) -> Any:
    """Return the saved model; one that was given is filled with the saved parameters.

    A class of your own, or a function of your own as activation, is not in the file: build
    the model and give it. Raises `ValueError` naming the file where it is not readable JSON,
    lacks parameters or has surplus ones, holds something else than numbers, or was written
    by a newer version.
    """
    return restore_model(read_json(path).get("model"), path, model)


def write_json(path: Location, payload: Mapping[str, Any]) -> None:
    """Write the payload, with format and version, whole or not at all.

    Floats come back to the last bit. Raises `TypeError` or `ValueError` for what JSON
    cannot hold, before anything is written.
    """
    content = _encoded({"format": FORMAT, "version": VERSION, **payload})
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    target = Path(path).resolve()  # a link is followed, not replaced
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path}: the folder {target.parent} does not exist")
    draft = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    try:
        with draft.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except BaseException:  # also an interruption must leave nothing lying about
        draft.unlink(missing_ok=True)
        raise


def read_json(path: Location) -> dict[str, Any]:
    """Return what `write_json` wrote; `ValueError` naming the file where it did not."""
    try:
        content = json.loads(Path(path).read_bytes(), object_pairs_hook=_decoded)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not readable JSON: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path} was not written by autograd_engine: it has no such format entry")
    version = content.get("version")
    if type(version) is not int or version < 1:
        raise ValueError(f"{path} has no valid version: {version!r}")
    if version > VERSION:
        raise ValueError(
            f"{path} has version {version}, written by a newer autograd_engine; "
            f"this one reads version {VERSION}: upgrade it"
        )
    return content


def model_state(model: Module) -> dict[str, Any]:
    """Return class, architecture (None where only code could tell it) and parameters."""
    if not isinstance(model, Module):
        raise TypeError(f"expected a Module such as an MLP to save, got {type(model).__name__}")
    return {
        "class": type(model).__name__,
        "architecture": _architecture(model),
        "parameters": model.state_dict(),
    }


def restore_model(state: Any, path: Location, model: Module | None = None) -> Any:
    """Return the model of a `model_state`, or fill the one given; errors name the file."""
    if not isinstance(state, dict) or not isinstance(state.get("parameters"), dict):
        raise ValueError(f"{path} holds no model with parameters")
    try:
        if model is None:
            model = _rebuilt(state)
        model.load_state_dict(state["parameters"])
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
    return model


def _architecture(model: Module) -> dict[str, Any] | None:
    """Return what to build an equal MLP from; None if the model is more than that says."""
    if type(model) is not MLP:
        return None
    try:
        first = model.layers[0].neurons[0]
        architecture: dict[str, Any] = {
            "nin": len(first.w),
            "nouts": [len(layer.neurons) for layer in model.layers],
            "activation": first.activation,
            "bias": first.b is not None,
        }
        twin = MLP(**architecture, init=_zero)
    except (AttributeError, IndexError, ValueError):  # its parts were exchanged
        return None
    same = repr(twin) == repr(model) and list(twin.state_dict()) == list(model.state_dict())
    return architecture if same and isinstance(first.activation, str) else None


def _rebuilt(state: dict[str, Any]) -> MLP:
    """Return an MLP of the recorded architecture."""
    architecture = state.get("architecture")
    name = state.get("class")
    if architecture is None:
        raise ValueError(
            f"the {name} in it cannot be built from the file alone (its class or activation is "
            f"your own, or it was changed): build it as before and write load(path, model=...)"
        )
    if not isinstance(architecture, dict) or set(architecture) != {
        "nin",
        "nouts",
        "activation",
        "bias",
    }:
        raise ValueError("the architecture must have nin, nouts, activation and bias")
    nin, nouts, bias = architecture["nin"], architecture["nouts"], architecture["bias"]
    whole = isinstance(nouts, list) and all(
        type(size) is int and size > 0 for size in (nin, *nouts)
    )
    if (
        not whole
        or not nouts
        or type(bias) is not bool
        or architecture["activation"] not in ACTIVATIONS
    ):
        raise ValueError(f"the architecture makes no MLP: {architecture!r:.200}")
    # Before anything is built: a damaged size must not fill the memory.
    for parameter in _names(nin, nouts, bias):
        if parameter not in state["parameters"]:
            raise ValueError(f"missing parameters: {parameter!r} and perhaps more")
    return MLP(**architecture, init=_zero)


def _names(nin: int, nouts: list[int], bias: bool) -> Iterator[str]:
    """Return the names of an MLP's parameters without building it."""
    for i, (fan, size) in enumerate(zip([nin, *nouts], nouts, strict=False)):
        for j in range(size):
            neuron = f"layers.{i}.neurons.{j}"
            yield from (f"{neuron}.w.{k}" for k in range(fan))
            if bias:
                yield f"{neuron}.b"


def _zero(nin: int, nout: int, rng: Any) -> float:
    return 0.0


def _encoded(item: Any) -> Any:
    """Return the item with every NaN and infinity as an object of its own."""
    if isinstance(item, float) and not math.isfinite(item):
        return {"float": repr(float(item))}
    if isinstance(item, Mapping):
        return {key: _encoded(part) for key, part in item.items()}
    if isinstance(item, (list, tuple)):
        return [_encoded(part) for part in item]
    return item


def _decoded(pairs: list[tuple[str, Any]]) -> Any:
    """Return a JSON object as a dict, or as the float that it stands for."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has the same name twice")
    if set(found) == {"float"} and found["float"] in ("nan", "inf", "-inf"):
        return float(found["float"])
    return found

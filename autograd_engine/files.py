"""Files: written whole or not at all; what is wrong with a path is said before the work.

A model is JSON that people can read: `format`, `version` and `model`, which has the class, the
architecture of a `Neuron`, `Layer` or `MLP`, the parameters by name, and the names, classes and
scaling of the data it was trained on. Entries of other names are kept apart and do not disturb
`load`. NaN and the infinities, which JSON does not have, are written {"float": "nan"}.
"""

from __future__ import annotations

import glob
import json
import math
import os
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from autograd_engine.columns import ACTIVATIONS
from autograd_engine.engine import Value
from autograd_engine.measures import learn_terms, terms_of, terms_read
from autograd_engine.nn import MLP, Layer, Module, Neuron
from autograd_engine.real import check_path
from autograd_engine.table import PUBLIC
from autograd_engine.words import LINE, printable

Location = str | os.PathLike[str]
ABANDONED = 3600.0  # seconds after which a draft was left by a run that was killed
FORMAT = "autograd_engine"
VERSION = 2  # 1 had no data
# What it takes to build each class again.
ENTRIES: dict[type[Module], tuple[str, ...]] = {
    Neuron: ("nin", "nonlin", "activation", "bias"),
    Layer: ("nin", "nout", "nonlin", "activation", "bias"),
    MLP: ("nin", "nouts", "activation", "bias"),
}
PRIMITIVES: dict[str, Any] = {name: rule for name, rule in PUBLIC.items() if rule.arity == 1}


def write_whole(path: Location, text: str) -> None:
    """Write the text into the file, whole and in its mode, or raise `OSError` and leave it."""
    target = destination(path)
    for draft in target.parent.glob(f".{glob.escape(target.name)}.{'[0-9a-f]' * 12}"):
        with suppress(OSError):
            if time.time() - draft.stat().st_mtime > ABANDONED:
                draft.unlink()
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    draft = target.with_name(f".{target.name}.{os.urandom(6).hex()}")
    # A file that others may not read has no draft that they may.
    create = partial(os.open, mode=0o666 if mode is None else mode)
    try:
        with open(draft, "x", encoding="utf-8", opener=create) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            draft.chmod(mode)
        draft.replace(target)
    except BaseException:  # also an interruption must leave nothing lying about
        draft.unlink(missing_ok=True)
        raise


def destination(path: Location, name: str = "") -> Path:
    """Return the file to be written, a link followed; `OSError` where it can be none."""
    target, shown = Path(os.path.realpath(path)), printable(path, LINE)
    if not target.parent.is_dir():
        folder = printable(Path(path).parent, LINE)
        raise FileNotFoundError(f"cannot write {shown}: the folder {folder} does not exist")
    name = name or f"cannot write {printable(repr(os.fspath(path)), LINE)}: it"
    if target.is_dir():
        raise IsADirectoryError(f"{name} is a folder: name a file in it")
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise OSError(f"{name} is no regular file: a device, a pipe, a ring of links")
    return target


def checked_path(path: Location, what: str, endings: tuple[str, ...]) -> Path:
    """Return where to write `what`."""
    check_path(f"save {what} as", path, f"name{endings[0]}")
    if Path(path).suffix.lower() not in endings:
        needed = ("one of " if len(endings) > 1 else "") + " ".join(map(repr, endings))
        named = printable(repr(str(path)), LINE)
        raise ValueError(f"cannot save {what} as {named}: the ending must be {needed}")
    destination(path)
    return Path(path)


def wrote(path: Location, write: Callable[[Any], object]) -> str:
    """Write a file, and return in words that it was written, and whether another was there."""
    replaced = ", replacing the one before" * Path(path).exists()
    write(path)
    return f"wrote {printable(path, LINE)}{replaced}"


def save(model: Module, path: str | os.PathLike[str], data: Any = None) -> None:
    """Write the model to a JSON file; where that fails, the old file stays whole.

    With it go the names, classes and scaling, for `predict`, of the `Dataset` that `fit` trained on
    or of `data`. Raises `OSError` where the file cannot be written or is no regular one,
    `ValueError` for a parameter that is no leaf any more, `TypeError` for no Module or path.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "model.json"
    >>> save(Neuron(1, init=lambda nin, nout, rng: 0.5), path)
    >>> read_json(path)["model"]["parameters"]
    {'w.0': 0.5, 'b': 0.0}
    """
    if data is not None and not (hasattr(data, "names") and hasattr(data, "classes")):
        raise TypeError(f"data is a Dataset, with its names and classes; got {data!r:.60}")
    learn_terms(model, data)
    state = model_state(model)
    check_path("save a model as", path, "model.json")
    write_json(path, {"model": state})


def load(path: str | os.PathLike[str], model: Module | None = None) -> Any:
    """Return the saved model; one that was given is filled with the saved parameters.

    A class of your own, or a function of your own as activation, is not in the file: build the
    model and give it. Raises `ValueError` naming the file where it is damaged, does not fit the
    model, or was written by a newer version; `TypeError` for what is no path and no model.

    >>> import tempfile
    >>> path, model = Path(tempfile.mkdtemp()) / "model.json", MLP(2, [3, 1], activation="tanh")
    >>> save(model, path)
    >>> load(path)([1.0, 2.0]).data == model([1.0, 2.0]).data
    True
    """
    check_path("load a model from", path, "model.json")
    if model is not None and (isinstance(model, type) or not hasattr(model, "load_state_dict")):
        raise TypeError(f"expected a Module such as an MLP to fill, got {model!r:.60}")
    name, state = printable(path, LINE), read_json(path).get("model")
    if not isinstance(state, dict) or not isinstance(state.get("parameters"), dict):
        raise ValueError(f"{name} holds no model with parameters")
    try:
        model = _rebuilt(state) if model is None else model
        terms = terms_read(state["data"]) if "data" in state else None
        model.load_state_dict(state["parameters"])
        if terms is not None and isinstance(model, Module):
            vars(model)["_terms"] = terms
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: {printable(error, LINE)}") from error
    return model


def write_json(path: Location, payload: Mapping[str, Any], indent: int | None = 1) -> None:
    """Write the payload, with format and version, whole or not at all; floats to the last bit."""
    content = {"format": FORMAT, "version": VERSION, **payload}
    write_whole(path, json.dumps(_encoded(content), indent=indent, allow_nan=False) + "\n")


def read_json(path: Location) -> dict[str, Any]:
    """Return what `write_json` wrote; `ValueError` naming the file where it did not."""
    name = printable(path, LINE)
    try:
        content = json.loads(Path(path).read_bytes(), object_pairs_hook=_decoded)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is not readable JSON: {printable(error)}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{name} was not written by autograd_engine: it has no such format entry")
    version = content.get("version")
    if type(version) is not int or version < 1:
        raise ValueError(f"{name} has no valid version: {version!r:.80}")
    if version > VERSION:
        newer = f"written by a newer autograd_engine; this one reads versions up to {VERSION}"
        raise ValueError(f"{name} has version {printable(version)}, {newer}: upgrade it")
    return content


def model_state(model: Module) -> dict[str, Any]:
    """Return class, architecture (None where only code could tell it) and parameters."""
    if not isinstance(model, Module):
        got = f"{type(model).__name__}: write save(model, path)"
        raise TypeError(f"expected a Module such as an MLP to save, got {got}")
    architecture, parameters, terms = None, model.state_dict(), terms_of(model)
    with suppress(AttributeError, LookupError, TypeError, ValueError):  # its parts were exchanged
        architecture = _architecture(model, len(parameters))
    state = {"class": type(model).__name__, "architecture": architecture, "parameters": parameters}
    return {**state, "data": vars(terms)} if terms.columns else state


def _architecture(model: Any, parameters: int) -> dict[str, Any]:
    """Return what to build an equal model from; `ValueError` where that is not all there is."""
    layers: list[Any] = model.layers if type(model) is MLP else [model]
    rows: list[Any] = [layer.neurons if type(layer) is Layer else [layer] for layer in layers]
    traits = [
        {(type(n), len(n.w), n.b is not None, bool(n.nonlin), _name(n.activation)) for n in row}
        for row in rows
    ]
    [(_, nin, bias, nonlin, activation)], [(*_, squashed, last)] = traits[0], traits[-1]
    sizes = [nin, *map(len, rows)]
    known = {"nin": nin, "nout": sizes[1], "nouts": sizes[1:], "nonlin": nonlin}
    known |= {"activation": activation, "bias": bias}
    found = {entry: known[entry] for entry in ENTRIES[type(model)]}
    if "nouts" in found and squashed:  # files of others are as before
        found["output_activation"] = last
    alike = [{(Neuron, size, bias, True, activation)} for size in sizes[:-2]]
    alike.append({(Neuron, sizes[-2], bias, squashed, last)})
    if traits != alike or parameters != sum((m + bias) * n for m, n in pairwise(sizes)):
        raise ValueError("its parts were exchanged")
    return found


def _name(activation: Any) -> str:
    """Return the name of an activation; `LookupError` for a function of the user's own."""
    if isinstance(activation, str):
        return activation
    name: str
    for name, function in (ACTIVATIONS | PRIMITIVES).items():
        if function is activation or getattr(Value, name, None) is activation:
            return name
    raise LookupError("an activation is no function of the package")


def _rebuilt(state: dict[str, Any]) -> Module:
    """Return a model of the recorded class and architecture, its weights 0."""
    architecture, name = state.get("architecture"), state.get("class")
    kind = next((kind for kind in ENTRIES if kind.__name__ == name), None)
    if architecture is None or kind is None:
        own = "its class or activation is your own, or it was changed"
        said = f"the {printable(name)} in it cannot be built from the file alone ({own})"
        raise ValueError(f"{said}: build it as before and write load(path, model=...)")
    try:
        sizes = [architecture["nin"], *architecture.get("nouts", [architecture.get("nout", 1)])]
        # Before anything is built: a damaged size must not fill the memory. Where it is not far
        # off, the built model names the parameters that are missing.
        count, there = sum(nin * nout for nin, nout in pairwise(sizes)), len(state["parameters"])
        if count > 2 * there:
            raise ValueError(f"missing parameters: it has more than {count}, the file {there}")
        given = {**architecture, "init": lambda nin, nout, rng: 0.0}
        for entry in ("activation", "output_activation"):
            if entry in given and given[entry] not in ACTIVATIONS:
                given[entry] = PRIMITIVES[given[entry]]
        return kind(**given)
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"the architecture makes no {name}: {error}") from error


def _encoded(item: Any) -> Any:
    """Return the item with every NaN and infinity as an object of its own."""
    if isinstance(item, float) and not math.isfinite(item):
        return {"float": repr(float(item))}
    if isinstance(item, Mapping):
        return {key: _encoded(part) for key, part in item.items()}
    return list(map(_encoded, item)) if isinstance(item, (list, tuple)) else item


def _decoded(pairs: list[tuple[str, Any]]) -> Any:
    """Return a JSON object as a dict, or as the float that it stands for."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has the same name twice")
    if set(found) == {"float"} and found["float"] in ("nan", "inf", "-inf"):
        return float(found["float"])
    return found

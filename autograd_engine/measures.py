"""What a model makes of samples: mean loss, accuracy, predictions in the words of the data that it
was trained on; what is no model, loss or sample; when training diverges.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from autograd_engine.blocks import no_grad
from autograd_engine.derivatives import map_numbers, outputs_of
from autograd_engine.engine import Value
from autograd_engine.modules import Module
from autograd_engine.number import number, read
from autograd_engine.real import check_whole, flag, is_number, only
from autograd_engine.state import WATCHED
from autograd_engine.words import counted, meant

Sample = tuple[Any, Any]
Predictor = Callable[[Any], Any]
Loss = Callable[[Any, Any], Any]
Results = tuple[list[float], list[float]]  # the loss of each sample, and its hit


class Judge:
    """Says whether a prediction is right, as the targets of all samples allow it."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        targets: Any = [target for _, target in samples]
        kinds = set(map(type, targets))
        plain = len(kinds) == 1 and kinds <= {int, float, bool}  # one of each is enough
        targets = set(targets) if plain else [only(target) for target in targets]
        numbers = all(map(is_number, targets))
        # Each target is the place of the largest of several outputs.
        self.positions = numbers and all(hasattr(t, "__index__") and t >= 0 for t in targets)
        # A single output is positive where the target is, of two.
        self.sides = numbers and any(all(t in two for t in targets) for two in ((0, 1), (-1, 1)))

    def __call__(self, outputs: Any, target: Any) -> float:
        """Return 1.0 for a right prediction, 0.0 for a wrong one, NaN if there is neither."""
        single, target = isinstance(outputs, Value) or is_number(outputs), only(target)
        numbers = [read(output) for output in ([outputs] if single else outputs)]
        if len(numbers) == 1:
            return float((numbers[0] > 0) == (target > 0)) if self.sides else math.nan
        return float(numbers.index(max(numbers)) == target) if self.positions else math.nan


LARGE = 100.0  # a column of inputs of that size saturates units, and makes steps overshoot
_WORTH_IT = 200_000  # weights that would be used, over all samples: a program is faster
ADVICE = "try a lower learning rate, inputs scaled to about -1 to 1, or clip_gradients"


def evaluate(model: Predictor, data: Iterable[Sample], loss: Loss) -> tuple[float, float]:
    """Return the mean loss and the accuracy of the model on `(input, target)` pairs.

    Accuracy is the share of samples predicted right: of several outputs the largest is the one at
    `target`, a single one is positive where the target, of 0 and 1 or -1 and 1, is; of other
    targets NaN. Raises `ValueError` for no samples, `TypeError` for what is no pair, model or loss.

    >>> from autograd_engine.losses import mse
    >>> evaluate(lambda x: 2 * x[0], [([1.0], 1.5), ([2.0], 3.0)], mse)
    (0.625, nan)
    """
    samples = pairs("data", data)
    right, found = Judge(samples), None
    held = [] if WATCHED or not hasattr(model, "parameters") else model.parameters()
    if len(held) * len(samples) >= _WORTH_IT:
        with suppress(Exception):  # whatever it is, the eager way does without, or tells of it
            from autograd_engine.compiler.fit.fitting import measured
            from autograd_engine.compiler.fit.lesson import Lesson

            lesson = Lesson(model, loss, samples, [], outputs=True)
            found = measured(lesson, lesson.data, right)
    losses, hits = found or measure(model, samples, loss, right)
    return average(losses), average(hits)


def accuracy(model: Predictor, data: Iterable[Sample]) -> float:
    """Return the share of samples that the model predicts right, as `evaluate` counts them.

    >>> accuracy(lambda x: x[0] - 1.5, [([1.0], 0), ([2.0], 1), ([3.0], 0), ([4.0], 1)])
    0.75
    """
    return evaluate(model, data, lambda outputs, _: outputs_of(outputs)[0][0])[1]


def measure(model: Predictor, samples: Sequence[Sample], loss: Loss, right: Judge) -> Results:
    """Return the loss of each sample, and what the judge says of it."""
    losses, hits = [], []
    with no_grad():
        for x, target in samples:
            outputs = model(x)
            losses.append(float(read(loss(outputs, target))))
            hits.append(right(outputs, target))
    return losses, hits


def average(numbers: Sequence[float]) -> float:
    return math.fsum(numbers) / len(numbers)


def pairs(name: str, data: Iterable[Sample]) -> list[Sample]:
    """Return the samples as a list; `ValueError` where there are none."""
    if isinstance(data, type) or not (hasattr(data, "__iter__") or hasattr(data, "__getitem__")):
        raise TypeError(f"{name} must hold (input, target) pairs, got {data!r:.80}")
    samples = list(data)
    if not samples:
        raise ValueError(f"{name} is empty: it needs at least one (input, target) pair")
    for position, sample in enumerate(samples):
        if not isinstance(sample, (tuple, list)) or len(sample) != 2:
            said = f"{name} must hold (input, target) pairs, as list(zip(inputs, targets)) does"
            raise TypeError(f"{said}; item {position} is {sample!r:.80}")
    return samples


def unscaled(samples: Sequence[Sample], names: Sequence[str]) -> str:
    """Return what to say of columns of inputs that are large, by some samples; "" of none."""
    some = [x for x, _ in samples[:: len(samples) // 32 + 1]]
    rows = [x.tolist() if hasattr(x, "tolist") else x for x in some]
    large = []
    with suppress(TypeError):  # inputs of other kinds have no columns
        for i, column in enumerate(zip(*rows)):
            name = names[i] if i < len(names) else f"column {i}"
            if LARGE < (size := sum(map(abs, column)) / len(rows)) < math.inf:
                large.append(f"{name!r:.60} is about {size:,.0f}")
    scaled = "train on data.scaled(), and scale other inputs by the same data.scaling()"
    said = f"the inputs are not scaled, {', '.join(large[:3])} in size: {scaled}"
    return f"{said}, or training is slow or fails" if large else ""


def check_asked(
    model: Any, loss: Any, optimizer: Any, callback: Any, resume: Any, compile: Any, **asked: Any
) -> None:
    """Refuse arguments of `fit` that only look like what it takes, or make no training."""
    trains = hasattr(optimizer, "step") and hasattr(optimizer, "zero_grad")
    trains = trains and not isinstance(optimizer, type)
    models = callable(model) and hasattr(model, "parameters") and not isinstance(model, type)
    anew = type(resume) in (bool, str) and resume in (True, False, "new")
    ways = type(compile) in (bool, str) and compile in (True, False, "auto")
    for name, given, fits, wanted in (
        ("model", model, models, "callable and have parameters(), as MLP(2, [8, 1]) has"),
        ("optimizer", optimizer, trains, "one such as SGD(model.parameters())"),
        ("loss", loss, callable(loss), "a function such as losses.mse"),
        ("callback", callback, callback is None or callable(callback), "a function or None"),
        ("resume", resume, anew, 'True, False or "new"'),
        ("compile", compile, ways, '"auto", True or False'),
    ):
        if not fits:
            kind = ValueError if name == "compile" else TypeError
            raise kind(f"{name} must be {wanted}, got {given!r:.80}")
    for name in ("shuffle", "progress", "record"):
        flag(name, asked[name])
    for name, least in {"epochs": 0, "batch_size": 1, "seed": None, "patience": 1}.items():
        if name != "patience" or asked[name] is not None:
            check_whole(name, asked[name], least)
    if asked["patience"] is not None and asked["validation"] is None:
        raise ValueError("patience watches the validation loss: pass validation= too")


def checksum(samples: Iterable[Sample]) -> str:
    """Return a few digits that tell samples from others."""
    found: list[Any] = []
    map_numbers(found.append, [*map(tuple, samples)])
    numbers = (read(x) for x in found if is_number(x) or isinstance(x, Value))
    return f"of checksum {crc32(array('d', numbers)):08x}"


def check_finite(loss: float, epoch: int, name: str, position: int, sample: Sample) -> None:
    """Raise `FloatingPointError` saying why a loss is not finite: its sample, or what to try."""
    if not math.isfinite(loss):
        numbers: list[Any] = []
        map_numbers(numbers.append, [*sample])
        odd = [x for x in numbers if is_number(x) and not -math.inf < x < math.inf]
        why, which = ADVICE, "loss" if name == "data" else f"{name} loss"
        if odd:
            why = f"item {position} of {name} holds {odd[0]}: leave it out, or put a number there"
        raise FloatingPointError(f"the {which} became {loss} in epoch {epoch + 1}: {why}")


@contextmanager
def diverging(epoch: int) -> Iterator[None]:
    """Turn a number too large for a float into what it means here."""
    try:
        yield
    except OverflowError as error:
        said = f"the training diverged in epoch {epoch + 1}: {error}; {ADVICE}"
        raise FloatingPointError(said) from None


@dataclass(frozen=True)
class Terms:
    """What a model was trained on: its columns, (x - shift) / scale of each, its classes."""

    columns: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    shift: list[float] = field(default_factory=list)
    scale: list[float] = field(default_factory=list)

    def row(self, x: Any) -> Any:
        """Return an input as the model takes it; `ValueError` naming what is missing or unknown."""
        names = self.columns
        if isinstance(x, Mapping):
            for name in names:
                if name not in x:
                    raise ValueError(f"the input has no {name!r:.80}{meant(name, x)}")
            x = [x[name] for name in names or x]
        if isinstance(x, str) or not (hasattr(x, "__getitem__") and hasattr(x, "__len__")):
            wanted = "expected the numbers of one input, in a list or a dict by column"
            raise TypeError(f"{wanted}, or several inputs in a list; got {x!r:.60}")
        if names and len(x) != len(names):
            wanted = f"{counted(len(names), 'number')}, {', '.join(names):.400}"
            raise ValueError(f"the model takes {wanted}; got {len(x)}")
        scaled = zip(x, self.shift, self.scale) if self.shift else ()
        return [(number(n) - m) / s for n, m, s in scaled] or x

    def named(self, outputs: Any) -> Any:
        """Return the name of the class, where there are classes, else the numbers."""
        numbers = list(map(read, outputs if hasattr(outputs, "__len__") else [outputs]))
        if self.classes and any(n != n for n in numbers):
            raise ValueError(f"the model gives {numbers} for this input, which is no class")
        if len(numbers) == 1:
            return self.classes[numbers[0] > 0.0] if len(self.classes) == 2 else numbers[0]
        if len(numbers) == len(self.classes):
            return self.classes[numbers.index(max(numbers))]
        return numbers


def learn_terms(model: Any, data: Any) -> None:
    """Note with a module what a dataset says; other data leave what is noted."""
    if isinstance(model, Module) and hasattr(data, "names") and hasattr(data, "classes"):
        names, classes = ([*map(str, part)] for part in (data.names, data.classes))
        terms = Terms(names, classes, *map(list, getattr(data, "scaled_by", None) or ()))
        if terms_of(model) != terms:  # one that is the same stays: see `fit.traces`
            vars(model)["_terms"] = terms


def terms_of(model: Any) -> Terms:
    found = vars(model).get("_terms") if isinstance(model, Module) else None
    return found or Terms()


def terms_read(entry: Any) -> Terms:
    """Return what a file says in `data`; `ValueError` where that is damaged."""
    with suppress(TypeError):
        columns, classes, shift, scale = parts = vars(terms := Terms(**entry)).values()
        fits = {*map(type, parts)} == {list} and 0 not in scale
        fits = fits and len(shift) == len(scale) in (0, len(columns))
        fits = fits and all(type(n) in (int, float) and math.isfinite(n) for n in shift + scale)
        if fits and all(isinstance(name, str) for name in columns + classes):
            return terms
    raise ValueError(f"its data hold no names of columns and classes, or no scaling: {entry!r:.80}")


def predict(model: Any, x: Any) -> Any:
    """Return the class that the model predicts for an input, by its name, or else its number.

    The input has the numbers as they were measured, in a list or by the names of the columns, which
    `fit` notes with the model, as it does classes and scaling. Of several rows (a list of inputs, a
    matrix, a dataset) a list comes back. Raises `ValueError` naming the columns for another number
    of inputs, `TypeError` for what is no model.

    >>> from autograd_engine.nn import MLP
    >>> predict(MLP(2, [1], init=lambda nin, nout, rng: 0.5), [3.0, 4.0])
    3.5
    """
    if isinstance(model, type) or not callable(model):
        raise TypeError(f"expected a model such as an MLP or what load() gives, got {model!r:.60}")
    terms = terms_of(model)
    x = [x] if is_number(x) else x
    if hasattr(x, "inputs"):  # a dataset: as measured, and by its names
        shift, scale = getattr(x, "scaled_by", None) or ([0.0] * len(x.names), [1.0] * len(x.names))
        rows = [[n * s + m for n, m, s in zip(row, shift, scale)] for row in x.inputs]
        x = [dict(zip(x.names, row)) for row in rows] if terms.columns else rows
    elif hasattr(x, "to_dict") and hasattr(x, "columns"):  # a table of pandas
        x = x.to_dict("records")
    listed = hasattr(x, "__getitem__") and not isinstance(x, Mapping)
    first = x[0] if listed and len(x) else None
    several = hasattr(first, "__len__") and not isinstance(first, str)
    with no_grad():
        found = [terms.named(model(terms.row(row))) for row in (x if several else [x])]
    return found if several else found[0]

"""How good a model is on samples; what is no model, loss or sample; when training diverges."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from typing import Any, NamedTuple

from autograd_engine.blocks import no_grad
from autograd_engine.compiler.call.request import require
from autograd_engine.engine import Value
from autograd_engine.number import number, read
from autograd_engine.real import check_whole, flag, is_number, only
from autograd_engine.state import WATCHED

Sample = tuple[Any, Any]
Predictor = Callable[[Any], Any]
Loss = Callable[[Any, Any], Any]
Results = tuple[list[float], list[float]]  # the loss of each sample, and its hit


class Judge(NamedTuple):
    """Says whether a prediction is right, as the targets of all samples allow it."""

    positions: bool  # each target is the place of the largest of several outputs
    sides: bool  # a single output is positive where the target is, of two

    def __call__(self, outputs: Any, target: Any) -> float:
        """Return 1.0 for a right prediction, 0.0 for a wrong one, NaN if there is neither."""
        single, target = isinstance(outputs, Value) or is_number(outputs), only(target)
        numbers = [read(output) for output in ([outputs] if single else outputs)]
        if len(numbers) == 1:
            return float((numbers[0] > 0) == (target > 0)) if self.sides else math.nan
        return float(numbers.index(max(numbers)) == target) if self.positions else math.nan


LARGE = 100.0  # a column of inputs of that size saturates units, and makes steps overshoot
_WORTH_IT = 200_000  # weights that would be used, over all samples
ADVICE = "try a lower learning rate, inputs scaled to about -1 to 1, or clip_gradients"


def evaluate(model: Predictor, data: Iterable[Sample], loss: Loss) -> tuple[float, float]:
    """Return the mean loss and the accuracy of the model on `(input, target)` pairs.

    Accuracy is the share of samples predicted right: of several outputs the largest is the one at
    `target`, a single one is positive where the target, of 0 and 1 or -1 and 1, is. Of other
    targets it is NaN. Raises `ValueError` for no samples, and `TypeError` for items that are not
    pairs and for a model or a loss that cannot be called.

    >>> from autograd_engine.losses import mse
    >>> evaluate(lambda x: 2 * x[0], [([1.0], 1.5), ([2.0], 3.0)], mse)
    (0.625, nan)
    """
    if not callable(model):
        raise TypeError(f"model must be a function of an input, such as an MLP; got {model!r:.80}")
    check_loss(loss)
    samples = pairs("data", data)
    right = judge(samples)
    losses, hits = _compiled(model, samples, loss, right) or measure(model, samples, loss, right)
    return average(losses), average(hits)


def accuracy(model: Predictor, data: Iterable[Sample]) -> float:
    """Return the share of samples that the model predicts right, as `evaluate` counts them.

    >>> accuracy(lambda x: x[0] - 1.5, [([1.0], 0), ([2.0], 1), ([3.0], 0), ([4.0], 1)])
    0.75
    """
    return evaluate(model, data, _first)[1]


def _first(outputs: Any, target: Any) -> Any:
    return outputs if isinstance(outputs, Value) or is_number(outputs) else outputs[0]


def _compiled(model: Any, samples: list[Sample], loss: Loss, right: Judge) -> Results | None:
    """Return what `measure` does, by a program, where that is possible and pays off."""
    held = [] if WATCHED or not hasattr(model, "parameters") else model.parameters()
    if len(held) * len(samples) < _WORTH_IT:
        return None
    try:
        require()
        from autograd_engine.compiler.fit.fitting import measured
    except ImportError:
        return None
    return measured(model, samples, loss, right)


def measure(model: Predictor, samples: Sequence[Sample], loss: Loss, right: Judge) -> Results:
    """Return the loss of each sample, and what the judge says of it."""
    losses, hits = [], []
    with no_grad():
        for x, target in samples:
            outputs = model(x)
            losses.append(float(read(loss(outputs, target))))
            hits.append(right(outputs, target))
    return losses, hits


def judge(samples: Sequence[Sample]) -> Judge:
    """Return the judge for these samples."""
    targets: Any = [target for _, target in samples]
    kinds = set(map(type, targets))
    plain = len(kinds) == 1 and kinds <= {int, float, bool}  # one of each is enough
    targets = set(targets) if plain else [only(target) for target in targets]
    numbers = all(map(is_number, targets))
    return Judge(
        positions=numbers and all(hasattr(t, "__index__") and t >= 0 for t in targets),
        sides=numbers and any(all(t in two for t in targets) for two in ((0, 1), (-1, 1))),
    )


def average(numbers: Sequence[float]) -> float:
    return math.fsum(numbers) / len(numbers)


def pairs(name: str, data: Iterable[Sample]) -> list[Sample]:
    """Return the samples as a list; `ValueError` where there are none."""
    if isinstance(data, type) or not (hasattr(data, "__iter__") or hasattr(data, "__getitem__")):
        brackets = "; call it, with brackets behind its name" if callable(data) else ""
        raise TypeError(f"{name} must hold (input, target) pairs, got {data!r:.80}{brackets}")
    samples = list(data)
    if not samples:
        raise ValueError(f"{name} is empty: it needs at least one (input, target) pair")
    for position, sample in enumerate(samples):
        if not isinstance(sample, (tuple, list)) or len(sample) != 2:
            hint = ""
            with suppress(TypeError):
                xs, ys = data if isinstance(data, (tuple, list)) and len(data) == 2 else (0, 0)
                if len(xs) == len(ys):
                    hint = "; where inputs xs and targets ys are apart, write list(zip(xs, ys))"
            found = f"item {position} is {sample!r:.80}"
            raise TypeError(f"{name} must hold (input, target) pairs; {found}{hint}")
    return samples


def unscaled(samples: Sequence[Sample], names: Sequence[object]) -> str:
    """Return what to say of columns of inputs that are large, by some samples; "" of none."""
    some = [x for x, _ in samples[:: len(samples) // 32 + 1]]
    rows = [x.tolist() if hasattr(x, "tolist") else x for x in some]
    if not all(isinstance(row, (list, tuple)) for row in rows):
        return ""
    if not all(issubclass(kind, (float, int)) for kind in set(map(type, chain(*rows)))):
        return ""
    sizes = [sum(map(abs, column)) / len(rows) for column in zip(*rows)]
    large = [
        f"{str(names[i]) if i < len(names) else f'column {i}'!r:.60} is about {size:,.0f}"
        for i, size in enumerate(sizes)
        if LARGE < size < math.inf
    ]
    if not large:
        return ""
    return (
        f"the inputs are not scaled, {', '.join(large[:3])} in size: train on data.scaled(), and "
        "scale other inputs by the same data.scaling(), or training is slow or fails"
    )


def check_loss(loss: object) -> None:
    if not callable(loss):
        raise TypeError(f"loss must be a function such as losses.mse, got {loss!r:.80}")


def check_kinds(model: object, loss: object, optimizer: object, callback: object) -> None:
    """Refuse what only looks like a model, a loss, an optimiser of it and a callback."""
    trains = hasattr(optimizer, "step") and hasattr(optimizer, "zero_grad")
    models, sgd = callable(model) and hasattr(model, "parameters"), "SGD(model.parameters())"
    for name, given, fits, wanted, such in (
        ("model", model, models, "callable and have parameters()", "MLP(2, [8, 1])"),
        ("optimizer", optimizer, trains, f"one such as {sgd}", sgd),
        ("callback", callback, callback is None or callable(callback), "a function or None", ""),
    ):
        if such and isinstance(given, type):
            raise TypeError(f"{name} is the class {given.__name__}: make one of it, such as {such}")
        if not fits:
            raise TypeError(f"{name} must be {wanted}, got {given!r:.80}")
    check_loss(loss)


def check_options(*options: Any, **switches: Any) -> None:
    """Refuse numbers and choices that make no training."""
    epochs, batch_size, seed, patience, validated, compile, resume = options
    for name, given in switches.items():
        flag(name, given)
    if not isinstance(resume, bool) and not (isinstance(resume, str) and resume == "new"):
        raise TypeError(f'resume must be True, False or "new", got {resume!r:.60}')
    if not isinstance(compile, bool) and not (isinstance(compile, str) and compile == "auto"):
        raise ValueError(f'compile must be "auto", True or False, got {compile!r:.80}')
    counts = {"epochs": (epochs, 0), "batch_size": (batch_size, 1), "seed": (seed, -math.inf)}
    counts |= {} if patience is None else {"patience": (patience, 1)}
    for name, (count, least) in counts.items():
        check_whole(name, count)
        if count < least:
            raise ValueError(f"{name} must be at least {least}, got {count}")
    if patience is not None and not validated:
        raise ValueError("patience watches the validation loss: pass validation= too")


def usable(loss: Any, epoch: int, position: int, sample: Sample) -> Value:
    """Return the loss of a sample, refusing what no step can follow."""
    if not isinstance(loss, Value):
        got = f"{type(loss).__name__}: {loss!r:.80}"
        raise TypeError(f"the loss of a sample must be one Value, got {got}")
    if not math.isfinite(loss.data):
        why = reason("data", position, sample)
        raise FloatingPointError(f"the loss became {loss.data} in epoch {epoch + 1}: {why}")
    return loss


def reason(name: str, position: int, sample: Sample) -> str:
    """Say why the loss of a sample is not finite: the sample is not, or else what to try."""
    for what, item in zip(("input", "target"), sample):
        for found in _odd(item):
            cure = "leave that sample out, or put a number in its place"
            return f"the {what} of item {position} of {name} holds {found}: {cure}"
    return ADVICE


def _odd(item: Any) -> Iterator[float]:
    if isinstance(item, Value) or is_number(item):
        if not -math.inf < number(item) < math.inf:
            yield float(number(item))
        return
    parts = item.tolist() if hasattr(item, "tolist") else item
    for part in parts if isinstance(parts, (list, tuple)) else ():
        yield from _odd(part)


@contextmanager
def diverging(epoch: int) -> Iterator[None]:
    """Turn a number too large for a float into what it means here."""
    try:
        yield
    except OverflowError as error:
        said = f"the training diverged in epoch {epoch + 1}: {error}; {ADVICE}"
        raise FloatingPointError(said) from None

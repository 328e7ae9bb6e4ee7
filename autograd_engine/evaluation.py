"""How good a model is on samples: its mean loss, and the share that it predicts right.

And, in words, what is no model, loss, optimiser or sample at all, and when training diverges.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from autograd_engine.engine import Value, number
from autograd_engine.real import is_number
from autograd_engine.recording import no_grad

Sample = tuple[Any, Any]
Predictor = Callable[[Any], Any]
Loss = Callable[[Any, Any], Any]
Judge = Callable[[Any, Any], float]

ADVICE = "try a lower learning rate, inputs scaled to about -1 to 1, or clip_gradients"


def evaluate(model: Predictor, data: Iterable[Sample], loss: Loss) -> tuple[float, float]:
    """Return the mean loss and the accuracy of the model on `(input, target)` pairs.

    Accuracy is the share of samples predicted right: of several outputs the largest is the
    one at `target`, a single output is positive where the target is (of targets 0 and 1, or
    -1 and 1). Where the targets are other numbers it is NaN.

    Raises `ValueError` for no samples and `TypeError` for items that are not pairs.

    >>> from autograd_engine.losses import mse
    >>> evaluate(lambda x: 2 * x[0], [([1.0], 1.5), ([2.0], 3.0)], mse)
    (0.625, nan)
    """
    samples = pairs("data", data)
    return measure(model, samples, loss, judge(samples))


def accuracy(model: Predictor, data: Iterable[Sample]) -> float:
    """Return the share of samples that the model predicts right, as `evaluate` counts them.

    Raises `ValueError` for no samples and `TypeError` for items that are not pairs.

    >>> accuracy(lambda x: x[0] - 1.5, [([1.0], 0), ([2.0], 1), ([3.0], 0), ([4.0], 1)])
    0.75
    """
    return evaluate(model, data, lambda outputs, target: 0.0)[1]


def measure(
    model: Predictor, samples: Sequence[Sample], loss: Loss, right: Judge
) -> tuple[float, float]:
    """Return the mean loss, and the mean of what the judge says."""
    losses, hits = [], []
    with no_grad():
        for x, target in samples:
            outputs = model(x)
            losses.append(float(number(loss(outputs, target))))
            hits.append(right(outputs, target))
    return average(losses), average(hits)


def judge(samples: Sequence[Sample]) -> Judge:
    """Return what says 1.0 for a right prediction, 0.0 for a wrong one, NaN if there is neither."""
    targets = [target for _, target in samples]
    positions = all(
        is_number(target) and hasattr(target, "__index__") and target >= 0 for target in targets
    )
    sides = any(all(is_number(t) and t in two for t in targets) for two in ((0, 1), (-1, 1)))

    def right(outputs: Any, target: Any) -> float:
        single = isinstance(outputs, Value) or is_number(outputs)
        numbers = [number(output) for output in ([outputs] if single else outputs)]
        if len(numbers) == 1:
            return float((numbers[0] > 0) == (target > 0)) if sides else math.nan
        return float(numbers.index(max(numbers)) == target) if positions else math.nan

    return right


def average(numbers: Sequence[float]) -> float:
    """Return the mean, rounded once."""
    return math.fsum(numbers) / len(numbers)


def pairs(name: str, data: Iterable[Sample]) -> list[Sample]:
    """Return the samples as a list; `ValueError` where there are none."""
    samples = list(data)
    if not samples:
        raise ValueError(f"{name} is empty: it needs at least one (input, target) pair")
    for position, sample in enumerate(samples):
        if not isinstance(sample, (tuple, list)) or len(sample) != 2:
            raise TypeError(
                f"{name} must hold (input, target) pairs; item {position} is {sample!r:.80}"
                + (_APART if _apart(data, samples) else "")
            )
    return samples


_APART = "; where inputs xs and targets ys are apart, write list(zip(xs, ys))"


def _apart(data: Iterable[Sample], samples: Sequence[Any]) -> bool:
    """Say whether these are all inputs beside all targets."""
    if not isinstance(data, (tuple, list)) or len(samples) != 2:
        return False
    return all(hasattr(column, "__len__") for column in samples) and len(samples[0]) == len(
        samples[1]
    )


def check_kinds(model: object, loss: object, optimizer: object) -> None:
    """Refuse what only looks like a model, a loss and an optimiser of it."""
    for name, thing in (("model", model), ("optimizer", optimizer)):
        if isinstance(thing, type):
            made = "MLP(2, [8, 1])" if name == "model" else "SGD(model.parameters(), lr=0.1)"
            raise TypeError(f"{name} is the class {thing.__name__}: make one of it, such as {made}")
    if not callable(model) or not hasattr(model, "parameters"):
        raise TypeError(f"model must be callable and have parameters(), got {model!r:.80}")
    if not callable(loss):
        raise TypeError(f"loss must be a function such as losses.mse, got {loss!r:.80}")
    if not hasattr(optimizer, "step") or not hasattr(optimizer, "zero_grad"):
        raise TypeError(
            f"optimizer must be one such as SGD(model.parameters()), got {optimizer!r:.80}"
        )
    held = getattr(optimizer, "parameters", None)
    if isinstance(held, list) and not set(map(id, held)) & set(map(id, model.parameters())):
        raise ValueError(
            "the optimizer holds none of the model's parameters, and would leave it as it is: "
            f"make it of them, as in {type(optimizer).__name__}(model.parameters())"
        )


def usable(loss: Any, epoch: int) -> Value:
    if not isinstance(loss, Value):
        raise TypeError(
            f"the loss of a sample must be one Value, got {type(loss).__name__}: {loss!r:.80}"
        )
    if not math.isfinite(loss.data):
        raise FloatingPointError(f"the loss became {loss.data} in epoch {epoch + 1}: {ADVICE}")
    return loss


@contextmanager
def diverging(epoch: int) -> Iterator[None]:
    """Turn a number too large for a float into what it means here."""
    try:
        yield
    except OverflowError as error:
        raise FloatingPointError(
            f"the training diverged in epoch {epoch + 1}: {error}; {ADVICE}"
        ) from None

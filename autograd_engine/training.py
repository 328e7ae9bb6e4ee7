"""Training: `fit` repeats forward, backward and step over batches of samples, and keeps a record.

With this module, a model, a loss and an optimiser you train:

>>> import random
>>> from autograd_engine import datasets, losses, nn, optim
>>> model = nn.MLP(2, [8, 1], activation="tanh", rng=random.Random(0))
>>> optimizer = optim.Adam(model.parameters(), lr=0.1)
>>> data = datasets.xor(40, noise=0.1, seed=0)
>>> history = fit(model, data, losses.binary_cross_entropy, optimizer, epochs=20, progress=False)
>>> len(history.loss), history.accuracy[-1]
(20, 1.0)
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from os import PathLike
from typing import Any, Protocol

from autograd_engine.engine import Value
from autograd_engine.evaluation import Judge, Loss, Sample, average, judge, measure, pairs
from autograd_engine.history import History, Keeper, numbers, set_numbers

RunEpoch = Callable[[int, Iterable[Sequence[Sample]]], tuple[float, float]]
"""Trains on the batches of the epoch of that number; gives its mean loss and accuracy."""


class Model(Protocol):
    """What `fit` asks of a model; with a checkpoint also the `state_dict` of `nn.Module`."""

    def __call__(self, x: Any, /) -> Any: ...
    def parameters(self) -> Sequence[Value]: ...


class Optimizer(Protocol):
    """What `fit` asks of an optimiser; with a checkpoint also its `state_dict`, as in `optim`."""

    def step(self) -> Any: ...
    def zero_grad(self) -> Any: ...


def fit(
    model: Model,
    data: Iterable[Sample],
    loss: Loss,
    optimizer: Optimizer,
    epochs: int = 1,
    batch_size: int = 32,
    *,
    shuffle: bool = True,
    seed: int = 0,
    validation: Iterable[Sample] | None = None,
    patience: int | None = None,
    checkpoint: str | PathLike[str] | None = None,
    resume: bool = False,
    progress: bool = True,
    callback: Callable[[History], object] | None = None,
    compile: bool | str = "auto",
) -> History:
    """Train the model on `(input, target)` pairs, and return the losses and accuracies it had.

    `loss(outputs, target)` is that of one sample; each step follows the mean over a batch.
    Every epoch takes the samples in an order of its own, which depends on the seed and the
    epoch's number alone. What counts as accurate, `evaluate` says.

    With `patience` training stops after so many epochs without a lower validation loss, and
    the model ends with the parameters of its best epoch, however training ended.

    `checkpoint` is a file, written whole after each epoch. `resume=True` continues from it,
    where it exists, to the same numbers as a run that was never interrupted; `epochs` counts
    from the beginning of the first run. An interrupt passes through, and leaves the model as
    it was after the last finished step.

    `callback(history)` is called after each epoch, `progress` shows a bar on stderr.
    `compile` is for a compiler to come: `"auto"` and `False` record every sample anew.

    Raises `ValueError` for no samples, a batch size or patience below 1, a negative number of
    epochs, `patience` without `validation`, `resume` without `checkpoint`, and a checkpoint of
    another training; `TypeError` for a loss that is no Value; `FloatingPointError` where the
    loss is NaN or infinite, before the step that would follow.
    """
    samples = pairs("data", data)
    held_out = [] if validation is None else pairs("validation", validation)
    _check(epochs, batch_size, patience, bool(held_out))
    settings = {
        "samples": len(samples),
        "validation": len(held_out),
        "batch_size": batch_size,
        "shuffle": shuffle,
        "seed": seed,
    }
    right = judge(samples + held_out)
    run_epoch = _runner(compile, model, loss, optimizer, right)
    keeper = Keeper(model, optimizer, checkpoint, settings)
    history = keeper.resumed() if resume else History()
    batches = math.ceil(len(samples) / batch_size)

    with _bar(progress, epochs * batches, len(history.loss) * batches) as bar:
        for epoch in range(len(history.loss), epochs):
            if patience is not None and history.waited() >= patience:
                break
            bar.set_description(f"epoch {epoch + 1}/{epochs}", refresh=False)
            order = _order(len(samples), epoch, seed if shuffle else None)
            trained = run_epoch(epoch, _batches(samples, order, batch_size, bar))
            checked = measure(model, held_out, loss, right) if held_out else None
            _add(history, trained, checked)
            _show(bar, history)
            keeper.keep(history)
            if callback is not None:
                callback(history)
                keeper.keep(history)  # it may have changed the learning rate
    if patience is not None:
        keeper.restore_best()
    return history


def _check(epochs: int, batch_size: int, patience: int | None, validated: bool) -> None:
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    if epochs < 0:
        raise ValueError(f"epochs must not be negative, got {epochs}")
    if patience is not None and patience < 1:
        raise ValueError(f"patience must be at least 1 epoch, got {patience}")
    if patience is not None and not validated:
        raise ValueError("patience watches the validation loss: pass validation= too")


def _order(count: int, epoch: int, seed: int | None) -> list[int]:
    """Return the order of the samples, without a state that a checkpoint would have to hold."""
    order = list(range(count))
    if seed is not None:
        random.Random(f"{seed} {epoch}").shuffle(order)
    return order


def _batches(
    samples: Sequence[Sample], order: Sequence[int], batch_size: int, bar: Any
) -> Iterator[list[Sample]]:
    for start in range(0, len(order), batch_size):
        yield [samples[i] for i in order[start : start + batch_size]]
        bar.update()


def _runner(
    compile: bool | str, model: Model, loss: Loss, optimizer: Optimizer, right: Judge
) -> RunEpoch:
    """Return what runs one epoch. This is the place where a compiled way of doing so fits in."""
    if compile not in ("auto", True, False):
        raise ValueError(f'compile must be "auto", True or False, got {compile!r}')
    if compile is True:
        raise ValueError(
            'compile=True needs the compiler, which this version does not have; use compile="auto"'
        )

    def run_eagerly(epoch: int, batches: Iterable[Sequence[Sample]]) -> tuple[float, float]:
        losses: list[float] = []
        hits: list[float] = []
        parameters = model.parameters()
        for batch in batches:
            optimizer.zero_grad()
            for x, target in batch:
                value, hit = _add_gradient(model, loss, right, x, target, epoch, 1.0 / len(batch))
                losses.append(value)
                hits.append(hit)
            _step(optimizer, parameters)
        return average(losses), average(hits)

    return run_eagerly


def _add_gradient(
    model: Model, loss: Loss, right: Judge, x: Any, target: Any, epoch: int, share: float
) -> tuple[float, float]:
    """Add one sample's share of the gradient. Its graph is gone before the next is recorded."""
    outputs = model(x)
    value = _usable(loss(outputs, target), epoch)
    value.backward(share)
    return value.data, right(outputs, target)


def _usable(loss: Any, epoch: int) -> Value:
    if not isinstance(loss, Value):
        raise TypeError(
            f"the loss of a sample must be one Value, got {type(loss).__name__}: {loss!r:.80}"
        )
    if not math.isfinite(loss.data):
        raise FloatingPointError(
            f"the loss became {loss.data} in epoch {epoch + 1}: try a lower learning rate, "
            "inputs scaled to about -1 to 1, or clip_gradients"
        )
    return loss


def _step(optimizer: Optimizer, parameters: Sequence[Value]) -> None:
    """Make one step, or none: an interrupt in the middle puts the parameters back."""
    before = numbers(parameters)
    try:
        optimizer.step()
    except BaseException:
        set_numbers(parameters, before)
        raise


def _add(
    history: History, trained: tuple[float, float], checked: tuple[float, float] | None
) -> None:
    if checked is not None:
        if not math.isfinite(checked[0]):
            raise FloatingPointError(
                f"the validation loss became {checked[0]} in epoch {len(history.loss) + 1}: "
                "try a lower learning rate"
            )
        history.validation_loss.append(checked[0])
        history.validation_accuracy.append(checked[1])
    history.loss.append(trained[0])
    history.accuracy.append(trained[1])


def _bar(progress: bool, total: int, done: int) -> Any:
    from tqdm import tqdm  # here, since importing the package should stay quick

    return tqdm(total=total, initial=done, disable=not progress, unit="batch")


def _show(bar: Any, history: History) -> None:
    latest = {
        "loss": history.loss,
        "accuracy": history.accuracy,
        "validation loss": history.validation_loss,
        "validation accuracy": history.validation_accuracy,
    }
    bar.set_postfix(
        {
            name: f"{items[-1]:.3f}"
            for name, items in latest.items()
            if items and not math.isnan(items[-1])
        },
        refresh=False,
    )

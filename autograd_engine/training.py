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

import gc
import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from typing import Any, Protocol

from autograd_engine.engine import Value
from autograd_engine.evaluation import (
    ADVICE,
    Judge,
    Loss,
    Sample,
    average,
    check_kinds,
    diverging,
    judge,
    measure,
    pairs,
    usable,
)
from autograd_engine.history import (
    History,
    Keeper,
    numbers,
    progress_bar,
    set_numbers,
    show,
)

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
    epochs, `patience` without `validation`, `resume` without `checkpoint`, a checkpoint of
    another training, and an optimiser that holds none of the model's parameters; `TypeError`
    for arguments of the wrong kind, such as a loss that is no Value; `FloatingPointError` where
    the training diverges to NaN, infinity or beyond floats, with the model as before that step.
    """
    check_kinds(model, loss, optimizer)
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

    bar_of_batches = progress_bar(progress, epochs * batches, len(history.loss) * batches)
    with _seldom_collected(), bar_of_batches as bar:
        for epoch in range(len(history.loss), epochs):
            if patience is not None and history.waited() >= patience:
                break
            bar.set_description(f"epoch {epoch + 1}/{epochs}", refresh=False)
            order = _order(len(samples), epoch, seed if shuffle else None)
            trained = run_epoch(epoch, _batches(samples, order, batch_size, bar))
            with diverging(epoch):
                checked = measure(model, held_out, loss, right) if held_out else None
            _add(history, trained, checked)
            show(bar, history)
            keeper.keep(history)
            if callback is not None:
                callback(history)
                keeper.keep(history)  # it may have changed the learning rate
    if patience is not None:
        keeper.restore_best()
    return history


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Let Python's collector look less often meanwhile: a graph has no cycles to be found.

    It would spend a fifth of the time. One that is switched off stays off.
    """
    young, *older = gc.get_threshold()
    if young:
        gc.set_threshold(max(young, 50_000), *older)
    try:
        yield
    finally:
        gc.set_threshold(young, *older)


def _check(epochs: int, batch_size: int, patience: int | None, validated: bool) -> None:
    for name, number in (("epochs", epochs), ("batch_size", batch_size), ("patience", patience)):
        if number is not None and not hasattr(number, "__index__"):
            raise TypeError(f"{name} must be a whole number, got {number!r:.80}")
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
            share = 1.0 / len(batch)
            with diverging(epoch):
                for x, target in batch:
                    value, hit = _add_gradient(model, loss, right, x, target, epoch, share)
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
    value = usable(loss(outputs, target), epoch)
    value.backward(share)
    return value.data, right(outputs, target)


def _step(optimizer: Optimizer, parameters: Sequence[Value]) -> None:
    """Make one step, or none: where it fails or is interrupted, the parameters are put back."""
    before = numbers(parameters)
    try:
        optimizer.step()
        for old, parameter in zip(before, parameters):
            if math.isfinite(old) and not math.isfinite(parameter.data):
                raise OverflowError(f"a parameter became {parameter.data}")
    except BaseException:
        set_numbers(parameters, before)
        raise


def _add(
    history: History, trained: tuple[float, float], checked: tuple[float, float] | None
) -> None:
    if checked is not None:
        if not math.isfinite(checked[0]):
            epoch = len(history.loss) + 1
            raise FloatingPointError(
                f"the validation loss became {checked[0]} in epoch {epoch}: {ADVICE}"
            )
        history.validation_loss.append(checked[0])
        history.validation_accuracy.append(checked[1])
    history.loss.append(trained[0])
    history.accuracy.append(trained[1])

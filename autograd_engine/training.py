"""Training: `fit` repeats forward, backward and step over batches, and keeps a record."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from os import PathLike
from typing import Any, Protocol

from autograd_engine.blocks import enable_grad
from autograd_engine.columns import data_of, set_data
from autograd_engine.compiler.request import require
from autograd_engine.engine import Value
from autograd_engine.history import (
    History,
    Recorder,
    Recording,
    add_epoch,
    progress_bar,
    show,
    tell,
)
from autograd_engine.holding import Holding
from autograd_engine.keeper import Keeper
from autograd_engine.measures import (
    Judge,
    Loss,
    Results,
    Sample,
    check_kinds,
    check_options,
    diverging,
    judge,
    measure,
    pairs,
    usable,
)
from autograd_engine.modules import Module
from autograd_engine.release import seldom_collected
from autograd_engine.state import LISTENING, listeners


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
    resume: bool | str = False,
    progress: bool = True,
    callback: Callable[[History], object] | None = None,
    compile: bool | str = "auto",
    record: bool = False,
) -> History:
    """Train the model on `(input, target)` pairs, and return the losses and accuracies it had.

    `loss(outputs, target)` is that of one sample; each step follows the mean over a batch.
    Every epoch takes the samples in an order of its own, which depends on the seed and the
    epoch's number alone. What counts as accurate, `evaluate` says.

    With `patience` training stops after so many epochs without a lower validation loss, and
    the model ends with the parameters of its best epoch, however training ended.

    `checkpoint` is a file, written whole after each epoch. `resume=True` continues from it,
    where it exists, to the same numbers as a run that was never interrupted; `epochs` counts
    from the beginning of the first run. The schedules made on the optimiser go on as well. If
    it was made with other settings than in the first run, a warning says that those of the
    checkpoint are used; `resume="new"` goes on with the new ones, and with the schedules as they
    are. An interrupt passes through, and leaves the model as it was after the last finished step.

    `callback(history)` is called after each epoch, `progress` shows a bar on stderr.

    With `compile="auto"` model and loss are compiled on one sample, and the program is fed
    with whole batches: the same numbers to about 1e-10, much faster; Values and optimiser are
    up to date whenever an epoch ends or is interrupted. Where that cannot be (the code branches
    on Values, reads their numbers, counts its calls, draws random ones; no NumPy) each is recorded
    anew, as with `False`. `history.ran` says which way it was, and why. `True` refuses instead.

    With `record=True` the history has a `recording`: about 200 steps, evenly spread, for
    `replay` and `animate`. A checkpoint does not hold it: it begins where training resumed.

    Raises `ValueError` for no samples, a batch size or patience below 1, a negative number of
    epochs, `patience` without `validation`, `resume` without `checkpoint`, a checkpoint of
    another training, an optimiser that holds a Value which neither the model has nor the loss
    depends on, a parameter that is no leaf any more, and what cannot be compiled with
    `compile=True` (also `ImportError` for what has to be installed, and `GuardError` where a
    later sample takes another branch); `TypeError` for arguments of the wrong kind, such as a
    loss that is no Value; `FloatingPointError` where the training diverges to NaN, infinity or
    beyond floats, with the model as before that step, and naming the sample where that is not
    finite itself.

    >>> import random
    >>> from autograd_engine import datasets, losses, nn, optim
    >>> model = nn.MLP(2, [8, 1], activation="tanh", rng=random.Random(0))
    >>> optimizer = optim.Adam(model.parameters(), lr=0.1)
    >>> data = datasets.xor(40, noise=0.1, seed=0)
    >>> history = fit(model, data, losses.binary_cross_entropy, optimizer, 20, progress=False)
    >>> len(history.loss), history.accuracy[-1]
    (20, 1.0)
    """
    check_kinds(model, loss, optimizer, callback)
    switches = {"shuffle": shuffle, "progress": progress, "record": record}
    validated = validation is not None
    check_options(epochs, batch_size, seed, patience, validated, compile, resume, **switches)
    if isinstance(model, Module):
        model._settle()
    samples = pairs("data", data)
    held_out = [] if validation is None else pairs("validation", validation)
    settings = {
        "samples": len(samples),
        "validation": len(held_out),
        "batch_size": batch_size,
        "shuffle": shuffle,
        "seed": seed,
    }
    right = judge(samples + held_out)
    eager = Eager(model, loss, optimizer, right, samples, held_out)
    holding = Holding(model, optimizer, loss, samples)
    with diverging(0):
        holding.check()
    keeper = Keeper(model, optimizer, checkpoint, settings)
    history = keeper.resumed(anew=resume == "new") if resume else History()
    batches = math.ceil(len(samples) / batch_size)
    if record:
        history.recording = Recording.of(model, loss, data, samples, batches)
        eager.recorder = Recorder(history.recording, len(history.loss))

    bar_of_batches = progress_bar(progress, epochs * batches, len(history.loss) * batches)
    with seldom_collected(), bar_of_batches as bar:
        way = _way(compile, eager) if len(history.loss) < epochs else eager
        for epoch in range(len(history.loss), epochs):
            if patience is not None and history.waited() >= patience:
                break
            bar.set_description(f"epoch {epoch + 1}/{epochs}", refresh=False)
            order = _order(len(samples), epoch, seed if shuffle else None)
            tell(bar, history, way.ran)
            with diverging(epoch), enable_grad():
                trained = way.train(epoch, _batches(order, batch_size, bar))
                checked = way.measure() if held_out else None
                add_epoch(history, trained, checked, held_out)
            tell(bar, history, way.ran)
            show(bar, history)
            keeper.keep(history)
            if callback is not None:
                try:
                    callback(history)
                finally:  # it may have changed the learning rate, and been interrupted after that
                    keeper.keep(history)
                with diverging(epoch):
                    holding.check()
    if patience is not None:
        keeper.restore_best()
    return history


def _order(count: int, epoch: int, seed: int | None) -> list[int]:
    """Return the order of the samples, without a state that a checkpoint would have to hold."""
    order = list(range(count))
    if seed is not None:
        random.Random(f"{seed} {epoch}").shuffle(order)
    return order


def _batches(order: Sequence[int], batch_size: int, bar: Any) -> Iterator[Sequence[int]]:
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]
        bar.update()


def _way(compile: bool | str, eager: Eager) -> Any:
    """Return the compiled way where that is wanted and possible, else the eager one.

    Both can `train` and `measure`; `ran` says which it is.
    """
    if compile is False:
        return eager
    try:
        if LISTENING and listeners():
            raise ValueError("diagnostics watches, and a compiled program calls no backward()")
        require()
        from autograd_engine.compiler.fitting import Compiled
        from autograd_engine.compiler.samples import Unfit
    except (ImportError, ValueError) as error:
        reason: Exception = error
    else:
        try:
            return Compiled(eager, strict=compile is True)
        except Unfit as error:
            reason = error
    if compile is True and isinstance(reason, ImportError):
        raise reason
    if compile is True:
        raise ValueError(f"compile=True, but {reason}") from reason
    eager.ran = f"eager: {reason}"
    return eager


class Eager:
    """The eager way: each sample's graph is recorded, swept and gone before the next."""

    def __init__(
        self,
        model: Model,
        loss: Loss,
        optimizer: Optimizer,
        right: Judge,
        samples: Sequence[Sample],
        held_out: Sequence[Sample],
    ) -> None:
        self.model = model
        self.loss = loss
        self.optimizer = optimizer
        self.right = right
        self.samples = samples
        self.held_out = held_out
        self.ran = "eager: asked for by compile=False"
        self.recorder: Recorder | None = None

    def train(self, epoch: int, batches: Iterable[Sequence[int]]) -> Results:
        """Train on the batches of an epoch, which are positions of samples."""
        losses: list[float] = []
        hits: list[float] = []
        parameters = self.model.parameters()
        for batch in batches:
            self.optimizer.zero_grad()
            share = 1.0 / len(batch)
            for position in batch:
                loss, hit = self._add_gradient(position, epoch, share)
                losses.append(loss)
                hits.append(hit)
            self.step(parameters)
            if self.recorder is not None and self.recorder.due():
                self.recorder.keep(losses[-len(batch) :], epoch)
        return losses, hits

    def _add_gradient(self, position: int, epoch: int, share: float) -> tuple[float, float]:
        """Add one sample's share of the gradient. Its graph does not outlive this call."""
        x, target = self.samples[position]
        outputs = self.model(x)
        value = usable(self.loss(outputs, target), epoch, position, (x, target))
        value.backward(share)
        return value.data, self.right(outputs, target)

    def step(self, parameters: Sequence[Value]) -> None:
        """Make one step, or none: where it fails or is interrupted, parameters are put back."""
        before = data_of(parameters)
        try:
            self.optimizer.step()
            for old, new in zip(before, data_of(parameters)):
                if not math.isfinite(new) and math.isfinite(old):
                    raise OverflowError(f"a parameter became {new}")
        except BaseException:
            set_data(parameters, before)
            raise

    def measure(self) -> Results:
        """Measure the held-out samples."""
        return measure(self.model, self.held_out, self.loss, self.right)

"""Training: `fit` repeats forward, backward and step over batches, and keeps a record."""

from __future__ import annotations

import math
import random
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

from autograd_engine import measures
from autograd_engine.blocks import enable_grad
from autograd_engine.columns import data_of, set_data
from autograd_engine.compiler.call.request import require
from autograd_engine.copies import seldom_collected
from autograd_engine.engine import Value
from autograd_engine.graph import leaves
from autograd_engine.history import LISTS, History, Keeper, Recording, way
from autograd_engine.measures import Loss, Results, Sample
from autograd_engine.modules import Module, check_leaves
from autograd_engine.state import LISTENING, listeners
from autograd_engine.table import LEAF


def fit(
    model: Any,
    data: Iterable[Sample],
    loss: Loss,
    optimizer: Any,
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

    `loss(outputs, target)` is that of one sample; each step follows the mean over a batch. The
    model is any function with `parameters()`, the optimiser has `step()` and `zero_grad()`. With
    `patience` training stops after so many epochs without a lower validation loss, and the model
    ends with the parameters of its best epoch. `callback(history)` is called after each epoch.

    `checkpoint` is a file, written whole after each epoch. `resume=True` continues from it as if
    there had been no interruption, with the settings of then (a warning says where they differ);
    `resume="new"` goes on with those of now. `epochs` counts from the beginning of the first run.

    With `compile="auto"` model and loss are compiled on one sample: the same numbers to 1e-10, much
    faster. Where that cannot be (code that branches on Values, reads their numbers, counts its
    calls, draws random ones; no NumPy) each sample is recorded anew, as with `False`; `True`
    refuses. `history.ran` says which way it was, and why. With `record=True` the history has a
    `recording` for `replay`: about 200 steps, evenly spread.

    Raises `ValueError` and `TypeError` for arguments that make no training, and for what cannot be
    compiled with `compile=True` (also `ImportError`, `GuardError`); `FloatingPointError` where the
    training diverges, with the model as before that step, or a sample is not finite.

    >>> from autograd_engine import datasets, losses, nn, optim
    >>> model, data = nn.MLP(2, [8, 1], activation="tanh"), datasets.xor(40, noise=0.1, seed=0)
    >>> optimizer = optim.Adam(model.parameters(), lr=0.1)
    >>> history = fit(model, data, losses.binary_cross_entropy, optimizer, 20, progress=False)
    >>> len(history.loss)
    20
    """
    measures.check_asked(**locals())
    if isinstance(model, Module):
        model._settle()
        measures.learn_terms(model, data)
    samples = measures.pairs("data", data)
    told = {name: [*map(str, getattr(data, name, ()))] for name in ("names", "classes")}
    if isinstance(model, Module) and (said := measures.unscaled(samples, told["names"])):
        warnings.warn(said, stacklevel=2)
    held_out = [] if validation is None else measures.pairs("validation", validation)
    settings: dict[str, Any] = {
        "samples": len(samples),
        "validation": len(held_out),
        "batch_size": batch_size,
        "shuffle": shuffle,
        "seed": seed,
    }
    if checkpoint is not None:
        settings["data"] = measures.checksum([*samples, *held_out])
    eager = Eager(model, loss, optimizer, measures.Judge(samples + held_out), samples, held_out)
    if isinstance(model, Module):
        eager.kept = vars(model).setdefault("_kept", Kept())
    with measures.diverging(0):
        if not eager.stands():
            _check_held(model, optimizer, loss, samples)
    keeper = Keeper(model, optimizer, checkpoint, settings)
    history = keeper.resumed(anew=resume == "new") if resume else History()
    batches, done = math.ceil(len(samples) / batch_size), len(history.loss)
    if record:
        values = list(model.parameters())
        eager.recorder = Recording(values, model, loss, samples, batches, **told, begun=done)
        history.recording = eager.recorder

    with seldom_collected(), progress_bar(progress, epochs * batches, done * batches) as bar:
        taken = _way(compile, eager) if done < epochs else eager
        for epoch in range(done, epochs):
            if patience is not None and history.waited() >= patience:
                break
            bar.set_description(f"epoch {epoch + 1}/{epochs}", refresh=False)
            order = list(range(len(samples)))
            if shuffle:  # without a state that a checkpoint would have to hold
                random.Random(f"{seed} {epoch}").shuffle(order)
            tell(bar, history, taken.ran)
            with measures.diverging(epoch), enable_grad():
                results = taken.train(epoch, _batches(order, batch_size, bar))
                if held_out:
                    checked = taken.measure()
                    for i, (found, sample) in enumerate(zip(checked[0], held_out)):
                        measures.check_finite(found, epoch, "validation", i, sample)
                    results += checked
                for name, found in zip(LISTS, results):
                    getattr(history, name).append(measures.average(found))
            tell(bar, history, taken.ran)
            keeper.keep(history)
            if callback is not None:
                try:
                    callback(history)
                finally:  # it may have changed the learning rate, and been interrupted after that
                    keeper.keep(history)
                with measures.diverging(epoch):
                    if not taken.stands():
                        _check_held(model, optimizer, loss, samples)
    if patience is not None:
        keeper.restore_best()
    return history


def _check_held(model: Any, optimizer: Any, loss: Any, samples: Any) -> None:
    """Raise `ValueError` for a parameter that is no leaf any more, or that nothing uses."""
    if isinstance(model, Module):
        check_leaves(model, named := model.named_parameters())
    else:
        named = [(str(i), value) for i, value in enumerate(model.parameters())]
    for name, value in named:
        if value._rule is not LEAF:
            raise ValueError(f"the model's parameter {name} is no leaf any more: {value!r:.60}")
    held = getattr(optimizer, "parameters", None)
    its = dict(zip(map(id, held), held)) if isinstance(held, list) else {}
    used = {id(value) for _, value in named}
    for x, target in samples:
        if its.keys() <= used:
            return
        with enable_grad():
            value = loss(model(x), target)
        used.update(map(id, leaves(value)) if isinstance(value, Value) else ())
    for i, value in enumerate(its.values()):
        if id(value) not in used:
            new = ", ".join([repr(name) for name, value in named if id(value) not in its][:3])
            lacks = f", while the optimizer lacks the model's {new}" if new else ""
            raise ValueError(
                f"the optimizer's parameter {i}, {value!r:.60}, is neither one of the model nor "
                f"used by the loss{lacks}: make it of them, as in {type(optimizer).__name__}"
                "(model.parameters()), and anew when another Value is put in one's place"
            )


def _batches(order: Sequence[int], batch_size: int, bar: Any) -> Iterator[Sequence[int]]:
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]
        bar.update()


def _way(compile: bool | str, eager: Eager) -> Any:
    if compile is False:
        return eager
    try:
        if LISTENING and listeners():
            raise ValueError("diagnostics watches, and a compiled program calls no backward()")
        require()
        from autograd_engine.compiler.fit.fitting import Compiled

        return Compiled(eager, strict=compile is True)
    except (ImportError, ValueError) as reason:
        if compile is True:
            raise type(reason)(f"compile=True, but {reason}") from reason
        eager.ran = f"eager: {reason}"
    return eager


class Kept:
    """The lesson, see `compiler.fit`, that a module keeps for the next `fit`; no copy has it."""

    __slots__ = ("lesson",)  # which traces of a model do not look at

    def __init__(self) -> None:
        self.lesson: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Kept, ()


@dataclass
class Eager:
    """The eager way: each sample's graph is recorded, swept and gone before the next."""

    model: Any
    loss: Any
    optimizer: Any
    right: measures.Judge
    samples: Sequence[Sample]
    held_out: Sequence[Sample]
    ran: str = "eager: asked for by compile=False"
    recorder: Recording | None = None
    kept: Kept = field(default_factory=Kept)

    def stands(self) -> bool:
        """Say whether the lesson that is kept is still right; forget one that is not."""
        lesson = self.kept.lesson
        if lesson and not lesson.stands(self.model, self.loss):
            lesson = self.kept.lesson = None
        return bool(lesson and lesson.trains(getattr(self.optimizer, "parameters", ())))

    def train(self, epoch: int, batches: Iterable[Sequence[int]]) -> Results:
        """Train on the batches of an epoch, which are positions of samples."""
        found: list[tuple[float, float]] = []
        parameters = self.model.parameters()
        for batch in batches:
            self.optimizer.zero_grad()
            found += [self._add_gradient(position, epoch, 1.0 / len(batch)) for position in batch]
            self.step(parameters)
            if self.recorder is not None and self.recorder.due():
                self.recorder.keep([loss for loss, _ in found[-len(batch) :]], epoch)
        losses, hits = map(list, zip(*found))
        return losses, hits

    def _add_gradient(self, position: int, epoch: int, share: float) -> tuple[float, float]:
        """Add one sample's share of the gradient. Its graph does not outlive this call."""
        x, target = self.samples[position]
        outputs = self.model(x)
        value = self.loss(outputs, target)
        if not isinstance(value, Value):
            got = f"{type(value).__name__}: {value!r:.80}"
            raise TypeError(f"the loss of a sample must be one Value, got {got}")
        measures.check_finite(value.data, epoch, "data", position, (x, target))
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
        return measures.measure(self.model, self.held_out, self.loss, self.right)


class NoBar:
    disable, told = True, ""
    update = set_description = set_postfix = lambda self, *shown, **options: None


def progress_bar(progress: bool, total: int, done: int) -> Any:
    if not progress:
        return nullcontext(NoBar())
    try:
        from tqdm import tqdm  # here, since importing the package should stay quick
    except ImportError as error:
        if sys.platform == "emscripten":  # a browser's Python, where nothing can be installed
            return nullcontext(NoBar())
        advice = "pip install tqdm, or pass progress=False"
        raise ImportError(f"the bar of a training needs tqdm: {advice}", name="tqdm") from error
    kind = type("Bar", (tqdm,), {"monitor_interval": 0, "told": ""})  # 0: no thread beside it
    return kind(total=total, initial=done, unit="batch")


def tell(bar: Any, history: History, ran: str) -> None:
    """Note which way the training runs, above the bar if that is news; show the latest numbers."""
    history.ran = " ".join(ran.splitlines())
    if history.ran != bar.told and not bar.disable:
        bar.write(way(history.ran), file=sys.stderr)
    bar.told = history.ran
    latest = {name.replace("_", " "): getattr(history, name)[-1:] for name in LISTS}
    shown = {name: f"{x:.3f}" for name, items in latest.items() for x in items if x == x}
    bar.set_postfix(shown, refresh=False)

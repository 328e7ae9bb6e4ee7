"""Training: `fit` repeats forward, backward and step over batches, and keeps a record."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from autograd_engine.history import History, Recorder, Recording, add_epoch, progress_bar, tell
from autograd_engine.keeper import Keeper
from autograd_engine.measures import Loss, Results, Sample
from autograd_engine.modules import Module, check_leaves
from autograd_engine.prediction import learn_terms
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

    `loss(outputs, target)` is that of one sample; each step follows the mean over a batch.
    Every epoch has an order of its own, which depends on the seed and the epoch's number alone.
    What counts as accurate, `evaluate` says. The model is any function with `parameters()`, the
    optimiser has `step()` and `zero_grad()`, with a checkpoint `state_dict()`.

    With `patience` training stops after so many epochs without a lower validation loss, and
    the model ends with the parameters of its best epoch. `callback(history)` is called after each
    epoch, `progress` shows a bar on stderr.

    `checkpoint` is a file, written whole after each epoch. `resume=True` continues from it, where
    it exists, to the same numbers as a run that was never interrupted, schedules included; `epochs`
    counts from the beginning of the first run. The settings are those of the checkpoint, and a
    warning says where they differ; `resume="new"` goes on with the new ones, and with the schedules
    as they are. An interrupt leaves the model as it was after the last finished step.

    With `compile="auto"` model and loss are compiled on one sample, and the program is fed with
    batches: the same numbers to 1e-10, much faster; the next `fit` of both uses it again. Where
    that cannot be (code that branches on Values, reads their numbers, counts its calls, draws
    random ones; no NumPy) each sample is recorded anew, as with `False`; `True` refuses.
    `history.ran` says which way it was, and why. With `record=True` the history has a `recording`:
    about 200 steps, evenly spread, for `replay`. A warning says which columns of the inputs are
    large: those are to be scaled.

    Raises `ValueError` for options that make no training, a checkpoint of another one, an
    optimiser that holds a Value which neither the model has nor the loss depends on, a parameter
    that is no leaf any more, and what cannot be compiled with `compile=True` (also `ImportError`
    and, for a later sample, `GuardError`); `TypeError` for arguments of the wrong kind;
    `FloatingPointError` where the training diverges, with the model as before that step, and
    naming the sample where that is not finite itself.

    >>> import random
    >>> from autograd_engine import datasets, losses, nn, optim
    >>> model = nn.MLP(2, [8, 1], activation="tanh", rng=random.Random(0))
    >>> optimizer = optim.Adam(model.parameters(), lr=0.1)
    >>> data = datasets.xor(40, noise=0.1, seed=0)
    >>> history = fit(model, data, losses.binary_cross_entropy, optimizer, 20, progress=False)
    >>> len(history.loss), history.accuracy[-1]
    (20, 1.0)
    """
    measures.check_kinds(model, loss, optimizer, callback)
    switches = {"shuffle": shuffle, "progress": progress, "record": record}
    options = epochs, batch_size, seed, patience, validation is not None, compile, resume
    measures.check_options(*options, **switches)
    if isinstance(model, Module):
        model._settle()
        learn_terms(model, data)
    samples = measures.pairs("data", data)
    names = getattr(data, "names", ())
    if isinstance(model, Module) and (said := measures.unscaled(samples, names)):
        warnings.warn(said, stacklevel=2)
    held_out = [] if validation is None else measures.pairs("validation", validation)
    settings = {"samples": len(samples), "validation": len(held_out), "batch_size": batch_size}
    settings |= {"shuffle": shuffle, "seed": seed}
    eager = Eager(model, loss, optimizer, measures.judge(samples + held_out), samples, held_out)
    held = None
    if isinstance(model, Module):
        eager.kept = vars(model).setdefault("_kept", Kept())
    lesson = eager.kept.lesson if compile else None
    if lesson and not lesson.stands(model, loss):
        lesson = eager.kept.lesson = None
    if not (lesson and lesson.trains(getattr(optimizer, "parameters", ()))):
        with measures.diverging(0):
            held = _held(model, optimizer, loss, samples)
    keeper = Keeper(model, optimizer, checkpoint, settings)
    history = keeper.resumed(anew=resume == "new") if resume else History()
    batches, done = math.ceil(len(samples) / batch_size), len(history.loss)
    if record:
        names, classes = ([*map(str, getattr(data, what, ()))] for what in ("names", "classes"))
        values = list(model.parameters())
        recording = Recording(values, model, loss, samples, batches, names, classes)
        history.recording, eager.recorder = recording, Recorder(recording, done)

    with seldom_collected(), progress_bar(progress, epochs * batches, done * batches) as bar:
        way = _way(compile, eager) if done < epochs else eager
        for epoch in range(done, epochs):
            if patience is not None and history.waited() >= patience:
                break
            bar.set_description(f"epoch {epoch + 1}/{epochs}", refresh=False)
            order = list(range(len(samples)))
            if shuffle:  # without a state that a checkpoint would have to hold
                random.Random(f"{seed} {epoch}").shuffle(order)
            tell(bar, history, way.ran)
            with measures.diverging(epoch), enable_grad():
                trained = way.train(epoch, _batches(order, batch_size, bar))
                checked = way.measure() if held_out else None
                add_epoch(history, trained, checked, held_out)
            tell(bar, history, way.ran)
            keeper.keep(history)
            if callback is not None:
                try:
                    callback(history)
                finally:  # it may have changed the learning rate, and been interrupted after that
                    keeper.keep(history)
                with measures.diverging(epoch):
                    if not way.stands():
                        held = _held(model, optimizer, loss, samples, held)
    if patience is not None:
        keeper.restore_best()
    return history


def _held(model: Any, optimizer: Any, loss: Any, samples: Any, known: Any = None) -> Any:
    """Raise `ValueError` for a parameter that is no leaf any more, or that nothing uses.

    What was looked at is returned; where it is `known`, it is not looked at again.
    """
    named = [(str(i), value) for i, value in enumerate(model.parameters())]
    if isinstance(model, Module):
        check_leaves(model, named := model.named_parameters())
    for name, value in named:
        if value._rule is not LEAF:
            raise ValueError(f"the model's parameter {name} is no leaf any more: {value!r:.60}")
    held = getattr(optimizer, "parameters", None)
    if not isinstance(held, list):
        return None
    ours, its = {id(value) for _, value in named}, set(map(id, held))
    used = set(ours)
    for x, target in samples:
        if known == (ours, its) or its <= used:
            return ours, its
        with enable_grad():
            value = loss(model(x), target)
        used.update(map(id, leaves(value)) if isinstance(value, Value) else ())
    strays = [i for i, value in enumerate(held) if id(value) not in used]
    if not strays:
        return ours, its
    new = ", ".join([repr(name) for name, value in named if id(value) not in its][:3])
    lacks = f", while the optimizer lacks the model's {new}" if new else ""
    what = f"the optimizer holds {len(strays)} of its {len(held)} parameters in vain"
    if len(strays) == len(held):
        what = "the optimizer holds none of the model's parameters, and would leave it as it is"
    raise ValueError(
        f"{what}: its parameter {strays[0]}, {held[strays[0]]!r:.60}, is neither one of the model "
        f"nor used by the loss{lacks}: make it of them, as in {type(optimizer).__name__}"
        "(model.parameters()), and anew when another Value is put in the place of a parameter"
    )


def _batches(order: Sequence[int], batch_size: int, bar: Any) -> Iterator[Sequence[int]]:
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]
        bar.update()


def _way(compile: bool | str, eager: Eager) -> Any:
    """Return the compiled way where that is wanted and possible, else the eager one."""
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
            missing = isinstance(reason, ImportError)
            raise reason if missing else ValueError(f"compile=True, but {reason}") from reason
        eager.ran = f"eager: {reason}"
    return eager


class Kept:
    """The lesson, see `compiler.fit`, that a module keeps for the next `fit`; no copy has it."""

    __slots__ = ("lesson",)

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
    recorder: Recorder | None = None
    kept: Kept = field(default_factory=Kept)

    def stands(self) -> bool:
        """Say whether nothing has to be looked at anew, see `compiler.fit.fitting`."""
        return False

    def train(self, epoch: int, batches: Iterable[Sequence[int]]) -> Results:
        """Train on the batches of an epoch, which are positions of samples."""
        losses: list[float] = []
        hits: list[float] = []
        parameters = self.model.parameters()
        for batch in batches:
            self.optimizer.zero_grad()
            for position in batch:
                loss, hit = self._add_gradient(position, epoch, 1.0 / len(batch))
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
        value = measures.usable(self.loss(outputs, target), epoch, position, (x, target))
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
        return measures.measure(self.model, self.held_out, self.loss, self.right)

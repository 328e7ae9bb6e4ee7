"""What the command line does: train a network on data; of expressions see `typed`."""

from __future__ import annotations

import math
import random
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograd_engine import losses, optim, plots
from autograd_engine.blocks import no_grad
from autograd_engine.checkpoints import save
from autograd_engine.datasets import Dataset, Scaling
from autograd_engine.datasets.centring import absorb, centred, goal_of
from autograd_engine.datasets.tasks import DATASETS, Task, table
from autograd_engine.engine import Value
from autograd_engine.history import History
from autograd_engine.keeper import written_training
from autograd_engine.measures import accuracy
from autograd_engine.nn import MLP
from autograd_engine.optim.settings import finite
from autograd_engine.training import fit
from autograd_engine.views.picture import draw as draw_graph
from autograd_engine.views.replay import replay as replay_training
from autograd_engine.words import LINE, counted, printable

OPTIMIZERS: dict[str, tuple[Any, float]] = {
    "sgd": (optim.SGD, 0.1),
    "adam": (optim.Adam, 0.01),
    "adamw": (optim.AdamW, 0.01),
    "rmsprop": (optim.RMSprop, 0.005),
}
"""Each optimiser, and the learning rate that it has by default."""

TRAINED_SHARE = 0.8


def train(options: Namespace) -> None:
    """Train a network as the options say, and write what came of it into a folder.

    Raises `ValueError` and `OSError` for options that cannot be followed.
    """
    task = _task(options)
    data = _data(task, options)
    trained, tested = data.split(TRAINED_SHARE, options.seed)
    scaling = Scaling([0.0] * 64, [16.0] * 64) if options.name == "digits" else trained.scaling()
    goal = goal_of(trained)
    model = _model(data, task, options)
    make, rate = OPTIMIZERS[options.optimizer]
    rate = rate if options.learning_rate is None else options.learning_rate
    epochs = task.epochs if options.epochs is None else options.epochs
    folder = _folder(options.output)
    checkpoint = folder / f"{options.name or Path(options.csv).stem}.checkpoint.json"
    done = 0
    if options.resume:
        done, written = _written(checkpoint, make)
        rate = _rate(checkpoint, rate, written, options)
    optimizer = make(model.parameters(), lr=rate)
    print(f"{len(trained)} samples to train on, {len(tested)} to test: {data.contents()}")
    print(
        f"{_shape(model)} network with {options.activation}; {options.optimizer}, "
        f"learning rate {rate:g}; {counted(epochs, 'epoch')} of batches of {options.batch_size}",
        flush=True,
    )
    with _interruptible(checkpoint, options.resume):
        history = fit(
            model,
            centred(trained.scaled(scaling), goal),
            _loss(data),
            optimizer,
            epochs,
            options.batch_size,
            seed=options.seed,
            checkpoint=checkpoint,
            resume="new" if options.new_rate else options.resume,
            progress=not options.quiet,
            record=options.record,
        )
        page = [folder / "replay.html"] if options.record and done < epochs else []
        if page:
            replay_training(history, page[0])
        absorb(model, scaling, goal)
        files = _write(folder, model, history, trained, tested)
    if done < epochs:
        if options.quiet:  # else it stands above the bar
            print(f"ran {history.ran}")
        files = [*files, *page, checkpoint]
    else:
        verb = "is" if done == 1 else "are"
        more = " or to replay" if options.record else ""
        print(f"{counted(done, 'epoch')} {verb} done already: nothing left to train{more}")
    for part, samples in (("train", trained), ("test", tested)):
        print(_score(part, model, samples))
    for file in files:
        print(f"wrote {printable(file, LINE)}")
    _warn(history, trained)


def _warn(history: History, data: Dataset) -> None:
    """Say where a training did worse than the guess that the average makes."""
    guess = math.log(len(data.classes)) if data.classes else 1.0  # of targets of deviation 1
    if history.loss and (history.loss[-1] > 2.0 * guess or max(history.loss) > 10.0 * guess):
        print(
            f"warning: the loss rose to {max(history.loss):.3g} and ended at "
            f"{history.loss[-1]:.3g}, where guessing has {guess:.3g}: "
            "try a lower --learning-rate",
            file=sys.stderr,
        )


def _task(options: Namespace) -> Task:
    if options.csv is None:
        return DATASETS[options.name]
    return Task(lambda seed: table(options.csv, options.target, options.classes))


def _data(task: Task, options: Namespace) -> Dataset:
    data = task.make(options.seed)
    if len(data.classes) == 1:
        raise ValueError(
            f"there is nothing to learn: every sample is of class {data.classes[0]!r:.80}"
        )
    if options.limit is not None and options.limit < len(data):
        data = data.split(options.limit / len(data), options.seed)[0]
    return data


def _written(checkpoint: Path, make: Any) -> tuple[int, float | None]:
    """Return how many epochs the checkpoint holds, and the learning rate of its optimiser.

    What is wrong with it, `fit` says.
    """
    if not checkpoint.exists():
        where = printable(checkpoint.parent, LINE)
        print(f"there is no checkpoint in {where}: training starts anew")
    written = written_training(checkpoint)
    try:
        optimizer = written["optimizer"]
        rate = finite("learning rate", optimizer["settings"]["lr"])
        done = len(written["history"]["loss"])
        return done, rate if optimizer["optimizer"] == make.__name__ else None
    except (KeyError, OverflowError, TypeError, ValueError):
        return 0, None


def _rate(checkpoint: Path, rate: float, written: float | None, options: Namespace) -> float:
    """Return the learning rate to go on with; `ValueError` where two are asked for."""
    if written is None or options.new_rate:
        return rate
    if options.learning_rate not in (None, written):
        raise ValueError(
            f"cannot resume from {printable(checkpoint, LINE)}: it was written with the learning "
            f"rate {written}, not {rate}: add --new-rate to go on with {rate:g}, leave "
            f"--learning-rate out to go on with {written:g}"
        )
    return written


@contextmanager
def _interruptible(checkpoint: Path, resume: bool) -> Iterator[None]:
    """Say on an interrupt how the training could go on."""
    before = _time(checkpoint)
    try:
        yield
    except KeyboardInterrupt:
        after = _time(checkpoint)
        if after is not None and (resume or after != before):
            raise KeyboardInterrupt("--resume continues from the last whole epoch") from None
        raise KeyboardInterrupt("no epoch was whole yet: there is nothing to resume") from None


def _time(file: Path) -> int | None:
    return file.stat().st_mtime_ns if file.exists() else None


def _folder(path: str) -> Path:
    """Make the folder, with those around it; `ValueError` where a file is in the way."""
    folder = Path(path)
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise ValueError(f"{place} is a file, not a folder")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _model(data: Dataset, task: Task, options: Namespace) -> MLP:
    # Two classes need one logit only; a number to predict is one output too.
    outputs = len(data.classes) if len(data.classes) > 2 else 1
    return MLP(
        len(data.names),
        [*(task.layers if options.layers is None else options.layers), outputs],
        activation=options.activation,
        init="he" if "elu" in options.activation else "xavier",
        rng=random.Random(options.seed),
    )


def _shape(model: MLP) -> str:
    sizes = [len(model.layers[0].neurons[0].w), *(len(layer.neurons) for layer in model.layers)]
    return "-".join(map(str, sizes))


def _loss(data: Dataset) -> Callable[[Any, Any], Any]:
    if not data.classes:
        return losses.mse
    return losses.cross_entropy if len(data.classes) > 2 else losses.binary_cross_entropy


def _score(part: str, model: MLP, data: Dataset) -> str:
    if data.classes:
        return f"{part} accuracy {accuracy(model, data):.3f}"
    with no_grad():
        error = math.hypot(*(model(x).data - target for x, target in data)) / math.sqrt(len(data))
    return f"{part} error {error:.4g} (root of the mean square)"


def _write(
    folder: Path, model: MLP, history: History, trained: Dataset, tested: Dataset
) -> Sequence[Path]:
    """Write pictures and model, and return the files."""
    graph, curve, boundary = folder / "graph.svg", folder / "loss.png", folder / "boundary.png"
    files = [graph]
    draw_graph(_sample_loss(model, tested)).save(graph)
    try:
        if history.loss:
            plots.loss_curve(history, curve)
            files.append(curve)
        if len(trained.names) == 2 and trained.classes:
            plots.decision_boundary(model, trained, boundary)
            files.append(boundary)
    except ImportError as error:
        print(error)
    save(model, folder / "model.json")
    return [*files, folder / "model.json"]


def _sample_loss(model: MLP, data: Dataset) -> Value:
    """Return the loss of one sample, everything named and with its gradient."""
    x, target = data[0]
    loss: Value = _loss(data)(
        model([Value(number, name) for number, name in zip(x, data.names)]), target
    )
    loss.label = "loss"
    model.zero_grad()
    loss.backward()
    return loss

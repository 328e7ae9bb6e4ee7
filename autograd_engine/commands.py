"""What the command line does with data: it trains a network, writes what came of it, predicts."""

from __future__ import annotations

import math
import random
import re
import sys
import warnings
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from autograd_engine import datasets, losses, optim, plots
from autograd_engine.blocks import no_grad
from autograd_engine.datasets import Dataset, Scaling
from autograd_engine.datasets.tables import Sheet
from autograd_engine.engine import Value
from autograd_engine.files import load, read_json, save, wrote
from autograd_engine.history import way
from autograd_engine.measures import accuracy, learn_terms, terms_of
from autograd_engine.measures import predict as predicted
from autograd_engine.nn import MLP
from autograd_engine.real import finite
from autograd_engine.training import fit
from autograd_engine.words import LINE, counted, printable

OPTIMIZERS: dict[str, tuple[Any, float]] = {
    "sgd": (optim.SGD, 0.1), "adam": (optim.Adam, 0.01), "adamw": (optim.AdamW, 0.01),
    "rmsprop": (optim.RMSprop, 0.005),
}  # fmt: skip
"""Each optimiser, and the learning rate that it has by default."""

DATASETS = ("iris", "digits", "moons", "circles", "spirals", "xor")
LAYERS = {"iris": [8]}  # else 16, 16
EPOCHS = {"iris": 30, "digits": 20, "spirals": 120}  # else 40
TABLE = ("classes", "header", "separator", "missing", "decimal")  # as `datasets.csv` takes them


def train(options: Namespace) -> None:
    """Train a network as the options say, and write what came of it into a folder."""
    data = _data(options)
    name, record = options.name or Path(options.csv).stem, options.part == "replay"
    trained, tested = data.split(0.8, options.seed)
    scaling = Scaling([0.0] * 64, [16.0] * 64) if options.name == "digits" else trained.scaling()
    classes, targets = len(data.classes), [[target] for target in trained.targets]
    goal = Scaling([0.0], [1.0]) if classes else Dataset(targets, targets, ["target"]).scaling()
    sizes = LAYERS.get(options.name, [16, 16]) if options.layers is None else options.layers
    sizes = [*sizes, classes if classes > 2 else 1]
    init, rng = "he" if "elu" in options.activation else "xavier", random.Random(options.seed)
    model = MLP(len(data.names), sizes, activation=options.activation, init=init, rng=rng)
    loss: Any = losses.binary_cross_entropy if classes else losses.mse
    loss = losses.cross_entropy if classes > 2 else loss
    make, rate = OPTIMIZERS[options.optimizer]
    epochs = options.epochs or EPOCHS.get(options.name, 40)
    folder = Path(options.output or f"autograd_output/{name}")
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / f"{name}.checkpoint.json"
    before = checkpoint.exists() and checkpoint.stat().st_mtime_ns
    if options.resume and not before:
        print(f"there is no checkpoint in {printable(folder, LINE)}: training starts anew")
    with suppress(KeyError, OSError, OverflowError, TypeError, ValueError):  # which `fit` refuses
        if options.resume and not options.learning_rate:
            rate = finite("lr", read_json(checkpoint)["training"]["optimizer"]["settings"]["lr"])
    rate = options.learning_rate or rate
    shape = "-".join(map(str, [len(data.names), *sizes]))
    print(f"{len(trained)} samples to train on, {len(tested)} to test: {data.contents()}")
    how = f"{options.optimizer}, learning rate {rate:g}"
    batches = f"{counted(epochs, 'epoch')} of batches of {options.batch_size}"
    print(f"{shape} network with {options.activation}; {how}; {batches}", flush=True)
    if before and not options.resume:
        told = f"the training kept in {printable(checkpoint, LINE)} is replaced by this one"
        print(told, "(--resume would continue it)", flush=True)
    bar = not options.quiet and sys.stderr.isatty()
    files: list[str] = []

    def write(file: str, how: Callable[[Path], object]) -> None:
        files.append(wrote(folder / file, how))

    optimizer = make(model.parameters(), lr=rate)
    learnt, checked = (part.scaled(scaling) for part in (trained, tested))
    for part in (learnt, checked) if not classes else ():
        part.targets[:] = [(y - goal.shift[0]) / goal.scale[0] for y in part.targets]
    resume = options.resume and ("new" if options.learning_rate else True)
    try:
        history = fit(
            model, learnt, loss, optimizer, epochs, options.batch_size, seed=options.seed,
            checkpoint=checkpoint, resume=resume, validation=checked, progress=bar, record=record,
        )  # fmt: skip
    except KeyboardInterrupt:
        whole = checkpoint.exists() and (resume or checkpoint.stat().st_mtime_ns != before)
        told = "--resume continues from the last whole epoch"
        told = told if whole else "no epoch was whole yet: there is nothing to resume"
        raise KeyboardInterrupt(told) from None
    for neuron in model.layers[0].neurons:  # w (x - m) / s + b = (w / s) x + (b - m w / s)
        for w, m, s in zip(neuron.w, *scaling):
            w.data /= s
            neuron.b.data -= w.data * m  # type: ignore[union-attr]
    for neuron in model.layers[-1].neurons:
        for parameter in neuron.parameters():
            parameter.data *= goal.scale[0]
        neuron.b.data += goal.shift[0]  # type: ignore[union-attr]
    learn_terms(model, trained)
    write("graph.svg", _graph(model, tested, loss).save)
    try:
        title = f"{name}: loss with {how}"
        write("loss.png", lambda path: plots.loss_curve(history, path, title))
        if len(trained.names) == 2 and classes:
            told = f"{name}: {how}; {len(trained)} training points"
            drawn = plots.decision_boundary
            write("boundary.png", lambda path: drawn(model, trained, path, told))
    except ImportError as error:
        print(error)
    write("model.json", lambda path: save(model, path))
    trains = checkpoint.stat().st_mtime_ns != before
    if record and trains:
        from autograd_engine.views.replay.page import replay

        write("replay.html", lambda path: replay(history, path))
    files += [f"wrote {printable(checkpoint, LINE)}"] if trains else []
    if not trains:
        print(f"nothing left to train: done already are {counted(len(history.loss), 'epoch')}")
    elif not bar:  # else it stands above the bar
        print(way(history.ran))
    print(f"final loss {history.loss[-1]:.4g}, of the test {history.validation_loss[-1]:.4g}")
    print(f"train {_score(model, trained)}\ntest {_score(model, tested)}", *files, sep="\n")
    guess = math.log(classes) if classes else 1.0  # of targets of deviation 1
    if history.loss[-1] > 2.0 * guess or max(history.loss) > 10.0 * guess:
        rose = f"rose to {max(history.loss):.3g} and ended at {history.loss[-1]:.3g}"
        guessing = f"where guessing has {guess:.3g}: try a lower --learning-rate"
        print(f"warning: the loss {rose}, {guessing}", file=sys.stderr)


def predict(options: Namespace) -> None:
    """Print what a saved model predicts, of the numbers or of each line of a table."""
    if bool(options.numbers) == (options.csv is not None):
        options.refuse("predict takes either numbers, such as 5.1 3.5, or --csv FILE")
    if options.csv is None and {options.header, options.separator, options.decimal} != {None}:
        options.refuse("--header, --separator and --decimal are for --csv FILE")
    if re.fullmatch(r"[-\d., ]+", options.model):
        options.refuse(f"{options.model!r} is no model: its file comes first, then the numbers")
    model, rows = load(options.model), [options.numbers]
    if not terms_of(model).classes and "training" in read_json(options.model):
        said = "is the checkpoint of a training on scaled numbers: name the model.json beside it"
        raise ValueError(f"{printable(options.model, LINE)} {said}")
    if options.csv is not None:
        try:
            sheet = Sheet(options.csv, options.separator, options.header, options.decimal)
            rows = sheet.inputs(terms_of(model).columns)
        except ValueError as error:
            said = re.sub(", or leave the column out with drop=.*", "", str(error))
            raise ValueError(_as_typed(said)) from None
    for found in predicted(model, rows):
        numbers = found if isinstance(found, list) else [found]
        print(*(printable(n, LINE) if isinstance(n, str) else f"{n:.6g}" for n in numbers))


def _data(options: Namespace) -> Dataset:
    """Return the samples that are asked for, or refuse what does not go together."""
    if (options.csv is None) == (options.name is None):
        both = f"{options.name} and --csv are both given: " if options.name else ""
        options.refuse(f"{both}write one of {', '.join(DATASETS)}, or --csv FILE for a table")
    named = {name: it for name in TABLE if (it := vars(options)[name]) is not None}
    if options.csv is not None:
        data = _table(options, named)
    elif options.target or options.drop or named:
        also = ", ".join(f"--{name}" for name in TABLE)
        options.refuse(f"--target and --drop are for --csv FILE, and so are {also}")
    elif options.name in ("iris", "digits"):
        data = getattr(datasets, options.name)()
    else:
        data = getattr(datasets, options.name)(200, seed=options.seed)
    if len(data.classes) == 1:
        only = f"every sample is of class {data.classes[0]!r:.80}"
        raise ValueError(f"there is nothing to learn: {only}")
    if (limit := options.limit or len(data)) > len(data):
        print(f"there are only {len(data)} samples, fewer than --limit: all are taken")
    return data if limit >= len(data) else data.split(limit / len(data), options.seed)[0]


def _table(options: Namespace, named: dict[str, Any]) -> Dataset:
    target, drop = options.target or "", options.drop
    try:
        with warnings.catch_warnings(record=True) as words:
            warnings.simplefilter("always")
            data = datasets.csv(options.csv, target, drop=drop, **named)
    except ValueError as error:
        said = str(error).replace("there is no column ''", "no --target COLUMN is given")
        raise ValueError(_as_typed(said)) from None
    for word in words:
        print(f"warning: {_as_typed(str(word.message))}", file=sys.stderr)
    return data


def _as_typed(said: str) -> str:
    """Return a message with the options of Python as the command line has them."""
    said = re.sub(r"\b(classes|header)=True", r"--\1", said).replace("header=False", "--no-header")
    options = r"\b(drop|missing|decimal|separator)=(?:\[(.*?)\]|([\w.]+|\".*?\")|)"
    return re.sub(options, lambda m: f"--{m[1]} {m[2] or m[3] or ''}".strip(), said)


def _score(model: MLP, data: Dataset) -> str:
    if data.classes:
        return f"accuracy {accuracy(model, data):.3f}"
    with no_grad():
        error = math.hypot(*(model(x).data - target for x, target in data)) / math.sqrt(len(data))
    return f"error {error:.4g} (root of the mean square)"


def _graph(model: MLP, data: Dataset, loss: Callable[..., Value]) -> Any:
    """Draw the graph of the loss of the first sample."""
    from autograd_engine.views.picture.drawing import draw

    x, target = data[0]
    output = loss(model([Value(number, name) for number, name in zip(x, data.names)]), target)
    output.label = "loss"
    model.zero_grad()
    output.backward()
    return draw(output)

"""What the command line does: train a network on data, draw an expression."""

from __future__ import annotations

import math
import random
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from autograd_engine import datasets, losses, optim, plots
from autograd_engine.checkpoints import read_json, save
from autograd_engine.datasets import Dataset, Scaling
from autograd_engine.engine import Value
from autograd_engine.evaluation import accuracy
from autograd_engine.expressions import evaluate
from autograd_engine.history import History
from autograd_engine.nn import MLP
from autograd_engine.recording import no_grad
from autograd_engine.training import fit
from autograd_engine.views import draw as draw_graph


class Task(NamedTuple):
    """How a dataset is made from a seed, and what is trained on it by default."""

    make: Callable[[int], Dataset]
    layers: Sequence[int] = (16, 16)
    epochs: int = 40


DATASETS = {
    "iris": Task(lambda seed: datasets.iris(), layers=(8,), epochs=30),
    "digits": Task(lambda seed: datasets.digits(), epochs=20),
    "moons": Task(lambda seed: datasets.moons(200, seed=seed)),
    "circles": Task(lambda seed: datasets.circles(200, seed=seed)),
    "spirals": Task(lambda seed: datasets.spirals(200, seed=seed), epochs=120),
    "xor": Task(lambda seed: datasets.xor(200, seed=seed)),
}

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
    goal = _goal(trained)
    model = _model(data, task, options)
    make, rate = OPTIMIZERS[options.optimizer]
    rate = rate if options.learning_rate is None else options.learning_rate
    epochs = task.epochs if options.epochs is None else options.epochs
    optimizer = make(model.parameters(), lr=rate)
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / f"{options.name or Path(options.csv).stem}.checkpoint.json"
    if options.resume:
        _check_rate(checkpoint, rate)
    print(f"{len(trained)} samples to train on, {len(tested)} to test: {_contents(data)}")
    print(
        f"{_shape(model)} network with {options.activation}; {options.optimizer}, "
        f"learning rate {rate:g}; {epochs} epochs of batches of {options.batch_size}",
        flush=True,
    )
    history = fit(
        model,
        _centred(trained.scaled(scaling), goal),
        _loss(data),
        optimizer,
        epochs,
        options.batch_size,
        seed=options.seed,
        checkpoint=checkpoint,
        resume=options.resume,
        progress=not options.quiet,
    )
    _absorb(model, scaling, goal)
    files = _write(folder, model, history, trained, tested)
    for part, samples in (("train", trained), ("test", tested)):
        print(_score(part, model, samples))
    for file in files:
        print(f"wrote {file}")


def draw(options: Namespace) -> None:
    """Evaluate an expression on the values given, and draw its graph with the gradients.

    Raises `ValueError`, `ArithmeticError` and `OSError` for what cannot be done.
    """
    values: dict[str, Value] = {}
    for name, number in options.values:
        if name in values:
            raise ValueError(f"{name!r} is given twice")
        values[name] = Value(number, name)
    output = evaluate(options.expression, values)
    output.backward()
    draw_graph(output, style=options.style, direction=options.direction).save(options.output)
    print(f"{options.expression.strip()} = {output.data:.10g}")
    for name, value in values.items():
        print(f"gradient by {name} = {value.grad:.10g}")
    print(f"wrote {options.output}")


def _task(options: Namespace) -> Task:
    if options.csv is None:
        return DATASETS[options.name]
    return Task(lambda seed: datasets.csv(options.csv, options.target))


def _data(task: Task, options: Namespace) -> Dataset:
    data = task.make(options.seed)
    if len(data.classes) == 1:
        raise ValueError(f"there is nothing to learn: every sample is of class {data.classes[0]!r}")
    if options.limit is not None and options.limit < len(data):
        data = data.split(options.limit / len(data), options.seed)[0]
    return data


def _check_rate(checkpoint: Path, rate: float) -> None:
    """Refuse a new learning rate, since the one that `fit` goes on with is the checkpoint's."""
    if not checkpoint.exists():
        return
    try:
        old = read_json(checkpoint)["training"]["optimizer"]["settings"]["lr"]
    except (KeyError, TypeError):
        return  # fit says what is wrong with it
    if old != rate:
        raise ValueError(
            f"cannot resume from {checkpoint}: it was written with the learning rate {old}, "
            f"not {rate}"
        )


def _contents(data: Dataset) -> str:
    inputs = "1 input" if len(data.names) == 1 else f"{len(data.names)} inputs"
    goal = f"classes {', '.join(data.classes)}" if data.classes else "a number to predict"
    return f"{inputs}, {goal}"


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


def _goal(data: Dataset) -> tuple[float, float]:
    """Return mean and deviation of the numbers to predict; 0 and 1 where they are classes."""
    if data.classes:
        return 0.0, 1.0
    column = Dataset([[target] for target in data.targets], data.targets, ["target"])
    shift, scale = column.scaling()
    return shift[0], scale[0]


def _centred(data: Dataset, goal: tuple[float, float]) -> Dataset:
    if data.classes:
        return data
    targets = [(target - goal[0]) / goal[1] for target in data.targets]
    return Dataset(data.inputs, targets, data.names)


def _absorb(model: MLP, scaling: Scaling, goal: tuple[float, float]) -> None:
    """Move the scaling of inputs and target into the network, so that it takes raw numbers.

    w * (x - shift) / scale + b is (w / scale) * x + (b - w * shift / scale).
    """
    for neuron in model.layers[0].neurons:
        assert neuron.b is not None
        for w, shift, scale in zip(neuron.w, *scaling):
            w.data /= scale
            neuron.b.data -= w.data * shift
    for neuron in model.layers[-1].neurons:
        assert neuron.b is not None
        for w in neuron.w:
            w.data *= goal[1]
        neuron.b.data = neuron.b.data * goal[1] + goal[0]


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

"""What the benchmarks compare with: the same jobs by hand in NumPy, in JAX, CasADi and PyTorch.

Each function prepares one job and returns what runs it: without arguments, giving the value
and the gradient by the parameters, in the order in which the scalar code lists them (of each
neuron its weights, then its bias). All work in double precision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from benchmarking import jobs

Call = Callable[[], tuple[Any, Any]]


def layers(parameters: Any, sizes: Sequence[int]) -> list[Any]:
    """Return the flat array as one matrix per layer, a neuron each row, its bias at the end."""
    matrices, start = [], 0
    for nin, nout in pairwise(sizes):
        matrices.append(parameters[start : start + nout * (nin + 1)].reshape(nout, nin + 1))
        start += nout * (nin + 1)
    return matrices


def with_ones(rows: np.ndarray) -> np.ndarray:
    """Return the rows with a 1 at the end of each, which the biases multiply."""
    return np.hstack((rows, np.ones((len(rows), 1))))


def moons_by_numpy(parameters: np.ndarray) -> Call:
    """Biases as a last column: faster than adding them, since the matrices are small."""
    points, sides = map(np.array, jobs.moons_data())
    inputs, ones = with_ones(points), np.ones((len(points), 1))

    def call():
        first, second, third = layers(parameters, (2, 16, 16, 1))
        hidden1 = np.hstack((np.maximum(inputs @ first.T, 0.0), ones))
        hidden2 = np.hstack((np.maximum(hidden1 @ second.T, 0.0), ones))
        margin = 1.0 - sides * (hidden2 @ third[0])
        value = np.maximum(margin, 0.0).mean() + 1e-4 * (parameters @ parameters)
        by_score = np.where(margin > 0.0, -sides / len(sides), 0.0)
        by_hidden2 = np.outer(by_score, third[0, :-1]) * (hidden2[:, :-1] > 0.0)
        by_hidden1 = (by_hidden2 @ second[:, :-1]) * (hidden1[:, :-1] > 0.0)
        gradient = np.concatenate(
            (
                (by_hidden1.T @ inputs).ravel(),
                (by_hidden2.T @ hidden1).ravel(),
                by_score @ hidden2,
            )
        )
        gradient += 2e-4 * parameters
        return value, gradient

    return call


def digits_by_numpy(parameters: np.ndarray, images: np.ndarray, classes: np.ndarray) -> Call:
    count, every = len(images), np.arange(len(images))

    def call():
        first, second = layers(parameters, (64, 32, 10))
        hidden = np.tanh(images @ first[:, :-1].T + first[:, -1])
        scores = hidden @ second[:, :-1].T + second[:, -1]
        scores -= scores.max(axis=1, keepdims=True)
        shares = np.exp(scores)
        totals = shares.sum(axis=1, keepdims=True)
        value = (np.log(totals[:, 0]) - scores[every, classes]).mean()
        shares /= totals
        shares[every, classes] -= 1.0
        shares /= count  # now the derivatives by the scores
        by_hidden = (shares @ second[:, :-1]) * (1.0 - hidden * hidden)
        gradient = np.empty_like(parameters)
        by_first, by_second = layers(gradient, (64, 32, 10))
        by_first[:, :-1], by_first[:, -1] = by_hidden.T @ images, by_hidden.sum(axis=0)
        by_second[:, :-1], by_second[:, -1] = shares.T @ hidden, shares.sum(axis=0)
        return value, gradient

    return call


def jitted(loss: Callable[[Any, Any], Any], parameters: np.ndarray) -> Call:
    """Return the jitted value and gradient of `loss(jax, parameters)`, on an array of JAX's."""
    import jax

    jax.config.update("jax_enable_x64", True)
    function = jax.jit(jax.value_and_grad(lambda array: loss(jax, array)))
    array = jax.numpy.asarray(parameters)

    def call():
        value, gradient = function(array)
        gradient.block_until_ready()
        return value, gradient

    return call


def moons_by_jax(parameters: np.ndarray) -> Call:
    points, sides = map(np.array, jobs.moons_data())

    def loss(jax, array):
        first, second, third = layers(array, (2, 16, 16, 1))
        hidden = jax.nn.relu(points @ first[:, :-1].T + first[:, -1])
        hidden = jax.nn.relu(hidden @ second[:, :-1].T + second[:, -1])
        scores = hidden @ third[0, :-1] + third[0, -1]
        return jax.nn.relu(1.0 - sides * scores).mean() + 1e-4 * (array @ array)

    return jitted(loss, parameters)


def digits_by_jax(parameters: np.ndarray, images: np.ndarray, classes: np.ndarray) -> Call:
    def loss(jax, array):
        first, second = layers(array, (64, 32, 10))
        hidden = jax.numpy.tanh(images @ first[:, :-1].T + first[:, -1])
        scores = hidden @ second[:, :-1].T + second[:, -1]
        return -jax.nn.log_softmax(scores)[np.arange(len(images)), classes].mean()

    return jitted(loss, parameters)


def rnn_by_jax(parameters: np.ndarray, series: Sequence[float]) -> Call:
    """The recurrence as `lax.scan`."""

    def loss(jax, array):
        rows = array.reshape(16, 18)
        weights, entering, bias = rows[:, :16], rows[:, 16], rows[:, 17]

        def step(state, x):
            return jax.numpy.tanh(weights @ state + entering * x + bias), None

        state, _ = jax.lax.scan(step, jax.numpy.zeros(16), np.array(series))
        return 0.5 * (state @ state)

    return jitted(loss, parameters)


def hessian_by_jax(function: Callable[[Any], Any], x: np.ndarray) -> Callable[[], Any]:
    import jax

    jax.config.update("jax_enable_x64", True)
    hessian, array = jax.jit(jax.hessian(function)), jax.numpy.asarray(x)
    return lambda: (hessian(array).block_until_ready(),)


def by_casadi(make: Callable[[Any], jobs.Graph], parameters: np.ndarray) -> Call:
    """Return CasADi's SX function of value and gradient, for what `make(casadi)` records.

    Called through buffers bound to arrays, which is the fastest way that it has.
    """
    import casadi

    graph = make(casadi)
    symbols = casadi.vertcat(*graph.parameters)
    outputs = [graph.output, casadi.gradient(graph.output, symbols)]
    function = casadi.Function("f", [symbols], outputs)
    buffer, run = function.buffer()
    given, value, gradient = parameters.copy(), np.empty(1), np.empty(len(parameters))
    buffer.set_arg(0, memoryview(given))
    buffer.set_res(0, memoryview(value))
    buffer.set_res(1, memoryview(gradient))
    held = (function, buffer, given)  # the buffer itself keeps none of them alive

    def call(held=held):
        run()
        return value[0], gradient

    return call


def epoch_by_torch(
    parameters: np.ndarray, images: np.ndarray, classes: np.ndarray, kind: str = "float64"
) -> tuple[Callable[[bool], None], Callable[[], np.ndarray]]:
    """Return what trains PyTorch's network for one epoch, and what gives its parameters.

    A plain loop, in the fastest of the ways tried: the images are brought into the epoch's
    order at once, no loss or accuracy is kept, the optimiser is the one PyTorch chooses.
    """
    import torch
    from torch.nn import Linear, functional

    torch.set_num_threads(1)
    first, second = network = [Linear(64, 32), Linear(32, 10)]
    with torch.no_grad():
        for layer, matrix in zip(network, layers(parameters, (64, 32, 10))):
            layer.to(getattr(torch, kind))
            layer.weight.copy_(torch.from_numpy(matrix[:, :-1]))
            layer.bias.copy_(torch.from_numpy(matrix[:, -1]))
    optimizer = torch.optim.SGD([*first.parameters(), *second.parameters()], lr=jobs.RATE)
    inputs = torch.tensor(images, dtype=getattr(torch, kind))
    targets = torch.tensor(classes)

    def epoch(shuffle: bool = True) -> None:
        order = torch.randperm(len(inputs)) if shuffle else torch.arange(len(inputs))
        for x, target in zip(inputs[order].split(jobs.BATCH), targets[order].split(jobs.BATCH)):
            optimizer.zero_grad()
            scores = second(torch.tanh(first(x)))
            functional.cross_entropy(scores, target).backward()
            optimizer.step()

    def trained() -> np.ndarray:
        pairs = [(layer.weight, layer.bias) for layer in network]
        matrices = [torch.hstack((w, b[:, None])).detach().numpy() for w, b in pairs]
        return np.concatenate([matrix.ravel() for matrix in matrices])

    return epoch, trained

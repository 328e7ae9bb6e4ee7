"""Digits on eight devices at once: each takes an eighth of the rows, JAX adds up.

`ag.compile` makes a program of the loss of one digit, `program.to_jax()` a pure function of JAX,
and `jax.shard_map` runs that on every device, with the same parameters and rows of its own. Here
the devices are threads of one processor; for eight GPUs, or many machines, the code is the same.
It needs NumPy and JAX: pip install "autograd_engine[jax]".

It prints:

    8 devices, each with 224 of 1,792 digits
    epoch  1   loss 4.8363
    epoch  6   loss 1.4398
    epoch 11   loss 1.0213
    epoch 16   loss 0.8122
    all losses and 2,410 parameters are those of `fit`, to 10 digits: True
"""

import os
import random

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"

import jax
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

import autograd_engine as ag

jax.config.update("jax_enable_x64", True)
ROWS, EPOCHS, RATE = 1792, 20, 0.5


def network() -> ag.nn.MLP:
    """Return the network as it is before training: 64 pixels, 32 hidden units, 10 classes."""
    return ag.nn.MLP(64, [32, 10], activation="tanh", rng=random.Random(0))


def program_of_one(model: ag.nn.MLP) -> ag.Program:
    """Return the loss of one digit as a program; its class is fed too, as nine 0s and a 1."""
    pixels, chosen = ([ag.Value(0.0) for _ in range(count)] for count in (64, 10))
    logits = model(pixels)
    loss = ag.logsumexp(logits) - ag.dot(chosen, logits)
    return ag.compile(loss, inputs=pixels + chosen, parameters=model.parameters())


def train(model: ag.nn.MLP, rows: np.ndarray) -> tuple[list[float], np.ndarray]:
    """Return the loss before each epoch and the trained parameters; all devices take part."""
    mesh = jax.make_mesh((8,), ("rows",))
    same, cut = PartitionSpec(), PartitionSpec("rows")
    loss = program_of_one(model).to_jax()

    def mean(parameters, rows):
        return jax.lax.pmean(loss(parameters, rows).mean(), "rows")

    everywhere = jax.shard_map(mean, mesh=mesh, in_specs=(same, cut), out_specs=same)

    @jax.jit
    def step(parameters, rows):
        value, slopes = jax.value_and_grad(everywhere)(parameters, rows)
        return parameters - RATE * slopes, value

    parameters = jax.numpy.array([w.data for w in model.parameters()])
    rows, losses = jax.device_put(rows, NamedSharding(mesh, cut)), []
    for _ in range(EPOCHS):
        parameters, value = step(parameters, rows)
        losses.append(float(value))
    return losses, np.asarray(parameters)


def main() -> None:
    data = ag.datasets.digits()[:ROWS]
    rows = np.array([[*pixels, *np.eye(10)[target]] for pixels, target in data])
    losses, parameters = train(network(), rows)
    print(f"{jax.device_count()} devices, each with {ROWS // 8} of {ROWS:,} digits")
    for epoch in range(0, EPOCHS, 5):
        print(f"epoch {epoch + 1:2}   loss {losses[epoch]:.4f}")
    model = network()
    sgd = ag.optim.SGD(model.parameters(), lr=RATE)
    cross_entropy = ag.losses.cross_entropy
    history = ag.fit(model, data, cross_entropy, sgd, EPOCHS, batch_size=ROWS, progress=False)
    found = np.array([*losses, *parameters])
    expected = [*history.loss, *(w.data for w in model.parameters())]
    agree = np.allclose(found, expected, rtol=1e-10, atol=1e-10)
    print(f"all losses and {len(parameters):,} parameters are those of `fit`, to 10 digits:", agree)


if __name__ == "__main__":
    main()

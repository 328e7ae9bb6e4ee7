"""Lesson 11. The network itself: each weight is an edge, and each gradient belongs to one.

`ag.draw(model)` draws what books draw: units as circles in layers, weights as edges, thick where
the number is large, blue above 0 and dashed orange below. It shows the weights, or with
`show="grad"` what `backward()` found. All of them in one long row are "the gradient": a number for
each edge and each bias, in the order of `named_parameters()`. A step goes against that row.

Two files are written into the folder autograd_output, or one of your choice:
python demos/11_network.py FOLDER

It prints:

    parameter                  weight   gradient
    layers.0.neurons.0.w.0    -0.7313    -0.0438
    layers.0.neurons.0.w.1     0.6949     0.1052
    layers.0.neurons.0.b       0.0000    -0.0877
    layers.0.neurons.1.w.0     0.5275    -0.1426
    layers.0.neurons.1.w.1    -0.4899     0.3422
    layers.0.neurons.1.b       0.0000    -0.2852
    layers.0.neurons.2.w.0    -0.0091     0.3796
    layers.0.neurons.2.w.1    -0.1010    -0.9111
    layers.0.neurons.2.b       0.0000     0.7593
    layers.1.neurons.0.w.0     0.3032     0.7897
    layers.1.neurons.0.w.1     0.5774    -0.6556
    layers.1.neurons.0.w.2    -0.8123    -0.1100
    layers.1.neurons.0.b       0.0000    -0.9475
    wrote autograd_output/network_weight.svg
    wrote autograd_output/network_grad.svg
    the loss, step by step: 0.4489 0.1519 0.0516 0.0178
"""

import random
import sys
from pathlib import Path

import autograd_engine as ag


# %% A network 2-3-1, and its loss on one point
def network() -> ag.nn.MLP:
    """Return a network of two inputs, three units of tanh and one output."""
    return ag.nn.MLP(2, [3, 1], activation="tanh", rng=random.Random(1))


def loss(model) -> ag.Value:
    """Return the squared error on one point, whose answer should be 1."""
    return ag.losses.half_squared_error(model([0.5, -1.2]), 1.0)


def step(model, alpha: float = 0.1) -> float:
    """Make one step against the gradient, and return the loss before it."""
    output = loss(model)
    model.zero_grad()
    output.backward()
    for parameter in model.parameters():
        parameter.data -= alpha * parameter.grad
    return output.data


# %% tags=["active-ipynb"]
# model = network()
# ag.draw(model)

# %% After `backward()` each edge has its derivative too tags=["active-ipynb"]
# loss(model).backward()
# ag.draw(model, show="grad")


# %% An exercise tags=["active-ipynb"]
# ag.exercise(loss(ag.nn.MLP(2, [1, 1], activation="tanh")), seed=11)


# %% The gradient as one row
def main(folder: str = "autograd_output") -> None:
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    model = network()
    loss(model).backward()
    print("parameter                  weight   gradient")
    for name, parameter in model.named_parameters():
        print(f"{name:24} {parameter.data:8.4f}   {parameter.grad:8.4f}")
    for show in ("weight", "grad"):
        path = target / f"network_{show}.svg"
        ag.draw(model, show=show).save(path)
        print(f"wrote {path.as_posix()}")
    losses = [f"{step(model):.4f}" for _ in range(4)]
    print("the loss, step by step:", *losses)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Lesson 3. Pictures of graphs, in the three styles, and of a network.

The same values that compute can be drawn: classic pictures show every value and operation,
compact ones write the operation into the value's box, and in both each arrow carries the
local derivative that backward() multiplies by. Folded pictures show a network's layers as
boxes. Graphviz draws where it is installed, else the package does it alone.

The picture of books shows the network instead: units as circles, tinted by what they computed,
and weights as edges, here as thick as their gradient is large (more of it in lesson 11).

Four files are written into the folder autograd_output, or one of your choice:
python demos/03_draw.py FOLDER

It prints:

    autograd_output/classic.svg    expression
    autograd_output/compact.svg    perceptron
    autograd_output/folded.svg     network
    autograd_output/network.svg    network
"""

import random
import sys
from pathlib import Path

import autograd_engine as ag


# %% Three graphs, one for each style
def expression() -> ag.Value:
    """Return e = a * b + a * a, where a is used three times."""
    a, b = ag.Value(2.0, label="a"), ag.Value(-3.0, label="b")
    e = a * b + a * a
    e.label = "e"
    return e


def perceptron() -> ag.Value:
    """Return the error of a unit sigmoid(w.x + b) whose answer should be 1."""
    w = [ag.Value(0.5, label="w0"), ag.Value(-0.3, label="w1")]
    x = [ag.Value(1.0, label="x0"), ag.Value(0.5, label="x1")]
    p = ag.sigmoid(ag.dot(w, x) + ag.Value(0.1, label="b"))
    error = -ag.log(p)
    p.label, error.label = "p", "E"
    return error


def network() -> ag.Value:
    """Return the error of a network 3-4-2 on one sample."""
    model = ag.nn.MLP(3, [4, 2], activation="tanh", rng=random.Random(0))
    return ag.losses.cross_entropy(model([0.2, -0.4, 0.9]), 1)


# %% A picture of each
OUTPUTS = {"classic": expression, "compact": perceptron, "folded": network, "network": network}


def picture(style: str):
    """Return the picture in that style, with the gradients of a backward pass."""
    output = OUTPUTS[style]()
    output.backward()
    return ag.draw(output, style=style, show="grad")


# %% tags=["active-ipynb"]
# picture("classic")


# %% tags=["active-ipynb"]
# picture("compact")


# %% tags=["active-ipynb"]
# picture("folded")  # the boxes open in ag.explore


# %% An exercise tags=["active-ipynb"]
# ag.exercise(expression(), "edge", seed=3)


# %% All of them into files
def main(folder: str = "autograd_output") -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    for style, make in OUTPUTS.items():
        path = Path(folder) / f"{style}.svg"
        picture(style).save(path)
        print(f"{path.as_posix():30} {make.__name__}")


if __name__ == "__main__":
    main(*sys.argv[1:])

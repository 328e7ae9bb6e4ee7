"""Lesson 6. A page to explore: step through both passes, drag a leaf, predict a gradient.

The page of a value is one file that any browser opens, without a network. It holds the program,
not a film: arrow keys step through the forward and the backward pass, each with its partial, its
adjoint and the gradient before and after; a click on a value shows its formula and the sum over
its uses; a leaf's slider moves every number; and "Predict" hides the gradients until one has said
what they are. A link such as page.html#step=12 leads to a step.

Two pages are written into the folder autograd_output, or one of your choice, and with --picture
a screenshot of the first, if Chromium is installed:
python demos/06_explore.py FOLDER --picture

It prints:

    autograd_output/perceptron.html   E: 10 values, 5 leaves
    its backward pass has 9 contributions; the last hands to x1
    autograd_output/network.html      loss: 40 values, 29 leaves
"""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import autograd_engine as ag

# %% A perceptron, and a network
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SHOWN = "#step=12"  # the step in the screenshot: the middle of the backward pass


def perceptron() -> ag.Value:
    """Return the error of a unit sigmoid(w.x + b) whose answer should be 1."""
    w = [ag.Value(0.5, label="w0"), ag.Value(-0.3, label="w1")]
    x = [ag.Value(1.0, label="x0"), ag.Value(0.5, label="x1")]
    p = ag.sigmoid(ag.dot(w, x) + ag.Value(0.1, label="b"))
    error = -ag.log(p)
    p.label, error.label = "p", "E"
    return error


def network() -> ag.Value:
    """Return the error of a network 3-4-2 on one sample; its layers open on click."""
    model = ag.nn.MLP(3, [4, 2], activation="tanh", rng=random.Random(0))
    x = [ag.Value(number, label=f"x{i}") for i, number in enumerate((0.2, -0.4, 0.9))]
    loss = ag.losses.cross_entropy(model(x), 1)
    loss.label = "loss"
    return loss


# %% tags=["active-ipynb"]
# ag.explore(perceptron())


# %% tags=["active-ipynb"]
# ag.explore(network())


# %% A screenshot, if you like
def photograph(page: Path, picture: Path) -> None:
    """Take a screenshot of a page, as a projector of 1366 by 820 points would show it."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise SystemExit(f"a screenshot needs one of: {', '.join(BROWSERS)}")
    size = ["--window-size=1366,820", "--hide-scrollbars", "--force-prefers-reduced-motion"]
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000"]
    address = page.resolve().as_uri() + SHOWN
    subprocess.run(
        [browser, *quiet, *size, f"--screenshot={picture}", address],
        check=True,
        capture_output=True,
    )


# %% An exercise tags=["active-ipynb"]
# ag.exercise(perceptron(), seed=6)


# %% Both pages into files
def main(folder: str = "autograd_output", picture: str = "") -> None:
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    first, second = target / "perceptron.html", target / "network.html"
    error, loss = perceptron(), network()
    print(f"{first.as_posix():33} {ag.explore(error, first).description}")
    steps = ag.steps(error)
    last = steps[-1].operand.label
    print(f"its backward pass has {len(steps)} contributions; the last hands to {last}")
    print(f"{second.as_posix():33} {ag.explore(loss, second).description}")
    if picture:
        photograph(first, target / "explore.png")


if __name__ == "__main__":
    main(*sys.argv[1:])

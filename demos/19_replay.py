"""Lesson 19. Scrub through a training: two learning rates, step by step.

`fit(..., record=True)` keeps the parameters of about 200 steps, evenly spread. `ag.replay` runs
the network again at each of them and writes a page with a slider: the loss curve, the decision
boundary, and the graph of one sample's loss with the values and gradients of that step. Choose
a value in the graph to follow it through the training. Given two trainings, it shows them
beside each other.

Two files are written into the folder autograd_output, or one of your choice:
python demos/19_replay.py FOLDER

It prints:

    lr 0.01   loss 0.23   accuracy 91 %   201 of 401 states kept
    lr 0.1    loss 0.02   accuracy 99 %   201 of 401 states kept
    the first weight at steps 0, 200 and 400, with lr 0.1: 0.91 4.15 4.83
    autograd_output/replay.html    200 of 400 steps
    autograd_output/compare.html   lr 0.01: 200 of 400 steps, lr 0.1: 200 of 400 steps
"""

import random
import sys
from pathlib import Path

import autograd_engine as ag

# %% Two trainings, recorded
RATES = (0.01, 0.1)


def learn(rate: float) -> ag.History:
    """Return the recorded training of a network 2-8-1 on two moons."""
    model = ag.nn.MLP(2, [8, 1], activation="tanh", rng=random.Random(2))
    return ag.fit(
        model,
        ag.datasets.moons(100, noise=0.1, seed=0),
        ag.losses.binary_cross_entropy,
        ag.optim.Adam(model.parameters(), lr=rate),
        epochs=40,
        batch_size=10,
        record=True,
        progress=False,
    )


def first_weight(history: ag.History, number: int) -> float:
    """Return the first parameter as it was after so many steps."""
    return next(s.parameters[0] for s in history.recording.steps if s.number == number)


# %% tags=["active-ipynb"]
# runs = {f"lr {rate}": learn(rate) for rate in RATES}
# ag.replay(runs)


# %% An exercise tags=["active-ipynb"]
# score = ag.Value(0.5, "score")
# ag.exercise(ag.losses.binary_cross_entropy(score, 1), "step", seed=19)


# %% Both pages into files
def main(folder: str = "autograd_output") -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    runs = {f"lr {rate}": learn(rate) for rate in RATES}
    for name, history in runs.items():
        kept = history.recording.steps
        print(
            f"{name:9} loss {history.loss[-1]:.2f}   accuracy {history.accuracy[-1]:.0%}".replace(
                "%", " %"
            ),
            f"  {len(kept)} of {kept[-1].number + 1} states kept",
        )
    best = runs["lr 0.1"]
    weights = " ".join(f"{first_weight(best, number):.2f}" for number in (0, 200, 400))
    print("the first weight at steps 0, 200 and 400, with lr 0.1:", weights)
    for name, histories in (("replay.html", best), ("compare.html", runs)):
        path = Path(folder) / name
        page = ag.replay(histories, path)
        print(f"{path.as_posix():30} {page.description}")


if __name__ == "__main__":
    main(*sys.argv[1:])

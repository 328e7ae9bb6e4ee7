"""Lesson 14. Softmax and cross-entropy: scores to probabilities, and why the slope is p - y.

A network gives each class a score z. Softmax makes probabilities of them: p[k] = exp(z[k])
divided by the sum of all exp(z), so each is above 0 and together they are 1. Cross-entropy is
-ln of the probability that the right class got. Raising one score takes from all the other
probabilities, so each depends on each score: its derivative is p[i] (1 - p[i]) by its own score
and -p[i] p[j] by another. Behind the logarithm nearly everything cancels: the derivative of the
loss by a score is p - y, where y is 1 for the right class and 0 for the others. It is never more
than 1 in size, and 0 only where the prediction is certain and right.

It prints:

               score        p   its derivative by z0, z1, z2   by the formula
      cat         2.0   0.7054    0.2078 -0.1830 -0.0248    0.2078 -0.1830 -0.0248
      dog         1.0   0.2595   -0.1830  0.1922 -0.0091   -0.1830  0.1922 -0.0091
      owl        -1.0   0.0351   -0.0248 -0.0091  0.0339   -0.0248 -0.0091  0.0339
    the right one is the dog: loss 1.3490
      the engine    0.7054 -0.7405  0.0351
      p - y         0.7054 -0.7405  0.0351
    scores of 1000, 0 and -1000: loss 1000, slopes 1 -1 0
"""

import autograd_engine as ag

CLASSES = ("cat", "dog", "owl")
SCORES, RIGHT = [2.0, 1.0, -1.0], 1  # it is a dog


# %% From scores to probabilities to the loss
def forward(scores=SCORES):
    """Return the scores, the probabilities and the loss, with their names."""
    z = [ag.Value(score, f"z{k}") for k, score in enumerate(scores)]
    p = ag.softmax(z)
    for k, name in enumerate(CLASSES):
        p[k].label = name
    loss = -ag.log(p[RIGHT])
    loss.label = "loss"
    return z, p, loss


# %% tags=["active-ipynb"]
# z, p, loss = forward()
# loss.backward()
# ag.draw(loss)

# %% Why raising one score takes from the other probabilities tags=["active-ipynb"]
# ag.explain(p[1], z[0])

# %% Why the slope of the loss is p - y tags=["active-ipynb"]
# ag.explain(ag.losses.cross_entropy(z, RIGHT), z[0])


# %% All of its derivatives, and the one of the loss
def by_formula(p: list[float], i: int, j: int) -> float:
    """Return the derivative of probability i by score j, as books have it."""
    return p[i] * ((i == j) - p[j])


# %% An exercise tags=["active-ipynb"]
# ag.exercise(forward()[2], seed=14)


def main() -> None:
    z, p, loss = forward()
    numbers = [value.data for value in p]
    print("           score        p   its derivative by z0, z1, z2   by the formula")
    for i, name in enumerate(CLASSES):
        slopes = " ".join(f"{slope:7.4f}" for slope in ag.gradient(p[i], z))
        formula = " ".join(f"{by_formula(numbers, i, j):7.4f}" for j in range(3))
        print(f"  {name:6} {z[i].data:8.1f} {numbers[i]:8.4f}   {slopes}   {formula}")
    print(f"the right one is the {CLASSES[RIGHT]}: loss {loss.data:.4f}")
    row = ag.gradient(loss, z)
    print("  the engine  ", " ".join(f"{slope:7.4f}" for slope in row))
    print("  p - y       ", " ".join(f"{p - (k == RIGHT):7.4f}" for k, p in enumerate(numbers)))
    # exp(1000) is more than a float holds; the function of the package takes care of that.
    far = [ag.Value(score, f"z{k}") for k, score in enumerate((1000.0, 0.0, -1000.0))]
    sure = ag.losses.cross_entropy(far, RIGHT)
    slopes = " ".join(f"{slope:g}" for slope in ag.gradient(sure, far))
    print(f"scores of 1000, 0 and -1000: loss {sure.data:g}, slopes {slopes}")


if __name__ == "__main__":
    main()

"""Lesson 9. Backpropagation by hand for a network 2-3-1, beside the engine's.

h[j] = phi(W1[j][0] x[0] + W1[j][1] x[1]) and y = W2[0] h[0] + W2[1] h[1] + W2[2] h[2];
E = (d - y)**2 / 2 for the desired output d. By hand: dy/dW2[j] = h[j], and dy/dW1[j][i] =
W2[j] phi'[j] x[i], where phi' is 1 - h**2 for tanh and h (1 - h) for the sigmoid. A step
changes each weight by alpha (d - y) dy/dW; for a mini-batch, by the mean of that.

It prints:

      tanh dy/dW1      by hand     0.2586 -0.6207 -0.2458  0.5900  0.0494 -0.1185
      tanh dy/dW1      the engine  0.2586 -0.6207 -0.2458  0.5900  0.0494 -0.1185
      sigmoid dy/dW1   by hand     0.0722 -0.1733 -0.0622  0.1494  0.0241 -0.0579
      sigmoid dy/dW1   the engine  0.0722 -0.1733 -0.0622  0.1494  0.0241 -0.0579
    after one step on four samples (tanh)
      W1               by hand     0.3017 -0.2091  0.4979  0.1091 -0.4003  0.6988
      W1               the engine  0.3017 -0.2091  0.4979  0.1091 -0.4003  0.6988
      W2               by hand     0.6045 -0.4998  0.2406
      W2               the engine  0.6045 -0.4998  0.2406
"""

import autograd_engine as ag

X, D, ALPHA = [0.5, -1.2], 0.8, 0.1
W1, W2 = [[0.3, -0.2], [0.5, 0.1], [-0.4, 0.7]], [0.6, -0.5, 0.25]
SAMPLES = [([0.5, -1.2], 0.8), ([1.0, 0.3], -0.2), ([-0.6, 0.4], 0.5), ([0.2, 0.9], 0.1)]
SLOPES = {ag.tanh: lambda h: 1 - h**2, ag.sigmoid: lambda h: h * (1 - h)}


def network(phi, W1, W2, x):
    """Return the hidden units and the output: of numbers, or of Values."""
    h = [phi(ag.dot(row, x)) for row in W1]
    return h, ag.dot(W2, h)


# %% One step by hand
def by_hand(phi, x=X, d=D) -> dict:
    """Return all the numbers of one step, by the formulas alone."""
    h, y = network(phi, W1, W2, x)
    dy_dW1 = [[W2[j] * SLOPES[phi](h[j]) * xi for xi in x] for j in range(3)]
    dE_dW2 = [-(d - y) * slope for slope in h]
    dE_dW1 = [[-(d - y) * slope for slope in row] for row in dy_dW1]
    slopes = {"dy_dW2": h, "dy_dW1": dy_dW1, "dE_dW2": dE_dW2, "dE_dW1": dE_dW1}
    return {"h": h, "y": y, "E": (d - y) ** 2 / 2} | slopes | step(dE_dW1, dE_dW2)


def by_engine(phi) -> dict:
    """Return the same numbers, every derivative taken from the graph."""
    w1, w2 = [[ag.Value(w) for w in row] for row in W1], [ag.Value(w) for w in W2]
    h, y = network(phi, w1, w2, X)
    E = (D - y) ** 2 / 2
    E.backward()
    slopes = {"dy_dW2": ag.gradient(y, w2), "dy_dW1": [ag.gradient(y, row) for row in w1]}
    slopes |= {"dE_dW2": [w.grad for w in w2], "dE_dW1": [[w.grad for w in row] for row in w1]}
    after = step(slopes["dE_dW1"], slopes["dE_dW2"])
    return {"h": [unit.data for unit in h], "y": y.data, "E": E.data} | slopes | after


def step(dE_dW1, dE_dW2) -> dict:
    """Return the weights after one step against the gradient."""
    W1_after = [[w - ALPHA * slope for w, slope in zip(*rows)] for rows in zip(W1, dE_dW1)]
    return {"W1_after": W1_after, "W2_after": [w - ALPHA * s for w, s in zip(W2, dE_dW2)]}


def mini_batch_by_hand() -> dict:
    """Return the weights after the mean of the samples' changes."""
    each = [by_hand(ag.tanh, x, d) for x, d in SAMPLES]
    dE_dW1 = [[ag.mean(e["dE_dW1"][j][i] for e in each) for i in (0, 1)] for j in range(3)]
    return step(dE_dW1, [ag.mean(e["dE_dW2"][j] for e in each) for j in range(3)])


def mini_batch_by_engine() -> dict:
    """Return the weights after one step against the gradient of the mean error."""
    return step(*ag.grad(mean_error, argnums=(0, 1))(W1, W2))


def mean_error(W1, W2):
    return ag.mean((d - network(ag.tanh, W1, W2, x)[1]) ** 2 / 2 for x, d in SAMPLES)


def show(what: str, hand: list, engine: list) -> None:
    for who, numbers in (("by hand", hand), ("the engine", engine)):
        flat = [n for row in numbers for n in row] if isinstance(numbers[0], list) else numbers
        print(f"  {what:16} {who:10}", *(f"{number:7.4f}" for number in flat))


# %% An exercise tags=["active-ipynb"]
# ag.exercise((D - network(ag.tanh, W1, [ag.Value(w) for w in W2], X)[1]) ** 2 / 2, seed=9)


def main() -> None:
    for name, phi in (("tanh", ag.tanh), ("sigmoid", ag.sigmoid)):
        show(f"{name} dy/dW1", by_hand(phi)["dy_dW1"], by_engine(phi)["dy_dW1"])
    print("after one step on four samples (tanh)")
    for key in ("W1_after", "W2_after"):
        show(key[:2], mini_batch_by_hand()[key], mini_batch_by_engine()[key])


if __name__ == "__main__":
    main()

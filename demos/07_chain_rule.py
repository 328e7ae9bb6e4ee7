"""Lesson 7. The chain rule through two layers of a perceptron, written out.

Two inputs x, two hidden units h = sigmoid(z), one prediction p = sigmoid(s), z and s weighted
sums; the error E is the cross-entropy. Back from E to a weight the chain rule has one factor for
each step: multiplied out for one point, then averaged over four beside what the engine finds.

It prints:

    one point, x = [0.2, -0.4], y = 0:
      dE/dW2[0]    = dE/dp * dp/ds * ds/dW2[0]
                   = 2.3004 * 0.2457 * 0.4775
                   = 0.2699
      dE/dW1[0][0] = dE/dp * dp/ds * ds/dh[0] * dh[0]/dz[0] * dz[0]/dW1[0][0]
                   = 2.3004 * 0.2457 * 0.7000 * 0.2495 * 0.2000
                   = 0.0197

    the mean of four points     by hand   the engine
      dE/dW1[0][0]            -0.034736    -0.034736
      dE/dW1[0][1]            -0.011249    -0.011249
      dE/dW1[1][0]             0.030213     0.030213
      dE/dW1[1][1]             0.010188     0.010188
      dE/db1[0]                0.013376     0.013376
      dE/db1[1]               -0.010478    -0.010478
      dE/dW2[0]                0.026087     0.026087
      dE/dW2[1]                0.047843     0.047843
      dE/db2                   0.073507     0.073507
"""

import autograd_engine as ag

# %% Two layers, their error, and four points
X, Y = [[0.2, -0.4], [1.0, 0.5], [-0.7, 0.9], [0.3, 0.8]], [0, 1, 0, 1]
W1, B1, W2, B2 = [[0.1, 0.4], [-0.3, 0.2]], [0.05, -0.05], [0.7, -0.6], 0.2


def network(x, w1=W1, b1=B1, w2=W2, b2=B2):
    """Return the hidden units and the prediction: of numbers, or of Values."""
    h = [ag.sigmoid(ag.dot(row, x) + b) for row, b in zip(w1, b1)]
    return h, ag.sigmoid(ag.dot(w2, h) + b2)


def error(w1=W1, b1=B1, w2=W2, b2=B2):
    """Return the mean cross-entropy over the points."""
    predictions = [network(x, w1, b1, w2, b2)[1] for x in X]
    return ag.mean(-ag.log(p) if y else -ag.log(1 - p) for p, y in zip(predictions, Y))


# %% What the engine finds
def by_engine() -> dict[str, float]:
    """Return the derivatives of the error by every weight and bias, by name."""
    w1 = [[ag.Value(W1[i][j], label=f"W1[{i}][{j}]") for j in (0, 1)] for i in (0, 1)]
    b1 = [ag.Value(B1[i], label=f"b1[{i}]") for i in (0, 1)]
    w2, b2 = [ag.Value(W2[i], label=f"W2[{i}]") for i in (0, 1)], ag.Value(B2, label="b2")
    error(w1, b1, w2, b2).backward()
    return {f"dE/d{weight.label}": weight.grad for weight in (*w1[0], *w1[1], *b1, *w2, b2)}


# %% The same by hand
def by_hand() -> dict[str, float]:
    """Return the same by the formulas, in which dE/dp * dp/ds has become p - y."""
    points = [(x, *network(x), y) for x, y in zip(X, Y)]
    slopes = {"dE/db2": ag.mean(p - y for x, h, p, y in points)}
    for i in (0, 1):
        dE_dz = [(p - y) * W2[i] * h[i] * (1 - h[i]) for x, h, p, y in points]
        slopes[f"dE/dW2[{i}]"] = ag.mean((p - y) * h[i] for x, h, p, y in points)
        slopes[f"dE/db1[{i}]"] = ag.mean(dE_dz)
        for j in (0, 1):
            slopes[f"dE/dW1[{i}][{j}]"] = ag.mean(dz * x[j] for dz, x in zip(dE_dz, X))
    return slopes


# %% Factor by factor, along the path of one point
def factors(x: list[float], y: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return the factors of dE/dW2[0] and of dE/dW1[0][0] for one point, by their symbols."""
    h, p = network(x)
    dE_ds = {"dE/dp": (p - y) / (p * (1 - p)), "dp/ds": p * (1 - p)}
    dz = {"ds/dh[0]": W2[0], "dh[0]/dz[0]": h[0] * (1 - h[0])}
    return dE_ds | {"ds/dW2[0]": h[0]}, dE_ds | dz | {"dz[0]/dW1[0][0]": x[0]}


# %% An exercise tags=["active-ipynb"]
# ag.exercise(-ag.log(network(X[1], w2=[ag.Value(0.5, "w0"), ag.Value(1.0, "w1")])[1]), seed=7)


# %% All of it
def main() -> None:
    print(f"one point, x = {X[0]}, y = {Y[0]}:")
    for name, path in zip(("dE/dW2[0]", "dE/dW1[0][0]"), factors(X[0], Y[0])):
        print(f"  {name:12} =", " * ".join(path))
        print(f"  {'':12} =", " * ".join(f"{factor:.4f}" for factor in path.values()))
        print(f"  {'':12} = {ag.prod(path.values()):.4f}")
    print("\nthe mean of four points     by hand   the engine")
    hand = by_hand()
    for name, slope in by_engine().items():
        print(f"  {name:20} {hand[name]:12.6f} {slope:12.6f}")


if __name__ == "__main__":
    main()

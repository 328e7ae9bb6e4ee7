"""Lesson 8. A perceptron learns by cross-entropy.

One sigmoid unit, p = sigmoid(w.x + b), is to answer 0 or 1. Its error is the cross-entropy,
the mean of -ln p where 1 is right and of -ln(1 - p) where 0 is. The chain rule shrinks to
dE/dw[j] = mean((p - y) x[j]) and dE/db = mean(p - y), and the engine finds just that. One
step against the gradient lowers the error; many steps get every answer right.

It prints:

              the engine   closed form   after one step
      dE/dw0   -0.170936     -0.170936         0.585468
      dE/dw1   -0.122211     -0.122211        -0.238895
      dE/db     0.016329      0.016329         0.091836

      step   error    predictions, to become      0     1     0     1
         1   0.6285                           0.58  0.61  0.37  0.50
         2   0.6068                           0.58  0.64  0.37  0.52
        10   0.4786                           0.52  0.76  0.33  0.60
       100   0.1290                           0.16  0.97  0.12  0.82
      1000   0.0149                           0.02  1.00  0.02  0.97
"""

import autograd_engine as ag

# %% One unit, and four points
X = [[0.2, -0.4], [1.0, 0.5], [-0.7, 0.9], [0.3, 0.8]]
Y = [0, 1, 0, 1]
W, B = [0.5, -0.3], 0.1
LEARNING_RATE = 0.5


def predict(w, b) -> list:
    """Return the prediction for every point."""
    return [ag.sigmoid(ag.dot(w, x) + b) for x in X]


def cross_entropy(predictions):
    return ag.mean(-ag.log(p) if y else -ag.log(1 - p) for p, y in zip(predictions, Y))


# %% The slopes, by the formulas
def closed_form(w, b) -> tuple[list[float], float]:
    """Return dE/dw and dE/db by the formulas."""
    misses = [p - y for p, y in zip(predict(w, b), Y)]
    return [ag.mean(miss * x[j] for miss, x in zip(misses, X)) for j in (0, 1)], ag.mean(misses)


# %% Training
def train(steps: int) -> dict:
    """Return what the last step started from, and the weights that it led to."""
    w = [ag.Value(W[0], label="w0"), ag.Value(W[1], label="w1")]
    b = ag.Value(B, label="b")
    for _ in range(steps):
        for parameter in (*w, b):
            parameter.grad = 0.0  # backward() adds to it
        predictions = predict(w, b)
        error = cross_entropy(predictions)
        error.backward()
        for parameter in (*w, b):
            parameter.data -= LEARNING_RATE * parameter.grad
    return {
        "prediction": [p.data for p in predictions],
        "error": error.data,
        "dE_dw": [weight.grad for weight in w],
        "dE_db": b.grad,
        "w_after": [weight.data for weight in w],
        "b_after": b.data,
    }


# %% An exercise tags=["active-ipynb"]
# w, b = [ag.Value(0.5, "w0"), ag.Value(-0.3, "w1")], ag.Value(0.1, "b")
# ag.exercise(-ag.log(predict(w, b)[1]), "step", seed=8)


# %% All of it
def main() -> None:
    step = train(steps=1)
    slopes, slope = closed_form(W, B)
    print("          the engine   closed form   after one step")
    for j in (0, 1):
        print(f"  dE/dw{j} {step['dE_dw'][j]:11.6f} {slopes[j]:13.6f} {step['w_after'][j]:16.6f}")
    print(f"  dE/db  {step['dE_db']:11.6f} {slope:13.6f} {step['b_after']:16.6f}")
    print()
    print("  step   error    predictions, to become ", *(f"{y:5}" for y in Y))
    for steps in (1, 2, 10, 100, 1000):
        step = train(steps)
        shown = " ".join(f"{p:5.2f}" for p in step["prediction"])
        print(f"  {steps:4}   {step['error']:.4f}   {'':22} {shown}")


if __name__ == "__main__":
    main()

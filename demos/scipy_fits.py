"""SciPy fits a pendulum and a Gaussian process: it asks for derivatives, and the engine has them.

From 60 noisy angles of a swing follow its length, its friction and where it began. The Gaussian
process finds how smooth a curve is and how noisy its points are. It needs NumPy and SciPy:
pip install scipy "autograd_engine[fast]".

It prints:

    a pendulum of 1.20 m, friction 0.25, let go at 2.50 rad:
      least_squares, ag.jacobian       1.204 m   0.249   2.490 rad
      L-BFGS-B, a compiled program     1.204 m   0.249   2.490 rad
    a Gaussian process on 15 points of sin(x):
      length 1.86, height 1.00, noise 0.09; log likelihood 2.29
      at x = 2.5: 0.54 +- 0.05, where sin(x) is 0.60
"""

import math
import random

import numpy as np
from scipy.optimize import least_squares, minimize

import autograd_engine as ag

RNG, START = random.Random(1), [1.0, 0.0, 2.0]


def swing(parameters):
    """Return the angle of a pendulum at every fifth of 300 steps."""
    (length, friction, angle), speed, angles = parameters, 0.0, []
    for step in range(300):
        if step % 5 == 0:
            angles.append(angle)
        speed = speed - 0.02 * (9.81 / length * ag.sin(angle) + friction * speed)
        angle = angle + 0.02 * speed
    return angles


ANGLES = [angle + RNG.gauss(0.0, 0.05) for angle in swing([1.2, 0.25, 2.5])]


def misses(parameters):
    return [angle - measured for angle, measured in zip(swing(parameters), ANGLES)]


X = [0.45 * i for i in range(15)]
Y = [math.sin(x) + RNG.gauss(0.0, 0.1) for x in X]


def kernel(x, y, length, height):
    return height * height * ag.exp(-0.5 * ((x - y) / length) ** 2)


def factor(logs):
    """Return the Cholesky factor of the points' covariance, and their values divided by it."""
    (length, height, noise), rows, solved = map(ag.exp, logs), [], []
    for x, value in zip(X, Y):
        row = []
        for other, above in zip(X, rows):
            row.append((kernel(x, other, length, height) - ag.dot(above[:-1], row)) / above[-1])
        row.append(ag.sqrt(height * height + noise * noise - ag.dot(row, row)))
        solved.append((value - ag.dot(row[:-1], solved)) / row[-1])
        rows.append(row)
    return rows, solved


def surprise(logs):
    """Return -ln of the likelihood of the points, by the logarithms of length, height and noise."""
    rows, solved = factor(logs)
    volume = len(X) / 2.0 * math.log(2.0 * math.pi) + ag.sum([ag.log(row[-1]) for row in rows])
    return volume + ag.dot(solved, solved) / 2.0


def predicted(logs, x):
    """Return mean and deviation of the curve at x."""
    (rows, solved), (length, height, _) = factor(logs), np.exp(logs)
    lower = np.array([row + [0.0] * (len(X) - len(row)) for row in rows])
    across = np.linalg.solve(lower, [kernel(x, other, length, height) for other in X])
    return across @ solved, math.sqrt(height**2 - across @ across)


def main() -> None:
    print("a pendulum of 1.20 m, friction 0.25, let go at 2.50 rad:")
    found = least_squares(misses, START, ag.jacobian(misses)).x
    print("  least_squares, ag.jacobian       {:.3f} m   {:.3f}   {:.3f} rad".format(*found))
    program = ag.compile(lambda p: ag.sum([miss**2 for miss in misses(p)]), START)
    found = minimize(program.value_and_grad, START, method="L-BFGS-B", jac=True).x
    print("  L-BFGS-B, a compiled program     {:.3f} m   {:.3f}   {:.3f} rad".format(*found))
    print(f"a Gaussian process on {len(X)} points of sin(x):")
    first, second = ag.grad(surprise), ag.hessian(surprise)
    best = minimize(surprise, [0.0, 0.0, -1.0], method="trust-exact", jac=first, hess=second)
    found = (*np.exp(best.x), -best.fun)
    print("  length {:.2f}, height {:.2f}, noise {:.2f}; log likelihood {:.2f}".format(*found))
    mean, deviation = predicted(best.x, 2.5)
    print(f"  at x = 2.5: {mean:.2f} +- {deviation:.2f}, where sin(x) is {math.sin(2.5):.2f}")


if __name__ == "__main__":
    main()

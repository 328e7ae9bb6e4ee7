"""The recipes of SciPy: derivatives of the package as SciPy takes them, of NumPy's functions or of
the package's, eager and compiled."""

import numpy as np
import pytest

import autograd_engine as ag

pytestmark = pytest.mark.peers


@pytest.fixture
def integrate():
    import scipy.integrate

    return scipy.integrate


@pytest.fixture
def optimize():
    """SciPy's, which no file of tests imports at its top: who has no peers has not SciPy either."""
    import scipy.optimize

    return scipy.optimize


START = np.array([-1.2, 1.0])
T = np.linspace(0.0, 3.0, 20)
Y = 2.0 * np.exp(-0.7 * T)


def rosenbrock(x):
    return 100.0 * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2


def in_numpy(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def shifted(x, a, b):
    return (x[0] - a) ** 2 + np.sum((x[1:] - b) ** 2)


FUNCTIONS = {"written out": rosenbrock, "NumPy": in_numpy}
OPTIONS = {"trust-constr": {"maxiter": 3000}}


def is_least(found, at=(1.0, 1.0)):
    # Methods end by tests of their own; all come nearer than this.
    return found.success and found.x == pytest.approx(at, abs=1e-3)


@pytest.mark.parametrize("way", FUNCTIONS)
@pytest.mark.parametrize(
    "method", ["CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP", "Newton-CG", "trust-constr"]
)
def test_minimize_takes_grad_as_jac(method, way, optimize):
    f = FUNCTIONS[way]
    options = OPTIONS.get(method, {})
    assert is_least(optimize.minimize(f, START, jac=ag.grad(f), method=method, options=options))


@pytest.mark.parametrize("way", FUNCTIONS)
@pytest.mark.parametrize(
    "method", ["Newton-CG", "dogleg", "trust-ncg", "trust-krylov", "trust-exact", "trust-constr"]
)
def test_minimize_takes_hessian_as_hess(method, way, optimize):
    f = FUNCTIONS[way]
    assert is_least(optimize.minimize(f, START, jac=ag.grad(f), hess=ag.hessian(f), method=method))


@pytest.mark.parametrize("method", ["Newton-CG", "trust-ncg", "trust-krylov", "trust-constr"])
def test_minimize_takes_hvp_as_hessp(method, optimize):
    for f in FUNCTIONS.values():
        found = optimize.minimize(
            f, START, jac=ag.grad(f), hessp=lambda x, v, f=f: ag.hvp(f, x, v), method=method
        )
        assert is_least(found)


@pytest.mark.parametrize("way", FUNCTIONS)
def test_minimize_takes_value_and_grad_where_jac_is_true(way, optimize):
    f = FUNCTIONS[way]
    assert is_least(optimize.minimize(ag.value_and_grad(f), START, jac=True))
    assert is_least(optimize.minimize(ag.value_and_grad(f), START.tolist(), jac=True))
    assert is_least(optimize.minimize(ag.value_and_grad(f), START.astype(np.float32), jac=True))


@pytest.mark.parametrize("method", ["BFGS", "Newton-CG", "trust-exact"])
def test_further_arguments_reach_function_gradient_and_hessian(method, optimize):
    found = optimize.minimize(
        shifted, [0.0, 0.0, 0.0], (2.0, -1.0), method, ag.grad(shifted), ag.hessian(shifted)
    ) if method != "BFGS" else optimize.minimize(
        ag.value_and_grad(shifted), [0.0, 0.0, 0.0], (2.0, -1.0), method, jac=True
    )  # fmt: skip
    assert is_least(found, (2.0, -1.0, -1.0))
    assert ag.hessian(shifted)(np.zeros(2), 2.0, b=1.0).tolist() == [[2.0, 0.0], [0.0, 2.0]]
    assert ag.jacobian(shifted)(np.zeros(2), b=1.0, a=2.0).tolist() == [-4.0, -2.0]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (x - 3.0) ** 2,  # of an array of one: an array of one
        lambda x: (x[0] - 3.0) ** 2,
        lambda x: ((x - 3.0) ** 2).sum(),
        lambda x: np.asarray((x[0] - 3.0) ** 2),  # of no dimension
    ],
)
def test_a_function_of_one_number_may_be_minimized(f, optimize):
    for x0 in (1.0, [1.0], np.array(1.0)):
        assert is_least(optimize.minimize(f, x0, jac=ag.grad(f)), 3.0)
        assert is_least(optimize.minimize(ag.value_and_grad(f), x0, jac=True), 3.0)
    assert ag.hessian(f)(np.array([1.0])).tolist() == [[2.0]]
    assert ag.hvp(f, np.array([1.0]), np.array([3.0])).tolist() == [6.0]


def test_constraints_have_gradients_jacobians_and_hessians(optimize):
    bound = {"type": "ineq", "fun": lambda x: 0.5 - x[0], "jac": ag.grad(lambda x: 0.5 - x[0])}
    found = optimize.minimize(rosenbrock, START, jac=ag.grad(rosenbrock), constraints=[bound])
    assert is_least(found, (0.5, 0.25))

    def circle(x):
        return [x[0] ** 2 + x[1] ** 2]

    inside = optimize.NonlinearConstraint(
        circle, -np.inf, 1.0, ag.jacobian(circle),
        lambda x, v: ag.hessian(lambda x: v[0] * circle(x)[0])(x),
    )  # fmt: skip
    found = optimize.minimize(
        rosenbrock, START, method="trust-constr", jac=ag.grad(rosenbrock),
        hess=ag.hessian(rosenbrock), constraints=inside, options={"maxiter": 3000},
    )  # fmt: skip
    assert is_least(found, (0.7864, 0.6177))


@pytest.mark.parametrize("way", FUNCTIONS)
def test_check_grad_finds_nothing_wrong(way, optimize):
    f = FUNCTIONS[way]
    assert optimize.check_grad(f, ag.grad(f), START) < 1e-4  # of a gradient of length 233
    assert optimize.approx_fprime(START, f) == pytest.approx(ag.grad(f)(START), rel=1e-6)


@pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
def test_least_squares_takes_jacobian_as_jac(method, optimize):
    def residuals(p):
        return p[0] * np.exp(-p[1] * T) - Y

    def own(p):
        return p[0] * ag.exp(-p[1] * T) - Y

    for jac in ("2-point", ag.jacobian(own)):
        found = optimize.least_squares(own, [1.0, 1.0], jac, method=method)
        assert found.x == pytest.approx([2.0, 0.7], abs=1e-6)

    def listed(p, ts, ys):
        return [p[0] * ag.exp(-p[1] * t) - y for t, y in zip(ts, ys)]

    found = optimize.least_squares(residuals, [1.0, 1.0], ag.jacobian(residuals), method=method)
    assert found.x == pytest.approx([2.0, 0.7], abs=1e-6)
    found = optimize.least_squares(
        listed, [1.0, 1.0], ag.jacobian(listed), method=method, args=(T, Y)
    )
    assert found.x == pytest.approx([2.0, 0.7], abs=1e-6)


@pytest.mark.parametrize("exp", [np.exp, ag.exp])
def test_curve_fit_takes_a_jacobian(exp, optimize):
    def curve(t, a, b):
        return a * exp(-b * t)

    def slopes(t, *p):
        return ag.jacobian(lambda p: curve(t, *p))(np.array(p))

    for jac in (slopes, None):
        found, _ = optimize.curve_fit(curve, T, Y, jac=jac)
        assert found == pytest.approx([2.0, 0.7], abs=1e-6)


SYSTEMS = {
    "lists": lambda x: [x[0] ** 2 + x[1] ** 2 - 1.0, x[0] - ag.sin(x[1])],
    "arrays": lambda x: np.array([x[0] ** 2 + x[1] ** 2 - 1.0, x[0] - np.sin(x[1])]),
    "the package's": lambda x: (
        ag.hypot(x, x[::-1]) ** [2, 1] - [1.0, 1.0] + [0.0, x[0] - ag.sin(x)[1]]
    ),
}


@pytest.mark.parametrize("way", SYSTEMS)
@pytest.mark.parametrize("method", ["hybr", "lm"])
def test_root_takes_jacobian_as_jac(method, way, optimize):
    f = SYSTEMS[way]
    for found in (
        optimize.root(f, [0.5, 0.5], jac=ag.jacobian(f), method=method),
        optimize.root(lambda x: (f(x), ag.jacobian(f)(x)), [0.5, 0.5], jac=True, method=method),
    ):
        assert is_least(found, (0.67361, 0.73909))
    assert optimize.fsolve(f, [0.5, 0.5], fprime=ag.jacobian(f)) == pytest.approx(found.x)


@pytest.mark.parametrize("f", [lambda x: ag.cos(x) - x, lambda x: np.cos(x) - x])
def test_newton_takes_the_first_and_the_second_derivative(f, optimize):
    first, second = ag.grad(f), ag.grad(ag.grad(f))
    for found in (
        optimize.newton(f, 0.5, fprime=first),
        optimize.newton(f, 0.5, fprime=first, fprime2=second),
        optimize.newton(f, np.array([0.5, 0.6]), fprime=np.vectorize(first))[1],
        optimize.root_scalar(f, x0=0.5, fprime=first, method="newton").root,
        optimize.root_scalar(f, x0=0.5, fprime=first, fprime2=second, method="halley").root,
        optimize.root_scalar(ag.value_and_grad(f), x0=0.5, fprime=True, method="newton").root,
    ):
        assert found == pytest.approx(0.7390851332151607, rel=1e-12)


def test_stiff_equations_are_solved_with_a_jacobian(integrate):
    def pendulum(t, y):
        return [y[1], -ag.sin(y[0])]

    def slopes(t, y):
        return ag.jacobian(lambda y: pendulum(t, y))(y)

    found = integrate.solve_ivp(pendulum, (0.0, 1.0), [1.0, 0.0], method="Radau", jac=slopes)
    plain = integrate.solve_ivp(pendulum, (0.0, 1.0), [1.0, 0.0], rtol=1e-9, atol=1e-9)
    assert found.y[:, -1] == pytest.approx(plain.y[:, -1], abs=1e-3)


def test_a_compiled_program_is_what_scipy_takes(optimize):
    program = ag.compile(rosenbrock, START)
    assert is_least(optimize.minimize(program, START, jac=ag.grad(rosenbrock)))
    assert is_least(optimize.minimize(program.value_and_grad, START, jac=True))
    for method in ("trust-exact", "Newton-CG", "trust-constr"):
        found = optimize.minimize(
            program.value_and_grad, START, method=method, jac=True, hess=program.hessian
        )
        assert is_least(found)
    assert optimize.check_grad(program, lambda x: program.value_and_grad(x)[1], START) < 1e-4


def test_a_compiled_program_of_one_number_and_of_several_outputs_too(optimize, integrate):
    cosine = ag.compile(lambda x: ag.cos(x) - x, 0.5)
    for found in (
        optimize.brentq(cosine, 0.0, 1.0),
        optimize.newton(cosine, 0.5, fprime=lambda x: cosine.value_and_grad(x)[1]),
        optimize.root_scalar(cosine.value_and_grad, x0=0.5, fprime=True).root,
    ):
        assert found == pytest.approx(0.7390851332151607, rel=1e-9)
    assert integrate.quad(cosine, 0.0, 1.0)[0] == pytest.approx(np.sin(1.0) - 0.5)
    system = ag.compile(SYSTEMS["arrays"], START)
    assert is_least(optimize.root(system, [0.5, 0.5]), (0.67361, 0.73909))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda optimize: optimize.minimize(rosenbrock, START, jac=ag.grad(lambda x: 2.0 * x)),
            r"^the function .* not ndarray: of several it is ag\.jacobian\(f\), or .* ag\.hessian\(f\)$",
        ),
        (
            lambda optimize: optimize.least_squares(shifted, START, ag.jacobian(shifted)),
            r"missing 2 required positional arguments: 'a' and 'b'$",
        ),
        (
            lambda optimize: ag.jacobian(rosenbrock)(START, 1.0),
            r"^jacobian calls f with 2 arguments, first the point, but it takes \(x\)$",
        ),
        (
            lambda optimize: optimize.minimize(lambda x: ag.Value(1.0) * x[0], [1.0]),
            r"a Value does not turn into a plain number by itself",
        ),
    ],
)
def test_what_scipy_cannot_use_is_refused_in_words(call, message, optimize):
    with pytest.raises((TypeError, ValueError), match=message):
        call(optimize)

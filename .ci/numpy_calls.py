"""Write which calls of NumPy take Values, and what they give: `demos/numpy.md`.

    python .ci/numpy_calls.py

Each call is made with one Value and with an array of Values, and a result that holds Values is
differentiated and held against differences. A test makes the table again.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import autograd_engine as ag
from autograd_engine import Value

PAGE = Path(__file__).parents[1] / "demos" / "numpy.md"
HEAD = """\
# NumPy's functions of Values

What each call gives where `x` and `y` are one Value, and where they are arrays of Values (`dtype`
object; `A` is a matrix of them): made by `.ci/numpy_calls.py` with NumPy {version}, and held by a
test. *Value* and *Values* are recorded, with the right gradient. *number* and *numbers* are plain:
NumPy asked for comparisons or positions alone. *refused* is a `TypeError` that says what to write.
*NumPy refuses* is NumPy's own error: it asks no object what to do. Some answers look at the numbers
and pick: `max(x)`, `clip(x, 0.3, 0.6)`, `median(x)` record what was picked, and `ag.maximum`,
`ag.clip` share a tie or keep the slope at a bound.

| call | one Value | an array of Values |
|---|---|---|
"""
SPECIAL = {
    "acosh": "acosh(1 + x)", "arccosh": "arccosh(1 + x)", "matmul": "matmul(A, x)",
    "matvec": "matvec(A, x)", "vecmat": "vecmat(x, A)",
}  # fmt: skip
CALLS = """\
sum(x) prod(x) mean(x) average(x) average(x,weights=y) var(x) var(x,ddof=1) std(x) median(x)
ptp(x) percentile(x,50) quantile(x,0.5) cumsum(x) cumprod(x) diff(x) ediff1d(x) gradient(x)
trapezoid(x) nansum(x) nanprod(x) nanmean(x) nanvar(x) nanstd(x) nanmax(x) cov(x,y) corrcoef(x,y)
sum(A,axis=0) mean(A,axis=1) var(A,axis=0) std(A,axis=1) prod(A,axis=0) cumsum(A,axis=1) max(x)
min(x) amax(x) amin(x) argmax(x) argmin(x) sort(x) argsort(x) partition(x,1) unique(x)
searchsorted(x,0.3) count_nonzero(x) nonzero(x) any(x) all(x) isin(x,y) array_equal(x,y)
allclose(x,y) isclose(x,y) array_equiv(x,y) iscomplex(x) isreal(x) iscomplexobj(x) isscalar(x)
dot(x,y) vdot(x,y) inner(x,y) outer(x,y) kron(x,y) cross([x[0],x[1],1.0],[y[0],y[1],1.0])
tensordot(x,y,1) einsum("i,i",x,y) dot(A,x) A@x x@A A@A A.T einsum("ij,j",A,x) trace(A) diag(A)
triu(A) linalg.norm(x) linalg.norm(x,1) linalg.norm(x,numpy.inf) linalg.norm(A)
linalg.vector_norm(x) linalg.vector_norm(x,ord=1) linalg.matrix_norm(A) linalg.vecdot(x,y)
linalg.outer(x,y) linalg.trace(A) linalg.matmul(A,A) linalg.tensordot(x,y,axes=1)
linalg.matrix_power(A,2) linalg.multi_dot([A,A,x]) linalg.det(A) linalg.inv(A) linalg.solve(A,x)
linalg.cholesky(A) linalg.eigvals(A) linalg.svd(A) linalg.qr(A) linalg.lstsq(A,x) linalg.pinv(A)
linalg.cond(A) linalg.matrix_rank(A) linalg.slogdet(A) clip(x,0.3,0.6) where(True,x,y)
where(x>0.3,x,y) select([x>0.3],[x],0.0) nan_to_num(x) real(x) imag(x) angle(x) conj(x) round(x)
around(x) fix(x) sinc(x) i0(x) unwrap(x) interp(x,[0,1],[0,2]) heaviside(x,0.5) convolve(x,y)
correlate(x,y) histogram(x) digitize(x,[0.0,0.3]) numpy.fft.fft(x) polyval([1.0,2.0,3.0],x)
polyval(x,2.0) polyfit([0.0,1.0],x,1) poly(x) polyadd(x,y) polymul(x,y) polyder(x) vander(x)
roots(x) concatenate([x,y]) stack([x,y]) hstack([x,y]) vstack([x,y]) column_stack([x,y])
append(x,y) block([x,y]) reshape(x,(-1,1)) ravel(x) transpose(A) swapaxes(A,0,1) squeeze(x)
expand_dims(x,0) broadcast_to(x,(2,2)) atleast_1d(x) roll(x,1) flip(x) rot90(A) tile(x,2)
repeat(x,2) resize(x,4) pad(x,1) split(x,2) insert(x,0,y) delete(x,0) take(x,[0])
choose([0,0],[x,y]) compress([True],x) extract([True],x) apply_along_axis(numpy.sum,0,x)
vectorize(ag.tanh)(x) array(x) asarray(x) copy(x) full(2,x) full_like(x,2.0) zeros_like(x)
ones_like(x) float64(x) array(x,dtype=float) linspace(x,y,3) arange(x) meshgrid(x,y) add.reduce(x)
multiply.accumulate(x) logaddexp.reduce(x) maximum.reduce(x) add.outer(x,y)"""


def calls() -> list[str]:
    """Return the calls: all ufuncs that this NumPy has, under their own names, and functions."""
    ufuncs = sorted(name for name in vars(np) if isinstance(getattr(np, name), np.ufunc))
    operands = {name: "(x, y)" if getattr(np, name).nin == 2 else "(x)" for name in ufuncs}
    found = [SPECIAL.get(name, name + given) for name, given in operands.items()]
    listed = [re.sub(r",(?! )", ", ", call).replace("@", " @ ") for call in CALLS.split()]
    return list(dict.fromkeys([*found, *listed]))


def operands(single: bool, kind: Any = Value) -> dict[str, Any]:
    """Return x, y and A, of Values or of floats."""
    if single:
        return {"x": kind(0.5), "y": kind(0.75)}
    given = {"x": [0.5, 0.25], "y": [0.75, 1.25], "A": [[1.5, 0.25], [0.5, 2.0]]}
    made = {name: np.array(numbers) for name, numbers in given.items()}
    if kind is Value:
        made = {name: np.vectorize(Value, otypes=[object])(array) for name, array in made.items()}
    return made


def evaluated(call: str, given: dict[str, Any]) -> Any:
    """Return what a call gives."""
    known = {"ag": ag, "numpy": np, **vars(np), **given}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return eval(call, known)


def flat(found: Any) -> list[Any]:
    """Return the items of a result."""
    if isinstance(found, (list, tuple)):
        return [item for part in found for item in flat(part)]
    return list(found.flat) if isinstance(found, np.ndarray) else [found]


def result(call: str, single: bool) -> str:
    """Return what the table says of a call."""
    given = operands(single)
    if single and re.search(r"\bA\b|x\[", call):
        return ""
    try:
        found = evaluated(call, given)
    except TypeError as error:
        return "refused" if "write " in str(error) else "NumPy refuses"
    except Exception:
        return "NumPy refuses"
    items = flat(found)
    many = not (isinstance(found, Value) or (np.ndim(found) == 0 and len(items) == 1))
    if not any(isinstance(item, Value) for item in items):
        return "numbers" if many else "number"
    if call.startswith("logical"):
        return "one of each pair"  # by Python's `and` and `or`
    return ("Values" if many else "Value") if is_right(call, given, items) else "wrong"


def is_right(call: str, given: dict[str, Any], items: list[Any]) -> bool:
    """Say whether result and gradient are those of NumPy's floats, by central differences."""
    inputs = [value for part in given.values() for value in flat(part)]
    weights = [1.0 + 0.5 * i for i in range(len(items))]
    slopes = ag.gradient(ag.sum([w * item for w, item in zip(weights, items)]), inputs)

    def at(moved: int, step: float) -> tuple[Any, Any]:
        numbers = iter([x.data + step * (i == moved) for i, x in enumerate(inputs)])
        plain = {
            name: np.array([next(numbers) for _ in flat(part)]).reshape(np.shape(part))[()]
            for name, part in given.items()
        }
        found = np.array(flat(evaluated(call, plain)), dtype=float)
        return found, float(np.resize(found, len(weights)) @ weights)

    numbers = [float(item.data if isinstance(item, Value) else item) for item in items]
    near = 1e-6
    steps = [(at(i, near)[1] - at(i, -near)[1]) / (2.0 * near) for i in range(len(inputs))]
    expected = at(-1, 0.0)[0]
    if len(expected) != len(numbers) or not np.allclose(expected, numbers, 1e-12, 1e-15):
        return False
    return np.allclose(slopes, steps, 1e-5, 1e-7)


def rows() -> list[tuple[str, str, str]]:
    return [(call, result(call, True), result(call, False)) for call in calls()]


def page() -> str:
    """Return the text of the page."""
    lines = [f"| `{call.replace('|', '&#124;')}` | {one} | {many} |" for call, one, many in rows()]
    return HEAD.format(version=np.__version__) + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")

"""Program: a compiled graph, called on numbers.

A program reads the numbers of its leaves at each call, hands them to a back end, and makes sure
that what comes back can be trusted: the guards hold, the result is finite. A back end has

    run(leaves (P + O,), rows (B, n) or None, gradient: bool) -> outputs (B, m), gradient (P,)

where `leaves` are the numbers of the tape's parameters and other leaves, B = 1 without rows, and
the gradient (None if not wanted) is that of the mean of output 0. It raises nothing for numbers
that are not finite, and its results are the caller's to keep.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from math import isfinite
from typing import Any

from autograd_engine.compiler.call.guards import Guard, Guards
from autograd_engine.state import alone

BACK_ENDS = {  # the module and the class of each
    "auto": ("choice", "Chosen"),
    "native": ("numpy.lifted", "Lifted"),
    "scalar": ("native.core", "Machine"),
    "numpy": ("numpy.lifted", "ByNumPy"),
    "exact": ("exact.interpreter", "Interpreter"),
}


class Program:
    """A compiled graph; `ag.compile` makes one. Two threads may call it at the same time.

    It is pickled and copied as a graph is: `copy.copy` shares its leaves, a deep copy and one that
    was pickled have their own, shared with what was pickled together.

    >>> import autograd_engine as ag
    >>> w, x = ag.Value(3.0, "w"), ag.Value(0.0, "x")
    >>> program = ag.compile(w * x * x, inputs=[x])
    >>> program([2.0]), program([[1.0], [2.0]])
    (12.0, array([ 3., 12.]))
    >>> program.value_and_grad([[1.0], [2.0]])
    (7.5, array([2.5]))
    """

    def __init__(
        self,
        tape: Any,
        *,
        single: bool = True,
        guards: list[Guard] | None = None,
        check: bool = True,
        backend: str = "auto",
        example: Any = None,
    ) -> None:
        import numpy

        from autograd_engine.compiler.call import second
        from autograd_engine.compiler.call.inputs import Feed
        from autograd_engine.compiler.run.exact.interpreter import mean
        from autograd_engine.compiler.run.native.core import core

        self._settings = {"single": single, "check": check, "backend": backend, "example": example}
        self._tape, self._single, self._check = tape, single, check
        self._backend, self._example = backend, example
        self._count = len(tape.outputs) - len(guards or ())
        self._feed = Feed(tape)
        self._guards = Guards(tape, self._count, guards or [], self._feed.names, check)
        self._bits = self._guards.bits
        self._turned: Any = None  # the gradient by the inputs
        self._entries: dict[bool, Any] = {}  # by whether they are those of the Hessian
        self._runner = _runner(tape, backend)
        self._run = self._runner.run
        self._rows, self._leaves = self._feed.rows, self._feed.leaves
        self._finite = getattr(core(), "finite", lambda numbers: numpy.isfinite(numbers).all())
        self._second, self._mean = second, mean
        self.parameters, self.inputs = tuple(tape.parameters), tuple(tape.inputs)

    def __call__(self, x: Any = None, *, parameters: Any = None) -> Any:
        """Return the outputs for one vector (n,): a float or (m,); for a batch (B, n): (B,)
        or (B, m). A program without inputs is called without x. With `parameters`, an array in
        the order of `program.parameters`, those numbers are used instead of the Values'. Raises
        `ValueError` for a wrong length or zero rows, `TypeError` for what is not real numbers,
        `GuardError`, and `FloatingPointError` for what is not finite.
        """
        rows, batch = self._rows(x)
        outputs, _ = self._trusted(self._leaves(parameters), rows, False)
        if self._single:
            return outputs[:, 0] if batch else outputs.item(0)
        return outputs if batch else outputs[0]

    def _trusted(self, leaves: Any, rows: Any, gradient: bool) -> tuple[Any, Any]:
        """Return what the back end gives, looked into where it is not all as it should be."""
        outputs, slopes = self._run(leaves, rows, gradient)
        if self._finite(outputs) and (slopes is None or self._finite(slopes)):
            if not self._bits:
                return outputs, slopes
            if outputs[:, self._count :].tobytes() == self._bits * len(outputs):
                return outputs[:, : self._count], slopes
        return self._guards.trusted(outputs, slopes, leaves, rows)

    def value_and_grad(
        self, x: Any = None, parameters: Any = None, *, wrt: str | None = None
    ) -> tuple[Any, Any]:
        """Return the value of the one output and its gradient by the parameters, an array in
        the order of `program.parameters`; over a batch, the mean of both.

        With `wrt="inputs"`, and of a function that uses no other leaves without it, the gradient is
        by the inputs, in the example's shape; over a batch, values (B,) and gradients (B, n).
        Raises what calling the program raises, and `ValueError` where there are several outputs.

        >>> import autograd_engine as ag
        >>> ag.compile(lambda x: x[0] * x[1], [1.0, 1.0]).value_and_grad([2.0, 3.0])
        (6.0, array([3., 2.]))
        """
        if wrt not in (None, "inputs", "parameters"):
            raise ValueError(f'wrt must be "inputs" or "parameters", got {wrt!r:.60}')
        if self._count != 1:
            self._only("a gradient")
        rows, batch = self._rows(x)
        leaves = self._leaves(parameters)
        if wrt == "inputs" or (wrt is None and self._example is not None and not self.parameters):
            return self._second.by_inputs(self, leaves, rows, batch)
        outputs, gradient = self._trusted(leaves, rows, True)
        if len(outputs) == 1:
            return outputs.item(0), gradient
        value = self._mean(outputs[:, 0].tolist())
        if self._check and not isfinite(value):
            raise FloatingPointError(f"the mean of the outputs is {value}: their sum is too large")
        return value, gradient

    def hessian(self, x: Any, *, parameters: Any = None) -> Any:
        """Return the second derivatives of the one output by the inputs, at one vector: (n, n), or
        the shape of the example twice. Raises what `value_and_grad` does, for a batch `ValueError`.

        >>> import autograd_engine as ag
        >>> ag.compile(lambda x: x[0] ** 2 * x[1], [1.0, 1.0]).hessian([2.0, 3.0])
        array([[6., 4.],
               [4., 0.]])
        """
        self._only("a Hessian")
        return self._second.hessian(self, x, parameters)

    def jvp(self, x: Any, v: Any, *, parameters: Any = None) -> Any:
        """Return the derivative of the outputs by the inputs, at one vector, along another v:
        a float or (m,). Raises what calling the program does, and `ValueError` for a batch.

        >>> import autograd_engine as ag
        >>> ag.compile(lambda x: [x[0] * x[1], x[0]], [1.0, 1.0]).jvp([2.0, 3.0], [1.0, 10.0])
        array([23.,  1.])
        """
        return self._second.jvp(self, x, v, parameters)

    def _only(self, what: str) -> None:
        if self._count != 1:
            what = f"{what} needs one output, and this program has {self._count}"
            raise ValueError(f"{what}: compile the one to differentiate, or their sum")

    def backward(self, x: Any = None) -> float:
        """Add the gradient to the parameters' `grad`, as `Value.backward` does; return the value.
        Raises what `value_and_grad` raises, and then changes nothing.
        """
        value, gradient = self.value_and_grad(x, wrt="parameters")

        def added() -> None:
            for parameter, slope in zip(self.parameters, gradient.tolist()):
                parameter._grad += slope

        alone(added)
        return float(value)

    @property
    def steps(self) -> int:
        """The number of array steps, or of instructions where numbers are computed one by one."""
        return int(self._runner.steps)

    @property
    def source(self) -> str:
        """A readable listing of the arrays that the graph is, whatever runs it."""
        from autograd_engine.compiler.tell.listing import listing

        return listing(self._tape)

    def explain_plan(self) -> str:
        """Say which back end runs this program, and why."""
        return str(getattr(self._runner, "plan", lambda: f"{self._backend}: asked for")())

    def to_jax(self) -> Any:
        """Return a pure function (parameters (P,), inputs (n,) or (B, n)) -> outputs of JAX arrays
        or lists, for `jit`, `grad`, `vmap`, `shard_map` and `export`. Without JAX's
        `jax_enable_x64` it computes in float32, in which a network is right to six digits. Where a
        guard does not hold, to 4,096 ulp, all is NaN. Raises `ImportError` without JAX.
        """
        from autograd_engine.compiler.run.jax.jax_program import tape_to_jax

        function = tape_to_jax(self._tape)
        jnp, count, guards = import_module("jax.numpy"), self._count, self._guards

        def outputs(parameters: Any, inputs: Any = None) -> Any:
            found = function(parameters, inputs)
            if guards.kept:
                expected = jnp.array([guard.expected for guard in guards.kept], found.dtype)
                slack = 4096 * float(jnp.finfo(found.dtype).eps)  # of what is rounded otherwise
                held = jnp.isclose(found[..., count:], expected, slack, 0.0, equal_nan=True)
                held = held.all(-1, keepdims=True)
                found = found * (held / held)  # 0 / 0 where one does not hold
            return found[..., 0] if self._single else found[..., :count]

        return outputs

    def to_c(self, name: str = "program") -> str:
        """Return the program as one text in C99 that allocates nothing and needs <math.h> alone:
        `NAME_outputs(parameters, inputs, outputs)` for one vector; of one output also
        `NAME_gradient(parameters, inputs, gradient)`, which returns it; the present numbers as
        `NAME_parameters`. Where a guard fails all is NaN. Raises `ValueError` for no name in C, and
        a primitive of somebody's own without a formula.

        >>> import autograd_engine as ag
        >>> "double cube_gradient(const double p" in ag.compile(ag.Value(3.0) ** 3).to_c("cube")
        True
        """
        from autograd_engine.compiler.run.native.c_program import to_c

        return to_c(self, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), guards=self._guards.kept, **self._settings), (self._tape,)

    def __repr__(self) -> str:
        return f"Program({len(self._tape.op):,} recorded nodes -> {self.steps:,} steps)"


def _runner(tape: Any, backend: str) -> Any:
    """Return the back end that runs a tape; `ValueError` where it cannot."""
    from autograd_engine.compiler.record.rewriting import Unwritable, lowered
    from autograd_engine.compiler.run.exact.interpreter import Interpreter

    place, name = BACK_ENDS[backend]
    module = import_module(f"autograd_engine.compiler.run.{place}")
    try:
        made = tape if backend == "exact" else lowered(tape)
        reason = module.fits(made) if hasattr(module, "fits") else None
        if reason is None:
            return getattr(module, name)(made, *([tape] if backend == "auto" else []))
    except Unwritable as error:
        if backend == "auto":
            return Interpreter(tape, f"It runs value by value in plain Python: {error}.")
        reason = str(error)
    raise ValueError(f"the {backend} back end cannot run this graph: {reason}")

"""What `ag.compile` is asked: outputs and inputs of a graph, or a function and an example."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from inspect import signature
from typing import Any

from autograd_engine.compiler.guards import Guard, Watch
from autograd_engine.compiler.program import BACK_ENDS, Program
from autograd_engine.derivatives import map_numbers
from autograd_engine.engine import CONSTANT, LEAF, Value, as_value
from autograd_engine.real import as_float, flag, is_number
from autograd_engine.recording import differentiating


def compile(
    output_or_outputs: Any,
    inputs: Any = (),
    parameters: Any = None,
    *,
    exact: bool = False,
    check: bool = True,
    backend: str = "auto",
) -> Program:
    """Return the program of a graph: `compile(output_or_outputs, inputs=(), parameters=None)`,
    or of a function: `compile(f, example, parameters=None)`.

    Of a graph, `inputs` are the leaves that are fed at each call, `parameters` those to
    differentiate by, in that order: by default every other leaf, in topological order.

    A function is called once, on fresh leaves of the example's shape: a number, or lists,
    tuples, dicts and arrays of numbers, nested as you like. Those are the inputs, in flattened
    order. It returns a Value, or several in lists, tuples and arrays. Each comparison and truth
    test of Values that it makes is a guard: where it comes out otherwise, a call raises
    `GuardError`. What it reads as plain numbers (`.data`, `.grad`) stays as it was.

    With `exact` the program gives the same bits as the engine, of a batch row by row. With
    `check=False` a result may be infinite or NaN. The back end is "auto", "numpy", "numba" or
    "exact".

    Raises `ValueError` for an input or parameter that is not a leaf, or given twice, for an
    output that depends on no Value and for an unknown back end, `TypeError` for what is not
    a Value and for switches that are not True or False, and `ImportError` naming the extra to
    install.

    >>> from autograd_engine import tanh
    >>> w = Value(0.5, "w")
    >>> program = compile(lambda x: tanh(w * x[0]) + x[1], [0.0, 0.0])
    >>> program([0.0, 2.0]), program.value_and_grad([[0.0, 1.0], [0.0, 2.0]])
    (2.0, (1.5, array([0.])))
    """
    require()
    backend, check = _chosen(backend, flag("exact", exact)), flag("check", check)
    guards: list[Guard] = []
    if callable(output_or_outputs):
        if isinstance(inputs, (list, tuple, dict)) and not inputs:
            raise TypeError(
                "compile(f, example) needs an example of what f is called with, "
                "such as 1.0 or [1.0, 2.0]"
            )
        check_call(output_or_outputs)
        outputs, inputs, guards = traced(output_or_outputs, inputs)
        if outputs is None:
            raise TypeError(
                "the function must return Values, not NoneType: end it with return and the output"
            )
    elif callable(inputs):
        raise TypeError("the function comes first: write ag.compile(f, example)")
    else:
        outputs, inputs = output_or_outputs, leaves(inputs, "input")
    tops = [as_value(output) for output in flattened(outputs, is_number)]
    if not tops:
        raise ValueError("there is no output: at least one Value is needed")
    given = None if parameters is None else leaves(parameters, "parameter")
    separate(inputs, given or [])

    from autograd_engine.compiler.tape import record

    tape = record([*tops, *(guard.value for guard in guards)], inputs, given)
    for i, place in enumerate(tape.outputs[: len(tops)]):
        if tape.start - len(tape.constants) <= place < tape.start:
            number = tape.constants[place - tape.start]
            raise ValueError(
                f"output {named(tops[i], i)} depends on no Value: it is the constant {number!r}"
            )
    single = isinstance(outputs, Value)
    return Program(tape, single=single, guards=guards, check=check, backend=backend)


def require() -> None:
    """Raise `ImportError` naming the extra if what the compiler needs is not installed."""
    for name in ("numpy", "numba"):
        if sys.modules.get(name) is None and (name in sys.modules or find_spec(name) is None):
            raise ImportError(
                f'ag.compile needs {name}: pip install "autograd_engine[fast]"', name=name
            )


def _chosen(backend: str, exact: bool) -> str:
    if not isinstance(backend, str) or backend not in BACK_ENDS:
        names = ", ".join(map(repr, BACK_ENDS))
        raise ValueError(f"unknown back end {backend!r}: there are {names}")
    if exact and backend not in ("auto", "exact"):
        raise ValueError(f"exact=True is a back end of its own: it cannot be {backend!r} too")
    return "exact" if exact else backend


def check_call(f: Callable[..., Any]) -> None:
    """Raise `TypeError` where f cannot be called with one argument, the example."""
    try:
        accepted = signature(f)
    except (TypeError, ValueError):  # some built in functions tell none
        return
    try:
        accepted.bind(None)
    except TypeError:
        names = [
            p.name for p in accepted.parameters.values() if p.default is p.empty and p.kind < 2
        ]
        advice = (
            f": write lambda x: f({', '.join(f'x[{i}]' for i in range(len(names)))}), "
            f"and a list of {len(names)} numbers as the example"
        )
        raise TypeError(
            f"compile calls f with one argument, the example, but it takes {accepted}"
            f"{advice if len(names) > 1 else ''}"
        ) from None


def traced(f: Callable[..., Any], example: Any) -> tuple[Any, list[Value], list[Guard]]:
    """Return what f gives on fresh leaves of the example's shape, those leaves, and its guards."""
    inputs: list[Value] = []

    def fresh(item: Any) -> Any:
        """Return a leaf for a number, an array of leaves for an array."""
        if getattr(item, "ndim", 0):
            import numpy

            made = numpy.empty(item.shape, dtype=object)
            for place, number in numpy.ndenumerate(item):
                made[place] = fresh(number)
            return made
        try:
            inputs.append(Value(as_float(item)))
        except TypeError as error:
            raise TypeError(f"number {len(inputs)} of the example: {error}") from None
        return inputs[-1]

    # Inside a derivative, so that one that f takes is made of Values too.
    with differentiating(), Watch() as watch:
        outputs = f(map_numbers(fresh, example))
    return outputs, inputs, watch.guards


def flattened(tree: Any, accepted: Callable[[Any], bool] = lambda item: False) -> Iterator[Any]:
    """Yield the Values, and what else is accepted, in nested lists, tuples and arrays.

    Raises `TypeError` for anything else.
    """
    if isinstance(tree, Value) or accepted(tree):
        yield tree
    elif isinstance(tree, (list, tuple)) or getattr(tree, "ndim", False):
        for item in tree:
            yield from flattened(item, accepted)
    else:
        raise TypeError(
            f"expected Values, or lists, tuples and arrays of them, not "
            f"{type(tree).__name__}: {tree!r}"
        )


def leaves(given: Any, kind: str) -> list[Value]:
    """Return inputs or parameters as a list; `ValueError` naming one that is not a leaf."""
    if isinstance(given, Value):
        raise TypeError(f"{kind}s are a list of Values: write [{given.label or 'x'}]")
    if callable(getattr(given, "parameters", None)) or callable(given):
        raise TypeError(
            f"{kind}s are a list of Values, such as model.parameters(); got {given!r:.60}"
        )
    found = list(flattened(given))
    for i, value in enumerate(found):
        if value.rule is not LEAF:
            what = "a constant" if value.rule is CONSTANT else f"computed, by {value.op!r}"
            raise ValueError(
                f"{kind} {named(value, i)} is {what}: only a leaf, made by Value(number), can "
                f"be given a number"
            )
    return found


def separate(inputs: Sequence[Value], parameters: Sequence[Value]) -> None:
    """Raise `ValueError` naming a leaf that was given twice."""
    seen: dict[int, str] = {}
    for kind, given in (("input", inputs), ("parameter", parameters)):
        for i, value in enumerate(given):
            name = f"{kind} {named(value, i)}"
            if id(value) in seen:
                raise ValueError(f"{name} was already given, as {seen[id(value)]}")
            seen[id(value)] = name


def named(value: Value, position: int) -> str:
    """Return the label of a value, and its position."""
    return f"{position} ({value.label!r})" if value.label else str(position)

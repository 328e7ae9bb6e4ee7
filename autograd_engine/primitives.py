"""What a primitive is, and the table of them. It computes plain numbers itself; anything else that
has a method `__primitive__(rule, operands)` answers: a Value records, a symbol writes down.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any, Final

from autograd_engine.real import REASONS, as_float, called, is_number, is_spread
from autograd_engine.words import counted, printable

REAL: Final = (-math.inf, math.inf)
POSITIVE: Final = (0.0, math.inf)


class Primitive:
    """An elementary operation: one row of the table, and the only place that knows it.

    `forward(*floats)` gives a float, `partials(output, *operands)` the tuple of the derivatives by
    each operand, written with primitives, so that it reads floats, Values and whatever else takes
    part in arithmetic. `symbol` is drawn in pictures, `doc` says what it is; `domain` holds, for
    each operand, the interval inside which the operation is defined.

    A value of one of `several` operands, more than two or any number, keeps them in a tuple; of
    any number `domain` holds one interval. `written_out(*operands)` computes the same in operations
    of one or two operands; None where it is one, or nobody has said.
    """

    __slots__ = (
        "name", "forward", "partials", "symbol", "domain", "several", "arity", "written_out", "doc",
        "__weakref__",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        partials: Callable[..., Any],
        symbol: str | None = None,
        domain: tuple[tuple[float, float], ...] = (REAL,),
        several: bool = False,
        written_out: Callable[..., Any] | None = None,
        doc: str = "",
    ) -> None:
        self.name = name
        self.forward = forward
        self.partials = partials
        self.symbol = name if symbol is None else symbol
        self.domain = domain
        self.several = several or len(domain) > 2
        self.arity = 0 if several and len(domain) == 1 else len(domain)  # 0: any number
        self.written_out = written_out
        self.doc = doc

    def __call__(self, *operands: Any) -> Any:
        """Apply to Values (recorded: gives a Value) or to numbers (gives a float)."""
        for operand in operands:
            if type(operand) is not float:
                return self._dispatch(operands)
        return evaluate(self, operands)

    def _dispatch(self, operands: tuple[Any, ...]) -> Any:
        check_count(self, operands)
        answers = None  # of the first that has one
        for operand in operands:
            answer = getattr(operand, "__primitive__", None)
            if answer is None:
                if is_spread(operand):
                    return elementwise(self, operands)
            elif answers is None:
                answers = answer
        if answers is not None:
            return answers(self, operands)
        told = self.name if self.arity == 1 else "f"
        return evaluate(self, tuple([as_float(operand, told) for operand in operands]))

    def __reduce__(self) -> tuple[Any, ...]:
        if is_built_in(self):
            return find_primitive, (self.name,)
        given = self.name, self.forward, self.partials, self.symbol, self.domain, self.several
        return Primitive, (*given, self.written_out, self.doc)

    @property
    def __name__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


TABLE: Final[dict[str, Primitive]] = {}  # every row of the package, by name
FAMILIES: Final[dict[str, Callable[[Any], Primitive]]] = {}  # of rows such as **2, softmax[3]


def row(name: str, forward: Any, partials: Any, *domain: Any, **more: Any) -> Primitive:
    """Add a row to the table; one written out and without a domain takes any number of operands."""
    more |= {"domain": domain} if domain else {"several": "written_out" in more}
    TABLE[name] = Primitive(name, forward, partials, **more)
    return TABLE[name]


def find_primitive(name: str) -> Primitive:
    """Return the row of that name, such as `exp`, `**2`, `softmax[0]`; `ValueError` if none."""
    if name in TABLE:
        return TABLE[name]
    for family, make in FAMILIES.items():
        number = name[len(family) :].rstrip("]")
        if name.startswith(family) and number.lstrip("-").isdigit():
            return make(int(number))
        if name.startswith("**"):
            return make(float(number))
    raise ValueError(f"there is no primitive named {name!r}")


def is_built_in(rule: Primitive) -> bool:
    """Say whether this is a row of the package, not somebody's own of that name."""
    if rule.name in TABLE:
        return TABLE[rule.name] is rule
    return any(rule.name.startswith(family) for family in FAMILIES)


def primitive(
    name: object, forward: Callable[..., float], partials: Callable[..., Any]
) -> Primitive:
    """Return a primitive of your own, as good as the built-in ones.

    `forward(*floats)` gives a float; `partials(output, *operands)` the tuple of the derivatives by
    each operand, written with the package's functions, so that higher derivatives follow by
    themselves. It takes as many operands as `partials` does, any number of them if that is a
    function of `output, *operands`. The name is only shown.

    Raises `ValueError` unless `partials` takes the output and at least one operand, and for names
    of powers or of an entry; `TypeError` for a name that is no text, and for what is no function.

    >>> cube = primitive("cube", lambda x: x * x * x, lambda out, x: (3.0 * x * x,))
    >>> cube(2.0), cube.partials(8.0, 2.0)
    (8.0, (12.0,))
    """
    if not isinstance(name, str):
        raise TypeError(f"the name of a primitive is text, not {type(name).__name__}: {name!r:.60}")
    for what, given in (("forward", forward), ("partials", partials)):
        if not callable(given):
            raise TypeError(f"the {what} of {name} must be a function, not {given!r:.60}")
    if any(name.startswith(family) for family in FAMILIES):
        raise ValueError(f"{name!r} is a name of powers or entries: give your primitive another")
    kinds = [parameter.kind for parameter in signature(partials).parameters.values()]
    kinds = [kind for kind in kinds if kind < Parameter.KEYWORD_ONLY]  # the rest are settings
    several = Parameter.VAR_POSITIONAL in kinds
    if len(kinds) < 2 or (several and len(kinds) > 2):
        such = "of the output and of each operand, as lambda out, x: (...,) or lambda out, *xs: ..."
        raise ValueError(f"the partials of {name} must be a function {such}")
    return Primitive(name, forward, partials, None, (REAL,) * (len(kinds) - 1), several)


class Opaque(Primitive):
    """The rule of a value whose operands are known but whose partials are not."""

    def __init__(self, symbol: str, operands: tuple[Any, ...]) -> None:
        super().__init__("opaque", float, lambda out: (), symbol)
        self.operands = operands


def check_partials(output: Any) -> None:
    """Refuse to differentiate what was made with operands but no partials."""
    if isinstance(output._rule, Opaque) and output._rule.operands:
        cure = "compute it from them, such as a + b, or by an ag.primitive of your own"
        raise RuntimeError(f"{output!r} was made with operands but without its partials: {cure}")


def evaluate(rule: Primitive, operands: tuple[float, ...]) -> float:
    """Return the primitive's value at plain floats."""
    if not operands or len(operands) != rule.arity:
        check_count(rule, operands)
    try:
        found = rule.forward(*operands)
        return found if type(found) is float else result(rule, found)
    except (ArithmeticError, ValueError) as error:
        raise refused(rule, error, *operands) from None


def result(rule: Primitive, found: Any) -> float:
    """Return what a forward function gave as a float, refusing what is no number."""
    if is_number(found):
        return float(found)
    raise TypeError(f"{rule.name} must give one real number, got {printable(repr(found), 80)}")


def check_count(rule: Primitive, operands: tuple[Any, ...]) -> None:
    if not rule.arity and not operands:
        raise ValueError(f"{rule.name} of nothing: it needs at least one value")
    if rule.arity and len(operands) != rule.arity:
        takes = f"{rule.name} takes {counted(rule.arity, 'operand')}, got {len(operands)}"
        base = ": to another base it is ag.log(x) / ag.log(b)" if rule.name == "log" else ""
        raise TypeError(takes + base)


def elementwise(function: Callable[..., Any], operands: tuple[Any, ...], kind: Any = float) -> Any:
    """Return the function applied to each element of NumPy arrays: of numbers, in such an array."""
    import numpy

    # As an array, a Value does not ask to be called again.
    arrays = [numpy.array(x, dtype=object) if hasattr(x, "__primitive__") else x for x in operands]
    found = numpy.frompyfunc(function, len(operands), 1)(*arrays)
    plain = kind is bool or all(numpy.asarray(x).dtype.kind in "biuf" for x in arrays)
    return found.astype(kind) if plain and hasattr(found, "astype") else found


def refused(rule: Primitive, error: Exception, *operands: Any) -> Exception:
    """Return the error of a primitive outside its domain: of the same kind, with a message that
    names operation, labels and numbers.
    """
    given = [operand for operand in operands if operand is not None]
    numbers = [repr(as_float(getattr(operand, "_data", operand))) for operand in given]
    call = called(rule.name, rule.symbol, numbers)
    kind = next(kind for kind in REASONS if isinstance(error, kind))
    labels = [getattr(operand, "label", "") for operand in given]
    named = [f"{label!r:.80} is {number}" for label, number in zip(labels, numbers) if label]
    message = f"{call} {REASONS[kind]}" + (f" ({', '.join(named)})" if named else "")
    low, high = rule.domain[0]
    if not is_built_in(rule) and str(error):  # its author knows better what is wrong
        message += f": {error}"
    elif kind is ValueError and len(given) == 1 and (low, high) != REAL:
        message += f": {rule.name} is defined between {low} and {high}"
    return kind(message)


def computed(rule: Primitive, operands: tuple[Any, ...]) -> tuple[float, tuple[Any, ...], float]:
    """Return the number of an operation of several, its `paired`, and 0.0, or NaN by a partial."""
    numbers = [operand._data for operand in operands]
    try:
        data = result(rule, rule.forward(*numbers))
        partials = rule.partials(data, *numbers)
    except (ArithmeticError, ValueError) as error:
        raise refused(rule, error, *operands) from None
    floats = slopes(rule, partials, len(operands))
    return data, paired(operands, floats), sum(floats) * 0.0


def paired(operands: tuple[Any, ...], partials: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what an operation of several keeps: each operand before its partial."""
    return tuple([item for pair in zip(operands, partials) for item in pair])


def slopes(rule: Primitive, partials: Any, count: int) -> tuple[float, ...]:
    """Return partials as floats, refusing what is not a number for each operand."""
    try:
        return tuple([as_float(item) for item in checked(rule, partials, count)])
    except TypeError:
        return checked(rule, partials, -1)  # type: ignore[no-any-return]


def checked(rule: Primitive, partials: Any, count: int) -> Any:
    """Return so many partials, refusing others."""
    if type(partials) is tuple and len(partials) == count:
        return partials
    wanted = f"as a tuple, one for each operand, not {partials!r:.200}"
    raise TypeError(f"the partials of {rule.name} must come {wanted}") from None

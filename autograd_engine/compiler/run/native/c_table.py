"""The table of primitives in C: what the native core includes, written when it is built.

The functions of plain floats are translated from `floats.py`, values and partials of scalar
instructions from the rules of the table; only how a row is spelled with vectors stands here.

>>> "EACH(3, (x * y)) /* multiply */" in text()
True
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from autograd_engine.compiler.record.symbols import X, Y, applied
from autograd_engine.compiler.run.native.kinds import kinds, spelled
from autograd_engine.compiler.run.plain import digest, texts
from autograd_engine.primitives import TABLE
from autograd_engine.table import CONSTANT, LEAF

VECTORS = {
    "stopped": "x",
    "add": "x + y",
    "subtract": "x - y",
    "multiply": "x * y",
    "divide": "x / y",
    "ratio": "x / y",
    "negative": "-x",
    "absolute": "size(x)",
    "sqrt": "root(x)",
    "circle": "root((1.0 - x) * (1.0 + x))",
    "relu": "if_less(x, 0.0, 0.0, x)",
    "maximum": "if_less(x, y, y, if_equal(y, y, x, y))",
    "minimum": "if_less(y, x, y, if_equal(y, y, x, y))",
    "above": "if_less(y, x, 1.0, 0.0)",
    "at_least": "if_less(y, x, 1.0, if_equal(x, y, 1.0, 0.0))",
    "equals": "if_equal(x, y, 1.0, 0.0)",
    "sign": "if_less(x, 0.0, -1.0, if_less(0.0, x, 1.0, x))",
    "azmul": "if_equal(x, 0.0, if_equal(x * y, x * y, x * y, 0.0), x * y)",
    "gap": "if_equal(x, y, if_less(-math.inf, x, 0.0, x), x - y)",
    "gate": "if_equal(x, 0.0, 0.0, y)",
    "choose": "if_less(y, x, z, 0.0)",
    "exp": "v_exp(x)",
    "log": "v_log(x)",
    "ln": "v_log(x)",
    "log1p": "v_log1p(x)",
    "tanh": "v_tanh(x)",
    "sigmoid": "v_sigmoid(x)",
    "bell": "v_bell(x)",
    "softplus": "v_softplus(x)",
    "gauss": "v_gauss(x)",
    "expm1": "v_expm1(x)",
    "sin": "v_sin(x)",
    "cos": "v_cos(x)",
    "atan": "v_atan(x)",
    "sinh": "v_sinh(x)",
    "cosh": "v_cosh(x)",
    "unit": "v_unit(x, y)",
}
"""How a row of the table is spelled with vectors; the other rows are computed number by number."""

CHOOSE = "z if x > y else 0.0"  # an instruction of arrays that is no row

SQUARED = "y == 2.0 ? x * x : pow(x, y)"  # too frequent to be computed as powers are
OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
COMPARED = {
    ast.Lt: "<", ast.Gt: ">", ast.LtE: "<=", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
Case = tuple[str, int, str, list[str]]  # title, code, the macro to apply, its arguments
NAMES = {"abs": "fabs", "max": "larger", "nan": "NAN", "inf": "INFINITY"}


def text() -> str:
    """Return the whole text, which has a line for each row of the table."""
    maps = [*VECTORS, *(name for name in scalars() if name not in VECTORS)]
    parts = ["/* Written from the table of primitives when the package is built. */"]
    found = [function(ast.parse(source).body[0]) for source in texts().values()]
    parts += [f"{part.partition(' {')[0]};" for part in found if part.startswith("INLINE")]
    parts += found
    parts += [
        f"#define {name.upper()} {maps.index(name)}" for name in ("multiply", "power", "slope")
    ]
    parts.append(f"#define VECTORS {len(VECTORS)}")
    parts.append(f'#define SOURCES "{digest()}"')
    parts.append(f'#define MAPS "{" ".join(maps)}"')
    parts.append(f'#define KINDS "{"|".join(kind.key for kind in kinds())}"')
    rows = [(name, code, "EACH", [spelt(VECTORS[name], True)]) for code, name in enumerate(VECTORS)]
    parts.append(macro("VECTOR_ROWS(EACH)", rows))
    rows = [(name, code, "EACH", [spelt(scalars()[name])]) for code, name in enumerate(maps)]
    parts.append(macro("SCALAR_ROWS(EACH)", rows))
    values: list[Case] = []
    slopes: list[Case] = []
    groups: list[Case] = []
    for code, kind in enumerate(kinds()):
        given = (kind.value, *kind.partials)
        value, *partials = map(spelt, given)
        vector, *vectors = map(in_vectors, given)
        if "" in (vector, *vectors) or "v_" not in "".join([vector, *vectors]):  # nothing to gain
            values.append((kind.key, code, "EACH", [value]))
            slopes.append((kind.key, code, f"EACH{len(partials)}", partials))
        else:
            found = [value, vector, *partials, *vectors]
            groups.append((kind.key, code, f"EACH{len(partials)}", found))
    parts.append(macro("KIND_VALUES(EACH)", values))
    parts.append(macro("KIND_PARTIALS(EACH1, EACH2, EACH3)", slopes))
    parts.append(macro("KIND_VECTORS(EACH1, EACH2)", groups))
    parts.append(f'#define GROUPED "{" ".join(str(code) for _, code, *_ in groups)}"')
    return "\n".join(parts)


@lru_cache(maxsize=1)
def scalars() -> dict[str, str]:
    """Return the Python text of each function that is mapped over arrays, by name."""
    found = {"choose": CHOOSE}
    for name, rule in TABLE.items():
        if rule.written_out is None and rule not in (LEAF, CONSTANT):
            found[name] = spelled(applied(rule, *(X, Y)[: len(rule.domain)]))
    return found


def macro(head: str, cases: Iterable[Case]) -> str:
    """Return a macro that applies others to the code and the texts of each case."""
    lines = [f"#define {head}"]
    for title, code, each, found in cases:
        lines.append(f"  {each}({', '.join([str(code), *found])}) /* {title} */")
    return " \\\n".join(lines) + "\n"


def spelt(text: str, vector: bool = False) -> str:
    """Return a Python expression in C."""
    return in_c(ast.parse(text, mode="eval").body, vector)


def in_vectors(text: str) -> str:
    """Return an expression in C on vectors; "" where it calls what has no spelling with them."""
    node = ast.parse(text, mode="eval").body
    if isinstance(node, (ast.Constant, ast.UnaryOp)) and is_number(node):
        return f"all({in_c(node)})"
    try:
        return in_c(Spelling().visit(node), True)
    except LookupError:
        return ""


class Spelling(ast.NodeTransformer):
    """Replaces each call of a row by its spelling with vectors."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        name = in_c(node.func)
        found = ast.parse(VECTORS[{"fabs": "absolute"}.get(name, name)], mode="eval").body
        given = dict(zip("xyz", [self.visit(item) for item in node.args]))
        return Given(given).visit(found)  # type: ignore[no-any-return]


class Given(ast.NodeTransformer):
    """Replaces names by expressions."""

    def __init__(self, given: dict[str, ast.expr]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.given.get(node.id, node)


def function(node: ast.stmt) -> str:
    """Return a definition of `floats.py` in C."""
    if isinstance(node, ast.Assign):
        return f"static const double {in_c(node.targets[0])} = {in_c(node.value)};"
    assert isinstance(node, ast.FunctionDef)
    names = {argument.arg for argument in node.args.args}
    body = "\n".join(statements(node.body, names))
    if node.name in ("power", "lenient_power"):
        body = f"  return {SQUARED};"
    given = ", ".join(f"double {argument.arg}" for argument in node.args.args)
    return f"INLINE double f_{node.name}({given}) {{\n{body}\n}}"


def statements(body: list[ast.stmt], known: set[str], deep: str = "  ") -> Iterator[str]:
    """Yield the lines of statements; names that are not `known` are declared."""
    for node in body:
        if isinstance(node, ast.Return):
            assert node.value is not None
            yield f"{deep}return {in_c(node.value)};"
        elif isinstance(node, ast.If):
            for test, block in ((f"if ({in_c(node.test)})", node.body), ("else", node.orelse)):
                if block:
                    yield f"{deep}{test} {{"
                    yield from statements(block, known, deep + "  ")
                    yield deep + "}"
        elif isinstance(node, ast.AugAssign):
            yield f"{deep}{in_c(node.target)} {OPERATORS[type(node.op)]}= {in_c(node.value)};"
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            assert node.value is not None
            yield from (deep + line for line in assigned(targets[0], node.value, known))


def assigned(target: ast.expr, value: ast.expr, known: set[str]) -> Iterator[str]:
    """Yield the lines of one assignment, or of several at once: all values come first."""
    if isinstance(target, ast.Tuple):
        test = in_c(value.test) if isinstance(value, ast.IfExp) else ""
        ways = (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,)
        parts = zip(*([in_c(item) for item in way.elts] for way in ways))  # type: ignore[attr-defined]
        pairs = [(in_c(name), f"{test} ? " * bool(test) + " : ".join(part))
                 for name, part in zip(target.elts, parts)]  # fmt: skip
        yield from (f"double new_{name} = {part};" for name, part in pairs)
        pairs = [(name, f"new_{name}") for name, _ in pairs]
    else:
        pairs = [(in_c(target), in_c(value))]
    for name, part in pairs:
        yield f"{'' if name in known else 'double '}{name} = {part};"
        known.add(name)


def in_c(node: ast.expr, vector: bool = False) -> str:
    """Return an expression in C; with vectors, numbers that are operands of a call are repeated."""
    if isinstance(node, ast.Name):
        return NAMES.get(node.id, node.id)
    if isinstance(node, ast.Attribute):  # of math
        return NAMES.get(node.attr, node.attr)
    if isinstance(node, ast.Constant):
        return repr(float(node.value))  # type: ignore[arg-type]
    if isinstance(node, ast.UnaryOp):
        return f"({'!' if isinstance(node.op, ast.Not) else '-'}{in_c(node.operand, vector)})"
    if isinstance(node, ast.BinOp):
        left, right = in_c(node.left, vector), in_c(node.right, vector)
        if isinstance(node.op, ast.Pow):
            return f"pow({left}, {right})"
        return f"({left} {OPERATORS[type(node.op)]} {right})"
    if isinstance(node, ast.Compare):
        sides = [in_c(side, vector) for side in (node.left, *node.comparators)]
        tests = zip(sides, node.ops, sides[1:])
        return f"({' && '.join(f'{x} {COMPARED[type(op)]} {y}' for x, op, y in tests)})"
    if isinstance(node, ast.BoolOp):
        word = " && " if isinstance(node.op, ast.And) else " || "
        return f"({word.join(in_c(item, vector) for item in node.values)})"
    if isinstance(node, ast.IfExp):
        return f"({in_c(node.test)} ? {in_c(node.body)} : {in_c(node.orelse)})"
    assert isinstance(node, ast.Call), ast.dump(node)
    name = in_c(node.func)
    parts = [in_c(item, vector) for item in node.args]
    if vector:
        parts = [
            f"all({part})" if is_number(item) else part for item, part in zip(node.args, parts)
        ]
    elif isinstance(node.func, ast.Name) and name in texts():
        name = f"f_{name}"
    return f"{name}({', '.join(parts)})"


def is_number(node: ast.expr) -> bool:
    """Say whether an operand is a number of Python, maybe a negative one."""
    node = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(node, (ast.Constant, ast.Attribute))

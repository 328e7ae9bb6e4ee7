"""The page's JavaScript: Python translated, and every row of the table with the numbers of its own."""

from __future__ import annotations

import ast
import math
import random
import re
from importlib.resources import files

import pytest

from autograd_engine.compiler.run import translation
from autograd_engine.compiler.run.translation import Simple, Untranslatable
from autograd_engine.primitives import TABLE, Primitive, find_primitive, primitive
from autograd_engine.table import power_of, tanh
from autograd_engine.views.explore.javascript import Script, written

NAN, INF = math.nan, math.inf
DIGITS = 1e-12  # JavaScript's functions differ from C's by an ulp or two, and rules multiply that
SAMPLES = [*range(-3, 4), -0.0, 0.3, -0.3, 0.999, 1.7, 6.0, -6.0, 40.0, -40.0, 1e-9, 1e-200, 1e200]
POINTS = [*map(float, SAMPLES), 800.0, -800.0, 1e308, NAN, INF, -INF]


@pytest.fixture(scope="module")
def run(browser):
    """Return a function: what a script's `calls`, a list of functions, give, as numbers or errors."""
    page = browser.new_page(offline=True)

    def evaluate(script):
        found = page.evaluate(
            f"""(() => {{ {script}
            return calls.map((call) => {{
              try {{ return call().map((x) => Object.is(x, -0) ? "-0" : String(x)); }} catch (error) {{ return error.constructor.name; }}
            }}); }})()"""
        )
        return [f if isinstance(f, str) else [float(text) for text in f] for f in found]

    yield evaluate
    page.close()


def spelled(numbers):
    """Return the source of a list of numbers."""
    return re.sub("inf", "Infinity", re.sub("nan", "NaN", repr(list(numbers))))


def python(function, *given):
    """Return what a function gives, as a list of numbers, or the name of its error."""
    try:
        found = function(*given)
    except (ArithmeticError, ValueError) as error:
        return type(error).__name__
    return [float(item) for item in (found if isinstance(found, (list, tuple)) else [found])]


def same(ours, theirs, digits):
    """Whether numbers, or names of errors, agree: to the sign of 0 where no digits are given."""
    if isinstance(ours, str) or isinstance(theirs, str):
        return ours == theirs
    if not digits:
        return list(map(repr, ours)) == list(map(repr, theirs))
    return len(ours) == len(theirs) and all(map(close, ours, theirs))


def close(ours, theirs):
    tiny = abs(ours) < 1e-290 and abs(theirs) < 1e-290  # subnormal numbers have few digits
    both = math.isnan(ours) and math.isnan(theirs)
    return tiny or both or math.isclose(ours, theirs, rel_tol=DIGITS)


# Python, translated.


def translated(source):
    """Return a function of Python as one of JavaScript."""
    (function,) = ast.fix_missing_locations(Simple().visit(ast.parse(source))).body
    node = function.value if isinstance(function, ast.Expr) else function
    return Script().function(node)


def agrees(run, source, cases):
    """Return the cases in which a function does something else in JavaScript."""
    space: dict[str, object] = {"math": math}
    exec(source if source.startswith("def f") else f"f = {source}", space)
    calls = ", ".join(f"() => [f(...{spelled(case)})].flat()" for case in cases)
    found = run(f"{PYTHON}\nconst f = {translated(source)};\nconst calls = [{calls}];")
    expected = [python(space["f"], *case) for case in cases]
    return [z for z in zip(cases, found, expected) if not same(z[1], z[2], 0)]


PYTHON = files("autograd_engine.views.explore").joinpath("python.js").read_text(encoding="utf-8")
PAIRS = [(x, y) for x in (*POINTS[:12], NAN, INF, -INF) for y in (-2.0, -0.0, 0.0, 0.5, 3.0, NAN, INF)]  # fmt: skip


@pytest.mark.parametrize(
    "source",
    [
        "lambda x, y: x / y",
        "lambda x, y: x % y",
        "lambda x, y: x / 4 - y / 2.0",
        "lambda x, y: abs(x) ** y",
        "lambda x, y: x - (y - x) - x * (y + x) / 2.0",
        "lambda x, y: -(-x) * -y - -x",
        "lambda x, y: (x < y) + 0.0 if x != y else -0.0",
        "lambda x, y: 1.0 if x else 2.0",
        "lambda x, y: 1.0 if not x or not (x < y or y > 2.0) and y else 2.0",
        "lambda x, y: 1.0 if -1.0 <= x < y else 2.0 if x == y else 3.0",
        "lambda x, y: (x if x > 0.0 else -x) * (y if y else 1.0)",
        "lambda x, y: max(x, y) - max(1.0, y, x)",
        "lambda x, y: math.copysign(x, y) + math.inf * 0.0",
        "lambda x, y: math.fmod(x, y)",
        "lambda x, y: math.sqrt(x) + y",
        "lambda x, y: [x, y][-1] + (y, x)[0] * len([x, *[y, y]])",
        "lambda x, y: 1.0 if x in (0.0, 1.0) and not y > 0.0 else y",
    ],
)
def test_expressions_of_numbers_give_the_same_bits_and_errors(run, source):
    assert agrees(run, source, PAIRS) == []


def random_expression(rng, depth):
    """Return the source of an expression of x and y, in which all kinds are nested in all."""
    if not depth:
        return rng.choice(["x", "y", "2.0"])
    a, b, c, d = (f"({random_expression(rng, rng.randrange(depth))})" for _ in "abcd")
    forms = [f"{a} + {b}", f"{a} - {b}", f"{a} * {b}", f"{a} / 4.0", f"-{a}", f"{a} if {b} < {c} else {d}",
             f"{a} if {b} and ({c} >= 0.0 or not {d}) else {b}", f"{a} if not {b} == {c} else {d}"]  # fmt: skip
    return rng.choice(forms)


def test_brackets_stand_round_every_part_that_has_parts(run):
    rng = random.Random(0)
    wrong = []
    for _ in range(100):
        tree = ast.unparse(ast.parse(random_expression(rng, 4)))  # with no more than Python needs
        wrong += agrees(run, f"lambda x, y: {tree}", [(1.5, -0.7), (-2.0, 0.3), (0.0, -0.0)])
    assert wrong == []
    simple = "lambda x, y: x * (y + 2.0) - (x - y) / 2.0"
    assert translated(simple) == "(x, y) => (x * (y + 2.0)) - (py.divide(x - y, 2.0))"


STATEMENTS = [
    """
def f(*xs):
    total = 0.0
    for x in xs:
        total += x if x == x else 1.0
    return total / len(xs)
""",
    """
def f(*xs):
    \"\"\"With a text.\"\"\"
    largest: float = xs[0]
    for place, x in zip(range(len(xs)), xs):
        if x > largest:
            largest = x
        elif place == 1:
            largest = largest + 0.25
        else:
            largest -= 0.5
    return largest
""",
    """
def f(*xs):
    odd = len(xs) % 2
    found = [1.0] * len(xs)
    found[odd::2], found[odd + 1 :: 2] = xs[odd + 1 :: 2], xs[odd::2]
    found[0] = -found[-1]
    return tuple(found)
""",
    """
def f(*xs):
    before = [1.0]
    for x, y in zip(xs[:-1], xs[1:]):
        before.append(before[-1] * x - y)
    found = [0.0] + [2.0 * x for x in before]
    return [*found, *xs[1:3], *xs[-2:], *xs[1::2], *xs[9:], *xs[-9:1]]
""",
    """
def f(*xs):
    first, *rest = xs
    shifted = [x - first for x in rest]
    return [*shifted, *(i * first for i in range(1, len(xs)))]
""",
    """
def f(*xs):
    try:
        return math.log(1.0 - xs[0]) / (xs[-1] + 2.0)
    except ValueError:
        return -1.0
    except ArithmeticError:
        return -2.0
""",
    """
def f(*xs):
    i = len(xs) % 2
    found = xs[:i] + xs[i + 1 :]
    for x in xs[i:]:
        if len(found) < 5 and (x < 3.0 or not xs):
            found += x, -x
    return found[1:]
""",
    """
def f(*xs):
    root = xs[-1] ** 0.5
    if isinstance(root, complex):
        raise ValueError("negative")
    error, factor = math.exp(200.0 * xs[0]), 2.0
    return error * factor
""",
]
LISTS = [(3.0,), (1.0, -2.0), (0.1, 0.2, 0.3), (5.0, 4.0, 3.0, 2.0), (NAN, 1.0, 1.0, INF, 1.0)]


@pytest.mark.parametrize("source", STATEMENTS)
def test_functions_of_any_number_of_floats_give_the_same_bits_and_errors(run, source):
    assert agrees(run, source.strip(), LISTS) == []


@pytest.mark.parametrize(
    "source",
    [
        "lambda x: (y := x)",
        "lambda x: x in x",
        "lambda x: x or 1.0",
        "lambda x: x // 2.0",
        "lambda x: x[::-1]",
        "lambda x: [a for a in x if a]",
        "lambda x: (lambda y: y)(x)",
        "lambda x: x & 1",
        "lambda x: ~x",
        "lambda x: {x}",
        "lambda x: f'{x}'",
        "lambda x: x.real",
        "lambda x: x.hex()",
        "lambda x: 2j * x",
        "lambda x, y=1.0: x + y",
        "lambda x: max([x], key=abs)",
        "lambda x: isinstance(x, float)",
        "lambda x: [a * b for a in x for b in x]",
        "def f(x):\n    while x:\n        x -= 1.0\n    else:\n        x = 2.0",
        "def f(x):\n    for a in x:\n        break",
        "def f(x):\n    global g",
        "def f(x):\n    x = y = 1.0",
        "def f(x):\n    x[0] += 1.0",
        "def f(x):\n    for x[0] in [1.0]:\n        pass",
        "def f(x):\n    raise ValueError",
        "def f(x):\n    try:\n        pass\n    except:\n        pass",
        "def f(x):\n    try:\n        pass\n    except (ValueError, TypeError):\n        pass",
        "def f(x):\n    try:\n        pass\n    except ValueError as error:\n        pass",
    ],
)
def test_what_has_no_translation_is_refused_by_name(source):
    with pytest.raises(Untranslatable, match="the page's JavaScript"):
        translated(source)


# The table, written.


def test_what_a_row_calls_is_written_before_it_and_once():
    script = Script()
    assert script.rule(TABLE["bell"], 1) == "{forward: M.bell, partials: D.bell}"
    assert script.rule(TABLE["sigmoid"], 1) == "{forward: M.sigmoid, partials: D.sigmoid}"
    assert (
        "\n".join(script.lines.values())
        == """\
floats.sigmoid = (x) => {
  let e;
  if (x >= 0.0) {
    return py.divide(1.0, 1.0 + math.exp(-x));
  }
  e = math.exp(x);
  return py.divide(e, 1.0 + e);
};
floats.bell = (x) => floats.sigmoid(x) * floats.sigmoid(-x);
M.bell = floats.bell;
M.tanh = math.tanh;
D.bell = (out, x) => [(-out) * M.tanh(0.5 * x)];
M.sigmoid = floats.sigmoid;
D.sigmoid = (out, x) => [M.bell(x)];"""
    )


def rows():
    """Every row of the table and some of its families, each with the number of its operands."""
    computed = [row for row in TABLE.values() if row.symbol]
    powers = [power_of(n) for n in (2, -1, 3, 0, 0.5, -2.5)]
    entries = [find_primitive(f"{name}[1]") for name in ("softmax", "log_softmax", "cross_entropy")]
    rows = [(row, row.arity) for row in (*computed, *powers, *entries)]
    counts = [(row, count) for row, count in rows if count]
    several = [row for row, count in rows if not count]
    return [*counts, *((row, count) for row in several for count in (2, 4))]


def test_every_row_of_the_table_gives_in_javascript_what_it_gives_in_python(run):
    rng = random.Random(0)
    cases = []
    for place, (row, count) in enumerate(rows()):
        points = [*POINTS, *(rng.uniform(-4.0, 4.0) for _ in range(40))]
        pairs = [(x, y) for x in POINTS for y in points[::3]]
        if count > 2:
            pairs = [tuple(rng.choice(points) for _ in range(count)) for _ in range(300)]
        cases += [
            (place, row, given) for given in ([(x,) for x in points] if count == 1 else pairs)
        ]
    asked = ", ".join(f"[{place}, {spelled(given)}]" for place, _, given in cases)
    found = run(
        f"""{written(rows())}
        const calls = [{asked}].map(([place, given]) => () => {{
          const out = RULES[place].forward(...given);
          return [out, ...RULES[place].partials(out, ...given)];
        }});"""
    )
    wrong = []
    for (_, row, given), ours in zip(cases, found):
        theirs = python(lambda *xs: [out := row.forward(*xs), *row.partials(out, *xs)], *given)
        if not same(ours, theirs, DIGITS):
            wrong.append((row.name, given, ours, theirs))
    assert wrong == []
    assert len(cases) > 5_000


def test_a_row_without_a_translation_is_refused_by_name(monkeypatch):
    odd = ast.parse("lambda out, x: {out}", mode="eval").body
    found = translation.read()
    monkeypatch.setattr(translation, "read", lambda own: found | {"M.tanh": odd})
    with pytest.raises(Untranslatable, match="the page's JavaScript cannot be written from"):
        Script().rule(TABLE["tanh"], 1)


def test_a_primitive_of_ones_own_is_read_with_symbols_whatever_its_number_of_operands(run):
    twice = primitive("twice", lambda x: x + x, lambda out, x: (2.0,))
    gated = Primitive("gated", lambda x, y, z: twice(x) * tanh(y) - z**2.0, lambda out, x, y, z: (2.0 * tanh(y), out * y, -2.0 * z), domain=((-INF, INF),) * 3)  # fmt: skip
    given = (0.3, -0.7, 2.0)
    (found,) = run(
        f"""{written([(gated, 3)])}
        const given = {spelled(given)}, out = RULES[0].forward(...given);
        const calls = [() => [out, ...RULES[0].partials(out, ...given)]];"""
    )
    out = gated.forward(*given)
    assert same(found, [out, *gated.partials(out, *given)], DIGITS)


def test_a_primitive_of_ones_own_that_cannot_be_read_is_null():
    assert Script().rule(primitive("kinked", abs, lambda out, x: (1.0 if x > 0.0 else -1.0,)), 1) == "null"  # fmt: skip
    assert Script().rule(primitive("far", math.lgamma, lambda out, x: (x,)), 1) == "null"
    inner = primitive("inner", math.lgamma, lambda out, x: (x,))
    assert Script().rule(primitive("outer", inner, lambda out, x: (x,)), 1) == "null"

"""Expressions typed as text: parsed into graphs, and refused clearly where they are none."""

import math
import re

import pytest

import autograd_engine as ag
from autograd_engine import Value, expressions, functions
from autograd_engine.expressions import FUNCTIONS, evaluate
from autograd_engine.table import PUBLIC


def value_of(expression, **numbers):
    return evaluate(expression, {name: Value(data, name) for name, data in numbers.items()})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a", 3.0),
        ("a + b", 1.0),
        ("a - b*2", 7.0),
        ("a / b", -1.5),
        ("a ** 2", 9.0),
        ("2 ** a", 8.0),
        ("a ** b", 1 / 9),
        ("-a ** 2", -9.0),
        ("+a", 3.0),
        ("1 + 2 * 3", 7.0),
        ("2 ** 3 ** 2", 512.0),
        (" ( a\n + b ) ", 1.0),
        ("tanh(a*b + 6)", 0.0),
        ("abs(b)", 2.0),
        ("sum([a, b, 1])", 2.0),
        ("mean((a, b))", 0.5),
        ("dot([a, b], [2, 1])", 4.0),
        ("softmax([a, a])[-1]", 0.5),
        ("where(a > b, a, b)", 3.0),
        ("clip(a, 0, high=1)", 1.0),
        ("leaky_relu(b, slope=0.5)", -1.0),
        ("hypot(a, a + 1)", 5.0),
        ("1e3 * a", 3000.0),
    ],
)
def test_an_expression_has_the_value_it_has_in_python(expression, expected):
    words = set(re.findall(r"\b[ab]\b", expression))
    numbers = {name: data for name, data in {"a": 3.0, "b": -2.0}.items() if name in words}
    assert value_of(expression, **numbers).data == expected


def test_an_expression_is_recorded_as_it_would_be_in_code():
    a, b, c = Value(2.0, "a"), Value(-3.0, "b"), Value(6.9, "c")
    output = evaluate("tanh(a*b + c)", {"a": a, "b": b, "c": c})
    output.backward()
    x, y, z = Value(2.0), Value(-3.0), Value(6.9)
    expected = (x * y + z).tanh()
    expected.backward()
    assert output.data == expected.data
    assert [a.grad, b.grad, c.grad] == [x.grad, y.grad, z.grad]
    assert (output.op, output.label) == ("tanh", "")


def test_a_whole_exponent_is_one_operand_as_in_code():
    output = value_of("a**2", a=3.0)
    assert (output.op, len(output.operands)) == ("**2", 1)
    assert value_of("a**-1", a=4.0).op == "**-1"
    assert value_of("a**0.5", a=4.0).op == "**0.5"


def test_every_function_of_the_package_can_be_called():
    assert set(PUBLIC) <= set(FUNCTIONS)
    ours = {name for name in ag.__all__ if getattr(functions, name, None) is getattr(ag, name)}
    ours.remove("Value")
    assert ours and all(FUNCTIONS[name] is getattr(ag, name) for name in ours)
    for name in sorted(set(PUBLIC) - {"acosh"}):
        two = PUBLIC[name].arity == 2
        output = value_of(f"{name}(a, 0.5)" if two else f"{name}(a)", a=0.25)
        operands = (Value(0.25), Value(0.5))[: 1 + two]
        assert output.data == getattr(operands[0], name)(*operands[1:]).data


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "cannot read the expression ''"),
        ("a +* 2", r"cannot read the expression 'a \+\* 2': .* at character 4"),
        ("2a", r"'2a': a product is written 2\*a$"),
        ("a³", r"'a³': a power is written x\*\*3$"),
        ("a⁻¹² + 1", r"a power is written x\*\*3$"),
        ("√a", r"a function is written sqrt\(x\)$"),
        ("|a| - 2", r"an absolute value is written abs\(x\)$"),
        ("2a×b", r"a product is written 2\*a$"),
        ("a·b", r"'a·b': a product is written 2\*a$"),
        ("tan⁻¹(a)", r"'tan⁻¹\(a\)': tan⁻¹\(x\) is written atan\(x\), and sin²"),
        ("sin²(a) + 1", r"and sin²\(x\) sin\(x\)\*\*2$"),
        ("a!", "'a!': there is no factorial$"),
        ("1,5*a", "not one number; decimals are written 1.5$"),
        ("a³ + 2a", r"a product is written 2\*a, a power is written x\*\*3$"),
        ("a÷2", "signs are written - / <= >=$"),
        ("a − 2", "signs are written - / <= >=$"),
        ("sin a", r"a product is written 2\*a, a function is written sqrt\(x\)$"),
        ("a b", r"a product is written 2\*a$"),
        ("1e5 +", "invalid syntax"),
        ("2(a + 1)", r"no function '2'; functions .*; a product is written \*$"),
        ("a(a + 1)", r"no function 'a'; functions .*; a product is written \*$"),
        ("(a)(a, 1)", r"a product is written \*$"),
        ("5!", "cannot read the expression '5!'"),
        ("2e5a", "cannot read the expression '2e5a'"),
        ("1e400 * a", "the number '1e400' is too large: numbers go up to 1.8e"),
        ("1" + "0" * 400, "is too large: numbers go up to 1.8e"),
        (
            "x + y*tanh(z) + x",
            "no value is given for 'x', 'y', 'z': write x=2 y=2 z=2$",
        ),
        (
            "x + pi + sin(y) + foo(x)",
            "no value is given for 'x', 'pi', 'y': write x=2 pi=3.14",
        ),
        ("π * a", "no value is given for 'π': write π=3.14"),
        ("tahn(a)", r"there is no function 'tahn'; did you mean 'tanh'\?$"),
        ("TANH(a)", r"there is no function 'TANH'; did you mean 'tanh'\?$"),
        ("sqr(a)", r"there is no function 'sqr'; did you mean 'sqrt'\?$"),
        (
            "a = 2",
            "'a = 2': it has a = in it; values are given apart, as in a=2, and compared by ==",
        ),
        ("a + b = 3", "it has a = in it; values are given apart"),
        ("a += 3", "it has a = in it; values are given apart"),
        ("a; b", "cannot read the expression 'a; b': "),
        ("a\0", "null"),
        ("b + a", "no value is given for 'b': write b=2$"),
        ("tanh + a", r"'tanh' is a function: call it, as in tanh\(...\)$"),
        ("sigmiod(a)", r"there is no function 'sigmiod'; did you mean 'sigmoid'\?"),
        ("eval(a)", "there is no function 'eval'"),
        ("print(a)", r"no function 'print'; functions are called by their bare names, as in tanh"),
        ("average(a)", r"no function 'average'; functions are called by their bare names"),
        (
            "__import__('os').system('true')",
            r"no function \"__import__\('os'\).system\"; functions are called by",
        ),
        ("a.data", r"cannot contain 'a.data': functions are called by their bare names"),
        ("math.exp(a)", "no function 'math.exp'; functions are called by their bare names"),
        ("(lambda: a)()", "no function 'lambda ?: a'"),
        ("lambda: a", "cannot contain 'lambda: a'"),
        ("[x for x in a]", "cannot contain"),
        ("{a: 1}", "cannot contain"),
        ("'text'", "cannot contain"),
        ("f'{a}'", "cannot contain"),
        ("True", "cannot contain 'True'"),
        ("2j * a", "cannot contain '2j'"),
        ("a ^ 2", r"cannot contain 'a \^ 2': a power is written \*\*"),
        (
            "a % 2",
            r"cannot contain 'a % 2': there are \+ - \* / \*\*, comparisons, lists and functions",
        ),
        ("a // 2", "cannot contain 'a // 2': division is written /, and is never rounded"),
        ("a and 2", "cannot contain 'a and 2': conditions are joined by nesting"),
        ("where(a > 0 or a < -1, 1, 2)", "cannot contain 'a > 0 or a < -1': conditions are joined"),
        ("(a > 0) & (a < 2)", "cannot contain"),
        ("not a", "cannot contain 'not a'"),
        (
            "a if a > 0 else -a",
            r"'a if a > 0 else -a': write where\(condition, value, otherwise\)$",
        ),
        ("+".join(["a"] * 3000) + " % 2", "cannot contain 'a % 2': "),
        ("-".join(["a"] * 3000) + " = 1", "compared by =="),
        ("*".join(["a"] * 3000) + " 2", "cannot read the expression"),
        ("max(a, 2)", "there is no function 'max'; did you mean 'maximum'"),
        ("min(a, 2)", "there is no function 'min'; did you mean 'minimum'"),
        ("ln(a)", "there is no function 'ln'; did you mean 'log'"),
        ("arctan2(a, 1)", "there is no function 'arctan2'; did you mean 'atan2'"),
        ("pow(a, 2)", r"there is no function 'pow'; did you mean 'a \*\* b'\?$"),
        ("a * pi", "no value is given for 'pi': write pi=3.141592653589793$"),
        ("e ** a", r"write e=2.718281828459045; e\*\*a is written exp\(a\)$"),
        ("0 < a < 2", "cannot contain '0 < a < 2': one comparison at a time$"),
        ("(b := a)", "cannot contain"),
        ("sum(*a)", r"cannot contain '\*a'"),
        ("clip(a, **a)", r"it is called as clip\(x, low, high\)$"),
        ("sum(a, a, 2*a)", r"in 'sum\(.*\)': it is called as sum\(values\)$"),
        ("mean(a)", r"in 'mean\(a\)': mean takes a list: mean\(\[a, b\]\); got Value"),
        ("norm()", r"it is called as norm\(values\)$"),
        ("prod(2)", r"prod takes a list: prod\(\[a, b\]\); got float"),
        ("softmax([a], [a])", r"it is called as softmax\(values\)$"),
        ("dot(a, a)", r"dot takes two lists: dot\(\[a, b\], \[c, d\]\); got Value"),
        ("clip(a)", r"in 'clip\(a\)': it is called as clip\(x, low, high\)$"),
        ("clip(a, 0, 1, 2)", r"it is called as clip\(x, low, high\)$"),
        ("clip(a, 0, 1, x=a)", r"it is called as clip\(x, low, high\)$"),
        ("elu(a, beta=2)", r"it is called as elu\(x, alpha\)$"),
        ("tanh(y=a)", r"in 'tanh\(y=a\)': it is called as tanh\(x\)$"),
        ("sin()", r"in 'sin\(\)': it is called as sin\(x\)$"),
        ("hypot(1.0)", r"in 'hypot\(1.0\)': it is called as hypot\(x, y\)$"),
        ("tanh(a, a)", r"in 'tanh\(a, a\)': it is called as tanh\(x\)$"),
        ("[a] * 2", r"in '\[a\] \* 2': expected one real number, got list"),
        ("[a, a][2]", r"in '\[a, a\]\[2\]': list index out of range"),
        ("[a, a][0.5]", "square brackets pick an item of a list by its number"),
        ("a[0]", "square brackets pick an item of a list by its number"),
        ("mean([])", "mean of nothing"),
        ("softmax([a, 1])", r"gives \[Value\(.*\], not one number"),
        ("a > 1", "the expression gives True, not one number"),
        ("-" * 5000 + "a", "nested too deeply"),
        ("(" * 150 + "a" + ")" * 150 + " +" * 2, "cannot read"),
        ("log(-a)", r"log\(-2.0\) is not a real number"),
        ("(-a) ** 0.5", "is not a real number"),
    ],
)
def test_what_is_no_expression_is_refused_with_the_piece_that_is_wrong(expression, message):
    with pytest.raises(ValueError, match=message):
        value_of(expression, a=2.0)


def test_a_value_that_is_not_used_is_refused():
    with pytest.raises(ValueError, match="'b' has a value, but the expression does not mention it"):
        value_of("a + 1", a=1.0, b=2.0)


def test_impossible_arithmetic_of_numbers_is_refused_at_once():
    with pytest.raises(OverflowError, match="too large"):
        value_of("9 ** 9 ** 9 ** 9")
    with pytest.raises(ZeroDivisionError, match="divides by zero"):
        value_of("a / 0", a=1.0)


def test_infinities_and_nan_are_numbers_like_others():
    assert value_of("a * 2", a=math.inf).data == math.inf
    assert math.isnan(value_of("a + 1", a=math.nan).data)


@pytest.mark.parametrize(
    "expression",
    [
        "{}",
        "tanh({} - b)",
        "where({} > 1e-1, a, b)",
        "sum([{}, -{}, (a + {})*2])",
        "-{} + b",
        "2**-({})",
    ],
)
@pytest.mark.parametrize(
    "chain",
    [
        lambda n: "+".join(["a"] * n),
        lambda n: " - ".join(["1e-3*a", "-2*b"] * n),
        lambda n: "*".join(["a", "-b/2", "(+b)**2"] * n) + "*0",
        lambda n: "\n- ".join(["*".join(["b"] * n)] * 2 * n),
    ],
)
def test_a_long_chain_is_the_graph_that_a_short_one_would_be(monkeypatch, expression, chain):
    text = f"({expression})".replace("{}", chain(25)) + " + 0*a + 0*b"
    found = []
    for long in (20, 10**9):
        monkeypatch.setattr(expressions, "LONG", long)
        values = {"a": Value(0.75, "a"), "b": Value(-0.5, "b")}
        output = evaluate(text, values)
        output.backward()
        found.append([output.data, *(value.grad for value in values.values())])
        found.append([node.op for node in ag.graph.nodes(output)])
    assert found[:2] == found[2:]


def test_ten_thousand_terms_are_no_nesting_but_ten_thousand_brackets_are():
    for text in ("+".join(["a"] * 10_000), f"tanh({'*'.join(['a'] * 10_000)})"):
        assert value_of(text, a=1.0).data in (10_000.0, math.tanh(1.0))
    with pytest.raises(ValueError, match="nested too deeply|too many nested"):
        value_of("(" * 10_000 + "a" + ")" * 10_000, a=1.0)

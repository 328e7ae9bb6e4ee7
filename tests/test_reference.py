"""What a row of the table says as text: the formulas of its rule, its domain, its kinks."""

import math
import re

import pytest

import autograd_engine as ag
from autograd_engine.manual import describe, domain
from autograd_engine.primitives import TABLE

PUBLIC = [name for name in ag.__all__ if isinstance(getattr(ag, name), ag.Primitive)]


@pytest.mark.parametrize("name", PUBLIC)
def test_each_primitive_tells_its_derivative_by_each_operand_and_its_domain(name):
    rule, told = getattr(ag, name), describe(getattr(ag, name))
    by = re.findall(r"^    ∂.+/∂(\w+) = .+$", told, re.M)
    assert len(set(by)) == len(by) == len(rule.domain)
    assert f"({', '.join(by)})" in told or name == "sqrt"
    assert "\n\nDefined for " in told


DOMAINS = {
    "log": "0 < u", "log2": "0 < u", "log10": "0 < u", "log1p": "-1 < u", "sqrt": "0 ≤ u",
    "asin": "-1 ≤ u ≤ 1", "acos": "-1 ≤ u ≤ 1", "acosh": "1 ≤ u", "atanh": "-1 < u < 1",
}  # fmt: skip
KINKS = {
    "absolute": [([0.0], "its derivative at 0 is 0")],
    "relu": [([0.0], "its derivative at 0 is 0")],
    "sqrt": [([0.0], "its derivative at 0 is inf")],
    "cbrt": [([0.0], "its derivative at 0 is inf")],
    "asin": [([x], "its derivative at -1 and 1 is inf") for x in (-1.0, 1.0)],
    "acos": [([x], "its derivative at -1 and 1 is -inf") for x in (-1.0, 1.0)],
    "acosh": [([1.0], "its derivative at 1 is inf")],
    "maximum": [([2.0, 2.0], "of equal ones the derivatives are 0.5 and 0.5")],
    "minimum": [([2.0, 2.0], "of equal ones the derivatives are 0.5 and 0.5")],
    "hypot": [([0.0, 0.0], "at the origin the derivatives are 0 and 0")],
    "atan2": [([0.0, 0.0], "at the origin the derivatives are 0 and 0")],
}


@pytest.mark.parametrize("name", PUBLIC)
def test_domains_are_those_decided(name):
    assert domain(getattr(ag, name), "uv") == DOMAINS.get(name, "")


@pytest.mark.parametrize("name", TABLE)
def test_kinks_are_told_where_they_are_and_as_the_rule_has_them(name):
    for point, told in KINKS.get(name, ()):
        rule = TABLE[name]
        assert f"; {told}." in describe(rule)
        found = " and ".join(f"{slope:g}" for slope in rule.partials(rule(*point), *point))
        assert told.endswith(f" {found}")
    assert ("; " in TABLE[name].doc) == (name in KINKS) or name in ("norm", "logaddexp")


def test_an_operation_of_any_number_of_operands_tells_its_derivative_by_the_first():
    assert describe(TABLE["norm"]).endswith(
        "\n\n    ∂norm(x₀, x₁, x₂, x₃)/∂x₀ = x₀/norm(x₀, x₁, x₂, x₃)"
    )
    assert describe(TABLE["dot"]).endswith("\n\n    ∂(x₀·x₁ + x₂·x₃)/∂x₀ = x₁")


def test_operators_tell_theirs():
    assert domain(TABLE["divide"], "uv") == "v ≠ 0"


def cube(x):
    return x * x * x


@pytest.mark.parametrize(
    ("forward", "partials", "told"),
    [
        (cube, lambda out, x: (3.0 * x * x,), "    own(u) = u³\n    ∂own(u)/∂u = 3·u²"),
        (math.log, lambda out, x: (1.0 / x,), "    ∂own(u)/∂u = 1/u"),
        (
            lambda x, y: ag.tanh(x) * y,
            lambda out, x, y: (y * (1.0 - ag.tanh(x) ** 2), ag.tanh(x)),
            "    own(u, v) = tanh(u)·v\n    ∂own(u, v)/∂u = v·(1 − tanh(u)²)\n"
            "    ∂own(u, v)/∂v = tanh(u)",
        ),
        (lambda x: 1 / 0, lambda out, x: None, ""),
        (
            lambda x, y, z: x * y + z,
            lambda out, x, y, z: (y, x, 1.0),
            "    own(u₀, u₁, u₂) = u₀·u₁ + u₂\n    ∂own(u₀, u₁, u₂)/∂u₀ = u₁\n"
            "    ∂own(u₀, u₁, u₂)/∂u₁ = u₀\n    ∂own(u₀, u₁, u₂)/∂u₂ = 1",
        ),
        (
            lambda *xs: xs[0] * xs[1],
            lambda out, *xs: (xs[1], xs[0], *[0.0] * (len(xs) - 2)),
            "    ∂own(u₀, u₁, u₂, u₃)/∂u₀ = u₁",
        ),
    ],
)
def test_a_primitive_of_ones_own_tells_what_can_be_read_and_claims_no_domain(
    forward, partials, told
):
    assert describe(ag.primitive("own", forward, partials), "uv") == told

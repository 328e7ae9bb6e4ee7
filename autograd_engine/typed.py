"""What the command line shows of an expression that is typed in: one function for each part.

Each raises `ValueError`, `ArithmeticError` and `OSError` for what cannot be done.
"""

from __future__ import annotations

import sys
from argparse import Namespace

from autograd_engine.diagnosis import diagnose as diagnose_graph
from autograd_engine.engine import Value
from autograd_engine.expressions import evaluate
from autograd_engine.files import checked_path
from autograd_engine.views.explain import Explanation
from autograd_engine.views.explain import explain as explain_graph
from autograd_engine.views.explain.typesetting import plain
from autograd_engine.views.explore import explore as explore_graph
from autograd_engine.views.picture import draw as draw_graph
from autograd_engine.views.steps.player import play
from autograd_engine.words import LINE, printable

WRITTEN = {".txt": "text", ".md": "markdown", ".html": "html"}
"""How an explanation is written into a file, by its ending."""


def draw(options: Namespace) -> None:
    """Draw the graph of the expression, with the gradients."""
    output, values = _evaluated(options)
    output.backward()
    picture = draw_graph(output, style=options.style, direction=options.direction)
    picture.save(options.output)
    print(f"{printable(options.expression.strip(), LINE)} = {output.data:.10g}")
    for name, value in values.items():
        print(f"gradient by {printable(name)} = {value.grad:.10g}")
    note = f", {picture.note}" if picture.note else ""
    print(f"wrote {printable(options.output, LINE)}{note}")


def step(options: Namespace) -> None:
    """Play the passes through the graph of the expression."""
    play(_evaluated(options)[0])


def explain(options: Namespace) -> None:
    """Write out the derivatives of the expression by its names, or by the one asked for."""
    path = None
    if options.output is not None:
        path = checked_path(options.output, "an explanation", tuple(WRITTEN))
    output, values = _evaluated(options)
    names = list(values) if options.wrt is None else [options.wrt]
    if not names or names[0] not in values:
        wanted = "a name" if options.wrt is None else f"the name {options.wrt!r:.80}"
        raise ValueError(f"to differentiate by {wanted} the expression has to mention it")
    lines = [line for name in names for line in explain_graph(output, values[name])._lines]
    explanation = Explanation(lines)
    if path is None:
        print(plain(explanation.text, sys.stdout.encoding), end="")
    else:
        text = getattr(explanation, WRITTEN[path.suffix.lower()])
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {printable(options.output, LINE)}")


def explore(options: Namespace) -> None:
    """Write the page to explore the expression in."""
    page = explore_graph(_evaluated(options)[0], options.output)
    print(f"{page.description}\nwrote {printable(options.output, LINE)}")


def diagnose(options: Namespace) -> bool:
    """Print what is wrong with the gradients of the expression, and say whether anything is."""
    output, values = _evaluated(options)
    output.backward()
    found = diagnose_graph(output, values.values(), lr=options.lr)
    print(found)
    return bool(found)


def _evaluated(options: Namespace) -> tuple[Value, dict[str, Value]]:
    values: dict[str, Value] = {}
    for name, number in options.values:
        if name in values:
            raise ValueError(f"{name!r:.80} is given twice")
        values[name] = Value(number, name)
    return evaluate(options.expression, values), values

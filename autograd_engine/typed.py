"""What the command line shows of an expression that is typed in: one function for each part."""

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
    """Evaluate an expression on the values given, and draw its graph with the gradients.

    Raises `ValueError`, `ArithmeticError` and `OSError` for what cannot be done.
    """
    output, values = _evaluated(options)
    output.backward()
    picture = draw_graph(output, style=options.style, direction=options.direction)
    picture.save(options.output)
    print(f"{printable(options.expression.strip(), LINE)} = {output.data:.10g}")
    for name, value in values.items():
        print(f"gradient by {printable(name)} = {value.grad:.10g}")
    print(
        f"wrote {printable(options.output, LINE)}" + (f", {picture.note}" if picture.note else "")
    )


def step(options: Namespace) -> None:
    """Evaluate an expression on the values given, and play the passes through its graph.

    Raises `ValueError` and `ArithmeticError` for what cannot be done.
    """
    play(_evaluated(options)[0])


def explain(options: Namespace) -> None:
    """Write out the derivatives of an expression by its names, or by the one asked for.

    Raises `ValueError`, `ArithmeticError` and `OSError` for what cannot be done.
    """
    path = None
    if options.output is not None:
        path = checked_path(options.output, "an explanation", tuple(WRITTEN))
    output, values = _evaluated(options)
    names = list(values) if options.wrt is None else [options.wrt]
    if not names or names[0] not in values:
        wanted = "a name" if options.wrt is None else f"the name {options.wrt!r:.80}"
        raise ValueError(f"to differentiate by {wanted} the expression has to mention it")
    found = (explain_graph(output, values[name], options.depth) for name in names)
    explanation = Explanation([line for one in found for line in one._lines])
    if path is None:
        print(plain(explanation.text, sys.stdout.encoding), end="")
    else:
        text = getattr(explanation, WRITTEN[path.suffix.lower()])
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {printable(options.output, LINE)}")


def explore(options: Namespace) -> None:
    """Write the page to explore an expression in.

    Raises `ValueError`, `ArithmeticError` and `OSError` for what cannot be done.
    """
    page = explore_graph(_evaluated(options)[0], options.output)
    print(f"{page.description}\nwrote {printable(options.output, LINE)}")


def diagnose(options: Namespace) -> bool:
    """Print what is wrong with the gradients of an expression, and say whether anything is.

    Raises `ValueError` and `ArithmeticError` for what cannot be done.
    """
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

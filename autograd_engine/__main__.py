"""The command line: `python -m autograd_engine train iris`, `... replay moons`, and of an
expression `... draw "tanh(a*b)" a=2 b=-3`, likewise `step`, `explain`, `explore`, `diagnose`.
"""

from __future__ import annotations

import argparse
import io
import math
import re
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

import autograd_engine
from autograd_engine import commands
from autograd_engine.datasets.tables import columns
from autograd_engine.diagnosis import diagnose
from autograd_engine.engine import Value
from autograd_engine.expressions import evaluate
from autograd_engine.files import checked_path
from autograd_engine.nn import ACTIVATIONS
from autograd_engine.views.explain import Explanation, explain
from autograd_engine.views.explain.typesetting import plain
from autograd_engine.views.explore import explore
from autograd_engine.views.picture import draw
from autograd_engine.views.picture.drawing import DIRECTIONS, STYLES
from autograd_engine.views.steps.player import play
from autograd_engine.words import LINE, printable

FOUND = 1
REFUSED = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return its exit status.

    It is 0, of `diagnose` 1 where something is wrong, 2 for a refusal and 130 for Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # class names may be in any script
            stream.reconfigure(errors="backslashreplace")
    options = _options(list(sys.argv[1:] if arguments is None else arguments))
    try:
        found = options.run(options)
    except KeyboardInterrupt as interrupt:
        print("; ".join(["interrupted", *map(str, interrupt.args)]), file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        return _refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except (ValueError, ArithmeticError, RuntimeError) as error:
        return _refuse(str(error))
    return FOUND if found else 0


def _refuse(message: str) -> int:
    print(f"autograd_engine: error: {printable(message, 2 * LINE)}", file=sys.stderr)
    return REFUSED


class _Parser(argparse.ArgumentParser):
    """An argument parser whose refusals are one message, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        sys.exit(_refuse(f"{message} (see {self.prog} --help)"))


def _number(kind: type, told: str, least: float = -math.inf) -> Callable[[str], Any]:
    """Return what reads a finite number from `least` on; a positive one where that is 0."""

    def read(text: str) -> Any:
        with suppress(ValueError):
            if least <= (number := kind(text)) < math.inf and (least or number):
                return number
        raise ArgumentTypeError(f"{text!r:.80} is not {told}")

    return read


_whole = _number(int, "a whole number")
_count = _number(int, "a whole number from 1", 1)
_rate = _number(float, "a positive number", 0)


def _sizes(text: str) -> list[int]:
    try:
        return [_count(size.strip()) for size in text.split(",")] if text.strip() else []
    except ArgumentTypeError as error:
        raise ArgumentTypeError(f"sizes are written as in 16,16: {error}") from None


def _named(text: str) -> tuple[str, float]:
    name, _, number = (part.strip() for part in text.partition("="))
    with suppress(ValueError):
        if name.isidentifier():
            return name, float(number)
    raise ArgumentTypeError(f"{text.strip()!r:.80} does not give a name a number, as a=2 does")


WRITTEN = {".txt": "text", ".md": "markdown", ".html": "html"}
"""How an explanation is written into a file, by its ending."""


def _draw(options: Namespace) -> None:
    """Draw the graph of the expression, with the gradients."""
    output, values = _evaluated(options)
    output.backward()
    picture = draw(output, style=options.style, direction=options.direction)
    picture.save(options.output)
    print(f"{printable(options.expression.strip(), LINE)} = {output.data:.10g}")
    for name, value in values.items():
        print(f"gradient by {printable(name)} = {value.grad:.10g}")
    note = f", {picture.note}" if picture.note else ""
    print(f"wrote {printable(options.output, LINE)}{note}")


def _step(options: Namespace) -> None:
    """Play the passes through the graph of the expression."""
    play(_evaluated(options)[0])


def _explain(options: Namespace) -> None:
    """Write out the derivatives of the expression by its names, or by the one asked for."""
    path = None
    if options.output is not None:
        path = checked_path(options.output, "an explanation", tuple(WRITTEN))
    output, values = _evaluated(options)
    names = list(values) if options.wrt is None else [options.wrt]
    if not names or names[0] not in values:
        wanted = "a name" if options.wrt is None else f"the name {options.wrt!r:.80}"
        raise ValueError(f"to differentiate by {wanted} the expression has to mention it")
    found = (explain(output, values[name], options.depth) for name in names)
    explanation = Explanation([line for one in found for line in one._lines])
    if path is None:
        print(plain(explanation.text, sys.stdout.encoding), end="")
    else:
        text = getattr(explanation, WRITTEN[path.suffix.lower()])
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {printable(options.output, LINE)}")


def _explore(options: Namespace) -> None:
    """Write the page to explore the expression in."""
    page = explore(_evaluated(options)[0], options.output)
    print(f"{page.description}\nwrote {printable(options.output, LINE)}")


def _diagnose(options: Namespace) -> bool:
    """Print what is wrong with the gradients of the expression, and say whether anything is."""
    output, values = _evaluated(options)
    output.backward()
    found = diagnose(output, values.values(), lr=options.lr)
    print(found)
    return bool(found)


def _evaluated(options: Namespace) -> tuple[Value, dict[str, Value]]:
    values: dict[str, Value] = {}
    for name, number in options.values:
        if name in values:
            raise ValueError(f"{name!r:.80} is given twice")
        values[name] = Value(number, name)
    return evaluate(options.expression, values), values


def _option(name: str, told: str, **given: Any) -> tuple[str, dict[str, Any]]:
    return name, {"help": told, **given}


# fmt: off
DATA = (
    _option("name", "a dataset", nargs="?", choices=commands.DATASETS),
    _option("--csv", "a table of your own; needs --target", metavar="FILE"),
)
KIND = (
    _option("--classes", "numbers in the target are classes", action="store_true", default=None),
    _option("--numbers", "they are to be predicted as such", action="store_false", dest="classes"),
)
TRAIN = (
    _option("--target", "the column of the table to predict", metavar="COLUMN"),
    _option("--limit", "take only N samples", type=_count, metavar="N"),
    _option("--layers", 'sizes of the hidden layers, "" for none', type=_sizes, metavar="16,16"),
    _option("--activation", "of hidden layers (%(default)s)", choices=ACTIVATIONS, default="tanh"),
    _option("--optimizer", "%(default)s by default", choices=commands.OPTIMIZERS, default="adam"),
    _option("--learning-rate", "by default one that suits the data", type=_rate, metavar="RATE"),
    _option("--epochs", "from the very first, with --resume too", type=_count, metavar="N"),
    _option("--batch-size", "samples a step (%(default)s)", type=_count, default=16, metavar="N"),
    _option("--seed", "of data, split, weights and shuffling", type=_whole, default=0),
    _option("--output", "to write into (%(default)s)", default="autograd_output", metavar="FOLDER"),
    _option("--resume", "continue the training in that folder", action="store_true"),
    _option("--new-rate", "resume with another --learning-rate than before", action="store_true"),
    _option("--quiet", "no progress bar", action="store_true"),
)
FORMULA = (
    _option("expression", 'such as "tanh(a*b + c)"'),
    _option("values", "such as a=2, for each name", nargs="*", type=_named, metavar="NAME=NUMBER",
            default=[]),  # without it argparse would call them required
)
EXPRESSIONS: dict[str, tuple[Callable[..., Any], str, tuple[Any, ...]]] = {
    "draw": (_draw, "draw the graph of an expression", (
        _option("--output", ".svg .html .png .pdf or .dot", default="graph.svg", metavar="FILE"),
        _option("--style", "how much is shown (%(default)s)", choices=STYLES, default="auto"),
        _option("--direction", "LR is from left to right", choices=DIRECTIONS, default="LR"),
    )),
    "step": (_step, "step through an expression, forward and back", ()),
    "explain": (_explain, "write a derivative out by the chain rule", (
        _option("--wrt", "the name to differentiate by (each, one after another)", metavar="NAME"),
        _option("--depth", "regions to open, 0 for none", type=_whole, metavar="N"),
        _option("--output", ".txt .md or .html, instead of printing it", metavar="FILE"),
    )),
    "explore": (_explore, "write a page to step through and to change", (
        _option("--output", "the page (%(default)s)", default="explore.html", metavar="FILE"),
    )),
    "diagnose": (_diagnose, "say what is wrong with the gradients, if so", (
        _option("--lr", "a learning rate: does a step overshoot?", type=_rate, metavar="RATE"),
    )),
}
# fmt: on
"""The parts that take an expression: what they do, what that is, and their options."""


def _add(parser: Any, options: Iterable[tuple[str, dict[str, Any]]]) -> None:
    for name, given in options:
        parser.add_argument(name, **given)


def _options(given: list[str]) -> Namespace:
    parser = _Parser(
        prog="python -m autograd_engine",
        description="Train a small network of scalar values, or draw, explain and explore the "
        "graph of an expression.",
    )
    version = f"autograd_engine {autograd_engine.__version__}"
    parser.add_argument("--version", action="version", version=version)
    names = "|".join(["train", "replay", *EXPRESSIONS])
    parts = parser.add_subparsers(dest="command", required=True, metavar=names)
    for name, told in (
        ("train", "train a network and write pictures and model"),
        ("replay", "the same, and a page with a slider over its steps"),
    ):
        part = parts.add_parser(name, help=told)
        _add(part.add_mutually_exclusive_group(required=True), DATA)
        _add(part.add_mutually_exclusive_group(), KIND)
        _add(part, TRAIN)
        part.set_defaults(run=_train, refuse=part.error, record=name == "replay")
    for name, (run, told, options) in EXPRESSIONS.items():
        part = parts.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.")
        _add(part, (*FORMULA, *options))
        part.set_defaults(run=run)
    if not given or given[0] not in EXPRESSIONS:
        return parser.parse_args(given)
    name, *rest = given
    for i, (before, text) in enumerate(zip(given, rest)):
        if re.match("-(?!-|h$)", text) and (before[:2] != "--" or "=" in before):
            rest[i] = f" {text}"  # an expression such as -a, and no option
    # In `draw "a*b" --style classic a=2` the values come after an option.
    part = parts.choices[name]
    return part.parse_args(rest) if "--" in rest else part.parse_intermixed_args(rest)


def _train(options: Namespace) -> None:
    if (options.csv is None) != (options.target is None):
        names = ""
        with suppress(OSError, ValueError):  # where the table can be read
            found = columns(options.csv) if options.csv else []
            names = printable(", ".join(map(repr, found)), LINE)
            names = f"; the columns are {names}" if found else ""
        options.refuse(f"--csv FILE and --target COLUMN go together{names}")
    if options.csv is None and options.classes is not None:
        options.refuse("--classes and --numbers are for the target of --csv FILE")
    if options.new_rate and (not options.resume or options.learning_rate is None):
        options.refuse("--new-rate is for --resume with another --learning-rate")
    if options.csv == "":
        options.refuse("--csv needs the name of a file")
    commands.train(options)


if __name__ == "__main__":
    sys.exit(main())

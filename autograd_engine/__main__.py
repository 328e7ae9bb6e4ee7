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
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

import autograd_engine
from autograd_engine import commands
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

FOUND, REFUSED, INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0, of `diagnose` 1 where something is wrong, 2 for a refusal and 130 for Ctrl-C."""
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


def _separator(text: str) -> str:
    return {"tab": "\t", "\\t": "\t", "blank": " ", "blanks": " "}.get(text, text)


def _missing(text: str) -> Any:
    with suppress(ValueError):
        return float(text)
    return text


def _named(text: str) -> tuple[str, float]:
    name, _, number = (part.strip() for part in text.partition("="))
    with suppress(ValueError):
        if name.isidentifier():
            return name, float(number)
    raise ArgumentTypeError(f"{text.strip()!r:.80} does not give a name a number, as a=2 does")


WRITTEN = {".txt": "text", ".md": "markdown", ".html": "html"}  # an explanation, by the ending


def _draw(options: Namespace) -> None:
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
    play(_evaluated(options)[0])


def _explain(options: Namespace) -> None:
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
    page = explore(_evaluated(options)[0], options.output)
    print(f"{page.description}\nwrote {printable(options.output, LINE)}")


def _diagnose(options: Namespace) -> bool:
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


# fmt: off
def _training(part: Any) -> None:
    data = part.add_mutually_exclusive_group(required=True)
    data.add_argument("name", nargs="?", choices=commands.DATASETS, help="a dataset")
    data.add_argument("--csv", metavar="FILE", help="a table of your own; needs --target")
    add = part.add_mutually_exclusive_group().add_argument
    add("--classes", action="store_true", default=None, help="numbers in the target are classes")
    add("--numbers", action="store_false", dest="classes", help="they are to be predicted as such")
    add = part.add_argument
    add("--target", metavar="COLUMN", help="the column of the table to predict, or its index")
    add("--separator", type=_separator, metavar="MARK", help='";" or tab; found by default')
    add("--header", action=argparse.BooleanOptionalAction, help="is the first row one of names?")
    add("--drop", action="append", default=[], metavar="COLUMN", help="leave it out; or its index")
    add("--missing", type=_missing, metavar="drop|NUMBER", help="for empty cells, ? and NA")
    add("--decimal", choices=".,", help="the mark of fractions, if that is not sure")
    add("--limit", type=_count, metavar="N", help="take only N samples")
    add("--layers", type=_sizes, metavar="16,16", help='sizes of the hidden layers, "" for none')
    add("--activation", choices=ACTIVATIONS, default="tanh", help="of hidden layers (%(default)s)")
    add("--optimizer", choices=commands.OPTIMIZERS, default="adam", help="%(default)s by default")
    add("--learning-rate", type=_rate, metavar="RATE", help="by default one that suits the data")
    add("--epochs", type=_count, metavar="N", help="from the very first, with --resume too")
    add("--batch-size", type=_count, default=16, metavar="N", help="samples a step (%(default)s)")
    add("--seed", type=_whole, default=0, help="of data, split, weights and shuffling")
    add("--output", default="autograd_output", metavar="FOLDER", help="to write into (%(default)s)")
    add("--resume", action="store_true", help="continue the training in that folder")
    add("--quiet", action="store_true", help="no progress bar")


EXPRESSIONS: dict[str, tuple[Callable[..., Any], str, dict[str, dict[str, Any]]]] = {
    "draw": (_draw, "draw the graph of an expression", {
        "--output": {"default": "graph.svg", "metavar": "FILE",
                     "help": ".svg .html .png .pdf or .dot"},
        "--style": {"choices": STYLES, "default": "auto", "help": "how much is shown (auto)"},
        "--direction": {"choices": DIRECTIONS, "default": "LR", "help": "LR is from left to right"},
    }),
    "step": (_step, "step through an expression, forward and back", {}),
    "explain": (_explain, "write a derivative out by the chain rule", {
        "--wrt": {"metavar": "NAME", "help": "the name to differentiate by (each by default)"},
        "--depth": {"type": _whole, "metavar": "N", "help": "regions to open, 0 for none"},
        "--output": {"metavar": "FILE", "help": ".txt .md or .html, instead of printing it"},
    }),
    "explore": (_explore, "write a page to step through and to change", {
        "--output": {"default": "explore.html", "metavar": "FILE", "help": "%(default)s"},
    }),
    "diagnose": (_diagnose, "say what is wrong with the gradients, if so", {
        "--lr": {"type": _rate, "metavar": "RATE", "help": "learning rate: does it overshoot?"},
    }),
}
# fmt: on
"""The parts that take an expression: what they do, what that is, and their options."""


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
        _training(part)
        part.set_defaults(run=_train, refuse=part.error, record=name == "replay")
    for name, (run, told, options) in EXPRESSIONS.items():
        part = parts.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.")
        part.set_defaults(run=run)
        part.add_argument("expression", help='such as "tanh(a*b + c)"')
        # Without a default argparse would call them required.
        values = part.add_argument("values", nargs="*", type=_named, default=[])
        values.metavar, values.help = "NAME=NUMBER", "such as a=2, for each name"
        for option, more in options.items():
            part.add_argument(option, **more)
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
    table = ("target", "classes", "separator", "header", "missing", "decimal")
    given = [vars(options)[option] for option in table]
    if options.csv is None and (options.drop or given != [None] * len(table)):
        also = "and so are --separator, --header, --drop, --missing and --decimal"
        options.refuse(f"--target, --classes and --numbers are for --csv FILE, {also}")
    commands.train(options)


if __name__ == "__main__":
    sys.exit(main())

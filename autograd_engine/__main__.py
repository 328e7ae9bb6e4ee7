"""The command line: `python -m autograd_engine train iris`, `... replay moons`, and of an
expression `... draw "tanh(a*b)" a=2 b=-3`, likewise `step`, `explain`, `explore`, `diagnose`.
"""

from __future__ import annotations

import argparse
import io
import math
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

import autograd_engine
from autograd_engine import commands, typed
from autograd_engine.datasets.tables import columns
from autograd_engine.datasets.tasks import DATASETS
from autograd_engine.nn import ACTIVATIONS
from autograd_engine.views.picture.drawing import DIRECTIONS, STYLES
from autograd_engine.words import LINE, printable

FOUND = 1
REFUSED = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return its exit status.

    It is 0, of `diagnose` 1 where something is wrong, 2 for a refusal and 130 for Ctrl-C.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] and given[0] in EXPRESSIONS and _begins_with_minus(given[1:2]):
        given[1] = " " + given[1]
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # class names may be in any script
            stream.reconfigure(errors="backslashreplace")
    options = _options(given)
    try:
        found = options.run(options)
    except KeyboardInterrupt as interrupt:
        print("; ".join(["interrupted", *map(str, interrupt.args)]), file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        place = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        return _refuse(place)
    except (ValueError, ArithmeticError, RuntimeError) as error:
        return _refuse(str(error))
    return FOUND if found else 0


def _begins_with_minus(given: Sequence[str]) -> bool:
    """Say whether this is an expression such as -a, and no option."""
    return bool(given) and given[0][0:1] == "-" and given[0][1:2] not in "-h"


def _refuse(message: str) -> int:
    print(f"autograd_engine: error: {printable(message, 2 * LINE)}", file=sys.stderr)
    return REFUSED


class _Parser(argparse.ArgumentParser):
    """An argument parser whose refusals are one message, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        sys.exit(_refuse(f"{message} (see {self.prog} --help)"))


def _options(given: list[str]) -> argparse.Namespace:
    parser, parts = _parsers()
    if given[:1] and given[0] in EXPRESSIONS and "--" not in given:
        # In `draw "a*b" --style classic a=2` the values come after an option.
        return parts[given[0]].parse_intermixed_args(given[1:])
    return parser.parse_args(given)


def _parsers() -> tuple[_Parser, dict[str, _Parser]]:
    """Return the parser of everything, and those of its parts."""
    parser = _Parser(
        prog="python -m autograd_engine",
        description="Train a small network of scalar values, or draw, explain and explore the "
        "graph of an expression.",
    )
    parser.add_argument(
        "--version", action="version", version=f"autograd_engine {autograd_engine.__version__}"
    )
    names = "|".join(["train", "replay", *EXPRESSIONS])
    parts = parser.add_subparsers(dest="command", required=True, metavar=names)
    _add_train(parts.add_parser("train", help="train a network and write pictures and model"))
    replay = parts.add_parser("replay", help="the same, and a page with a slider over its steps")
    _add_train(replay, record=True)
    for name, (add, run, told) in EXPRESSIONS.items():
        part = parts.add_parser(name, help=told, description=f"{told[0].upper()}{told[1:]}.")
        _add_expression(part)
        add(part.add_argument)
        part.set_defaults(run=run)
    return parser, parts.choices


def _add_train(parser: argparse.ArgumentParser, record: bool = False) -> None:
    data = parser.add_mutually_exclusive_group(required=True)
    data.add_argument("name", nargs="?", choices=DATASETS, help="a dataset")
    data.add_argument("--csv", metavar="FILE", help="a table of your own; needs --target")
    add = parser.add_argument
    add("--target", metavar="COLUMN", help="the column of the table to predict")
    kind = parser.add_mutually_exclusive_group()
    add_kind = kind.add_argument
    add_kind(
        "--classes", action="store_true", default=None, help="numbers in the target are classes"
    )
    add_kind(
        "--numbers", action="store_false", dest="classes", help="they are to be predicted as such"
    )
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
    add("--new-rate", action="store_true", help="resume with another --learning-rate than before")
    add("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=lambda options: _train(parser, options), record=record)


def _train(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    if (options.csv is None) != (options.target is None):
        parser.error(f"--csv FILE and --target COLUMN go together{_columns(options.csv)}")
    if options.csv is None and options.classes is not None:
        parser.error("--classes and --numbers are for the target of --csv FILE")
    if options.new_rate and (not options.resume or options.learning_rate is None):
        parser.error("--new-rate is for --resume with another --learning-rate")
    if options.csv == "":
        parser.error("--csv needs the name of a file")
    commands.train(options)


def _columns(path: str | None) -> str:
    """Say which columns there are to choose from, where the table can be read."""
    try:
        names = printable(", ".join(map(repr, columns(path))), LINE) if path else ""
        return f"; the columns are {names}" if path else ""
    except (OSError, ValueError):
        return ""


def _add_draw(add: Callable[..., object]) -> None:
    add("--output", default="graph.svg", metavar="FILE", help=".svg .html .png .pdf or .dot")
    add("--style", choices=STYLES, default="auto", help="how much is shown (%(default)s)")
    add("--direction", choices=DIRECTIONS, default="LR", help="LR is from left to right")


def _add_explain(add: Callable[..., object]) -> None:
    add("--wrt", metavar="NAME", help="the name to differentiate by (each, one after another)")
    add("--depth", type=_whole, metavar="N", help="regions to open, 0 for none (as many as suit)")
    add("--output", metavar="FILE", help=".txt .md or .html, instead of printing it")


def _add_explore(add: Callable[..., object]) -> None:
    add("--output", default="explore.html", metavar="FILE", help="the page (%(default)s)")


def _add_diagnose(add: Callable[..., object]) -> None:
    add("--lr", type=_rate, metavar="RATE", help="a learning rate: does a step overshoot?")


EXPRESSIONS: dict[str, tuple[Callable[..., None], Callable[..., object], str]] = {
    "draw": (_add_draw, typed.draw, "draw the graph of an expression"),
    "step": (lambda add: None, typed.step, "step through an expression, forward and back"),
    "explain": (_add_explain, typed.explain, "write a derivative out by the chain rule"),
    "explore": (_add_explore, typed.explore, "write a page to step through and to change"),
    "diagnose": (_add_diagnose, typed.diagnose, "say what is wrong with the gradients, if so"),
}
"""The parts that take an expression: their options, what they do, and what that is."""


def _add_expression(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("expression", help='such as "tanh(a*b + c)"')
    parser.add_argument(
        "values",
        nargs="*",
        type=_named,
        default=[],  # without it argparse would call them required
        metavar="NAME=NUMBER",
        help="such as a=2, for each name",
    )


def _count(text: str) -> int:
    if not text.isdecimal() or _whole(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r:.80} is not a whole number from 1")
    return _whole(text)


def _sizes(text: str) -> list[int]:
    try:
        return [_count(size.strip()) for size in text.split(",")] if text.strip() else []
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"sizes are written as in 16,16: {error}") from None


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r:.80} is not a whole number") from None


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0.0 < rate < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r:.80} is not a positive number")
    return rate


def _named(text: str) -> tuple[str, float]:
    name, _, number = (part.strip() for part in text.partition("="))
    try:
        if name.isidentifier():
            return name, float(number)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r:.80} does not give a name a number, as a=2 does")


if __name__ == "__main__":
    sys.exit(main())

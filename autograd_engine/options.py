"""The arguments of each command: how they are read, what help says of them, refusals in a line."""

from __future__ import annotations

import argparse
import math
import re
import sys
import unicodedata
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, NoReturn

from autograd_engine.words import LINE, meant, printable

REFUSED = 2
TABLE = ("target", "classes", "separator", "header", "missing", "decimal")  # are for --csv


def refuse(message: str) -> int:
    print(f"autograd_engine: error: {printable(message, 2 * LINE)}", file=sys.stderr)
    return REFUSED


class Parser(argparse.ArgumentParser):
    """An argument parser whose refusals are one message, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        if unknown := re.match(r"unrecognized arguments: (--[\w-]+)", message):
            message += meant(unknown[1], re.findall(r"--[\w-]+", self.format_help()))
        sys.exit(refuse(f"{message} (see {self.prog} --help)"))


def _number(kind: type, told: str, least: float = -math.inf) -> Callable[[str], Any]:
    """Return what reads a finite number from `least` on; a positive one where that is 0."""

    def read(text: str) -> Any:
        with suppress(ValueError):
            if least <= (number := kind(text)) < math.inf and (least or number):
                return number
        raise ArgumentTypeError(f"{text.strip()!r:.80} is not {told}")

    return read


_whole = _number(int, "a whole number")
_count = _number(int, "a whole number from 1", 1)
_rate = _number(float, "a positive number", 0)
_real = _number(float, "a number")


def _one_of(names: Iterable[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text in names:
            return text
        close = meant(text, names) or f"; choose from {', '.join(names)}"
        raise ArgumentTypeError(f"invalid choice: {text!r:.80}{close}")

    return read


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
        if math.isinf(found := float(number)) and "inf" not in number.lower():
            most = f"numbers go up to {sys.float_info.max:.2g}"
            raise ArgumentTypeError(f"{text.strip()!r:.80} is too large: {most}")
        if name.isidentifier():
            return unicodedata.normalize("NFKC", name), found  # as Python reads expressions
    raise ArgumentTypeError(f"{text.strip()!r:.80} does not give a name a number, as a=2 does")


# fmt: off
def _reading(add: Any) -> None:
    add("--separator", type=_separator, metavar="MARK", help='";" or tab (default: it is found)')
    add("--header", action=argparse.BooleanOptionalAction,
        help="is the first row one of names? (default: where it looks so)")
    add("--decimal", type=_one_of(".,"), metavar="MARK",
        help="the mark of fractions (default: it is found)")


def training(part: Any) -> None:
    from autograd_engine.commands import DATASETS, OPTIMIZERS
    from autograd_engine.nn import ACTIVATIONS

    sizes = ", ".join(f"{name} {','.join(map(str, each[1]))}" for name, each in DATASETS.items())
    epochs = ", ".join(f"{name} {each[2]}" for name, each in DATASETS.items())
    rates = ", ".join(f"{name} {rate:g}" for name, (_, rate) in OPTIMIZERS.items())
    part.add_argument("name", nargs="?", type=_one_of(DATASETS), help=", ".join(DATASETS))
    group = part.add_argument_group("a table of your own, instead of a name")
    add = group.add_argument
    add("--csv", metavar="FILE", help="a table with a header (default: none); needs --target")
    add("--target", metavar="COLUMN", help="the column to predict, or its index (default: none)")
    add("--drop", action="append", default=[], metavar="COLUMN",
        help="a column to leave out, or its index; also several times (default: none)")
    add("--missing", type=_missing, metavar="drop|NUMBER",
        help="for empty cells, ? and NA (default: they are refused)")
    _reading(add)
    add = group.add_mutually_exclusive_group().add_argument
    add("--classes", action="store_true", default=None,
        help="numbers in the target are classes (default: where they look so)")
    add("--numbers", action="store_false", dest="classes",
        help="they are to be predicted as such (default: where they look so)")
    add = part.add_argument_group("the data").add_argument
    add("--limit", type=_count, metavar="N", help="take only N samples (default: all)")
    add("--seed", type=_whole, default=0, metavar="N",
        help="of data, split, weights and shuffling (default: 0)")
    add = part.add_argument_group("the network").add_argument
    add("--layers", type=_sizes, metavar="16,16",
        help=f'sizes of the hidden layers, "" for none (default: {sizes}; of a table 16,16)')
    add("--activation", type=_one_of(ACTIVATIONS), default="tanh", metavar="NAME",
        help=f"of hidden layers: {', '.join(ACTIVATIONS)} (default: tanh)")
    add = part.add_argument_group("the training").add_argument
    add("--optimizer", type=_one_of(OPTIMIZERS), default="adam", metavar="NAME",
        help=f"{', '.join(OPTIMIZERS)} (default: adam)")
    add("--learning-rate", type=_rate, metavar="RATE", help=f"size of a step (default: {rates})")
    add("--epochs", type=_count, metavar="N",
        help=f"from the very first, with --resume too (default: {epochs}; of a table 40)")
    add("--batch-size", type=_count, default=16, metavar="N", help="samples a step (default: 16)")
    add("--resume", action="store_true",
        help="continue the training in the folder (default: start anew)")
    add = part.add_argument_group("the output").add_argument
    add("--output", metavar="FOLDER", help="to write into (default: autograd_output/NAME)")
    add("--quiet", action="store_true", help="no progress bar (default: one, on a terminal)")


def predicting(part: Any) -> None:
    part.add_argument("model", metavar="FILE", help="model.json, as train or ag.save wrote it")
    part.add_argument("numbers", nargs="*", type=_real, default=[], metavar="NUMBER",
                      help="one input, its numbers as they were measured, in the columns' order")
    add = part.add_argument_group("a table of inputs, instead of numbers").add_argument
    add("--csv", metavar="TABLE", help="with an input in each line (default: none); columns that "
        "the model does not know are left out")
    _reading(add)


def expression(part: Any) -> Any:
    part.add_argument("expression", help='such as "tanh(a*b + c)"')
    # Without a default argparse would call them required.
    part.add_argument("values", nargs="*", type=_named, default=[], metavar="NAME=NUMBER",
                      help="such as a=2, for each name")
    return part.add_argument


def drawing(part: Any) -> None:
    from autograd_engine.views.picture.drawing import DIRECTIONS, STYLES

    add = expression(part)
    add("--output", default="graph.svg", metavar="FILE",
        help=".svg .html .png .pdf or .dot (default: %(default)s)")
    add("--style", type=_one_of(STYLES), default="auto", metavar="STYLE",
        help=f"how much is shown: {', '.join(STYLES)} (default: auto)")
    add("--direction", type=_one_of(DIRECTIONS), default="LR", metavar="DIRECTION",
        help=f"{', '.join(DIRECTIONS)} (default: LR, from left to right)")


def explaining(part: Any) -> None:
    add = expression(part)
    add("--wrt", metavar="NAME", help="the name to differentiate by (default: each)")
    add("--depth", type=_whole, metavar="N", help="regions to open, 0 for none (default: all)")
    add("--output", metavar="FILE", help=".txt .md or .html (default: it is printed)")


def exploring(part: Any) -> None:
    expression(part)("--output", default="explore.html", metavar="FILE",
                      help="to write (default: %(default)s)")


def diagnosing(part: Any) -> None:
    expression(part)("--lr", type=_rate, metavar="RATE",
                      help="learning rate: does it overshoot? (default: not asked)")

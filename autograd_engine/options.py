"""The arguments of each command, a line each: how they are read, and what help says of them."""

from __future__ import annotations

import argparse
import math
import re
import sys
import unicodedata
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, NoReturn

from autograd_engine.words import LINE, meant, printable

REFUSED = 2
READING = """
--separator MARK         ";" or tab (it is found)
--[no-]header            is the first row one of names? (where it looks so)
--decimal POINT          the mark of fractions (it is found)
"""
EXPRESSION = """
expression expression    such as "tanh(a*b + c)"
values NAME=NUMBER*      such as a=2, for each name
"""
SAMPLES = f"""
name DATASET?            {{}}
a table of your own, instead of a name:
--csv FILE               a table with a header, and needs --target (none)
--target COLUMN          the column to predict, or its index (none)
--drop COLUMN*           columns to leave out, or their indices (none)
--missing drop|NUMBER    for empty cells, ? and NA (they are refused)
{READING}
--[no-]classes           are numbers in the target classes? (where they look so)
the data:
--limit N                take only N samples (all)
--seed INTEGER           of data, split, weights and shuffling [0]
the network:
--layers 16,16           sizes of the hidden layers, "" for none (16,16; iris 8)
--activation ACTIVATION  of hidden layers: {{}} [tanh]
the training:
--optimizer OPTIMIZER    {{}} [adam]
--learning-rate/--lr RATE  size of a step (sgd 0.1, adam 0.01, adamw 0.01, rmsprop 0.005)
--epochs N               in all, also with --resume (40; iris 30, digits 20, spirals 120)
--batch-size N           samples a step [16]
--resume                 continue the training in the folder (start anew)
the output:
--output FOLDER          to write into (autograd_output/NAME)
--quiet                  no progress bar (one, on a terminal)
"""
TEXTS = {
    "train": f"""train a network and write pictures and model{SAMPLES}
$ iris
$ --csv table.csv --target price
""",
    "replay": f"""the same, and a page with a slider over its steps{SAMPLES}
$ moons --epochs 20
""",
    "predict": f"""say what a trained model makes of new inputs
model FILE               model.json, as train or ag.save wrote it
numbers NUMBER*          one input, its numbers as they were measured, in the columns' order
a table of inputs, instead of numbers:
--csv TABLE              an input in each line; columns the model does not know are left out (none)
{READING}
$ autograd_output/iris/model.json 5.1 3.5 1.4 0.2
""",
    "draw": f"""draw the graph of an expression{EXPRESSION}
--output FILE            .svg .html .png .pdf or .dot [graph.svg]
--style STYLE            how much is shown: {{}} [auto]
--direction DIRECTION    {{}}, from left to right and so on [LR]
$ "tanh(a*b + c)" a=2 b=-3 c=7
""",
    "step": f"""step through an expression, forward and back{EXPRESSION}
$ "tanh(a*b)" a=2 b=-3
""",
    "explain": f"""write a derivative out by the chain rule{EXPRESSION}
--wrt NAME               the name to differentiate by (each)
--depth INTEGER          regions to open, 0 for none (all)
--output FILE            .txt .md or .html (it is printed)
$ "tanh(a*b)" a=2 b=-3 --wrt a
""",
    "explore": f"""write a page to step through and to change{EXPRESSION}
--output FILE            to write [explore.html]
$ "tanh(a*b)" a=2 b=-3 --output tanh.html
""",
    "diagnose": f"""say what is wrong with the gradients, if so{EXPRESSION}
--lr/--learning-rate RATE  does a step of that size overshoot? (not asked)
$ "(a - 3)**2" a=0 --lr 1.1
""",
    "exercise": f"""write an exercise that tells mistakes{EXPRESSION}
--ask KIND               {{}} [gradients]
--seed INTEGER           numbers of its own for each student (the numbers that are given)
--lang LANGUAGE          {{}} (of a page that of its browser, else en)
--output FILE            .html .ipynb for nbgrader, or .md [exercise.html]
$ "tanh(a*b)" a=2 b=-3 --seed 7
""",
    "grade": """say what the answers saved by exercises come to
folder FOLDER            with the files of Save answers, *.json
$ answers
""",
    "playground": """write a page that runs the package in a browser
folder FOLDER?           to write into [playground]
--lang LANGUAGE          {} (that of the browser)
--assets FOLDER          with npm pack's Pyodide and CodeMirror, and any wheels (npm fetches them)
--serve                  open it in a browser, on 127.0.0.1 until Ctrl-C (it is only written)
$ public --assets packed
""",
}
"""Of each command what it does; its arguments by name/other name, what stands for it in help, ? for
one that may lack and * for several, the help, (said) or [taken] what holds without it; examples.
"""
ROW = re.compile(r"(\S+)(?: (\S+?)([?*]?))?  +(.*?)(?: \[(\S+)\]| \(([^()]*)\))?")


def refuse(message: str) -> int:
    print(f"autograd_engine: error: {printable(message, 2 * LINE)}", file=sys.stderr)
    return REFUSED


class Parser(argparse.ArgumentParser):
    """An argument parser whose refusals are one message, without the usage before it."""

    def __init__(self, prog: str, told: str, examples: Iterable[str], **settings: Any) -> None:
        epilog = "\n".join(["examples:", *(f"  {prog} {example}" for example in examples)])
        form = argparse.RawDescriptionHelpFormatter
        super().__init__(prog, description=told, epilog=epilog, formatter_class=form, **settings)
        self.suggest_on_error = False  # which Python 3.15 does in words of its own

    def error(self, message: str) -> NoReturn:
        message = message.replace("ignored explicit argument", "it takes no value, such as")
        if unknown := re.match(r"unrecognized arguments: (--[\w-]+)", message):
            message += meant(unknown[1], re.findall(r"--[\w-]+", self.format_help()))
        if wrong := re.fullmatch(r"(.*invalid choice: (.*)) \(choose from (.*)\)", message, re.S):
            names = re.findall(r"\w+", wrong[3])  # quoted by some Pythons
            close = meant(wrong[2].strip("'\""), names) or f"; choose from {', '.join(names)}"
            if "DATASET" in wrong[1] and re.search(r"\.\w|/|\\", wrong[2]):
                close = f"; a table is given as --csv {wrong[2]}"
            message = wrong[1] + close
        sys.exit(refuse(f"{message} (see {self.prog} --help)"))

    def ask(self, lines: Iterable[str]) -> None:
        """Add the arguments that stand in these lines."""
        add: Callable[..., Any] = self.add_argument
        for line in lines:
            row = ROW.fullmatch(line)
            if row is None:
                add = self.add_argument_group(line.removesuffix(":")).add_argument
                continue
            name, metavar, many, told, taken, said = row.groups(default="")
            settings: dict[str, Any] = {"action": "store_true"}
            if name.startswith("--[no-]"):
                name, settings["action"] = f"--{name[7:]}", argparse.BooleanOptionalAction
            elif metavar:
                settings = {"metavar": metavar, "type": READERS.get(metavar, str)}
            if metavar in NAMES:
                names = [*resolve_name(f"autograd_engine.{NAMES[metavar]}")]
                settings["choices"], told = names, told.replace("{}", ", ".join(names))
            if many == "*":
                several = {"action": "extend", "nargs": "+"} if name[0] == "-" else {"nargs": many}
                settings |= several | {"default": []}
            elif many:
                settings["nargs"] = many
            if taken:
                settings["default"] = taken
            default = f" (default: {taken or said})" if taken or said else ""
            add(*name.split("/"), help=told + default, **settings)


def _float(text: str) -> float:
    """Return the number; `ValueError` for none, with the cure where there is one."""
    if re.search(r"\d[,;\s]+[-.\d]", text):
        raise ArgumentTypeError(f"{text.strip()!r:.80}: decimals are written 7.2, numbers apart")
    if math.isinf(found := float(text)) and "inf" not in text.lower():
        raise ArgumentTypeError(f"{text.strip()!r:.80} is too large: numbers go up to 1.8e+308")
    return found


def _number(kind: Any, told: str, least: float = -math.inf) -> Callable[[str], Any]:
    """Return what reads a finite number from `least` on; a positive one where that is 0."""

    def read(text: str) -> Any:
        with suppress(ValueError):
            if least <= (number := kind(text)) < math.inf and (least or number):
                return number
        raise ArgumentTypeError(f"{text.strip()!r:.80} is not {told}")

    return read


_size = _number(int, "a whole number from 1; sizes are written 16,16", 1)
_drop_or_number = _number(_float, "drop or a number")


def _named(text: str) -> tuple[str, float]:
    name, _, number = (part.strip() for part in text.partition("="))
    with suppress(ValueError):
        found = _float(number)
        if name.isidentifier():
            return unicodedata.normalize("NFKC", name), found  # as Python reads expressions
    raise ArgumentTypeError(f"{text.strip()!r:.80} does not give a name a number, as a=2 does")


def _place(text: str, folder: bool = False) -> str:
    with suppress(OSError):
        if not text or (folder and Path(text).is_file()):
            raise ArgumentTypeError(f"{text!r} is {'a file: name a folder' if text else 'no name'}")
    return text


READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("FILE", "TABLE"), _place),
    "FOLDER": lambda text: _place(text, True),
    "N": _number(int, "a whole number from 1", 1),
    "INTEGER": _number(int, "a whole number"),
    "RATE": _number(_float, "a positive number", 0),
    "NUMBER": _number(_float, "a number"),
    "NAME=NUMBER": _named,
    "16,16": lambda text: [*map(_size, text.split(","))] if text.strip() else [],
    "drop|NUMBER": lambda text: text if text in ("drop", "refuse") else _drop_or_number(text),
    "MARK": lambda text: {"tab": "\t", "\\t": "\t", "blank": " ", "blanks": " "}.get(text, text),
}
NAMES = {  # are imported where they are asked for
    "DATASET": "commands:DATASETS", "OPTIMIZER": "commands:OPTIMIZERS",
    "ACTIVATION": "columns:ACTIVATIONS", "STYLE": "views.picture.drawing:STYLES",
    "DIRECTION": "views.picture.drawing:DIRECTIONS", "KIND": "exercises.questions:KINDS",
    "LANGUAGE": "views.explore.page:LANGUAGES",
}  # fmt: skip
"""How an argument is read, and where the names are of which it is one, by what stands for it."""


def parser(name: str) -> Parser:
    """Return what reads the arguments of a command."""
    told, *lines = filter(None, TEXTS[name].splitlines())
    examples = [line[2:] for line in lines if line.startswith("$ ")]
    found = Parser(f"autograd_engine {name}", f"{told[0].upper()}{told[1:]}.", examples)
    found.ask(lines[: len(lines) - len(examples)])
    return found

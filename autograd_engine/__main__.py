"""The command line: `autograd_engine train iris`, `... predict model.json 5.1 3.5 1.4 0.2`, and of
an expression `... draw "tanh(a*b)" a=2 b=-3`, likewise `step`, `explain`, `explore`, `diagnose` and
`exercise`; `... playground` and `... grade` are for classrooms.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Any

import autograd_engine
from autograd_engine import options as ask
from autograd_engine.copies import seldom_collected
from autograd_engine.engine import Value
from autograd_engine.files import checked_path, wrote
from autograd_engine.words import LINE, counted, meant, printable

FOUND, INTERRUPTED = 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0, of `diagnose` 1 where something is wrong, 2 for a refusal and 130 for Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # class names may be in any script
            stream.reconfigure(errors="backslashreplace")
    options = _options(list(sys.argv[1:] if arguments is None else arguments))
    try:
        with seldom_collected():
            found = options.run(options)
    except KeyboardInterrupt as interrupt:
        print("; ".join(["interrupted", *map(str, interrupt.args)]), file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        return ask.refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except (ValueError, ArithmeticError, RuntimeError) as error:
        return ask.refuse(str(error))
    return FOUND if found else 0


def _draw(options: Namespace) -> None:
    from autograd_engine.views.picture import draw

    output, values = _evaluated(options)
    output.backward()
    picture = draw(output, style=options.style, direction=options.direction)
    done = wrote(options.output, picture.save)
    print(f"{printable(options.expression.strip(), LINE)} = {output.data:.10g}")
    for name, value in values.items():
        print(f"gradient by {printable(name)} = {value.grad:.10g}")
    print(", ".join(filter(None, [done, picture.note])))


def _step(options: Namespace) -> None:
    from autograd_engine.views.steps.player import play

    play(_evaluated(options)[0])


def _explain(options: Namespace) -> None:
    from autograd_engine.views.explain import Explanation, explain
    from autograd_engine.views.explain.typesetting import plain

    forms = {".txt": "text", ".md": "markdown", ".html": "html"}
    path = None
    if options.output is not None:
        path = checked_path(options.output, "an explanation", tuple(forms))
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
        text = getattr(explanation, forms[path.suffix.lower()])
        print(wrote(path, lambda _: path.write_text(text, encoding="utf-8", newline="\n")))


def _explore(options: Namespace) -> None:
    from autograd_engine.views.explore import explore

    output, _ = _evaluated(options)
    done = wrote(options.output, lambda path: print(explore(output, path).description))
    print(done)


def _diagnose(options: Namespace) -> bool:
    from autograd_engine.diagnosis import diagnose

    output, values = _evaluated(options)
    output.backward()
    found = diagnose(output, values.values(), lr=options.lr)
    print(found)
    return bool(found)


def _exercise(options: Namespace) -> None:
    from autograd_engine.exercises import exercise

    found = exercise(_evaluated(options)[0], options.ask, seed=options.seed)
    print(f"{found.title}: {counted(len(found.questions), 'question')}")
    print(wrote(options.output, found.save))


def _grade(options: Namespace) -> None:
    from autograd_engine.exercises import grade

    print(grade(options.folder))


def _playground(options: Namespace) -> None:
    from autograd_engine.playground.site import playground, serve

    folder = playground(options.folder, options.assets)
    print(f"wrote {printable(folder, LINE)}, static files for any server of a page")
    if options.serve:
        serve(folder)


def _evaluated(options: Namespace) -> tuple[Value, dict[str, Value]]:
    from autograd_engine.expressions import evaluate

    values: dict[str, Value] = {}
    for name, number in options.values:
        if name in values:
            raise ValueError(f"{name!r:.80} is given twice")
        values[name] = Value(number, name)
    return evaluate(options.expression, values), values


def _train(options: Namespace) -> None:
    from autograd_engine import commands

    if (options.csv is None) == (options.name is None):
        needed = f"is required: one of {', '.join(commands.DATASETS)}, or a table of your own"
        both = "argument --csv: not allowed with the name of a dataset"
        options.refuse(both if options.name else f"one of the arguments name --csv {needed}")
    given = [vars(options)[option] for option in ask.TABLE]
    if options.csv is None and (options.drop or given != [None] * len(given)):
        also = "and so are --separator, --header, --drop, --missing and --decimal"
        options.refuse(f"--target, --classes and --numbers are for --csv FILE, {also}")
    commands.train(options)


def _predict(options: Namespace) -> None:
    from autograd_engine import commands

    if bool(options.numbers) == (options.csv is not None):
        options.refuse(
            "predict takes either numbers, as in predict model.json 5.1 3.5, or --csv FILE"
        )
    commands.predict(options)


# fmt: off
Part = tuple[Callable[[Namespace], Any], Callable[[Any], Any], str, tuple[str, ...]]
EXPRESSIONS: dict[str, Part] = {
    "draw": (_draw, ask.drawing, "draw the graph of an expression",
             ('"tanh(a*b + c)" a=2 b=-3 c=7', '"a**2 / b" a=3 b=2 --output graph.html')),
    "step": (_step, ask.expression, "step through an expression, forward and back",
             ('"tanh(a*b)" a=2 b=-3',)),
    "explain": (_explain, ask.explaining, "write a derivative out by the chain rule",
                ('"tanh(a*b)" a=2 b=-3 --wrt a', '"a/b" a=2 b=-3 --output derivation.md')),
    "explore": (_explore, ask.exploring, "write a page to step through and to change",
                ('"tanh(a*b)" a=2 b=-3 --output tanh.html',)),
    "diagnose": (_diagnose, ask.diagnosing, "say what is wrong with the gradients, if so",
                 ('"relu(a)*b" a=-2 b=1', '"(a - 3)**2" a=0 --lr 1.1')),
    "exercise": (_exercise, ask.exercising, "write an exercise that tells mistakes",
                 ('"tanh(a*b)" a=2 b=-3 --seed 7', '"a*b + a" a=2 b=3 --output sheet.ipynb')),
}
PARTS: dict[str, Part] = {
    "train": (_train, ask.training, "train a network and write pictures and model",
              ("iris", "digits --limit 300 --layers 16", "--csv table.csv --target price")),
    "replay": (_train, ask.training, "the same, and a page with a slider over its steps",
               ("moons --epochs 20",)),
    "predict": (_predict, ask.predicting, "say what a trained model makes of new inputs",
                ("autograd_output/iris/model.json 5.1 3.5 1.4 0.2", "model.json --csv new.csv")),
    **EXPRESSIONS,
    "grade": (_grade, ask.grading, "say what the answers saved by exercises come to", ("answers",)),
    "playground": (_playground, ask.playing, "write a page that runs the package in a browser",
                   ("--serve", "public --assets packed")),
}
# fmt: on
"""The parts: what they do, what they are asked, what they are, and examples."""


def _options(given: list[str]) -> Namespace:
    if not given or given[0] not in PARTS:
        return _outline(*given[:1])
    name, *rest = given
    run, fill, told, examples = PARTS[name]
    prog = f"autograd_engine {name}"
    part = ask.Parser(
        prog=prog,
        description=f"{told[0].upper()}{told[1:]}.",
        epilog="\n".join(["examples:", *(f"  {prog} {example}" for example in examples)]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    part.set_defaults(run=run, refuse=part.error, record=name == "replay")
    fill(part)
    for i, (before, text) in enumerate(zip(given, rest)):
        negative = re.match("-(?!-|h$)", text) and (before[:2] != "--" or "=" in before)
        if negative and name in (*EXPRESSIONS, "predict"):
            rest[i] = f" {text}"  # an expression such as -a, or a number, and no option
    # In `draw "a*b" --style classic a=2` the values come after an option.
    return part.parse_args(rest) if "--" in rest else part.parse_intermixed_args(rest)


def _outline(name: str | None = None) -> Namespace:
    """Show all commands where none is given, do what an option says, refuse anything else."""
    parser = ask.Parser(
        prog="autograd_engine",
        usage="autograd_engine COMMAND ...",
        description="Train a small network of scalar values, or draw, explain and explore the "
        "graph of an expression.\n\ncommands:\n"
        + "\n".join(f"  {name:11}{told}" for name, (_, _, told, _) in PARTS.items()),
        epilog="examples:\n  autograd_engine train iris\n  autograd_engine draw "
        '"tanh(a*b + c)" a=2 b=-3 c=7\n  autograd_engine train --help',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    version = f"autograd_engine {autograd_engine.__version__}"
    parser.add_argument("--version", action="version", version=version, help="say which it is")
    if name is not None:
        if name.startswith("-"):
            parser.parse_args([name])
        close = meant(name, PARTS) or f"; choose from {', '.join(PARTS)}"
        parser.error(f"argument COMMAND: invalid choice: {name!r:.80}{close}")
    return Namespace(run=lambda options: parser.print_help())


if __name__ == "__main__":
    sys.exit(main())

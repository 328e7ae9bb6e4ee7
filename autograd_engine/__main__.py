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

import autograd_engine
from autograd_engine import options as ask
from autograd_engine.copies import seldom_collected
from autograd_engine.engine import Value
from autograd_engine.files import checked_path, wrote
from autograd_engine.words import LINE, counted, printable

FOUND, INTERRUPTED = 1, 130
Values = dict[str, Value]


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


def _draw(options: Namespace, output: Value, values: Values) -> None:
    from autograd_engine.views.picture.drawing import draw

    output.backward()
    picture = draw(output, style=options.style, direction=options.direction)
    done = wrote(options.output, picture.save)
    print(f"{printable(options.expression.strip(), LINE)} = {output.data:.10g}")
    for name, value in values.items():
        print(f"gradient by {printable(name)} = {value.grad:.10g}")
    print(", ".join(filter(None, [done, picture.note])))


def _step(options: Namespace, output: Value, values: Values) -> None:
    from autograd_engine.views.steps import play

    play(output)


def _explain(options: Namespace, output: Value, values: Values) -> None:
    from autograd_engine.views.explain import Explanation, explain
    from autograd_engine.views.explain.typesetting import plain

    forms = {".txt": "text", ".md": "markdown", ".html": "html"}
    given = options.output
    path = None if given is None else checked_path(given, "an explanation", tuple(forms))
    names = list(values) if options.wrt is None else [options.wrt]
    if not names or names[0] not in values:
        wanted = printable(options.wrt or "a name")
        raise ValueError(f"to differentiate by {wanted} the expression has to mention it")
    found = (explain(output, values[name], options.depth) for name in names)
    explanation = Explanation([line for one in found for line in one._lines])
    if path is None:
        print(plain(explanation.text, sys.stdout.encoding), end="")
    else:
        text = getattr(explanation, forms[path.suffix.lower()])
        print(wrote(path, lambda _: path.write_text(text, encoding="utf-8", newline="\n")))


def _explore(options: Namespace, output: Value, values: Values) -> None:
    from autograd_engine.views.explore.page import explore

    print(wrote(options.output, lambda path: print(explore(output, path).description)))


def _diagnose(options: Namespace, output: Value, values: Values) -> bool:
    from autograd_engine.diagnosis import diagnose

    output.backward()
    found = diagnose(output, values.values(), lr=options.lr)
    print(found)
    return bool(found)


def _exercise(options: Namespace, output: Value, values: Values) -> None:
    from autograd_engine.exercises import exercise

    found = exercise(output, options.ask, seed=options.seed, lang=options.lang)
    print(f"{found.title}: {counted(len(found.questions), 'question')}")
    print(wrote(options.output, found.save))


def _grade(options: Namespace) -> None:
    from autograd_engine.exercises import grade

    print(grade(options.folder))


def _playground(options: Namespace) -> None:
    from autograd_engine.playground.site import playground, serve

    folder = playground(options.folder, options.assets, options.lang)
    print(f"wrote {printable(folder, LINE)}, static files for any server of a page")
    if options.serve:
        serve(folder)


def _on_data(options: Namespace) -> None:
    from autograd_engine import commands

    (commands.predict if options.part == "predict" else commands.train)(options)


def _on_expression(options: Namespace) -> bool | None:
    from autograd_engine.expressions import evaluate

    values: Values = {}
    for name, number in options.values:
        if name in values:
            raise ValueError(f"{name!r:.80} is given twice")
        values[name] = Value(number, name)
    return EXPRESSIONS[options.part](options, evaluate(options.expression, values), values)


EXPRESSIONS: dict[str, Callable[[Namespace, Value, Values], bool | None]] = {
    "draw": _draw, "step": _step, "explain": _explain, "explore": _explore,
    "diagnose": _diagnose, "exercise": _exercise,
}  # fmt: skip
PARTS: dict[str, Callable[[Namespace], bool | None]] = {
    **dict.fromkeys(("train", "replay", "predict"), _on_data),
    **dict.fromkeys(EXPRESSIONS, _on_expression), "grade": _grade, "playground": _playground,
}  # fmt: skip


def _options(given: list[str]) -> Namespace:
    if not given or given[0] not in PARTS:
        return _outline(given[:1])
    name, *rest = given
    part = ask.parser(name)
    part.set_defaults(run=PARTS[name], part=name, refuse=part.error)
    # An option that is not known is refused first, lest what follows it is read for a value.
    known = part.format_help()
    for i, (before, text) in enumerate(zip(given, rest)):
        if text == "--":
            break
        if (option := re.match(r"--[^\W\d][\w-]*", text)) and option[0] not in known:
            part.error(f"unrecognized arguments: {text}")
        if given[i - 1] == "--layers" and text[:1].isdigit():
            part.error("--layers takes one value: sizes are written 16,16")
        negative = re.match("-(?!-|h$)", text) and (before[:2] != "--" or "=" in before)
        if negative and name in (*EXPRESSIONS, "predict"):
            rest[i] = f" {text}"  # an expression such as -a, or a number, and no option
    # In `draw "a*b" --style classic a=2` the values come after an option.
    return part.parse_args(rest) if "--" in rest else part.parse_intermixed_args(rest)


def _outline(given: list[str]) -> Namespace:
    """Show all commands where none is given, do what an option says, refuse anything else."""
    parts = [f"  {name:11}{text.splitlines()[0]}" for name, text in ask.TEXTS.items()]
    told = "Train a small network of scalar values, or draw, explain and explore the graph of an "
    told = "\n".join([f"{told}expression.\n\ncommands:", *parts])
    examples = ["train iris", 'draw "tanh(a*b + c)" a=2 b=-3 c=7', "train --help"]
    usage, version = "autograd_engine COMMAND ...", f"autograd_engine {autograd_engine.__version__}"
    parser = ask.Parser("autograd_engine", told, examples, usage=usage)
    parser.add_argument("--version", action="version", version=version, help="say which it is")
    lacks = None if given == ["--"] else "?"  # an option that is not known is told first
    parser.add_argument("COMMAND", nargs=lacks, choices=[*PARTS], help=argparse.SUPPRESS)
    return parser.parse_args(given or ["--help"])


if __name__ == "__main__":
    sys.exit(main())

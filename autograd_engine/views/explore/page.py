"""`explore`: a graph as a page to step through, to drag and to be asked about.

The page holds the graph as flat lists, its rules and its pictures, as JSON. Formulas of rules are
lists of texts and of numbers that stand for values: 0 for the output, from 1 on for the operands.
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib.resources import files
from itertools import islice
from os import PathLike
from struct import pack
from typing import Any

from autograd_engine.engine import Value
from autograd_engine.files import checked_path
from autograd_engine.graph import _adopted as adopted
from autograd_engine.primitives import Primitive
from autograd_engine.survey import Survey
from autograd_engine.views.explain import notation
from autograd_engine.views.explain.formulas import Name, Term
from autograd_engine.views.explain.typesetting import TEXT
from autograd_engine.views.explore.javascript import written
from autograd_engine.views.layout.scene import readable
from autograd_engine.views.network.stacks import Rules, page_network
from autograd_engine.views.notebooks import Shown, frame, framed
from autograd_engine.views.picture.drawing import draw
from autograd_engine.views.picture.folding import Folding
from autograd_engine.views.picture.styles import ordered, pictures
from autograd_engine.words import counted

LANGUAGES = ("en", "zh")
Data = dict[str, Any]  # what a page reads


class Page(Shown):
    """A page: shown by notebooks, saved by `save`, as text in `html`."""

    def __init__(self, text: str, title: str, shown: str, path: str | PathLike[str] | None) -> None:
        self.html, self.description, self._still = text, title, shown
        if path is not None:
            self.save(path)

    def __repr__(self) -> str:
        return f"<Page: {self.description}>"

    def save(self, path: str | PathLike[str]) -> None:
        """Write the page to a file; `ValueError` for an ending other than .html."""
        target = checked_path(path, "a page", (".html",))
        target.write_text(self.html, encoding="utf-8", newline="\n")

    def _html(self) -> str:
        return frame(self.html, self.description)

    def _kinds(self) -> dict[str, str]:
        return framed(self._html(), self._still, self.description)


def explore(
    output: Value, path: str | PathLike[str] | None = None, *, lang: str | None = None
) -> Page:
    """Return a page in which to step through both passes, drag leaves and predict gradients.

    It is one HTML file that needs no network, shown by notebooks and, with a `path`, written there.
    Gradients are those that `backward()` on the output finds, whatever was accumulated before.
    `lang` is "en" or "zh"; without, the browser's language is taken where the page speaks it.

    Raises `TypeError` for anything but a Value, `ValueError` for a path that does not end in
    .html and another language, and `FileNotFoundError` for a folder that does not exist.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> explore(a * b + a)
    <Page: 4 values, 2 leaves>
    """
    (output,) = adopted(output)
    if not isinstance(output, Value):
        raise TypeError(f"explore needs a Value, not {type(output).__name__}: {output!r:.60}")
    survey = Survey(output)
    data, rules = page_graph(survey)
    row = [value.data for value in survey.values]
    row += [partial for value in survey.values for partial in value.partials]
    data |= packed(survey, [row], "data")
    title = f"{output.label}: {data['description']}" if output.label else data["description"]
    still = shown = ""
    with suppress(ValueError):  # more than is laid out
        drawn = draw(output, engine="builtin")
        fitting = ' width="100%" preserveAspectRatio="xMinYMin"'  # no wider than the page, unstyled
        still, shown = re.sub(' width="[^"]*"', fitting, drawn.svg, count=1), drawn.image()
    text = filled("explore/page.html", title, data, written(rules), still, lang)
    page = Page(text, title, shown, path)
    page._leaves = [survey.values[i] for i in survey.leaves]
    return page


def spoken(lang: str | None, text: str | None = None) -> Data:
    """Return what a page with that text may say, by language; the English words are the keys."""
    table = json.loads(read("words.json"))
    if lang not in (None, *LANGUAGES):
        known = " or ".join(map(repr, LANGUAGES))
        raise ValueError(f"lang must be {known}, or None for the browser's, not {lang!r:.60}")
    table = {} if lang == "en" else table
    for name, words in table.items():
        split = ((key, re.split(r"\{\d\}", key)) for key in words)
        kept = (key for key, parts in split if text is None or all(part in text for part in parts))
        table[name] = {key: words[key] for key in kept}
    return {"words": table, "lang": lang}


def filled(own: str, title: str, data: Data, rules: str, instead: str, lang: str | None) -> str:
    """Return the frame with a page's parts, of the file `own` and given; `instead` is a still."""
    outer, (_, *parts) = read("explore/frame.html"), re.split("<!--([A-Z]+)-->\n", read(own))
    places = dict(zip(parts[::2], parts[1::2]))
    script = f"{rules}\n{read(places['SCRIPT'])}"
    spaces = r"(?s)/\*.*?\*/|(?<=[{};:])\s+|\s+(?=[{}])"
    places |= {
        "TITLE": html.escape(readable(title)),
        "STYLE": re.sub(spaces, "", read(places["STYLE"])),
        "DATA": inert_json(data | spoken(lang, "".join([outer, *parts, script]))),
        "SCRIPT": re.sub(r"(?m)^\s+|^//.*\n|^ *// .*\n", "", script),
        "STILL": instead,
    }
    return re.sub("<!--([A-Z]+)-->", lambda found: places[found[1]], outer)


def read(names: str) -> str:
    folder = files("autograd_engine.views")
    return "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names.split())


def page_graph(survey: Survey, parameters: Iterable[Value] = ()) -> tuple[Data, Rules]:
    """Return a graph without its numbers; a model's `parameters` are in the gradient's order."""
    values, names = survey.values, survey.names  # the output is the last
    homes, full = dict[str, int](), []  # what full names begin with
    for path, name in zip(survey.full_names, names):
        home, own = path[: path.rfind(".") + 1], path[path.rfind(".") + 1 :]
        full.append(f"{homes.setdefault(home, len(homes))}.{own}" if path != name else "")
    rules: Rules = {}
    data = {
        "description": f"{counted(len(values), 'value')}, {counted(len(survey.leaves), 'leaf')}",
        "names": names,
        "called": bool(survey.given_names[-1]),
        "full": full,
        "homes": list(homes),
        "rule": [rules.setdefault((v._rule, len(v.operands)), len(rules)) for v in values],
        "rules": [described_rule(*kind) for kind in rules],
        "operands": survey.operands,
        "network": page_network(survey, parameters),
        **pictures(Folding(survey, loose=2), names),
    }
    return data, rules


def packed(survey: Survey, rows: Sequence[Sequence[float]], *kinds: str) -> Data:
    """Return numbers, rows of kinds and partials, as columns, each once, and the place of each."""
    known: dict[bytes, int] = {}
    columns = (pack(f"<{len(rows)}d", *column) for column in zip(*rows))
    places = iter([known.setdefault(column, len(known)) for column in columns])
    found: Data = {kind: list(islice(places, len(survey.values))) for kind in kinds}
    found["partials"] = [list(islice(places, len(value.partials))) for value in survey.values]
    return found | {"columns": b64encode(b"".join(known)).decode()}


def described_rule(rule: Primitive, count: int) -> Data:
    """Return what the page says of a primitive; a partial that cannot be read is empty."""
    holes = [Name(chr(0xE000 + k)) for k in range(count + 1)]  # characters that nobody writes
    terms = [notation.partial(rule, k, lambda i: holes[i + 1], count) for k in range(count)]
    return {
        "name": rule.name,
        "symbol": rule.symbol,
        "ordered": count == 2 and ordered(rule),
        "formula": _with_holes(notation.written(rule, *holes[1:])),
        "partials": [_with_holes(term) if term else [] for term in terms],
    }


def _with_holes(term: Term) -> list[str | int]:
    text = re.sub("(?<! )·(?! )", " · ", TEXT.set(term).replace("-", "−"))
    parts = re.split("([\ue000-\uf8ff])", text)
    return [ord(part) - 0xE000 if "\ue000" <= part <= "\uf8ff" else part for part in parts if part]


def inert_json(data: Any) -> str:
    """Return JSON that can stand inside an HTML script element and ends nothing there."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return re.sub("[<>&\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)

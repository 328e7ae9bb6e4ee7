"""`draw_dot`: a graph as micrograd's notebooks draw it, by the package graphviz."""

from __future__ import annotations

from typing import Any

try:
    import graphviz
except ImportError:
    graphviz = None

from autograd_engine.copies import opened
from autograd_engine.engine import Value
from autograd_engine.graph import _adopted as adopted
from autograd_engine.survey import Survey
from autograd_engine.views.layout.scene import readable
from autograd_engine.views.picture.markup import WITHOUT, quoted, run_dot


class Digraph(graphviz.Digraph if graphviz else object):  # type: ignore[misc]
    """What `draw_dot` returns: graphviz's own, which starts Graphviz by `run_dot`."""

    def pipe(self, format: Any = None, *, engine: Any = None, encoding: Any = None) -> Any:
        options = f"-K{engine or self.engine}", f"-T{format or self.format}"
        made = run_dot(self.source.encode(self.encoding), *options)
        return made.decode(encoding) if encoding else made

    def render(self, *given: Any, **how: Any) -> str:
        self.pipe("dot", engine=how.get("engine"))
        return str(super().render(*given, **how))


def draw_dot(output: Value, format: str = "svg", rankdir: str = "LR") -> graphviz.Digraph:
    """Return the graph as micrograd's notebooks draw it: a `graphviz.Digraph`.

    Raises `ValueError` for a `rankdir` that is neither LR nor TB, and for an unknown format.
    Showing and rendering raise `RuntimeError` where Graphviz takes more than a few seconds.

    >>> x = Value(2.0, label="x")
    >>> draw_dot(x * x).source.splitlines()[3].strip()
    'v0 [label="{ x | data 2.0000 | grad 0.0000 }" shape=record]'
    """
    if graphviz is None:
        raise ImportError(f"draw_dot needs graphviz: pip install graphviz; {WITHOUT}")
    if rankdir not in ("LR", "TB"):
        raise ValueError(f'rankdir must be "LR" or "TB", not {rankdir!r}')
    (output,) = adopted(output)
    if not isinstance(output, Value):
        raise TypeError(f"draw_dot needs a Value, not {type(output).__name__}")
    looks = {"graph_attr": {"rankdir": rankdir}, "node_attr": {"fontname": "Courier"}}
    digraph = Digraph(format=format, **looks)
    survey, drawn, pending = Survey(output), dict[int, Value](), [output]
    while pending:
        value = pending.pop()
        if id(value) not in drawn:
            drawn[id(value)] = opened(value)
            pending += drawn[id(value)].operands
    names = {key: f"v{i}" for i, key in enumerate(reversed(drawn))}
    labels = dict(zip(map(id, survey.values), survey.given_names))
    for key, name in names.items():
        value, label = drawn[key], quoted(readable(labels.get(key, "")), record=True)
        fields = filter(None, [label, f"data {value.data:.4f}", f"grad {value.grad:.4f}"])
        digraph.node(name, label=f"{{ {' | '.join(fields)} }}", shape="record")
        if value.operands:
            # Without nohtml an operation named "<...>" would be read as markup.
            digraph.node(name + "op", label=graphviz.nohtml(quoted(readable(value.op))))
            digraph.edge(name + "op", name)
        for operand in value.operands:
            digraph.edge(names[id(operand)], name + "op")
    return digraph

"""Writing a scene in DOT, the language of Graphviz, and running Graphviz where it is installed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from autograd_engine.views.layout import scene as looks
from autograd_engine.views.layout.ranks import box_ranks, cluster_paths
from autograd_engine.views.layout.scene import INPUTS, Box, Scene, rows

SECONDS = 5.0
"""So long Graphviz may take for one picture; of 600 nodes it needs about one."""


def quoted(text: str, record: bool = False) -> str:
    """Return the text escaped for a DOT string, and for a record's field.

    >>> print(quoted('a "b" <c>', record=True))
    a&#160;\\"b\\"&#160;\\<c\\>
    """
    text = text.replace("\\", "\\\\").replace("&", "&amp;").replace('"', '\\"')
    # A record reads braces, bars and angles as structure, and loses spaces beside odd characters.
    plain = re.fullmatch(r"[!-~]+([ \n][!-~]+)*", text) and not re.search(r"[{}|<>\\]", text)
    if record and not plain:
        text = re.sub("[{}|<>]", r"\\\g<0>", text).replace(" ", "&#160;")
    return text.replace("\n", "\\n")


def write_dot(scene: Scene) -> str:
    """Return the scene in DOT; the same scene gives the same text."""
    return "\n  ".join(["digraph values {", *_lines(scene)]) + "\n}\n"


def _lines(scene: Scene) -> Iterator[str]:
    # Courier is the font whose widths Graphviz knows without having it.
    font, size, ink = 'fontname="Courier"', looks.FONT_SIZE, looks.EDGE_COLOUR
    yield f"graph [rankdir={scene.direction} {font} fontsize={size} nodesep=0.2 ranksep=0.3]"
    yield f'node [{font} fontsize={size} height=0.3 margin="0.11,0.055"]'
    yield (
        f'edge [{font} fontsize={size - 1} fontcolor="{ink}" color="{ink}" arrowsize=0.6'
        f" labelfontsize={size - 3} labelangle=30]"
    )
    ranks, paths = box_ranks(scene) if scene.boxes else [], cluster_paths(scene)
    for row in rows(scene.boxes):
        if scene.boxes[row[0]].cluster < 0:  # in frames `dot` keeps units in order unless told to
            for rank in dict.fromkeys(ranks[i] for i in row):
                names = " -> ".join(f"v{i}" for i in row if ranks[i] == rank)
                how = "min" if scene.boxes[row[0]].row[0] == INPUTS else "same"
                yield f"{{rank={how} {names} [style=invis]}}"
    inside: dict[int, list[str]] = {number: [] for number in range(-1, len(scene.clusters))}
    for i, box in enumerate(scene.boxes):
        inside[box.cluster].append(f"v{i} [{_look(scene, box)}]")
    frames: dict[int, list[str]] = {number: [] for number in inside}
    for number in reversed(range(len(scene.clusters))):  # those inside others come after them
        cluster, fill = scene.clusters[number], looks.CLUSTER_FILLS[len(paths[number]) % 2 - 1]
        look = f'style="filled" fillcolor="{fill}" color="{looks.CLUSTER_COLOUR}"'
        lines = [f'label="{quoted(cluster.title)}" labeljust=l {look}']
        lines += inside[number] + frames[number]
        frame = [f"subgraph cluster_{number} {{", *(f"  {line}" for line in lines), "}"]
        frames[cluster.parent] = frame + frames[cluster.parent]
    yield from inside[-1] + frames[-1]
    aside = " " if scene.direction in ("TB", "BT") else ""  # `dot` sets it right at the line
    for arrow in scene.arrows:
        more = [f'label="{aside}{quoted(arrow.label)}"'] if arrow.label else []
        more += [f'headlabel="{arrow.which}"'] if arrow.which else []
        # Left to itself, `dot` lets frames that feed each other stand side by side.
        if scene.clusters and ranks[arrow.head] - ranks[arrow.tail] > 1:
            more.append(f"minlen={ranks[arrow.head] - ranks[arrow.tail]}")
        yield f"v{arrow.tail} -> v{arrow.head}" + (f" [{' '.join(more)}]" if more else "")


def _look(scene: Scene, box: Box) -> str:
    """Return the attributes of a node."""
    look, label = looks.LOOKS[box.kind], quoted("\n".join(box.fields))
    style = "filled,dashed" if look.dashed else "filled"
    extra = ' penwidth=2.5 fontname="Courier-Bold"' if box.bold else ""
    if look.shape == "oval":
        shape, extra = "ellipse", f'{extra} margin="0.05,0.02"'
    elif look.double or box.kind == "hidden" or box.row[0]:  # in a row, `dot` fails on records
        shape, style = "box", style + ("" if look.shape == "square" else ",rounded")
        extra += " peripheries=2" if look.double else ""
    else:
        shape = "Mrecord" if look.shape == "round" else "record"
        label = " | ".join(quoted(field, record=True) for field in box.fields)
        # Fields follow the direction across the ranks; braces turn them.
        label = f"{{ {label} }}" if box.stacked != (scene.direction in ("LR", "RL")) else label
    return (
        f'label="{label}" shape={shape} style="{style}" fillcolor="{look.fill}"'
        f' color="{look.line}" fontcolor="{look.text}"{extra}'
    )


class GraphvizMissing(RuntimeError):
    """Graphviz is not installed, could not do what it was asked for, or was stopped: `slow`."""

    slow = False


def run_dot(source: bytes, *options: str) -> bytes:
    """Return what Graphviz makes of a DOT source; `GraphvizMissing` where it does not, in time."""
    import subprocess

    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    how: dict[str, Any] = {"capture_output": True, "timeout": SECONDS, "creationflags": hidden}
    try:
        done = subprocess.run(["dot", *options], input=source, check=False, **how)
    except OSError:  # a browser's Python starts no processes
        where = "this needs Graphviz (https://graphviz.org/download)"
        raise GraphvizMissing(f"{where}: its program `dot` was not found") from None
    except subprocess.TimeoutExpired:  # some ordinary graphs take it minutes
        slow = GraphvizMissing(
            f"Graphviz was stopped: its program `dot` took more than {SECONDS:g} s for this "
            f"picture. ag.draw(output) lays it out without, ag.draw(output, style='folded') "
            f"draws less"
        )
        slow.slow = True
        raise slow from None
    if done.returncode:
        first = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise GraphvizMissing(f"Graphviz: its program `dot` failed on this picture: {first:.200}")
    return bytes(done.stdout)

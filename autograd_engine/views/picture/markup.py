"""A scene as text, in DOT and laid out as SVG; and running Graphviz where it is installed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from itertools import pairwise
from typing import Any

from autograd_engine.views.layout import scene as looks
from autograd_engine.views.layout.routes import lay_out
from autograd_engine.views.layout.scene import INPUTS, Box, Point, Rectangle, Scene, readable, rows

SECONDS = 5.0  # Graphviz may take for one picture; of 600 nodes it needs about one


def quoted(text: str, record: bool = False) -> str:
    """Return the text escaped for a DOT string, and for a record's field."""
    text = text.replace("\\", "\\\\").replace("&", "&amp;").replace('"', '\\"')
    # A record reads braces, bars and angles as structure, and loses spaces beside odd characters.
    plain = re.fullmatch(r"[!-~]+([ \n][!-~]+)*", text) and not re.search(r"[{}|<>\\]", text)
    if record and not plain:
        text = re.sub("[{}|<>]", r"\\\g<0>", text).replace(" ", "&#160;")
    return text.replace("\n", "\\n")


def write_dot(scene: Scene) -> str:
    # Courier is the font whose widths Graphviz knows without having it.
    font, size, ink = 'fontname="Courier"', looks.FONT_SIZE, looks.EDGE_COLOUR
    look = f"rankdir={scene.direction} {font} fontsize={size} nodesep=0.2 ranksep=0.3"
    lines = ["digraph values {", f"graph [{look}]"]
    lines.append(f'node [{font} fontsize={size} height=0.3 margin="0.11,0.055"]')
    look = f'fontcolor="{ink}" color="{ink}" arrowsize=0.6 labelfontsize={size - 3} labelangle=30'
    lines.append(f"edge [{font} fontsize={size - 1} {look}]")
    ranks, paths = looks.box_ranks(scene), looks.cluster_paths(scene)
    for row in rows(scene.boxes):
        first = scene.boxes[row[0]]  # in frames `dot` keeps units in order unless told to
        for rank in dict.fromkeys(ranks[i] for i in row if first.cluster < 0):
            names = " -> ".join(f"v{i}" for i in row if ranks[i] == rank)
            how = "min" if first.row[0] == INPUTS else "same"
            lines.append(f"{{rank={how} {names} [style=invis]}}")
    inside: dict[int, list[str]] = {number: [] for number in range(-1, len(scene.clusters))}
    for i, box in enumerate(scene.boxes):
        inside[box.cluster].append(f"v{i} [{_look(scene, box)}]")
    frames: dict[int, list[str]] = {number: [] for number in inside}
    for number in reversed(range(len(scene.clusters))):  # those inside others come after them
        cluster, fill = scene.clusters[number], looks.CLUSTER_FILLS[len(paths[number]) % 2 - 1]
        look = f'style="filled" fillcolor="{fill}" color="{looks.CLUSTER_COLOUR}"'
        held = [f'label="{quoted(cluster.title)}" labeljust=l {look}']
        held += inside[number] + frames[number]
        frame = [f"subgraph cluster_{number} {{", *(f"  {line}" for line in held), "}"]
        frames[cluster.cluster] = frame + frames[cluster.cluster]
    lines += inside[-1] + frames[-1]
    aside = " " if scene.direction in ("TB", "BT") else ""  # `dot` sets it right at the line
    for arrow in scene.arrows:
        more = [f'label="{aside}{quoted(arrow.label)}"'] if arrow.label else []
        more += [f'headlabel="{arrow.which}"'] if arrow.which else []
        # Left to itself, `dot` lets frames that feed each other stand side by side.
        if scene.clusters and ranks[arrow.head] - ranks[arrow.tail] > 1:
            more.append(f"minlen={ranks[arrow.head] - ranks[arrow.tail]}")
        ends = f"v{arrow.tail} -> v{arrow.head}"
        lines.append(f"{ends} [{' '.join(more)}]" if more else ends)
    return "\n  ".join(lines) + "\n}\n"


def _look(scene: Scene, box: Box) -> str:
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


WITHOUT = "ag.draw(output) makes .svg and .html without"


class GraphvizMissing(RuntimeError):
    """Graphviz is not installed, could not do what it was asked for, or was stopped: `slow`."""

    slow = False


def run_dot(source: bytes, *options: str) -> bytes:
    """Return what Graphviz makes of a DOT source; `GraphvizMissing` where it does not, in time."""
    import subprocess

    how: dict[str, Any] = {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
    how |= {"input": source, "capture_output": True, "timeout": SECONDS}
    try:
        done = subprocess.run(["dot", *options], check=False, **how)
    except OSError:  # a browser's Python starts no processes
        where = "this needs Graphviz (https://graphviz.org/download): its program `dot`"
        raise GraphvizMissing(f"{where} was not found; {WITHOUT}") from None
    except subprocess.TimeoutExpired:  # some ordinary graphs take it minutes
        took = f"Graphviz was stopped: its program `dot` took more than {SECONDS:g} s"
        slow = GraphvizMissing(f"{took}; {WITHOUT}")
        slow.slow = True
        raise slow from None
    if done.returncode:
        first = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise GraphvizMissing(f"Graphviz: its program `dot` failed on this picture: {first:.200}")
    return bytes(done.stdout)


def tag(name: str, *inside: str, **look: object) -> str:
    """Return an element; numbers have one decimal, and attributes that are "" are left out."""
    opening = name
    for key, value in look.items():
        if value != "":
            shown = _n(value) if isinstance(value, float) else value
            opening += f' {key.rstrip("_").replace("_", "-")}="{shown}"'
    return f"<{opening}>{''.join(inside)}</{name}>" if inside else f"<{opening}/>"


def written(text: str) -> str:
    return escape(readable(text), quote=False)


def line(text: str, x: float, y: float, size: float = looks.FONT_SIZE, **look: object) -> str:
    """Return a line of text, `y` its middle; its size is told where it is given."""
    kept = {"xml:space": "preserve"} if "  " in text or text != text.strip() else {}
    sized = {} if size == looks.FONT_SIZE else {"font_size": size}
    # The baseline is set by hand: not every renderer knows dominant-baseline.
    return tag("text", written(text), x=x, y=y + 0.33 * size, **sized, **look, **kept)


def sheet(title: str, corner: Point, width: float, height: float, lines: Iterable[str]) -> str:
    """Return the whole of a picture, on white; text stands in the middle where nothing is said."""
    x, y, wide, high = map(_n, (*corner, width, height))
    back = tag("rect", x=x, y=y, width=wide, height=high, fill="white")
    look = {"width": f"{wide}pt", "height": f"{high}pt", "viewBox": f"{x} {y} {wide} {high}"}
    look |= {"role": "img", "font_family": looks.FONTS, "font_size": f"{looks.FONT_SIZE}"}
    drawn, svg = ["", tag("title", written(title)), back, *lines, ""], "http://www.w3.org/2000/svg"
    return tag("svg", "\n".join(drawn), xmlns=svg, **look, text_anchor="middle") + "\n"


_CHART = """<svg xmlns="http://www.w3.org/2000/svg" width="640" height="260" viewBox="0 0 640 260"
 role="img" aria-label="{title}" font-family="Courier,monospace" font-size="13" fill="#333333">
<rect width="640" height="260" fill="white"/>
<path d="M60 30V230H620" fill="none" stroke="#777777"/>
<text x="54" y="34" text-anchor="end">{high}</text>
<text x="54" y="234" text-anchor="end">{low}</text>
<text x="60" y="250">{first}</text>
<text x="620" y="250" text-anchor="end">{last}</text>
{drawn}</svg>"""
_CURVE = """<g fill="none" stroke-width="2.2" {}>
<polyline points="{}"/><path d="M{} 14h26"/></g>
<text x="{}" y="18">{}</text>
"""
_LOOKS = ('stroke="#1453c0"', 'stroke="#a33c06" stroke-dasharray="7 4"')


def chart(title: str, curves: Iterable[tuple[str, Iterable[Point]]], **ends: str) -> str:
    """Return one or two curves in the unit square, with their names; `ends` stand at the axes."""
    drawn = ""
    for x, look, (name, points) in zip((72, 352), _LOOKS, curves):
        xy = " ".join(f"{60.0 + 560.0 * u:.1f},{230.0 - 200.0 * v:.1f}" for u, v in points)
        drawn += _CURVE.format(look, xy, x, x + 34, written(name))
    return _CHART.format(title=escape(title), drawn=drawn, **ends)


def write_svg(scene: Scene) -> str:  # laid out without Graphviz
    layout, paths = lay_out(scene), looks.cluster_paths(scene)
    lines, labels = list[str](), list[str]()
    upright, mirrored = scene.direction in ("TB", "BT"), scene.direction in ("RL", "BT")

    def turned(u: float, v: float) -> Point:
        u = layout.length - u if mirrored else u
        return (v, u) if upright else (u, v)

    def placed(place: Rectangle) -> tuple[float, float, float, float]:
        (x0, y0), (x1, y1) = turned(place.u0, place.v0), turned(place.u1, place.v1)
        return min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)

    def pairs(*points: Point) -> str:
        return " ".join(",".join(map(_n, turned(*point))) for point in points)

    def route(strokes: list[list[Point]]) -> str:
        (u, v), path = strokes[-1][-1], ""
        for stroke in [*strokes[:-1], [*strokes[-1][:-1], (u - 5.0, v)]]:
            path += "M" + pairs(stroke[0])
            for (u0, v0), (u1, v1) in pairwise(stroke):  # a curve leaves and arrives level
                middle = (u0 + u1) / 2.0
                bent = [(middle, v0), (middle, v1)] if abs(v1 - v0) >= 0.05 else []
                path += ("C" if bent else "L") + pairs(*bent, (u1, v1))
        head = pairs((u, v), (u - 7.0, v - 2.6), (u - 7.0, v + 2.6))
        filled = tag("polygon", points=head, fill=looks.EDGE_COLOUR, stroke="none")
        return f"\n{tag('path', d=path)}{filled}"

    for number, (cluster, frame) in enumerate(zip(scene.clusters, layout.clusters)):
        x, y, w, h = placed(frame)
        fill = looks.CLUSTER_FILLS[len(paths[number]) % 2 - 1]
        lines.append(_rectangle(x, y, w, h, fill=fill, stroke=looks.CLUSTER_COLOUR))
        lines.append(line(cluster.title, x + 6.0, y + 11.0, text_anchor="start"))
    for arrow, place, strokes in zip(scene.arrows, layout.labels, layout.routes):
        if place:
            x, y, w, h = placed(place)
            labels.append(line(arrow.label, x + w / 2.0, y + h / 2.0))
        if arrow.which:
            u, v = strokes[-1][-1]
            labels.append(line(arrow.which, *turned(u - 10.0, v - 4.0), looks.FONT_SIZE - 3))
    lines.append(tag("g", *map(route, layout.routes), fill="none", stroke=looks.EDGE_COLOUR))
    lines.append(tag("g", *labels, font_size=looks.FONT_SIZE - 1, fill=looks.EDGE_COLOUR))
    lines += [_box(box, *placed(place)) for box, place in zip(scene.boxes, layout.boxes)]
    size = turned(0.0 if mirrored else layout.length, layout.breadth)
    return sheet(scene.description, (0.0, 0.0), *size, lines)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _rectangle(x: float, y: float, w: float, h: float, radius: float = 0.0, **look: object) -> str:
    return tag("rect", x=x, y=y, width=w, height=h, rx=radius or "", **look)


def _box(box: Box, x: float, y: float, w: float, h: float) -> str:
    look = looks.LOOKS[box.kind]
    ink = {"stroke": look.line, "stroke-dasharray": "4 2" if look.dashed else ""}
    ink["stroke-width"] = "2.5" if box.bold else ""
    rx, ry = w / 2.0, h / 2.0
    if look.shape == "oval":
        marks = [tag("ellipse", cx=x + rx, cy=y + ry, rx=rx, ry=ry, fill=look.fill, **ink)]
    else:
        marks = [_rectangle(x, y, w, h, 6.0 * (look.shape == "round"), fill=look.fill, **ink)]
    if look.double:
        marks.append(_rectangle(x + 3.0, y + 3.0, w - 6.0, h - 6.0, 4.0, fill="none", **ink))
    sizes = [size[box.stacked] for size in looks.field_sizes(box)]
    spare = ((h if box.stacked else w) - sum(sizes)) / len(sizes)
    for number, (field, size) in enumerate(zip(box.fields, sizes)):
        wide, high = (w, size + spare) if box.stacked else (size + spare, h)
        if number:  # a line between fields
            x1, y1 = (x + w, y) if box.stacked else (x, y + h)
            marks.append(tag("line", x1=x, y1=y, x2=x1, y2=y1, **ink))
        rows = field.split("\n")
        top = y + (high - (len(rows) - 1) * looks.LINE_HEIGHT) / 2.0
        for row, words in enumerate(rows):
            marks.append(line(words, x + wide / 2.0, top + row * looks.LINE_HEIGHT))
        x, y = (x, y + high) if box.stacked else (x + wide, y)
    bold = "bold" if box.bold else ""
    return tag("g", "\n".join(marks), class_=box.kind, fill=look.text, font_weight=bold)

"""What a frame of an animation shows, drawn into the axes of matplotlib."""

from __future__ import annotations

import math
from typing import Any

from autograd_engine.history import History, Recording
from autograd_engine.plots import MARKERS, draw_area
from autograd_engine.views.layout.routes import Layout, Rectangle
from autograd_engine.views.layout.scene import CLUSTER_COLOUR, EDGE_COLOUR, LOOKS, Scene
from autograd_engine.views.replay.boundary import Plane

HATCHES = ("", "//", "\\\\", "..", "--", "||", "xx", "++")


def draw_scene(axes: Any, scene: Scene, layout: Layout) -> list[Any]:
    """Draw a laid out scene, as the SVG of `draw` has it; return the texts of its boxes."""
    from matplotlib.patches import FancyBboxPatch, Polygon

    axes.set(xlim=(0.0, layout.length), ylim=(layout.breadth, 0.0), aspect="equal")
    axes.axis("off")
    room = axes.get_position()
    width, height = axes.figure.get_size_inches()
    across, down = width * room.width / layout.length, height * room.height / layout.breadth
    size = min(11.0, 72.0 * 10.6 * min(across, down))
    style: dict[str, Any] = {"family": "monospace", "size": size, "parse_math": False}

    def patch(place: Rectangle, corner: float, **look: Any) -> None:
        kind = f"round,pad=0,rounding_size={corner}" if corner else "square,pad=0"
        size = place.u1 - place.u0, place.v1 - place.v0
        axes.add_patch(FancyBboxPatch((place.u0, place.v0), *size, boxstyle=kind, **look))

    def write(place: Rectangle, words: str, **look: Any) -> Any:
        middle = (place.u0 + place.u1) / 2.0, (place.v0 + place.v1) / 2.0
        return axes.text(*middle, words, ha="center", va="center", **look, **style)

    for cluster, place in zip(scene.clusters, layout.clusters):
        patch(place, 0.0, fc="#f7f7f9", ec=CLUSTER_COLOUR, lw=0.8)
        axes.text(place.u0 + 6.0, place.v0 + 14.0, cluster.title, color="#555555", **style)
    for arrow, route, label in zip(scene.arrows, layout.routes, layout.labels):
        for stroke in route:
            axes.plot(*zip(*stroke), color=EDGE_COLOUR, lw=0.8)
        u, v = route[-1][-1]
        axes.add_patch(Polygon([(u, v), (u - 7.0, v - 2.6), (u - 7.0, v + 2.6)], fc=EDGE_COLOUR))
        if label:
            write(label, arrow.label)
    texts = []
    for box, place in zip(scene.boxes, layout.boxes):
        look = LOOKS[box.kind]
        lines = {"ls": "--" if look.dashed else "-", "lw": 2.0 if box.bold else 0.9}
        corner = 6.0 if look.shape == "round" else 0.0
        patch(place, corner, fc=look.fill, ec=look.line, **lines)
        texts.append(write(place, "", color=look.text))
    return texts


def draw_losses(axes: Any, history: History, recording: Recording) -> None:
    """Draw the losses of batches, thin, of epochs, and of validation data, dashed."""
    steps, each = recording.steps, recording.batches
    axes.plot([s.number for s in steps], [s.loss for s in steps], color="C0", alpha=0.4, lw=0.8)
    for losses, line in ((history.loss, "C0-"), (history.validation_loss, "C0--")):
        axes.plot([each * (i + 1) for i in range(len(losses))], losses, line, lw=1.8)
    axes.set_ylim(bottom=0.0)
    _dress(axes, "loss over the steps")
    axes.grid(alpha=0.3)


def draw_samples(axes: Any, plane: Plane) -> list[Any]:
    """Draw the samples, each class with its marker, and a ring round the one of the graph."""
    xlim, ylim = zip(plane.low, plane.high)
    axes.set(xlim=xlim, ylim=ylim)
    _dress(axes, "what is predicted")
    drawn = []
    for position in range(len(plane.classes)):
        points = [(x, y) for x, y, target, _ in plane.samples if target == position]
        look = {"marker": MARKERS[position % len(MARKERS)], "color": f"C{position}"}
        edge = {"edgecolors": "black", "linewidths": 0.4}
        drawn.append(axes.scatter(*zip(*points or [(math.nan,) * 2]), s=16, **look, **edge))
    ring = [(x, y) for x, y, _, chosen in plane.samples if chosen]
    drawn.append(axes.scatter(*zip(*ring), s=110, facecolors="none", edgecolors="black", lw=1.6))
    return drawn


def draw_areas(axes: Any, plane: Plane, cells: bytes) -> list[Any]:
    """Draw where each class is predicted, hatched in its own way."""
    xs, ys = plane.ticks()
    leads, drawn = plane.leads(cells), []
    for position in range(len(plane.classes)):
        ahead = [lead if best == position else -lead for best, lead in leads]
        rows = [ahead[start : start + plane.side] for start in range(0, len(ahead), plane.side)]
        hatches = [HATCHES[position % len(HATCHES)]]
        drawn += draw_area(axes, xs, ys, rows, colors=f"C{position}", hatches=hatches)
    return drawn


def _dress(axes: Any, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=9)
    axes.tick_params(labelsize=8)

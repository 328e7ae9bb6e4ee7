"""`animate`: a training as a GIF, where matplotlib is installed (and pillow, which it brings)."""

from __future__ import annotations

import math
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograd_engine import graph
from autograd_engine.engine import Value
from autograd_engine.history import History
from autograd_engine.plots import MARKERS
from autograd_engine.recorder import Recording, Step
from autograd_engine.views.folding import fold, levels
from autograd_engine.views.layout import Layout, Rectangle, lay_out
from autograd_engine.views.replay.boundary import Boundary, Plane
from autograd_engine.views.replay.frames import frames, recording_of, spread
from autograd_engine.views.scene import CLUSTER_COLOUR, EDGE_COLOUR, LOOKS, Box, Scene
from autograd_engine.views.styles import compose

FRAMES = 40
"""So many steps are shown, evenly spread."""

BOXES = 24
"""Regions are open as deep as that makes no more boxes than this."""

PAUSE, END = 120, 2000
"""How long, in milliseconds, a frame is shown, and the last one."""

DPI = 90
SIZE = (10.0, 5.6)
"""Width and height in inches."""

HATCHES = ("", "//", "\\\\", "..", "--", "||", "xx", "++")


def animate(history: History, path: str | os.PathLike[str], *, sample: int = 0) -> None:
    """Write a GIF of a training: graph, values and gradients, loss curve, decision boundary.

    `history` is what `fit(..., record=True)` returned; `sample` is the position of the sample
    whose graph is shown. Up to 40 steps are shown, regions folded.

    Raises `ImportError` naming the extra where matplotlib is missing, `TypeError` for anything
    but a history, `ValueError` for one without a recording, a sample that is not there and a
    path that does not end in .gif, and `FileNotFoundError` for a folder that does not exist.
    """
    target = _checked(path)
    recording = recording_of(history, sample)
    film = _Film(history, recording, sample)
    steps = spread(recording.steps, FRAMES)
    images = [film.image(*frame) for frame in frames(recording, steps, sample)]
    pauses = [PAUSE] * (len(images) - 1) + [END]
    images[0].save(target, save_all=True, append_images=images[1:], duration=pauses, loop=0)


def _checked(path: str | os.PathLike[str]) -> Path:
    target = Path(path)
    if target.suffix.lower() != ".gif":
        raise ValueError(f"cannot save an animation as {str(path)!r}: the ending must be '.gif'")
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"cannot save {str(path)!r}: there is no folder {str(target.parent)!r}"
        )
    return target


class _Film:
    """One figure: what stays is drawn once, what moves is drawn upon it for each frame."""

    def __init__(self, history: History, recording: Recording, sample: int) -> None:
        try:
            from matplotlib.backends.backend_agg import FigureCanvasAgg
            from matplotlib.figure import Figure
        except ImportError:
            raise ImportError(
                'an animation needs matplotlib: pip install "autograd_engine[plots]"'
            ) from None
        self.recording = recording
        self.boundary = Boundary(recording, FRAMES, sample)
        figure = Figure(figsize=SIZE, dpi=DPI)
        self.canvas = FigureCanvasAgg(figure)
        rows = 2 if self.boundary.plane is not None else 1
        places = {"width_ratios": (5, 3), "height_ratios": (2, 3)[:rows]}
        edges = {"left": 0.01, "right": 0.985, "top": 0.93, "bottom": 0.07}
        grid = figure.add_gridspec(rows, 2, **places, **edges, wspace=0.12, hspace=0.3)
        self.graph = figure.add_subplot(grid[:, 0])
        self.losses = figure.add_subplot(grid[0, 1])
        self.plane = figure.add_subplot(grid[1, 1]) if rows > 1 else None
        draw_losses(self.losses, history, recording)
        self.cursor = self.losses.axvline(0.0, color="black", lw=1.0)
        (self.dot,) = self.losses.plot([], [], "o", mfc="white", mec="C0", mew=2.0)
        self.title = self.graph.set_title(" ", loc="left")
        self.samples = draw_samples(self.plane, self.boundary.plane) if rows > 1 else []
        self.shape: Any = None
        self.texts: list[Any] = []
        self.still: Any = None

    def image(self, step: Step, output: Value) -> Any:
        """Return the picture of one step, in the few colours of a GIF."""
        from PIL import Image

        last = self.recording.steps[-1].number
        texts = self._lay_out(_scene(output))
        self.title.set_text(f"step {step.number:,} of {last:,}, epoch {step.epoch}")
        self.cursor.set_xdata([step.number, step.number])
        self.dot.set_data([step.number], [step.loss])
        self.canvas.restore_region(self.still)
        for artist in (self.title, *texts, self.cursor, self.dot, *self._areas(), *self.samples):
            artist.axes.draw_artist(artist)
        size = self.canvas.get_width_height()
        picture = Image.frombuffer("RGBA", size, bytes(self.canvas.buffer_rgba()))
        return picture.convert("RGB").quantize(128)

    def _lay_out(self, scene: Scene) -> list[Any]:
        """Return the texts of the boxes; where the graph has a new shape, draw what stays."""
        shape = (scene.arrows, scene.clusters, tuple(box.kind for box in scene.boxes))
        if shape != self.shape:
            self.shape = shape
            layout = lay_out(replace(scene, boxes=tuple(map(_roomy, scene.boxes))))
            self.graph.clear()
            self.title = self.graph.set_title(" ", loc="left")
            self.texts = draw_scene(self.graph, scene, layout)
            moving = [self.title, *self.texts, self.cursor, self.dot, *self.samples]
            for artist in moving:
                artist.set_animated(True)
            self.canvas.draw()
            self.still = self.canvas.copy_from_bbox(self.canvas.figure.bbox)
        for text, box in zip(self.texts, scene.boxes):
            text.set_text(_words(box))
        return self.texts

    def _areas(self) -> list[Any]:
        """Return what is predicted, as areas of the plane."""
        if self.plane is None or self.boundary.plane is None:
            return []
        for old in list(self.plane.collections):
            if old not in self.samples:
                old.remove()
        return draw_areas(self.plane, self.boundary.plane, self.boundary.cells())


def _scene(output: Value) -> Scene:
    """Return the graph with its regions open as deep as there is room, and few words in it."""
    values = graph.nodes(output)
    everything = {id(value) for value in values}
    deepest = max((len(levels(graph.region(value))) for value in values), default=0)
    parts = fold(output, values, everything, 0, loose=True)
    for depth in [*range(1, deepest), None]:
        deeper = fold(output, values, everything, depth, loose=True)
        if len(deeper) <= BOXES:
            parts = deeper
    scene = compose(parts, "LR", False, {id(output)})
    arrows = (replace(a, label=a.label if a.label.startswith("×") else "") for a in scene.arrows)
    boxes = (_brief(box) if box.kind == "folded" else box for box in scene.boxes)
    return replace(scene, arrows=tuple(arrows), boxes=tuple(boxes))


def _brief(box: Box) -> Box:
    """Return a folded box with its title and its numbers alone."""
    title, *lines = box.fields[0].split("\n")
    *around, name = ["", *levels(title)]
    numbers = [line for line in lines if line.startswith(("data ", "grad "))]
    text = "\n".join([name.removeprefix(f"{around[-1]}."), *(numbers or lines[:1])])
    return replace(box, fields=(text,))


def _roomy(box: Box) -> Box:
    """Return the box with room for the numbers of all frames."""
    words = re.sub(r"(?m)^(data|grad) .*$", r"\1 -0.0000", _words(box))
    return replace(box, fields=(words,))


def _words(box: Box) -> str:
    return "\n".join(box.fields)


def draw_scene(axes: Any, scene: Scene, layout: Layout) -> list[Any]:
    """Draw a laid out scene, as the SVG of `draw` has it; return the texts of its boxes."""
    from matplotlib.patches import FancyBboxPatch, Polygon

    axes.set(xlim=(0.0, layout.length), ylim=(layout.breadth, 0.0), aspect="equal")
    axes.axis("off")
    room = axes.get_position()
    across, down = SIZE[0] * room.width / layout.length, SIZE[1] * room.height / layout.breadth
    style = {
        "family": "monospace",
        "size": min(11.0, 72.0 * 10.6 * min(across, down)),
        "parse_math": False,
    }

    def patch(place: Rectangle, corner: float, **look: Any) -> None:
        kind = f"round,pad=0,rounding_size={corner}" if corner else "square,pad=0"
        size = place.u1 - place.u0, place.v1 - place.v0
        axes.add_patch(FancyBboxPatch((place.u0, place.v0), *size, boxstyle=kind, **look))

    for cluster, place in zip(scene.clusters, layout.clusters):
        patch(place, 0.0, fc="#f7f7f9", ec=CLUSTER_COLOUR, lw=0.8)
        axes.text(place.u0 + 6.0, place.v0 + 14.0, cluster.title, color="#555555", **style)
    for arrow, route, label in zip(scene.arrows, layout.routes, layout.labels):
        for stroke in route:
            axes.plot(*zip(*stroke), color=EDGE_COLOUR, lw=0.8)
        u, v = route[-1][-1]
        axes.add_patch(Polygon([(u, v), (u - 7.0, v - 2.6), (u - 7.0, v + 2.6)], fc=EDGE_COLOUR))
        if label:
            middle = (label.u0 + label.u1) / 2.0, (label.v0 + label.v1) / 2.0
            axes.text(*middle, arrow.label, ha="center", va="center", **style)
    texts = []
    for box, place in zip(scene.boxes, layout.boxes):
        look = LOOKS[box.kind]
        lines = {"ls": "--" if look.dashed else "-", "lw": 2.0 if box.bold else 0.9}
        corner = 6.0 if look.shape == "round" else 0.0
        patch(place, corner, fc=look.fill, ec=look.line, **lines)
        middle = (place.u0 + place.u1) / 2.0, (place.v0 + place.v1) / 2.0
        texts.append(axes.text(*middle, "", ha="center", va="center", color=look.text, **style))
    return texts


def draw_losses(axes: Any, history: History, recording: Recording) -> None:
    """Draw the losses of batches, thin, of epochs, and of validation data, dashed."""
    steps, each = recording.steps, recording.batches
    axes.plot([s.number for s in steps], [s.loss for s in steps], color="C0", alpha=0.4, lw=0.8)
    for losses, line in ((history.loss, "-"), (history.validation_loss, "--")):
        axes.plot([each * (i + 1) for i in range(len(losses))], losses, "C0" + line, lw=1.8)
    axes.set_ylim(bottom=0.0)
    _dress(axes, "loss over the steps")
    axes.grid(alpha=0.3)


def draw_samples(axes: Any, plane: Plane | None) -> list[Any]:
    """Draw the samples, each class with its marker, and a ring round the one of the graph."""
    if plane is None:
        return []
    (left, bottom), (right, top) = plane.low, plane.high
    axes.set(xlim=(left, right), ylim=(bottom, top))
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
    side = plane.side
    xs, ys = (
        [low + i * (high - low) / (side - 1) for i in range(side)]
        for low, high in zip(plane.low, plane.high)
    )
    leads = plane.leads(cells)
    drawn = []
    for position in range(len(plane.classes)):
        ahead = [lead if best == position else -lead for best, lead in leads]
        rows = [ahead[start : start + side] for start in range(0, len(ahead), side)]
        look = {"colors": f"C{position}", "hatches": [HATCHES[position % len(HATCHES)]]}
        if max(ahead) > 0.0:
            drawn.append(axes.contourf(xs, ys, rows, levels=[0.0, math.inf], alpha=0.25, **look))
        if min(ahead) < 0.0 < max(ahead):
            line = {"colors": "black", "linewidths": 0.8}
            drawn.append(axes.contour(xs, ys, rows, levels=[0.0], **line))
    return drawn


def _dress(axes: Any, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=9)
    axes.tick_params(labelsize=8)

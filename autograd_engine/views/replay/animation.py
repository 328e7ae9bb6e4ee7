"""`animate`: a training as a GIF, where matplotlib is installed (and pillow, which it brings)."""

from __future__ import annotations

import io
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograd_engine.calls import levels
from autograd_engine.engine import Value
from autograd_engine.files import checked_path
from autograd_engine.history import History, Recording, Step
from autograd_engine.survey import Survey
from autograd_engine.views.layout.routes import lay_out
from autograd_engine.views.layout.scene import Box, Scene
from autograd_engine.views.notebooks import Shown, image
from autograd_engine.views.picture.folding import Folding
from autograd_engine.views.picture.styles import compose
from autograd_engine.views.replay.axes import draw_areas, draw_losses, draw_samples, draw_scene
from autograd_engine.views.replay.boundary import Boundary
from autograd_engine.views.replay.frames import frames, recording_of, spread
from autograd_engine.words import counted

FRAMES = 40
"""So many steps are shown, evenly spread."""

BOXES = 24
"""Regions are open as deep as that makes no more boxes than this."""

PAUSE, END = 120, 2000
"""How long, in milliseconds, a frame is shown, and the last one."""

DPI = 90
SIZE = (10.0, 5.6)
"""Width and height in inches."""

COLOURS = 64


class Animation(Shown):
    """A training as a GIF that was written to `path`, shown by notebooks."""

    def __init__(self, path: Path, data: bytes, description: str) -> None:
        self.path = path
        self.data = data
        self.description = description

    def __repr__(self) -> str:
        return f"<Animation: {self.description}, in {str(self.path)!r}>"

    def _html(self) -> str:
        return image("image/gif", self.data, self.description)

    def _kinds(self) -> dict[str, str]:
        return dict.fromkeys(("text/html", "text/markdown"), self._html())


def animate(history: History, path: str | os.PathLike[str], *, sample: int = 0) -> Animation:
    """Write a GIF of a training: graph, values and gradients, loss curve, decision boundary.

    `history` is what `fit(..., record=True)` returned; `sample` is the position of the sample
    whose graph is shown. Up to 40 steps are shown, regions folded. Notebooks show what is returned.

    Raises `ImportError` naming the extra where matplotlib is missing, `TypeError` for anything
    but a history, `ValueError` for one without a recording, a sample that is not there and a
    path that does not end in .gif, and `FileNotFoundError` for a folder that does not exist.

    >>> import tempfile
    >>> from autograd_engine import datasets, fit, losses, nn, optim
    >>> model, data = nn.MLP(2, [2, 1]), datasets.xor(8)
    >>> optimizer = optim.SGD(model.parameters(), lr=0.1)
    >>> history = fit(model, data, losses.mse, optimizer, record=True, progress=False)
    >>> animate(history, Path(tempfile.mkdtemp()) / "training.gif")
    <Animation: a training of 1 step, in '...training.gif'>
    """
    if not isinstance(history, History):
        needed = f"an animation needs what fit returns, not {history!r:.60}"
        raise TypeError(f"{needed}: write animate(history, path)")
    target = checked_path(path, "an animation", (".gif",))
    recording = recording_of(history, sample)
    film = _Film(history, recording, sample)
    steps = spread(recording.steps, FRAMES)
    pictures = [film.image(*frame) for frame in frames(recording, steps, sample)]
    first, *rest = _in_few_colours(pictures)
    pauses = [PAUSE] * len(rest) + [END]
    written = io.BytesIO()
    first.save(written, "GIF", save_all=True, append_images=rest, duration=pauses, loop=0)
    target.write_bytes(written.getvalue())
    last = counted(recording.steps[-1].number, "step")
    return Animation(target, written.getvalue(), f"a training of {last}")


def _in_few_colours(pictures: list[Any]) -> list[Any]:
    """Return the pictures with one palette: a GIF then holds only what changes between them."""
    from PIL import Image

    width, height = pictures[0].size
    some = [pictures[0], pictures[len(pictures) // 2], pictures[-1]]
    strip = Image.new("RGB", (width, height * len(some)))
    for row, picture in enumerate(some):
        strip.paste(picture, (0, row * height))
    palette = strip.quantize(COLOURS)
    return [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]


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
        plane = self.boundary.plane
        figure = Figure(figsize=SIZE, dpi=DPI)
        self.canvas = FigureCanvasAgg(figure)
        rows = 2 if plane else 1
        places = {"width_ratios": (5, 3), "height_ratios": (2, 3)[:rows]}
        edges = {"left": 0.01, "right": 0.985, "top": 0.93, "bottom": 0.07}
        grid = figure.add_gridspec(rows, 2, **places, **edges, wspace=0.12, hspace=0.3)
        self.graph = figure.add_subplot(grid[:, 0])
        self.losses = figure.add_subplot(grid[0, 1])
        self.plane = figure.add_subplot(grid[1, 1]) if plane else None
        draw_losses(self.losses, history, recording)
        self.cursor = self.losses.axvline(0.0, color="black", lw=1.0)
        (self.dot,) = self.losses.plot([], [], "o", mfc="white", mec="C0", mew=2.0, clip_on=False)
        self.title = self.graph.set_title(" ", loc="left")
        self.samples = draw_samples(self.plane, plane) if plane else []
        self.texts: list[Any] = []
        self.shape: Any = None
        self.still: Any = None

    def image(self, step: Step, output: Value) -> Any:
        """Return the picture of one step."""
        from PIL import Image

        last = self.recording.steps[-1].number
        self._lay_out(_scene(output))
        self.title.set_text(f"step {step.number:,} of {last:,}, epoch {step.epoch}")
        self.cursor.set_xdata([step.number, step.number])
        self.dot.set_data([step.number], [step.loss])
        self.canvas.restore_region(self.still)
        for artist in (
            self.title,
            *self.texts,
            self.cursor,
            self.dot,
            *self._areas(),
            *self.samples,
        ):
            artist.axes.draw_artist(artist)
        size = self.canvas.get_width_height()
        return Image.frombytes("RGBA", size, bytes(self.canvas.buffer_rgba())).convert("RGB")

    def _lay_out(self, scene: Scene) -> None:
        """Write into the boxes; where the graph has a new shape, draw first what stays."""
        shape = (scene.arrows, scene.clusters, tuple(box.kind for box in scene.boxes))
        if shape != self.shape:
            self.shape = shape
            layout = lay_out(replace(scene, boxes=tuple(map(_roomy, scene.boxes))))
            self.graph.clear()
            self.title = self.graph.set_title(" ", loc="left")
            self.texts = draw_scene(self.graph, scene, layout)
            for artist in (self.title, *self.texts, self.cursor, self.dot, *self.samples):
                artist.set_animated(True)
            self.canvas.draw()
            self.still = self.canvas.copy_from_bbox(self.canvas.figure.bbox)
        for text, box in zip(self.texts, scene.boxes):
            text.set_text("\n".join(box.fields))

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
    survey = Survey(output)
    closed, *deeper = (compose(Folding(survey, True, depth), "LR") for depth in range(4))
    scene = next((found for found in deeper[::-1] if len(found.boxes) <= BOXES), closed)
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
    words = "\n".join(box.fields)
    return replace(box, fields=(re.sub(r"(?m)^(data|grad) .*$", r"\1 -0.0000", words),))

"""A graph as a picture.

Reading order:

    around    what stands around each value: repeats, calls, regions
    parts     where boxes are cut so that no picture has a cycle
    runs      gathering what is too much to look at
    folding   the values of a graph in groups inside groups, and what each says
    styles    from a folding to a scene: classic or compact
    svg       a laid out scene as SVG
    dot       a scene in DOT, and running Graphviz; draw_dot
    digraph   the class of the package graphviz, with a limit of time
    drawing   Picture, draw
"""

from autograd_engine.views.picture.dot import draw_dot
from autograd_engine.views.picture.drawing import Picture, draw

__all__ = ["Picture", "draw", "draw_dot"]

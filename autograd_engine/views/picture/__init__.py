"""A graph as a picture.

Reading order:

    folding   which values are drawn, and what stands for the rest
    styles    from values to a scene: classic or compact
    svg       a laid out scene as SVG
    dot       a scene in DOT, and Graphviz; draw_dot
    limit     the classes of the package graphviz, with a limit of time
    drawing   Picture, draw
"""

from autograd_engine.views.picture.dot import draw_dot
from autograd_engine.views.picture.drawing import Picture, draw

__all__ = ["Picture", "draw", "draw_dot"]

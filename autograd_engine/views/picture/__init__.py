"""A graph as a picture.

Reading order:

    around    what stands around each value: repeats, calls, regions
    parts     where boxes are cut so that no picture has a cycle
    folding   the values of a graph in groups inside groups, and what each says
    styles    from a folding to a scene: classic or compact
    svg       a laid out scene as SVG
    dot       a scene in DOT, and running Graphviz
    digraph   draw_dot, by the package graphviz
    drawing   Picture, draw
"""

from autograd_engine.views.picture.drawing import Picture, draw

__all__ = ["Picture", "draw"]

"""Pictures of graphs: `draw` for notebooks and files, `draw_dot` as micrograd's notebooks do.

Reading order:

    scene     boxes, arrows and clusters as plain data
    loose     how values in no region are folded
    folding   which values are drawn, and what stands for the rest
    styles    from values to a scene: classic or compact
    ranks     built-in layout: the rank of each box
    layers    built-in layout: all that takes room, as items in ranks
    order     built-in layout: the order in each rank
    across    built-in layout: places across the direction
    layout    built-in layout: rectangles and routes
    svg       a laid out scene as SVG
    dot       a scene in DOT, and Graphviz; draw_dot
    picture   Picture, draw
"""

from autograd_engine.views.dot import draw_dot
from autograd_engine.views.picture import Picture, draw

__all__ = ["Picture", "draw", "draw_dot"]

"""A network as books draw it: units as circles in layers, weights as edges.

Reading order:

    stacks    the layers of a model, or those behind an output
    on_page   these as positions, for a page
    pen       circles, edges and words as SVG and in DOT
    network_picture   draw_network: where they stand
"""

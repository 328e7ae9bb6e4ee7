"""A network as books draw it: units as circles in layers, weights as edges.

Reading order:

    stacks    the layers of a model
    wiring    the layers behind an output, from its graph
    on_page   the same as positions, for a page
    pen       circles, edges and words as SVG and in DOT
    network_picture   draw_network: where they stand
"""

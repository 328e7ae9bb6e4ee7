"""A network as books draw it: units as circles in layers, weights as edges.

Reading order:

    stacks    the layers of a model
    wiring    the layers behind an output, from its graph
    telling   what units, weights and biases are called, and what is said of them
    seating   where units and edges stand, and how thick, and in which colour
    network_picture   draw_network: all that as SVG and in DOT
"""

from autograd_engine.views.network.network_picture import draw_network

__all__ = ["draw_network"]

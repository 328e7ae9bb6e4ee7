"""A network as books draw it: units as circles in layers, weights as edges.

Reading order:

    stacks    the layers of a model
    wiring    the layers behind an output, from its graph
    telling   what units, weights and biases are called, and what is said of them
    pen       circles, edges and words as SVG and in DOT
    network_picture   draw_network: where they stand
"""

from autograd_engine.views.network.network_picture import draw_network

__all__ = ["draw_network"]

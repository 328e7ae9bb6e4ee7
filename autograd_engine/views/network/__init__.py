"""A network as books draw it: units as circles in layers, weights as edges.

stacks    the layers of a model, or those behind an output; these as positions, for a page
network_picture   where they stand, as SVG and in DOT
"""

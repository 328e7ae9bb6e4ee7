"""Boxes, arrows and clusters, and where they stand when nobody else lays them out.

Reading order:

    scene     boxes, arrows and clusters as plain data
    ranks     the rank of each box
    layers    all that takes room, as items in ranks
    order     the order in each rank
    across    places across the direction
    routes    rectangles and routes
"""

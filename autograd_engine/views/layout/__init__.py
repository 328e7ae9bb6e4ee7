"""Boxes, arrows and clusters, and where they stand when nobody else lays them out.

Reading order:

    scene     boxes, arrows and clusters as plain data
    ranks     the rank of each box, and all that takes room in one
    across    the order in each rank, and places across the direction
    routes    rectangles and routes
"""

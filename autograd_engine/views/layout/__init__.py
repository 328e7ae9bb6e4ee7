"""Boxes, arrows and clusters, and where they stand when nobody else lays them out.

Reading order:

    scene     boxes, arrows and clusters as plain data
    ranks     the rank of each box, all that takes room in one, and its order
    routes    places, rectangles and routes
"""

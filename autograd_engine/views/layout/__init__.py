"""Boxes, arrows and clusters, and where they stand when nobody else lays them out.

scene     boxes, arrows and clusters as plain data, and the rank of each box
routes    all that takes room in a rank, its order and place, rectangles and routes
"""

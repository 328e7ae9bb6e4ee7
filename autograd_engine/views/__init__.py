"""Looking at graphs: pictures, derivations by the chain rule, both passes step by step.

notebooks what notebooks are given to show
layout    boxes, arrows and clusters, and where they stand
picture   draw: a graph as a picture
network   a model as a picture: units as circles, weights as edges
explain   a derivative derived by the chain rule
steps     the backward pass, contribution by contribution
explore   a page to explore a graph
replay    a page to scrub through a training
"""

"""Looking at graphs: pictures, derivations by the chain rule, both passes step by step.

Reading order:

    notebooks what notebooks are given to show
    scene     boxes, arrows and clusters as plain data
    folding   which values are drawn, and what stands for the rest
    styles    from values to a scene: classic or compact
    ranks     built-in layout: the rank of each box
    layers    built-in layout: all that takes room, as items in ranks
    order     built-in layout: the order in each rank
    across    built-in layout: places across the direction
    layout    built-in layout: rectangles and routes
    svg       a laid out scene as SVG
    dot       a scene in DOT, and Graphviz; draw_dot
    limit     the classes of the package graphviz, with a limit of time
    picture   Picture, draw
    formulas  what a derivative looks like on paper, as plain data
    typesetting  formulas as text, LaTeX and HTML, and in ASCII
    names     what values are called
    textbook  what a rule of the table says, in symbols and in a textbook's words
    notation  the same as a formula; how operations are written
    chain     what the chain rule goes through: variables, factors, paths
    chain_formulas  the values and factors of a chain, by names
    derivation  a derivation as lines
    writers   lines as text, Markdown, HTML
    explanation  explain
    sweep     steps
    player    both passes in a terminal
    explore   a page to explore a graph
    replay    a page to scrub through a training
    axes      a frame of an animation, drawn by matplotlib
    animation animate
"""

from autograd_engine.views.dot import draw_dot
from autograd_engine.views.explanation import Explanation, explain
from autograd_engine.views.picture import Picture, draw
from autograd_engine.views.sweep import Steps, steps

__all__ = ["Explanation", "Picture", "Steps", "draw", "draw_dot", "explain", "steps"]

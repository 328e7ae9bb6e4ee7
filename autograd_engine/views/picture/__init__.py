"""A graph as a picture.

grouping  what stands around each value, and parts that make no cycle
folding   the values of a graph in groups inside groups
styles    from a folding to scenes, and what each box says
markup    a scene in DOT, and laid out as SVG; running Graphviz
digraph   draw_dot
drawing   Picture, draw
"""

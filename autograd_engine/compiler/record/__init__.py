"""record: Values come in, a tape goes out.

symbols     what a rule is read with to learn its formula
tape        a graph as flat arrays
rewriting   operations written out in those of one and two; what is computed twice, once
"""

"""record: Values come in, a tape goes out.

symbols     what a rule is read with to learn its formula
tape        a graph as flat arrays
elementary  what takes several operands, written out in operations of one and two
simplify    what is computed twice is computed once
"""

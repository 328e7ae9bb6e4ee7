"""lift: a tape comes in, an array program and its derivative go out.

waves      sums, and what can be computed together
pieces     a tape, cut where it repeats itself
arrays     the array program: memory, views of it, steps and instructions
operands   where values stand, and how a step reads them
lifting    from waves to steps, and to matrix products
loops      from pieces to a program, the body of a loop but once
reverse    the derivative of an array program
"""

"""lift: a tape comes in, an array program and its derivative go out.

sums       chains of additions, seen as one
waves      what can be computed together
strides    memory, and strided views of it
arrays     the array program: steps and instructions
grids      sums of products that are a matrix product
operands   where values stand, and how a step reads them
lifting    from waves to steps
adjoints   where contributions are added up
reverse    the derivative of an array program
"""

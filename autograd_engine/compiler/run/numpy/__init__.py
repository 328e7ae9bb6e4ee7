"""numpy: an array program comes in; it is bound to memory and run, by NumPy or by the core.

bound    an array program on memory of its own
lifted   a tape, lifted and run
"""

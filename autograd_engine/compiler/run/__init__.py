"""run: a tape or an array program comes in, and numbers; outputs and a gradient go out.

translation  functions of floats in other languages: one translator, their spellings
translated   functions of floats on arrays
exact        value by value, bit for bit as the engine
native       the core in C, and what it reads
numpy        arrays by NumPy, and by the core where it is
choice       which of them runs a tape
jax          a tape as a pure function of JAX
"""

"""numpy: a tape comes in; lifted and bound to memory, it is run by NumPy, or by the core."""

"""native: a program comes in; it goes as integers to the core in C, which runs it, or as C out.

c_table    the table of primitives in C, written when the package is built
core       the core itself: core.c and module.c with that table, where it was built
nests      array instructions as views of one memory, and as the core reads them
c_program  a program as one text in C, which needs no core
"""

"""native: a program comes in; it goes as integers to the core in C, which runs it.

c_table        the table of primitives in C, written when the package is built
core           the core itself: core.c and module.c with that table, where it was built
nests, contracting, encoding   array instructions as the core reads them
machine_code, machine          scalar programs, which the core runs
c_statements, c_program        array programs as C of their own, which needs no core
"""

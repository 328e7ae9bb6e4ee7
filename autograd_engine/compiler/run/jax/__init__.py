"""jax: a tape comes in, a pure function of JAX arrays goes out.

jax_adjoint      products in which an adjoint of 0 passes nothing on
jax_primitives   each primitive as a function of JAX
jax_machine      a tape value by value
jax_arrays       an array program as arrays of JAX
jax_program      which of them is taken
"""

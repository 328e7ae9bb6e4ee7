"""jax: a tape comes in, a pure function of JAX arrays goes out.

jax_primitives   each primitive as a function of JAX, and what multiplies adjoints
jax_lines        an array program, line by line
jax_program      which of them is taken
"""

try:
    import jax  # noqa: F401
except ImportError as error:
    raise ImportError(
        'to_jax() needs JAX, and it cannot be imported: pip install "autograd_engine[jax]"'
    ) from error

"""jax: a tape comes in, a pure function of JAX arrays goes out."""

try:
    import jax  # noqa: F401
except ImportError as error:
    raise ImportError(
        'to_jax() needs JAX, and it cannot be imported: pip install "autograd_engine[jax]"'
    ) from error

"""JAX: `custom_jvp` over `core`, forward and reverse mode to any order."""

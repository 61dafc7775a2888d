"""Floor 3: the public losses. Checks, documentation, and dispatch on the array type."""

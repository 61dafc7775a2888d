"""Floor 2: autograd, transforms, compilation. Glue only: no formula, no checks."""

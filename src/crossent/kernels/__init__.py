"""Floor 1: tensors in, tensors out. No checks, no autograd, no ranks."""

"""Floor 0: the mathematics, in array-API text. No input or output, no autograd rules."""

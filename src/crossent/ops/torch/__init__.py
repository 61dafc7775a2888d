"""PyTorch: the three routes by which a loss is differentiated."""

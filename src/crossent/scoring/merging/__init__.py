"""Classes merged to one: scored exactly, and in which order at the least cost."""

"""What `crossent evaluate` does between its flags and its printed lines."""

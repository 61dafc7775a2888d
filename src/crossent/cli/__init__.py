"""The command line: a command parses, calls, prints. No mathematics, no reading of data."""

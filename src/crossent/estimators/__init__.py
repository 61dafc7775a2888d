"""Training of classifiers: settings, networks, objective, loop, and what is saved of them."""

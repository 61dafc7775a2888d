"""Several states as one, and back to their parts."""

import numpy as np

from crossent.scoring.meters.meter import load_states, states
from crossent.scoring.sums.counts import Counts
from crossent.scoring.sums.masses import Masses


def test_parts_are_told_apart_by_their_whole_names():
    """`a` is not taken for `a.b` or `ab`, whose names begin alike."""
    parts = {"a": Counts(9), "ab": Counts(9), "a.b": Masses(9)}
    for place, part in enumerate(parts.values()):
        part.add(np.array([place]), np.array([place + 5]))
    whole = states(parts)
    assert {name.rsplit(".", 1)[0] for name in whole} == set(parts)
    loaded = {"a": Counts(9), "ab": Counts(9), "a.b": Masses(9)}
    load_states(loaded, whole)
    for name, part in parts.items():
        np.testing.assert_array_equal(loaded[name].array(), part.array())

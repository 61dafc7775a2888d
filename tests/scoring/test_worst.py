"""The rows of largest loss: order, ties, what counts."""

import numpy as np

from crossent.scoring.worst import WORST_ROWS, WorstRow, worst_rows


def make(losses, counted=None):
    size = len(losses)
    return worst_rows(
        ("a", "b"),
        np.zeros(size, dtype=np.int64),
        np.ones(size, dtype=np.int64),
        np.tile([0.1, 0.9], (size, 1)),
        np.asarray(losses, dtype=np.float64),
        np.ones(size, dtype=bool) if counted is None else np.asarray(counted),
        np.arange(size) + 100,
    )


def test_largest_first_and_ties_in_order():
    rows = make([1.0, np.inf, 3.0, 3.0])
    assert [row.row for row in rows] == [101, 102, 103, 100]
    assert rows[0] == WorstRow(101, "a", "b", 0.1, np.inf, 0.9)


def test_at_most_twenty_four():
    rows = make(np.arange(100))
    assert [row.row for row in rows] == list(range(199, 199 - WORST_ROWS, -1))


def test_rows_that_do_not_count_are_left_out():
    assert [row.row for row in make([5.0, 1.0], [False, True])] == [101]

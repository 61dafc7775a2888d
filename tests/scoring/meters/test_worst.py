"""The rows of largest loss: order, ties, what counts."""

import numpy as np
import pytest

from crossent.scoring.meters.worst import Worst, WorstRow
from crossent.scoring.rows import Rows, score_logprobs, score_rows


def rows(losses, start=100, source="") -> Rows:
    loss = np.asarray(losses, dtype=np.float64)
    size = len(loss)
    return Rows(
        source=source,
        read=size,
        number=np.arange(size) + start,
        label=np.zeros(size, dtype=np.int64),
        loss=loss,
        probability=np.full(size, 0.1),
        predicted=np.ones(size, dtype=np.int64),
        confidence=np.full(size, 0.9),
    )


def make(*batches):
    meter = Worst()
    for batch in batches:
        meter.update(batch)
    return meter.result(("a", "b"))


def test_largest_first_and_ties_in_order():
    found = make(rows([1.0, np.inf, 3.0, 3.0]))
    assert [row.row for row in found] == [101, 102, 103, 100]
    assert found[0] == WorstRow(101, "a", "b", 0.1, np.inf, 0.9, "")


@pytest.mark.parametrize("cut", [0, 1, 24, 50, 99])
def test_at_most_twenty_four(cut):
    found = make(rows(np.arange(cut)), rows(np.arange(cut, 100), start=100 + cut))
    assert [row.row for row in found] == list(range(199, 175, -1))


def test_of_many_equal_losses_the_first_rows_stay():
    for order in (1, -1):
        batches = [rows([2.0] * 40, start=0), rows([2.0] * 40, start=40), rows([9.0], start=80)]
        found = make(*batches[::order])
        assert [row.row for row in found] == [80, *range(23)]


def test_files_are_in_order_of_their_names():
    found = make(rows([1.0, 1.0], source="b"), rows([1.0, 2.0], source="a"))
    assert [(row.source, row.row) for row in found] == [
        ("a", 101), ("a", 100), ("b", 100), ("b", 101),
    ]  # fmt: skip


def test_rows_that_do_not_count_are_left_out():
    p = np.array([[0.01, 0.99], [0.5, 0.5]])
    batch = score_rows(labels=np.array([0, 0]), values=p, weights=np.array([0.0, 1.0]))
    assert [row.row for row in make(batch)] == [1]


def test_what_the_columns_do_not_tell_is_empty():
    (row,) = make(score_logprobs(logprob=np.array([-1.0])))
    assert (row.row, row.label, row.prediction, row.loss) == (0, "", "", 1.0)
    assert np.isnan(row.confidence)


def test_equal_rows_of_two_tallies_stay_in_any_order():
    """Two tables in memory, both counted from 0 and both without names."""
    first, second = Worst(), Worst()
    first.update(rows([np.inf] * 20, start=0))
    other = rows([np.inf] * 20, start=0)
    other.label[:] = 1
    second.update(other)
    results = []
    for one, two in ((first, second), (second, first)):
        meter = Worst()
        meter.merge(one)
        meter.merge(two)
        results.append(meter.result(("a", "b")))
    assert results[0] == results[1]

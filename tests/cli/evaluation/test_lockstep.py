from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossent.cli.evaluation.lockstep import lockstep
from crossent.data.predictions.batch import Batch
from crossent.errors import InputError


def batches(sizes: list[int], source: str = "a.csv") -> Iterator[Batch]:
    start = 0
    for size in sizes:
        rows = np.arange(start, start + size)
        yield Batch(source, rows, labels=rows % 2, values=np.stack([rows, -rows], axis=1) * 1.0)
        start += size


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=8),
    st.lists(st.integers(1, 7), min_size=1, max_size=8),
)
def test_the_same_rows_stand_side_by_side(ours: list[int], cuts: list[int]):
    total, theirs = sum(ours), list[int]()
    while sum(theirs) < total:
        theirs.append(min(cuts[len(theirs) % len(cuts)], total - sum(theirs)))
    pairs = list(lockstep(batches(ours), batches(theirs, "b.csv")))
    for first, second in pairs:
        assert (first.source, second.source) == ("a.csv", "b.csv")
        assert first.rows.tolist() == second.rows.tolist()
        assert first.labels is not None
        assert first.values is not None
        assert first.labels.tolist() == (first.rows % 2).tolist()
        assert first.values[:, 1].tolist() == (-first.rows).tolist()
    assert np.concatenate([np.empty(0), *(pair[0].rows for pair in pairs)]).tolist() == [
        *range(total)
    ]


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([3, 2], [3], r"'b.csv' has none beside row 3 of 'a.csv'"),
        ([4], [4, 1], r"'a.csv' has none beside row 4 of 'b.csv'"),
        ([2], [4], r"'a.csv' has none beside row 2 of 'b.csv'"),
        ([2], [], r"the other has none beside row 0 of 'a.csv'"),
    ],
)
def test_a_stream_that_ends_early_is_named(ours: list[int], theirs: list[int], expected: str):
    with pytest.raises(InputError, match=expected):
        list(lockstep(batches(ours), batches(theirs, "b.csv")))

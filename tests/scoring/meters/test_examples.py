"""Rows drawn from every cell: at most ten, by hash, the same in any order."""

import numpy as np
import pytest

from crossent.scoring.meters import examples
from crossent.scoring.meters.examples import EXAMPLES, Examples
from crossent.scoring.row_hash import hashed, seed_of
from tests.scoring.batches import Table, same_states


def wrong(numbers, source="f", label=0, guess=1, classes=3):
    """Rows of one cell."""
    numbers = np.asarray(numbers)
    p = np.tile(np.eye(classes)[guess], (len(numbers), 1))
    return Table(source, numbers, np.full(len(numbers), label), p).rows()


def drawn(*batches, seed=0):
    meter = Examples(3, seed)
    for batch in batches:
        meter.update(batch)
    return meter


def test_the_smallest_hashes_stay():
    numbers = np.arange(500)
    order = np.argsort(hashed(numbers, seed_of("f")))
    got = drawn(wrong(numbers)).result().of(0, 1)
    assert got == tuple(("f", int(n)) for n in sorted(order[:EXAMPLES]))


def test_cells_are_drawn_apart_and_right_rows_never():
    meter = drawn(
        wrong([1, 2]), wrong([3], label=2, guess=0), wrong(range(50, 90), label=1, guess=1)
    )
    assert meter.result().of(0, 1) == (("f", 1), ("f", 2))
    assert meter.result().of(2, 0) == (("f", 3),)
    assert meter.result().of(1, 1) == meter.result().of(1, 0) == ()


def test_files_are_drawn_apart():
    """Ten of a thousand numbers, which two files share: as many rows of both, but not the same."""
    meter = drawn(wrong(range(1000), "a"), wrong(range(1000), "b"))
    got = meter.result().of(0, 1)
    assert {source for source, _ in got} == {"a", "b"}
    assert len({number for _, number in got}) == EXAMPLES
    assert got == drawn(wrong(range(1000), "b"), wrong(range(1000), "a")).result().of(0, 1)


def test_another_seed_draws_other_rows():
    assert drawn(wrong(range(500))).result().of(0, 1) != drawn(
        wrong(range(500)), seed=1
    ).result().of(0, 1)


def test_what_waits_is_cut_down(monkeypatch):
    monkeypatch.setattr(examples, "PENDING", 30)
    parts = [wrong(range(start, start + 20)) for start in range(0, 400, 20)]
    meter = drawn(*parts)
    assert meter._waiting <= 50
    assert meter.result().of(0, 1) == drawn(wrong(range(400))).result().of(0, 1)


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a"), ("\udcff", "é\n")])
def test_states_do_not_tell_the_order_of_files(names):
    one, two = (wrong(range(30), name) for name in names)
    first, second = drawn(one, two), drawn(two)
    second.merge(drawn(one))
    same_states(first.state(), second.state())
    loaded = Examples(3)
    loaded.load(first.state())
    assert loaded.result().of(0, 1) == first.result().of(0, 1)

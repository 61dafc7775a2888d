import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from crossent.data.split import allocate, split_three, stratified_sample
from crossent.errors import InputError

COUNTS = st.lists(st.integers(3, 60), min_size=2, max_size=8)


def labels_of(counts: list[int]) -> np.ndarray:
    labels = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(0).permutation(labels)


@given(COUNTS, st.sampled_from([0.0, 0.1, 0.2, 0.5]), st.sampled_from([0.0, 0.1, 0.3]))
def test_parts_are_disjoint_whole_and_stratified(counts, test_size, validation_size) -> None:
    labels = labels_of(counts)
    parts = split_three(labels, test_size, validation_size, seed=3)
    everything = np.concatenate(parts)
    np.testing.assert_array_equal(np.sort(everything), np.arange(len(labels)))
    for part, share in zip(parts, (None, validation_size, test_size), strict=True):
        assert (np.diff(part) > 0).all()
        found = np.bincount(labels[part], minlength=len(counts))
        if share == 0.0:
            assert len(part) == 0
            continue
        assert (found >= 1).all()
        if share is not None:
            assert abs(len(part) - share * len(labels)) <= len(counts)


@pytest.mark.parametrize("counts", [[100, 50, 30], [977, 1001, 13, 9]])
def test_classes_in_the_shares_of_scikit_learn(counts: list[int]) -> None:
    labels = labels_of(counts)
    _, _, test = split_three(labels, 0.2, 0.1, seed=0)
    _, reference = train_test_split(labels, test_size=len(test), stratify=labels, random_state=0)
    difference = np.bincount(labels[test]) - np.bincount(reference)
    assert np.abs(difference).max() <= 1
    assert len(test) == round(0.2 * len(labels))


def test_seed_decides() -> None:
    labels = labels_of([50, 50])
    first, again, other = (split_three(labels, 0.2, 0.1, seed)[2] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("counts", "test_size", "fits"),
    [([3, 9], 0.2, True), ([2, 9], 0.2, False), ([2, 9], 0.0, True), ([1, 9], 0.0, False)],
)
def test_a_class_needs_a_row_in_each_part(counts: list[int], test_size: float, fits: bool) -> None:
    if fits:
        assert len(split_three(labels_of(counts), test_size, 0.1, 0)[0])
        return
    with pytest.raises(
        InputError, match=rf"too small: 'kite' with {counts[0]}; leave out by --drop-class 'kite'"
    ):
        split_three(labels_of(counts), test_size, 0.1, 0, ("kite", "owl"))


def test_many_small_classes_stay_one_short_line() -> None:
    with pytest.raises(InputError, match=r"'0' with 1, .* and 95 more; leave out by") as error:
        split_three(np.arange(100), 0.2, 0.1, 0)
    assert len(str(error.value)) < 400


def test_classes_without_rows_do_not_matter() -> None:
    train, _, test = split_three(np.array([0, 0, 0, 5, 5, 5]), 0.2, 0.2, 0)
    assert (len(train), len(test)) == (2, 2)


@pytest.mark.parametrize(("test", "validation"), [(1.0, 0.1), (-0.1, 0.1), (0.2, 1.5), (0.5, 0.5)])
def test_sizes_that_make_no_sense(test: float, validation: float) -> None:
    with pytest.raises(InputError, match="-size"):
        split_three(labels_of([9, 9]), test, validation, 0)


@given(COUNTS, st.floats(0.0, 1.0))
def test_sample_keeps_shares(counts: list[int], share: float) -> None:
    labels = labels_of(counts)
    size = max(len(counts), round(share * len(labels)))
    found = stratified_sample(labels, size, seed=0)
    assert len(found) == len(set(found.tolist())) == size
    taken = np.bincount(labels[found], minlength=len(counts))
    assert (taken >= 1).all()
    ideal = np.array(counts) * size / len(labels)
    assert (np.abs(taken - ideal) < 1 + len(counts)).all()


def test_sample_of_everything_and_too_much() -> None:
    np.testing.assert_array_equal(stratified_sample(labels_of([3, 4]), 7, 0), np.arange(7))
    assert len(stratified_sample(labels_of([3, 4, 5]), 2, 0)) == 2
    for size in (0, 8):
        with pytest.raises(InputError, match=f"--rows must be from 1 to 7.*got {size}"):
            stratified_sample(labels_of([3, 4]), size, 0)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=9).filter(any), st.data())
def test_allocate_gives_the_total_within_bounds(counts: list[int], data: st.DataObject) -> None:
    array = np.array(counts)
    total = data.draw(st.integers(0, int(array.sum())))
    taken = allocate(array, total)
    assert taken.sum() == total
    assert (taken <= array).all()
    assert (np.abs(taken - array * total / array.sum()) < 1).all()


def test_a_small_class_of_a_sample_asks_for_more_rows() -> None:
    labels = np.array([0, 0, 0, 0, 1])
    with pytest.raises(InputError, match=r"'b' with 1; give more --rows, or leave out by"):
        split_three(labels, 0.2, 0.1, 0, ("a", "b"), sampled=True)
    with pytest.raises(InputError, match=r"'b' with 1; leave out by"):
        split_three(labels, 0.2, 0.1, 0, ("a", "b"))

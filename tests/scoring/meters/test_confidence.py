"""The fine histogram: edges exactly, confidences of 0 and 1, the tail towards 1."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossent.scoring.meters.confidence import CELLS, FINE, TAIL, Confidence, edges, fine_bins
from crossent.scoring.rows import Rows, score_rows

EDGES = edges()


def rows(confidence, right, weight=None, others=None) -> Rows:
    """Rows of two classes, or of those that `others` has the squares of."""
    confidence = np.asarray(confidence, dtype=np.float64)
    predicted = np.zeros(len(confidence), dtype=np.int64)
    rest = 1 - confidence
    return Rows(
        source="",
        read=len(confidence),
        number=np.arange(len(confidence)),
        label=1 - np.asarray(right).astype(np.int64),
        loss=np.zeros(len(confidence)),
        probability=np.where(right, confidence, rest),
        predicted=predicted,
        confidence=confidence,
        rest=rest,
        rest_squares=rest**2 if others is None else np.asarray(others),
        weight=None if weight is None else np.asarray(weight, dtype=np.float64),
    )


def calibration(*batches, classes=2):
    meter = Confidence(classes)
    for batch in batches:
        meter.update(batch)
    return meter.result(1.0, 1.0, 1.0)


def test_the_lower_end_of_every_bin_lies_in_it():
    starts = np.append(np.arange(FINE) / FINE, TAIL)
    assert len(EDGES) == CELLS + 1
    assert EDGES[-1] == 1
    assert (np.diff(EDGES) >= 0).all()
    np.testing.assert_array_equal(EDGES[fine_bins(starts)], starts)
    below = np.nextafter(starts[1:FINE], 0)
    np.testing.assert_array_equal(fine_bins(below), np.arange(FINE - 1))


@given(st.floats(0, 1))
def test_a_confidence_lies_between_the_ends_of_its_bin(confidence):
    place = int(fine_bins(np.array([confidence]))[0])
    assert EDGES[place] <= confidence
    assert confidence < EDGES[place + 1] or place == CELLS - 1


@pytest.mark.parametrize("bins", [5, 10, 12, 15, 20, 25, 30, 50, 100, 25_200])
def test_edges_of_coarser_bins_are_fine_edges(bins):
    step = FINE // bins
    assert step * bins == FINE
    coarse = np.arange(bins) / bins  # rounded once from k / bins: what users write
    np.testing.assert_array_equal(EDGES[:FINE:step], coarse)
    np.testing.assert_array_equal(fine_bins(coarse), np.arange(0, FINE, step))


def test_confidences_of_0_and_1():
    found = fine_bins(np.array([0.0, 5e-324, 1.0, 1 + 1e-4, np.nextafter(1, 0)]))
    assert found.tolist()[:4] == [0, 0, CELLS - 1, CELLS - 1]
    got = calibration(rows([0.0, 1.0, 1.0], [False, True, False]))
    first, *_, last = got.bins(10)
    assert (first.weight, first.confidence, first.accuracy) == (1, 0, 0)
    assert (last.weight, last.confidence, last.accuracy) == (2, 1, 0.5)
    assert got.ece(10) == pytest.approx(1 / 3)
    assert got.mce(10) == 0.5


def test_the_tail_tells_near_certain_rows_apart():
    sure = 1 - 10.0 ** -np.arange(5, 16)
    assert len(set(fine_bins(sure).tolist())) == len(sure)


def test_sums_by_bin():
    got = calibration(rows([0.55, 0.55, 0.75], [True, False, True], [1, 2, 4]))
    place = fine_bins(np.array([0.55, 0.75]))
    assert got.weight[place].tolist() == [3, 4]
    assert got.right[place].tolist() == [1, 4]
    assert got.confidence[place].tolist() == [float(3 * Fraction(0.55)), 3.0]
    assert got.weight.sum() == 7


@pytest.mark.parametrize(
    ("others", "classes", "squares"),
    [([0.25**2], 4, 1.0), ([3 * (0.25 / 3) ** 2], 4, 1 / 3), ([0.0], 4, 0.0)],
)
def test_evenness_is_of_the_others_shares(others, classes, squares):
    got = calibration(rows([0.75], [True], others=others), classes=classes)
    assert got.evenness.sum() == pytest.approx(1 / (1 + squares), rel=1e-15)


@pytest.mark.parametrize(("classes", "squares"), [(2, 1.0), (5, 0.25), (1, 1.0)])
def test_others_without_probability_share_equally(classes, squares):
    got = calibration(rows([1.0], [True]), classes=classes)
    assert got.evenness.sum() == pytest.approx(1 / (1 + squares), rel=1e-15)


def test_soft_labels_that_miss_1_by_rounding_are_no_errors():
    q = np.array([[1 - 2.0**-53, 0.0]] * 3)
    meter = Confidence(2)
    meter.update(score_rows(labels=None, values=np.array([[1.0, 0.0]] * 3), target_probs=q))
    assert meter.result(0.0, 0.0, 1.0).split(1).log_loss_calibration == 0.0

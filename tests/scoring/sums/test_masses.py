"""Masses are counts until a row has a weight, exact sums then."""

import math

import numpy as np

from crossent.scoring.sums.masses import Masses


def masses(*parts, size=4):
    meter = Masses(size)
    for keys, weights in parts:
        meter.add(np.array(keys), None if weights is None else np.array(weights, dtype=np.float64))
    return meter


def test_rows_are_counted():
    meter = masses(([1, 1, 3], None))
    assert meter.array().tolist() == [0, 2, 0, 1]
    assert meter.total() == 3.0
    assert list(meter.state()) == ["keys", "values"]


def test_weights_are_summed_exactly_beside_counts():
    weights = [0.1] * 10
    meter = masses(([1, 3], None), ([1] * 10, weights))
    assert meter.array().tolist() == [0, math.fsum([1.0, *weights]), 0, 1.0]
    assert meter.total() == math.fsum([2.0, *weights])


def test_merging_and_loading_is_adding():
    counted, weighted = masses(([0, 2], None)), masses(([2], [0.5]))
    loaded = Masses(4)
    loaded.load(weighted.state())
    for first, second in ((counted, weighted), (weighted, counted), (counted, loaded)):
        meter = Masses(4)
        meter.merge(first)
        meter.merge(second)
        keys, found = meter.items()
        assert (keys.tolist(), found.tolist()) == ([0, 2], [1.0, 1.5])
    again = Masses(4)
    again.load(meter.state())
    assert again.array().tolist() == meter.array().tolist()


def test_nothing_has_no_mass():
    assert Masses(4).total() == 0.0
    assert Masses(4).items()[0].tolist() == []

"""Temperature and softcap: values, slopes, removed classes."""

import numpy as np
import pytest

from crossent.core.link import link, link_slope
from tests.reference import numerical_slope

SCORES = np.array([[-4.0, 0.0, 0.5, 30.0]])
OPTIONS = [{}, {"temperature": 0.5}, {"softcap": 5.0}, {"temperature": 2.0, "softcap": 3.0}]


@pytest.mark.parametrize("options", OPTIONS)
def test_values_and_slopes(library, options) -> None:
    scores = library.array(SCORES)
    t, cap = options.get("temperature", 1.0), options.get("softcap")

    def textbook(x):
        return x / t if cap is None else cap * np.tanh(x / t / cap)

    ours = link(library.xp, scores, **options)
    np.testing.assert_allclose(np.from_dlpack(ours), textbook(SCORES), rtol=1e-15)
    slope = np.from_dlpack(link_slope(library.xp, scores, **options))
    expected = numerical_slope(lambda x: textbook(x).sum(), SCORES, 1e-3)
    np.testing.assert_allclose(slope, expected, atol=1e-9)


def test_a_removed_class_stays_removed(library) -> None:
    scores = library.array([[0.0, -np.inf]])
    ours = np.from_dlpack(link(library.xp, scores, temperature=2.0, softcap=3.0))
    assert ours.tolist() == [[0.0, -np.inf]]
    slope = np.from_dlpack(link_slope(library.xp, scores, temperature=2.0, softcap=3.0))
    assert slope.tolist() == [[0.5, 0.0]]


def test_the_slope_keeps_its_digits_where_the_cap_is_reached() -> None:
    from array_api_compat import array_namespace

    scores = np.array([60.0])  # 1 - tanh(20)^2 is 0 in float64; sech(20)^2 is not
    slope = link_slope(array_namespace(scores), scores, softcap=3.0)
    np.testing.assert_allclose(slope, 1 / np.cosh(20.0) ** 2, rtol=1e-14)

"""How far confidences are from how often predictions are right, and what that costs.

Read off the fine histogram of `confidence`; nothing here sees a row.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from crossent.errors import InputError
from crossent.measures.divergences import kl_divergence
from crossent.scoring.wilson import wilson

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FINE = (
    25_200  # 2^4 * 3^2 * 5^2 * 7: 5, 10, 12, 15, 20, 25, 30, 50, 100 and 81 more numbers divide it
)
BINS = 15


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows whose confidence is from `low` to below `high`: their weight, mean confidence, accuracy.

    The accuracy's ends are Wilson's, 95 %. Without rows the last four are NaN.
    """

    low: float
    high: float
    weight: float
    confidence: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float


@dataclass(frozen=True, slots=True)
class Split:
    """Scores in two parts: what recalibrating the confidence removes, and the rest; in nats."""

    log_loss_calibration: float
    log_loss_refinement: float
    brier_calibration: float
    brier_refinement: float
    bins: int


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Sums over the rows of each fine bin of the confidence, (B,); see `confidence`.

    edges: (B + 1,) their ends; the first `fine` of them are k / fine. weight, right: of all rows
    and of those predicted right, with soft labels the label's share of the prediction. confidence:
    its sum. evenness: the sum of 1 / (1 + s), s the squares of the other classes' shares of the
    rest. log_loss, brier: the means of all rows. effective: effective rows a unit of weight.
    """

    edges: Floats
    fine: int
    weight: Floats
    right: Floats
    confidence: Floats
    evenness: Floats
    log_loss: float
    brier: float
    effective: float = 1.0

    def bins(self, bins: int = BINS, *, equal_mass: bool = False) -> tuple[Bin, ...]:
        """Return the reliability table: `bins` of equal width [low, high), the last closed.

        With `equal_mass` they hold about the same weight each, are cut only between fine bins, so
        that equal confidences stay together, and may be fewer.

        Raises:
            InputError: a number of equal-width bins that does not divide 25,200.
        """
        cuts = self._cuts(bins, equal_mass=equal_mass)
        weight, right, confidence = self._by(cuts, self.weight, self.right, self.confidence)
        mean, accuracy = _ratio(confidence, weight), _ratio(right, weight)
        found: list[Bin] = []
        for i in range(len(weight)):
            low, high = wilson(float(accuracy[i]), float(weight[i]) * self.effective)
            found.append(
                Bin(
                    float(self.edges[cuts[i]]),
                    float(self.edges[cuts[i + 1]]),
                    float(weight[i]),
                    float(mean[i]),
                    float(accuracy[i]),
                    low,
                    high,
                )
            )
        return tuple(found)

    def ece(self, bins: int = BINS, *, equal_mass: bool = False) -> float:
        """Return the expected calibration error: the mean over rows of |accuracy - confidence|.

        Of their bins; 0 to 1. References: M. P. Naeini, G. Cooper, M. Hauskrecht, Obtaining well
        calibrated probabilities using Bayesian binning, AAAI 2015; C. Guo et al., ICML 2017.
        """
        gaps, weight = self._gaps(bins, equal_mass=equal_mass)
        return float(np.sum(gaps * weight) / np.sum(weight)) if weight.any() else math.nan

    def mce(self, bins: int = BINS, *, equal_mass: bool = False) -> float:
        """Return the largest |accuracy - confidence| of a bin."""
        gaps, weight = self._gaps(bins, equal_mass=equal_mass)
        return float(gaps[weight > 0].max()) if weight.any() else math.nan

    def split(self, bins: int | None = None) -> Split:
        """Return log loss and Brier score as calibration + refinement.

        In `bins` bins, by default the third root of the rows, 15 at most: fewer rows, fewer bins,
        or chance would look like miscalibration.

        Calibration is what moving the confidence of a bin (of equal mass) to its accuracy removes,
        while the other classes keep their shares of the rest; refinement needs a better model. With
        accuracy a and mean confidence c of a bin, the mean over rows of::

            log loss   a log(a / c) + (1 - a) log((1 - a) / (1 - c))
            Brier      (a - c)^2 / e,  e the bin's mean of 1 / (1 + s)

        where s is the sum of the other classes' squared shares; the second is a lower bound of what
        is removed. With hard labels neither part is below 0. What is uneven within a bin is not
        seen; chance alone makes up to `by_chance()`. Where both are infinite (confidence 1 in a
        wrong row) the refinement is NaN.

        Reference: J. Bröcker, Reliability, sufficiency, and the decomposition of proper scores,
        Quarterly Journal of the Royal Meteorological Society 135 (2009).
        """
        if bins is None:
            bins = min(max(round(math.cbrt(self._rows())), 1), BINS)
        cuts = self._cuts(bins, equal_mass=True)
        sums = self._by(cuts, self.weight, self.right, self.confidence, self.evenness)
        weight, right, confidence, evenness = (values[sums[0] > 0] for values in sums)
        if not len(weight):
            return Split(math.nan, math.nan, math.nan, math.nan, bins)
        # Sums of weights are rounded: a share may come out above 1.
        a, c = np.minimum(right / weight, 1.0), np.minimum(confidence / weight, 1.0)
        total = float(weight.sum())
        log_loss = float(np.sum(weight * kl_divergence(_two(a), _two(c), validate=False))) / total
        brier = float(np.sum((a - c) ** 2 * weight * (weight / evenness))) / total
        return Split(log_loss, self.log_loss - log_loss, brier, self.brier - brier, bins)

    def by_chance(self, level: float = 0.95) -> float:
        """Return the nats of calibration below which a calibrated model stays at `level`.

        2 rows times calibration has about the chi-square distribution with `split().bins` degrees
        of freedom; its quantile by Wilson and Hilferty, PNAS 17 (1931).
        """
        rows, bins = self._rows(), self.split().bins
        if not rows:
            return math.nan
        part = 2.0 / (9.0 * bins)
        quantile = bins * (1.0 - part + NormalDist().inv_cdf(level) * math.sqrt(part)) ** 3
        return quantile / (2.0 * rows)

    def _rows(self) -> float:
        """Return the effective number of rows."""
        return float(self.weight.sum()) * self.effective

    def _gaps(self, bins: int, *, equal_mass: bool) -> tuple[Floats, Floats]:
        cuts = self._cuts(bins, equal_mass=equal_mass)
        weight, right, confidence = self._by(cuts, self.weight, self.right, self.confidence)
        return np.abs(_ratio(right, weight, 0.0) - _ratio(confidence, weight, 0.0)), weight

    def _cuts(self, bins: int, *, equal_mass: bool) -> Integers:
        """Return the fine bins at which the bins begin, and the end, ascending."""
        end = len(self.weight)
        if bins < 1:
            raise InputError(f"bins must be 1 or more; got {bins}")
        if not equal_mass:
            check_bins(bins)
            step = self.fine // bins
            return np.append(np.arange(0, self.fine, step), end)
        below = np.concatenate([[0.0], np.cumsum(self.weight)])
        wanted = below[-1] * np.arange(1, bins) / bins
        # The cut whose weight below is nearest to what is wanted, the lower one of two.
        place = np.searchsorted(below, wanted)
        place -= (wanted - below[place - 1]) <= (below[place] - wanted)
        return np.unique(np.concatenate([[0], np.clip(place, 0, end), [end]]))

    def _by(self, cuts: Integers, *sums: Floats) -> tuple[Floats, ...]:
        return tuple(np.add.reduceat(values, cuts[:-1]) for values in sums)


def check_bins(bins: int) -> None:
    """Refuse a number of equal-width bins that is not read off the fine ones exactly."""
    if bins < 1 or FINE % bins:
        divisors = [n for n in range(1, FINE + 1) if not FINE % n]
        below = max((n for n in divisors if n < bins), default=1)
        above = min((n for n in divisors if n > bins), default=FINE)
        raise InputError(
            f"bins of equal width must divide {FINE:,}; got {bins}, take {below} or {above}"
        )


def _ratio(above: Floats, below: Floats, empty: float = math.nan) -> Floats:
    return np.divide(above, below, out=np.full(len(below), empty), where=below > 0)


def _two(shares: Floats) -> Floats:
    return np.stack([shares, 1.0 - shares], axis=-1)

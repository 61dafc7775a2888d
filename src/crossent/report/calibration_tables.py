"""Calibration in words and tables: the sentence, the errors, the split of the scores, the bins."""

import math

from crossent.report.named_line import percent_range
from crossent.report.tables import table
from crossent.report.words import MISSING, count, number, percent
from crossent.scoring.calibration import Calibration
from crossent.scoring.scores import Scores


def sentence(calibration: Calibration) -> str:
    """Return how far the mean confidence is from the accuracy, in plain words."""
    weight = float(calibration.weight.sum())
    confidence = float(calibration.confidence.sum()) / weight
    gap = confidence - float(calibration.right.sum()) / weight
    start = f"The mean confidence of the predictions is {percent(confidence)}"
    if abs(gap) < 5e-4:
        return f"{start}, and as many of them are right."
    more = "more than" if gap > 0 else "less than"
    return f"{start}, {100 * abs(gap):.1f} points {more} the share that is right."


def errors_table(calibration: Calibration, bins: int) -> str:
    """Return the expected and the largest error, in bins of equal width and of equal mass."""
    rows = [
        (
            name,
            percent(error(bins)),
            percent(error(bins, equal_mass=True)),
        )
        for name, error in (
            ("Expected error (ECE)", calibration.ece),
            ("Largest error (MCE)", calibration.mce),
        )
    ]
    caption = f"Between confidence and accuracy, in {bins} bins"
    return table(caption, ("", "equal width", "equal mass"), rows)


def split_table(scores: Scores, calibration: Calibration, bins: int) -> str:
    """Return log loss and Brier score as calibration and refinement."""
    split = calibration.split(bins)
    rows = [
        (
            "Log loss, nats",
            number(split.log_loss_calibration),
            number(split.log_loss_refinement),
            number(scores.log_loss),
        ),
        (
            "Brier score",
            number(split.brier_calibration),
            number(split.brier_refinement),
            number(scores.brier),
        ),
    ]
    caption = "What recalibrating the confidence would remove, and what would be left"
    return table(caption, ("", "removed", "left", "whole"), rows)


def bins_table(calibration: Calibration, bins: int) -> str:
    """Return the bins of equal width that hold rows."""
    rows = [
        (
            f"{percent(one.low)} to {percent(one.high)}",
            count(one.weight),
            percent(one.confidence),
            percent(one.accuracy),
            percent_range(one.accuracy_low, one.accuracy_high),
            _points(one.confidence - one.accuracy),
        )
        for one in calibration.bins(bins)
        if one.weight > 0
    ]
    heads = ("confidence", "rows", "mean", "accuracy", "95% interval", "too sure by")
    return table("Bins of equal width, those with rows", heads, rows)


def _points(gap: float) -> str:
    return MISSING if math.isnan(gap) else f"{100 * gap:+.1f} points".replace("-", "\N{MINUS SIGN}")

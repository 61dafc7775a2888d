"""Calibration in words and tables: the sentence, the errors, the split of the scores, the bins."""

import math

from crossent.report.named_line import percent_range
from crossent.report.tables import table
from crossent.report.words import MISSING, count, digits, number, percent
from crossent.scoring.calibration import Calibration
from crossent.scoring.scores import Scores


def sentence(calibration: Calibration) -> str:
    """Return how far the mean confidence is from the accuracy, as a sentence."""
    weight = float(calibration.weight.sum())
    confidence = float(calibration.confidence.sum()) / weight
    gap = confidence - float(calibration.right.sum()) / weight
    start = f"The mean confidence of the predictions is {percent(confidence)}"
    if abs(gap) < 5e-4:
        return f"{start}, as is the accuracy."
    where, name = ("above", "overconfident") if gap > 0 else ("below", "underconfident")
    points = f"{100 * abs(gap):.1f} points"
    return f"{start}, {points} {where} the accuracy: on the whole they are {name}."


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


def split_table(scores: Scores, calibration: Calibration) -> str:
    """Return log loss and Brier score as calibration and refinement."""
    split = calibration.split()
    rows = [
        (
            "Log loss, nats",
            digits(split.log_loss_calibration),
            digits(split.log_loss_refinement),
            number(scores.log_loss),
        ),
        (
            "Brier score",
            digits(split.brier_calibration),
            digits(split.brier_refinement),
            number(scores.brier),
        ),
    ]
    few = f"{split.bins} bins of equal mass" if split.bins > 1 else "a single bin"
    caption = f"What recalibrating would remove (calibration) and leave (refinement), in {few}"
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
    heads = ("confidence", "rows", "mean", "accuracy", "95% interval", "overconfidence")
    return table("Bins of equal width, those with rows", heads, rows)


def _points(gap: float) -> str:
    return MISSING if math.isnan(gap) else f"{100 * gap:+.1f} points".replace("-", "\N{MINUS SIGN}")

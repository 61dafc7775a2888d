"""The top of a page."""

import re

import numpy as np
import pytest

from crossent.report.evaluation import evaluate
from crossent.report.model import Report
from crossent.report.summary import items, notices, size
from crossent.scoring.rows import score_logprobs
from crossent.scoring.tally import Tally


def names(text):
    return re.findall(r"<dt>([^<]*)</dt>", text)


def test_how_much_was_evaluated():
    assert size(evaluate([0], [[1.0]])) == "1 row · 1 class"
    weighted = evaluate([0, 1], np.eye(2), sample_weight=[1, 0.5])
    assert size(weighted) == "2 rows, weight 1.50 · 2 classes"
    tally = Tally(())
    tally.update(score_logprobs(logprob=np.log([0.5, 0.25]), bytes=np.array([3, 4])))
    assert size(tally.result()) == "2 tokens · 7 bytes"


def test_scores_with_intervals(make_report):
    report = make_report(10)
    text = items(report)
    assert names(text) == [
        "Accuracy",
        "Log loss",
        "Perplexity",
        "Label entropy removed",
        "Calibration error",
        "Brier score",
    ]
    low, high = report.evaluation.interval("brier")
    assert f"<span>95%: {low:#.4g} to {high:#.4g}</span>" in text
    assert "<span>top 5: " in text
    assert "<span>top 5: " not in items(make_report(5))


@pytest.mark.parametrize("predictions", [False, True])
def test_what_the_columns_do_not_tell_is_left_out(predictions):
    tally = Tally(("a", "b"))
    labels = np.array([0, 1])
    said = labels if predictions else None
    tally.update(score_logprobs(logprob=np.log([0.5, 0.25]), labels=labels, predictions=said))
    want = ["Log loss", "Perplexity", "Label entropy removed"]
    assert names(items(Report("t", tally.result()))) == ["Accuracy"] * predictions + want


def test_an_infinite_loss_has_no_interval():
    text = items(Report("t", evaluate([0, 1], [[1.0, 0.0], [1.0, 0.0]])))
    log_loss = text.split("<dt>Log loss</dt>")[1].split("</div>")[0]
    assert log_loss == "<dd><strong>∞</strong><span>nats, ∞ bits</span></dd>"


def test_notices_are_text():
    report = Report("t", evaluate([0], [[1.0]]), notices=("<script>",))
    assert "<li>&lt;script&gt;</li>" in notices(report)
    assert notices(Report("t", evaluate([0], [[1.0]]))) == ""

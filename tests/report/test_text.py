"""The lines a terminal shows."""

import numpy as np

from crossent.report.model import Report
from crossent.report.text import render
from crossent.scoring.evaluation import evaluate


def test_lines_of_a_known_result():
    p = np.array([[0.5, 0.5], [0.75, 0.25], [0.25, 0.75], [0.5, 0.5]])
    report = Report("t", evaluate(["a", "b", "b", "a"], p))
    assert render(report) == (
        "test loss   0.7651 nats = 1.104 bits, perplexity 2.149\n"
        "accuracy    75.0% (1 row of 4 wrong)\n"
        "label prior 0.6931 nats; the model is worse than predicting label frequencies\n"
        "confused    b -> a (1, 50.0%)\n"
    )
    assert render(report, part="validation").startswith("validation loss ")


def test_at_most_three_pairs_and_no_control_characters(hostile_report):
    text = render(hostile_report)
    assert text.count(" -> ") == 3
    assert "removes" in text
    assert all(line.isprintable() for line in text.splitlines())
    text.encode("utf-8")
    assert max(map(len, text.splitlines())) < 130


def test_infinite_loss_is_said():
    report = Report("t", evaluate([0, 1], [[1.0, 0.0], [1.0, 0.0]]))
    text = render(report)
    assert "∞ nats" in text
    assert "1 row has probability 0 at the label" in text

"""The lines a terminal shows."""

import json
import math
import re

import numpy as np
import pytest

from crossent.report import html
from crossent.report.evaluation import evaluate
from crossent.report.json import to_json
from crossent.report.model import Report
from crossent.report.plain_table import cell_width
from crossent.report.text import perplexity, render
from crossent.report.words import number
from crossent.scoring.rows import score_logprobs
from crossent.scoring.tally import Tally
from tests.report.conftest import make_evaluation


def test_lines_of_a_known_result():
    p = np.array([[0.5, 0.5], [0.75, 0.25], [0.25, 0.75], [0.5, 0.5]])
    result = evaluate(["a", "b", "b", "a"], p)
    low, high = (number(end) for end in result.interval("log_loss"))
    text = render(Report("t", result))
    assert text == (
        f"test loss   0.7651 nats = 1.104 bits (95%: {low} to {high} nats), perplexity 2.149\n"
        "accuracy    75.0% (95%: 30.1% to 95.4%), 1 row of 4 wrong\n"
        "Brier       0.5625 (0 is best, 2 is worst)\n"
        "calibration error 37.5% (ECE, 15 bins); recalibrating would remove no more than "
        "chance makes\n"
        "label entropy 0.6931 nats = 1.000 bits; the model is worse than predicting label "
        "frequencies\n"
        "confused    b -> a (1, 50.0%)\n"
    )
    assert render(Report("t", result), part="validation").startswith("validation loss ")
    assert render(Report("t", result), part="log").startswith(
        "log loss    0.7651 nats = 1.104 bits"
    )


def test_what_recalibrating_removes_is_more_than_chance():
    given = np.tile([[0.75, 0.25]], (100, 1))
    text = render(Report("t", evaluate([0] * 100, given)))
    assert "error 25.0% (ECE, 15 bins); recalibrating would remove 0.2877 nats\n" in text
    text = render(Report("t", evaluate([0] * 72 + [1] * 28, given)))
    assert "error 3.0% (ECE, 15 bins); recalibrating would remove no more than chance" in text


def test_what_recalibrating_removes_is_one_number(make_report):
    # 216 rows are split in 6 bins, not in the 15 of the error.
    report = make_report(4, evaluation=make_evaluation(4, rows=216))
    value = report.evaluation.calibration.split().log_loss_calibration
    assert value != pytest.approx(
        report.evaluation.calibration.split(15).log_loss_calibration, rel=1e-3
    )
    found = re.search(r"recalibrating would remove ([\d.]+) nats\n", render(report))
    assert found[1] == f"{value:#.4g}"
    assert f"<td>{value:#.4g}</td>" in html.render(report)
    record = json.loads(to_json(report))["evaluation"]["calibration"]
    assert record["log_loss_calibration"] == value


def test_rows_that_are_all_alike_have_no_interval_of_the_loss():
    text = render(Report("t", evaluate([0, 0], [[0.5, 0.5]] * 2)))
    assert text.startswith("test loss   0.6931 nats = 1.000 bits, perplexity 2.000\n")


def test_top_5_where_there_are_more_classes(make_report):
    assert "\ntop 5       " in render(make_report(6))
    assert "top 5" not in render(make_report(5))


def test_tokens_have_perplexities_with_what_they_are_of():
    tally = Tally(())
    counts = {"words": np.array([1, 0, 1]), "bytes": np.array([3, 2, 4])}
    tally.update(score_logprobs(logprob=np.log([0.5, 0.25, 0.125]), **counts))
    lines = render(Report("t", tally.result()), part="log").splitlines()
    # Six bits in 3 tokens, 2 words, 9 bytes.
    assert re.fullmatch(
        r"log loss    1\.386 nats = 2\.000 bits \(95%: [\d.]+ to [\d.]+ nats\)", lines[0]
    )
    assert lines[1:] == [
        "perplexity  4.000 a token (3 tokens)",
        "            8.000 a word (2 words)",
        "            1.587 a byte (9 bytes), 0.6667 bits a byte",
    ]


def test_of_the_label_alone_nothing_else_is_said():
    tally = Tally(("a", "b"))
    tally.update(score_logprobs(logprob=np.log([0.5, 0.25]), labels=np.array([0, 1])))
    lines = render(Report("t", tally.result())).splitlines()
    assert [line.split()[0] for line in lines] == ["test", "label"]
    assert lines[0].endswith("perplexity 2.828")


def test_perplexities_above_the_largest_float():
    assert perplexity(math.log(1000)) == "1,000"
    assert perplexity(2000.0) == "e^2,000"
    assert perplexity(math.inf) == "∞"


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_lines_fit_and_lose_nothing(make_report, hostile_report, width):
    for report in (make_report(), hostile_report):
        text = render(report, width=width)
        assert max(map(cell_width, text.splitlines())) <= width
    whole = render(make_report()).split()
    assert render(make_report(), width=width).split() == whole


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

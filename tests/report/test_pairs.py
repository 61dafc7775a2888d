"""Tables of confused pairs for a terminal, and their JSON."""

import numpy as np
import pytest

from crossent.report.evaluation import evaluate
from crossent.report.pairs import pairs_record, pairs_table
from crossent.report.plain_table import cell_width
from crossent.report.words import JOINER
from crossent.scoring.rows import score_logprobs
from crossent.scoring.tally import Tally


@pytest.fixture
def animals():
    labels = ["cat"] * 4 + ["dog"] * 4 + ["emu"] * 2
    said = [0, 0, 1, 1, 1, 1, 1, 0, 2, 0]
    return evaluate(labels, 0.25 + 0.25 * np.eye(3)[said], classes=("cat", "dog", "emu"))


def test_both_tables(animals):
    # Wilson's interval of 2 of 4 is 15.0% to 85.0%; every wrong row has a loss of log 4.
    assert pairs_table(animals, 2).splitlines() == [
        "true -> predicted  rows  of true  95% from     to  loss, nats",
        "cat -> dog            2    50.0%     15.0%  85.0%       1.386",
        "emu -> cat            1    50.0%      9.5%  90.5%       1.386",
        "",
        "either way  rows  of both  95% from     to  loss, nats",
        "cat, dog       3    37.5%     13.7%  69.4%       1.386",
        "cat, emu       1    16.7%      3.0%  56.4%       1.386",
    ]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_they_fit_and_no_label_gets_through(hostile_report, width):
    text = pairs_table(hostile_report.evaluation, 20, width)
    assert text.replace(JOINER, "").replace("\n", "").isprintable()
    text.encode("utf-8")
    assert max(map(cell_width, text.splitlines())) <= width


def test_wide_names_fit():
    names = ("ホンダホンダホンダ", "トヨタトヨタトヨタ")
    text = pairs_table(evaluate([0, 1], np.eye(2)[[1, 0]], classes=names), 5, 40)
    assert max(map(cell_width, text.splitlines())) <= 40


def test_nothing_to_show():
    assert pairs_table(evaluate([0, 1], np.eye(2)), 5).startswith("Every row is right")
    tally = Tally(("a", "b"))
    tally.update(score_logprobs(logprob=np.log([0.5, 0.25]), labels=np.array([0, 1])))
    assert pairs_table(tally.result(), 5).startswith("The predicted classes are not known")


def test_the_record_names_rows(animals):
    record = pairs_record(animals, 1)
    assert record["symmetric"][0]["count"] == 3
    (first,) = record["directed"]
    assert first["examples"] == [{"source": "", "row": 2}, {"source": "", "row": 3}]
    assert (first["true"], first["predicted"], first["count"]) == ("cat", "dog", 2)
    assert set(first) == {
        "true", "predicted", "count", "share_of_true", "interval", "log_loss", "examples",
    }  # fmt: skip

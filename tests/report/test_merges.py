"""What merging buys, in a terminal."""

import dataclasses
import re

import numpy as np
import pytest

from crossent.report.evaluation import evaluate
from crossent.report.merges import digits, merge_lines, merges_table
from crossent.report.plain_table import cell_width
from crossent.report.words import JOINER
from crossent.scoring.merging.order import Step, suggest_merges

STEP = Step(("cat", "dog"), (0, 1), 2, 0.95, 0.9183, 0.6667, 0.75)


def test_a_line_a_step():
    steps = (STEP, dataclasses.replace(STEP, merged=("cat+dog", "emu"), classes=1, accuracy=1.0))
    assert merges_table(steps).splitlines()[:3] == [
        "merge             classes  accuracy  bits lost    left    told",
        "cat with dog            2     95.0%     0.6667  0.9183  0.7500",
        "cat+dog with emu        1      100%     0.6667  0.9183  0.7500",
    ]


def test_scored_steps_have_a_loss():
    text = merges_table((dataclasses.replace(STEP, log_loss=0.25),))
    assert text.splitlines()[0].endswith("loss, nats")
    assert text.splitlines()[1].endswith("0.2500")


def test_nothing_to_merge():
    steps = suggest_merges(evaluate([0, 1], np.eye(2)))
    assert merges_table(steps) == "No class is taken for another: there is nothing to merge.\n"


def test_what_rounding_leaves_is_zero():
    assert (digits(5e-16), digits(-1e-13), digits(1e-9)) == ("0.000", "0.000", "1.000e-09")


@pytest.mark.parametrize("width", [40, 80, 200])
def test_it_fits(hostile_report, compared, width):
    for scores in (hostile_report.evaluation, compared.evaluation):
        text = merges_table(suggest_merges(scores), width)
        assert text.replace(JOINER, "").replace("\n", "").isprintable()
        assert max(map(cell_width, text.splitlines())) <= width


def test_before_and_after(compared):
    before, after = compared.before, compared.evaluation
    merged, accuracy, loss, bits = merge_lines(before, after).splitlines()
    assert merged == "merged      5 classes to 4"
    gain = 100 * (after.accuracy - before.accuracy)
    assert accuracy.endswith(f"({gain:+.2f} points)")
    assert loss == f"log loss    {before.log_loss:.4g} to {after.log_loss:.4g} nats"
    kept = re.fullmatch(r"label bits  [\d.]+ to [\d.]+, ([\d.]+)% kept", bits)
    share = after.prior_log_loss / before.prior_log_loss
    assert float(kept[1]) == pytest.approx(100 * share, abs=0.051)


def test_labels_of_one_class_have_no_share():
    one = evaluate([0], [[0.5, 0.5]])
    assert merge_lines(one, one).splitlines()[-1] == "label bits  0.000 to 0.000"

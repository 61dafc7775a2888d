"""What merging buys, in a terminal."""

import dataclasses
import math
import re

import numpy as np
import pytest

from crossent.report.evaluation import evaluate
from crossent.report.merges import GOES_ON, merge_lines, merges_table, stages
from crossent.report.plain_table import cell_width
from crossent.report.words import JOINER
from crossent.scoring.merging.order import Step, suggest_merges

STEP = Step(("cat", "dog"), (0, 1), 2, 0.95, 0.9183, 0.6667, 0.75)


def test_a_line_a_step():
    steps = (STEP, dataclasses.replace(STEP, merged=("cat+dog", "emu"), classes=1, accuracy=1.0))
    assert merges_table(steps).splitlines()[:3] == [
        "merge             classes      MI  H(label)    lost  accuracy",
        "cat with dog            2  0.7500    0.9183  0.6667     95.0%",
        "cat+dog with emu        1  0.7500    0.9183  0.6667      100%",
    ]


def test_scored_steps_have_a_loss():
    text = merges_table((dataclasses.replace(STEP, log_loss=0.25),))
    assert text.splitlines()[0].endswith("log loss")
    assert text.splitlines()[1].endswith("0.2500")


def test_nothing_to_merge():
    steps = suggest_merges(evaluate([0, 1], np.eye(2)))
    assert merges_table(steps) == "No class is taken for another: there is nothing to merge.\n"


def test_the_first_line_is_before_any_merge():
    # Labels 0 0 1 1 2 2 3 3, predicted 0 1 1 1 2 2 3 2: the joint entropy is 2.5 bits.
    labels, predicted = np.arange(8) // 2, [0, 1, 1, 1, 2, 2, 3, 2]
    scores = evaluate(labels, 0.5 * np.eye(4)[predicted] + 0.125)
    steps = suggest_merges(scores)
    start = stages(scores, steps)[0]
    joint = {(0, 0): 1, (0, 1): 1, (1, 1): 2, (2, 2): 2, (3, 3): 1, (3, 2): 1}
    of_labels, of_predictions = [2, 2, 2, 2], [1, 3, 3, 1]
    entropies = [
        -sum(n / 8 * math.log2(n / 8) for n in counts)
        for counts in (of_labels, of_predictions, joint.values())
    ]
    assert start.information_bits == pytest.approx(entropies[0] + entropies[1] - entropies[2])
    assert start.label_bits == pytest.approx(2)
    lines = merges_table(steps, scores=scores).splitlines()
    assert lines[1].split() == ["(none)", "4", "1.311", "2.000", "0.000", "75.0%"]
    assert all(step.information_bits <= start.information_bits for step in steps)


def test_what_would_follow_is_said():
    scores = evaluate([0, 1, 2, 3], 0.5 * np.eye(4)[[1, 0, 3, 2]] + 0.125)
    steps = suggest_merges(scores)
    assert GOES_ON not in merges_table(steps, 1000, scores)
    assert GOES_ON in merges_table(steps[:-1], 1000, scores)


def test_both_names_of_a_merge_are_seen():
    long = dataclasses.replace(STEP, merged=("a" * 50, "b" * 50))
    name = merges_table((long,), 200).splitlines()[1].split("  ")[0]
    assert re.fullmatch("a{16}… with b{16}…", name)


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
    kept = re.fullmatch(r"label entropy [\d.]+ to [\d.]+ bits, ([\d.]+)% kept", bits)
    share = after.prior_log_loss / before.prior_log_loss
    assert float(kept[1]) == pytest.approx(100 * share, abs=0.051)


def test_labels_of_one_class_have_no_share():
    one = evaluate([0], [[0.5, 0.5]])
    assert merge_lines(one, one).splitlines()[-1] == "label entropy 0.000 to 0.000 bits"

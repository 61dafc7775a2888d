"""Which sections a page has, and in which order."""

import dataclasses
import re

import numpy as np

from crossent.report.evaluation import evaluate
from crossent.report.matrix import matrix_view
from crossent.report.model import Report
from crossent.report.sections import sections
from crossent.scoring.merging.order import Step


def headings(report):
    text = sections(report, matrix_view(report.evaluation))
    assert re.findall(r'aria-labelledby="(\w+)"', text) == re.findall(r'<h2 id="(\w+)"', text)
    return re.findall(r'<h2 id="(\w+)"', text)


def test_all_sections(compared):
    assert headings(compared) == [
        "confusion", "merged", "difference", "pairs", "classes", "calibration", "worst", "merges",
        "training", "origin",
    ]  # fmt: skip


def test_what_is_not_known_has_no_section():
    bare = Report("t", evaluate([0, 1], np.eye(2)))
    assert headings(bare) == ["confusion", "classes", "calibration", "worst"]


def test_the_baseline_in_numbers(compared):
    text = sections(compared, matrix_view(compared.evaluation))
    difference = compared.difference
    for value in (difference.both_right, difference.only_ours_right, difference.neither):
        assert f"<td>{value:,.0f}</td>" in text


def test_names_of_clusters_do_not_fill_the_page(make_report):
    step = Step(("x" * 9000, "<script>"), (0, 1), 3, 0.9, 1.0, 0.5, 0.4)
    report = dataclasses.replace(make_report(10), merges=(step,) * 100)
    text = sections(report, matrix_view(report.evaluation))
    assert "<script>" not in text
    assert "100 merges, those" in text
    assert len(text) < 400_000

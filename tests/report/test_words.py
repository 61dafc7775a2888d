"""Numbers and labels as a reader sees them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossent.report.evaluation import evaluate
from crossent.report.words import (
    amount,
    confusion_sentence,
    count,
    cut,
    digits,
    number,
    percent,
    setting,
    visible,
)

DASH = "\N{EN DASH}"


@pytest.mark.parametrize(
    ("label", "seen"),
    [
        ("", "(empty)"),
        (" ", "' '"),
        ("a\nb\t", "a\\nb\\t"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202eevil", "\\u202eevil"),
        ("\ud800", "\\ud800"),
        ("שלום", "שלום"),
        ("👩‍🔬", "👩‍🔬"),
        ("café au lait", "café au lait"),
    ],
)
def test_invisible_characters_are_shown(label, seen):
    assert visible(label) == seen


@given(st.text(alphabet=st.characters(), max_size=30))
def test_what_is_visible_is_one_line_of_utf_8(label):
    seen = visible(label)
    assert seen.strip()
    assert len(seen.splitlines()) == 1
    seen.encode("utf-8")


def test_long_text_is_cut():
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "ab…"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0%"),
        (1.0, "100%"),
        (0.5, "50.0%"),
        (0.9996, "99.96%"),
        (0.0002, "0.02%"),
        (0.9999999, ">99.9999%"),
        (1e-9, "<0.0001%"),
        (math.nan, DASH),
    ],
)
def test_percentages(share, text):
    assert percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.10423, "0.1042"),
        (1.5, "1.500"),
        (12345.6, "12,346"),
        (999.9999, "1,000"),
        (999.94, "999.9"),
        (0.0, "0.000"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
        (math.nan, DASH),
    ],
)
def test_numbers(value, text):
    assert number(value) == text


def test_counts_and_amounts():
    assert (count(1234.0), count(2.5)) == ("1,234", "2.50")
    plain = evaluate([0, 1], np.eye(2))
    assert (amount(plain, 1), amount(plain, 2)) == ("1 row", "2 rows")
    weighted = evaluate([0, 1], np.eye(2), sample_weight=[0.5, 2])
    assert amount(weighted, 2.5) == "weight 2.50"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, DASH),
        (True, "yes"),
        (False, "no"),
        (0.001, "0.001"),
        ((256, 128), "256, 128"),
        ([], DASH),
        ({"a": [1]}, '{"a": [1]}'),
        ("a\nb", "a\\nb"),
    ],
)
def test_settings(value, text):
    assert setting(value) == text


def test_the_sentence_names_who_is_taken_for_whom():
    labels = ["cat"] * 5 + ["dog"] * 5 + ["emu"]
    said = [1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0]
    text = confusion_sentence(evaluate(labels, np.eye(3)[said]), str.upper)
    assert text.startswith("Most often CAT is taken for DOG: 3 rows, 60.0% of class CAT. Then DOG")
    assert "These three" not in text
    right = confusion_sentence(evaluate([0, 1], np.eye(2)), str)
    assert right == "Every row is right: no class is taken for another."


def test_what_rounding_leaves_is_zero():
    assert (digits(5e-16), digits(-1e-13), digits(1e-9)) == ("0.000", "0.000", "1.000e-09")

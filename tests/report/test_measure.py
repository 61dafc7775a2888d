"""Lines and JSON of measures whose values are given here."""

import json
import math

import pytest

from crossent.report.measure import (
    Column,
    Measured,
    codes_text,
    measures_text,
    record,
    significant,
    terms_text,
    to_json,
)

MEASURES = [
    Measured("entropy of p", "entropy(p)", 0.8018185525433373, "nats"),
    Measured("KL divergence p || q", "kl_divergence(p, q)", math.inf, "nats", "q is 0 there"),
    Measured("total variation", "total_variation(p, q)", 12.5, ""),
]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.8018185525433373, "0.801819"),
        (0.02681239, "0.0268124"),
        (0.0, "0.00000"),
        (-0.0, "0.00000"),
        (-1.25, "-1.25000"),
        (999999.6, "1.00000e+06"),
        (100000.4, "100000"),
        (5e-324, "4.94066e-324"),
        (math.inf, "inf"),
    ],
)
def test_six_significant_digits(value, text):
    assert significant(value) == text


def test_one_line_a_measure_with_its_unit():
    assert measures_text(MEASURES, 80) == (
        "entropy of p           0.801819 nats\n"
        "KL divergence p || q        inf nats  q is 0 there\n"
        "total variation       12.5000\n"
    )


def test_a_reason_that_does_not_fit_has_a_line_of_its_own():
    assert measures_text(MEASURES, 40).splitlines()[1:3] == [
        "KL divergence p || q        inf nats",
        "  q is 0 there",
    ]


def test_two_lines_a_measure_where_one_is_too_long():
    assert measures_text(MEASURES, 30).splitlines() == [
        "entropy of p",
        "  0.801819 nats",
        "KL divergence p || q",
        "  inf nats",
        "  q is 0 there",
        "total variation",
        "  12.5000",
    ]


COLUMNS = [
    Column("p", [0.5, 0.5, 0.0], 1.0),
    Column("-log q", [1e-9, 0.25, math.inf]),
    Column("Huffman p", [1.0, 1.0, math.inf], 1.0, whole=True),
]


def test_terms_are_a_table_with_totals():
    assert terms_text("in nats", COLUMNS, 80).splitlines() == [
        "in nats",
        "outcome         p    -log q  Huffman p",
        "0        0.500000  1.00e-09   1",
        "1        0.500000  0.250000   1",
        "2        0.000000       inf        inf",
        "sum      1.000000             1.000000",
    ]


def test_bounds_are_said_below_the_code_lengths():
    columns = [
        Column("p", [0.5, 0.25, 0.25]),
        Column("ideal p", [1.0, 2.0, 2.0], 1.5),
        Column("ideal q", [2.0, 1.0, 2.0], 1.75),
        Column("Shannon p", [1.0, 2.0, 2.0], 1.5),
        Column("Shannon q", [2.0, 1.0, 2.0], 1.75),
        Column("Huffman p", [1.0, 2.0, 2.0], 1.5),
        Column("Huffman q", [2.0, 1.0, 2.0], 1.75),
    ]
    text = codes_text(columns, 80)
    assert "H(p) 1.50000 <= Huffman p 1.50000 <= Shannon p 1.50000 < H(p) + 1\n" in text
    assert "H(p, q) 1.75000 <= Shannon q 1.75000 < H(p, q) + 1\n" in text
    assert "mean, p" in text
    assert max(map(len, codes_text(columns, 40).splitlines())) <= 40
    endless = [
        column._replace(total=math.inf) if "q" in column.head else column for column in columns
    ]
    assert "H(p, q)" not in codes_text(endless, 80)


def test_json_is_strict_in_full_precision_with_infinity_as_text():
    whole = record([0.5, 0.5], [1.0, 0.0], None, MEASURES, COLUMNS, None, unit="nats")
    found = json.loads(to_json(whole), parse_constant=lambda name: pytest.fail(name))
    assert found["p"] == [0.5, 0.5]
    assert "positions" not in found
    assert "code_lengths" not in found
    assert found["measures"]["entropy(p)"] == {"value": 0.8018185525433373, "unit": "nats"}
    assert found["measures"]["kl_divergence(p, q)"] == {
        "value": "inf",
        "unit": "nats",
        "why": "q is 0 there",
    }
    assert found["measures"]["total_variation(p, q)"]["unit"] is None
    assert found["terms"]["-log q"] == {"terms": [1e-9, 0.25, "inf"]}
    assert found["terms"]["p"]["total"] == 1

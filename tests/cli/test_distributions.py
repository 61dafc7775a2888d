"""Every measure against SciPy and the textbook; the sums term by term against the measures."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from crossent import measures
from crossent.cli.distributions import code_lengths, measured, terms, unit_name

P, Q = [0.1, 0.7, 0.2], [0.1, 0.6, 0.3]
NATS = {"unit": "nats", "base": None}


def found(p=P, q=Q, positions=None, scale=NATS):
    return {one.call: one for one in measured(p, q, positions, scale)}


def textbook(p, q, positions, log):
    """Return the measures by their calls; `log` is the logarithm of their unit."""
    p, q = np.array(p), np.array(q)
    m = (p + q) / 2

    def entropy(p):
        return -(p * log(p)).sum()

    def cross(p, q):
        return -(p * log(q)).sum()

    js = cross(p, m) / 2 + cross(q, m) / 2 - entropy(p) / 2 - entropy(q) / 2
    overlap = np.sqrt(p * q).sum()
    return {
        "entropy(p)": entropy(p),
        "entropy(q)": entropy(q),
        "cross_entropy(p, q)": cross(p, q),
        "cross_entropy(q, p)": cross(q, p),
        "kl_divergence(p, q)": cross(p, q) - entropy(p),
        "kl_divergence(q, p)": cross(q, p) - entropy(q),
        "js_divergence(p, q)": js,
        "js_distance(p, q)": np.sqrt(js),
        "total_variation(p, q)": np.abs(p - q).sum() / 2,
        "hellinger(p, q)": np.sqrt(1 - overlap),
        "bhattacharyya_coefficient(p, q)": overlap,
        "bhattacharyya_distance(p, q)": -log(overlap),
        "renyi_divergence(p, q, 0.5)": -2 * log(overlap),
        "renyi_divergence(p, q, 2)": log((p**2 / q).sum()),
        "renyi_entropy(p, 2)": -log((p**2).sum()),
        "renyi_entropy(q, 2)": -log((q**2).sum()),
        "renyi_entropy(p, inf)": -log(p.max()),
        "renyi_entropy(q, inf)": -log(q.max()),
        "wasserstein(p, q, positions)": stats.wasserstein_distance(positions, positions, p, q),
        "perplexity(p)": np.exp(stats.entropy(p)),
        "perplexity(q)": np.exp(stats.entropy(q)),
        "perplexity(p, q)": np.exp(-(p * np.log(q)).sum()),
    }


@pytest.mark.parametrize(
    ("scale", "log"),
    [
        (NATS, np.log),
        ({"unit": "bits", "base": None}, np.log2),
        ({"unit": "bits", "base": 10.0}, np.log10),
        ({"unit": "nats", "base": 3.0}, lambda x: np.log(x) / np.log(3)),
    ],
)
def test_all_values(scale, log):
    positions = [0.0, 1.0, 5.0]
    expected = textbook(P, Q, positions, log)
    values = {call: one.value for call, one in found(positions=positions, scale=scale).items()}
    assert values == pytest.approx(expected, rel=1e-12)


def test_the_values_of_scipy():
    one = found()
    assert one["js_distance(p, q)"].value == pytest.approx(jensenshannon(P, Q), rel=1e-12)
    assert one["kl_divergence(p, q)"].value == pytest.approx(stats.entropy(P, Q), rel=1e-12)
    where = range(3)
    expected = stats.wasserstein_distance(where, where, P, Q)
    assert one["wasserstein(p, q)"].value == pytest.approx(expected, rel=1e-12)


def test_units():
    units = {call: one.unit for call, one in found(scale={"unit": "bits", "base": None}).items()}
    assert units["js_distance(p, q)"] == "sqrt(bits)"
    assert units["perplexity(p, q)"] == "outcomes"
    assert units["wasserstein(p, q)"] == "positions"
    bare = {"total_variation(p, q)", "hellinger(p, q)", "bhattacharyya_coefficient(p, q)"}
    assert {call for call, unit in units.items() if not unit} == bare
    assert {unit_name("nats", base) for base in (3.0, 0.5, 2.5)} == {
        "base 3",
        "base 0.5",
        "base 2.5",
    }
    assert unit_name("bits", math.e) == "nats"


def test_every_measure_of_two_distributions_is_there():
    of_tables = {"conditional_entropy", "gain_ratio", "information_gain", "mutual_information"}
    of_tables |= {"Interval", "Joint", "bootstrap_interval", "joint", "purity"}
    of_tables |= {"Ranked", "rank_columns"}
    others = {"entropy_from_logits", "kl_from_logits", "from_counts", "information"}
    expected = set(measures.__all__) - of_tables - others
    assert {call.partition("(")[0] for call in found()} == expected


def test_p_alone():
    assert list(found(q=None)) == [
        "entropy(p)",
        "renyi_entropy(p, 2)",
        "renyi_entropy(p, inf)",
        "perplexity(p)",
    ]


def test_what_is_infinite_says_why():
    one = found([0.5, 0.5, 0.0], [0.0, 0.5, 0.5])
    q_is_0 = "q is 0 where p is not: outcome 0"
    p_is_0 = "p is 0 where q is not: outcome 2"
    assert {call: each.why for call, each in one.items() if math.isinf(each.value)} == {
        "cross_entropy(p, q)": q_is_0,
        "cross_entropy(q, p)": p_is_0,
        "kl_divergence(p, q)": q_is_0,
        "kl_divergence(q, p)": p_is_0,
        "renyi_divergence(p, q, 2)": q_is_0,
        "perplexity(p, q)": q_is_0,
    }
    assert not any(each.why for each in one.values() if math.isfinite(each.value))
    apart = found([0.2] * 5 + [0.0], [0.0] * 5 + [1.0])
    assert apart["bhattacharyya_distance(p, q)"].why == "p and q share no outcome"
    assert apart["renyi_divergence(p, q, 0.5)"].why == "p and q share no outcome"
    several = "q is 0 where p is not: outcomes 0, 1, 2 and 2 more"
    assert apart["kl_divergence(p, q)"].why == several


@st.composite
def distributions(draw, size):
    counts = draw(st.lists(st.integers(0, 50), min_size=size, max_size=size).filter(any))
    return [count / sum(counts) for count in counts]


@given(st.integers(1, 6).flatmap(lambda n: st.tuples(distributions(n), distributions(n))))
def test_totals_of_the_terms_are_the_measures(pair):
    p, q = pair
    total = {column.head: column.total for column in terms(p, q, NATS)}
    one = found(p, q)
    for head, call in (
        ("-p log p", "entropy(p)"),
        ("-p log q", "cross_entropy(p, q)"),
        ("p log p/q", "kl_divergence(p, q)"),
    ):
        assert total[head] == pytest.approx(one[call].value, rel=1e-9, abs=1e-14)
    assert total["p"] == pytest.approx(1)


def test_each_term():
    columns = {
        column.head: column.values for column in terms([0.5, 0.5, 0.0], [0.25, 0, 0.75], NATS)
    }
    log2, inf = math.log(2), math.inf
    assert columns["-log p"] == pytest.approx([log2, log2, inf])
    assert columns["-log q"] == pytest.approx([2 * log2, inf, -math.log(0.75)])
    assert columns["-p log p"] == pytest.approx([log2 / 2, log2 / 2, 0])
    assert columns["-p log q"] == pytest.approx([log2, inf, 0])
    assert columns["p log p/q"] == pytest.approx([log2 / 2, inf, 0])
    assert [column.head for column in terms(P, None, NATS)] == ["p", "-log p", "-p log p"]


def test_code_lengths_of_a_code_built_for_another_distribution():
    columns = {
        one.head: one for one in code_lengths([0.5, 0.25, 0.125, 0.125], [0.1, 0.1, 0.1, 0.7])
    }
    assert columns["ideal p"].values == pytest.approx([1, 2, 3, 3])
    assert columns["Shannon p"].values == [1, 2, 3, 3]
    assert columns["Huffman p"].values == [1, 2, 3, 3]
    assert columns["Shannon q"].values == [4, 4, 4, 1]
    assert columns["Huffman q"].values[3] == 1
    means = {head: column.total for head, column in columns.items()}
    assert means["ideal p"] == means["Shannon p"] == means["Huffman p"] == 1.75
    assert means["Shannon q"] == pytest.approx(3.625)
    cross = -sum(p * math.log2(q) for p, q in ((0.875, 0.1), (0.125, 0.7)))
    assert means["ideal q"] == pytest.approx(cross)
    assert [one.head for one in code_lengths(P, None)] == ["ideal p", "Shannon p", "Huffman p"]
    assert all(column.whole == ("ideal" not in head) for head, column in columns.items())


def test_a_code_without_a_word_for_what_occurs_has_no_mean():
    columns = {one.head: one for one in code_lengths([0.5, 0.5, 0.0], [1.0, 0.0, 0.0])}
    assert columns["Huffman q"].values == [0, math.inf, math.inf]
    assert columns["Huffman q"].total == columns["Shannon q"].total == math.inf
    assert columns["Huffman p"].total == 1

"""`evaluate` against scikit-learn: weights, absent classes, names, soft labels, edges."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, brier_score_loss, confusion_matrix, log_loss

from crossent.errors import InputError
from crossent.report.evaluation import evaluate


def sample(rows=120, classes=5, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(classes, 0.4), size=rows)
    y = np.array([rng.choice(classes, p=line) for line in p])
    return y, p, rng.random(rows) * (rng.random(rows) > 0.1)


@pytest.mark.parametrize("weighted", [False, True], ids=["equal", "weights"])
@pytest.mark.parametrize("classes", [2, 3, 9])
def test_scores_are_scikit_learns(classes, weighted):
    y, p, w = sample(classes=classes)
    w = w if weighted else None
    got = evaluate(y, p, sample_weight=w)
    labels = range(classes)
    want = log_loss(y, p, labels=labels, sample_weight=w)
    assert got.log_loss == pytest.approx(want, rel=1e-9)
    assert got.accuracy == pytest.approx(accuracy_score(y, p.argmax(1), sample_weight=w))
    if classes == 2:
        brier = brier_score_loss(y, p[:, 1], sample_weight=w, scale_by_half=False)
    else:
        brier = brier_score_loss(y, p, labels=labels, sample_weight=w, scale_by_half=False)
    assert got.brier == pytest.approx(brier, rel=1e-12)
    matrix = confusion_matrix(y, p.argmax(1), labels=labels, sample_weight=w)
    np.testing.assert_allclose(got.confusion, matrix, rtol=1e-12)
    prior = np.bincount(y, weights=w, minlength=classes)
    prior = prior / prior.sum()
    baseline = log_loss(y, np.tile(prior, (len(y), 1)), labels=labels, sample_weight=w)
    assert got.prior_log_loss == pytest.approx(baseline, rel=1e-9)


def test_derived_numbers():
    y, p, _ = sample()
    got = evaluate(y, p)
    assert got.bits == pytest.approx(got.log_loss * math.log2(math.e))
    assert got.perplexity == pytest.approx(2**got.bits)
    assert got.error_rate == pytest.approx(np.mean(y != p.argmax(1)))
    assert got.information == pytest.approx(got.prior_log_loss - got.log_loss)
    assert got.share_of_label_entropy == pytest.approx(1 - got.log_loss / got.prior_log_loss)
    assert (got.rows, got.weight, got.infinite_rows) == (120, 120.0, 0)


def test_integer_weights_are_copies():
    y, p, _ = sample(rows=30)
    copies = np.random.default_rng(5).integers(0, 4, size=30)
    once = evaluate(y, p, sample_weight=copies)
    many = evaluate(np.repeat(y, copies), np.repeat(p, copies, axis=0))
    for name in ("log_loss", "accuracy", "brier", "prior_log_loss", "weight"):
        assert getattr(once, name) == pytest.approx(getattr(many, name), rel=1e-12), name
    np.testing.assert_array_equal(once.confusion, many.confusion)


def test_string_labels_are_sorted_as_in_scikit_learn():
    y, p, _ = sample(classes=3)
    words = np.array(["cat", "dog", "emu"])[y]
    assert evaluate(words, p).log_loss == pytest.approx(log_loss(words, p), rel=1e-12)
    backwards = evaluate(words, p[:, ::-1], classes=("emu", "dog", "cat"))
    assert backwards.log_loss == pytest.approx(log_loss(words, p), rel=1e-12)
    assert backwards.classes == ("emu", "dog", "cat")


def test_zero_at_the_label_is_infinite_and_counted():
    got = evaluate([0, 1, 1], [[1.0, 0.0], [1.0, 0.0], [0.5, 0.5]])
    assert got.log_loss == got.perplexity == got.bits == math.inf
    assert got.infinite_rows == 1
    assert got.worst[0].row == 1
    assert got.brier == pytest.approx((0 + 2 + 0.5) / 3)
    without = evaluate([0, 1], [[1.0, 0.0], [1.0, 0.0]], sample_weight=[1, 0])
    assert (without.log_loss, without.infinite_rows, without.accuracy) == (0.0, 0, 1.0)


def test_a_loss_too_large_for_exp():
    assert evaluate([0], [[0.0, 1.0]]).perplexity == math.inf
    tiny = np.nextafter(0, 1)
    assert evaluate([0], [[tiny, 1.0]]).perplexity == math.inf


def test_one_row_and_one_class():
    one = evaluate([0], [[0.25, 0.75]])
    assert one.log_loss == pytest.approx(math.log(4))
    assert one.prior_log_loss == 0.0
    assert math.isnan(one.share_of_label_entropy)
    single = evaluate([0, 0], [[1.0], [1.0]])
    assert (single.log_loss, single.accuracy, single.pairs()) == (0.0, 1.0, ())


def test_soft_labels_score_as_weighted_copies():
    rng = np.random.default_rng(8)
    p, q = rng.dirichlet(np.ones(4), size=(2, 50))
    w = rng.random(50)
    got = evaluate(None, p, target_probs=q, sample_weight=w)
    labels, rows = np.tile(np.arange(4), 50), np.repeat(p, 4, axis=0)
    weights = (q * w[:, None]).ravel()
    assert got.log_loss == pytest.approx(log_loss(labels, rows, sample_weight=weights), rel=1e-12)
    assert got.prior_log_loss == pytest.approx(
        evaluate(labels, rows, sample_weight=weights).prior_log_loss, rel=1e-12
    )
    assert got.brier == pytest.approx(np.average(((p - q) ** 2).sum(1), weights=w), rel=1e-12)
    assert got.accuracy == pytest.approx(np.average(p.argmax(1) == q.argmax(1), weights=w))


def test_rows_name_the_worst():
    got = evaluate([0, 1], [[0.9, 0.1], [0.8, 0.2]], rows=[40, 17])
    assert [(row.row, row.label, row.prediction) for row in got.worst] == [
        (17, "1", "0"),
        (40, "0", "0"),
    ]
    assert got.worst[0].confidence == 0.8
    assert got.worst[0].probability == 0.2


def test_pairs_say_what_is_confused_with_what():
    p = np.array([[0.1, 0.9]] * 3 + [[0.9, 0.1]])
    (pair,) = evaluate(["cat", "cat", "dog", "cat"], p).pairs(3)
    assert (pair.true, pair.predicted, pair.count) == ("cat", "dog", 2.0)
    assert pair.share_of_true == pytest.approx(2 / 3)


def test_it_shows_itself(tmp_path):
    got = evaluate(["<b>", "dog"], [[0.25, 0.75], [0.1, 0.9]], classes=("<b>", "dog"))
    page = tmp_path / "page.html"
    got.report(page, title="A & B")
    text = page.read_text(encoding="utf-8")
    assert "<title>A &amp; B</title>" in text
    assert "&lt;b&gt;" in got._repr_html_()
    assert "<b>" not in got._repr_html_()


def test_soft_labels_are_noted_in_the_report(tmp_path):
    got = evaluate(None, [[0.25, 0.75]], target_probs=[[0.5, 0.5]])
    got.report(str(tmp_path / "page.html"))
    assert "<li>Soft labels: " in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("labels", "probabilities", "options", "words"),
    [
        ([0], [[0.5, 0.5], [0.5, 0.5]], {}, "got 1 and 2 rows"),
        (None, [[0.5, 0.5]], {}, "labels are needed"),
        ([0], [[0.7, 0.7]], {}, r"row 0: .* must sum to 1 .* sum to 1\.4"),
        ([0], [[0.5, 0.5]], {"sample_weight": [-1]}, "row 0 has -1"),
        ([0], [[0.5, 0.5]], {"target_probs": [[1.0, 0.0, 0.0]]}, "shape of probabilities"),
        (["x"], [[0.5, 0.5]], {"classes": ("a", "b")}, "label 'x' in row 0"),
    ],
)
def test_bad_input_is_named(labels, probabilities, options, words):
    with pytest.raises(InputError, match=words):
        evaluate(labels, probabilities, **options)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 63)), min_size=1, max_size=20))
def test_accuracy_and_brier_are_exact_rationals(rows):
    labels = [label for label, _ in rows]
    exact = [(Fraction(n, 64), Fraction(64 - n, 128), Fraction(64 - n, 128)) for _, n in rows]
    got = evaluate(labels, [[float(p) for p in line] for line in exact])
    hits = sum(line.index(max(line)) == label for label, line in zip(labels, exact, strict=True))
    brier = sum(
        sum((p - (j == label)) ** 2 for j, p in enumerate(line))
        for label, line in zip(labels, exact, strict=True)
    )
    assert got.accuracy == pytest.approx(hits / len(rows), rel=1e-15)
    assert got.brier == pytest.approx(float(brier / len(rows)), rel=1e-13)


WINE = ("3", "4", "5", "6", "7", "8")


def test_numbers_written_as_classes_are_names():
    labels = [3, 4, 5, 8]
    given = np.eye(6)[[0, 1, 2, 5]]
    assert evaluate(labels, given, classes=WINE).accuracy == 1.0
    assert evaluate(labels, given, classes=range(3, 9)).accuracy == 1.0
    assert evaluate([str(n) for n in labels], given, classes=WINE).accuracy == 1.0


def test_codes_of_such_classes():
    given = np.eye(6)[[3, 4]]
    assert evaluate(None, given, target_probs=given, classes=WINE).accuracy == 1.0


def test_logits_and_shares_that_do_not_sum_to_one():
    y, p, _ = sample()
    whole = evaluate(y, p).log_loss
    assert evaluate(y, np.log(p) + 3.0, kind="logits").log_loss == pytest.approx(whole, rel=1e-12)
    assert evaluate(y, np.log(p), kind="logprobs").log_loss == pytest.approx(whole, rel=1e-12)
    assert evaluate(y, p * 7.0, normalize=True).log_loss == pytest.approx(whole, rel=1e-12)


def test_it_is_printed_in_one_line():
    p = np.array([[0.5, 0.5], [0.75, 0.25], [0.25, 0.75], [0.5, 0.5]])
    assert repr(evaluate(["a", "b", "b", "a"], p)) == (
        "Evaluation(rows=4, classes=2, log_loss=0.7651, accuracy=0.7500, brier=0.5625)"
    )


def test_the_columns_of_a_frame_name_the_classes():
    pandas = pytest.importorskip("pandas")
    labels = pandas.Series(["dog", "cat"])
    frame = pandas.DataFrame({"dog": [0.9, 0.2], "cat": [0.1, 0.8]})
    assert evaluate(labels, frame).classes == ("dog", "cat")
    assert evaluate(labels, frame).accuracy == 1
    assert evaluate([0, 1], pandas.DataFrame(frame.to_numpy())).classes == ("0", "1")
    with pytest.raises(InputError, match="'emu' in row 0 is not among"):
        evaluate(["emu", "cat"], frame)


def test_tensors_are_read_as_people_have_them():
    torch = pytest.importorskip("torch")
    p = torch.tensor([[0.75, 0.25], [0.5, 0.5]])
    want = evaluate([0, 1], p.numpy()).log_loss
    assert evaluate(torch.tensor([0, 1]), p.clone().requires_grad_()).log_loss == want
    assert evaluate(torch.tensor([0, 1]), p.bfloat16()).log_loss == want
    weight = torch.tensor([1.0, 1.0], requires_grad=True)
    assert evaluate([0, 1], p, sample_weight=weight).log_loss == want


def test_probabilities_given_as_logits_are_refused():
    p = [[0.75, 0.25], [0.5, 0.5]]
    with pytest.raises(InputError, match='probabilities, not logits; give kind="probs"'):
        evaluate([0, 1], p, kind="logits")
    assert evaluate([0], [p[0]], kind="logits").rows == 1  # one row may be either

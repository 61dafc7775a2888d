"""Laws of the meters and of the scores: no order, no cut and no file changes a bit."""

import functools
import io
import json
import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossent.errors import InputError
from crossent.scoring.meters.confidence import Confidence
from crossent.scoring.meters.confusion import Confusion
from crossent.scoring.meters.examples import EXAMPLES, Examples
from crossent.scoring.meters.resamples import Groups
from crossent.scoring.meters.totals import Ranks, SoftLabels, Totals
from crossent.scoring.meters.worst import Worst
from crossent.scoring.stats_file import load_stats, save_stats
from crossent.scoring.tally import Tally
from tests import reference_scores as reference
from tests.scoring.batches import LAYOUTS, WEIGHTS, Table, same_states, table

METERS = {
    "totals": lambda classes: Totals(),
    "groups": lambda classes: Groups(),
    "confusion": Confusion,
    "ranks": Ranks,
    "soft": SoftLabels,
    "confidence": Confidence,
    "worst": lambda classes: Worst(),
    "examples": Examples,
}


@st.composite
def files(draw, most=4) -> list[Table]:
    """Up to four files of one layout; the first is not empty."""
    options = {
        "classes": draw(st.sampled_from([1, 2, 3, 5])),
        "layout": draw(st.sampled_from(LAYOUTS)),
        "weights": draw(st.sampled_from(WEIGHTS)),
    }
    seeds = draw(st.lists(st.integers(0, 2**20), min_size=1, max_size=most))
    sizes = [draw(st.integers(0 if i else 1, 60)) for i in range(len(seeds))]
    found = [
        table(seed, size, source=f"{i}.csv", **options)
        for i, (seed, size) in enumerate(zip(seeds, sizes, strict=True))
    ]
    first = found[0]
    if first.weight is not None:
        first.weight[0] = 1.0  # or no row may count
    return found


def updated(meter, part):
    meter.update(part.rows())
    return meter


def tally_of(parts) -> Tally:
    tally = Tally(parts[0].classes)
    for part in parts:
        tally.update(part.rows())
    return tally


def merged(tallies) -> Tally:
    whole = Tally(tallies[0].classes)
    for tally in tallies:
        whole.merge(tally)
    return whole


def cut(tables, random) -> list[Table]:
    """The rows in pieces: every file cut anywhere, rows and pieces in any order."""
    pieces = []
    for whole in tables:
        rows = random.sample(range(len(whole.number)), len(whole.number))
        ends = sorted(random.randint(0, len(rows)) for _ in range(random.randint(0, 3)))
        for start, stop in zip([0, *ends], [*ends, len(rows)], strict=True):
            pieces.append(whole.take(rows[start:stop]))
    random.shuffle(pieces)
    return pieces


def text(scores) -> str:
    return json.dumps(scores.to_dict(), allow_nan=False)


@pytest.mark.parametrize("name", METERS)
@settings(deadline=None, max_examples=30)
@given(drawn=files(2), random=st.randoms(use_true_random=False))
def test_merged_updates_are_one_update_of_every_meter(name, drawn, random):
    new = functools.partial(METERS[name], drawn[0].p.shape[1])
    whole = new()
    for part in drawn:
        updated(whole, part)
    parts = [updated(new(), piece) for piece in cut(drawn, random)]
    other = new()
    for part in parts:
        other.merge(part)
    same_states(other.state(), whole.state())
    loaded = new()
    loaded.load(parts[0].state())
    for part in parts[1:]:
        loaded.load(part.state())
    same_states(loaded.state(), whole.state())


def test_every_meter_of_the_tally_is_among_these():
    assert set(Tally(("a",))._meters()) == set(METERS)


@settings(deadline=None, max_examples=25)
@given(drawn=files(3), random=st.randoms(use_true_random=False))
def test_any_cut_order_and_grouping_is_one_pass(drawn, random):
    whole = tally_of(drawn)
    pieces = cut(drawn, random)
    same_states(tally_of(pieces).state(), whole.state())
    tallies = [tally_of([piece]) for piece in pieces]
    while len(tallies) > 1:  # any tree of merges
        tallies.append(merged([tallies.pop(random.randrange(len(tallies))) for _ in range(2)]))
    same_states(tallies[0].state(), whole.state())
    assert text(tallies[0].result()) == text(whole.result())
    cells, others = tallies[0].result().cells, whole.result().cells
    for name in ("true", "predicted", "count", "loss"):
        np.testing.assert_array_equal(getattr(cells, name), getattr(others, name))


@settings(deadline=None, max_examples=12)
@given(drawn=files(2), random=st.randoms(use_true_random=False))
def test_saved_statistics_come_back_and_combine(drawn, random):
    whole = tally_of(drawn)
    loaded = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "statistics.npz")
        for piece in cut(drawn, random):
            save_stats(path, tally_of([piece]))
            loaded.append(load_stats(path))
            same_states(loaded[-1].state(), tally_of([piece]).state())
    combined = merged(loaded)
    assert text(combined.result()) == text(whole.result())
    one, two = io.BytesIO(), io.BytesIO()
    save_stats(one, whole)
    save_stats(two, combined)
    assert one.getvalue() == two.getvalue()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**20), st.permutations(range(5)), st.sampled_from(WEIGHTS))
def test_permuted_classes_permute_the_scores(seed, order, weights):
    given_ = table(seed, 80, 5, weights=weights, traps=False)
    place = np.argsort(order)
    other = given_._replace(p=given_.p[:, order], label=place[given_.label])
    a, b = given_.tally().result(), tally_named(other, order).result()
    assert (b.log_loss, b.accuracy) == (a.log_loss, pytest.approx(a.accuracy, rel=1e-15))
    assert b.brier == pytest.approx(a.brier, rel=1e-14)
    assert b.prior_log_loss == pytest.approx(a.prior_log_loss, rel=1e-14)
    np.testing.assert_array_equal(b.confusion, a.confusion[np.ix_(order, order)])
    np.testing.assert_array_equal(b.ranks, a.ranks)
    rows = {row.name: row for row in b.per_class}
    for row in a.per_class:
        mine = rows[row.name]
        for name in ("support", "precision", "recall", "f1", "log_loss"):
            want = pytest.approx(getattr(row, name), rel=1e-14, nan_ok=True)
            assert getattr(mine, name) == want, name
    assert {(p.true, p.predicted, p.count) for p in b.pairs()} == {
        (p.true, p.predicted, p.count) for p in a.pairs()
    }
    assert b.calibration.ece(15) == pytest.approx(a.calibration.ece(15), rel=1e-12)
    assert [(w.row, w.label, w.loss) for w in b.worst] == [
        (w.row, w.label, w.loss) for w in a.worst
    ]


def tally_named(given_: Table, order) -> Tally:
    tally = Tally(tuple(np.array(given_.classes)[list(order)].tolist()))
    tally.update(given_.rows())
    return tally


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**20), st.sampled_from(LAYOUTS))
def test_a_whole_weight_is_so_many_copies(seed, layout):
    weighted = table(seed, 50, 3, layout=layout, weights="whole")
    weighted.weight[0] = 2.0
    copies = np.repeat(np.arange(50), weighted.weight.astype(int))
    many = weighted.take(copies)._replace(weight=None)
    once, often = weighted.tally().result(), many.tally().result()
    near = functools.partial(pytest.approx, rel=1e-13, abs=1e-15, nan_ok=True)
    for name in ("weight", "log_loss", "accuracy", "brier", "prior_log_loss", "information"):
        assert getattr(once, name) == near(getattr(often, name)), name
    for name in ("true", "predicted", "count"):
        np.testing.assert_array_equal(getattr(once.cells, name), getattr(often.cells, name))
    np.testing.assert_allclose(once.cells.loss, often.cells.loss, rtol=1e-13)
    np.testing.assert_array_equal(once.ranks, often.ranks)
    for one, two in zip(once.per_class, often.per_class, strict=True):
        assert one.log_loss == near(two.log_loss)
        assert one.f1 == near(two.f1)
    if once.calibration is not None:
        for equal_mass in (False, True):
            ece = often.calibration.ece(10, equal_mass=equal_mass)
            assert once.calibration.ece(10, equal_mass=equal_mass) == near(ece)
    assert once.interval("log_loss") == near(tuple(often.interval("log_loss")))


@settings(deadline=None, max_examples=60)
@given(files())
def test_what_scores_say_of_each_other(drawn):
    scores = tally_of(drawn).result()
    total = pytest.approx(scores.weight, rel=1e-14)
    low, high = scores.interval("accuracy")
    if math.isnan(scores.accuracy):
        assert math.isnan(low)
        assert scores.pairs() == ()
    else:
        assert 0 <= scores.accuracy <= 1
        assert 0 <= low <= scores.accuracy <= high <= 1
        assert scores.cells.count.sum() == total
        wrong = scores.error_rate * scores.weight
        assert sum(pair.count for pair in scores.pairs()) == pytest.approx(wrong, abs=1e-10)
        both = scores.pairs(symmetric=True)
        assert sum(pair.count for pair in both) == pytest.approx(wrong, abs=1e-10)
        assert len({frozenset((pair.true, pair.predicted)) for pair in both}) == len(both)
    if not len(scores.ranks):
        assert math.isnan(scores.top_k(1))
        assert scores.calibration is None
        return
    assert scores.ranks.sum() == total
    shares = [scores.top_k(k) for k in range(1, len(scores.classes) + 1)]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1, abs=1e-15)
    if "soft labels" not in (tally_of(drawn).told or ()):
        assert shares[0] == pytest.approx(scores.accuracy, abs=1e-15)
    assert scores.effective_rows * (1 + 1e-14) >= 1
    assert scores.effective_rows <= scores.rows * (1 + 1e-14)


@settings(deadline=None, max_examples=60)
@given(files())
def test_scores_are_calibration_and_refinement(drawn):
    scores = tally_of(drawn).result()
    if scores.calibration is None:
        return
    for bins in (1, 7, 15):
        split = scores.calibration.split(bins)
        for name in ("log_loss", "brier"):
            score = getattr(scores, name)
            removed = getattr(split, f"{name}_calibration")
            left = getattr(split, f"{name}_refinement")
            if math.isinf(removed):  # certain and wrong: infinity less infinity says nothing
                assert math.isnan(left)
                continue
            assert removed + left == pytest.approx(score, rel=1e-14)
            assert removed >= 0
            if name == "log_loss" or drawn[0].soft is None:
                assert left >= -1e-14


@settings(deadline=None, max_examples=60)
@given(files())
def test_calibration_is_bounded_by_its_bins(drawn):
    calibration = tally_of(drawn).result().calibration
    if calibration is None:
        return
    for equal_mass in (False, True):
        whole = calibration.ece(1, equal_mass=equal_mass)
        last = whole
        for bins in (5, 15, 45):  # each cuts the one before: gaps cannot cancel in finer bins
            ece = calibration.ece(bins, equal_mass=equal_mass)
            found = calibration.bins(bins, equal_mass=equal_mass)
            assert 0 <= ece <= calibration.mce(bins, equal_mass=equal_mass) + 1e-12 <= 1 + 1e-12
            if not equal_mass:
                assert ece >= last - 1e-12
                last = ece
            assert [b.low for b in found[1:]] == [b.high for b in found[:-1]]
            assert (found[0].low, found[-1].high) == (0.0, 1.0)
            assert sum(b.weight for b in found) == pytest.approx(float(calibration.weight.sum()))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**20), st.sampled_from(WEIGHTS), st.sampled_from([5, 10, 12, 15, 25, 50]))
def test_a_coarser_binning_is_that_of_the_fine_histogram(seed, weights, bins):
    given_ = table(seed, 60, 3, weights=weights)
    calibration = given_.tally().result().calibration
    fine = calibration.bins(25_200)
    assert len(fine) == 25_200
    step = 25_200 // bins
    direct = calibration.bins(bins)
    rows = reference.sample(given_.label.tolist(), given_.p.tolist(), given_.weight)
    for k, (mine, want) in enumerate(zip(direct, reference.equal_width(rows, bins), strict=True)):
        part = [b for b in fine[k * step : (k + 1) * step] if b.weight]
        assert mine.weight == pytest.approx(sum(b.weight for b in part), rel=1e-13)
        assert mine.weight == pytest.approx(want.weight, rel=1e-13)
        for name in ("confidence", "accuracy"):
            mean = reference.mean([getattr(b, name) for b in part], [b.weight for b in part])
            near = {"rel": 1e-12, "abs": 1e-15, "nan_ok": True}
            assert getattr(mine, name) == pytest.approx(mean, **near)
            assert getattr(mine, name) == pytest.approx(getattr(want, name), **near)


@settings(deadline=None, max_examples=20)
@given(drawn=files(3), random=st.randoms(use_true_random=False))
def test_examples_are_rows_of_their_cell(drawn, random):
    scores = tally_of(drawn).result()
    cells: dict[tuple[str, str], set[tuple[str, int]]] = {}
    for part in drawn:
        rows = part.rows()
        if rows.label is None or rows.predicted is None:
            continue
        for number, label, guess in zip(rows.number, rows.label, rows.predicted, strict=True):
            if label != guess:
                cell = part.classes[label], part.classes[guess]
                cells.setdefault(cell, set()).add((part.source, int(number)))
    for cell, members in cells.items():
        found = scores.examples(*cell)
        assert set(found) <= members
        assert len(found) == len(set(found)) == min(len(members), EXAMPLES)
        assert list(found) == sorted(found)
        assert tally_of(cut(drawn, random)).result().examples(*cell) == found
    first = drawn[0].classes[0]
    assert scores.examples(first, first) == ()


def test_examples_are_drawn_evenly():
    """Each of 40 rows of a cell is among the ten in a quarter of 300 files."""
    drawn = np.zeros(40)
    for file in range(300):
        examples = Examples(2)
        wrong = Table(
            f"{file}", np.arange(40), np.zeros(40, dtype=int), np.tile([0.1, 0.9], (40, 1))
        )
        examples.update(wrong.rows())
        for _, number in examples.result().of(0, 1):
            drawn[number] += 1
    # 300 draws at 1 in 4: 75 and a standard deviation of 7.5; of 40 rows none beyond 4.
    assert abs(drawn - 75).max() < 30


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (Tally(("a", "c")), "same classes in the same order.*'c'"),
        (Tally(("b", "a")), "same classes in the same order"),
        (Tally(("a", "b", "c")), "3 classes"),
        (Tally(("a", "b"), seed=1), "one seed"),
    ],
)
def test_statistics_of_something_else_are_refused(other, words):
    tally = table(0, 5, 2).tally()
    before = tally.state()
    with pytest.raises(InputError, match=words):
        tally.merge(other)
    same_states(tally.state(), before)


@pytest.mark.parametrize("layout", LAYOUTS[1:])
def test_rows_that_tell_something_else_are_refused(layout):
    tally = table(0, 5, 2).tally()
    before = tally.state()
    with pytest.raises(InputError, match="rows with and without"):
        tally.update(table(1, 5, 2, layout=layout).rows())
    with pytest.raises(InputError, match="rows with and without"):
        tally.merge(table(1, 5, 2, layout=layout).tally())
    same_states(tally.state(), before)


def test_a_result_is_not_changed_by_later_rows():
    tally = table(0, 40, 2, source="first").tally()
    scores = tally.result()
    before = text(scores), [scores.examples(*cell) for cell in (("a", "b"), ("b", "a"))]
    tally.update(table(1, 400, 2, source="second").rows())
    assert (text(scores), [scores.examples(*c) for c in (("a", "b"), ("b", "a"))]) == before


def test_no_rows_are_no_scores():
    with pytest.raises(InputError, match="at least one row must have a weight above 0; got 0 rows"):
        Tally(("a", "b")).result()

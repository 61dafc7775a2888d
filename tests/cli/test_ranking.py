"""The ranking of a file against scikit-learn and against counting."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from crossent.cli.measure import TableFlags
from crossent.cli.ranking import rank

NATS = {"unit": "nats", "base": None}
ROWS = 300


@pytest.fixture
def columns(workdir: Path) -> dict[str, list[str]]:
    """The columns of t.csv: one says much about the labels, one little, one is a number."""
    random = np.random.default_rng(0)
    y = random.integers(0, 3, ROWS)
    number = y + random.normal(size=ROWS)
    number[:20] = np.nan
    cells = {
        "little": random.integers(0, 4, ROWS),
        "much": np.where(random.random(ROWS) < 0.9, y, 0),
        "number": ["" if math.isnan(one) else f"{one:.6f}" for one in number],
        "id": [f"r{i}" for i in range(ROWS)],
        "y": np.array(["red", "green", "blue"])[y],
    }
    table = {name: [str(cell) for cell in column] for name, column in cells.items()}
    rows = [",".join(table), *map(",".join, zip(*table.values(), strict=True))]
    Path("t.csv").write_text("\n".join(rows) + "\n")
    return table


def found(top=None, scale=NATS, **flags):
    return rank(Path("t.csv"), TableFlags(label="y", **flags), scale, top)


def test_gains_are_the_mutual_information_of_scikit_learn(columns):
    ranking = found()
    gains = {one.name: one.gain for one in ranking.columns}
    for name in ("little", "much", "id"):
        expected = mutual_info_score(columns["y"], columns[name])
        assert gains[name] == pytest.approx(expected, rel=1e-9)
    assert [one.name for one in ranking.columns] == ["id", "much", "number", "little"]
    shares = np.array(list(Counter(columns["y"]).values())) / ROWS
    entropy = -(shares * np.log(shares)).sum()
    assert ranking.label_entropy == pytest.approx(entropy, rel=1e-12)
    assert (ranking.rows, ranking.label_values, ranking.unit) == (ROWS, 3, "nats")
    assert gains["id"] == pytest.approx(entropy, rel=1e-12)
    number = next(one for one in ranking.columns if one.name == "number")
    assert (number.kind, number.values, number.missing) == ("bins", 11, 20)


def test_bins_and_units(columns):
    coarse = found(bins=2, scale={"unit": "nats", "base": 2.0})
    number = next(one for one in coarse.columns if one.name == "number")
    values = np.array([float(cell or "nan") for cell in columns["number"]])
    side = np.where(np.isnan(values), 2, values > np.nanmedian(values))
    expected = mutual_info_score(columns["y"], side) / math.log(2)
    assert number.gain == pytest.approx(expected, rel=1e-9)
    assert coarse.unit == "bits"


def test_intervals_are_of_the_columns_shown_and_hold_what_resampling_rows_gives(columns):
    assert found().intervals == {}
    ranking = found(top=3, intervals=True)
    assert list(ranking.intervals) == ["much", "number"]  # id has a value a row
    random = np.random.default_rng(1)
    y, much = (np.unique(columns[name], return_inverse=True)[1] for name in ("y", "much"))
    cells = np.eye(9)[3 * y + much]
    gains = [
        mutual_info_score(None, None, contingency=cells[rows].sum(axis=0).reshape(3, 3))
        for rows in random.integers(0, ROWS, (1000, ROWS))
    ]
    low, high = ranking.intervals["much"]
    # 1000 resamples each: the quantiles of either differ by about 0.1 standard deviations.
    assert low == pytest.approx(np.quantile(gains, 0.025), abs=0.3 * np.std(gains))
    assert high == pytest.approx(np.quantile(gains, 0.975), abs=0.3 * np.std(gains))
    number = next(one for one in ranking.columns if one.name == "number")
    low, high = ranking.intervals["number"]
    assert low < number.gain < high


def test_intervals_have_the_unit_of_the_gain(columns):
    nats = found(intervals=True).intervals["number"]
    bits = found(intervals=True, scale={"unit": "bits", "base": None}).intervals["number"]
    assert bits == pytest.approx(np.array(nats) / math.log(2), rel=1e-9)

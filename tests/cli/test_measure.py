"""The command as a user types it: numbers, tables, JSON, widths."""

import gzip
import json
import math
import shlex
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_iris
from sklearn.metrics import mutual_info_score

from crossent.cli.measure import EXAMPLES
from crossent.report.plain_table import cell_width

PAIR = ["--p", "0.1,0.7,0.2", "--q", "0.1,0.6,0.3"]


@pytest.fixture
def iris(workdir: Path) -> Path:
    """The iris flowers with a colour of each, which says nothing, and a number of each."""
    data = load_iris()
    random = np.random.default_rng(0)
    rows = ["sepal_length,sepal_width,petal_length,petal_width,colour,flower,species"]
    for i, (row, label) in enumerate(zip(data.data, data.target, strict=True)):
        colour = "red" if random.random() < 0.5 else "blue"
        rows.append(f"{','.join(map(str, row))},{colour},f{i},{data.target_names[label]}")
    path = workdir / "iris.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def lines(out: str) -> dict[str, list[str]]:
    """Return the lines of measures by their names: value and unit."""
    found = [line.split("  ", 1) for line in out.partition("\n\n")[0].splitlines()]
    return {name: rest.split() for name, rest in found}


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_every_example_of_the_help(
    crossent, iris: Path, columns: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", columns)
    for line in EXAMPLES.splitlines()[1:]:
        ended = crossent(*shlex.split(line)[1:])
        assert (ended.code, ended.err) == (0, "")
        assert max(map(cell_width, ended.out.splitlines())) <= int(columns)


def test_the_measures_of_a_pair(crossent):
    found = lines(crossent("measure", *PAIR, "--unit", "bits").out)
    p, q = [0.1, 0.7, 0.2], [0.1, 0.6, 0.3]
    assert found["entropy of p"] == [f"{stats.entropy(p, base=2):.6g}", "bits"]
    assert found["KL divergence p || q"] == [f"{stats.entropy(p, q, base=2):.6g}", "bits"]
    assert found["KL divergence q || p"] == [f"{stats.entropy(q, p, base=2):.6g}", "bits"]
    assert found["total variation"] == ["0.100000"]
    assert found["Wasserstein distance"] == ["0.100000", "positions"]
    assert len(found) == 22


def test_p_alone(crossent):
    found = lines(crossent("measure", "--p", "0.5,0.25,0.25", "--base", "2").out)
    assert found["entropy of p"] == ["1.50000", "bits"]
    assert found["perplexity of p"] == ["2.82843", "outcomes"]
    assert not any("q" in name for name in found)


@pytest.mark.parametrize(
    "other",
    [
        ["--p", "1,7,2", "--q", "10,60,30", "--counts"],
        ["--p", "10%, 70%, 20%", "--q", "10 %,60 %,30 %"],
        ["--p=0.1,.7,2e-1", "--q=0.1, 0.6, 0.3"],
    ],
)
def test_other_ways_to_write_the_same_numbers(crossent, other: list[str]):
    assert crossent("measure", *other).out == crossent("measure", *PAIR).out


def test_positions_below_0(crossent):
    found = lines(crossent("measure", *PAIR, "--positions", "-10,0,10").out)
    assert found["Wasserstein distance"] == ["1.00000", "positions"]


def test_infinity_says_why(crossent):
    out = crossent("measure", "--p", "0.5,0.5", "--q", "1,0").out
    assert " inf nats  q is 0 where p is not: outcome 1\n" in out


def test_explain_prints_the_sums_and_the_codes(crossent):
    counts = ["--p", "4,2,1,1", "--q", "1,1,1,5", "--counts"]
    out = crossent("measure", *counts, "--unit", "bits", "--explain").out
    plain, terms, words, bounds = out.split("\n\n")
    assert plain + "\n" == crossent("measure", *counts, "--unit", "bits").out
    assert terms.splitlines()[0] == "terms, logarithms in bits"
    assert terms.splitlines()[-1].split() == [
        "sum", "1.000000", "1.000000", "1.750000", "2.709759", "0.959759",
    ]  # fmt: skip
    assert words.splitlines()[2].split() == ["0", "1.000000", "3.000000", "1", "3", "1", "3"]
    assert words.splitlines()[-1].split()[:3] == ["mean,", "p", "1.750000"]
    assert "H(p) 1.75000 <= Huffman p 1.75000 <= Shannon p 1.75000 < H(p) + 1" in bounds
    hartleys = crossent("measure", *counts, "--base", "10", "--explain").out
    assert hartleys.split("\n\n")[2:] == [words, bounds]  # code words are bits in any unit


def test_json_of_a_pair(crossent):
    out = crossent("measure", "--p", "0.5,0.5", "--q", "1,0", "--json", "--explain").out
    found = json.loads(out, parse_constant=lambda name: pytest.fail(name))
    assert found["measures"]["entropy(p)"] == {"value": math.log(2), "unit": "nats"}
    assert found["measures"]["kl_divergence(p, q)"]["value"] == "inf"
    assert found["measures"]["kl_divergence(p, q)"]["why"].endswith("outcome 1")
    assert found["terms"]["-p log p"]["total"] == pytest.approx(math.log(2))
    assert found["code_lengths"]["Shannon p"]["terms"] == [1, 1]
    assert "terms" not in json.loads(crossent("measure", *PAIR, "--json").out)


def test_the_ranking_of_a_table(crossent, iris: Path):
    out = crossent("measure", "iris.csv", "--label", "species", "--unit", "bits").out
    assert out.startswith("species: 150 rows, 3 values, entropy 1.58496 bits\n")
    names = [line.split()[0] for line in out.split("\n\n")[1].splitlines()[1:]]
    assert names[0] == "flower"
    assert set(names[1:3]) == {"petal_length", "petal_width"}
    assert names[-1] == "colour"
    assert "note  flower: 150 values in 150 rows: nearly one a row." in out


def test_json_of_a_ranking(crossent, iris: Path):
    found = json.loads(crossent("measure", "iris.csv", "--label", "species", "--json").out)
    table = np.array([line.split(",") for line in iris.read_text().splitlines()[1:]])
    colour = next(one for one in found["columns"] if one["name"] == "colour")
    assert colour["gain"] == pytest.approx(mutual_info_score(table[:, -1], table[:, 4]), rel=1e-9)
    assert colour["values"] == 2
    assert len(found["columns"]) == 6
    top = json.loads(crossent("measure", "iris.csv", "--label", "6", "--json", "--top", "2").out)
    assert top["columns"] == found["columns"][:2]


def test_columns_and_top(crossent, iris: Path):
    flags = ["--label", "species", "--columns", "petal*,colour", "--ignore", "petal_width"]
    out = crossent("measure", "iris.csv", *flags, "--top", "1").out
    assert "petal_length" in out
    assert "and 1 more: --top 2 shows them" in out
    assert "colour" not in out


def test_intervals(crossent, iris: Path):
    flags = ["--label", "species", "--columns", "petal_length", "--intervals", "--json"]
    (column,) = json.loads(crossent("measure", "iris.csv", *flags).out)["columns"]
    low, high = column["interval"]
    assert low < column["gain"] < high
    assert "95% from" in crossent("measure", "iris.csv", *flags[:-1]).out


def test_gzip_and_parquet_are_read_too(crossent, iris: Path):
    import duckdb

    duckdb.sql("copy (from 'iris.csv') to 'iris.parquet'")
    Path("iris.csv.gz").write_bytes(gzip.compress(iris.read_bytes()))
    plain = crossent("measure", "iris.csv", "--label", "species").out
    for name in ("iris.parquet", "iris.csv.gz"):
        assert crossent("measure", name, "--label", "species").out == plain


@pytest.mark.parametrize("columns", ["40", "200"])
def test_hostile_names_and_values_stay_in_their_line(
    crossent, columns: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", columns)
    hostile = "\x1b[2J\x07\u202e"
    head = f'"{hostile}label","{hostile}\nname","{"x" * 500}","猫"'
    rows = [f'{hostile}{i % 2},{hostile}{i % 3},{i % 5},"\x1b"' for i in range(40)]
    Path("t.csv").write_text("\n".join([head, *rows]) + "\n")
    ended = crossent("measure", "t.csv", "--label", "0")
    assert (ended.code, ended.err) == (0, "")
    assert all(line.isprintable() for line in ended.out.splitlines())
    assert max(map(cell_width, ended.out.splitlines())) <= int(columns)
    found = json.loads(crossent("measure", "t.csv", "--label", "0", "--json").out)
    assert found["label"] == f"{hostile}label"
    refused = crossent("measure", "t.csv", "--label", f"{hostile}\n")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert refused.err.rstrip("\n").isprintable()


def test_needs_neither_torch_nor_the_readers_of_tables(shell):
    heavy = ("torch", "duckdb", "vl_convert", "sklearn", "safetensors", "jax", "scipy")
    ended = shell("measure", *PAIR, "--explain", without=heavy, NO_COLOR="1")
    assert (ended.code, ended.err) == (0, "")
    assert "\x1b" not in ended.out


def test_writes_nothing(crossent, iris: Path, workdir: Path):
    before = sorted(workdir.iterdir())
    crossent("measure", "iris.csv", "--label", "species")
    assert sorted(workdir.iterdir()) == before


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--explain", "t.csv"], "--explain and FILE 't.csv' exclude each other\n"),
        (["--p", "0.1,", "0.9"], "exclude each other; numbers are joined by commas without blanks"),
        (["a.csv", "b.csv"], "one argument too many: 'b.csv'"),
        (["--bins", "3", "--p", "1"], "--bins is for the columns of a table"),
        (["--top", "0", "a.csv"], "--top must be at least 1; got 0"),
        (["--p", "1", "--base", "-2"], "--base must be a number above 1; got -2"),
        (["--p", "1", "--base", "inf"], "got inf"),
        (["--p", "1", "--unit", "bit"], '"bits"'),
        (["--p", "1", "--positions", "0"], "--positions needs --q"),
    ],
)
def test_flags_that_make_no_sense(crossent, flags: list[str], expected: str):
    ended = crossent("measure", *flags)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert expected in ended.err

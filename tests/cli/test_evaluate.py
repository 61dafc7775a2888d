import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

CLASSES = ["cat", "dog", "eel, electric"]


def without_drawn(text: str) -> str:
    """Return printed scores without the bootstrap interval, which is drawn by a file's name."""
    return re.sub(r"\(95%: [\d.]+ to [\d.]+ nats\)", "", text)


@pytest.fixture
def scores(workdir: Path) -> Path:
    """A file of 200 predictions, with what scikit-learn makes of them beside it."""
    random = np.random.default_rng(0)
    probabilities = random.dirichlet([1, 2, 3], 200)
    labels = random.integers(0, 3, 200)
    rows = [",".join(["label", "p_cat", "p_dog", '"p_eel, electric"'])]
    rows += [
        ",".join([f'"{CLASSES[label]}"', *map(repr, map(float, row))])
        for label, row in zip(labels, probabilities, strict=True)
    ]
    path = workdir / "scores.csv"
    path.write_text("\n".join(rows) + "\n")
    np.savez(workdir / "truth.npz", labels=labels, probabilities=probabilities)
    return path


def test_numbers_are_those_of_scikit_learn(crossent, scores: Path):
    truth = np.load("truth.npz")
    loss = log_loss(truth["labels"], truth["probabilities"])
    accuracy = accuracy_score(truth["labels"], truth["probabilities"].argmax(1))
    found = json.loads(crossent("evaluate", scores, "--json").out)["evaluation"]
    assert found["log_loss"] == pytest.approx(loss, rel=1e-12)
    assert found["accuracy"] == pytest.approx(accuracy, rel=1e-12)
    text = crossent("evaluate", scores).out
    nats, bits = re.search(r"log loss +([\d.]+) nats = ([\d.]+) bits", text).groups()
    assert float(nats) == pytest.approx(loss, abs=1e-3)
    assert float(bits) == pytest.approx(loss / np.log(2), abs=1e-3)
    assert f"accuracy    {accuracy:.1%}" in text


def test_columns_of_other_names(crossent, scores: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "200")
    expected = crossent("evaluate", scores).out.splitlines()
    assert expected[0] == (
        "read        labels from 'label'; probabilities of 3 classes from 'p_*': 'cat', 'dog', "
        "'eel, electric'"
    )
    scores.write_text(scores.read_text().replace("label,", "truth,", 1).replace("p_", "score."))
    same = crossent("evaluate", scores, "--label", "truth", "--prob", "score.*").out.splitlines()
    assert same[0] == expected[0].replace("label'", "truth'").replace("p_", "score.")
    assert same[1:] == expected[1:]


def test_needs_no_torch(shell, scores: Path):
    ended = shell("evaluate", str(scores), "--report", "r.html", without=("torch", "sklearn"))
    assert (ended.code, ended.err) == (0, "")
    assert "nats" in ended.out


def test_report_is_written_once(crossent, scores: Path):
    first = crossent("evaluate", scores, "--report", "r.html")
    assert first.out.endswith("report      r.html\n")
    written = Path("r.html").read_bytes()
    assert b"eel, electric" in written
    refused = crossent("evaluate", scores, "--report", "r.html")
    assert (refused.code, refused.out) == (2, "")
    assert crossent("evaluate", scores, "--report", "r.html", "--force").code == 0
    assert Path("r.html").read_bytes() == written


def test_writes_nothing_unasked(crossent, scores: Path, workdir: Path):
    before = sorted(workdir.iterdir())
    crossent("evaluate", scores)
    assert sorted(workdir.iterdir()) == before


@pytest.mark.parametrize("module", ["duckdb", "nanoarrow", "vl_convert"])
def test_a_missing_part_names_the_extra(shell, scores: Path, module: str):
    ended = shell("evaluate", str(scores), "--report", "r.html", without=(module,))
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert ended.err.endswith("is not installed; run: pip install 'crossent[cli]'\n")
    assert not Path("r.html").exists()


@pytest.mark.parametrize("columns", ["40", "200"])
def test_every_example_of_the_help(
    crossent, scores: Path, columns: str, monkeypatch: pytest.MonkeyPatch
):
    import duckdb

    for name in ("predictions", "new", "old"):
        duckdb.sql(f"copy (from 'scores.csv') to '{name}.parquet'")
    monkeypatch.setenv("COLUMNS", columns)
    other = scores.read_text().replace("label,", "truth,", 1).replace("p_", "prob_")
    Path("part-1.csv").write_text(other)
    Path("part-2.csv").write_text(other)
    from crossent.cli.evaluate import EXAMPLES

    lines = EXAMPLES.splitlines()[1:]
    codes = [crossent(*shlex.split(line)[1:]).code for line in lines]
    assert codes == [int("--fail-above" in line) for line in lines]


def test_the_help_names_every_flag(crossent, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "120")
    from crossent.cli.evaluation.flags import AskedFlags, ColumnFlags, names

    text = crossent("evaluate", "--help").out
    assert [n for n in (*names(ColumnFlags), *names(AskedFlags)) if f" {n} " not in text] == []
    assert "--no-" not in text
    assert "--empty-" not in text


def test_read_again_is_the_same_text(crossent, scores: Path):
    assert crossent("evaluate", scores).out == crossent("evaluate", scores).out


def test_standard_input(crossent, scores: Path, monkeypatch: pytest.MonkeyPatch):
    from io import BytesIO, TextIOWrapper

    expected = crossent("evaluate", scores).out
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(scores.read_bytes())))
    ended = crossent("evaluate", "-", "--export-cell", "cat,dog", "x.csv")
    lines = without_drawn(ended.out).splitlines()
    assert lines[:-1] == without_drawn(expected).splitlines()
    assert lines[-1].endswith("to x.csv")


def test_json_is_all_there_is_on_standard_output(crossent, scores: Path):
    flags = ["--merge", "pet=cat,dog", "--suggest-merges", "--baseline", "b.csv", "--pairs", "1"]
    Path("b.csv").write_bytes(scores.read_bytes())
    files = ["--save-stats", "s.npz", "--report", "r.html", "--export-cell", "pet,pet", "x.csv"]
    ended = crossent("evaluate", scores, *flags, *files, "--json", "--fail-above", "0.01")
    found = json.loads(ended.out)
    truth = np.load("truth.npz")
    expected = log_loss(truth["labels"], truth["probabilities"])
    merged = truth["probabilities"][:, :2].sum(1)
    after = log_loss(truth["labels"] < 2, merged)
    assert found["before"]["log_loss"] == pytest.approx(expected, rel=1e-12)
    assert found["evaluation"]["classes"] == ["pet", "eel, electric"]
    assert found["evaluation"]["log_loss"] == pytest.approx(after, rel=1e-12)
    assert len(found["evaluation"]["pairs"]["directed"]) == 1
    assert found["difference"]["log_loss"] == 0
    assert [step["classes"] for step in found["merges"]] == [1]
    assert ended.code == 1
    assert re.fullmatch(
        r"crossent: the log loss, [\d.]+ nats, is above --fail-above 0.01\n", ended.err
    )
    assert Path("s.npz").exists()
    assert Path("r.html").exists()
    assert Path("x.csv").exists()


@pytest.mark.parametrize(("limit", "code"), [("1e9", 0), ("0", 1)])
def test_a_limit_for_the_log_loss(crossent, scores: Path, limit: str, code: int):
    ended = crossent("evaluate", scores, "--fail-above", limit)
    assert ended.code == code
    assert ended.out == crossent("evaluate", scores).out
    assert ended.err.count("\n") == code


def test_a_log_loss_that_is_at_the_limit_is_not_above(crossent):
    Path("a.csv").write_text("label,p_a,p_b\na,1,0\nb,0,1\n")
    assert crossent("evaluate", "a.csv", "--fail-above", "0").code == 0


def test_an_infinite_log_loss_is_above_every_limit(crossent):
    Path("a.csv").write_text("label,p_a,p_b\na,1,0\na,0,1\n")
    ended = crossent("evaluate", "a.csv", "--fail-above", "1e300")
    assert (ended.code, ended.err) == (
        1,
        "crossent: the log loss, inf nats, is above --fail-above 1e+300\n",
    )


def test_a_log_loss_that_is_no_number_is_never_good_enough():
    from crossent.cli.evaluate import failed

    assert failed(float("nan"), 10.0) == 1
    assert failed(float("nan"), None) == failed(0.5, 0.5) == 0


def test_what_is_printed_beside_the_scores(crossent, scores: Path):
    plain = crossent("evaluate", scores).out
    Path("b.csv").write_bytes(scores.read_bytes())
    out = crossent("evaluate", scores, "--baseline", "b.csv", "--pairs", "2").out
    assert out.startswith(plain)
    assert "on the same 200 rows" in out
    assert "true -> predicted" in out
    out = crossent("evaluate", scores, "--merge", "pet=cat,dog", "--suggest-merges").out
    assert "3 classes to 2" in out
    assert "pet with eel, electric" in out


def test_rows_behind_a_confusion(crossent, scores: Path):
    import duckdb

    truth = np.load("truth.npz")
    labels, best = truth["labels"], truth["probabilities"].argmax(1)
    one = '"eel, electric",dog'
    flags = ["--export-pair", one, "pair.csv", "--export-cell", one, "cell.parquet"]
    out = crossent("evaluate", scores, *flags).out
    cell = (labels == 2) & (best == 1)
    pair = cell | ((labels == 1) & (best == 2))
    assert f"{pair.sum()} rows to pair.csv" in out
    found = duckdb.sql("select row, label from 'pair.csv'").fetchall()
    assert found == [(row, CLASSES[labels[row]]) for row in np.flatnonzero(pair)]
    found = duckdb.sql("select row, \"p_dog\" from 'cell.parquet'").fetchall()
    assert [row for row, _ in found] == np.flatnonzero(cell).tolist()
    assert [float(p) for _, p in found] == truth["probabilities"][cell, 1].tolist()


def test_saved_statistics_print_the_same(crossent, scores: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "200")
    out = crossent("evaluate", scores, "--save-stats", "s.npz").out
    again = crossent("evaluate", "s.npz").out
    assert again.splitlines()[0] == "read        saved statistics from 's.npz'"
    assert out.splitlines()[1:-1] == again.splitlines()[1:]
    assert out.splitlines()[-1] == "statistics  s.npz"


@pytest.mark.parametrize("bad", ["--labell", "-x", "--no-json"])
def test_an_unknown_flag_is_no_file(crossent, scores: Path, bad: str):
    ended = crossent("evaluate", scores, bad)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith(f"crossent: Unknown option: '{bad}'.")
    assert ended.err.endswith("See: crossent evaluate --help\n")
    assert ("Did you mean --label?" in ended.err) == (bad == "--labell")


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet", "jsonl", "npz"])
def test_every_format_is_the_same_evaluation(crossent, scores: Path, ending: str):
    import duckdb

    expected = json.loads(crossent("evaluate", scores, "--json").out)["evaluation"]
    name = f"other.{ending}"
    if ending == "npz":
        truth = np.load("truth.npz")
        np.savez(name, label=truth["labels"], probs=truth["probabilities"], classes=CLASSES)
    else:
        options = "(format json)" if ending == "jsonl" else ""
        duckdb.sql(f"copy (from 'scores.csv') to '{name}' {options}")
    found = json.loads(crossent("evaluate", name, "--json").out)["evaluation"]
    for worst in (*expected["worst"], *found["worst"]):
        del worst["source"]
    for part in (expected, found):
        del part["pairs"], part["intervals"]  # drawn by the names of the files
    assert found == expected


def test_a_byte_order_mark_newlines_commas_and_quotes(crossent):
    names = ["a\nb", 'c, "d"', "\u202ee\x1b[31m"]
    cells = ['"' + name.replace('"', '""') + '"' for name in names]
    head = ",".join(["label", *(f'"p_{cell[1:]}' for cell in cells)])
    lines = [f"{cells[i % 3]},0.5,0.375,0.125" for i in range(40)]
    Path("a.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join([head, *lines, ""]).encode())
    merge, pair = '"x=y"="a\nb","c, ""d"""', '"a\nb","c, ""d"""'
    ended = crossent("evaluate", "a.csv", "--export-pair", pair, "x.csv", "--json")
    found = json.loads(ended.out)["evaluation"]
    assert (ended.code, found["classes"], found["rows"]) == (0, names, 40)
    assert found["confusion"][1][0] == 13
    ended = crossent("evaluate", "a.csv", "--merge", merge, "--pairs", "3", "--suggest-merges")
    assert ended.code == 0
    assert "\x1b" not in ended.out
    assert "\u202e" not in ended.out
    assert json.loads(crossent("evaluate", "a.csv", "--merge", merge, "--json").out)["evaluation"][
        "classes"
    ] == ["x=y", names[2]]
    listed = ",".join(cells[::-1])
    again = crossent("evaluate", "a.csv", "--classes", listed, "--json").out
    assert json.loads(again)["evaluation"]["classes"] == names[::-1]


def test_the_lists_of_a_column_and_what_they_are(crossent):
    rows = [{"label": "ab"[i % 2], "scores": [i / 10, -i / 7]} for i in range(20)]
    Path("a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    flags = ["--prob", "scores", "--classes", "a,b", "--kind", "logits", "--json"]
    found = json.loads(crossent("evaluate", "a.jsonl", *flags).out)["evaluation"]
    logits = np.array([row["scores"] for row in rows])
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert found["log_loss"] == pytest.approx(log_loss([0, 1] * 10, p), rel=1e-12)


def test_rows_that_do_not_sum_to_one_can_be_divided(crossent):
    Path("a.csv").write_text("label,p_a,p_b\na,3,1\nb,1,1\n")
    found = json.loads(crossent("evaluate", "a.csv", "--normalize", "--json").out)["evaluation"]
    assert found["log_loss"] == pytest.approx(-(np.log(0.75) + np.log(0.5)) / 2)


def test_a_stream_of_tokens(crossent):
    Path("a.csv").write_text("logprob,w,b\n-1,1,3\n-2,0,2\n-3,1,5\n")
    flags = ["--words", "w", "--bytes", "b"]
    found = json.loads(crossent("evaluate", "a.csv", *flags, "--json").out)["evaluation"]["tokens"]
    assert found["perplexity"] == pytest.approx(np.exp(2))
    assert found["word_perplexity"] == pytest.approx(np.exp(3))
    assert found["bits_per_byte"] == pytest.approx(0.6 / np.log(2))
    assert crossent("evaluate", "a.csv", *flags).code == 0


def test_rows_that_a_condition_leaves(crossent, scores: Path):
    truth = np.load("truth.npz")
    keep = truth["probabilities"][:, 0] > 0.25
    flags = ["--where", "p_cat > 0.25", "--export-cell", "dog,dog", "x.csv", "--json"]
    found = json.loads(crossent("evaluate", scores, *flags).out)["evaluation"]
    expected = log_loss(truth["labels"][keep], truth["probabilities"][keep])
    assert found["log_loss"] == pytest.approx(expected, rel=1e-12)
    right = keep & (truth["labels"] == 1) & (truth["probabilities"].argmax(1) == 1)
    rows = [line.split(",")[0] for line in Path("x.csv").read_text().splitlines()[1:]]
    assert rows == [str(row) for row in np.flatnonzero(right)]


def test_more_classes_than_a_matrix_holds(crossent):
    random = np.random.default_rng(0)
    rows = zip(*random.integers(0, 5000, (3, 9000)), strict=True)
    lines = [f"{a},{a if c % 2 else b},{-c / 1000 - 0.001}" for a, b, c in rows]
    Path("a.csv").write_text("\n".join(["label,prediction,logprob", *lines]) + "\n")
    flags = ["--pairs", "3", "--suggest-merges", "--save-stats", "s.npz", "--report", "r.html"]
    first = crossent("evaluate", "a.csv", *flags)
    assert (first.code, first.err) == (0, "")
    assert crossent("evaluate", "s.npz", "--json").code == 0

"""Bad input: one line on standard error, exit code 2, nothing new in the working directory."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

GOOD = ["x,z,y", *(f"{i / 7},{i % 5},{'ab'[i % 2]}" for i in range(60))]


def write_csv(name: str, lines: list[str]) -> None:
    Path(name).write_text("\n".join(lines) + "\n")


def missing_file() -> list[str]:
    return ["train", "nowhere.csv", "--target", "y"]


def missing_test_file() -> list[str]:
    write_csv("a.csv", GOOD)
    return ["train", "a.csv", "--target", "y", "--test", "nowhere.csv"]


def missing_column() -> list[str]:
    write_csv("a.csv", GOOD)
    return ["train", "a.csv", "--target", "species"]


def missing_feature() -> list[str]:
    write_csv("a.csv", GOOD)
    return ["train", "a.csv", "--target", "y", "--features", "x,w"]


def no_target() -> list[str]:
    write_csv("a.csv", ["x,z,w", *GOOD[1:]])
    return ["train", "a.csv"]


def one_class() -> list[str]:
    write_csv("a.csv", [line.replace("b", "a") for line in GOOD])
    return ["train", "a.csv", "--target", "y"]


def small_class() -> list[str]:
    write_csv("a.csv", [*GOOD, "0,0,rare"])
    return ["train", "a.csv", "--target", "y"]


def infinite_feature() -> list[str]:
    write_csv("a.csv", [*GOOD[:9], "inf,0,a", *GOOD[9:]])
    return ["train", "a.csv", "--target", "y"]


def nan_feature() -> list[str]:
    x = np.ones((40, 3))
    x[7, 1] = np.nan
    np.savez("a.npz", x=x, y=np.arange(40) % 2)
    return ["train", "a.npz"]


def regression() -> list[str]:
    write_csv("a.csv", ["x,y", *(f"{i},{i * 0.37}" for i in range(60))])
    return ["train", "a.csv", "--target", "y"]


def ragged_row() -> list[str]:
    write_csv("a.csv", [*GOOD[:11], "1,2", *GOOD[11:]])
    return ["train", "a.csv", "--target", "y"]


def idx(count: int = 40) -> tuple[bytes, bytes]:
    """Return a file of `count` images of 4 x 4 and one of labels."""
    pixels = (np.arange(count * 16) % 256).astype(np.uint8)
    images = struct.pack(">4B3I", 0, 0, 8, 3, count, 4, 4) + pixels.tobytes()
    return images, struct.pack(">4BI", 0, 0, 8, 1, count) + bytes(i % 2 for i in range(count))


def write_idx(images: bytes, labels: bytes, suffix: str = "") -> list[str]:
    folder = Path("set")
    folder.mkdir()
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte{suffix}").write_bytes(images)
        (folder / f"{part}-labels-idx1-ubyte{suffix}").write_bytes(labels)
    return ["train", "set"]


def truncated_idx() -> list[str]:
    images, labels = idx()
    return write_idx(images[:-5], labels)


def corrupt_idx() -> list[str]:
    images, labels = idx()
    return write_idx(b"\xff" + images[1:], labels)


def truncated_gz() -> list[str]:
    images, labels = map(gzip.compress, idx())
    return write_idx(images[:-9], labels, ".gz")


def corrupt_gz() -> list[str]:
    images, labels = map(gzip.compress, idx())
    return write_idx(images[:20] + b"zzzz" + images[24:], labels, ".gz")


def truncated_csv_gz() -> list[str]:
    Path("a.csv.gz").write_bytes(gzip.compress("\n".join(GOOD).encode())[:-9])
    return ["train", "a.csv.gz", "--target", "y"]


def truncated_npz() -> list[str]:
    np.savez("a.npz", x=np.ones((40, 3)), y=np.arange(40) % 2)
    Path("a.npz").write_bytes(Path("a.npz").read_bytes()[:-30])
    return ["train", "a.npz"]


def pickled_npz() -> list[str]:
    np.savez("a.npz", x=np.array([{}] * 40, dtype=object), y=np.arange(40) % 2)
    return ["train", "a.npz"]


def truncated_parquet() -> list[str]:
    import duckdb

    duckdb.sql("copy (select i as x, i % 2 as y from range(40) t(i)) to 'a.parquet'")
    Path("a.parquet").write_bytes(Path("a.parquet").read_bytes()[:-30])
    return ["train", "a.parquet", "--target", "y"]


def unseen_test_label() -> list[str]:
    write_csv("a.csv", GOOD)
    write_csv("b.csv", [*GOOD, "1,2,unseen"])
    return ["train", "a.csv", "--target", "y", "--test", "b.csv"]


def taken_folder() -> list[str]:
    Path("out").mkdir()
    Path("out/model.json").write_text("{}")
    return ["train", "digits", "--out", "out"]


def absent_builtin() -> list[str]:
    return ["train", "fashion-mnist"]


def bad_setting() -> list[str]:
    return ["train", "digits", "--label-smoothing", "2"]


def too_few_rows() -> list[str]:
    return ["train", "digits", "--rows", "5"]


def too_many_rows() -> list[str]:
    return ["train", "digits", "--rows", "100000"]


def unknown_class_to_drop() -> list[str]:
    return ["train", "digits", "--drop-class", "eleven"]


def diverging() -> list[str]:
    flags = {"--rows": "200", "--optimizer": "sgd", "--lr": "1e30", "--epochs": "3"}
    return ["train", "digits", *(text for pair in flags.items() for text in pair)]


def absent_predictions() -> list[str]:
    return ["evaluate", "nowhere.parquet"]


def torn_predictions() -> list[str]:
    Path("p.parquet").write_bytes(b"PAR1 and then nothing")
    return ["evaluate", "p.parquet"]


def predictions_of_another_shape() -> list[str]:
    write_csv("p.csv", GOOD)
    return ["evaluate", "p.csv"]


def predictions_not_summing_to_one() -> list[str]:
    write_csv("p.csv", ["label,p_a,p_b", "a,0.5,0.5", "b,0.7,0.7"])
    return ["evaluate", "p.csv"]


def report_in_the_way() -> list[str]:
    write_csv("p.csv", ["label,p_a,p_b", "a,0.5,0.5"])
    return ["evaluate", "p.csv", "--report", "p.csv"]


def not_a_run() -> list[str]:
    return ["predict", ".", "digits"]


def corrupt_run() -> list[str]:
    Path("run").mkdir()
    Path("run/model.json").write_text("{")
    return ["predict", "run", "digits"]


def nothing_to_measure() -> list[str]:
    return ["measure"]


def no_number() -> list[str]:
    return ["measure", "--p", "0.5,half"]


def negative_probability() -> list[str]:
    return ["measure", "--p", "-0.5,1.5"]


def probabilities_not_summing_to_one() -> list[str]:
    return ["measure", "--p", "10,70,20"]


def another_length() -> list[str]:
    return ["measure", "--p", "0.5,0.5", "--q", "0.2,0.3,0.5"]


def q_alone() -> list[str]:
    return ["measure", "--q", "0.5,0.5"]


def blanks_between_numbers() -> list[str]:
    return ["measure", "--p", "0.1,", "0.7,", "0.2"]


def file_and_numbers() -> list[str]:
    write_csv("a.csv", GOOD)
    return ["measure", "a.csv", "--label", "y", "--p", "0.5,0.5"]


def table_flag_without_file() -> list[str]:
    return ["measure", "--p", "0.5,0.5", "--label", "y"]


def base_of_one() -> list[str]:
    return ["measure", "--p", "0.5,0.5", "--base", "1"]


def absent_table() -> list[str]:
    return ["measure", "nowhere.csv", "--label", "y"]


def no_label() -> list[str]:
    write_csv("a.csv", GOOD)
    return ["measure", "a.csv"]


def missing_label() -> list[str]:
    write_csv("a.csv", GOOD)
    return ["measure", "a.csv", "--label", "species"]


def measured_label() -> list[str]:
    write_csv("a.csv", GOOD)
    return ["measure", "a.csv", "--label", "x"]


def one_bin() -> list[str]:
    write_csv("a.csv", GOOD)
    return ["measure", "a.csv", "--label", "y", "--bins", "1"]


def torn_table() -> list[str]:
    Path("a.parquet").write_bytes(b"PAR1 and then nothing")
    return ["measure", "a.parquet", "--label", "y"]


CASES: list[tuple[Callable[[], list[str]], list[str]]] = [
    (missing_file, ["nowhere.csv"]),
    (missing_test_file, ["nowhere.csv"]),
    (missing_column, ["species"]),
    (missing_feature, ["w"]),
    (no_target, ["--target"]),
    (one_class, ["class"]),
    (small_class, ["rare", "--drop-class"]),
    (infinite_feature, ["'x'", "row 8"]),
    (nan_feature, ["7"]),
    (regression, ["regression"]),
    (ragged_row, ["12"]),
    (truncated_idx, ["train-images-idx3-ubyte"]),
    (corrupt_idx, ["train-images-idx3-ubyte"]),
    (truncated_gz, ["train-images-idx3-ubyte.gz"]),
    (corrupt_gz, ["train-images-idx3-ubyte.gz"]),
    (truncated_csv_gz, ["a.csv.gz"]),
    (truncated_npz, ["a.npz"]),
    (pickled_npz, ["a.npz"]),
    (truncated_parquet, ["a.parquet"]),
    (unseen_test_label, ["unseen"]),
    (taken_folder, ["'out' already holds a run"]),
    (absent_builtin, ["fashion-mnist", "train-images-idx3-ubyte"]),
    (bad_setting, ["label_smoothing"]),
    (too_few_rows, ["more --rows", "--drop-class"]),
    (too_many_rows, ["rows"]),
    (unknown_class_to_drop, ["eleven"]),
    (diverging, ["--lr"]),
    (absent_predictions, ["nowhere.parquet"]),
    (torn_predictions, ["p.parquet"]),
    (predictions_of_another_shape, ["label"]),
    (predictions_not_summing_to_one, ["1"]),
    (report_in_the_way, ["exists", "--force"]),
    (not_a_run, ["model.json"]),
    (corrupt_run, ["model.json"]),
    (nothing_to_measure, ["--p 0.1,0.7,0.2", "FILE"]),
    (no_number, ["--p", "'half' as number 1"]),
    (negative_probability, ["--p: outcome 0 is -0.5"]),
    (probabilities_not_summing_to_one, ["--p sums to 100", "--counts"]),
    (another_length, ["--q", "2 outcomes", "got 3"]),
    (q_alone, ["--q needs --p"]),
    (blanks_between_numbers, ["--p and FILE '0.7,'", "commas without blanks"]),
    (file_and_numbers, ["--p and FILE 'a.csv' exclude each other"]),
    (table_flag_without_file, ["--label", "FILE"]),
    (base_of_one, ["--base", "got 1"]),
    (absent_table, ["nowhere.csv"]),
    (no_label, ["--label", "'x', 'z', 'y'"]),
    (missing_label, ["--label 'species'", "'x', 'z', 'y'"]),
    (measured_label, ["different numbers"]),
    (one_bin, ["--bins must be at least 2"]),
    (torn_table, ["a.parquet"]),
]


def tree() -> dict[str, bytes | None]:
    return {str(p): p.read_bytes() if p.is_file() else None for p in sorted(Path().rglob("*"))}


@pytest.mark.parametrize(
    ("prepare", "expected"), CASES, ids=[prepare.__name__ for prepare, _ in CASES]
)
def test_one_line_and_nothing_half_written(
    crossent, monkeypatch: pytest.MonkeyPatch, prepare: Callable[[], list[str]], expected: list[str]
):
    monkeypatch.setenv("CROSSENT_DATA", "/nonexistent")
    monkeypatch.setenv("XDG_CACHE_HOME", "/nonexistent")
    arguments = prepare()
    before = tree()
    ended = crossent(*arguments)
    assert ended.code == 2, ended.err
    assert ended.err.startswith("crossent: ")
    assert ended.err.endswith("\n")
    assert ended.err.count("\n") == 1
    assert [text for text in expected if text not in ended.err] == []
    assert tree() == before


def test_the_same_through_a_process(shell):
    before = tree()
    ended = shell(*small_class())
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "'rare'" in ended.err
    assert tree().keys() - before.keys() == {"a.csv"}

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


def unknown_class_to_learn() -> list[str]:
    write_csv("a.csv", [line.replace(",b", ",beta") for line in GOOD])
    return ["train", "a.csv", "--target", "y", "--only", "a,Betta"]


def unknown_class_to_merge() -> list[str]:
    return ["train", "digits", "--merge", "x=4,9z"]


def one_class_to_learn() -> list[str]:
    return ["train", "digits", "--only", "4"]


def class_wanted_and_not() -> list[str]:
    return ["train", "digits", "--only", "4,9", "--drop-class", "9"]


def class_in_two_groups() -> list[str]:
    return ["train", "digits", "--merge", "x=4,9", "--merge", "y=9,1"]


def merged_name_taken() -> list[str]:
    return ["train", "digits", "--merge", "3=4,9"]


def merged_class_left_out() -> list[str]:
    return ["train", "digits", "--only", "1,2,4", "--merge", "x=4,9"]


def all_classes_merged() -> list[str]:
    write_csv("a.csv", GOOD)
    return ["train", "a.csv", "--target", "y", "--merge", "x=a,b"]


def merge_without_members() -> list[str]:
    return ["train", "digits", "--merge", "4,9"]


def merge_of_a_file_without_members() -> list[str]:
    Path("c.toml").write_text('data = "digits"\nmerge = ["4,9"]\n')
    return ["train", "--config", "c.toml"]


def open_quote_in_a_class() -> list[str]:
    return ["train", "digits", "--only", '4,"9']


def held_out_file_without_the_classes() -> list[str]:
    write_csv("a.csv", [*GOOD, *[line.replace("b", "c") for line in GOOD[1:]]])
    write_csv("b.csv", ["x,z,y", "1,2,c"])
    return ["train", "a.csv", "--target", "y", "--test", "b.csv", "--only", "a,b"]


def soft_labels_across() -> list[str]:
    write_csv("a.csv", ["x,q_a,q_b,q_c", *(f"{i % 7},0.5,0.25,0.25" for i in range(30))])
    return ["train", "a.csv", "--target-probs", "q_*", "--only", "a,b"]


def diverging() -> list[str]:
    flags = {"--rows": "200", "--optimizer": "sgd", "--lr": "1e30", "--epochs": "3"}
    return ["train", "digits", *(text for pair in flags.items() for text in pair)]


PREDICTED = ["label,p_a,p_b", *(f"{'ab'[i % 2]},{i / 64},{1 - i / 64}" for i in range(1, 61))]


def predicted(*more: str) -> list[str]:
    """Return a command that evaluates a good file with further lines."""
    write_csv("p.csv", [*PREDICTED, *more])
    return ["evaluate", "p.csv"]


def absent_predictions() -> list[str]:
    return ["evaluate", "nowhere.parquet"]


def torn_predictions() -> list[str]:
    Path("p.parquet").write_bytes(b"PAR1 and then nothing")
    return ["evaluate", "p.parquet"]


def cut_predictions() -> list[str]:
    import duckdb

    predicted()
    duckdb.sql("copy (from 'p.csv') to 'p.parquet'")
    Path("p.parquet").write_bytes(Path("p.parquet").read_bytes()[:-30])
    return ["evaluate", "p.parquet"]


def overwritten_predictions() -> list[str]:
    import duckdb

    rows = "select random() as p_a from range(9000)"
    duckdb.sql(f"copy (select 'a' as label, p_a, 1 - p_a as p_b from ({rows})) to 'p.parquet'")
    whole = Path("p.parquet").read_bytes()
    Path("p.parquet").write_bytes(whole[:20_000] + b"x" * 5000 + whole[25_000:])
    return ["evaluate", "p.parquet"]


def predictions_of_another_shape() -> list[str]:
    write_csv("p.csv", GOOD)
    return ["evaluate", "p.csv"]


def predictions_not_summing_to_one() -> list[str]:
    return predicted("b,0.7,0.7")


def nan_prediction() -> list[str]:
    return predicted("b,nan,1")


def missing_prediction() -> list[str]:
    return predicted("b,,1")


def word_as_prediction() -> list[str]:
    return predicted("b,0.5,half")


def infinite_prediction() -> list[str]:
    return predicted("b,inf,0")


def negative_prediction() -> list[str]:
    return predicted("b,-0.25,1.25")


def logits_as_probabilities() -> list[str]:
    return predicted("b,3.5,2.5")


def negative_logits_as_probabilities() -> list[str]:
    return predicted("b,3.5,-2.5")


def probabilities_all_zero() -> list[str]:
    return [*predicted("b,0,0"), "--normalize"]


def losses_as_log_probabilities() -> list[str]:
    write_csv("p.csv", ["label,logprob", "a,-1", "b,0.5"])
    return ["evaluate", "p.csv"]


def label_without_a_column() -> list[str]:
    return predicted("c,0.5,0.5")


def missing_label_of_a_prediction() -> list[str]:
    return predicted(",0.5,0.5")


def label_that_classes_leave_out() -> list[str]:
    return [*predicted(), "--classes", "a,c"]


def empty_predictions() -> list[str]:
    Path("p.csv").write_text("")
    return ["evaluate", "p.csv"]


def predictions_without_rows() -> list[str]:
    write_csv("p.csv", PREDICTED[:1])
    return ["evaluate", "p.csv"]


def predictions_of_weight_zero() -> list[str]:
    write_csv("p.csv", [f"{PREDICTED[0]},weight", *(f"{line},0" for line in PREDICTED[1:])])
    return ["evaluate", "p.csv"]


def negative_weight() -> list[str]:
    write_csv("p.csv", [f"{PREDICTED[0]},weight", *(f"{line},-1" for line in PREDICTED[1:])])
    return ["evaluate", "p.csv"]


def another_file_without_a_class() -> list[str]:
    write_csv("q.csv", ["label,p_a,p_c", "a,0.5,0.5"])
    return [*predicted(), "q.csv"]


def another_file_with_one_class_more() -> list[str]:
    write_csv("q.csv", ["label,p_a,p_b,p_c", "a,0.5,0.5,0"])
    return [*predicted(), "q.csv"]


def another_file_of_another_layout() -> list[str]:
    write_csv("q.csv", ["label,logprob", "a,-1"])
    return [*predicted(), "q.csv"]


def soft_labels_not_summing_to_one() -> list[str]:
    write_csv("p.csv", ["p_a,p_b,q_a,q_b", "0.5,0.5,0.5,0.25"])
    return ["evaluate", "p.csv"]


def ragged_predictions() -> list[str]:
    return predicted("b,0.5")


def predictions_of_no_file() -> list[str]:
    return ["evaluate", "p-*.csv"]


def predictions_named_twice() -> list[str]:
    return [*predicted(), "./p.csv"]


def report_in_the_way() -> list[str]:
    predicted()
    Path("r.html").write_text("old")
    return ["evaluate", "p.csv", "--report", "r.html"]


def report_over_its_file() -> list[str]:
    return [*predicted(), "--report", "p.csv", "--force"]


def one_file_for_two_outputs() -> list[str]:
    return [*predicted(), "--export-pair", "a,b", "x.csv", "--export-cell", "a,b", "./x.csv"]


def outputs_of_a_bad_file() -> list[str]:
    flags = ["--report", "r.html", "--save-stats", "s.npz", "--export-pair", "a,b", "x.csv"]
    Path("r.html").write_text("old")
    return [*predicted("b,0.7,0.7"), *flags, "--force"]


def export_of_an_unknown_class() -> list[str]:
    return [*predicted(), "--export-cell", "a,betta", "x.csv"]


def export_to_another_format() -> list[str]:
    return [*predicted(), "--export-cell", "a,b", "x.xlsx"]


def export_of_one_class() -> list[str]:
    return [*predicted(), "--export-pair", "a", "x.csv"]


def merge_of_an_unknown_class() -> list[str]:
    return [*predicted(), "--merge", "x=a,c"]


def merges_of_one_name() -> list[str]:
    return [*predicted(), "--merge", "x=a", "--merge", "x=b"]


def merge_without_a_name() -> list[str]:
    return [*predicted(), "--merge", "=a,b"]


def merge_of_log_probabilities() -> list[str]:
    write_csv("p.csv", ["label,logprob", "a,-1", "b,-0.5", "c,-2"])
    return ["evaluate", "p.csv", "--merge", "x=a,b"]


def baseline_of_other_labels() -> list[str]:
    write_csv("q.csv", [*PREDICTED[:9], "a" + PREDICTED[9][1:], *PREDICTED[10:]])
    return [*predicted(), "--baseline", "q.csv"]


def baseline_of_other_rows() -> list[str]:
    write_csv("q.csv", PREDICTED[:-1])
    return [*predicted(), "--baseline", "q.csv"]


def baseline_of_other_classes() -> list[str]:
    write_csv("q.csv", ["label,p_a,p_c", "a,0.5,0.5"])
    return [*predicted(), "--baseline", "q.csv"]


def saved(*flags: str) -> list[str]:
    """Return a command that saves statistics of two classes in `s.npz`."""
    from crossent.scoring.rows import score_rows
    from crossent.scoring.stats_file import save_stats
    from crossent.scoring.tally import Tally

    tally = Tally(("a", "b"))
    tally.update(score_rows(labels=np.array([0]), values=np.array([[0.75, 0.25]])))
    save_stats(Path("s.npz"), tally)
    return ["evaluate", "s.npz", *flags]


def statistics_and_a_baseline() -> list[str]:
    return saved("--baseline", predicted()[1])


def statistics_and_a_condition() -> list[str]:
    return saved("--where", "x > 1")


def statistics_and_a_merge() -> list[str]:
    return [*saved(), predicted()[1], "--merge", "x=a,b"]


def statistics_of_other_classes() -> list[str]:
    write_csv("q.csv", ["label,p_a,p_c", "a,0.5,0.5"])
    return saved("q.csv")


def torn_statistics() -> list[str]:
    saved()
    whole = Path("s.npz").read_bytes()
    Path("s.npz").write_bytes(whole[:400] + b"x" * 40 + whole[440:])
    return ["evaluate", "s.npz"]


def bins_that_do_not_divide() -> list[str]:
    return [*predicted(), "--bins", "11"]


def limit_below_zero() -> list[str]:
    return [*predicted(), "--fail-above", "-1"]


def broken_condition() -> list[str]:
    return [*predicted(), "--where", "p_a >"]


def condition_that_leaves_nothing() -> list[str]:
    return [*predicted(), "--where", "p_a > 7"]


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
    (unknown_class_to_learn, ["--only 'Betta'", "did you mean 'beta'?"]),
    (unknown_class_to_merge, ["--merge 'x'", "'9z'", "did you mean '9'?"]),
    (one_class_to_learn, ["--only '4'", "two"]),
    (class_wanted_and_not, ["--only and --drop-class both name '9'"]),
    (class_in_two_groups, ["--merge", "'9' in two groups, 'x' and 'y'"]),
    (merged_name_taken, ["--merge '3'", "another class"]),
    (merged_class_left_out, ["--merge 'x' names '9', which --only leaves out"]),
    (all_classes_merged, ["--merge leaves fewer than two classes"]),
    (merge_without_members, ["--merge", "new=a,b", "'4,9'."]),
    (merge_of_a_file_without_members, ["--merge: expected new=a,b", "got '4,9', in 'c.toml'."]),
    (open_quote_in_a_class, ["--only", "not closed"]),
    (held_out_file_without_the_classes, ["'b.csv' holds no row of the classes 'a', 'b'"]),
    (soft_labels_across, ["row 0", "0.75", "0.25", "--merge"]),
    (diverging, ["--lr"]),
    (absent_predictions, ["nowhere.parquet"]),
    (torn_predictions, ["p.parquet"]),
    (cut_predictions, ["p.parquet"]),
    (overwritten_predictions, ["p.parquet"]),
    (predictions_of_another_shape, ["--prob", "'x', 'z', 'y'"]),
    (predictions_not_summing_to_one, ["'p.csv', row 60", "1.4", "--normalize", "--kind logits"]),
    (nan_prediction, ["'p.csv', row 60", "p_a", "nan"]),
    (missing_prediction, ["'p.csv', row 60", "p_a", "missing"]),
    (word_as_prediction, ["'p.csv', row 60", "p_b", "'half'"]),
    (infinite_prediction, ["'p.csv', row 60", "p_a", "inf"]),
    (negative_prediction, ["'p.csv', row 60", "'p_a'", "-0.25"]),
    (logits_as_probabilities, ["'p.csv', row 60", "6", "--kind logits"]),
    (negative_logits_as_probabilities, ["'p.csv', row 60, 'p_b'", "-2.5", "--kind logits"]),
    (probabilities_all_zero, ["'p.csv', row 60", "0", "cannot be divided"]),
    (losses_as_log_probabilities, ["'p.csv'", "row 1", "0.5", "sign"]),
    (label_without_a_column, ["'p.csv'", "'c' in row 60", "'p_*'", "'a', 'b'"]),
    (missing_label_of_a_prediction, ["'p.csv'", "label", "row 60"]),
    (label_that_classes_leave_out, ["'c'", "--classes"]),
    (empty_predictions, ["'p.csv' is empty"]),
    (predictions_without_rows, ["'p.csv' has no rows"]),
    (predictions_of_weight_zero, ["weight above 0"]),
    (negative_weight, ["'p.csv'", "'weight'", "row 0", "-1"]),
    (another_file_without_a_class, ["'q.csv'", "'p_*'", "'b'"]),
    (another_file_with_one_class_more, ["'q.csv'", "'p_*'", "'c'"]),
    (another_file_of_another_layout, ["'q.csv'", "'p_*'"]),
    (soft_labels_not_summing_to_one, ["'p.csv'", "row 0", "0.75"]),
    (ragged_predictions, ["'p.csv'", "62"]),
    (predictions_of_no_file, ["'p-*.csv' matches no file"]),
    (predictions_named_twice, ["'./p.csv' is named twice"]),
    (report_in_the_way, ["--report 'r.html' exists", "--force"]),
    (report_over_its_file, ["--report names 'p.csv', which is read"]),
    (one_file_for_two_outputs, ["--export-pair and --export-cell both name 'x.csv'"]),
    (outputs_of_a_bad_file, ["row 60"]),
    (export_of_an_unknown_class, ["--export-cell: 'betta'", "'a', 'b'"]),
    (export_to_another_format, ["--export-cell 'x.xlsx'", ".parquet, .csv or .csv.gz"]),
    (export_of_one_class, ["--export-pair", "two class names"]),
    (merge_of_an_unknown_class, ["--merge", "'c', which is not a class"]),
    (merges_of_one_name, ["--merge names 'x' twice"]),
    (merge_without_a_name, ["--merge", "'=a,b'", "empty"]),
    (merge_of_log_probabilities, ["--merge needs the probabilities"]),
    (baseline_of_other_labels, ["row 8", "'a'", "'b'", "'p.csv'", "'q.csv'"]),
    (baseline_of_other_rows, ["--baseline", "row 59 of 'p.csv'"]),
    (baseline_of_other_classes, ["'q.csv'", "'a', 'c'", "'p.csv' 'a', 'b'"]),
    (statistics_and_a_baseline, ["--baseline needs the rows", "'s.npz'"]),
    (statistics_and_a_condition, ["--where needs the rows", "'s.npz'"]),
    (statistics_and_a_merge, ["--merge needs the rows", "'s.npz'"]),
    (statistics_of_other_classes, ["'q.csv'", "'a', 'c'", "'s.npz' 'a', 'b'"]),
    (torn_statistics, ["'s.npz'", "damaged"]),
    (bins_that_do_not_divide, ["--bins", "11", "10"]),
    (limit_below_zero, ["--fail-above", "-1"]),
    (broken_condition, ["--where"]),
    (condition_that_leaves_nothing, ["--where 'p_a > 7'", "no row"]),
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

from typing import Any

import numpy as np
import pytest

from crossent.errors import InputError
from tests.data.predictions.files import GOOD, LABELS, NAMES, VALUES, jsonl, npz, read


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("f.csv", "", {}, "is empty"),
        ("f.parquet", "", {}, "is empty"),
        ("f.csv", "label,p_a,p_b\n", {}, "has no rows"),
        ("f.csv", GOOD + "b,1\n", {}, "line 3: expected 3 columns, got 2"),
        ("f.csv", GOOD + "b,1,2,3\n", {}, "line 3: expected 3 columns, got 4"),
        ("f.csv", GOOD + "b,,1\n", {}, r"row 1: p_a must hold numbers; it is missing"),
        ("f.csv", GOOD + "b,x,1\n", {}, r"row 1: p_a must hold numbers; got 'x'"),
        ("f.csv", GOOD + ",1,0\n", {}, r"'label': the label is missing, first in row 1"),
        ("f.csv", GOOD + "z,1,0\n", {}, r"'z' in row 1 has no column 'p_\*'; the classes are 'a'"),
        ("f.csv", "label,p_1,p_2\n1,1,0\nNA,1,0\n", {}, "label is missing, first in row 1"),
        ("f.csv", "label,p_a,p_a\na,.5,.5\n", {}, "class 'a' has 2 columns"),
        ("f.csv", GOOD.encode() + b"\xff,1,0\n", {}, "not UTF-8"),
        ("f.csv", GOOD.encode("utf-16"), {}, "UTF-16"),
        ("f.csv", GOOD + '"a,1,0\n', {}, "a quote is opened and never closed|line 3"),
        ("f.csv", "label,p_a,p_b,weight\na,1,0,-1\n", {}, "a weight must be .* row 0 has -1"),
        ("f.csv", "label,p_a,p_b,weight\na,1,0,nan\n", {}, "a weight must be .* row 0 has nan"),
        ("f.csv", "label,p_a,p_b,weight\na,1,0,\n", {}, "row 0: weight must hold numbers"),
        ("f.csv", "label,p_a,p_b,n\na,1,0,1.5\n", {"words": "n"}, "a count must be .* has 1.5"),
        ("f.csv", "label,logprob\na,-1\nb,\n", {}, "row 1: logprob must hold numbers"),
        (
            "f.csv",
            "label,probs\na,none\nb,none\n",
            {"classes": ("a", "b")},
            "row 0: probs must hold lists",
        ),
        ("f.jsonl", '{"label": "a"\n', {}, "line 1: no JSONL"),
        ("f.jsonl", jsonl() + "{", {"classes": NAMES}, r"f\.jsonl', line \d: no JSONL"),
        ("f.jsonl", jsonl(), {}, "labels are names, such as 'cat': name the classes"),
        (
            "f.jsonl",
            jsonl() + '{"label": "cat", "probs": [1.0, null, 0.0]}\n',
            {"classes": NAMES},
            "row 4, entry 1 must be a number",
        ),
        (
            "f.jsonl",
            jsonl() + '{"label": "cat", "probs": null}\n',
            {"classes": NAMES},
            "row 4: probs must hold lists of numbers; it is missing",
        ),
        (
            "f.jsonl",
            jsonl() + '{"label": "cat", "probs": [0.5, 0.5]}\n',
            {"classes": NAMES},
            "must hold 3 entries, one a class, .*; row 4 holds 2",
        ),
        ("f.jsonl", jsonl() + '{"label": "cat"}\n', {"classes": NAMES}, "row 4: probs must hold"),
        ("f.json", "[\n{}\n]\n", {}, "one JSON array; write an object a line"),
        ("f.npz", npz(y=np.array(["a", None]), probs=VALUES[:2]), {}, "Python objects"),
        ("f.npz", npz(y=LABELS[:3], probs=VALUES), {}, "'y' has 3 rows, 'probs' has 4"),
        ("f.npz", npz(y=LABELS + 1, probs=VALUES), {}, "label '3' in row 1 is no entry of 'probs'"),
        ("f.npz", npz(y=LABELS, probs=VALUES[:, 0]), {"prob": "probs"}, r"shape \(N, C\)"),
        ("f.npz", npz(y=LABELS[:0], probs=VALUES[:0]), {}, "has no rows"),
        ("f.npz", npz(y=LABELS, probs=VALUES), {"prob": "p_*"}, "has arrays, not columns"),
        ("f.npz", npz(y=LABELS, probs=VALUES), {"where": "y = 1"}, "--where reads tables"),
        ("f.npz", npz(y=LABELS, probs=VALUES)[:-50], {}, "no .npz archive, cut off or damaged"),
        ("f.npy", b"\x93NUMPY", {}, "is NPY; predictions are CSV, Parquet"),
        ("f.xlsx", "PK", {}, "Excel files are not read"),
    ],
)
def test_bad_files_are_one_line(
    write, name: str, content: str | bytes, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message) as error:
        read(write(name, content), **options)
    assert "\n" not in str(error.value)
    assert name in str(error.value)


def test_rows_of_the_file(write) -> None:
    text = "label,p_a,p_b,row,weight\na,.5,.5,7,1\nb,.5,.5,3,0\n"
    found = read(write("a.csv", text))
    assert found["rows"].tolist() == [7, 3]
    assert found["weights"].tolist() == [1.0, 0.0]
    assert "row numbers from 'row'" in found["taken"]
    assert read(write("a.csv", text), label="label")["rows"].tolist() == [0, 1]
    assert read(write("b.csv", text.replace("7", "x")))["rows"].tolist() == [0, 1]


def test_numbers_of_rows_are_whole(write) -> None:
    lines = "".join(f"a,.5,.5,{i}\n" for i in range(1000))
    for cell in ("7.5", "x", ""):
        path = write("a.csv", f"label,p_a,p_b,row\n{lines}b,.5,.5,{cell}\n")
        with pytest.raises(InputError, match=r"row 1000: row must hold integers, or --label be"):
            read(path)
        assert len(read(path, label="label")["rows"]) == 1001


def test_files_without_rows_beside_others(write, parquet) -> None:
    empty = write("0.csv", "label,p_a,p_b\n")
    none = parquet("1.parquet", "SELECT 'a' AS label, .5 AS p_a, .5 AS p_b LIMIT 0")
    rows = write("2.csv", GOOD)
    found = read(empty, none, rows)
    assert found["source"] == [str(rows)]
    assert read(empty, none, rows, where="p_a < 1")["source"] == [str(rows)]
    with pytest.raises(InputError, match=r"0\.csv' has no rows, nor has any of the 1 others"):
        read(empty, none)
    lists = write("3.csv", "label;probs\n"), write("4.csv", "label;probs\n1;[0, 1]\n")
    assert read(*lists, prob="probs")["classes"] == ("0", "1")
    arrays = npz(y=LABELS[:0], probs=VALUES[:0]), npz(y=LABELS, probs=VALUES)
    assert len(read(*(write(f"{i}.npz", a) for i, a in enumerate(arrays)))["rows"]) == 4


def test_errors_name_the_right_row_of_many(write) -> None:
    lines = [f"{'ab'[i % 2]},.5,.5\n" for i in range(300_000)]
    lines[250_001] = "b,.5,?\n"
    path = write("a.csv", "label,p_a,p_b\n" + "".join(lines))
    with pytest.raises(InputError, match=r"row 250001: p_b must hold numbers; got '\?'"):
        read(path)
    lines[250_000] = "c,.5,.5\n"
    with pytest.raises(InputError, match="label 'c' in row 250000"):
        read(write("b.csv", "label,p_a,p_b\n" + "".join(lines)))

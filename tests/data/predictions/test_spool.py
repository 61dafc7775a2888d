import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from crossent.errors import InputError
from tests.data.predictions.files import (
    GOOD,
    LABELS,
    NAMES,
    VALUES,
    check,
    jsonl,
    npz,
    read,
    wide_csv,
    wide_sql,
)


def test_several_files(write, parquet, tmp_path: Path) -> None:
    write("in/b.csv", "p_b,label,p_a,more\n.75,b,.25,x\n")
    write("in/a.csv", "label,p_a,p_b\na,1,0\na,.5,.5\n")
    found = read(tmp_path / "in" / "*.csv")
    assert [Path(name).name for name in found["source"]] == ["a.csv", "a.csv", "b.csv"]
    assert found["rows"].tolist() == [0, 1, 0]
    np.testing.assert_array_equal(found["values"], [[1, 0], [0.5, 0.5], [0.25, 0.75]])
    other = parquet("c.parquet", "SELECT 'a' AS label, 0.5 AS p_a, 0.5 AS p_b")
    assert read(tmp_path / "in" / "b.csv", other)["labels"].tolist() == [0, 1]
    for text, message in (
        ("label,p_a,p_c\na,1,0\n", r"d\.csv' has no column 'p_\*' for the class 'b'"),
        ("label,p_a,p_b,p_c\na,1,0,0\n", r"d\.csv' has a column 'p_\*' for 'c', which is not"),
        ("y,p_a,p_b\na,1,0\n", r"--label 'label': .*d\.csv' has the columns 'y'"),
    ):
        with pytest.raises(InputError, match=message):
            read(tmp_path / "in" / "a.csv", write("d.csv", text))
    with pytest.raises(InputError, match="matches no file"):
        read(tmp_path / "*.none")
    with pytest.raises(InputError, match="named twice"):
        read(tmp_path / "in" / "a.csv", f"{tmp_path}/in/../in/a.csv")
    with pytest.raises(InputError, match="one file of predictions at least"):
        read()
    short = write("s.jsonl", '{"label": 0, "probs": [0.5, 0.5]}\n')
    with pytest.raises(InputError, match=r"s\.jsonl', column 'probs': .* 3 entries.*row 0 holds 2"):
        read(write("l.jsonl", jsonl()), short, classes=NAMES)


def test_standard_input(monkeypatch: pytest.MonkeyPatch, parquet, write) -> None:
    def given(content: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))

    for content in (
        wide_csv().encode(),
        gzip.compress(wide_csv().encode()),
        jsonl().encode(),
        npz(y=LABELS, probs=VALUES),
        parquet("a.parquet", wide_sql()).read_bytes(),
    ):
        given(content)
        found = read("-", classes=NAMES)
        check(found)
        assert found["sources"] == ("-",)
    for content, message in (
        (b"", "standard input is empty"),
        (b"label,p_a,p_b\n", "standard input has no rows"),
        (GOOD.encode() + b"b,1\n", "standard input, line 3: expected 3 columns"),
        (b"\xff\xfea", "standard input is UTF-16"),
        (b"label,p_a,p_b\nz,1,0\n", "standard input, column 'label'"),
        (parquet("a.parquet", wide_sql()).read_bytes()[:-9], "standard input is no Parquet file"),
    ):
        given(content)
        with pytest.raises(InputError, match=f"^{message}"):
            read("-")
    given(GOOD.encode())
    with pytest.raises(InputError, match="standard input is named twice"):
        read("-", "-")

from pathlib import Path

import duckdb
import numpy as np
import pytest

from crossent.errors import InputError
from tests.data.predictions.files import GOOD, read


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_conditions(write, parquet, tmp_path: Path, form: str) -> None:
    query = (
        "SELECT range AS id, range % 3 = 0 AS kept, 'part ' || range % 2 AS \"the part\", "
        "range::VARCHAR AS label, 0.54 AS p_0, 0.46 AS p_1 FROM range(2)"
    )
    path = tmp_path / f"f.{form}"
    duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT {form.replace('jsonl', 'json')})")
    assert read(path, where="id = 1")["rows"].tolist() == [1]
    assert read(path, where="kept")["labels"].tolist() == [0]
    assert read(path, where="\"the part\" LIKE '%1' -- the odd ones")["rows"].tolist() == [1]
    # DuckDB would compare text with a literal of one digit after rounding to one digit.
    assert read(path, where="p_0 > 0.5 and p_1 < 0.5")["rows"].tolist() == [0, 1]
    listed = ", ".join(map(str, range(1, 40)))
    assert read(path, where=f"id IN ({listed})")["rows"].tolist() == [1]
    with pytest.raises(InputError, match="--where 'id > 7' leaves no row"):
        read(path, where="id > 7")


def test_a_condition_skips_bad_rows(write) -> None:
    path = write("a.csv", GOOD + "z,x,\nb,.25,.75\n")
    found = read(path, where="label <> 'z'")
    assert found["rows"].tolist() == [0, 2]
    np.testing.assert_array_equal(found["values"], [[0.5, 0.5], [0.25, 0.75]])


@pytest.mark.parametrize(
    "where",
    [
        "1=1; COPY (SELECT 1) TO '{0}/out.csv'",
        "1=1) UNION ALL SELECT * FROM '{0}/secret.csv' --",
        "label IN (SELECT content FROM read_text('{0}/secret.csv'))",
        "label IN (SELECT a FROM '{0}/secret.csv')",
        "EXISTS (SELECT 1 FROM glob('{0}/*'))",
        "label IN (SELECT a FROM read_csv('{0}/secret.csv'))",
        "nothing = 1",
        "label =",
        "label, p_a",
        "",
        "label > 0.5",
        "count(*) > 1",
    ],
)
def test_conditions_touch_nothing_else(write, tmp_path: Path, where: str) -> None:
    write("secret.csv", "a\na\n")
    path = write("a.csv", GOOD)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=r"^--where .* is no condition on a row: ") as error:
        read(path, where=where.format(tmp_path))
    assert "\n" not in str(error.value)
    assert sorted(tmp_path.iterdir()) == before
    assert path.read_text() == GOOD


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_order_with_threads_and_conditions(tmp_path: Path, form: str) -> None:
    count = 400_000
    path = tmp_path / f"f.{form}"
    query = (
        f"SELECT range % 7 AS label, range AS w, {', '.join(f'range AS p_{i}' for i in range(7))}"
    )
    duckdb.sql(f"COPY ({query} FROM range({count})) TO '{path}'")
    fifths = ", ".join(map(str, range(0, count, 5000)))
    for where, step in (
        (None, 1),
        ("w % 3 = 0", 3),
        (f"w IN ({fifths})", 5000),
        ("w % 3 IN (SELECT 0)", 3),
    ):
        found = read(path, weights="w", where=where)
        rows = np.arange(0, count, step)
        np.testing.assert_array_equal(found["rows"], rows)
        np.testing.assert_array_equal(found["weights"], rows)
        np.testing.assert_array_equal(found["labels"], rows % 7)
        np.testing.assert_array_equal(found["values"], np.repeat(rows[:, None], 7, axis=1))


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_names_that_sql_does_not_tell_apart(write, parquet, form: str) -> None:
    text = "label,p_A,p_a,n\na,0.1,0.9,1\nA,0.9,0.1,2\n"
    path = write("a.csv", text)
    if form == "parquet":
        import pyarrow.csv
        import pyarrow.parquet

        table = pyarrow.csv.read_csv(path)
        path = path.with_suffix(".parquet")
        pyarrow.parquet.write_table(table, path)
    assert read(path, where="n = 2")["labels"].tolist() == [0]
    for where in ("p_a > 0.5", '"p_A" > 0.5'):
        with pytest.raises(InputError, match="does not tell 'p_A', 'p_a' apart; rename them"):
            read(path, where=where)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("label = eight", "The columns are 'label', 'p_a', 'p_b'; text stands in single quotes"),
        ("nothing(p_a)", "nothing does not exist"),
        ("regexp_matches(label, '(')", r"missing \)"),
        ("p_a + ", "syntax error"),
    ],
)
def test_what_is_wrong_with_a_condition(write, where: str, message: str) -> None:
    with pytest.raises(InputError, match=f"^--where .* is no condition on a row: .*{message}"):
        read(write("a.csv", GOOD), where=where)


def test_a_bad_file_is_not_the_fault_of_a_condition(write) -> None:
    lines = "a,.5,.5\n" * 5000
    path = write("a.csv", f"label,p_a,p_b\n{lines}b,1\n")
    for where in ("p_a < 1", None):
        with pytest.raises(InputError, match="line 5002: expected 3 columns, got 2"):
            read(path, where=where)


def test_a_window_that_sorts_the_rows_is_refused(write) -> None:
    lines = "".join(f"a,.5,.5,{i % 2}\n" for i in range(10))
    path = write("a.csv", "label,p_a,p_b,k\n" + lines)
    with pytest.raises(InputError, match="changes the order of the rows"):
        read(path, where="count(*) OVER (PARTITION BY k) > 0")
    assert len(read(path, where="count(*) OVER () = 10")["rows"]) == 10

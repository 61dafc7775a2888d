import csv
import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from crossent.data.database import connected, literal, open_table
from crossent.errors import InputError

TEXT = 'a,b,c\n1,x,\n2.5,"p\nq",NA\n 3 , z ,1e3\n'


def test_csv_columns(write) -> None:
    with open_table(write("f.csv", TEXT), csv=True) as file:
        assert (file.names, file.rows) == (("a", "b", "c"), 3)
        assert file.texts([0, 1])[1].tolist() == ["x", "p\nq", "z"]
        assert file.texts([1], exact=True)[0].tolist() == ["x", "p\nq", " z "]
        np.testing.assert_array_equal(file.numbers([2, 0])[0], [np.nan, np.nan, 1000.0])
        np.testing.assert_array_equal(file.numbers([0])[0], [1.0, 2.5, 3.0])
        assert file.counts([0, 1, 2]) == [(3, 3), (3, 0), (1, 1)]
        assert file.distinct([1]) == [3]


@pytest.mark.parametrize("packed", [False, True])
def test_numbers_as_numpy_reads_them(write, packed: bool) -> None:
    values = np.random.default_rng(0).normal(size=(3000, 4)) * 10.0 ** np.arange(-150, 250, 100)
    text = "\n".join(",".join(map(repr, row)) for row in values.tolist()).encode()
    path = write("f.csv", gzip.compress(text) if packed else text)
    with open_table(path, csv=True) as file:
        np.testing.assert_array_equal(np.stack(file.numbers(range(4)), axis=1), values)


@pytest.mark.parametrize("text", ["1_000", "0x10", "1,5", "abc", "1.2.3", "٣"])
def test_texts_that_are_no_numbers(write, text: str) -> None:
    with open_table(write("f.csv", f'a,b\n"{text}",1\n'), csv=True) as file:
        assert np.isnan(file.numbers([0])[0]).all()
        assert file.counts([0]) == [(1, 0)]


def test_parquet_columns(parquet) -> None:
    path = parquet(
        "f.parquet",
        "SELECT * FROM (VALUES (1::TINYINT, 1.5::DECIMAL(4,2), true, 'x', [1], 'nan'::DOUBLE, "
        "DATE '2020-01-02'), (NULL, NULL, NULL, '', NULL, 2.0, NULL)) AS t(a, b, c, d, e, f, A)",
    )
    with open_table(path, csv=False) as file:
        assert file.names[:6] == ("a", "b", "c", "d", "e", "f")
        assert [file.is_readable(i) for i in range(7)] == [True] * 4 + [False] + [True] * 2
        assert [file.is_number(i) for i in range(4)] == [True, True, False, False]
        np.testing.assert_array_equal(
            file.numbers([0, 1, 5]), [[1, np.nan], [1.5, np.nan], [np.nan, 2]]
        )
        assert file.texts([2, 3, 6])[0].tolist() == ["true", None]
        assert file.texts([3])[0].tolist() == ["x", None]
        assert file.texts([6])[0].tolist() == ["2020-01-02", None]
        assert file.counts([0, 5]) == [(1, 1), (1, 1)]


def test_order_is_that_of_the_file(write, parquet) -> None:
    count = 300_000
    with open_table(
        parquet("f.parquet", f"SELECT range AS i FROM range({count})"), csv=False
    ) as file:
        np.testing.assert_array_equal(file.numbers([0])[0], np.arange(count))
    text = "i,j\n" + "".join(f"{i},1\n" for i in range(count))
    with open_table(write("f.csv", text), csv=True) as file:
        np.testing.assert_array_equal(file.numbers([0])[0], np.arange(count))


@pytest.mark.parametrize("name", ["a*.csv", "a?.csv", "a[b].csv", "a'b.csv", "x=1/a.csv", "~a.csv"])
def test_names_are_no_patterns(write, name: str) -> None:
    write("ab.csv", "wrong,wrong\n1,2\n")
    with open_table(write(name, "a,b\n1,2\n"), csv=True) as file:
        assert (file.names, file.rows) == (("a", "b"), 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('a,b\n1,"2\n\n3"\n4,5,6\n', r"f\.csv', line 5: expected 2 columns, got 3"),
        ("a,b,c\n1,2,3\n4,5\n", "line 3: expected 3 columns, got 2"),
        ('a,b\n1,2\n3,"4\n', "line 3: a quote is opened and never closed"),
        ("a,b\n1,2\r\n3,4\n", r"the lines end in different ways \(\\n, \\r\\n\)"),
        (b"a,b\n" + b"1,2\n" * 70_000 + b"1,\xe9\n", "line 70002: not UTF-8"),
    ],
)
def test_broken_csv_names_the_line(write, text: str | bytes, message: str) -> None:
    with (
        pytest.raises(InputError, match=message) as error,
        open_table(write("f.csv", text), csv=True),
    ):
        raise AssertionError
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("change", ["cut", "tail", "middle", "head"])
def test_damaged_parquet_is_named(parquet, change: str) -> None:
    path: Path = parquet("f.parquet", "SELECT range::VARCHAR AS s FROM range(50000)")
    data = path.read_bytes()
    middle = len(data) // 2
    path.write_bytes(
        {
            "cut": data[:middle],
            "tail": data[:-8],
            "middle": data[:middle] + b"\xff" * 4000 + data[middle + 4000 :],
            "head": data[:4] + b"\0" * 5000 + data[5004:],
        }[change]
    )
    with (
        pytest.raises(
            InputError, match=r"f\.parquet' is no Parquet file, cut off or damaged"
        ) as error,
        open_table(path, csv=False) as file,
    ):
        file.texts([0])
    assert "\n" not in str(error.value)


def test_packed_files(write, parquet) -> None:
    path = parquet("f.parquet", "SELECT 1 AS a")
    packed = write("g.parquet", gzip.compress(path.read_bytes()))
    with pytest.raises(InputError, match="unpack it first"), open_table(packed, csv=False):
        raise AssertionError
    cut = write("g.csv", gzip.compress(b"a,b\n" + os.urandom(20).hex().encode() + b",2\n")[:-4])
    with (
        pytest.raises(InputError, match=r"g\.csv' is a damaged or cut off"),
        open_table(cut, csv=True),
    ):
        raise AssertionError


def test_no_extension_is_loaded_from_outside_and_nothing_is_spilled() -> None:
    with connected() as connection:
        settings = dict(
            connection.execute(
                "SELECT name, value FROM duckdb_settings() WHERE name IN "
                "('autoinstall_known_extensions', 'autoload_known_extensions', 'temp_directory')"
            ).fetchall()
        )
    assert settings == {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": "",
    }


def test_nothing_is_left_behind(write, tmp_path: Path) -> None:
    with open_table(write("f.csv", TEXT), csv=True) as file:
        file.texts([0])
    assert [path.name for path in tmp_path.iterdir()] == ["f.csv"]


def test_duckdb_is_loaded_late_and_its_absence_named() -> None:
    code = (
        "import sys, crossent.data.open, crossent.data.predictions.write\n"
        "from crossent.data.database import connected\n"
        "assert not {'duckdb', 'torch', 'sklearn'} & set(sys.modules)\n"
        "sys.modules['duckdb'] = None\n"
        "from crossent.errors import MissingExtraError\n"
        "try:\n    connected().__enter__()\nexcept MissingExtraError as error:\n    print(error)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "DuckDB is not installed; run: pip install 'crossent[cli]'\n"


def test_wide_rows(write) -> None:
    width = 3000
    rows = [[f"c{i}" for i in range(width)], [str(i) for i in range(width)]]
    path = write("f.csv", "")
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    with open_table(path, csv=True) as file:
        assert np.concatenate(file.numbers(range(width))).tolist() == list(range(width))


def test_literals() -> None:
    with connected() as connection:
        for text in ["a'b", "", "\\", "a\nb", "''"]:
            assert connection.execute(f"SELECT {literal(text)}").fetchone()[0] == text

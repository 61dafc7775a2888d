import gzip

import pytest

from crossent.errors import InputError
from tests.data.predictions.files import NAMES, jsonl, read, wide_csv, wide_sql


def test_torn_files(write, parquet) -> None:
    whole = parquet("a.parquet", wide_sql()).read_bytes()
    packed = gzip.compress(wide_csv().encode())
    for name, content, message in (
        ("torn.parquet", whole[:-20], "is no Parquet file, cut off or damaged"),
        ("head.parquet", b"PAR1" + b"x" * 100, "is no Parquet file, cut off or damaged"),
        ("torn.csv.gz", packed[:-6], "is a damaged or cut off gzip"),
        ("sum.csv.gz", packed[:-8] + b"\0" * 8, "is a damaged or cut off gzip"),
        ("packed.parquet.gz", gzip.compress(whole), "packed by gzip; unpack it first"),
        ("torn.jsonl.gz", gzip.compress(jsonl().encode())[:-6], "damaged or cut off gzip"),
    ):
        with pytest.raises(InputError, match=message) as error:
            read(write(name, content), classes=NAMES)
        assert name in str(error.value)
        assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="no such file"):
        read("none.csv")


@pytest.mark.parametrize("bad", ['{"p_a": 1,', '{"p_a": 1 "p_b": 0}', "no"])
def test_lines_of_jsonl_are_counted_with_the_blank_ones(write, bad: str) -> None:
    good = '{"label": "a", "p_a": 0.5, "p_b": 0.5}\n'
    path = write("a.jsonl", good + "\n\n" + good * 3 + "\n" + bad + "\n" + good)
    with pytest.raises(InputError, match=r"a\.jsonl', line 8: no JSONL that can be read"):
        read(path)

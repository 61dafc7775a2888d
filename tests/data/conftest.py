"""Files written by the tests: text, arrays, IDX."""

import struct
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest

CODES = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write text or bytes to a file in an empty folder."""

    def to_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return to_file


def idx_bytes(values: np.ndarray) -> bytes:
    """Return `values` in the format of the MNIST page: magic, sizes, big-endian values."""
    head = bytes([0, 0, CODES[values.dtype.name], values.ndim])
    return (
        head
        + struct.pack(f">{values.ndim}I", *values.shape)
        + values.astype(values.dtype.newbyteorder(">")).tobytes()
    )


@pytest.fixture
def idx() -> Callable[[np.ndarray], bytes]:
    """The bytes of an IDX file."""
    return idx_bytes


@pytest.fixture
def parquet(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write the rows of a query to a Parquet file."""

    def to_file(name: str, query: str) -> Path:
        path = tmp_path / name
        duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
        return path

    return to_file

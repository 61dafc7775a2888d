"""Writing a table by DuckDB to .parquet, .csv or .csv.gz: complete or not at all, names exact."""

import gzip
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from crossent.data.database import literal
from crossent.data.files import named
from crossent.errors import InputError

COLUMNS_KEY = "crossent_columns"
SUFFIXES = (".parquet", ".csv", ".csv.gz")


def write_table(
    path: Path, names: Sequence[str], text: Sequence[str], copy: Callable[[Path, str], int]
) -> int:
    """Write a table over an old one and return what `copy` returns, the number of rows.

    copy(target, options) has DuckDB write columns c0, c1, ... ; names: what they are called;
    text: those that are quoted in a CSV, so that '' and a missing one differ.
    """
    import duckdb

    kind = _suffix(path)
    partial = path.absolute().with_name(f".{path.name}.partial")
    body = partial.with_name(f"{partial.name}.body")
    try:
        if kind == "parquet":
            rows = copy(partial, f"FORMAT parquet, KV_METADATA {_metadata(names)}")
        else:
            quote = f", FORCE_QUOTE ({', '.join(text)})" if text else ""
            rows = copy(body, f"FORMAT csv, HEADER false{quote}")
            _join(partial, names, body, packed=path.name.lower().endswith(".gz"))
        partial.replace(path)
    except OSError as error:
        raise InputError(f"{named(path)} cannot be written: {error.strerror or error}") from None
    except duckdb.Error as error:
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{named(path)} cannot be written: {reason}") from None
    finally:
        partial.unlink(missing_ok=True)
        body.unlink(missing_ok=True)
    return rows


def _suffix(path: Path) -> str:
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        raise InputError(f"{named(path)}: name predictions .parquet, .csv or .csv.gz")
    return "parquet" if name.endswith(".parquet") else "csv"


def _join(path: Path, names: Sequence[str], body: Path, *, packed: bool) -> None:
    """Write the line of names and the body that DuckDB wrote.

    DuckDB would rename p_A beside p_a, as its names ignore case.
    """
    header = ",".join(map(_cell, names)) + "\n"
    with path.open("wb") as raw, body.open("rb") as rows:
        # No name and no time in the gzip header: the same predictions are the same bytes.
        out = gzip.GzipFile("", "wb", 6, raw, mtime=0) if packed else raw
        out.write(header.encode("utf-8"))
        shutil.copyfileobj(rows, out)
        out.close()


def _cell(name: str) -> str:
    """Return a cell of the header; quoted where needed, and a lone \\r too, unlike Python's csv."""
    plain = name.strip() == name and not set(name) & set(',;|\t"\r\n')
    return name if plain else '"' + name.replace('"', '""') + '"'


def _metadata(names: Sequence[str]) -> str:
    """Return the names as metadata of the file, for those that DuckDB renames (see `_join`)."""
    return f"{{{COLUMNS_KEY}: {literal(json.dumps(list(names)))}}}"

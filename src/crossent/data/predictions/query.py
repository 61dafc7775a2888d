"""The query that reads a file of predictions: a slot for each thing wanted, and --where.

Text for DuckDB only; runs nothing but the check of the condition and a look at 1000 rows.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crossent.data.database import identifier
from crossent.data.labels import MISSING_NUMBERS, listed
from crossent.data.predictions.codes import Mode, label_sql
from crossent.data.predictions.file import PredictionFile, numbered_relation
from crossent.data.predictions.layout import Places
from crossent.errors import InputError, quoted

PREFIX = "__crossent_"  # before the number of a column, where --where sees the names of the file
SAMPLE = 1000
KEEP = "keep"
NUMBER = "number"
# Not IN, which DuckDB makes a join of where the list is long: a join gives rows in any order.
MISSING = f"'(?i)\\s*({'|'.join(re.escape(word) for word in sorted(MISSING_NUMBERS))})?\\s*'"


@dataclass(frozen=True, slots=True)
class Query:
    """SQL of the rows of a file, all of them; slots: what each of its columns is."""

    text: str
    slots: tuple[tuple[str, int], ...]


def query_of(
    file: PredictionFile,
    places: Places,
    modes: dict[str, Mode],
    *,
    numbers: bool,
    truths: tuple[int, int] | None,
    condition: str | None,
) -> Query:
    """Return the query; `modes`, `numbers` and `truths` are for `label_sql`.

    `condition` is from `condition_of`.

    Slots: ("label", 0 or 1 for its two expressions), ("values", j) of class j, ("row", 0), ...;
    ("keep", 0) says where the condition holds.
    """
    slots: list[tuple[str, int]] = []
    parts: list[str] = []
    for role, place in (("label", places.label), ("prediction", places.prediction)):
        if place is not None:
            texts = label_sql(f"c{place}", modes[role], numbers=numbers, truths=truths)
            for i, text in enumerate(texts):
                slots.append((role, i))
                parts.append(text)
    for role, place in (
        ("logprob", places.logprob),
        ("weights", places.weights),
        ("words", places.words),
        ("bytes", places.bytes),
    ):
        if place is not None:
            slots.append((role, 0))
            parts.append(_double(file, place))
    if places.row is not None:
        slots.append(("row", 0))
        parts.append(_whole(f"c{places.row}"))
    for role, columns, wide in (
        ("values", places.probs, places.wide),
        ("soft", places.soft, places.soft_wide),
    ):
        for j, place in enumerate(columns):
            slots.append((role, j))
            parts.append(file.number(place) if wide else file.entries(place, places.kind))
    source = file.relation
    if condition is not None:
        slots += [(KEEP, 0), (NUMBER, 0)]
        parts += [KEEP, NUMBER]
        source = condition
    named_parts = ", ".join(f"{text} AS v{i}" for i, text in enumerate(parts))
    return Query(f"SELECT {named_parts} FROM {source}", tuple(slots))


def check_condition(where: str) -> None:
    """Raise InputError where --where is not one expression of SQL."""
    import duckdb

    try:
        duckdb.SQLExpression(where)
    except duckdb.Error as error:
        raise InputError(bad_condition(where, str(error))) from None


def bad_condition(where: str, reason: str, names: Sequence[str] = ()) -> str:
    """Return the message for a condition that DuckDB refuses; `names` of the file's columns."""
    text = " ".join(reason.split("\n")[0].split())
    text = (text.partition(": ")[2] or text)[:200]
    twins = [name for name in _twins(names) if name.lower() in where.lower()]
    if twins:
        text = f"SQL does not tell {listed(twins)} apart; rename them"
    elif names and "Referenced column" in reason:
        text += f" The columns are {listed(names)}; text stands in single quotes"
    return f"--where {quoted(where)} is no condition on a row: {text}"


def condition_of(file: PredictionFile, connection: Any, where: str) -> str:
    """Return the SQL of the file as c0, c1, ..., `keep` where the condition holds, and `number`.

    In it the columns have the names of the file, and the types that its first 1000 rows show. Of
    names that differ in case only, SQL would take one or the other: none of them can be used.
    The rows are numbered below it: a subquery or a window in it may change their order.
    """
    count = len(file.names)
    twins = set(_twins(file.names))
    parts = [f"c{i} AS {PREFIX}{i}" for i in range(count)]
    parts += [
        f"{text} AS {identifier(name)}"
        for name, text in zip(file.names, _typed(file, connection), strict=True)
        if name not in twins
    ]
    inner = ", ".join(parts)
    outer = ", ".join(f"{PREFIX}{i}" for i in range(count))
    number = f"{PREFIX}{NUMBER}"
    # The line ends keep a comment in the condition from going on after it.
    return (
        f"(SELECT {outer}, coalesce(CAST((\n{where}\n) AS BOOLEAN), false), {number} "
        f"FROM (SELECT {inner}, {NUMBER} AS {number} FROM {numbered_relation(file, NUMBER)})) "
        f"AS kept({', '.join(f'c{i}' for i in range(count))}, {KEEP}, {NUMBER})"
    )


def _twins(names: Sequence[str]) -> list[str]:
    """Return the names that another one is, but for case."""
    counts = Counter(name.lower() for name in names)
    return [name for name in names if counts[name.lower()] > 1]


def _typed(file: PredictionFile, connection: Any) -> list[str]:
    if file.form == "parquet":
        return [f"c{i}" for i in range(len(file.names))]
    if file.form == "jsonl":
        return [
            f"CAST(c{i} AS BIGINT)" if type_ == "BIGINT" else f"c{i}"
            for i, type_ in enumerate(file.types)
        ]
    comma = file.layout is not None and file.layout.decimal_comma
    texts = [f"replace(c{i}, ',', '.')" if comma else f"c{i}" for i in range(len(file.names))]
    given = [f"nullif(c{i}, '')" for i in range(len(file.names))]
    tests: list[str] = []
    for i, text in enumerate(given):
        filled = f"{text} IS NOT NULL AND NOT regexp_full_match({text}, {MISSING})"
        whole = f"regexp_full_match(trim({text}), '-?(0|[1-9][0-9]{{0,17}})')"
        real = f"{file.number(i)} IS NOT NULL AND NOT regexp_full_match({text}, '[+-]?0[0-9].*')"
        tests.append(
            f"CASE WHEN count(*) FILTER ({filled}) = 0 THEN 'VARCHAR' "
            f"WHEN bool_and({whole}) FILTER ({filled}) THEN 'BIGINT' "
            f"WHEN bool_and({real}) FILTER ({filled}) THEN 'DOUBLE' ELSE 'VARCHAR' END"
        )
    query = f"SELECT {', '.join(tests)} FROM (SELECT * FROM {file.relation} LIMIT {SAMPLE})"
    types: Sequence[str] = connection.execute(query).fetchall()[0]
    return [
        f"c{i}"
        if type_ == "VARCHAR"
        else f"CASE WHEN NOT regexp_full_match(c{i}, {MISSING}) "
        f"THEN CAST({texts[i]} AS {type_}) END"
        for i, type_ in enumerate(types)
    ]


def _whole(column: str) -> str:
    """Return the SQL of integers, NULL where a cell is none; DuckDB would round 7.5."""
    number = f"try_cast({column} AS DOUBLE)"
    return f"CASE WHEN {number} = floor({number}) THEN try_cast({column} AS BIGINT) END"


def _double(file: PredictionFile, place: int) -> str:
    return f"CAST({file.number(place)} AS DOUBLE)"

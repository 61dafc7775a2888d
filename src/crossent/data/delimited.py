"""The layout of a CSV file: delimiter, header or none, names, decimal comma; and its broken lines.

Looks at the beginning of the file only (and at all of it to find a broken line). DuckDB reads the
values, by this layout, in `database`: its own guess may skip lines to make a broken file fit.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crossent.data.files import is_gzip, named, opened, read_head
from crossent.data.labels import MISSING_NUMBERS, number
from crossent.errors import InputError

DELIMITERS = "\t;|,"  # where two fit equally well the first wins: a comma may be a decimal one
SAMPLE = 1 << 18
LONGEST_LINE = 1 << 26
RECORDS = 200
FIRST_LINE = re.compile(r'(?:"(?:[^"]++|"")*+"|[^"\r\n]++)*+(\r\n|\n|\r)')


@dataclass(frozen=True, slots=True)
class Layout:
    """How a CSV file is written.

    names: of the columns, trimmed and each different; column0, column1, ... without a header line.
    cells: the first line, as it is.
    """

    delimiter: str
    header: bool
    names: tuple[str, ...]
    cells: tuple[str, ...] = ()
    newline: str = "\n"
    decimal_comma: bool = False
    gzip: bool = False
    notices: tuple[str, ...] = ()


def find_layout(path: Path, known: tuple[str, ...] = ()) -> Layout:
    """Return the layout of a CSV file; a first line that holds a name of `known` is a header."""
    text = _sample(path)
    delimiter = max(DELIMITERS, key=lambda one: _fit(_records(text, one), known))
    records = _records(text, delimiter)
    if not records:
        raise InputError(f"{named(path)} is empty")
    first = [cell.strip() for cell in records[0]]
    header = _is_header(first, records[1:], known)
    names, notices = _unique(first) if header else ([f"column{i}" for i in range(len(first))], [])
    if not header:
        notices.append(f"no header line found: the columns are called column0 to {names[-1]}")
    comma = delimiter != "," and _decimal_comma(records[1:])
    if comma:
        notices.append("the comma in numbers is read as the decimal point")
    return Layout(
        delimiter=delimiter,
        header=header,
        names=tuple(names),
        cells=tuple(records[0]),
        newline=_newline(text),
        decimal_comma=comma,
        gzip=is_gzip(path),
        notices=tuple(notices),
    )


def ragged_line(path: Path, layout: Layout) -> str | None:
    """Return which line first has the wrong number of columns, in words; None if none has."""
    with opened(path) as stream:
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
        reader = csv.reader(text, delimiter=layout.delimiter)
        begin = 1
        try:
            for record in reader:
                if record and len(record) != len(layout.names):
                    return f"line {begin}: expected {len(layout.names)} columns, got {len(record)}"
                begin = reader.line_num + 1
        except csv.Error:
            return None
        return None


def _sample(path: Path) -> str:
    size = SAMPLE
    while True:
        head = read_head(path, size)
        whole = len(head) < size
        cut = len(head) if whole else head.rfind(b"\n") + 1
        if cut or size >= LONGEST_LINE:
            break
        size *= 4
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{named(path)} is UTF-16; save it as UTF-8")
    if not cut:
        raise InputError(f"{named(path)}: the first line is longer than {LONGEST_LINE >> 20} MiB")
    try:
        return head[:cut].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = head.count(b"\n", 0, error.start) + 1
        raise InputError(f"{named(path)}, line {line}: not UTF-8; save the file as UTF-8") from None


def _records(text: str, delimiter: str) -> list[list[str]]:
    return [record for record in _parsed(text, delimiter) if record][:RECORDS]


def _parsed(text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for _ in range(2 * RECORDS):
            yield next(reader)
    except (StopIteration, csv.Error):  # a field longer than csv allows: what came before will do
        return


def _fit(records: list[list[str]], known: tuple[str, ...]) -> tuple[bool, float, int]:
    """Rank a delimiter: by known names in the first line, lines of the usual width, that width."""
    widths = Counter(len(record) for record in records)
    if not widths:
        return (False, 0.0, 0)
    usual, lines = widths.most_common(1)[0]
    named_there = usual > 1 and any(cell.strip() in known for cell in records[0])
    return (named_there, lines / len(records) if usual > 1 else 0.0, usual)


def _is_header(first: list[str], rest: list[list[str]], known: tuple[str, ...]) -> bool:
    numbers = [_is_number(cell) for cell in first]
    counted = [(i, cell) for i, cell in enumerate(first) if numbers[i]]
    # A data frame without names is written with the header 0,1,2,...
    if len(counted) > 2 and all(cell == str(i) for i, cell in counted):
        return True
    if set(first) & set(known):
        return True
    votes_for = votes_against = False
    for i, cell in enumerate(first):
        below = [record[i].strip() for record in rest if i < len(record)]
        values = [text for text in below if not _is_missing(text)]
        if values and all(map(_is_number, values)):
            votes_for |= not numbers[i] and not _is_missing(cell)
            votes_against |= numbers[i]
        elif cell in values:
            votes_against = True
    if votes_for or votes_against:
        return votes_for
    return not any(numbers) and len(set(first)) == len(first)


def _newline(text: str) -> str:
    """Return how the first line ends; DuckDB would also look inside its quotes."""
    found = FIRST_LINE.match(text)
    return found[1] if found else "\n"


def _unique(cells: list[str]) -> tuple[list[str], list[str]]:
    """Return a name for every cell: the empty ones by number, the repeated ones with a suffix."""
    names: list[str] = []
    repeated: list[str] = []
    taken, given = set(cells), set[str]()
    for i, cell in enumerate(cells):
        name = cell or f"column{i}"
        if name in given:
            repeated.append(name)
            count = next(n for n in range(1, len(cells) + 1) if f"{name}_{n}" not in taken)
            name = f"{name}_{count}"
            taken.add(name)
        given.add(name)
        names.append(name)
    notice = f"column name {repeated[0]!r} occurs more than once: numbered" if repeated else ""
    return names, [notice] if notice else []


def _is_missing(text: str) -> bool:
    return not text or text.lower() in MISSING_NUMBERS


def _is_number(text: str) -> bool:
    return number(text.replace(",", ".", 1)) is not None


def _decimal_comma(records: list[list[str]]) -> bool:
    cells = [cell.strip() for record in records for cell in record]
    with_comma = any("," in cell and _is_number(cell) for cell in cells)
    return with_comma and not any("." in cell and number(cell) is not None for cell in cells)

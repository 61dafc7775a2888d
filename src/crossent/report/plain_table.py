"""Tables of plain text: aligned columns, in blocks one below the other where they are too wide."""

import unicodedata
from collections.abc import Sequence

GAP = "  "


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], width: int, *, left: int = 1
) -> list[str]:
    """Return the lines of a table no wider than `width`, if its first and any other column are not.

    The first `left` columns are aligned to the left, the others to the right. What does not fit
    beside the first column follows in a block of its own, which begins with that column again.

    >>> table(["", "p", "q"], [["a", "0.5", "1"], ["b", "0.5", "0"]], 6)
    ['     p', 'a  0.5', 'b  0.5', '', '   q', 'a  1', 'b  0']

    """
    cells = [head, *rows]
    widths = [max(cell_width(row[i]) for row in cells) for i in range(len(head))]
    lines: list[str] = []
    for block in _blocks(widths, width):
        lines += [""] if lines else []
        for row in cells:
            parts = [_padded(row[i], widths[i], left=i < left) for i in block]
            lines.append(GAP.join(parts).rstrip())
    return lines


def cell_width(text: str) -> int:
    """Return how many columns of a terminal `text` takes: two for a wide character.

    >>> cell_width("abc"), cell_width("猫"), cell_width("e\N{COMBINING ACUTE ACCENT}")
    (3, 2, 1)

    """
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    marks = sum(unicodedata.category(c) in ("Mn", "Me", "Cf") for c in text)
    return len(text) + wide - marks


def on_the_point(numbers: Sequence[str]) -> list[str]:
    """Return numbers filled with blanks to one length, their decimal points in one column.

    What is no number, such as inf, stands on the right.

    >>> on_the_point(["0.125", "12.5", "inf"])
    [' 0.125', '12.5  ', '   inf']

    """
    counted = [text.partition(".")[0] if text[-1:].isdigit() else "" for text in numbers]
    before = max(map(len, counted), default=0)
    shifted = [
        " " * (before - len(w)) + text if w else text
        for w, text in zip(counted, numbers, strict=True)
    ]
    length = max(map(len, shifted), default=0)
    aligned = zip(counted, shifted, strict=True)
    return [text.ljust(length) if whole else text.rjust(length) for whole, text in aligned]


def _blocks(widths: Sequence[int], width: int) -> list[list[int]]:
    blocks: list[list[int]] = []
    room = 0
    for i in range(1, len(widths)):
        needed = len(GAP) + widths[i]
        if not blocks or needed > room:
            blocks.append([0])
            room = width - widths[0]
        blocks[-1].append(i)
        room -= needed
    return blocks or [[0]]


def _padded(text: str, width: int, *, left: bool) -> str:
    blanks = " " * (width - cell_width(text))
    return text + blanks if left else blanks + text

"""Class names as flags list them: `a,b` and, where a name has a comma or a quote, `"a,b",c`.

Quoted as in CSV: double quotes around the name, a quote inside doubled. Blanks around a name are
no part of it unless they are quoted. Reads text only: which names are classes is checked by `data`
and `scoring`. No message names a flag: that is the caller's.
"""

import re
from collections.abc import Sequence

from crossent.errors import InputError, quoted

QUOTED = re.compile(r'"((?:[^"]|"")*)"(?!")\s*')


def split_names(text: str) -> tuple[str, ...]:
    """Return the names in a list; raise InputError at an empty name or a quote left open.

    >>> split_names('4, 9'), split_names('"a,b",say ""')
    (('4', '9'), ('a,b', 'say ""'))

    """
    return _names(text, 0)


def parse_merge(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the new name and the names it stands for, of `new=a,b`.

    >>> parse_merge('car=honda,toyota'), parse_merge('"x=y"="a,b",c')
    (('car', ('honda', 'toyota')), ('x=y', ('a,b', 'c')))

    """
    expected = f"expected new=a,b, as car=honda,toyota; got {quoted(text)}"
    if "=" not in text:
        raise InputError(expected)
    new, end = _name(text, 0, "=")
    if end == len(text):
        raise InputError(expected)
    if "," in new and not text.lstrip().startswith('"'):
        raise InputError(f"{expected}; put a name that holds a comma in double quotes")
    return new, _names(text, end + 1)


def parse_pair(text: str) -> tuple[str, str]:
    """Return the two names in `a,b`; they may be equal.

    >>> parse_pair('"a,b",c')
    ('a,b', 'c')

    """
    names = split_names(text)
    if len(names) != 2:
        raise InputError(
            f"expected two class names, as 4,9; got {len(names)} in {quoted(text)}; put a name "
            "that holds a comma in double quotes"
        )
    return names[0], names[1]


def join_names(names: Sequence[str]) -> str:
    """Return the text that `split_names` reads as `names`.

    >>> join_names(["4", "a,b", 'a "b" c'])
    '4,"a,b","a ""b"" c"'

    """
    return ",".join(map(_written, names))


def _written(name: str) -> str:
    plain = name and name == name.strip() and not any(mark in name for mark in ',"=\r\n')
    return name if plain else '"' + name.replace('"', '""') + '"'


def _names(text: str, start: int) -> tuple[str, ...]:
    found: list[str] = []
    end = start - 1
    while end < len(text):
        name, end = _name(text, end + 1, ",")
        found.append(name)
    return tuple(found)


def _name(text: str, start: int, stop: str) -> tuple[str, int]:
    """Return the name from `start` on, and the place of the `stop` after it or of the end."""
    rest = text[start:]
    start += len(rest) - len(rest.lstrip())
    if not text.startswith('"', start):
        end = text.find(stop, start)
        end = len(text) if end < 0 else end
        name = text[start:end].strip()
        if not name:
            raise InputError(
                f"a class name is empty in {quoted(text)}; names are joined by single commas, "
                'and an empty name is written as ""'
            )
        return name, end
    match = QUOTED.match(text, start)
    if match is None:
        raise InputError(
            f"the double quote at character {start} of {quoted(text)} is not closed; a quote "
            "inside a quoted name is doubled"
        )
    end = match.end()
    if end < len(text) and text[end] != stop:
        raise InputError(
            f"expected {stop!r} after the closing quote in {quoted(text)}; got "
            f"{quoted(text[end])}; a quote inside a quoted name is doubled"
        )
    return match[1].replace('""', '"'), end

"""Every row of docs/what-the-lectures-say.md has a check that holds, and that could fail.

A check is an expression, evaluated after the ```python blocks of the page. It could fail: with one
of its numbers, or of the numbers its functions work on, set off, some result is False.
"""

import ast
import copy
import math
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "what-the-lectures-say.md"
COUNTS = {"S": 2, "T": 13, "N": 20, "A": 8, "I": 14, "E": 11, "K": 4, "R": 10}
REQUIRED = [f"{text}{i}" for text, count in COUNTS.items() for i in range(1, count + 1)]
VERDICTS = {"right", "loose", "wrong", "not reproducible"}
TITLES = ["#", "claim", "verdict", "say instead", "check"]


class Row(NamedTuple):
    """A row of a table: its number, what it says, and its check without the backticks."""

    number: str
    claim: str
    verdict: str
    instead: str
    check: str


def read(text: str) -> tuple[list[Row], str]:
    """Return the rows of the page's tables, and its blocks as one text on their own lines."""
    rows, code, inside = [], [], False
    for line in text.splitlines():
        if line.startswith("```"):
            inside = line == "```python"
            code.append("")
            continue
        code.append(line if inside else "")
        if line.startswith("|") and not inside:
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            assert len(cells) == len(TITLES), line
            if cells[0] != "#" and set(cells[0]) != {"-"}:
                rows.append(Row(*cells))
    return rows, "\n".join(code)


ROWS, CODE = read(PAGE.read_text())


class Changed(ast.NodeTransformer):
    """Replace the place-th number or call of a tree by one whose value is off."""

    def __init__(self, place: int) -> None:
        self.left = place

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.FormattedValue | ast.JoinedStr):
            return node
        node = self.generic_visit(node)
        number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
        if not (number or isinstance(node, ast.Call)):
            return node
        self.left -= 1
        if self.left != -1:
            return node
        return ast.Call(ast.Name("off", ast.Load()), [node], [])


def moved(value: Any, by: Callable[[Any], Any]) -> Any:
    """Return another number for a number or an array of them, else the value itself."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.ndarray):
        return value
    return by(value)


# An index or a count stays an integer.
WAYS: tuple[Callable[[Any], Any], ...] = (
    lambda x: x + 1 if isinstance(x, int) else x * 1.5 + 0.1,
    lambda x: -x,
    lambda x: 0 * x,
)


def mutants(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield copies of a tree, each with one number or call off."""
    for place in range(10_000):
        changed = Changed(place)
        mutant = ast.fix_missing_locations(changed.visit(copy.deepcopy(tree)))
        if changed.left >= 0:
            return
        yield mutant


def functions_of(check: str) -> list[ast.FunctionDef]:
    """Return the page's functions that a check names, with those that they name in turn."""
    defined = {n.name: n for n in ast.parse(CODE).body if isinstance(n, ast.FunctionDef)}
    found: dict[str, ast.FunctionDef] = {}
    trees: list[ast.AST] = [ast.parse(check)]
    while trees:
        for node in ast.walk(trees.pop()):
            name = node.id if isinstance(node, ast.Name) else ""
            if name in defined and name not in found and name != "rounds":
                found[name] = defined[name]
                trees.append(defined[name])
    return list(found.values())


def clauses(check: str) -> list[str]:
    """Return what a check joins by `and`."""
    body = ast.parse(check, mode="eval").body
    joined = isinstance(body, ast.BoolOp) and isinstance(body.op, ast.And)
    return [ast.unparse(part) for part in body.values] if joined else [check]


def could_be_false(check: str, names: dict[str, Any]) -> bool:
    """Whether a mutant of the check, or of a function it names, makes it False and not an error."""
    whole, functions = ast.parse(check, mode="eval"), functions_of(check)
    runs = [([], mutant) for mutant in mutants(whole)]
    for function in functions:
        runs += [([mutant], whole) for mutant in mutants(function)]
    for definitions, expression in runs:
        # Functions find one another in the namespace they were defined in, so all are defined anew.
        lines = compile(ast.Module([*functions, *definitions], []), "page", "exec")
        compiled = compile(expression, "check", "eval")
        for way in WAYS:
            space = {**names, "off": partial(moved, by=way)}
            exec(lines, space)
            try:
                value = eval(compiled, space)
            except Exception:  # a mutant may be no distribution, or of another shape
                continue
            if isinstance(value, bool | np.bool_) and not value:
                return True
    return False


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """Run the page's blocks, in the root of the checkout, and return what they define."""
    space: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        exec(compile(CODE, str(PAGE), "exec"), space)
    return space


def test_every_claim_has_its_row() -> None:
    assert [row.number for row in ROWS] == REQUIRED


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_a_row_is_whole(row) -> None:
    assert row.claim
    assert row.instead
    assert row.verdict in VERDICTS
    assert re.fullmatch(r"`[^`]+`", row.check)


def test_no_check_stands_twice() -> None:
    assert len({row.check for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_a_check_holds(row, names) -> None:
    value = eval(row.check.strip("`"), dict(names))
    assert isinstance(value, bool | np.bool_)
    assert bool(value) is True


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # a mutant may divide by 0
def test_a_check_could_fail(row, names) -> None:
    for clause in clauses(row.check.strip("`")):
        assert could_be_false(clause, names), clause


@pytest.mark.parametrize("check", ["True", "bool(math.pi)", "math.exp(2.0) > -5 or 1 > 0"])
def test_a_check_that_always_holds_is_found(check, names) -> None:
    assert not could_be_false(check, {**names, "math": math})

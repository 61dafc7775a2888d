"""Every page of docs/losses and docs/theory runs as it stands; signatures and links are true.

The blocks of a page run in order in one namespace, ```python by exec and ```pycon as a doctest,
with warnings as errors. A block after the line `<!-- slow -->` runs with the slow tests only.
"""

import doctest
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import crossent

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PARTS = ("losses", "measures", "evaluation", "theory")
PAGES = sorted(page for part in PARTS for page in (DOCS / part).rglob("*.md"))
TRAPS = sorted((DOCS / "losses" / "traps").glob("*.md"))
GENERATED = tuple(  # by benchmarks
    DOCS / name for name in ("losses/accuracy.md", "measures/speed.md", "evaluation/speed.md")
)
LINKED = [*(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"))]
LINKED += sorted(DOCS.rglob("*.md"))
WRITTEN = [page for page in PAGES if page not in GENERATED]
FLAGS = doctest.ELLIPSIS

# A column of the table of options, and the functions that it is about.
COLUMNS = {
    "ce": (crossent.cross_entropy, crossent.cross_entropy_gradient),
    "sum": (crossent.cross_entropy_sum,),
    "stat": (crossent.cross_entropy_statistics,),
    "nll": (crossent.nll_loss,),
    "probs": (crossent.cross_entropy_from_probs,),
    "gce": (crossent.generalized_cross_entropy,),
    "focal": (crossent.focal_loss,),
    "bcel": (crossent.binary_cross_entropy_with_logits,),
    "bce": (crossent.binary_cross_entropy,),
    "sq": (crossent.squared_error, crossent.brier_loss, crossent.sigmoid_squared_error),
}


class Block(NamedTuple):
    """A fenced block of a page: its language, its text, the line it starts on."""

    kind: str
    text: str
    line: int
    slow: bool


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page from top to bottom."""
    text = page.read_text()
    pattern = r"^(<!-- slow -->\n+)?```(\w+)\n(.*?)^```$"
    for found in re.finditer(pattern, text, re.DOTALL | re.MULTILINE):
        line = text.count("\n", 0, found.start(3))
        yield Block(found[2], found[3], line, found[1] is not None)


def run(page: Path, *, slow: bool) -> None:
    """Run the blocks of a page; a failure names the page and its line."""
    names: dict[str, object] = {}
    for block in blocks(page):
        if block.slow and not slow:
            continue
        if block.kind == "python":
            exec(compile("\n" * block.line + block.text, str(page), "exec"), names)
        elif block.kind == "pycon":
            test = doctest.DocTestParser().get_doctest(
                block.text, names, page.name, str(page), block.line
            )
            report: list[str] = []
            doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.append, clear_globs=False)
            assert not report, "".join(report)
            names.update(test.globs)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def options(function: object) -> set[str]:
    """Return the names of a function's arguments after the first two."""
    return set(list(inspect.signature(function).parameters)[2:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_the_blocks_of_a_page_run(page) -> None:
    run(page, slow=False)


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if any(b.slow for b in blocks(p))], ids=str)
def test_the_slow_blocks_of_a_page_run(page) -> None:
    run(page, slow=True)


@pytest.mark.parametrize("page", LINKED, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    links += re.findall(r"^\[\w+\]: (.*)$", text, re.MULTILINE)
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or target.suffix != ".md" or anchor in anchors(target), link


def test_the_table_of_options_is_that_of_the_signatures() -> None:
    text = (DOCS / "losses" / "README.md").read_text()
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in text.splitlines()]
    (top,) = [i for i, row in enumerate(rows) if row and row[0] == "option"]
    assert rows[top][1:] == list(COLUMNS)
    told: dict[str, set[str]] = {column: set() for column in COLUMNS}
    for row in rows[top + 2 :]:
        if not row:
            break
        for column, cell in zip(COLUMNS, row[1:], strict=True):
            assert cell in ("yes", "-")
            if cell == "yes":
                told[column].add(row[0].strip("`"))
    for column, functions in COLUMNS.items():
        for function in functions:
            assert told[column] == options(function), function.__name__


def test_every_loss_is_named_on_the_first_page() -> None:
    text = (DOCS / "losses" / "README.md").read_text()
    for functions in COLUMNS.values():
        for function in functions:
            assert f"`{function.__name__}`" in text


def test_the_arguments_of_torch_are_all_told() -> None:
    from torch.nn.functional import cross_entropy

    text = (DOCS / "losses" / "moving-from-torch.md").read_text()
    assert [n for n in inspect.signature(cross_entropy).parameters if f"| `{n}`" not in text] == []


def test_every_page_is_in_an_index() -> None:
    first = (DOCS / "losses" / "README.md").read_text()
    assert [page.name for page in TRAPS if f"](traps/{page.name})" not in first] == []
    index = (DOCS / "README.md").read_text()
    linked = set(re.findall(r"\]\(([^)]+)\)", index))
    others = {page.relative_to(DOCS) for page in DOCS.rglob("*.md")} - {Path("README.md")}
    others -= {page.relative_to(DOCS) for page in TRAPS}
    assert [str(p) for p in others if not {str(p), str(p.parent)} & linked] == []


@pytest.mark.parametrize("page", TRAPS, ids=lambda page: page.stem)
def test_a_trap_is_short_and_shows_what_it_says(page) -> None:
    text = page.read_text()
    assert text.startswith("# ")
    assert 15 <= len(text.splitlines()) <= 35
    assert any(b.kind == "pycon" or "assert " in b.text for b in blocks(page))


@pytest.mark.parametrize("page", [DOCS / "README.md", *WRITTEN], ids=lambda page: page.stem)
def test_lines_fit(page) -> None:
    assert [line for line in page.read_text().splitlines() if len(line) > 110] == []

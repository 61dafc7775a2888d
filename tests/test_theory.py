"""The pages of docs/theory hang together; their blocks are run by test_docs.py.

Every decimal number of the prose stands in a block that runs, every picture is what its script
draws, and the pages lead from one to the next.
"""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
THEORY = ROOT / "docs" / "theory"
PICTURES = ROOT / "docs" / "images" / "theory"
CONTENTS = THEORY / "README.md"
ORDER = re.findall(r"^\| \[[^\]]+\]\((\S+\.md)\)", CONTENTS.read_text(), re.MULTILINE)
FENCED = re.compile(r"^```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def script() -> ModuleType:
    """Return docs/images/theory.py as a module; skip where another vl-convert would draw."""
    vl_convert = pytest.importorskip("vl_convert")
    pinned = re.search(r"^vl-convert-python==(\d+\.\d+)", constraints(), re.MULTILINE)
    assert pinned is not None
    if not vl_convert.__version__.startswith(pinned[1]):
        pytest.skip(f"vl-convert {vl_convert.__version__} draws other bytes than {pinned[1]}")
    spec = importlib.util.spec_from_file_location("theory", ROOT / "docs" / "images" / "theory.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def constraints() -> str:
    return (ROOT / "constraints.txt").read_text()


def pictures(text: str) -> Iterator[str]:
    """Yield the names of the pictures of a page."""
    for path in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text):
        yield Path(path).name


def test_the_pictures_are_what_the_script_draws(tmp_path) -> None:
    script().main(tmp_path)
    drawn = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text(encoding="utf-8") for path in PICTURES.iterdir()}
    assert sorted(drawn) == sorted(kept)
    differ = [name for name in drawn if drawn[name] != kept[name]]
    assert differ == [], "run python docs/images/theory.py"


def test_every_picture_is_on_a_page_with_words_for_it() -> None:
    shown = [name for page in THEORY.glob("*.md") for name in pictures(page.read_text())]
    assert sorted(shown) == sorted(path.name for path in PICTURES.iterdir())


def test_the_contents_name_every_page() -> None:
    pages = {path.name for path in THEORY.glob("*.md")} - {CONTENTS.name}
    assert sorted(ORDER) == sorted(pages)


@pytest.mark.parametrize("name", ORDER)
def test_a_page_is_short_names_its_sources_and_leads_on(name) -> None:
    lines = (THEORY / name).read_text().splitlines()
    assert lines[0].startswith("# ")
    assert 40 <= len(lines) <= 110
    assert any(line.startswith("Sources: ") for line in lines[-8:])
    at = ORDER.index(name)
    links = re.findall(r"\]\(([^)]+)\)", lines[-1])
    before, after = ORDER[at - 1 : at] if at else [], ORDER[at + 1 : at + 2]
    assert links[0] == "README.md"
    assert links[1:] == before + (after or ["../losses/README.md"])


@pytest.mark.parametrize("name", ORDER)
def test_every_decimal_number_of_the_prose_is_in_a_block(name) -> None:
    text = (THEORY / name).read_text()
    run = set(re.findall(r"\d+\.\d+", "".join(FENCED.findall(text))))
    prose = FENCED.sub("", text).split("\nSources: ")[0]
    said = re.findall(r"(?<![\w.])\d+\.\d+(?![\w.]*\d)", prose)
    assert [number for number in said if not is_run(number, run)] == []


def is_run(number: str, run: set[str]) -> bool:
    """Say whether a block holds the number, perhaps with more or fewer zeros at its end."""
    return float(number) in {float(other) for other in run}

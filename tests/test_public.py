"""The public names, what importing them loads, and what the house forbids."""

import ast
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import crossent

SOURCE = Path(crossent.__file__).parent


def run(code: str) -> str:
    """Run code in a fresh interpreter and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout


def test_the_list_of_names_is_exact_and_sorted() -> None:
    assert crossent.__all__ == sorted(crossent.__all__)
    assert set(crossent._HOME) | set(crossent._MODULES) == set(crossent.__all__)
    assert set(dir(crossent)) == {*crossent.__all__, "__version__"}


@pytest.mark.parametrize("name", crossent.__all__)
def test_every_name_loads_and_is_documented(name) -> None:
    assert getattr(crossent, name).__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'binary_crossentropy'"):
        crossent.binary_crossentropy  # noqa: B018


def test_import_loads_nothing_heavy() -> None:
    loaded = run("import sys, crossent; print(*sys.modules)").split()
    heavy = {"torch", "jax", "scipy", "sklearn", "duckdb", "vl_convert", "rich", "cyclopts"}
    assert not heavy & set(loaded)


def test_a_numpy_loss_and_an_evaluation_load_no_torch() -> None:
    code = """
import sys, numpy as np, crossent
crossent.cross_entropy(np.zeros((2, 3)), np.array([0, 1]))
crossent.evaluate([0, 1], [[0.5, 0.5], [0.2, 0.8]])
print("torch" in sys.modules)
"""
    assert run(code).strip() == "False"


def python_files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


FORMULA = {"exp", "expm1", "log", "log1p", "logsumexp", "log_softmax", "softmax", "tanh"}


def calls(path: Path) -> set[str]:
    """The names of all functions and methods that a file calls."""
    called = [node.func for node in ast.walk(ast.parse(path.read_text())) if hasattr(node, "func")]
    return {getattr(func, "attr", getattr(func, "id", "")) for func in called}


def test_exp_and_log_of_the_loss_stand_in_core_only() -> None:
    # The squared errors are compositions for comparison, and have no kernel (design, section 2).
    floors = [SOURCE / "kernels", SOURCE / "ops", SOURCE / "losses"]
    found = [
        path.relative_to(SOURCE).as_posix()
        for floor in floors
        for path in sorted(floor.rglob("*.py"))
        if calls(path) & FORMULA
    ]
    assert found == ["losses/squared.py"]


def test_no_file_is_longer_than_400_lines() -> None:
    long = {path.name for path in python_files() if len(path.read_text().splitlines()) > 400}
    assert long == set()


def test_every_source_file_has_a_test_file() -> None:
    tests = Path(__file__).parent
    missing = [
        path.relative_to(SOURCE).as_posix()
        for path in python_files()
        if not path.name.startswith("_")
        and not (tests / path.relative_to(SOURCE).parent / f"test_{path.name}").is_file()
    ]
    assert missing == []


def test_nothing_inside_imports_from_the_package_root() -> None:
    root = re.compile(r"^\s*(from crossent import|import crossent\b)", re.MULTILINE)
    found = [p.name for p in python_files() if root.search(p.read_text()) and p.parent != SOURCE]
    assert found == []


def test_every_module_imports() -> None:
    for path in python_files():
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        if parts[-1] != "__main__":  # that one runs
            import_module(".".join(parts).removesuffix(".__init__"))

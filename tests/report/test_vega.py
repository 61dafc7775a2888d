"""The drawing library: complete, offline, safe inside a script element."""

import builtins
import subprocess
import sys

import pytest
import vl_convert

from crossent.errors import MissingExtraError
from crossent.report import vega
from crossent.report.vega import bundle, compile_chart


def test_the_bundle_can_stand_in_a_script_element():
    script = bundle()
    assert "vegaEmbed" in script
    assert "</script" not in script.lower()
    assert "<!--" not in script
    assert len(script) < 1_100_000
    assert bundle() is script


def test_charts_compile_to_vega():
    spec = {"mark": "bar", "data": {"values": [{"a": 1}]}, "encoding": {"x": {"field": "a"}}}
    assert compile_chart(spec)["marks"]


def test_importing_renderers_does_not_load_the_library():
    code = (
        "import sys, crossent.report.html, crossent.report.text, crossent.report.json\n"
        "print([m for m in ('vl_convert', 'altair', 'torch', 'duckdb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_the_library_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **options):
        if name == "vl_convert":
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"crossent\[cli\]"):
        compile_chart({})


@pytest.fixture
def made(monkeypatch, tmp_path):
    """An empty cache folder, and a list of every time the script is made."""
    times = []

    def make():
        times.append(1)
        return "drawing\r\nlibrary é"

    monkeypatch.setattr(vega, "_make_bundle", make)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bundle.cache_clear()
    yield times
    bundle.cache_clear()


def again():
    """Return the script as another process gets it."""
    bundle.cache_clear()
    return bundle()


def test_the_bundle_is_made_once_for_all_processes(made, tmp_path):
    assert again() == again() == "drawing\r\nlibrary é"
    assert len(made) == 1
    (file,) = (tmp_path / "cache" / "crossent").iterdir()
    assert vl_convert.__version__ in file.name


@pytest.mark.parametrize("damage", [b"", b"x", None])
def test_a_torn_file_is_never_used(made, tmp_path, damage):
    text = again()
    (file,) = (tmp_path / "cache" / "crossent").iterdir()
    file.write_bytes(file.read_bytes()[:-3] if damage is None else damage)
    assert again() == text
    assert again() == text
    assert len(made) == 2


def test_a_cache_that_cannot_be_written_is_done_without(made, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert again() == again()
    assert len(made) == 2


def test_no_home_folder(made, monkeypatch):
    def homeless():
        raise RuntimeError

    monkeypatch.setattr(vega, "user_cache", homeless)
    assert again() == again()

"""The drawing library: complete, offline, safe inside a script element."""

import builtins
import subprocess
import sys

import pytest

from crossent.errors import MissingExtraError
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

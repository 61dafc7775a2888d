from importlib.metadata import version

import pytest

from crossent.kernels import cpu


def test_names_versions_backend_cores_and_data(crossent, monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("CROSSENT_DATA", str(tmp_path))
    ended = crossent("doctor")
    lines = dict(line.split(None, 1) for line in ended.out.splitlines())
    assert ended.code == 0
    assert lines["numpy"] == version("numpy")
    assert lines["cyclopts"] == version("cyclopts")
    assert lines["kernels"].startswith("eager" if cpu.missing else "cpu (C++ with")
    assert int(lines["cores"]) >= 1
    assert lines["data"] == f"CROSSENT_DATA={tmp_path} (found)"


def test_says_what_is_absent(crossent, monkeypatch: pytest.MonkeyPatch):
    from importlib.metadata import PackageNotFoundError

    def nothing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("crossent.cli.doctor.version", nothing)
    monkeypatch.delenv("CROSSENT_DATA", raising=False)
    out = crossent("doctor").out
    assert "not installed: pip install 'crossent[app]'" in out
    assert "CROSSENT_DATA is not set" in out


def test_imports_none_of_it(shell):
    heavy = ("torch", "duckdb", "vl_convert", "sklearn", "safetensors")
    assert shell("doctor", without=heavy).code == 0

"""The benchmark of the measures: its gate lets right values through and no others; its page."""

import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import measures, measures_cases, measures_run, results

ROWS = 300
INPUTS = measures_cases.make(ROWS)


def checked(way: str, label: str, *names: str) -> dict[str, dict]:
    """Return the gates of contenders by name; of all without names."""
    it = measures_run.WAYS[way]
    arrays = [INPUTS[name].astype(it.dtype) for name in measures_cases.MEASURES[label].inputs]
    calls = measures_run.contenders(it, label, arrays)
    exact = measures_run.reference(it, label, arrays)
    clear = measures_run.clear_rows(label, arrays)
    return {
        name: measures_run.gate(calls[name], name, it, label, exact, clear)
        for name in names or calls
    }


@pytest.mark.parametrize("label", measures_cases.MEASURES)
@pytest.mark.parametrize("way", measures_run.WAYS)
def test_every_contender_passes_its_gate(way, label) -> None:
    found = checked(way, label)
    assert {measures_run.BY_HAND, measures_run.UNVALIDATED} <= found.keys()
    assert {name: gate for name, gate in found.items() if not gate["passes"]} == {}


@pytest.mark.parametrize("name", [measures_run.BY_HAND, measures_run.UNVALIDATED])
@pytest.mark.parametrize("change", [1 + 1e-4, np.nan, np.float64(1.0)])
def test_a_wrong_value_or_type_does_not_pass(name, change) -> None:
    way, exact = measures_run.WAYS["torch float32"], np.linspace(1.0, 2.0, ROWS)
    right = exact.astype(np.float32)
    args = (name, way, "entropy", exact, np.ones(ROWS, bool))
    assert measures_run.gate(lambda: right, *args)["passes"]
    assert not measures_run.gate(lambda: right * change, *args)["passes"]


def test_the_memory_of_plain_code_is_what_it_allocates(tmp_path) -> None:
    out = tmp_path / "out.json"
    command = [sys.executable, "-m", "benchmarks", "measures", "--rows", "600000"]
    command += ["--ways", "numpy float64", "--peak", "kl_divergence", measures_run.BY_HAND]
    subprocess.run([*command, "--out", out], check=True, timeout=120)
    found = json.loads(out.read_text())
    if found is None:
        pytest.skip("needs /proc/self/clear_refs")
    assert found["inputs"] == pytest.approx(2.0, abs=0.2)  # p / q and its logarithm, at once


def test_the_page_is_that_of_its_results() -> None:
    document = json.loads((results.FOLDER / "measures.json").read_text())
    assert measures.PAGE.read_text() == measures.page(document)
    assert measures.failures(document["results"]) == []
    assert document["results"]["missed"] == measures.missed(document["results"])

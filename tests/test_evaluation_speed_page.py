"""The benchmark of evaluation: its gate lets equal numbers through and no others; its page."""

import copy
import json
import subprocess
import sys

import pytest

pytest.importorskip("pandas")
pytest.importorskip("pyarrow")

from benchmarks import evaluate, evaluate_data, evaluate_page, evaluate_peer, evaluate_run, results

ROWS = 3000


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluate")
    evaluate_data.wide(folder / "numbers.parquet", ROWS)
    evaluate_data.wide(folder / "words.parquet", ROWS, words=True)
    evaluate_data.text(folder / "lines.csv", ROWS)
    evaluate_data.text(folder / "lines.jsonl", ROWS)
    return folder


@pytest.mark.parametrize("name", ["numbers.parquet", "words.parquet", "lines.csv", "lines.jsonl"])
def test_what_the_peers_compute_is_what_we_print(files, tmp_path, name) -> None:
    found = evaluate_run.ours(tmp_path, files / name).output
    given = evaluate_peer.read(files / name)
    for by_hand in (False, True):
        wanted = evaluate_peer.numbers(*given, by_hand=by_hand)
        assert evaluate_run.compared(wanted) > 500
        assert evaluate_run.differences(wanted, found) == []


def test_a_wrong_or_missing_number_does_not_pass(files) -> None:
    wanted = evaluate_peer.numbers(*evaluate_peer.read(files / "numbers.parquet"), by_hand=True)
    found = copy.deepcopy(wanted)
    assert evaluate_run.differences(wanted, found) == []
    found["log_loss"] *= 1 + 1e-8
    del found["per_class"][3]["f1"]
    found["confusion"][2][1] += 1
    found["worst"].pop()
    wrong = [line.split(":")[0] for line in evaluate_run.differences(wanted, found)]
    assert sorted(wrong) == [".confusion[2][1]", ".log_loss", ".per_class[3].f1", ".worst"]


def test_the_peak_is_of_the_process_itself(tmp_path) -> None:
    peaks = {}
    for size in (0, 200_000_000):
        code = f"held = b'1' * {size}"
        took, _ = evaluate_run.launch(tmp_path, [sys.executable, "-I", "-S", "-c", code])
        peaks[size] = took["peak_mb"]
    assert peaks[0] < 100  # this process, which holds pandas, needs more
    assert peaks[200_000_000] - peaks[0] == pytest.approx(200, abs=5)


def test_goals_that_are_missed_are_told() -> None:
    found = {
        "wide": {"ratios": {evaluate_run.PEER: {"whole": {"median": 4.9}}}},
        "memory": {str(10**n): {"peak_mb": 500.0 + 60 * n} for n in range(3)},
        "many": {"classes": 5, "list": {"peak_mb": 1001.0}},
    }
    starts = [line.removeprefix("wide: ").split(" ")[0] for line in evaluate.missed(found)]
    assert starts == ["4.9", "peak", "peaks", "100,000"]


@pytest.mark.slow
def test_a_small_run_goes_through(tmp_path) -> None:
    command = [sys.executable, "-m", "benchmarks", "evaluate", "--quick"]
    done = subprocess.run(
        command,
        check=True,
        timeout=300,
        capture_output=True,
        text=True,
        env={"TMPDIR": str(tmp_path)},
    )
    found = json.loads(done.stdout[: done.stdout.rindex("}") + 1])
    assert evaluate.failures(found) == []
    assert {*evaluate.SECTIONS} <= found.keys()
    assert [*tmp_path.iterdir()] == []
    assert evaluate_page.page(
        {
            "device": {"machine": "", "cores": 1},
            "versions": {"numpy": "", "scikit-learn": ""},
            "results": found,
        }
    )


def test_the_page_is_that_of_its_results() -> None:
    document = json.loads((results.FOLDER / "evaluate.json").read_text())
    assert evaluate_page.PAGE.read_text() == evaluate_page.page(document)
    assert evaluate.failures(document["results"]) == []
    assert document["results"]["missed"] == evaluate.missed(document["results"])

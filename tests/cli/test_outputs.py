import json
from pathlib import Path

from crossent.cli.outputs import summary
from crossent.report.evaluation import evaluate


def test_summary_is_strict_json_without_tables():
    found = summary(evaluate([0, 1], [[1.0, 0.0], [1.0, 0.0]]))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["log_loss"] == "inf"
    assert found["accuracy"] == 0.5
    assert {"bits", "perplexity", "brier", "rows"} <= found.keys()


def test_report_says_what_it_was_trained_on(crossent):
    crossent("train", "digits", "--model", "linear", "--epochs", "1", "--out", "x")
    page = Path("x/report.html").read_text()
    for expected in ("images of 8 x 8", "rows to train", "crossent train digits --model linear"):
        assert expected in page
    model = json.loads(Path("x/model.json").read_text())
    assert model["extra"]["interrupted"] is False


def test_hostile_names_reach_no_terminal_and_no_script(crossent):
    rows = [f'{i % 2},"{("</script><b>", chr(27) + "[31m")[i % 2]}"' for i in range(60)]
    Path("t.csv").write_text("\n".join(["x,y", *rows]) + "\n")
    ended = crossent("train", "t.csv", "--target", "y", "--epochs", "1")
    assert ended.code == 0
    assert "\x1b" not in ended.out
    page = Path("runs/t-1/report.html").read_text()
    assert "</script><b>" not in page
    assert crossent("evaluate", "runs/t-1/predictions.parquet").code == 0

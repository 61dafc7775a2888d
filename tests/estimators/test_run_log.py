import json
import sys

import pytest

from crossent.errors import MissingExtraError
from crossent.estimators.run_log import RunLog


def test_every_record_is_on_disk_at_once(tmp_path) -> None:
    path = tmp_path / "log.jsonl"
    records = [{"epoch": 1, "loss": 0.5, "accuracy": None}, {"epoch": 2, "note": "é\n"}]
    with RunLog(path) as log:
        for count, record in enumerate(records, 1):
            log.write(record)
            assert len(path.read_text("utf-8").splitlines()) == count
    with RunLog(path) as log:
        log.write({"epoch": 3})
    lines = path.read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [*records, {"epoch": 3}]


def test_nan_is_no_json(tmp_path) -> None:
    with RunLog(tmp_path / "log.jsonl") as log, pytest.raises(ValueError, match="JSON"):
        log.write({"loss": float("nan")})


def test_tensorboard_gets_the_numbers(tmp_path) -> None:
    with RunLog(tmp_path / "log.jsonl", tensorboard=tmp_path / "events") as log:
        log.write({"steps": 10, "train_loss": 0.5, "validation_loss": None})
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "events")).Reload()
    assert events.Tags()["scalars"] == ["train_loss"]
    (event,) = events.Scalars("train_loss")
    assert (event.step, event.value) == (10, 0.5)


def test_tensorboard_that_is_not_installed(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'crossent\[tensorboard\]'"):
        RunLog(tmp_path / "log.jsonl", tensorboard=tmp_path / "events")
    assert not (tmp_path / "log.jsonl").exists()

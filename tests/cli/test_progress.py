import io
import re

import pytest
from rich.console import Console

from crossent.cli.progress import counting_rows, watching
from crossent.estimators.history import Epoch


def train(console: Console, epochs: int) -> None:
    with watching(epochs, 10, console) as watcher:
        for epoch in range(1, epochs + 1):
            watcher.on_step(10)
            watcher.on_epoch(Epoch(epoch, epoch, 10, 1 / epoch, 2 / epoch, None, None, 0.1, 0.0))


def shown(epochs: int, *, width: int = 80, **options: object) -> str:
    text = io.StringIO()
    train(Console(file=text, width=width, **options), epochs)
    return text.getvalue()


def test_plain_lines_without_a_terminal():
    lines = shown(3).splitlines()
    assert [line[:9] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert "loss 0.3333, validation 0.6667" in lines[2]
    assert lines[2].endswith(" rows/s")


@pytest.mark.parametrize("epochs", [1, 20, 21, 999])
def test_about_twenty_plain_lines_and_always_the_last(epochs: int):
    lines = shown(epochs).splitlines()
    assert min(epochs, 10) <= len(lines) <= 22
    assert f"{epochs}/{epochs}" in lines[-1]
    assert "\x1b" not in shown(epochs)


def test_a_bar_on_a_terminal():
    text = shown(3, force_terminal=True)
    assert "loss 0.3333, validation 0.6667" in text.replace("\x1b[0m", "")
    assert "━" in text


def test_a_narrow_terminal_keeps_the_losses_whole():
    text = shown(3, width=42, force_terminal=True)
    assert "epoch 3/3 loss 0.3333, validation 0.6667" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    assert "…" not in text


def test_no_color(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_COLOR", "1")
    coloured = [
        code
        for code in shown(2, force_terminal=True).split("\x1b[")
        if code[:2] in ("31", "32", "38")
    ]
    assert coloured == []


def test_no_validation_part():
    text = io.StringIO()
    with watching(1, 10, Console(file=text)) as watcher:
        watcher.on_epoch(Epoch(1, 1, 10, 0.25, None, None, None, 0.1, 0.0))
    assert text.getvalue().startswith("epoch 1/1  loss 0.2500  ")


def test_rows_are_counted_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("crossent.cli.progress.REDRAW_SECONDS", 0.0)
    texts = []
    for terminal in (True, False):
        text = io.StringIO()
        with counting_rows(Console(file=text, force_terminal=terminal)) as watch:
            for _ in range(3):
                watch(500)
        texts.append(text.getvalue())
    assert [f"{n} rows" in texts[0] for n in ("500", "1,000", "1,500")] == [True] * 3
    assert re.search(r"1,500 rows  [\d,]+ rows/s", texts[0])
    assert texts[1] == ""


def test_rows_are_counted_on_standard_error(capsys: pytest.CaptureFixture[str]):
    with counting_rows() as watch:
        watch(10)
    assert capsys.readouterr() == ("", "")

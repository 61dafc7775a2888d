"""Reports of any number of classes, hostile ones among them, and a real browser."""

import math
import shutil
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from crossent.report.evaluation import evaluate
from crossent.report.model import Report
from crossent.scoring.comparison import Comparison
from crossent.scoring.merging.curve import MergeCurve
from crossent.scoring.merging.order import suggest_merges
from crossent.scoring.rows import score_rows
from crossent.scoring.tally import Tally

HOSTILE = (
    "</script><script>window.hacked=1</script>",
    "x" * 10_000,
    "שלום",
    "👩‍🔬🎉",
    "",
    "a\nb\x1b[31m",
    "<img src=x onerror=window.hacked=1>&amp;'\"",
    "\u202eevil\ud800",
    " ",
)

CURVES = tuple(
    {
        "epoch": epoch,
        "train_loss": math.exp(-epoch),
        "validation_loss": 0.1 + math.exp(-epoch) + 0.01 * epoch,
        "validation_accuracy": 1 - math.exp(-epoch),
        "lr": 0.001,
    }
    for epoch in range(1, 9)
)


def make_evaluation(classes, rows=None, names=None, weights=None):
    rng = np.random.default_rng(classes)
    rows = rows or max(200, 5 * classes)
    labels = rng.integers(0, classes, rows)
    logits = rng.normal(size=(rows, classes))
    logits[np.arange(rows), labels] += 3
    p = np.exp(logits)
    p /= p.sum(axis=1, keepdims=True)
    return evaluate(labels, p, classes=names, sample_weight=weights)


@pytest.fixture
def make_report() -> Callable[..., Report]:
    def make(classes: int = 10, **changes) -> Report:
        parts = {
            "title": f"{classes} classes",
            "evaluation": make_evaluation(classes),
            "curves": CURVES,
            "settings": {"model": "mlp", "hidden": [128], "loss": "cross_entropy"},
            "data": {"name": "digits", "rows": 200},
            "command": "crossent train digits --model mlp",
            "notices": ("id was left out: it differs in every row",),
        }
        return Report(**(parts | changes))

    return make


@pytest.fixture
def hostile_report(make_report) -> Report:
    bad = HOSTILE[0]
    return make_report(
        title=bad,
        evaluation=make_evaluation(len(HOSTILE), rows=400, names=HOSTILE),
        settings={bad: bad, "note": "</td>"},
        data={"path": HOSTILE[6]},
        command=f"crossent '{bad}'",
        notices=(bad, HOSTILE[7]),
    )


@pytest.fixture
def compared(make_report) -> Report:
    """A report of two files, with suggested merges, one that was made, and a baseline."""
    rng = np.random.default_rng(1)
    names = ("cat", "dog", "emu", "fox")
    labels = rng.integers(0, 4, 600)
    logits = rng.normal(size=(600, 4))
    logits[np.arange(600), labels] += 2
    logits[labels == 0, 1] += 1.5
    ours, theirs = Tally(names), rng.normal(size=(600, 4)) + logits
    for place, file in enumerate(("runs/a/one.csv", "runs/b/two.csv")):
        part = slice(300 * place, 300 * place + 300)
        ours.update(
            score_rows(labels=labels[part], values=logits[part], kind="logits", source=file)
        )
    comparison = Comparison(names)
    comparison.update(
        score_rows(labels=labels, values=logits, kind="logits"),
        score_rows(labels=labels, values=theirs, kind="logits"),
    )
    before = Tally((*names, "gnu"))
    finer = np.column_stack([logits, logits[:, 3] - 0.5])
    cut = np.where((labels == 3) & (np.arange(600) % 2 == 0), 4, labels)
    before.update(score_rows(labels=cut, values=finer, kind="logits"))
    scores = ours.result()
    curve = MergeCurve(suggest_merges(scores))
    curve.update(labels, logits, kind="logits")
    return make_report(
        evaluation=scores,
        merges=curve.result(),
        before=before.result(),
        difference=comparison.result(),
    )


@pytest.fixture(scope="session")
def browser() -> Iterator:
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    path = next((p for p in found if p), None)
    if path is None:
        pytest.skip("needs Chromium")
    flags = (
        "--no-sandbox --disable-gpu --disable-background-networking "
        "--disable-component-update --disable-sync"
    )
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags.split())
        yield browser
        browser.close()

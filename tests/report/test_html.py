"""The page in a real browser: drawn, quiet, offline, safe, readable without a script."""

import re

import numpy as np
import pytest

from crossent.report.evaluation import evaluate
from crossent.report.html import render
from crossent.report.model import Report
from crossent.scoring.rows import score_logprobs
from crossent.scoring.tally import Tally
from tests.report.conftest import make_evaluation

LIMIT = 1_500_000
WIDTH = 1280


class Visit:
    """One page opened from a file, with all it said and asked for."""

    def __init__(self, browser, path, **options):
        size = {"width": options.pop("width", WIDTH), "height": 900}
        self.context = browser.new_context(viewport=size, **options)
        self.page = self.context.new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())

    def drawn(self):
        self.page.wait_for_selector("html[data-charts=drawn]", timeout=20_000)
        return self.page


@pytest.fixture
def visit(browser, tmp_path):
    open_visits = []

    def start(text, **options):
        path = tmp_path / f"page{len(open_visits)}.html"
        path.write_text(text, encoding="utf-8")
        open_visits.append(Visit(browser, path, **options))
        return open_visits[-1]

    yield start
    for one in open_visits:
        one.context.close()


@pytest.mark.parametrize("classes", [2, 10, 100, 1000, 2500])
def test_charts_draw_quietly_and_offline(visit, make_report, classes):
    text = render(make_report(classes))
    assert len(text.encode()) < LIMIT
    one = visit(text)
    page = one.drawn()
    assert one.said == []
    assert [url for url in one.asked if not url.startswith(("file:", "data:"))] == []
    for chart in ("matrix", "reliability", "rows", "loss", "accuracy"):
        assert page.locator(f"#{chart} svg path").count() > 3
    assert page.locator("details[open]").count() == 0
    assert page.locator("img").count() == (1 if classes > 60 else 0)
    if classes > 60:
        assert page.locator("img").evaluate("image => image.naturalWidth") >= 100
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH


@pytest.mark.parametrize(("classes", "text"), [(20, "&<"), (1000, "nm"), (2500, "nm")])
def test_long_names_do_not_fill_the_page(make_report, classes, text):
    names = tuple(text * 75 + str(i) for i in range(classes))
    page = render(make_report(evaluation=make_evaluation(classes, names=names)))
    assert len(page.encode()) < LIMIT


@pytest.mark.parametrize("width", [600, 360])
def test_narrow_pages_do_not_scroll_sideways(visit, make_report, width):
    page = visit(render(make_report(20)), width=width).drawn()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#matrix svg").bounding_box()["width"] <= width


@pytest.mark.parametrize("width", [400, WIDTH])
def test_pairs_merges_and_the_baseline(visit, compared, width):
    one = visit(render(compared), width=width)
    page = one.drawn()
    assert one.said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for chart in ("merge_accuracy", "merge_bits"):
        assert page.locator(f"#{chart} svg path").count() > 3
    heads = page.locator("h2").all_inner_texts()
    wanted = {"What merging gained", "Against the baseline", "Pairs to look at"}
    assert wanted | {"What merging classes would buy"} <= set(heads)


def test_captions_of_wide_tables_stay_in_sight(visit, compared):
    page = visit(render(compared), width=400).drawn()
    table = page.locator("section[aria-labelledby=pairs] .scroll")
    assert table.evaluate("it => it.scrollWidth > it.clientWidth")
    for scrolled in (0, 100):
        table.evaluate(f"it => {{ it.scrollLeft = {scrolled} }}")
        box = table.locator("caption span").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 400


@pytest.mark.parametrize(("width", "seen"), [(400, "0"), (WIDTH, "1")])
def test_names_of_columns_never_lie_on_each_other(visit, make_report, width, seen):
    page = visit(render(make_report(50)), width=width).drawn()
    label = page.locator("#matrix svg .role-axis-label text").first
    found = label.evaluate("it => it.getAttribute('opacity') ?? '1'")
    assert found == seen


def test_hover_says_what_a_bin_is(visit, make_report):
    page = visit(render(make_report())).drawn()
    page.locator("#reliability svg .mark-symbol path").last.hover(force=True)
    tip = page.locator("#tip")
    tip.wait_for(state="visible")
    assert re.match(r"confidence.*mean.*accuracy.*95% interval.*rows\d", tip.text_content())


def test_both_charts_of_calibration_have_one_axis(visit, make_report):
    page = visit(render(make_report())).drawn()
    ends = [
        page.locator(f"#{chart} svg .role-frame .background").first.bounding_box()
        for chart in ("reliability", "rows")
    ]
    assert ends[0]["x"] == pytest.approx(ends[1]["x"], abs=1)
    assert ends[0]["width"] == pytest.approx(ends[1]["width"], abs=3)


def test_a_stream_of_tokens(visit, make_report):
    tally = Tally(())
    logprob = -np.random.default_rng(0).exponential(3, 500)
    counts = {"words": np.arange(500) % 2, "bytes": 1 + np.arange(500) % 5}
    tally.update(score_logprobs(logprob=logprob, source="t.csv", **counts))
    one = visit(render(Report("tokens", tally.result())))
    page = one.drawn()
    assert one.said == []
    assert page.locator("h2").all_inner_texts() == ["Rows with the largest loss"]
    assert page.locator("dt").all_inner_texts() == [
        "Log loss",
        *(f"Perplexity a {unit}" for unit in ("token", "word", "byte")),
        "Bits a byte",
    ]
    assert page.locator(".size").inner_text() == "500 tokens · 250 words · 1,500 bytes"


def test_labels_and_their_probabilities_alone(visit, make_report):
    tally = Tally(("a", "b"))
    tally.update(score_logprobs(logprob=np.log([0.5, 0.25]), labels=np.array([0, 1])))
    page = visit(render(Report("t", tally.result()))).drawn()
    assert page.locator("h2").all_inner_texts() == ["Classes", "Rows with the largest loss"]
    assert page.locator(".chart, .sentence").count() == 0


def test_hostile_labels_are_only_text(visit, hostile_report):
    one = visit(render(hostile_report))
    page = one.drawn()
    assert one.said == []
    assert page.evaluate("window.hacked === undefined")
    assert page.title() == hostile_report.title
    assert page.locator("script").count() == 3
    assert page.locator("h1").inner_text() == hostile_report.title


def test_a_foreign_script_is_refused(visit, make_report):
    one = visit(render(make_report(2)))
    page = one.drawn()
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.hacked = 1';"
        " document.body.append(s); try { setTimeout('window.hacked = 2') } catch (e) {} }"
    )
    page.wait_for_timeout(50)
    assert page.evaluate("window.hacked === undefined")
    assert any("Content Security Policy" in text for text in one.said)


def test_without_scripts_the_tables_are_there(visit, make_report):
    page = visit(render(make_report()), java_script_enabled=False).page
    assert page.locator("table.matrix").is_visible()
    assert page.locator("table:visible").count() >= 11
    assert page.locator(".chart:visible").count() == 0
    assert page.locator(".switch:visible").count() == 0


def test_hover_says_what_a_cell_is(visit, make_report):
    page = visit(render(make_report())).drawn()
    page.locator("#matrix svg .mark-rect path").last.hover(force=True)
    tip = page.locator("#tip")
    tip.wait_for(state="visible")
    assert re.match(r"true\d+predicted\d+count\d+of the true class", tip.text_content())


def test_the_switch_changes_counts_to_shares(visit, make_report):
    page = visit(render(make_report(15))).drawn()
    texts = page.locator("#matrix svg .mark-text.role-mark text")
    before = texts.all_text_contents()
    page.get_by_label("row %").check()
    after = texts.all_text_contents()
    assert before != after
    assert len(before) == len(after)
    page.get_by_label("counts").check()
    assert texts.all_text_contents() == before


def fills(page):
    texts = page.locator("#matrix svg text")
    return set(texts.evaluate_all("all => all.map(t => t.getAttribute('fill'))"))


def test_dark_pages_have_dark_charts_and_print_on_white(visit, make_report):
    page = visit(render(make_report()), color_scheme="dark").drawn()
    dark = fills(page)
    page.emulate_media(color_scheme="light")
    page.wait_for_timeout(50)
    light = fills(page)
    assert dark != light
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(50)
    assert fills(page) == dark
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert fills(page) == light
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert fills(page) == dark


def test_a_bare_evaluation_is_enough(visit, make_report):
    report = make_report(
        evaluation=evaluate([2], [[0.25, 0.5, 0.25]]), curves=(), settings={}, data={}, command=""
    )
    one = visit(render(report))
    page = one.drawn()
    assert one.said == []
    assert page.locator("#training, #origin").count() == 0


def test_infinite_loss_is_said_first(make_report):
    text = render(make_report(2, evaluation=evaluate([0, 1], [[1.0, 0.0], [1.0, 0.0]])))
    assert "<li>1 row has probability 0 at the label: the loss is infinite.</li>" in text
    assert "<strong>∞</strong>" in text


def test_same_bytes_for_the_same_report(make_report):
    assert render(make_report(4)) == render(make_report(4))

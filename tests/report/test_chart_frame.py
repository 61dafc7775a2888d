"""Charts take every colour from the page's style sheet."""

import json
import re
from importlib import resources

from crossent.report.chart_frame import COLOURS, colour_params, frame


def asset(name):
    return (resources.files("crossent.report") / "assets" / name).read_text(encoding="utf-8")


def test_every_colour_is_in_the_style_sheet_light_and_dark():
    style = asset("style.css")
    for name in (*COLOURS, "flip"):
        assert len(re.findall(rf"--{name}: [^;]+;", style)) == 2, name
    script = asset("report.js")
    assert all(f'"{name}"' in script for name in (*COLOURS, "flip"))


def test_a_frame_names_no_colour():
    assert not re.search("#[0-9a-f]{3}", json.dumps(frame("x")))
    assert [param["name"] for param in colour_params()] == [*COLOURS, "flip"]


def contrast(first, second):
    def luminance(colour):
        shares = [c / 255 for c in colour]
        linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
        return sum(k * v for k, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def mixed(above, below, opacity):
    return [opacity * a + (1 - opacity) * b for a, b in zip(above, below, strict=True)]


def colours(block):
    found = re.findall(r"--(\w+): #([0-9a-f]{6});", block)
    return {name: [int(text[i : i + 2], 16) for i in (0, 2, 4)] for name, text in found}


def test_text_has_the_contrast_that_wcag_asks_for():
    light, dark = asset("style.css").split("@media screen", 1)
    for block in (light, dark.split("}", 1)[0]):
        found = colours(block)
        flip = float(re.search(r"--flip: ([\d.]+)", block)[1])
        for name in ("ink", "muted", "accent"):
            assert contrast(found[name], found["page"]) >= 4.5, name
        stripe = mixed(found["ink"], found["page"], 0.035)
        for step in range(101):
            tile = mixed(found["error"], stripe, 0.06 + 0.94 * step / 100)
            text = found["on_error" if step / 100 > flip else "on_pale"]
            assert contrast(text, tile) >= 4.5, step

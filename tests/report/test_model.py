"""A report needs a title and an evaluation; the rest is empty."""

import dataclasses

import pytest

from crossent.report.model import Report


def test_the_rest_is_empty(make_report):
    report = Report("title", make_report().evaluation)
    assert (report.curves, report.settings, report.data) == ((), {}, {})
    assert (report.command, report.notices) == ("", ())


def test_reports_cannot_be_changed(make_report):
    with pytest.raises(dataclasses.FrozenInstanceError):
        make_report().title = "other"

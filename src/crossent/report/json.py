"""A report as JSON: the same bytes for the same report."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from crossent.report.model import Report
from crossent.report.pairs import pairs_record
from crossent.scoring.record import dump_number, record

PAIRS = 20


def to_json(report: Report, *, pairs: int | None = PAIRS) -> str:
    """Return the whole report as strict JSON with sorted keys; infinity and NaN as strings.

    `pairs` of the most confused are in it, all of them for None.
    """
    scores, before, difference = report.evaluation, report.before, report.difference
    whole = {
        "title": report.title,
        "evaluation": record(scores, bins=report.bins) | {"pairs": pairs_record(scores, pairs)},
        "curves": report.curves,
        "settings": report.settings,
        "data": report.data,
        "command": report.command,
        "notices": report.notices,
        "merges": [asdict(step) for step in report.merges],
        "before": None if before is None else record(before, bins=report.bins),
        "difference": None if difference is None else asdict(difference),
    }
    return json.dumps(_strict(whole), indent=1, sort_keys=True, allow_nan=False) + "\n"


def _strict(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else dump_number(value)
    if isinstance(value, Mapping):
        return {str(key): _strict(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(entry) for entry in value]
    return value

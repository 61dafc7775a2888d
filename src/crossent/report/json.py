"""A report as JSON: the same bytes for the same report."""

import json
import math
from collections.abc import Mapping
from typing import Any

from crossent.report.model import Report
from crossent.scoring.record import dump_number


def to_json(report: Report) -> str:
    """Return the whole report as strict JSON with sorted keys; infinity and NaN as strings."""
    record = {
        "title": report.title,
        "evaluation": report.evaluation.to_dict(),
        "curves": report.curves,
        "settings": report.settings,
        "data": report.data,
        "command": report.command,
        "notices": report.notices,
    }
    return json.dumps(_strict(record), indent=1, sort_keys=True, allow_nan=False) + "\n"


def _strict(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else dump_number(value)
    if isinstance(value, Mapping):
        return {str(key): _strict(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(entry) for entry in value]
    return value

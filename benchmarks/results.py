"""Where results are written, and what is said about the machine: no host name, no path."""

import datetime
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

FOLDER = Path(__file__).parent / "results"
PACKAGES = ("numpy", "scikit-learn", "torch")


def write(name: str, results: dict[str, Any]) -> Path:
    """Write results/NAME.json with device, versions and date; return its path."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    document = {"benchmark": name, **_circumstances(), "results": results}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return path


def _circumstances() -> dict[str, Any]:
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "device": {
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        },
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in PACKAGES},
        },
    }

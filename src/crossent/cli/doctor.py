"""`crossent doctor`: what is installed and what this machine offers; loads no more than NumPy."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from cyclopts import App

from crossent._version import __version__
from crossent.cli.errors import EXTRAS
from crossent.data.cores import cores
from crossent.kernels.select import select

EXAMPLES = """\
Examples:
  crossent doctor"""

app = App(name="doctor", help_prologue=EXAMPLES)


@app.default
def run() -> None:
    """Say what is installed and what this machine offers.

    Nothing is changed, and the packages are not loaded: the versions are those that pip recorded.
    """
    lines = {
        "crossent": __version__,
        "python": f"{platform.python_version()} ({platform.system()} {platform.machine()})",
        "cores": str(cores()),
        "kernels": _kernels(),
        "data": _data_folder(),
    }
    packages = {"numpy": _installed("numpy", "")}
    packages |= {name: _installed(name, extra) for name, extra in sorted(EXTRAS.values())}
    width = max(map(len, [*lines, *packages]))
    for name, value in (lines | packages).items():
        print(f"{name:<{width}}  {value}")


def _kernels() -> str:
    choice = select(np.zeros((1, 1)))
    return f"{choice.name} ({choice.reason})"


def _installed(package: str, extra: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return f"not installed: pip install 'crossent[{extra}]'"


def _data_folder() -> str:
    folder = os.environ.get("CROSSENT_DATA")
    if not folder:
        return "CROSSENT_DATA is not set: mnist and fashion-mnist are looked for in the user cache"
    found = "found" if Path(folder).is_dir() else "not a folder"
    return f"CROSSENT_DATA={folder} ({found})"

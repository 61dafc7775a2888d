"""Every example of docs/evaluation/predictions.md runs as it stands, in one folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "evaluation" / "predictions.md"


def test_the_examples_run(tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) > 8
    command = f'crossent() {{ {sys.executable} -W error -m crossent "$@"; }}\n'
    script = command + f'python() {{ {sys.executable} -W error "$@"; }}\n' + "\n".join(blocks)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("log loss") >= script.count("crossent evaluate")

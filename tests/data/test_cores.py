import os
import subprocess
import sys

import pytest

from crossent.data.cores import cores

SET = hasattr(os, "sched_setaffinity")


@pytest.mark.skipif(not SET, reason="cores cannot be taken from a process here")
def test_a_process_that_may_use_one_core() -> None:
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from crossent.data.cores import cores; print(cores())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


@pytest.mark.parametrize(("count", "expected"), [(3, 3), (None, 1)])
def test_all_cores_where_none_can_be_taken(
    count: int | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    assert cores() == expected

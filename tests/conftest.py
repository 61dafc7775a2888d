"""Fixtures that more than one folder of tests uses, and the rule about skipped tests."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["JAX_ENABLE_X64"] = "1"  # read when jax is first imported

# A shell that runs the suite in the background has SIGINT ignored, here and in every child.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Where this is set (continuous integration), a skip whose reason says anything else is a failure.
SKIP_ONLY = os.environ.get("CROSSENT_SKIP_ONLY")
_refused: list[str] = []


@pytest.fixture(scope="session", autouse=True)
def cache_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of the tests' own: none of them writes to the user's."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder that `CROSSENT_DATA` names: MNIST, small tables, corpora."""
    folder = os.environ.get("CROSSENT_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs CROSSENT_DATA, a folder with mnist/ and tabular/")
    return Path(folder)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the system's Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    return pytest.skip("needs Chromium")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note every skip that continuous integration does not allow."""
    if SKIP_ONLY and report.skipped and SKIP_ONLY not in str(report.longrepr):
        _refused.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run for them."""
    if _refused:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which they were."""
    for node in _refused:
        terminalreporter.write_line(f"skipped, but only {SKIP_ONLY} tests may be: {node}")

"""Standard output that may fail: a reader that went away (`| head`), a full disk.

The command goes on, so that a run is never lost for a line that nobody reads.
"""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any, TextIO, cast


class Steadfast:
    """Passes everything on to a stream until writing fails; from then on swallows it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost = False

    def write(self, text: str) -> int:
        """Write `text` if that is still possible."""
        if not self.lost:
            try:
                return self._stream.write(text)
            except OSError:
                self._give_up()
        return len(text)

    def flush(self) -> None:
        """Flush if that is still possible."""
        if not self.lost:
            try:
                self._stream.flush()
            except OSError:
                self._give_up()

    def _give_up(self) -> None:
        self.lost = True
        # Python flushes once more at exit, and would complain about what is left in its buffer.
        with suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def steadfast_output() -> Generator[Steadfast | None]:
    """Make `sys.stdout` steadfast; yield it, or None where the process has no standard output."""
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]  closed by `>&-`
        _fill_standard_files()
        yield None
        return
    output = Steadfast(sys.stdout)
    with redirect_stdout(cast(TextIO, output)):
        yield output


def _fill_standard_files() -> None:
    """Open the null device in place of closed standard files, or a run's own file would be one."""
    number = 0
    while number <= 2:
        number = os.open(os.devnull, os.O_RDWR)
    os.close(number)

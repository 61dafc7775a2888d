import io
import sys

import pytest

from crossent.cli.standard_output import Steadfast, steadfast_output


class Full(io.StringIO):
    """A stream that takes one line."""

    def write(self, text: str) -> int:
        if self.getvalue() and text:
            raise OSError(28, "No space left on device")
        return super().write(text)


class Closing(io.StringIO):
    """A stream whose reader has gone, which only flushing finds out."""

    def flush(self) -> None:
        raise BrokenPipeError


def test_what_cannot_be_written_is_swallowed(monkeypatch: pytest.MonkeyPatch):
    stream = Full()
    monkeypatch.setattr(sys, "stdout", stream)
    with steadfast_output() as output:
        print("one", end="")
        assert not output.lost
        print("two")
        print("three", flush=True)
    assert output.lost
    assert stream.getvalue() == "one"
    assert sys.stdout is stream


def test_a_flush_that_fails_is_noted():
    output = Steadfast(Closing())
    output.write("x")
    output.flush()
    output.flush()
    assert output.lost


def test_everything_else_is_the_streams_own():
    assert Steadfast(sys.__stdout__).encoding == sys.__stdout__.encoding


def test_no_output_at_all(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdout", None)
    with steadfast_output() as output:
        assert output is None

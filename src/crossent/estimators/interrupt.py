"""Ctrl-C and SIGTERM that let a step finish. Nothing here knows about training."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(slots=True)
class Interruption:
    """Whether a signal asked to stop, and which: 0 is none."""

    number: int = 0

    def __call__(self) -> bool:
        """Say whether to stop."""
        return self.number != 0


@contextmanager
def interruptible() -> Generator[Interruption]:
    """Yield what says whether Ctrl-C was pressed or SIGTERM came; the second one acts as usual.

    A signal that is ignored stays ignored, as in a job that a script starts with `&`. The handlers
    that were there come back at the end. Outside the main thread, where Python delivers no
    signals, nothing ever asks to stop.
    """
    asked = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {one: signal.getsignal(one) for one in SIGNALS}
    before = {one: handler for one, handler in before.items() if handler != signal.SIG_IGN}

    def restore() -> None:
        for one, handler in before.items():
            signal.signal(one, signal.SIG_DFL if handler is None else handler)

    def note(number: int, frame: FrameType | None) -> None:
        del frame
        asked.number = number
        restore()
        if signal.SIGINT in before:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    for one in before:
        signal.signal(one, note)
    try:
        yield asked
    finally:
        restore()

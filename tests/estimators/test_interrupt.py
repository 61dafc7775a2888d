import os
import signal
import threading

import pytest

from crossent.estimators.interrupt import interruptible


def test_first_ctrl_c_is_noted_the_second_raises() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGINT)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_never_stop() -> None:
    found: list[bool] = []

    def work() -> None:
        with interruptible() as stop:
            found.append(stop())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]

import threading
from collections.abc import Iterator

import pytest

from crossent.cli.evaluation import workers
from crossent.cli.evaluation.workers import fold
from crossent.errors import InputError


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_every_item_is_taken_once(threads: int):
    found = fold(range(100), list[int], list[int].append, threads=threads)
    assert len(found) == threads
    assert sorted(item for state in found for item in state) == list(range(100))


def test_states_are_never_shared_by_two_threads_at_once():
    class State:
        def __init__(self) -> None:
            self.lock = threading.Lock()

    def update(state: State, item: int) -> None:
        assert state.lock.acquire(blocking=False)
        sum(range(2000 * (item % 3)))
        state.lock.release()

    fold(range(200), State, update, threads=4)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_few_items_are_held(threads: int):
    read: list[int] = []
    gap: list[int] = []
    gate = threading.Semaphore(0)

    def items() -> Iterator[int]:
        for item in range(50):
            read.append(item)
            gate.release()
            yield item

    done: list[int] = []

    def update(_: list[int], item: int) -> None:
        gate.acquire()
        gap.append(len(read) - len(done))
        done.append(item)

    fold(items(), list[int], update, threads=threads)
    assert max(gap) <= threads + 2


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("broken", [7, 8, 9])
def test_the_first_bad_item_is_the_one_that_is_told(threads: int, broken: int):
    """Reading fails at item 9; using an item fails from `broken` on."""

    def items() -> Iterator[int]:
        yield from range(9)
        raise InputError("item 9 cannot be read")

    def update(_: list[int], item: int) -> None:
        if item >= broken:
            raise InputError(f"item {item} cannot be used")

    expected = f"item {broken} cannot be used" if broken < 9 else "item 9 cannot be read"
    with pytest.raises(InputError, match=expected):
        fold(items(), list[int], update, threads=threads)


def test_an_interrupt_ends_it():
    def items() -> Iterator[int]:
        yield 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fold(items(), list[int], list[int].append, threads=2)
    assert threading.active_count() == 1


@pytest.mark.parametrize(("count", "states"), [(1, 1), (2, 1), (3, 2), (64, 2)])
def test_one_thread_where_the_readers_fill_the_cores(
    count: int, states: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(workers, "cores", lambda: count)
    assert len(fold(range(3), list[int], list[int].append)) == states

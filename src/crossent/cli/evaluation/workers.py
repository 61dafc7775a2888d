"""Items folded into states by several threads; which thread took which does not show.

For states that may be merged in any order, such as tallies, and work that leaves Python's lock,
such as NumPy's.
"""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

from crossent.data.cores import cores
from crossent.errors import InputError

Item = TypeVar("Item")
State = TypeVar("State")

# Each further thread holds 45 MB of ten classes.
MOST = 2
# Where files are read by DuckDB's threads two cores are busy with one thread here: ten million rows
# of ten classes take 2.0 s with one and with two, and 1.3 times the processor time with two.
BUSY = 2


def fold(
    items: Iterable[Item],
    new: Callable[[], State],
    update: Callable[[State, Item], None],
    *,
    threads: int | None = None,
) -> list[State]:
    """Return states that have taken in all items, at most one a thread; `new` makes an empty one.

    Raises what the first item of all that cannot be taken in raises, be it where it is read or
    where it is used. At most `threads` + 1 items are held beside the one that is read.
    """
    threads = threads or (MOST if cores() > BUSY else 1)
    if threads == 1:
        state = new()
        for item in items:
            update(state, item)
        return [state]
    states: list[State] = [new() for _ in range(threads)]
    free: SimpleQueue[State] = SimpleQueue()
    for state in states:
        free.put(state)

    def work(item: Item) -> None:
        state = free.get()
        try:
            update(state, item)
        finally:
            free.put(state)

    pool = ThreadPoolExecutor(threads)
    pending: deque[Future[None]] = deque()
    try:
        following = iter(items)
        while True:
            try:
                item = next(following)
            except StopIteration:
                break
            except InputError:
                _finish(pending)  # an earlier item may have something to say first
                raise
            pending.append(pool.submit(work, item))
            del item
            if len(pending) > threads:
                pending.popleft().result()
        _finish(pending)
    finally:
        pool.shutdown(cancel_futures=True)
    return states


def _finish(pending: deque[Future[None]]) -> None:
    while pending:
        pending.popleft().result()

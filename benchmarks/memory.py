"""The state of the memory that a result is written to, and copies into memory in that state.

Writing to a page for the first time costs a page fault, which for large results is more than the
arithmetic. Fresh: the pages are new at every call. Mapped: they have been written before. Huge:
pages of 2 MiB rather than 4 KiB.
"""

import ctypes
import mmap
import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import torch

SMALL, HUGE = 4096, 2 << 20
STOCK = 3 << 30
SMAPS = Path("/proc/self/smaps")
SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_kept: list[torch.Tensor] = []


class State(NamedTuple):
    """What memory a call's result lay in."""

    fresh: bool
    huge: bool
    faults: float  # of the call, over the number of the result's pages

    def __str__(self) -> str:
        return f"{'fresh' if self.fresh else 'mapped'} {'huge' if self.huge else '4 KiB'}"


def state(call: Callable[[], torch.Tensor]) -> State:
    """Return the state of the memory of the tensor that a call returns."""
    call()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    result = call()
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    size = result.numel() * result.element_size()
    huge = size >= HUGE and _huge_share(result.data_ptr() + size // 2) >= 0.5
    share = faults / max(1, size // (HUGE if huge else SMALL))
    return State(fresh=size >= SMALL and share >= 0.5, huge=huge, faults=round(share, 3))


def setting() -> str:
    """Return the kernel's setting of transparent huge pages: always, madvise or never."""
    try:
        return SETTING.read_text().split("[")[1].split("]")[0]
    except (OSError, IndexError):
        return "unknown"


def keep_heap() -> None:
    """Fill malloc's heap with mapped pages, in a process whose settings let it keep them.

    glibc 2.36 finds no room for an aligned block in one of the same size that was freed: without
    this stock the heap would grow for many calls.
    """
    stock = torch.empty(STOCK, dtype=torch.uint8).zero_()
    above = torch.empty(HUGE // 2, dtype=torch.uint8)  # keeps the stock from the heap's top
    del stock
    _kept.append(above)


def heap_is_kept() -> bool:
    """Return whether malloc was given a stock of mapped pages to reuse."""
    return bool(_kept)


def copies(source: torch.Tensor, into: State) -> dict[str, Callable[[], object]]:
    """Return ways to copy a tensor into memory in a given state, allocated and freed by each call.

    torch's own `copy_`, and one memmove a thread.
    """
    memmove = _memmove(torch.get_num_threads())
    ways = {
        "copy_torch": lambda to: to.copy_(source),
        "copy_memmove": lambda to: memmove(to, source),
    }
    if into.fresh:
        return {name: _fresh(way, source, into.huge) for name, way in ways.items()}
    to = _empty(source, into.huge)
    return {name: _mapped(way, to) for name, way in ways.items()}


def _fresh(
    way: Callable[[torch.Tensor], object], source: torch.Tensor, huge: bool
) -> Callable[[], object]:
    return lambda: way(_empty(source, huge))


def _mapped(way: Callable[[torch.Tensor], object], to: torch.Tensor) -> Callable[[], object]:
    return lambda: way(to)


def _empty(like: torch.Tensor, huge: bool) -> torch.Tensor:
    """Return an uninitialised tensor in a mapping of its own, which goes when the tensor does."""
    size = like.numel() * like.element_size()
    pages = mmap.mmap(-1, size + (HUGE if huge else 0), flags=mmap.MAP_PRIVATE)
    offset = 0
    if huge:
        pages.madvise(mmap.MADV_HUGEPAGE)
        offset = -ctypes.addressof(ctypes.c_char.from_buffer(pages)) % HUGE
    flat = torch.frombuffer(pages, dtype=like.dtype, count=like.numel(), offset=offset)
    return flat.view(like.shape)


def _memmove(threads: int) -> Callable[[torch.Tensor, torch.Tensor], object]:
    """Return a copy by one memmove a thread, in parts of whole huge pages."""
    pool = ThreadPoolExecutor(max(1, threads - 1))

    def copy(to: torch.Tensor, source: torch.Tensor) -> object:
        size = source.numel() * source.element_size()
        part = -(-size // threads // HUGE) * HUGE
        start, begin = to.data_ptr(), source.data_ptr()
        spans = [(at, min(part, size - at)) for at in range(0, size, part)]
        (own, length), *others = spans
        waiting = [
            pool.submit(ctypes.memmove, start + at, begin + at, count) for at, count in others
        ]
        ctypes.memmove(start + own, begin + own, length)
        for one in waiting:
            one.result()
        return to

    return copy


def _huge_share(address: int) -> float:
    """Return the share of huge pages in what is resident of the mapping at an address."""
    found = {"Rss": 0, "AnonHugePages": 0}
    inside = False
    try:
        lines = SMAPS.read_text().splitlines()
    except OSError:
        return 0.0
    for line in lines:
        first, *rest = line.split()
        if not first.endswith(":"):
            low, high = (int(bound, 16) for bound in first.split("-"))
            inside = low <= address < high
        elif inside and first[:-1] in found:
            found[first[:-1]] = int(rest[0])
    return found["AnonHugePages"] / max(1, found["Rss"])

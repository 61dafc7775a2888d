"""Memory that large outputs leave behind, kept for the next ones: see `empty_cache`.

A step of training makes a gradient of the logits, uses it, and drops it. 2048 x 32000 float32 are
262 MB; fresh from the system every page of them is zeroed first, which takes longer than a kernel
does. Pages are asked for in 2 MiB: 64,000 faults of 4 KiB take longer still.
"""

import mmap
import weakref
from typing import Any

import numpy as np

HUGE = 1 << 21  # bytes of a huge page
CAP = 1 << 30  # bytes kept at most
SLACK = 4  # a region serves what is at least its size less one part in so many

# The one given back last comes last. Threads, and finalizers in the midst of anything, change it by
# single operations that cannot be interrupted: a lock could be held by the very thread they run in.
_free: list[mmap.mmap] = []


def take(size: int) -> "np.ndarray[Any, Any]":
    """Return `size` uninitialised bytes; their memory is kept when nothing refers to them."""
    need = -(-size // HUGE) * HUGE
    region = _find(need) or _map(need)
    lease = np.frombuffer(region, dtype=np.uint8, count=size)
    weakref.finalize(lease, _give_back, region).atexit = False
    return lease


def empty_cache() -> None:
    """Return to the system the memory that is kept for the next large gradients.

    At most 1 GiB is kept, of the gradients of 8 MiB and more that crossent's losses made on the
    CPU: a training step then does not wait for fresh pages. As `torch.cuda.empty_cache` does, this
    frees what no array uses. Such a gradient cannot be resized in place.

    >>> empty_cache()

    """
    _free.clear()


def _find(need: int) -> mmap.mmap | None:
    """Return a free region of about this size, the one used last first."""
    for region in reversed(_free.copy()):
        if need <= len(region) <= need + need // SLACK:
            try:
                _free.remove(region)
            except ValueError:  # another thread was quicker
                continue
            return region
    return None


def _map(size: int) -> mmap.mmap:
    if not hasattr(mmap, "MAP_PRIVATE"):
        return mmap.mmap(-1, size)
    # Private: Python's own default would be shared with the children of a fork.
    region = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        try:
            region.madvise(mmap.MADV_HUGEPAGE)
        except OSError:  # a system without huge pages
            return region
    return region


def _give_back(region: mmap.mmap) -> None:
    """Keep a region, and let go of those longest unused beyond the cap."""
    if len(region) > CAP:
        return
    _free.append(region)
    while sum(map(len, _free.copy())) > CAP:
        try:
            _free.pop(0)
        except IndexError:  # another thread was quicker
            return

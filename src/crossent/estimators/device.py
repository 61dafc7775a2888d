"""Where training runs: device, threads and the random state, put back afterwards."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import prod

import torch

from crossent.errors import InputError, quoted
from crossent.estimators.networks import CHANNELS
from crossent.estimators.settings import TrainSettings

# Numbers. An mlp on MNIST (2**17) took 65 s with one thread and 168 s with two where both cores had
# other work as well; a cnn (2**21) is the first that two can help much.
SMALL = 2**18


def resolve_device(name: str) -> torch.device:
    """Return the device that `name` means; "auto" is the first CUDA GPU, or else the CPU.

    Raises InputError for a device that PyTorch does not know or this machine does not have.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros((), device=device)
    except (RuntimeError, AssertionError, NotImplementedError):
        have = ["auto", "cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
        raise InputError(
            f"device {quoted(name)} is not available; choose one of {', '.join(have)}"
        ) from None
    return device


def on_this_machine(settings: TrainSettings, input_shape: Sequence[int]) -> TrainSettings:
    """Return resolved settings with the device and the threads that will be used.

    One thread where the largest activation of a batch is small: the time threads take to meet
    is then much of a step (digits: 2 s with one, 23 s with two on two busy cores).
    """
    threads = settings.threads
    if threads is None:
        widest = prod(input_shape) * (CHANNELS[0] if settings.model == "cnn" else 1)
        widest = max(widest, *(settings.hidden or ()), 1)
        small = widest * (settings.batch_size or 1) < SMALL
        threads = 1 if small else torch.get_num_threads()
    return replace(settings, device=str(resolve_device(settings.device)), threads=threads)


@contextmanager
def reproducible(settings: TrainSettings) -> Generator[torch.device]:
    """Yield the device, with the seed set, the threads fixed and cuDNN deterministic.

    The caller's generators, thread count and cuDNN flags are as before at the end.
    """
    device = resolve_device(settings.device)
    threads = torch.get_num_threads()
    gpus = [device] if device.type == "cuda" else []
    flags = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True)
    with torch.random.fork_rng(devices=gpus), flags:
        torch.manual_seed(settings.seed)
        if settings.threads is not None:
            torch.set_num_threads(settings.threads)
        try:
            yield device
        finally:
            torch.set_num_threads(threads)

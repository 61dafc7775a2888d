"""The backends that the tables run on: eager, and every instruction set this machine has."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from crossent.kernels import cpu, eager, select

UNITS = [] if cpu.missing else cpu.native.units()
BACKENDS = {"eager": eager} | {unit: cpu for unit in UNITS}


@contextmanager
def served_by(name: str) -> Iterator[None]:
    """Let this backend serve what arrays in CPU memory ask for."""
    with pytest.MonkeyPatch.context() as patch:
        if name == "eager":
            patch.setattr(select, "_CPU", None)
            yield
            return
        cpu.native.use(name)
        try:
            yield
        finally:
            cpu.native.use(UNITS[-1])

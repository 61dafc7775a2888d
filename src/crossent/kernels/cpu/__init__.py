"""The C++ backend, for NumPy arrays and for tensors in CPU memory; absent without its extension."""

from importlib.util import find_spec
from typing import Any

missing = "the extension is not installed: there was no C++ compiler, or CROSSENT_PURE was set"
native: Any = None
if find_spec("crossent.kernels.cpu._native") is not None:
    try:
        from crossent.kernels.cpu import _native as native

        missing = ""
    except ImportError as error:
        missing = f"the extension cannot be loaded: {error}"

if native is not None:
    from crossent.kernels.cpu import dense, divergence, sigmoid
    from crossent.kernels.cpu.arrays import is_readable, is_visible
else:
    dense: Any = None
    divergence: Any = None
    sigmoid: Any = None
    is_readable: Any = None
    is_visible: Any = None

__all__ = ["dense", "divergence", "is_readable", "is_visible", "missing", "native", "sigmoid"]

"""The C++ backend, for NumPy arrays and for tensors in CPU memory; absent without its extension."""

from typing import Any

try:
    from crossent.kernels.cpu import _native as native

    missing = ""
except ImportError as error:
    native: Any = None
    missing = f"the extension is not installed ({error})"

if native is not None:
    from crossent.kernels.cpu import dense, sigmoid
    from crossent.kernels.cpu.arrays import is_readable, is_visible
else:
    dense: Any = None
    sigmoid: Any = None
    is_readable: Any = None
    is_visible: Any = None

__all__ = ["dense", "is_readable", "is_visible", "missing", "native", "sigmoid"]

"""Write the samples of PyTorch's own OpInfo database for four losses: `samples.py OUT`.

A script for a process of its own: importing the database freezes torch.backends, loads another
hypothesis profile and sets environment variables.
"""

import sys
import types
import unittest
from importlib.util import find_spec

import torch

OPS = (
    "cross_entropy",
    "nll_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
)
DTYPES = ("float64", "float32", "bfloat16", "float16")


def main(out: str) -> None:
    """Save {(op, dtype): [(tensors and options of one call), ...]}."""
    if find_spec("expecttest") is None:  # the database asks for its TestCase only
        stand_in = types.ModuleType("expecttest")
        stand_in.TestCase = unittest.TestCase  # type: ignore[attr-defined]
        sys.modules["expecttest"] = stand_in
    from torch.testing._internal.common_methods_invocations import op_db

    found = {}
    for op in op_db:
        name = op.name.removeprefix("nn.functional.")
        if name not in OPS or name == op.name or op.variant_test_name:
            continue
        for dtype in DTYPES:
            kind = getattr(torch, dtype)
            if kind not in op.dtypes:
                continue
            torch.manual_seed(0)
            samples = op.sample_inputs("cpu", kind, requires_grad=True)
            found[name, dtype] = [plain(sample) for sample in samples]
    torch.save(found, out)


def plain(sample) -> dict:
    """The call's arguments by name, tensors detached, and which of them need a gradient."""
    (target,) = sample.args
    named = {"input": sample.input, "target": target, **sample.kwargs}
    tensors = {k: v.detach() for k, v in named.items() if isinstance(v, torch.Tensor)}
    return {
        "tensors": tensors,
        "options": {k: v for k, v in named.items() if k not in tensors},
        "differentiable": [k for k in tensors if named[k].requires_grad],
    }


if __name__ == "__main__":
    main(sys.argv[1])

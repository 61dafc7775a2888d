"""The same call as torch.nn.functional's, by position and by name."""

import inspect
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F

from crossent.nn import functional

NAMES = [
    "cross_entropy",
    "nll_loss",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
]
Z = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
Y, W = torch.tensor([0, 3, -100, 1, 1, 2]), torch.tensor([1.0, 2.0, 0.5, 3.0])


@pytest.mark.parametrize("name", NAMES)
def test_the_signature_is_torchs(name) -> None:
    ours, theirs = (inspect.signature(getattr(m, name)).parameters for m in (functional, F))
    assert list(ours) == list(theirs)
    assert [p.default for p in ours.values()] == [p.default for p in theirs.values()]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_the_value_is_torchs(name, reduction) -> None:
    given = {
        "cross_entropy": (Z, Y, W),
        "nll_loss": (torch.log_softmax(Z, 1), Y, W),
        "binary_cross_entropy": (torch.sigmoid(Z), (Z > 0).float(), W),
        "binary_cross_entropy_with_logits": (Z, (Z > 0).float(), W),
    }[name]
    ours = getattr(functional, name)(*given, reduction=reduction)
    torch.testing.assert_close(ours, getattr(F, name)(*given, reduction=reduction))


def test_every_argument_by_position() -> None:
    call = (Z, Y, W, None, 1, None, "sum", 0.1)
    y = Y.clamp(0)
    torch.testing.assert_close(
        functional.cross_entropy(Z, y, *call[2:]), F.cross_entropy(Z, y, *call[2:])
    )
    with pytest.raises(ValueError, match="size_average and reduce are retired"):
        functional.cross_entropy(Z, y, size_average=True)


def test_it_is_there_as_torchs_is() -> None:
    code = "import crossent; print(crossent.nn.functional.cross_entropy.__module__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "crossent.nn.functional"

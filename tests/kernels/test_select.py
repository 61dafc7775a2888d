"""Which backend serves a call, and that it says why."""

import numpy as np
import pytest
import torch

from crossent.kernels import eager
from crossent.kernels.select import select


@pytest.mark.parametrize("logits", [np.zeros((2, 3)), torch.zeros(2, 3)])
def test_eager_serves_every_array(logits) -> None:
    choice = select(logits)
    assert choice.name == "eager"
    assert choice.dense is eager.dense
    assert choice.sigmoid is eager.sigmoid
    assert "always there" in choice.reason

import numpy as np
import torch

from crossent.estimators.rows import to_rows


def test_codes_soft_labels_and_weights() -> None:
    features = np.asfortranarray(np.ones((2, 3)))
    labels, probs, weights = np.array([1, 0]), np.array([[0.25, 0.75], [1.0, 0.0]]), np.ones(2)
    hard = to_rows(features, labels, None, None, torch.device("cpu"))
    assert (hard.features.dtype, hard.target.dtype, hard.weight) == (
        torch.float32, torch.int64, None,
    )  # fmt: skip
    assert hard.features.is_contiguous()
    soft = to_rows(features, labels, probs, weights, torch.device("cpu"))
    assert soft.target.tolist() == probs.tolist()
    assert soft.target.dtype == soft.weight.dtype == torch.float32
    assert len(soft) == 2
    assert soft.on_cpu().target.device.type == "cpu"

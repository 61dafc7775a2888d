"""Reading logits and targets: the shift of language models, and what may not be read."""

import numpy as np
import pytest
import torch

from crossent import cross_entropy, cross_entropy_sum
from crossent.losses.rows import Options, read

RNG = np.random.default_rng(0)
Z = torch.from_numpy(RNG.normal(size=(2, 6, 5)))
Y = torch.from_numpy(RNG.integers(0, 5, (2, 6)))
Y[1, 3] = -100
EACH, MASK = torch.from_numpy(RNG.random((2, 6))), torch.from_numpy(RNG.random((2, 6)) > 0.3)
SOFT = torch.from_numpy(RNG.dirichlet(np.ones(5), size=(2, 6)))
PAIR = (torch.from_numpy(RNG.integers(-1, 5, (2, 6, 2))), torch.full((2, 6, 2), 0.5).double())
TARGETS = {"index": Y, "soft": SOFT, "pair": PAIR}


def sliced(target):
    return tuple(part[:, 1:] for part in target) if isinstance(target, tuple) else target[:, 1:]


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_shift_is_a_slice(kind, reduction) -> None:
    target, z = TARGETS[kind], Z.clone().requires_grad_()
    options = {"reduction": reduction, "label_smoothing": 0.1}
    ours = cross_entropy(z, target, shift=True, sample_weight=EACH, mask=MASK, **options)
    part = {"sample_weight": EACH[:, 1:], "mask": MASK[:, 1:], "axis": -1}
    theirs = cross_entropy(z[:, :-1], sliced(target), **part, **options)
    torch.testing.assert_close(ours, theirs)
    a, b = (torch.autograd.grad(v.sum(), z)[0] for v in (ours, theirs))
    torch.testing.assert_close(a, b)


def test_a_shift_copies_no_logits() -> None:
    rows = read(Z, Y, None, Options(shift=True))
    assert rows.logits.data_ptr() == Z.data_ptr()
    total = cross_entropy_sum(Z, Y, shift=True)
    assert total.count.item() == (Y[:, 1:] >= 0).sum()
    one = cross_entropy(Z[0], Y[0], shift=True)
    torch.testing.assert_close(one, cross_entropy(Z[0, :-1], Y[0, 1:]))
    assert cross_entropy(Z[:, :1], Y[:, :1], shift=True).item() == 0.0  # nothing comes next


def test_what_cannot_be_shifted() -> None:
    with pytest.raises(ValueError, match="shift needs the classes on the last axis; got axis=1"):
        cross_entropy(Z, Y, shift=True, axis=1)
    with pytest.raises(ValueError, match=r"shift needs logits \(\.\.\., T, V\)"):
        cross_entropy(Z[0, 0], Y[0, 0], shift=True)


def test_a_temperature_is_one_number() -> None:
    with pytest.raises(ValueError, match=r"temperature must be one number; got shape \(2, 1\)"):
        cross_entropy(Z, Y, axis=-1, temperature=torch.ones(2, 1))
    one = cross_entropy(Z, Y, axis=-1, temperature=torch.tensor([2.0]))
    torch.testing.assert_close(one, cross_entropy(Z / 2, Y, axis=-1))


def test_class_numbers_are_never_floats() -> None:
    classes = 2**24 + 2  # float32 holds no 2^24 + 1: as a float it would be the class before
    z = np.zeros((1, classes), dtype=np.float16)
    z[0, 2**24 + 1] = 30.0
    for kind in (np.int64, np.uint32):
        assert cross_entropy(z, np.array([2**24 + 1], dtype=kind)) < 1e-5
        assert cross_entropy(z, np.array([2**24], dtype=kind)) > 29

"""The door: PyTorch's own words for each statistic, every library, every layout."""

import numpy as np
import pytest
import torch

from crossent import cross_entropy, cross_entropy_statistics

RNG = np.random.default_rng(0)
Z, Y = RNG.normal(size=(6, 5)) * 4, np.array([0, 4, -100, 2, 2, 1])


def test_equals_torch() -> None:
    z, y = torch.from_numpy(Z), torch.from_numpy(Y)
    s = cross_entropy_statistics(z, y)
    logp, kept = torch.log_softmax(z, 1), y >= 0
    at = z.gather(1, y.clamp(0)[:, None])
    torch.testing.assert_close(s.log_prob, -cross_entropy(z, y, reduction="none"))
    torch.testing.assert_close(s.lse, torch.where(kept, torch.logsumexp(z, 1), 0.0))
    torch.testing.assert_close(s.entropy, torch.where(kept, -(logp.exp() * logp).sum(1), 0.0))
    assert torch.equal(s.predicted, z.argmax(1))
    assert torch.equal(s.rank, torch.where(kept, (z > at).sum(1), -1))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_libraries_agree(dtype) -> None:
    import jax

    z = Z.astype(dtype)
    expected = cross_entropy_statistics(z, Y)
    for array in (torch.from_numpy, jax.numpy.asarray):
        found = cross_entropy_statistics(array(z), array(Y))
        for name, a, b in zip(expected._fields, expected, found, strict=True):
            np.testing.assert_allclose(np.asarray(b), a, rtol=3e-6, atol=1e-7, err_msg=name)
    assert expected.entropy.dtype == ("float64" if dtype == "float64" else "float32")
    assert expected.rank.dtype == np.int64


def test_layouts_links_and_shift() -> None:
    z, y = (
        torch.from_numpy(RNG.normal(size=(2, 7, 5))),
        torch.from_numpy(RNG.integers(0, 5, (2, 7))),
    )
    last = cross_entropy_statistics(z, y, axis=-1, temperature=0.5, softcap=3.0)
    capped = 3 * torch.tanh(z / 0.5 / 3)
    first = cross_entropy_statistics(capped.movedim(-1, 1), y)
    shifted = cross_entropy_statistics(z, y, shift=True)
    sliced = cross_entropy_statistics(z[:, :-1], y[:, 1:], axis=-1)
    for a, b in (*zip(last, first, strict=True), *zip(shifted, sliced, strict=True)):
        torch.testing.assert_close(a, b)
    mask = y > 2
    masked = cross_entropy_statistics(z, y, axis=-1, mask=mask)
    assert (masked.rank[~mask] == -1).all()
    for part in masked[:3]:
        assert (part[~mask] == 0).all()


def test_many_rows_are_read_in_blocks() -> None:
    z, y = RNG.normal(size=(3000, 500)), RNG.integers(0, 500, 3000)
    whole = cross_entropy_statistics(z, y)
    part = cross_entropy_statistics(z[2990:], y[2990:])
    for a, b in zip(whole, part, strict=True):
        np.testing.assert_array_equal(a[2990:], b)
    t = torch.from_numpy(z).requires_grad_()
    cross_entropy_statistics(t, torch.from_numpy(y)).entropy.sum().backward()
    u = torch.from_numpy(z[2990:]).requires_grad_()
    cross_entropy_statistics(u, torch.from_numpy(y[2990:])).entropy.sum().backward()
    torch.testing.assert_close(t.grad[2990:], u.grad, rtol=0, atol=0)


def test_the_target_must_be_class_indices() -> None:
    for target in (np.full((6, 5), 0.2), (Y[:, None], np.ones((6, 1)))):
        with pytest.raises((TypeError, ValueError), match="class ind"):
            cross_entropy_statistics(Z, target, ignore_index=None)
    with pytest.raises(TypeError, match="target must be an array"):
        cross_entropy_statistics(Z, [0, 1, 2, 3, 4, 0])

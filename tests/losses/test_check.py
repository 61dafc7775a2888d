"""When values are read, and what a check finds first."""

import numpy as np
import pytest
import torch

from crossent import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, nll_loss
from crossent.core.array import namespace
from crossent.losses import check


def test_values_are_read_on_cpu_and_nowhere_they_would_wait() -> None:
    assert check.wants_values(None, np.zeros(1))
    assert check.wants_values(None, torch.zeros(1))
    assert not check.wants_values(None, torch.zeros(1, device="meta"))
    assert check.wants_values(True, torch.zeros(1, device="meta"))
    assert not check.wants_values(False, torch.zeros(1))
    assert torch.func.vmap(lambda x: x + check.wants_values(None, x))(torch.zeros(2)).sum() == 0


def test_values_of_jax_are_read_where_they_are_known() -> None:
    import jax

    y, seen = jax.numpy.array([0, 9]), []

    def probe(x):
        seen.append((check.wants_values(None, y), check.wants_values(None, x)))
        return x

    assert check.wants_values(None, y)
    jax.jit(probe)(y)
    jax.vmap(probe)(y)
    assert seen == [(False, False), (True, False)]

    def masked(mask):
        check.index_values(namespace(y), y, 3, None, mask)
        return mask

    jax.vmap(masked)(jax.numpy.ones((2, 2), dtype=bool))
    with pytest.raises(IndexError, match="row 1: class 9"):
        masked(jax.numpy.ones(2, dtype=bool))


def test_the_first_bad_row_is_named() -> None:
    target = np.array([0, 1, 9, 8])
    with pytest.raises(IndexError, match=r"row 2: class 9 is not in 0\.\.2\.$"):
        check.index_values(namespace(target), target, 3, None, None)
    check.index_values(namespace(target), target, 3, None, np.array([True, True, False, False]))


def test_soft_values_name_the_row() -> None:
    soft = np.array([[0.5, 0.5], [np.inf, 0.0]])
    with pytest.raises(
        ValueError, match="row 1: soft labels must be finite and at least 0; got inf"
    ):
        check.soft_values(namespace(soft), soft)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "uint64"])
def test_ignore_index_is_read_in_the_targets_own_type(dtype) -> None:
    most = np.iinfo(dtype).max
    target = np.array([0, most - 99], dtype=dtype)  # what -100 would wrap to
    for y in (target, torch.from_numpy(target)):
        with pytest.raises(IndexError, match=rf"row 1: class {most - 99} is not in 0\.\.2\.$"):
            check.index_values(namespace(y), y, 3, -100, None)
        check.index_values(namespace(y), y, 3, most - 99, None)


def test_a_class_of_64_bits_is_not_narrowed_before_it_is_read() -> None:
    import jax

    with jax.enable_x64(True):
        z, wide = jax.numpy.zeros((2, 3)), jax.numpy.array([2**32, 1])
        with pytest.raises(IndexError, match=f"row 0: class {2**32} is not in"):
            cross_entropy(z, wide)
        rows = cross_entropy(z, wide, reduction="none", validate=False)
        assert rows[0] == 0.0  # out of range is left out, never read as another class
        assert cross_entropy(z, wide, ignore_index=2**32) == pytest.approx(np.log(3))
    z = jax.numpy.zeros((1, 3))
    for y in (z[0, :1].astype("uint32") + np.uint32(2**32 - 100),):
        with pytest.raises(IndexError, match=f"row 0: class {2**32 - 100} is not in"):
            cross_entropy(z, y)


def test_an_unsigned_index_of_a_top_k_is_no_padding() -> None:
    indices = torch.from_numpy(np.array([[0], [2**64 - 1]], dtype=np.uint64))
    with pytest.raises(IndexError, match=f"row 1: class {2**64 - 1} is not in"):
        cross_entropy(torch.zeros(2, 3), (indices, torch.ones(2, 1)))


def test_a_class_out_of_range_in_a_top_k_names_its_row() -> None:
    indices = torch.zeros(4, 3, dtype=torch.long)
    indices[2, 1] = 99
    with pytest.raises(IndexError, match="row 2: class 99"):
        cross_entropy(torch.zeros(4, 5), (indices, torch.ones(4, 3)))


def test_a_top_k_of_another_library() -> None:
    pair = np.zeros((2, 1), dtype=np.int64), np.ones((2, 1))
    z = torch.zeros(2, 3)
    with pytest.raises(TypeError, match="indices must be a torch tensor, as logits are; got ndarr"):
        cross_entropy(z, pair)
    with pytest.raises(TypeError, match="values must be a torch tensor, as logits are; got ndarr"):
        cross_entropy(z, (torch.from_numpy(pair[0]), pair[1]))
    with pytest.raises(TypeError, match="indices must be an array, as logits are; got Tensor"):
        cross_entropy(z.numpy(), tuple(map(torch.from_numpy, pair)))


def test_numbers_of_every_kind_are_checked() -> None:
    z, y = torch.zeros(2, 3), torch.tensor([0, 1])
    for value in (-2, -2.0, np.float32(-2), np.int64(-2), float("nan")):
        for name in ("temperature", "softcap"):
            with pytest.raises(ValueError, match=f"{name} must be above 0; got"):
                cross_entropy(z, y, **{name: value})
    for value in (torch.tensor(-2.0), torch.tensor(2.0), np.asarray(2.0), "2"):
        with pytest.raises(TypeError, match="softcap must be a number; got"):
            cross_entropy(z, y, softcap=value)
    with pytest.raises(TypeError, match="temperature must be a number or an array of one; got str"):
        cross_entropy(z, y, temperature="2")
    for value in (None, "0.1", torch.tensor(0.1)):
        with pytest.raises(TypeError, match="label_smoothing must be a number; got"):
            cross_entropy(z, y, label_smoothing=value)
    one = cross_entropy(z, y, temperature=np.float32(2), softcap=np.int64(3))
    assert one.item() == pytest.approx(np.log(3))


def test_a_traced_label_smoothing_is_refused() -> None:
    import jax

    z, y = jax.numpy.zeros((2, 3)), jax.numpy.array([0, 1])
    with pytest.raises(TypeError, match=r"label_smoothing must be a number; got .*Tracer"):
        jax.jit(lambda eps: cross_entropy(z, y, label_smoothing=eps))(0.1)


NO_VALUES = "validate=True reads values, and under jax.jit, vmap or torch.compile there are none"


def test_values_that_are_asked_for_where_there_are_none() -> None:
    import jax

    z, t = torch.zeros(2, 3), torch.zeros(2, 3)

    def loss(z, t):
        return binary_cross_entropy_with_logits(z, t, validate=True)

    for transform in (jax.jit, jax.vmap):
        with pytest.raises(ValueError, match=NO_VALUES):
            transform(loss)(jax.numpy.asarray(z), jax.numpy.asarray(t))
    assert jax.grad(loss)(jax.numpy.asarray(z), jax.numpy.asarray(t)).shape == (2, 3)
    for call in (loss, torch.func.grad(loss)):
        with pytest.raises(ValueError, match=NO_VALUES):
            torch.func.vmap(call)(z, t)
    assert torch.func.grad(loss)(z, t).shape == (2, 3)
    torch._dynamo.reset()
    with pytest.raises(ValueError, match=NO_VALUES):
        torch.compile(loss, backend="eager")(z, t)
    with pytest.raises(ValueError, match=NO_VALUES):
        jax.jit(lambda z: nll_loss(z, np.zeros(2, np.int64), validate=True))(
            jax.numpy.zeros((2, 3))
        )


@pytest.mark.parametrize("make", [np.asarray, torch.tensor])
def test_a_divisor_in_an_array_is_a_count(make) -> None:
    z, t = make([0.0, 0.0]), make([0.0, 1.0])
    for number in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="normalize_by must be finite and at least 0; got"):
            binary_cross_entropy_with_logits(z, t, normalize_by=make([number]))
        with pytest.raises(ValueError, match="normalize_by must be finite and at least 0; got"):
            check.divisor(make(number))
    check.divisor(make(0.0))
    check.divisor(torch.tensor(-1.0, device="meta"))  # not known: not read


def test_soft_labels_of_whole_numbers() -> None:
    whole = np.eye(3, dtype=np.int64)
    with pytest.raises(TypeError, match=r"floating type; got int64\. Use \.astype\(float\)\.$"):
        cross_entropy(np.zeros((3, 3)), whole)
    with pytest.raises(TypeError, match=r"floating type; got torch.int64\. Use \.float\(\)\.$"):
        cross_entropy(torch.zeros(3, 3), torch.from_numpy(whole))


def test_what_lies_beside_probabilities_is_told_so() -> None:
    p, t = torch.full((2, 3), 0.5), torch.zeros(2, 3)
    kept = torch.ones(2, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"mask must have the shape of probs \(2, 3\); got"):
        binary_cross_entropy(p, t, mask=kept)
    with pytest.raises(ValueError, match=r"weight must broadcast to the shape of probs \(2, 3\)"):
        binary_cross_entropy(p, t, torch.ones(2))
    with pytest.raises(TypeError, match="target must be a torch tensor, as probs are Tensor"):
        binary_cross_entropy(p, t.numpy())
    with pytest.raises(ValueError, match=r"weight must broadcast to the shape of logits"):
        binary_cross_entropy_with_logits(p, t, torch.ones(2))


def test_the_mask_of_a_masked_array_is_not_lost() -> None:
    z, y, t = np.zeros((2, 3)), np.array([0, 1]), np.zeros((2, 3))
    masked = np.ma.masked_array
    for call, name in (
        (lambda: cross_entropy(masked(z), y), "logits"),
        (lambda: cross_entropy(z, masked(y, [True, False])), "target"),
        (lambda: cross_entropy(z, y, masked(np.ones(3))), "weight"),
        (lambda: cross_entropy(z, y, sample_weight=masked(np.ones(2))), "sample_weight"),
        (lambda: cross_entropy(z, (masked(y[:, None]), np.ones((2, 1)))), "indices"),
        (lambda: binary_cross_entropy_with_logits(z, masked(t)), "target"),
        (lambda: binary_cross_entropy(masked(t), t), "probs"),
    ):
        with pytest.raises(TypeError, match=f"{name} must be a plain array; the mask of a Masked"):
            call()


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint64"])
def test_labels_of_numpy_beside_logits_of_jax(dtype) -> None:
    import jax

    z, y = jax.numpy.zeros((3, 4)), np.array([1, 5, 3], dtype=dtype)
    loss = jax.jit(lambda z, **options: cross_entropy(z, y, reduction="none", **options))
    with pytest.raises(IndexError, match=r"row 1: class 5 is not in 0\.\.3"):
        loss(z)
    y[1] = 2
    assert loss(z).tolist() == [pytest.approx(np.log(4))] * 3
    if dtype.endswith("64"):
        y[1] = 2**32 + 1
        rows = jax.jit(lambda z: cross_entropy(z, y, reduction="none", validate=False))(z)
        assert rows[1] == 0.0

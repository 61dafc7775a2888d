import pytest
import torch

from crossent.errors import InputError
from crossent.estimators.networks import build


@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (1, 2, 3), (1, 8, 8), (3, 9, 31), (1, 28, 28), (3, 224, 96)]
)
def test_cnn_takes_images_of_any_size(shape) -> None:
    network = build("cnn", shape, 5, (16,))
    assert network(torch.zeros(2, *shape)).shape == (2, 5)
    assert sum(p.numel() for p in network.parameters()) < 1_000_000


def test_mlp_has_the_widths_it_is_given() -> None:
    network = build("mlp", (1, 4, 4), 3, (8, 6))
    assert [tuple(p.shape) for p in network.parameters()] == [
        (8, 16), (8,), (6, 8), (6,), (3, 6), (3,),
    ]  # fmt: skip


def test_linear_starts_at_the_uniform_distribution() -> None:
    network = build("linear", (7,), 4, (99,))
    assert torch.equal(network(torch.randn(3, 7)), torch.zeros(3, 4))


def test_cnn_refuses_a_table() -> None:
    with pytest.raises(InputError, match=r"\(9,\).*--model mlp"):
        build("cnn", (9,), 3)


def test_features_of_no_size_are_refused() -> None:
    with pytest.raises(InputError, match="nothing to learn from"):
        build("mlp", (0,), 3, (4,))

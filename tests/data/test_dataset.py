import numpy as np

from crossent.data.dataset import Column, Dataset, Examples, Images, Table


def dataset() -> Dataset:
    table = Table((Column("a", "numeric", np.array([1.0, 2.0, 3.0])),))
    return Dataset(
        "d",
        table,
        labels=np.array([0, 1, 0]),
        classes=("x", "y"),
        rows=np.arange(3),
        target_probs=np.eye(2)[[0, 1, 0]],
        weights=np.array([1.0, 2.0, 3.0]),
        notices=("a notice",),
        source={"format": "csv"},
    )


def test_take_keeps_what_belongs_to_a_row_together() -> None:
    part = dataset().take(np.array([2, 1]))
    assert len(part) == 2
    assert part.labels.tolist() == [0, 1]
    assert part.rows.tolist() == [2, 1]
    assert part.weights is not None
    assert part.weights.tolist() == [3.0, 2.0]
    assert part.target_probs is not None
    assert part.target_probs.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert isinstance(part.features, Table)
    assert part.features.columns[0].values.tolist() == [3.0, 2.0]
    assert (part.notices, part.source, part.classes) == (
        ("a notice",),
        {"format": "csv"},
        ("x", "y"),
    )


def test_take_twice_numbers_rows_of_the_source() -> None:
    part = dataset().take(np.array([2, 1])).take(np.array([1]))
    assert part.rows.tolist() == [1]


def test_lengths() -> None:
    images = Images(np.zeros((4, 2, 2), dtype=np.uint8), 16.0)
    assert len(images) == 4
    assert images.take(np.array([0])).maximum == 16.0
    assert len(Table(())) == 0
    assert len(Examples("e", images, None, np.arange(4))) == 4

import gzip

import numpy as np
import pytest

from crossent.errors import InputError
from tests.data.predictions.files import LABELS, NAMES, VALUES, check, npz, read


def test_numbers_of_rows(write) -> None:
    found = read(write("a.npz", npz(y=LABELS, probs=VALUES, row=np.array([9, 7, 7, 5]))))
    assert found["rows"].tolist() == [9, 7, 7, 5]
    found = read(write("b.npz", npz(y=LABELS, probs=VALUES, row=np.array([9.5, 7, 7, 5]))))
    assert found["rows"].tolist() == [0, 1, 2, 3]


def test_packed_as_a_whole(write) -> None:
    with pytest.raises(InputError, match=r"an \.npz packed by gzip; unpack it first"):
        read(write("a.npz.gz", gzip.compress(npz(y=LABELS, probs=VALUES))))


def test_arrays_that_do_not_tell(write) -> None:
    with pytest.raises(InputError, match=r"no array of probabilities: .* Its arrays are 'y', 'x'"):
        read(write("a.npz", npz(y=LABELS, x=VALUES)))


def test_classes_of_an_npz(write) -> None:
    check(read(write("a.npz", npz(y=LABELS, probs=VALUES, classes=np.array(NAMES)))))
    found = read(write("b.npz", npz(y=np.array([5, 7, 5, 5]), p=VALUES[:, :2], classes=[5, 7])))
    assert found["classes"] == ("5", "7")
    assert found["labels"].tolist() == [0, 1, 0, 0]
    other = write("c.npz", npz(y=LABELS, probs=VALUES, classes=np.array(NAMES[::-1])))
    with pytest.raises(InputError, match=r"c\.npz': its array 'classes' holds 'owl'"):
        read(other, classes=NAMES)

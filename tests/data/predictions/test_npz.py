import numpy as np
import pytest

from crossent.errors import InputError
from tests.data.predictions.files import LABELS, NAMES, VALUES, check, npz, read


def test_classes_of_an_npz(write) -> None:
    check(read(write("a.npz", npz(y=LABELS, probs=VALUES, classes=np.array(NAMES)))))
    found = read(write("b.npz", npz(y=np.array([5, 7, 5, 5]), p=VALUES[:, :2], classes=[5, 7])))
    assert found["classes"] == ("5", "7")
    assert found["labels"].tolist() == [0, 1, 0, 0]
    other = write("c.npz", npz(y=LABELS, probs=VALUES, classes=np.array(NAMES[::-1])))
    with pytest.raises(InputError, match=r"c\.npz': its array 'classes' holds 'owl'"):
        read(other, classes=NAMES)

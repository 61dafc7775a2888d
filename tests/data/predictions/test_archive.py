import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from crossent.data.predictions.archive import array_names, header_of, opened_archive, row_reader
from crossent.errors import InputError

DTYPES = st.sampled_from([np.dtype(name) for name in ("<f8", ">f4", "i2", "u1", "?", "<U3", "S2")])


@settings(deadline=None, max_examples=60)
@given(
    values=DTYPES.flatmap(
        lambda dtype: arrays.arrays(dtype, st.sampled_from([(0,), (7,), (5, 3), (1, 1)]))
    ),
    order=st.sampled_from("CF"),
    packed=st.booleans(),
    step=st.integers(1, 8),
)
def test_rows_in_pieces_are_the_array(
    tmp_path_factory: pytest.TempPathFactory, values, order: str, packed: bool, step: int
) -> None:
    path = tmp_path_factory.mktemp("npz") / "a.npz"
    (np.savez_compressed if packed else np.savez)(path, x=np.array(values, order=order))
    with opened_archive("a", path) as archive:
        assert array_names(archive) == ["x"]
        assert header_of(archive, "x", "a").shape == values.shape
        with row_reader(archive, "x", "a") as read:
            pieces = []
            while len(piece := read(step)):
                assert len(piece) <= step
                pieces.append(piece)
    joined = np.concatenate(pieces) if pieces else values[:0]
    np.testing.assert_array_equal(joined, values)


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.savez(file, x=np.arange(1000.0))
    content = bytearray(file.getvalue())
    content[4000] ^= 1
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with (
        pytest.raises(InputError, match=r"'a' is no \.npz archive, cut off or damaged \(Bad CRC"),
        opened_archive("a", path) as archive,
        row_reader(archive, "x", "a") as read,
    ):
        read(1000)

"""The picture of a large matrix, read back as the PNG specification says."""

import struct
import zlib

import numpy as np
import pytest

from crossent.report.blocks import LARGEST_SIDE, block_png
from crossent.scoring.meters.confusion import Cells


def picture(matrix):
    true, predicted = np.nonzero(matrix)
    count = matrix[true, predicted]
    return block_png(Cells(true, predicted, count, 0 * count), len(matrix))


def read_png(data):
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, place = {}, 8
    while place < len(data):
        (size,) = struct.unpack(">I", data[place : place + 4])
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        (checksum,) = struct.unpack(">I", data[place + 8 + size : place + 12 + size])
        assert checksum == zlib.crc32(kind + body)
        chunks[kind] = body
        place += 12 + size
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8)
    pixels = lines.reshape(height, width + 1)[:, 1:]
    return np.frombuffer(chunks[b"tRNS"], dtype=np.uint8)[pixels]


@pytest.mark.parametrize("size", [100, 250, 251, 1000, 1003])
def test_errors_show_where_they_are(size):
    matrix = np.eye(size) * 90
    matrix[size - 1, 0] = 10
    matrix[0, size // 2] = 1
    alpha = read_png(picture(matrix))
    step = -(-size // LARGEST_SIDE)
    side = -(-size // step)
    assert alpha.shape == (side, side)
    assert alpha[side - 1, 0] == 254
    assert 0 < alpha[0, (size // 2) // step] < 254
    off = alpha.copy()
    np.fill_diagonal(off, 0)
    assert np.count_nonzero(off) == 2
    assert (np.diag(alpha) > 0).all()


def test_no_errors_and_absent_classes():
    matrix = np.zeros((300, 300))
    matrix[0, 0] = 1
    alpha = read_png(picture(matrix))
    assert np.count_nonzero(alpha) == len(alpha)


def test_the_picture_is_small():
    rng = np.random.default_rng(0)
    assert len(picture(rng.poisson(0.5, size=(1000, 1000)).astype(float))) < 90_000


def test_a_hundred_thousand_classes_are_one_picture():
    size = 100_000
    true = np.arange(size)
    predicted = np.where(true == 99_999, 0, true)
    alpha = read_png(block_png(Cells(true, predicted, np.ones(size), np.ones(size)), size))
    assert alpha.shape == (LARGEST_SIDE, LARGEST_SIDE)
    np.fill_diagonal(alpha, 0)
    assert np.argwhere(alpha).tolist() == [[LARGEST_SIDE - 1, 0]]

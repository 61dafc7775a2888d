"""A confusion matrix of many classes as one small PNG: a pixel per block of classes.

The image is transparent, so that it stands on a light page and on a dark one.
"""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from crossent.scoring.meters.confusion import Cells

# A thousand classes become 250 blocks of four; beyond 250 pixels a page shows no more.
LARGEST_SIDE = 250
ERROR = (0xD9, 0x5A, 0x2B)
RIGHT = (0x8A, 0x8F, 0x98)
RIGHT_ALPHA = 90
LEVELS = 255


def block_png(cells: Cells, classes: int) -> bytes:
    """Return a PNG of the cells: opacity is the root of a block's share of its true rows."""
    step = -(-classes // LARGEST_SIDE)
    side = -(-classes // step)
    wrong = cells.wrong()
    place = (wrong.true // step) * side + wrong.predicted // step
    # Without errors NumPy counts in integers.
    errors = np.bincount(place, weights=wrong.count, minlength=side * side).astype(np.float64)
    errors = errors.reshape(side, side)
    support = np.bincount(cells.true // step, weights=cells.count, minlength=side)[:, None]
    shares = np.divide(errors, support, out=np.zeros_like(errors), where=support > 0)
    levels = np.sqrt(shares / max(float(shares.max(initial=0.0)), 1e-12))
    pixels = np.ceil(levels * (LEVELS - 1)).astype(np.uint8)
    diagonal = np.arange(side)
    # The last palette entry marks blocks on the diagonal that hold fewer errors than it shows.
    pixels[diagonal, diagonal] = np.where(
        pixels[diagonal, diagonal] < RIGHT_ALPHA, LEVELS, pixels[diagonal, diagonal]
    )
    return _encode(pixels)


def _encode(pixels: NDArray[np.uint8]) -> bytes:
    height, width = pixels.shape
    lines = np.concatenate([np.zeros((height, 1), dtype=np.uint8), pixels], axis=1)
    palette = bytes(ERROR) * LEVELS + bytes(RIGHT)
    alphas = bytes(range(LEVELS)) + bytes([RIGHT_ALPHA])
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(*part)
        for part in (
            (b"IHDR", header),
            (b"PLTE", palette),
            (b"tRNS", alphas),
            (b"IDAT", zlib.compress(lines.tobytes(), 9)),
            (b"IEND", b""),
        )
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)

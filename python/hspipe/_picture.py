"""Small pictures for a notebook. In come pixels, out go the bytes of PNG files."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

LARGEST = 200_000  #: bytes of a file that is shown as it is


def of_array(pixels: npt.NDArray[Any], all_of_them: npt.NDArray[Any]) -> bytes | None:
    """Return H x W, H x W x C or C x H x W pixels as PNG, in the range of the dataset; None if C is not 1 or 3."""
    if pixels.ndim == 3 and pixels.shape[2] not in (1, 3) and pixels.shape[0] in (1, 3):
        pixels = np.moveaxis(pixels, 0, 2)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.ndim == 3 and pixels.shape[2] != 3:
        return None
    low, high = float(all_of_them.min()), float(all_of_them.max())
    if pixels.dtype == np.uint8 and high >= 128:
        low, high = 0.0, 255.0
    return png(np.rint((pixels - low) * (255 / ((high - low) or 1))).astype(np.uint8))


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    r"""Write H x W or H x W x 3 pixels as PNG.

    >>> png(np.zeros((2, 3), np.uint8))[12:24]
    b'IHDR\x00\x00\x00\x03\x00\x00\x00\x02'
    """
    height, width = pixels.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 8, 0 if pixels.ndim == 2 else 2, 0, 0, 0)
    # A byte before each line says that it is not filtered.
    lines = np.zeros((height, 1 + pixels[0].size), np.uint8)
    lines[:, 1:] = pixels.reshape(height, -1)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def of_pil(image: Any) -> bytes:
    """Write an image of Pillow as PNG."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()

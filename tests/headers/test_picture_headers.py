"""EXIF of JPEG and PNG files, and the texts of PNG, in the table of headers."""

import logging

import numpy as np
import pytest

from dask_fileseq import open_sequence
from dask_fileseq.readers import count

Image = pytest.importorskip("PIL.Image")
PngImagePlugin = pytest.importorskip("PIL.PngImagePlugin")

PICTURE = Image.fromarray(np.arange(24, dtype="u1").reshape(4, 6))


def exif():
    """Return the EXIF of a picture taken at a quarter of a second past 13:00 in summer."""
    tags = Image.Exif()
    tags[305], tags[306] = "Firmware 1.0", "2024:07:09 14:00:00"
    own = tags.get_ifd(34665)
    own[36867], own[37521], own[36881] = "2024:07:09 13:00:00", "25", "+02:00"
    own[33434] = (1, 125)
    return tags.tobytes()


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_exif(tmp_path, suffix, caplog):
    """A camera's time is that of the picture, not of its editing, and in UTC."""
    for t in range(2):
        PICTURE.save(tmp_path / f"t{t}.{suffix}", exif=exif())
    with count() as counts, caplog.at_level(logging.WARNING):
        table = open_sequence(tmp_path).table()
    assert (counts.headers, counts.bytes) == (2, 0)
    assert not caplog.records
    assert table.constant["acquired"] == np.datetime64("2024-07-09T11:00:00.25", "ns")
    assert table.constant["exposure"] == 0.008
    assert table.constant["software"] == "Firmware 1.0"
    assert table.constant["shape"] == (4, 6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tue, 09 Jul 2024 13:13:03 +0200", "2024-07-09T11:13:03"),
        ("2024-07-09T13:13:03", "2024-07-09T13:13:03"),
        ("2024:07:09 13:13:03", "2024-07-09T13:13:03"),
        ("yesterday", None),
    ],
)
@pytest.mark.parametrize("kind", ["add_text", "add_itxt"])
def test_texts_of_png(tmp_path, text, expected, kind):
    """The standard's own form of dates is another than that of most programs."""
    info = PngImagePlugin.PngInfo()
    getattr(info, kind)("Creation Time", text)
    getattr(info, kind)("Software", "écran")
    for t in range(2):
        PICTURE.save(tmp_path / f"t{t}.png", pnginfo=info)
    table = open_sequence(tmp_path).table()
    found = table.constant.get("acquired")
    assert found == (None if expected is None else np.datetime64(expected, "ns"))
    assert table.constant["software"] == "écran"


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_broken_exif_says_nothing(tmp_path, suffix):
    """A picture cannot be opened for a tag that nobody needs."""
    good = exif()
    for t in range(len(good) // 8):
        broken = bytearray(good)
        broken[8 * t : 8 * t + 4] = b"\xff\xfe\xfd\xfc"
        PICTURE.save(tmp_path / f"t{t:02d}.{suffix}", exif=bytes(broken))
    table = open_sequence(tmp_path).table()
    assert "error" not in table
    assert table.constant["shape"] == (4, 6)

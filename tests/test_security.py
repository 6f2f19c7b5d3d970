"""What SECURITY.md says of limits is what the code does."""

from pathlib import Path

from dask_fileseq.files import answers, fetching, limits
from dask_fileseq.grid import grid_axes
from dask_fileseq.patterns import backtracking

TEXT = (Path(__file__).parents[1] / "SECURITY.md").read_text("utf-8")


def test_limits_are_those_of_the_code():
    """A limit that is documented wrong is no promise."""
    for text in (
        f"less than {answers.SLOWEST} bytes a second | {answers.TIMEOUT:g} s |",
        f"| {len(fetching.PAUSES)}, within",
        f"| {limits.UNPACKED}, or {limits.RATIO} times",
        f"| {grid_axes.LONGEST:,} |",
        f"| {answers.UNSIZED // 2**30} GiB | download",
        "fileseq.unpacked-limit",
        f"| {backtracking.MOST} s; error |",
        f"1 s for each {answers.UPLOAD // 1024} KiB",
    ):
        assert text in TEXT

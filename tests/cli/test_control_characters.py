"""Names with characters that a terminal obeys are shown with escapes."""

import json
import logging
import os
import re
import warnings

import numpy as np
import pytest
import tifffile

from dask_fileseq import FileSequenceError, open_sequence
from tests.helpers.commands import invoke, settle

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no such names there")

HOSTILE = {
    "title": "\x1b]0;owned\x07",
    "colour": "\x1b[31m",
    "clear": "\x1b[2J",
    "line": "a\nall is well",
    "return": "a\rall is well",
    "tab": "a\tb",
    "delete": "\x7f\x9b31m",
    "override": "\u202egpj\u202c",
    "isolate": "\u2066gpj\u2069",
    "unseen": "a\u200bb\ufeff",
    "separator": "a\u2028b",
}

FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@pytest.fixture(params=HOSTILE)
def folder(request, tmp_path):
    """Write three images with such characters in their names, and a fourth that is none."""
    hostile = HOSTILE[request.param]
    folder = tmp_path / f"scan{hostile}"
    folder.mkdir()
    for t in range(3):
        tifffile.imwrite(folder / f"{hostile}_t{t}.tif", np.full((4, 3), t, "u1"))
    (folder / f"{hostile}_t4.tif").write_bytes(b"no image")
    settle(folder)
    return folder, hostile


def is_clean(text, hostile):
    """Return whether a text has nothing that a terminal obeys, and no line that a name ends."""
    return not FORBIDDEN.search(text) and not ("\n" in hostile and hostile in text)


def test_commands_print_escapes(folder):
    """A name would set the title of a terminal, or write a line that says that all is well."""
    folder, hostile = folder
    target = folder.parent / "out.zarr"
    for args in (
        ["show", folder],
        ["show", folder, "--pattern", r"_t(?P<t>\d)"],
        ["check", folder, "--pixels"],
        ["check", folder / "*_t[0-2].tif"],
        ["patterns", folder, "-v"],
        ["convert", folder, target],
        ["convert", folder, folder.parent / "filled.zarr", "--errors", "fill"],
        ["report", folder, "-o", folder.parent / "report.html"],
        ["show", folder / f"{hostile}x*.tif"],
    ):
        result = invoke(*args)
        assert is_clean(result.output, hostile), args[0]
        assert result.exception is None or isinstance(result.exception, SystemExit)


def test_json_is_exact(folder):
    """A program needs the names as they are."""
    folder, hostile = folder
    output = invoke("check", folder, "--json").output
    assert is_clean(output, hostile)
    (found,) = [f for f in json.loads(output)["findings"] if f["kind"] == "unreadable"]
    assert found["name"] == str(folder / f"{hostile}_t4.tif")


def test_texts_errors_and_logs_have_escapes(folder, caplog):
    """Logs are read in terminals, too."""
    folder, hostile = folder
    caplog.set_level(logging.DEBUG, logger="dask_fileseq")
    seq = open_sequence(folder, pattern=r"_t(?P<t>\d)")
    shown = [str(seq), repr(seq), seq.explain(), repr(seq.array())]
    shown += [line for line in seq.listing().split("\n") if "_t" in line]
    with pytest.raises(FileSequenceError) as caught:
        seq.asarray()
    shown.append(str(caught.value))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        seq.asarray(errors="fill")
    shown += [str(each.message) for each in warned]
    open_sequence(folder, unmatched="skip")
    shown += [record.getMessage() for record in caplog.records]
    for text in shown:
        assert is_clean(text, hostile)
    assert next(iter(seq)) == str(folder / f"{hostile}_t0.tif")


def test_colours_in_labels_are_escaped_on_a_terminal(tmp_path):
    """A name would colour all lines that follow."""
    for name in ("t1_\x1b[31mred", "t2_a", "t1_a"):
        tifffile.imwrite(tmp_path / f"{name}.tif", np.zeros((4, 3), "u1"))
    pattern = r"t(?P<t>\d)_(?P<label>.*)\.tif"
    result = invoke("check", tmp_path, "--pattern", pattern, color=True)
    assert r"\x1b[31mred" in result.stdout
    assert "\x1b[31mred)" not in result.stdout

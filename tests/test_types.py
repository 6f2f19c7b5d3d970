"""Options that are typed once, and what users see of them."""

import inspect

import pytest
import tifffile

import dask_fileseq
from dask_fileseq import FileSequence, TiffSequence
from dask_fileseq.types import ReadOptions, WriteOptions, split_options

READING = {"imreadargs", "chunkshape", "chunkdtype", "axestiled", "fillvalue", "errors"}
OPENING = {"pattern", "spacing", "unmatched", "duplicates", "table", "container", "series"}
WRITING = {"chunks", "shards", "codecs", "resume", "overwrite", "verify", "memory"}


def parameters(function):
    return inspect.signature(function).parameters


@pytest.mark.parametrize(
    "name",
    ["array", "to_dask_array", "asarray", "to_xarray", "aszarr", "write_fsspec"]
    + ["to_zarr", "to_ome_zarr"],
)
def test_help_shows_the_reading_options(name):
    """A notebook's tooltip shows ``**options``, and users guess."""
    method = getattr(FileSequence, name)
    shown = parameters(method)
    assert shown.keys() >= READING
    assert "options" not in shown
    assert all(shown[each].kind is inspect.Parameter.KEYWORD_ONLY for each in READING)
    documented = inspect.getdoc(method)
    assert all(each in documented for each in READING)


@pytest.mark.parametrize("name", ["to_zarr", "to_ome_zarr"])
def test_help_shows_the_writing_options(name):
    """The same for copies."""
    assert parameters(getattr(FileSequence, name)).keys() >= WRITING
    assert parameters(dask_fileseq.imread).keys() >= READING | {"files", "chunks"}


@pytest.mark.parametrize("name", ["FileSequence", "TiffSequence", "open_sequence", "imread"])
def test_help_shows_the_keywords_of_opening(name):
    """Nobody finds ``spacing`` in the documentation of another class."""
    function = getattr(dask_fileseq, name)
    shown = parameters(function)
    assert shown.keys() >= OPENING
    assert shown["kwargs"].kind is inspect.Parameter.VAR_KEYWORD
    documented = inspect.getdoc(function)
    assert all(each in documented for each in OPENING)
    is_tifffiles = name in ("FileSequence", "TiffSequence")
    assert shown["spacing"].default == ("unit" if is_tifffiles else "auto")
    assert shown["pattern"].default == (None if is_tifffiles else "infer")


def test_keywords_that_are_shown_do_what_they_did(tmp_path):
    """A default of the signature would win over what is given."""
    names = ["t10_b.tif", "t30_a.tif", "x.tif"]
    kwargs = {"pattern": "t{t:d}_{c}.tif", "unmatched": "skip", "axesorder": [1, 0]}
    assert dask_fileseq.open_sequence(names, **kwargs).shape == (2, 2)
    assert TiffSequence(names, **kwargs).shape == (2, 21)
    kwargs |= {"chunkshape": (2, 3), "chunkdtype": "u1", "spacing": "unit"}
    assert dask_fileseq.imread(names, **kwargs).shape == (2, 21, 2, 3)


@pytest.mark.parametrize("name", ["asarray", "__init__"])
def test_signatures_agree_with_tifffile(name):
    """A call that works with tifffile must work here, with the same defaults."""
    ours = parameters(getattr(FileSequence, name))
    theirs = dict(parameters(getattr(tifffile.FileSequence, name)))
    for parameter in theirs.values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        assert parameter.name in ours
        if name == "asarray" and parameter.name != "ioworkers":  # None is dask's default here
            assert ours[parameter.name].default == parameter.default, parameter.name


@pytest.mark.parametrize("method", ["to_dask_array", "to_xarray", "to_zarr", "array"])
def test_a_misspelt_option_is_named(method, tmp_path):
    """An option that nobody reads is taken, and nothing happens."""
    seq = TiffSequence(["a1.tif", "a2.tif"])
    arguments = [tmp_path / "target"] if method == "to_zarr" else []
    with pytest.raises(TypeError, match="chunkshpe"):
        getattr(seq, method)(*arguments, chunkshpe=(2, 3), chunkdtype="u1")


def test_options_are_checked_where_they_are_made():
    """A wrong option is found when a file is read, hours later."""
    with pytest.raises(ValueError, match="errors='skip'"):
        ReadOptions(errors="skip")
    with pytest.raises(ValueError, match="negative"):
        ReadOptions(chunkshape=(2, -3))
    assert ReadOptions(chunkshape=[2, 3], chunkdtype="u1").has_chunk
    assert not ReadOptions(chunkshape=(2, 3)).has_chunk


def test_options_are_split_by_type():
    """An argument of the reader is taken for one of the copy."""
    options = {"memory": 5, "errors": "fill", "is_ome": False}
    assert split_options(options, WriteOptions, ReadOptions) == [
        {"memory": 5},
        {"errors": "fill"},
        {"is_ome": False},
    ]

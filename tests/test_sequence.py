"""The drop-in: what tifffile's FileSequence and TiffSequence do, these do."""

import os
import pathlib
import pickle
import zipfile

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

import dask_fileseq
from dask_fileseq import (
    DuplicateError,
    FileSequence,
    NamesError,
    NoFilesError,
    TiffSequence,
    UnmatchedError,
    open_sequence,
    parse_filenames,
)

CLASSES = [
    (tifffile.FileSequence, FileSequence),
    (
        lambda imread, *args, **kwargs: tifffile.TiffSequence(*args, imread=imread, **kwargs),
        lambda imread, *args, **kwargs: TiffSequence(*args, imread=imread, **kwargs),
    ),
]


def read(name):
    return np.full((2, 3), len(name), "u1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Names in folders that natural and plain order tell apart."""
    folder = tmp_path_factory.mktemp("names")
    for sub in ("s1", "s2", "s10"):
        (folder / sub).mkdir()
        for t in (1, 2, 10):
            tifffile.imwrite(folder / sub / f"c1_t{t}.tif", np.full((4, 5), t, "u2"))
    (folder / "s1" / "notes.txt").write_text("no image")
    return folder


def outcome(make):
    """Return what a sequence says of itself, or the builtin type of its error."""
    try:
        seq = make()
    except Exception as error:
        return next(base for base in type(error).__mro__ if base.__module__ == "builtins")
    return {
        "list": list(seq),
        "dims": seq.dims,
        "axes": seq.axes,
        "shape": seq.shape,
        "indices": seq.indices,
        "missing": seq.files_missing,
        "common": seq.commonpath(),
        "len": len(seq),
        "slice": seq[1:3],
        "slice type": type(seq[:1]),
        "str": str(seq).replace("dask_fileseq", "tifffile"),
    }


ARGUMENTS = [
    {},
    {"sort": False},
    {"sort": True},
    {"sort": sorted},
    {"sort": lambda names: sorted(names, reverse=True)},
    {"pattern": r"s(?P<s>\d+).*_(t)(\d+)"},
    {"pattern": r"s(\d+).c(?P<c>\d+)_t(\d+)", "axesorder": [2, 0, 1]},
    {"pattern": r"_(c)?(\d)?_?(t)(\d+)"},
    {"pattern": "axes"},
    {"pattern": r"(nothing)(\d)"},
    {"pattern": r"s(?P<s>\d+).*_(t)(\d+)", "_shape": (11, 11)},
    {"pattern": r"s(?P<s>\d+).*_(t)(\d+)", "axesorder": [0]},
    {"parse": lambda names: (("a", "b"), (3, 3), list(np.ndindex(3, 3))[: len(names)], names)},
]


@pytest.mark.parametrize("kind", CLASSES, ids=["FileSequence", "TiffSequence"])
@pytest.mark.parametrize("kwargs", ARGUMENTS, ids=range(len(ARGUMENTS)))
@pytest.mark.parametrize("files", ["glob", "list", "paths", "one", "path", "generator"])
def test_as_in_tifffile(folder, kind, kwargs, files):
    """Code written for tifffile must see the same names, in the same order and cells."""
    names = [str(folder / f"s{s}" / f"c1_t{t}.tif") for s in (2, 10, 1) for t in (10, 1, 2)]

    def argument():
        return {
            "glob": str(folder / "*" / "*.tif"),
            "list": names,
            "paths": [pathlib.Path(name) for name in names],
            "one": names[0],
            "path": pathlib.Path(names[0]),
            "generator": (name for name in names),
        }[files]

    theirs, ours = (outcome(lambda make=make: make(read, argument(), **kwargs)) for make in kind)
    if theirs is TypeError and files == "paths":
        return  # tifffile sorts no paths
    if tifffile.__version__ < "2026.4":
        if theirs is ValueError and "_shape" in kwargs:
            return  # older releases refuse more room than needed,
        if isinstance(theirs, dict) and len(set(theirs["indices"])) < len(theirs["indices"]):
            theirs = ValueError  # and let one file overwrite another
    assert ours == theirs


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: FileSequence(read, []), NoFilesError),
        (lambda: FileSequence(read, "nowhere/*.tif"), NoFilesError),
        (lambda: TiffSequence(""), NoFilesError),
        (lambda: FileSequence(None, ["a"]), TypeError),
        (lambda: FileSequence(read, 5), TypeError),
        (lambda: FileSequence(read, ["a", 5]), TypeError),
        (lambda: FileSequence(read, [b"a"]), TypeError),
        (lambda: FileSequence(read, b"a"), TypeError),
        (lambda: FileSequence(read, ["a"], container=5), ValueError),
        (lambda: FileSequence(read, ["a1"], pattern=5), NamesError),
        (lambda: FileSequence(read, ["a1"], pattern="("), NamesError),
        (lambda: FileSequence(read, ["a1"], pattern=r"\d"), NamesError),
        (lambda: FileSequence(read, ["a1"], patern=r"(\d)"), TypeError),
        (lambda: FileSequence(read, ["a1"], axesorder=[0]), NamesError),
        (lambda: FileSequence(read, ["a1"], identity="md5"), NamesError),
        (lambda: FileSequence(read, ["a1"], unmatched="drop"), NamesError),
        (lambda: FileSequence(read, ["a1"], duplicates="keep"), NamesError),
        (lambda: FileSequence(read, ["a1"], spacing="even"), NamesError),
        (lambda: FileSequence(read, ["a1"], sort=lambda names: []), NoFilesError),
    ],
)
def test_mistakes_are_one_sentence(make, error):
    """A traceback from inside says nothing to a user."""
    with pytest.raises(error) as caught:
        make()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) > 10


@pytest.mark.parametrize("files", [{"file": ["a1.tif", "a2.tif"]}, [""], "a\0b"])
def test_what_is_no_list_of_names_is_refused(files):
    """The titles of columns would be names of files, or an error come from inside."""
    with pytest.raises((TypeError, NamesError), match=r"^files"):
        open_sequence(files)


def test_streams_are_refused():
    """Workers could not open them."""
    import io

    with pytest.raises(TypeError, match="streams"):
        TiffSequence(io.BytesIO(b"II*\0"))


def test_words_are_indices_and_labels(folder):
    """`DAPI` must not need a hand-written number, nor lose its name."""
    names = [f"{c}_{t}.tif" for c in ("DAPI", "GFP", "TxRed") for t in (10, 20)]
    pattern = r"(?P<channel>[A-Za-z]+)_(?P<t>\d+)"
    seq = TiffSequence(names, pattern=pattern, spacing="step")
    assert (seq.shape, seq.dims) == ((3, 2), ("channel", "t"))
    assert seq.coords["channel"].tolist() == ["DAPI", "GFP", "TxRed"]
    assert seq.coords["t"].tolist() == [10, 20]
    assert TiffSequence(names, pattern=pattern).shape == (3, 11)
    assert TiffSequence(names, pattern=pattern, spacing="values").shape == (3, 2)


@pytest.mark.parametrize("parse", [tifffile.parse_filenames, None])
@pytest.mark.parametrize("kwargs", [{}, {"pattern": None}, {"pattern": r"_(?P<t>\d)"}])
def test_parse_filenames_as_parse_is_tifffiles(parse, kwargs):
    """The axis of files in a row has another name, if the function is given."""
    names = ["a_1.tif", "a_2.tif"]
    expected = tifffile.FileSequence(read, names, parse=parse, **kwargs)
    own = parse if parse is None else parse_filenames
    for seq in (
        FileSequence(read, names, parse=own, **kwargs),
        TiffSequence(names, parse=own, **kwargs),
    ):
        assert (seq.dims, seq.axes, seq.shape) == (expected.dims, expected.axes, expected.shape)
        assert seq.indices == expected.indices
    if parse is not None and not kwargs:
        assert open_sequence(names, parse=own).dims == ("I",)
    with pytest.raises(ValueError, match="pattern"):
        FileSequence(read, names, parse=parse_filenames, pattern="")


def test_two_files_for_a_cell_are_named():
    """One would overwrite the other, silently."""
    names = ["a_1.tif", "b_1.tif", "a_2.tif"]
    with pytest.raises(DuplicateError, match=r"'a_1\.tif'.*'b_1\.tif'"):
        TiffSequence(names, pattern=r"_(?P<t>\d)")
    first = TiffSequence(names, pattern=r"_(?P<t>\d)", duplicates="first")
    last = TiffSequence(names, pattern=r"_(?P<t>\d)", duplicates="last")
    assert sorted(first) == ["a_1.tif", "a_2.tif"]
    assert sorted(last) == ["a_2.tif", "b_1.tif"]
    assert first.duplicates == (("b_1.tif", "a_1.tif"),)
    assert last.duplicates == (("a_1.tif", "b_1.tif"),)


def test_unmatched_names_are_counted_or_skipped():
    """A thumbnail in the folder must neither pass for an image nor go unseen."""
    names = ["t1.tif", "thumb.tif", "t2.tif"]
    with pytest.raises(UnmatchedError, match=r"1 of 3.*'thumb\.tif'.*unmatched='skip'"):
        TiffSequence(names, pattern=r"t(?P<t>\d)")
    seq = TiffSequence(names, pattern=r"t(?P<t>\d)", unmatched="skip")
    assert list(seq) == ["t1.tif", "t2.tif"]
    assert seq.unmatched == ("thumb.tif",)


def test_folders_stand_for_their_images(folder):
    """Point it at a folder and go."""
    seq = TiffSequence(folder / "s1")
    assert [os.path.basename(name) for name in TiffSequence(str(folder / "s1"))] == [
        "c1_t1.tif",
        "c1_t2.tif",
        "c1_t10.tif",
    ]
    assert list(dask_fileseq.open_sequence(str(folder / "s1"))) == list(
        TiffSequence(str(folder / "s1"))
    )
    assert list(seq) == list(TiffSequence(str(folder / "s1")))
    assert list(TiffSequence(folder)) == list(TiffSequence(str(folder / "**" / "*.tif")))
    assert len(TiffSequence(folder)) == 9


def test_a_name_with_brackets_is_a_file(tmp_path):
    """`img[1].tif` is no pattern where it exists."""
    name = str(tmp_path / "img[1].tif")
    tifffile.imwrite(name, np.zeros((2, 2)))
    assert list(TiffSequence(name)) == [name]


def test_default_files(folder, monkeypatch):
    """None is what tifffile takes it for."""
    monkeypatch.chdir(folder / "s1")
    assert len(TiffSequence()) == 3
    assert len(FileSequence(read, None)) == 4


def test_context_manager(folder):
    """As in tifffile."""
    with TiffSequence(str(folder / "s1")) as seq:
        assert repr(seq) == "<TiffSequence 3 files, sequence 3>"
    seq.close()
    assert seq.files == list(seq)
    assert isinstance(seq.imread(seq[0]), np.ndarray)
    assert seq.index(seq[1]) == 1
    assert seq[-1] in seq


def test_repr_is_one_line_of_what_it_is():
    """An address in memory tells nothing."""
    names = ["t1_a", "t1_b", "t2_a", "t3_b"]
    seq = FileSequence(read, names, pattern="t{time:d}_{channel}")
    assert repr(seq) == "<FileSequence 4 of 6 files, time 3, channel 2>"
    assert repr(seq.sel(channel="b")) == "<FileSequence 2 of 3 files, time 3>"
    assert repr(seq.isel(time=0, channel=0)) == "<FileSequence 1 file>"
    repeated = FileSequence(read, ["1_1", "1_2"], pattern=r"(\d)_(\d)")
    assert repr(repeated) == "<FileSequence 2 files, Q_0 1, Q_1 2>"
    assert repr(TiffSequence(["x"] * 2000)) == "<TiffSequence 2,000 files, sequence 2,000>"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("zip") / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("exp") if hasattr(archive, "mkdir") else None
        for t in (1, 2, 10):
            buffer = archive.open(f"exp/t{t}.tif", "w")
            with buffer:
                import io

                content = io.BytesIO()
                tifffile.imwrite(content, np.full((4, 5), t, "u2"))
                buffer.write(content.getvalue())
        archive.writestr("exp/notes.txt", "no image")
    return path


@pytest.mark.parametrize("how", ["str", "path", "open", "nameless"])
def test_zip_archives(archive, how):
    """As tifffile reads them, but they pickle and go to other processes."""
    import io

    container = {
        "str": lambda: str(archive),
        "path": lambda: archive,
        "open": lambda: zipfile.ZipFile(archive),
        "nameless": lambda: zipfile.ZipFile(io.BytesIO(archive.read_bytes())),
    }[how]
    theirs = tifffile.TiffSequence("exp/*.tif", container=container(), pattern=r"t(?P<t>\d+)")
    ours = TiffSequence("exp/*.tif", container=container(), pattern=r"t(?P<t>\d+)")
    with theirs, ours:
        assert list(ours) == list(theirs) == ["exp/t1.tif", "exp/t2.tif", "exp/t10.tif"]
        assert (ours.shape, ours.dims) == (theirs.shape, theirs.dims) == ((10,), ("t",))
        np.testing.assert_array_equal(ours.imread(ours[2]), theirs.imread(theirs[2]))
        expected = np.zeros((10, 4, 5), "u2")
        for i in (1, 2, 10):
            expected[i - 1] = i
        np.testing.assert_array_equal(ours.asarray(), expected)
        if how == "nameless":
            with pytest.raises(TypeError, match="container="):
                pickle.dumps(ours)
        else:
            again = pickle.loads(pickle.dumps(ours))
            np.testing.assert_array_equal(again.asarray(), expected)
            again.close()
    x = ours.to_dask_array() if how != "nameless" else None
    if x is not None:  # an array outlives the sequence: it opens the archive again
        np.testing.assert_array_equal(x.compute(), expected)
        ours.close()


def test_members_are_opened_one_by_one(archive):
    """An archive of 100 GB must not be read for one member."""
    seq = TiffSequence("exp/*.tif", container=archive)
    with pytest.raises(FileNotFoundError, match="gone"):
        TiffSequence(["exp/gone.tif"], container=archive).asarray()
    with pytest.raises(NoFilesError):
        TiffSequence("*.png", container=archive)
    with pytest.raises(FileNotFoundError):
        TiffSequence("*.tif", container="nowhere.zip")
    assert "a.zip" in str(seq)
    seq.close()


TEXTS = st.characters(exclude_characters=":")  # URLs would be asked for


@given(st.lists(st.text(TEXTS, min_size=1, max_size=12), min_size=1, max_size=30))
def test_any_names_pickle(names):
    """Names come in any script, with surrogates, and even with NULs."""
    seq = FileSequence(read, names)
    again = pickle.loads(pickle.dumps(seq))
    assert list(again) == names
    assert again.dims == seq.dims
    assert token(again) == token(seq)


def token(seq):
    """Return what identifies the array of a sequence whose files do not exist."""
    return seq.array(chunkshape=(2, 3), chunkdtype="u1").token


@given(st.lists(st.text(TEXTS, min_size=1, max_size=8), min_size=2, max_size=6, unique=True))
def test_digests_tell_names_apart(names):
    """Joined names must not be taken for others: a name with a NUL is not two."""
    first = token(FileSequence(read, names))
    assert first != token(FileSequence(read, names[::-1]))
    assert first != token(FileSequence(read, names[:-1]))
    assert first != token(FileSequence(read, [names[0] + names[1], *names[2:], "x"]))


def test_chunk_dims_that_the_grid_bears_are_told_apart():
    """Two dimensions of one name are an error in xarray."""
    seq = FileSequence(read, ["y1", "y2"], pattern=r"(y)(\d)")
    assert seq.array().dims == ("y", "y_chunk", "x")
    twice = FileSequence(read, ["1_1", "1_2"], pattern=r"(\d)_(\d)")
    assert twice.dims == ("Q", "Q")
    assert tuple(twice.coords) == ("Q_0", "Q_1")
    assert twice.array().dims == ("Q_0", "Q_1", "y", "x")


def test_open_sequence_chooses_the_reader(tmp_path):
    """A folder of PNG files must not be read as TIFF."""
    import imagecodecs

    for i in range(3):
        content = imagecodecs.png_encode(np.full((4, 5), i, "u1"))
        (tmp_path / f"a{i}.PNG").write_bytes(content)
        np.save(tmp_path / f"b{i}.npy", np.full((2, 2), i, "f4"))
    x = dask_fileseq.imread(str(tmp_path / "*.PNG"), pattern=r"a(?P<a>\d)")
    assert x.compute()[:, 0, 0].tolist() == [0, 1, 2]
    y = dask_fileseq.imread(sorted(tmp_path.glob("*.npy")), chunks=-1)
    assert y.npartitions == 1
    assert y.compute()[:, 0, 0].tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="does not fit"):
        dask_fileseq.imread(str(tmp_path / "*.*"), pattern=None).compute()
    with pytest.raises(ValueError, match="2 makes of names"):
        dask_fileseq.imread(str(tmp_path / "*.*"))


def test_open_sequence_takes_the_evident_step():
    """10000, 20000, 30000 are three times, not 20,001."""
    names = [f"t{t}.tif" for t in (10000, 20000, 30000)]
    seq = dask_fileseq.open_sequence(names, pattern=r"t(?P<t>\d+)")
    assert seq.shape == (3,)
    assert seq.coords["t"].tolist() == [10000, 20000, 30000]
    assert TiffSequence(names, pattern=r"t(?P<t>\d+)").shape == (20001,)


@pytest.mark.parametrize("method", ["array", "to_dask_array", "to_xarray", "aszarr", "to_zarr"])
def test_misspelt_keywords_of_methods_are_named(tmp_path, method):
    """The error is about a class that users do not know."""
    tifffile.imwrite(tmp_path / "t0.tif", np.zeros((4, 6), "u1"))
    seq = open_sequence(tmp_path)
    with pytest.raises(TypeError, match=r"unexpected keyword arguments?:? '?filvalue"):
        getattr(seq, method)(*([tmp_path / "out"] if method == "to_zarr" else []), filvalue=3)

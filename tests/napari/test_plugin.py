"""What napari learns of the package without opening anything."""

from importlib import resources

import yaml

from dask_fileseq.napari import get_reader
from dask_fileseq.readers import count, read_by_suffix


def test_the_manifest_lists_the_suffixes_of_all_readers():
    """An image that the package reads would never be offered to it."""
    text = resources.files("dask_fileseq.napari").joinpath("napari.yaml").read_text("utf-8")
    (reader,) = yaml.safe_load(text)["contributions"]["readers"]
    suffixes = [f"*{suffix}" for group in read_by_suffix.suffixes for suffix in group]
    assert reader["filename_patterns"] == suffixes
    assert reader["accepts_directories"]


def test_only_images_are_accepted_and_none_is_read(tmp_path):
    """Another plugin would not get its turn, or each dropped folder would take long."""
    for name in ("scan/well A01/t0.TIF", "text/a.txt", "empty/.t0.tif", "copy/a.ome.zarr/t0.tif"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.touch()
    with count() as read:
        for name in ("scan", "scan/well A01", "scan/*/*.tif", "scan/well A01/t0.TIF"):
            assert get_reader(str(tmp_path / name)), name
        for name in ("text", "empty", "copy", "copy/a.ome.zarr", "text/a.txt", "nothing"):
            assert get_reader(str(tmp_path / name)) is None, name
        assert get_reader(["t0.tif", "t1.tif"])
        assert get_reader([str(tmp_path / "scan")])
        for names in ([], ["t0.tif", "a.txt"], [str(tmp_path / "scan"), "t0.tif"]):
            assert get_reader(names) is None, names
    assert read.files == 0


def test_a_folder_of_very_many_other_files_is_refused_soon(tmp_path, monkeypatch):
    """To list a million files takes seconds."""
    monkeypatch.setattr("dask_fileseq.files.finding.MOST_ENTRIES", 3)
    for i in range(4):
        (tmp_path / f"{i}.txt").touch()
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "t0.tif").touch()
    assert get_reader(str(tmp_path)) is None

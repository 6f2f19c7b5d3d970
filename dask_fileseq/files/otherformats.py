"""Formats that this package does not read, and the packages that do."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Sequence

_READERS = (
    (".nd2", "nd2.imread", "nd2"),
    (".czi", "czifile.imread", "czifile"),
    (".lif", "liffile.imread", "liffile"),
    (".oib .oif", "oiffile.imread", "oiffile"),
    (".oir .vsi .dv", "lambda file: bioio.BioImage(file).data", "bioio bioio-bioformats"),
    (".ims .h5 .hdf5", "lambda file: h5py.File(file)['name of the dataset'][()]", "h5py"),
    (".nc", "lambda file: xarray.open_dataset(file)['name of the variable'].values", "xarray"),
    (".mrc", "mrcfile.read", "mrcfile"),
    (".dm3 .dm4", "lambda file: ncempy.io.dm.dmReader(file)['data']", "ncempy"),
    (".dcm", "lambda file: pydicom.dcmread(file).pixel_array", "pydicom"),
    (".nii .nii.gz", "lambda file: nibabel.load(file).get_fdata()", "nibabel"),
    (
        ".mha .mhd .nrrd",
        "lambda file: SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(file))",
        "SimpleITK",
    ),
    (".fits", "astropy.io.fits.getdata", "astropy"),
    (".exr", "imageio.v3.imread", "imageio"),
    (".mp4 .avi", "imageio.v3.imread", "imageio[pyav]"),
)

OTHER_READERS = {
    suffix: (imread, package)
    for suffixes, imread, package in _READERS
    for suffix in suffixes.split()
}
"""For suffixes of files, an argument `imread` that reads them, and what pip installs for it."""


def other_suffix(name: str) -> str:
    """Return the suffix of a file that only another package reads; empty if there is none.

    >>> other_suffix("brain.NII.GZ"), other_suffix("t1.tif")
    ('.nii.gz', '')
    """
    return next((s for s in OTHER_READERS if name.lower().endswith(s)), "")


def how_to_read(suffix: str) -> str:
    """Return what reads files with a suffix.

    >>> how_to_read(".nd2")
    'imread=nd2.imread reads .nd2 files (pip install nd2)'
    """
    imread, package = OTHER_READERS[suffix]
    return f"imread={imread} reads {suffix} files (pip install {package})"


def other_files_hint(folder: str, names: Sequence[str]) -> str:
    """Return how to open the files in a folder that another package reads; empty if none are there.

    >>> other_files_hint("exp", ["exp/a.nd2", "exp/b.nd2", "exp/notes.txt"])
    "; imread=nd2.imread reads .nd2 files (pip install nd2), and 'exp/*.nd2' names the 2 of them"
    """
    counts = Counter(filter(None, map(other_suffix, names)))
    if not counts:
        return ""
    suffix, count = counts.most_common(1)[0]
    folder = os.path.normpath(folder)
    is_inside = any(os.path.normpath(os.path.dirname(name)) == folder for name in names)
    pattern = os.path.join(glob.escape(folder), "*" if is_inside else os.path.join("**", "*"))
    return f"; {how_to_read(suffix)}, and {pattern + suffix!r} names the {count:,} of them"

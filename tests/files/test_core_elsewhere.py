"""The core's own tests, with the same files in archives and on servers.

These are the very functions of the other modules; only the fixtures that say where the
files are stand here.
"""

import pickle
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import PATTERN
from tests.corpus import write_corpus
from tests.elsewhere import KINDS
from tests.readers import test_regions_of_files as regions
from tests.readers.test_regions_of_files import (  # noqa: F401
    test_arguments_of_imread,
    test_decoding_in_threads,
    test_dims,
    test_plain_function_reads_the_same,
    test_spec_equals_itself,
    test_tiles,
    test_unknown_argument,
    test_whole_file_and_spec,
)
from tests.test_collection import (  # noqa: F401
    test_compute_is_asarray,
    test_lazy_array_computes,
    test_protocol,
)
from tests.test_graph import (  # noqa: F401
    test_a_slice_reads_its_files_and_tiles_only,
    test_array_is_one_symbolic_layer,
    test_as_many_read_tasks_as_files_touched,
    test_axestiled_places_blocks,
)

test_any_region_of_any_kind = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)(given(data=st.data())(regions.test_any_region_of_any_kind.hypothesis.inner_test))


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def opened(kind, acquisition, put_files):
    folder, array = acquisition
    return put_files(folder, kind).sequence(pattern=PATTERN), array


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def images(written):
    return {name: tifffile.imread(path) for name, path in written.items()}


@pytest.fixture(scope="module")
def contents(written):
    return {name: Path(path).read_bytes() for name, path in written.items()}


class Handles(dict):
    """Open handles on the corpus by the names of its kinds, each from its start."""

    def __getitem__(self, name):
        handle = super().__getitem__(name)
        handle.seek(0)
        return handle

    def items(self):
        return ((name, self[name]) for name in self)


@pytest.fixture(scope="module")
def corpus(kind, written, put_files):
    paths = {name: Path(path) for name, path in written.items()}
    place = put_files(next(iter(paths.values())).parent, kind)
    with ExitStack() as stack:
        yield Handles(
            {name: stack.enter_context(place.open(path.name)) for name, path in paths.items()}
        )


def test_zarr_opens_it(opened):
    """`aszarr` over archives and servers is `asarray`, for zarr, dask and xarray."""
    zarr = pytest.importorskip("zarr")
    import dask.array as da

    seq, _ = opened
    for axestiled in (None, {0: 0}):
        store = pickle.loads(pickle.dumps(seq.aszarr(axestiled=axestiled)))
        expected = seq.asarray(axestiled=axestiled)
        z = zarr.open_array(store, mode="r")
        np.testing.assert_array_equal(z[...], expected)
        np.testing.assert_array_equal(z[..., 5:9, 3], expected[..., 5:9, 3])
        np.testing.assert_array_equal(da.from_zarr(store)[-1].compute(), expected[-1])


def test_xarray_opens_it(opened, kind, acquisition, put_files):
    """By a sequence, and by its engine, which takes the same keywords."""
    xr = pytest.importorskip("xarray")
    seq, array = opened
    np.testing.assert_array_equal(seq.to_xarray()[1, :, 0].values, array[1, :, 0])
    place = put_files(acquisition[0], kind)
    ds = xr.open_dataset(place.prefix + "*.tif", engine="fileseq", pattern=PATTERN, **place.options)
    np.testing.assert_array_equal(ds.image.sel(channel="DAPI")[:, 0, 5:9], array[:, 0, 0, 5:9])
    ds = xr.open_dataset(
        place.prefix + "*.tif", engine="fileseq", pattern=PATTERN, chunks={}, **place.options
    )
    np.testing.assert_array_equal(ds.image.max("z").values, array.max(axis=2))

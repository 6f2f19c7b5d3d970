"""The core's own tests, with the same files in archives and on servers.

These are the very functions of the other modules; only the fixtures that say where the
files are stand here.
"""

from contextlib import ExitStack
from pathlib import Path

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

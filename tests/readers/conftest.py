from __future__ import annotations

import pytest

from tests.corpus import write_corpus


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Paths of one file of each kind, by the names of the kinds."""
    return write_corpus(tmp_path_factory.mktemp("corpus"))

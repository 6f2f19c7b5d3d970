from __future__ import annotations

import pytest

from dask_fileseq.readers.tiff import inspecting, provenreads
from dask_fileseq.readers.tiff.registry import Registry
from tests.helpers.corpus import write_corpus


@pytest.fixture(autouse=True)
def cold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin each test as a new process does: nothing is proven yet."""
    proofs = Registry()
    monkeypatch.setattr(provenreads, "PROOFS", proofs)
    monkeypatch.setattr(inspecting, "PROOFS", proofs)


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try to prove every signature."""
    monkeypatch.setattr(Registry, "is_worth_a_proof", lambda registry: True)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Paths of one file of each kind, by the names of the kinds."""
    return write_corpus(tmp_path_factory.mktemp("corpus"))

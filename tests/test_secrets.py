"""Credentials in URLs and options are shown and recorded nowhere."""

import io
import logging
import traceback
import warnings

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from dask_fileseq import FileSequenceError, open_sequence
from dask_fileseq.check import check_files
from dask_fileseq.cli import fileseq
from dask_fileseq.plaintext import public_text, without_secrets
from tests.helpers.servers.process import Server

SECRET = "h7Pz93secretQx"

FORMS = {
    "user": "{scheme}://me:{secret}@{host}/{name}",
    "password with signs": "{scheme}://me:{secret}@:@{host}/{name}",
    "signed": "{scheme}://{host}/{name}?X-Amz-Date=2020&X-Amz-Signature={secret}&part=2",
    "shared": "{scheme}://{host}/{name}?sv=2020&sig={secret}",
    "token": "{scheme}://{host}/{name}?page=1&access_token={secret}",
    "key": "{scheme}://{host}/{name}?api_key={secret}",
}


def url(form, host, name, secret=SECRET, scheme="http"):
    return FORMS[form].format(scheme=scheme, host=host, name=name, secret=secret)


@given(
    st.sampled_from(sorted(FORMS)),
    st.text("abcXYZ019%+-_.~", min_size=6, max_size=30),
    st.sampled_from(["http", "s3", "sftp", "simplecache::https"]),
    st.sampled_from(["{}", "cannot read {!r}: gone", "<code>{}</code>", '{{"url": "{}"}}', "{}\n"]),
)
def test_no_form_of_a_secret_is_left(form, secret, scheme, around):
    """A form that is overlooked would be in every log."""
    secret = f"#{secret}".replace("#", "k")
    text = around.format(url(form, "host.example", "t1.tif", secret, scheme))
    shown = without_secrets(text)
    assert secret not in shown
    assert "host.example/t1.tif" in shown
    assert without_secrets(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "what is it?",
        "s3://bucket/t?.tif is a pattern",
        "https://host/wms?time=2020&layer=3",
        "/data/ann@home/t1.tif?key=1",
        "a?sig=b",
    ],
)
def test_other_texts_stay(text):
    """Names that are shown must be those of the files."""
    assert public_text(text) == text


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secrets")
    for t in range(3):
        tifffile.imwrite(folder / f"t{t}.tif", np.full((20, 30), t, "u2"))
    (folder / "t7.tif").write_bytes(b"no image")
    with Server("hostile", str(folder)) as server:
        yield server.url.removeprefix("http://")


def opened(host, form, numbers=(0, 1, 2), **kwargs):
    """Open files whose URLs contain secrets that differ, with another one in the options."""
    urls = [url(form, host, f"good/t{t}.tif", f"{SECRET}{t}") for t in numbers]
    options = {"headers": {"X-Key": SECRET}}
    return open_sequence(urls, pattern=r"(?P<t>\d)\.tif", storage_options=options, **kwargs)


def texts(seq, folder):
    """Yield all that is shown, and recorded, of a sequence."""
    array, dask_array, labelled = seq.array(), seq.to_dask_array(), seq.to_xarray()
    yield from (repr(seq), str(seq), seq._repr_html_(), seq.listing(), seq.explain())
    yield from (seq.location, repr(seq.source), str(seq.source), repr(seq.grid), repr(seq.pattern))
    yield from (repr(array), repr(seq.coords), repr(seq.aszarr()))
    yield from (repr(dask_array), dask_array._repr_html_(), repr(dict(dask_array.dask)))
    yield from (repr(labelled), labelled._repr_html_(), repr(labelled.attrs))
    yield repr(labelled.encoding)
    yield repr(dict(seq.table()))
    yield repr(seq.check(pixels=True))
    for name in ("to_zarr", "to_ome_zarr"):
        yield repr(getattr(seq, name)(folder / name))
    seq.write_fsspec(folder / "references.json")
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes().decode("latin1")


@pytest.mark.network
@pytest.mark.parametrize("form", FORMS)
def test_nothing_shows_a_secret(tmp_path, served, caplog, form):
    """A notebook, a log or a manifest that is shared would hand over the account."""
    caplog.set_level(logging.DEBUG, logger="dask_fileseq")
    seq = opened(served, form)
    for text in texts(seq, tmp_path):
        assert SECRET not in text
    assert SECRET not in "".join(r.getMessage() for r in caplog.records if "fileseq" in r.name)
    assert seq.asarray()[:, 0, 0].tolist() == [0, 1, 2]
    assert SECRET in seq[0]  # which is what opens the file


@pytest.mark.network
@pytest.mark.parametrize("form", FORMS)
def test_no_error_shows_a_secret(served, form):
    """The first thing that is pasted into an issue is the error."""
    seen = []
    for numbers in ((0, 1, 9), (0, 1, 7), (9, 1), (1, 1)):
        for read in (
            lambda numbers=numbers: opened(served, form, numbers).asarray(),
            lambda numbers=numbers: opened(served, form, numbers).to_zarr("memory://x/t.zarr"),
        ):
            with pytest.raises(FileSequenceError) as caught:
                read()
            seen += [str(caught.value), repr(caught.value)]
            seen += map(str, traceback.TracebackException.from_exception(caught.value).format())
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        opened(served, form, (0, 1, 9)).asarray(errors="fill")
    seen += [str(each.message) for each in warned]
    seen += [repr(found) for found in opened(served, form, (0, 1, 7, 9)).check()]
    source = ("secret=SECRET", "FORMS[form]")
    assert not [s for s in seen if SECRET in s and not any(line in s for line in source)]
    assert any("t9.tif" in text for text in seen)


@pytest.mark.network
def test_commands_show_no_secret(tmp_path, served, capfd):
    """What a cluster's log keeps of a job."""
    urls = [url("user", served, f"good/t{t}.tif") for t in range(3)]
    for args in (
        ["show", *urls],
        ["show", *urls, "--json"],
        ["show", urls[0], "--json"],
        ["show", url("signed", served, "good/t1.tif"), "--json"],
        ["convert", *urls, "--dry-run", str(tmp_path / "out.zarr"), "--json"],
        ["check", *urls, "--pixels"],
        ["check", *urls, url("user", served, "good/t9.tif"), "--json"],
        ["patterns", *urls, "-v"],
        ["convert", *urls, str(tmp_path / "out.zarr")],
        ["report", *urls, "-o", str(tmp_path / "report.html")],
    ):
        fileseq.main(args, standalone_mode=False)
    out, err = capfd.readouterr()
    assert "t0.tif" in out
    assert "t9.tif" in out
    assert SECRET not in out + err + (tmp_path / "report.html").read_text("utf-8")


def test_options_for_a_path_are_refused_without_their_values(tmp_path):
    """The key of an account would be in the first line of the traceback."""
    tifffile.imwrite(tmp_path / "t1.tif", np.zeros((4, 4)))
    options = {"key": "me", "secret": SECRET}
    with pytest.raises(ValueError, match="'key', 'secret'") as caught:
        open_sequence(tmp_path).to_zarr(tmp_path / "out.zarr", storage_options=options)
    assert SECRET not in str(caught.value)
    with pytest.raises(FileSequenceError) as caught:
        open_sequence(["nobody://h/t1.tif", "s3://b/t1.tif"], storage_options={"x": [SECRET]})
    assert SECRET not in str(caught.value)


@pytest.mark.network
def test_archives_show_no_secret(tmp_path, served):
    """The URL of an archive is in the text of its sequence."""
    container = url("user", served, "good/all.zip")
    with pytest.raises(FileSequenceError) as caught:
        open_sequence("*.tif", container=container)
    assert SECRET not in "".join(traceback.TracebackException.from_exception(caught.value).format())
    assert "good/all.zip" in str(caught.value)


def test_findings_are_the_same_without_secrets(tmp_path):
    """Names of local files must stay as they are."""
    tifffile.imwrite(tmp_path / "t1@2?sig=3.tif", np.zeros((4, 4)))
    (tmp_path / "t2@2?sig=3.tif").write_bytes(b"")
    seq = open_sequence(tmp_path)
    (found,) = check_files(seq.grid, seq.source, seq.reader)
    assert found.name == str(tmp_path / "t2@2?sig=3.tif")
    assert io.StringIO(seq.listing()).read().count("sig=3") == 2


@pytest.mark.network
@pytest.mark.parametrize("target", [f"s3://me:{SECRET}@b/x.zarr", "s3://no_such_bucket/x.zarr"])
def test_what_a_library_says_of_a_target_has_no_secret(tmp_path, target):
    """Botocore takes user and password for a part of the bucket's name, and shows it."""
    tifffile.imwrite(tmp_path / "t1.tif", np.zeros((4, 4)))
    place = {"endpoint_url": "http://127.0.0.1:9", "client_kwargs": {"region_name": SECRET}}
    options = {"key": "me", "secret": SECRET, "timeout": 1, **place}
    with pytest.raises(FileSequenceError, match="cannot write s3://") as caught:
        open_sequence([tmp_path / "t1.tif"]).to_zarr(target, storage_options=options)
    assert SECRET not in f"{caught.value} {caught.value.__cause__}"

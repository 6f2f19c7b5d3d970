"""A folder of files, put elsewhere: into archives and on servers, for any test of files.

``put(folder, kind, into, servers)`` returns a `Place`, from which the same files open.
"""

from __future__ import annotations

import os
import tarfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dask_fileseq import TiffSequence
from dask_fileseq.files import open_source

KINDS = ("stored", "deflated", "tar", "tar.gz", "http", "s3", "zip on s3")
"""Where files can be put, beside a folder."""

REMOTE = frozenset({"http", "s3", "zip on s3"})
"""Places on servers."""

WHOLE_CORE = ("deflated", "tar", "http", "s3")
"""Where all tests of the core run; in the other places archives are opened otherwise."""


@dataclass(frozen=True)
class Place:
    """Where files are."""

    prefix: str
    """What stands before their names."""
    options: dict[str, Any] = field(default_factory=dict)
    """Keywords that open them."""

    def sequence(self, files="*.tif", cls=TiffSequence, **kwargs):
        """Open files here."""
        if not isinstance(files, str):
            return cls([self.prefix + name for name in files], **self.options, **kwargs)
        return cls(self.prefix + files, **self.options, **kwargs)

    def open(self, name):
        """Return a context with a handle on a file here, as readers get it."""
        options = dict(self.options)
        source = open_source(options.pop("container", None), self.prefix + name, **options)
        return source.open(self.prefix + name)


def put(folder, kind, into, web=None, s3=None):
    """Put the files of a folder elsewhere, as `kind` says, and return the place."""
    into = Path(into)
    if kind == "folder":
        return Place(f"{folder}/")
    if kind in ("stored", "deflated"):
        return Place("exp/", {"container": packed(folder, into / f"{kind}.zip")})
    if kind.startswith("tar"):
        return Place("exp/", {"container": packed(folder, into / f"files.{kind}")})
    if kind == "http":
        return Place(f"{web.url}/{Path(folder).name}/")
    options = {"storage_options": s3_options(s3)}
    if kind == "s3":
        return Place(f"s3://{upload(s3, folder)}/", options)
    path = packed(folder, into / "deflated.zip")
    bucket = upload(s3, path)
    return Place("exp/", {"container": f"s3://{bucket}/{path.name}", **options})


def packed(folder, path):
    """Pack the files of a folder into an archive, as members of a folder ``exp``."""
    names = sorted(os.listdir(folder))
    if path.suffix == ".zip":
        stored = path.stem.startswith("stored")
        method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(path, "w", method) as archive:
            for name in names:
                archive.write(os.path.join(folder, name), f"exp/{name}")
    else:
        mode = "w:" + path.suffix.removeprefix(".").replace("tar", "")
        with tarfile.open(path, mode) as archive:
            for name in names:
                archive.add(os.path.join(folder, name), f"exp/{name}")
    return path


def s3_options(s3):
    """Return the storage_options of an S3 server."""
    return {"key": "testing", "secret": "testing", "client_kwargs": {"endpoint_url": s3.url}}


def s3_client(s3):
    """Return a client of boto3 for an S3 server."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=s3.url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def upload(s3, path):
    """Upload a file, or the files of a folder, and return the bucket, made for them."""
    client = s3_client(s3)
    path = Path(path)
    buckets = len(client.list_buckets()["Buckets"])
    bucket = f"bucket-{buckets}"
    client.create_bucket(Bucket=bucket)
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        client.upload_file(str(file), bucket, file.name)
    client.close()
    return bucket

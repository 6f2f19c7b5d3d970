"""``dask fileseq preview`` and ``report``: a contact sheet, and one HTML page about files."""

from __future__ import annotations

import os
from typing import Any

from dask_fileseq.cli.cluster import check_files
from dask_fileseq.cli.options import (
    check_not_read,
    command,
    file_options,
    open_files,
    option,
    options_of,
    output_option,
    python_code,
)
from dask_fileseq.cli.show import array_info, echo_left_out, names_info
from dask_fileseq.cli.terminal import echo, echo_json, progress_bar

PREVIEW_EXAMPLES = """
  dask fileseq preview scans/ -o sheet.png
  dask fileseq preview scans/ --pattern operetta --project middle -o sheet.png
  dask fileseq preview 'scans/*_DAPI_*.tif' -o sheet.pdf
"""

REPORT_EXAMPLES = """
  dask fileseq report scans/ -o report.html
  dask fileseq report 'plate/**/*.tif' --pattern operetta -o report.html
  dask fileseq report scans/ --pixels --project middle -o report.html
"""

PICTURES = (".png", ".jpg", ".jpeg", ".pdf", ".svg")
ENDING = "Picture to write; its ending (.png, .jpg, .pdf, .svg) says which kind."


@command(
    PREVIEW_EXAMPLES,
    *file_options(),
    output_option("preview.png", ENDING, PICTURES),
    *options_of("project"),
)
def preview(
    files: tuple[str, ...], output: str, project: Any, as_json: bool, **options: Any
) -> None:
    """Draw a contact sheet of FILES: rows of channels, columns of times and places.

    Contrast is stretched for each channel, in the colour of its dye if its name tells one.
    Large images are read in part, and of long axes some labels are shown, at equal
    distances. Wells of a plate and tiles of a mosaic are drawn where they are, with one
    picture each, framed where files are missing.
    """
    from dask_fileseq.files import new_file

    seq = open_files(files, options)
    check_not_read(output, [*files, *seq])
    with progress_bar("reading") as progress:
        figure = seq.preview(project=project, progress=progress)
    kind = os.path.splitext(output)[1].removeprefix(".")
    with new_file(output, "wb") as file:
        figure.savefig(file, format=kind, facecolor=figure.get_facecolor())
    info = names_info(seq, options["container"])
    if as_json:
        left_out = {kind: info[kind] for kind in ("unmatched", "duplicates")}
        echo_json({"output": os.path.abspath(output), "files": len(seq), **left_out})
    else:
        echo(output)
        echo_left_out(info)


@command(
    REPORT_EXAMPLES,
    *file_options(),
    output_option("report.html", "Page to write; it needs no other files.", (".html", ".htm")),
    *options_of("project"),
    option("--pixels", "Check all pixels too, not only the headers.", is_flag=True),
    *options_of("scheduler"),
)
def report(
    files: tuple[str, ...], output: str, project: Any, as_json: bool, **options: Any
) -> None:
    """Write a page about FILES: a map, what is wrong, pictures, histograms, code.

    All headers are read, and the pixels of the pictures that are shown (these here, whatever
    the scheduler). The page opens in any browser and has everything inside.
    """
    from dask_fileseq.files import new_file
    from dask_fileseq.report import report_html

    seq = open_files(files, options)
    check_not_read(output, [*files, *seq])
    info = names_info(seq, options["container"]) | array_info(seq)
    findings = check_files(seq, options)
    with progress_bar("reading pictures") as progress:
        page = report_html(
            seq.grid,
            seq.source,
            seq.reader,
            seq.location,
            summary=info,
            findings=findings,
            code=python_code(seq, files, options),
            project=project,
            progress=progress,
        )
    with new_file(output, encoding="utf-8", errors="backslashreplace") as file:
        file.write(page)
    if as_json:
        echo_json({"output": os.path.abspath(output), "files": len(seq), "findings": findings})
    else:
        echo(output)

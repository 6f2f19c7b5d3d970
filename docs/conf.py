"""Configuration of the documentation: ``sphinx-build -W docs docs/_build``.

Nothing is fetched, and no notebook is run: pages show the outputs that are stored in the
notebooks, and tests compare these with new ones. Intermediate files are in
``docs/generated``, ``docs/notebooks`` and ``docs/jupyter_execute``.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

DOCS = Path(__file__).parent
ROOT = DOCS.parent
GENERATED = DOCS / "generated"
sys.path.insert(0, str(ROOT))

from dask_fileseq import __version__  # noqa: E402
from dask_fileseq.cli import fileseq  # noqa: E402
from dask_fileseq.demo import write_acquisition  # noqa: E402
from dask_fileseq.patterns import presets  # noqa: E402

project = "dask-fileseq"
author = "dask-fileseq developers"
release = __version__
extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc", "myst_nb"]
exclude_patterns = ["_build", "jupyter_execute", "generated/*.md"]
templates_path = ["_templates"]
nitpicky = True
nitpick_ignore_regex = [
    # of others
    ("py:.*", r"(tifffile|dask|xarray|zarr|pandas|pyarrow|tracemalloc)\b.*|Dataset|DataArray"),
    ("py:obj", r"[a-z_]+"),  # parameters that are called as a module is
]
default_role = "autolink"

autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
toc_object_entries_show_parents = "hide"

nb_execution_mode = "off"
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

LOGO = "_static/logo.svg"
html_theme = "pydata_sphinx_theme"
html_title = f"dask-fileseq {release}"
html_theme_options = {
    "logo": {
        "text": "dask-fileseq",
        "image_light": "_static/logo.svg",
        "image_dark": "_static/logo.svg",
    },
    "github_url": "https://github.com/dask-fileseq/dask-fileseq",
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "show_prev_next": False,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {page: [] for page in ("index", "CHANGELOG")}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/favicon.svg"
html_show_sourcelink = False
smartquotes = False


def copy_notebooks() -> None:
    """Copy the notebooks to the folder of Sphinx, which reads no pages from elsewhere."""
    target = DOCS / "notebooks"
    target.mkdir(exist_ok=True)
    for path in set(os.listdir(target)) - set(os.listdir(ROOT / "notebooks")):
        (target / path).unlink()
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        shutil.copy2(notebook, target)  # with its time, or it would be taken for a new one


def write_command_line() -> None:
    """Write a page with the ``--help`` of each command."""
    pages = [
        f"## {path}\n\n```text\n{text}\n```\n" for path, text in helps(fileseq, "dask fileseq")
    ]
    write(GENERATED / "cli.md", "\n".join(pages))


def helps(command: click.Command, path: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the help of a command and of its subcommands."""
    context = click.Context(command, info_name=path, max_content_width=90, terminal_width=90)
    yield path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from helps(below, f"{path} {name}")


def write_show() -> None:
    """Write what ``dask fileseq show`` prints of the demo's acquisition."""
    with tempfile.TemporaryDirectory() as folder:
        write_acquisition(Path(folder) / "cells")
        result = CliRunner().invoke(fileseq, ["show", str(Path(folder) / "cells")])
    assert result.exit_code == 0, result.output
    text = result.output.replace(f"{folder}{os.sep}", "").rstrip()
    write(GENERATED / "show.md", f"```console\n$ dask fileseq show cells\n{text}\n```\n")


def write_presets() -> None:
    """Write the table of presets."""
    rows = [f"| `{name}` | {p.title} | `{p.example}` |" for name, p in sorted(presets().items())]
    head = ["| preset | names of | such as |", "| --- | --- | --- |"]
    write(GENERATED / "presets.md", "\n".join([*head, *rows]))


def write(path: Path, text: str) -> None:
    """Write a page, unless it is the same as after the last build."""
    if not path.exists() or path.read_text("utf-8") != text:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")


def remove_old_pages() -> None:
    """Remove the pages of names that are not in the API reference any more."""
    listed = {line.strip() for line in (DOCS / "api.rst").read_text("utf-8").splitlines()}
    for page in (GENERATED / "api").glob("*.rst"):
        if page.stem.removeprefix("dask_fileseq.") not in listed:
            page.unlink()


def find_public_name(app: Any, env: Any, node: Any, content: Any) -> Any:
    """Resolve names that docstrings of inner modules use as users import them."""
    if node.get("refdomain") != "py":
        return None
    target = f"dask_fileseq.{node['reftarget']}"
    domain = env.get_domain("py")
    return domain.resolve_xref(
        env, node["refdoc"], app.builder, node["reftype"], target, node, content
    )


def adapt_page(app: Any, name: str, content: list[str]) -> None:
    """Remove the blank line that ends an example for doctest, and link to the copied notebooks."""
    content[0] = (
        content[0].replace("\n\n```\n", "\n```\n").replace("](../notebooks/", "](notebooks/")
    )


def setup(app: Any) -> None:
    """Write the pages that are made of the package, and remove those of earlier builds."""
    remove_old_pages()
    copy_notebooks()
    write_command_line()
    write_presets()
    write_show()
    app.connect("source-read", adapt_page)
    app.connect("missing-reference", find_public_name)

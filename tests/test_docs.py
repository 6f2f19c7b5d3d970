"""The documentation builds without a warning, offline, and has all that is public."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import imagecodecs
import pytest
from sphinx.util.inventory import InventoryFile

import dask_fileseq
from tests.helpers.architecture import ORDER

pytestmark = pytest.mark.docs

ROOT = Path(__file__).parents[1]
INPUT = (
    *("docs", "notebooks", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
    "pyproject.toml",
)
"""What a build of the documentation and a collection of its examples read."""
MADE = {"_build", "generated", "jupyter_execute", "notebooks"}
"""Folders in ``docs`` that a build makes."""
WRITTEN = [
    path
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
    if MADE.isdisjoint(path.relative_to(ROOT).parts)
]
"""Pages that no build makes."""
EXAMPLES = {
    path.relative_to(ROOT).as_posix()
    for path in WRITTEN
    if path.is_relative_to(ROOT / "docs") and path.parent.name != "recipes"
    if ">>> " in path.read_text("utf-8")
}
"""Pages of documentation with examples that pytest runs; `test_recipes` runs the recipes."""


def run_in(folder, *command):
    """Run a module of Python in a folder; returns what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def build(root):
    run_in(root, "sphinx", "-W", "--keep-going", "-q", "docs", "docs/_build")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Build the pages as the README says, in a copy of the repository."""
    root = tmp_path_factory.mktemp("repository")
    for name in INPUT:
        if (ROOT / name).is_dir():
            made = [name for name in MADE if (ROOT / "docs" / name).exists()]
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns(*made))
        else:
            shutil.copy(ROOT / name, root)
    (root / "dask_fileseq").symlink_to(ROOT / "dask_fileseq")
    build(root)
    return root


@pytest.fixture(scope="module")
def built(root):
    """Return the folder of the pages."""
    return root / "docs" / "_build"


@pytest.mark.slow
def test_documentation_builds_again(root, built):
    """The files of one build would be taken for pages by the next one, or by pytest."""
    command = ("pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "docs", "README.md")
    build(root)
    found = [line for line in run_in(root, *command).splitlines() if "::" in line]
    assert {line.partition("::")[0] for line in found} == EXAMPLES | {"README.md"}
    assert len(EXAMPLES) > 10


def test_each_public_name_is_documented(built):
    """A name that is promised but not explained sends people to the source."""
    with open(built / "objects.inv", "rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, path: path)
    documented = {name for kind in inventory for name in inventory[kind]}
    modules_and_version = {"__version__", "errors", "patterns"}
    public = {f"dask_fileseq.{name}" for name in set(dask_fileseq.__all__) - modules_and_version}
    assert public <= documented
    for name in ("FileSequence.to_dask_array", "readers.Reader", "types.ReadOptions"):
        assert f"dask_fileseq.{name}" in documented


def test_pages_show_notebooks_and_commands(built):
    """Both come from elsewhere, and would be left out in silence if that moved."""
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        page = (built / "notebooks" / f"{notebook.stem}.html").read_text("utf-8")
        assert "<img" in page
    page = (built / "command_line.html").read_text("utf-8")
    assert "Usage: dask fileseq show" in page


def test_pages_fetch_nothing(built):
    """Documentation is read on clusters without internet, and by people who were not asked."""
    for page in built.rglob("*.html"):
        text = page.read_text("utf-8")
        for tag in ('<script src="http', '<link rel="stylesheet" href="http', '<img src="http'):
            assert tag not in text, page.name


class Links(HTMLParser):
    """The addresses that a page leads to, and the places in it that others may lead to."""

    def __init__(self, path):
        super().__init__()
        self.addresses, self.places = set(), set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        for key, value in attrs:
            if key == "id":
                self.places.add(value)
            elif key in ("href", "src") and value:
                self.addresses.add(value)


def test_links_lead_somewhere(built):
    """A reader who follows a link would get an error page, or the top of a long one.

    Those to other sites are not followed: only their form is looked at.
    """
    paths = [path.resolve() for path in built.rglob("*.html") if "_static" not in path.parts]
    pages = {path: Links(path) for path in paths}
    broken = []
    for path, page in pages.items():
        for address in page.addresses:
            url = urlsplit(address)
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            if url.scheme in ("http", "https"):
                sound = re.fullmatch(r"[\w-]+(\.[\w-]+)+", url.netloc) and " " not in address
            elif url.scheme:
                sound = url.scheme in ("mailto", "data")
            elif url.fragment and target in pages:
                sound = unquote(url.fragment) in pages[target].places
            else:
                sound = target.exists()
            if not sound:
                broken.append((path.name, address))
    assert broken == []


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere_on_github(page):
    """The same pages are read in the repository, where nothing is built."""
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    found = re.findall(r"\]\(([^)\s]+)\)", text)
    local = [link.partition("#")[0] for link in found if not urlsplit(link).scheme]
    assert [link for link in local if link and not (page.parent / link).exists()] == []


def test_picture_shows_what_the_package_does(tmp_path, monkeypatch):
    """The picture of the README would else go on showing what the package no longer does."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    spec = importlib.util.spec_from_file_location("overview", ROOT / "docs" / "overview.py")
    overview = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(overview)
    stored = imagecodecs.imread(overview.PICTURE).astype(float)
    monkeypatch.setattr(overview, "PICTURE", tmp_path / "overview.png")
    overview.main()
    drawn = imagecodecs.imread(overview.PICTURE).astype(float)
    assert drawn.shape == stored.shape
    assert abs(drawn - stored).mean() < 3  # fonts differ a little


@pytest.mark.slow
def test_recipe_for_a_reader_works(tmp_path):
    """Someone who follows CONTRIBUTING.md to the letter would get stuck."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    recipe = text[text.index("### A reader for a new suffix") :]
    reader, readers, test = re.findall(r"```python\n(.*?)```", recipe, re.DOTALL)
    shutil.copytree(ROOT / "dask_fileseq", tmp_path / "dask_fileseq")
    for name in ("pyproject.toml", "tests/conftest.py", "tests/readers/conftest.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "tests" / "helpers", tmp_path / "tests" / "helpers")
    (module,) = re.findall(r"goes into `(\w+.*?\.py)`", recipe)
    source = (tmp_path / module).read_text("utf-8")
    (line,) = re.findall(r"^READERS.*\n", source, re.MULTILINE)
    source = source.replace(line, f"{reader}\n\n{readers}")
    line = "from pathlib import Path\n"
    if line not in source:  # another reader may need it, too
        source = source.replace("from collections", f"{line}from collections", 1)
    (tmp_path / module).write_text(source)
    name = "tests/readers/test_farbfeld.py"
    (tmp_path / name).write_text(test)
    assert "4 passed" in run_in(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", module, name)
    run_in(tmp_path, "ruff", "check", "--ignore", "I", module, name)


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_paths_in_pages_exist(page):
    """A module that was moved is looked for where it was."""
    text = (ROOT / page).read_text("utf-8")
    paths = set(re.findall(r"`([\w./-]+(?:/|\.(?:py|pyi|toml|cfg|md)))`", text))
    assert len(paths) > 5
    own = {"tests/readers/test_farbfeld.py"}  # of the recipe
    folders = (ROOT, ROOT / "dask_fileseq", ROOT / "dask_fileseq" / "cli")
    assert [p for p in paths - own if not any((f / p).exists() for f in folders)] == []


def test_all_parts_are_in_the_description_of_the_architecture():
    """A new part would have no rule that people can read."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = text[text.index("### The parts and their imports") : text.index("## The hub")]
    first = " ".join(re.findall(r"^\|([^|]*)\|", table, re.MULTILINE))
    assert set(re.findall(r"`(\w+)`", first)) | {"_version"} == set(ORDER)

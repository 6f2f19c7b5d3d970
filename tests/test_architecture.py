"""The layout of the package: which module may import which, and what stands where."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dask_fileseq
from tests.helpers import architecture
from tests.helpers.architecture import import_nodes, imported_names, parsed, room, sources

PACKAGE = Path(dask_fileseq.__file__).parent
TESTS = Path(__file__).parent
OPTIONAL = {"zarr", "xarray", "fsspec", "rich", "click", "pandas", "pyproj"} | {
    "matplotlib",
    "yaozarrs",
}
FACES = {"xarray", "zarr", "report", "backend", "convert", "bioio", "serve", "cli"}


def test_each_room_has_its_place():
    """A new room would be free to import anything."""
    assert architecture.unranked_rooms(PACKAGE) == []


def test_imports_come_from_above():
    """An import back up makes a circle, and a module that cannot be read by itself."""
    assert architecture.upward_imports(PACKAGE) == []


def test_no_room_has_a_circle():
    """Modules that import each other are one module in several files."""
    assert architecture.circles(PACKAGE) == []


def test_file_names_are_unique():
    """In tracebacks and editors, two files of one name are taken for each other."""
    assert architecture.repeated_file_names(PACKAGE) == []


def test_public_class_names_are_unique():
    """One word for two things."""
    assert architecture.repeated_class_names(PACKAGE) == []


def test_files_are_short():
    """A file holds one idea."""
    assert architecture.long_files(PACKAGE) == []


@pytest.mark.parametrize("folder", [PACKAGE, TESTS], ids=["package", "tests"])
def test_sequences_are_used_by_their_public_names(folder):
    """A change inside of `FileSequence` would reach all of the package."""
    assert architecture.private_uses_of_sequence(PACKAGE, folder) == []


def test_tests_use_public_names():
    """Tests of private names break where nothing is broken."""
    assert architecture.private_names(PACKAGE, TESTS) == []


def test_package_uses_public_names():
    """A private name belongs to its module."""
    assert architecture.private_names(PACKAGE, PACKAGE) == []


def test_tests_share_helpers_only():
    """A test module that imports another one runs or breaks with it."""
    assert architecture.imports_of_test_modules(TESTS) == []


@pytest.fixture
def copy(tmp_path):
    """Return a small package with the rooms of this one, in which all rules hold."""
    package = tmp_path / PACKAGE.name
    for module in ("files.paths", "files.archive", "grid.axes", "sequence.filesequence", "check"):
        path = package / (module.replace(".", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        (path.parent / "__init__.py").write_text("")
    plant(package, "files/__init__.py", "from .paths import a", "from .archive import b")
    plant(
        package, "files/archive.py", "from .paths import a", "from dask_fileseq.files import paths"
    )
    plant(package, "grid/axes.py", "import dask_fileseq.files.archive", "class Axes: ...")
    plant(
        package,
        "sequence/filesequence.py",
        *("class FileSequence:", "    _grid = 1", "    def check(self):"),
        *("        from dask_fileseq.check import check", "        return self._grid"),
    )
    plant(package, "check.py", "from dask_fileseq.sequence import filesequence")
    return package


def plant(package, name, *lines):
    with open(package / name, "a") as file:
        file.write("\n".join((*lines, "")))


RULES = (
    architecture.unranked_rooms,
    architecture.upward_imports,
    architecture.circles,
    architecture.repeated_file_names,
    architecture.repeated_class_names,
    architecture.long_files,
)


def broken(package):
    """Return the rules that are broken, with what they say."""
    found = {rule.__name__: rule(package) for rule in RULES}
    found["private_uses"] = architecture.private_uses_of_sequence(package, package)
    found["private_names"] = architecture.private_names(package, package)
    return {name: places for name, places in found.items() if places}


def test_a_package_that_keeps_the_rules_passes(copy):
    """The tests below would show nothing."""
    assert broken(copy) == {}


FUNCTION = "def f():\n    "


@pytest.mark.parametrize(
    ("name", "line", "rule", "message"),
    [
        ("files/paths.py", "from dask_fileseq.files.archive import b", "circles", "files.paths"),
        ("files/paths.py", "from .archive import b", "circles", "files.paths"),
        ("files/paths.py", FUNCTION + "from . import archive", "circles", "files.archive"),
        ("files/paths.py", "from dask_fileseq.files import b", "circles", "files"),
        (
            *("files/paths.py", "from dask_fileseq.grid.axes import Axes", "upward_imports"),
            "files.paths imports grid.axes (line 1)",
        ),
        (
            *("files/paths.py", FUNCTION + "import dask_fileseq.grid", "upward_imports"),
            "files.paths imports grid (line 2)",
        ),
        (
            *("grid/axes.py", FUNCTION + "from dask_fileseq.check import a", "upward_imports"),
            "grid.axes imports check (line 4)",
        ),
        (
            *("sequence/filesequence.py", "import dask_fileseq.check", "upward_imports"),
            "sequence.filesequence imports check (line 6)",
        ),
        (
            *("grid/axes.py", "from dask_fileseq import FileSequence", "upward_imports"),
            "grid.axes imports the package (line 3)",
        ),
        ("grid/paths.py", "", "repeated_file_names", "paths.py: 2 files"),
        ("files/paths.py", "class Axes: ...", "repeated_class_names", "Axes: files.paths, grid"),
        ("grid/axes.py", "\n" * 350, "long_files", "grid.axes: 353 lines"),
        ("other.py", "", "unranked_rooms", "other is not in the order"),
        ("grid/axes.py", "f(seq)._grid", "private_uses", "grid/axes.py:3: f(seq)._grid"),
        (
            *("grid/axes.py", "from dask_fileseq.files.paths import _a", "private_names"),
            "grid/axes.py:1: dask_fileseq.files.paths._a",
        ),
        (
            *("grid/axes.py", "from dask_fileseq.files import paths; paths._a", "private_names"),
            "grid/axes.py:3: dask_fileseq.files.paths._a",
        ),
        (
            *("grid/axes.py", "from dask_fileseq import files; setattr(files, '_a', 1)"),
            *("private_names", "grid/axes.py:3: dask_fileseq.files._a"),
        ),
    ],
)
def test_what_breaks_a_rule_is_found(copy, name, line, rule, message):
    """A test that is never red proves nothing."""
    plant(copy, name, line)
    found = broken(copy)
    assert list(found) == [rule]
    assert message in found[rule][0]


def test_imports_for_type_checkers_make_no_circle(copy):
    """They are not there when the package runs."""
    plant(copy, "files/paths.py", "if TYPE_CHECKING:", "    from .archive import b")
    assert broken(copy) == {}


@pytest.mark.parametrize("planted", ["circle", "upward"])
def test_a_copy_of_this_package_is_seen_whole(tmp_path, planted):
    """A rule may hold in a small package, and overlook the files of a large one."""
    copy = tmp_path / PACKAGE.name
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    rule = {"circle": architecture.circles, "upward": architecture.upward_imports}[planted]
    before = rule(copy)
    plant(copy, "readers/planted.py", FUNCTION + "from dask_fileseq.readers import replanted")
    plant(copy, "readers/replanted.py", "from dask_fileseq.readers import planted")
    plant(copy, "readers/replanted.py", FUNCTION + "from dask_fileseq import sequence")
    new = [place for place in rule(copy) if place not in before]
    assert new
    assert "readers.replanted" in new[0]


def modules():
    return [pytest.param(*item, id=item[0]) for item in sources(PACKAGE).items() if item[0]]


@pytest.mark.parametrize(("module", "path"), modules())
def test_heavy_imports_stand_in_their_face(module, path):
    """Without the extras the core must import."""
    if room(module) in FACES:
        return
    for node, in_function in import_nodes(parsed(path)):
        if not in_function:
            for name in imported_names(node, "", False) if not getattr(node, "level", 0) else ():
                assert name.split(".")[0] not in OPTIONAL, f"{module} imports {name}"


def test_package_imports_without_the_extras():
    """A user who installed no extra must be able to work."""
    code = (
        "import sys\n"
        f"for name in {sorted(OPTIONAL - {'click', 'fsspec'})!r}: sys.modules[name] = None\n"
        "import dask_fileseq\n"
        "seq = dask_fileseq.TiffSequence(['a1.tif', 'a2.tif'])\n"
        "assert seq.shape == (2,)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_commands_of_dask_do_not_load_arrays():
    """Dask loads the command line of this package for each command of its own."""
    code = "import sys, dask_fileseq.cli; sys.exit('dask.array' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_names_are_sorted_and_exist():
    """``__all__`` is what users are promised."""
    names = dask_fileseq.__all__
    assert names == sorted(names)
    assert all(hasattr(dask_fileseq, name) for name in names)

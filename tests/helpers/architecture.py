"""The rules of the package's layout, as functions of a folder of source files.

Each rule returns a list of sentences, one for each place that breaks it.
"""

from __future__ import annotations

import ast
import functools
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

CORE = (
    *(
        "_version",
        "plaintext",
        "errors",
        "stablevalues",
        "types",
        "files",
        "patterns",
        "grid",
        "tiling",
        "readers",
    ),
    *("descriptors", "filearray", "graph", "headers", "output", "xarray", "zarr"),
    *("sequence", "backend"),
)
"""Rooms of the core: each imports only from those before it."""
BESIDE = ("check", "report", "convert", "write", "demo", "napari", "bioio", "serve", "cli")
"""Rooms beside the core. Only a method of the sequence imports them, when it is called."""
ORDER = {room: rank for rank, room in enumerate((*CORE, *BESIDE))}
LINES = 350
DOCUMENTED_CLASS = "FileSequence"
"""The class whose file may be longer, for users read its docstrings."""


@dataclass(frozen=True)
class Import:
    """An import of a module of the package by another one."""

    source: str
    """The module that imports, relative to the package: ``grid.axes``."""
    target: str
    """The module that is imported; empty for the package itself."""
    line: int
    in_function: bool

    def __str__(self) -> str:
        return f"{self.source} imports {self.target or 'the package'} (line {self.line})"


def room(module: str) -> str:
    """Return the top folder, or the file, that a module belongs to."""
    return module.partition(".")[0]


def sources(package: Path) -> dict[str, Path]:
    """Return the files of a package by the names of their modules, relative to the package."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def parsed(path: Path) -> ast.Module:
    return parsed_text(path.read_text("utf-8"))


@functools.cache
def parsed_text(text: str) -> ast.Module:
    return ast.parse(text)


def import_nodes(
    node: ast.AST, in_function: bool = False
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Yield the imports in a tree, also those in functions, but not those for type checkers."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, in_function
        elif isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for other in child.orelse:
                yield from import_nodes(ast.Module([other], []), in_function)
        else:
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from import_nodes(child, in_function or function)


def imported_names(node: ast.Import | ast.ImportFrom, source: str, is_package: bool) -> list[str]:
    """Return the full dotted names that a statement imports; `source` is the importing module."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        parts = source.split(".")
        parts = parts[: len(parts) - node.level + is_package]
        base = ".".join([*parts, *filter(None, [node.module])])
    return [f"{base}.{alias.name}" for alias in node.names]


def imports(package: Path) -> list[Import]:
    """Return all imports of modules of a package by each other."""
    found = set()
    modules = sources(package)
    for source, path in modules.items():
        full = f"{package.name}.{source}".rstrip(".")
        for node, in_function in import_nodes(parsed(path)):
            for name in imported_names(node, full, path.name == "__init__.py"):
                first, _, target = name.partition(".")
                if first != package.name:
                    continue
                while target and target not in modules:  # a name in a module
                    target = target.rpartition(".")[0]
                if target != source:
                    found.add(Import(source, target, node.lineno, in_function))
    return sorted(found, key=lambda i: (i.source, i.line, i.target))


def unranked_rooms(package: Path) -> list[str]:
    """Return the rooms that have no place in the order."""
    rooms = {room(module) for module in sources(package)} - {"", "__main__"}
    return [f"{name} is not in the order of rooms" for name in sorted(rooms - ORDER.keys())]


def upward_imports(package: Path) -> list[str]:
    """Return the imports from a room that comes later."""
    found = []
    for each in imports(package):
        source, target = room(each.source), room(each.target)
        if source in ("", "__main__") or source == target:
            continue
        if source == "sequence" and target in BESIDE and each.in_function:
            continue
        if not target and source in BESIDE:  # the public names
            continue
        if ORDER.get(target, len(ORDER)) > ORDER.get(source, -1):
            found.append(str(each))
    return found


def circles(package: Path) -> list[str]:
    """Return a circle of imports in each room that has one."""
    graphs: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for each in imports(package):
        if room(each.source) == room(each.target):
            graphs[room(each.source)][each.source].add(each.target)
    found = []
    for graph in graphs.values():
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            found.append(" is imported by ".join(error.args[1]))
    return found


def repeated_file_names(package: Path) -> list[str]:
    """Return the names that two modules of the package have."""
    counts = Counter(path.stem for path in package.rglob("*.py"))
    special = {"__init__", "__main__"}
    return [f"{name}.py: {n} files" for name, n in counts.items() if n > 1 and name not in special]


def repeated_class_names(package: Path) -> list[str]:
    """Return the public names that two classes of the package have."""
    places = defaultdict(list)
    for module, path in sources(package).items():
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(module)
    return [f"{name}: {', '.join(where)}" for name, where in places.items() if len(where) > 1]


def long_files(package: Path) -> list[str]:
    """Return the files of too many lines."""
    found = []
    for module, path in sources(package).items():
        text = path.read_text("utf-8")
        lines = len(text.splitlines())
        documented = any(
            isinstance(node, ast.ClassDef) and node.name == DOCUMENTED_CLASS
            for node in ast.parse(text).body
        )
        if lines > LINES and not (documented and room(module) == "sequence"):
            found.append(f"{module}: {lines} lines")
    return found


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("_")  # _repr_html_ is for notebooks


def private_members(tree: ast.Module) -> set[str]:
    """Return the underscored methods and attributes of the classes in a file."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.FunctionDef):
                    found.add(part.name)
                elif isinstance(part, ast.AnnAssign):
                    found.add(ast.unparse(part.target))
                elif isinstance(part, ast.Assign):
                    found.update(map(ast.unparse, part.targets))
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
    return {name for name in found if is_private(name)}


def private_uses_of_sequence(package: Path, folder: Path) -> list[str]:
    """Return the uses of private attributes of a sequence in a folder, outside of its own room."""
    names = set()
    for module, path in sources(package).items():
        if room(module) == "sequence":
            names |= private_members(parsed(path))
    found = []
    for path in sorted(folder.rglob("*.py")):
        if path.is_relative_to(package / "sequence"):
            continue
        others = names - private_members(parsed(path))
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Attribute) and node.attr in others:
                if ast.unparse(node.value) == "fs":  # a file system's coroutines
                    continue
                found.append(f"{path.relative_to(folder)}:{node.lineno}: {ast.unparse(node)}")
    return found


def imported_objects(tree: ast.Module, package: str) -> dict[str, str]:
    """Return the full dotted names of what a file imports from a package, by the short names."""
    found = {}
    for node, _ in import_nodes(tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            for alias, full in zip(node.names, imported_names(node, "", False), strict=True):
                if full.partition(".")[0] == package:
                    found[alias.asname or alias.name] = full
    return found


def private_names(package: Path, folder: Path) -> list[str]:
    """Return where a folder uses underscored names of modules and classes of a package.

    These are imports, ``module._name``, and ``monkeypatch.setattr(module, "_name", ...)``.
    """
    found = []
    for path in sorted(folder.rglob("*.py")):
        tree = parsed(path)
        objects = imported_objects(tree, package.name)
        used = [(full, 1) for full in objects.values() if is_private(full.rpartition(".")[2])]
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                    pass
                case ast.Call(args=[ast.Name(id=name), ast.Constant(value=str(attribute)), *_]):
                    pass
                case _:
                    continue
            if name in objects and is_private(attribute):
                used.append((f"{objects[name]}.{attribute}", node.lineno))
        found += [f"{path.relative_to(folder)}:{line}: {name}" for name, line in used]
    return found


def imports_of_test_modules(tests: Path) -> list[str]:
    """Return the imports of test modules and of ``conftest`` modules by tests."""
    found = []
    for path in sorted(tests.rglob("*.py")):
        if path.is_relative_to(tests / "benchmarks"):
            continue
        for node, _ in import_nodes(parsed(path)):
            where = f"{path.relative_to(tests)}:{node.lineno}"
            if getattr(node, "level", 0):
                found.append(f"{where}: relative import")
                continue
            for name in imported_names(node, "", False):
                first, *parts = name.split(".")
                if first == tests.name and parts[0] != "helpers":
                    found.append(f"{where}: {name}")
    return found

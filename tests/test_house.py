"""Imports go down the floors, and no file grows into a house of its own."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# What each package may import of this project, beside itself.
FLOORS = {
    "benchmark.problem": set(),
    "benchmark.files": {"benchmark.problem"},
    "metrics": {"benchmark.problem", "benchmark.files"},
    "methods": {"benchmark.problem"},
    "benchmark.observing": {"benchmark.problem"},
    "benchmark.worlds": {"benchmark.problem", "benchmark.files", "methods.priors"},
    "benchmark.weights": {"benchmark.problem", "benchmark.files"},
    "benchmark.pictures": {"benchmark.problem", "benchmark.files", "benchmark.worlds"},
    "benchmark.training": {
        *("benchmark.problem", "benchmark.files", "benchmark.weights", "benchmark.worlds", "benchmark.observing"),
        "methods",
    },
    "benchmark.running": {
        *("benchmark.problem", "benchmark.files", "benchmark.weights", "benchmark.worlds", "benchmark.observing"),
        *("benchmark.training", "benchmark.pictures", "methods", "metrics"),
    },
    "leaderboards": {"benchmark.problem", "benchmark.files", "metrics", "benchmark.running"},
    "benchmark.cli": {"benchmark", "methods", "metrics", "leaderboards"},
}
HOUSES = ("benchmark", "methods", "metrics", "leaderboards")
FILES = sorted(file for house in HOUSES for file in ROOT.glob(f"{house}/**/*.py"))


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(source: str, module: str, package: bool) -> set[str]:
    """Absolute names of the project's own modules that a source imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".")
            base = parts[: len(parts) - (node.level - package)]
            stem = ".".join([*(base if node.level else []), *([node.module] if node.module else [])])
            found |= {f"{stem}.{alias.name}" for alias in node.names}
    return {name for name in found if name.partition(".")[0] in HOUSES}


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def test_relative_imports_are_resolved():
    assert imports_of("from .b import c", "benchmark.worlds.a", False) == {"benchmark.worlds.b.c"}
    assert imports_of("from .b import c", "benchmark.worlds", True) == {"benchmark.worlds.b.c"}
    assert imports_of("from ..files import c", "benchmark.worlds.a", False) == {"benchmark.files.c"}
    assert imports_of("from ..files import c", "benchmark.worlds", True) == {"benchmark.files.c"}
    assert imports_of("def f():\n    import metrics.scores, numpy", "methods.x", False) == {"metrics.scores"}


def test_every_package_has_a_floor():
    rooms = {module_of(file) for file in FILES if file.name == "__init__.py"} - {"benchmark"}
    assert {room for room in rooms if not any(within(room, floor) for floor in FLOORS)} == set()


@pytest.mark.parametrize("floor", FLOORS)
def test_imports_go_down(floor):
    allowed = FLOORS[floor] | {floor}
    strangers = {}
    for file in FILES:
        module = module_of(file)
        if not within(module, floor):
            continue
        names = imports_of(file.read_text(), module, file.name == "__init__.py")
        upwards = {name for name in names if not any(within(name, package) for package in allowed)}
        if upwards:
            strangers[module] = upwards
    assert strangers == {}


def test_leaderboards_never_import_methods_or_worlds():
    for file in ROOT.glob("leaderboards/**/*.py"):
        names = imports_of(file.read_text(), module_of(file), file.name == "__init__.py")
        assert not any(within(name, package) for name in names for package in ("methods", "benchmark.worlds")), file


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_a_file_is_a_room(file):
    source = file.read_text()
    assert len(source.splitlines()) <= 300
    tree = ast.parse(source)
    assert ast.get_docstring(tree)
    if len(tree.body) > 1:
        targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
        names = {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
        assert "__all__" in names

"""The layout of the package: which file may import which, and what comes from outside."""

import ast
import re
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.version import Version

import skgenre

PACKAGE = Path(skgenre.__file__).parent

# A file imports only from rows above its own.
LAYERS = [
    {"_locks", "_optional", "_sklearn"},
    {
        "_devices",
        "_html",
        "_labels",
        "_lanes",
        "_names",
        "_rows",
        "_store",
        "_threads",
        "_torch_threads",
        "_warnings",
        "_whole",
    },
    {"spectral", "segments", "metrics", "neighbors"},
    {"audio"},
    {"features"},
    {"descriptors", "pretrained"},
    {"augmentation", "modules"},
    {"classifiers", "multilabel"},
    {"pipelines"},
    {"recommend"},
    {"hybrid"},
    {"explanations"},
    {"streaming"},
    {"datasets"},
    {"model_selection"},
    {"displays"},
    {"report"},
    {"demo"},
    {"cli"},
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
PROJECT = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
TESTED = ("plot", "tables", "explain", "hybrid", "voyager", "milvus", "dask", "pretrained")
SOURCES = {
    path.relative_to(PACKAGE): path.read_text()
    for path in sorted(PACKAGE.rglob("*.py"))
    if path != PACKAGE / "__init__.py"
}


def room_of(path):
    """Return the name of a file, or of the folder that an idea of several files has become."""
    return path.with_suffix("").parts[0]


def at_the_top(tree):
    """Return what runs when a file is imported: what stands in no function and is not for type checkers alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or ast.unparse(node).startswith("if TYPE_CHECKING"):
            continue
        yield node
        yield from at_the_top(node)


def imported_modules(source, nodes=ast.walk):
    """Return ``(module, name or None)`` for each imported name, those inside functions included."""
    for node in nodes(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or ".", alias.name) for alias in node.names)


def rooms_imported(source):
    """Return the rooms of skgenre that a file imports from; ``skgenre`` itself for its public names."""
    for module, name in imported_modules(source):
        parts = module.split(".") + ([name] if name else [])
        if parts[0] == "skgenre" and parts != ["skgenre", "__version__"]:
            yield parts[1] if len(parts) > 1 and parts[1] in LEVEL else "skgenre"


def private_sklearn_names(source):
    """Return the imported modules and names of scikit-learn that begin with an underscore."""
    for module, name in imported_modules(source):
        parts = module.split(".") + ([name] if name else [])
        if parts[0] == "sklearn" and any(re.match("_[^_]", part) for part in parts):
            yield ".".join(parts)


@cache
def distributions():
    """Return the installed packages that bring each module, by the module's name."""
    return packages_distributions()


def packages_imported(source, nodes=ast.walk):
    """Return the names, as in pyproject.toml, of the packages outside the standard library that a file imports."""
    for module, _ in imported_modules(source, nodes):
        for distribution in distributions().get(module.partition(".")[0], []):
            yield re.sub("[-_.]+", "-", distribution).lower()


def requirements(lines):
    """Return the bare names of a list of requirements."""
    return {re.sub("[-_.]+", "-", re.match(r"[\w.-]+", line)[0]).lower() for line in lines}


@pytest.mark.parametrize(
    ("line", "room"),
    [
        ("import skgenre.audio", "audio"),
        ("from skgenre.audio import AudioLoader", "audio"),
        ("from skgenre import audio", "audio"),
        ("def f():\n    from skgenre.cli import main", "cli"),
        ("from skgenre import AudioLoader", "skgenre"),
    ],
)
def test_every_way_to_import_a_file_is_seen(line, room):
    assert list(rooms_imported(line)) == [room]


@pytest.mark.parametrize(
    "line",
    [
        "from sklearn.base import _fit_context",
        "from sklearn.utils._param_validation import Interval",
        "import sklearn.utils._tags",
        "def f():\n    from sklearn.utils import _safe_indexing",
    ],
)
def test_every_way_to_import_a_private_name_of_sklearn_is_seen(line):
    assert list(private_sklearn_names(line))


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("import matplotlib", True),
        ("try:\n    import matplotlib\nexcept ImportError:\n    pass", True),
        ("class A:\n    import matplotlib", True),
        ("def f():\n    import matplotlib", False),
        ("if TYPE_CHECKING:\n    import matplotlib", False),
    ],
)
def test_what_is_imported_with_a_file_is_told_from_what_is_imported_on_use(source, seen):
    assert bool(list(imported_modules(source, at_the_top))) is seen


def test_every_file_has_its_place_in_the_layers_and_every_place_its_file():
    assert {room_of(path) for path in SOURCES} == set(LEVEL)


def test_imports_point_downwards():
    wrong = [
        (path, room)
        for path, source in SOURCES.items()
        for room in rooms_imported(source)
        if room != room_of(path) and LEVEL.get(room, len(LAYERS)) >= LEVEL[room_of(path)]
    ]
    assert not wrong


def test_what_a_folder_keeps_to_itself_is_used_by_nobody_else():
    wrong = [
        (path, module)
        for path, source in SOURCES.items()
        for module, _ in imported_modules(source)
        if re.match(r"skgenre\.\w+\._", module) and module.split(".")[1] != room_of(path)
    ]
    assert not wrong


def test_files_in_a_folder_do_not_import_its_front():
    wrong = [
        (path, name)
        for path, source in SOURCES.items()
        for module, name in imported_modules(source)
        if module == f"skgenre.{room_of(path)}" and path.name != "__init__.py"
        if not (PACKAGE / room_of(path) / f"{name}.py").exists()
    ]
    assert not wrong


def test_private_names_of_sklearn_come_from_one_file():
    wrong = [
        (path, name)
        for path, source in SOURCES.items()
        for name in private_sklearn_names(source)
        if room_of(path) != "_sklearn"
    ]
    assert not wrong


def test_what_is_imported_at_the_top_comes_with_every_install():
    core = requirements(PROJECT["dependencies"]) | {"skgenre"}
    wrong = [
        (path, package)
        for path, source in SOURCES.items()
        for package in packages_imported(source, at_the_top)
        if package not in core
    ]
    assert not wrong


def test_what_is_imported_anywhere_is_declared():
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    declared = requirements(PROJECT["dependencies"]) | requirements(extras)
    wrong = [
        (path, package)
        for path, source in SOURCES.items()
        for package in packages_imported(source)
        if package not in declared
    ]
    assert not wrong


def test_the_lowest_versions_allowed_are_those_that_the_tests_can_be_run_with():
    extras = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for extra, lines in extras.items() for line in lines if extra in TESTED)]
    allowed = dict(re.fullmatch(r"([\w-]+)(?:\[\w+\])?>=([\d.]+)", line).groups() for line in lines)
    pinned = dict(re.findall(r"^([\w-]+)==([\d.]+)$", (PACKAGE.parent / "constraints-lowest.txt").read_text(), re.M))
    pinned = {name: version for name, version in pinned.items() if name in allowed}
    assert {name: Version(version) for name, version in pinned.items()} == {
        name: Version(version) for name, version in allowed.items()
    }

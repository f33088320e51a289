"""The package as it looks from outside, before any of its files is loaded."""

import ast
import inspect
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import skgenre

STUB = ast.parse(Path(skgenre.__file__).with_suffix(".pyi").read_text())
PUBLIC = sorted(alias.asname for node in STUB.body if isinstance(node, ast.ImportFrom) for alias in node.names)


def run(code):
    """Return what a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("package", ["torch", "librosa", "matplotlib", "sklearn", "scipy", "numpy", "pandas"])
def test_import_loads_no_heavy_package(package):
    assert run(f"import skgenre, sys; print({package!r} in sys.modules)") == "False\n"


def test_audio_and_features_load_neither_torch_nor_matplotlib():
    loaded = run("import skgenre, sys; skgenre.AudioLoader, skgenre.MFCCExtractor; print(*sys.modules)").split()
    assert {"sklearn", "skgenre.features"} <= set(loaded)
    assert not {"torch", "skorch", "matplotlib"} & set(loaded)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="AudioLoder"):
        skgenre.AudioLoder  # noqa: B018


def test_dir_lists_the_public_names():
    assert set(dir(skgenre)) == set(PUBLIC)
    assert set(skgenre.__all__) == set(PUBLIC)


def test_star_import_gives_the_public_names():
    assert set(PUBLIC) <= set(run("from skgenre import *; print(*globals())").split())


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_a_docstring_of_its_own(name):
    thing = getattr(skgenre, name)
    summary = (thing.__doc__ or "").strip().splitlines()
    assert summary
    assert summary[0].endswith(".")


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_documents_all_its_parameters(name):
    thing = getattr(skgenre, name)
    headings = [line.partition(" : ")[0] for line in thing.__doc__.splitlines() if " : " in line]
    documented = {name.strip(" *") for heading in headings for name in heading.split(",")}
    assert set(inspect.signature(thing).parameters) <= documented


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_pickled_by_reference(name):
    thing = getattr(skgenre, name)
    assert pickle.loads(pickle.dumps(thing)) is thing


def test_the_version_is_the_one_that_is_installed():
    from importlib.metadata import version

    assert skgenre.__version__ == version("skgenre")

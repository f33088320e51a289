"""The code in the README and in the documentation runs as it stands."""

import re
import shutil
import textwrap
from pathlib import Path

import joblib
import pytest
import sklearn
import soundfile
from joblib.externals.loky import get_reusable_executor
from sklearn.pipeline import Pipeline

import skgenre

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
MARKDOWN_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
RST_BLOCK = re.compile(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", re.MULTILINE)


def code_of(page):
    """Return the blocks of Python code of a page, as one program with the line numbers of the page."""
    text = page.read_text()
    lines = [""] * text.count("\n")
    for block in (MARKDOWN_BLOCK if page.suffix == ".md" else RST_BLOCK).finditer(text):
        start = text[: block.start(1)].count("\n")
        code = textwrap.dedent(block[1]).splitlines()
        lines[start : start + len(code)] = code
    return "\n".join(lines)


PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.rst")), *sorted((DOCS / "guide").glob("*.rst"))]
PAGES = [page for page in PAGES if code_of(page).strip()]


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """Return a folder with what the pages speak of: music, two songs, and a fitted model to begin a page with."""
    folder = tmp_path_factory.mktemp("library")
    tracks = skgenre.make_tracks(folder / "music", 6, 5, ("disco", "metal"), duration=2.0, random_state=0)
    samples, sample_rate = soundfile.read(tracks.paths[0])
    for song in ("song.mp3", "other.flac"):
        soundfile.write(folder / song, samples, sample_rate)
    genre = Pipeline(
        [
            ("load", skgenre.AudioLoader(duration=2)),
            ("mfcc", skgenre.MFCCExtractor()),
            ("cnn", skgenre.CNNClassifier(max_epochs=2, random_state=0)),
        ]
    )
    joblib.dump(genre.fit(tracks.paths, tracks.target), folder / "genre.joblib")
    return folder


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs(page, library, tmp_path, monkeypatch):
    monkeypatch.chdir(shutil.copytree(library, tmp_path / "here"))
    get_reusable_executor().shutdown()  # workers of an earlier page are still in its folder
    # The code is run as it stands, but for the length of the training.
    few = skgenre.CNNClassifier.__init__.__kwdefaults__ | {"max_epochs": 2}
    monkeypatch.setattr(skgenre.CNNClassifier.__init__, "__kwdefaults__", few)
    code = code_of(page)
    names = {}
    if page.parent.name == "guide":
        names = {"music": skgenre.load_tracks("music"), "genre": joblib.load("genre.joblib")}
    with sklearn.config_context():
        exec(compile(code, str(page), "exec"), names)

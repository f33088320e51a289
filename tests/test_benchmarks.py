"""The benchmarks as a command: that they run and write down what they found, not what they find."""

import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = {"results": ROOT / "benchmarks" / "results.json", "page": ROOT / "docs" / "benchmarks.rst"}


def run(*arguments):
    """Return what the command prints."""
    command = [sys.executable, "-m", "benchmarks", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def results(figures, **goal):
    """Return results that hold one comparison."""
    figures = [{"who": who, "values": values, "note": ""} for who, values in figures.items()]
    comparison = {"task": "a task", "unit": "ms", "figures": figures, **goal}
    machine = {"python": "3.13", "versions": {}, "run": "full"}
    section = {"title": "A subject", "text": "About it.", "comparisons": [comparison], "machine": "a machine"}
    return json.dumps({"machines": {"a machine": machine}, "sections": [section]})


@pytest.fixture
def shown(tmp_path):
    """Return a function that gives the lines printed of results, each as its words."""

    def show(text):
        (tmp_path / "results.json").write_text(text)
        return [line.split() for line in run("--from-json", tmp_path / "results.json").splitlines()]

    return show


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Return what a run of one subject printed, the results and the page that it wrote."""
    folder = tmp_path_factory.mktemp("tiny")
    files = [folder / "results.json", folder / "page.rst"]
    printed = run("--tiny", "--only", "numerics", "--json", files[0], "--page", files[1])
    return [printed, *(file.read_text() for file in files)]


def test_a_run_prints_and_writes_what_it_measured(tiny):
    printed, kept, page = tiny
    comparisons = json.loads(kept)["sections"][0]["comparisons"]
    assert [comparison["task"] for comparison in comparisons] == ["mel spectrogram", "MFCC", "MFCC and deltas"]
    for comparison in comparisons:
        assert [figure["who"] for figure in comparison["figures"]][:2] == ["skgenre", "librosa"]
        assert all(value > 0 for figure in comparison["figures"] for value in figure["values"])
        assert comparison["task"] in printed
        assert comparison["task"] in page


def test_what_is_written_names_no_machine_and_no_folder(tiny):
    names = (socket.gethostname(), str(ROOT), tempfile.gettempdir(), str(Path.home()))
    assert not [name for text in tiny[1:] for name in names if name in text]


def test_what_misses_a_goal_by_little_is_not_rounded_up_to_it(shown):
    lines = shown(results({"skgenre": [2.0], "other": [7.992]}, at_least=4.0))
    assert lines[-1] == ["a", "task", "a", "machine", "3.996×", "other", "at", "least", "4×", "no"]


def test_one_subject_is_measured_anew_and_what_another_machine_found_stays(tiny, tmp_path):
    kept = json.loads(tiny[1])
    (name,) = kept["machines"]
    other = {"machines": {"a machine": kept["machines"][name]}, "sections": [{**kept["sections"][0]}]}
    other["sections"][0]["machine"] = "a machine"
    file, page = tmp_path / "results.json", tmp_path / "page.rst"
    file.write_text(json.dumps(other))
    for _ in range(2):
        run("--tiny", "--only", "numerics", "--json", file, "--page", page)
        sections = json.loads(file.read_text())["sections"]
        assert [section["machine"] for section in sections] == ["a machine", name]
        assert sections[0] == other["sections"][0]
    text = page.read_text()
    assert text.count(sections[0]["title"] + "\n===") == 1
    assert text.index("On a machine;") < text.index(f"On {name};")


def test_other_versions_on_the_same_machine_are_refused(tiny, tmp_path):
    kept = json.loads(tiny[1])
    next(iter(kept["machines"].values()))["python"] = "2.7"
    (tmp_path / "results.json").write_text(json.dumps(kept))
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run("--tiny", "--only", "numerics", "--json", tmp_path / "results.json")
    assert "other versions on this machine (python): measure all anew" in caught.value.stderr


def test_a_ratio_is_that_of_the_medians(shown):
    lines = shown(results({"skgenre": [1.0, 2.0, 9.0], "other": [5.0, 6.0, 7.0]}))
    assert ["a", "task", "skgenre", "2", "ms"] in lines
    assert ["other", "6", "ms", "3×", "(1.89", "to", "4)"] in lines


@pytest.mark.parametrize(
    ("goal", "met"),
    [({"at_least": 3.0}, "yes"), ({"at_least": 3.1}, "no"), ({"at_most": 2.0}, "yes"), ({"at_most": 1.9}, "no")],
)
def test_a_goal_is_met_from_its_bound_on(shown, goal, met):
    lines = shown(results({"skgenre": [2.0], "other": [6.0]}, **goal))
    assert lines[-1][-1] == met


def test_the_page_shows_the_results_that_are_kept(tmp_path):
    run("--from-json", FILES["results"], "--page", tmp_path / "page.rst")
    assert (tmp_path / "page.rst").read_text() == FILES["page"].read_text()

"""The accuracy command: that it scores by the protocols it names, keeps what is finished, and shows what it kept."""

import json
import re
import socket
import subprocess
import sys
import tempfile
from contextlib import redirect_stdout
from dataclasses import asdict
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.dummy import DummyClassifier
from sklearn.tree import DecisionTreeClassifier

from accuracy.__main__ import main
from accuracy.ablation import at_defaults, tables
from accuracy.datasets import DATASETS, MissingDataError, fma, gtzan
from accuracy.models import MODELS, Pictures, cepstra
from accuracy.results import Record, Results, digest_of, interval
from accuracy.scoring import Options, score
from skgenre import MFCCExtractor, MusiCNNEmbedder, compare_protocols

ROOT = Path(__file__).resolve().parent.parent


def run(folder, *arguments):
    """Return what the command prints; it writes into a folder."""
    files = ["--json", folder / "results.json", "--page", folder / "page.rst"]
    with redirect_stdout(StringIO()) as printed:
        main([*map(str, [*arguments, *files])])
    return printed.getvalue()


def record(model="mfcc-svm", protocol="grouped", seed=0, accuracy=0.5, dataset="emotify", **changes):
    values = {"macro_f1": 0.4, "log_loss": None, "calibration_error": None, "seconds": 1.0, "digest": "it"}
    values |= {"right": [1, 2], "tested": [2, 4], **changes}
    return Record(dataset, protocol, model, seed, accuracy=accuracy, **values)


def kept(folder, *records):
    results = Results({"processor": "a processor"}, {record.key: record for record in records})
    results.write(folder / "results.json")
    return results


@pytest.fixture(scope="module")
def finished(tracks, tmp_path_factory):
    """Return what a run on a folder with artists printed, and the folder that it wrote to."""
    folder = tmp_path_factory.mktemp("accuracy")
    music = Path(tracks.paths[0]).parents[1]
    return run(folder, "--only", "yours", "dummy", "mfcc-svm", "--seeds", 2, "--data", music), folder, music


def test_a_run_scores_each_model_under_each_protocol_and_writes_the_page(finished):
    printed, folder, _ = finished
    records = json.loads((folder / "results.json").read_text())["records"]
    keys = [(record["model"], record["protocol"], record["seed"]) for record in records]
    assert sorted(keys) == [(m, p, s) for m in ("dummy", "mfcc-svm") for p in ("grouped", "random") for s in (0, 1)]
    assert all(0 <= record["accuracy"] <= 1 for record in records)
    for text in (printed, (folder / "page.rst").read_text()):
        assert "MFCC statistics, SVM" in text
        assert "grouped, %" in text


def test_the_scores_are_those_of_the_protocol(finished, tracks):
    _, folder, _ = finished
    results = Results.read(folder / "results.json")
    model = MODELS["mfcc-svm"].make(DATASETS["yours"].front())
    expected = compare_protocols(
        model, tracks.paths, tracks.target, tracks.groups, protocols=("grouped", "random"), seeds=2
    )
    for protocol in expected:
        found = results.of("yours", protocol, "mfcc-svm")
        assert_allclose([record.accuracy for record in found], expected[protocol].accuracy, atol=1e-5)
        assert_allclose(interval(found), expected[protocol].interval)


def test_what_is_finished_is_not_scored_again(finished):
    _, folder, music = finished
    again = run(folder, "--only", "yours", "dummy", "mfcc-svm", "--seeds", 2, "--data", music)
    assert "seed 0" not in again


def test_what_is_written_names_no_machine_and_no_folder(finished):
    _, folder, music = finished
    texts = [(folder / name).read_text() for name in ("results.json", "page.rst")]
    names = (socket.gethostname(), str(ROOT), str(music), tempfile.gettempdir())
    assert not [name for text in texts for name in names if re.search(rf"\b{re.escape(name)}\b", text)]


def test_the_command_says_what_it_can_score():
    command = [sys.executable, "-m", "accuracy", "--help"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert all(name in printed for name in ("--gtzan", "ten-genres", "mfcc-svm"))


def test_the_page_shows_the_results_that_are_kept(tmp_path):
    (tmp_path / "results.json").write_text((ROOT / "accuracy" / "results.json").read_text())
    run(tmp_path, "--page-only")
    assert (tmp_path / "page.rst").read_text() == (ROOT / "docs" / "accuracy.rst").read_text()


def test_seeds_are_shown_by_their_mean_and_deviation(tmp_path):
    kept(tmp_path, *(record(seed=seed, accuracy=value) for seed, value in enumerate([0.5, 0.6, 0.7])))
    assert "60.0 ± 10.0" in run(tmp_path, "--page-only")


def test_protocols_stand_side_by_side(tmp_path):
    kept(tmp_path, record(), record(protocol="random", accuracy=0.61), record(protocol="segment", accuracy=0.83))
    lines = [line.split("  ") for line in run(tmp_path, "--page-only").splitlines()]
    assert ["MFCC statistics, SVM", "50.0, one seed", "61.0, one seed", "83.0, one seed"] in lines


def test_music_without_artists_has_the_scores_of_the_protocol_that_it_has(tmp_path):
    kept(tmp_path, record(dataset="yours", protocol="random", accuracy=0.61))
    lines = [line.split("  ") for line in run(tmp_path, "--page-only").splitlines()]
    assert any(line[0] == "Model" and "accuracy (random), %" in line for line in lines)
    assert any("61.0, one seed" in line for line in lines)


@pytest.mark.parametrize("change", [{"digest": "another"}, {"tested": [2, 4, 1], "right": [1, 2, 1]}])
def test_scores_of_other_music_or_another_version_are_not_averaged_with_new_ones(change):
    results = Results(records={one.key: one for one in (record(seed=0), record(seed=1), record("dummy"))})
    results.add(record(seed=1, **change), {})
    assert [one.seed for one in results.of("emotify", "grouped", "mfcc-svm")] == [1]
    assert results.of("emotify", "grouped", "dummy")
    results.add(record(seed=2, **change), {})
    assert [one.seed for one in results.of("emotify", "grouped", "mfcc-svm")] == [1, 2]


def test_the_note_of_a_model_stands_on_the_page(tmp_path, monkeypatch):
    from accuracy.report import page

    results = kept(tmp_path, record())
    note = "its weights may have heard this music"
    monkeypatch.setitem(MODELS, "mfcc-svm", type(MODELS["dummy"])("a model", MODELS["dummy"].make, note=note))
    assert f"* a model: {note}" in page(results)


def test_music_that_is_not_there_is_left_out_and_said_how_to_get(capsys):
    assert not list(score("gtzan", Options(models=["dummy"]), Results()))
    assert "left out: GTZAN: name the folder of your copy by GTZAN=folder" in capsys.readouterr().out


def test_a_model_that_needs_audio_is_not_given_pictures(monkeypatch):
    monkeypatch.setitem(MODELS, "hears", type(MODELS["dummy"])("hears", MODELS["dummy"].make, needs_audio=True))
    assert not DATASETS["ten-genres"].takes("hears", "train → valid")
    assert DATASETS["emotify"].takes("hears", "grouped")


# --- choices in the nets


def choice(accuracy, seconds=2.0):
    return {"accuracy": accuracy, "macro_f1": 0.5, "log_loss": 1.0, "calibration_error": 0.1, "seconds": seconds}


def test_a_choice_is_set_beside_the_default_of_the_same_seeds():
    kept = {f"emotify default {seed}": choice(accuracy) for seed, accuracy in enumerate([0.6, 0.7, 0.9])}
    kept |= {f"emotify no-mixup {seed}": choice(accuracy, 4.0) for seed, accuracy in enumerate([0.58, 0.66])}
    kept["ten-genres no-masks 0"] = choice(0.5)  # and no default to set it beside
    text = tables(kept)
    assert "0.733 ±" not in text  # a number and what it may be off by stay on one line
    emotify, ten_genres = text.replace("\N{NO-BREAK SPACE}", " ").split(".. list-table:: ")[1:]
    rows = [[cell.strip() for cell in row.split("\n     -")] for row in emotify.split("   * -")[2:]]
    assert rows == [
        ["``CNNClassifier()``", "3", "0.733 ± 0.153", "", "0.500", "1.000", "0.100", "2"],
        ["no mixup", "2", "0.620 ± 0.057", "-3.0 ± 1.0", "0.500", "1.000", "0.100", "4"],
    ]
    assert "no masks" in ten_genres
    assert "nan" not in ten_genres


def test_the_first_row_of_choices_are_the_scores_of_the_net_at_its_defaults(tmp_path):
    scored = [record("cnn-mel", seed=1, accuracy=0.7, log_loss=0.9), record("cnn-mel", "random"), record("mfcc-svm")]
    rows = at_defaults(kept(tmp_path, *scored))
    assert list(rows) == ["emotify default 1"]
    assert (rows["emotify default 1"]["accuracy"], rows["emotify default 1"]["log_loss"]) == (0.7, 0.9)


# --- results


def test_results_are_read_as_they_were_written(tmp_path):
    results = kept(tmp_path, record(), record(seed=1), record(model="dummy", log_loss=1.5))
    assert Results.read(tmp_path / "results.json") == results


def test_the_interval_is_the_mean_over_seeds_by_artists():
    records = [record(right=[0, 4], tested=[2, 4]), record(seed=1, right=[2, 4], tested=[2, 4])]
    low, high = interval(records)
    assert (low, high) == (0.5, 1.0)  # both draws of the first artist, or of the second


def test_a_result_is_good_for_the_same_parameters_and_the_same_music(tmp_path):
    y = np.array(["a", "b"])
    digests = {
        digest_of(DummyClassifier(), y),
        digest_of(DecisionTreeClassifier(), y),
        digest_of(DecisionTreeClassifier(max_depth=2), y),
        digest_of(DecisionTreeClassifier(), y[::-1]),
    }
    assert len(digests) == 4
    (tmp_path / "a.wav").write_bytes(b"some")
    files, artists = np.array([str(tmp_path / "a.wav"), "b.wav"], dtype=object), np.array(["x", "y"])
    of_music = [
        digest_of(DummyClassifier(), y, *music) for music in ((files, artists), (files, None), (files[::-1], artists))
    ]
    (tmp_path / "a.wav").write_bytes(b"some more")
    of_music += [digest_of(DummyClassifier(), y, files, artists), digest_of(DummyClassifier(), y, np.zeros((2, 3)))]
    assert len(set(of_music)) == 5
    assert digest_of(DummyClassifier(), y, files, artists) == of_music[3]
    weights = [MusiCNNEmbedder(Path(folder, "weights.pth")) for folder in ("here", "there")]
    assert digest_of(weights[0], y) == digest_of(weights[1], y) != digest_of(MusiCNNEmbedder(Path("others.pth")), y)
    front = Pictures()
    assert digest_of(MODELS["mfcc-svm"].make(front), y) == digest_of(MODELS["mfcc-svm"].make(Pictures()), y)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_can_be_made_and_described(name):
    for dataset in DATASETS.values():
        if dataset.takes(name, dataset.main):
            assert len(digest_of(MODELS[name].make(dataset.front()), np.array(["a", "b"]))) == 12


# --- music


def test_the_cepstra_of_a_picture_are_those_of_an_extractor():
    # librosa's MFCC are this transform of 128 mel bands in decibels.
    from skgenre import MelExtractor

    sound = np.random.default_rng(0).normal(size=(1, 22050)).astype(np.float32)
    assert_allclose(cepstra(MelExtractor().transform(sound)), MFCCExtractor().transform(sound), atol=1e-2)


def test_fma_is_split_as_its_metadata_say(tmp_path):
    (tmp_path / "fma_metadata").mkdir()
    (tmp_path / "fma_small").mkdir()
    rows = [
        ("2", "training", "small", "Rock", "1"),
        ("3", "validation", "small", "Rock", "2"),
        ("5", "test", "small", "Folk", "3"),
        ("10", "training", "medium", "Folk", "4"),
        ("140", "training", "small", "Folk", "5"),
    ]
    header = [",set,set,track,artist", ",split,subset,genre_top,id", "track_id,,,,"]
    (tmp_path / "fma_metadata" / "tracks.csv").write_text("\n".join([*header, *map(",".join, rows)]) + "\n")
    music = fma(tmp_path)
    assert [Path(path).relative_to(tmp_path).as_posix() for path in music.X] == [
        "fma_small/000/000002.mp3",
        "fma_small/000/000005.mp3",
        "fma_small/000/000140.mp3",
    ]
    assert music.y.tolist() == ["Rock", "Folk", "Folk"]
    assert music.groups.tolist() == ["1", "3", "5"]
    ((train, test),) = music.protocols["training → test"]
    assert_array_equal(train, [0, 2])
    assert_array_equal(test, [1])


@pytest.mark.filterwarnings("ignore:left out .* excerpts of GTZAN")
def test_gtzan_is_split_as_its_lists_say(tmp_path):
    for name in ("blues.00029", "disco.00017", "blues.00012"):
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(100), 22050)
    music = gtzan(tmp_path)
    ((train, test),) = music.protocols["train → test"]
    assert set(train) | set(test) == set(range(len(music.X)))
    assert not set(music.groups[train]) & set(music.groups[test])


def test_the_emotify_of_three_genres_is_the_same_music(emotify):
    four, three = (DATASETS[name].load(None) for name in ("emotify", "emotify-3"))
    assert_array_equal(four.X, three.X)
    assert sorted(set(three.y)) == ["classical", "electronic", "pop or rock"]
    assert_array_equal(three.y == "pop or rock", np.isin(four.y, ["pop", "rock"]))


def test_the_pictures_are_split_by_artist():
    try:
        music = DATASETS["ten-genres"].load(None)
    except MissingDataError as error:
        pytest.skip(str(error))
    ((train, valid),) = music.protocols["train → valid"]
    assert (len(train), len(valid)) == (442, 197)
    assert not set(music.groups[train]) & set(music.groups[valid])


def test_a_record_holds_what_the_interval_needs():
    y, groups = np.array(["a", "b"] * 6), np.arange(12) // 3
    scores = compare_protocols(DummyClassifier(), np.zeros((12, 1)), y, groups, protocols=("random",), seeds=1)
    found = Record.of(("x", "random", "dummy", 0), "it", scores["random"], 5)
    assert found.tested == [3, 3, 3, 3]
    assert sum(found.right) / 12 == pytest.approx(found.accuracy, abs=1e-5)
    assert json.loads(json.dumps(asdict(found)))["seed"] == 0

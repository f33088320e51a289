"""Collections of tracks: those listed from folders and CSVs, and those composed."""

import os
import re
import sys
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile
from scipy import signal
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils import check_random_state

from skgenre import AudioLoader, FrameStatistics, MFCCExtractor, load_tracks, make_tracks
from skgenre.datasets import GENRES
from skgenre.datasets._sounds import INSTRUMENTS


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def write_csv(folder, text, *, encoding="utf-8", name="tracks.csv"):
    file = folder / name
    file.write_text(text, encoding=encoding)
    return file


def names(tracks):
    return [Path(path).name for path in tracks.paths]


def same(one, other):
    return (
        one.paths.tolist() == other.paths.tolist()
        and one.target.tolist() == other.target.tolist()
        and one.target_names == other.target_names
        and one.groups.tolist() == other.groups.tolist()
        and one.frame.equals(other.frame)
    )


def bpm(title):
    return int(re.search(r"(\d+) bpm", title)[1])


@pytest.fixture(scope="module")
def disco(tmp_path_factory):
    return make_tracks(tmp_path_factory.mktemp("disco"), 6, 3, ["disco"], duration=5.0, random_state=0)


# Folders


def test_a_folder_of_genre_folders_gives_its_audio_files_sorted(tmp_path):
    touch(tmp_path, "rock/b.wav", "rock/a.mp3", "jazz/c.flac", "jazz/d.OGG", "jazz/e.opus", "jazz/f.aiff")
    tracks = load_tracks(tmp_path)
    assert tracks.paths.tolist() == [
        str(tmp_path / name)
        for name in ["jazz/c.flac", "jazz/d.OGG", "jazz/e.opus", "jazz/f.aiff", "rock/a.mp3", "rock/b.wav"]
    ]
    assert tracks.target.tolist() == ["jazz"] * 4 + ["rock"] * 2
    assert tracks.target_names == ["jazz", "rock"]
    assert tracks.groups is None


def test_what_is_hidden_or_not_audio_is_passed_over(tmp_path):
    touch(tmp_path, "jazz/a.mp3", "jazz/cover.jpg", "jazz/._a.mp3", "jazz/.trash/b.mp3", ".git/c.mp3", "d.mp3")
    assert names(load_tracks(tmp_path)) == ["a.mp3"]


@pytest.mark.skipif(sys.platform != "linux", reason="the names of files are text elsewhere")
def test_names_that_are_not_utf_8_are_listed(tmp_path):
    path = os.path.join(tmp_path, "rock", os.fsdecode(b"\xe9.wav"))
    os.mkdir(os.path.dirname(path))
    Path(path).touch()
    tracks = load_tracks(tmp_path)
    assert tracks.paths.tolist() == [path]
    assert tracks.frame["path"].tolist() == [os.path.join("rock", os.fsdecode(b"\xe9.wav"))]


def test_tracks_may_lie_deep_in_the_folder_of_their_genre(tmp_path):
    touch(tmp_path, "jazz/Mingus/1959/a.mp3", "jazz/b.mp3")
    assert load_tracks(str(tmp_path)).target.tolist() == ["jazz", "jazz"]


def test_formats_that_cannot_be_read_are_passed_over_with_a_warning(tmp_path):
    touch(tmp_path, "jazz/a.mp3", "jazz/b.m4a", "rock/c.WMA")
    with pytest.warns(UserWarning, match=r"passed over 2 files whose format is not read, the first is '.*b\.m4a'"):
        tracks = load_tracks(tmp_path)
    assert names(tracks) == ["a.mp3"]


def test_folders_that_cannot_be_read_are_passed_over_with_a_warning(tmp_path, monkeypatch):
    touch(tmp_path, "jazz/a.mp3", "rock/closed/b.mp3")

    def scandir(path, listed=os.scandir):
        if os.path.basename(path) == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.warns(UserWarning, match=r"passed over 1 folders that cannot be read, the first: .*denied: '.*closed'"):
        tracks = load_tracks(tmp_path)
    assert names(tracks) == ["a.mp3"]


def test_a_link_to_a_folder_that_it_lies_in_lists_no_track_twice(tmp_path):
    touch(tmp_path, "music/jazz/Mingus/a.mp3", "other/b.mp3")
    link = tmp_path / "music/jazz/Mingus/all"
    try:
        link.symlink_to(tmp_path / "music/jazz")
    except OSError:
        pytest.skip("links cannot be made here")
    (tmp_path / "music/jazz/other").symlink_to(tmp_path / "other")
    assert names(load_tracks(tmp_path / "music")) == ["a.mp3", "b.mp3"]


def test_a_folder_with_an_index_is_read_through_it(tmp_path):
    touch(tmp_path, "jazz/a.mp3", "jazz/b.mp3")
    write_csv(tmp_path, "path,genre,artist\njazz/b.mp3,blues,Bessie\n", name="index.csv")
    tracks = load_tracks(tmp_path)
    assert tracks.paths.tolist() == [str(tmp_path / "jazz/b.mp3")]
    assert tracks.target.tolist() == ["blues"]
    assert tracks.groups.tolist() == ["Bessie"]


def test_an_index_of_something_else_is_passed_over(tmp_path):
    touch(tmp_path, "jazz/a.mp3")
    write_csv(tmp_path, "title,price\nKind of Blue,12\n", name="index.csv")
    with pytest.warns(
        UserWarning, match=r"index.csv' is passed over: it has no columns 'path' and 'genre', but \['title'"
    ):
        assert names(load_tracks(tmp_path)) == ["a.mp3"]


# CSVs


def test_paths_in_a_csv_are_relative_to_its_folder_or_absolute(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    touch(tmp_path, "collection/a.mp3", "elsewhere/b.mp3")
    file = write_csv(tmp_path / "collection", f"path,genre\na.mp3,jazz\n{elsewhere / 'b.mp3'},rock\n")
    assert load_tracks(file).paths.tolist() == [str(tmp_path / "collection" / "a.mp3"), str(elsewhere / "b.mp3")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_csv_keeps_its_order_its_other_columns_and_names_that_are_not_ascii(tmp_path, encoding):
    touch(tmp_path, "björk/jóga.mp3", "音楽.mp3")
    file = write_csv(
        tmp_path,
        "path,genre,artist,year\nbjörk/jóga.mp3,électronique,Björk,1997\n音楽.mp3,演歌,美空ひばり,1952\n",
        encoding=encoding,
    )
    tracks = load_tracks(file)
    assert names(tracks) == ["jóga.mp3", "音楽.mp3"]
    assert tracks.target.tolist() == ["électronique", "演歌"]
    assert tracks.groups.tolist() == ["Björk", "美空ひばり"]
    assert tracks.frame.columns.tolist() == ["path", "genre", "artist", "year"]
    assert tracks.frame["year"].tolist() == ["1997", "1952"]


def test_tracks_without_an_artist_share_a_group(tmp_path):
    touch(tmp_path, "a.mp3", "b.mp3", "c.mp3")
    tracks = load_tracks(write_csv(tmp_path, "path,genre,artist\na.mp3,jazz,\nb.mp3,jazz,Nina\nc.mp3,rock\n"))
    assert tracks.groups.tolist() == ["", "Nina", ""]


def test_a_column_of_artists_without_any_gives_no_groups(tmp_path):
    touch(tmp_path, "a.mp3")
    assert load_tracks(write_csv(tmp_path, "path,genre,artist\na.mp3,jazz,\n")).groups is None


def test_tracks_are_indexed_by_the_folds_of_a_splitter(disco):
    train, test = next(StratifiedGroupKFold(3).split(disco.paths, disco.target, disco.groups))
    assert set(disco.paths[train]).isdisjoint(disco.paths[test])
    assert len(disco.paths[train]) + len(disco.paths[test]) == 6


def test_without_pandas_there_is_no_frame(disco, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    tracks = load_tracks(Path(disco.paths[0]).parents[1])
    assert tracks.frame is None
    assert tracks.groups.tolist() == disco.groups.tolist()


# What cannot be listed


@pytest.mark.parametrize("name", ["nowhere", "nowhere.csv"])
def test_a_collection_that_does_not_exist_is_named(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=f"must be a folder or a CSV file, there is no '.*{name}'"):
        load_tracks(tmp_path / name)


def test_a_folder_without_audio_in_genre_folders_is_named(tmp_path):
    touch(tmp_path, "a.mp3", "jazz/cover.jpg")
    with pytest.raises(
        ValueError, match=f"a folder of genre folders with audio .* found neither in '{re.escape(str(tmp_path))}'"
    ):
        load_tracks(tmp_path)


@pytest.mark.parametrize(("header", "column"), [("path,style", "genre"), ("file,genre", "path"), ("", "path")])
def test_a_missing_column_is_named_with_the_columns_there_are(tmp_path, header, column):
    file = write_csv(tmp_path, f"{header}\na.mp3,jazz\n")
    found = re.escape(str(header.split(",") if header else []))
    with pytest.raises(ValueError, match=rf"tracks\.csv' must have a column '{column}', found the columns {found}"):
        load_tracks(file)


@pytest.mark.parametrize("column", ["path", "genre", "artist"])
def test_a_column_that_is_there_twice_is_named(tmp_path, column):
    touch(tmp_path, "a.mp3")
    csv = write_csv(tmp_path, f"path,genre,artist,{column}\na.mp3,rock,Ann,a.mp3\n")
    with pytest.raises(ValueError, match=f"must have one column '{column}', found the columns"):
        load_tracks(csv)


@pytest.mark.parametrize("genre", ["", "  "])
def test_a_track_without_a_genre_is_named_by_its_line(tmp_path, genre):
    touch(tmp_path, "a.mp3", "b.mp3", "c.mp3")
    file = write_csv(tmp_path, f"path,genre\na.mp3,jazz\nb.mp3,{genre}\nc.mp3,{genre}\n")
    with pytest.raises(ValueError, match=r"tracks\.csv' has no genre in 2 rows, the first ends in line 3"):
        load_tracks(file)


def test_a_track_without_a_path_is_named_by_its_line(tmp_path):
    with pytest.raises(ValueError, match=r"has no path in 1 rows, the first ends in line 2"):
        load_tracks(write_csv(tmp_path, "path,genre\n,jazz\n"))


def test_listed_files_that_do_not_exist_are_counted_and_the_first_is_named(tmp_path):
    touch(tmp_path, "a.mp3")
    file = write_csv(tmp_path, "path,genre\na.mp3,jazz\nb.mp3,jazz\nc.mp3,rock\n")
    with pytest.raises(FileNotFoundError, match=r"lists 2 of 3 files that do not exist, the first is '.*b\.mp3'"):
        load_tracks(file)


@pytest.mark.parametrize(("header", "line"), [("", "its first line"), ("path,genre\n", "line 2")])
def test_a_file_that_is_no_csv_is_named(tmp_path, header, line):
    file = write_csv(tmp_path, header + '"' + 200_000 * "a")  # a quote that is never closed, as in a file of music
    with pytest.raises(ValueError, match=rf"tracks\.csv' must be a CSV file, {line} is none: field larger"):
        load_tracks(file)


def test_a_csv_with_only_a_header_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"tracks\.csv' must list at least one track"):
        load_tracks(write_csv(tmp_path, "path,genre\n"))


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_csv_in_another_encoding_is_an_error(tmp_path, encoding):
    with pytest.raises(ValueError, match=r"tracks\.csv' must be encoded in UTF-8"):
        load_tracks(write_csv(tmp_path, "path,genre\njóga.mp3,jazz\n", encoding=encoding))


# Composed music


@pytest.mark.parametrize("sample_rate", [8000, 22050, 44100])
def test_tracks_of_every_genre_are_audible_mono_16_bit_wavs_of_the_length_asked_for(tmp_path, sample_rate):
    tracks = make_tracks(tmp_path, 1, 1, duration=1.5, sample_rate=sample_rate, random_state=1)
    assert tracks.target.tolist() == list(GENRES)
    for path in tracks.paths:
        info = soundfile.info(path)
        assert (info.format, info.subtype, info.channels) == ("WAV", "PCM_16", 1)
        assert (info.samplerate, info.frames) == (sample_rate, int(1.5 * sample_rate))
        y, _ = soundfile.read(path)
        assert np.sqrt(np.mean(y**2)) > 0.02
        assert np.abs(y).max() < 0.96


def test_the_index_gives_the_same_collection_again(disco):
    folder = Path(disco.paths[0]).parents[1]
    assert disco.frame.columns.tolist() == ["path", "genre", "artist", "title"]
    assert same(load_tracks(folder), disco)
    assert same(load_tracks(folder / "index.csv"), disco)


def test_tracks_are_shared_out_evenly_among_artists_of_one_genre_each(tmp_path):
    tracks = make_tracks(tmp_path, 5, 3, ["pop", "jazz"], duration=0.2, random_state=0)
    assert pd.Series(tracks.groups).value_counts(sort=False).tolist() == [2, 2, 1, 2, 2, 1]
    assert pd.Series(tracks.target).groupby(tracks.groups).nunique().eq(1).all()


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path):
    first, again, other = (
        make_tracks(tmp_path / name, 1, 1, duration=1.0, random_state=seed)
        for name, seed in [("first", 0), ("again", 0), ("other", 1)]
    )
    contents = [[Path(path).read_bytes() for path in tracks.paths] for tracks in (first, again, other)]
    assert contents[0] == contents[1]
    assert all(a != b for a, b in zip(contents[0], contents[2], strict=True))


def test_asking_for_more_leaves_the_rest_as_it_was(tmp_path):
    few = make_tracks(tmp_path / "few", 2, 2, ["rock"], duration=1.0, random_state=0)
    many = make_tracks(tmp_path / "many", 6, 3, ["jazz", "rock"], duration=1.0, random_state=0)
    of_many = {name: Path(path).read_bytes() for name, path in zip(names(many), many.paths, strict=True)}
    assert all(of_many[name] == Path(path).read_bytes() for name, path in zip(names(few), few.paths, strict=True))
    assert len(set(of_many.values())) == 12


def test_neither_length_nor_sample_rate_changes_the_tunes(tmp_path):
    short = make_tracks(tmp_path / "short", 2, 1, ["blues"], duration=1.0, random_state=0)
    long = make_tracks(tmp_path / "long", 2, 1, ["blues"], duration=3.0, sample_rate=16000, random_state=0)
    assert short.frame["title"].tolist() == long.frame["title"].tolist()


def test_composing_leaves_the_global_generator_alone(tmp_path):
    the_global_one = check_random_state(None)
    before = the_global_one.get_state()
    make_tracks(tmp_path, 1, 1, ["pop"], duration=0.2, random_state=0)
    np.testing.assert_equal(the_global_one.get_state(), before)


def test_progress_is_shown_only_on_request(tmp_path, capsys):
    make_tracks(tmp_path, 1, 1, ["pop"], duration=0.2, random_state=0)
    assert capsys.readouterr() == ("", "")
    make_tracks(tmp_path, 1, 1, ["pop"], duration=0.2, random_state=0, verbose=True)
    assert "composing" in capsys.readouterr().err


def test_the_kick_drum_of_disco_plays_on_the_beat(disco):
    offsets = []
    for path, title in zip(disco.paths, disco.frame["title"], strict=True):
        y, sample_rate = soundfile.read(path)
        low = signal.sosfiltfilt(signal.butter(4, (80, 200), "bandpass", fs=sample_rate, output="sos"), y)
        step = sample_rate // 50
        power = np.convolve(low**2, np.ones(step // 2) / step, "same")
        rise = power[step:] - power[:-step]
        onsets, _ = signal.find_peaks(rise, height=rise.max() / 4, distance=sample_rate // 7)
        beat = 60 / bpm(title)
        offsets += (((onsets + step / 2) / sample_rate + beat / 2) % beat - beat / 2).tolist()
    assert len(offsets) > 30
    assert np.mean(np.abs(offsets) < 0.03) > 0.9


@pytest.mark.parametrize("instrument", sorted(INSTRUMENTS))
def test_every_instrument_plays_in_tune(instrument):
    sample_rate, frequency = 22050, 880.0
    note = INSTRUMENTS[instrument](frequency, 1.0, sample_rate, np.random.default_rng(0))
    power = np.abs(np.fft.rfft(note * np.hanning(len(note)))) ** 2
    bins = np.fft.rfftfreq(len(note), 1 / sample_rate)
    grid = frequency / 2  # half of it too: the bell's partials are three and a half times the note apart
    cents = 1200 * np.abs(np.log2(np.maximum(bins, grid / 2) / (grid * np.maximum(1, np.round(bins / grid)))))
    assert power[cents < 25].sum() > 0.8 * power.sum()


def test_tracks_are_tuned_to_concert_pitch(disco):
    for path in disco.paths:
        y, sample_rate = soundfile.read(path)
        assert abs(librosa.estimate_tuning(y=y, sr=sample_rate)) < 0.1


def test_the_artists_are_heard_so_that_a_random_split_promises_too_much(tmp_path):
    tracks = make_tracks(tmp_path, 12, 4, duration=3.0, random_state=0)
    features = make_pipeline(AudioLoader(), MFCCExtractor(), FrameStatistics()).fit_transform(tracks.paths)
    model = make_pipeline(StandardScaler(), SVC(C=10))
    by_artist = cross_val_score(model, features, tracks.target, groups=tracks.groups, cv=StratifiedGroupKFold(4))
    at_random = cross_val_score(model, features, tracks.target, cv=StratifiedKFold(4, shuffle=True, random_state=0))
    assert 0.5 < by_artist.mean() < 0.9
    assert at_random.mean() > by_artist.mean() + 0.03


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_tracks_per_genre": 0}, "n_tracks_per_genre must be an int of at least 1, got 0"),
        ({"n_tracks_per_genre": 2.5}, r"n_tracks_per_genre must be an int of at least 1, got 2\.5"),
        ({"n_tracks_per_genre": 3, "n_artists_per_genre": 4}, "n_artists_per_genre .* n_tracks_per_genre=3, got 4"),
        ({"n_artists_per_genre": 0}, "n_artists_per_genre must be an int from 1 to n_tracks_per_genre=20, got 0"),
        ({"genres": ["jazz", "polka"]}, "genres must be among blues, .*, rock; got 'polka'"),
        ({"genres": [3]}, "genres must be among blues, .*, rock; got 3"),
        ({"genres": "jazz"}, "genres must be a sequence of at least one of blues, .*; got 'jazz'"),
        ({"genres": []}, r"genres must be a sequence of at least one of blues, .*; got \[\]"),
        ({"genres": ["jazz", "jazz"]}, r"genres must name each genre once, got \['jazz', 'jazz'\]"),
        ({"duration": -1.0}, r"duration must be a number of seconds of at least 0\.1, got -1\.0"),
        ({"duration": np.nan}, "duration must be a number of seconds .*, got nan"),
        ({"duration": np.inf}, "duration must be a number of seconds .*, got inf"),
        ({"duration": "10"}, "duration must be a number of seconds .*, got '10'"),
        ({"sample_rate": 4000}, "sample_rate must be an int of at least 8000 hertz, got 4000"),
        ({"sample_rate": 22050.0}, r"sample_rate must be an int of at least 8000 hertz, got 22050\.0"),
    ],
)
def test_parameters_out_of_range_are_named_and_nothing_is_written(tmp_path, parameters, message):
    with pytest.raises(ValueError, match=message):
        make_tracks(tmp_path / "music", **parameters)
    assert not (tmp_path / "music").exists()

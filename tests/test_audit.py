"""What an audit finds in a collection whose faults are known, and that it finds nothing else."""

import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

from skgenre import audit_tracks, make_tracks
from skgenre.audio import decode
from skgenre.model_selection._audit_leaks import medleys_of
from skgenre.model_selection._audit_matching import Match, find_matches
from skgenre.model_selection._fingerprint import SAMPLE_RATE, fingerprint

RATE = 22050
SECONDS = 8.0


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """Return 12 tracks by 6 artists in 3 genres, without a fault."""
    folder = tmp_path_factory.mktemp("music")
    return make_tracks(folder, 4, 2, ["classical", "hiphop", "metal"], duration=SECONDS, random_state=3)


def samples_of(path):
    return soundfile.read(path, dtype="float32")[0]


@pytest.fixture(scope="module")
def heard(music):
    """Return the waveforms of the music, and their fingerprints."""
    tunes = [decode(path, SAMPLE_RATE) for path in music.paths]
    return tunes, [fingerprint(y) for y in tunes]


@pytest.fixture(scope="module")
def faulty(music, tmp_path_factory):
    """Return a collection with one file of each fault beside the good ones: names, and what is wrong with them."""
    folder = tmp_path_factory.mktemp("faulty")
    good = [shutil.copy(path, folder) for path in music.paths[:6]]
    y = samples_of(music.paths[6])
    faults = {
        "text.mp3": ["unreadable"],
        "empty.wav": ["unreadable"],
        "missing.wav": ["unreadable"],
        "zeros.wav": ["silent"],
        "mostly_zeros.wav": ["partly silent"],
        "loud.wav": ["clipped"],
        "brief.wav": ["short"],
        "telephone.wav": ["of another rate"],
        "cut.wav": ["truncated"],
        "cut.flac": ["unreadable", "truncated"],
        "cut.mp3": ["unreadable", "truncated"],
        "cut.ogg": ["truncated"],
    }
    (folder / "text.mp3").write_text("not music at all" * 100)
    (folder / "empty.wav").touch()
    soundfile.write(folder / "zeros.wav", np.zeros_like(y), RATE)
    quiet = np.where(np.arange(len(y)) < 0.3 * len(y), y, 0)
    soundfile.write(folder / "mostly_zeros.wav", quiet, RATE)
    soundfile.write(folder / "loud.wav", np.clip(samples_of(music.paths[7]) * 8, -1, 1), RATE)
    soundfile.write(folder / "brief.wav", samples_of(music.paths[8])[: 2 * RATE], RATE)
    soundfile.write(folder / "telephone.wav", soxr.resample(samples_of(music.paths[9]), RATE, 8000), 8000)
    for row, name in ((10, "cut.wav"), (11, "cut.flac"), (5, "cut.mp3"), (4, "cut.ogg")):
        tune = samples_of(music.paths[row])
        # Backwards, so that no more than two are of one recording.
        soundfile.write(folder / name, tune if row > 6 else tune[::-1], RATE)
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(0.7 * len(content))])
    return [*good, *(str(folder / name) for name in faults)], [[]] * 6 + list(faults.values())


@pytest.fixture(scope="module")
def copies(music, tmp_path_factory):
    """Return the music with nine copies of some of its tracks: paths, and row and offset of what each copy holds."""
    folder = tmp_path_factory.mktemp("copies")
    tunes = [samples_of(path) for path in music.paths]
    made = {
        "same.wav": (0, 0.0, tunes[0], RATE),
        "same.flac": (1, 0.0, tunes[1], RATE),
        "other.mp3": (2, 0.0, tunes[2], RATE),
        "other.ogg": (3, 0.0, tunes[3], RATE),
        "soft.wav": (4, 0.0, 0.1 * tunes[4], RATE),
        "stereo.wav": (5, 0.0, np.stack([tunes[5], 0.4 * tunes[5]], axis=1), RATE),
        "coarse.wav": (6, 0.0, soxr.resample(tunes[6], RATE, 8000), 8000),
        "later.wav": (7, 2.5, tunes[7][int(2.5 * RATE) :], RATE),
        "early.wav": (8, -1.5, np.concatenate([np.zeros(int(1.5 * RATE), np.float32), tunes[8]]), RATE),
    }
    for name, (_, _, y, rate) in made.items():
        soundfile.write(folder / name, y, rate)
    paths = [*music.paths, *(str(folder / name) for name in made)]
    return paths, [(row, offset) for row, offset, _, _ in made.values()]


@pytest.fixture(scope="module")
def audit_of_copies(copies, music):
    paths, made = copies
    rows = [*range(len(music.paths)), *(row for row, _ in made)]
    return audit_tracks(paths, music.target[rows], music.groups[rows])


# Files


def test_good_files_have_no_problem(music):
    audit = audit_tracks(music.paths)
    assert set(audit.counts.values()) == {0}
    assert (audit.frame["problems"] == "").all()


def test_each_fault_is_found_and_nothing_else(faulty):
    paths, faults = faulty
    frame = audit_tracks(paths).frame
    assert dict(zip(map(Path, paths), frame["problems"], strict=True)) == {
        Path(path): ", ".join(fault) for path, fault in zip(paths, faults, strict=True)
    }


def test_the_cause_of_a_fault_is_named(faulty):
    paths, _ = faulty
    causes = {Path(row.path).name: row.fault for row in audit_tracks(paths).frame.itertuples() if row.fault}
    assert causes["empty.wav"] == "it is empty"
    assert causes["missing.wav"] == "no such file"
    assert causes["text.mp3"].startswith("not audio that libsndfile can decode")
    assert re.fullmatch(r"truncated: [\d,]+ of [\d,]+ bytes are there", causes["cut.wav"])
    assert causes["cut.ogg"] == "truncated: its last page is missing"


def test_a_track_is_measured(tmp_path):
    y = np.zeros((48000 * 2, 2))
    y[: 48000 * 2 // 4, 0] = 0.5
    soundfile.write(tmp_path / "a.flac", y, 48000)
    row = audit_tracks([tmp_path / "a.flac"]).frame.iloc[0]
    assert (row["duration"], row["sample_rate"], row["channels"], row["format"]) == (2.0, 48000, 2, "FLAC PCM_16")
    assert (row["peak"], row["clipped"], row["silent"]) == (0.5, 0.0, 0.75)
    assert row["level"] == pytest.approx(10 * np.log10(0.25 / 8), abs=1e-4)


def test_an_mp3_that_does_not_declare_its_length_is_measured_to_its_end(tmp_path):
    """As written through a pipe: the decoder's own guess is off by a factor where the bit rate varies."""
    y = np.random.default_rng(0).normal(0, 0.2, (20 * RATE, 2))
    y[: 15 * RATE] = 0
    soundfile.write(tmp_path / "whole.mp3", y, RATE, bitrate_mode="VARIABLE")
    content = (tmp_path / "whole.mp3").read_bytes()
    (tmp_path / "piped.mp3").write_bytes(content.replace(b"Xing", bytes(4), 1).replace(b"Info", bytes(4), 1))
    whole, piped = audit_tracks([tmp_path / "whole.mp3", tmp_path / "piped.mp3"]).frame.to_dict("records")
    for name in ("level", "peak", "silent", "duration"):
        assert piped[name] == pytest.approx(whole[name], rel=0.02)


def test_a_flac_written_as_a_stream_is_told_what_to_do(tmp_path):
    soundfile.write(tmp_path / "a.flac", np.random.default_rng(0).normal(0, 0.1, (RATE, 2)), RATE)
    content = bytearray((tmp_path / "a.flac").read_bytes())
    content[21], content[22:26] = content[21] & 0xF0, bytes(4)  # no length
    (tmp_path / "a.flac").write_bytes(content)
    assert audit_tracks([tmp_path / "a.flac"]).frame["fault"][0].startswith("it does not declare its length")


def test_clipping_in_one_channel_is_found(tmp_path):
    y = np.random.default_rng(0).normal(0, 0.1, (RATE, 2))
    y[:, 1] = np.clip(20 * y[:, 1], -1, 1)
    soundfile.write(tmp_path / "a.wav", y, RATE)
    assert audit_tracks([tmp_path / "a.wav"]).counts["clipped"] == 1


def test_a_peak_that_just_fits_is_not_clipping(tmp_path):
    y = np.random.default_rng(0).normal(0, 0.1, RATE)
    y[::500] = 1.0
    soundfile.write(tmp_path / "a.wav", y, RATE)
    assert audit_tracks([tmp_path / "a.wav"]).frame["clipped"][0] == 0


def clipped(gain):
    """Return music that was clipped and is as loud as it should be."""
    loud = np.convolve(np.random.default_rng(0).normal(0, 4, 4 * RATE), np.ones(8) / 8, "same")
    return gain * np.clip(loud, -1, 1)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("decibels", [-1, -12])
def test_clipping_is_found_where_the_track_was_made_softer_afterwards(tmp_path, decibels, subtype):
    y = clipped(10 ** (decibels / 20))
    soundfile.write(tmp_path / "a.wav", y, RATE, subtype=subtype)
    row = audit_tracks([tmp_path / "a.wav"]).frame.iloc[0]
    flat = np.abs(y) == np.abs(y).max()
    in_threes = np.convolve(np.convolve(flat, np.ones(3), "valid") == 3, np.ones(3)) > 0
    assert row["problems"] == "clipped"
    assert row["clipped"] == pytest.approx(in_threes.mean(), rel=1e-3)


def test_dither_and_another_channel_do_not_hide_clipping(tmp_path):
    y = clipped(0.8)
    rng = np.random.default_rng(1)
    y += (rng.random(len(y)) - rng.random(len(y))) / 2**16
    soundfile.write(tmp_path / "a.wav", np.stack([rng.normal(0, 0.2, len(y)), y], axis=1), RATE)
    assert audit_tracks([tmp_path / "a.wav"]).counts["clipped"] == 1


def wave(frequency, shape=np.sin):
    return shape(2 * np.pi * frequency * np.arange(4 * RATE) / RATE)


CHIPTUNE = wave(220, lambda x: np.sign(np.sin(x))) + wave(331, lambda x: np.sign(np.sin(x) - 0.7))


@pytest.mark.parametrize("level", [0.9, 0.01, 0.0005])
@pytest.mark.parametrize(
    "y",
    [
        wave(25),
        wave(440),
        wave(110, lambda x: np.sign(np.sin(x))),
        (CHIPTUNE + np.round(8 * wave(55)) / 16) / 3,
        np.full(RATE, 1.0),
        np.repeat(np.random.default_rng(0).uniform(-1, 1, RATE), 4),
        np.random.default_rng(0).normal(0, 0.2, 4 * RATE),
    ],
    ids=["low sine", "sine", "square", "chiptune", "constant", "held samples", "noise"],
)
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_U8", "ULAW"])
def test_tones_chiptunes_and_quiet_tracks_are_not_clipped(tmp_path, y, level, subtype):
    soundfile.write(tmp_path / "a.wav", level * y, RATE, subtype=subtype)
    assert audit_tracks([tmp_path / "a.wav"]).counts["clipped"] == 0


def stereo(music, row, other):
    y = samples_of(music.paths[row])
    return np.stack([y, other * y], axis=1)


def test_stereo_that_cancels_out_in_mono_is_told_what_it_is(music, tmp_path):
    for name, other in (("upside_down.wav", -1), ("almost.wav", -0.7), ("good.wav", 0.7), ("left.wav", 0)):
        soundfile.write(tmp_path / name, stereo(music, 0, other), RATE)
    frame = audit_tracks(sorted(tmp_path.glob("*.wav"))).frame.set_index("path")
    frame.index = [Path(path).name for path in frame.index]
    assert frame["problems"].to_dict() == {
        "almost.wav": "out of phase",
        "good.wav": "",
        "left.wav": "",
        "upside_down.wav": "out of phase",
    }
    assert frame.loc["upside_down.wav", "mono"] == -np.inf
    assert frame.loc["left.wav", "mono"] == pytest.approx(-3.01, abs=0.01)


def test_tracks_that_cancel_out_are_duplicates_of_their_own_recordings_alone(music, tmp_path):
    paths = []
    for row in (0, 1):
        paths += [music.paths[row], tmp_path / f"{row}.wav"]
        soundfile.write(paths[-1], stereo(music, row, -1), RATE)
    audit = audit_tracks(paths)
    assert audit.duplicates[["first", "second", "kind"]].values.tolist() == [[0, 1, "near"], [2, 3, "near"]]
    assert audit.keep.tolist() == [True, False, True, False]


def test_a_track_of_one_sample_is_measured(tmp_path):
    soundfile.write(tmp_path / "a.wav", [0.5], RATE)
    row = audit_tracks([tmp_path / "a.wav"]).frame.iloc[0]
    assert (row["duration"], row["peak"], row["problems"]) == (1 / RATE, 0.5, "")


@pytest.mark.parametrize("size", [4, 2**32 - 1])
def test_a_size_a_little_too_large_or_not_known_is_no_truncation(music, tmp_path, size):
    content = bytearray(Path(music.paths[0]).read_bytes())
    place = content.index(b"data") + 4
    said = int.from_bytes(content[place : place + 4], "little")
    content[place : place + 4] = min(said + size, 2**32 - 1).to_bytes(4, "little")
    (tmp_path / "a.wav").write_bytes(content)
    assert audit_tracks([tmp_path / "a.wav"]).counts["truncated"] == 0


def test_what_is_wrong_can_be_said(music):
    audit = audit_tracks(music.paths, min_duration=9, sample_rate=44100, max_silent=0, max_clipped=0)
    assert audit.counts["short"] == audit.counts["of another rate"] == len(music.paths)


def test_no_rate_is_unusual_where_no_rate_is_usual(music, tmp_path):
    soundfile.write(tmp_path / "a.wav", samples_of(music.paths[0]), 16000)
    assert audit_tracks([music.paths[1], tmp_path / "a.wav"]).counts["of another rate"] == 0


def test_threads_find_the_same(faulty):
    paths, _ = faulty
    pd.testing.assert_frame_equal(audit_tracks(paths).frame, audit_tracks(paths, n_jobs=2).frame)


def test_a_collection_of_which_nothing_decodes_is_audited(tmp_path):
    audit = audit_tracks([tmp_path / "a.wav", tmp_path / "b.wav"], ["rock", "pop"])
    assert audit.counts["unreadable"] == 2
    assert not audit.keep.any()
    assert "2 unreadable" in repr(audit)
    assert "no such file" in audit._repr_html_()


# Duplicates


def test_each_copy_is_found_with_its_offset_and_nothing_else(copies, audit_of_copies, music):
    _, made = copies
    found = audit_of_copies.duplicates
    assert found[["first", "second"]].values.tolist() == sorted(
        [row, len(music.paths) + number] for number, (row, _) in enumerate(made)
    )
    offsets = [made[second - len(music.paths)][1] for second in found["second"]]
    assert np.abs(found["offset"] - offsets).max() < 0.06
    assert abs(np.mean(found["offset"] - offsets)) < 0.01


def loops(bar, seed):
    """Return 30 s of a bar that is played again and again, with a note a second that is played once."""
    rng = np.random.default_rng(seed)
    bar = sum(_note(rng.choice(220 * 2 ** (np.arange(24) / 8)), start, bar) for start in np.arange(8) * bar / 8)
    y = np.tile(bar, 30 * SAMPLE_RATE // len(bar) + 1)[: 30 * SAMPLE_RATE]
    return y + 0.7 * sum(_note(rng.uniform(300, 2500), start, 30) for start in rng.uniform(0, 29, 30))


def _note(frequency, start, duration):
    t = np.arange(round(duration * SAMPLE_RATE)) / SAMPLE_RATE - start
    return np.where(t >= 0, np.sin(2 * np.pi * frequency * t) * np.exp(-8 * np.maximum(t, 0)), 0)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("bar", [0.75, 1.0, 1.5])
def test_a_cut_of_music_made_of_loops_is_found_where_it_was_cut(bar, seed):
    y = loops(bar, seed).astype(np.float32)
    for begin in (0.0, 4.3, 3 * bar, 12.1):
        cut = 0.3 * y[int(begin * SAMPLE_RATE) : int((begin + 14) * SAMPLE_RATE)]
        (match,) = find_matches([fingerprint(y), fingerprint(cut)], [b"whole", b"cut"], 0.25)
        assert match.offset == pytest.approx(begin, abs=0.06)


def test_the_same_samples_are_told_from_similar_ones(copies, audit_of_copies):
    exact = audit_of_copies.duplicates.query("kind == 'exact'")
    assert [Path(path).name for path in exact["second_path"]] == ["same.wav", "same.flac"]
    assert exact["similarity"].tolist() == [1.0, 1.0]


def test_a_recording_on_two_labels_is_shown(music, tmp_path):
    shutil.copy(music.paths[0], tmp_path / "again.wav")
    audit = audit_tracks([*music.paths, tmp_path / "again.wav"], [*music.target, "metal"])
    assert audit.duplicates["same_label"].tolist() == [False]
    assert "classical ≠ metal" in audit._repr_html_()


def test_copies_of_a_copy_are_all_paired(music, tmp_path):
    paths = [music.paths[0]]
    for number in range(4):
        paths.append(shutil.copy(music.paths[0], tmp_path / f"{number}.wav"))
    soundfile.write(tmp_path / "soft.wav", 0.3 * samples_of(music.paths[0]), RATE)
    found = audit_tracks([*paths, tmp_path / "soft.wav"])
    assert len(found.duplicates) == 15
    assert found.keep.sum() == 1


def test_more_copies_than_a_landmark_has_neighbours_stay_together(music):
    peaks = fingerprint(decode(music.paths[0], SAMPLE_RATE))
    matches = find_matches([peaks] * 80, [bytes([row]) for row in range(1, 81)], 0.25)
    assert {match.first for match in matches} | {match.second for match in matches} == set(range(80))


@settings(max_examples=40)
@given(
    row=st.integers(0, 11),
    gain=st.floats(-30, 6),
    begin=st.floats(0, 4),
    lead=st.floats(0, 2),
    noise=st.floats(-80, -40),
    seed=st.integers(0, 99),
)
def test_any_gain_cut_and_offset_of_a_track_is_found(heard, row, gain, begin, lead, noise, seed):
    cut = heard[0][row][int(begin * SAMPLE_RATE) :]
    copy = np.concatenate([np.zeros(int(lead * SAMPLE_RATE), dtype=np.float32), cut])
    copy = copy + np.random.default_rng(seed).normal(0, cut.std() * 10 ** (noise / 20), len(copy))
    peaks = [*heard[1], fingerprint((copy * 10 ** (gain / 20)).astype(np.float32))]
    matches = find_matches(peaks, [bytes([number]) for number in range(1, len(peaks) + 1)], 0.25)
    assert [(match.first, match.second) for match in matches] == [(row, len(heard[0]))]
    assert matches[0].offset == pytest.approx(begin - lead, abs=0.06)


def test_real_music_at_a_low_bit_rate_softer_and_cut_is_found_and_nothing_else(emotify, tmp_path):
    rows = range(0, 266, 22)
    paths = [str(emotify.paths[row]) for row in rows]
    for number, path in enumerate(paths[:4]):
        y = decode(path, 22050, offset=5 + 3.3 * number, duration=12)
        soundfile.write(tmp_path / f"{number}.mp3", 0.25 * y, 22050, bitrate_mode="CONSTANT", compression_level=0.9)
        paths.append(str(tmp_path / f"{number}.mp3"))
    found = audit_tracks(paths).duplicates
    assert found[["first", "second"]].values.tolist() == [[number, len(rows) + number] for number in range(4)]
    assert found["offset"].tolist() == pytest.approx([5 + 3.3 * number for number in range(4)], abs=0.1)


# Artists and splits


def test_artists_on_several_labels_are_listed(music):
    labels = music.target.copy()
    labels[0] = "metal"
    artists = audit_tracks(music.paths, labels, music.groups).artists
    assert artists.values.tolist() == [[music.groups[0], 2, "classical (1), metal (1)"]]


@pytest.mark.parametrize("unknown", [None, np.nan, pd.NA, ""])
def test_a_track_without_a_label_is_on_none(music, tmp_path, unknown):
    copy = shutil.copy(music.paths[0], tmp_path)
    labels = [unknown, *music.target[1:], unknown]
    audit = audit_tracks([*music.paths, copy], labels, [*music.groups, music.groups[0]], cv=2)
    assert audit.artists.empty
    assert audit.duplicates["same_label"].tolist() == [None]
    assert audit.frame["label"].tolist() == ["", *music.target[1:], ""]


@pytest.mark.skipif(sys.platform != "linux", reason="the names of files are text elsewhere")
def test_names_of_files_that_are_not_utf_8_are_audited(music, tmp_path):
    folder = os.fsdecode(bytes(tmp_path) + b"/j\xe4zz")
    os.mkdir(folder)
    names = [shutil.copy(music.paths[0], os.path.join(folder, os.fsdecode(name))) for name in (b"\xe9.wav", b"a.wav")]
    audit = audit_tracks(names, [os.path.basename(folder)] * 2)
    assert audit.frame["path"].tolist() == names
    assert audit.frame["duration"].tolist() == [SECONDS, SECONDS]
    assert audit.duplicates["first_path"].tolist() == names[:1]
    assert "?.wav" in audit._repr_html_().encode().decode()


def test_a_split_by_artist_leaks_nothing_and_a_random_one_does(music):
    audit = audit_tracks(music.paths, music.target, music.groups)
    assert audit.leaks(GroupKFold(3))["leaked"].tolist() == [0, 0, 0]
    shuffled = audit.leaks(StratifiedKFold(2, shuffle=True, random_state=0))
    assert (shuffled["same_artist"] > 0).all()
    assert (shuffled["same_recording"] == 0).all()


def test_a_split_is_counted_track_by_track(music):
    audit = audit_tracks(music.paths, music.target, music.groups)
    leaks = audit.leaks((np.arange(1, 12), [0]))
    assert leaks.to_dict("records") == [
        {"n_train": 11, "n_test": 1, "same_recording": 0, "same_artist": 1, "leaked": 1, "share": 1.0}
    ]


def test_a_test_part_without_tracks_leaks_nothing(music):
    for split in ([([0, 1], [])], ([0, 1], []), ([], [])):
        assert audit_tracks(music.paths).leaks(split)["share"].tolist() == [0.0]


def test_splits_are_taken_in_every_form(music):
    audit = audit_tracks(music.paths, music.target)
    one = next(KFold(3).split(music.paths))
    mask = np.isin(np.arange(12), one[0])
    forms = (list, tuple, pd.Index, pd.Series)
    for split in (one, [one], (mask, ~mask), *(tuple(form(side.tolist()) for side in one) for form in forms)):
        pd.testing.assert_frame_equal(audit.leaks(split), audit.leaks([one]))
    assert len(audit.leaks(4)) == 4
    uneven = (np.arange(7), np.arange(7, 12))
    expected = audit.leaks([uneven])
    for split in (list(uneven), (uneven,), [tuple(uneven)]):
        pd.testing.assert_frame_equal(audit.leaks(split), expected)
    pd.testing.assert_frame_equal(audit.leaks((uneven, uneven)), pd.concat([expected] * 2, ignore_index=True))


@pytest.mark.parametrize(
    "split",
    [
        {"train": [0], "test": [1]},
        ("train", "test"),
        ([0, 1], [12]),
        ([True, False], [False, True]),
        ([0.0, 1.0], [2.0]),
        [([0], [1], [2])],
        [0, 1],
    ],
    ids=str,
)
def test_what_is_no_split_is_named(music, split):
    audit = audit_tracks(music.paths)
    with pytest.raises(ValueError, match="cv must give pairs of rows, for training and for test, of the 12 tracks"):
        audit.leaks(split)


def test_a_recording_on_both_sides_leaks(copies, audit_of_copies, music):
    paths, made = copies
    originals, rest = np.arange(len(music.paths)), np.arange(len(music.paths), len(paths))
    assert audit_of_copies.leaks((originals, rest))["same_recording"][0] == len(made)


def test_groups_hold_together_artists_and_recordings(copies, audit_of_copies):
    paths, _ = copies
    leaks = audit_of_copies.leaks([*GroupKFold(3).split(paths, groups=audit_of_copies.groups)])
    assert leaks["leaked"].tolist() == [0, 0, 0]


def test_groups_that_are_a_table_are_named(music):
    with pytest.raises(ValueError, match="groups should be a 1d array"):
        audit_tracks(music.paths[:2], groups=[["a", "b"], ["a", "b"]])


def test_a_splitter_takes_labels_of_any_kind(music):
    for labels in ([0, 1], [True, False], ["jazz", "rock"]):
        audit = audit_tracks(music.paths, labels * 6, cv=StratifiedKFold(2))
        assert len(audit.leaks(StratifiedKFold(2))) == 2


def test_blanks_around_a_label_never_count(music):
    labels, artists = ["rock", "rock ", "jazz"], ["a", "a", "b"]
    for last in ("jazz", ""):
        assert audit_tracks(music.paths[:3], [*labels[:2], last], artists).artists.empty


def test_a_copy_by_an_unknown_artist_is_grouped_with_its_original(music, tmp_path):
    shutil.copy(music.paths[0], tmp_path / "again.wav")
    audit = audit_tracks([*music.paths, tmp_path / "again.wav"], groups=[*music.groups, None])
    assert audit.groups[0] == audit.groups[-1]


def test_tracks_without_an_artist_are_not_counted_as_by_one_artist(music):
    audit = audit_tracks(music.paths, groups=["", None, np.nan, pd.NA, *music.groups[4:]])
    assert audit.leaks(([0], [1, 2, 3]))["same_artist"][0] == 0
    assert len(set(audit.groups[:4])) == 4


def test_an_artist_is_the_same_in_either_spelling_of_an_accent(music):
    names = ["Bj\u00f6rk", "Bjo\u0308rk"]
    assert audit_tracks(music.paths[:2], groups=names).leaks(([0], [1]))["same_artist"][0] == 1


def test_a_medley_takes_the_place_of_no_song_in_it(music, tmp_path):
    medley = np.concatenate([samples_of(path)[: 6 * RATE] for path in music.paths[:4]])
    soundfile.write(tmp_path / "medley.wav", medley, RATE)
    audit = audit_tracks([*music.paths[:4], tmp_path / "medley.wav"])
    assert audit.keep.tolist() == [True] * 4 + [False]
    assert audit.leaks(([0, 1], [2, 3]))["same_recording"][0] == 0
    assert audit.leaks(([0, 4], [2, 3]))["same_recording"][0] == 2
    assert len(set(audit.groups)) == 1


def test_copies_of_a_medley_take_the_place_of_no_song_either(music, tmp_path):
    medley = np.concatenate([samples_of(path)[: 6 * RATE] for path in music.paths[:4]])
    for name, gain in (("medley.wav", 1.0), ("softer.flac", 0.5)):
        soundfile.write(tmp_path / name, gain * medley, RATE)
    audit = audit_tracks([*music.paths[:4], tmp_path / "medley.wav", tmp_path / "softer.flac"], min_duration=1)
    assert audit.keep.tolist() == [True] * 4 + [False] * 2
    assert audit.leaks(([0, 1], [2, 3]))["same_recording"][0] == 0


def test_poor_copies_that_are_not_told_alike_make_no_medley_of_their_original():
    apart = [Match(0, 1, 0.0, 0.5, False), Match(0, 2, 0.3, 0.5, False)]
    assert medleys_of([30.0, 30.0, 29.0], apart) == set()
    one_after_the_other = [Match(0, 1, 0.0, 0.5, False), Match(0, 2, 28.0, 0.5, False)]
    assert medleys_of([60.0, 30.0, 29.0], one_after_the_other) == {0}
    the_last_is_the_medley = [Match(0, 2, -28.0, 0.5, False), Match(1, 2, 0.0, 0.5, False)]
    assert medleys_of([29.0, 30.0, 60.0], the_last_is_the_medley) == {2}
    halves_of_one_song = [*one_after_the_other, Match(1, 2, 28.0, 0.5, False)]
    assert medleys_of([60.0, 30.0, 29.0], halves_of_one_song) == set()


def test_many_copies_of_one_recording_are_kept_once(music, tmp_path):
    """More than are compared with each other pair by pair."""
    y = samples_of(music.paths[0])
    paths = [music.paths[1], *(tmp_path / f"{number}.wav" for number in range(45))]
    for number, path in enumerate(paths[1:]):
        soundfile.write(path, (0.5 + number / 100) * y[100 * number :], RATE)
    audit = audit_tracks(paths)
    assert audit.keep.tolist() == [True, True] + [False] * 44
    assert audit.leaks((range(1, 20), range(20, 46)))["same_recording"][0] == 26


def test_labels_that_are_numbers_are_compared(music, tmp_path):
    copy = shutil.copy(music.paths[0], tmp_path)
    for labels, same in (([0, 0], True), ([0, 1], False), ([False, True], False)):
        assert audit_tracks([music.paths[0], copy], labels).duplicates["same_label"].tolist() == [same]
    assert "rock ≠" not in audit_tracks([music.paths[0], copy], ["rock", None])._repr_html_()


def test_keep_leaves_what_sounds_once(copies, audit_of_copies, faulty, music):
    recordings = np.array([*range(len(music.paths)), *(row for row, _ in copies[1])])
    assert sorted(recordings[audit_of_copies.keep]) == list(range(len(music.paths)))
    paths, faults = faulty
    usable = [not {"unreadable", "silent"} & set(found) for found in faults]
    assert audit_tracks(paths).keep.tolist() == usable


def test_the_whole_file_is_kept_and_not_the_one_that_was_cut(music, tmp_path):
    shutil.copy(music.paths[0], tmp_path / "cut.wav")
    content = (tmp_path / "cut.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(content[: int(0.8 * len(content))])
    soundfile.write(tmp_path / "short.wav", samples_of(music.paths[0])[RATE:], RATE)
    audit = audit_tracks([tmp_path / "cut.wav", tmp_path / "short.wav", music.paths[0]])
    assert audit.keep.tolist() == [False, False, True]


# The report


def test_the_report_tells_all_in_html_and_text(faulty):
    paths, _ = faulty
    audit = audit_tracks([*paths, paths[0]], cv=KFold(3, shuffle=True, random_state=0))
    page = audit._repr_html_()
    for text in ("Files with problems", "no such file", "Duplicates", "exact", "What the splits leak"):
        assert text in page
    text = repr(audit)
    assert text.startswith("19 tracks, 5 unreadable, 4 truncated, 1 silent, 1 partly silent, 1 clipped, 1 short,")
    assert "1 pair of duplicates, 1 exact" in text
    assert len(re.findall(r"split \d: \d of \d test tracks leak", text)) == 3


def test_the_report_lists_artists_on_several_labels(tmp_path):
    audit = audit_tracks([tmp_path / f"{number}.wav" for number in range(3)], ["pop", "rock", "rock"], ["Ann"] * 3)
    page = audit._repr_html_()
    assert "Artists on several labels" in page
    assert "pop (1), rock (2)" in page


def test_the_report_escapes_what_it_shows(tmp_path):
    page = audit_tracks([tmp_path / "<b>.wav"])._repr_html_()
    assert "&lt;b&gt;.wav" in page
    assert "<b>" not in page


def test_long_tables_are_cut_and_say_so(tmp_path):
    page = audit_tracks([tmp_path / f"{number}.wav" for number in range(60)])._repr_html_()
    assert "and 10 more" in page


# What cannot be audited


def test_an_open_file_is_no_path(music):
    with open(music.paths[0], "rb") as file, pytest.raises(TypeError, match="PathLike"):
        audit_tracks([file])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"paths": []}, "paths must be an array-like of at least one path, got list"),
        ({"paths": np.zeros((2, 3))}, "paths must be"),
        ({"y": ["rock"]}, "inconsistent numbers of samples"),
        ({"groups": ["a", "b", "c"]}, "inconsistent numbers of samples"),
        (
            {"y": [[0, 1], [1, 0]]},
            r"y must have shape \(n_tracks,\).* got shape \(2, 2\). Leave y out, or .*'rock\|pop'",
        ),
        ({"y": [["rock"], ["rock", "pop"]]}, "got lists of unequal length"),
        ({"max_clipped": 1.5}, "max_clipped must be a number from 0 to 1, got 1.5"),
        ({"min_similarity": None}, "min_similarity must be"),
        ({"min_duration": -1}, "min_duration must be a number >= 0 or None, got -1"),
        ({"sample_rate": "44100"}, "sample_rate must be"),
    ],
)
def test_what_cannot_be_audited_is_an_error(arguments, message):
    with pytest.raises(ValueError, match=message):
        audit_tracks(**{"paths": ["a.wav", "b.wav"], **arguments})

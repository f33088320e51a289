"""GTZAN: the list of its excerpts, a copy of it listed, and its fault-filtered split."""

from collections import Counter
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score

from skgenre import GTZANSplit, load_gtzan
from skgenre.datasets import GENRES, gtzan_list, gtzan_name

LISTS = Path(__file__).resolve().parents[2] / "shared" / "data" / "gtzan"


def a_copy(folder, names=None, *, pattern="{genre}/{name}.wav"):
    """Make the files of a copy of GTZAN, which hold next to nothing, and the same."""
    content = BytesIO()
    soundfile.write(content, np.zeros(100), 22050, format=Path(pattern).suffix[1:])
    for name in gtzan_list() if names is None else names:
        path = folder / pattern.format(genre=name.partition(".")[0], name=name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.getvalue())
    return folder


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return a_copy(tmp_path_factory.mktemp("gtzan"))


@pytest.fixture(scope="module")
def gtzan(copy):
    return load_gtzan(copy)


# The list


def test_the_list_has_a_hundred_excerpts_of_each_genre():
    assert Counter(row["genre"] for row in gtzan_list().values()) == dict.fromkeys(GENRES, 100)


def test_the_parts_have_the_published_sizes():
    parts = Counter(row["part"] for row in gtzan_list().values())
    assert parts == {"train": 443, "valid": 197, "test": 290, "": 70}


def test_every_genre_is_in_every_part():
    assert len({(row["genre"], row["part"]) for row in gtzan_list().values() if row["part"]}) == 30


def test_no_known_artist_is_in_two_parts():
    parts = {}
    for row in gtzan_list().values():
        if row["artist"] and row["part"]:
            parts.setdefault(row["artist"], set()).add(row["part"])
    assert {artist for artist, found in parts.items() if len(found) > 1} == set()


def test_the_list_agrees_with_the_published_ones():
    if not LISTS.is_dir():
        pytest.skip("the published lists are not there: ../shared/data/gtzan")
    for part in ("train", "valid", "test"):
        published = {Path(line).stem for line in (LISTS / f"{part}_filtered.txt").read_text().split()}
        assert {name for name, row in gtzan_list().items() if row["part"] == part} == published


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("genres/blues/blues.00000.au", "blues.00000"),
        ("Blues.00000.WAV", "blues.00000"),
        ("blues00000.mp3", "blues.00000"),
        ("rock_00099.flac", "rock.00099"),
        ("rock.00100.wav", None),
        ("polka.00000.wav", None),
        ("blues.00000 (copy).wav", None),
        ("blues.0000.wav", None),
    ],
)
def test_an_excerpt_is_known_by_its_file_name(path, name):
    assert gtzan_name(path) == name


# A copy


def test_a_copy_is_listed_with_genres_and_parts(gtzan):
    assert len(gtzan.paths) == 1000
    assert gtzan.target_names == sorted(GENRES)
    assert Counter(gtzan.part) == {"train": 443, "valid": 197, "test": 290, "": 70}
    assert gtzan.target.tolist() == [Path(path).parent.name for path in gtzan.paths]


def test_an_artist_is_a_group_and_an_unknown_one_a_group_of_its_own(gtzan):
    groups = dict(zip((Path(path).stem for path in gtzan.paths), gtzan.groups.tolist(), strict=True))
    assert groups["metal.00082"] == "Guns N' Roses"
    assert groups["hiphop.00054"] == "hiphop.00054"


def test_the_frame_has_artist_and_title(gtzan):
    row = gtzan.frame.set_index("track").loc["pop.00054"]
    assert (row["artist"], row["title"], row["path"]) == ("Destiny's Child", "Bootylicious", "pop/pop.00054.wav")


def test_parts_can_be_asked_for(copy):
    assert set(load_gtzan(copy, part="valid").part) == {"valid"}
    assert len(load_gtzan(copy, part=("train", "valid")).paths) == 640


@pytest.mark.parametrize("pattern", ["{name}.au", "genres_original/{genre}/{name}.mp3", "a/b/c/{name}.flac"])
def test_copies_differ_in_format_and_folders(tmp_path, pattern):
    a_copy(tmp_path, pattern=pattern)
    (tmp_path / "blues.00000.png").touch()
    (tmp_path / "features_30_sec.csv").touch()
    assert len(load_gtzan(tmp_path, part="test", on_missing="raise").paths) == 290


def test_missing_excerpts_are_named(tmp_path):
    a_copy(tmp_path, set(gtzan_list()) - {"blues.00012", "rock.00003"})
    with pytest.warns(UserWarning, match=r"left out 2 of 1000 .*: 2 not in .*, blues.00012, rock.00003$"):
        assert len(load_gtzan(tmp_path).paths) == 998


def test_missing_excerpts_can_be_an_error(tmp_path):
    a_copy(tmp_path, ["blues.00012"])
    with pytest.raises(FileNotFoundError, match=r"left out 289 of 290 .* and 281 more"):
        load_gtzan(tmp_path, part="test", on_missing="raise")


def test_excerpts_that_do_not_decode_are_left_out_and_named_with_the_cause(tmp_path):
    a_copy(tmp_path, set(gtzan_list()) - {"rock.00003"})
    (tmp_path / "jazz" / "jazz.00054.wav").write_bytes(b"no audio")
    (tmp_path / "blues" / "blues.00012.wav").write_bytes(b"")
    message = (
        r"left out 3 of 1000 .*: 2 that do not decode, blues.00012 \(it is empty\), jazz.00054 \(not audio.*\); 1 not"
    )
    with pytest.warns(UserWarning, match=message):
        tracks = load_gtzan(tmp_path)
    assert len(tracks.paths) == len(tracks.target) == len(tracks.frame) == 997


def test_excerpts_that_do_not_decode_can_be_an_error(tmp_path):
    a_copy(tmp_path)
    (tmp_path / "rock" / "rock.00003.wav").write_bytes(b"")
    with pytest.raises(ValueError, match=r"1 that does not decode, rock.00003 \(it is empty\)$"):
        load_gtzan(tmp_path, on_missing="raise")


def test_a_copy_of_which_nothing_decodes_is_an_error(tmp_path):
    (tmp_path / "blues.00012.wav").touch()
    with pytest.raises(ValueError, match=r"blues.00012 \(it is empty\); 999 not in"):
        load_gtzan(tmp_path)


def test_a_folder_with_two_copies_is_an_error(tmp_path):
    a_copy(tmp_path, ["blues.00000"])
    a_copy(tmp_path, ["blues.00000"], pattern="{name}.au")
    with pytest.raises(ValueError, match=r"blues.00000 twice, .*blues.00000.au.*blues.00000.wav"):
        load_gtzan(tmp_path)


def test_a_link_to_a_folder_that_it_lies_in_is_no_second_copy(tmp_path):
    a_copy(tmp_path)
    try:
        (tmp_path / "blues" / "all").symlink_to(tmp_path)
    except OSError:
        pytest.skip("links cannot be made here")
    assert len(load_gtzan(tmp_path).paths) == 1000


def test_a_folder_without_any_excerpt_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="has none of those asked for"):
        load_gtzan(tmp_path)


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no"):
        load_gtzan(tmp_path / "gtzan")


@pytest.mark.parametrize("wrong", [{"part": "training"}, {"part": ()}, {"on_missing": "ignore"}])
def test_a_parameter_of_no_known_value_is_an_error(copy, wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
        load_gtzan(copy, **wrong)


# The split


@pytest.mark.parametrize(
    ("sides", "sizes"),
    [({}, (443, 290)), ({"test": "valid"}, (443, 197)), ({"train": ("train", "valid")}, (640, 290))],
)
def test_the_split_has_the_published_sizes(gtzan, sides, sizes):
    ((train, test),) = GTZANSplit(**sides).split(gtzan.paths)
    assert (len(train), len(test)) == sizes


def test_the_split_shares_no_artist(gtzan):
    ((train, test),) = GTZANSplit(("train", "valid")).split(gtzan.paths)
    assert not set(gtzan.groups[train]) & set(gtzan.groups[test])


def test_the_rows_do_not_depend_on_the_order_of_the_tracks(gtzan):
    shuffled = np.random.default_rng(0).permutation(gtzan.paths)
    ((_, test),) = GTZANSplit().split(shuffled)
    ((_, sorted_test),) = GTZANSplit().split(gtzan.paths)
    assert set(shuffled[test]) == set(gtzan.paths[sorted_test])


def test_a_column_of_paths_is_split_like_a_list(gtzan):
    ((train, _),) = GTZANSplit().split(pd.DataFrame({"path": gtzan.paths}))
    assert len(train) == 443


def test_features_are_split_by_the_names_of_their_tracks(gtzan):
    features = np.zeros((1000, 2))
    split = GTZANSplit(names=gtzan.paths)
    assert len(cross_val_score(DummyClassifier(), features, gtzan.target, cv=split)) == 1


def test_a_search_takes_the_split(gtzan):
    search = GridSearchCV(DummyClassifier(), {"strategy": ["prior", "uniform"]}, cv=GTZANSplit(test="valid"))
    assert search.fit(gtzan.paths.reshape(-1, 1), gtzan.target).n_splits_ == 1


def test_the_split_says_what_it_is():
    assert repr(GTZANSplit(test="valid")) == "GTZANSplit(names=None, test='valid', train='train')"


@pytest.mark.parametrize(
    ("split", "X", "message"),
    [
        (GTZANSplit(), ["song.mp3", "blues.00000.wav"], "1 of 2 tracks are not named as GTZAN's .*'song.mp3'"),
        (GTZANSplit(), np.zeros((3, 2)), r"X must be paths, got ndarray: pass GTZANSplit\(names=...\)"),
        (GTZANSplit(names=["blues.00000.wav"]), np.zeros((3, 2)), "one name per track, got 1 for 3"),
        (GTZANSplit(names=[1, 2, 3]), np.zeros((3, 2)), "names must be paths"),
        (GTZANSplit(), ["blues.00029.wav"], r"no excerpt of test=\('test',\)"),
        (GTZANSplit("all"), ["blues.00029.wav"], "train must be one of"),
        (GTZANSplit(5), ["blues.00029.wav"], "train must be one of .* got 5"),
        (GTZANSplit(("train", "test")), ["blues.00029.wav"], "must not share a part"),
    ],
)
def test_what_cannot_be_split_is_an_error(split, X, message):
    with pytest.raises(ValueError, match=message):
        list(split.split(X))

"""No track, and with groups no artist, is on both sides of a split: planted music would show it.

Every artist plays one note of a ladder, and the artists' genres alternate along it. Who has heard an artist knows the
genre of his other tracks; who has not takes it for that of the artist's neighbours on the ladder, which is wrong.
"""

import numpy as np
import pytest
import soundfile
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline

import skgenre.classifiers._base as base
from skgenre import AudioLoader, CNNClassifier, MelExtractor

RATE = 16000
N_ARTISTS = 12
N_TRACKS = 6
HEARD, UNHEARD = 0.8, 0.5


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Return paths, genres and artists of the planted music."""
    folder = tmp_path_factory.mktemp("planted")
    rng = np.random.default_rng(0)
    paths, genres, artists = [], [], []
    for artist, pitch in enumerate(np.geomspace(200, 6000, N_ARTISTS)):
        for track in range(N_TRACKS):
            time = np.arange(RATE) / RATE
            samples = 0.3 * np.sin(2 * np.pi * (pitch * time + rng.random())) + 0.01 * rng.standard_normal(RATE)
            path = folder / f"{artist} {track}.wav"
            soundfile.write(path, samples, RATE)
            paths.append(str(path))
            genres.append(["even", "odd"][artist % 2])
            artists.append(artist)
    return np.array(paths), np.array(genres), np.array(artists)


def pipeline(random_state=0, **params):
    net = CNNClassifier((16, 16), max_epochs=60, lr=1e-2, dropout=0.0, augment=False, mixup=0.0, **params)
    net.set_params(random_state=random_state)
    return Pipeline([("load", AudioLoader(RATE, duration=1)), ("mel", MelExtractor(32)), ("net", net)])


def accuracy(planted, splitter):
    paths, genres, artists = planted
    model = pipeline(validation_fraction=None)
    return cross_val_score(model, paths, genres, groups=artists, cv=splitter, error_score="raise").mean()


def best_accuracies(paths, genres, groups=None, **params):
    """Return the best accuracies in training and on the tracks that early stopping watched, means of three seeds.

    It watches the tracks of four artists: one net may be lucky with two of them, three nets are not.
    """
    nets = [
        pipeline(seed, validation_fraction=0.3, patience=60, **params).fit(paths, genres, net__groups=groups)[-1]
        for seed in range(3)
    ]
    return [np.mean([max(net.history_[f"{part}_accuracy"][20:]) for net in nets]) for part in ("train", "valid")]


def test_the_planted_artist_is_audible(planted):
    assert accuracy(planted, StratifiedKFold(3, shuffle=True, random_state=0)) > HEARD


def test_a_split_by_artist_leaves_nothing_to_recognise(planted):
    assert accuracy(planted, StratifiedGroupKFold(3, shuffle=True, random_state=0)) < UNHEARD


class TestEarlyStopping:
    def test_its_split_keeps_each_artist_on_one_side(self, planted):
        assert best_accuracies(*planted)[1] < UNHEARD

    def test_the_test_above_fails_for_a_split_that_ignores_the_artists(self, planted, monkeypatch):
        split = base.split_validation
        monkeypatch.setattr(base, "split_validation", lambda y, groups, *rest: split(y, None, *rest))
        assert best_accuracies(*planted)[1] > HEARD

    def test_its_split_keeps_each_track_on_one_side(self, planted):
        # One track of each artist is left, so a track is recognised only by other segments of itself.
        paths, genres, artists = planted
        lone = np.unique(artists, return_index=True)[1]
        training, watched = best_accuracies(paths[lone], genres[lone], segment_frames=8)
        assert training > HEARD
        assert watched < UNHEARD

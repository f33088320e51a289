"""The music that the models are scored on, where it is there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from accuracy.models import MODELS, Audio, Pictures
from skgenre import load_gtzan, load_tracks

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
N_SPLITS = 5
QUICK = (
    *("dummy", "mfcc-svm", "mel-svm", "mfcc-texture-svm", "descriptor-svm", "descriptor-groups"),
    *("musicnn-jamendo", "musicnn-mtat"),
)
"""Models that take seconds to train: enough to show what other protocols are worth."""


class MissingDataError(Exception):
    """Music that is not there; the message says how to get it."""


@dataclass(frozen=True)
class Music:
    """Tracks, and the protocols to score models on them with, as ``compare_protocols`` takes them."""

    X: Any
    y: np.ndarray
    groups: np.ndarray | None
    protocols: dict[str, Any] = field(default_factory=lambda: {"grouped": "grouped", "random": "random"})


@dataclass(frozen=True)
class Dataset:
    """Where music comes from, and what is said of it.

    ``load`` takes the folder that the user named, or None; ``main`` is the protocol whose scores count; ``only`` names
    the models that a protocol is shown with, where not all are.
    """

    title: str
    text: str
    load: Callable[[Path | None], Music]
    front: type = Audio
    main: str = "grouped"
    only: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def takes(self, model: str, protocol: str) -> bool:
        hears = self.front is Audio or not MODELS[model].needs_audio
        return hears and model in self.only.get(protocol, MODELS)


def emotify(folder: Path | None) -> Music:
    folder = DATA / "emotify_dev"
    if not folder.is_dir():
        raise MissingDataError(
            "Emotify: its excerpts are at http://www2.projects.science.uu.nl/memotion/emotifydata; lay them out as "
            "load_tracks asks, with an index.csv of paths, genres and artists, and name the folder by DATA=folder"
        )
    tracks = load_tracks(folder)
    protocols = {name: name for name in ("grouped", "random", "segment")}
    return Music(tracks.paths, tracks.target, tracks.groups, protocols)


def emotify_of_three(folder: Path | None) -> Music:
    music = emotify(folder)
    merged = np.where(np.isin(music.y, ("pop", "rock")), "pop or rock", music.y)
    return Music(music.X, merged, music.groups, {"grouped": "grouped"})


def ten_genres(folder: Path | None) -> Music:
    file = DATA / "gtzan_pictures" / "train_valid.npz"
    if not file.is_file():
        raise MissingDataError("ten genres as spectrograms: with the audio of GTZAN, name its folder by GTZAN=folder")
    content = np.load(file)
    folds = [tuple(np.flatnonzero(content["split"] == part) for part in ("train", "valid"))]
    X = content["X"].astype(np.float32)
    return Music(X, content["y"].astype(str), content["artist"].astype(str), {"train → valid": folds})


def gtzan(folder: Path | None) -> Music:
    if folder is None:
        raise MissingDataError("GTZAN: name the folder of your copy by GTZAN=folder")
    tracks = load_gtzan(folder, part=("train", "test"))
    folds = [tuple(np.flatnonzero(tracks.part == part) for part in ("train", "test"))]
    return Music(tracks.paths, tracks.target, tracks.groups, {"train → test": folds})


def fma(folder: Path | None) -> Music:
    """Return the largest balanced or unbalanced part with top genres that is there, by the official split."""
    if folder is None:
        raise MissingDataError(
            "FMA: get fma_small.zip and fma_metadata.zip by https://github.com/mdeff/fma, unpack both into one folder "
            "and name it by FMA=folder"
        )
    import pandas

    table = pandas.read_csv(folder / "fma_metadata" / "tracks.csv", index_col=0, header=[0, 1], low_memory=False)
    subset = "medium" if (folder / "fma_medium").is_dir() else "small"
    wanted = ("small", "medium") if subset == "medium" else ("small",)
    table = table[table["set", "subset"].isin(wanted) & table["track", "genre_top"].notna()]
    table = table[table["set", "split"].isin(("training", "test"))]
    paths = [str(folder / f"fma_{subset}" / f"{track:06}"[:3] / f"{track:06}.mp3") for track in table.index]
    split = table["set", "split"].to_numpy()
    folds = [tuple(np.flatnonzero(split == part) for part in ("training", "test"))]
    genres, artists = table["track", "genre_top"].to_numpy(str), table["artist", "id"].to_numpy(str)
    return Music(np.array(paths, dtype=object), genres, artists, {"training → test": folds})


def folder_of_yours(folder: Path | None) -> Music:
    if folder is None:
        raise MissingDataError("your own music: name its folder, as load_tracks takes it, by DATA=folder")
    tracks = load_tracks(folder)
    if tracks.groups is None:
        return Music(tracks.paths, tracks.target, None, {"random": "random"})
    return Music(tracks.paths, tracks.target, tracks.groups)


DATASETS = {
    "emotify": Dataset(
        "Emotify, four genres",
        "Half-minute excerpts of Magnatune's music from the Emotify collection (Aljanaki, Wiering, Veltkamp, 2016), a "
        "part of it: classical, electronic, pop and rock. What it calls pop and what it calls rock is hardly two "
        "genres: most of its pop is tagged as alternative rock.",
        emotify,
        only={"segment": ("mfcc-svm",), "random": QUICK},
    ),
    "emotify-3": Dataset(
        "Emotify, three genres",
        "The same excerpts with pop and rock as one genre. Models are trained on the three genres; no answers to the "
        "four are merged.",
        emotify_of_three,
    ),
    "ten-genres": Dataset(
        "Ten genres, as spectrograms",
        "The train and valid parts of GTZAN's fault-filtered, artist-disjoint split (Kereliuk, Sturm, Larsen, 2015) as "
        "spectrograms of 64 bands and 496 frames, read back from published pictures. There is no audio, so fine detail "
        "and absolute level are gone, and MFCC are cosine transforms of the bands. Models are trained on train and "
        "tested on valid. It is neither the audio nor the part that the published numbers below are of.",
        ten_genres,
        front=Pictures,
        main="train → valid",
    ),
    "gtzan": Dataset(
        "GTZAN",
        "The audio of GTZAN by its fault-filtered, artist-disjoint split (Kereliuk, Sturm, Larsen, 2015): trained on "
        "train, tested on test, the valid part not used. The published numbers below are of the same test part.",
        gtzan,
        main="train → test",
    ),
    "fma": Dataset(
        "FMA",
        "The Free Music Archive's collection (Defferrard, Benzi, Vandergheynst, Bresson, 2017) by its official split, "
        "which keeps artists apart: trained on training, tested on test, the validation part not used.",
        fma,
        main="training → test",
    ),
    "yours": Dataset("Your folder", "The music of the folder that was named.", folder_of_yours),
}

"""The tracks that a demo works on, and their features."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from tqdm import tqdm

from skgenre.audio import AudioError, Waveforms, open_file
from skgenre.datasets import load_tracks, make_tracks

_LONGEST_LISTEN = 30.0
_PROBED_FILES = 50
_CHUNK = 16


@dataclass(frozen=True)
class Collection:
    """Tracks with what is known of them."""

    source: str
    paths: list[str]
    genres: np.ndarray
    artists: np.ndarray | None
    titles: list[str]

    @classmethod
    def open(cls, data: str | Path | None, folder: Path, random_state: int, *, verbose: bool) -> Self:
        """Load a collection, or where there is none make synthetic music in a folder."""
        if data is None:
            tracks = make_tracks(folder, random_state=random_state, verbose=verbose)
            source = f"Synthetic music, made in {folder}"
        else:
            tracks, source = load_tracks(data), f"Music of {data}"
            if tracks.target.ndim == 2:
                raise ValueError(
                    f"the demo tells one genre of each track, but {data} names several of some, as in rock|pop: name "
                    "one, or train make_genre_classifier() on load_tracks(...).target"
                )
        paths = [str(path) for path in tracks.paths]
        known = tracks.frame["title"] if tracks.frame is not None and "title" in tracks.frame else [""] * len(paths)
        titles = [str(title).strip() or Path(path).stem for title, path in zip(known, paths, strict=True)]
        artists = None if tracks.groups is None else np.asarray(tracks.groups)
        return cls(source, paths, np.asarray(tracks.target), artists, titles)

    def take(self, rows: Sequence[int] | np.ndarray) -> Self:
        """Give some of the tracks."""
        return type(self)(
            self.source,
            [self.paths[row] for row in rows],
            self.genres[rows],
            None if self.artists is None else self.artists[rows],
            [self.titles[row] for row in rows],
        )

    @property
    def size(self) -> str:
        """How many tracks, genres and artists, in words."""
        size = f"{len(self.paths)} tracks in {len(np.unique(self.genres))} genres"
        return size if self.artists is None else f"{size} by {len(np.unique(self.artists))} artists"

    def name(self, row: int) -> str:
        """Title, artist and genre of a track, in one line."""
        artist = "" if self.artists is None else self.artists[row]
        return f"{self.titles[row]}{f' – {artist}' if artist else ''} ({self.genres[row]})"


def seconds_to_hear(paths: Sequence[str]) -> float:
    """Choose how much of each track to hear: half a minute, or the median length where tracks are shorter."""
    seconds = []
    for path in paths[:: max(1, len(paths) // _PROBED_FILES)]:
        with suppress(AudioError), open_file(path) as file:  # it is reported when it is decoded
            seconds.append(file.frames / file.samplerate)
    return min(_LONGEST_LISTEN, max(1.0, float(np.median(seconds)))) if seconds else _LONGEST_LISTEN


def extract(extractor: Any, tracks: Waveforms, *, verbose: bool) -> tuple[np.ndarray, dict[int, AudioError]]:
    """Extract features chunk by chunk, so that there is progress to show, and collect the rows that failed."""
    parts: list[np.ndarray] = []
    errors: dict[int, AudioError] = {}
    with tqdm(total=len(tracks), desc="Reading tracks", unit="track", disable=not verbose) as bar:
        for start in range(0, len(tracks), _CHUNK):
            chunk = tracks[start : start + _CHUNK]
            parts.append(extractor.transform(chunk))
            errors.update({start + row: error for row, error in chunk.errors.items()})
            bar.update(len(chunk))
    return np.concatenate(parts), errors

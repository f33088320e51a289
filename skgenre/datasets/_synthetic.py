"""Synthetic music with known genres and artists: the files, their names and their seeds."""

import csv
import os
from collections.abc import Iterator, Sequence
from numbers import Integral, Real
from pathlib import Path

import numpy as np
import soundfile
from sklearn.utils import Bunch, check_random_state
from tqdm import tqdm

from skgenre.datasets._artists import draw_artist
from skgenre.datasets._fusion import is_playable, styles_of
from skgenre.datasets._loading import load_tracks
from skgenre.datasets._mixing import perform
from skgenre.datasets._scores import compose
from skgenre.datasets._styles import STYLES

GENRES = tuple(STYLES)
"""The ten genres of :func:`make_tracks`, which are those of the GTZAN collection."""


def make_tracks(
    folder: str | os.PathLike[str],
    n_tracks_per_genre: int = 20,
    n_artists_per_genre: int = 5,
    genres: Sequence[str] = GENRES,
    *,
    duration: float = 10.0,
    sample_rate: int = 22050,
    random_state: int | np.random.RandomState | None = None,
    verbose: bool = False,
) -> Bunch:
    """Compose and write synthetic music in ten genres and mixtures of them, to try things on without any data.

    Tempo, metre, drums, harmony, bass, instruments and production make the genre. Each artist has a sound of its own
    (voice, room, equaliser, drum kit) and habits, now and then borrowed from another genre. As with real music, a
    model that has heard an artist in training finds that artist's other tracks easy: split by ``groups`` to see what
    it knows about genres.

    Parameters
    ----------
    folder : path
        Where to write ``<genre>/<genre>_<artist>_<tune>.wav`` and ``index.csv``, which lists path, genre, artist and
        title. It is made if it does not exist; files of the same names are replaced. In names of files a mixed genre
        is written ``hiphop-jazz``.
    n_tracks_per_genre : int, default=20
        Tracks of each genre.
    n_artists_per_genre : int, default=5
        Artists among whom the tracks of a genre are shared out.
    genres : sequence of str, default=GENRES
        Genres to write, among blues, classical, country, disco, hiphop, jazz, metal, pop, reggae and rock. Two of them
        make a mixed one: in ``"hiphop|jazz"`` artists put the chords and the melody of jazz on the drums and the bass
        of hip-hop. Its tracks have both labels.
    duration : float, default=10.0
        Length of each track in seconds, at least 0.1.
    sample_rate : int, default=22050
        Samples per second in hertz, at least 8000. The tunes are the same at every rate.
    random_state : int, RandomState instance or None, default=None
        An int makes the same music each time. The tunes of an artist depend on nothing else, so asking for more
        tracks, artists or genres adds to the collection and leaves the rest as it was.
    verbose : bool, default=False
        Whether to show a progress bar.

    Returns
    -------
    tracks : :class:`~sklearn.utils.Bunch`
        What :func:`load_tracks` gives for the folder; ``groups`` are the artists. With mixed genres ``target`` has a
        column for each label.

    Raises
    ------
    ValueError
        If a parameter is out of its range or a genre is unknown.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from skgenre import make_tracks
    >>> with TemporaryDirectory() as folder:
    ...     tracks = make_tracks(folder, 4, 2, genres=["disco", "jazz"], duration=1.0, random_state=0)
    >>> tracks.target.tolist()
    ['disco', 'disco', 'disco', 'disco', 'jazz', 'jazz', 'jazz', 'jazz']
    >>> tracks.groups[:4].tolist()
    ['Disco artist 1', 'Disco artist 1', 'Disco artist 2', 'Disco artist 2']
    >>> with TemporaryDirectory() as folder:
    ...     tracks = make_tracks(folder, 1, 1, genres=["disco", "disco|jazz"], duration=1.0, random_state=0)
    >>> tracks.target_names, tracks.target.tolist()
    (['disco', 'jazz'], [[1, 0], [1, 1]])
    """
    _check(n_tracks_per_genre, n_artists_per_genre, genres, duration, sample_rate)
    seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
    plan = [
        (genre, artist, tune)
        for genre in genres
        for artist, tune in _share_out(n_tracks_per_genre, n_artists_per_genre)
    ]
    folder = Path(folder)
    rows = []
    for genre, artist, tune in tqdm(plan, desc="composing", unit="track", disable=not verbose):
        name = "-".join(styles_of(genre))
        path = Path(name, f"{name}_{artist + 1:02}_{tune + 1:02}.wav")
        sound, title = _make_track(genre, artist, tune, duration, sample_rate, seed)
        (folder / name).mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / path, sound, sample_rate, subtype="PCM_16")
        rows.append((path.as_posix(), genre, f"{name.capitalize()} artist {artist + 1}", f"Tune {tune + 1} {title}"))
    with (folder / "index.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("path", "genre", "artist", "title"), *rows])
    return load_tracks(folder)


def _make_track(
    genre: str, artist_number: int, tune_number: int, duration: float, sample_rate: int, seed: int
) -> tuple[np.ndarray, str]:
    """Compose and play one track; the seeds of artist and tune depend on their numbers alone."""
    key = (*(GENRES.index(name) for name in styles_of(genre)), artist_number)
    artist = draw_artist(genre, np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key)))
    tune = np.random.SeedSequence(seed, spawn_key=(*key, tune_number))
    writing, playing = (np.random.default_rng(s) for s in tune.spawn(2))
    score = compose(artist, duration, writing)
    return perform(score, artist, duration, sample_rate, playing), score.title


def _share_out(n_tracks: int, n_artists: int) -> Iterator[tuple[int, int]]:
    """Yield the numbers of an artist and a tune for each track, as evenly as can be."""
    for artist in range(n_artists):
        for tune in range(n_tracks // n_artists + (artist < n_tracks % n_artists)):
            yield artist, tune


def _check(n_tracks: int, n_artists: int, genres: Sequence[str], duration: float, sample_rate: int) -> None:
    """Check the parameters of :func:`make_tracks`."""
    if not isinstance(n_tracks, Integral) or n_tracks < 1:
        raise ValueError(f"n_tracks_per_genre must be an int of at least 1, got {n_tracks!r}")
    if not isinstance(n_artists, Integral) or not 1 <= n_artists <= n_tracks:
        raise ValueError(
            f"n_artists_per_genre must be an int from 1 to n_tracks_per_genre={n_tracks}, got {n_artists!r}"
        )
    if isinstance(genres, str) or not len(genres):
        raise ValueError(f"genres must be a sequence of at least one of {', '.join(GENRES)}; got {genres!r}")
    unknown = [genre for genre in genres if not isinstance(genre, str) or not is_playable(genre)]
    if unknown:
        raise ValueError(
            f"genres must be among {', '.join(GENRES)}; got {unknown[0]!r}, which is no mixture of two as 'jazz|rock' "
            "either"
        )
    if len(set(genres)) < len(genres):
        raise ValueError(f"genres must name each genre once, got {list(genres)}")
    if not isinstance(duration, Real) or not 0.1 <= duration < np.inf:
        raise ValueError(f"duration must be a number of seconds of at least 0.1, got {duration!r}")
    if not isinstance(sample_rate, Integral) or sample_rate < 8000:
        raise ValueError(f"sample_rate must be an int of at least 8000 hertz, got {sample_rate!r}")

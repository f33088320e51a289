"""Which copies of real music ``audit_tracks`` finds, and how long it takes: ``python -m benchmarks.duplicates FOLDER``.

Copies of each track are made with ffmpeg: at low bit rates, softer, cut, at other sample rates, with noise. Then all
are audited together. Every pair of tracks that is found without one being a copy of the other is listed, to be
listened to: collections hold duplicates of their own.
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from skgenre import audit_tracks, load_tracks

CUT = "cut"
"""A copy whose arguments hold this begins a few seconds later."""

COPIES: dict[str, tuple[str, list[str]]] = {
    "mp3, 64 kbit/s": ("mp3", ["-b:a", "64k"]),
    "mp3, 32 kbit/s, mono, 22 kHz": ("mp3", ["-b:a", "32k", "-ac", "1", "-ar", "22050"]),
    "ogg vorbis, quality 1": ("ogg", ["-c:a", "libvorbis", "-q:a", "1"]),
    "opus, 32 kbit/s": ("opus", ["-c:a", "libopus", "-b:a", "32k"]),
    "12 dB softer": ("wav", ["-af", "volume=-12dB"]),
    "10 s from the middle": ("wav", [CUT, "-t", "10"]),
    "flac, 16 kHz": ("flac", ["-ar", "16000"]),
    "8 kHz, mono": ("wav", ["-ar", "8000", "-ac", "1"]),
    "left channel": ("wav", ["-af", "pan=mono|c0=FL"]),
    "with pink noise": (
        "wav",
        [
            *("-f", "lavfi", "-i", "anoisesrc=a=0.02:d=30:c=pink:seed=0", "-filter_complex"),
            "[0:a]aformat=channel_layouts=mono:sample_rates=44100[a];[a][1:a]amix=normalize=0:duration=first",
        ],
    ),
    "cut, softer, mp3, 64 kbit/s, mono": (
        "mp3",
        [CUT, "-af", "volume=-12dB", "-b:a", "64k", "-ac", "1", "-ar", "22050"],
    ),
    "faster by 2 % (not to be found)": ("wav", ["-af", "atempo=1.02"]),
    "a semitone higher (not to be found)": ("wav", ["-af", "asetrate=44100*1.0595,aresample=44100,atempo=0.94384"]),
}


def make_copies(paths: list[str], folder: Path) -> Iterator[tuple[int, str, float, str]]:
    """Give row, kind, offset in seconds and path of each copy."""
    rng = np.random.default_rng(0)
    for row, path in enumerate(paths):
        for number, (kind, (suffix, arguments)) in enumerate(COPIES.items()):
            start = round(float(rng.uniform(5, 20)), 3) if CUT in arguments else 0.0
            copy = folder / f"{row}_{number}.{suffix}"
            rest = [argument for argument in arguments if argument != CUT]
            command = ["ffmpeg", "-v", "error", "-y", "-ss", str(start), "-i", path, *rest, str(copy)]
            subprocess.run(command, check=True)
            yield row, kind, start, str(copy)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.duplicates", description=__doc__)
    parser.add_argument("folder", help="a collection of half-minute tracks, as load_tracks takes it")
    parser.add_argument("--every", type=int, default=3, help="copy one track of so many (default: 3)")
    arguments = parser.parse_args()
    paths = load_tracks(arguments.folder).paths.tolist()
    rows = range(0, len(paths), arguments.every)
    with tempfile.TemporaryDirectory() as folder:
        copies = list(make_copies([paths[row] for row in rows], Path(folder)))
        everything = [*paths, *(copy for *_, copy in copies)]
        start = time.process_time()
        found = audit_tracks(everything, verbose=True).duplicates
        spent = time.process_time() - start
    original = [*range(len(paths)), *(rows[row] for row, *_ in copies)]
    pairs = {(pair.first, pair.second): pair for pair in found.itertuples()}
    print(f"{'copy':40} {'found':>9} {'least agreement':>16} {'largest error of offset':>24}")
    for kind in COPIES:
        made = [(rows[row], len(paths) + n, start) for n, (row, k, start, _) in enumerate(copies) if k == kind]
        hits = [(pairs[first, second], start) for first, second, start in made if (first, second) in pairs]
        least = min((pair.similarity for pair, _ in hits), default=np.nan)
        error = max((abs(pair.offset - start) for pair, start in hits), default=np.nan)
        print(f"{kind:40} {f'{len(hits)}/{len(made)}':>9} {least:>16.2f} {error:>22.2f} s")
    others = {tuple(sorted((original[a], original[b]))) for a, b in pairs if original[a] != original[b]}
    n_pairs = len(paths) * (len(paths) - 1) // 2
    print(f"\n{len(others)} of {n_pairs:,} pairs of different files of the collection were called duplicates:")
    for first, second in sorted(others):
        print(f"  {paths[first]}  {paths[second]}")
    print(f"\n{1000 * spent / len(everything):.0f} ms of processor time a track")


if __name__ == "__main__":
    main()

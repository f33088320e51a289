"""MusiCNN over tracks: how many times faster than they play."""

import hashlib
import tempfile
from pathlib import Path

import soundfile
import soxr
import torch

from benchmarks.measuring import Comparison, Music, Size, take_turns
from skgenre import MusiCNNEmbedder
from skgenre.pretrained import MusiCNN

TITLE = "Pretrained net"
TEXT = """\
MusiCNN over waveforms of 30 s at 16,000 Hz that are decoded already; times are for 30 s of music. The goal is forty
times real time on a core, 750 ms. As published, the weights trained on MTG-Jamendo hold numbers so small that some
processors take many times as long over each; skgenre sets them to zero when it loads them. Where the published weights
are not at hand, the net is measured with weights drawn at random, and a note says so."""

SAMPLE_RATE = 16000
WEIGHTS = Path(__file__).resolve().parents[2] / "shared" / "weights" / "musicnn" / "jamendo.pth"


def measure(size: Size, music: Music) -> list[Comparison]:
    tracks = []
    for path in music.wav[: size.pick(4, 2, 2)]:
        samples, rate = soundfile.read(path, dtype="float32")
        tracks.append(soxr.resample(samples, rate, SAMPLE_RATE))
    seconds = sum(map(len, tracks)) / SAMPLE_RATE
    with tempfile.TemporaryDirectory() as folder:
        path, note = (WEIGHTS, "") if WEIGHTS.is_file() else (at_random(Path(folder)), "weights drawn at random")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        one, two, published = (MusiCNNEmbedder(path, sha256=sha256, n_jobs=n).fit(tracks) for n in (1, 2, 1))
        published.module_.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    contenders = {
        "skgenre, n_jobs=1": lambda: one.transform(tracks),
        "with the weights as published": lambda: published.transform(tracks),
        "skgenre, n_jobs=2": lambda: two.transform(tracks),
    }
    figures = take_turns(contenders, size.pick(9, 3, 1), scale=30e3 / seconds)
    figures[0].note = note
    return [Comparison("embeddings by MusiCNN", "ms", figures, at_most=750.0)]


def at_random(folder: Path) -> Path:
    torch.manual_seed(0)
    torch.save(MusiCNN().state_dict(), folder / "random.pth")
    return folder / "random.pth"

"""
Listen along to a DJ set
========================

A pipeline that was trained on whole tracks can answer while the music plays: chunk by chunk, with the genre of what was
heard last and of the track so far. Over a long recording the same answers show where the genre changes.
"""

# %%
# A pipeline
# ----------
# Four styles of synthetic music. The loader hears the whole of each track; a stream takes any loader.
from pathlib import Path
from tempfile import TemporaryDirectory

from sklearn.pipeline import Pipeline

from skgenre import AudioLoader, CNNClassifier, MelExtractor, make_tracks

folder = TemporaryDirectory()
styles = ("classical", "disco", "jazz", "metal")
music = make_tracks(Path(folder.name, "train"), 12, 6, styles, duration=12.0, random_state=0)
pipeline = Pipeline(
    [
        ("load", AudioLoader()),
        ("mel", MelExtractor(64, n_jobs=2)),
        ("net", CNNClassifier(max_epochs=30, random_state=0)),
    ]
)
pipeline.fit(music.paths, music.target)

# %%
# A set
# -----
# Six tracks by artists that the net has not heard, of half a minute to a minute, each faded into the next over two
# seconds.
import numpy as np
import soundfile

order = ("jazz", "disco", "metal", "disco", "classical", "jazz")
lengths = (40, 55, 30, 45, 50, 35)
fade, rate = 2.0, 22050
others = make_tracks(Path(folder.name, "set"), 3, 3, styles, duration=60.0, random_state=5)
tracks = {style: iter(others.paths[others.target == style]) for style in styles}
ramp = np.linspace(0, 1, int(fade * rate))
mix = np.zeros(0)
changes = []
for style, seconds in zip(order, lengths, strict=True):
    sound = soundfile.read(next(tracks[style]))[0][: seconds * rate]
    if len(mix):
        changes.append((len(mix) - len(ramp) / 2) / rate)
        sound[: len(ramp)] = sound[: len(ramp)] * ramp + mix[-len(ramp) :] * ramp[::-1]
        mix = mix[: -len(ramp)]
    mix = np.concatenate([mix, sound])
recording = Path(folder.name, "set.wav")
soundfile.write(recording, mix, rate)

# %%
# Listen along
# ------------
# ``push`` takes chunks of any length, as a sound card gives them. What it returns says when, which genre, and how sure;
# ``posterior_`` is the running answer to the track. Here it forgets with a half-life of five seconds.
from skgenre import StreamingClassifier

live = StreamingClassifier(pipeline, average="exponential", half_life=5.0)
for start in range(0, 80 * rate, rate // 10):
    for update in live.push(mix[start : start + rate // 10]):
        if round(update.time) % 10 < 3:
            print(f"{update.time:5.1f} s  {update.genre:9}  track: {live.genre_} ({live.posterior_.max():.2f})")

# %%
# A file is read block by block, never the whole of it. When it has ended, the answer is that of the pipeline to the
# whole track.
with StreamingClassifier(pipeline) as live:
    updates = list(live.stream(music.paths[0]))
print(updates[-1])
print(live.posterior_.round(4))
print(pipeline.predict_proba(music.paths[:1]).round(4))

# %%
# Tracks like what is playing
# ---------------------------
# The running embedding asks a recommender.
from skgenre import EmbeddingRecommender

similar = EmbeddingRecommender(pipeline).fit(
    music.paths, track_ids=list(music.frame["artist"] + ": " + music.frame["title"])
)
live = StreamingClassifier(pipeline, recommender=similar)
live.push(mix[: 20 * rate])
for title, score in zip(*live.recommend(n=3), strict=True):
    print(f"{score:.2f}  {title}")

# %%
# Where the genre changes
# -----------------------
# ``segment_recording`` divides a recording into sections of one genre each.
from skgenre import segment_recording

timeline = segment_recording(pipeline, recording)
print(timeline)

# %%
# As a time line, with the true changes as dotted lines. A change is missed where the net is not sure that there are two
# genres: the probabilities below the strip show how sure it was.
import matplotlib.pyplot as plt

from skgenre import TimelineDisplay

display = TimelineDisplay.from_timeline(timeline)
for change in changes:
    display.ax_.axvline(change, color="black", linestyle=":", linewidth=1)
plt.show()

# %%
folder.cleanup()

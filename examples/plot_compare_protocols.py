"""
What a flattering split adds
============================

One model on one set of music has several accuracies: it depends on what its test tracks share with those it was trained
on. Here the same pipeline is scored on artists that are new to it, on tracks shuffled, and on segments shuffled.
"""

# %%
# Music with artists
# ------------------
# Five genres with four artists each. What an artist sounds like has little to do with the genre, as in real music, and
# a recording sounds most of all like itself.
from tempfile import TemporaryDirectory

from skgenre import make_tracks

folder = TemporaryDirectory()
music = make_tracks(
    folder.name,
    n_tracks_per_genre=16,
    n_artists_per_genre=4,
    genres=("blues", "country", "jazz", "reggae", "rock"),
    duration=10.0,
    random_state=0,
)

# %%
# A plain pipeline
# ----------------
# With ``memory`` a file is decoded once, however often its features are asked for.
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skgenre import AudioLoader, FrameStatistics, MFCCExtractor

model = make_pipeline(
    AudioLoader(duration=10.0),
    MFCCExtractor(memory=f"{folder.name}/features"),
    FrameStatistics(),
    StandardScaler(),
    SVC(),
)

# %%
# Three protocols
# ---------------
# Each with three seeds of the folds. The first asks what one wants to know; the other two are common.
from skgenre import compare_protocols

found = compare_protocols(model, music.paths, music.target, music.groups, n_splits=4, seeds=3)
found.frame[["accuracy", "sd", "low", "high", "macro_f1"]].round(2)

# %%
# The picture
# -----------
# The lines are intervals over artists: of twenty, there is little to be sure of. All three protocols asked the same
# model about the same music, and what the last two add is not skill.
import matplotlib.pyplot as plt

from skgenre import ProtocolsDisplay

ProtocolsDisplay.from_results(found)
plt.show()

# %%
# Segments of a track
# -------------------
# Would the leak be gone if the answers to a track's segments were put together? No: they are right together. Each track
# takes the vote of its ten segments here, and nearly all votes are won, by the model that errs so often on new artists.
import numpy as np

segments = found["segment"]
is_right = segments.predictions[0] == segments.y_true
won = np.bincount(segments.tracks, weights=is_right) > 5
print(f"tracks won by their segments: {won.mean():.0%}; tracks of new artists: {found['grouped'].accuracy.mean():.0%}")

# %%
folder.cleanup()

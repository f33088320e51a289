"""
Tracks of two genres at once
============================

Some bands play one genre, and some put the chords and the melody of one on the drums and the bass of another. A net
learns to hear each genre by itself, and is asked about bands that it has never heard.
"""

# %%
# Music of one genre and of two
# -----------------------------
# A mixed genre is written with a bar between two, by :func:`~skgenre.make_tracks` as in an ``index.csv`` of your own.
# The target then has a column for each genre.
from itertools import combinations
from tempfile import TemporaryDirectory

from skgenre import make_tracks

genres = ["classical", "disco", "hiphop", "jazz", "metal"]
mixed = [f"{one}|{other}" for one, other in combinations(genres, 2)]
folder = TemporaryDirectory()
music = make_tracks(
    folder.name, n_tracks_per_genre=8, n_artists_per_genre=4, genres=genres + mixed, duration=6.0, random_state=0
)
print(music.frame[["genre", "artist"]].iloc[::40].to_string(index=False))
print(music.target_names, music.target[::40].tolist(), sep="\n")

# %%
# A net with a sigmoid for each genre
# -----------------------------------
# Nothing else is new: the target has several columns, and the net answers with as many probabilities. All tracks of a
# band are in one fold.
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from skgenre import AudioLoader, CNNClassifier, MelExtractor

features = make_pipeline(AudioLoader(), MelExtractor(64, hop_length=1024)).fit_transform(music.paths)
net = CNNClassifier(max_epochs=40, random_state=0)
probabilities = cross_val_predict(
    net, features, music.target, cv=GroupKFold(4), groups=music.groups, method="predict_proba"
)

# %%
# How well each genre is heard
# ----------------------------
# Sorted by the probability of a genre, how many of the tracks at the top are of it? The points are where a threshold
# stands that is tuned for the highest F1.
import matplotlib.pyplot as plt

from skgenre import LabelPrecisionRecallDisplay, tune_thresholds

thresholds = tune_thresholds(music.target, probabilities)
display = LabelPrecisionRecallDisplay.from_predictions(
    music.target, probabilities, labels=music.target_names, thresholds=thresholds
)
display.ax_.set_title(f"New artists: macro average precision {display.average_precision.mean():.2f}")
plt.show()

# %%
# Both genres of a mixture?
# -------------------------
# How often all genres of a track are answered with: drums and bass in the rows, chords and melody in the columns.
import numpy as np

answers = probabilities >= thresholds
right = (answers >= music.target).all(axis=1)
written = music.frame["genre"].to_numpy()
share = np.full((len(genres), len(genres)), np.nan)
for name in set(written):
    one, *other = (genres.index(part) for part in name.split("|"))
    share[one, other[0] if other else one] = right[written == name].mean()

figure, ax = plt.subplots(figsize=(5.6, 4.6), layout="constrained")
image = ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
ax.set_xticks(range(len(genres)), genres, rotation=30)
ax.set_yticks(range(len(genres)), genres)
ax.set(xlabel="Chords and melody", ylabel="Drums and bass", title="All genres of a track found")
for row, column in zip(*np.nonzero(~np.isnan(share)), strict=True):
    value = share[row, column]
    ax.text(column, row, f"{value:.0%}", ha="center", va="center", color="white" if value > 0.6 else "black")
plt.show()

# %%
# From now on
# -----------
# The model to keep is trained on all bands, with the thresholds of those folds.
genre = make_pipeline(AudioLoader(), MelExtractor(64, hop_length=1024), net).fit(music.paths, music.target)
genre[-1].thresholds_ = thresholds
song = music.paths[-1]
print(written[-1])
for name, probability, there in zip(
    music.target_names, genre.predict_proba(song)[0], genre.predict(song)[0], strict=True
):
    print(f"{name:10} {probability:.2f} {'yes' if there else ''}")

# %%
folder.cleanup()

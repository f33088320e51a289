"""
Name the genre of every track in a folder
=========================================

A folder of music, a net, and the question how good it really is. The same net is scored twice: on artists that it has
never heard, and on tracks picked at random, among which it meets its artists again.
"""

# %%
# A folder of music
# -----------------
# Five genres, five artists in each, four tracks by each artist. :func:`~skgenre.make_tracks` writes the files and gives
# what :func:`~skgenre.load_tracks` gives for a folder of your own: paths, genres, and artists as groups.
from tempfile import TemporaryDirectory

from skgenre import make_tracks

folder = TemporaryDirectory()
music = make_tracks(
    folder.name,
    n_tracks_per_genre=20,
    n_artists_per_genre=5,
    genres=("blues", "country", "jazz", "reggae", "rock"),
    duration=6.0,
    random_state=0,
)
music.frame.head()

# %%
# From paths to features
# ----------------------
# The loader and the extractor learn nothing from the tracks, so their work may be done once, ahead of any split.
from sklearn.pipeline import make_pipeline

from skgenre import AudioLoader, MFCCExtractor

features = make_pipeline(AudioLoader(duration=6.0), MFCCExtractor()).fit_transform(music.paths)
features.shape

# %%
# One net, two ways to split
# --------------------------
# With groups, all tracks of an artist fall into the same fold. Without, nearly every artist in the test fold has been
# heard in training.
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_predict

from skgenre import CNNClassifier

net = CNNClassifier(max_epochs=15, random_state=0)
by_artist = cross_val_predict(net, features, music.target, groups=music.groups, cv=StratifiedGroupKFold(4))
at_random = cross_val_predict(net, features, music.target, cv=StratifiedKFold(4, shuffle=True, random_state=0))

# %%
# What it confuses
# ----------------
# Every row of a matrix holds the tracks of one genre and says what they were taken for. On the left is what to expect
# of new music. The right one looks better, and promises what the net cannot keep.
import matplotlib.pyplot as plt
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score

figure, axes = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained", sharey=True)
for ax, predicted, title in zip(axes, (by_artist, at_random), ("New artists", "Random split"), strict=True):
    ConfusionMatrixDisplay.from_predictions(
        music.target, predicted, ax=ax, cmap="Blues", colorbar=False, xticks_rotation=30
    )
    ax.set_title(f"{title}: {accuracy_score(music.target, predicted):.0%} right")
axes[1].set_ylabel("")
plt.show()

# %%
# From now on
# -----------
# The model to keep is trained on everything. It takes the path of any file.
genre = make_pipeline(AudioLoader(duration=6.0), MFCCExtractor(), net)
genre.fit(music.paths, music.target)
for name, probability in zip(genre.classes_, genre.predict_proba(music.paths[0])[0], strict=True):
    print(f"{name:10} {probability:.2f}")

# %%
folder.cleanup()

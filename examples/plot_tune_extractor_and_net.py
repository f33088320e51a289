"""
Tune the extractor and the net together
=======================================

How many coefficients should describe the sound, and how fast should the net learn? The answers depend on each other. In
a pipeline both are parameters of one estimator, so one grid search finds them, with the artists kept apart in every
split it makes.
"""

# %%
# Music by eighteen artists
# -------------------------
# Three genres with six artists each. Two artists of each genre are put aside now and take no part in the search.
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from skgenre import make_tracks

folder = TemporaryDirectory()
music = make_tracks(
    folder.name,
    n_tracks_per_genre=24,
    n_artists_per_genre=6,
    genres=("blues", "country", "rock"),
    duration=5.0,
    random_state=0,
)
paths, y, artists = np.array(music.paths), music.target, music.groups
train, test = next(StratifiedGroupKFold(3).split(paths, y, artists))

# %%
# One search over both
# --------------------
# ``memory`` keeps the features of each setting, so that the learning rates share them.
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from skgenre import AudioLoader, CNNClassifier, MFCCExtractor

genre = Pipeline(
    [
        ("load", AudioLoader(duration=5.0)),
        ("mfcc", MFCCExtractor()),
        ("cnn", CNNClassifier(max_epochs=8, random_state=0)),
    ],
    memory=f"{folder.name}/cache",
)
search = GridSearchCV(
    genre,
    {"mfcc__n_mfcc": [5, 13, 20], "cnn__lr": [3e-4, 1e-3, 3e-3]},
    cv=StratifiedGroupKFold(4),
)
search.fit(paths[train], y[train], groups=artists[train])
search.best_params_

# %%
# The whole grid
# --------------
# One number per setting hides how sure it is: the small print is the standard deviation over the folds.
import matplotlib.pyplot as plt

results = search.cv_results_
grid = search.param_grid
shape = len(grid["cnn__lr"]), len(grid["mfcc__n_mfcc"])
mean, spread = (results[name].reshape(shape) for name in ("mean_test_score", "std_test_score"))

figure, ax = plt.subplots(figsize=(5.6, 4.4), layout="constrained")
image = ax.imshow(mean, cmap="Blues", vmin=0, vmax=1, aspect="auto")
for (row, column), score in np.ndenumerate(mean):
    colour = "white" if score > 0.6 else "black"
    ax.text(column, row, f"{score:.2f}", ha="center", va="bottom", color=colour, fontsize="large")
    ax.text(column, row, f"± {spread[row, column]:.2f}", ha="center", va="top", color=colour, fontsize="small")
ax.set_xticks(range(shape[1]), grid["mfcc__n_mfcc"])
ax.set_yticks(range(shape[0]), grid["cnn__lr"])
ax.set(xlabel="n_mfcc", ylabel="learning rate", title="Accuracy on new artists")
figure.colorbar(image, ax=ax, label="mean over the folds")
plt.show()

# %%
# The score that counts
# ---------------------
# The best of nine settings is the luckiest of nine as well, so what it is worth is measured on the artists put aside.
# That net has learnt from all the other artists, those of the search from three quarters of them; and with six artists
# to judge by, the number is rough.
print(f"in the search: {search.best_score_:.2f}, on artists put aside: {search.score(paths[test], y[test]):.2f}")

# %%
folder.cleanup()

"""
Use it inside a project of your own
===================================

You have a scikit-learn project: models you trust, a transformer you wrote yourself. skgenre gives it ears. No net is
needed: the loader and the extractors are transformers like any other, and what comes after them is up to you.
"""

# %%
# Some music
# ----------
from tempfile import TemporaryDirectory

from skgenre import make_tracks

folder = TemporaryDirectory()
music = make_tracks(
    folder.name,
    n_tracks_per_genre=15,
    n_artists_per_genre=5,
    genres=("blues", "classical", "disco", "jazz", "metal", "reggae"),
    duration=6.0,
    random_state=0,
)

# %%
# A transformer of your own
# -------------------------
# It stands behind the loader and sees :class:`~skgenre.Waveforms`: one mono array per track, decoded as it goes along.
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin


class Rhythm(TransformerMixin, BaseEstimator):
    """How often and how regularly notes begin: what statistics over single frames cannot tell."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return np.array([self._describe(waveform) for waveform in X])

    def _describe(self, waveform, hop_length=256, sample_rate=22050):
        hops = waveform[: len(waveform) // hop_length * hop_length].reshape(-1, hop_length)
        level = 10 * np.log10(np.mean(hops**2, axis=1) + 1e-6)
        attacks = np.maximum(np.diff(level), 0)
        echo = np.correlate(attacks - attacks.mean(), attacks - attacks.mean(), "full")[len(attacks) - 1 :]
        shortest, longest = (int(seconds * sample_rate / hop_length) for seconds in (0.25, 1.2))
        beat = shortest + np.argmax(echo[shortest:longest])
        return beat * hop_length / sample_rate, echo[beat] / (echo[0] + 1e-9), attacks.mean(), level.std()

    def get_feature_names_out(self, input_features=None):
        return np.array(["beat_seconds", "beat_strength", "attack", "level_std"], dtype=object)


# %%
# Beside the timbre, before any estimator
# ---------------------------------------
# A FeatureUnion puts the columns side by side. They have names, so a data frame comes out.
from sklearn.pipeline import FeatureUnion, make_pipeline

from skgenre import AudioLoader, FrameStatistics, MFCCExtractor

timbre = make_pipeline(MFCCExtractor(n_mfcc=13), FrameStatistics(("mean", "std"), differences=("std",)))
both = FeatureUnion([("timbre", timbre), ("rhythm", Rhythm())], verbose_feature_names_out=False)
table = make_pipeline(AudioLoader(duration=6.0), both).set_output(transform="pandas")
X = table.fit_transform(music.paths)
X.iloc[:3, [0, 1, 2, -4, -3, -2, -1]].round(2)

# %%
# The models you already have
# ---------------------------
# Each is scored on artists that it has not heard, and each three times: on timbre, on rhythm, and on both. Whether a
# transformer of your own is worth its while is a question for cross-validation.
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

models = {
    "SVM": make_pipeline(StandardScaler(), SVC(C=10)),
    "PCA and SVM": make_pipeline(StandardScaler(), PCA(0.9, whiten=True, random_state=0), SVC(C=10)),
    "random forest": RandomForestClassifier(50, random_state=0),
    "gradient boosting": HistGradientBoostingClassifier(max_iter=30, random_state=0),
}
rhythm = list(Rhythm().get_feature_names_out())
columns = {"timbre": X.columns.drop(rhythm), "rhythm": rhythm, "both": X.columns}
folds = StratifiedGroupKFold(5)
scores = {
    (name, which): cross_val_score(model, X[columns[which]], music.target, groups=music.groups, cv=folds)
    for name, model in models.items()
    for which in columns
}

# %%
# What they listen to
# -------------------
# On the left the scores, a dot for each fold and a bar for the mean. On the right the columns whose shuffling costs the
# forest most: since the columns have names, a model's habits can be read.
import matplotlib.pyplot as plt
from sklearn.inspection import permutation_importance

forest = models["random forest"]
importance = np.zeros(X.shape[1])
for train, test in folds.split(X, music.target, music.groups):
    forest.fit(X.iloc[train], music.target[train])
    shuffled = permutation_importance(forest, X.iloc[test], music.target[test], n_repeats=5, random_state=0)
    importance += shuffled.importances_mean / folds.get_n_splits()
best = np.argsort(importance)[-10:]

colours = {"timbre": "#0072B2", "rhythm": "#E69F00", "both": "#009E73"}
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
for (name, which), values in scores.items():
    row = list(models).index(name) + 0.25 * (list(columns).index(which) - 1)
    left.plot(values, np.full(len(values), row), "o", color=colours[which], alpha=0.4, markersize=5, clip_on=False)
    left.plot(values.mean(), row, "|", color=colours[which], markersize=14, markeredgewidth=3)
left.axvline(1 / len(music.target_names), color="0.5", linestyle=":", linewidth=1)
left.annotate("chance ", (1 / len(music.target_names), 0.5), va="center", ha="right", color="0.4")
left.set_yticks(range(len(models)), models)
left.set(xlim=(0, 1), ylim=(len(models) - 0.5, -0.5), xlabel="accuracy on new artists", title="Four models")
kinds = ["rhythm" if name in rhythm else "timbre" for name in X.columns[best]]
right.barh(X.columns[best], importance[best], color=[colours[kind] for kind in kinds])
right.set(xlabel="accuracy lost when shuffled", title="What the forest listens to")
figure.legend(
    handles=[plt.Line2D([], [], color=colour, linewidth=5, label=which) for which, colour in colours.items()],
    loc="outside lower center",
    ncols=3,
    frameon=False,
)
plt.show()

# %%
# The whole as one estimator
# --------------------------
# Paths in, genres out, ready for ``joblib.dump`` or a service.
model = make_pipeline(table, models["SVM"]).fit(music.paths, music.target)
model.predict(music.paths[0])

# %%
folder.cleanup()

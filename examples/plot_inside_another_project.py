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


class Loudness(TransformerMixin, BaseEstimator):
    """Level and dynamics of a track, and how often it crosses zero."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return np.array([self._describe(waveform) for waveform in X])

    def _describe(self, waveform):
        frames = waveform[: len(waveform) // 1024 * 1024].reshape(-1, 1024)
        level = 20 * np.log10(np.sqrt(np.mean(frames**2, axis=1)) + 1e-5)
        crossings = np.mean(np.diff(np.signbit(waveform)))
        return level.mean(), level.std(), np.quantile(level, 0.95) - np.quantile(level, 0.05), crossings

    def get_feature_names_out(self, input_features=None):
        return np.array(["level_mean", "level_std", "level_range", "crossings"], dtype=object)


# %%
# Beside the timbre, before any estimator
# ---------------------------------------
# A FeatureUnion puts the columns side by side. They have names, so a data frame comes out.
from sklearn.pipeline import make_pipeline, make_union

from skgenre import AudioLoader, FrameStatistics, MFCCExtractor

timbre = make_pipeline(MFCCExtractor(n_mfcc=13), FrameStatistics(("mean", "std"), differences=("std",)))
table = make_pipeline(AudioLoader(duration=6.0), make_union(timbre, Loudness())).set_output(transform="pandas")
X = table.fit_transform(music.paths)
X.iloc[:3, [0, 1, 2, -4, -3, -2, -1]].round(3)

# %%
# The models you already have
# ---------------------------
# All of them are scored on artists that they have not heard.
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

models = {
    "SVM": make_pipeline(StandardScaler(), SVC(C=10)),
    "PCA and SVM": make_pipeline(StandardScaler(), PCA(15, whiten=True, random_state=0), SVC(C=10)),
    "random forest": RandomForestClassifier(random_state=0),
    "gradient boosting": HistGradientBoostingClassifier(max_iter=50, random_state=0),
}
folds = StratifiedGroupKFold(5)
scores = {
    name: cross_val_score(model, X, music.target, groups=music.groups, cv=folds) for name, model in models.items()
}

# %%
# What they listen to
# -------------------
# Names make a model's habits readable: the columns whose shuffling costs the forest most.
import matplotlib.pyplot as plt
from sklearn.inspection import permutation_importance

train, test = next(folds.split(X, music.target, music.groups))
forest = models["random forest"].fit(X.iloc[train], music.target[train])
importance = permutation_importance(
    forest, X.iloc[test], music.target[test], n_repeats=10, random_state=0
).importances_mean
best = np.argsort(importance)[-8:]

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for row, values in enumerate(scores.values()):
    left.plot(values, np.full(len(values), row), "o", color="0.65")
    left.plot(values.mean(), row, "|", color="#0072B2", markersize=28, markeredgewidth=3)
left.axvline(1 / len(music.target_names), color="0.5", linestyle=":", linewidth=1)
left.annotate("chance", (1 / len(music.target_names), 3.4), rotation=90, va="top", ha="right", color="0.4")
left.set_yticks(range(len(scores)), scores)
left.set(xlim=(0, 1), ylim=(-0.5, 3.5), xlabel="accuracy on unheard artists: folds and their mean", title="Four models")
right.barh(X.columns[best], importance[best], color="#0072B2")
right.set(xlabel="accuracy lost when shuffled", title="What the forest listens to")
plt.show()

# %%
# The whole as one estimator
# --------------------------
# Paths in, genres out, ready for ``joblib.dump`` or a service.
model = make_pipeline(table, models["SVM"]).fit(music.paths, music.target)
model.predict(music.paths[0])

# %%
folder.cleanup()

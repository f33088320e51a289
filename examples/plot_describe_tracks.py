"""
Describe tracks in numbers
==========================

What sets genres apart: the tempo, the harmony, the sound? :class:`~skgenre.TrackDescriptor` measures all of it, under
names that can be read, and an SVM on each group of columns shows what each is worth.
"""

# %%
# A table of tracks
# -----------------
# Five genres, four artists in each. Every track becomes a row of numbers, in one pass over its audio.
from tempfile import TemporaryDirectory

from sklearn.pipeline import make_pipeline

from skgenre import AudioLoader, TrackDescriptor, make_tracks

folder = TemporaryDirectory()
music = make_tracks(
    folder.name,
    n_tracks_per_genre=16,
    n_artists_per_genre=4,
    genres=("blues", "classical", "disco", "hiphop", "metal"),
    duration=8.0,
    random_state=0,
)
descriptor = TrackDescriptor(n_jobs=2)
table = make_pipeline(AudioLoader(), descriptor).set_output(transform="pandas").fit_transform(music.paths)
table[["timbre__mfcc1_mean", "harmony__tonnetz2_mean", "rhythm__tempo", "dynamics__loudness_range"]].head()

# %%
# Numbers that mean something
# ---------------------------
# The columns have names, so a question to the music is a question to the table.
import matplotlib.pyplot as plt

questions = {
    "rhythm__tempo": "Tempo (beats per minute)",
    "rhythm__onset_rate": "Onsets in a second",
    "timbre__flatness_mean": "Flatness (dB)",
    "dynamics__crest_3s_mean": "Crest factor (dB)",
}
figure, axes = plt.subplots(1, 4, figsize=(11, 3.2), layout="constrained")
genres = sorted(set(music.target))
for ax, (column, label) in zip(axes, questions.items(), strict=True):
    ax.boxplot([table.loc[music.target == genre, column] for genre in genres])
    ax.set_xticks(range(1, len(genres) + 1), genres, rotation=60)
    ax.set_title(label, fontsize="medium")
    ax.spines[["top", "right"]].set_visible(False)

# %%
# What each group is worth
# ------------------------
# An SVM on each group, scored on artists that it has not heard. The columns of a group are picked by their names.
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

decisions = {}
for group in descriptor.group_slices():
    columns = make_column_transformer((StandardScaler(), make_column_selector(f"^{group}__")))
    machine = make_pipeline(columns, SVC(C=10))
    cv = StratifiedGroupKFold(4, shuffle=True, random_state=0)
    decisions[group] = cross_val_predict(
        machine, table, music.target, groups=music.groups, cv=cv, method="decision_function"
    )

# %%
# Together they know more than most of them alone: the mean of their decisions is the simplest way to ask them all.
import numpy as np

decisions["all together"] = np.mean(list(decisions.values()), axis=0)
accuracy = {
    group: np.mean(np.array(genres)[decision.argmax(axis=1)] == music.target) for group, decision in decisions.items()
}
figure, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
colours = ["tab:blue"] * (len(accuracy) - 1) + ["tab:orange"]
ax.bar_label(ax.barh(list(accuracy), list(accuracy.values()), color=colours), fmt="{:.0%}", padding=3)
ax.axvline(1 / len(genres), color="grey", linestyle=":")
ax.set(xlim=(0, 1.1), xlabel="Share of tracks named right (dotted: by chance)")
ax.invert_yaxis()
ax.spines[["top", "right"]].set_visible(False)

# %%
# Synthetic music is easy to tell apart; on real music the groups lie further from each other, and from all together.
folder.cleanup()

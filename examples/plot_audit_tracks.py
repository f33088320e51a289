"""
Audit a collection before learning from it
==========================================

A net learns what the files give it: a track that is there twice, a silent file, an artist on both sides of a split.
``audit_tracks`` finds these before they are mistaken for accuracy.
"""

# %%
# A collection with faults
# ------------------------
# Three genres with four artists each, to which happens what happens to real collections: somebody adds a track again as
# mp3, softer and without its first seconds, another one under the wrong genre; a download stops half way; a recording
# fails.
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from skgenre import load_tracks, make_tracks

folder = TemporaryDirectory()
music = make_tracks(folder.name, 12, 4, ["blues", "country", "rock"], duration=10.0, random_state=0)

y, sample_rate = soundfile.read(music.paths[3])
soundfile.write(f"{folder.name}/blues/bonus_track.mp3", 0.2 * y[3 * sample_rate :], sample_rate)
shutil.copy(music.paths[5], f"{folder.name}/rock/by_mistake.wav")
half = Path(music.paths[20]).read_bytes()
Path(f"{folder.name}/country/download.wav").write_bytes(half[: len(half) // 2])
soundfile.write(f"{folder.name}/rock/take_2.wav", np.zeros_like(y), sample_rate)

Path(folder.name, "index.csv").unlink()
found = load_tracks(folder.name)
artists = dict(zip(music.paths, music.groups, strict=True))
groups = [artists.get(path, "") for path in found.paths]
len(found.paths)

# %%
# The report
# ----------
# Shuffled folds are given along, to see what they would leak.
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from skgenre import audit_tracks

shuffled = StratifiedKFold(3, shuffle=True, random_state=0)
audit = audit_tracks(found.paths, found.target, groups, cv=shuffled)
audit

# %%
# The download that stopped half way holds the first half of a track that is there in full, so it is a duplicate as
# well. All of it can be had as tables:
audit.frame.loc[audit.frame["problems"] != "", ["duration", "level", "silent", "problems", "fault"]]

# %%
# What to do about it
# -------------------
# ``keep`` leaves tracks that sound, each recording once, in its best file. ``groups`` hold together tracks that have
# the artist or the recording in common; folds by them leak nothing.
import matplotlib.pyplot as plt

by_group = list(StratifiedGroupKFold(3).split(found.paths, found.target, audit.groups))
shares = {"shuffled": audit.leaks(shuffled)["share"], "by audit.groups": audit.leaks(by_group)["share"]}
print(f"{audit.keep.sum()} of {len(found.paths)} tracks are kept")

figure, ax = plt.subplots(figsize=(6, 2), layout="constrained")
bars = ax.barh(list(shares), [100 * share.mean() for share in shares.values()], height=0.5)
ax.bar_label(bars, fmt="%.0f", padding=3)
ax.set(xlim=(0, 100), xlabel="test tracks with their artist or recording in training (%)")
ax.invert_yaxis()
plt.show()

# %%
folder.cleanup()

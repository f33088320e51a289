"""
Make a playlist
===============

A recommender does more than name the nearest tracks: it takes several tracks at once, keeps away from others, leads
from one track to another, and puts what it finds in an order that can be listened to.
"""

# %%
# A collection
# ------------
# Five styles with six artists each, described by statistics of their MFCCs. Artists are given as groups, so that none
# comes twice in a row, and genres as metadata, to ask by them.
from tempfile import TemporaryDirectory

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skgenre import AudioLoader, EmbeddingRecommender, FrameStatistics, MFCCExtractor, make_tracks

folder = TemporaryDirectory()
styles = ("blues", "classical", "disco", "jazz", "metal")
music = make_tracks(folder.name, 12, 6, styles, duration=4.0, random_state=0)
titles = list(music.frame["artist"] + ", " + music.frame["title"])
describe = make_pipeline(AudioLoader(), MFCCExtractor(), FrameStatistics(), StandardScaler())
similar = EmbeddingRecommender().fit(
    describe.fit_transform(music.paths), track_ids=titles, groups=music.groups, metadata={"genre": music.target}
)
genre_of = dict(zip(titles, music.target, strict=True))


def show(ids, scores):
    for title, score in zip(ids, scores, strict=True):
        print(f"{score:.2f}  {title} ({genre_of[title]})")


# %%
# More like these, less like that
# -------------------------------
# Two tracks of blues that are liked: what lies between them is not all blues to these features.
blues, classical, metal = ([t for t in titles if genre_of[t] == genre] for genre in ("blues", "classical", "metal"))
show(*similar.recommend(blues[:2], n=8))

# %%
# So one of classical music is disliked.
show(*similar.recommend(blues[:2], disliked=classical[0], n=8))

# %%
# With some diversity they are less alike, and a filter keeps to one genre.
show(*similar.recommend(blues[:2], n=8, diversity=0.4, where={"genre": ["blues", "jazz"]}))

# %%
# A playlist
# ----------
# The liked tracks with what goes with them, in small steps. The number is the similarity to the track before.
ids, scores = similar.playlist(blues[:2], n=8, disliked=classical[0])
show(ids, [1.0, *scores])

# %%
# From classical to metal
# -----------------------
# Each track of a journey is nearer to its end than the one before.
ids, scores = similar.journey(classical[0], metal[0], n=8)
show(ids, [1.0, *scores])

# %%
# On a map of the collection the way can be seen. t-SNE keeps neighbours together and is silent about far distances, so
# steps that are even may look long.
import matplotlib.pyplot as plt
import numpy as np

from skgenre import EmbeddingMapDisplay

display = EmbeddingMapDisplay.from_estimator(similar, None, music.target, random_state=0)
places = np.asarray(display.coordinates)[[titles.index(title) for title in ids]]
display.ax_.plot(*places.T, color="0.3", linewidth=1.2, zorder=0.5)
display.ax_.scatter(*places[[0, -1]].T, s=220, facecolors="none", edgecolors="black", linewidths=1.5)
display.ax_.set_title("A journey from classical to metal")
plt.show()

# %%
folder.cleanup()

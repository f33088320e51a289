"""
Find similar tracks
===================

A net that tells genres apart has learnt what makes tracks alike. Its embeddings put similar tracks near each other, and
a recommender looks the neighbours up.
"""

# %%
# A collection, and a net that knows it
# -------------------------------------
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.pipeline import Pipeline

from skgenre import AudioLoader, CNNClassifier, MelExtractor, make_tracks

folder = TemporaryDirectory()
music = make_tracks(
    folder.name,
    n_tracks_per_genre=15,
    n_artists_per_genre=5,
    genres=("blues", "classical", "disco", "hiphop", "metal", "reggae"),
    duration=6.0,
    random_state=0,
)
genre = Pipeline(
    [
        ("load", AudioLoader(duration=6.0)),
        ("mel", MelExtractor(n_mels=64)),
        ("cnn", CNNClassifier(max_epochs=15, validation_fraction=None, random_state=0)),
    ]
)
genre.fit(music.paths, music.target)

# %%
# Who is near whom?
# -----------------
# The fitted pipeline is the embedder. With ``titles`` as ids, the answers can be read.
from skgenre import EmbeddingRecommender

titles = [f"{artist}, {title}" for artist, title in zip(music.frame["artist"], music.frame["title"], strict=True)]
similar = EmbeddingRecommender(embedder=genre, n_neighbors=5).fit(music.paths, track_ids=titles)

query = 20
ids, scores = similar.recommend([titles[query]], n=5)
print(f"Like {titles[query]} ({music.target[query]}):")
for name, score in zip(ids[0], scores[0], strict=True):
    print(f"  {score:.3f}  {name} ({music.target[titles.index(name)]})")

# %%
# A map
# -----
# t-SNE lays the embeddings out so that neighbours stay neighbours. The lines lead from the query to its answers: they
# are looked up among the embeddings themselves, so a line may be longer on the map than the distance it stands for.
import matplotlib.pyplot as plt

from skgenre import EmbeddingMapDisplay

display = EmbeddingMapDisplay.from_estimator(similar, None, music.target, random_state=0)
_, indices = similar.kneighbors([music.paths[query]], n_neighbors=6)
places = np.asarray(display.coordinates)
for neighbor in indices[0][indices[0] != query][:5]:
    display.ax_.plot(*places[[query, neighbor]].T, color="0.3", linewidth=1, zorder=0.5)
display.ax_.scatter(*places[query], s=220, facecolors="none", edgecolors="black", linewidths=1.5)
display.ax_.set_title("Tracks by what the net hears in them")
plt.show()

# %%
# Is it more than the artist?
# ---------------------------
# Without a query, each track is asked for its neighbours, itself left out. Neighbours of the same genre are what the
# net was trained for. If they were all by the same artist, the recommender would have learnt voices, not styles.
_, indices = similar.kneighbors()
neighbors = indices.ravel()
asked = np.repeat(np.arange(len(titles)), indices.shape[1])
for what, values in (("genre", music.target), ("artist", music.groups)):
    print(f"same {what}: {np.mean(values[neighbors] == values[asked]):.0%}")

# %%
folder.cleanup()

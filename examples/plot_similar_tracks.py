"""
Find similar tracks
===================

A net that tells genres apart has learnt what makes tracks alike. Its embeddings put similar tracks near each other, and
a recommender looks the neighbours up.
"""

# %%
# A net, and a collection that it does not know
# ---------------------------------------------
# Ten genres with six artists each. The net learns from four of them; the collection is the tracks of the other two, so
# whatever it finds alike there, it does not find by knowing the artist.
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from skgenre import AudioLoader, CNNClassifier, MelExtractor, make_tracks

folder = TemporaryDirectory()
music = make_tracks(
    folder.name,
    n_tracks_per_genre=24,
    n_artists_per_genre=6,
    duration=5.0,
    random_state=0,
)
known, others = next(StratifiedGroupKFold(3).split(music.paths, music.target, music.groups))
paths, genres, artists = np.array(music.paths), music.target, music.groups
genre = Pipeline(
    [
        ("load", AudioLoader(duration=5.0)),
        ("mel", MelExtractor(n_mels=64)),
        ("cnn", CNNClassifier(max_epochs=15, random_state=0)),
    ]
)
genre.fit(paths[known], genres[known])

# %%
# Who is near whom?
# -----------------
# The fitted pipeline is the embedder. With titles as ids the answers can be read.
from skgenre import EmbeddingRecommender

collection = music.frame.iloc[others]
titles = list(collection["artist"] + ", " + collection["title"])
similar = EmbeddingRecommender(embedder=genre, n_neighbors=5).fit(paths[others], track_ids=titles)

query = 20
ids, scores = similar.recommend(titles[query], n=5)
print(f"Like {titles[query]}:")
for title, score in zip(ids, scores, strict=True):
    print(f"  {score:.3f}  {title}")

# %%
# A map
# -----
# t-SNE lays the embeddings out so that neighbours stay neighbours. The lines lead from the query to its answers: they
# are looked up among the embeddings themselves, so a line may be longer on the map than the distance it stands for.
import matplotlib.pyplot as plt

from skgenre import EmbeddingMapDisplay

display = EmbeddingMapDisplay.from_estimator(similar, None, genres[others], random_state=0)
indices = similar.kneighbors(return_distance=False)
places = np.asarray(display.coordinates)
for neighbor in indices[query]:
    display.ax_.plot(*places[[query, neighbor]].T, color="0.3", linewidth=1, zorder=0.5)
display.ax_.scatter(*places[query], s=220, facecolors="none", edgecolors="black", linewidths=1.5)
display.ax_.set_title("Tracks by what the net hears in them")
plt.show()

# %%
# Is it more than the artist?
# ---------------------------
# Without a query, each track is asked for its neighbours, itself left out. Neighbours of the same genre are what the
# net was trained for. If they were all by the same artist, it would hear voices and not styles.
asked = np.repeat(np.arange(len(others)), indices.shape[1])
for what, values in (("genre", genres[others]), ("artist", artists[others])):
    chance = np.mean(values[:, None] == values)
    print(
        f"neighbours of the same {what}: {np.mean(values[indices.ravel()] == values[asked]):.0%} (chance {chance:.0%})"
    )

# %%
folder.cleanup()

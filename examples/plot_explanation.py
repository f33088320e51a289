"""
Why a track gets its genre
==========================

A net that says "metal" may have heard the guitars, or the hiss of one label's tapes. ``explain`` shows what in a track
speaks for the answer, and ``measure_faithfulness`` checks that it does.
"""

# %%
# A net to ask
# ------------
# Three genres of made-up music, four artists in each.
from tempfile import TemporaryDirectory

from sklearn.pipeline import make_pipeline

from skgenre import AudioLoader, CNNClassifier, MelExtractor, make_tracks

folder = TemporaryDirectory()
music = make_tracks(folder.name, 12, 4, ["classical", "disco", "metal"], duration=8.0, random_state=0)
held_out = 13  # a disco track
training = [row for row in range(len(music.paths)) if music.groups[row] != music.groups[held_out]]
genre = make_pipeline(AudioLoader(duration=8.0), MelExtractor(64), CNNClassifier(max_epochs=15, random_state=0))
genre.fit([music.paths[row] for row in training], [music.target[row] for row in training])
track = music.paths[held_out]
genre.predict(track)

# %%
# What the net went by
# --------------------
# Integrated gradients give each band in each frame a share of the answer. Orange speaks for the genre, blue against it.
import matplotlib.pyplot as plt

from skgenre import explain

explanation = explain(genre, track, "integrated_gradients")
explanation.plot()
plt.show()

# %%
# The same with players, as a notebook shows it: ``to_audio`` lets through what spoke for the genre.
explanation

# %%
# The parts that count the most, with times in seconds:
for segment in explanation.top_segments(3, duration=1.0):
    print(f"{segment.start:.1f} to {segment.stop:.1f} s: {segment.score:+.2f}")

# %%
# Is it true?
# -----------
# If the answer hangs on what is coloured, hiding that first makes it fall, and showing that first makes it rise. By
# chance the same map lies somewhere else. The completeness error says how far the shares are from adding up; and of a
# net with shuffled weights the map has to be another.
from skgenre import compare_with_random_weights, measure_faithfulness

measure_faithfulness(genre, explanation, random_state=0).plot()
plt.show()
print(f"completeness error {explanation.completeness_error:.3f}")
print(f"rank correlation with shuffled weights {compare_with_random_weights(genre, explanation, random_state=0):.2f}")

# %%
# Descriptors by name
# -------------------
# A model of descriptors is explained by their names, compared with some other tracks. For trees and linear models these
# Shapley values are exact.
from sklearn.ensemble import RandomForestClassifier

from skgenre import TrackDescriptor

forest = make_pipeline(AudioLoader(), TrackDescriptor(), RandomForestClassifier(100, random_state=0))
forest.fit([music.paths[row] for row in training], [music.target[row] for row in training])
explain(forest, track, "shap", background=music.paths[::3]).plot(n_descriptors=10)
plt.show()

# %%
# Why two tracks are similar
# --------------------------
# The same map of both, for the nearest track of the collection: orange is what makes them alike. The segments that are
# most alike, with their times and similarity, stand below.
from skgenre import EmbeddingRecommender, explain_neighbors

similar = EmbeddingRecommender(genre).fit(music.paths)
ids, _ = similar.recommend(track, n=1)
alike = explain_neighbors(similar, track, ids[0])
alike.plot()
plt.show()
for pair in alike.top_pairs(2):
    one, other = f"{pair.start_a:.1f} to {pair.stop_a:.1f} s", f"{pair.start_b:.1f} to {pair.stop_b:.1f} s"
    print(f"{one} is like {other}: {pair.similarity:.2f}")

# %%
folder.cleanup()

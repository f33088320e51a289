"""
Recommend by sound and by listening
===================================

Users who hear the same tracks share something that cannot be heard, and a new track has nothing but its sound. A
hybrid recommender goes by both. On a made-up history, where every user's taste is known, one can see what that gains.
"""

# %%
# Who has heard what
# ------------------
# Six hundred tracks in thirty styles, and four hundred users with one to three tastes each. Part of what they like can
# be heard in the embeddings, part cannot. What they have heard depends on what is popular, too.
import numpy as np

from skgenre import make_listening_history

rng = np.random.default_rng(0)
styles = rng.standard_normal((30, 24))
embeddings = styles[rng.integers(30, size=600)] + 0.6 * rng.standard_normal((600, 24))
history = make_listening_history(embeddings, n_users=400, random_state=0)
listeners = np.asarray((history.interactions > 0).sum(axis=0)).ravel()
print(
    f"{history.interactions.nnz} times a user has met a track; the most popular track has {listeners.max()} listeners, "
    f"the one in the middle {np.median(listeners):.0f}"
)

# %%
# A tenth of the tracks is new: nobody has heard them yet.
new = rng.random(600) < 0.1
plays = history.interactions.copy()
plays.data[new[plays.indices]] = 0
plays.eliminate_zeros()

# %%
# What it chooses
# ---------------
# Some of the listening is held out, to find out how much of a score should come from the sound.
from skgenre import HybridRecommender

recommender = HybridRecommender(random_state=0).fit(embeddings, plays)
print(recommender.blend_)
for name, score in recommender.blend_scores_.items():
    print(f"  {score:.3f}  {name}")

# %%
# Better than either?
# -------------------
# The plain alternatives are settings of the same class. Each recommends ten tracks to every user, once among those that
# have been heard, once among the new ones. A list is as good as its tracks are liked, and all are known: best possible
# lists have an nDCG of 1.
import matplotlib.pyplot as plt

from skgenre import ndcg_at_k

heard = plays.toarray() > 0
scores = {}
for blend in ("popularity", "content", "collaborative", "auto"):
    fitted = HybridRecommender(blend=blend, random_state=0).fit(embeddings, plays)
    ids, _ = fitted.recommend(np.arange(400), n=600 - heard.sum(axis=1).max())
    for name, candidates in (("heard by some", ~new), ("heard by nobody", new)):
        lists = [row[candidates[row]][:10] for row in ids]
        liking = np.where(candidates & ~heard, history.truth, -np.inf)
        scores[blend, name] = ndcg_at_k(list(np.argsort(-liking)[:, :10]), lists)

figure, axes = plt.subplots(1, 2, sharey=True, figsize=(8, 3.5), layout="constrained")
for ax, name in zip(axes, ("heard by some", "heard by nobody"), strict=True):
    values = {blend: score for (blend, of), score in scores.items() if of == name}
    bars = ax.bar(range(4), values.values(), color=["0.7", "0.7", "0.7", "C0"])
    ax.bar_label(bars, fmt="%.2f")
    ax.set_xticks(range(4), values)
    ax.set_title(f"Tracks {name}")
axes[0].margins(y=0.12)  # room for the numbers on the bars
axes[0].set_ylabel("nDCG@10 of true liking")
plt.show()

# %%
# Somebody new
# ------------
# A user without a history gets what is popular, or names a track and gets what goes with it.
taste = history.user_tastes[0][0]
for what, seeds in (("without a history", None), ("with a track named", [taste])):
    ids, _ = recommender.recommend(n=10, seeds=seeds)
    print(f"{what}: liked by {history.truth[0][ids].mean():.2f} deviations above the mean")

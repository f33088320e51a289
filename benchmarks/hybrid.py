"""How much a hybrid recommender gains over its parts, on made-up histories: ``python -m benchmarks.hybrid``.

Of each history a tenth of the tracks is made unheard, and of the other listening a fifth is held out. Printed is the
nDCG@10, mean and standard deviation over seeds: on what was held out, and on the twenty tracks that each user truly
likes best, among tracks heard by some and among those heard by nobody. ``make bench`` asks how fast and how large, so
this is run by itself; the guide to the hybrid shows what it prints.
"""

import argparse

import numpy as np
from scipy.sparse import csr_matrix

from skgenre import HybridRecommender, make_listening_history, ndcg_at_k

BLENDS = ("auto", "content", "collaborative", "popularity")
CANDIDATES = ("heard by some", "heard by nobody")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hybrid", description=__doc__)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--tracks", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--audible", type=float, nargs="+", default=[0.3, 0.6, 0.9])
    arguments = parser.parse_args()
    for audible in arguments.audible:
        print(f"audible={audible}, {arguments.users} users, {arguments.tracks} tracks, {arguments.seeds} histories")
        runs = [measure(arguments.users, arguments.tracks, audible, seed) for seed in range(arguments.seeds)]
        for key in runs[0]:
            values = [run[key] for run in runs]
            spread = np.std(values, ddof=1) if len(values) > 1 else np.nan
            print(f"  {' | '.join(key):44}  {np.mean(values):.3f} ± {spread:.3f}", flush=True)


def measure(n_users: int, n_tracks: int, audible: float, seed: int) -> dict[tuple[str, str, str], float]:
    """Return the nDCG@10 of each blend on one history, by what it is judged by and among which tracks."""
    rng = np.random.default_rng(seed)
    styles = rng.standard_normal((40, 32))
    X = styles[rng.integers(40, size=n_tracks)] + 0.6 * rng.standard_normal((n_tracks, 32))
    history = make_listening_history(X, n_users=n_users, audible=audible, random_state=seed)
    unheard = rng.random(n_tracks) < 0.1
    kept, held = split(history.interactions, unheard, rng)
    heard = kept.toarray() > 0
    scores = {}
    for blend in BLENDS:
        recommender = HybridRecommender(blend=blend, random_state=seed).fit(X, kept)
        ids, _ = recommender.recommend(np.arange(n_users), n=n_tracks - int(heard.sum(axis=1).max()))
        for name, candidates in zip(CANDIDATES, (~unheard, unheard), strict=True):
            lists = [row[candidates[row]][:10] for row in ids]
            liking = np.where(candidates & ~heard, history.truth, -np.inf)
            best = np.argsort(-liking, axis=1)[:, :20]
            scores[name, "held out", blend] = ndcg_at_k(csr_matrix(held.multiply(candidates[None])), lists)
            scores[name, "truly liked", blend] = ndcg_at_k(list(best), lists)
    return dict(sorted(scores.items(), key=lambda item: item[0][:2]))


def split(plays: csr_matrix, unheard: np.ndarray, rng: np.random.Generator) -> tuple[csr_matrix, csr_matrix]:
    """Return the plays to learn from, and those held out."""
    users = np.repeat(np.arange(plays.shape[0]), np.diff(plays.indptr))
    out = (rng.random(plays.nnz) < 0.2) | unheard[plays.indices]
    kept, held = (
        csr_matrix((plays.data[part], (users[part], plays.indices[part])), shape=plays.shape) for part in (~out, out)
    )
    return kept, held


if __name__ == "__main__":
    main()

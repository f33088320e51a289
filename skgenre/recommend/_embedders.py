"""Any estimator that transforms tracks, as a source of embeddings."""

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, get_tags
from sklearn.utils.validation import check_is_fitted


def fit_embedder(embedder: Any, X: Any, y: Any) -> Any:
    """Return the embedder itself if it is fitted, else a fitted clone."""
    if is_fitted(embedder):
        return embedder
    if y is None and requires_y(embedder):
        raise ValueError(
            f"embedder {type(embedder).__name__} is not fitted and requires y to be passed, but the target y is None: "
            "pass y to fit, or a fitted embedder"
        )
    return clone(embedder).fit(X, y)


def is_fitted(embedder: Any) -> bool:
    # scikit-learn asks the last step alone, which is fitted from the start where it learns nothing.
    if isinstance(embedder, Pipeline):
        return all(is_fitted(step) for step in _steps(embedder))
    try:
        check_is_fitted(embedder)
    except NotFittedError:
        return False
    return True


def requires_y(embedder: Any) -> bool:
    # scikit-learn's Pipeline does not pass this tag on.
    if isinstance(embedder, Pipeline):
        return any(requires_y(step) for step in _steps(embedder))
    return get_tags(embedder).target_tags.required


def _steps(pipeline: Pipeline) -> list:
    return [step for _, step in pipeline.steps if step is not None and step != "passthrough"]


def embed(embedder: Any, X: Any, n_dims: int | None = None) -> np.ndarray:
    """Return the embeddings of tracks, float32 of shape (n_tracks, n_dims), after a look at them."""
    name = type(embedder).__name__
    embeddings = embedder.transform(X)
    shape: tuple[int, ...] = embeddings.shape if hasattr(embeddings, "shape") else (len(embeddings),)
    n_tracks = X.shape[0] if hasattr(X, "shape") else len(X) if hasattr(X, "__len__") else len(np.asarray(X))
    if len(shape) != 2 or shape[0] != n_tracks:
        raise ValueError(f"embedder must turn {n_tracks} tracks into ({n_tracks}, n_dims) numbers, {name} gave {shape}")
    if n_dims is not None and shape[1] != n_dims:
        raise ValueError(f"embedder must give {n_dims} dimensions as it did in fit, {name} gave {shape[1]}")
    return check_array(embeddings, dtype=np.float32, input_name=f"embeddings of {name}")

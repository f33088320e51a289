"""What a fitted net says of tracks: its scores over all segments of each, pooled."""

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgenre.classifiers._training import score_segments, track_probabilities
from skgenre.features import check_features


class NetAnswers:
    """Answers for a track by the scores of a module over its segments."""

    net_: Any
    classes_: np.ndarray
    segment_frames_: int
    segment_overlap: float
    pooling: str

    def predict_proba(self, X: Any) -> np.ndarray:
        """Estimate the probability of each genre, pooled over the segments of a track.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_bands, n_frames) or (n_tracks, n_frames), or FeatureSequence
            Features.

        Returns
        -------
        probabilities : ndarray of shape (n_tracks, n_classes), float64
            Probabilities in the order of ``classes_``.
        """
        X = self._check_prediction(X)
        return track_probabilities(self.net_.module_, X, pooling=self.pooling, **self._segmentation)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the genre of each track.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_bands, n_frames) or (n_tracks, n_frames), or FeatureSequence
            Features.

        Returns
        -------
        y : ndarray of shape (n_tracks,)
            The genre with the highest probability.
        """
        winners = self.predict_proba(X).argmax(axis=1)
        return self.classes_[winners]

    def predict_segments(self, X: Any) -> list[np.ndarray]:
        """Estimate the probability of each genre in each segment of each track.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_bands, n_frames) or (n_tracks, n_frames), or FeatureSequence
            Features.

        Returns
        -------
        probabilities : list of ndarray of shape (n_segments, n_classes), float32
            One array for each track; ``skgenre.segments.segment_starts`` gives the first frame of each segment.
        """
        X = self._check_prediction(X)
        return list(score_segments(self.net_.module_, X, output="probabilities", **self._segmentation))

    def transform(self, X: Any) -> np.ndarray:
        """Embed each track: what the last layer sees, averaged over segments.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_bands, n_frames) or (n_tracks, n_frames), or FeatureSequence
            Features.

        Returns
        -------
        embeddings : ndarray of shape (n_tracks, n_dims), float32
            Embeddings.
        """
        X = self._check_prediction(X)
        scores = score_segments(self.net_.module_, X, output="embeddings", **self._segmentation)
        return np.stack([track.mean(axis=0) for track in scores])

    def _check_prediction(self, X: Any) -> Any:
        check_is_fitted(self, "net_")
        return check_features(self, X, reset=False)

    @property
    def _segmentation(self) -> dict[str, Any]:
        return {"segment_frames": self.segment_frames_, "overlap": self.segment_overlap}

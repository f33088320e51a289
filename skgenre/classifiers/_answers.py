"""What a fitted net says of tracks: its scores over all segments of each, pooled."""

from typing import Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skgenre._rows import labelled
from skgenre.classifiers._inference import embeddings, score_segments, segment_probabilities, track_probabilities
from skgenre.classifiers._targets import Targets
from skgenre.features import check_features


class NetAnswers(TransformerMixin):
    """Answers for a track by the scores of a module over its segments."""

    net_: Any
    _targets: Targets
    segment_frames_: int
    segment_overlap: float
    pooling: str

    def predict_proba(self, X: Any) -> np.ndarray:
        """Estimate the probability of each genre or label, pooled over the segments of a track.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_bands, n_frames) or (n_tracks, n_frames), or FeatureSequence
            Features.

        Returns
        -------
        probabilities : ndarray of shape (n_tracks, n_classes) or (n_tracks, n_labels), float64
            Probabilities in the order of ``classes_``, which sum to one; or, where the net was trained on several
            labels, the probability of each label by itself, in the order of the columns of ``y``.
        """
        X = self._check_prediction(X)
        return self._probabilities(X, self.pooling, self.segment_overlap)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the genre, or the labels, of each track.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_bands, n_frames) or (n_tracks, n_frames), or FeatureSequence
            Features.

        Returns
        -------
        y : ndarray of shape (n_tracks,) or (n_tracks, n_labels)
            The genre with the highest probability; or 1 for each label whose probability is at least its threshold in
            ``thresholds_``, and 0 for the others.
        """
        probabilities = self.predict_proba(X)
        return self._targets.decide(probabilities, getattr(self, "thresholds_", None))

    def predict_segments(self, X: Any) -> list[np.ndarray]:
        """Estimate the probability of each genre or label in each segment of each track.

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
        return list(segment_probabilities(self.net_.module_, X, self._targets, **self._segmentation))

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
        features = self._check_prediction(X)
        scores = score_segments(self.net_.module_, features, embeddings, **self._segmentation)
        return labelled(np.stack([track.mean(axis=0) for track in scores]), self, X)

    def _check_prediction(self, X: Any) -> Any:
        check_is_fitted(self, "net_")
        return check_features(self, X, reset=False)

    def _probabilities(self, X: Any, pooling: str, overlap: float) -> np.ndarray:
        segmentation = {"segment_frames": self.segment_frames_, "overlap": overlap}
        return track_probabilities(self.net_.module_, X, self._targets, pooling=pooling, **segmentation)

    @property
    def _segmentation(self) -> dict[str, Any]:
        return {"segment_frames": self.segment_frames_, "overlap": self.segment_overlap}

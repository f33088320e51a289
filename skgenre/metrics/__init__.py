"""Metrics that scikit-learn has none of; pure functions."""

from skgenre.metrics._calibration import expected_calibration_error

__all__ = ["expected_calibration_error"]

"""Numbers that a user sets, checked."""

from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import check_scalar


def check_finite(value: Any, name: str, *, zero: bool = False) -> None:
    """Raise ``TypeError`` or ``ValueError`` where a value is no finite number above 0, or from 0 on."""
    check_scalar(value, name, Real, min_val=0, include_boundaries="both" if zero else "neither")
    if not np.isfinite(value):
        raise ValueError(f"{name} must be a finite number, got {value}")

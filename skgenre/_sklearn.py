"""Names of scikit-learn that are private or not in all its versions: a change there has one place to be mended."""

from typing import Any

import numpy as np
from sklearn import utils
from sklearn.base import _fit_context
from sklearn.utils._metadata_requests import _raise_for_params
from sklearn.utils._missing import is_pandas_na
from sklearn.utils._param_validation import (
    HasMethods,
    Hidden,
    Interval,
    Options,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import _check_sample_weight

__all__ = [
    "HasMethods",
    "Hidden",
    "Interval",
    "Options",
    "StrOptions",
    "_check_sample_weight",
    "_fit_context",
    "_get_output_config",
    "_raise_for_params",
    "column_or_1d",
    "is_pandas_na",
    "validate_parameter_constraints",
]


def column_or_1d(values: Any, name: str) -> np.ndarray:
    """Return values as a 1-D array, as scikit-learn's function does, whose errors name the parameter from 1.8 on."""
    try:
        return utils.column_or_1d(values)
    except ValueError as error:
        raise ValueError(str(error).replace("y should", f"{name} should", 1)) from None

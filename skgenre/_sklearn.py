"""Private names of scikit-learn, gathered here so that a change there has one place to be mended."""

from sklearn.base import _fit_context
from sklearn.utils._missing import is_pandas_na
from sklearn.utils._param_validation import HasMethods, Hidden, Interval, Options, StrOptions
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
    "is_pandas_na",
]

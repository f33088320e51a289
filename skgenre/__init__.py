"""Music genre classification and content-based recommendation as scikit-learn estimators.

The public names are listed in ``__init__.pyi`` and loaded on first use, so ``import skgenre`` is quick.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

"""Packages that only some users need, imported where they are used."""

from importlib import import_module
from types import ModuleType


def import_optional(name: str, *, extra: str) -> ModuleType:
    """Import an optional module, or say how to install it.

    Parameters
    ----------
    name : str
        Full name of the module, for example ``"matplotlib.pyplot"``.
    extra : str
        The extra of skgenre that brings it.

    Raises
    ------
    ImportError
        With the command that installs the extra.
    """
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ImportError(f'{package} is needed here: pip install "skgenre[{extra}]"') from error

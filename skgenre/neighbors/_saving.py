"""An index in a folder."""

import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from skgenre.neighbors._folders import save_folder

KIND = "index"
"""What the manifest of a saved index says that it is."""


class Saving(ABC):
    """Base of indexes: saved whole or not at all."""

    name: ClassVar[str]
    parameters: ClassVar[tuple[str, ...]]
    saves_vectors: ClassVar[bool] = True
    """Whether what is saved holds the vectors, not only where they are kept."""

    alive: Any
    n_tuned: int

    def save(self, folder: str | os.PathLike) -> None:
        """Save the index into a folder, for ``load_index``.

        An index that was saved there before is replaced at once, when all is written: a crash in the middle leaves it
        whole, and processes that have it loaded keep it.

        Parameters
        ----------
        folder : str or path
            The folder, made if need be.

        Raises
        ------
        ValueError
            If the folder holds something else that skgenre saved.
        """
        save_folder(folder, KIND, self.write)

    def write(self, folder: Path) -> dict[str, Any]:
        """Write files into a folder, and return what ``read_index`` will ask for beside them: plain JSON."""
        np.save(folder / "alive.npy", self.alive)
        said = self._write(folder)
        parameters = {name: getattr(self, name) for name in self.parameters}
        return {"index": self.name, "parameters": parameters, "n_tuned": self.n_tuned, **said}

    @abstractmethod
    def _write(self, folder: Path) -> dict[str, Any]:
        """Write all but the mask of those alive, and return what to remember beside the files."""

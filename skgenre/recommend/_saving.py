"""A recommender in a folder, saved in one step and shared by processes."""

import os
import warnings
from pathlib import Path
from typing import Any, Self

import joblib
import numpy as np
from sklearn.utils.validation import check_is_fitted

from skgenre._warnings import users_line
from skgenre.neighbors import Index, read_folder, read_index, save_folder
from skgenre.recommend._catalogue import Catalogue
from skgenre.recommend._turns import asks

KIND = "recommender"


class Saving:
    """Mixin of estimators with an index: saved with all they learned."""

    index_: Index
    y_: np.ndarray | None
    _catalogue: Catalogue
    _n_unlearned: int

    @asks
    def save(self, folder: str | os.PathLike) -> None:
        """Save the recommender, with its embedder, into a folder, in place of what was saved there before.

        A crash at any moment leaves the old state whole. Processes that have loaded it keep it.

        Parameters
        ----------
        folder : str or path
            Where to save; made if need be.

        Raises
        ------
        ValueError
            If the folder holds something else that skgenre saved.
        """
        check_is_fitted(self)

        def write(inside: Path) -> dict[str, Any]:
            (inside / "index").mkdir()
            content = self.index_.write(inside / "index")
            state = {name: value for name, value in self.__getstate__().items() if name != "index_"}
            joblib.dump(state, inside / "recommender.joblib")
            return {"index": content}

        save_folder(folder, KIND, write)

    @classmethod
    def load(cls, folder: str | os.PathLike, mmap: bool = True, *, verify: bool = True) -> Self:
        """Load a recommender that ``save`` saved.

        .. warning:: All but the index is a pickle, which can run any code when it is loaded: load only what you trust.

        Parameters
        ----------
        folder : str or path
            The folder.
        mmap : bool, default=True
            Whether to map the embeddings into memory, which all processes that load the same folder then share, rather
            than to read them.
        verify : bool, default=True
            Whether to read all files once and compare their checksums. False compares their sizes alone, and loads a
            large collection at once.

        Returns
        -------
        recommender : EmbeddingRecommender
            The recommender, with the answers it had.

        Raises
        ------
        FileNotFoundError
            If nothing was saved there.
        ValueError
            If it is damaged, something else, or was saved by a newer version; the message names the file.

        Warns
        -----
        UserWarning
            If Milvus no longer has tracks that were saved, because they were removed or replaced since: they are left
            out.

        Examples
        --------
        >>> import tempfile
        >>> from skgenre import EmbeddingRecommender
        >>> recommender = EmbeddingRecommender(metric="euclidean").fit([[0.0], [5.0], [4.0]])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     recommender.save(folder)
        ...     EmbeddingRecommender.load(folder, mmap=False).recommend(1, n=1)
        (array([2]), array([0.5]))
        """

        def read(content: dict[str, Any], inside: Path) -> Any:
            recommender = cls.__new__(cls)
            vars(recommender).update(joblib.load(inside / "recommender.joblib"))
            recommender.index_ = read_index(content["index"], inside / "index", mmap=mmap)
            return recommender

        recommender = read_folder(folder, KIND, read, verify=verify)
        if lost := recommender._leave_out_lost():
            more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
            message = f"{lost[0]!r}{more} left out: removed from the index, or replaced there, since it was saved"
            warnings.warn(message, stacklevel=users_line())
        return recommender

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())  # type: ignore[call-overload]
        params = state.get("index_params")
        if params and "token" in params:  # what is saved is made to be copied
            state["index_params"] = {name: value for name, value in params.items() if name != "token"}
        return state

    def _leave_out_lost(self) -> list:
        """Forget the tracks whose rows the index no longer has, and return their ids."""
        lost = np.flatnonzero(self._catalogue.alive & ~self.index_.alive)
        ids = [self._catalogue.ids[row] for row in lost.tolist()]
        if ids:
            self._catalogue.remove(lost)
            self._n_unlearned += len(lost)
            self.y_ = None
        return ids

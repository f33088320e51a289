"""Indexes of vectors that find the nearest rows, behind one small protocol.

=================  =====================================================================================
``ExactIndex``     compares with every vector, by matrix products
``AnnoyIndex``     a forest of Annoy's random projection trees
``VoyagerIndex``   Voyager's hierarchical graph of small worlds (HNSW)
``MilvusIndex``    Milvus: a local file, a server or a cluster, which keeps the vectors too
=================  =====================================================================================

Conventions: vectors are float32 of shape (n_rows, n_dims). Distances are float64, ascending, and mean the same in
every index. The cosine distance is ``1 - cos``, in [0, 2]; a zero vector has no direction and lies at distance 1 from
all, itself included, as in scikit-learn. Equal distances are ordered by row.

The protocol, class ``Index``: ``build(vectors)``, ``add(vectors) -> rows``, ``remove(rows)``, ``compact() -> kept``,
``take(rows) -> vectors``, ``query(queries, n_neighbors, allowed=mask)``, ``query_radius(queries, radius,
allowed=mask)``, ``save(folder)``, and ``load_index(folder)``; ``len(index)`` is the number of rows alive, ``n_rows``
that of row numbers given.

- Rows are numbered as they are added, from 0. A removed row keeps its number, which nobody gets again, and is no
  answer any more; ``alive`` is the mask of those that are left. ``compact`` closes the gaps, builds anew, and returns
  the old number of each new row. ``take`` of a removed row, or removing it twice, is an error.
- ``allowed`` is one mask of shape (n_rows,) for all queries of a call.
- ``make_index(algorithm, metric, n_rows=, seed=)`` makes one by name, "auto" included, and ``index.name`` says which.
- ``effort`` says how hard an approximate index searches, and ``tune_effort(index, vectors, recall=0.95,
  n_neighbors=10, random_state=)`` builds it and raises the effort until the recall holds, returns what it measured, and
  warns (``RecallWarning``) where it cannot be reached. The effort goes with the index into its folder and its pickle.
- ``build(vectors, held_out=rows, trial=)`` calls the trial while the index knows all but some rows, which it then takes
  in: they are asked about as vectors that it has never seen. ``then=`` is called before what is replaced is gone.
- There are always exactly ``n_neighbors`` answers, or a ``ValueError`` where fewer rows may answer: nothing is padded.
- What raises leaves the index as it was.
- ``save`` replaces what was saved before in one step. To save more than the index in the same step, pass
  ``save_folder`` a function that writes all files, those of ``index.write`` in a subfolder; ``read_folder`` and
  ``read_index`` undo it.
- An index pickles. Queries may come from many threads; changes must not run beside queries.
"""

from skgenre.neighbors._annoy import AnnoyIndex
from skgenre.neighbors._backends import EXACT_UP_TO, INDEXES, load_index, make_index, read_index
from skgenre.neighbors._exact import ExactIndex
from skgenre.neighbors._folders import read_folder, save_folder
from skgenre.neighbors._index import Index
from skgenre.neighbors._milvus import MilvusIndex
from skgenre.neighbors._others import query_others
from skgenre.neighbors._recall import RecallWarning, tune_effort
from skgenre.neighbors._recall_samples import RecallSample
from skgenre.neighbors._voyager import VoyagerIndex

__all__ = [
    "EXACT_UP_TO",
    "INDEXES",
    "AnnoyIndex",
    "ExactIndex",
    "Index",
    "MilvusIndex",
    "RecallSample",
    "RecallWarning",
    "VoyagerIndex",
    "load_index",
    "make_index",
    "query_others",
    "read_folder",
    "read_index",
    "save_folder",
    "tune_effort",
]

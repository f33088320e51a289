"""How fast skgenre is and what memory it takes, side by side with what one would use in its place.

``make bench``, or ``python -m benchmarks``, measures everything and writes ``results.json`` and the page of the
documentation. Each subject is a file with a TITLE, a TEXT and a function ``measure``; the contenders of a comparison
take turns.
"""

import os

# Fixed before any numeric library is loaded, and inherited by the processes that are started.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
os.environ.update(dict.fromkeys(THREADS, "1"))

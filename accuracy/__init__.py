"""How accurate skgenre is on real music, under which protocol, and what that is worth.

``make accuracy``, or ``python -m accuracy``, scores the models of ``models.py`` on the music of ``datasets.py`` and
writes ``results.json`` and the page of the documentation. What is finished is kept, so a run that was ended goes on
where it was.
"""

import benchmarks  # noqa: F401  one thread in each numeric library, fixed before any is loaded

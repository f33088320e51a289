"""
Search on many machines
=======================

Features of every track, and then a net for every setting and fold: work that falls into pieces is work for more than
one machine. A dask cluster takes it over with one line, and the picture shows which worker did what, and when.
"""

# %%
# A cluster
# ---------
# A scheduler, and a worker on each machine that is to help: each of them is one command. Here they all run on one
# machine, with two workers; between machines only the addresses are others.
import subprocess
import sys
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from distributed import Client

folder = TemporaryDirectory()


def dask(*arguments):
    """Run a command of dask, as one would type it on a machine of the cluster."""
    return subprocess.Popen([sys.executable, "-m", "dask", *arguments], stderr=subprocess.DEVNULL)


@contextmanager
def cluster():
    """Start the scheduler and two workers, and end them whatever happens in between."""
    note = f"{folder.name}/scheduler.json"
    common = ("--scheduler-file", note, "--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0")
    processes = [dask("scheduler", "--port", "0", *common)]
    try:
        for name in ("first", "second"):
            worker = ("--name", name, "--nthreads", "1", "--local-directory", folder.name)
            processes.append(dask("worker", *worker, *common))
        with Client(scheduler_file=note) as client:
            client.wait_for_workers(2)
            yield client
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


# %%
# Music that every machine sees
# -----------------------------
# Paths travel to the workers, audio does not: each worker opens the files itself. So the music lies where all machines
# have it under the same path, and so does the folder in which ``memory`` keeps features.
from skgenre import make_tracks

music = make_tracks(
    f"{folder.name}/music",
    n_tracks_per_genre=16,
    n_artists_per_genre=4,
    genres=("country", "jazz", "rock"),
    duration=5.0,
    random_state=0,
)

# %%
# First the features, then the search
# -----------------------------------
# What goes to the cluster is what would have run here; ``parallel_config`` alone sends it there. The search finds the
# features of all its folds and settings in ``memory``. ``get_task_stream`` notes what the workers do.
import joblib
from distributed import get_task_stream
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from skgenre import AudioLoader, CNNClassifier, MFCCExtractor

genre = Pipeline(
    [
        ("load", AudioLoader(duration=5.0)),
        ("mfcc", MFCCExtractor(memory=f"{folder.name}/features")),
        ("cnn", CNNClassifier(max_epochs=6, random_state=0)),
    ]
)
search = GridSearchCV(genre, {"cnn__lr": [3e-4, 1e-3, 3e-3]}, cv=StratifiedGroupKFold(4))

with cluster() as client:
    rows = {address: worker["name"] for address, worker in client.scheduler_info()["workers"].items()}
    with joblib.parallel_config(backend="dask"), get_task_stream(client) as stream:
        genre[:2].transform(music.paths)
        search.fit(music.paths, music.target, groups=music.groups)
search.best_params_

# %%
# Who did what
# ------------
# Orange bars are features, a few tracks at a time. Blue ones are nets, trained on three folds and scored on the fourth,
# sometimes several at a time. The first of each worker takes longest, for it waits until PyTorch is loaded.
import matplotlib.pyplot as plt

kinds = {"_fit_and_score": ("nets", "tab:blue", 0.8), "_compute_row": ("features", "tab:orange", 0.4)}
other = ("other", "tab:gray", 0.4)
begin = min(part["start"] for task in stream.data for part in task["startstops"])

figure, ax = plt.subplots(figsize=(8, 2.6), layout="constrained")
for task in stream.data:
    label, colour, height = next((look for kind, look in kinds.items() if kind in task["key"]), other)
    for part in task["startstops"]:
        if part["action"] == "compute":
            ax.barh(
                rows[task["worker"]],
                part["stop"] - part["start"],
                height,
                left=part["start"] - begin,
                color=colour,
                edgecolor="white",
                linewidth=0.5,
                label=label,
            )
handles = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
ax.legend(handles.values(), handles, loc="upper left", bbox_to_anchor=(1, 1))
ax.set(xlabel="seconds", ylabel="worker", title="Twelve nets, two workers")
plt.show()

# %%
# The same answer as here
# -----------------------
# Features are the same bits wherever they are computed, and nets that begin with the same ``random_state`` end with the
# same weights on machines of one kind. A fold of the search, repeated in this process:
import numpy as np
from sklearn.base import clone

paths = np.array(music.paths)
train, test = next(search.cv.split(paths, music.target, music.groups))
here = clone(genre).set_params(**search.best_params_).fit(paths[train], music.target[train])
there = search.cv_results_["split0_test_score"][search.best_index_]
print(f"here {here.score(paths[test], music.target[test]):.3f}, on the cluster {there:.3f}")

# %%
folder.cleanup()

"""Saved indexes: whole or not at all, shared by processes, and clear about what is wrong with them."""

import json
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from importlib.util import find_spec

import numpy as np
import pytest

from skgenre.neighbors import (
    AnnoyIndex,
    ExactIndex,
    VoyagerIndex,
    load_index,
    read_folder,
    read_index,
    save_folder,
)

without_voyager = pytest.mark.skipif(find_spec("voyager") is None, reason="voyager is not installed")
KINDS = [ExactIndex, AnnoyIndex, pytest.param(VoyagerIndex, marks=without_voyager)]
each_kind = pytest.mark.parametrize("kind", KINDS)
each_metric = pytest.mark.parametrize("metric", ["cosine", "euclidean"])
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which files a process has mapped")


def spread(n_rows, random_state=0):
    return np.random.default_rng(random_state).standard_normal((n_rows, 8)).astype(np.float32)


def changed(kind, metric="cosine"):
    """Return an index whose rows came in two blocks, and some of which are gone."""
    index = kind(metric).build(spread(300))
    index.add(spread(30, random_state=1))
    index.remove([3, 310])
    return index


def assert_same_answers(a, b):
    queries = spread(20, random_state=2)
    for ours, theirs in zip(a.query(queries, 9), b.query(queries, 9), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@each_metric
@each_kind
@pytest.mark.parametrize("mmap", [True, False])
def test_a_loaded_index_answers_and_changes_as_the_one_that_was_saved(kind, metric, mmap, tmp_path):
    index = changed(kind, metric)
    index.effort = None if index.effort is None else 7
    index.save(tmp_path / "new" / "folder")
    loaded = load_index(tmp_path / "new" / "folder", mmap=mmap)
    assert (type(loaded), loaded.metric, loaded.effort, len(loaded)) == (kind, metric, index.effort, 328)
    np.testing.assert_array_equal(loaded.vectors, index.vectors)
    assert_same_answers(loaded, index)
    for one in (loaded, index):
        one.add(spread(200, random_state=3))
        one.remove([0, 400])
    assert_same_answers(loaded, index)
    loaded.compact()
    assert len(loaded) == loaded.n_rows == 526


@each_kind
def test_saving_again_replaces_and_leaves_nothing_behind(kind, tmp_path):
    index = changed(kind)
    index.save(tmp_path)
    loaded = load_index(tmp_path)
    loaded.add(spread(1, random_state=4))
    loaded.save(tmp_path)  # over the files that it has mapped
    assert load_index(tmp_path).n_rows == 331
    assert len(list(tmp_path.glob("data-*"))) == 1
    assert_same_answers(load_index(tmp_path), loaded)


@each_kind
def test_who_has_an_index_loaded_keeps_it_when_it_is_replaced(kind, tmp_path):
    index = changed(kind)
    index.save(tmp_path)
    loaded = load_index(tmp_path)
    kind().build(spread(10)).save(tmp_path)
    assert_same_answers(loaded, index)


@each_kind
@pytest.mark.parametrize("at", ["write", "replace"])
def test_a_save_that_fails_leaves_the_old_state_whole(kind, at, tmp_path, monkeypatch):
    index = changed(kind)
    index.save(tmp_path)
    before = sorted(tmp_path.rglob("*"))

    def fail(*_):
        raise OSError("no space left on device")

    other = kind().build(spread(50))
    monkeypatch.setattr(*((other, "_write_search", fail) if at == "write" else ("os.replace", fail)))
    with pytest.raises(OSError, match="no space left"):
        other.save(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before
    assert_same_answers(load_index(tmp_path), index)


def test_a_process_that_is_killed_while_it_saves_leaves_the_old_state_whole(tmp_path):
    index = changed(ExactIndex)
    index.save(tmp_path)
    script = f"""
import sys, time
import numpy as np
from skgenre.neighbors import ExactIndex
index = ExactIndex().build(np.ones((50, 8)))
write = index._write_search
def slowly(folder):
    write(folder)
    print("written", flush=True)
    time.sleep(60)
index._write_search = slowly
index.save({str(tmp_path)!r})
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "written\n"
        process.send_signal(signal.SIGKILL)
    assert len(list(tmp_path.glob("data-*"))) == 2
    assert_same_answers(load_index(tmp_path), index)
    index.save(tmp_path)  # takes the lock of the dead, and clears away what it left
    assert len(list(tmp_path.glob("data-*"))) == 1


def test_reading_while_another_saves_gives_one_state_or_the_other(tmp_path):
    small, large = (ExactIndex().build(np.full((n, 8), n, dtype=np.float32)) for n in (5, 500))
    small.save(tmp_path)
    stop = threading.Event()

    def save_in_turns():
        while not stop.is_set():
            for index in (large, small):
                index.save(tmp_path)

    thread = threading.Thread(target=save_in_turns)
    thread.start()
    try:
        for _ in range(30):
            loaded = load_index(tmp_path)
            assert (np.asarray(loaded.vectors) == len(loaded)).all()
    finally:
        stop.set()
        thread.join()


@on_linux
@each_kind
def test_processes_share_the_mapped_vectors(kind, tmp_path):
    changed(kind).save(tmp_path)
    script = f"""
import numpy as np
from skgenre.neighbors import load_index
index = load_index({str(tmp_path)!r})
print(index.query(np.ones((1, 8)), 5)[1].tolist(), flush=True)
print("vectors.npy" in open("/proc/self/maps").read(), flush=True)
input()
"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen([sys.executable, "-c", script], **pipes) for _ in range(2)]
    said = [[process.stdout.readline().strip() for _ in range(2)] for process in processes]
    for process in processes:
        process.communicate("\n")
    assert said[0] == said[1] == [str(load_index(tmp_path).query(np.ones((1, 8)), 5)[1].tolist()), "True"]


@each_kind
def test_a_damaged_file_is_named(kind, tmp_path):
    changed(kind).save(tmp_path)
    for path in sorted(tmp_path.glob("data-*/*")):
        whole = path.read_bytes()
        middle = len(whole) // 2
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        with pytest.raises(ValueError, match=rf"{path.name} is damaged: its checksum is wrong"):
            load_index(tmp_path)
        path.write_bytes(whole[:-1])
        with pytest.raises(ValueError, match=rf"{path.name} is damaged: it should hold {len(whole)} bytes"):
            load_index(tmp_path, verify=False)
        path.unlink()
        with pytest.raises(ValueError, match=rf"is damaged: .*{path.name} is missing"):
            load_index(tmp_path)
        path.write_bytes(whole)
    load_index(tmp_path)


def test_no_byte_of_the_manifest_can_change_unnoticed(tmp_path):
    changed(ExactIndex, "euclidean").save(tmp_path)
    path = tmp_path / "manifest.json"
    whole = path.read_bytes()
    n_told = 0
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with suppress(ValueError):
            if json.loads(path.read_bytes()) == json.loads(whole):  # the last digit of a number may be too many
                continue
        with pytest.raises(ValueError, match=r"manifest\.json"):
            load_index(tmp_path)
        n_told += 1
    assert n_told > len(whole) / 10


def test_only_what_was_saved_is_cleared_away(tmp_path):
    for name in ("data-raw", "data-2024", "music"):
        (tmp_path / name).mkdir()
    for _ in range(2):
        changed(ExactIndex).save(tmp_path)
    assert {"data-raw", "data-2024", "music"} < {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 4


def test_whatever_a_reader_makes_of_a_file_that_is_gone_it_reads_what_was_saved_meanwhile(tmp_path):
    save_folder(tmp_path, "number", lambda inside: {"number": 1})
    seen = []

    def read(content, inside):
        seen.append(content["number"])
        if len(seen) == 1:
            save_folder(tmp_path, "number", lambda inside: {"number": 2})
            raise RuntimeError("cannot open the graph")  # as Voyager and Annoy say it
        return content["number"]

    assert read_folder(tmp_path, "number", read) == 2
    assert seen == [1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not JSON", "manifest.json is damaged, or was not written by skgenre"),
        ("[]", "manifest.json is damaged, or was not written by skgenre"),
        ('{"name": "something else"}', "manifest.json is damaged, or was not written by skgenre"),
        ('{"format": 1}', "manifest.json is damaged, or was not written by skgenre"),
        ('{"format": 99}', "manifest.json is of format 99, this version of skgenre reads 1"),
    ],
)
def test_a_foreign_manifest_is_told(text, message, tmp_path):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        load_index(tmp_path)


def test_where_nothing_was_saved_there_is_nothing_to_load(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing was saved in .*: it holds no manifest.json"):
        load_index(tmp_path)
    with pytest.raises(FileNotFoundError, match="nothing was saved in"):
        load_index(tmp_path / "nowhere")
    (tmp_path / "notes.txt").write_text("not an index")
    with pytest.raises(FileNotFoundError, match=r"nothing was saved in .*notes\.txt: it is a file"):
        load_index(tmp_path / "notes.txt")
    with pytest.raises(ValueError, match=r"folder must be a folder to save in, .*notes\.txt' is a file"):
        changed(ExactIndex).save(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "not an index"


def test_an_index_of_an_unknown_kind_is_told(tmp_path):
    changed(ExactIndex).save(tmp_path)
    with pytest.raises(ValueError, match="holds an index of an unknown kind, 'flann'"):
        read_folder(tmp_path, "index", lambda content, inside: read_index({**content, "index": "flann"}, inside))


def test_an_index_does_not_replace_something_else_that_was_saved(tmp_path):
    save_folder(tmp_path, "playlist", lambda inside: {"tracks": [1, 2]})
    with pytest.raises(ValueError, match="holds a saved playlist, not index"):
        changed(ExactIndex).save(tmp_path)
    with pytest.raises(ValueError, match="holds a saved playlist, not index"):
        load_index(tmp_path)
    assert read_folder(tmp_path, "playlist", lambda content, inside: content) == {"tracks": [1, 2]}


def test_an_index_can_be_saved_together_with_more(tmp_path):
    index = changed(ExactIndex)

    def write(inside):
        (inside / "index").mkdir()
        return {"ids": ["a", "b"], "index": index.write(inside / "index")}

    save_folder(tmp_path, "more", write)
    ids, loaded = read_folder(
        tmp_path, "more", lambda content, inside: (content["ids"], read_index(content["index"], inside / "index"))
    )
    assert ids == ["a", "b"]
    assert_same_answers(loaded, index)

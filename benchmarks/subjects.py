"""The subjects, each measured in a process of its own."""

import json
import subprocess
import sys
from dataclasses import asdict
from importlib import import_module

from benchmarks.measuring import Music, Size
from benchmarks.report import Section

SUBJECTS = (
    "numerics",
    "descriptors",
    "files",
    "memory",
    "computed_once",
    "pretrained",
    "neighbors",
    "many_neighbors",
    "milvus_lite",
    "training",
    "startup",
    "streaming",
)


def in_a_process(subject: str, size: Size, music: Music) -> Section:
    """Measure in a fresh process: what one subject loads, or leaves behind, must not weigh on the next."""
    command = [sys.executable, "-m", "benchmarks.subjects", subject, size.name]
    done = subprocess.run(command, input=json.dumps(asdict(music)), check=True, stdout=subprocess.PIPE, text=True)
    return Section.from_dict(json.loads(done.stdout))


def main(subject: str, size: str) -> None:
    module = import_module(f"benchmarks.{subject}")
    comparisons = module.measure(Size[size], Music(**json.load(sys.stdin)))
    json.dump(asdict(Section(module.TITLE, module.TEXT, comparisons)), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The command: measure all subjects, or some, print the tables and write them down."""

import argparse
import tempfile
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from benchmarks.measuring import Size
from benchmarks.report import Report, terminal, write
from benchmarks.subjects import SUBJECTS, in_a_process

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    arguments = parse()
    if arguments.from_json:
        report = Report.from_json(arguments.from_json.read_text(encoding="utf-8"))
        write(report, arguments.json, arguments.page)
    else:
        report = measure(arguments)
    print(terminal(report))


def measure(arguments: argparse.Namespace) -> Report:
    from benchmarks.machine import describe, load, make_music

    busy, machine = round(load(), 2), {**describe(), "run": arguments.size.name.lower()}
    name, report = f"{machine['processor']}, {machine['cores']} cores", Report({}, [])
    if arguments.json and arguments.json.is_file() and tuple(arguments.only) != SUBJECTS:
        report = earlier(arguments.json, name, machine)
    report.machines[name] = machine
    titles = [import_module(f"benchmarks.{subject}").TITLE for subject in SUBJECTS]
    with tempfile.TemporaryDirectory() as folder:
        print("making music", flush=True)
        music = make_music(Path(folder), arguments.size)
        for subject in arguments.only:
            start = time.perf_counter()
            print(f"measuring {subject} ... ", end="", flush=True)
            section = in_a_process(subject, arguments.size, music)
            report.add(replace(section, machine=name, load=busy), titles)
            print(f"{time.perf_counter() - start:.0f} s", flush=True)
            write(report, arguments.json, arguments.page)
    return report


def earlier(file: Path, name: str, machine: dict) -> Report:
    """Return the results that are kept, so that some subjects may be measured anew beside the others."""
    report = Report.from_json(file.read_text(encoding="utf-8"))
    known = report.machines.get(name, machine)
    changed = [what for what, value in machine.items() if known.get(what) != value]
    if changed:
        raise SystemExit(f"{file.name} has other versions on this machine ({', '.join(changed)}): measure all anew")
    return report


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.set_defaults(size=Size.FULL)
    for size in (Size.QUICK, Size.TINY):
        name = size.name.lower()
        text = {"quick": "fewer rounds, and nothing is written unless asked for", "tiny": "only to see that it works"}
        parser.add_argument(f"--{name}", dest="size", action="store_const", const=size, help=text[name])
    parser.add_argument("--only", nargs="+", choices=SUBJECTS, default=SUBJECTS, help="subjects (default: all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the results")
    parser.add_argument("--page", type=Path, metavar="FILE", help="where to write the page of the documentation")
    parser.add_argument("--from-json", type=Path, metavar="FILE", help="measure nothing; show and write these results")
    arguments = parser.parse_args()
    if arguments.size == Size.FULL and not arguments.from_json:
        arguments.json = arguments.json or ROOT / "benchmarks" / "results.json"
        arguments.page = arguments.page or ROOT / "docs" / "benchmarks.rst"
    return arguments


if __name__ == "__main__":
    main()

"""The command line: ``skgenre demo`` does the main job on a folder of music."""

import argparse
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from skgenre import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str, default=None
        The arguments. None means those of the process.

    Returns
    -------
    code : int
        0 for success, 1 where the command failed, 2 for wrong arguments, 130 where it was interrupted.
    """
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as end:  # after --help and --version, and for wrong arguments
        return int(end.code or 0)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a title in Greek must not end the run on an ASCII terminal
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            arguments.run(arguments)
    except KeyboardInterrupt:
        print("skgenre: interrupted", file=sys.stderr)
        return 130
    except (ValueError, OSError, ImportError) as error:
        print(f"skgenre: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="skgenre", description="Music genres and similar tracks.")
    parser.add_argument("--version", action="version", version=f"skgenre {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="evaluate and train on a collection, and write a report",
        description="Score a genre classifier on new artists and in random folds, train it on all tracks, save it, and "
        "write report.html with the scores, pictures, and similar tracks to listen to.",
    )
    demo.add_argument(
        "--data",
        type=_path,
        metavar="DIR_OR_CSV",
        help="a folder with a folder of audio files for each genre, or a CSV with the columns path, genre and, for the "
        "honest score, artist; without it, synthetic music is made",
    )
    demo.add_argument("--out", type=_path, default="demo", metavar="DIR", help="where to write (default: %(default)s)")
    demo.add_argument("--seed", type=_seed, default=0, metavar="N", help="seed of all that is random (default: 0)")
    demo.add_argument("--jobs", type=_jobs, default=-1, metavar="N", help="processors to use (default: -1, for all)")
    demo.set_defaults(run=_demo)
    return parser


def _demo(arguments: argparse.Namespace) -> None:
    from skgenre.demo import run_demo  # here, so that --help need not wait for torch

    run_demo(arguments.data, arguments.out, n_jobs=arguments.jobs, random_state=arguments.seed)


def _path(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError(f"must be a path, got {text!r}")
    return text


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 to {2**32 - 1}, got {text!r}")
    return int(text)


def _jobs(text: str) -> int:
    if text != "-1" and not (text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"must be 1 or more, or -1 for all processors, got {text!r}")
    return int(text)


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    from tqdm import tqdm

    # Above the progress bar, not through it.
    tqdm.write(f"skgenre: warning: {' '.join(str(message).split())}", file=sys.stderr)

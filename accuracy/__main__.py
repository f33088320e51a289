"""The command: score models on music, keep the results and write the page of the documentation."""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from accuracy.datasets import DATASETS
from accuracy.models import MODELS
from accuracy.report import page, terminal
from accuracy.results import Results
from accuracy.scoring import Options, score

ROOT = Path(__file__).resolve().parent.parent


def main(argv: Sequence[str] | None = None) -> None:
    arguments = parse(argv)
    results = Results.read(arguments.json)
    if not arguments.page_only:
        with tempfile.TemporaryDirectory() as folder:
            options = Options(
                models=[name for name in MODELS if name in arguments.only] or list(MODELS),
                seeds=range(arguments.seeds),
                n_jobs=arguments.jobs,
                again=arguments.again,
                memory=arguments.memory or folder,
                folders={"gtzan": arguments.gtzan, "fma": arguments.fma, "yours": arguments.data},
            )
            for dataset in [name for name in DATASETS if name in arguments.only] or DATASETS:
                for _ in score(dataset, options, results):
                    results.write(arguments.json)
    print(terminal(results))
    arguments.page.write_text(page(results), encoding="utf-8")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m accuracy", description=__doc__)
    names = [*DATASETS, *MODELS]
    parser.add_argument("--only", nargs="+", choices=names, default=[], metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds 0 to N - 1 (default: 5)")
    parser.add_argument("--jobs", type=int, metavar="N", help="folds at once (default: 1)")
    parser.add_argument("--again", action="store_true", help="score anew what is finished")
    parser.add_argument("--memory", metavar="FOLDER", help="where to keep features (default: until the end of the run)")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="your music, as load_tracks takes it")
    parser.add_argument("--gtzan", type=Path, metavar="FOLDER", help="your copy of GTZAN")
    parser.add_argument("--fma", type=Path, metavar="FOLDER", help="your copy of FMA, with fma_metadata in it")
    parser.add_argument("--json", type=Path, metavar="FILE", default=ROOT / "accuracy" / "results.json")
    parser.add_argument("--page", type=Path, metavar="FILE", default=ROOT / "docs" / "accuracy.rst")
    parser.add_argument("--page-only", action="store_true", help="score nothing; show the results that are kept")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()

"""Draw what a query costs against the size of the collection: ``python -m benchmarks.neighbors_figure``."""

import argparse
import json
import re
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parent.parent
TASK = re.compile(r"a query in batches, ([\d,]+) vectors")


def costs(results: dict) -> dict[str, list[tuple[int, float]]]:
    """Return (vectors, µs for each query) of each contender, by size; of a size measured twice, the first.

    All are of the first machine that has any: those of two would make a line of neither.
    """
    found = [
        (section["machine"], int(task[1].replace(",", "")), figure)
        for section in results["sections"]
        for comparison in section["comparisons"]
        if (task := TASK.fullmatch(comparison["task"]))
        for figure in comparison["figures"]
    ]
    points: dict[str, dict[int, float]] = {}
    for machine, n_vectors, figure in found:
        if machine == found[0][0]:
            values = sorted(figure["values"])
            points.setdefault(figure["who"], {}).setdefault(n_vectors, values[len(values) // 2])
    return {who: sorted(line.items()) for who, line in points.items()}


def draw(results: dict, path: Path) -> None:
    matplotlib.rcParams.update({"svg.hashsalt": "skgenre", "svg.fonttype": "none"})
    figure = Figure(figsize=(8, 5), layout="constrained")
    ax = figure.subplots()
    colors: dict[str, str] = {}  # one for what is the same search, in skgenre and by itself
    for who, line in costs(results).items():
        ours = who.startswith("skgenre")
        color = colors.setdefault(who.removeprefix("skgenre, "), f"C{len(colors)}")
        look = {"linewidth": 4, "alpha": 0.4} if ours else {"linestyle": "--", "linewidth": 1.2, "markersize": 4}
        ax.loglog(*zip(*line, strict=True), marker="o", color=color, label=who, **look)
    ax.set(xlabel="vectors of 128 dimensions", ylabel="µs for each query, in batches on one core")
    ax.grid(which="major", alpha=0.3)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neighbors_figure", description=__doc__)
    parser.add_argument("results", type=Path, nargs="?", default=ROOT / "benchmarks" / "results.json")
    parser.add_argument("figure", type=Path, nargs="?", default=ROOT / "docs" / "guide" / "indexes_cost.svg")
    arguments = parser.parse_args()
    draw(json.loads(arguments.results.read_text(encoding="utf-8")), arguments.figure)

"""The results as a table for the terminal, as JSON and as a page of the documentation."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from math import isfinite
from operator import attrgetter
from pathlib import Path
from textwrap import fill

from benchmarks.measuring import Comparison, Figure

HEAD = """\
What ``make bench`` measured, with one thread in each numeric library, unless another number is said. The contenders of
a table took turns, A B A B, in the same process or in the same kind of process, so that all met the same machine; the
figures are medians over these rounds. **Ratios are what to compare**: milliseconds are those of the machine that is
named. A ratio of 2 means that skgenre needs half of what the other one needs; beside it stand the quartiles of the
ratios of the single rounds.
"""
TAIL = """\
To measure on another machine, run ``make bench``: it installs what skgenre is compared with into the virtual
environment, takes about three hours, half of them for indexes of five million vectors, and wants a machine that does
nothing else meanwhile. ``make bench ARGS="--quick"`` takes fewer rounds and prints the tables only, and ``make bench
ARGS="--only files"`` measures one subject anew and leaves the others, and those of other machines, as they are.
"""


@dataclass
class Section:
    """What was measured of a subject, on which machine, and the load from other work when its run began."""

    title: str
    text: str
    comparisons: list[Comparison]
    machine: str = ""
    load: float | None = None

    @classmethod
    def from_dict(cls, content: dict) -> "Section":
        comparisons = [
            Comparison(**{**comparison, "figures": [Figure(**figure) for figure in comparison["figures"]]})
            for comparison in content["comparisons"]
        ]
        return cls(**{**content, "comparisons": comparisons})

    def circumstances(self) -> str:
        began = "" if self.load is None else f"; when its run began, the load from other work was {self.load:g}"
        return f"On {self.machine}{began}."


@dataclass
class Report:
    """What was measured on each machine, all by a whole run or subject by subject."""

    machines: dict[str, dict]
    sections: list[Section]

    def to_json(self) -> str:
        text = json.dumps(asdict(self), indent=1)
        # A line for each list of numbers, not for each number.
        return re.sub(r"\[\n[-+.\deE,\s]+\]", lambda numbers: "".join(numbers[0].split()), text) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Report":
        content = json.loads(text)
        return cls(content["machines"], [Section.from_dict(section) for section in content["sections"]])

    def add(self, section: Section, titles: Sequence[str]) -> None:
        """Add the section of a subject, or replace that of its machine; ``titles`` are those of all subjects."""
        known = {(section.title, section.machine): section for section in (*self.sections, section)}
        self.sections = [
            known[title, machine] for title in titles for machine in self.machines if (title, machine) in known
        ]

    def goals(self) -> list[list[str]]:
        """Return a row for each goal: task, machine, what was reached, against what, the goal, whether it is met."""
        rows = []
        for machine, comparison in ((section.machine, one) for section in self.sections for one in section.comparisons):
            if comparison.met is None:
                continue
            ours, other = comparison.figures[:2]
            if comparison.at_least is not None:
                ratio, goal = comparison.ratio(other), f"at least {comparison.at_least:g}×"
                reached = times(ratio) if comparison.met else f"{ratio:.4g}×"  # not rounded up to the goal
                against = other.who
            else:
                reached, goal = (
                    amount(ours.median, comparison.unit),
                    f"at most {comparison.at_most:g} {comparison.unit}",
                )
                against = f"{other.who}: {amount(other.median, comparison.unit)}"
            rows.append([comparison.task, machine, reached, against, goal, "yes" if comparison.met else "**no**"])
        return [["Task", "on", "skgenre", "against", "goal", "met"], *rows]


def rows_of(comparison: Comparison) -> list[list[str]]:
    """Return a row for each contender: task, who, median, ratio and quartiles, p99, what there is to say."""
    rows = []
    for number, figure in enumerate(comparison.figures):
        task = comparison.task if number == 0 else ""
        ratio = ""
        if number and isfinite(comparison.ratio(figure)):
            ratio = times(comparison.ratio(figure))
            if len(figure.values) > 2:
                ratio += " ({} to {})".format(*(f"{quartile:.3g}" for quartile in comparison.spread(figure)))
        notes = [f"p99 {amount(figure.p99, comparison.unit)}"] * comparison.latency + [figure.note] * bool(figure.note)
        rows.append([task, figure.who, amount(figure.median, comparison.unit), ratio, ", ".join(notes)])
    return rows


COLUMNS = ["Task", "who", "median", "ratio to skgenre's", ""]


def terminal(report: Report) -> str:
    """Return the tables as plain text."""
    parts = [f"{name}: {machine}" for name, machine in report.machines.items()]
    for section in report.sections:
        parts += ["", f"{section.title} ({section.machine})", columns(table(section))]
    return "\n".join([*parts, "", "Goals", columns(report.goals())]).replace("**", "")


def table(section: Section) -> list[list[str]]:
    return [COLUMNS, *(row for comparison in section.comparisons for row in rows_of(comparison))]


def columns(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def page(report: Report) -> str:
    """Return the page of the documentation."""
    parts = ["==========\nBenchmarks\n==========\n", fill(HEAD, 120) + "\n"]
    for name, machine in report.machines.items():
        versions = ", ".join(f"{package} {number}" for package, number in machine["versions"].items() if number)
        short = "" if machine["run"] == "full" else " This was a short run, of few rounds."
        said = f"**{name}**: Python {machine['python']}, {versions}.{short}"
        parts.append(fill(said, 120, break_on_hyphens=False) + "\n")
    parts += [heading("Goals"), list_table(report.goals())]
    for title, sections in groupby(report.sections, attrgetter("title")):
        parts.append(heading(title))
        said = ""
        for section in sections:
            if section.text != said:
                said = section.text
                parts.append(said.rstrip() + "\n")
            parts += [f"{section.circumstances()}\n", list_table(table(section))]
    return "\n".join([*parts, heading("Your own figures"), TAIL])


def heading(title: str) -> str:
    return f"{title}\n{'=' * len(title)}\n"


def list_table(rows: list[list[str]], title: str = "") -> str:
    lines = [f".. list-table:: {title}".rstrip(), "   :header-rows: 1", ""]
    for row in rows:
        for number, cell in enumerate(row):
            lines.append(f"   {'*' if number == 0 else ' '} - {cell}".rstrip())
    # A number and what it may be off by stay on one line.
    return "\n".join(lines).replace(" ± ", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}") + "\n"


def times(ratio: float) -> str:
    return f"{ratio:.3g}×" if ratio < 1000 else f"{ratio:.0f}×"


def amount(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if abs(value) >= 999.5 or unit == "times" else f"{value:.3g} {unit}"


def write(report: Report, results: Path | None, documentation: Path | None) -> None:
    if results:
        results.write_text(report.to_json(), encoding="utf-8")
    if documentation:
        documentation.write_text(page(report), encoding="utf-8")

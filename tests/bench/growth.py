"""What a build costs as a report grows, beside plain Jupyter Book: writes ``growth.csv`` and ``growth.svg`` here.

    python tests/bench/growth.py [--sizes 1 5 20] [--no-plain]

An invented report of five chapters, each with four charts, a table and prose, over a table of 2,000 rows; and the same
with more chapters, or with more rows, by each size. Each is built from nothing: ours with PDF and EPUB, and plain
``jupyter-book build`` on the same chapters with Altair's default renderer. Seconds are wall-clock time, memory is the
peak of the largest process. The exponent says how a step grows between the two largest sizes: 1 is in proportion.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import math
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import altair as alt
import nbformat
import numpy as np
import pandas as pd
import vl_convert
import yaml
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tests"))

from bench.bench import make_plain  # noqa: E402
from policybook import charts, data, paths  # noqa: E402

OUT = Console(highlight=False)
CHAPTERS, ROWS, CHARTS = 5, 2_000, 4
GROUPS = ("north", "east", "south", "west", "centre")
STEPS = ("data", "html", "pdf", "epub", "publish")
# Growth in proportion, with room for the clock.
MOST_EXPONENT = 1.1

CODE = """\
import altair as alt
from policybook import charts, data, tables
from policybook.values import glue
samples = data.load("samples")
mine = samples[samples["number"] % {chapters} == {number}]
glue("rows_{number}", len(mine), display=False)
"""
CHART = """\
counts = mine[mine["number"] % {charts} == {part}].groupby(["group", "month"], as_index=False)["value"].mean()
chart = alt.Chart(counts.round(3)).mark_line().encode(x="month:Q", y="value:Q", color="group:N")
charts.show(charts.titled(chart, f"{{len(counts)}} means of chapter {number}", "Mean of a month"),
    name="fig-{number}-{part}", caption="Means {number}, {part}.", alt="Lines by month. All are alike.",
    sources=["{source}"])
"""
TABLE = """\
tables.show(mine.groupby("group", as_index=False)["value"].mean().round(2), name="tbl-{number}",
    caption="Means of chapter {number}", columns={{"group": "Group", "value": "Mean"}})
"""


def make(root: Path, chapters: int, rows: int) -> Path:
    """Make the invented report with so many chapters and rows."""
    import conftest

    conftest.make_small_book(root)
    for path in (root / "book").glob("*.ipynb"):
        path.unlink()
    report = paths.Paths(root)
    random = np.random.default_rng(20250726)
    with (root / "data" / "samples.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["number", "group", "month", "value"])
        drawn = zip(random.integers(0, 5, rows), random.integers(1, 13, rows), random.normal(10, 2, rows), strict=True)
        writer.writerows(
            [number, GROUPS[group], month, f"{value:.3f}"] for number, (group, month, value) in enumerate(drawn)
        )
    package = data.descriptor(report)
    fields = [("number", "integer"), ("group", "string"), ("month", "integer"), ("value", "number")]
    schema = {"fields": [{"name": name, "type": kind, "description": name} for name, kind in fields]}
    item = {"name": "samples", "path": "samples.csv", "title": "Samples", "description": "Invented.", "type": "table"}
    item |= {"schema": schema | {"primaryKey": ["number"]}, "rowCount": rows, "bytes": 0, "hash": ""}
    package["resources"].append(item)
    paths.keep(report.descriptor, (json.dumps(package, ensure_ascii=False, indent=1) + "\n").encode())
    data.refresh(report, only=["samples"])
    source = sorted(data.load("sources", report)["source_id"])[0]
    names = [f"chapter{number:03}" for number in range(chapters)]
    for number, name in enumerate(names):
        said = {"chapters": chapters, "number": number, "charts": CHARTS, "source": source}
        prose = f"It has {{glue:text}}`rows_{number}` rows ({{numref}}`fig-{number}-0`). {'Words on it. ' * 60}"
        cells = [nbformat.v4.new_markdown_cell(f"# Chapter {number}\n\n{prose}", id=f"{name}-text")]
        codes = [
            CODE.format(**said),
            *(CHART.format(**said, part=part) for part in range(CHARTS)),
            TABLE.format(**said),
        ]
        cells += [nbformat.v4.new_code_cell(code, id=f"{name}-{place}") for place, code in enumerate(codes)]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(notebook, root / "book" / f"{name}.ipynb")
    toc = {
        "format": "jb-book",
        "root": f"book/{names[0]}",
        "parts": [
            {"caption": "Report", "chapters": [{"file": f"book/{name}"} for name in [*names[1:], "references"]]},
        ],
    }
    (root / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False), encoding="utf-8")
    return root


OURS = "from policybook.cli import main; main()"
PLAIN = "from jupyter_book.cli.main import main; main()"


def timed(root: Path, package: Path, code: str, *arguments: str) -> tuple[float, int, str]:
    """Run a command of Python in a report, with the package that lies in a folder.

    Returns its seconds, the peak of its largest process in bytes, and what it said. Stops the bench when it fails.
    """
    environment = os.environ | {"POLICYBOOK_ROOT": str(root), "PYTHONPATH": str(package)}
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        command = [sys.executable, "-c", code, *arguments]
        child = subprocess.Popen(command, cwd=root, env=environment, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        said.seek(0)
        text = said.read().decode(errors="replace")
    if child.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{text[-4000:]}")
    return seconds, usage.ru_maxrss * 1024, text


def measure(folder: Path, what: str, size: int, *, plain: bool) -> list[dict[str, object]]:
    """Build a report of a size, ours and plain; return a row for each and for each of our steps."""
    more = {"chapters": CHAPTERS, "rows": ROWS} | {what: size * (CHAPTERS if what == "chapters" else ROWS)}
    root = make(folder / f"{what} {size}", more["chapters"], more["rows"])
    base = {"grows": what, "size": size, **more}
    rows = []
    seconds, memory, said = timed(root, ROOT / "book", OURS, "build")
    rows.append(base | {"build": "ours", "step": "all", "seconds": seconds, "megabytes": memory / 1e6})
    for step in STEPS:
        found = re.search(rf"^\s*{step}\s+([\d.]+)\s*$", said, re.MULTILINE)
        rows.append(base | {"build": "ours", "step": step, "seconds": float(found[1]), "megabytes": math.nan})
    if plain:
        shutil.rmtree(root / "_build")
        make_plain(root)
        seconds, memory, _ = timed(root, ROOT / "book", PLAIN, "build", ".")
        rows.append(base | {"build": "plain", "step": "all", "seconds": seconds, "megabytes": memory / 1e6})
    shutil.rmtree(root)
    return rows


def exponents(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how each step grows between the two largest sizes: the slope of log seconds on log size.

    A step of less than a second at the larger size is all overhead, and has no exponent.
    """
    found = []
    for (what, build, step), some in rows.groupby(["grows", "build", "step"], sort=False):
        last = some.sort_values("size").tail(2)
        if len(last) < 2:
            continue
        (low, high), (small, large) = last["seconds"], last["size"]
        slope = math.log(high / low) / math.log(large / small) if low > 0 and high >= 1 else math.nan
        found.append({"grows": what, "build": build, "step": step, "exponent": slope})
    return pd.DataFrame(found, columns=["grows", "build", "step", "exponent"])


def figure(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw seconds and memory of both builds against the size, a panel for what grows."""
    whole = rows[rows["step"] == "all"].melt(
        ["grows", "size", "build"], ["seconds", "megabytes"], var_name="measure", value_name="value"
    )
    whole["measure"] = whole["measure"].map({"seconds": "seconds", "megabytes": "MB, largest process"})
    colour = alt.Color("build:N", scale=alt.Scale(domain=["ours", "plain"], range=[charts.BLUE, charts.ORANGE]))
    line = (
        alt.Chart(whole)
        .mark_line(point=True)
        .encode(
            x=alt.X("size:Q", scale=alt.Scale(type="log"), title="times the size", axis=alt.Axis(values=[1, 5, 20])),
            y=alt.Y("value:Q", scale=alt.Scale(type="log"), title=None),
            color=colour,
        )
    )
    grid = (
        line.properties(width=220, height=180)
        .facet(row=alt.Row("measure:N", title=None), column=alt.Column("grows:N", title="what grows"))
        .resolve_scale(y="independent")
    )
    return charts.titled(
        grid,
        "A build grows no faster than the report",
        "Build from nothing: ours with PDF and EPUB, plain Jupyter Book without; logarithmic scales",
    )


def main() -> None:
    """Measure, write, draw, print; exit code 1 when a step of ours grows faster than the report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 5, 20])
    parser.add_argument("--no-plain", action="store_true")
    asked = parser.parse_args()
    found: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for what in ("chapters", "rows"):
            for size in asked.sizes:
                found += measure(Path(folder), what, size, plain=not asked.no_plain)
                OUT.print(f"{what} x {size}: {[round(row['seconds'], 1) for row in found if row['size'] == size][-7:]}")
    rows = pd.DataFrame(found)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    rows = rows.assign(machine=machine, day=f"{datetime.date.today():%Y-%m-%d}")
    rows.round({"seconds": 2, "megabytes": 0}).to_csv(HERE / "growth.csv", index=False, lineterminator="\n")
    (HERE / "growth.svg").write_text(vl_convert.vegalite_to_svg(figure(rows).to_json()), encoding="utf-8")
    grown = exponents(rows)
    table = Table(title=f"Growth: {machine}")
    for name in ("what grows", "build", "step", *(f"x {size}" for size in asked.sizes), "exponent"):
        table.add_column(name, justify="right")
    for row in grown.itertuples():
        some = rows[(rows["grows"] == row.grows) & (rows["build"] == row.build) & (rows["step"] == row.step)]
        cells = [f"{seconds:.1f} s" for seconds in some.sort_values("size")["seconds"]]
        mark = "" if math.isnan(row.exponent) else f"{row.exponent:.2f}"
        mark = f"[red]{mark} ![/red]" if row.exponent > MOST_EXPONENT else mark
        table.add_row(row.grows, row.build, row.step, *cells, mark)
    OUT.print(table)
    sys.exit(bool((grown.loc[grown["build"] == "ours", "exponent"] > MOST_EXPONENT).any()))


if __name__ == "__main__":
    main()

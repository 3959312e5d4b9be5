"""What a build costs, beside plain Jupyter Book on the same notebooks: prints a table, writes ``_build/bench.json``.

Ours: HTML with stills and downloads, and the PDF. Plain: ``jupyter-book build`` with Altair's default renderer, no
stills and no PDF. Each is run in a copy of this report in a new folder, one after the other on the same machine.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import yaml
from rich.console import Console
from rich.table import Table

from policybook import data, paths, site

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from bench.reproduce import copy  # noqa: E402

OUT = Console()


def timed(*command: str, cwd: Path, **environment: str) -> float:
    """Run a command and return its wall-clock seconds; stop the bench when it fails."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=os.environ | environment)
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return seconds


def ours(root: Path, *options: str) -> float:
    """Time our build."""
    return timed(sys.executable, "-c", "from policybook.cli import main; main()", "build", *options, cwd=root)


def plain(root: Path) -> float:
    """Time Jupyter Book's own command."""
    return timed(sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", ".", cwd=root)


def make_plain(root: Path) -> None:
    """Take our extension away: charts go out by Altair's default renderer, tables as pandas makes them.

    The same cells run the same analysis; only ``show`` is replaced, by the plain way of displaying its object.
    """
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    config["sphinx"]["extra_extensions"].remove("policybook.site")
    (root / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    first = (
        "from IPython.display import display as _display\n"
        "from policybook import charts as _c, claim_reviews as _r, tables as _t\n"
        "_c.show = lambda chart, **rest: _display(chart)\n_t.show = lambda table, **rest: _display(table)\n"
        "_r.show = lambda claims: None\n"  # data for machines, which only our writer can set
    )
    for path in (root / "book").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        code = next(cell for cell in notebook.cells if cell.cell_type == "code")
        code.source = first + code.source
        nbformat.write(notebook, path)


def edit_prose(root: Path) -> None:
    """Add a paragraph to one chapter."""
    path = root / "book" / "standards.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source += "\n\nA new paragraph."
    nbformat.write(notebook, path)


def change_table(root: Path) -> None:
    """Change one cell of a table that one chapter reads."""
    path = root / "data" / "standards" / "relations.csv"
    path.write_bytes(path.read_bytes().replace(b",high,", b",medium,", 1))
    data.refresh(paths.Paths(root))


def main() -> None:
    """Measure, print, write."""
    with tempfile.TemporaryDirectory() as folder:
        mine, theirs = copy(Path(folder) / "ours"), copy(Path(folder) / "plain")
        make_plain(theirs)
        results: list[dict[str, object]] = []

        def note(what: str, goal: float | None, seconds: float, other: float | None = None) -> None:
            results.append({"measure": what, "goal_s": goal, "ours_s": round(seconds, 2), "plain_s": other})

        with OUT.status("measuring"):
            other = plain(theirs)
            note("cold: HTML and PDF (plain: HTML)", 60, ours(mine), round(other, 2))
            other = plain(theirs)
            note("nothing changed", 4, ours(mine), round(other, 2))
            edit_prose(theirs)
            other = plain(theirs)
            edit_prose(mine)
            note("prose of one chapter edited", 8, ours(mine), round(other, 2))
            change_table(mine)
            note("one table changed", None, ours(mine))
        weights = {path.stem: path.stat().st_size for path in sorted((mine / "_build/html/book").glob("*.html"))}
        whole = sum(path.stat().st_size for path in (mine / "_build/html").rglob("*") if path.is_file())
        pdf = (mine / "_build" / "pdf" / site.PDF_NAME).stat().st_size
    table = Table(title=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for column in ("measure", "goal s", "ours s", "plain s", "ratio"):
        table.add_column(column, justify="left" if column == "measure" else "right")
    for row in results:
        row["ratio"] = round(row["ours_s"] / row["plain_s"], 2) if row["plain_s"] else None
        table.add_row(*["–" if value is None else str(value) for value in row.values()])
    OUT.print(table)
    heaviest = max(weights, key=weights.get)
    OUT.print(
        f"heaviest page {heaviest} {weights[heaviest] / 1e6:.2f} MB, site {whole / 1e6:.1f} MB, PDF {pdf / 1e6:.2f} MB"
    )
    target = ROOT / "_build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    before = json.loads(target.read_text(encoding="utf-8")) if target.is_file() else {}  # what other benches wrote
    now = {"times": results, "page_bytes": weights, "site_bytes": whole, "pdf_bytes": pdf}
    target.write_text(json.dumps(before | now, indent=1))
    OUT.print(f"written to {target}", soft_wrap=True)


if __name__ == "__main__":
    main()

"""What tests share: a copy of the report to change at will, and the book built once for the whole run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from policybook import paths
from support import CHROMIUM, SITE, policybook

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of this report."""
    return ROOT


@pytest.fixture(scope="session")
def report() -> paths.Paths:
    """The paths of this report."""
    return paths.Paths(ROOT)


@pytest.fixture(scope="session")
def built(root: Path) -> Path:
    """The built book of this report, with its PDF: built here, once, by the command of the README."""
    policybook("build", cwd=root)
    return root / "_build" / "html"


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium, the one found on the machine.

    For one module: the loop of its driver would be in the way of the kernels that other tests start.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        started = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield started
        started.close()


@pytest.fixture
def data_copy(tmp_path: Path) -> paths.Paths:
    """A copy of the data package, to be damaged."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    (tmp_path / "book").mkdir()
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/index\n")
    return paths.Paths(tmp_path)


@pytest.fixture(scope="session")
def small_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small report (two chapters, this data package) in a path with a blank and a letter beyond ASCII, not built."""
    return make_small_book(tmp_path_factory.mktemp("små book"))


def make_small_book(root: Path) -> Path:
    """Make the small report in a folder, and return it."""
    import nbformat

    root.mkdir(exist_ok=True)
    shutil.copytree(ROOT / "data", root / "data")
    (root / "book").mkdir()
    shutil.copytree(ROOT / "book" / "_static", root / "book" / "_static")
    for name in ("references.md", "references.bib"):
        shutil.copy(ROOT / "book" / name, root / "book" / name)
    shutil.copy(ROOT / "_config.yml", root / "_config.yml")
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: book/one\nparts:\n  - caption: Report\n    chapters:\n"
        "      - file: book/two\n      - file: book/references\n"
    )
    for name, cells in SMALL.items():
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL})
        for number, text in enumerate(cells):
            make = nbformat.v4.new_markdown_cell if text.startswith("#") else nbformat.v4.new_code_cell
            notebook.cells.append(make(text, id=f"{name}-{number}"))
        nbformat.write(notebook, root / "book" / f"{name}.ipynb")
    return root


@pytest.fixture(scope="session")
def published(small_book: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the small report, built with the address of a site that lies in a folder of its server."""
    root = tmp_path_factory.mktemp("published") / "report"
    shutil.copytree(small_book, root, ignore=shutil.ignore_patterns("_build"))
    config = root / "_config.yml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("\nhtml:\n", f"\nhtml:\n  baseurl: {SITE}\n", 1), encoding="utf-8")
    policybook("build", "--no-pdf", cwd=root)
    return root / "_build" / "html"


KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
SMALL = {
    "one": [
        "# One\n\nThere are {glue:text}`one_countries` countries ({numref}`fig-events`).",
        "from myst_nb import glue\nfrom policybook import data\n"
        "glue('one_countries', len(data.load('countries')), display=False)",
    ],
    "two": [
        "# Two\n\nText with [人工智能]{.language-zh-Hans}, and {numref}`fig-events`.",
        "import altair as alt\nfrom policybook import charts, data, tables\nevents = data.load('events')",
        "charts.show(charts.titled(alt.Chart(events[['date', 'track']]).mark_point().encode(x='date:T', y='track:N'),\n"
        "    f'{len(events)} events 事件', 'Events by track'), name='fig-events', caption='Events.',\n"
        "    alt='Points on a time line. Most are late.', sources=events['source_id'])",
        "tables.show(events.head(3), name='tbl-events', caption='Events', columns={'date': 'Date', 'title': 'Title'})",
    ],
}

"""Chapters that are taken away: they read well, run beside the zip with little installed, and say what is missing."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import tomllib
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from lxml import html as lxml_html
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from policybook import bundle, execute, paths, standalone
from support import policybook

BOOK = Path(__file__).resolve().parent.parent / "book"
CHAPTERS = sorted(BOOK.glob("*.ipynb"))
NAMES = [path.stem for path in CHAPTERS]
CACHE = paths.Paths(BOOK.parent).work.relative_to(BOOK.parent) / ".jupyter_cache"
# What builds the pages, reads texts or draws stills: a chapter must run without, as in a browser.
BLOCKED = set(
    "vl_convert oxipng sphinx docutils myst_nb myst_parser jupyter_book jupyter_cache sphinxcontrib sphinx_design "  # noqa: SIM905
    "pypandoc typst fontTools brotli lxml requests trafilatura charset_normalizer pypdfium2 markdown_it py3langid "
    "rjieba click rich nbformat nbclient pybtex pydata_sphinx_theme".split()
)
# Takes the report's own package off the path of a kernel, and everything that a chapter does not need.
HIDING = f"""
import sys
from pathlib import Path

sys.path[:] = [place for place in sys.path if not Path(place or ".", "policybook").is_dir()]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in getattr(finder, "__module__", "")]


class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {BLOCKED!r}:
            raise ModuleNotFoundError(f"blocked: {{name}}", name=name)


sys.meta_path.insert(0, Blocked())
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """Runs a notebook in a kernel that sees neither this repository nor what builds it."""
    hiding = tmp_path_factory.mktemp("hiding")
    (hiding / "sitecustomize.py").write_text(HIDING, encoding="utf-8")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("POLICYBOOK", "PYTHON"))}

    def run(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
        client = NotebookClient(
            notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
        )
        client.execute(env=kept | {"PYTHONPATH": str(hiding)})
        return notebook

    return run


@pytest.fixture(scope="module")
def downloads(built, report) -> tuple[dict[str, nbformat.NotebookNode], Path]:
    """What a reader downloads: the notebook of each page, and the zip."""
    found = {name: nbformat.read(built / "_sources" / "book" / f"{name}.ipynb", as_version=4) for name in NAMES}
    return found, built / bundle.address(report)


def _outputs(notebook: nbformat.NotebookNode) -> dict[str, list]:
    """Return what each cell of a chapter shows: its data and names."""
    return {
        cell["id"]: [(output.data, output.metadata.get("scrapbook")) for output in cell.outputs]
        for cell in notebook.cells
        if cell.cell_type == "code" and cell["id"] != "find"
    }


# --------------------------------------------------------------------------------------------------------------- runs


@pytest.mark.book
def test_every_chapter_runs_beside_the_unpacked_zip_and_gives_the_figures_of_the_book(
    downloads, elsewhere, root, tmp_path
):
    notebooks, archive = downloads
    zipfile.ZipFile(archive).extractall(tmp_path)
    with ThreadPoolExecutor(max_workers=2) as pool:
        done = pool.map(lambda notebook: elsewhere(copy.deepcopy(notebook), tmp_path), notebooks.values())
        ran = dict(zip(notebooks, done, strict=True))
    for name, notebook in ran.items():
        published = execute.executed(root / "book" / f"{name}.ipynb", root / CACHE)
        assert _outputs(notebook) == _outputs(published), name


@pytest.mark.book
def test_a_chapter_unpacks_the_zip_that_lies_beside_it(downloads, elsewhere, tmp_path):
    notebooks, archive = downloads
    shutil.copy(archive, tmp_path)
    notebook = elsewhere(copy.deepcopy(notebooks["glossary"]), tmp_path)
    assert any("tbl-glossary" in str(output) for cell in notebook.cells for output in cell.get("outputs", ()))
    assert (tmp_path / archive.stem / "datapackage.json").is_file()


@pytest.mark.book
def test_a_chapter_alone_says_what_is_missing(downloads, elsewhere, tmp_path):
    notebooks, archive = downloads
    notebook = copy.deepcopy(notebooks["index"])
    with pytest.raises(CellExecutionError) as raised:
        elsewhere(notebook, tmp_path)
    assert archive.name in str(raised.value)
    (cell,) = (cell for cell in notebook.cells if cell["id"] == "find")
    (error,) = cell.outputs
    assert error.traceback == [error.evalue], "a sentence, not a traceback"
    assert "put it beside this notebook" in error.evalue


@pytest.mark.parametrize("name", NAMES)
def test_a_chapter_says_in_a_sentence_how_to_play_with_it(name):
    """It names code that stands in one cell of the chapter, and what to write there."""
    cells = nbformat.read(BOOK / f"{name}.ipynb", as_version=4).cells
    first = next(number for number, cell in enumerate(cells) if cell.cell_type == "code")
    cell = cells[first - 1]
    assert cell["id"] == "play" and cell.metadata["tags"] == ["remove-cell"]
    new, old = re.findall("`([^`]+)`", cell.source)[:2]
    assert new != old
    assert sum(cell.source.count(old) for cell in cells if cell.cell_type == "code") == 1, old


@pytest.mark.book
def test_playing_as_told_changes_what_a_chapter_shows(root, built, tmp_path):
    def played(path: Path) -> tuple[str, bool]:
        notebook = nbformat.read(path, as_version=4)
        told = next(cell.source for cell in notebook.cells if cell["id"] == "play")
        new, old = re.findall("`([^`]+)`", told)[:2]
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.source = cell.source.replace(old, new)
        client = NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}})
        client.execute()
        return path.stem, _outputs(notebook) != _outputs(execute.executed(path, root / CACHE))

    with ThreadPoolExecutor(max_workers=2) as pool:
        changed = dict(pool.map(played, CHAPTERS))
    assert all(changed.values()), changed


# -------------------------------------------------------------------------------------------------------------- reads


@pytest.mark.book
@pytest.mark.parametrize("name", NAMES)
def test_a_download_holds_no_markup_that_jupyter_shows_raw(downloads, name):
    notebook = downloads[0][name]
    nbformat.validate(notebook)
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    prose = re.sub(r"^```.*?^```$|`[^`]*`", "", prose, flags=re.DOTALL | re.MULTILINE)
    assert not re.search(r"\{[a-z:]+\}|^:::|^\([\w-]+\)=|\{\.|`\{", prose, re.MULTILINE)
    assert not re.search(r"(?:fig|tbl)-[a-z]", re.sub(r"\]\([^)]*\)", "", prose)), "every figure has its number"


@pytest.mark.book
def test_a_download_has_the_code_of_the_chapter_and_no_outputs(downloads):
    for name, notebook in downloads[0].items():
        code = {cell["id"]: cell.source for cell in notebook.cells if cell.cell_type == "code"}
        assert not any(cell.get("outputs") for cell in notebook.cells)
        del code["find"]
        own = nbformat.read(BOOK / f"{name}.ipynb", as_version=4).cells
        assert code == {cell["id"]: cell.source for cell in own if cell.cell_type == "code"}


WORDS = standalone.Words(
    "book/one",
    {"share": "12.345", "who": "'China'"},
    {
        "fig-a": standalone.Place("book/one", number="Fig. 1.1"),
        "here": standalone.Place("book/one", "The title"),
        "there": standalone.Place("book/two", "Another one"),
    },
    holds=lambda condition: condition == "yes",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{glue:text}`share:.1f` of {glue:text}`who`", "12.3 of China"),
        ("see {numref}`fig-a`", "see Fig. 1.1"),
        ("{ref}`here`", "[The title](#The-title)"),
        ("{ref}`words <there>`", "[words](two.ipynb#Another-one)"),
        ("{ref}`nowhere`", "nowhere"),
        ("(a-label)=\n## Title", "## Title"),
        ("[人工智能]{.language-zh-Hans}", '<span lang="zh-Hans">人工智能</span>'),
        (":::{only} yes\nShown {numref}`fig-a`.\n:::", "Shown Fig. 1.1."),
        (":::{only} no\nHidden.\n:::\nRest", "Rest"),
        (":::{admonition} To ask\n:class: q\nWhat {numref}`fig-a`?\n:::", "> **To ask**\n>\n> What Fig. 1.1?"),
        ("```python\n{glue:text}`share`\n```", "```python\n{glue:text}`share`\n```"),
        ("[the list](references.md)", "the list"),
        ("[a page](https://example.org/a)", "[a page](https://example.org/a)"),
    ],
)
def test_prose_is_written_out(text, expected):
    assert standalone.plain(text, WORDS) == expected


def test_a_citation_leads_to_its_source():
    said = standalone.plain("{cite:p}`o_mfa_plan_zh,ansi_2025_plan` {cite:t}`ansi_2025_plan` {cite:t}`none`", WORDS)
    link = r"\[[^]]+ 2025\]\(https?:[^)]+\)"
    assert re.fullmatch(rf"\({link}; {link}\) {link} none", said)


# -------------------------------------------------------------------------------------------------------------- places


@pytest.fixture
def published(tmp_path, report) -> paths.Paths:
    """A report with one published chapter and its zip."""
    made = paths.Paths(tmp_path / "report")
    shutil.copytree(report.data, made.data)
    for name in bundle.SETTINGS:
        shutil.copy(report.root / name, made.root / name)
    paths.keep(made.html / bundle.address(made), bundle.archive(made))
    _publish(made, "print(1)")
    return made


def _publish(report: paths.Paths, code: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code, id="one")])
    paths.keep(report.html / "_sources" / "book" / "one.ipynb", standalone.written(notebook))


def test_a_copy_follows_the_book_until_a_reader_changes_it(published, tmp_path):
    folder = tmp_path / "lab"
    path = folder / "one.ipynb"
    assert standalone.place(published, folder) == []
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text="1")]
    nbformat.write(notebook, path)  # run and saved: its code is still ours
    _publish(published, "print(2)")
    assert standalone.place(published, folder) == [] and "print(2)" in path.read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace("print(2)", "print(3)"), encoding="utf-8")
    _publish(published, "print(4)")
    for _ in range(2):
        assert standalone.place(published, folder) == ["one.ipynb"] and "print(3)" in path.read_text(encoding="utf-8")
    path.unlink()
    assert standalone.place(published, folder) == [] and "print(4)" in path.read_text(encoding="utf-8")


def test_the_contents_of_the_browser_site_hold_data_package_and_a_word_on_what_is_loaded(published, tmp_path):
    assert policybook("chapters", "--data", str(tmp_path / "in" / "book"), cwd=published.root).returncode == 0
    folder = tmp_path / "in" / "book" / bundle.name(published)
    assert (folder / "datapackage.json").is_file() and (folder / "policybook" / "data.py").is_file()
    assert "cdn.jsdelivr.net" in (tmp_path / "in" / "README.md").read_text(encoding="utf-8")


def test_without_a_build_there_are_no_copies(data_copy, tmp_path):
    done = policybook("chapters", str(tmp_path / "lab"), cwd=data_copy.root, check=False)
    assert done.returncode == 2 and "run policybook build first" in done.stderr
    assert not (tmp_path / "lab").exists()


# ------------------------------------------------------------------------------------------------------------ imports


def test_the_requirements_of_the_zip_are_those_of_the_project(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = {re.split("[<>=]", line)[0].lower(): line.lower() for line in project["dependencies"]}
    for line in bundle.REQUIREMENTS:
        name = re.split("[<>=]", line)[0].lower()
        assert bounds.get(name, line.lower()) == line.lower()
    code = "".join(path.read_text(encoding="utf-8") for path in (root / "book" / "policybook").glob("charts/*.py"))
    assert "vl_convert" not in code
    assert json.loads(json.dumps(bundle.requirements())).count("\n") == len(bundle.REQUIREMENTS) + 1


@pytest.mark.book
def test_the_menu_of_downloads_offers_notebook_and_zip_and_says_how_they_go_together(built, report):
    path = built / "book" / "plan.html"
    page = lxml_html.fromstring(path.read_bytes())
    links = {
        " ".join(link.text_content().split()): link for link in page.xpath("//a[contains(@class, 'btn-download')]")
    }
    notebook, archive = links[".ipynb"], links["Data and package (.zip)"]
    assert (path.parent / notebook.get("href")).resolve() == built / "_sources" / "book" / "plan.ipynb"
    assert (path.parent / archive.get("href")).resolve() == built / bundle.address(report)
    assert "beside the zip" in notebook.get("title") and "beside the notebook" in archive.get("title")
    told = lxml_html.fromstring((built / "book" / "catalogue.html").read_bytes()).get_element_by_id("rerun")
    assert f"pip install jupyterlab -r {bundle.name(report)}/requirements.txt" in told.text_content()

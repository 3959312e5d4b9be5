"""The chapters as files: valid, without outputs, thin, and each runs on its own in its own folder."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

import chapters
from policybook import site

BOOK = Path(__file__).resolve().parent.parent / "book"
CHAPTERS = sorted(BOOK.glob("*.ipynb"))
NAMES = [path.stem for path in CHAPTERS]


def _cells(path, kind):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


@pytest.mark.parametrize("path", CHAPTERS, ids=NAMES)
def test_a_chapter_is_a_clean_notebook(path):
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) >= (4, 5)
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None, cell["id"]


@pytest.mark.parametrize("path", CHAPTERS, ids=NAMES)
def test_a_chapter_is_thin(path):
    for cell in _cells(path, "code"):
        code = ast.parse(cell.source)
        defined = [node for node in ast.walk(code) if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
        assert not defined, f"{path.stem}, cell {cell['id']} defines {defined[0].name}: it belongs to the package"
        assert len(code.body) <= 14, f"{path.stem}, cell {cell['id']} has {len(code.body)} statements"


def test_every_chapter_is_in_the_table_of_contents(report):
    named = set(site.reading_order(report))
    assert {f"book/{name}" for name in NAMES} <= named


@pytest.fixture(scope="session")
def run(root):
    """The chapters of this report, run once: as in JupyterLab, each on its own and from its folder."""
    return chapters.run(root)


def test_every_chapter_runs_on_its_own_from_its_folder(run):
    assert set(run) == set(NAMES)
    outputs = {name: sum(len(cell.get("outputs", ())) for cell in notebook.cells) for name, notebook in run.items()}
    assert all(count >= 1 for count in outputs.values()), outputs


def test_no_finding_rests_on_recalled_rows(run, root, tmp_path):
    """Without its recalled rows the report says the same, but for what it says of those rows."""
    lost = chapters.without_recalled(root, tmp_path)
    assert sum(lost.values()) > 100 and lost["commitments"] and lost["standards"] and lost["items"]
    leaks = chapters.differences(run, chapters.run(tmp_path))
    assert not leaks, "\n".join(leaks)


def test_a_finding_on_recalled_rows_would_be_found(root, tmp_path):
    """The planted faults: a count and a title over all rows. The rows seen, and what is declared, give no alarm."""
    code = {
        "setup": "import altair as alt\nfrom myst_nb import glue\nfrom policybook import charts, data\n"
        "events = data.load('events')\nbar = alt.Chart(events[['track']]).mark_bar().encode(x='count()')",
        "sound": "glue('seen', len(data.seen(events)), display=False)",
        "named": "glue('with_recalled', len(events), display=False)",
        "leak": "glue('events', len(events), display=False)",
        "title": "charts.show(charts.titled(bar, f'{len(events)} events', 'Events'), name='fig-one', caption='Events.',"
        " alt='Bars. They rise.')",
        "told": "glue('all', len(events), display=False)",
    }
    books = [tmp_path / "one", tmp_path / "two"]
    chapters.copy(root, books[0])
    for path in (books[0] / "book").glob("*.ipynb"):
        path.unlink()
    cells = [nbformat.v4.new_code_cell(source, id=name) for name, source in code.items()]
    cells[-1].metadata["tags"] = ["shows-recalled"]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), books[0] / "book" / "planted.ipynb")
    chapters.without_recalled(books[0], books[1])
    leaks = chapters.differences(*map(chapters.run, books))
    assert [leak.split(": ")[0] for leak in leaks] == [
        "planted, cell leak, events",
        "planted, cell title, title of fig-one",
    ]


def test_what_stays_without_recalled_rows():
    """A recalled row that a seen one names stays; a second coding goes with the row that it is about."""
    rows = {
        "bodies": [
            {"id": "a", "parent": "b", "evidence": "read"},
            {"id": "b", "parent": "c", "evidence": "recalled"},
            {"id": "c", "parent": "", "evidence": "recalled"},
            {"id": "d", "parent": "a", "evidence": "recalled"},
        ],
        "second": [{"id": "a"}, {"id": "d"}],
        "lists": [{"id": "l", "bodies": "a;c", "evidence": "read"}],
    }
    links = [("bodies", ["parent"], "bodies", ["id"]), ("second", ["id"], "bodies", ["id"])]
    columns = {name: list(found[0]) for name, found in rows.items()}

    def left():
        gone = chapters.recalled(rows, columns, links)
        return {name: [row["id"] for row in found if id(row) not in gone] for name, found in rows.items()}

    assert left() == {"bodies": ["a", "b", "c"], "second": ["a"], "lists": ["l"]}
    rows["bodies"][0]["parent"] = ""
    assert left() == {"bodies": ["a"], "second": ["a"], "lists": ["l"]}
    gone = chapters.recalled(rows, columns, links)
    chapters._strike(rows["lists"], "bodies", rows["bodies"], "id", gone)
    assert rows["lists"] == [{"id": "l", "bodies": "a", "evidence": "read"}], "a list loses what goes, its row stays"

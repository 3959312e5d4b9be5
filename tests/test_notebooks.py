"""The chapters as files: valid, without outputs, thin, and each runs on its own in its own folder."""

from __future__ import annotations

import ast
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

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


@pytest.mark.parametrize("path", CHAPTERS, ids=NAMES)
def test_quotations_are_short(path):
    for cell in _cells(path, "markdown"):
        for quoted in re.findall(r"[\"“]([^\"”\n]+)[\"”]", re.sub(r"`[^`]*`|\{[^}]*\}|<[^>]*>", "", cell.source)):
            assert len(quoted.split()) <= 12, f"{path.stem}: {quoted}"


def test_every_chapter_is_in_the_table_of_contents(report):
    named = set(site.reading_order(report))
    assert {f"book/{name}" for name in NAMES} <= named


def test_every_chapter_runs_on_its_own_from_its_folder():
    """As in JupyterLab: the folder of the chapter is the working folder, and nothing else is set."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("POLICYBOOK")}

    def run(path):
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(
            notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(BOOK)}}
        ).execute(env=environment)
        return sum(len(cell.outputs) for cell in notebook.cells if cell.cell_type == "code")

    with ThreadPoolExecutor(max_workers=2) as pool:
        outputs = dict(zip(NAMES, pool.map(run, CHAPTERS), strict=True))
    assert all(count >= 1 for count in outputs.values()), outputs

"""Running chapters: nothing stale ever, nothing run twice, failures named, on a small report of its own."""

from __future__ import annotations

import json
import shutil
import time

import nbformat
import pytest

from policybook import data, execute, paths


@pytest.fixture
def chapters(small_book, tmp_path, monkeypatch):
    """A copy of the small report; returns its paths and a function that brings its cache up to date."""
    monkeypatch.setattr(execute.versions, "digest", lambda: "this package")
    shutil.copytree(small_book, tmp_path / "report", ignore=shutil.ignore_patterns("_build"))
    report = paths.Paths(tmp_path / "report")
    names = [report.book / "one.ipynb", report.book / "two.ipynb"]

    def refresh(**options):
        ran: list[str] = []
        execute.refresh(names, tmp_path / "cache", report, tell=lambda text: ran.append(text.split()[0]), **options)
        return sorted(ran)

    return report, refresh


def _change(report, table, old, new):
    path = report.data / data.resource(table, report)["path"]
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    data.refresh(report)


def test_chapters_run_once_and_again_only_when_touched(chapters):
    report, refresh = chapters
    assert refresh() == ["one", "two"]
    assert refresh() == []
    _change(report, "countries", b"China", b"CHINA")
    assert refresh() == ["one"]  # chapter two does not read this table
    _change(report, "events", b",2025-", b",2024-")
    assert refresh() == ["two"]
    notebook = nbformat.read(report.book / "one.ipynb", as_version=4)
    notebook.cells[0].source += "\n\nMore prose."
    nbformat.write(notebook, report.book / "one.ipynb")
    assert refresh() == []  # prose needs no kernel
    notebook.cells[1].source += "\n1 + 1"
    nbformat.write(notebook, report.book / "one.ipynb")
    assert refresh() == ["one"]


def test_a_change_in_the_package_runs_every_chapter(chapters, monkeypatch):
    _, refresh = chapters
    refresh()
    monkeypatch.setattr(execute.versions, "digest", lambda: "another")
    assert refresh() == ["one", "two"]


def test_the_package_digest_follows_every_module(tmp_path, monkeypatch):
    shutil.copytree(paths.PACKAGE, tmp_path / "policybook", ignore=shutil.ignore_patterns("fonts"))
    monkeypatch.setattr(paths, "PACKAGE", tmp_path / "policybook")
    before = execute.versions.digest()
    assert execute.versions.digest() == before
    module = tmp_path / "policybook" / "charts" / "__init__.py"
    module.write_text(module.read_text() + "\n# changed\n")
    assert execute.versions.digest() != before


def test_a_failing_cell_is_named_every_time(chapters):
    report, refresh = chapters
    notebook = nbformat.read(report.book / "two.ipynb", as_version=4)
    notebook.cells[1].source = "raise RuntimeError('no such number')"
    nbformat.write(notebook, report.book / "two.ipynb")
    for _ in range(2):
        with pytest.raises(execute.ChapterError, match=r"two\.ipynb: cell 2 failed: RuntimeError: no such number"):
            refresh()


def test_a_chapter_that_hangs_is_stopped(chapters):
    report, refresh = chapters
    notebook = nbformat.read(report.book / "one.ipynb", as_version=4)
    notebook.cells[1].source = "import time; time.sleep(60)"
    nbformat.write(notebook, report.book / "one.ipynb")
    started = time.perf_counter()
    with pytest.raises(execute.ChapterError, match=r"one\.ipynb: a cell ran longer than 3 s"):
        refresh(timeout=3)
    assert time.perf_counter() - started < 40


def test_a_dead_kernel_is_named(chapters):
    report, refresh = chapters
    notebook = nbformat.read(report.book / "one.ipynb", as_version=4)
    notebook.cells[1].source = "import os; os._exit(1)"
    nbformat.write(notebook, report.book / "one.ipynb")
    with pytest.raises(execute.ChapterError, match=r"one\.ipynb: the kernel died"):
        refresh()


def test_what_is_no_notebook_is_named(tmp_path):
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    with pytest.raises(execute.ChapterError, match="not a valid notebook"):
        execute.read(broken)
    with pytest.raises(execute.ChapterError, match="chapter not found"):
        execute.read(tmp_path / "none.ipynb")


def test_the_manifest_names_the_tables_read(chapters, tmp_path):
    _, refresh = chapters
    refresh()
    manifest = json.loads((tmp_path / "cache" / execute.MANIFEST).read_text())
    tables = {key.rsplit("/")[-1]: value["tables"] for key, value in manifest.items()}
    assert tables["one.ipynb"] == ["countries"]
    assert set(tables["two.ipynb"]) == {"events", "sources", "report"}

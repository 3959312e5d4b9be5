"""The build: one command, honest failures, the old book kept, nothing stale."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import pytest

from policybook import build, data, paths
from support import policybook
from test_intake import english_page


@pytest.fixture(scope="module")
def small(small_book):
    """The small report, built once with its PDF."""
    policybook("build", cwd=small_book)
    return small_book


@pytest.fixture
def broken(small, tmp_path):
    """A built copy of the small report, to be damaged; its published pages are remembered in ``before``."""
    root = tmp_path / "report"
    shutil.copytree(small, root)
    return root


def _published(root):
    return {path.name: path.read_bytes() for path in (root / "_build" / "html" / "book").glob("*.html")}


def _text(page):
    return " ".join(re.sub(r"<[^>]+>", "", page.decode()).split())


def _edit(root, name, old, new):
    path = root / "book" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_one_command_makes_pages_pdf_and_figures(small):
    html = small / "_build" / "html"
    for page in ("index.html", "book/one.html", "book/two.html", "book/references.html", "report.pdf"):
        assert (html / page).stat().st_size > 0, page
    assert (small / "_build" / "pdf" / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert {path.name for path in (html / "figures").iterdir()} == {
        "fig-events.svg",
        "fig-events.png",
        "fig-events.csv",
        "fig-events.vl.json",
        "fig-events.js",
        "fig-events.html",
        "index.json",
    }


def test_a_page_follows_its_table_and_other_pages_stay(broken):
    before = _published(broken)
    report = paths.Paths(broken)
    table = report.data / "countries.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    unused = next(line for line in reversed(lines) if not _is_used(report, line.split(",")[0]))
    table.write_text("\n".join(line for line in lines if line != unused) + "\n", encoding="utf-8")
    policybook("check", "--refresh", cwd=broken)
    policybook("build", "--no-pdf", cwd=broken)
    after = _published(broken)
    assert f"There are {len(lines) - 2} countries" in _text(after["one.html"])
    assert _text(after["one.html"]) != _text(before["one.html"]) and _text(after["two.html"]) == _text(
        before["two.html"]
    )


def _is_used(report, iso3):
    return any(
        iso3 in path.read_text(encoding="utf-8") for path in report.data.rglob("*.csv") if path.name != "countries.csv"
    )


def test_a_passage_follows_the_text_that_was_added(broken, tmp_path):
    # In a chapter that reads no table of texts, so that only the state of the data can tell.
    passages = ":::{only} not plan_whole\\nNot read yet.\\n:::\\n\\n:::{only} plan_whole_en\\nRead whole.\\n:::"
    _edit(broken, "one.ipynb", "# One", f"# One\\n\\n{passages}")
    policybook("build", "--no-pdf", cwd=broken)
    text = _text(_published(broken)["one.html"])
    assert "Not read yet." in text and "Read whole." not in text
    (tmp_path / "plan.html").write_bytes(english_page())
    policybook("text", "add", "cn_gaigap_2025", str(tmp_path / "plan.html"), cwd=broken)
    policybook("build", "--no-pdf", cwd=broken)
    text = _text(_published(broken)["one.html"])
    assert "Read whole." in text and "Not read yet." not in text


def test_a_changed_style_sheet_reaches_every_page(broken):
    before = _published(broken)
    sheet = broken / "book" / "_static" / "custom.css"
    sheet.write_text(sheet.read_text(encoding="utf-8") + "\n.bd-article { orphans: 7; }\n", encoding="utf-8")
    policybook("build", "--no-pdf", cwd=broken)
    assert "orphans:7" in (broken / "_build" / "html" / "_static" / "pages.css").read_text(encoding="utf-8")
    after = _published(broken)
    assert all(_sheet(after[name]) != _sheet(before[name]) for name in before)


def _sheet(page):
    return re.search(r"pages\.css\?v=\w+", page.decode())[0]


def test_a_failing_cell_stops_the_build_the_second_time_too(broken):
    before = _published(broken)
    _edit(broken, "two.ipynb", "import altair as alt", "1 / 0")
    for _ in range(2):
        done = policybook("build", cwd=broken, check=False)
        assert done.returncode == 1
        assert "two.ipynb: cell 2 failed: ZeroDivisionError" in done.stderr and "Traceback" not in done.stderr
    assert _published(broken) == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{numref}`fig-events`", "{numref}`fig-nothing`", "fig-nothing"),
        ("{numref}`fig-events`", "{cite:p}`nobody_2025`", "nobody_2025"),
        ("{numref}`fig-events`", "{glue:text}`two_nothing`", "two_nothing"),
    ],
)
def test_a_reference_to_nothing_is_an_error_with_its_file(broken, old, new, said):
    before = _published(broken)
    _edit(broken, "two.ipynb", old, new)
    for _ in range(2):
        done = policybook("build", "--no-pdf", cwd=broken, check=False)
        assert done.returncode == 1, done.stdout
        assert said in done.stderr and re.search(r"book/two\.ipynb", done.stderr) and "Traceback" not in done.stderr
    assert _published(broken) == before
    _edit(broken, "two.ipynb", new, old)
    policybook("build", "--no-pdf", cwd=broken)


def test_a_broken_table_of_contents_is_told(broken):
    toc = broken / "_toc.yml"
    good = toc.read_text()
    for text, said in (
        (good.replace("book/two", "book/three"), r"_toc\.yml, line 6: chapter not found: book/three"),
        ("format: jb-book\nroot: [", r"_toc\.yml"),
        ("format: nonsense\nroot: book/one\n", r"_toc\.yml"),
    ):
        toc.write_text(text)
        done = policybook("build", cwd=broken, check=False)
        assert done.returncode == 1 and re.search(said, done.stderr), done.stderr
        assert "Traceback" not in done.stderr


def test_bad_data_stops_the_build_with_exit_code_2(broken):
    before = _published(broken)
    (broken / "data" / "countries.csv").unlink()
    done = policybook("build", cwd=broken, check=False)
    assert done.returncode == 2 and "file not found: data/countries.csv" in done.stderr
    assert _published(broken) == before


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interrupted_build_keeps_the_book_and_the_next_one_works(broken):
    before = _published(broken)
    _edit(broken, "one.ipynb", "from myst_nb import glue", "import time; time.sleep(30)\\nfrom myst_nb import glue")
    call = [sys.executable, "-c", "from policybook.cli import main; main()", "build"]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # Tests that run in the background of a shell ignore the signal, and so would what they start.
    options["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(call, cwd=broken, **options) as process:
        time.sleep(8)
        process.send_signal(signal.SIGINT)
        stopped = time.perf_counter()
        _, err = process.communicate(timeout=60)
        assert time.perf_counter() - stopped < 15
    assert process.returncode not in (0, None) and "Traceback" not in err, err
    assert _published(broken) == before
    _edit(broken, "one.ipynb", "import time; time.sleep(30)\\n", "")
    policybook("build", "--no-pdf", cwd=broken)


@pytest.mark.skipif(not hasattr(os, "geteuid") or shutil.which("unshare") is None, reason="needs mount namespaces")
def test_a_folder_that_cannot_be_written_is_told(broken):
    """As root, permissions do not stop writing: a read-only mount does."""
    code = f"mount --bind '{broken}' '{broken}' && mount -o remount,ro,bind '{broken}' && cd '{broken}' && exec " + (
        f"'{sys.executable}' -c 'from policybook.cli import main; main()' build"
    )
    done = subprocess.run(["unshare", "--mount", "sh", "-c", code], capture_output=True, text=True, timeout=120)
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no mount namespace here: {done.stderr.strip()}")
    assert done.returncode == 1 and "cannot write to" in done.stderr and "Traceback" not in done.stderr


def test_a_full_disk_leaves_the_old_book(broken, monkeypatch):
    report = paths.Paths(broken)
    before = _published(broken)

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build.shutil, "copytree", full)
    with pytest.raises(OSError, match="No space left"):
        build._publish(broken / "_build" / "work" / "html", report.html)
    assert _published(broken) == before
    with (
        pytest.raises(build.BuildError, match="publish: No space left on device"),
        build._stage(build.Result(report.html), "publish", print),
    ):
        full()


def test_standard_command_works_on_this_layout(small, tmp_path):
    """`jupyter-book build .`, typed by someone who knows it."""
    root = tmp_path / "report"
    shutil.copytree(small, root, ignore=shutil.ignore_patterns("_build"))
    code = "from jupyter_book.cli.main import main; main()"
    call = [sys.executable, "-c", code, "build", ".", "-W", "-n", "--keep-going"]
    done = subprocess.run(call, cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert (root / "_build" / "html" / "figures" / "fig-events.svg").is_file()
    assert (root / "_build" / "html" / "report.pdf").is_file()


def test_latex_names_every_figure_as_a_vector_image(small, tmp_path):
    root = tmp_path / "report"
    shutil.copytree(small, root, ignore=shutil.ignore_patterns("_build"))
    code = "from jupyter_book.cli.main import main; main()"
    call = [sys.executable, "-c", code, "build", ".", "--builder", "latex"]
    done = subprocess.run(call, cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (tex,) = (root / "_build" / "latex").glob("report.tex")
    text = tex.read_text(encoding="utf-8")
    assert r"\includegraphics[width=\linewidth]{{fig-events}.pdf}" in text
    assert "vega-lite" not in text
    assert (root / "_build" / "latex" / "fig-events.pdf").read_bytes().startswith(b"%PDF-")


def test_no_wall_clock_in_the_pages(small):
    today = time.strftime("%Y-%m-%d")
    dated = data.data_date(paths.Paths(small))
    for name, content in _published(small).items():
        if today != dated:
            assert today not in content.decode(), name


def test_a_notebook_edited_in_prose_only_is_not_run_again_and_other_pages_are_not_written_again(broken):
    policybook("build", "--no-pdf", cwd=broken)  # in its new place
    before = _written(broken)
    notebook = nbformat.read(broken / "book" / "two.ipynb", as_version=4)
    notebook.cells[0].source += "\n\nA new paragraph."
    nbformat.write(notebook, broken / "book" / "two.ipynb")
    done = policybook("build", "--no-pdf", cwd=broken)
    assert "run in" not in done.stdout
    assert b"A new paragraph." in _published(broken)["two.html"]
    after = _written(broken)
    assert "references" in after  # the first page holds the tree of contents
    assert {name for name in after if after[name] != before[name]} == {"one", "two"}


def test_what_pages_show_that_is_not_their_own_is_never_old(broken):
    _edit(broken, "one.ipynb", "There are", "As {ref}`part-of-two` says, there are")
    _edit(
        broken,
        "two.ipynb",
        "and {numref}`fig-events`.",
        "and {numref}`fig-events`.\\n\\n(part-of-two)=\\n## A part\\n\\nText.",
    )
    policybook("build", "--no-pdf", cwd=broken)
    pages = _published(broken)
    assert "As A part says" in _text(pages["one.html"]) and "Two" in _text(pages["references.html"])
    _edit(broken, "two.ipynb", "# Two", "# Second")  # in the menu of every page
    _edit(broken, "two.ipynb", "## A part", "## A portion")
    policybook("build", "--no-pdf", cwd=broken)
    pages = _published(broken)
    assert "As A portion says" in _text(pages["one.html"])
    assert all("Second" in _text(page) and "Two" not in _text(page) for page in pages.values())
    report = paths.Paths(broken)  # a table that no page reads, and the page that Sphinx is not told of
    table = report.data / "texts" / "zh_shared_phrases.csv"
    table.write_text(table.read_text(encoding="utf-8").rpartition("\n")[0].rpartition("\n")[0] + "\n", encoding="utf-8")
    policybook("check", "--refresh", cwd=broken)
    policybook("build", "--no-pdf", cwd=broken)
    assert data.digest(report) in (broken / "_build" / "html" / "status.html").read_text(encoding="utf-8")


def test_a_chapter_or_an_image_that_is_gone_leaves_nothing_on_the_site(broken):
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="{0}"><rect width="9" height="{0}"/></svg>'
    for number in (1, 2):
        (broken / "book" / f"drawing{number}.svg").write_text(drawing.format(number))
    toc, chapter = broken / "_toc.yml", broken / "book" / "third.md"
    before = toc.read_text(encoding="utf-8")
    toc.write_text(before + "      - file: book/third\n", encoding="utf-8")
    chapter.write_text("# Third\n\n![Drawn](drawing1.svg)\n", encoding="utf-8")
    policybook("build", "--no-pdf", cwd=broken)
    html = broken / "_build" / "html"
    assert {"third", "drawing1"} <= {path.stem for path in html.rglob("*")}
    chapter.write_text("# Third\n\n![Drawn](drawing2.svg)\n", encoding="utf-8")
    policybook("build", "--no-pdf", cwd=broken)
    assert {path.name for path in (html / "_images").iterdir()} == {"drawing2.svg"}
    chapter.unlink()
    toc.write_text(before, encoding="utf-8")
    policybook("build", "--no-pdf", cwd=broken)
    assert not {"third", "drawing1", "drawing2"} & {path.stem for path in html.rglob("*")}


def _written(root):
    pages = (root / "_build" / "work" / "html" / "book").glob("*.html")
    return {path.stem: path.stat().st_mtime_ns for path in pages}
